//! The header of a scenario: what is tested, on which servers, and from which state.

use super::{DrawnEntry, Servers, Settings, Trivia};
use crate::checker::Property;
use crate::model::{NodeId, Term};
use crate::subject::Capability;

/// One line before the first statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderLine {
    /// Its content.
    pub item: HeaderItem,
    /// The comments around it.
    pub trivia: Trivia,
}

/// The content of one header line. [`Header`] documents the meaning of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderItem {
    /// `scenario TITLE`
    Scenario(String),
    /// `paper SECTION, FIGURE …`
    Paper(String),
    /// `servers S1 S2 …`
    Servers(Vec<NodeId>),
    /// `outside S4 …`
    Outside(Servers),
    /// `requires CAPABILITY …`
    Requires(Vec<Capability>),
    /// `requires not CAPABILITY …`
    RequiresNot(Vec<Capability>),
    /// `violates PROPERTY`
    Violates(String),
    /// `set-aside PROPERTY …`
    SetAside(Vec<Property>),
    /// `settings [S1 …] …`: of these servers, or of all.
    Settings(Option<Servers>, Settings),
    /// `network …`
    Network(NetworkItem),
    /// `state-machine durable`
    DurableStateMachine,
    /// `given S1 … [log …] [term …] [vote …]`
    Given {
        /// The servers.
        servers: Servers,
        /// `log …`, if said.
        log: Option<Vec<DrawnEntry>>,
        /// `term …`, if said.
        term: Option<Term>,
        /// `vote …`, if said; `none` is `Some(None)`.
        vote: Option<Option<NodeId>>,
    },
}

/// The settings of a `network` line. [`Network`] documents the meaning of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkItem {
    /// `delay A..B ms|us`, in virtual microseconds.
    pub delay: Option<(u64, u64)>,
    /// `loss N%`
    pub loss: Option<u32>,
    /// `duplicate N%`
    pub duplicate: Option<u32>,
    /// `seed N`
    pub seed: Option<u64>,
}

/// The lines before the first statement: what is tested, on which servers, and from which state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `scenario TITLE`: one sentence of what holds.
    pub title: String,
    /// `paper SECTION, FIGURE …`: where it comes from, as written.
    pub paper: String,
    /// `servers S1 S2 …`: always S1 to Sn without gaps, 1 to [`Header::MOST_SERVERS`] of them.
    pub servers: Vec<NodeId>,
    /// `outside S4 …`: those of them that are not in the first configuration. They boot knowing no other server and
    /// wait to be added (§6). Never all of them.
    pub outside: Vec<NodeId>,
    /// `requires CAPABILITY …`: what a subject must support, else the scenario is skipped.
    pub requires: Vec<Capability>,
    /// `requires not CAPABILITY …`: what a subject must not have, else the scenario is skipped. None of `requires`.
    pub requires_not: Vec<Capability>,
    /// `violates PROPERTY`: a negative control; the last statement must raise this alarm, and nothing
    /// before it any.
    pub violates: Option<String>,
    /// `set-aside PROPERTY …`: the properties that are [set aside](crate::checker::Checkers::setting_aside).
    pub set_aside: Vec<Property>,
    /// `settings [S1 …] …`: what differs from the defaults of every subject. One for each of `servers`,
    /// in the same order.
    pub settings: Vec<Settings>,
    /// `network …`: the network conditions for `run` and `within`; exact commands ignore them.
    pub network: Network,
    /// `state-machine durable`: what was applied survives a crash; by default it is rebuilt.
    pub durable_state_machine: bool,
    /// `given SERVER … log … term … vote …`: durable state at boot, one for every server named.
    pub given: Vec<Given>,
}

impl Header {
    /// The servers that a scenario has at most.
    pub const MOST_SERVERS: u32 = 9;

