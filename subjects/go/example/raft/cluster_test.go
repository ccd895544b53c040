package raft_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"testing"

	"raft-sim.test/subjects/example/raft"
	subject "raft-sim.test/subjects/raftsubject"
)

// A small testbed of its own, so that `go test` tells whether the example and the SDK agree: it speaks the protocol
// with encoding/json, loses and repeats messages, and crashes servers. The real one looks at far more.

type entry struct {
	Index   uint64 `json:"index,omitempty"`
	Term    uint64 `json:"term"`
	Type    string `json:"type,omitempty"`
	Command string `json:"command,omitempty"`
}

type write struct {
	Token       uint64  `json:"token"`
	CurrentTerm *uint64 `json:"currentTerm"`
	VotedFor    *uint64 `json:"votedFor"`
	From        uint64  `json:"from"`
	Entries     []entry `json:"entries"`
}

type view struct {
	Role                     string
	CurrentTerm, CommitIndex uint64
}

type answer struct {
	Status, Reason string
	View           *view
	Writes         []write
	Messages       []map[string]any
	Applied        []entry
	Answers        []struct {
		Request, Index uint64
		Is             string
	}
	Then []answer
}

// server is the testbed's part of a server: its disk, and the observations of it.
type server struct {
	view            view
	term            uint64
	vote            *uint64
	log             []entry
	pending         []write
	waiting         []map[string]any
	durable, booted bool
	applied         uint64
}

type cluster struct {
	t       testing.TB
	rng     *rand.Rand
	in      io.Writer
	out     *bufio.Reader
	record  func(line []byte)
	servers map[uint64]*server
	flying  []map[string]any
	request uint64
	// The leader of each term, the entry applied at each index, and the number of committed requests.
	leaders   map[uint64]uint64
	committed map[uint64]entry
	done      int
}

