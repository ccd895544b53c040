//! The actions of a world: each one by itself, on the reference core.

use raft_sim::action::{Action, Change, LinkChange};
use raft_sim::checker::{Checkers, NoPanic, Property};
use raft_sim::disk::{Survives, SyncTime, Torn};
use raft_sim::model::{Command, NodeId, Term};
use raft_sim::network::{Conditions, Delay};
use raft_sim::observation::{Observation, Observer, Stop};
use raft_sim::reference::Reference;
use raft_sim::subject::{Event, Implementation, Request, Role, Settings};
use raft_sim::time::{Micros, TICK};
use raft_sim::world::{Design, Halt, Next, Start, World};

const S1: NodeId = NodeId(1);
const S2: NodeId = NodeId(2);
const S3: NodeId = NodeId(3);

/// The observations about S2, in a word each, and other facts that the tests check.
#[derive(Default)]
struct Diary {
    words: Vec<String>,
    event: Option<Event>,
    steps: u64,
    answered: Vec<Request>,
    died_of_write: Vec<NodeId>,
}

impl Observer for Diary {
    #[expect(clippy::wildcard_enum_match_arm, reason = "it takes what it wants to know")]
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        let word = match observation {
            Observation::Step { .. } => {
                self.steps += 1;
                return Ok(());
            }
            Observation::Answered { request, .. } => {
                self.answered.push(*request);
                return Ok(());
            }
            Observation::Took { event, .. } => {
                self.event = Some(event.clone().into_owned());
                return Ok(());
            }
            Observation::Stepped { server: S2, .. } => match self.event.take() {
                Some(Event::Tick) => "tick".to_owned(),
                Some(Event::Receive(_)) => "message".to_owned(),
                Some(Event::Persisted(_)) => "notified".to_owned(),
                Some(_) | None => "request".to_owned(),
            },
            Observation::Durable { server: S2, write } => {
                format!("durable {}", write.log.as_ref().map_or(0, |log| log.entries.len()))
            }
            Observation::Crashed { server, lost, torn, at_write, .. } => {
                if *at_write {
                    self.died_of_write.push(*server);
                }
                if *server != S2 {
                    return Ok(());
                }
                format!("crash {lost} {torn:?}")
            }
            Observation::Booted { server: S2, settings, changed, .. } => {
                format!("boot {:?}", changed.then_some(settings.pre_vote))
            }
            Observation::Wiped { server: S2 } => "wiped".to_owned(),
            Observation::Lies { server: S2, lies } => format!("lies {lies}"),
            _ => return Ok(()),
        };
        self.words.push(word);
        Ok(())
    }
}

/// A world, and what observes it.
struct Stage {
    world: World<'static, dyn Implementation>,
    folds: (Diary, (NoPanic, Checkers)),
}

impl Stage {
    /// Three servers whose disks take `sync`, and whose messages take a millisecond.
    fn new(sync: Micros) -> Stage {
        let start = || Start { tick: TICK, first_tick: TICK, ..Start::default() };
        let members = vec![S1, S2, S3];
        let settings = vec![Settings::default(); 3];
        let checkers = Checkers::of(Reference.capabilities(), &members, &members, settings);
        let design = Design {
            servers: (0..3).map(|_| start()).collect(),
            members,
            seed: 1,
            conditions: Conditions { delay: Delay::Fixed(1_000), loss_ppm: 0, duplicate_ppm: 0 },
            sync: SyncTime { min: sync, max: sync, notice: 0 },
            apply_time: 0,
            durable_state_machine: false,
        };
        let mut folds = (Diary::default(), (NoPanic::default(), checkers));
        let implementation: &dyn Implementation = &Reference;
        let world = World::new(implementation, design, &mut folds).expect("it boots");
        Stage { world, folds }
    }

    /// The same, and time flows: S1 leads, and all servers know it.
    fn elected(sync: Micros) -> Result<Stage, Halt> {
        let mut stage = Stage::new(sync);
        stage.act(Action::Flow { flows: true })?;
        stage.stand(S1)?;
        stage.pass(30_000)?;
        assert_eq!(stage.world.leader(), Some(S1));
        Ok(stage)
    }

