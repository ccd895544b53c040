// Command etcd-raft puts etcd's raft 3.4 under raft-sim.
//
// This is the application that the library is made for, as small as possible: it keeps the log and a state machine,
// takes Readys in the documented order, and answers clients. It makes no decision that belongs to the library.
// docs/subjects/etcd-raft.md describes how it is driven and what was found.
package main

import (
	"fmt"
	"os"
	"strings"

	subject "raft-sim.test/subjects/raftsubject"

	"go.etcd.io/etcd/raft"
)

// capabilities of the library in this application. Some come with them if a precaution is left out.
var capabilities = []subject.Capability{
	subject.CapForge,
	subject.CapNoOp,
	subject.CapDurableStateMachine,
	subject.CapPreVote,
	subject.CapCheckQuorum,
	subject.CapTransfer,
	subject.CapMembership,
	subject.CapJoint,
	subject.CapLearners,
	subject.CapSnapshots,
	subject.CapReads,
	subject.CapWaitingReads,
	subject.CapFollowerReads,
	subject.CapSessions,
}

func main() {
	taken, err := precautionsOf(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "etcd-raft: %v\n", err)
		os.Exit(2)
	}
	raft.SetLogger(quiet{})
	name := strings.Join(append([]string{"etcd raft 3.4"}, os.Args[1:]...), " ")
	claimed := capabilities
	if !taken.leases {
		claimed = append(claimed, subject.CapLeaseReads)
	}
	if !taken.wait {
		claimed = append(claimed, subject.CapSlowDisk, subject.CapDiskNotices, subject.CapParallelDisk)
	}
	subject.Run(subject.Subject{
		Name:         name,
		Capabilities: claimed,
		Boot: func(boot subject.Boot) (subject.Server, error) {
			server, err := newServer(boot, taken)
			if taken.wait {
				return server, err
			}
			return nodeServer{server}, err
		},
	})
}
