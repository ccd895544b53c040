//! Configurations (17).
//!
//! A configuration is an entry of the log, in force on each server as soon as it is in that server's log (§6). Some
//! implementations bring it into force when it is applied. Then the configuration before it decides on its
//! commitment, and a leader must not append the next one before it uses this one itself.

use super::Property;
use crate::checker::properties::hooks::{Checker, Context, New};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::quorum::{names, share_quorums};
use crate::checker::record::{InForce, Record};
use crate::model::{LogIndex, Membership, Payload, length};
use crate::subject::View;

/// Configurations (§6): they change one after another, every quorum of one shares a server with every quorum of the next,
/// and a server always uses the latest one in its log, committed or not; or else the latest that it has applied.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct Configurations;

impl Configurations {
    /// A leader appends a configuration (§6, dissertation §4.1, as corrected in 2015) when
    /// the one before is committed, when it has committed an entry of its own term, and when every quorum
    /// of the new one shares a server with every quorum of the old: one voter comes or goes, or the change
    /// enters or leaves joint consensus.
    ///
    /// The leader's commit index is that after the step: a leader that commits C_old,new may append C_new at
    /// once. Followers copy what their leader has appended, and are not judged.
    ///
    /// Where a configuration is in force when it is applied, the one before is to be applied instead, and an entry
    /// of the leader's own term is not required: a server that has the next configuration in its log knows that the
    /// one before is committed, and two leaders that append different ones need quorums of the same one. If it is
    /// not reported when a configuration is in force, only what both cases require is judged.
    #[cold]
    fn check_next(at: &mut Context<'_>, index: u64, next: &Membership, after: &View) -> Verdict {
        at.count(Property::Configurations);
        let (record, server) = (at.record, at.server);
        let commit = length(after.commit);
        let (done, is_done) = match record.in_force {
            InForce::Appended | InForce::Unreported => (commit, "committed"),
            InForce::Applied => (length(after.applied), "applied"),
        };
        let asks_own_term = record.in_force == InForce::Appended;
        // A server that waits for its disk may have gone as far as to commit this one, too, in the same step.
        let before = if record.waits { commit.min(index - 1) } else { commit };
        let committed_in = server.log.at(before).map(|link| link.term);
        let (latest, previous) = server.log.configurations.latest();
        let why = if latest > done {
            format!("while that at index {latest} is not {is_done}")
        } else if asks_own_term && committed_in != Some(after.term) {
            format!("before it has committed an entry of its term {}", after.term)
        } else if !record.any_quorum && !share_quorums(previous, next) {
            format!("whose quorums need not share a server with those of {}", names(previous))
        } else {
            return Ok(());
        };
        let id = server.id;
        let detail =
            format!("{id} appended the configuration {} at index {index}, {why}", names(next));
        violated(Property::Configurations, id, detail)
    }
}

impl Checker for Configurations {
    fn new(_: &Record) -> Configurations {
        Configurations
    }

    #[inline]
    fn appends(&mut self, at: &mut Context<'_>, new: &New<'_>, after: &View) -> Verdict {
        match &new.entry.payload {
            Payload::Membership(next) if at.leads(after) => {
                Configurations::check_next(at, new.index, next, after)
            }
            Payload::Membership(_)
            | Payload::Noop
            | Payload::Command(_)
            | Payload::Register
            | Payload::Once(_) => Ok(()),
        }
    }

