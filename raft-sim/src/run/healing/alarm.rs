//! Violations of liveness, with the state of every server.

use crate::checker::{Property, Violation};
use crate::model::{NodeId, length};
use crate::observation::Observer;
use crate::run::Run;
use crate::subject::Role;
use crate::world::Launch;

impl<L: Launch + ?Sized, O: Observer> Run<'_, L, O> {
    /// The violation by a goal that was not met within this many election timeouts.
    #[cold]
    pub(super) fn missed(&self, property: Property, expected: &str, within: u64) -> Violation {
        self.alarm(property, &format!("{expected} was due within {within} election timeouts"))
    }

    /// A violation of liveness, with the state of every server.
    #[cold]
    pub(super) fn alarm(&self, property: Property, detail: &str) -> Violation {
        let servers: Vec<NodeId> = self.world.ids().collect();
        let situations: Vec<String> = servers.iter().map(|&id| self.situation(id)).collect();
        let server = self.world.leader().or(servers.first().copied()).unwrap_or(NodeId(1));
        let detail = format!("{detail}; {}", situations.join("; "));
        Violation { property, server, detail }
    }

    fn situation(&self, id: NodeId) -> String {
        let server = self.world.server(id);
        if !server.is_up() {
            return format!("{id} is down");
        }
        let view = server.view();
        let role = match view.role {
            Role::Follower => "follower",
            Role::Candidate => "candidate",
            Role::Leader => "leader",
        };
        let [commit, applied] = [view.commit, view.applied].map(length);
        let log = server.length();
        let unanswered = match self.world.unanswered(id).len() {
            0 => String::new(),
            1 => ", 1 request unanswered".to_owned(),
            requests => format!(", {requests} requests unanswered"),
        };
        let term = view.term.0;
        format!(
            "{id} {role} of term {term}, log to {log}, commit {commit}, applied {applied}{unanswered}"
        )
    }
}