    /// The header as lines: none for defaults, and one for all servers that have the same settings or begin with
    /// the same state.
    #[must_use]
    pub fn lines(&self) -> Vec<HeaderLine> {
        let mut items = vec![
            HeaderItem::Scenario(self.title.clone()),
            HeaderItem::Paper(self.paper.clone()),
            HeaderItem::Servers(self.servers.clone()),
        ];
        if !self.outside.is_empty() {
            items.push(HeaderItem::Outside(self.outside.clone().into()));
        }
        if !self.requires.is_empty() {
            items.push(HeaderItem::Requires(self.requires.clone()));
        }
        if !self.requires_not.is_empty() {
            items.push(HeaderItem::RequiresNot(self.requires_not.clone()));
        }
        items.extend(self.violates.clone().map(HeaderItem::Violates));
        if !self.set_aside.is_empty() {
            items.push(HeaderItem::SetAside(self.set_aside.clone()));
        }
        items.extend(self.settings_items());
        let network = self.network.item();
        if network != NetworkItem::default() {
            items.push(HeaderItem::Network(network));
        }
        if self.durable_state_machine {
            items.push(HeaderItem::DurableStateMachine);
        }
        items.extend(self.given_items());
        let line = |item| HeaderLine { item, trivia: Trivia::default() };
        items.into_iter().map(line).collect()
    }

    fn settings_items(&self) -> Vec<HeaderItem> {
        let all = self.servers.iter().zip(&self.settings);
        let groups = grouped(all.map(|(&server, settings)| (server, settings)));
        let set = groups.into_iter().filter(|(settings, _)| **settings != Settings::default());
        set.map(|(settings, servers)| {
            let some = (servers != self.servers).then(|| servers.into());
            HeaderItem::Settings(some, *settings)
        })
        .collect()
    }

    fn given_items(&self) -> Vec<HeaderItem> {
        type State<'a> = (&'a Vec<DrawnEntry>, Term, Option<NodeId>);
        let states =
            self.given.iter().map(|given| (given.server, (&given.log, given.term, given.vote)));
        let item = |((log, term, vote), mut servers): (State<'_>, Vec<NodeId>)| {
            servers.sort_unstable();
            let last = log.last().map_or(Term(0), |entry| entry.term);
            let said = term != last || (log.is_empty() && vote.is_none());
            HeaderItem::Given {
                servers: servers.into(),
                log: (!log.is_empty()).then(|| log.clone()),
                term: said.then_some(term),
                vote: vote.map(Some),
            }
        };
        grouped(states).into_iter().map(item).collect()
    }
}

/// The servers that have the same, in the order of the first of each group.
fn grouped<T: PartialEq>(all: impl Iterator<Item = (NodeId, T)>) -> Vec<(T, Vec<NodeId>)> {
    let mut groups: Vec<(T, Vec<NodeId>)> = Vec::new();
    for (server, own) in all {
        match groups.iter_mut().find(|(other, _)| *other == own) {
            Some((_, servers)) => servers.push(server),
            None => groups.push((own, vec![server])),
        }
    }
    groups
}

/// `network delay A..B ms|us [loss N%] [duplicate N%] [seed N]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The shortest and longest delay, in virtual microseconds, drawn evenly. Default 1 to 5 ms.
    pub delay: (u64, u64),
    /// Percent of messages lost. Default 0.
    pub loss: u32,
    /// Percent of messages delivered twice. Default 0.
    pub duplicate: u32,
    /// Seed of all draws, the election timeouts' included. Default 1.
    pub seed: u64,
}

impl Default for Network {
    fn default() -> Network {
        Network { delay: (1_000, 5_000), loss: 0, duplicate: 0, seed: 1 }
    }
}

impl Network {
    /// The network of a line that sets only some of this.
    #[must_use]
    pub fn with(self, line: NetworkItem) -> Network {
        Network {
            delay: line.delay.unwrap_or(self.delay),
            loss: line.loss.unwrap_or(self.loss),
            duplicate: line.duplicate.unwrap_or(self.duplicate),
            seed: line.seed.unwrap_or(self.seed),
        }
    }

    /// The settings that differ from the defaults.
    fn item(self) -> NetworkItem {
        fn differs<T: PartialEq>(value: T, default: T) -> Option<T> {
            (value != default).then_some(value)
        }
        let default = Network::default();
        NetworkItem {
            delay: differs(self.delay, default.delay),
            loss: differs(self.loss, default.loss),
            duplicate: differs(self.duplicate, default.duplicate),
            seed: differs(self.seed, default.seed),
        }
    }
}

/// The content of one server's disk when it boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Line of the file, from 1.
    pub line: u32,
    /// The server.
    pub server: NodeId,
    /// `log 1 1 2:x`: its entries in order.
    pub log: Vec<DrawnEntry>,
    /// `term N`: currentTerm; by default the term of the last entry, 0 for an empty log.
    pub term: Term,
    /// `vote S2`: votedFor in that term.
    pub vote: Option<NodeId>,
}
