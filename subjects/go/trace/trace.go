// Package trace writes what one server of a running cluster does, for raft-sim check-trace.
//
// Tell each thing once it is on stable storage, and before anybody else can hear of it: before the answer to the RPC,
// before the messages of the candidate or the leader. Any goroutine may tell; hold the lock that guards your Raft's
// state while you do, so that events come in the order in which they happened. docs/traces.md has the format.
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
// voters of C_old) and Learners. Where one is applied, a Term of 0 says nothing.
type Entry struct {
	Term     uint64   `json:"term"`
	Command  *string  `json:"command,omitempty"`
	Digest   string   `json:"digest,omitempty"`
	Voters   []string `json:"voters,omitempty"`
	Outgoing []string `json:"outgoing,omitempty"`
	Learners []string `json:"learners,omitempty"`
}

// Start is what a server finds on its disk.
type Start struct {
	CurrentTerm  uint64 `json:"currentTerm"`
	LastLogIndex uint64 `json:"lastLogIndex"`
	LastLogTerm  uint64 `json:"lastLogTerm"`
	// VotedFor is nil if nobody knows.
	VotedFor *Vote `json:"votedFor,omitempty"`
	// LastApplied is nil if nobody knows.
	LastApplied *uint64 `json:"lastApplied,omitempty"`
	// Voters are those of the first configuration: tell them if you tell entries that change it, or nothing does.
	Voters []string `json:"voters,omitempty"`
}

// Vote is whom a server has voted for in its term: Nobody, or a server's name.
type Vote string

// Nobody has its vote yet.
const Nobody Vote = ""

// MarshalJSON writes null for nobody.
func (v Vote) MarshalJSON() ([]byte, error) {
	if v == Nobody {
		return []byte("null"), nil
	}
	return json.Marshal(string(v))
}

// Open opens the file of a server's trace, to go on at its end. What is left of a line in the middle of which the server
// died is dropped.
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

// Start tells that the server starts.
func (t *Trace) Start(found Start) { t.tell("start", found) }

// Follower tells that it becomes follower, or comes to a new term as one.
func (t *Trace) Follower(term uint64) { t.tell("follower", inTerm{term}) }

// Candidate tells that it stands for election, and votes for itself.
func (t *Trace) Candidate(term uint64) { t.tell("candidate", inTerm{term}) }

// Leader tells that it is elected.
func (t *Trace) Leader(term uint64) { t.tell("leader", inTerm{term}) }

// Vote tells that it votes for another server.
func (t *Trace) Vote(term uint64, candidate string) {
	t.tell("vote", struct {
		Term      uint64 `json:"term"`
		Candidate string `json:"candidate"`
	}{term, candidate})
}

// Append tells that it puts entries into its log from this index on; whatever was there from that index on is gone.
func (t *Trace) Append(from uint64, entries []Entry) {
	if entries == nil {
		entries = []Entry{}
	}
	t.tell("append", struct {
		From    uint64  `json:"from"`
		Entries []Entry `json:"entries"`
	}{from, entries})
}

// Commit tells its commitIndex.
func (t *Trace) Commit(commitIndex uint64) {
	t.tell("commit", struct {
		CommitIndex uint64 `json:"commitIndex"`
	}{commitIndex})
}

// Apply tells that its state machine applies an entry.
func (t *Trace) Apply(index uint64, entry Entry) {
	t.tell("apply", struct {
		Index uint64 `json:"index"`
		Term  uint64 `json:"term,omitempty"`
		Entry
	}{index, entry.Term, entry})
}

// Snapshot tells that it takes a snapshot of its own up to here.
func (t *Trace) Snapshot(index, term uint64) { t.tell("snapshot", included{index, term}) }

// Install tells that it installs a snapshot that its leader sent.
func (t *Trace) Install(index, term uint64) { t.tell("install", included{index, term}) }

// Durable tells that so many of its events since its last start, that included, are on stable storage. Who tells this
// once tells it behind each start, and on all servers: nothing else says then that anything is.
func (t *Trace) Durable(events uint64) {
	t.tell("durable", struct {
		Events uint64 `json:"events"`
	}{events})
}

// Err is why nothing more could be written, if that is so.
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

// tell writes one line: who, what and when, and the fields of this kind of event.
func (t *Trace) tell(event string, fields interface{}) {
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
