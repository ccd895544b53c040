// Command broken is the example without one of the paper's rules, to see what the testbed reports: it votes for every
// candidate, however old the candidate's log is (§5.4.1).
package main

import (
	"raft-sim.test/subjects/example/raft"
	subject "raft-sim.test/subjects/raftsubject"
)

// gullible is a server that takes every candidate's log for a long one of the candidate's own term.
type gullible struct {
	*raft.Server
}

func (s gullible) Receive(step *subject.Step, m subject.Message) {
	if m.Type == subject.RequestVote {
		m.LastLogTerm, m.LastLogIndex = m.Term, 1<<40
	}
	s.Server.Receive(step, m)
}

func main() {
	broken := raft.Subject
	broken.Name = "go-broken"
	broken.Boot = func(boot subject.Boot) (subject.Server, error) {
		server, err := raft.Boot(boot)
		if err != nil {
			return nil, err
		}
		return gullible{server}, nil
	}
	subject.Run(broken)
}
