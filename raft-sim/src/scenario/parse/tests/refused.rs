//! Texts that are refused, and the one line that says why. A line that begins with `!` is the error of the
//! lines above it; if it ends with `…`, the beginning of that.

use super::{HEAD, parsed};

/// Checks every text of a table, each of them put below `head`.
fn check(head: &str, table: &str) {
    let mut text = String::from(head);
    let mut checked = 0;
    for line in table.lines() {
        match line.strip_prefix("! ") {
            None => text = text + line + "\n",
            Some(error) => {
                let found = parsed(&text).expect_err(&text);
                let found = found.to_string();
                match error.strip_suffix('…') {
                    None => assert_eq!(found, format!("t.raft:{error}"), "{text}"),
                    Some(begin) => {
                        assert!(found.starts_with(&format!("t.raft:{begin}")), "{text}{found}");
                    }
                }
                text = String::from(head);
                checked += 1;
            }
        }
    }
    assert!(checked > 0, "the table has rows");
}

#[test]
fn statements() {
    check(
        HEAD,
        r"delver S1 -> S2
! 4:1: unknown header line or command `delver`; did you mean `deliver`?
settle
banana
! 5:1: unknown command `banana`; expected a command: timeout, elect, heartbeat, tick, …
settle
assert S1 leader
! 5:1: unknown command `assert`; did you mean `expect`?
settle
kill S1
! 5:1: unknown command `kill`; did you mean `crash`?
crash S1, S2
! 4:7: unexpected `,` in `S1,`; expected words parted by spaces: `S1`
crash S1,S2
! 4:7: unexpected `,` in `S1,S2`; expected words parted by spaces: `S1 S2`
expect S1 commit at least 1
! 4:18: unexpected `at`; expected the number first, as in `commit 1 at least`
expect S1 commit >=1
! 4:18: unexpected `>=1`; expected the number first, as in `commit 1 at least`
expect leader S1
! 4:8: a fact before its server; did you mean `S1 leader`?
expect leader
! 4:8: what is to hold of the leader?; expected a fact behind it; did you mean `a leader`?
expect term 3
! 4:8: `term` of which server?; expected the server first, as in `S1 term`
expect S1 is leader
! 4:11: `is` is left out; expected the fact at once, as in `S1 leader term 2`
expect acknowledged
! 4:8: `acknowledged` of which request?; expected its label first, as in `x acknowledged`
propose S1 x
expect x failed or unknown
! 5:20: `unknown` of which request?; expected its label first, as in `x unknown`
expect quiet or
! 4:16: the line ends too early; expected a condition: …
propose S1 no-op
! 4:12: no command can be called `no-op`: a new leader's entry is (§8); expected another label
forge S1 -> S2 AppendEntries term 1 prev none entries 1:no-op commit 0
! 4:55: no command can be called `no-op`: a new leader's entry is (§8); expected another label
forge S1 -> S2 AppendEntries term 1 prev none entries as S1 3..2 commit 0
! 4:61: the range `3..2` is backwards; expected `2..3`
repeat 2
! 4:9: the line ends too early; expected a statement, as in `repeat 3 heartbeat S1 then settle`
repeat 2 settle then
! 4:17: a `then` without a statement; expected a statement before and behind each `then`
repeat 2 propose S1 x
! 4:10: `propose` can't be repeated: a label names one thing; expected another statement
repeat 2 settle then settle now
! 4:29: unexpected `now`; expected the end of the line
deliver S1 -> S2 if some
! 4:21: unexpected `some`; expected `any`
clock S1 0%
! 4:10: `0` is out of range; expected the rate of a clock, as in `150%`, 1 to 10000
clock S1 fast
! 4:10: unexpected `fast`; expected the rate of a clock, as in `150%`
flush S1 to 0
! 4:13: `0` is out of range; expected an index, 1 to 1000000
settle
servers S1
! 5:1: a header line, `servers`, below a statement; expected it above line 4
elect S4
! 4:7: unknown server `S4`; expected S1 to S3
elect
! 4:6: the line ends too early; expected a server
elect s1
! 4:7: unexpected `s1`; expected a server
elect S1 S2
! 4:10: unexpected `S2`; expected the end of the line
elect S1 #2 of them
! 4:10: unexpected `#2`; a comment has a space behind its `#`
crash S1 S1
! 4:10: S1 is named twice
crash
! 4:6: the line ends too early; expected servers, `all` or `leader`
tick S1 0
! 4:9: `0` is out of range; expected a number of ticks, 1 to 1000000
run 0 election-timeouts
! 4:5: `0` is out of range; expected a duration such as `5 election-timeouts`, 1 to 1000000
run 1000001 ms
! 4:5: `1000001` is out of range; expected a duration such as `5 election-timeouts`, 1 to 1000000
run 99999999999999999999 ms
! 4:5: `99999999999999999999` is out of range; expected a duration such as `5 election-timeouts`, 1 to 1000000
run 5 minutes
! 4:7: unexpected `minutes`; expected a unit: election-timeouts, heartbeats, ticks or ms
within a leader
! 4:8: unexpected `a`; expected a duration such as `5 election-timeouts`
cut S1 -> S1
! 4:11: a link from S1 to itself; expected another server
cut S1->S2
! 4:5: unknown server `S1->S2`; expected white space around `->` and `--`
cut S1 S2
! 4:10: the line ends too early; expected `->` or `--`
deliver S1 -- S2
! 4:12: unexpected `--`; expected `->`: a message goes one way
deliver S1 -> S2 Append
! 4:18: unexpected `Append`; expected a kind of message: RequestVote, RequestVoteReply, AppendEntries, Heartbeat, AppendEntriesReply, PreVote, PreVoteReply, TimeoutNow, InstallSnapshot, InstallSnapshotReply, ReadIndex, ReadIndexReply or Other
deliver S1 -> S2 appendentries
! 4:18: unexpected `appendentries`; expected a kind of message; did you mean `AppendEntries`?
deliver S1 -> S2 #0
! 4:18: `0` is out of range; expected a message's number, as in `#1`, 1 to 1000000
deliver S1 -> S2 RequestVote granted
! 4:30: no RequestVote says `granted`
deliver S1 -> S2 RequestVote foo
! 4:30: unexpected `foo`; expected what the message says: term, last or transfer
deliver S1 -> S2 term 1 term 2
! 4:25: `term` repeats or contradicts an earlier word
deliver S1 -> S2 AppendEntries prev 0/1
! 4:37: `0` is out of range; expected INDEX/TERM of an entry, as in `3/2`, or `none`, 1 to 1000000
hold S1 -> S2 RequestVote term 2
! 4:27: unexpected `term`; expected the end of the line
partition S1 | | S2
! 4:16: an empty group; expected a server
partition S1 |
! 4:15: an empty group; expected a server
forge S1 -> S2 S3 RequestVote term 1 last none
! 4:7: a forged message has one sender and one receiver; expected `S1 -> S2`
forge S1 -> S2 Heartbeat term 1
! 4:16: a Heartbeat is an AppendEntries; expected `AppendEntries` with `entries none`
forge S1 -> S2 RequestVote last none
! 4:28: unexpected `last`; expected `term`
propose S1
! 4:11: the line ends too early; expected a label
propose S1 log
! 4:12: `log` is a word of the language; expected a label
propose S1 X
! 4:12: unexpected `X`; expected a label: small letters, digits and `-`, beginning with a letter
propose S1 x
propose S2 x
! 5:12: the label `x` is declared already, in line 4; expected a new label: a label names one thing
forge S1 -> S2 AppendEntries term 1 prev none entries 1:x commit 0
propose S1 x
! 5:12: the label `x` is declared already, in line 4; expected a new label: a label names one thing
propose S1 first
expect fist committed
! 5:8: no command is labelled `fist`; did you mean `first`?
expect x committed
! 4:8: no command is labelled `x`; expected a label that a `given` log, a `propose` or a `forge` declares
expect S1 log 1 2:x
! 4:17: no command is labelled `x`; expected a label that a `given` log, a `propose` or a `forge` declares
expect
! 4:7: the line ends too early; expected a condition: it begins with a server, `all`, `leader`, a label, `a leader`, `no leader`, `message`, `quiet` or `not`
expect not not quiet
! 4:12: `not` is said twice
expect S1
! 4:10: the line ends too early; expected a fact about a server: leader, follower, candidate, up, down, term, vote, log, holds, lacks, commit, committed, reported, applied, members, learners, joint, snapshot, unsynced, durable, next or match
expect S1 leder
! 4:11: unexpected `leder`; expected a fact about a server; did you mean `leader`?
expect S1 term 0 at least
! 4:21: `0 at least` is always true; expected a condition that can fail
expect S1 term 2 at
! 4:20: the line ends too early; expected `at least` or `at most`
expect S1 log ...
! 4:15: unexpected `...`; expected a log: entries such as `1 1 2:x`, or `none`
expect S1 log 0
! 4:15: `0` is out of range; expected an entry's term, as in `2` or `2:x`, 1 to 1000000
expect § leader
! 4:8: unexpected `§`; expected a condition: it begins with a server, `all`, `leader`, a label, `a leader`, `no leader`, `message`, `quiet` or `not`
§§ § leader
! 4:1: unknown header line or command `§§`; expected a header line or command: scenario, paper, …",
    );
}

