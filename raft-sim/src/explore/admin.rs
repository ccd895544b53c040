//! What an administrator asks for in an exploration: the configuration in force with one server more or less, or one of a
//! list.

use std::ops::Range;
use std::sync::Arc;

use crate::model::{Membership, NodeId, Payload};
use crate::scenario::error::ParseError;
use crate::scenario::parse::parse;
use crate::scenario::source::Source;
use crate::scenario::syntax::{Header, Scenario, Statement, Step};
use crate::world::Server;

/// A configuration that is asked for, its servers in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) voters: Vec<NodeId>,
    pub(super) learners: Vec<NodeId>,
}

/// What an administrator may ask for.
#[derive(Clone, Debug)]
pub(super) struct Admin {
    /// The voters of the first configuration.
    first: Vec<NodeId>,
    list: Vec<Wanted>,
}

impl Admin {
    /// The most configurations of a list: each is an event of its own.
    const MOST: usize = 64;

    /// The administrator of a cluster. The list is in the words that follow `change S1 c1 to` in a scenario.
    ///
    /// # Errors
    /// They are no configuration of these servers, one is there twice, or there are too many.
    pub(super) fn new(cluster: &Scenario, list: &[String]) -> Result<Admin, String> {
        let Header { servers, outside, .. } = &cluster.header;
        let first = servers.iter().copied().filter(|server| !outside.contains(server)).collect();
        if list.len() > Admin::MOST {
            return Err(format!(
                "{} configurations to ask for; expected at most {}",
                list.len(),
                Admin::MOST
            ));
        }
        let mut known: Vec<Wanted> = Vec::new();
        for words in list {
            let wanted = wanted(cluster, words)?;
            if known.contains(&wanted) {
                return Err(format!("configuration `{words}`: it is in the list already"));
            }
            known.push(wanted);
        }
        Ok(Admin { first, list: known })
    }

    /// The places of the list.
    pub(super) fn places(&self) -> Range<u8> {
        0..self.list.len() as u8
    }

    /// The configuration in a place of the list.
    pub(super) fn listed(&self, place: u8) -> Option<&Wanted> {
        self.list.get(usize::from(place))
    }

    /// The voters of the configuration in a server's log with another server removed, or added; `None` if none would be
    /// left.
    pub(super) fn toggled(&self, server: &Server, other: NodeId) -> Option<Wanted> {
        let latest = in_force(server);
        let mut voters = latest.map_or_else(|| self.first.clone(), |latest| latest.voters.clone());
        match voters.binary_search(&other) {
            Ok(place) => {
                voters.remove(place);
            }
            Err(place) => voters.insert(place, other),
        }
        (!voters.is_empty()).then_some(Wanted { voters, learners: Vec::new() })
    }
}

/// The configuration of these words.
///
/// # Errors
/// They are none, with what was expected.
fn wanted(cluster: &Scenario, words: &str) -> Result<Wanted, String> {
    let source = Source::new("", &format!("{cluster}change S1 c1 to {words}\n"));
    let why = match parse(&source).as_ref().map(|read| &read.steps[..]) {
        Ok([Step { statement: Statement::Change { voters, learners, .. }, .. }]) => {
            if !voters.is_empty() {
                let [mut voters, mut learners] = [voters.to_vec(), learners.to_vec()];
                voters.sort_unstable();
                learners.sort_unstable();
                return Ok(Wanted { voters, learners });
            }
            "it has no voters".to_owned()
        }
        Ok(_) => "it is more than a configuration".to_owned(),
        Err(ParseError { message, help: Some(help), .. }) => format!("{message}; {help}"),
        Err(ParseError { message, help: None, .. }) => message.clone(),
    };
    Err(format!("configuration `{words}`: {why}"))
}

/// The latest configuration that a server has written; `None` as long as that is the first one.
pub(super) fn in_force(server: &Server) -> Option<Arc<Membership>> {
    let logged = server.disk().written_log().into_iter().rev().find_map(|entry| {
        let Payload::Membership(membership) = entry.payload else { return None };
        Some(membership)
    });
    logged.or_else(|| server.disk().written_snapshot().map(|snapshot| snapshot.membership.clone()))
}
