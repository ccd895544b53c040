package main

import (
	"sort"

	subject "raft-sim.test/subjects/raftsubject"

	"go.etcd.io/etcd/raft"
	pb "go.etcd.io/etcd/raft/raftpb"
)

// requests are those of clients and administrators that wait for an answer. A request is never 0.
type requests struct {
	// entries wait for an entry, in order.
	entries []waiting
	// change waits for the end of joint consensus.
	change subject.Request
	// transfer waits for another server to lead.
	transfer subject.Request
	// reads wait for an index, each with its number of ticks.
	reads []aging
	// ready wait for the state machine to reach an index.
	ready []waiting
}

type waiting struct {
	index, term uint64
	request     subject.Request
}

type aging struct {
	request subject.Request
	ticks   uint64
}

func (r *requests) waitFor(index, term uint64, request subject.Request) {
	at := sort.Search(len(r.entries), func(i int) bool {
		other := &r.entries[i]
		return other.index > index || other.index == index && other.term >= term
	})
	r.entries = append(r.entries, waiting{})
	copy(r.entries[at+1:], r.entries[at:])
	r.entries[at] = waiting{index, term, request}
}

// applied answers requests when the state machine has applied an entry.
func (r *requests) applied(step *subject.Step, applied *applied) {
	index, entry := applied.index, &applied.entry
	for len(r.entries) > 0 && r.entries[0].index <= index {
		waits := r.entries[0]
		r.entries = r.entries[1:]
		switch {
		case waits.index != index || waits.term != entry.Term:
			step.Answer(waits.request, subject.Superseded)
		case entry.Configuration != nil && len(entry.Configuration.Old) > 0:
			r.change = waits.request
		default:
			step.Answer(waits.request, committed(applied))
		}
	}
	if entry.Configuration != nil && len(entry.Configuration.Old) == 0 && r.change != 0 {
		step.Answer(r.change, subject.Committed(index))
		r.change = 0
	}
}

// committed is the answer to a client whose entry is committed.
func committed(applied *applied) subject.Answer {
	switch {
	case applied.outcome == subject.SessionGone:
		return subject.NoSession(applied.index)
	case applied.opened != 0:
		return subject.Registered(applied.index, applied.opened)
	default:
		return subject.Committed(applied.index)
	}
}

// restored answers requests for entries that a snapshot stands for: it does not tell their outcome.
func (r *requests) restored(step *subject.Step, index uint64) {
	for len(r.entries) > 0 && r.entries[0].index <= index {
		step.Answer(r.entries[0].request, subject.Unknown)
		r.entries = r.entries[1:]
	}
}

// readable lets a read be answered once the state machine has reached an index.
func (r *requests) readable(read, index uint64) {
	for i := range r.reads {
		if request := r.reads[i].request; uint64(request) == read {
			r.reads = append(r.reads[:i], r.reads[i+1:]...)
			r.ready = append(r.ready, waiting{index: index, request: request})
			return
		}
	}
}

// tick: a read that is not answered in some time never will be: the library forgets those that get lost on their way to
// the leader, and those of a leader that steps down.
func (r *requests) tick(step *subject.Step, patience uint64) {
	kept := r.reads[:0]
	for _, read := range r.reads {
		if read.ticks++; read.ticks < patience {
			kept = append(kept, read)
		} else {
			step.Answer(read.request, subject.Busy)
		}
	}
	r.reads = kept
}

// followUp answers requests whose outcome is known by now, or can't be any more.
func (r *requests) followUp(step *subject.Step, s *server) {
	status := s.node.BasicStatus()
	leads := status.RaftState == raft.StateLeader
	if r.transfer != 0 && status.LeadTransferee == 0 {
		answer := subject.Done
		if leads {
			answer = subject.Rejected
		}
		step.Answer(r.transfer, answer)
		r.transfer = 0
	}
	if !leads && r.change != 0 {
		step.Answer(r.change, subject.Unknown)
		r.change = 0
	}
	kept := r.ready[:0]
	for _, read := range r.ready {
		if read.index <= s.store.applied {
			step.Answer(read.request, subject.Read(s.store.applied))
		} else {
			kept = append(kept, read)
		}
	}
	r.ready = kept
}

// leader is the server that a client should ask instead; 0 if it is none.
func (s *server) leader() uint64 {
	if lead := s.node.BasicStatus().Lead; lead != s.id {
		return lead
	}
	return 0
}

// Propose puts a client's command into the log.
func (s *server) Propose(step *subject.Step, request subject.Request, command string) {
	s.propose(step, request, &subject.Entry{Command: command})
}

// Register opens a session.
func (s *server) Register(step *subject.Step, request subject.Request) {
	s.propose(step, request, &subject.Entry{Type: subject.Register})
}

// ProposeOnce puts the command of a session into the log.
func (s *server) ProposeOnce(step *subject.Step, request subject.Request, session, serial uint64, command string) {
	s.propose(step, request, &subject.Entry{Command: command, Session: session, Serial: serial})
}

