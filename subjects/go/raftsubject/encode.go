package raftsubject

import (
	"strconv"
	"unicode/utf8"
)

// JSON is written by appending to a buffer that is used again and again: with encoding/json the subject would be
// what a campaign waits for. Every field is written with its comma before it; fields that are zero are left out, as
// the protocol says they may be.

func appendUint(b []byte, value uint64) []byte { return strconv.AppendUint(b, value, 10) }

// appendNumber appends a field, whose key comes with its comma and colon, unless it is 0.
func appendNumber(b []byte, key string, value uint64) []byte {
	if value == 0 {
		return b
	}
	return appendUint(append(b, key...), value)
}

func appendTrue(b []byte, key string, value bool) []byte {
	if !value {
		return b
	}
	return append(append(b, key...), "true"...)
}

func appendList(b []byte, key string, elements []byte) []byte {
	if len(elements) == 0 {
		return b
	}
	return append(append(append(b, key...), elements...), ']')
}

// separate appends the comma before an element that is not the first.
func separate(b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	return append(b, ',')
}

const hex = "0123456789abcdef"

// appendText appends a JSON string. What is not UTF-8 becomes U+FFFD.
func appendText(b []byte, text string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, text[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			default:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 {
			b = append(append(b, text[start:i]...), "\uFFFD"...)
			start = i + 1
		}
		i += size
	}
	return append(append(b, text[start:]...), '"')
}

// appendStatus begins an answer with an error.
func appendStatus(b []byte, status, reason string) []byte {
	b = append(append(append(b, `{"status":"`...), status...), `","reason":`...)
	return appendText(b, reason)
}

var roles = [...]string{
	Follower:  `{"role":"follower"`,
	Candidate: `{"role":"candidate"`,
	Leader:    `{"role":"leader"`,
}

func appendView(b []byte, view *View) []byte {
	b = append(b, roles[view.Role]...)
	b = appendNumber(b, `,"currentTerm":`, view.CurrentTerm)
	b = appendNumber(b, `,"votedFor":`, view.VotedFor)
	b = appendNumber(b, `,"commitIndex":`, view.CommitIndex)
	b = appendNumber(b, `,"lastApplied":`, view.LastApplied)
	b = appendNumber(b, `,"leader":`, view.Leader)
	b = appendNumber(b, `,"snapshot":`, view.Snapshot)
	b = appendNumber(b, `,"configuration":`, view.Configuration)
	b = appendNumber(b, `,"state":`, view.State)
	return append(b, '}')
}

func appendWrite(b []byte, token Token, write *Write) []byte {
	b = appendUint(append(b, `{"token":`...), uint64(token))
	if state := write.State; state != nil {
		b = appendUint(append(b, `,"currentTerm":`...), state.CurrentTerm)
		if state.VotedFor == 0 {
			b = append(b, `,"votedFor":null`...)
		} else {
			b = appendNumber(b, `,"votedFor":`, state.VotedFor)
		}
	}
	b = appendNumber(b, `,"truncate":`, write.Truncate)
	if write.From > 0 {
		b = appendUint(append(b, `,"from":`...), write.From)
		b = appendEntries(append(b, `,"entries":[`...), write.Entries)
		b = append(b, ']')
	}
	if snapshot := write.Snapshot; snapshot != nil {
		b = append(b, `,"snapshot":{"lastIncludedIndex":`...)
		b = appendUint(b, snapshot.LastIncludedIndex)
		b = appendNumber(b, `,"lastIncludedTerm":`, snapshot.LastIncludedTerm)
		b = appendMembers(b, &snapshot.Configuration)
		b = append(appendText(append(b, `,"data":`...), snapshot.Data), '}')
	}
	b = appendNumber(b, `,"commitIndex":`, write.CommitIndex)
	if write.Blob != nil {
		b = appendText(append(b, `,"blob":`...), string(write.Blob))
	}
	return append(b, '}')
}

func appendMembers(b []byte, members *Members) []byte {
	b = appendServers(b, `,"voters":[`, members.Voters)
	b = appendServers(b, `,"old":[`, members.Old)
	return appendServers(b, `,"learners":[`, members.Learners)
}

func appendServers(b []byte, key string, servers []uint64) []byte {
	b = append(b, key...)
	for i, server := range servers {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendUint(b, server)
	}
	return append(b, ']')
}

func appendEntries(b []byte, entries []Entry) []byte {
	for i := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendUint(append(b, `{"term":`...), entries[i].Term)
		b = append(appendPayload(b, &entries[i]), '}')
	}
	return b
}

