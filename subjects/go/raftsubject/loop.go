package raftsubject

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
)

// protocol is the version of the subject protocol that this package speaks. A testbed that speaks another reports
// that when it reads the version.
const protocol = 1

// longest line, in bytes, that the protocol allows.
const longest = 16 << 20

// Run is the main of a subject: it answers the testbed until that ends the conversation, and then ends the process.
//
// What the Raft prints to os.Stdout goes to the standard error, since the standard output is the conversation.
func Run(subject Subject) {
	in, out := pipeOf(os.Stdin), pipeOf(os.Stdout)
	os.Stdout = os.Stderr
	// The subject and the testbed's thread that talks to it share one core, and never run at the same time.
	runtime.GOMAXPROCS(1)
	// Most of what a step allocates is garbage with the next: to collect it seldom is to collect it cheaply.
	debug.SetGCPercent(800)
	if err := Serve(subject, in, out); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", subject.Name, err)
		os.Exit(1)
	}
}

// Serve answers the requests that come in, until they end. An error says what could not be read, understood or
// written.
func Serve(subject Subject, in io.Reader, out io.Writer) error {
	lines := bufio.NewReaderSize(in, 1<<16)
	c := conversation{subject: subject, servers: map[uint64]*host{}}
	var long []byte
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long, err = readLong(lines, append(long[:0], line...))
			line = long
		}
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("the next request can't be read: %w", err)
		}
		if err := c.take(line); err != nil {
			return err
		}
		if _, err := out.Write(c.answer); err != nil {
			return fmt.Errorf("the answer can't be written: %w", err)
		}
	}
}

