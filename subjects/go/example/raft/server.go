// Package raft is a small, complete Raft: Figure 2 of the paper, rule by rule, with what §5.3 and §8 and the
// dissertation's §10.2.1 add to make it practical. It has no snapshots, no changes of the configuration and no
// reads beside the log.
//
// It never blocks, keeps no time but ticks, and says what it does on the step that it is given: the caller owns the
// network and the disk.
package raft

import (
	"errors"

	subject "raft-sim.test/subjects/raftsubject"
)

// Server is one server, with the state of Figure 2.
type Server struct {
	id       uint64
	settings subject.Settings

	// Persistent state on all servers, updated on stable storage before responding to RPCs.
	subject.PersistentState                 // currentTerm and votedFor
	log                     []subject.Entry // log[0] stands before the first entry

	// Volatile state on all servers.
	commitIndex, lastApplied uint64
	role                     subject.Role
	leader                   uint64

	// Volatile state on leaders and candidates: what is known of each server, this one included.
	peers []peer

	// Ticks since the election timer was started, and when it elapses.
	electionElapsed, electionTimeout uint64
	// Ticks since the last heartbeat, and how many rounds of heartbeats there were (dissertation §6.4).
	heartbeatElapsed, round uint64

	// Clients that wait for the entry at an index.
	waiting map[uint64][]client

	disk disk
}

// peer is one server of the cluster, as a leader or candidate knows it.
type peer struct {
	server uint64
	// voted for this candidate. Its own vote counts once it is durable, like every vote.
	voted bool
	// nextIndex and matchIndex of Figure 2. A leader's own matchIndex is how far its disk is.
	nextIndex, matchIndex uint64
	replication           replicationState
}

// client waits for its entry of this term to be applied.
type client struct {
	term    uint64
	request subject.Request
}

// largest term and index: so far from where numbers end that nothing counts beyond that.
const largest = 1 << 62

// Subject is this Raft, as the testbed knows it.
var Subject = subject.Subject{
	Name: "go-example",
	Capabilities: []subject.Capability{
		subject.CapFigure2,
		subject.CapStrictTimer,
		subject.CapStrictVotes,
		subject.CapStrictAppending,
		subject.CapForge,
		subject.CapNoOp,
		subject.CapTailLimit,
		subject.CapFlowControl,
		subject.CapDurableStateMachine,
		subject.CapFastBackup,
		subject.CapReports,
		subject.CapSlowDisk,
		subject.CapParallelDisk,
		subject.CapApplyAhead,
	},
	Boot: func(boot subject.Boot) (subject.Server, error) { return Boot(boot) },
}

// Boot starts a server as a follower (§5.2) from what is durable.
func Boot(boot subject.Boot) (*Server, error) {
	settings := boot.Settings
	switch {
	case boot.Snapshot != nil:
		return nil, errors.New("a snapshot is on the disk, and this Raft has none")
	case settings.ElectionTimeoutMin == 0 || settings.ElectionTimeoutMin > settings.ElectionTimeoutMax:
		return nil, errors.New("there is no election timeout in the range")
	case settings.Heartbeat == 0 || settings.Heartbeat >= settings.ElectionTimeoutMin:
		return nil, errors.New("heartbeats do not come within the shortest election timeout (§5.6)")
	case settings.EntriesPerMessage == 0 || settings.Window == 0 || settings.UncommittedLimit == 0:
		return nil, errors.New("a limit is 0, so that nothing could be sent or proposed")
	case boot.Applied > uint64(len(boot.Log)):
		return nil, errors.New("the state machine has applied more than there is in the log")
	}
	s := &Server{
		id:              boot.Server,
		settings:        settings,
		PersistentState: boot.PersistentState,
		log:             append(make([]subject.Entry, 1, len(boot.Log)+64), boot.Log...),
		// What a state machine that survives crashes has applied was committed.
		commitIndex: boot.Applied,
		lastApplied: boot.Applied,
		waiting:     map[uint64][]client{},
		disk:        disk{saved: boot.PersistentState},
	}
	for _, server := range boot.Peers {
		s.peers = append(s.peers, peer{server: server})
	}
	s.startElectionTimer()
	return s, nil
}

// View is the server's state.
func (s *Server) View() subject.View {
	return subject.View{
		Role:        s.role,
		CurrentTerm: s.CurrentTerm,
		VotedFor:    s.VotedFor,
		CommitIndex: s.commitIndex,
		LastApplied: s.lastApplied,
		Leader:      s.leader,
	}
}

