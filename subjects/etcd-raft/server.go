package main

import (
	"math"

	subject "raft-sim.test/subjects/raftsubject"

	"go.etcd.io/etcd/raft"
	pb "go.etcd.io/etcd/raft/raftpb"
	"go.etcd.io/etcd/raft/tracker"
)

// A server is the library, and the application around it.
type server struct {
	id          uint64
	settings    subject.Settings
	precautions precautions
	node        *raft.RawNode
	inside      inside
	store       *store
	// under is the Ready that is being carried out while its write is under way, or nil, and the name of that write. A
	// server that waits for its writes has none between two events.
	under *raft.Ready
	write subject.Token
	// written is what was last written of HardState.
	written pb.HardState
	// commit is the commit index that the application knows of.
	commit uint64
	// stale has, for each server, how many of its messages of an older term are to be answered.
	stale map[uint64]int
	// snapshots has the followers that are sent one, each with its number of ticks.
	snapshots map[uint64]uint64
	requests  requests
	// questions of followers that it has received.
	questions map[uint64]struct{}
	// timeout is the election timeout of a term.
	timeout     int
	timeoutTerm uint64
	// retiring is how many ticks it has led since it applied that it is no voter any more.
	retiring uint64
}

func newServer(boot subject.Boot, taken precautions) (*server, error) {
	store, err := newStore(&boot, !taken.leave)
	if err != nil {
		return nil, err
	}
	s := &server{
		id: boot.Server, settings: boot.Settings, precautions: taken, store: store,
		stale: map[uint64]int{}, snapshots: map[uint64]uint64{}, questions: map[uint64]struct{}{}, timeoutTerm: ^uint64(0),
	}
	s.written, _, _ = store.InitialState() // never fails
	s.commit = s.written.Commit
	return s, s.start()
}

// start starts the library from what is durable.
func (s *server) start() error {
	config := raft.Config{
		ID:                        s.id,
		ElectionTick:              int(s.settings.ElectionTimeoutMin),
		HeartbeatTick:             int(s.settings.Heartbeat),
		Storage:                   s.store,
		Applied:                   s.store.applied,
		MaxSizePerMsg:             s.settings.BytesPerMessage,
		MaxCommittedSizePerReady:  math.MaxUint64,
		MaxInflightMsgs:           int(most(s.settings.Window, 1)),
		CheckQuorum:               s.settings.CheckQuorum,
		PreVote:                   s.settings.PreVote,
		DisableProposalForwarding: true,
	}
	if s.settings.EntriesPerMessage == 1 {
		config.MaxSizePerMsg = 0 // which means just that
	}
	if s.settings.LeaseDrift != nil && s.settings.CheckQuorum && !s.precautions.leases {
		config.ReadOnlyOption = raft.ReadOnlyLeaseBased
	}
	node, err := raft.NewRawNode(&config)
	if err != nil {
		return err
	}
	s.node, s.inside = node, insideOf(node)
	s.pin()
	return nil
}

// pin replaces the election timeout, which the library draws whenever a role begins, by a function of seed, server and
// term, so that nothing in a run shifts when something else is taken out of it.
func (s *server) pin() {
	if term := s.node.BasicStatus().Term; s.timeoutTerm != term {
		shortest, longest := s.settings.ElectionTimeoutMin, s.settings.ElectionTimeoutMax
		drawn := mix(mix(s.settings.Seed, s.id), term)
		s.timeoutTerm, s.timeout = term, int(shortest+drawn%(most(longest, shortest)-shortest+1))
	}
	*s.inside.timeout = s.timeout
}

// removed: it leads, and is no voter any more by what it has applied. The library leaves it to the application to switch
// such a leader off: it would lead on.
func (s *server) removed() bool {
	members := s.store.inForce().members
	return s.precautions.removed && s.leads() && !has(members.Voters, s.id) && !has(members.Old, s.id)
}

// retire starts the library anew, as a follower, on a leader that was removed. Until then it leads on for some time, as in
// etcd, so that the others hear that its removal is committed.
func (s *server) retire(patience uint64) {
	if !s.removed() {
		s.retiring = 0
		return
	}
	if s.retiring++; s.retiring >= patience && s.under == nil {
		s.must(s.start())
	}
}

