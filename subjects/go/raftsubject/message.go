package raftsubject

import "encoding/json"

// A MessageType is one of the messages of Figures 2 and 13, or of the dissertation.
type MessageType uint8

// The types of messages. Each reply is a message of its own.
const (
	// Other has no name in the paper, and guarantees nothing.
	Other MessageType = iota
	RequestVote
	RequestVoteReply
	PreVote
	PreVoteReply
	AppendEntries
	AppendEntriesReply
	InstallSnapshot
	InstallSnapshotReply
	TimeoutNow
	ReadIndex
	ReadIndexReply
)

var messageTypes = [...]string{
	Other:                "Other",
	RequestVote:          "RequestVote",
	RequestVoteReply:     "RequestVoteReply",
	PreVote:              "PreVote",
	PreVoteReply:         "PreVoteReply",
	AppendEntries:        "AppendEntries",
	AppendEntriesReply:   "AppendEntriesReply",
	InstallSnapshot:      "InstallSnapshot",
	InstallSnapshotReply: "InstallSnapshotReply",
	TimeoutNow:           "TimeoutNow",
	ReadIndex:            "ReadIndex",
	ReadIndexReply:       "ReadIndexReply",
}

// String is the message's name in the paper.
func (t MessageType) String() string {
	if int(t) < len(messageTypes) {
		return messageTypes[t]
	}
	return "MessageType?"
}

// A Message between servers. The comment of a field lists the types that have it; in others it stays zero.
type Message struct {
	Type MessageType
	// From is the sender; filled in for the one that sends.
	From, To uint64
	// Term is the sender's currentTerm.
	Term uint64

	// LastLogIndex and LastLogTerm are the candidate's last entry: RequestVote, PreVote.
	LastLogIndex, LastLogTerm uint64
	// Transfer says that its leader asked the candidate to stand: RequestVote.
	Transfer bool
	// VoteGranted: RequestVoteReply, PreVoteReply.
	VoteGranted bool

	// PrevLogIndex: AppendEntries; and that of the request in an AppendEntriesReply without success.
	PrevLogIndex uint64
	// PrevLogTerm, Entries and LeaderCommit: AppendEntries.
	PrevLogTerm  uint64
	Entries      []Entry
	LeaderCommit uint64
	// Success: AppendEntriesReply.
	Success bool
	// MatchIndex of an AppendEntriesReply with success: up to there the log is the leader's, on the follower's disk.
	// In a reply that is tied to its request (see Re) it may be left 0; it is then what the request says.
	MatchIndex uint64
	// ConflictIndex and ConflictTerm of an AppendEntriesReply without success: where the logs part, and the term
	// there, 0 if the log is too short. Both 0 if the request was of an older term, or the Raft does not say.
	ConflictIndex, ConflictTerm uint64
	// Round is the leader's latest round of heartbeats (dissertation §6.4), repeated in the answer, if a Raft counts
	// them: AppendEntries, InstallSnapshot and their replies.
	Round uint64

	// LastIncludedIndex and LastIncludedTerm: InstallSnapshot and its reply.
	LastIncludedIndex, LastIncludedTerm uint64
	// Configuration, Offset, Size (of the whole) and Data: InstallSnapshot. They count bytes, and a part must not
	// begin or end within a character. Configuration is nil elsewhere.
	Configuration *Members
	Offset, Size  uint64
	Data          string
	// Received counts bytes from the beginning: InstallSnapshotReply.
	Received uint64

	// ReadRequest is the follower's own name for its question: ReadIndex and its reply.
	ReadRequest uint64
	// Index that must be applied before the read is answered: ReadIndexReply.
	Index uint64

	// What is in an Other, in a few words.
	What string

	// Own is any JSON value. It arrives with the message as it was sent, and the testbed does not look into it: a Raft
	// with messages of its own carries the real message here. See SetOwn and GetOwn.
	Own json.RawMessage
	// ID names a message that is received.
	ID uint64
	// Re, in a message that is sent, ties it to the message with this ID: its receiver gets that message back as its
	// Request. For Rafts that make calls, and need the request to understand the reply.
	Re uint64
	// Request is the message that this one is tied to, as it was sent; nil if there is none.
	Request *Message
}

// Reply is a message of this type back to the sender, tied to its request.
func (m *Message) Reply(kind MessageType) Message {
	return Message{Type: kind, To: m.From, Re: m.ID}
}

// SetOwn puts a value of the Raft's own into the message, as encoding/json writes it. It panics if that can't be
// done: then the type is at fault.
func (m *Message) SetOwn(value any) {
	own, err := json.Marshal(value)
	if err != nil {
		panic("raftsubject: this can't be carried along: " + err.Error())
	}
	m.Own = own
}

// GetOwn fills value with what the sender put into the message. False if it put in nothing, as in a message that
// was forged from a description.
func (m *Message) GetOwn(value any) bool {
	if len(m.Own) == 0 {
		return false
	}
	if err := json.Unmarshal(m.Own, value); err != nil {
		panic("raftsubject: what was carried along does not fit: " + err.Error())
	}
	return true
}
