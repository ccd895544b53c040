package raftsubject_test

import (
	"errors"
	"strings"
	"testing"

	. "raft-sim.test/subjects/raftsubject"
)

// puppet is a server that does what its test says.
type puppet struct {
	tick    func(*Step)
	receive func(*Step, Message)
	view    View
}

func (p *puppet) Tick(step *Step)               { p.tick(step) }
func (p *puppet) Receive(step *Step, m Message) { p.receive(step, m) }
func (p *puppet) Propose(step *Step, request Request, command string) {
	step.Answer(request, NotLeader(2))
}
func (p *puppet) View() View { return p.view }

// quick goes on while its writes are under way, and says what became durable.
type quick struct {
	puppet
	persisted func(*Step, Token)
}

func (q *quick) Persisted(step *Step, token Token) { q.persisted(step, token) }

// talk gives the answers to these requests, of which the first boots this server.
func talk(t *testing.T, server Server, requests ...string) []string {
	t.Helper()
	subject := Subject{Name: "puppet", Boot: func(Boot) (Server, error) { return server, nil }}
	if _, slow := server.(SlowDisk); slow {
		subject.Capabilities = []Capability{CapSlowDisk}
	}
	answers, err := converse(subject, append([]string{`{"do":"boot","server":1}`}, requests...)...)
	if err != nil {
		t.Fatal(err)
	}
	return answers[1:]
}

func converse(subject Subject, requests ...string) ([]string, error) {
	var out strings.Builder
	err := Serve(subject, strings.NewReader(strings.Join(requests, "\n")+"\n"), &out)
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"), err
}

func expect(t *testing.T, answer, expected string) {
	t.Helper()
	if answer != expected {
		t.Errorf("the answer is %s\nexpected      %s", answer, expected)
	}
}

const tick = `{"do":"tick","server":1,"now":5}`

func TestHelloAndReset(t *testing.T) {
	var seed uint64
	subject := Subject{
		Name: "a \"raft\"", Capabilities: []Capability{CapForge, CapNoOp}, Reset: func(s uint64) { seed = s },
	}
	answers, err := converse(subject, `{"do":"hello","protocol":1,"more":{}}`, `{"do":"reset","seed":42}`)
	if err != nil || seed != 42 {
		t.Fatal(seed, err)
	}
	expect(t, answers[0], `{"protocol":1,"name":"a \"raft\"","capabilities":["forge","no-op"]}`)
	expect(t, answers[1], `{}`)
}

func TestAMessageWaitsForWhatWasSavedBeforeItInItsStep(t *testing.T) {
	p := &puppet{}
	p.tick = func(step *Step) {
		step.Send(Message{Type: TimeoutNow, To: 2})
		first := step.Save(Write{State: &PersistentState{CurrentTerm: 3}})
		step.Send(Message{Type: TimeoutNow, To: 3})
		step.SendNow(Message{Type: TimeoutNow, To: 4})
		step.Save(Write{From: 5, Entries: []Entry{{Term: 3, Command: "x"}}})
		step.Send(Message{Type: TimeoutNow, To: 5})
		step.SendAfter(first, Message{Type: TimeoutNow, To: 6})
		p.tick = func(step *Step) {
			step.Send(Message{Type: TimeoutNow, To: 2})
			step.Save(Write{From: 6})
		}
	}
	answers := talk(t, p, tick, tick)
	expect(t, answers[0], `{"writes":[{"token":1,"currentTerm":3,"votedFor":null},{"token":2,"from":5,"entries":[{"term":3,"command":"x"}]}],`+
		`"messages":[{"type":"TimeoutNow","to":2},{"type":"TimeoutNow","to":3,"after":1},{"type":"TimeoutNow","to":4},`+
		`{"type":"TimeoutNow","to":5,"after":2},{"type":"TimeoutNow","to":6,"after":1}]}`)
	expect(t, answers[1], `{"writes":[{"token":3,"from":6,"entries":[]}],"messages":[{"type":"TimeoutNow","to":2}]}`)
}

