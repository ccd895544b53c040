//! Links in a replay: cut and healed.

use super::{Replay, Stop};
use crate::action::{Action, Change, LinkChange};
use crate::model::NodeId;
use crate::scenario::syntax::Link;

impl Replay<'_> {
    pub(super) fn heal_all(&mut self) -> Result<(), Stop> {
        let changes = self.every_link().map(|link| link_change(link, Change::Heal));
        let changes = changes.collect();
        self.act(Action::Links { changes }).map(|_| ())
    }

    pub(super) fn partition(&mut self, groups: &[Vec<NodeId>]) -> Result<(), Stop> {
        self.heal_all()?;
        let apart = |link: &Link| {
            let together =
                |group: &Vec<NodeId>| group.contains(&link.from) && group.contains(&link.to);
            !groups.iter().any(together)
        };
        let cut: Vec<Link> = self.every_link().filter(apart).collect();
        self.set_links(&cut, true)
    }

    pub(super) fn isolate(&mut self, servers: &[NodeId]) -> Result<(), Stop> {
        let around = |link: &Link| servers.contains(&link.from) || servers.contains(&link.to);
        let cut: Vec<Link> = self.every_link().filter(around).collect();
        self.set_links(&cut, true)
    }

    /// Cuts links, or heals them; a link that is cut twice is healed at once.
    pub(super) fn set_links(&mut self, links: &[Link], cut: bool) -> Result<(), Stop> {
        let heal = links.iter().map(|link| link_change(*link, Change::Heal));
        let cut = links.iter().filter(|_| cut).map(|link| link_change(*link, Change::Cut));
        let changes = heal.chain(cut).collect();
        self.act(Action::Links { changes }).map(|_| ())
    }

    /// Each direction between two servers.
    fn every_link(&self) -> impl Iterator<Item = Link> + use<> {
        let count = self.scenario.header.servers.len() as u32;
        let ids = move || (1..=count).map(NodeId);
        let others = move |from: NodeId| ids().filter(move |to| *to != from);
        ids().flat_map(move |from| others(from).map(move |to| Link { from, to }))
    }
}

fn link_change(Link { from, to }: Link, change: Change) -> LinkChange {
    LinkChange { from, to, change }
}
