//! What can go wrong with servers, their clocks and their disks: each primitive of the cluster by itself, on the
//! reference core.

use raft_sim::checker::{Property, Violation};
use raft_sim::cluster::{Cluster, Design, Heard, Listener, Start, Survives, TICK};
use raft_sim::disk::SyncTime;
use raft_sim::network::{Delay, Weather};
use raft_sim::reference::Reference;
use raft_sim::subject::{Event, Request, Role, Settings};
use raft_sim::time::Micros;
use raft_sim::words::{Command, NodeId, Term};

const S1: NodeId = NodeId(1);
const S2: NodeId = NodeId(2);
const S3: NodeId = NodeId(3);

/// What was heard of S2, in a word each.
#[derive(Default)]
struct Diary(Vec<String>);

impl Listener for Diary {
    fn hear(&mut self, _now: Micros, heard: &Heard<'_>) {
        let word = match heard {
            Heard::Step { server: S2, event, .. } => match event {
                Event::Tick => "tick".to_owned(),
                Event::Receive(_) => "message".to_owned(),
                Event::Persisted(_) => "told".to_owned(),
                Event::Propose(..)
                | Event::Register(_)
                | Event::ProposeOnce(..)
                | Event::Read(_)
                | Event::ChangeMembership(..)
                | Event::Transfer(..)
                | Event::Compact(_)
                | Event::Apply => "request".to_owned(),
            },
            Heard::Durable(S2, write) => {
                format!("durable {}", write.log.as_ref().map_or(0, |log| log.entries.len()))
            }
            Heard::Crashed(S2, lost, torn) => format!("crash {lost} {torn:?}"),
            Heard::Booted(S2, _, settings) => {
                format!("boot {:?}", settings.map(|settings| settings.pre_vote))
            }
            Heard::Wiped(S2) => "wiped".to_owned(),
            Heard::Lies(S2, lies) => format!("lies {lies}"),
            Heard::Step { .. }
            | Heard::Sent(_)
            | Heard::Durable(..)
            | Heard::Booted(..)
            | Heard::Crashed(..)
            | Heard::Wiped(_)
            | Heard::Lies(..)
            | Heard::Statement(_) => return,
        };
        self.0.push(word);
    }
}

/// Three servers whose disks take `sync`, and whose messages take a millisecond.
fn cluster<'a>(sync: Micros, diary: &'a mut Diary) -> Cluster<'a> {
    let start = || Start { tick: TICK, first_tick: TICK, ..Start::default() };
    let design = Design {
        servers: (0..3).map(|_| start()).collect(),
        members: vec![S1, S2, S3],
        seed: 1,
        weather: Weather { delay: Delay::Fixed(1_000), loss_ppm: 0, duplicate_ppm: 0 },
        sync: SyncTime { min: sync, max: sync, notice: 0 },
        apply_time: 0,
        durable_state_machine: false,
        oracles: true,
    };
    match Cluster::new(&Reference, design, Some(diary)) {
        Ok(cluster) => cluster,
        Err((server, why)) => panic!("{server} does not boot: {why}"),
    }
}

fn pass(cluster: &mut Cluster<'_>, time: Micros) -> Result<(), Violation> {
    let until = cluster.now() + time;
    while cluster.next(until)?.is_some() {}
    Ok(())
}

/// A server's clock ticks until its election timeout elapses.
fn stand(cluster: &mut Cluster<'_>, id: NodeId) -> Result<(), Violation> {
    while cluster.server(id).view().role != Role::Candidate {
        cluster.jump(id, 1)?;
    }
    Ok(())
}

/// S1 leads, and everybody knows.
fn elected(cluster: &mut Cluster<'_>) -> Result<(), Violation> {
    cluster.flow();
    stand(cluster, S1)?;
    pass(cluster, 30_000)?;
    assert_eq!(cluster.leader(), Some(S1));
    Ok(())
}

fn propose(cluster: &mut Cluster<'_>, number: u64) -> Result<(), Violation> {
    assert!(cluster.propose(S1, Request(number), Command::from(&[7_u8][..]))?);
    Ok(())
}

/// What S2 was heard to do since the diary had so many words.
fn since(diary: &Diary, words: usize) -> Vec<&str> {
    diary.0[words..].iter().map(String::as_str).collect()
}