func TestTheViewIsReportedWhenItChanges(t *testing.T) {
	p := &puppet{view: View{Role: Leader, CurrentTerm: 2, VotedFor: 1, CommitIndex: 3, LastApplied: 3, Leader: 1, Snapshot: 2, Configuration: 3, State: 9}}
	p.tick = func(*Step) {}
	subject := Subject{Name: "p", Boot: func(Boot) (Server, error) { return p, nil }}
	p.receive = func(*Step, Message) { p.view = View{Role: Candidate} }
	answers, err := converse(subject, `{"do":"boot","server":1}`, tick, `{"do":"receive","server":1,"message":{"type":"TimeoutNow"}}`)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, answers[0], `{"view":{"role":"leader","currentTerm":2,"votedFor":1,"commitIndex":3,"lastApplied":3,"leader":1,"snapshot":2,"configuration":3,"state":9}}`)
	expect(t, answers[1], `{}`)
	expect(t, answers[2], `{"view":{"role":"candidate"}}`)
}

func TestEffectsOfADurableWriteAreReportedAtOnceIfTheDiskTakesNoTime(t *testing.T) {
	instant := `{"do":"tick","server":1,"now":5,"instant":true}`
	q := &quick{}
	q.tick = func(step *Step) {
		step.Save(Write{From: 1})
		step.Save(Write{From: 2})
	}
	q.persisted = func(step *Step, token Token) {
		step.Answer(Request(token), Done)
		if token == 1 {
			step.Save(Write{From: 3})
		}
	}
	answers := talk(t, q, instant, tick, `{"do":"persisted","server":1,"token":5}`)
	expect(t, answers[0], `{"writes":[{"token":1,"from":1,"entries":[]},{"token":2,"from":2,"entries":[]}],"then":[`+
		`{"writes":[{"token":3,"from":3,"entries":[]}],"answers":[{"request":1,"is":"done"}]},`+
		`{"answers":[{"request":2,"is":"done"}]},{"answers":[{"request":3,"is":"done"}]}]}`)
	expect(t, answers[1], `{"writes":[{"token":4,"from":1,"entries":[]},{"token":5,"from":2,"entries":[]}]}`)
	expect(t, answers[2], `{"answers":[{"request":5,"is":"done"}]}`)

	blocking := &puppet{tick: q.tick}
	expect(t, talk(t, blocking, instant)[0], `{"writes":[{"token":1,"from":1,"entries":[]},{"token":2,"from":2,"entries":[]}]}`)
}

func TestAReplyComesWithTheRequestItAnswers(t *testing.T) {
	type own struct{ Nonce int }
	p := &puppet{receive: func(step *Step, m Message) {
		if m.Request == nil {
			reply := m.Reply(AppendEntriesReply)
			reply.SetOwn(own{len(m.Entries)})
			step.Send(reply)
			return
		}
		var sent own
		if !m.Request.GetOwn(&sent) || m.GetOwn(&sent) {
			panic("there is something of its own in the request alone")
		}
		step.Answer(Request(m.Request.PrevLogIndex), Committed(uint64(sent.Nonce)))
	}}
	answers := talk(t, p,
		`{"do":"receive","server":1,"message":{"type":"AppendEntries","from":2,"to":1,"id":8,"entries":[{"term":1,"command":"x"}]}}`,
		`{"do":"receive","server":1,"message":{"type":"AppendEntriesReply","from":2,"to":1},"call":{"type":"AppendEntries","prevLogIndex":4,"own":{"Nonce":7}}}`)
	expect(t, answers[0], `{"messages":[{"type":"AppendEntriesReply","to":2,"re":8,"own":{"Nonce":1}}]}`)
	expect(t, answers[1], `{"answers":[{"request":4,"is":"committed","index":7}]}`)
}

