//! A server's state as a line of text, for readers who compare states: what later steps depend on, without clocks and
//! without what waits for the disk.

use core::fmt;

use super::Node;
use crate::roles::Role;
use crate::state::Belief;
use crate::types::{Entry, LogIndex, Membership, Payload, length};

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Node { state, role } = self;
        let name = match role {
            Role::Follower(_) => "follower",
            Role::PreCandidate(_) => "pre-candidate",
            Role::Candidate(_) => "candidate",
            Role::Leader(_) => "leader",
        };
        write!(f, "{} {name} term={}", state.id, state.hard_state.term)?;
        optional(f, " vote=", state.hard_state.voted_for)?;
        f.write_str(" log=[")?;
        let base = state.log.base().map(|base| base.index);
        list(f, state.log.entries(base, state.log.last_index()), entry)?;
        f.write_str("]")?;
        optional(f, " snapshot=", state.log.base())?;
        f.write_str(" base=")?;
        membership(f, state.configurations.up_to(LogIndex::FIRST.min(LogIndex::after(base))))?;
        write!(f, " commit={}", length(state.commit))?;
        optional(f, " leader=", self.leader())?;
        f.write_str(match state.belief {
            Belief::NoLeader => " believes=none",
            Belief::Leader { .. } => " believes=leader",
            Belief::Itself => " believes=itself",
        })?;
        f.write_str(" waiting=[")?;
        list(f, &state.waiting, |f, (position, request)| write!(f, "{position}#{}", request.0))?;
        f.write_str("]")?;
        match role {
            Role::Follower(_) | Role::PreCandidate(_) => Ok(()),
            Role::Candidate(candidate) => {
                f.write_str(" votes={")?;
                list(f, candidate.votes(), |f, voter| write!(f, "{voter}"))?;
                f.write_str("}")
            }
            Role::Leader(leader) => write!(f, " {leader}"),
        }
    }
}

/// Writes a value that may be absent.
fn optional(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    value: Option<impl fmt::Display>,
) -> fmt::Result {
    match value {
        Some(value) => write!(f, "{name}{value}"),
        None => write!(f, "{name}none"),
    }
}

/// Writes elements with spaces in between.
fn list<T>(
    f: &mut fmt::Formatter<'_>,
    elements: impl IntoIterator<Item = T>,
    write: impl Fn(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (place, element) in elements.into_iter().enumerate() {
        if place > 0 {
            f.write_str(" ")?;
        }
        write(f, element)?;
    }
    Ok(())
}

fn membership(f: &mut fmt::Formatter<'_>, membership: &Membership) -> fmt::Result {
    let Membership { voters, outgoing, learners } = membership;
    f.write_str("{")?;
    list(f, voters, |f, voter| write!(f, "{voter}"))?;
    for (name, servers) in [(" outgoing ", outgoing), (" learners ", learners)] {
        if !servers.is_empty() {
            f.write_str(name)?;
            list(f, servers, |f, server| write!(f, "{server}"))?;
        }
    }
    f.write_str("}")
}

fn entry(f: &mut fmt::Formatter<'_>, entry: &Entry) -> fmt::Result {
    write!(f, "{}:{}", entry.term, entry.payload)
}

/// Content of an entry: `noop`, the command as text, `{S1 S2}` for a configuration.
impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Payload::Noop => f.write_str("noop"),
            Payload::Command(command) => command.escape_ascii().fmt(f),
            Payload::Membership(of) => membership(f, of),
            Payload::Register => f.write_str("register"),
            Payload::Once(once) => {
                write!(f, "{}.{}:{}", once.session.0, once.serial, once.command.escape_ascii())
            }
        }
    }
}
