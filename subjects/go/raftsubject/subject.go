package raftsubject

// A Capability is a feature that a Raft may have beyond §5 of the paper. The testbed does not use those that are not
// listed; scenarios that need them are skipped.
type Capability string

// The capabilities.
const (
	// CapFigure2 stands for seven capabilities together: those of Figures 2 and 4 where other Rafts differ.
	CapFigure2 Capability = "figure-2"
	// CapForge: takes a message that no server sent, described in Figure 2's words (so without Own).
	CapForge Capability = "forge"
	// CapNoOp: a new leader appends an entry of its own term at once (§8).
	CapNoOp Capability = "no-op"
	// CapTailLimit: answers proposals over Settings.UncommittedLimit with Busy.
	CapTailLimit Capability = "tail-limit"
	// CapFlowControl: keeps to Settings.Window and Settings.BytesPerMessage, and sends what is lost again once.
	CapFlowControl Capability = "flow-control"
	// CapDurableStateMachine: can be booted with commands already applied (Boot.Applied).
	CapDurableStateMachine Capability = "durable-state-machine"
	// CapFastBackup: an AppendEntries that is refused tells where the logs part (end of §5.3).
	CapFastBackup Capability = "fast-backup"
	// CapReports: says with Step.Refuse that a message is one that no correct server sends.
	CapReports Capability = "reports"
	// CapSlowDisk: goes on while its writes are under way. Needs the method of SlowDisk.
	CapSlowDisk Capability = "slow-disk"
	// CapDiskNotices: Persisted may also come out of order. Only with CapSlowDisk.
	CapDiskNotices Capability = "disk-notices"
	// CapParallelDisk: a leader sends entries before its own disk has them (dissertation §10.2.1). Only with CapSlowDisk.
	CapParallelDisk Capability = "parallel-disk"
	// CapApplyAhead: applies what is committed before its own disk has it, and answers (dissertation §10.2.1). Only with
	// CapSlowDisk.
	CapApplyAhead Capability = "apply-ahead"
	// CapPreVote: asks whether it could win before it stands (dissertation §9.6), if Settings.PreVote.
	CapPreVote Capability = "pre-vote"
	// CapLoyalPreVote: gives no pre-vote as long as it gets messages from a leader, also without CapCheckQuorum.
	CapLoyalPreVote Capability = "loyal-pre-vote"
	// CapCheckQuorum: a leader that gets messages from no majority steps down (dissertation §6.2), and servers that get
	// messages from a leader disregard requests for their vote (§6), if Settings.CheckQuorum.
	CapCheckQuorum Capability = "check-quorum"
	// CapTransfer hands leadership over (dissertation §3.10). Needs the method of Transferrer.
	CapTransfer Capability = "transfer"
	// CapMembership changes by one server at a time (dissertation §4.1). Needs the method of MembershipChanger.
	CapMembership Capability = "membership"
	// CapJoint consensus (§6). Needs the method of MembershipChanger.
	CapJoint Capability = "joint"
	// CapAtAppend: uses the latest configuration in its log, committed or not (§6). A Raft that changes its
	// configuration when the entry is applied does not claim it.
	CapAtAppend Capability = "at-append"
	// CapCatchUp: a server that is to become a voter catches up first, and the change is given up if it does not
	// (dissertation §4.2.1).
	CapCatchUp Capability = "catch-up"
	// CapLearners receive entries and do not vote (dissertation §4.2.1).
	CapLearners Capability = "learners"
	// CapSnapshots take the place of the log (§7). Needs the method of Compacter.
	CapSnapshots Capability = "snapshots"
	// CapSnapshotParts: sends a snapshot in parts of Settings.SnapshotChunk (Figure 13).
	CapSnapshotParts Capability = "snapshot-parts"
	// CapReads are answered by a leader without the log (§8). Needs the method of Reader.
	CapReads Capability = "reads"
	// CapWaitingReads: keeps a read that comes before its term's first commit until then.
	CapWaitingReads Capability = "waiting-reads"
	// CapFollowerReads are answered by followers too, with the leader's help (dissertation §6.4).
	CapFollowerReads Capability = "follower-reads"
	// CapLeaseReads are answered under a lease (dissertation §6.4.1), if Settings.LeaseDrift.
	CapLeaseReads Capability = "lease-reads"
	// CapSessions: a command that reaches it twice is applied once (§8). Needs the methods of SessionKeeper.
	CapSessions Capability = "sessions"
	// CapApplyQueue: its state machine may lag behind the commit index. Needs the method of Applier.
	CapApplyQueue Capability = "apply-queue"
	// CapStrictTimer: stands, or asks for pre-votes, exactly between its shortest and its longest election timeout
	// after a leader's message or a vote that it gave, by the ticks that it was told of.
	CapStrictTimer Capability = "strict-timer"
	// CapStrictVotes: answers each request for a vote or a pre-vote in the step that takes it, or in which its write
	// is durable, as its term, its vote and its last entry demand, and leads with the vote of a quorum in the same way.
	CapStrictVotes Capability = "strict-votes"
	// CapStrictAppending: obeys and answers each AppendEntries in the step that takes it, or in which its write is
	// durable: refused, or exactly what is missing is written.
	CapStrictAppending Capability = "strict-appending"
	// CapStrictSnapshots: obeys and answers each part of a snapshot in the step that takes it, or in which its write
	// is durable.
	CapStrictSnapshots Capability = "strict-snapshots"
	// CapAlwaysPreVote, a fact by design like those below: CapPreVote, and Settings.PreVote can't switch it off.
	CapAlwaysPreVote Capability = "always-pre-vote"
	// CapAlwaysCheckQuorum: CapCheckQuorum, and Settings.CheckQuorum can't switch it off.
	CapAlwaysCheckQuorum Capability = "always-check-quorum"
	// CapFlexibleQuorums: elects and commits by quorums that overlap and need not be majorities.
	CapFlexibleQuorums Capability = "flexible-quorums"
	// CapRefusesEmptyChange: refuses a change to the configuration that it has already.
	CapRefusesEmptyChange Capability = "refuses-empty-change"
	// CapSendsWithHeartbeats: a leader sends entries with its heartbeats alone.
	CapSendsWithHeartbeats Capability = "sends-with-heartbeats"
	// CapOneEntry: sends one entry in a message at most.
	CapOneEntry Capability = "one-entry"
	// CapFixedTimeouts: keeps one election timeout, and draws none for each election.
	CapFixedTimeouts Capability = "fixed-timeouts"
	// CapNoClients: takes no commands of clients yet.
	CapNoClients Capability = "no-clients"
	// CapNoForgedReplies, with CapForge: takes requests that no server sent, and no replies.
	CapNoForgedReplies Capability = "no-forged-replies"
	// CapWholeWrites: keeps a write as a whole or not at all; a power loss tears none.
	CapWholeWrites Capability = "whole-writes"
	// CapFetchesSnapshots: a follower asks for a snapshot that it is sent, and installs it when all of it is there.
	CapFetchesSnapshots Capability = "fetches-snapshots"
	// CapRules stands for the four CapStrict... together.
	CapRules Capability = "rules"
	// CapConduct is the former name of CapRules.
	CapConduct = CapRules
)

