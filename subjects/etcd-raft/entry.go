package main

import (
	"encoding/binary"

	subject "raft-sim.test/subjects/raftsubject"

	pb "go.etcd.io/etcd/raft/raftpb"
)

// The library's entries have data that it leaves to the application; one without is what a new leader appends. The
// first byte says what the rest is.
const (
	plainCommand   = 'c'
	sessionCommand = 's'
	openSession    = 'o'
)

// dataOf is the data under which an entry is proposed that is no configuration.
func dataOf(entry *subject.Entry) []byte {
	switch {
	case entry.Type == subject.Register:
		return []byte{openSession}
	case entry.Type != subject.Command:
		return nil
	case entry.Session == 0 && entry.Serial == 0:
		return append([]byte{plainCommand}, entry.Command...)
	}
	data := make([]byte, 17, 17+len(entry.Command))
	data[0] = sessionCommand
	binary.LittleEndian.PutUint64(data[1:], entry.Session)
	binary.LittleEndian.PutUint64(data[9:], entry.Serial)
	return append(data, entry.Command...)
}

// nativeEntry is an entry of the library. before is the configuration of the log before it.
func nativeEntry(index uint64, entry *subject.Entry, before subject.Members, auto bool) pb.Entry {
	native := pb.Entry{Index: index, Term: entry.Term}
	if entry.Type == subject.ConfigurationEntry {
		native.Type, native.Data = pb.EntryConfChangeV2, changeData(before, *entry.Configuration, auto)
	} else {
		native.Data = dataOf(entry)
	}
	return native
}

// nativeEntries are entries of the library from an index on. before is the configuration of the log before them.
func nativeEntries(index uint64, entries []subject.Entry, before subject.Members, auto bool) []pb.Entry {
	natives := make([]pb.Entry, len(entries))
	for i := range entries {
		natives[i] = nativeEntry(index+uint64(i), &entries[i], before, auto)
		if entries[i].Type == subject.ConfigurationEntry {
			before = *entries[i].Configuration
		}
	}
	return natives
}

// entryOf is an entry of the testbed. before is the configuration of the log before it.
func entryOf(native *pb.Entry, before subject.Members) subject.Entry {
	entry := subject.Entry{Term: native.Term}
	switch data := native.Data; {
	case native.Type != pb.EntryNormal:
		members := configurationOf(native, before)
		entry.Type, entry.Configuration = subject.ConfigurationEntry, &members
	case len(data) == 0:
		entry.Type = subject.NoOp
	case data[0] == openSession:
		entry.Type = subject.Register
	case data[0] == sessionCommand && len(data) >= 17:
		entry.Session = binary.LittleEndian.Uint64(data[1:])
		entry.Serial = binary.LittleEndian.Uint64(data[9:])
		entry.Command = string(data[17:])
	default:
		entry.Command = string(data[1:])
	}
	return entry
}

// entriesOf are entries of the testbed. before is the configuration of the log before them.
func entriesOf(natives []pb.Entry, before subject.Members) []subject.Entry {
	entries := make([]subject.Entry, len(natives))
	for i := range natives {
		entries[i] = entryOf(&natives[i], before)
		if entries[i].Type == subject.ConfigurationEntry {
			before = *entries[i].Configuration
		}
	}
	return entries
}