#[test]
fn requests_and_what_is_said_of_them() {
    check(
        HEAD,
        r"propose S1 x session
! 4:21: the line ends too early; expected a label
propose S1 x session alice
! 4:22: no session is labelled `alice`; expected a label that a `register` declares
register S1 alice
propose S1 x session alcie
! 5:22: no session is labelled `alcie`; did you mean `alice`?
read S1 alice
propose S1 x session alice
! 5:22: `alice` is a read, of line 4; expected a label that a `register` declares
register S1 alice
read S2 alice
! 5:9: the label `alice` is declared already, in line 4; expected a new label: a label names one thing
read S1 x
forge S1 -> S2 AppendEntries term 1 prev none entries 1:x commit 0
! 5:55: the label `x` is declared already, in line 4; expected a new label: a label names one thing
read S1 r1 r2
! 4:12: unexpected `r2`; expected the end of the line
read S1 sees
! 4:9: `sees` is a word of the language; expected a label
retry S1 x
! 4:10: no command is labelled `x`; expected a label that a `propose` declares
forge S1 -> S2 AppendEntries term 1 prev none entries 1:x commit 0
retry S1 x
! 5:10: `x` is a command, of line 4; expected a label that a `propose` declares
read S1 r1
retry S1 r1
! 5:10: `r1` is a read, of line 4; expected a label that a `propose` declares
propose S1 x y
expect x sees y
! 5:8: `x` is a command, of line 4; expected a label that a `read` declares
read S1 r1
expect r1 misses r1
! 5:18: `r1` is a read, of line 4; expected a label that a `given` log, a `propose` or a `forge` declares
read S1 r1
expect r1 sees
! 5:15: the line ends too early; expected a label
change S1 c1 to S1
expect S1 holds c1
! 5:17: `c1` is a change, of line 4; expected a label that a `given` log, a `propose` or a `forge` declares
transfer S1 t1 to S2
expect t1 committed
! 5:8: `t1` is a transfer, of line 4; expected a label that a `given` log, a `propose` or a `forge` declares
forge S1 -> S2 AppendEntries term 1 prev none entries 1:x commit 0
expect x pending
! 5:8: `x` is a command, of line 4; expected a label that a `propose`, `read`, `change`, `transfer` or `register` declares
expect x pendig
! 4:10: unexpected `pendig`; expected a fact about a request; did you mean `pending`?
change S1 c1 S1
! 4:14: unexpected `S1`; expected `to`
change S1 c1 to
! 4:16: the line ends too early; expected servers, `all` or `none`
change S1 c1 to S1 S4
! 4:20: unknown server `S4`; expected S1 to S3
change S1 c1 to S1 learners
! 4:28: the line ends too early; expected servers, `all` or `none`
transfer S1 t1 S2
! 4:16: unexpected `S2`; expected `to`
pause-apply S1
! 4:13: S1 has no `apply-queue`: what is committed is applied at once; expected a line such as `settings apply-queue 8` in the header
apply S1
! 4:7: S1 has no `apply-queue`: what is committed is applied at once; expected a line such as `settings apply-queue 8` in the header
crash S1 S2 torn 1
! 4:13: torn writes of several servers; expected one server
crash S1 torn
! 4:14: the line ends too early; expected a number of entries, or `snapshot`
flush S1 0
! 4:10: `0` is out of range; expected a number of writes, or `to` an index, 1 to 1000000
flush all
! 4:7: unexpected `all`; expected a server or `leader`
tell S1 2
! 4:9: unexpected `2`; expected the end of the line
tell S1 #0
! 4:9: `0` is out of range; expected a write's number, as in `#2`, 1 to 1000000
crash S1
settings pre-vote
! 5:1: `settings` of all below a statement; expected servers, which are down, or a line of the header
crash S1
settings S1 window
! 5:19: the line ends too early; expected a number of entries
crash S1
settings S1 heartbeat 10
! 5:23: a heartbeat every 10 ticks is too rare for election timeouts from 10 ticks on; expected a heartbeat below 10; it is 1 and election timeouts are 10..20 unless set
crash S1 S2
settings S1 check-quorum
settings S1 S2 lease-reads 10%
! 6:16: lease-reads without check-quorum on S2; expected `check-quorum` there: a lease rests on it
lie
! 4:4: the line ends too early; expected a server
sync S1 oldest
! 4:9: unexpected `oldest`; expected the end of the line
expect S1 members
! 4:18: the line ends too early; expected servers, `all` or `none`
expect S1 snapshot
! 4:19: the line ends too early; expected an index, 0 for none
forge S1 -> S2 InstallSnapshot term 1
! 4:16: no InstallSnapshot can be forged; expected RequestVote, AppendEntries or PreVote, a reply to one of these, or TimeoutNow
forge S1 -> S2 TimeoutNow term 1 last none
! 4:34: unexpected `last`; expected the end of the line
deliver S1 -> S2 PreVote transfer
! 4:26: no PreVote says `transfer`
deliver S1 -> S2 ReadIndexReply index x
! 4:39: unexpected `x`; expected an index, 0 for none",
    );
}