    fn act(&mut self, action: Action) -> Result<bool, Halt> {
        self.world.apply(action, &mut self.folds)
    }

    fn pass(&mut self, time: Micros) -> Result<(), Halt> {
        let until = self.world.now() + time;
        while let Some(next) = self.world.next(until) {
            if let Next::Action(action) = next {
                self.act(action)?;
            }
        }
        Ok(())
    }

    /// A server's clock ticks until its election timeout elapses.
    fn stand(&mut self, server: NodeId) -> Result<(), Halt> {
        while self.world.server(server).view().role != Role::Candidate {
            self.act(Action::Tick { server })?;
        }
        Ok(())
    }

    fn propose(&mut self, number: u64) -> Result<(), Halt> {
        let event = Event::Propose(Request(number), Command::from(&[7_u8][..]));
        assert!(self.act(Action::Request { server: S1, event })?);
        Ok(())
    }

    fn pause(&mut self, paused: bool) -> Result<bool, Halt> {
        self.act(Action::Pause { server: S2, paused })
    }

    fn crash(&mut self, survives: Survives) -> Result<bool, Halt> {
        self.act(Action::Crash { server: S2, survives })
    }

    fn restart(&mut self) -> Result<bool, Halt> {
        self.act(Action::Restart { server: S2 })
    }

    /// The number of entries on a server's disk.
    fn entries(&self, server: NodeId) -> usize {
        self.world.server(server).disk().log().len()
    }

    fn diary(&self) -> &Diary {
        &self.folds.0
    }

    /// The last words about S2.
    fn last(&self, count: usize) -> Vec<&str> {
        let words = &self.diary().words;
        words[words.len() - count..].iter().map(String::as_str).collect()
    }
}

#[test]
fn a_server_that_is_paused_gets_its_ticks_first_and_then_its_messages() -> Result<(), Halt> {
    let mut stage = Stage::elected(0)?;
    stage.pause(true)?;
    let term = stage.world.server(S2).view().term;
    stage.propose(1)?;
    stage.pass(25 * TICK)?;
    let read = Action::Request { server: S2, event: Event::Read(Request(2)) };
    assert!(stage.act(read)?, "it is up, and does not answer");
    let cut = LinkChange { from: S1, to: S2, change: Change::Cut };
    stage.act(Action::Links { changes: vec![cut] })?;
    assert_eq!(stage.world.server(S2).view().term, term, "nothing reached it");
    stage.pause(false)?;
    assert!(
        stage.world.server(S2).view().term > term,
        "its election timeout elapsed before it received the leader's message"
    );
    assert!(stage.diary().answered.contains(&Request(2)), "what had arrived is not lost");
    let disk = |word: &&str| word.starts_with("durable") || *word == "notified";
    let words = stage.diary().words.iter().map(String::as_str);
    let words: Vec<&str> = words.filter(|word| !disk(word)).collect();
    let all = |of: &[&str], word| of.iter().all(|other| *other == word);
    let messages = words.iter().rev().skip(1).take_while(|word| **word == "message").count();
    let (ticks, came) = words.split_at(words.len() - messages - 1);
    assert!(all(&ticks[ticks.len() - 25..], "tick"), "its clock catches up first: {words:?}");
    assert!(messages > 20 && came.ends_with(&["request"]), "then all in its order: {words:?}");
    Ok(())
}

#[test]
fn a_crash_discards_what_a_paused_server_has_missed() -> Result<(), Halt> {
    let mut stage = Stage::elected(0)?;
    stage.pause(true)?;
    stage.pass(25 * TICK)?;
    stage.crash(Survives::default())?;
    let steps = stage.diary().steps;
    stage.pause(false)?;
    stage.pause(true)?;
    assert!(stage.restart()?);
    assert_eq!(stage.diary().steps, steps);
    stage.act(Action::Tick { server: S2 })?;
    assert_eq!(stage.diary().steps, steps + 1, "a new process is scheduled");
    Ok(())
}

