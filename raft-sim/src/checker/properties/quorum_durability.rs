//! Quorum Durability (9).

use std::ops::Range;

use super::Property;
use crate::checker::chain::Link;
use crate::checker::properties::hooks::{Checker, Commit, Context};
use crate::checker::properties::violation::{Verdict, violated};
use crate::checker::quorum::{has_quorum, is_majority};
use crate::checker::record::Record;
use crate::model::{Membership, NodeId, length};

/// Quorum Durability (Figure 2, §5.3): a log entry is committed once the leader has replicated it
/// on a majority of the servers, each of which has it on stable storage before it says so. In joint
/// consensus it takes separate majorities of the old and the new configuration (§6).
///
/// Any majority will do: the leader's own disk need not be part of it (dissertation §10.2.1), nor need
/// the leader itself be among the voters (§6). It is one of the configuration that was in force when the
/// step began. In one step a leader may as well commit C_old,new by that, append C_new, and commit more by
/// C_new, which is in force then.
#[derive(Clone, Debug, Hash)]
pub(in crate::checker) struct QuorumDurability;

impl QuorumDurability {
    /// True if a leader that waits for its disk, or the disk of this server, has an entry.
    fn on_disk(at: &Context<'_>, voter: NodeId, (index, link): (u64, Link)) -> bool {
        let leader = at.server;
        let waits = at.record.waits && leader.id == voter;
        waits && leader.log.at(index) == Some(link) || at.record.is_durable(voter, index, link)
    }

    /// An entry that a leader committed is not on the disks of a quorum.
    #[cold]
    pub(in crate::checker) fn short(
        at: &Context<'_>,
        (to, link): (u64, Link),
        configuration: &Membership,
    ) -> Verdict {
        let Membership { voters, outgoing, learners: _ } = configuration;
        let count = |servers: &[NodeId]| {
            servers.iter().filter(|&&server| at.record.is_durable(server, to, link)).count()
        };
        let (servers, half) = match outgoing.is_empty() {
            true => (voters, ""),
            false if is_majority(count(voters), voters) => (outgoing, " of C_old"),
            false => (voters, " of C_new"),
        };
        let (id, holds, all) = (at.id(), count(servers), servers.len());
        let detail = format!(
            "{id} committed up to index {to}, which is on the disks of {holds} servers of {all}{half}"
        );
        violated(Property::QuorumDurability, id, detail)
    }
}