func TestAllThatAStepCanSay(t *testing.T) {
	p := &puppet{tick: func(step *Step) {
		step.Save(Write{Snapshot: &Snapshot{LastIncludedIndex: 4, LastIncludedTerm: 2, Configuration: Members{Voters: []uint64{1, 2}}, Data: "s"}, CommitIndex: 4})
		step.Restored()
		step.Apply(5, Entry{Term: 2, Command: "x"})
		step.ApplyTo(Opened(6), 6, Entry{Term: 2, Type: Register})
		step.ApplyTo(Repeated, 7, Entry{Term: 2, Session: 6, Serial: 1, Command: "y"})
		step.ApplyTo(SessionGone, 8, Entry{Term: 2, Session: 1, Serial: 1, Command: "z"})
		for i, answer := range []Answer{Committed(1), Registered(2, 3), NoSession(4), Read(5), Done, Superseded, Unknown, NotLeader(0), Busy, Rejected} {
			step.Answer(Request(i), answer)
		}
		step.Matched(2, 9)
		step.Refuse("no")
	}}
	expect(t, talk(t, p, tick)[0], `{"writes":[{"token":1,"snapshot":{"lastIncludedIndex":4,"lastIncludedTerm":2,"voters":[1,2],"old":[],"learners":[],"data":"s"},"commitIndex":4}],`+
		`"restored":true,"applied":[{"index":5,"term":2,"command":"x"},{"index":6,"term":2,"type":"register","outcome":"registered","session":6},`+
		`{"index":7,"term":2,"type":"command","session":6,"serial":1,"command":"y","outcome":"repeated"},`+
		`{"index":8,"term":2,"type":"command","session":1,"serial":1,"command":"z","outcome":"no-session"}],`+
		`"answers":[{"request":0,"is":"committed","index":1},{"request":1,"is":"registered","index":2,"session":3},`+
		`{"request":2,"is":"no-session","index":4},{"request":3,"is":"read","index":5},{"request":4,"is":"done"},{"request":5,"is":"superseded"},`+
		`{"request":6,"is":"unknown"},{"request":7,"is":"not-leader"},{"request":8,"is":"busy"},{"request":9,"is":"rejected"}],`+
		`"matched":{"server":2,"matchIndex":9},"refused":"no"}`)
}

func TestWhatALibraryKeepsBesideFigure2ComesBackAtTheNextBoot(t *testing.T) {
	var boots []Boot
	p := &puppet{tick: func(step *Step) { step.Save(Write{Truncate: 3, Blob: []byte("a \"b\"")}) }}
	subject := Subject{Boot: func(b Boot) (Server, error) { boots = append(boots, b); return p, nil }}
	answers, err := converse(subject, `{"do":"boot","server":4,"now":7,"life":1,"members":[1,2],"blob":null}`,
		`{"do":"tick","server":4}`, `{"do":"boot","server":4,"now":9,"life":2,"members":[1,2],"blob":"a \"b\""}`)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, answers[1], `{"writes":[{"token":1,"truncate":3,"blob":"a \"b\""}]}`)
	first, second := boots[0], boots[1]
	if first.Blob != nil || first.Life != 1 || first.Now != 7 || len(first.Members) != 2 || len(first.Peers) != 0 {
		t.Error(first)
	}
	if string(second.Blob) != `a "b"` || second.Life != 2 {
		t.Error(second)
	}
	p.tick = func(step *Step) { step.Save(Write{Blob: []byte("\xff")}) }
	if answer := talk(t, p, tick)[0]; !strings.Contains(answer, "a Blob that is not UTF-8") {
		t.Error(answer)
	}
}

func TestAStepThatTakesSeveralThingsSaysTheStatesInBetween(t *testing.T) {
	p := &puppet{}
	p.tick = func(step *Step) {
		step.Passed(View{Role: Candidate, CurrentTerm: 1})
		step.Swallowed("index out of range")
		p.view = View{Role: Leader, CurrentTerm: 1}
	}
	answers := talk(t, p, tick)
	expect(t, answers[0], `{"views":[{"role":"candidate","currentTerm":1},{"role":"leader","currentTerm":1}],"swallowed":"index out of range"}`)
}

func TestAPanicIsACrashWithItsPlace(t *testing.T) {
	p := &puppet{tick: func(*Step) { panic("too \"late\"") }}
	q := &quick{}
	q.tick = func(step *Step) { step.Save(Write{From: 1}) }
	q.persisted = func(_ *Step, token Token) { q.view.State = []uint64{}[q.view.Role] }
	for i, answer := range []string{
		talk(t, p, tick)[0],
		talk(t, &puppet{tick: func(step *Step) { step.SendAfter(1, Message{}) }}, tick)[0],
		talk(t, q, `{"do":"tick","server":1,"instant":true}`)[0],
	} {
		reason := []string{`too \"late\", at loop_test.go:`, "SendAfter was given the token of no write, at loop_test.go:", "index out of range [0] with length 0, at loop_test.go:"}[i]
		if !strings.Contains(answer, `{"status":"crashed","reason":"`) || !strings.Contains(answer, reason) {
			t.Error(answer)
		}
	}
	expect(t, talk(t, p, tick, tick)[1], `{"status":"crashed","reason":"this server is not up"}`)
}