#[test]
fn a_server_that_is_paused_gets_its_ticks_first_and_then_its_messages() -> Result<(), Violation> {
    let mut diary = Diary::default();
    let mut cluster = cluster(0, &mut diary);
    elected(&mut cluster)?;
    cluster.pause(S2, true)?;
    let term = cluster.server(S2).view().term;
    propose(&mut cluster, 1)?;
    pass(&mut cluster, 25 * TICK)?;
    assert!(cluster.read(S2, Request(2))?, "it is up, and does not answer");
    cluster.network.cut(S1, S2, true);
    assert_eq!(cluster.server(S2).view().term, term, "nothing reached it");
    cluster.pause(S2, false)?;
    assert!(cluster.server(S2).view().term > term, "its clock ran out before it heard its leader");
    let answered = cluster.answers.iter().any(|(_, request, _)| *request == Request(2));
    assert!(answered, "what had arrived is not lost");
    drop(cluster);
    let disk = |word: &&str| word.starts_with("durable") || *word == "told";
    let words: Vec<&str> = since(&diary, 0).into_iter().filter(|word| !disk(word)).collect();
    let all = |of: &[&str], word| of.iter().all(|other| *other == word);
    let messages = words.iter().rev().skip(1).take_while(|word| **word == "message").count();
    let (ticks, came) = words.split_at(words.len() - messages - 1);
    assert!(all(&ticks[ticks.len() - 25..], "tick"), "its clock catches up first: {words:?}");
    assert!(messages > 20 && came.ends_with(&["request"]), "then all in its order: {words:?}");
    Ok(())
}

#[test]
fn a_crash_takes_what_a_paused_server_has_missed() -> Result<(), Violation> {
    let mut diary = Diary::default();
    let mut cluster = cluster(0, &mut diary);
    elected(&mut cluster)?;
    cluster.pause(S2, true)?;
    pass(&mut cluster, 25 * TICK)?;
    cluster.crash(S2, Survives::default());
    let steps = cluster.steps();
    cluster.pause(S2, false)?;
    cluster.pause(S2, true)?;
    assert!(cluster.restart(S2).is_ok());
    assert_eq!(cluster.steps(), steps);
    cluster.tick(S2)?;
    assert_eq!(cluster.steps(), steps + 1, "a new process is scheduled");
    Ok(())
}

#[test]
fn what_a_paused_server_wrote_becomes_durable_and_it_is_told_later() -> Result<(), Violation> {
    let mut diary = Diary::default();
    let mut cluster = cluster(3_000, &mut diary);
    elected(&mut cluster)?;
    pass(&mut cluster, 2 * TICK)?;
    propose(&mut cluster, 1)?;
    pass(&mut cluster, 2_000)?;
    assert!(cluster.server(S2).disk().is_dirty(), "the entry came, and is under way to the disk");
    cluster.pause(S2, true)?;
    pass(&mut cluster, 3_000)?;
    assert!(!cluster.server(S2).disk().is_dirty());
    cluster.pause(S2, false)?;
    drop(cluster);
    assert!(diary.0.ends_with(&["durable 1".to_owned(), "told".to_owned()]), "{:?}", diary.0);
    Ok(())
}

#[test]
fn clocks_go_at_their_rate_stand_still_and_jump() -> Result<(), Violation> {
    let ticks = |change: fn(&mut Cluster<'_>) -> Result<(), Violation>| {
        let mut diary = Diary::default();
        let mut cluster = cluster(0, &mut diary);
        cluster.flow();
        pass(&mut cluster, TICK)?;
        change(&mut cluster)?;
        pass(&mut cluster, 4 * TICK)?;
        drop(cluster);
        Ok(diary.0.iter().filter(|word| *word == "tick").count())
    };
    assert_eq!(ticks(|_| Ok(()))?, 5);
    let doubled = ticks(|cluster| {
        cluster.set_tick(S2, TICK / 2);
        Ok(())
    });
    assert_eq!(doubled?, 1 + 1 + 6);
    assert_eq!(ticks(|cluster| cluster.jump(S2, 3))?, 1 + 3 + 4);
    let frozen = ticks(|cluster| {
        cluster.freeze(S2, true);
        pass(cluster, 2 * TICK)?;
        cluster.freeze(S2, false);
        Ok(())
    });
    assert_eq!(frozen?, 1 + 4, "it does not make up for it");
    Ok(())
}

/// S2 has one write of one entry that is not durable.
fn written(cluster: &mut Cluster<'_>) -> Result<(), Violation> {
    elected(cluster)?;
    cluster.stall(S2, true)?;
    propose(cluster, 1)?;
    pass(cluster, 2 * TICK)?;
    assert_eq!(cluster.server(S2).disk().log().len(), 1);
    assert_eq!(cluster.server(S2).disk().written_log().len(), 2);
    Ok(())
}

#[test]
fn a_flushed_write_is_durable_before_the_server_hears_of_it() -> Result<(), Violation> {
    let mut diary = Diary::default();
    let mut cluster = cluster(0, &mut diary);
    written(&mut cluster)?;
    assert_eq!(cluster.flush(S2, 5), 1, "there was one only");
    assert_eq!(cluster.server(S2).unheard(), 1);
    assert!(!cluster.tell(S2, 1)?);
    assert!(cluster.tell(S2, 0)?);
    assert!(!cluster.tell(S2, 0)?);
    cluster.crash(S2, Survives::default());
    drop(cluster);
    let end = ["durable 1", "told", "crash 0 None"];
    assert_eq!(since(&diary, diary.0.len() - 3), end);
    Ok(())
}

