package raft

import subject "raft-sim.test/subjects/raftsubject"

// replicationState says how a leader may send to a server. While it is not known where the logs part, one request at
// a time finds out; after that, requests follow one another unanswered (dissertation §10.2.1).
type replicationState struct {
	// The logs are known to match up to matchIndex.
	streaming bool
	// A request is under way, while streaming is false.
	asked bool
	// A refusal while streaming voids all requests under way. Refusals of rounds of heartbeats before this one are of
	// such requests, and say nothing new: otherwise each would send the window again, and each of these make more.
	void uint64
}

// append appends an entry of the current term to the leader's log and sends it on. A leader never overwrites or
// deletes entries in its log (§5.3, Leader Append-Only).
func (s *Server) append(step *subject.Step, entry subject.Entry) {
	entry.Term = s.CurrentTerm
	s.log = append(s.log, entry)
	s.save(step, s.lastIndex())
	for i := range s.peers {
		s.replicate(step, &s.peers[i])
	}
}

// replicate: if last log index ≥ nextIndex for a follower: send AppendEntries RPC with log entries starting at
// nextIndex (§5.3), as many as its replication state allows.
func (s *Server) replicate(step *subject.Step, to *peer) {
	for to.server != s.id && s.lastIndex() >= to.nextIndex && !to.replication.asked {
		room := s.settings.Window
		if to.replication.streaming {
			room -= min(room, to.nextIndex-1-to.matchIndex)
		}
		entries := s.portion(to.nextIndex, min(room, s.settings.EntriesPerMessage))
		if len(entries) == 0 {
			return
		}
		s.sendAppendEntries(step, to, entries)
		if to.replication.streaming {
			to.nextIndex += uint64(len(entries))
		} else {
			to.replication.asked = true
		}
	}
}

// portion is at most count entries from this index on, fewer if they have too many bytes.
func (s *Server) portion(from, count uint64) []subject.Entry {
	entries := s.log[from:]
	entries = entries[:min(count, uint64(len(entries)))]
	bytes := uint64(0)
	for i := range entries {
		bytes += uint64(len(entries[i].Command))
		if i > 0 && bytes > s.settings.BytesPerMessage {
			return entries[:i]
		}
	}
	return entries
}

// sendHeartbeats sends every other server an empty AppendEntries (§5.2). It names the entry before nextIndex, so that
// a server that lost a request reports that; and if the one request that was under way is lost, another may follow.
func (s *Server) sendHeartbeats(step *subject.Step) {
	s.round++
	for i := range s.peers {
		if to := &s.peers[i]; to.server != s.id {
			to.replication.asked = false
			s.sendAppendEntries(step, to, nil)
		}
	}
}

// sendAppendEntries sends at once, before the entries are on the leader's own disk (dissertation §10.2.1): it
// guarantees nothing. The term is on the disk since it was elected.
func (s *Server) sendAppendEntries(step *subject.Step, to *peer, entries []subject.Entry) {
	prev := to.nextIndex - 1
	step.SendNow(subject.Message{
		Type:         subject.AppendEntries,
		To:           to.server,
		Term:         s.CurrentTerm,
		PrevLogIndex: prev,
		PrevLogTerm:  s.log[prev].Term,
		Entries:      entries,
		LeaderCommit: s.commitIndex,
		Round:        s.round,
	})
}

// appendEntries is the receiver implementation of AppendEntries.
func (s *Server) appendEntries(step *subject.Step, m *subject.Message) {
	reply := subject.Message{Type: subject.AppendEntriesReply, To: m.From, Round: m.Round}
	// 1. Reply false if term < currentTerm (§5.1).
	if m.Term < s.CurrentTerm {
		reply.PrevLogIndex = m.PrevLogIndex
		s.hold(step, reply)
		return
	}
	// At most one leader can be elected in a given term (Election Safety).
	if s.role == subject.Leader {
		step.Refuse("this server leads its term")
		return
	}
	// Candidates: if AppendEntries RPC received from new leader: convert to follower (§5.2).
	s.role = subject.Follower
	s.leader = m.From
	s.electionElapsed = 0
	if !isLog(m) {
		step.Refuse("its entries are none that follow one another in a log")
		return
	}

	// 2. Reply false if log doesn't contain an entry at prevLogIndex whose term matches prevLogTerm (§5.3).
	if m.PrevLogIndex > s.lastIndex() || s.log[m.PrevLogIndex].Term != m.PrevLogTerm {
		reply.PrevLogIndex = m.PrevLogIndex
		reply.ConflictIndex, reply.ConflictTerm = s.conflict(m.PrevLogIndex)
		s.hold(step, reply)
		return
	}
	// 3. If an existing entry conflicts with a new one (same index but different terms), delete the existing entry
	// and all that follow it (§5.3). 4. Append any new entries not already in the log. An entry that is there stays,
	// and so do those behind it: the request may be an old one.
	for i, entry := range m.Entries {
		index := m.PrevLogIndex + 1 + uint64(i)
		if index <= s.lastIndex() && s.log[index].Term == entry.Term {
			continue
		}
		if index <= s.commitIndex {
			step.Refuse("it would replace an entry that is committed")
			return
		}
		s.log = append(s.log[:index], m.Entries[i:]...)
		s.save(step, index)
		break
	}
	// 5. If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new entry). What is behind
	// that in the log may differ from the leader's.
	verified := m.PrevLogIndex + uint64(len(m.Entries))
	s.commitIndex = max(s.commitIndex, min(m.LeaderCommit, verified))

	reply.Success = true
	reply.MatchIndex = verified
	s.hold(step, reply)
}