func TestWhatIsClaimedOfTheDiskMustBeSo(t *testing.T) {
	for expected, subject := range map[string]Subject{
		`{"status":"refused","reason":"the Raft claims slow-disk, and its servers have no method Persisted"}`: {
			Capabilities: []Capability{CapForge, CapSlowDisk}, Boot: func(Boot) (Server, error) { return &puppet{}, nil },
		},
		`{"status":"refused","reason":"servers have a method Persisted, and the Raft does not claim slow-disk"}`: {
			Boot: func(Boot) (Server, error) { return &quick{}, nil },
		},
	} {
		answers, err := converse(subject, `{"do":"boot","server":1}`)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, answers[0], expected)
	}
}

func TestAServerThatDoesNotBoot(t *testing.T) {
	for expected, boot := range map[string]func(Boot) (Server, error){
		`{"status":"refused","reason":"no disk"}`:          func(Boot) (Server, error) { return nil, errors.New("no disk") },
		`{"status":"crashed","reason":"oops, at loop_test`: func(Boot) (Server, error) { panic("oops") },
	} {
		answers, err := converse(Subject{Boot: boot}, `{"do":"boot","server":1}`)
		if err != nil || !strings.HasPrefix(answers[0], expected) {
			t.Error(answers, err)
		}
	}
}

func TestWhatAServerHasNoMethodForIsUnsupported(t *testing.T) {
	for request, method := range map[string]string{
		"read": "Read", "register": "Register", "change": "Change", "transfer": "Transfer", "compact": "Compact", "apply": "Apply",
	} {
		answer := talk(t, &puppet{}, `{"do":"`+request+`","server":1,"request":3}`)[0]
		expect(t, answer, `{"status":"unsupported","reason":"the server has no method `+method+`"}`)
	}
	answers := talk(t, &puppet{}, `{"do":"propose","server":1,"request":3,"session":1,"serial":2,"command":"x"}`, `{"do":"dance","server":1}`)
	expect(t, answers[0], `{"status":"unsupported","reason":"the server has no method ProposeOnce"}`)
	expect(t, answers[1], `{"status":"unsupported","reason":"there is no request dance"}`)
}

func TestALongLineIsReadAndOneThatIsTooLongIsNot(t *testing.T) {
	read := 0
	p := &puppet{receive: func(_ *Step, m Message) { read = len(m.Entries[0].Command) }}
	long := func(n int) string {
		return `{"do":"receive","server":1,"message":{"type":"AppendEntries","entries":[{"term":1,"command":"` + strings.Repeat("x", n) + `"}]}}`
	}
	talk(t, p, long(1_000_000))
	if read != 1_000_000 {
		t.Error(read)
	}
	_, err := converse(Subject{Boot: func(Boot) (Server, error) { return p, nil }}, `{"do":"boot","server":1}`, long(17<<20))
	if err == nil || !strings.Contains(err.Error(), "16777216 bytes") {
		t.Error(err)
	}
}

func TestALineThatIsNoRequestEndsTheConversation(t *testing.T) {
	_, err := converse(Subject{}, `{"do":"tick",`)
	if err == nil || !strings.Contains(err.Error(), `expected a text at byte 14`) {
		t.Error(err)
	}
}

func TestAStepThatWasKeptIsOfNoUse(t *testing.T) {
	var kept *Step
	first := &puppet{tick: func(step *Step) { kept = step }}
	second := &puppet{tick: func(*Step) { kept.Answer(1, Done) }}
	servers := []Server{first, second}
	boot := func(Boot) (server Server, err error) {
		server, servers = servers[0], servers[1:]
		return
	}
	answers, err := converse(Subject{Boot: boot}, `{"do":"boot","server":1}`, `{"do":"boot","server":2}`, tick, `{"do":"tick","server":2}`)
	if err != nil || !strings.Contains(answers[3], "a Step was kept, and used when it was over, at loop_test.go") {
		t.Error(answers, err)
	}
}
