package main

import (
	"encoding/json"
	"hash/fnv"

	subject "raft-sim.test/subjects/raftsubject"
)

// A machine is the state machine: a digest of all executed commands, and the sessions of clients (dissertation §6.3).
// Its fields are exported for its snapshots.
type machine struct {
	// Limit is the most sessions kept.
	Limit uint64
	// Opened is the number of sessions ever opened, and the last one's name.
	Opened uint64
	// Uses counts what was applied for sessions: the clock that sessions expire by.
	Uses uint64
	// Sessions in the order of their names.
	Sessions []session
	// Executed is a digest of all executed commands, in order.
	Executed uint64
}

type session struct {
	Name, LastUse uint64
	// Last is the highest serial number executed; nil before the first.
	Last *uint64
}

func loadMachine(data string) (machine, error) {
	var m machine
	err := json.Unmarshal([]byte(data), &m)
	return m, err
}

func (m *machine) save() string {
	data, err := json.Marshal(m)
	if err != nil {
		panic(err) // Numbers can always be written.
	}
	return string(data)
}

// digest of the state, below 2⁵³; never 0.
func (m *machine) digest() uint64 { return m.Executed>>11 | 1 }

func (m *machine) execute(command string) {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(command)) // never fails
	m.Executed = mix(m.Executed, hash.Sum64())
}

// apply applies an entry, and gives the session that it opened, or 0.
func (m *machine) apply(entry *subject.Entry) (outcome subject.Outcome, opened uint64) {
	switch {
	case entry.Type == subject.Register:
		m.open()
		return subject.Opened(m.Opened), m.Opened
	case entry.Type != subject.Command:
		return subject.Plain, 0
	case entry.Session == 0 && entry.Serial == 0:
		m.execute(entry.Command)
		return subject.Plain, 0
	}
	m.Uses++
	for i := range m.Sessions {
		s := &m.Sessions[i]
		if s.Name != entry.Session {
			continue
		}
		s.LastUse = m.Uses
		if s.Last != nil && entry.Serial <= *s.Last {
			return subject.Repeated, 0
		}
		serial := entry.Serial
		s.Last = &serial
		m.execute(entry.Command)
		return subject.Plain, 0
	}
	return subject.SessionGone, 0
}

// open opens a session; the one that was not used for longest makes room for it.
func (m *machine) open() {
	if n := len(m.Sessions); n > 0 && uint64(n) >= m.Limit {
		idle := 0
		for i := range m.Sessions {
			if m.Sessions[i].LastUse < m.Sessions[idle].LastUse {
				idle = i
			}
		}
		m.Sessions = append(m.Sessions[:idle], m.Sessions[idle+1:]...)
	}
	m.Opened++
	m.Uses++
	m.Sessions = append(m.Sessions, session{Name: m.Opened, LastUse: m.Uses})
}

// mix gives numbers that look random, a function of both.
func mix(a, b uint64) uint64 {
	x := a*0x9e3779b97f4a7c15 + b
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