#[test]
fn what_survives_a_crash_is_whole_or_torn_or_nothing() -> Result<(), Violation> {
    let cases = [
        (Survives::default(), 1, &["crash 1 None"][..]),
        (Survives { writes: 1, torn: Some(0) }, 2, &["durable 1", "crash 0 None"]),
        (Survives { writes: 0, torn: Some(0) }, 1, &["durable 0", "crash 1 Some(0)"]),
        (Survives { writes: 0, torn: Some(1) }, 1, &["crash 1 None"]),
    ];
    for (survives, entries, end) in cases {
        let mut diary = Diary::default();
        let mut cluster = cluster(0, &mut diary);
        written(&mut cluster)?;
        assert!(cluster.crash(S2, survives));
        assert_eq!(cluster.server(S2).disk().log().len(), entries, "{survives:?}");
        assert!(cluster.restart(S2).is_ok(), "the oracles have heard of the same");
        drop(cluster);
        assert_eq!(since(&diary, diary.0.len() - end.len() - 1), [end, &["boot None"]].concat());
    }
    Ok(())
}

#[test]
fn an_armed_server_dies_at_its_next_write_and_once() -> Result<(), Violation> {
    let mut diary = Diary::default();
    let mut cluster = cluster(0, &mut diary);
    elected(&mut cluster)?;
    cluster.arm_crash(S2, Survives::default());
    cluster.arm_crash(S3, Survives::default());
    cluster.disarm(S3);
    pass(&mut cluster, 3 * TICK)?;
    assert!(cluster.died.is_empty(), "heartbeats make it write nothing");
    propose(&mut cluster, 1)?;
    pass(&mut cluster, 2 * TICK)?;
    assert_eq!(cluster.died, [S2]);
    assert_eq!(cluster.server(S2).disk().log().len(), 1);
    assert_eq!(cluster.server(S3).disk().log().len(), 2);
    assert!(cluster.restart(S2).is_ok());
    pass(&mut cluster, 5 * TICK)?;
    assert_eq!(cluster.server(S2).disk().log().len(), 2);
    assert_eq!(cluster.died, [S2]);
    Ok(())
}

#[test]
fn a_server_whose_disk_fails_dies_at_every_write() -> Result<(), Violation> {
    let mut diary = Diary::default();
    let mut cluster = cluster(0, &mut diary);
    elected(&mut cluster)?;
    cluster.fail_writes(S2, true);
    propose(&mut cluster, 1)?;
    for deaths in 1..3 {
        pass(&mut cluster, 5 * TICK)?;
        assert_eq!(cluster.died.len(), deaths);
        assert!(cluster.restart(S2).is_ok());
    }
    cluster.fail_writes(S2, false);
    pass(&mut cluster, 5 * TICK)?;
    assert!(cluster.server(S2).is_up());
    assert_eq!(cluster.server(S2).disk().log().len(), 2);
    Ok(())
}

#[test]
fn settings_change_with_the_next_boot() -> Result<(), Violation> {
    let mut diary = Diary::default();
    let mut cluster = cluster(0, &mut diary);
    elected(&mut cluster)?;
    let settings = Settings { pre_vote: true, ..Settings::default() };
    cluster.configure(S2, settings);
    assert!(!cluster.settings(S2).pre_vote, "not before");
    for _ in 0..2 {
        cluster.crash(S2, Survives::default());
        assert!(cluster.restart(S2).is_ok());
        assert_eq!(cluster.settings(S2), settings);
    }
    cluster.jump(S2, 20)?;
    assert_eq!(cluster.server(S2).view().role, Role::Follower, "it asks first");
    drop(cluster);
    let boots: Vec<&String> = diary.0.iter().filter(|word| word.starts_with("boot")).collect();
    assert_eq!(boots, ["boot None", "boot Some(true)", "boot None"]);
    Ok(())
}

#[test]
fn a_crash_takes_what_a_disk_lied_about() -> Result<(), Violation> {
    for lies_on in [true, false] {
        let mut diary = Diary::default();
        let mut cluster = cluster(0, &mut diary);
        cluster.lie(S2, true);
        elected(&mut cluster)?;
        assert_eq!(cluster.server(S2).disk().log().len(), 1, "so it says");
        cluster.lie(S2, lies_on);
        cluster.crash(S2, Survives::default());
        let (term, entries) = if lies_on { (Term(0), 0) } else { (Term(1), 1) };
        assert_eq!(cluster.server(S2).disk().hard_state().term, term);
        assert_eq!(cluster.server(S2).disk().log().len(), entries);
        assert!(cluster.restart(S2).is_ok(), "the oracles expect what is really there");
        let voted_twice = stand(&mut cluster, S2).err().map(|violation| violation.property);
        assert_eq!(voted_twice, lies_on.then_some(Property::OneVotePerTerm));
    }
    Ok(())
}
