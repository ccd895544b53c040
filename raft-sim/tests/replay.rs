//! Replays of scenarios on the reference core.

use raft_sim::reference::Reference;
use raft_sim::scenario::parse::parse;
use raft_sim::scenario::replay::{Failure, FailureKind, Skip, Verdict, replay};
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
            [..] => Verdict::Skipped(Skip::Lacks(needed.to_vec())),
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
        ("crash S2 torn 0", "all that S2 has written is durable"),
        ("stall S1\npropose S1 x\nflush S1 to 3", "S1 has no entry 3: its log ends with 2"),
        ("flush S1 to 1", "entry 1 is durable on S1 already"),
        ("isolate all\ncrash S1\npropose leader x", "no live server leads"),
        ("pause S2\ntimeout S2", "S2 is paused"),
        ("resume S2", "S2 is not paused"),
        ("flush S2", "all that S2 has written is durable"),
        ("tell S2", "S2 has been notified of all its durable writes"),
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

#[test]
fn a_statement_that_finds_nothing_to_do_because_of_how_a_server_writes_is_skipped_with_the_reason()
{
    let stalled = format!("{ELECTED}stall S1\npropose S1 x\n");
    for (line, why) in [
        (
            "crash S1 torn 1",
            "nothing to tear: the oldest write that is not durable on S1 appends 1 entry only",
        ),
        (
            "crash S1 torn snapshot",
            "nothing to tear: the oldest write that is not durable on S1 has no snapshot",
        ),
        ("flush S1 2", "only 1 write of S1 is not durable"),
        ("flush S1\ntell S1 #2", "there is only 1 durable write of which S1 has not been notified"),
    ] {
        let Verdict::Skipped(skip) = on(&Reference, &format!("{stalled}{line}\n")) else {
            panic!("{line} is not skipped")
        };
        let place = 6 + line.lines().count() as u32;
        assert_eq!(skip, Skip::Unable { line: place, why: why.to_owned() });
        assert_eq!(skip.to_string(), format!("line {place}: {why}"));
    }
}

#[test]
fn a_scenario_may_exclude_a_capability() {
    let text = "servers S1 S2\nrequires not forge pre-vote\nelect S1\n";
    assert_eq!(on(&Bare, text), Verdict::Passed);
    let has = vec![Capability::Forge, Capability::PreVote];
    assert_eq!(on(&Reference, text), Verdict::Skipped(Skip::Has(has)));
}

#[test]
fn the_leader_is_whichever_server_leads_by_then() {
    let text = format!(
        "{ELECTED}propose leader x\nsettle\ncrash leader\nelect S2\npropose the leader y\nsettle\n"
    );
    holds(&text, "leader holds x y term 2");
    holds(&text, "S1 down");
    holds(&format!("{text}crash leader\n"), "not leader up");
}

#[test]
fn one_of_several_conditions_is_enough() {
    let text = format!("{ELECTED}propose S1 x\nsettle\n");
    passes(&format!("{text}expect x failed or S2 leader or x acknowledged\n"));
    passes(&format!("{text}expect not S1 leader or quiet\n"));
    assert_eq!(
        reasons(&format!("{text}expect x failed or S2 leader\n")),
        "x was acknowledged by S1 in line 6, as entry 2\nS2 is follower, not leader"
    );
}

#[test]
fn messages_that_need_not_be_there_and_entries_of_a_log() {
    let text = format!("{ELECTED}isolate S3\npropose S1 x\nsettle\nheal\ndrop S1 -> S3 if any\n");
    let forge = "forge S1 -> S3 AppendEntries term 1 prev 1/1 entries as S2 2..2 commit 2\n";
    holds(
        &format!("{text}{forge}deliver S1 -> S3 AppendEntries if any\n"),
        "S3 log as S1 commit 2",
    );
    let failure = fails(&format!("{text}{}", forge.replace("2..2", "2..3")));
    assert!(
        failure.message.starts_with("S2 has no entries 2..3: its log has 2"),
        "{}",
        failure.message
    );
}

#[test]
fn what_a_disk_has_and_what_a_leader_knows_can_be_said() {
    let text = format!("{ELECTED}stall S3\npropose S1 x y\nsettle\n");
    holds(&text, "S3 unsynced durable 1 holds x y");
    holds(&text, "S1 durable 3 match S2 3 match S3 1 next S2 3 at least");
    holds(&text, "S2 next S1 0 match S3 0");
    let text = format!("{text}flush S3 to 3\n");
    holds(&text, "S3 durable 3");
    holds(&text, "not S3 unsynced");
    holds(&format!("{text}sync S3\nsettle\n"), "S1 match S3 3");
}

#[test]
fn a_paused_server_takes_nothing_and_a_clock_may_be_fast() {
    let text = format!("{ELECTED}pause S2\npropose S1 x\nrun 2 heartbeats\n");
    holds(&text, "S2 lacks x");
    holds(&format!("{text}resume S2\nrun 2 heartbeats\n"), "S2 holds x");
    let text = "servers S1 S2 S3\nsettings election-timeout 10..12\nclock S2 400%\nrun 8 ticks\n";
    holds(text, "S2 leader");
}

