module raft-sim.test/subjects

go 1.19
