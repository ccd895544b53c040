// Package raftsubject puts a Raft written in Go under the testbed raft-sim: it speaks the subject protocol (see
// docs/subject-protocol.md) on standard input and output, and hands a Raft what happens to its servers.
//
// A Raft is put under test with three things: a function that boots a [Server] from what is durable, the methods
// of [Server], and a main that calls [Run]. In a method the server says on its [Step] what it does: what it saves,
// sends and applies, and whom it answers. What a Raft can do beyond §5 of the paper is a [Capability]; some of
// them need one more method ([SlowDisk], [Reader], [MembershipChanger] …).
//
// The package never keeps time, draws dice, or opens a file or a socket: time comes as ticks, chance as a seed in
// the [Settings], and the testbed owns the network and the disks. The same requests must get the same answers, so
// a Raft under test starts no goroutine that outlives a step, and does not depend on the order of a map.
package raftsubject