#[test]
fn header_lines() {
    check(
        HEAD,
        r"paper §5
! 4:1: a second `paper` line, after line 2
requires forge speed
! 4:16: unexpected `speed`; expected a capability: forge, no-op, …
requires forge forge
! 4:16: `forge` is required, or excluded, twice
requires forge
requires not forge
! 5:14: `forge` is required, or excluded, twice
violates Big
! 4:10: unexpected `Big`; expected a property, as in `state-machine-safety`
set-aside match-indexes
! 4:11: unexpected `match-indexes`; did you mean `match-index`?
set-aside
! 4:10: the line ends too early; expected a property, as in `persist-before-send`
set-aside voting voting
! 4:18: `voting` is set aside twice
settings
! 4:9: the line ends too early; expected a setting: election-timeout, heartbeat, …
settings heartbeat 0
! 4:20: `0` is out of range; expected a number of ticks, 1 to 1000000
settings heartbeat 1 heartbeat 2
! 4:22: `heartbeat` is set twice
settings heartbeat 10
! 4:20: a heartbeat every 10 ticks is too rare for election timeouts from 10 ticks on; expected a heartbeat below 10; it is 1 and election timeouts are 10..20 unless set
settings S2 election-timeout 5..9
settings heartbeat 8
settings S1 heartbeat 2
! 5:20: a heartbeat every 8 ticks is too rare for election timeouts from 5 ticks on; expected a heartbeat below 5; it is 1 and election timeouts are 10..20 unless set
settings S1 S4 pre-vote
! 4:13: unknown server `S4`; expected S1 to S3
settings S1
! 4:12: the line ends too early; expected a setting: election-timeout, heartbeat, …
settings pre-vote 1
! 4:19: unexpected `1`; expected a setting: election-timeout, heartbeat, …
settings changes both
! 4:18: unexpected `both`; expected how configurations change: single, joint or shortest
settings check-quorum lease-reads 5
! 4:35: unexpected `5`; expected a percentage, as in `5%`
settings S1 S2 check-quorum
settings S2 S3 lease-reads 10%
! 5:16: lease-reads without check-quorum on S3; expected `check-quorum` there: a lease rests on it
settings election-timeout 2..4 check-quorum lease-reads 10%
! 4:45: election timeouts from 2 ticks on leave no time for a lease on S1; expected longer election timeouts, or clocks that differ by less
settings sessions 0
! 4:19: `0` is out of range; expected a number of sessions, 1 to 1000000
outside S3
outside S2
! 5:1: a second `outside` line, after line 4
outside S4
! 4:9: unknown server `S4`; expected S1 to S3
outside
! 4:8: the line ends too early; expected servers or `all`
outside all
! 4:9: no server is left for the first configuration; expected some of the servers, not all
settings election-timeout 20..10
! 4:27: the range `20..10` is backwards; expected `10..20`
settings election-timeout 10
! 4:27: unexpected `10`; expected ticks, as in `10..20`
network delay 5..1 ms
! 4:15: the range `5..1` is backwards; expected `1..5`
network delay 1..5
! 4:19: the line ends too early; expected `ms` or `us`
network loss 101%
! 4:14: `101` is out of range; expected a percentage, as in `5%`, 0 to 100
network loss 5
! 4:14: unexpected `5`; expected a percentage, as in `5%`
state-machine volatile
! 4:15: unexpected `volatile`; expected `durable`
given S1
! 4:9: the line ends too early; expected in this order: log, term or vote
given S1 log 2 1
! 4:16: an entry of term 1 behind one of term 2; expected terms that never decrease along a log
given S1 log 0
! 4:14: `0` is out of range; expected an entry's term, as in `2` or `2:x`, 1 to 1000000
given S1 log 1 ...
! 4:16: a given log is drawn whole; expected no `...`
given S1 log 1 2 term 1
! 4:23: currentTerm 1 is below the term 2 of the last entry; expected 2 at least
given S1 log none vote S2
! 4:24: a vote in term 0, before any election; expected `term N` before `vote`
given S1 log 1 vote S7
! 4:21: unknown server `S7`; expected S1 to S3
given S1 vote S2 term 1
! 4:15: a vote in term 0, before any election; expected `term N` before `vote`
given S1 term 1
given S2 S1 term 1
! 5:7: the state of S1 is given already, in line 4
given S1 log 1 2 3
given S2 log 2 2 3
! 5:14: S2 and S1 (line 4) both have an entry of term 3 at index 3, but differ at index 1; expected logs that keep Log Matching (Figure 3)
given S1 log 1:x
given S2 log 1:y
! 5:14: S2 and S1 (line 4) both have an entry of term 1 at index 1, but differ at index 1; expected logs that keep Log Matching (Figure 3)
given S1 log 1 2:x
given S2 log 2:x
! 5:14: `x` is the entry of term 2 at index 2 in line 4, but here of term 2 at index 1; expected the same index and term: a label names one entry
given S1 log 1:all
! 4:14: `all` is a word of the language; expected a label",
    );
}

