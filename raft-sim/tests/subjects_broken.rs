//! Children that misbehave: each is error in one message, none blocks the run, and none is left running.

use std::time::Duration;

use raft_sim::model::{Body, Command, Message, NodeId, Term};
use raft_sim::process::{Limits, Process};
use raft_sim::subject::{Boot, Effects, Ended, Event, Implementation, Request, Role, Subject};

/// A time limit that is enough for a shell on a busy machine, and short where no answer comes.
const PATIENT: Limits = limits(Duration::from_secs(60));
const HASTY: Limits = limits(Duration::from_millis(300));

const fn limits(answer: Duration) -> Limits {
    Limits { answer, hello: Duration::from_secs(60), line: 1 << 20 }
}

/// A child that boots any server, and does this at each step.
fn at_a_step(does: &str) -> String {
    spoken(
        r#"echo '{"protocol":1,"name":"odd","capabilities":["slow-disk"]}'"#,
        r#"echo '{"view":{}}'"#,
        does,
    )
}

fn spoken(hello: &str, boot: &str, step: &str) -> String {
    let script = format!(
        r#"while read -r line; do case $line in
        *'"do":"hello"'*) {hello};; *'"do":"reset"'*) echo '{{}}';;
        *'"do":"boot"'*) {boot};; *) {step};; esac; done"#
    );
    format!("sh -c {}", shlex::try_quote(&script).expect("no null in it"))
}

fn boot(id: u32) -> Boot {
    Boot::new(NodeId(id), [1, 2, 3].map(NodeId).to_vec())
}

/// Three servers in a cluster of this subject.
fn cluster(subject: &dyn Implementation) -> Result<Vec<Box<dyn Subject>>, String> {
    let entered = subject.enter(1)?.expect("a child");
    (1..=3).map(|id| entered.boot(boot(id)).map(|(server, _)| server)).collect()
}

/// The effects of an event, in a cluster whose child does this at each step.
fn step(does: &str, limits: Limits, event: Event) -> Effects {
    let process = Process::start_within(&at_a_step(does), limits).expect("it says hello");
    let mut servers = cluster(&process).expect("it boots");
    let mut effects = Effects { instant: true, ..Effects::default() };
    servers[0].step(event, &mut effects);
    let mut another = Effects::default();
    servers[1].step(Event::Tick, &mut another);
    if effects.ended.is_some() {
        assert_eq!(another.ended, effects.ended, "the others of the cluster are gone as well");
        drop(servers);
        cluster(&process).expect("the next cluster has another child");
    }
    effects
}

fn crash(does: &str) -> String {
    match step(does, PATIENT, Event::Tick).ended {
        Some(Ended::Crashed(why)) => why,
        other => panic!("{does}: {other:?}"),
    }
}

const ASKED: &str = r#"`{"do":"tick","server":1,"now":0,"instant":true}`"#;

