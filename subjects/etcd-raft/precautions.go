package main

import (
	"fmt"
	"strings"
)

// precautions avoid known defects of the library. Each can be left out, to replay what it avoids.
type precautions struct {
	// removed: a leader that is no voter any more, by what it has applied, takes nothing from clients, and is started anew
	// soon, as a follower.
	removed bool
	// copies: a question of a follower that was here before is dropped.
	copies bool
	// preVotes: a request for a pre-vote in the term that a server is in, and in which it voted for the sender, is dropped.
	preVotes bool
	// commit: a leader's messages wait until its term and what they call committed are on its own disk. Others of a leader
	// never wait.
	commit bool
	// leave: joint consensus is left by a proposal of the application, and not by the library.
	leave bool
	// wait: a server waits for each write, and takes no message, request or tick meanwhile, as the caller of a RawNode
	// does. Otherwise it takes them while a Ready is being written, as Node of the library does.
	wait bool
	// leases: no server reads under a lease.
	leases bool
}

// precautionsOf are those that the command line leaves: all, or all but those that it names.
func precautionsOf(arguments []string) (precautions, error) {
	p := precautions{removed: true, copies: true, preVotes: true, commit: true, leave: true, wait: true, leases: true}
	switch {
	case len(arguments) == 0:
		return p, nil
	case arguments[0] != "without" || len(arguments) == 1:
		return p, fmt.Errorf("expected nothing, or without and names of precautions; found %s", strings.Join(arguments, " "))
	}
	names := map[string]*bool{
		"removed": &p.removed, "copies": &p.copies, "prevotes": &p.preVotes, "commit": &p.commit,
		"leave": &p.leave, "wait": &p.wait, "leases": &p.leases,
	}
	for _, name := range arguments[1:] {
		taken, known := names[name]
		if !known {
			return p, fmt.Errorf("expected a precaution (removed, copies, prevotes, commit, leave, wait, leases), found %s", name)
		}
		*taken = false
	}
	return p, nil
}
