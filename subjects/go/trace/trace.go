// Package trace writes the events of one server of a running cluster, for raft-sim check-trace.
//
// Write each event once it is on stable storage, and before another server or a client can learn of it: before the
// answer to the RPC, before the messages of the candidate or the leader. Any goroutine may write; hold the lock that
// guards your Raft's state while you do, so that events come in the order in which they happened. docs/traces.md has
// the format.
package trace

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"sync"
	"time"
)

// Trace is the trace of one server. Each event is a line, written at once. After the first error nothing more is
// written; Err has it.
type Trace struct {
	server string
	mutex  sync.Mutex
	file   *os.File
	err    error
}

// Entry is one entry of the log. It carries a command or its digest, or, if it is a configuration, Voters, Outgoing (the
// voters of C_old) and Learners. In Apply, a Term of 0 means that the term is left out.
type Entry struct {
	Term     uint64   `json:"term"`
	Command  *string  `json:"command,omitempty"`
	Digest   string   `json:"digest,omitempty"`
	Voters   []string `json:"voters,omitempty"`
	Outgoing []string `json:"outgoing,omitempty"`
	Learners []string `json:"learners,omitempty"`
}

// Start is the state that a server finds on its disk.
type Start struct {
	CurrentTerm  uint64 `json:"currentTerm"`
	LastLogIndex uint64 `json:"lastLogIndex"`
	LastLogTerm  uint64 `json:"lastLogTerm"`
	// VotedFor is nil if it is unknown.
	VotedFor *Vote `json:"votedFor,omitempty"`
	// LastApplied is nil if it is unknown.
	LastApplied *uint64 `json:"lastApplied,omitempty"`
	// Voters are those of the first configuration. Give them if the configuration never changes, or if you write the
	// entries that change it.
	Voters []string `json:"voters,omitempty"`
}

// Vote is the server that a server has voted for in its term, by its name, or NoVote.
type Vote string

// NoVote means that it has not voted in this term.
const NoVote Vote = ""

// MarshalJSON writes null for NoVote.
func (v Vote) MarshalJSON() ([]byte, error) {
	if v == NoVote {
		return []byte("null"), nil
	}
	return json.Marshal(string(v))
}

// Open opens the file of a server's trace, to append to it. If the server died in the middle of a line, the rest of
// that line is dropped.
func Open(server, path string) (*Trace, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(file)
	whole := int64(bytes.LastIndexByte(text, '\n') + 1)
	if err == nil {
		err = file.Truncate(whole)
	}
	if err == nil {
		_, err = file.Seek(whole, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &Trace{server: server, file: file}, nil
}

// Start writes that the server starts.
func (t *Trace) Start(found Start) { t.write("start", found) }

// Follower writes that it becomes follower, or comes to a new term as one.
func (t *Trace) Follower(term uint64) { t.write("follower", inTerm{term}) }

// Candidate writes that it stands for election, and votes for itself.
func (t *Trace) Candidate(term uint64) { t.write("candidate", inTerm{term}) }

// Leader writes that it is elected.
func (t *Trace) Leader(term uint64) { t.write("leader", inTerm{term}) }

// Vote writes that it votes for another server.
func (t *Trace) Vote(term uint64, candidate string) {
	t.write("vote", struct {
		Term      uint64 `json:"term"`
		Candidate string `json:"candidate"`
	}{term, candidate})
}

// Append writes that it puts entries into its log from this index on; whatever was there from that index on is gone.
func (t *Trace) Append(from uint64, entries []Entry) {
	if entries == nil {
		entries = []Entry{}
	}
	t.write("append", struct {
		From    uint64  `json:"from"`
		Entries []Entry `json:"entries"`
	}{from, entries})
}

// Commit writes its commitIndex.
func (t *Trace) Commit(commitIndex uint64) {
	t.write("commit", struct {
		CommitIndex uint64 `json:"commitIndex"`
	}{commitIndex})
}

// Apply writes that its state machine applies an entry.
func (t *Trace) Apply(index uint64, entry Entry) {
	t.write("apply", struct {
		Index uint64 `json:"index"`
		Term  uint64 `json:"term,omitempty"`
		Entry
	}{index, entry.Term, entry})
}

// Snapshot writes that it takes a snapshot of its own up to here.
func (t *Trace) Snapshot(index, term uint64) { t.write("snapshot", included{index, term}) }

// Install writes that it installs a snapshot that its leader sent.
func (t *Trace) Install(index, term uint64) { t.write("install", included{index, term}) }

// Durable writes that this number of its events since its last start, the start included, is on stable storage. If
// you write this once, write it behind each start, and on all servers: no other event then means that something is
// durable.
func (t *Trace) Durable(events uint64) {
	t.write("durable", struct {
		Events uint64 `json:"events"`
	}{events})
}

// Err is the error after which nothing more is written, if there was one.
func (t *Trace) Err() error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.err
}

// Close ends the trace.
func (t *Trace) Close() error { return t.file.Close() }

type inTerm struct {
	Term uint64 `json:"term"`
}

type included struct {
	Index uint64 `json:"lastIncludedIndex"`
	Term  uint64 `json:"lastIncludedTerm"`
}

// write writes one line: server, event and time, and the fields of this kind of event.
func (t *Trace) write(event string, fields interface{}) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.err != nil {
		return
	}
	head, err := json.Marshal(struct {
		Server string `json:"server"`
		Event  string `json:"event"`
		Time   int64  `json:"time"`
	}{t.server, event, time.Now().UnixNano()})
	if err == nil {
		var rest []byte
		rest, err = json.Marshal(fields)
		if err == nil {
			// Both are objects that are not empty: one goes on where the other ends.
			line := append(head[:len(head)-1], ',')
			line = append(append(line, rest[1:]...), '\n')
			_, err = t.file.Write(line)
		}
	}
	t.err = err
}