// isLog: the entries have terms that never decrease, and none beyond their leader's.
func isLog(m *subject.Message) bool {
	term := m.PrevLogTerm
	if m.PrevLogIndex > largest || m.PrevLogIndex == 0 && term != 0 {
		return false
	}
	for i := range m.Entries {
		if m.Entries[i].Term < term {
			return false
		}
		term = m.Entries[i].Term
	}
	return term <= m.Term
}

// conflict: when rejecting an AppendEntries request, the follower can include the term of the conflicting entry and
// the first index it stores for that term (end of §5.3). If its log is too short, it is where its log ends, and 0.
func (s *Server) conflict(index uint64) (first, term uint64) {
	if index > s.lastIndex() {
		return s.lastIndex() + 1, 0
	}
	term = s.log[index].Term
	for index > 1 && s.log[index-1].Term == term {
		index--
	}
	return index, term
}

// appendEntriesReply: what a leader makes of an answer of its term.
func (s *Server) appendEntriesReply(step *subject.Step, m *subject.Message) {
	from := s.find(m.From)
	switch {
	case m.Success && m.MatchIndex > s.lastIndex():
		step.Refuse("it acknowledges an entry that this leader never had")
		return
	case m.Success:
		s.acknowledged(from, m.MatchIndex)
		step.Matched(from.server, from.matchIndex)
	case m.ConflictIndex > 0:
		s.refused(from, m)
	}
	s.replicate(step, from)
}

// acknowledged: if successful: update nextIndex and matchIndex for follower (§5.3). An acknowledgement that is late
// or repeated takes nothing back.
func (s *Server) acknowledged(from *peer, matchIndex uint64) {
	if matchIndex <= from.matchIndex {
		return
	}
	from.matchIndex = matchIndex
	from.nextIndex = max(from.nextIndex, matchIndex+1)
	from.replication.streaming = true
	from.replication.asked = false
	s.advanceCommitIndex(matchIndex)
}

// refused: if AppendEntries fails because of log inconsistency: decrement nextIndex and retry (§5.3), a term at a time.
func (s *Server) refused(from *peer, m *subject.Message) {
	// A refusal is old if it does not speak of what was asked last, or if what it complains of is there by now.
	switch {
	case m.PrevLogIndex <= from.matchIndex || m.PrevLogIndex >= from.nextIndex:
		return
	case !from.replication.streaming && m.PrevLogIndex != from.nextIndex-1:
		return
	case from.replication.streaming && m.Round < from.replication.void:
		return
	case from.replication.streaming && m.ConflictTerm == 0 && m.ConflictIndex <= from.matchIndex:
		return
	}
	if from.replication.streaming {
		from.replication = replicationState{void: s.round + 1}
	}
	next := m.ConflictIndex
	// If this log has entries of the follower's conflicting term, the logs may agree up to the last of them; if not,
	// none of that term can stay.
	if m.ConflictTerm > 0 {
		last := m.PrevLogIndex
		for s.log[last].Term > m.ConflictTerm {
			last--
		}
		if s.log[last].Term == m.ConflictTerm {
			next = last + 1
		}
	}
	from.nextIndex = max(min(next, m.PrevLogIndex), from.matchIndex+1)
	from.replication.asked = false
}

// advanceCommitIndex: if there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and
// log[N].term == currentTerm: set commitIndex = N (§5.3, §5.4). That N may be the one that was just acknowledged, or
// one that another server has acknowledged and this one as well now.
func (s *Server) advanceCommitIndex(acknowledged uint64) {
	for i := range s.peers {
		n := min(s.peers[i].matchIndex, acknowledged)
		if n <= s.commitIndex || s.log[n].Term != s.CurrentTerm {
			continue
		}
		count := 0
		for j := range s.peers {
			if s.peers[j].matchIndex >= n {
				count++
			}
		}
		if s.isMajority(count) {
			s.commitIndex = n
		}
	}
}

func min(a, b uint64) uint64 {
	if a < b {
		return a
	}
	return b
}

func max(a, b uint64) uint64 {
	if a > b {
		return a
	}
	return b
}
