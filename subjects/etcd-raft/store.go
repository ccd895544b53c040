package main

import (
	subject "raft-sim.test/subjects/raftsubject"

	"go.etcd.io/etcd/raft"
	pb "go.etcd.io/etcd/raft/raftpb"
)

// A store has what is durable of one server, in the library's own storage, and the state machine, from which
// snapshots are taken.
type store struct {
	*raft.MemoryStorage
	// auto: configurations leave joint consensus by themselves.
	auto bool
	// base is the index of the last entry that is not in the log any more.
	base    uint64
	machine machine
	// applied is the index up to which the machine has applied the log.
	applied uint64
	// configurations: that before the log, and those of its entries, durable or not.
	configurations []configuration
}

// A configuration of the log, at the index of its entry.
type configuration struct {
	index   uint64
	members subject.Members
}

// newStore is the store that a server boots with.
func newStore(boot *subject.Boot, auto bool) (*store, error) {
	s := &store{auto: auto, MemoryStorage: raft.NewMemoryStorage(), machine: machine{Limit: boot.Settings.Sessions}}
	first := subject.Members{Voters: boot.Peers}
	if boot.Snapshot != nil {
		loaded, err := loadMachine(boot.Snapshot.Data)
		if err != nil {
			return nil, err
		}
		s.machine, s.base, first = loaded, boot.Snapshot.LastIncludedIndex, boot.Snapshot.Configuration
		if err := s.ApplySnapshot(nativeSnapshot(boot.Snapshot, auto)); err != nil {
			return nil, err
		}
	}
	s.applied = s.base
	s.configurations = []configuration{{s.base, first}}
	natives := nativeEntries(s.base+1, boot.Log, first, auto)
	s.note(natives)
	if err := s.Append(natives); err != nil {
		return nil, err
	}
	for i := range natives {
		if natives[i].Index <= boot.Applied {
			s.apply(&natives[i])
		}
	}
	// It may have applied entries behind its durable commit index.
	commit := most(boot.CommitIndex, boot.Applied, s.base)
	return s, s.SetHardState(pb.HardState{Term: boot.CurrentTerm, Vote: boot.VotedFor, Commit: commit})
}

// upTo is the latest configuration at or before an index. There are few after it, and the one before the log is
// always there.
func (s *store) upTo(index uint64) configuration {
	at := len(s.configurations) - 1
	for at > 0 && s.configurations[at].index > index {
		at--
	}
	return s.configurations[at]
}

// inForce is the configuration in force: the latest that is applied.
func (s *store) inForce() configuration { return s.upTo(s.applied) }

// before is the configuration of the log before an index.
func (s *store) before(index uint64) subject.Members { return s.upTo(most(index, 1) - 1).members }

// note takes down the configurations of entries that take the place of the log from the first of them on.
func (s *store) note(natives []pb.Entry) {
	if len(natives) == 0 {
		return
	}
	for len(s.configurations) > 1 && s.configurations[len(s.configurations)-1].index >= natives[0].Index {
		s.configurations = s.configurations[:len(s.configurations)-1]
	}
	for i := range natives {
		if native := &natives[i]; native.Type != pb.EntryNormal {
			members := configurationOf(native, s.before(native.Index))
			s.configurations = append(s.configurations, configuration{native.Index, members})
		}
	}
}

// applied is an entry that the state machine has applied.
type applied struct {
	index   uint64
	entry   subject.Entry
	outcome subject.Outcome
	// opened is the session that it opened, or 0.
	opened uint64
}

// apply applies an entry to the state machine.
func (s *store) apply(native *pb.Entry) applied {
	entry := entryOf(native, s.before(native.Index))
	s.applied = native.Index
	outcome, opened := s.machine.apply(&entry)
	return applied{native.Index, entry, outcome, opened}
}

// saved is a snapshot of what is applied.
func (s *store) saved() (pb.Snapshot, error) {
	term, err := s.Term(s.applied)
	if err != nil {
		return pb.Snapshot{}, err
	}
	return pb.Snapshot{
		Data: []byte(s.machine.save()),
		Metadata: pb.SnapshotMetadata{
			Index: s.applied, Term: term, ConfState: confState(s.inForce().members, s.auto),
		},
	}, nil
}

// compact puts a snapshot of what is applied in the place of the log.
func (s *store) compact(snapshot pb.Snapshot) error {
	state := snapshot.Metadata.ConfState
	if _, err := s.CreateSnapshot(s.applied, &state, snapshot.Data); err != nil {
		return err
	}
	if err := s.Compact(s.applied); err != nil {
		return err
	}
	s.base = s.applied
	for len(s.configurations) > 1 && s.configurations[1].index <= s.base {
		s.configurations = s.configurations[1:]
	}
	s.configurations[0].index = s.base
	return nil
}

// restore puts a snapshot in the place of the whole log and of the state machine's state.
func (s *store) restore(snapshot pb.Snapshot) error {
	loaded, err := loadMachine(string(snapshot.Data))
	if err != nil {
		return err
	}
	if err := s.ApplySnapshot(snapshot); err != nil {
		return err
	}
	s.machine = loaded
	s.base, s.applied = snapshot.Metadata.Index, snapshot.Metadata.Index
	s.configurations = []configuration{{s.base, membersOf(snapshot.Metadata.ConfState)}}
	return nil
}

// InitialState is what the library begins with, of raft.Storage: the configuration is that in force.
func (s *store) InitialState() (pb.HardState, pb.ConfState, error) {
	hardState, _, err := s.MemoryStorage.InitialState()
	return hardState, confState(s.inForce().members, s.auto), err
}

// Snapshot is what is sent to a follower, of raft.Storage. A follower that is not in the snapshot's configuration
// would ignore it: where that has changed since the log was compacted, it is a new one of what is applied.
func (s *store) Snapshot() (pb.Snapshot, error) {
	if s.inForce().index == s.base {
		return s.MemoryStorage.Snapshot()
	}
	return s.saved()
}

func nativeSnapshot(snapshot *subject.Snapshot, auto bool) pb.Snapshot {
	return pb.Snapshot{
		Data: []byte(snapshot.Data),
		Metadata: pb.SnapshotMetadata{
			Index:     snapshot.LastIncludedIndex,
			Term:      snapshot.LastIncludedTerm,
			ConfState: confState(snapshot.Configuration, auto),
		},
	}
}

func snapshotOf(native *pb.Snapshot) subject.Snapshot {
	return subject.Snapshot{
		LastIncludedIndex: native.Metadata.Index,
		LastIncludedTerm:  native.Metadata.Term,
		Configuration:     membersOf(native.Metadata.ConfState),
		Data:              string(native.Data),
	}
}

func most(first uint64, others ...uint64) uint64 {
	for _, other := range others {
		if other > first {
			first = other
		}
	}
	return first
}
