package main

import (
	"testing"

	"go.etcd.io/etcd/raft"
	pb "go.etcd.io/etcd/raft/raftpb"
)

// The library alone: the leader of a cluster of one adds a learner through joint consensus, and two commands behind that.
// It appends the entry that leaves joint consensus once for each Advance until it has applied the first, and panics at the
// second.
func TestJointConsensusIsLeftTwice(t *testing.T) {
	raft.SetLogger(quiet{})
	storage := raft.NewMemoryStorage()
	first := pb.Snapshot{Metadata: pb.SnapshotMetadata{Index: 1, Term: 1, ConfState: pb.ConfState{Voters: []uint64{1}}}}
	if err := storage.ApplySnapshot(first); err != nil {
		t.Fatal(err)
	}
	node, err := raft.NewRawNode(&raft.Config{
		ID: 1, ElectionTick: 10, HeartbeatTick: 1, Storage: storage, MaxSizePerMsg: 1, MaxInflightMsgs: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	var applied []pb.ConfChangeV2
	settle := func() {
		for node.HasReady() {
			ready := node.Ready()
			if err := storage.Append(ready.Entries); err != nil {
				t.Fatal(err)
			}
			for _, entry := range ready.CommittedEntries {
				if entry.Type == pb.EntryConfChangeV2 {
					var change pb.ConfChangeV2
					if err := change.Unmarshal(entry.Data); err != nil {
						t.Fatal(err)
					}
					applied = append(applied, change)
					node.ApplyConfChange(change)
				}
			}
			node.Advance(ready)
		}
	}
	if err := node.Campaign(); err != nil {
		t.Fatal(err)
	}
	settle()
	learner := pb.ConfChangeSingle{Type: pb.ConfChangeAddLearnerNode, NodeID: 2}
	change := pb.ConfChangeV2{Transition: pb.ConfChangeTransitionJointImplicit, Changes: []pb.ConfChangeSingle{learner}}
	if err := node.ProposeConfChange(change); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"x", "y"} {
		if err := node.Propose([]byte(command)); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		if why := recover(); why == nil || len(applied) != 3 || !applied[1].LeaveJoint() || !applied[2].LeaveJoint() {
			t.Errorf("it applied %d changes, and then: %v", len(applied), why)
		}
	}()
	settle()
}
