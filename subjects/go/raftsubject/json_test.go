package raftsubject

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/quick"
	"unicode/utf8"
)

func read(line string) (request, error) {
	var d decoder
	var q request
	err := q.read(&d, []byte(line))
	return q, err
}

func TestTextsAreReadAsEncodingJSONReadsThem(t *testing.T) {
	for _, text := range []string{
		`""`, `"x"`, `"#00ff+12"`, `"a\"b\\c\/d\b\f\n\r\t"`, `"\u0041\u00e9\u20AC"`, `"é€😀"`, `"\ud83d\ude00"`, `"\ud83d"`,
		`"\ud83dx"`, `"\ud83d\u0041"`, `"\ude00\ud83d"`, `"x\u0000y"`,
	} {
		var expected string
		if err := json.Unmarshal([]byte(text), &expected); err != nil {
			t.Fatal(err)
		}
		q, err := read(`{"do":"propose","command":` + text + `}`)
		if err != nil || q.command != expected {
			t.Errorf("%s is read as %q, %v", text, q.command, err)
		}
	}
}

func TestAnyTextIsWrittenAndReadAsItIs(t *testing.T) {
	same := func(text string) bool {
		line := string(appendText(nil, text))
		var other string
		if json.Unmarshal([]byte(line), &other) != nil {
			return false
		}
		expected := strings.ToValidUTF8(text, "\uFFFD")
		if !utf8.ValidString(text) {
			// encoding/json has one U+FFFD for each byte, ToValidUTF8 one for each run of them.
			expected = strings.Join(strings.Split(string([]rune(text)), ""), "")
		}
		q, err := read(`{"command":` + line + `}`)
		return err == nil && other == expected && q.command == expected
	}
	bytes := func(text []byte) bool { return same(string(text)) }
	if err := quick.Check(same, nil); err != nil {
		t.Error(err)
	}
	if err := quick.Check(bytes, nil); err != nil {
		t.Error(err)
	}
}

func TestNumbersAreWholeAndAtMost64Bits(t *testing.T) {
	for text, expected := range map[string]uint64{
		"0": 0, "7": 7, "null": 0, "9999999999999999999": 9_999_999_999_999_999_999, "18446744073709551615": math.MaxUint64,
		" 12 ": 12,
	} {
		q, err := read(`{"seed":` + text + `,"do":"reset"}`)
		if err != nil || q.seed != expected || q.do != "reset" {
			t.Errorf("%s is read as %d, %v", text, q.seed, err)
		}
	}
	for _, text := range []string{
		"-1", "1.5", "1e3", "18446744073709551616", "99999999999999999999999", `"1"`, "true", "", "nul", "12345678901234567890.5",
	} {
		if q, err := read(`{"seed":` + text + `}`); err == nil {
			t.Errorf("%s is read as %d", text, q.seed)
		}
	}
}