#[test]
fn a_child_that_ends_is_reported_with_its_exit() {
    for (does, how) in [
        ("exit 3", "ended with exit code 3 when it was asked"),
        ("kill -9 $$", "was killed by signal 9 (SIGKILL) when it was asked"),
        (r#"printf '{"vi'; exit 0"#, "ended with exit code 0 in the middle of its answer to"),
    ] {
        assert_eq!(crash(does), format!("its process {how} {ASKED}"));
    }
}

#[test]
fn a_child_that_ends_is_reported_with_its_last_words() {
    let said = |text: &str| crash(&format!("printf '{text}' >&2; exit 1"));
    let died = format!("its process ended with exit code 1 when it was asked {ASKED}; it wrote: ");
    assert_eq!(
        said("Error: no\n\n  at raft.js:12:5\n"),
        format!("{died}Error: no | at raft.js:12:5")
    );
    assert_eq!(said("a\nb\nc\nd\ne\nf\ng\nh"), format!("{died}a | b | c | d | … | g | h"));
}

#[test]
fn a_child_that_fails_after_its_answer_does_not_affect_the_next_cluster() {
    // The second child prints more than it was asked for, before its next request.
    for does in ["echo '{}'; exit 0", "echo '{}'; echo more; kill -STOP $$"] {
        let process = Process::start_within(&at_a_step(does), PATIENT).expect("it says hello");
        for round in 0..3 {
            let mut servers = cluster(&process).unwrap_or_else(|why| panic!("{round}: {why}"));
            servers[0].step(Event::Tick, &mut Effects::default());
        }
    }
}

#[test]
fn a_subject_whose_children_never_answer_is_abandoned() {
    let process = Process::start_within(&at_a_step("sleep 1000"), HASTY).expect("it says hello");
    for _ in 0..3 {
        let mut effects = Effects::default();
        cluster(&process).expect("it boots")[0].step(Event::Tick, &mut effects);
        assert!(matches!(effects.ended, Some(Ended::Stuck(_))), "{:?}", effects.ended);
    }
    let why = cluster(&process).map(|servers| servers.len()).expect_err("it is not asked");
    assert_eq!(why, "3 clusters in a row had no answer within 300ms: it is not asked any more");
}

#[test]
fn a_malformed_answer_is_reported_with_what_was_expected() {
    for (says, why) in [
        ("hello world", "expected a JSON object"),
        ("", "expected a JSON object"),
        ("{\"view\":", "EOF while parsing a value"),
        ("[]", "expected a JSON object"),
        (r#"{"view":{"currentTerm":"x"}}"#, "view.currentTerm: invalid type: string"),
        (
            r#"{"view":{"currentTerm":1.5}}"#,
            "a wrong answer: `currentTerm` of view is 1.5; expected a whole number from 0 to",
        ),
        (
            r#"{"messages":[{"type":"AppendEntries","to":2,"prevLogIndex":-1}]}"#,
            "`prevLogIndex` of messages[0] is -1; expected a whole number from 0 to 18446744073709551615",
        ),
        (
            r#"{"messages":[{"type":"TimeoutNow","to":-2}]}"#,
            "`to` of messages[0] is -2; expected a whole number from 0 to 4294967295",
        ),
        (r#"{"view":{"role":"king"}}"#, "view.role: unknown variant `king`, expected one of"),
        (r#"{"view":{"leader":4}}"#, "`leader` is 4; expected a server from 1 to 3"),
        (r#"{"view":{"commitIndex":4611686018427387904}}"#, "expected at most"),
        (r#"{"status":"odd"}"#, "unknown variant `odd`"),
        (r#"{"messages":[{"to":2}]}"#, "a message has no `type`"),
        (r#"{"messages":[{"type":"Hello","to":2}]}"#, "messages[0].type: unknown variant"),
        (r#"{"messages":[{"type":"TimeoutNow"}]}"#, "`to` is missing; expected a server"),
        (r#"{"messages":[{"type":"TimeoutNow","to":9}]}"#, "`to` is 9; expected a server"),
        (
            r#"{"messages":[{"type":"TimeoutNow","to":2,"after":7}]}"#,
            "`after` is 7; the latest write is 0",
        ),
        (r#"{"messages":[{"type":"TimeoutNow","to":2,"re":7}]}"#, "`re` is 7; expected the `id`"),
        (
            r#"{"messages":[{"type":"AppendEntries","to":2,"entries":[{"term":1}]}]}"#,
            "neither a `command`",
        ),
        (r#"{"writes":[{"token":2,"currentTerm":1}]}"#, "the `token` of a write is 2; expected 1"),
        (r#"{"writes":[{"token":1,"from":0}]}"#, "`from` is 0 or missing"),
        (r#"{"writes":[{"token":1,"votedFor":1}]}"#, "`votedFor` without `currentTerm`"),
        (r#"{"writes":[{"token":1,"truncate":0}]}"#, "`truncate` is 0 or missing"),
        (
            r#"{"writes":[{"token":1,"truncate":2,"from":4}]}"#,
            "from 2 on and `from` is 4; expected",
        ),
        (r#"{"view":{},"views":[{}]}"#, "an answer has `view` or `views`, and not both"),
        (r#"{"restored":true}"#, "`restored` without a snapshot"),
        (r#"{"answers":[{"request":1,"is":"committed"}]}"#, "`index` is 0 or missing"),
        (r#"{"then":[{}]}"#, "`then` has more answers than there are writes"),
    ] {
        let error = crash(&format!("echo '{says}'"));
        assert!(error.contains(why), "{says}: {error}");
        assert!(error.ends_with(&format!(": `{says}` to {ASKED}")), "{says}: {error}");
    }
    let latin = crash(r#"printf '{"refused":"\351"}\n'"#);
    assert!(latin.contains("not UTF-8 from byte 13 on"), "{latin}");
    let two = crash(r"printf '{}\n{}\n'");
    assert!(two.contains("more than one line; expected one for each request"), "{two}");
    assert!(two.contains("its standard output is for answers alone, print to the standard error"));
    // Without an end of the line, too.
    for end in ["; echo", ""] {
        let long = crash(&format!("head -c 1100000 /dev/zero | tr '\\0' x{end}; sleep 1"));
        assert!(long.contains("a line of more than 1048576 bytes, the most that it may"), "{long}");
    }
    let long = crash("head -c 17000000 /dev/zero | tr '\\0' x");
    assert!(long.len() < 1000, "it is shortened");
}

#[test]
fn a_child_that_does_not_answer_is_killed() {
    for does in ["sleep 1000", "while :; do :; done"] {
        let error = Some(Ended::Stuck(format!("no answer within 300ms to {ASKED}")));
        assert_eq!(step(does, HASTY, Event::Tick).ended, error);
    }
    // A child that has stopped reading does not block it either: the request is longer than a pipe.
    let large = Event::Propose(Request(1), Command::from(&[b'x'; 1 << 20][..]));
    let process = Process::start_within(&at_a_step("sleep 1000"), HASTY).expect("it says hello");
    let mut servers = cluster(&process).expect("it boots");
    let mut effects = Effects::default();
    servers[0].step(large, &mut effects);
    assert!(matches!(effects.ended, Some(Ended::Stuck(_))), "{:?}", effects.ended);
}

#[test]
fn a_server_can_report_a_crash_or_a_failed_boot() {
    assert_eq!(crash(r#"echo '{"status":"crashed","reason":"no way"}'"#), "no way");
    let unable = crash(r#"echo '{"status":"unsupported","reason":"no reads"}'"#);
    assert_eq!(unable, "it can't do this: no reads");
    for (boots, why) in [
        (r#"echo '{"status":"refused","reason":"no"}'"#, "no"),
        ("echo '{}'", "expected a `view`"),
        (r#"echo '{"view":{},"writes":[{"token":1}]}'"#, "only a `view` is expected"),
        (
            "exit 4",
            "its process ended with exit code 4 when it was asked `{\"do\":\"boot\",\"server\":1",
        ),
    ] {
        let command = spoken(r#"echo '{"protocol":1,"name":"odd"}'"#, boots, "echo '{}'");
        let process = Process::start_within(&command, PATIENT).expect("it says hello");
        let error = cluster(&process).map(|_| ()).expect_err(boots);
        assert!(error.contains(why), "{boots}: {error}");
    }
}

#[test]
fn a_command_that_does_not_start_or_does_not_say_hello_is_one_error() {
    let says = |hello: &str| spoken(&format!("echo '{hello}'"), "exit", "exit");
    let script = env!("CARGO_MANIFEST_DIR").to_string() + "/Cargo.toml";
    for (command, why) in [
        ("".to_string(), "the command is empty"),
        ("sh 'x".to_string(), "a quotation mark or a backslash has no partner"),
        ("true | cat".to_string(), "`|` is for a shell, and none reads the command"),
        ("/nowhere/at-all --flag".to_string(), "there is no program `/nowhere/at-all`"),
        (script, "is not executable"),
        ("true".to_string(), "its process ended with exit code 0"),
        (
            "sh -c 'read hello; echo hi'".to_string(),
            "print to the standard error: `hi` to `{\"do\":\"hello\",\"protocol\":1}`",
        ),
        (says(r#"{"protocol":2,"name":"x"}"#), "it speaks version 2 of the protocol; expected 1"),
        (says(r#"{"name":"x"}"#), "it does not say `protocol`; expected 1"),
        (says(r#"{"protocol":1}"#), "it does not say its `name`"),
        (says(r#"{"protocol":1,"name":7}"#), "name: invalid type: integer `7`"),
        (says(r#"{"status":"crashed","reason":"no"}"#), "it refuses `hello`: no"),
        (
            says(r#"{"protocol":1,"name":"x","capabilities":["reads","flying"]}"#),
            "there is no capability `flying`; expected some of figure-2, rules, forge, no-op,",
        ),
        (
            says(r#"{"protocol":1,"name":"x","capabilities":["pre-votes"]}"#),
            "there is no capability `pre-votes`; did you mean `pre-vote`?",
        ),
        (
            says(r#"{"protocol":1,"name":"x","capabilities":["no-op","always-pre-vote"]}"#),
            "it claims `always-pre-vote`, and not pre-vote, without which it can't be so",
        ),
        (
            says(r#"{"protocol":1,"name":"x","capabilities":["catch-up"]}"#),
            "it claims `catch-up`, and not membership or joint, without which it can't be so",
        ),
    ] {
        let error = Process::start_within(&command, PATIENT).map(|_| ()).expect_err(&command);
        assert!(error.contains(why), "{error}");
        assert!(error.starts_with("the subject `"), "{error}");
        assert_eq!(error.lines().count(), command.lines().count().max(1), "{error}");
    }
    let limits = Limits { hello: Duration::from_millis(300), ..HASTY };
    let error = Process::start_within("sleep 1000", limits).map(|_| ()).expect_err("it is silent");
    assert!(
        error.contains("no answer within 300ms to `{\"do\":\"hello\",\"protocol\":1}`"),
        "{error}"
    );
}

/// What an answer may have since version 1.1.
#[test]
fn a_write_may_truncate_first_and_have_data_of_its_own_and_a_step_several_views() {
    let does = r##"echo '{"views":[{"role":"candidate","currentTerm":1},{"role":"leader","currentTerm":1}],
        "swallowed":"IndexError","writes":[{"token":1,"truncate":3,"blob":"#ff x"},{"token":2,"truncate":2,"entries":[
        {"term":1,"command":"x"}]},{"token":3,"truncate":1,"snapshot":{"lastIncludedIndex":4,"lastIncludedTerm":1}}]}' | tr -d '\n'; echo"##;
    let effects = step(does, PATIENT, Event::Tick);
    assert_eq!(effects.ended, None);
    let roles = effects.passed.iter().chain([&effects.view]).map(|view| view.role);
    assert_eq!(roles.collect::<Vec<Role>>(), [Role::Candidate, Role::Leader]);
    assert_eq!(effects.swallowed.as_deref(), Some("IndexError"));
    assert_eq!(effects.writes[0].blob.as_deref(), Some(&b"#ff x"[..]));
    let logs = effects.writes.iter().filter_map(|write| write.log.as_ref());
    let logs: Vec<(u64, usize)> = logs.map(|log| (log.from.get(), log.entries.len())).collect();
    assert_eq!(logs, [(3, 0), (2, 1), (5, 0)]);
}

/// Data that a message carries along arrives with it, and a reply arrives with its request.
#[test]
fn a_reply_is_tied_to_its_request() {
    // S1 sends a request with data of its own; S2's answer names only its receiver; S1 prints the answer it got in
    // `refused`.
    let does = r#"case $line in
        *'"do":"tick"'*) echo '{"messages":[{"type":"AppendEntries","to":2,"term":3,"prevLogIndex":4,"prevLogTerm":2,
            "entries":[{"term":3,"command":"x"}],"own":{"deep":[1,"z"]}}]}' | tr -d '\n'; echo;;
        *'"type":"AppendEntriesReply"'*) printf '{"refused":"%s"}\n' "$(echo "$line" | tr '"' "'")";;
        *) echo '{"messages":[{"type":"AppendEntriesReply","to":1,"term":3,"success":true,"re":1,"own":5}]}';; esac"#;
    let process = Process::start_within(&at_a_step(does), PATIENT).expect("it says hello");
    let mut servers = cluster(&process).expect("it boots");
    let mut effects = Effects::default();
    servers[0].step(Event::Tick, &mut effects);
    assert_eq!(effects.ended, None);
    let request = effects.sends.remove(0);
    servers[1].step(Event::Receive(request), &mut effects);
    assert_eq!(effects.ended, None);
    let reply = effects.sends.remove(0);
    let matched = format!("{:?}", reply.body);
    assert!(matched.contains("Success { matched: Some(LogIndex(5)) }"), "{matched}");
    effects.clear();
    servers[0].step(Event::Receive(reply), &mut effects);
    let received = effects.refused.expect("the message it got").replace('\'', "\"");
    for part in [
        r#""matchIndex":5"#,
        r#""own":5}"#,
        r#""call":{"type":"AppendEntries","from":1,"to":2,"term":3,"#,
        r#""own":{"deep":[1,"z"]}}"#,
    ] {
        assert!(received.contains(part), "{part}: {received}");
    }
}

#[test]
fn a_forged_message_has_all_fields_of_its_kind() {
    let does = r#"printf '{"refused":"%s"}\n' "$(echo "$line" | tr '"' "'")""#;
    let vote = Body::RequestVote { last: None, transfer: false };
    let forged = Message::new(NodeId(2), NodeId(1), Term(3), vote);
    let effects = step(does, PATIENT, Event::Receive(forged));
    let expected = r#"{"do":"receive","server":1,"now":0,"instant":true,"message":{"type":"RequestVote","from":2,"to":1,"term":3,"id":1,"lastLogIndex":0,"lastLogTerm":0,"transfer":false}}"#;
    assert_eq!(effects.refused.expect("the message it got").replace('\'', "\""), expected);
}

/// A child, and one that hangs, are gone when the subject is.
#[test]
fn no_child_is_left() {
    let file = std::env::temp_dir().join(format!("raft-sim-subject-{}", std::process::id()));
    for (does, limits) in [("echo '{}'", PATIENT), ("while :; do :; done", HASTY)] {
        let does = format!("echo $$ > {}; {does}", file.display());
        step(&does, limits, Event::Tick);
        let pid = std::fs::read_to_string(&file).expect("it said who it is");
        let pid = pid.trim().parse().ok().and_then(rustix::process::Pid::from_raw);
        let gone = rustix::process::test_kill_process(pid.expect("a process"));
        assert_eq!(gone, Err(rustix::io::Errno::SRCH), "{does}");
        std::fs::remove_file(&file).expect("it can be removed again");
    }
}
