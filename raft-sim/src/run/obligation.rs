//! Liveness obligations: the configurations in force, and if the servers that can talk to each other are a quorum of
//! each.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Run;
use crate::checker::has_quorum;
use crate::model::{LogIndex, Membership, NodeId, Payload, length};
use crate::plan::Healing;
use crate::world::Launch;

/// A configuration and its index; 0 is the first one.
pub(super) type Configuration = (u64, Arc<Membership>);

/// The latest configuration that any server knew to be committed, and the commit index of that server.
#[derive(Clone, Debug)]
pub(super) struct Known {
    commit: u64,
    pub(super) configuration: Configuration,
}

impl<L: Launch + ?Sized, O> Run<'_, L, O> {
    /// The configurations in a server's log as it sees it, with their indexes, latest first; the last is the one
    /// that its snapshot has or that it booted with.
    pub(super) fn configurations(&self, id: NodeId) -> Vec<Configuration> {
        let disk = self.world.server(id).disk();
        let written = disk.is_dirty().then(|| disk.written_log());
        let log = written.as_deref().unwrap_or(disk.log());
        let logged = log.iter().rev().filter_map(|entry| match &entry.payload {
            Payload::Membership(membership) => Some((entry.index.get(), membership.clone())),
            Payload::Noop | Payload::Command(_) | Payload::Register | Payload::Once(_) => None,
        });
        let base = match disk.written_snapshot() {
            Some(snapshot) => (snapshot.last.index.get(), snapshot.membership.clone()),
            None => (0, self.first_configuration(id)),
        };
        logged.chain([base]).collect()
    }

    /// The configuration with which a server boots from an empty disk.
    fn first_configuration(&self, id: NodeId) -> Arc<Membership> {
        let members: Vec<NodeId> = (1..=self.plan.members).map(NodeId).collect();
        let voters = if members.contains(&id) { members } else { Vec::new() };
        Arc::new(Membership { voters, ..Membership::default() })
    }

    /// The configuration in force on a server.
    pub(super) fn in_force(&self, id: NodeId) -> Configuration {
        let until = self.world.configured_up_to(id);
        let mut configurations = self.configurations(id);
        // The last is that before the log, which is always in force.
        let latest = configurations.iter().position(|(index, _)| *index <= until);
        configurations.swap_remove(latest.unwrap_or(configurations.len() - 1))
    }

    /// The latest configuration that any server knows to be committed, or knew when it died; or the one known before,
    /// if that is later.
    pub(super) fn known(&self, before: Option<Known>) -> Option<Known> {
        let commit = |id: &NodeId| length(self.world.server(*id).view().commit);
        let best = self.world.ids().max_by_key(|id| (commit(id), std::cmp::Reverse(id.0)))?;
        let best_commit = commit(&best);
        if before.as_ref().is_some_and(|before| before.commit >= best_commit) {
            return before;
        }
        let mut all = self.configurations(best).into_iter();
        let configuration = all.find(|(index, _)| *index <= best_commit)?;
        Some(Known { commit: best_commit, configuration })
    }

    /// The live servers that are exempt from making progress, since they can't talk to the others at all; or the
    /// reason why there is no obligation.
    pub(super) fn exempt(&self, healing: &Healing, known: &Known) -> Result<Vec<NodeId>, String> {
        let live: Vec<NodeId> = self.live().collect();
        let mut in_force: Vec<Configuration> = vec![known.configuration.clone()];
        for &id in &live {
            let later = self.configurations(id).into_iter();
            in_force.extend(later.filter(|(index, _)| *index > known.commit));
            // Where a configuration is in force when it is applied, a server does not use one that it does not know
            // to be committed: it keeps to the one before.
            let used = self.in_force(id);
            if self.world.configured_up_to(id) < u64::MAX && used.1.is_voter(id) {
                in_force.push(used);
            }
        }
        let enough = |core: &[NodeId]| {
            in_force.iter().all(|(_, configuration)| {
                has_quorum(configuration, |server| core.contains(&server))
            })
        };
        if !enough(&live) {
            return Err("too few servers are up for a quorum".to_owned());
        }
        if healing.cut.is_empty() {
            return Ok(Vec::new());
        }
        let bit = |mask: u64, place: usize| mask >> place & 1 == 1;
        let chosen = |mask: u64| -> Vec<NodeId> {
            let places = 0..live.len();
            places.filter(|&place| bit(mask, place)).map(|place| live[place]).collect()
        };
        let all_talk = |core: &[NodeId]| {
            core.iter().all(|&a| core.iter().all(|&b| a == b || self.linked(a, b)))
        };
        let cores = (1..1_u64 << live.len()).map(chosen);
        let cores: Vec<Vec<NodeId>> = cores.filter(|core| enough(core) && all_talk(core)).collect();
        if cores.is_empty() {
            return Err("no quorum is connected among itself".to_owned());
        }
        let apart = |core: &[NodeId]| -> Vec<NodeId> {
            let others = live.iter().filter(|id| !core.contains(id));
            let cut = |a: NodeId, b: NodeId| self.world.network().is_cut(a, b);
            others.filter(|&&a| core.iter().all(|&b| cut(a, b) && cut(b, a))).copied().collect()
        };
        let whole = cores.iter().find(|core| core.len() + apart(core).len() == live.len());
        if let Some(core) = whole {
            return Ok(apart(core));
        }
        let loyal = live.iter().all(|&id| {
            let settings = self.world.settings(id);
            settings.pre_vote && settings.check_quorum
        });
        if !loyal {
            return Err("a server that is cut off in part may disturb the others".to_owned());
        }
        let largest = cores.iter().max_by_key(|core| core.len());
        Ok(largest.map(|core| apart(core)).unwrap_or_default())
    }

    /// An error if a server may depose every leader for ever (§6, diss. §4.2.3): a configuration without it is in
    /// force on another server and not known to be committed; or it is committed, but some server does not know that,
    /// so that the removed one is not switched off yet.
    pub(super) fn undisturbed(&self, known: &Known) -> Result<(), String> {
        let live: Vec<NodeId> = self.live().collect();
        if live.iter().all(|&id| self.world.settings(id).check_quorum) {
            return Ok(());
        }
        let members = all_members(&known.configuration.1);
        let leaves = live.iter().any(|&id| {
            let (index, configuration) = self.in_force(id);
            let goes =
                |other: &&NodeId| members.contains(other) && !configuration.contains(**other);
            index > known.commit && live.iter().any(|other| goes(&other))
        });
        let believed = |id: NodeId| {
            members.iter().any(|&member| {
                let (at, one) = self.in_force(member);
                at > known.configuration.0 && one.is_voter(id)
            })
        };
        let left = live.iter().any(|&id| !members.contains(&id) && believed(id));
        if leaves || left {
            return Err("a server that is being removed may depose every leader".to_owned());
        }
        Ok(())
    }

    /// The servers that are up, in order.
    pub(super) fn live(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.world.ids().filter(|&id| self.world.server(id).is_up())
    }

    /// True if two servers can talk to each other, both ways.
    pub(super) fn linked(&self, a: NodeId, b: NodeId) -> bool {
        let network = self.world.network();
        a == b || (!network.is_cut(a, b) && !network.is_cut(b, a))
    }

    /// The last entry that is known to be committed.
    pub(super) fn commit(&self, id: NodeId) -> Option<LogIndex> {
        self.world.server(id).view().commit
    }
}

/// All servers in a configuration, in order.
pub(super) fn all_members(configuration: &Membership) -> BTreeSet<NodeId> {
    let Membership { voters, outgoing, learners } = configuration;
    voters.iter().chain(outgoing).chain(learners).copied().collect()
}
