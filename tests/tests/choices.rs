//! Choices of the core where the paper leaves several, in scenarios that judge no other Raft: where a leader tries again, which
//! refusals it obeys, which requests share a round of heartbeats, and how long it is patient.

use raft_sim::reference::Reference;
use raft_sim::scenario::parse::parse;
use raft_sim::scenario::replay::{Verdict, replay};
use raft_sim::scenario::source::Source;

fn passes(text: &str) {
    let scenario = parse(&Source::new("scenario", text)).expect("the scenario parses");
    assert_eq!(replay(&scenario, &Reference, &mut ()), Verdict::Passed);
}

#[test]
fn the_leader_retries_behind_its_own_entries_of_the_conflicting_term() {
    passes(
        "\
scenario  The leader tries again behind its own last entry of the conflicting term
paper     §5.3
servers   S1 S2 S3

given     S1 S3 log 1 1 1 4 4
given     S2    log 1 1 1 1 1 1
hold      S1 -> S2
hold      S2 -> S1
elect     S1
deliver   S1 -> S2 AppendEntries #1
deliver   S2 -> S1 AppendEntriesReply #1
expect    message S1 -> S2 AppendEntries prev 3/1
release   S1 -> S2
release   S2 -> S1
settle
expect    S2 log as S1
",
    );
}

#[test]
fn a_refusal_about_acknowledged_entries_is_not_obeyed() {
    passes(
        "\
scenario  A refusal about entries that were acknowledged since is not obeyed
paper     §5.3
servers   S1 S2 S3

given     S1 S3 log 1 1 1 4 4
given     S2    log 1 1 1 1 1 1
hold      S1 -> S2
hold      S2 -> S1
elect     S1
deliver   S1 -> S2 AppendEntries #1
duplicate S2 -> S1 AppendEntriesReply #1
deliver   S2 -> S1 AppendEntriesReply #1
deliver   S1 -> S2 AppendEntries
deliver   S2 -> S1 AppendEntriesReply success
propose   S1 x
drop      S1 -> S2 AppendEntries all
deliver   S2 -> S1 AppendEntriesReply
expect    not message S1 -> S2 AppendEntries
",
    );
}

#[test]
fn a_refusal_of_a_log_that_was_shorter_is_not_obeyed() {
    passes(
        "\
scenario  A refusal of a server that has acknowledged more since is not obeyed
paper     §5.3
servers   S1 S2 S3
settings  entries-per-message 1

elect     S1
isolate   S3
propose   S1 x y z
deliver   S1 -> S2 AppendEntries #3
deliver   S1 -> S2 AppendEntries #1
deliver   S2 -> S1 AppendEntriesReply success
drop      S1 -> S2 AppendEntries all
deliver   S2 -> S1 AppendEntriesReply refused
expect    not message S1 -> S2 AppendEntries
",
    );
}

#[test]
fn a_refusal_from_before_the_entries_were_sent_again_is_not_obeyed() {
    passes(
        "\
scenario  A refusal of an earlier round of requests is not obeyed, even if it speaks of a log that has grown
paper     diss. §10.2.1
servers   S1 S2 S3
settings  entries-per-message 1

elect     S1
isolate   S3
propose   S1 x y z w
deliver   S1 -> S2 AppendEntries #2  # y is refused: x is not there
deliver   S1 -> S2 AppendEntries #1  # x, late
deliver   S1 -> S2 AppendEntries #2  # w is refused: z is not there, nor y
deliver   S2 -> S1 AppendEntriesReply #1
deliver   S1 -> S2 AppendEntries #2
deliver   S2 -> S1 AppendEntriesReply success all
drop      S1 -> S2 AppendEntries all
deliver   S2 -> S1 AppendEntriesReply refused
expect    not message S1 -> S2 AppendEntries
",
    );
}

#[test]
fn reads_that_come_in_one_round_share_the_next() {
    passes(
        "\
scenario  Reads that come while a round is under way share the next one
paper     diss. §6.4
servers   S1 S2 S3

elect     S1
isolate   S3
hold      S1 -> S2
read      S1 r1
read      S1 r2
read      S1 r3
drop      S1 -> S2 AppendEntries #1
expect    quiet
release   S1 -> S2
heartbeat S1
settle
expect    r1 acknowledged
expect    r3 acknowledged
",
    );
}

#[test]
fn a_transfer_has_an_election_timeout_from_its_beginning() {
    passes(
        "\
scenario  A transfer has an election timeout from its beginning, however long its leader has led
paper     diss. §3.10
servers   S1 S2 S3
settings  election-timeout 10..12

elect     S1
run       20 ticks
hold      S1 -> S2
transfer  S1 t1 to S2
tick      S1 5
expect    t1 pending
release   S1 -> S2
settle
expect    S2 leader
",
    );
}

#[test]
fn a_server_that_joins_has_an_election_timeout_for_each_round() {
    passes(
        "\
scenario  A server that can't be reached has election timeouts for all its rounds
paper     diss. §4.2.1
servers   S1 S2 S3 S4
outside   S4
settings  catch-up-rounds 5 election-timeout 10..12

elect     S1
crash     S4
change    S1 c1 to S1 S2 S3 S4
run       40 ticks
expect    c1 pending
within    10 election-timeouts c1 refused
",
    );
}
