//! Links in a replay: cut and healed.

use super::Replay;
use crate::scenario::syntax::Link;
use crate::words::NodeId;

impl Replay<'_> {
    pub(super) fn heal_all(&mut self) {
        let ids: Vec<NodeId> = self.cluster.ids().collect();
        for &from in &ids {
            for &to in &ids {
                self.cluster.network.heal(from, to);
            }
        }
    }

    pub(super) fn partition(&mut self, groups: &[Vec<NodeId>]) {
        self.heal_all();
        let ids: Vec<NodeId> = self.cluster.ids().collect();
        for &from in &ids {
            for &to in ids.iter().filter(|&&to| to != from) {
                if !groups.iter().any(|group| group.contains(&from) && group.contains(&to)) {
                    self.cluster.network.cut(from, to, true);
                }
            }
        }
    }

    pub(super) fn isolate(&mut self, servers: &[NodeId]) {
        let ids: Vec<NodeId> = self.cluster.ids().collect();
        for &server in servers {
            for &other in ids.iter().filter(|&&other| other != server) {
                self.set_links(
                    &[Link { from: server, to: other }, Link { from: other, to: server }],
                    true,
                );
            }
        }
    }

    /// Cuts links, or heals them; a link that is cut twice is healed at once.
    pub(super) fn set_links(&mut self, links: &[Link], cut: bool) {
        for link in links {
            self.cluster.network.heal(link.from, link.to);
            if cut {
                self.cluster.network.cut(link.from, link.to, true);
            }
        }
    }
}
