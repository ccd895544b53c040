//! The state of a server, as conditions and messages to readers show it.

use crate::model::{HardState, length};
use crate::scenario::syntax::RoleWord;
use crate::subject::Role;
use crate::world::Server;

/// currentTerm and votedFor: of a server that is down, what its disk has.
pub(super) fn hard_state(server: &Server) -> HardState {
    if server.is_up() {
        HardState { term: server.view().term, voted_for: server.view().voted_for }
    } else {
        server.disk().hard_state()
    }
}

/// The commit index as a number. A server that is down has none.
pub(super) fn commit(server: &Server) -> u64 {
    if server.is_up() { length(server.view().commit) } else { 0 }
}

/// The last index of the durable log, the entries that its snapshot stands for included.
pub(super) fn durable(server: &Server) -> u64 {
    let disk = server.disk();
    let base = length(disk.snapshot().map(|snapshot| snapshot.last.index));
    disk.log().last().map_or(base, |entry| entry.index.get())
}

pub(super) fn role_word(role: Role) -> RoleWord {
    match role {
        Role::Follower => RoleWord::Follower,
        Role::Candidate => RoleWord::Candidate,
        Role::Leader => RoleWord::Leader,
    }
}