// leads: it leads, as far as it knows.
func (s *server) leads() bool { return s.node.BasicStatus().RaftState == raft.StateLeader }

// View is its state, in Figure 2's words.
func (s *server) View() subject.View {
	status := s.node.BasicStatus()
	view := subject.View{
		CurrentTerm: status.Term,
		VotedFor:    status.Vote,
		CommitIndex: s.commit,
		LastApplied: s.store.applied,
		Leader:      status.Lead,
		Snapshot:    s.store.base,
		State:       s.store.machine.digest(),
	}
	switch status.RaftState {
	case raft.StateLeader:
		view.Role = subject.Leader
	case raft.StateCandidate:
		view.Role = subject.Candidate
	}
	if inForce := s.store.inForce(); inForce.index > s.store.base {
		view.Configuration = inForce.index
	}
	return view
}

// after is what follows every event.
func (s *server) after(step *subject.Step) {
	s.pin()
	s.settle(step)
	s.pin()
	s.requests.followUp(step, s)
}

// Tick of its clock.
func (s *server) Tick(step *subject.Step) {
	s.node.Tick()
	patience := s.settings.ElectionTimeoutMin
	s.requests.tick(step, patience)
	s.reportSnapshots(patience)
	s.retire(patience)
	s.after(step)
}

// Receive steps a message.
func (s *server) Receive(step *subject.Step, m subject.Message) {
	s.receive(step, &m)
	s.after(step)
}

func (s *server) receive(step *subject.Step, m *subject.Message) {
	status := s.node.BasicStatus()
	native, known := received(m, status.Term, s.store)
	if !known || s.isDropped(&native, &status) {
		return
	}
	old := native.Term < status.Term && (native.Type == pb.MsgApp || native.Type == pb.MsgHeartbeat)
	if old && (s.settings.CheckQuorum || s.settings.PreVote) {
		s.stale[native.From]++
	}
	// An error means that the sender is unknown, and is of no use.
	_ = s.node.Step(native)
	if native.Type == pb.MsgAppResp && s.leads() {
		step.Matched(m.From, s.progress(m.From).Match)
	}
}

// isDropped: the library is not to get this message.
func (s *server) isDropped(native *pb.Message, status *raft.BasicStatus) bool {
	switch native.Type {
	case pb.MsgReadIndex:
		// The answers to the first copy would count for another.
		_, copied := s.questions[question(native)]
		s.questions[question(native)] = struct{}{}
		return s.removed() || copied && s.precautions.copies
	case pb.MsgPreVote:
		// It would be granted, whichever leader the server hears from.
		return s.precautions.preVotes && native.Term == status.Term && native.From == status.Vote
	default:
		return false
	}
}

// progress is what a leader knows of a server.
func (s *server) progress(server uint64) (found tracker.Progress) {
	s.node.WithProgress(func(id uint64, _ raft.ProgressType, progress tracker.Progress) {
		if id == server {
			found = progress
		}
	})
	return found
}

// reportSnapshots reports lost snapshots as failed. The library sends nothing to a follower that it has sent a
// snapshot, until it learns the outcome. A network does not report it: a snapshot that was not acknowledged in this
// time has failed.
func (s *server) reportSnapshots(patience uint64) {
	var late []uint64
	waiting := map[uint64]uint64{}
	if s.leads() && len(s.snapshots) > 0 {
		s.node.WithProgress(func(id uint64, _ raft.ProgressType, progress tracker.Progress) {
			ticks, sent := s.snapshots[id]
			switch {
			case !sent || progress.State != tracker.StateSnapshot:
			case ticks+1 >= patience:
				late = append(late, id)
			default:
				waiting[id] = ticks + 1
			}
		})
	}
	s.snapshots = waiting
	for _, server := range late {
		s.node.ReportSnapshot(server, raft.SnapshotFailure)
	}
}

// A nodeServer goes on while a Ready is being written, as Node of the library does.
type nodeServer struct{ *server }

// Persisted: a write is durable, and so are all before it.
func (s nodeServer) Persisted(step *subject.Step, token subject.Token) {
	if s.under != nil && s.write <= token {
		s.finish(step)
		s.leaveJoint()
	}
	s.after(step)
}
