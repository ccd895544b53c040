package raft

import subject "raft-sim.test/subjects/raftsubject"

// disk is a server's knowledge of its stable storage. Writes are under way while the server goes on.
type disk struct {
	// What was last written of currentTerm and votedFor.
	saved subject.PersistentState
	// The last write made, and the last that is known to be durable.
	last, durable subject.Token
	// Writes that are under way, in order.
	underWay []write
}

// write is a write under way, with the state that counts once it is durable: a candidate's vote, a leader's entries.
type write struct {
	token     subject.Token
	term      uint64
	lastIndex uint64
}

// save writes the log from this index on, nothing of it if that is 0, and currentTerm and votedFor if they changed.
func (s *Server) save(step *subject.Step, from uint64) {
	w := subject.Write{From: from}
	if from > 0 {
		w.Entries = s.log[from:]
	}
	if s.PersistentState != s.disk.saved {
		s.disk.saved = s.PersistentState
		w.State = &s.disk.saved
	} else if from == 0 {
		return
	}
	s.disk.last = step.Save(w)
	s.disk.underWay = append(s.disk.underWay, write{s.disk.last, s.CurrentTerm, s.lastIndex()})
}

// hold sends a message that rests on this server's state: its term, its vote, its entries. The message is held until
// that state is on the disk.
func (s *Server) hold(step *subject.Step, m subject.Message) {
	s.save(step, 0)
	m.Term = s.CurrentTerm
	if s.disk.last > s.disk.durable {
		step.SendAfter(s.disk.last, m)
	} else {
		step.SendNow(m)
	}
}

// Persisted: a write is durable, and so are all before it. Its own votes and acknowledgements in them count from now on.
func (s *Server) Persisted(step *subject.Step, token subject.Token) {
	if token > s.disk.durable {
		s.disk.durable = token
	}
	done := 0
	for _, w := range s.disk.underWay {
		if w.token > token {
			break
		}
		done++
		if w.term != s.CurrentTerm {
			continue // of a term that is over
		}
		s.countVote(step, s.id)
		if s.role == subject.Leader {
			s.acknowledged(s.find(s.id), w.lastIndex)
		}
	}
	s.disk.underWay = append(s.disk.underWay[:0], s.disk.underWay[done:]...)
	s.finish(step)
}
