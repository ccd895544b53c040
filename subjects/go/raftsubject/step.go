package raftsubject

import "unicode/utf8"

// A Step collects the effects of an event on a server. Its methods are called in the order in which the server does
// these things, and their arguments are copied.
type Step struct {
	now uint64
	// The last write that the server has made since it booted, and the last before this step.
	last, before Token

	writes, messages, applied, answers, passed []byte

	// Whether the server's method is running.
	open bool

	restored            bool
	matched, matchIndex uint64
	refused             string
	swallowed           string
	unsupported         string
}

// begin empties the step, but keeps its memory.
func (s *Step) begin(now uint64) {
	*s = Step{
		now: now, last: s.last, before: s.last, open: true,
		writes: s.writes[:0], messages: s.messages[:0], applied: s.applied[:0], answers: s.answers[:0],
		passed: s.passed[:0],
	}
}

// mustBeOpen: what a server does between two steps would be taken for a part of the next one.
func (s *Step) mustBeOpen() {
	if !s.open {
		panic("raftsubject: a Step was kept, and used when it was over")
	}
}

// Now is the virtual time, in microseconds since the cluster began. Ticks are what Raft's timing is counted in; this
// is for a Raft that has other uses for time.
func (s *Step) Now() uint64 { return s.now }

// Save writes to stable storage, and gives the write's name. Writes become durable in order.
func (s *Step) Save(write Write) Token {
	s.mustBeOpen()
	if write.From == 0 && len(write.Entries) > 0 {
		panic("raftsubject: Save was given entries and no index that they are written From")
	}
	if !utf8.Valid(write.Blob) {
		panic("raftsubject: Save was given a Blob that is not UTF-8")
	}
	s.last++
	s.writes = appendWrite(separate(s.writes), s.last, &write)
	return s.last
}

// Send sends a message once everything that was saved in this step so far is durable. It does not wait for data that
// is saved later in this step, so a Raft that sends its vote before it saves it is found. It does not wait for
// earlier steps either: a server that goes on while its writes are under way (SlowDisk) names the write with
// SendAfter.
func (s *Step) Send(message Message) {
	if s.last > s.before {
		s.SendAfter(s.last, message)
	} else {
		s.SendAfter(0, message)
	}
}

// SendNow sends a message at once, whatever was saved: it guarantees nothing that is not durable yet.
func (s *Step) SendNow(message Message) { s.SendAfter(0, message) }

// SendAfter sends a message once this write is durable, and never if a crash comes first.
func (s *Step) SendAfter(token Token, message Message) {
	s.mustBeOpen()
	if token > s.last {
		panic("raftsubject: SendAfter was given the token of no write")
	}
	s.messages = appendMessage(separate(s.messages), &message, token)
}

// Apply: the state machine applied this entry of the log.
func (s *Step) Apply(index uint64, entry Entry) { s.ApplyTo(Plain, index, entry) }

// ApplyTo is Apply where the outcome is not the plain one.
func (s *Step) ApplyTo(outcome Outcome, index uint64, entry Entry) {
	s.mustBeOpen()
	s.applied = appendApplied(separate(s.applied), index, &entry, outcome)
}

// Answer answers a client's request.
func (s *Step) Answer(request Request, answer Answer) {
	s.mustBeOpen()
	s.answers = appendAnswer(separate(s.answers), request, answer)
}

// Restored: the snapshot of the latest write took the place of the state machine's state, before what this step
// applies.
func (s *Step) Restored() { s.restored = true }

// Matched: as leader it took an acknowledgement of this server, whose matchIndex is this now. To say so is
// optional, and nothing is said of 0; with it one more property is judged.
func (s *Step) Matched(server, matchIndex uint64) { s.matched, s.matchIndex = server, matchIndex }

// Passed says that the server was in this state on its way through the step, for a Raft that takes several things at once: one
// that stands and wins in one step was a candidate in between. It is called in the order of the states; the last one is the
// View after the step, and is not to be said.
func (s *Step) Passed(view View) {
	s.mustBeOpen()
	s.passed = appendView(separate(s.passed), &view)
}

// Swallowed says that the Raft caught an exception itself, or met a state that it takes for impossible, and went on. The
// testbed reports it like a panic.
func (s *Step) Swallowed(what string) { s.swallowed = what }

// Refuse says that the message received is one that no correct server sends, and why. It changed nothing but, if it
// was that of a later term, the term.
func (s *Step) Refuse(why string) { s.refused = why }

// Unsupported reports that the request is impossible, and why. If the Raft claims the capability, that is a finding.
func (s *Step) Unsupported(why string) { s.unsupported = why }

// appendAnswerTo ends the step and writes it, with the view after it if that is not the one before, as an answer but for
// the brace that closes it.
func (s *Step) appendAnswerTo(b []byte, before View, after *View) []byte {
	begin := len(b)
	if s.unsupported != "" {
		b = appendStatus(b, "unsupported", s.unsupported)
	}
	if len(s.passed) > 0 {
		b = append(append(b, `,"views":[`...), s.passed...)
		b = append(appendView(append(b, ','), after), ']')
	} else if *after != before {
		b = appendView(append(b, `,"view":`...), after)
	}
	b = appendList(b, `,"writes":[`, s.writes)
	b = appendList(b, `,"messages":[`, s.messages)
	if s.restored {
		b = append(b, `,"restored":true`...)
	}
	b = appendList(b, `,"applied":[`, s.applied)
	b = appendList(b, `,"answers":[`, s.answers)
	if s.matched != 0 && s.matchIndex != 0 {
		b = appendUint(append(b, `,"matched":{"server":`...), s.matched)
		b = append(appendNumber(b, `,"matchIndex":`, s.matchIndex), '}')
	}
	if s.swallowed != "" {
		b = appendText(append(b, `,"swallowed":`...), s.swallowed)
	}
	if s.refused != "" {
		b = appendText(append(b, `,"refused":`...), s.refused)
	}
	if len(b) == begin {
		return append(b, '{')
	}
	b[begin] = '{' // in place of the first field's comma
	return b
}
