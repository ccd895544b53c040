//! Beginnings that the hand-made histories of several checkers share.

use super::moves::{configuration, members, once};
use super::{History, Verdict, silent};
use crate::model::{Membership, Snapshot};
use crate::subject::{Applied, Outcome};

impl History {
    /// S1 leads term 1 of S1, S2 and S3, with an entry that it committed with S2's help; S4 and S5 are not members.
    pub(in crate::checker) fn led() -> History {
        History::with_members(5, 3).commit_first()
    }

    /// The same, with C_old,new from S1 S2 S3 to S3 S4 S5 at index 2, on the disk of S1.
    pub(in crate::checker) fn joint() -> History {
        let mut history = History::led();
        silent(history.configure(1, &members(&[3, 4, 5], &[1, 2, 3])));
        history
    }

    /// S1 leads term 1 of S1, S2 and S3, with an entry that it committed with S2's help and applied. Servers use the
    /// latest configuration that they have applied.
    pub(in crate::checker) fn led_at_apply() -> History {
        let mut history = History::at_apply(5, 3).commit_first();
        let first = history.at(1).log[0].clone();
        silent(history.apply(1, &[first]));
        history
    }

    /// S1 leads term 1 of three servers, with the same command twice, committed with S2's help.
    pub(in crate::checker) fn twice() -> History {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        history.ask_for(1, 1, &once(1, 1, 5));
        silent(history.write_entries(1, 1, &[once(1, 1, 5), once(2, 1, 5)]));
        history.flush(1);
        history.replicate(1, 2);
        silent(history.commit(1, 2));
        silent(history.commit(2, 2));
        history
    }

    /// S1 leads term 1 of three servers, with four entries committed with S2's help and three of them applied,
    /// and the snapshot of those.
    pub(in crate::checker) fn with_snapshot() -> (History, Snapshot) {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        (0..4).for_each(|_| history.propose(1));
        history.replicate(1, 2);
        silent(history.commit(1, 4));
        let log = history.at(1).log.clone();
        silent(history.apply(1, &log[..3]));
        let snapshot = history.snapshot(1, 3, &members(&[1, 2, 3], &[]));
        (history, snapshot)
    }

    /// S1 is elected in term 1 with S2's vote, and commits an entry with its help.
    fn commit_first(mut self) -> History {
        self.elect(1, 1, &[2]);
        self.propose(1);
        self.replicate(1, 2);
        silent(self.commit(1, 1));
        self
    }

    /// A server applies the configuration at an index, and shows it.
    pub(in crate::checker) fn apply_configuration(
        &mut self,
        server: u32,
        index: u64,
        membership: &Membership,
    ) -> Verdict {
        self.step(server, |effects| {
            let entry = configuration(index, 1, membership);
            effects.view.applied = Some(entry.index);
            effects.applied.push(Applied { entry, outcome: Outcome::Nothing });
        })
    }
}
