package main

import (
	"encoding/base64"
	"encoding/binary"

	subject "raft-sim.test/subjects/raftsubject"

	pb "go.etcd.io/etcd/raft/raftpb"
)

// Each message carries along the one that the library sent, and is received as that one. The paper's terms describe
// its meaning.

// transferring is the context of a candidate's request that its leader asked it to make.
const transferring = "CampaignTransfer"

// described is a message that the library sends, in the paper's terms, with itself carried along. term is the
// server's current one; stale: it answers a message of an older term.
func described(native *pb.Message, term uint64, stale bool, log *store) subject.Message {
	m := subject.Message{To: native.To, Term: native.Term}
	switch native.Type {
	case pb.MsgApp:
		m.Type, m.PrevLogIndex, m.PrevLogTerm = subject.AppendEntries, native.Index, native.LogTerm
		m.Entries = entriesOf(native.Entries, log.before(native.Index+1))
		m.LeaderCommit = native.Commit
	case pb.MsgHeartbeat:
		// It verifies no entry, and brings none.
		m.Type, m.LeaderCommit = subject.AppendEntries, native.Commit
	case pb.MsgHeartbeatResp:
		m.Type, m.Success = subject.AppendEntriesReply, true
	case pb.MsgAppResp:
		m.Type = subject.AppendEntriesReply
		describeReply(&m, native, stale, log)
	case pb.MsgVote:
		m.Type, m.LastLogIndex, m.LastLogTerm = subject.RequestVote, native.Index, native.LogTerm
		m.Transfer = string(native.Context) == transferring
	case pb.MsgVoteResp:
		m.Type, m.VoteGranted = subject.RequestVoteReply, !native.Reject
	case pb.MsgPreVote:
		// The library sends the term that is asked about, and a server that grants it answers with the same.
		m.Type, m.LastLogIndex, m.LastLogTerm = subject.PreVote, native.Index, native.LogTerm
		m.Term = term
	case pb.MsgPreVoteResp:
		m.Type, m.VoteGranted = subject.PreVoteReply, !native.Reject
		m.Term = term
	case pb.MsgSnap:
		snapshot := snapshotOf(&native.Snapshot)
		m.Type = subject.InstallSnapshot
		m.LastIncludedIndex, m.LastIncludedTerm = snapshot.LastIncludedIndex, snapshot.LastIncludedTerm
		m.Configuration, m.Data, m.Size = &snapshot.Configuration, snapshot.Data, uint64(len(snapshot.Data))
	case pb.MsgTimeoutNow:
		m.Type = subject.TimeoutNow
	case pb.MsgReadIndex:
		m.Type, m.Term, m.ReadRequest = subject.ReadIndex, term, question(native)
	case pb.MsgReadIndexResp:
		m.Type, m.ReadRequest, m.Index = subject.ReadIndexReply, question(native), native.Index
	default:
		m.Type, m.What = subject.Other, native.Type.String()
	}
	m.Own = append(append([]byte{'"'}, base64.StdEncoding.EncodeToString(bytesOf(native.Marshal()))...), '"')
	return m
}

func describeReply(m *subject.Message, native *pb.Message, stale bool, log *store) {
	switch {
	case stale:
		// A refusal for its term.
	case !native.Reject:
		m.Success, m.MatchIndex = true, native.Index
	default:
		// The library sends its last index. The logs part behind it, or where the request was refused.
		m.PrevLogIndex = native.Index
		m.ConflictIndex = native.RejectHint + 1
		if native.Index <= native.RejectHint {
			m.ConflictIndex = native.Index
			m.ConflictTerm, _ = log.Term(native.Index)
		}
	}
}

// received is the library's message: the one that is carried along, or, for a message that no server sent, the one
// that the description stands for. False if the library has no such message.
func received(m *subject.Message, term uint64, log *store) (pb.Message, bool) {
	var own []byte
	var native pb.Message
	if m.GetOwn(&own) {
		if err := native.Unmarshal(own); err != nil {
			panic(err)
		}
		return native, true
	}
	native = pb.Message{From: m.From, To: m.To, Term: m.Term}
	switch m.Type {
	case subject.RequestVote:
		native.Type, native.Index, native.LogTerm = pb.MsgVote, m.LastLogIndex, m.LastLogTerm
		if m.Transfer {
			native.Context = []byte(transferring)
		}
	case subject.RequestVoteReply:
		native.Type, native.Reject = pb.MsgVoteResp, !m.VoteGranted
	case subject.PreVote:
		native.Type, native.Index, native.LogTerm = pb.MsgPreVote, m.LastLogIndex, m.LastLogTerm
		native.Term = m.Term + 1
	case subject.PreVoteReply:
		native.Type, native.Reject = pb.MsgPreVoteResp, !m.VoteGranted
		if m.VoteGranted {
			native.Term = term + 1
		}
	case subject.AppendEntries:
		native.Type, native.Index, native.LogTerm = pb.MsgApp, m.PrevLogIndex, m.PrevLogTerm
		native.Commit = m.LeaderCommit
		native.Entries = nativeEntries(m.PrevLogIndex+1, m.Entries, log.before(m.PrevLogIndex+1), log.auto)
	case subject.AppendEntriesReply:
		native.Type, native.Index = pb.MsgAppResp, m.MatchIndex
		if !m.Success {
			native.Index = m.PrevLogIndex
			if m.ConflictIndex > 0 {
				native.Reject, native.RejectHint = true, m.ConflictIndex-1
			}
		}
	case subject.InstallSnapshot:
		if m.Offset != 0 || m.Size != uint64(len(m.Data)) {
			return native, false // The library knows no parts.
		}
		native.Type = pb.MsgSnap
		native.Snapshot = nativeSnapshot(&subject.Snapshot{
			LastIncludedIndex: m.LastIncludedIndex, LastIncludedTerm: m.LastIncludedTerm,
			Configuration: *m.Configuration, Data: m.Data,
		}, log.auto)
	case subject.TimeoutNow:
		native.Type = pb.MsgTimeoutNow
	case subject.ReadIndex:
		native.Type, native.Term = pb.MsgReadIndex, 0
		native.Entries = []pb.Entry{{Data: contextOfRead(m.ReadRequest)}}
	case subject.ReadIndexReply:
		native.Type, native.Index = pb.MsgReadIndexResp, m.Index
		native.Entries = []pb.Entry{{Data: contextOfRead(m.ReadRequest)}}
	default:
		return native, false
	}
	return native, true
}

// contextOfRead is the name of a read in the library.
func contextOfRead(request uint64) []byte {
	context := make([]byte, 8)
	binary.LittleEndian.PutUint64(context, request)
	return context
}

// readOf is the read of this name; 0 if it is none of ours.
func readOf(context []byte) uint64 {
	if len(context) != 8 {
		return 0
	}
	return binary.LittleEndian.Uint64(context)
}

func question(native *pb.Message) uint64 {
	if len(native.Entries) == 0 {
		return 0
	}
	return readOf(native.Entries[0].Data)
}