/// True if a quorum holds an entry that a leader commits: of the configuration in force when the step began, or of one that
/// came into force in it, once the leader had committed the one before.
#[inline]
pub(super) fn held_by_quorum(
    at: &Context<'_>,
    entry: (u64, Link),
    configured: &Range<usize>,
    holds: impl Fn(&Context<'_>, NodeId, (u64, Link)) -> bool,
) -> bool {
    let leader = at.server;
    let configurations = &leader.log.configurations;
    let quorum = |entry, configured| {
        has_quorum(configurations.nth(configured).1, |voter| holds(at, voter, entry))
    };
    let committed = |configured: usize| {
        let (index, _) = configurations.nth(configured);
        let logged = leader.log.at(index).is_some_and(|link| quorum((index, link), configured));
        index <= length(leader.view.commit) || logged
    };
    at.record.any_quorum
        || quorum(entry, configured.start)
        || configured
            .clone()
            .take_while(|&appended| committed(appended))
            .any(|appended| quorum(entry, appended + 1))
}

impl Checker for QuorumDurability {
    fn new(_: &Record) -> QuorumDurability {
        QuorumDurability
    }

    #[inline]
    fn commits(&mut self, at: &mut Context<'_>, commit: &Commit) -> Verdict {
        // One past its log has raised an alarm.
        let Some(link) = at.server.log.at(commit.to).filter(|_| commit.leads) else {
            return Ok(());
        };
        at.count(Property::QuorumDurability);
        let entry = (commit.to, link);
        if held_by_quorum(at, entry, &commit.configured, QuorumDurability::on_disk) {
            return Ok(());
        }
        let configuration = at.server.log.configurations.nth(commit.configured.start).1;
        QuorumDurability::short(at, entry, configuration)
    }
}

#[cfg(test)]
mod tests {
    use crate::checker::properties::Property;
    use crate::checker::testing::moves::{configuration, members};
    use crate::checker::testing::{History, Verdict, raises, silent, writing};
    use crate::model::{LogIndex, NodeId};
    use crate::subject::{LogWrite, Role};

    /// The leader's commit index moves, and it appends a configuration, in one step.
    fn commit_and_configure(history: &mut History, commit: u64, voters: &[u32]) -> Verdict {
        let index = history.at(1).log.len() as u64 + 1;
        let next = configuration(index, 1, &members(voters, &[]));
        history.step(1, |effects| {
            let log = LogWrite { from: next.index, entries: next.into() };
            effects.writes.push(writing(Some(log)));
            effects.view.commit = LogIndex::new(commit);
        })
    }

    #[test]
    fn quorum_durability_entry_in_flight_to_the_disk() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        history.propose(1);
        silent(history.enter(3, Role::Follower, 1, None));
        silent(history.write(3, 1, &[1]));
        let verdict = history.commit(1, 1);
        raises(verdict, Property::QuorumDurability, "which is on the disks of 1 servers of 3");
    }

    #[test]
    fn quorum_durability_entry_lost_in_a_wipe() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        history.propose(1);
        history.replicate(1, 2);
        history.wipe(2);
        raises(history.commit(1, 1), Property::QuorumDurability, "on the disks of 1 servers");
    }

    #[test]
    fn quorum_durability_majority_on_disks() {
        let history = History::two_committed();
        assert_eq!(history.exercised(Property::QuorumDurability), 1);
    }

    #[test]
    fn quorum_durability_needs_both_halves_of_joint_consensus() {
        let mut history = History::joint();
        history.replicate(1, 2);
        let words = "which is on the disks of 0 servers of 3 of C_new";
        raises(history.commit(1, 2), Property::QuorumDurability, words);
        let mut history = History::joint();
        history.replicate(1, 4);
        history.replicate(1, 5);
        let words = "which is on the disks of 1 servers of 3 of C_old";
        raises(history.commit(1, 2), Property::QuorumDurability, words);
    }

    #[test]
    fn quorum_durability_counts_no_learner() {
        let mut history = History::led();
        let mut next = members(&[1, 2, 3], &[]);
        next.learners = vec![NodeId(4)];
        silent(history.configure(1, &next));
        history.replicate(1, 4);
        raises(history.commit(1, 2), Property::QuorumDurability, "on the disks of 1 servers of 3");
    }

    /// C_old,new counts for its own commit, though C_new is in the log when the step ends.
    #[test]
    fn leader_commits_joint_consensus_and_appends_the_new_configuration_in_one_step() {
        let mut history = History::joint();
        history.replicate(1, 3);
        history.replicate(1, 4);
        silent(commit_and_configure(&mut history, 2, &[3, 4, 5]));
        assert_eq!(history.exercised(Property::Configurations), 2);
        let mut history = History::joint();
        history.replicate(1, 4);
        history.replicate(1, 5);
        let verdict = commit_and_configure(&mut history, 2, &[3, 4, 5]);
        raises(verdict, Property::QuorumDurability, "1 servers of 3 of C_old");
    }

    /// C_new = S1 commits index 3 by itself, in the step in which S1 committed C_old,new, at index 2, with S2.
    #[test]
    fn leader_commits_by_two_configurations_in_one_step() {
        let alone = || {
            let mut history = History::led();
            silent(history.configure(1, &members(&[1], &[1, 2, 3])));
            history
        };
        let mut history = alone();
        history.replicate(1, 2);
        history.propose(1);
        silent(commit_and_configure(&mut history, 3, &[1]));
        let mut history = alone();
        history.propose(1);
        let verdict = commit_and_configure(&mut history, 3, &[1]);
        raises(
            verdict,
            Property::QuorumDurability,
            "up to index 3, which is on the disks of 1 servers of 3",
        );
    }

    /// A leader that is not part of C_new commits it without counting itself, and steps down.
    #[test]
    fn leader_outside_the_new_configuration_commits_it() {
        let mut history = History::led();
        silent(history.configure(1, &members(&[2, 3], &[])));
        history.replicate(1, 2);
        raises(history.commit(1, 2), Property::QuorumDurability, "on the disks of 1 servers of 2");
        let mut history = History::led();
        silent(history.configure(1, &members(&[2, 3], &[])));
        history.replicate(1, 2);
        history.replicate(1, 3);
        // It commits as a leader, though it is none when the step ends.
        silent(history.show(1, |view| {
            view.commit = LogIndex::new(2);
            view.role = Role::Follower;
        }));
        assert_eq!(history.committed_len(), 2);
        history.elect(3, 2, &[2]);
    }

    #[test]
    fn the_configuration_before_decides_on_its_commitment() {
        let four = members(&[1, 2, 3, 4], &[]);
        let mut history = History::led_at_apply();
        silent(history.configure(1, &four));
        history.replicate(1, 2);
        // On two servers: of three, which are in force, and not of four.
        silent(history.commit(1, 2));
        silent(history.apply_configuration(1, 2, &four));
        history.propose(1);
        history.replicate(1, 2);
        let words = "up to index 3, which is on the disks of 2 servers of 4";
        raises(history.commit(1, 3), Property::QuorumDurability, words);
        // At append the same commit is one too early.
        let mut history = History::with_members(5, 3);
        history.elect(1, 1, &[2]);
        history.propose(1);
        history.replicate(1, 2);
        silent(history.commit(1, 1));
        silent(history.configure(1, &four));
        history.replicate(1, 2);
        raises(history.commit(1, 2), Property::QuorumDurability, "2 servers of 4");
    }

    /// A majority of disks commits, and the leader's own need not be among them.
    #[test]
    fn leaders_own_disk_lacks_the_committed_entry() {
        let mut history = History::new(3);
        history.elect(1, 1, &[2]);
        silent(history.write(1, 1, &[1]));
        history.replicate(1, 2);
        history.replicate(1, 3);
        silent(history.commit(1, 1));
        // It loses the entry, and still must not win over those who have it.
        history.crash(1);
        silent(history.restart(1));
        assert_eq!(history.last(1), None);
        history.elect(2, 2, &[1]);
    }
}
