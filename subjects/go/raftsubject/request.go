package raftsubject

// A request of the testbed: what is to be done, and all that any request may say. Entries, texts and lists are
// fresh in each request, so that a server may keep them.
type request struct {
	do       string
	instant  bool
	now      uint64
	seed     uint64
	boot     Boot
	message  Message
	call     *Message
	request  Request
	token    Token
	command  string
	session  uint64
	serial   uint64
	voters   []uint64
	learners []uint64
	to       uint64
}

// verbs are the existing requests. Found here, a verb costs no memory.
var verbs = map[string]string{}

func init() {
	for _, verb := range []string{
		"hello", "reset", "boot", "tick", "receive", "propose", "persisted", "read", "register", "change", "transfer",
		"compact", "apply",
	} {
		verbs[verb] = verb
	}
}

// read takes a request from a line.
func (q *request) read(d *decoder, line []byte) error {
	*q = request{}
	d.reset(line)
	for d.open('{'); d.more('}'); {
		switch string(d.key()) {
		case "do":
			word := d.rawText()
			verb, known := verbs[string(word)]
			if !known {
				verb = string(word)
			}
			q.do = verb
		case "server":
			q.boot.Server = d.number()
		case "now":
			q.now = d.number()
			q.boot.Now = q.now
		case "instant":
			q.instant = d.boolean()
		case "message":
			readMessage(d, &q.message)
		case "call":
			if !d.null() {
				q.call = new(Message)
				readMessage(d, q.call)
			}
		case "request":
			q.request = Request(d.number())
		case "token":
			q.token = Token(d.number())
		case "command":
			q.command = d.text()
		case "session":
			q.session = d.number()
		case "serial":
			q.serial = d.number()
		case "voters":
			q.voters = d.numbers()
		case "learners":
			q.learners = d.numbers()
		case "to":
			q.to = d.number()
		case "seed":
			q.seed = d.number()
		case "peers":
			q.boot.Peers = d.numbers()
		case "members":
			q.boot.Members = d.numbers()
		case "life":
			q.boot.Life = d.number()
		case "settings":
			readSettings(d, &q.boot.Settings)
		case "currentTerm":
			q.boot.CurrentTerm = d.number()
		case "votedFor":
			q.boot.VotedFor = d.number()
		case "snapshot":
			q.boot.Snapshot = readSnapshot(d)
		case "log":
			q.boot.Log = readEntries(d)
		case "commitIndex":
			q.boot.CommitIndex = d.number()
		case "blob":
			if !d.null() {
				q.boot.Blob = append([]byte{}, d.rawText()...)
			}
		case "applied":
			q.boot.Applied = d.number()
		default:
			d.skip()
		}
	}
	d.end()
	q.message.Request = q.call
	return d.err
}

func readSettings(d *decoder, s *Settings) {
	for d.open('{'); d.more('}'); {
		switch string(d.key()) {
		case "seed":
			s.Seed = d.number()
		case "electionTimeout":
			if ends := d.numbers(); len(ends) == 2 {
				s.ElectionTimeoutMin, s.ElectionTimeoutMax = ends[0], ends[1]
			} else {
				d.fail("two numbers before this: the shortest and the longest election timeout")
			}
		case "heartbeat":
			s.Heartbeat = d.number()
		case "entriesPerMessage":
			s.EntriesPerMessage = d.number()
		case "bytesPerMessage":
			s.BytesPerMessage = d.number()
		case "window":
			s.Window = d.number()
		case "uncommittedLimit":
			s.UncommittedLimit = d.number()
		case "preVote":
			s.PreVote = d.boolean()
		case "checkQuorum":
			s.CheckQuorum = d.boolean()
		case "leaseDrift":
			s.LeaseDrift = d.optional()
		case "changes":
			s.Changes = d.text()
		case "catchUpRounds":
			s.CatchUpRounds = d.number()
		case "snapshotChunk":
			s.SnapshotChunk = d.number()
		case "applyLimit":
			s.ApplyLimit = d.optional()
		case "sessions":
			s.Sessions = d.number()
		default:
			d.skip()
		}
	}
}