// readLong reads the rest of a line that the buffer is too small for.
func readLong(lines *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := lines.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > longest {
			return nil, fmt.Errorf("it is a line of more than %d bytes", longest)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// A conversation is the state between one request and the next.
type conversation struct {
	subject Subject
	servers map[uint64]*host
	decoder decoder
	request request
	// The line to be written next.
	answer []byte
}

// A host keeps one server.
type host struct {
	id     uint64
	server Server
	disk   SlowDisk // nil if it blocks until its writes are durable
	view   View     // as the testbed knows it
	step   Step
}

// take answers one request.
func (c *conversation) take(line []byte) error {
	q := &c.request
	if err := q.read(&c.decoder, line); err != nil {
		return fmt.Errorf("this is no request: %w", err)
	}
	c.answer = c.answer[:0]
	switch q.do {
	case "hello":
		c.hello()
	case "reset":
		c.servers = map[uint64]*host{}
		if c.subject.Reset != nil {
			c.subject.Reset(q.seed)
		}
		c.answer = append(c.answer, '{')
	case "boot":
		c.boot()
	default:
		h := c.servers[q.boot.Server]
		if h == nil {
			c.answer = appendStatus(c.answer, "crashed", "this server is not up")
			break
		}
		c.steps(h)
	}
	c.answer = append(c.answer, '}', '\n')
	return nil
}

func (c *conversation) hello() {
	b := appendUint(append(c.answer, `{"protocol":`...), protocol)
	b = appendText(append(b, `,"name":`...), c.subject.Name)
	b = append(b, `,"capabilities":[`...)
	for i, capability := range c.subject.Capabilities {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, string(capability))
	}
	c.answer = append(b, ']')
}

// boot starts a server. The answer has its view, or says why it did not start.
func (c *conversation) boot() {
	id := c.request.boot.Server
	delete(c.servers, id)
	var server Server
	var refused error
	h := &host{id: id}
	if place := guard(func() {
		if server, refused = c.subject.Boot(c.request.boot); refused == nil {
			h.view = server.View()
			h.disk, refused = c.diskOf(server)
		}
	}); place != "" {
		c.answer = appendStatus(c.answer, "crashed", place)
		return
	}
	if refused != nil {
		c.answer = appendStatus(c.answer, "refused", refused.Error())
		return
	}
	h.server = server
	c.servers[id] = h
	c.answer = appendView(append(c.answer, `{"view":`...), &h.view)
}

// diskOf is the server as one that goes on while its writes are under way, nil if it does not. Method and capability
// must agree: a server that waits for notifications of its writes, and gets none, does nothing any more.
func (c *conversation) diskOf(server Server) (SlowDisk, error) {
	claimed := false
	for _, capability := range c.subject.Capabilities {
		claimed = claimed || capability == CapSlowDisk
	}
	disk, can := server.(SlowDisk)
	switch {
	case claimed && !can:
		return nil, errors.New("the Raft claims slow-disk, and its servers have no method Persisted")
	case can && !claimed:
		return nil, errors.New("servers have a method Persisted, and the Raft does not claim slow-disk")
	}
	return disk, nil
}

// steps is the step that the request asks for, followed, if the disk takes no time, by the steps on the notifications
// of its writes.
func (c *conversation) steps(h *host) {
	q := &c.request
	durable := h.step.last
	alive := c.one(h, q.do, 0)
	if !q.instant || h.disk == nil || !alive || h.step.last == durable {
		return
	}
	c.answer = append(c.answer, `,"then":[`...)
	for alive && durable < h.step.last {
		if c.answer[len(c.answer)-1] == '}' {
			c.answer = append(c.answer, ',')
		}
		durable++
		alive = c.one(h, "persisted", durable)
		c.answer = append(c.answer, '}')
	}
	c.answer = append(c.answer, ']')
}

// one applies an event to a server, and appends the effects, without the brace that closes them. False if the server
// crashed.
func (c *conversation) one(h *host, do string, token Token) bool {
	if do == "persisted" && token == 0 {
		token = c.request.token
	}
	h.step.begin(c.request.now)
	view := h.view
	if place := guard(func() {
		c.happen(h, do, token)
		h.step.open = false
		view = h.server.View()
	}); place != "" {
		delete(c.servers, h.id)
		c.answer = appendStatus(c.answer, "crashed", place)
		return false
	}
	c.answer = h.step.appendAnswerTo(c.answer, h.view, &view)
	h.view = view
	return true
}

// happen calls the server's method for the request.
func (c *conversation) happen(h *host, do string, token Token) {
	q, s := &c.request, &h.step
	switch do {
	case "tick":
		h.server.Tick(s)
	case "receive":
		h.server.Receive(s, q.message)
	case "persisted":
		if h.disk != nil {
			h.disk.Persisted(s, token)
		}
	case "propose":
		if q.session == 0 && q.serial == 0 {
			h.server.Propose(s, q.request, q.command)
		} else if keeper, can := h.server.(SessionKeeper); can {
			keeper.ProposeOnce(s, q.request, q.session, q.serial, q.command)
		} else {
			s.Unsupported("the server has no method ProposeOnce")
		}
	default:
		c.happenRarely(h, do)
	}
}

// happenRarely calls one of the methods that are optional for a server.
func (c *conversation) happenRarely(h *host, do string) {
	q, s := &c.request, &h.step
	missing := ""
	switch do {
	case "read":
		if reader, can := h.server.(Reader); can {
			reader.Read(s, q.request)
			return
		}
		missing = "Read"
	case "register":
		if keeper, can := h.server.(SessionKeeper); can {
			keeper.Register(s, q.request)
			return
		}
		missing = "Register"
	case "change":
		if changer, can := h.server.(MembershipChanger); can {
			changer.Change(s, q.request, q.voters, q.learners)
			return
		}
		missing = "Change"
	case "transfer":
		if transferrer, can := h.server.(Transferrer); can {
			transferrer.Transfer(s, q.request, q.to)
			return
		}
		missing = "Transfer"
	case "compact":
		if compacter, can := h.server.(Compacter); can {
			compacter.Compact(s, q.request)
			return
		}
		missing = "Compact"
	case "apply":
		if applier, can := h.server.(Applier); can {
			applier.Apply(s)
			return
		}
		missing = "Apply"
	default:
		s.Unsupported("there is no request " + do)
		return
	}
	s.Unsupported("the server has no method " + missing)
}
