package raftsubject

// Terms, indexes, servers and ticks are plain numbers. As in the paper, index 0 is "none"; so is server 0.

// A Role of Figure 4. A server that only asks whether it could win (PreVote) is a follower.
type Role uint8

// The roles.
const (
	Follower Role = iota
	Candidate
	Leader
)

// A View is a server's whole state after a step, in Figure 2's words.
type View struct {
	Role        Role
	CurrentTerm uint64
	VotedFor    uint64
	CommitIndex uint64
	LastApplied uint64
	// Leader is the server that it takes for the leader of its term; itself if it leads.
	Leader uint64
	// Snapshot is lastIncludedIndex of its snapshot (§7).
	Snapshot uint64
	// Configuration is the index of the configuration entry in force; 0 if that is the first one, or the snapshot's.
	Configuration uint64
	// State is a digest of the state machine's state, below 2⁵³; 0 if there is none. State machines that have
	// applied as much must agree in it.
	State uint64
}

// An EntryType is the purpose of an entry.
type EntryType uint8

// The types of entries.
const (
	// Command is for the state machine.
	Command EntryType = iota
	// NoOp is the entry that a new leader appends (§8).
	NoOp
	// ConfigurationEntry changes who is in the cluster (§6).
	ConfigurationEntry
	// Register opens a client's session (dissertation §6.3).
	Register
)

// An Entry of the log. Its index is its place.
type Entry struct {
	Term uint64
	Type EntryType
	// Command is a text without meaning; it is carried unchanged.
	Command string
	// Session and Serial of a command that is to be executed once.
	Session, Serial uint64
	// Configuration of a ConfigurationEntry, else nil.
	Configuration *Members
}

// Members is a configuration of the cluster (§6).
type Members struct {
	Voters []uint64
	// Old is C_old in joint consensus, else empty.
	Old      []uint64
	Learners []uint64
}

// A Snapshot stands for the log up to its last entry (§7).
type Snapshot struct {
	LastIncludedIndex uint64
	LastIncludedTerm  uint64
	Configuration     Members
	// Data is the state machine's, as a text of its choice.
	Data string
}

// PersistentState is the state that Figure 2 has on stable storage beside the log.
type PersistentState struct {
	CurrentTerm uint64
	VotedFor    uint64
}

// A Write is the data that a server saves at once: all of it becomes durable, or nothing.
type Write struct {
	// State is the new currentTerm and votedFor; nil if neither changes.
	State *PersistentState
	// Truncate is the first index of the log that is removed, before anything is stored; 0 if nothing is. It says no more
	// than From does, for a Raft that cuts its log off and appends to it in one write.
	Truncate uint64
	// From is the first index of the log that is written: log[From..] = Entries, so everything from there on is
	// replaced, by nothing if there are no Entries. 0 if the log does not change.
	From    uint64
	Entries []Entry
	// Snapshot goes before the change of the log: entries up to its last go, those behind it stay. Or nil.
	Snapshot *Snapshot
	// CommitIndex, of a Raft that keeps it on its disk; 0 if it does not, as in Figure 2, or it does not change.
	CommitIndex uint64
	// Blob is what else the Raft keeps on its disk, as a text (UTF-8) that the testbed does not look into. The latest that
	// was durable comes back in Boot.Blob. nil leaves it as it was.
	Blob []byte
}

// A Token names a write of one server: 1, 2, 3 … since it booted.
type Token uint64

// A Request is the name of a client's request, under which it is answered.
type Request uint64

// A Boot is the state that a server starts with: its durable state, and nothing else.
type Boot struct {
	// Server is the server that boots.
	Server uint64
	// Now is the virtual time, in microseconds since the cluster began.
	Now uint64
	// Life is the number of this boot: 1 for the first, whatever is on the disk, and more after each crash.
	Life uint64
	// Peers are the voters of the first configuration, this server among them; none for one that is added later.
	Peers []uint64
	// Members are the voters of the first configuration, also for a server that is added later.
	Members  []uint64
	Settings Settings
	PersistentState
	// Snapshot that was durable, or nil.
	Snapshot *Snapshot
	// Log that was durable: its first entry has index 1, or the one behind the snapshot.
	Log []Entry
	// CommitIndex is the latest that was durable, of a Raft that saves it.
	CommitIndex uint64
	// Blob is the latest that was durable, of a Raft that saves one; else nil.
	Blob []byte
	// Applied is the index up to which a state machine that survives crashes has applied the log; 0 if it has to be rebuilt.
	Applied uint64
}

