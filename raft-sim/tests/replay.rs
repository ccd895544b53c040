//! Replays of scenarios on the reference core.

use raft_sim::reference::Reference;
use raft_sim::scenario::parse::parse;
use raft_sim::scenario::replay::{Failure, FailureKind, Verdict, replay};
use raft_sim::scenario::source::Source;
use raft_sim::subject::{Boot, Capability, Implementation, Subject, View};

/// The reference core, with no capability beyond §5.
struct Bare;

impl Implementation for Bare {
    fn name(&self) -> &str {
        "bare"
    }

    fn capabilities(&self) -> &[Capability] {
        &[]
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        Reference.boot(boot)
    }
}

fn on(implementation: &dyn Implementation, text: &str) -> Verdict {
    let text = format!("scenario A title\npaper §5\n{text}");
    match parse(&Source::new("t.raft", &text)) {
        Ok(scenario) => replay(&scenario, implementation, &mut ()),
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn passes(text: &str) {
    assert_eq!(on(&Reference, text), Verdict::Passed, "{text}");
}

/// The message about the last statement, where the replay ends.
#[track_caller]
fn fails(text: &str) -> Failure {
    match on(&Reference, text) {
        Verdict::Failed(failure) => {
            assert_eq!(failure.line as usize, text.lines().count() + 2, "{}", failure.message);
            failure
        }
        Verdict::Passed | Verdict::Skipped(_) => panic!("{text}\ndoes not fail"),
    }
}

/// Judges a claim and its contrary.
#[track_caller]
fn holds(text: &str, claim: &str) {
    passes(&format!("{text}expect {claim}\n"));
    let contrary = claim.strip_prefix("not ").map_or(format!("not {claim}"), str::to_string);
    let failure = fails(&format!("{text}expect {contrary}\n"));
    assert_eq!(failure.kind, FailureKind::Violation);
}

const ELECTED: &str = "servers S1 S2 S3\nelect S1\n";

#[test]
fn statements_and_settings_require_their_capabilities() {
    use Capability::*;
    let cases: &[(&str, &[Capability])] = &[
        ("", &[]),
        ("settings chunk 1 catch-up-rounds 1", &[CatchUp, SnapshotParts]),
        ("settings window 1", &[FlowControl]),
        ("settings bytes-per-message 1", &[FlowControl]),
        ("settings pre-vote", &[PreVote]),
        ("settings check-quorum lease-reads 10%", &[CheckQuorum, LeaseReads]),
        (
            "settings S2 uncommitted-limit 4 apply-queue 4 sessions 4",
            &[TailLimit, Sessions, ApplyQueue],
        ),
        ("state-machine durable", &[DurableStateMachine]),
        ("register S1 alice", &[Sessions]),
        ("propose S1 x\nretry S1 x", &[]),
        ("read S1 r", &[Reads]),
        ("change S1 c to S1", &[Membership]),
        ("change S1 c to S1 learners S2", &[Membership, Learners]),
        ("settings S1 changes joint\nchange S1 c to S1", &[Joint]),
        ("transfer S1 t to S2", &[Transfer]),
        ("compact S1", &[Snapshots]),
        ("sync S1 newest", &[DiskNotices, SlowDisk]),
        ("stall S1\ntimeout S1\nflush S1\ntell S1 #1", &[SlowDisk]),
        ("tell S1 #2", &[DiskNotices, SlowDisk]),
        ("lie S1\nstall S1\ncrash S1\nsettings S1 window 1", &[FlowControl, SlowDisk]),
        ("settings apply-queue 1\npause-apply S1\napply S1", &[ApplyQueue]),
        ("crash S1\nsettings S1 pre-vote check-quorum", &[PreVote, CheckQuorum]),
        ("crash S1\nsettings S1 changes joint\nchange S1 c to S1", &[Joint]),
        ("forge S1 -> S2 RequestVote term 1 last none", &[Forge]),
        ("forge S1 -> S2 RequestVote term 1 last none transfer", &[Forge, Transfer]),
        ("forge S1 -> S2 TimeoutNow term 1", &[Forge, Transfer]),
        ("forge S1 -> S2 PreVoteReply term 1 granted", &[Forge, PreVote]),
    ];
    for (line, needed) in cases {
        let verdict = on(&Bare, &format!("servers S1 S2\n{line}\n"));
        let expected = match needed {
            [] => Verdict::Passed,
            [..] => Verdict::Skipped(needed.to_vec()),
        };
        assert_eq!(verdict, expected, "{line}");
    }
}

#[test]
fn a_statement_that_can_not_be_carried_out_is_a_mistake_of_the_scenario() {
    let cases = [
        ("register S1 alice\npropose S1 x session alice", "alice is not open yet"),
        ("retry S1 x\npropose S1 x", "x has not been proposed yet"),
        ("settle\ncompact S1\ncompact S1", "S1 has applied nothing"),
        ("crash S2\nread S2 r", "S2 is down"),
        ("settings S2 window 1", "S2 is up"),
        ("crash S2\ncrash S2 torn 0", "S2 is down"),
        ("crash S2 torn 0", "nothing to tear: the oldest write that is not durable on S2, if any"),
        ("stall S1\npropose S1 x\ncrash S1 torn 1", "nothing to tear"),
        ("flush S2", "all that S2 has written is durable"),
        ("stall S1\npropose S1 x\nflush S1 2", "only 1 write of S1 is not durable"),
        ("tell S2", "S2 has been notified of all its durable writes"),
        ("stall S1\npropose S1 x\nflush S1\ntell S1 #2", "there is only 1 durable write"),
    ];
    for (body, why) in cases {
        let first_mistake = body.strip_suffix("\npropose S1 x").unwrap_or(body);
        let failure = match on(&Reference, &format!("{ELECTED}{body}\n")) {
            Verdict::Failed(failure) => failure,
            Verdict::Passed | Verdict::Skipped(_) => panic!("{body}\npasses"),
        };
        assert_eq!(failure.kind, FailureKind::Statement, "{body}");
        assert!(failure.message.starts_with(why), "{}", failure.message);
        assert_eq!(failure.line as usize, 4 + first_mistake.lines().count(), "{body}");
    }
}

/// What a snapshot stands for is in the log, and the state machine has executed it: that which took the
/// snapshot, one that is sent it, and one that restarts from it.
#[test]
fn a_snapshot_is_as_good_as_the_log() {
    let text = format!(
        "{ELECTED}crash S3\npropose S1 x y\nsettle\ncompact S1\nrestart S3\n\
         within 2 election-timeouts S3 holds y\ncrash S1\n"
    );
    holds(&text, "S1 S3 snapshot 3");
    holds(&text, "S1 log 1 1:x 1:y holds x log as S3");
    holds(&text, "S3 applied x y committed x y");
    holds(&text, "S2 snapshot 0");
    holds(&format!("{text}restart S1\n"), "S1 applied x y commit 3");
}

#[test]
fn a_configuration_is_in_force_as_soon_as_it_is_in_the_log() {
    let text = "servers S1 S2 S3 S4 S5\noutside S4 S5\nelect S1\n";
    holds(text, "S1 S2 S3 members S3 S2 S1 learners none");
    holds(text, "S5 members none");
    let single = format!("{text}change S1 c to S1 S2 S3 learners S5 S4\nexpect c pending\n");
    holds(&single, "S1 members S1 S2 S3 learners S4 S5");
    holds(&single, "S2 learners none");
    let joint = format!(
        "{text}change S1 c to S1 S4 S5\n\
         within 5 election-timeouts S1 joint\npropose S1 x\n"
    );
    holds(&joint, "S1 members S1 S2 S3 S4 S5");
    let failure = fails(&format!("{joint}expect S2 leader\n"));
    assert!(failure.message.contains("  members S1 S2 S3 S4 S5  joint  log 1 1 1:x\n"));
    holds(&format!("{joint}within 5 election-timeouts c acknowledged\n"), "S4 members S1 S4 S5");
}

/// More than half of the three that vote; in joint consensus, of either configuration.
#[test]
fn a_majority_is_one_of_the_configuration_in_force() {
    let text = "servers S1 S2 S3 S4 S5\noutside S4 S5\nelect S1\n";
    let two = format!("{text}isolate S3\npropose S1 x\nsettle\n");
    holds(&two, "x on S1 S2");
    holds(&two, "x on a majority");
    let old = format!(
        "{text}change S1 c to S1 S4 S5\nwithin 5 election-timeouts S1 joint\n\
         isolate S4 S5\npropose S1 x\nsettle\nexpect x on S1 S2 S3\n"
    );
    holds(&old, "not x on a majority");
}

#[test]
fn of_several_tries_the_last_one_counts_or_one_that_is_acknowledged() {
    let refused = format!("{ELECTED}propose S1 x\nretry S2 x\n");
    holds(&refused, "x refused");
    holds(&format!("{refused}settle\n"), "x acknowledged");
    // The first try is superseded before the second is committed.
    let superseded = format!(
        "{ELECTED}isolate S1\npropose S1 x\nelect S2\nhold S2 -> S3\nretry S2 x\nheal\n\
         heartbeat S2\ndeliver S2 -> S1 Heartbeat\ndeliver S1 -> S2 AppendEntriesReply\n\
         deliver S2 -> S1 AppendEntries entries 2\nexpect S1 commit 2 log 1 2 2:x\n"
    );
    holds(&superseded, "x pending");
    holds(&format!("{superseded}settle\n"), "x acknowledged");
}

#[test]
fn a_read_sees_what_was_applied_when_it_was_answered() {
    let text = format!(
        "{ELECTED}propose S1 x\nsettle\nread S1 r\nexpect not r sees x\nexpect not r misses x\n\
         settle\npropose S1 y\nsettle\n"
    );
    holds(&text, "r sees x");
    holds(&text, "r misses y");
    holds(&text, "not r sees x y");
    holds(&text, "not r misses x y");
}

/// Durations are those of the slowest server, ticks those of the server in question.
#[test]
fn servers_may_be_set_differently() {
    let text = "servers S1 S2\nsettings S2 election-timeout 40..80 heartbeat 7\n";
    holds(&format!("{text}isolate S1\nrun 1 election-timeout\n"), "S1 term 4 at least");
    let text = format!("{text}elect S2\nheartbeat S2\n");
    holds(&text, "message S2 -> S1 Heartbeat");
}