// Tick: time passes.
func (s *Server) Tick(step *subject.Step) {
	if s.role == subject.Leader {
		// Leaders: repeat heartbeats during idle periods to prevent election timeouts (§5.2).
		s.heartbeatElapsed++
		if s.heartbeatElapsed >= s.settings.Heartbeat {
			s.heartbeatElapsed = 0
			s.sendHeartbeats(step)
		}
		return
	}
	// Followers: if election timeout elapses without receiving AppendEntries from current leader or granting vote
	// to candidate: convert to candidate. Candidates: if election timeout elapses: start new election (§5.2).
	s.electionElapsed++
	if s.electionElapsed >= s.electionTimeout && s.find(s.id) != nil {
		s.startElection(step)
	}
	s.finish(step)
}

// Receive: a message arrives.
func (s *Server) Receive(step *subject.Step, m subject.Message) {
	if why := s.impossible(&m); why != "" {
		step.Refuse(why)
		return
	}
	// All servers: if RPC request or response contains term T > currentTerm: set currentTerm = T, convert to
	// follower (§5.1).
	if m.Term > s.CurrentTerm {
		s.enterTerm(m.Term)
	}
	switch m.Type {
	case subject.RequestVote:
		s.requestVote(step, &m)
	case subject.AppendEntries:
		s.appendEntries(step, &m)
	case subject.RequestVoteReply:
		// Replies of an older term say nothing about this one (§5.1).
		if m.Term == s.CurrentTerm && m.VoteGranted {
			s.countVote(step, m.From)
		}
	case subject.AppendEntriesReply:
		if m.Term == s.CurrentTerm && s.role == subject.Leader {
			s.appendEntriesReply(step, &m)
		}
	}
	s.finish(step)
}

// Propose: if command received from client: append entry to local log, respond after entry applied to state machine
// (§5.3).
func (s *Server) Propose(step *subject.Step, request subject.Request, command string) {
	switch {
	case s.role != subject.Leader:
		step.Answer(request, subject.NotLeader(s.leader))
	case s.lastIndex()-s.commitIndex >= s.settings.UncommittedLimit:
		step.Answer(request, subject.Busy)
	default:
		s.append(step, subject.Entry{Command: command})
		index := s.lastIndex()
		s.waiting[index] = append(s.waiting[index], client{term: s.CurrentTerm, request: request})
	}
}

// finish ends a step. All servers: if commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to
// state machine (§5.3).
func (s *Server) finish(step *subject.Step) {
	s.save(step, 0)
	for s.lastApplied < s.commitIndex {
		s.lastApplied++
		entry := s.log[s.lastApplied]
		step.Apply(s.lastApplied, entry)
		clients, waited := s.waiting[s.lastApplied]
		if !waited {
			continue
		}
		delete(s.waiting, s.lastApplied)
		for _, client := range clients {
			if client.term == entry.Term {
				step.Answer(client.request, subject.Committed(s.lastApplied))
			} else {
				step.Answer(client.request, subject.Superseded)
			}
		}
	}
}

// impossible says why no correct server sends this message here; "" if one may.
func (s *Server) impossible(m *subject.Message) string {
	switch {
	case m.To != s.id || m.From == s.id:
		return "it is not for this server, or claims to be from it"
	case m.Term > largest:
		return "its term is out of reach"
	case m.Type == subject.RequestVoteReply || m.Type == subject.AppendEntriesReply:
		if s.find(m.From) == nil {
			return "its sender is not in the configuration, and was asked nothing"
		}
	}
	return ""
}

// enterTerm: a later term begins, in which this server follows and has not voted (§5.1).
func (s *Server) enterTerm(term uint64) {
	if s.role == subject.Leader {
		s.startElectionTimer()
	}
	s.PersistentState = subject.PersistentState{CurrentTerm: term}
	s.role = subject.Follower
	s.leader = 0
}

func (s *Server) lastIndex() uint64 { return uint64(len(s.log) - 1) }

// find gives what is known of a server; nil if it is not in the configuration.
func (s *Server) find(server uint64) *peer {
	for i := range s.peers {
		if s.peers[i].server == server {
			return &s.peers[i]
		}
	}
	return nil
}

// isMajority: this number is more than half of all servers.
func (s *Server) isMajority(count int) bool { return 2*count > len(s.peers) }
