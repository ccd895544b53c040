// Package raftsubject puts a Raft written in Go under the testbed raft-sim: it speaks the subject protocol (see
// docs/subject-protocol.md) on standard input and output, and hands a Raft what happens to its servers.
//
// A Raft is put under test with three things: a function that boots a [Server] from what is durable, the methods
// of [Server], and a main that calls [Run]. In a method the server reports its effects on its [Step]: what it saves,
// sends and applies, and its answers to clients. Features that a Raft may have beyond §5 of the paper are
// [Capability] values; some of them need one more method ([SlowDisk], [Reader], [MembershipChanger] …).
//
// The package never keeps time, draws random numbers, or opens a file or a socket: time comes as ticks, randomness as
// a seed in the [Settings], and the testbed owns the network and the disks. The same requests must get the same
// answers, so a Raft under test starts no goroutine that outlives a step, and does not depend on the order of a map.
package raftsubject
