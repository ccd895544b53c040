package subjects_test

import (
	"os"
	"strings"
	"testing"

	subject "raft-sim.test/subjects/raftsubject"
)

// The adapter that the README shows, so that it keeps compiling. It stands between two marker lines.

// adapter begins

// server puts one server of your Raft under the testbed.
type server struct {
	raft  *Raft // yours
	saved subject.PersistentState
	asked map[uint64][]asked
}

// asked is a client that waits for the outcome of an index.
type asked struct {
	term    uint64
	request subject.Request
}

// boot starts a server from what was durable.
func boot(b subject.Boot) (subject.Server, error) {
	raft := NewRaft(b.Server, b.Peers, b.Settings.ElectionTimeoutMin, b.Settings.ElectionTimeoutMax, b.Settings.Heartbeat)
	raft.Seed = b.Settings.Seed // your random source, instead of the global one
	raft.CurrentTerm, raft.VotedFor = b.CurrentTerm, b.VotedFor
	for _, entry := range b.Log {
		raft.Log = append(raft.Log, LogEntry{Term: entry.Term, Command: entry.Command})
	}
	return &server{raft: raft, saved: b.PersistentState, asked: map[uint64][]asked{}}, nil
}

func (s *server) Tick(step *subject.Step) {
	s.raft.Tick() // what your timers would have called
	s.carryOut(step)
}

func (s *server) Receive(step *subject.Step, m subject.Message) {
	var mine Message
	m.GetOwn(&mine) // what toTestbed put in
	s.raft.Receive(mine)
	s.carryOut(step)
}

func (s *server) Propose(step *subject.Step, request subject.Request, command string) {
	index, term, isLeader := s.raft.Start(command)
	if !isLeader {
		step.Answer(request, subject.NotLeader(s.raft.Leader))
		return
	}
	s.asked[index] = append(s.asked[index], asked{term, request})
	s.carryOut(step)
}

// carryOut reports the output of the Raft to the testbed, in the Raft's order.
func (s *server) carryOut(step *subject.Step) {
	todo := s.raft.TakeTodo()
	write := subject.Write{From: todo.LogChangedFrom}
	if write.From > 0 {
		for _, entry := range s.raft.Log[write.From-1:] {
			write.Entries = append(write.Entries, subject.Entry{Term: entry.Term, Command: entry.Command})
		}
	}
	if now := (subject.PersistentState{CurrentTerm: s.raft.CurrentTerm, VotedFor: s.raft.VotedFor}); now != s.saved {
		s.saved = now
		write.State = &now
	}
	if write.From > 0 || write.State != nil {
		step.Save(write) // your fsync
	}
	for _, m := range todo.Messages {
		step.Send(toTestbed(m))
	}
	for _, index := range todo.Applied {
		entry := s.raft.Log[index-1]
		step.Apply(index, subject.Entry{Term: entry.Term, Command: entry.Command})
		for _, a := range s.asked[index] {
			if a.term == entry.Term {
				step.Answer(a.request, subject.Committed(index))
			} else {
				step.Answer(a.request, subject.Superseded)
			}
		}
		delete(s.asked, index)
	}
}

// toTestbed describes a message in the paper's terms, and carries it along as it is.
func toTestbed(mine Message) subject.Message {
	m := subject.Message{To: mine.To, Term: mine.Term}
	switch mine.Kind {
	case "vote?":
		m.Type, m.LastLogIndex, m.LastLogTerm = subject.RequestVote, mine.Index, mine.LogTerm
	case "vote!":
		m.Type, m.VoteGranted = subject.RequestVoteReply, mine.Yes
	case "append?":
		m.Type, m.PrevLogIndex, m.PrevLogTerm, m.LeaderCommit = subject.AppendEntries, mine.Index, mine.LogTerm, mine.Commit
		for _, entry := range mine.Entries {
			m.Entries = append(m.Entries, subject.Entry{Term: entry.Term, Command: entry.Command})
		}
	case "append!":
		m.Type, m.Success = subject.AppendEntriesReply, mine.Yes
		if mine.Yes {
			m.MatchIndex = mine.Index
		} else {
			m.PrevLogIndex, m.ConflictIndex = mine.Index, mine.Hint
		}
	}
	m.SetOwn(mine)
	return m
}

func (s *server) View() subject.View {
	roles := map[string]subject.Role{"candidate": subject.Candidate, "leader": subject.Leader}
	return subject.View{
		Role: roles[s.raft.Role], CurrentTerm: s.raft.CurrentTerm, VotedFor: s.raft.VotedFor,
		CommitIndex: s.raft.CommitIndex, LastApplied: s.raft.LastApplied, Leader: s.raft.Leader,
	}
}

func main() { subject.Run(subject.Subject{Name: "my-raft", Boot: boot}) }

// adapter ends

type Raft struct {
	Seed, CurrentTerm, VotedFor, CommitIndex, LastApplied, Leader uint64
	Role                                                          string
	Log                                                           []LogEntry
}

type LogEntry struct {
	Term    uint64
	Command string
}

type Message struct {
	Kind                             string
	To, Term, Index, LogTerm, Commit uint64
	Hint                             uint64
	Yes                              bool
	Entries                          []LogEntry
}

type Todo struct {
	LogChangedFrom uint64
	Messages       []Message
	Applied        []uint64
}

func NewRaft(id uint64, peers []uint64, shortest, longest, heartbeat uint64) *Raft { return &Raft{} }

func (*Raft) Tick()                                                    {}
func (*Raft) Receive(Message)                                          {}
func (*Raft) Start(command string) (index, term uint64, isLeader bool) { return 0, 0, false }
func (*Raft) TakeTodo() Todo                                           { return Todo{} }

func TestTheReadmeShowsThisAdapter(t *testing.T) {
	_ = main
	code, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(code), "// adapter begins\n\n")
	shown, _, _ = strings.Cut(shown, "\n// adapter ends")
	if !strings.Contains(string(readme), shown) {
		t.Error("README.md shows another adapter than this file has")
	}
}