#[test]
fn a_paused_server_is_notified_later_that_its_write_is_durable() -> Result<(), Halt> {
    let mut stage = Stage::elected(3_000)?;
    stage.pass(2 * TICK)?;
    stage.propose(1)?;
    stage.pass(2_000)?;
    assert!(
        stage.world.server(S2).disk().is_dirty(),
        "the entry came, and is under way to the disk"
    );
    stage.pause(true)?;
    stage.pass(3_000)?;
    assert!(!stage.world.server(S2).disk().is_dirty());
    stage.pause(false)?;
    assert_eq!(stage.last(2), ["durable 1", "notified"]);
    Ok(())
}

#[test]
fn clocks_go_at_their_rate_stand_still_and_jump() -> Result<(), Halt> {
    let ticks = |change: fn(&mut Stage) -> Result<(), Halt>| {
        let mut stage = Stage::new(0);
        stage.act(Action::Flow { flows: true })?;
        stage.pass(TICK)?;
        change(&mut stage)?;
        stage.pass(4 * TICK)?;
        Ok::<usize, Halt>(stage.diary().words.iter().filter(|word| *word == "tick").count())
    };
    assert_eq!(ticks(|_| Ok(()))?, 5);
    let doubled = ticks(|stage| {
        stage.act(Action::SetTick { server: S2, tick: TICK / 2 })?;
        Ok(())
    });
    assert_eq!(doubled?, 1 + 1 + 6);
    let jumped = ticks(|stage| {
        stage.act(Action::Jump { server: S2, ticks: 3 })?;
        Ok(())
    });
    assert_eq!(jumped?, 1 + 3 + 4);
    let frozen = ticks(|stage| {
        stage.act(Action::Freeze { server: S2, frozen: true })?;
        stage.pass(2 * TICK)?;
        stage.act(Action::Freeze { server: S2, frozen: false })?;
        Ok(())
    });
    assert_eq!(frozen?, 1 + 4, "it does not make up for it");
    Ok(())
}

/// S2 has one write of one entry that is not durable.
fn written() -> Result<Stage, Halt> {
    let mut stage = Stage::elected(0)?;
    stage.act(Action::Stall { server: S2, stalled: true })?;
    stage.propose(1)?;
    stage.pass(2 * TICK)?;
    assert_eq!(stage.entries(S2), 1);
    assert_eq!(stage.world.server(S2).disk().written_log().len(), 2);
    Ok(stage)
}

#[test]
fn a_flushed_write_is_durable_before_the_server_is_notified() -> Result<(), Halt> {
    let mut stage = written()?;
    assert!(stage.act(Action::Flush { server: S2, writes: 5 })?);
    assert!(!stage.act(Action::Flush { server: S2, writes: 1 })?, "there was one only");
    let unnotified: Vec<_> = stage.world.server(S2).unnotified().collect();
    assert_eq!(unnotified.len(), 1);
    assert!(stage.act(Action::Notify { server: S2, write: unnotified[0] })?);
    assert!(!stage.act(Action::Notify { server: S2, write: unnotified[0] })?);
    stage.crash(Survives::default())?;
    assert_eq!(stage.last(3), ["durable 1", "notified", "crash 0 None"]);
    Ok(())
}

#[test]
fn a_write_survives_a_crash_whole_or_torn_or_not_at_all() -> Result<(), Halt> {
    let cases = [
        (Survives::default(), 1, &["crash 1 None"][..]),
        (Survives { writes: 1, torn: Some(Torn::Entries(0)) }, 2, &["durable 1", "crash 0 None"]),
        (
            Survives { writes: 0, torn: Some(Torn::Entries(0)) },
            1,
            &["durable 0", "crash 1 Some(Entries(0))"],
        ),
        (Survives { writes: 0, torn: Some(Torn::Entries(1)) }, 1, &["crash 1 None"]),
    ];
    for (survives, entries, end) in cases {
        let mut stage = written()?;
        assert!(stage.crash(survives)?);
        assert_eq!(stage.entries(S2), entries, "{survives:?}");
        assert!(stage.restart()?, "the checkers have observed the same");
        assert_eq!(stage.last(end.len() + 1), [end, &["boot None"]].concat());
    }
    Ok(())
}