    #[inline]
    fn applied(&mut self, at: &mut Context<'_>, after: &View) -> Verdict {
        let (record, server) = (at.record, at.server);
        if server.log.configurations.len() == 0 && after.configuration.is_none() {
            return Ok(());
        }
        let in_force = record.in_force(at.slot, after);
        let has = match record.in_force {
            InForce::Appended | InForce::Unreported => "in its log",
            InForce::Applied => "that it has applied",
        };
        let latest = LogIndex::new(server.log.configurations.nth(in_force).0);
        let expected = latest.filter(|_| latest > after.snapshot);
        if after.configuration == expected {
            return Ok(());
        }
        let id = server.id;
        let (uses, latest) = (length(after.configuration), length(expected));
        let detail = format!(
            "{id} uses the configuration at index {uses}, and the latest {has} is at {latest}; 0 is that before \
             its log"
        );
        violated(Property::Configurations, id, detail)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::moves::{configuration, members};
    use crate::checker::testing::{History, raises, silent};
    use crate::model::LogIndex;

    #[test]
    fn configurations_before_the_last_is_committed() {
        let mut history = History::led();
        silent(history.configure(1, &members(&[1, 2, 3, 4], &[])));
        let verdict = history.configure(1, &members(&[1, 2, 3, 4, 5], &[]));
        raises(verdict, Property::Configurations, "while that at index 2 is not committed");
    }

    #[test]
    fn configurations_before_an_entry_of_the_own_term_is_committed() {
        let mut history = History::led();
        silent(history.commit(2, 1));
        history.elect(2, 2, &[3]);
        let verdict = history.configure(2, &members(&[1, 2], &[]));
        raises(verdict, Property::Configurations, "before it has committed an entry of its term 2");
    }

    #[test]
    fn configurations_whose_quorums_may_not_meet() {
        let verdict = History::led().configure(1, &members(&[1, 2, 3, 4, 5], &[]));
        let words = "S1 appended the configuration S1 S2 S3 S4 S5 at index 2, whose quorums need not share a \
                     server with those of S1 S2 S3";
        raises(verdict, Property::Configurations, words);
        let verdict = History::led().configure(1, &members(&[3, 4, 5], &[1, 2, 4]));
        raises(verdict, Property::Configurations, "S3 S4 S5 with C_old S1 S2 S4");
        let mut history = History::joint();
        history.replicate(1, 3);
        history.replicate(1, 4);
        silent(history.commit(1, 2));
        let verdict = history.configure(1, &members(&[1, 4], &[]));
        raises(verdict, Property::Configurations, "whose quorums need not share a server");
    }

    #[test]
    fn configurations_one_voter_or_joint_consensus_at_a_time() {
        for next in [
            members(&[1, 2, 3, 4], &[]),
            members(&[1, 2], &[]),
            members(&[1, 2, 3], &[]),
            members(&[3, 4, 5], &[1, 2, 3]),
            members(&[4, 5], &[1, 2, 3]),
        ] {
            let mut history = History::led();
            silent(history.configure(1, &next));
            assert_eq!(history.exercised(Property::Configurations), 1);
        }
    }

    #[test]
    fn configurations_other_than_the_latest_in_use() {
        let mut history = History::joint();
        let verdict = history.show(1, |view| view.configuration = None);
        raises(
            verdict,
            Property::Configurations,
            "S1 uses the configuration at index 0, and the latest",
        );
        let verdict = History::led().show(1, |view| view.configuration = LogIndex::new(1));
        raises(verdict, Property::Configurations, "uses the configuration at index 1");
    }

    /// A configuration that was never committed goes with its entry, and the one before is in force again.
    #[test]
    fn configurations_are_rolled_back() {
        let mut history = History::joint();
        history.elect(2, 2, &[3]);
        history.propose(2);
        history.replicate(2, 1);
        assert_eq!(history.at(1).view.configuration, None);
        silent(history.commit(2, 2));
        // A crash rolls back what was not durable.
        let next = configuration(3, 2, &members(&[2, 3], &[]));
        silent(history.write_entries(2, 3, &[next]));
        history.crash(2);
        silent(history.restart(2));
        assert_eq!(history.at(2).view.configuration, None);
    }

    #[test]
    fn one_is_not_used_before_it_is_applied() {
        let four = members(&[1, 2, 3, 4], &[]);
        let mut history = History::led_at_apply();
        silent(history.configure(1, &four));
        let early = history.show(1, |view| view.configuration = LogIndex::new(2));
        let words =
            "S1 uses the configuration at index 2, and the latest that it has applied is at 0";
        raises(early, Property::Configurations, words);
        let mut history = History::led_at_apply();
        silent(history.configure(1, &four));
        history.replicate(1, 2);
        silent(history.commit(1, 2));
        silent(history.apply_configuration(1, 2, &four));
        assert!(history.exercised(Property::Configurations) > 0);
    }

    #[test]
    fn the_next_waits_until_the_one_before_is_applied() {
        let [four, five] = [members(&[1, 2, 3, 4], &[]), members(&[1, 2, 3, 4, 5], &[])];
        let mut history = History::led_at_apply();
        silent(history.configure(1, &four));
        history.replicate(1, 2);
        silent(history.commit(1, 2));
        let words = "while that at index 2 is not applied";
        raises(history.configure(1, &five), Property::Configurations, words);
        let mut history = History::led_at_apply();
        silent(history.configure(1, &four));
        history.replicate(1, 2);
        silent(history.commit(1, 2));
        silent(history.apply_configuration(1, 2, &four));
        silent(history.configure(1, &five));
        let apart = History::led_at_apply().configure(1, &five);
        raises(apart, Property::Configurations, "whose quorums need not share a server");
    }

    #[test]
    fn an_entry_of_the_own_term_need_not_be_committed() {
        let mut history = History::led_at_apply();
        silent(history.commit(2, 1));
        let first = history.at(2).log[0].clone();
        silent(history.apply(2, &[first]));
        history.elect(2, 2, &[3]);
        silent(history.configure(2, &members(&[1, 2], &[])));
    }
}