// newCluster starts this number of servers, with disks that take no time.
func newCluster(t testing.TB, seed int64, size uint64) *cluster {
	requests, in := io.Pipe()
	out, answers := io.Pipe()
	ended := make(chan error)
	go func() { ended <- subject.Serve(raft.Subject, requests, answers) }()
	t.Cleanup(func() {
		in.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	c := &cluster{
		t: t, rng: rand.New(rand.NewSource(seed)), in: in, out: bufio.NewReader(out),
		servers: map[uint64]*server{}, leaders: map[uint64]uint64{}, committed: map[uint64]entry{},
	}
	c.ask(map[string]any{"do": "hello", "protocol": 1})
	c.ask(map[string]any{"do": "reset", "seed": seed})
	for id := uint64(1); id <= size; id++ {
		c.servers[id] = &server{}
	}
	for id := uint64(1); id <= size; id++ {
		c.boot(id)
	}
	return c
}

// ask writes a request and reads the answer.
func (c *cluster) ask(request map[string]any) answer {
	line, err := json.Marshal(request)
	if err != nil {
		c.t.Fatal(err)
	}
	line = append(line, '\n')
	if c.record != nil {
		c.record(line)
	}
	if _, err := c.in.Write(line); err != nil {
		c.t.Fatal(err)
	}
	reply, err := c.out.ReadBytes('\n')
	if err != nil {
		c.t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(reply, &a); err != nil {
		c.t.Fatalf("%v in %s", err, reply)
	}
	if a.Status != "" {
		c.t.Fatalf("%s: %s, asked %s", a.Status, a.Reason, line)
	}
	return a
}

func (c *cluster) boot(id uint64) {
	s := c.servers[id]
	peers := []uint64{}
	for peer := uint64(1); peer <= uint64(len(c.servers)); peer++ {
		peers = append(peers, peer)
	}
	*s = server{term: s.term, vote: s.vote, log: s.log, booted: true}
	s.view = *c.ask(map[string]any{
		"do": "boot", "server": id, "now": 0, "peers": peers, "currentTerm": s.term, "votedFor": s.vote, "log": s.log,
		"settings": map[string]any{
			"seed": c.rng.Uint64(), "electionTimeout": []int{6, 9}, "heartbeat": 2, "entriesPerMessage": 3,
			"bytesPerMessage": 1 << 20, "window": 8, "uncommittedLimit": 40, "future": []any{map[string]any{"a": "}"}},
		},
	}).View
}

// step applies an event to a server. If its disk takes no time, its writes are durable then, and half of the time the
// server is asked for all effects of that at once.
func (c *cluster) step(id uint64, request map[string]any) {
	s := c.servers[id]
	instant := c.rng.Intn(2) == 0
	request["server"] = id
	request["now"] = 0
	if instant {
		request["instant"] = true
	}
	a := c.ask(request)
	c.took(id, &a)
	for i := 0; instant && len(s.pending) > 0; i++ {
		c.persist(id)
		c.took(id, &a.Then[i])
	}
	for len(s.pending) > 0 {
		token := c.persist(id)
		a := c.ask(map[string]any{"do": "persisted", "server": id, "now": 0, "token": token})
		c.took(id, &a)
	}
}

// took carries out what a server did, and looks at it.
func (c *cluster) took(id uint64, a *answer) {
	s := c.servers[id]
	if a.View != nil {
		s.view = *a.View
	}
	if s.view.Role == "leader" {
		if leader, known := c.leaders[s.view.CurrentTerm]; known && leader != id {
			c.t.Fatalf("S%d and S%d lead term %d", leader, id, s.view.CurrentTerm)
		}
		c.leaders[s.view.CurrentTerm] = id
	}
	s.pending = append(s.pending, a.Writes...)
	for _, m := range a.Messages {
		m["from"] = id
		if _, waits := m["after"]; waits {
			s.waiting = append(s.waiting, m)
		} else {
			c.flying = append(c.flying, m)
		}
	}
	for _, e := range a.Applied {
		s.applied++
		if e.Index != s.applied {
			c.t.Fatalf("S%d applies %v after %d", id, e, s.applied-1)
		}
		if other, known := c.committed[e.Index]; known && other != e {
			c.t.Fatalf("S%d applies %v where %v was applied", id, e, other)
		}
		c.committed[e.Index] = e
	}
	for _, a := range a.Answers {
		if a.Is == "committed" {
			c.done++
		}
	}
}

// persist makes a server's oldest write durable, and lets go what waited for it.
func (c *cluster) persist(id uint64) uint64 {
	s := c.servers[id]
	w := s.pending[0]
	s.pending = s.pending[1:]
	if w.CurrentTerm != nil {
		s.term, s.vote = *w.CurrentTerm, w.VotedFor
	}
	if w.From > 0 {
		s.log = append(s.log[:w.From-1:w.From-1], w.Entries...)
	}
	kept := s.waiting[:0]
	for _, m := range s.waiting {
		if uint64(m["after"].(float64)) <= w.Token {
			c.flying = append(c.flying, m)
		} else {
			kept = append(kept, m)
		}
	}
	s.waiting = kept
	return w.Token
}

// deliver lets a message in flight arrive, as often as it is said.
func (c *cluster) deliver(place, times int) {
	m := c.flying[place]
	c.flying = append(c.flying[:place], c.flying[place+1:]...)
	for ; times > 0; times-- {
		c.step(uint64(m["to"].(float64)), map[string]any{"do": "receive", "message": m})
	}
}

// run lets this number of events happen. Under bad network conditions messages are lost, repeated and late, and
// servers crash.
func (c *cluster) run(steps int, bad bool) {
	size := len(c.servers)
	for ; steps > 0; steps-- {
		chance := c.rng.Intn(100)
		id := uint64(c.rng.Intn(size) + 1)
		switch {
		case len(c.flying) > 0 && chance < 70:
			if bad {
				c.deliver(c.rng.Intn(len(c.flying)), c.rng.Intn(10)%3)
			} else {
				c.deliver(0, 1)
			}
		case chance < 75:
			c.request++
			c.step(id, map[string]any{"do": "propose", "request": c.request, "command": fmt.Sprint("\"v\u00e9\\", c.request)})
		case bad && chance < 76:
			c.boot(id)
		default:
			c.step(id, map[string]any{"do": "tick"})
		}
	}
}

func TestClusterSurvivesBadWeatherAndThenAgrees(t *testing.T) {
	for seed := int64(0); seed < 10; seed++ {
		c := newCluster(t, seed, uint64(1+seed%5))
		c.run(1_000, true)
		c.run(1_000, false)
		before := c.done
		c.run(1_000, false)
		if c.done == before {
			t.Errorf("seed %d: nothing is committed under good network conditions", seed)
		}
	}
}

// BenchmarkSteps replays the requests to a cluster of five under good network conditions, and gives the time of one
// step: reading, the Raft, writing.
func BenchmarkSteps(b *testing.B) {
	var lines [][]byte
	c := newCluster(b, 1, 5)
	boots := len(c.servers)
	recorded := newRecorder(&lines)
	c.record = recorded
	c.ask(map[string]any{"do": "reset", "seed": 1})
	for id := uint64(1); id <= uint64(boots); id++ {
		*c.servers[id] = server{}
		c.boot(id)
	}
	c.run(20_000, false)
	b.ReportAllocs()
	b.ResetTimer()
	replay := &replayer{lines: lines, left: b.N}
	if err := subject.Serve(raft.Subject, replay, io.Discard); err != nil {
		b.Fatal(err)
	}
}

func newRecorder(lines *[][]byte) func([]byte) {
	return func(line []byte) { *lines = append(*lines, line) }
}

// replayer repeats the recorded lines, one per read, this number in all.
type replayer struct {
	lines    [][]byte
	at, left int
}

func (r *replayer) Read(into []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	line := r.lines[r.at]
	r.at = (r.at + 1) % len(r.lines)
	r.left--
	return copy(into, line), nil
}