#[test]
fn headers_that_are_not_whole() {
    check(
        "",
        r"
! 1:1: the header has no `scenario` line; expected a line such as `scenario A leader is elected`
scenario t
servers S1
settle
! 3:1: the header has no `paper` line; expected a line such as `paper §5.2`
scenario t
paper §5
! 2:7: the header has no `servers` line; expected a line such as `servers S1 S2 S3`
scenario
! 1:9: the line ends too early; expected a title
paper Figure 8
! 1:7: no section of the paper is named; expected a `§`, as in `§5.4.2, Figure 8`
servers S2
! 1:9: unexpected `S2`; expected S1: servers are S1, S2 and so on, in order
servers
! 1:8: the line ends too early; expected S1: servers are S1, S2 and so on, in order
servers S1 S2 S3 S4 S5 S6 S7 S8 S9 S10
! 1:36: unexpected `S10`; expected 9 servers at most
outside S1
! 1:1: the `outside` line stands above the `servers` line; expected `servers S1 S2 S3` or the like before it
settings S1 pre-vote
! 1:1: the `settings` line stands above the `servers` line; expected `servers S1 S2 S3` or the like before it
given all log 1
! 1:1: the `given` line stands above the `servers` line; expected `servers S1 S2 S3` or the like before it",
    );
}