#[test]
fn an_armed_server_dies_at_its_next_write_and_once() -> Result<(), Halt> {
    let mut stage = Stage::elected(0)?;
    stage.act(Action::CrashAtWrite { server: S2, survives: Some(Survives::default()) })?;
    stage.act(Action::CrashAtWrite { server: S3, survives: Some(Survives::default()) })?;
    stage.act(Action::CrashAtWrite { server: S3, survives: None })?;
    stage.pass(3 * TICK)?;
    assert!(stage.diary().died_of_write.is_empty(), "heartbeats make it write nothing");
    stage.propose(1)?;
    stage.pass(2 * TICK)?;
    assert_eq!(stage.diary().died_of_write, [S2]);
    assert_eq!(stage.entries(S2), 1);
    assert_eq!(stage.entries(S3), 2);
    assert!(stage.restart()?);
    stage.pass(5 * TICK)?;
    assert_eq!(stage.entries(S2), 2);
    assert_eq!(stage.diary().died_of_write, [S2]);
    Ok(())
}

#[test]
fn a_server_whose_disk_fails_dies_at_every_write() -> Result<(), Halt> {
    let mut stage = Stage::elected(0)?;
    stage.act(Action::FailWrites { server: S2, fail: true })?;
    stage.propose(1)?;
    for deaths in 1..3 {
        stage.pass(5 * TICK)?;
        assert_eq!(stage.diary().died_of_write.len(), deaths);
        assert!(stage.restart()?);
    }
    stage.act(Action::FailWrites { server: S2, fail: false })?;
    stage.pass(5 * TICK)?;
    assert!(stage.world.server(S2).is_up());
    assert_eq!(stage.entries(S2), 2);
    Ok(())
}

#[test]
fn settings_change_with_the_next_boot() -> Result<(), Halt> {
    let mut stage = Stage::elected(0)?;
    let settings = Settings { pre_vote: true, ..Settings::default() };
    stage.act(Action::Configure { server: S2, settings: Box::new(settings) })?;
    assert!(!stage.world.settings(S2).pre_vote, "not before");
    for _ in 0..2 {
        stage.crash(Survives::default())?;
        assert!(stage.restart()?);
        assert_eq!(stage.world.settings(S2), settings);
    }
    stage.act(Action::Jump { server: S2, ticks: 20 })?;
    assert_eq!(stage.world.server(S2).view().role, Role::Follower, "it asks first");
    let boots: Vec<&String> =
        stage.diary().words.iter().filter(|word| word.starts_with("boot")).collect();
    assert_eq!(boots, ["boot None", "boot Some(true)", "boot None"]);
    Ok(())
}

#[test]
fn a_crash_loses_writes_that_the_disk_lied_about() -> Result<(), Halt> {
    for lies_on in [true, false] {
        let mut stage = Stage::new(0);
        stage.act(Action::Lie { server: S2, lies: true })?;
        stage.act(Action::Flow { flows: true })?;
        stage.stand(S1)?;
        stage.pass(30_000)?;
        assert_eq!(stage.entries(S2), 1, "so it says");
        stage.act(Action::Lie { server: S2, lies: lies_on })?;
        stage.crash(Survives::default())?;
        let (term, entries) = if lies_on { (Term(0), 0) } else { (Term(1), 1) };
        assert_eq!(stage.world.server(S2).disk().hard_state().term, term);
        assert_eq!(stage.entries(S2), entries);
        assert!(stage.restart()?, "the checkers expect what is really there");
        let stopped = stage.stand(S2).is_err();
        assert_eq!(stopped, lies_on);
        let violation = stage.folds.1.1.violation();
        let voted_twice = violation.map(|violation| violation.property);
        assert_eq!(voted_twice, lies_on.then_some(Property::OneVotePerTerm));
    }
    Ok(())
}
