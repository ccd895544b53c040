package main

import (
	"sort"

	subject "raft-sim.test/subjects/raftsubject"

	pb "go.etcd.io/etcd/raft/raftpb"
)

// The library's entries say what changes, and the resulting configuration depends on the one before. So each entry
// that is proposed carries the result along in its context, which the library leaves to the application.

// confState is a configuration of the library. auto: it leaves joint consensus by itself.
func confState(members subject.Members, auto bool) pb.ConfState {
	state := pb.ConfState{
		Voters: members.Voters, VotersOutgoing: members.Old, AutoLeave: auto && len(members.Old) > 0,
	}
	for _, learner := range members.Learners {
		// A server that still votes in C_old becomes a learner when joint consensus ends.
		if has(members.Old, learner) {
			state.LearnersNext = append(state.LearnersNext, learner)
		} else {
			state.Learners = append(state.Learners, learner)
		}
	}
	return state
}

// membersOf is a configuration of the testbed.
func membersOf(state pb.ConfState) subject.Members {
	return subject.Members{
		Voters:   sorted(state.Voters),
		Old:      sorted(state.VotersOutgoing),
		Learners: sorted(append(append([]uint64{}, state.Learners...), state.LearnersNext...)),
	}
}

// changeTo is the change from one configuration to these voters and learners. A change of nothing adds a voter that
// is there already: an empty change means leaving joint consensus.
func changeTo(from subject.Members, voters, learners []uint64, transition pb.ConfChangeTransition) pb.ConfChangeV2 {
	change := pb.ConfChangeV2{Transition: transition}
	add := func(kind pb.ConfChangeType, server uint64) {
		change.Changes = append(change.Changes, pb.ConfChangeSingle{Type: kind, NodeID: server})
	}
	for _, voter := range voters {
		if !has(from.Voters, voter) {
			add(pb.ConfChangeAddNode, voter)
		}
	}
	for _, learner := range learners {
		if !has(from.Learners, learner) {
			add(pb.ConfChangeAddLearnerNode, learner)
		}
	}
	for _, server := range append(append([]uint64{}, from.Voters...), from.Learners...) {
		if !has(voters, server) && !has(learners, server) {
			add(pb.ConfChangeRemoveNode, server)
		}
	}
	if len(change.Changes) == 0 && len(voters) > 0 {
		add(pb.ConfChangeAddNode, voters[0])
	}
	return change
}

// after is the configuration after a change; nil if the change is invalid.
func after(from subject.Members, voters, learners []uint64, joint bool) *subject.Members {
	next := subject.Members{Voters: sorted(voters), Learners: sorted(learners)}
	if joint {
		next.Old = from.Voters
	}
	all := sorted(append(append([]uint64{}, voters...), learners...))
	for i := 1; i < len(all); i++ {
		if all[i-1] == all[i] {
			return nil
		}
	}
	if len(voters) == 0 {
		return nil
	}
	return &next
}

// between is the change that leads from one configuration to the next. auto: it leaves joint consensus by itself.
func between(before, next subject.Members, auto bool) pb.ConfChangeV2 {
	switch {
	case leaves(before, next):
		return pb.ConfChangeV2{}
	case len(next.Old) == 0:
		return changeTo(before, next.Voters, next.Learners, pb.ConfChangeTransitionAuto)
	case auto:
		return changeTo(before, next.Voters, next.Learners, pb.ConfChangeTransitionJointImplicit)
	default:
		return changeTo(before, next.Voters, next.Learners, pb.ConfChangeTransitionJointExplicit)
	}
}

// leaves: this step leaves joint consensus.
func leaves(before, next subject.Members) bool { return len(before.Old) > 0 && len(next.Old) == 0 }

// fromNothing are the changes by which a server without a configuration comes to know one: a server that is added
// later and gets the log from its beginning. The library expects all servers to begin with the same configuration, or
// with a snapshot.
func fromNothing(members subject.Members, auto bool) []pb.ConfChangeV2 {
	var steps []pb.ConfChangeV2
	none := subject.Members{}
	first := members.Old
	if len(first) == 0 {
		first = members.Voters
	}
	for _, voter := range first {
		steps = append(steps, changeTo(none, []uint64{voter}, nil, pb.ConfChangeTransitionAuto))
	}
	if len(members.Old) > 0 {
		old := subject.Members{Voters: members.Old}
		return append(steps, between(old, members, auto))
	}
	for _, learner := range members.Learners {
		steps = append(steps, changeTo(none, nil, []uint64{learner}, pb.ConfChangeTransitionAuto))
	}
	return steps
}

// contextOf is the context of an entry that leads to a configuration.
func contextOf(members subject.Members) []byte {
	state := confState(members, false)
	return bytesOf(state.Marshal())
}

// changeData is the data of the entry that leads from one configuration to the next. The one that leaves joint
// consensus, which the library may append by itself, has no context.
func changeData(before, next subject.Members, auto bool) []byte {
	change := between(before, next, auto)
	if !leaves(before, next) {
		change.Context = contextOf(next)
	}
	return bytesOf(change.Marshal())
}

// configurationOf is the configuration that an entry leads to. One that carries none leads to C_new of the
// configuration before.
func configurationOf(entry *pb.Entry, before subject.Members) subject.Members {
	var change pb.ConfChangeV2
	var state pb.ConfState
	if change.Unmarshal(entry.Data) == nil && len(change.Context) > 0 && state.Unmarshal(change.Context) == nil {
		return membersOf(state)
	}
	return subject.Members{Voters: before.Voters, Learners: before.Learners}
}

// bytesOf is an encoding. Writing to memory fails only if a required field is missing, and none is.
func bytesOf(bytes []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return bytes
}

func has(servers []uint64, server uint64) bool {
	for _, other := range servers {
		if other == server {
			return true
		}
	}
	return false
}

func sorted(servers []uint64) []uint64 {
	servers = append([]uint64{}, servers...)
	sort.Slice(servers, func(i, j int) bool { return servers[i] < servers[j] })
	return servers
}