// Settings come from a scenario or a plan. A Raft uses those that it can: the timing always, limits if it has them.
type Settings struct {
	// Seed of the server's randomness. The election timeout is to be a function of this, the server, and the term
	// or attempt, so that it does not shift when a schedule is shrunk.
	Seed uint64
	// ElectionTimeoutMin and ElectionTimeoutMax are in ticks, both possible.
	ElectionTimeoutMin, ElectionTimeoutMax uint64
	// Heartbeat is how many ticks there are between a leader's heartbeats.
	Heartbeat uint64
	// EntriesPerMessage and BytesPerMessage are the most in one AppendEntries; one entry may have more bytes.
	EntriesPerMessage, BytesPerMessage uint64
	// Window is the most entries in flight to one follower.
	Window uint64
	// UncommittedLimit is the most uncommitted entries before proposals are answered with Busy (CapTailLimit).
	UncommittedLimit uint64
	PreVote          bool
	CheckQuorum      bool
	// LeaseDrift is by how many percent clocks may differ in rate, where there are lease reads; else nil.
	LeaseDrift *uint64
	// Changes is how the configuration changes: "single", "joint" or "shortest".
	Changes string
	// CatchUpRounds is how many rounds a joining server may take to catch up.
	CatchUpRounds uint64
	// SnapshotChunk is the most bytes of a snapshot in one InstallSnapshot.
	SnapshotChunk uint64
	// ApplyLimit is the most entries that the state machine may lag behind; nil if it applies at once.
	ApplyLimit *uint64
	// Sessions is the most sessions kept.
	Sessions uint64
}

// An Answer to a client.
type Answer struct {
	is      string
	index   uint64
	session uint64
	leader  uint64
}

// Answers that need no more words.
var (
	// Done: a transfer or a snapshot is done.
	Done = Answer{is: "done"}
	// Superseded: another entry is committed in its place, so it never will be.
	Superseded = Answer{is: "superseded"}
	// Unknown: it may or may not be committed, now or later.
	Unknown = Answer{is: "unknown"}
	// Busy: not taken, since too many entries are uncommitted, or leadership is being handed over.
	Busy = Answer{is: "busy"}
	// Rejected: not taken, or given up: it is invalid or impossible.
	Rejected = Answer{is: "rejected"}
)

// Committed at this index, and applied on this server.
func Committed(index uint64) Answer { return Answer{is: "committed", index: index} }

// Registered: this session is open, by the entry at this index.
func Registered(index, session uint64) Answer {
	return Answer{is: "registered", index: index, session: session}
}

// NoSession: committed at this index and not executed, since its session is gone.
func NoSession(index uint64) Answer { return Answer{is: "no-session", index: index} }

// Read: answered from the state after this index.
func Read(index uint64) Answer { return Answer{is: "read", index: index} }

// NotLeader: not taken. The client may ask this leader; 0 if none is known.
func NotLeader(leader uint64) Answer { return Answer{is: "not-leader", leader: leader} }

// An Outcome is the result of applying an entry, where that is not the plain one.
type Outcome struct {
	is      string
	session uint64
}

// Outcomes of entries (dissertation §6.3).
var (
	// Plain: a command was executed; nothing came of any other entry.
	Plain = Outcome{}
	// Repeated: the command had been executed before, under the same serial number.
	Repeated = Outcome{is: "repeated"}
	// SessionGone: its session is gone, or never was, so the command was not executed.
	SessionGone = Outcome{is: "no-session"}
)

// Opened this session.
func Opened(session uint64) Outcome { return Outcome{is: "registered", session: session} }