// propose puts an entry into the log. Followers would pass it on, and forget the client.
func (s *server) propose(step *subject.Step, request subject.Request, entry *subject.Entry) {
	switch {
	case !s.leads() || s.removed():
		step.Answer(request, subject.NotLeader(s.leader()))
	case s.node.Propose(dataOf(entry)) != nil:
		step.Answer(request, s.dropped())
	default:
		s.appended(request)
	}
	s.after(step)
}

// dropped is the answer to a proposal that was dropped.
func (s *server) dropped() subject.Answer {
	if s.node.BasicStatus().LeadTransferee != 0 {
		return subject.Busy
	}
	// A leader that is no member any more.
	return subject.NotLeader(0)
}

// appended: the request waits for the entry that was just proposed, the last of the log.
func (s *server) appended(request subject.Request) {
	s.requests.waitFor(s.progress(s.id).Match, s.node.BasicStatus().Term, request)
}

// Read starts a read for a client.
func (s *server) Read(step *subject.Step, request subject.Request) {
	s.read(step, request)
	s.after(step)
}

func (s *server) read(step *subject.Step, request subject.Request) {
	if !s.leads() && s.leader() == 0 || s.removed() {
		step.Answer(request, subject.NotLeader(0))
		return
	}
	s.requests.reads = append(s.requests.reads, aging{request: request})
	s.node.ReadIndex(contextOfRead(uint64(request)))
}

// Change starts a change of the configuration for an administrator.
func (s *server) Change(step *subject.Step, request subject.Request, voters, learners []uint64) {
	s.change(step, request, voters, learners)
	s.after(step)
}

func (s *server) change(step *subject.Step, request subject.Request, voters, learners []uint64) {
	if !s.leads() || s.removed() {
		step.Answer(request, subject.NotLeader(s.leader()))
		return
	}
	from := s.store.inForce().members
	transition := s.transition(s.settings.Changes == "joint")
	change := changeTo(from, voters, learners, transition)
	_, joint := change.EnterJoint()
	if joint {
		change.Transition = s.transition(true)
	}
	next := after(from, voters, learners, joint)
	// The library would turn these into an entry without a meaning, or find the error only when it applies them.
	if next == nil || s.changing() || len(from.Old) > 0 || joint && s.settings.Changes == "single" {
		step.Answer(request, subject.Rejected)
		return
	}
	change.Context = contextOf(*next)
	if s.node.ProposeConfChange(change) != nil {
		step.Answer(request, s.dropped())
		return
	}
	s.appended(request)
}

// transition is the way from one configuration to the next.
func (s *server) transition(joint bool) pb.ConfChangeTransition {
	switch {
	case !joint:
		return pb.ConfChangeTransitionAuto
	case s.precautions.leave:
		return pb.ConfChangeTransitionJointExplicit
	default:
		return pb.ConfChangeTransitionJointImplicit
	}
}

// changing: the library takes no change of the configuration now, since there may be one that is not applied.
func (s *server) changing() bool { return *s.inside.pending > s.node.BasicStatus().Applied }

// leaveJoint proposes to leave joint consensus, as leader.
func (s *server) leaveJoint() {
	if s.precautions.leave && s.leads() && len(s.store.inForce().members.Old) > 0 && !s.changing() {
		// It is dropped if leadership is being handed over.
		_ = s.node.ProposeConfChange(pb.ConfChangeV2{})
	}
}

// Transfer starts a transfer of leadership for an administrator.
func (s *server) Transfer(step *subject.Step, request subject.Request, to uint64) {
	s.transfer(step, request, to)
	s.after(step)
}

func (s *server) transfer(step *subject.Step, request subject.Request, to uint64) {
	switch status := s.node.BasicStatus(); {
	case status.RaftState != raft.StateLeader || s.removed():
		step.Answer(request, subject.NotLeader(s.leader()))
	case status.LeadTransferee != 0:
		step.Answer(request, subject.Rejected)
	default:
		s.node.TransferLeader(to)
		s.requests.transfer = request
	}
}

// Compact takes a snapshot of the state machine, in place of the log.
func (s *server) Compact(step *subject.Step, request subject.Request) {
	s.compact(step, request)
	s.after(step)
}

func (s *server) compact(step *subject.Step, request subject.Request) {
	saved, err := s.store.saved()
	restoring := s.under != nil && !raft.IsEmptySnap(s.under.Snapshot)
	// A server that was added, and has not applied the entry that says so, knows no configuration.
	if err != nil || restoring || s.store.applied <= s.store.base || len(saved.Metadata.ConfState.Voters) == 0 {
		step.Answer(request, subject.Rejected)
		return
	}
	s.must(s.store.compact(saved))
	snapshot := snapshotOf(&saved)
	step.Save(subject.Write{Snapshot: &snapshot})
	step.Answer(request, subject.Done)
}
