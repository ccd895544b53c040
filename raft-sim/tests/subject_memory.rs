//! What an implementation keeps over its crashes beside Figure 2's state, and what a boot tells it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use raft_sim::model::{LogIndex, NodeId};
use raft_sim::scenario::parse::parse;
use raft_sim::scenario::replay::{Verdict, replay};
use raft_sim::scenario::source::Source;
use raft_sim::subject::{
    Answer, Boot, Capability, Effects, Event, Implementation, Subject, Token, View, Write,
};

/// Servers that write the number of their life and of their tick to the disk, and keep what they boot from.
#[derive(Clone, Default)]
struct Keeper(Rc<RefCell<Vec<Boot>>>);

struct Kept {
    life: u64,
    ticks: u64,
    written: Token,
}

impl Implementation for Keeper {
    fn name(&self) -> &str {
        "keeper"
    }

    fn capabilities(&self) -> &[Capability] {
        &[Capability::SlowDisk]
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let life = boot.life;
        self.0.borrow_mut().push(boot);
        Ok((Box::new(Kept { life, ticks: 0, written: Token(0) }), View::default()))
    }
}

impl Subject for Kept {
    fn step(&mut self, event: Event, effects: &mut Effects) {
        match event {
            Event::Tick => {
                self.ticks += 1;
                self.written.0 += 1;
                let blob = format!("life {} tick {}", self.life, self.ticks);
                let blob = Some(Arc::from(blob.into_bytes()));
                effects.writes.push(Write { blob, ..Write::new(self.written) });
            }
            Event::Compact(request) => effects.answers.push((request, Answer::Rejected)),
            Event::Receive(_)
            | Event::Persisted(_)
            | Event::Propose(..)
            | Event::Register(_)
            | Event::ProposeOnce(..)
            | Event::Read(_)
            | Event::ChangeMembership(..)
            | Event::Transfer(..)
            | Event::Apply => {}
        }
    }
}

/// The boots of S3, which joins a cluster of S1 and S2, in a scenario of these statements.
fn boots(statements: &str) -> Vec<(u64, Option<String>)> {
    let keeper = Keeper::default();
    let text = format!(
        "scenario A title\npaper §5\nservers S1 S2 S3\noutside S3\nrequires slow-disk\n{statements}"
    );
    let scenario = parse(&Source::new("t.raft", &text)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(replay(&scenario, &keeper, &mut ()), Verdict::Passed, "{text}");
    let boots = keeper.0.borrow();
    let third = boots.iter().filter(|boot| boot.id == NodeId(3));
    let seen = third.map(|boot| {
        assert_eq!((&*boot.servers, &*boot.members), (&[][..], &[NodeId(1), NodeId(2)][..]));
        let blob = boot.blob.as_deref().map(|blob| String::from_utf8_lossy(blob).into_owned());
        (boot.life, blob)
    });
    seen.collect()
}

#[test]
fn data_of_its_own_comes_back_at_the_boot_after_a_crash_as_far_as_it_was_durable() {
    let text = |text: &str| Some(text.to_string());
    assert_eq!(boots(""), [(1, None)]);
    assert_eq!(
        boots("tick S3 2\ncrash S3\nrestart S3\ncrash S3\nrestart S3\n"),
        [(1, None), (2, text("life 1 tick 2")), (3, text("life 1 tick 2"))]
    );
    assert_eq!(
        boots("tick S3\nstall S3\ntick S3\ncrash S3\nunstall S3\nrestart S3\n"),
        [(1, None), (2, text("life 1 tick 1"))]
    );
    assert_eq!(boots("tick S3\ncrash S3\nwipe S3\nrestart S3\n"), [(1, None), (2, None)]);
    assert_eq!(
        boots("tick S3\nlie S3\ntick S3\ncrash S3\nrestart S3\n"),
        [(1, None), (2, text("life 1 tick 1"))]
    );
}

#[test]
fn the_first_boot_of_a_server_has_number_1_whatever_is_on_its_disk() {
    let boot = Boot::new(NodeId(1), vec![NodeId(1)]);
    assert_eq!((boot.life, &*boot.members, boot.commit), (1, &[NodeId(1)][..], None::<LogIndex>));
}
