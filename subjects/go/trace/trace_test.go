package trace_test

import (
	"fmt"
	"os"
	"path/filepath"
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
	n1.Start(trace.Start{Voters: []string{"n1"}})
	n1.Candidate(1)
	n1.Leader(1)
	n1.Append(1, []trace.Entry{{Term: 1}, {Term: 1, Command: &command}})
	n1.Commit(2)
	n1.Apply(2, trace.Entry{Term: 1, Command: &command})
	fmt.Println(n1.Err())
	// Output: <nil>
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
