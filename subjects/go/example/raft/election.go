package raft

import subject "raft-sim.test/subjects/raftsubject"

// startElection: on conversion to candidate, start election: increment currentTerm, vote for self, reset election
// timer, send RequestVote RPCs to all other servers (§5.2).
func (s *Server) startElection(step *subject.Step) {
	s.enterTerm(s.CurrentTerm + 1)
	s.role = subject.Candidate
	s.VotedFor = s.id
	s.startElectionTimer()
	for i := range s.peers {
		s.peers[i].voted = false
		if s.peers[i].server != s.id {
			s.hold(step, subject.Message{
				Type:         subject.RequestVote,
				To:           s.peers[i].server,
				LastLogIndex: s.lastIndex(),
				LastLogTerm:  s.log[s.lastIndex()].Term,
			})
		}
	}
}

// requestVote is the receiver implementation of RequestVote.
func (s *Server) requestVote(step *subject.Step, m *subject.Message) {
	// 1. Reply false if term < currentTerm (§5.1).
	// 2. If votedFor is null or candidateId, and candidate's log is at least as up-to-date as receiver's log, grant
	// vote (§5.2, §5.4).
	granted := m.Term == s.CurrentTerm &&
		(s.VotedFor == 0 || s.VotedFor == m.From) &&
		s.isUpToDate(m.LastLogIndex, m.LastLogTerm)
	if granted {
		s.VotedFor = m.From
		s.electionElapsed = 0
	}
	s.hold(step, subject.Message{Type: subject.RequestVoteReply, To: m.From, VoteGranted: granted})
}

// isUpToDate: if the logs have last entries with different terms, then the log with the later term is more
// up-to-date. If the logs end with the same term, then whichever log is longer is more up-to-date (§5.4.1).
func (s *Server) isUpToDate(lastLogIndex, lastLogTerm uint64) bool {
	last := s.log[s.lastIndex()].Term
	return lastLogTerm > last || lastLogTerm == last && lastLogIndex >= s.lastIndex()
}

// countVote: candidates: if votes received from majority of servers: become leader (§5.2).
func (s *Server) countVote(step *subject.Step, from uint64) {
	if s.role != subject.Candidate {
		return
	}
	s.find(from).voted = true
	votes := 0
	for i := range s.peers {
		if s.peers[i].voted {
			votes++
		}
	}
	if s.isMajority(votes) {
		s.lead(step)
	}
}

// lead: upon election, nextIndex and matchIndex are reinitialized (Figure 2), and AppendEntries go to each server
// (§5.2). They bring an entry that does nothing: without one of its own term a leader commits nothing (§5.4.2, §8).
func (s *Server) lead(step *subject.Step) {
	s.role = subject.Leader
	s.leader = s.id
	s.heartbeatElapsed = 0
	s.round = 0
	for i := range s.peers {
		s.peers[i] = peer{server: s.peers[i].server, nextIndex: s.lastIndex() + 1}
	}
	s.append(step, subject.Entry{Type: subject.NoOp})
}

// startElectionTimer: election timeouts are chosen randomly from a fixed interval (§5.2). This one is a function of
// the seed, the server and the term, so that nothing else that happens in a schedule moves it.
func (s *Server) startElectionTimer() {
	s.electionElapsed = 0
	width := s.settings.ElectionTimeoutMax - s.settings.ElectionTimeoutMin + 1
	bits := scramble(scramble(scramble(s.settings.Seed)+s.id) + s.CurrentTerm)
	s.electionTimeout = s.settings.ElectionTimeoutMin + bits%width
}

// scramble is the finalizer of SplitMix64 (Steele, Lea, Flood 2014): each bit of the value tells in each of the result.
func scramble(value uint64) uint64 {
	value += 0x9e3779b97f4a7c15
	value = (value ^ value>>30) * 0xbf58476d1ce4e5b9
	value = (value ^ value>>27) * 0x94d049bb133111eb
	return value ^ value>>31
}