func TestWhatIsNotKnownIsPassedOver(t *testing.T) {
	q, err := read(` { "x" : {"a":[1,-2.5e+3,{"b":"}\"]"}],"c":null} , "do" : "tick", "y":[], "z":{} ,"now":5,"w":false } ` + "\n")
	if err != nil || q.do != "tick" || q.now != 5 {
		t.Errorf("%+v, %v", q, err)
	}
	q, err = read(`{"message":{"type":"Telepathy","term":3,"entries":[{"term":1,"new":[[]],"command":"x"}],"own":{"a":[1, "]"]}}}`)
	m := q.message
	if err != nil || m.Type != Other || m.Term != 3 || m.Entries[0].Command != "x" || string(m.Own) != `{"a":[1, "]"]}` {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestWhatIsNoJSONIsAnError(t *testing.T) {
	for _, line := range []string{
		``, `[]`, `{`, `{"do"}`, `{"do":}`, `{"do":"tick"`, `{"do":"tick"} x`, `{"do":"tick",,}`, `{"do" "tick"}`, `{"do":"ti`, `{"do":"\x"}`,
		`{"do":"\u12"}`, `{"do":"` + "\t" + `"}`, `{"x":`, `{"x":{"y":"}`, `{"instant":1}`, `{"peers":[1 2]}`, `{"peers":{}}`,
		`{"settings":{"electionTimeout":[1]}}`, `{"log":[{"type":"poem"}]}`, `{"do":"\`,
	} {
		if q, err := read(line); err == nil {
			t.Errorf("%s is read as %+v", line, q)
		}
	}
}

func TestABootIsReadWhole(t *testing.T) {
	q, err := read(`{"do":"boot","server":2,"now":7,"life":3,"peers":[1,2,3],"members":[1,2,3],"blob":"b","currentTerm":4,"votedFor":3,"commitIndex":2,"applied":1,
	 "snapshot":{"lastIncludedIndex":9,"lastIncludedTerm":3,"voters":[1,2],"old":[2],"learners":[4],"data":"d"},
	 "log":[{"term":3,"command":"x"},{"term":3,"type":"no-op"},{"term":4,"type":"configuration","voters":[1],"old":[],"learners":[]},
	  {"term":4,"type":"register"},{"term":4,"type":"command","session":4,"serial":1,"command":"y"}],
	 "settings":{"seed":18446744073709551615,"electionTimeout":[10,20],"heartbeat":1,"entriesPerMessage":2,"bytesPerMessage":3,"window":4,
	  "uncommittedLimit":5,"preVote":true,"checkQuorum":false,"leaseDrift":10,"changes":"joint","catchUpRounds":6,"snapshotChunk":7,
	  "applyLimit":null,"sessions":8}}`)
	if err != nil {
		t.Fatal(err)
	}
	drift := uint64(10)
	expected := Boot{
		Server: 2, Now: 7, Life: 3, Peers: []uint64{1, 2, 3}, Members: []uint64{1, 2, 3}, Blob: []byte("b"), PersistentState: PersistentState{4, 3}, CommitIndex: 2, Applied: 1,
		Snapshot: &Snapshot{9, 3, Members{[]uint64{1, 2}, []uint64{2}, []uint64{4}}, "d"},
		Log: []Entry{
			{Term: 3, Command: "x"}, {Term: 3, Type: NoOp}, {Term: 4, Type: ConfigurationEntry, Configuration: &Members{Voters: []uint64{1}}},
			{Term: 4, Type: Register}, {Term: 4, Session: 4, Serial: 1, Command: "y"},
		},
		Settings: Settings{
			Seed: math.MaxUint64, ElectionTimeoutMin: 10, ElectionTimeoutMax: 20, Heartbeat: 1, EntriesPerMessage: 2, BytesPerMessage: 3,
			Window: 4, UncommittedLimit: 5, PreVote: true, LeaseDrift: &drift, Changes: "joint", CatchUpRounds: 6, SnapshotChunk: 7,
			Sessions: 8,
		},
	}
	if !reflect.DeepEqual(q.boot, expected) {
		t.Errorf("%+v", q.boot)
	}
}

// Every message that is written comes back as it was, but for what only one of the two directions has.
func TestMessagesAreReadAsTheyAreWritten(t *testing.T) {
	members := &Members{[]uint64{1, 2}, []uint64{1}, []uint64{3}}
	for _, m := range []Message{
		{Type: Other, What: "gossip \"x\""},
		{Type: RequestVote, LastLogIndex: 1, LastLogTerm: 2, Transfer: true},
		{Type: RequestVoteReply, VoteGranted: true},
		{Type: PreVote, LastLogIndex: 1, LastLogTerm: 2},
		{Type: PreVoteReply},
		{Type: AppendEntries, PrevLogIndex: 4, PrevLogTerm: 5, LeaderCommit: 6, Round: 7, Entries: []Entry{
			{Term: 1, Command: "x"}, {Term: 2, Type: NoOp}, {Term: 2, Type: Register},
			{Term: 2, Type: ConfigurationEntry, Configuration: members}, {Term: 3, Session: 1, Serial: 2, Command: "y"},
		}},
		{Type: AppendEntriesReply, Success: true, MatchIndex: 8, Round: 1},
		{Type: AppendEntriesReply, PrevLogIndex: 8, ConflictIndex: 3, ConflictTerm: 2},
		{Type: InstallSnapshot, LastIncludedIndex: 1, LastIncludedTerm: 2, Configuration: members, Offset: 3, Size: 4, Data: "é", Own: []byte(`"é"`)},
		{Type: InstallSnapshotReply, LastIncludedIndex: 1, LastIncludedTerm: 2, Received: 3},
		{Type: TimeoutNow},
		{Type: ReadIndex, ReadRequest: 1},
		{Type: ReadIndexReply, ReadRequest: 1, Index: 2},
	} {
		m.To, m.Term, m.Re = 2, math.MaxUint64, 9
		line := appendMessage([]byte(`{"message":`), &m, 3)
		if !json.Valid(line[len(`{"message":`):]) {
			t.Errorf("%s", line)
		}
		q, err := read(string(line) + `}`)
		if err != nil || !reflect.DeepEqual(q.message, m) {
			t.Errorf("%s is read as %+v, %v", line, q.message, err)
		}
	}
}

func TestALineEndInWhatIsCarriedAlongDoesNotEndTheLine(t *testing.T) {
	line := appendMessage(nil, &Message{Own: json.RawMessage("{\n\t\"a\": \"\\n\"\n}")}, 0)
	if strings.Contains(string(line), "\n") || !json.Valid(line) || !strings.Contains(string(line), `"\n"`) {
		t.Errorf("%s", line)
	}
}