func readSnapshot(d *decoder) *Snapshot {
	if d.null() {
		return nil
	}
	s := new(Snapshot)
	for d.open('{'); d.more('}'); {
		switch string(d.key()) {
		case "lastIncludedIndex":
			s.LastIncludedIndex = d.number()
		case "lastIncludedTerm":
			s.LastIncludedTerm = d.number()
		case "voters":
			s.Configuration.Voters = d.numbers()
		case "old":
			s.Configuration.Old = d.numbers()
		case "learners":
			s.Configuration.Learners = d.numbers()
		case "data":
			s.Data = d.text()
		default:
			d.skip()
		}
	}
	return s
}

func readEntries(d *decoder) []Entry {
	if d.null() {
		return nil
	}
	var entries []Entry
	for d.open('['); d.more(']'); {
		entries = append(entries, Entry{})
		readEntry(d, &entries[len(entries)-1])
	}
	return entries
}

func readEntry(d *decoder, e *Entry) {
	var members Members
	for d.open('{'); d.more('}'); {
		switch string(d.key()) {
		case "term":
			e.Term = d.number()
		case "command":
			e.Command = d.text()
		case "type":
			switch string(d.rawText()) {
			case "command":
				e.Type = Command
			case "no-op":
				e.Type = NoOp
			case "configuration":
				e.Type = ConfigurationEntry
			case "register":
				e.Type = Register
			default:
				d.fail("the type of an entry before this")
			}
		case "session":
			e.Session = d.number()
		case "serial":
			e.Serial = d.number()
		case "voters":
			members.Voters = d.numbers()
		case "old":
			members.Old = d.numbers()
		case "learners":
			members.Learners = d.numbers()
		default:
			d.skip()
		}
	}
	if e.Type == ConfigurationEntry {
		e.Configuration = &members
	}
}

func readMessage(d *decoder, m *Message) {
	for d.open('{'); d.more('}'); {
		key := d.key()
		switch string(key) {
		case "type":
			m.Type = readMessageType(d)
		case "from":
			m.From = d.number()
		case "to":
			m.To = d.number()
		case "term":
			m.Term = d.number()
		case "id":
			m.ID = d.number()
		case "re":
			m.Re = d.number()
		case "own":
			m.Own = append(m.Own, d.skip()...)
		case "voteGranted":
			m.VoteGranted = d.boolean()
		case "transfer":
			m.Transfer = d.boolean()
		case "success":
			m.Success = d.boolean()
		case "entries":
			m.Entries = readEntries(d)
		case "what":
			m.What = d.text()
		case "data":
			m.Data = d.text()
		case "voters", "old", "learners":
			if m.Configuration == nil {
				m.Configuration = new(Members)
			}
			*memberList(m.Configuration, key) = d.numbers()
		default:
			if field := numberField(m, key); field != nil {
				*field = d.number()
			} else {
				d.skip()
			}
		}
	}
}

// readMessageType is the type of that name. An unknown one is an Other: it guarantees nothing.
func readMessageType(d *decoder) MessageType {
	name := d.rawText()
	for kind, known := range messageTypes {
		if known == string(name) {
			return MessageType(kind)
		}
	}
	return Other
}

func memberList(members *Members, key []byte) *[]uint64 {
	switch string(key) {
	case "voters":
		return &members.Voters
	case "old":
		return &members.Old
	default:
		return &members.Learners
	}
}

// numberField is the field of a message that has this name and is a number; nil if there is none.
func numberField(m *Message, key []byte) *uint64 {
	switch string(key) {
	case "lastLogIndex":
		return &m.LastLogIndex
	case "lastLogTerm":
		return &m.LastLogTerm
	case "prevLogIndex":
		return &m.PrevLogIndex
	case "prevLogTerm":
		return &m.PrevLogTerm
	case "leaderCommit":
		return &m.LeaderCommit
	case "matchIndex":
		return &m.MatchIndex
	case "conflictIndex":
		return &m.ConflictIndex
	case "conflictTerm":
		return &m.ConflictTerm
	case "round":
		return &m.Round
	case "lastIncludedIndex":
		return &m.LastIncludedIndex
	case "lastIncludedTerm":
		return &m.LastIncludedTerm
	case "offset":
		return &m.Offset
	case "size":
		return &m.Size
	case "received":
		return &m.Received
	case "request":
		return &m.ReadRequest
	case "index":
		return &m.Index
	default:
		return nil
	}
}
