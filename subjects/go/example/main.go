// Command example puts the Raft of the package raft under the testbed.
package main

import (
	"raft-sim.test/subjects/example/raft"
	subject "raft-sim.test/subjects/raftsubject"
)

func main() {
	subject.Run(raft.Subject)
}