// appendPayload appends the content of an entry beside its term.
func appendPayload(b []byte, entry *Entry) []byte {
	switch entry.Type {
	case Command:
		if entry.Session != 0 || entry.Serial != 0 {
			b = appendUint(append(b, `,"type":"command","session":`...), entry.Session)
			b = appendUint(append(b, `,"serial":`...), entry.Serial)
		}
		b = appendText(append(b, `,"command":`...), entry.Command)
	case NoOp:
		b = append(b, `,"type":"no-op"`...)
	case ConfigurationEntry:
		b = append(b, `,"type":"configuration"`...)
		if entry.Configuration != nil {
			b = appendMembers(b, entry.Configuration)
		}
	case Register:
		b = append(b, `,"type":"register"`...)
	}
	return b
}

func appendApplied(b []byte, index uint64, entry *Entry, outcome Outcome) []byte {
	b = appendUint(append(b, `{"index":`...), index)
	b = appendUint(append(b, `,"term":`...), entry.Term)
	b = appendPayload(b, entry)
	if outcome.is != "" {
		b = append(append(append(b, `,"outcome":"`...), outcome.is...), '"')
		// The session that a register entry opened. Its own session field is never used.
		b = appendNumber(b, `,"session":`, outcome.session)
	}
	return append(b, '}')
}

func appendAnswer(b []byte, request Request, answer Answer) []byte {
	b = appendUint(append(b, `{"request":`...), uint64(request))
	b = append(append(append(b, `,"is":"`...), answer.is...), '"')
	b = appendNumber(b, `,"index":`, answer.index)
	b = appendNumber(b, `,"session":`, answer.session)
	b = appendNumber(b, `,"leader":`, answer.leader)
	return append(b, '}')
}

// appendMessage appends a message that is sent.
func appendMessage(b []byte, m *Message, after Token) []byte {
	b = append(append(append(b, `{"type":"`...), m.Type.String()...), '"')
	b = appendNumber(b, `,"to":`, m.To)
	b = appendNumber(b, `,"term":`, m.Term)
	switch m.Type {
	case RequestVote, PreVote:
		b = appendNumber(b, `,"lastLogIndex":`, m.LastLogIndex)
		b = appendNumber(b, `,"lastLogTerm":`, m.LastLogTerm)
		b = appendTrue(b, `,"transfer":`, m.Transfer)
	case RequestVoteReply, PreVoteReply:
		b = appendTrue(b, `,"voteGranted":`, m.VoteGranted)
	case AppendEntries:
		b = appendNumber(b, `,"prevLogIndex":`, m.PrevLogIndex)
		b = appendNumber(b, `,"prevLogTerm":`, m.PrevLogTerm)
		if len(m.Entries) > 0 {
			b = append(appendEntries(append(b, `,"entries":[`...), m.Entries), ']')
		}
		b = appendNumber(b, `,"leaderCommit":`, m.LeaderCommit)
	case AppendEntriesReply:
		b = appendTrue(b, `,"success":`, m.Success)
		b = appendNumber(b, `,"matchIndex":`, m.MatchIndex)
		b = appendNumber(b, `,"prevLogIndex":`, m.PrevLogIndex)
		b = appendNumber(b, `,"conflictIndex":`, m.ConflictIndex)
		b = appendNumber(b, `,"conflictTerm":`, m.ConflictTerm)
	case InstallSnapshot:
		b = appendNumber(b, `,"lastIncludedIndex":`, m.LastIncludedIndex)
		b = appendNumber(b, `,"lastIncludedTerm":`, m.LastIncludedTerm)
		if m.Configuration != nil {
			b = appendMembers(b, m.Configuration)
		}
		b = appendNumber(b, `,"offset":`, m.Offset)
		b = appendNumber(b, `,"size":`, m.Size)
		b = appendText(append(b, `,"data":`...), m.Data)
	case InstallSnapshotReply:
		b = appendNumber(b, `,"lastIncludedIndex":`, m.LastIncludedIndex)
		b = appendNumber(b, `,"lastIncludedTerm":`, m.LastIncludedTerm)
		b = appendNumber(b, `,"received":`, m.Received)
	case TimeoutNow:
	case ReadIndex:
		b = appendNumber(b, `,"request":`, m.ReadRequest)
	case ReadIndexReply:
		b = appendNumber(b, `,"request":`, m.ReadRequest)
		b = appendNumber(b, `,"index":`, m.Index)
	default:
		b = appendText(append(b, `,"what":`...), m.What)
	}
	b = appendNumber(b, `,"round":`, m.Round)
	b = appendNumber(b, `,"re":`, m.Re)
	if len(m.Own) > 0 {
		own := len(b)
		b = append(append(b, `,"own":`...), m.Own...)
		// A line end would end the answer. In JSON there is none but between values.
		for i := own; i < len(b); i++ {
			if b[i] == '\n' {
				b[i] = ' '
			}
		}
	}
	return append(appendNumber(b, `,"after":`, uint64(after)), '}')
}