// A Subject is a Raft under test.
type Subject struct {
	// Name is its name in reports.
	Name string
	// Capabilities are those that it claims.
	Capabilities []Capability
	// Boot starts one server. It sends and saves nothing; an error says why the server refuses to start from this.
	// Servers share nothing: a server that crashed is forgotten, and booted again.
	Boot func(Boot) (Server, error)
	// Reset begins a new cluster, with its seed, for a Raft that has state beside its servers. May be nil.
	Reset func(seed uint64)
}

// A Server is one server of the Raft under test. An event of a step comes through a method, and the method reports
// the effects on the Step. The Step must not be kept. If a method panics, the server has crashed, and the testbed
// reports it.
type Server interface {
	// Tick: its clock ticks once. All of Raft's timing is counted in these.
	Tick(*Step)
	// Receive: a message reaches it.
	Receive(*Step, Message)
	// Propose: a client hands it a command, to be answered under this name, once, now or in a later step.
	Propose(*Step, Request, string)
	// View is its state now. It is asked after each step.
	View() View
}

// A SlowDisk goes on while its writes are under way, and claims CapSlowDisk. A server without this method blocks until
// they are durable: its disk takes no time.
type SlowDisk interface {
	// Persisted: the write of this token is durable, and so are all before it.
	Persisted(*Step, Token)
}

// A Reader answers reads without an entry in the log.
type Reader interface {
	Read(*Step, Request)
}

// A SessionKeeper executes the commands of a session once.
type SessionKeeper interface {
	// Register opens a session.
	Register(*Step, Request)
	// ProposeOnce hands in the command of a session, perhaps not for the first time.
	ProposeOnce(step *Step, request Request, session, serial uint64, command string)
}

// A MembershipChanger changes the configuration.
type MembershipChanger interface {
	Change(step *Step, request Request, voters, learners []uint64)
}

// A Transferrer hands leadership over.
type Transferrer interface {
	Transfer(step *Step, request Request, to uint64)
}

// A Compacter takes a snapshot of what it has applied, in place of the log up to there.
type Compacter interface {
	Compact(*Step, Request)
}

// An Applier has a state machine that lags behind: it applies the entries that it was handed when Apply is called.
type Applier interface {
	Apply(*Step)
}