#[test]
fn statements_are_repeated_one_after_the_other() {
    holds(
        &format!("{ELECTED}repeat 3 timeout S2 then settle then timeout S3 then settle\n"),
        "all term 7",
    );
    let failure = fails(&format!("{ELECTED}repeat 2 settle then expect S2 leader\n"));
    assert!(failure.message.starts_with("S2 is follower, not leader"), "{}", failure.message);
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

/// The first lines of the message about a claim that does not hold: all before the state of the cluster.
#[track_caller]
fn reasons(text: &str) -> String {
    let message = fails(text).message;
    let (reasons, _) =
        message.split_once("\nthere is:").expect("the state of the cluster is below it");
    reasons.to_owned()
}

#[test]
fn a_failing_expectation_names_the_facts_that_did_not_hold_and_what_they_were_instead() {
    let text = format!("{ELECTED}isolate S3\npropose S1 x\nsettle\n");
    for (claim, found) in [
        ("S2 leader", "S2 is follower, not leader"),
        ("S1 leader term 2 commit 2", "S1 has term 1, not term 2"),
        ("all commit 2", "S2 has commit 1, not commit 2\nS3 has commit 0, not commit 2"),
        ("S1 down", "S1 is leader, not down"),
        ("S1 vote none", "S1 has vote S1, not vote none"),
        ("S3 holds x", "S3 lacks x; its log is 1"),
        ("S1 lacks x", "S1 holds x; its log is 1 1:x"),
        ("S1 log 1 2 ...", "S1 has log 1 1:x, not log 1 2 ..."),
        ("S3 log as S1", "the logs of S3 and S1 differ from index 2 on: 1, and 1 1:x"),
        ("S2 committed x", "S2 has not committed x: it has commit 1, x is entry 2"),
        ("S3 committed x", "S3 has not committed x: it has commit 0, x is not in its log"),
        ("S2 applied x", "S2 has applied none, not applied x"),
        ("S1 members S1 S2", "S1 has members S1 S2 S3, not members S1 S2"),
        ("S1 joint", "S1 has the configuration of S1 S2 S3, not joint"),
        ("S1 snapshot 1", "S1 has snapshot 0, not snapshot 1"),
        ("S1 reported", "S1 has reported nothing"),
        ("not S1 leader term 1", "S1 is leader\nS1 has term 1"),
        ("no leader", "S1 leads term 1"),
        ("not a leader", "S1 leads term 1"),
        ("x on all", "x is in the logs of S1 S2"),
        ("not x on a majority", "x is in the logs of S1 S2; the voters are S1 S2 S3"),
        ("not x committed", "x is entry 2 on S1 (commit 2), entry 2 on S2 (commit 1)"),
        ("not quiet", "no message is in flight"),
        ("message S1 -> S2 Heartbeat", "nothing is in flight there (S1 -> S2 Heartbeat)"),
    ] {
        assert_eq!(reasons(&format!("{text}expect {claim}\n")), found, "{claim}");
    }
    let beat = format!("{text}heartbeat S1\n");
    assert_eq!(
        reasons(&format!("{beat}expect message S1 -> S2 Heartbeat commit 1\n")),
        "in flight there: S1 → S2  AppendEntries term 1, prev 2/1, entries none, commit 2"
    );
}

#[test]
fn a_failing_expectation_says_what_became_of_a_request() {
    for (body, claim, found) in [
        ("propose S1 x\nsettle", "x pending", "x was acknowledged by S1 in line 6, as entry 2"),
        (
            "propose S2 x",
            "x acknowledged",
            "x was refused by S2 in line 5: it does not lead, S1 does",
        ),
        (
            "isolate S1\npropose S1 x",
            "x failed",
            "x is pending: S1 took it in line 6 and has not answered",
        ),
        (
            "propose S1 x\ncrash S1",
            "x acknowledged",
            "x was never answered: S1 took it in line 5 and went down before it answered",
        ),
        (
            "isolate S1\npropose S1 x\nelect S2\nheal\nrun 3 heartbeats",
            "x acknowledged",
            "x has failed, says S1 in line 9, at 19.292 ms: another entry is committed in its place",
        ),
        (
            "propose S1 x\nsettle\nread S1 r\nsettle\npropose S1 y",
            "r sees x y",
            "r was answered by S1 in line 8, from the state after entry 2: it sees x and it misses y",
        ),
    ] {
        assert_eq!(reasons(&format!("{ELECTED}{body}\nexpect {claim}\n")), found, "{claim}");
    }
}

#[test]
fn what_came_about_too_late_or_never_or_against_a_never_is_explained_too() {
    assert_eq!(
        reasons(&format!("{ELECTED}within 2 ticks S2 leader\n")),
        "this did not come about in time: S2 is follower, not leader"
    );
    for (line, found) in [
        ("reach S2 leader", "this never came about; at the end S2 is follower, not leader"),
        ("never S1 term 1", "this came about in line 5: S1 has term 1"),
    ] {
        let Verdict::Failed(failure) =
            on(&Reference, &format!("servers S1 S2\n{line}\nelect S1\n"))
        else {
            panic!("{line} does not fail")
        };
        assert_eq!(failure.line, 4);
        assert!(failure.message.starts_with(found), "{}", failure.message);
    }
}
