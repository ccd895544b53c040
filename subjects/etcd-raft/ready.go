package main

import (
	"fmt"

	subject "raft-sim.test/subjects/raftsubject"

	"go.etcd.io/etcd/raft"
	pb "go.etcd.io/etcd/raft/raftpb"
)

// settle carries out everything that the library asks for, up to a write that it has to wait for.
func (s *server) settle(step *subject.Step) {
	for s.under == nil && s.node.HasReady() {
		s.take(step)
		s.leaveJoint()
	}
}

// take begins with a Ready: its write is handed to the disk, and its messages are sent, or wait for the write. The rest
// comes when the write is durable.
func (s *server) take(step *subject.Step) {
	ready := s.node.Ready()
	status := s.node.BasicStatus()
	covered := len(ready.Entries) > 0 && status.Commit >= ready.Entries[0].Index
	early := covered || status.Term != s.written.Term
	token := s.save(step, &ready, status.HardState)
	after := token
	// A leader sends while it writes entries (dissertation §10.2.1).
	if status.RaftState == raft.StateLeader && !(early && s.precautions.commit) {
		after = 0
	}
	if !covered && raft.IsEmptySnap(ready.Snapshot) {
		s.commit = status.Commit
	}
	for i := range ready.Messages {
		s.send(step, &ready.Messages[i], status.Term, after)
	}
	for _, read := range ready.ReadStates {
		s.requests.readable(readOf(read.RequestCtx), read.Index)
	}
	s.under, s.write = &ready, token
	if token == 0 || s.precautions.wait {
		s.finish(step)
	}
}

// save hands what is to be durable to the disk, and gives the name of the write; 0 if there is nothing to wait for. A
// commit index that changes alone is written with the next write. So whoever has an entry on its disk knows after a crash
// what its leader had committed when it sent that entry: without it a server might use a configuration two steps behind.
func (s *server) save(step *subject.Step, ready *raft.Ready, now pb.HardState) subject.Token {
	var write subject.Write
	if now.Term != s.written.Term || now.Vote != s.written.Vote {
		write.State = &subject.PersistentState{CurrentTerm: now.Term, VotedFor: now.Vote}
	}
	if !raft.IsEmptySnap(ready.Snapshot) {
		snapshot := snapshotOf(&ready.Snapshot)
		write.Snapshot, write.From = &snapshot, snapshot.LastIncludedIndex+1
		write.Entries = entriesOf(ready.Entries, snapshot.Configuration)
	} else if len(ready.Entries) > 0 {
		write.From = ready.Entries[0].Index
		s.store.note(ready.Entries)
		write.Entries = entriesOf(ready.Entries, s.store.before(write.From))
	}
	if write.State == nil && write.From == 0 {
		return 0
	}
	if now.Commit != s.written.Commit {
		write.CommitIndex = now.Commit
	}
	s.written = now
	return step.Save(write)
}

func (s *server) send(step *subject.Step, native *pb.Message, term uint64, after subject.Token) {
	stale := native.Type == pb.MsgAppResp && !native.Reject && native.Index == 0 && s.stale[native.To] > 0
	if stale {
		s.stale[native.To]--
	}
	if native.Type == pb.MsgSnap {
		s.snapshots[native.To] = 0
	}
	step.SendAfter(after, described(native, term, stale, s.store))
}

// finish carries out the rest of a Ready: all of it is durable.
func (s *server) finish(step *subject.Step) {
	ready := s.under
	s.under = nil
	if !raft.IsEmptySnap(ready.Snapshot) {
		s.must(s.store.restore(ready.Snapshot))
		s.store.note(ready.Entries)
		s.requests.restored(step, ready.Snapshot.Metadata.Index)
		step.Restored()
	}
	s.must(s.store.Append(ready.Entries))
	if !raft.IsEmptyHardState(ready.HardState) {
		s.must(s.store.SetHardState(ready.HardState))
	}
	s.commit = most(s.commit, ready.Commit)
	for i := range ready.CommittedEntries {
		s.apply(step, &ready.CommittedEntries[i])
	}
	s.node.Advance(*ready)
}

// apply applies an entry to the state machine. A configuration is in force from then on.
func (s *server) apply(step *subject.Step, native *pb.Entry) {
	before := s.store.inForce().members
	applied := s.store.apply(native)
	if next := applied.entry.Configuration; next != nil {
		changes := []pb.ConfChangeV2{s.changeOf(native, before, *next)}
		// If the server that sent the entry knew no configuration, the entry's data tells how that server came to know one.
		if len(before.Voters) == 0 {
			changes = fromNothing(*next, s.store.auto)
		}
		for _, change := range changes {
			s.node.ApplyConfChange(change)
		}
	}
	step.ApplyTo(applied.outcome, applied.index, applied.entry)
	s.requests.applied(step, &applied)
}

// changeOf is the change that an entry makes. A server that began with no configuration, and that sends the entry, may
// have got its data wrong; the entry by which the library leaves joint consensus is as it is.
func (s *server) changeOf(native *pb.Entry, before, next subject.Members) pb.ConfChangeV2 {
	var change pb.ConfChangeV2
	if change.Unmarshal(native.Data) == nil && change.LeaveJoint() && len(change.Context) == 0 {
		return change
	}
	return between(before, next, s.store.auto)
}

// must: the storage is in memory, and fails only if the application made a mistake.
func (s *server) must(err error) {
	if err != nil {
		panic(fmt.Sprintf("the application's storage: %v", err))
	}
}
