package trace_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"raft-sim.test/subjects/trace"
)

func Example() {
	path := filepath.Join(os.TempDir(), "n1.jsonl")
	defer os.Remove(path)
	n1, err := trace.Open("n1", path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer n1.Close()
	command := "x=1"
	vote := trace.NoVote
	n1.Start(trace.Start{VotedFor: &vote, Voters: []string{"n1"}})
	n1.Candidate(1)
	n1.Leader(1)
	n1.Append(1, []trace.Entry{{Term: 1}, {Term: 1, Command: &command}})
	n1.Commit(2)
	n1.Apply(2, trace.Entry{Term: 1, Command: &command})
	fmt.Println(n1.Err())
	// Output: <nil>
}

// Each event, and its line without server and time.
func TestEachEventIsALine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n1.jsonl")
	n1, err := trace.Open("n1", path)
	if err != nil {
		t.Fatal(err)
	}
	command, applied := "x", uint64(2)
	noVote, n2 := trace.NoVote, trace.Vote("n2")
	events := []struct {
		write func()
		line  string
	}{
		{func() { n1.Start(trace.Start{CurrentTerm: 3}) }, `"start","currentTerm":3,"lastLogIndex":0,"lastLogTerm":0`},
		{func() { n1.Start(trace.Start{VotedFor: &noVote}) },
			`"start","currentTerm":0,"lastLogIndex":0,"lastLogTerm":0,"votedFor":null`},
		{func() {
			n1.Start(trace.Start{
				CurrentTerm: 3, LastLogIndex: 4, LastLogTerm: 2, VotedFor: &n2, LastApplied: &applied, Voters: []string{"n1"},
			})
		}, `"start","currentTerm":3,"lastLogIndex":4,"lastLogTerm":2,"votedFor":"n2","lastApplied":2,"voters":["n1"]`},
		{func() { n1.Follower(4) }, `"follower","term":4`},
		{func() { n1.Candidate(5) }, `"candidate","term":5`},
		{func() { n1.Leader(5) }, `"leader","term":5`},
		{func() { n1.Vote(6, "n2") }, `"vote","term":6,"candidate":"n2"`},
		{func() { n1.Append(5, []trace.Entry{{Term: 5}, {Term: 5, Command: &command}, {Term: 5, Digest: "d"}}) },
			`"append","from":5,"entries":[{"term":5},{"term":5,"command":"x"},{"term":5,"digest":"d"}]`},
		{func() {
			voters := []string{"n1", "n2"}
			n1.Append(8, []trace.Entry{{Term: 5, Voters: voters, Outgoing: voters[:1], Learners: []string{"n3"}}})
		}, `"append","from":8,"entries":[{"term":5,"voters":["n1","n2"],"outgoing":["n1"],"learners":["n3"]}]`},
		{func() { n1.Commit(6) }, `"commit","commitIndex":6`},
		{func() { n1.Apply(6, trace.Entry{Term: 5, Command: &command}) }, `"apply","index":6,"term":5,"command":"x"`},
		{func() { n1.Apply(7, trace.Entry{Digest: "d"}) }, `"apply","index":7,"digest":"d"`},
		{func() { n1.Snapshot(7, 5) }, `"snapshot","lastIncludedIndex":7,"lastIncludedTerm":5`},
		{func() { n1.Install(9, 6) }, `"install","lastIncludedIndex":9,"lastIncludedTerm":6`},
		{func() { n1.Durable(12) }, `"durable","events":12`},
	}
	for _, event := range events {
		event.write()
	}
	n1.Close()
	text, _ := os.ReadFile(path)
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) != len(events) || n1.Err() != nil {
		t.Fatalf("%d lines of %d events: %v", len(lines), len(events), n1.Err())
	}
	when := regexp.MustCompile(`,"time":[0-9]+`)
	for i, event := range events {
		got := when.ReplaceAllString(lines[i], "")
		if want := `{"server":"n1","event":` + event.line + `}`; got != want {
			t.Errorf("%s\nexpected\n%s", got, want)
		}
	}
}

func TestALineThatWasCutOffIsDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n1.jsonl")
	whole := `{"server":"n1","event":"leader","term":3}` + "\n"
	if err := os.WriteFile(path, []byte(whole+`{"server":"n1","ev`), 0o644); err != nil {
		t.Fatal(err)
	}
	n1, err := trace.Open("n1", path)
	if err != nil {
		t.Fatal(err)
	}
	n1.Append(4, nil)
	n1.Close()
	text, _ := os.ReadFile(path)
	rest := strings.TrimPrefix(string(text), whole)
	if !strings.HasPrefix(rest, `{"server":"n1","event":"append","time":`) || !strings.HasSuffix(rest, `,"from":4,"entries":[]}`+"\n") {
		t.Fatalf("%s", text)
	}
	n1.Commit(4)
	if n1.Err() == nil {
		t.Fatal("a closed file can't be written")
	}
}
