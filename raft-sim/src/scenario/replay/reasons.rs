//! The reasons why a condition does not hold: the facts that are otherwise, and what they are instead.

use super::Replay;
use super::facts::{commit, durable, hard_state, role_word};
use super::logs::{carries, drawn, members};
use crate::model::{Entry, NodeId, length};
use crate::scenario::syntax::{Condition, DrawnEntry, Fact, Label, Selector, Servers};
use crate::timeline;

impl Replay<'_> {
    /// One sentence for each part of a condition that decides it now: if the condition holds, what makes it hold, else
    /// what is otherwise.
    pub(super) fn reasons(&self, condition: &Condition) -> Vec<String> {
        let holds = self.holds(condition);
        match condition {
            Condition::Not(condition) => self.reasons(condition),
            Condition::Any(conditions) => {
                let deciding = conditions.iter().filter(|one| self.holds(one) == holds);
                deciding.flat_map(|one| self.reasons(one)).collect()
            }
            Condition::Servers(servers, facts) => {
                let Some(servers) = self.named(servers) else {
                    return vec![self.who_leads()];
                };
                let each = |&server: &NodeId| facts.iter().map(move |fact| (server, fact));
                let all = servers.iter().flat_map(each);
                let deciding = all.filter(|(server, fact)| self.is_fact(*server, fact) == holds);
                deciding.map(|(server, fact)| self.about(server, fact)).collect()
            }
            Condition::ALeader | Condition::NoLeader => vec![self.who_leads()],
            Condition::OnMajority(label) => {
                let voters = members(&self.leading_configuration());
                vec![format!("{}; the voters are {}", self.whereabouts(label), named(&voters))]
            }
            Condition::On(label, _) => vec![self.whereabouts(label)],
            Condition::Committed(label) => vec![self.how_far_committed(label)],
            Condition::Answered(label, _) => vec![self.became(label)],
            Condition::Sees(read, labels) | Condition::Misses(read, labels) => {
                vec![self.what_it_saw(read, labels)]
            }
            Condition::InFlight(selector) => vec![self.alike_in_flight(selector)],
            Condition::Quiet => vec![match self.world.network().in_flight().len() {
                0 => "no message is in flight".to_owned(),
                1 => "a message is in flight".to_owned(),
                count => format!("{count} messages are in flight"),
            }],
        }
    }

    /// A fact about a server as it is, and as it was expected if it is otherwise.
    fn about(&self, id: NodeId, fact: &Fact) -> String {
        let found = self.as_it_is(id, fact);
        if self.is_fact(id, fact) {
            return format!("{id} {found}");
        }
        match fact {
            // The sentence has all of it.
            Fact::Up
            | Fact::Unsynced
            | Fact::Holds(_)
            | Fact::Lacks(_)
            | Fact::Committed(_)
            | Fact::Reported => {
                format!("{id} {found}")
            }
            Fact::TermAs(other) => format!("{id} {found}, {other} {}", self.as_it_is(*other, fact)),
            Fact::LogAs(other) => {
                let (one, two) = (self.log(id), self.log(*other));
                let same = one.iter().zip(&two).take_while(|(one, two)| one == two).count();
                let differ = format!("the logs of {id} and {other} differ from index {}", same + 1);
                format!("{differ} on: {}, and {}", boxes(&one), boxes(&two))
            }
            Fact::Role(_)
            | Fact::Down
            | Fact::Term(_)
            | Fact::Vote(_)
            | Fact::Log { .. }
            | Fact::Commit(_)
            | Fact::Applied(_)
            | Fact::Members(_)
            | Fact::Learners(_)
            | Fact::Joint
            | Fact::Snapshot(_)
            | Fact::Durable(_)
            | Fact::Next(..)
            | Fact::Match(..) => format!("{id} {found}, not {fact}"),
        }
    }

    /// What a server is or has, as far as a fact is about it.
    fn as_it_is(&self, id: NodeId, fact: &Fact) -> String {
        let server = self.world.server(id);
        let has = |labels: &[Label], held: bool| -> Vec<Label> {
            labels.iter().filter(|label| self.has(id, label) == held).cloned().collect()
        };
        match fact {
            Fact::Role(_) | Fact::Up | Fact::Down if server.is_up() => {
                format!("is {}", role_word(server.view().role))
            }
            Fact::Role(_) | Fact::Up | Fact::Down => "is down".to_owned(),
            Fact::Term(_) | Fact::TermAs(_) => format!("has term {}", hard_state(server).term),
            Fact::Vote(_) => match hard_state(server).voted_for {
                Some(candidate) => format!("has vote {candidate}"),
                None => "has vote none".to_owned(),
            },
            Fact::Log { .. } | Fact::LogAs(_) => format!("has log {}", boxes(&self.log(id))),
            Fact::Holds(labels) | Fact::Lacks(labels) => {
                let wanted = matches!(fact, Fact::Holds(_)) == self.is_fact(id, fact);
                let verb = if wanted { "holds" } else { "lacks" };
                let its = format!("its log is {}", boxes(&self.log(id)));
                format!("{verb} {}; {its}", listed(&has(labels, wanted)))
            }
            Fact::Commit(_) => format!("has commit {}", commit(server)),
            Fact::Committed(labels) => {
                let wanted = self.is_fact(id, fact);
                let of = labels.iter().filter(|label| self.has_committed(id, label) == wanted);
                let of: Vec<Label> = of.cloned().collect();
                let place = |label: &Label| match self.index_of(id, label) {
                    Some(index) => format!("{} is entry {index}", label.0),
                    None => format!("{} is not in its log", label.0),
                };
                let places: Vec<String> = of.iter().map(place).collect();
                let verb = if wanted { "has committed" } else { "has not committed" };
                let commit = commit(server);
                format!("{verb} {}: it has commit {commit}, {}", listed(&of), places.join(", "))
            }
            Fact::Reported if self.is_fact(id, fact) => {
                "has reported a message that no correct server sends".to_owned()
            }
            Fact::Reported => "has reported nothing".to_owned(),
            Fact::Applied(_) => {
                let executed = self.folds.record.executed(id);
                let named = executed.iter().filter(|name| !name.contains('/'));
                let named: Vec<Label> = named.map(|name| Label(name.clone())).collect();
                format!("has {}", Fact::Applied(named))
            }
            Fact::Members(_) => {
                format!("has {}", Fact::Members(members(&self.configuration(id)).into()))
            }
            Fact::Learners(_) => {
                let learners = Servers::from(self.configuration(id).learners.clone());
                format!("has {}", Fact::Learners(learners))
            }
            Fact::Joint => {
                let voters = named(&members(&self.configuration(id)));
                let joint = if self.configuration(id).is_joint() { "the joint" } else { "the" };
                format!("has {joint} configuration of {voters}")
            }
            Fact::Snapshot(_) => format!("has snapshot {}", length(self.snapshot(id))),
            Fact::Unsynced if self.is_fact(id, fact) => {
                let written = server.length();
                format!("is unsynced: its log ends with {written}, durable are {}", durable(server))
            }
            Fact::Unsynced => "has nothing unsynced: all that it has written is durable".to_owned(),
            Fact::Durable(_) => format!("has durable {}", durable(server)),
            Fact::Next(other, _) => {
                format!("has next {other} {}", self.folds.record.progress(id, *other).next)
            }
            Fact::Match(other, _) => {
                format!("has match {other} {}", self.folds.record.progress(id, *other).matched)
            }
        }
    }

    fn who_leads(&self) -> String {
        let leaders = self.leaders();
        if leaders.is_empty() {
            return "no live server leads".to_owned();
        }
        let leads = |(id, term): &(NodeId, u64)| format!("{id} leads term {term}");
        leaders.iter().map(leads).collect::<Vec<_>>().join(", ")
    }

    /// The servers whose logs hold a command.
    fn whereabouts(&self, label: &Label) -> String {
        let on: Vec<NodeId> = self.world.ids().filter(|&id| self.has(id, label)).collect();
        match &on[..] {
            [] => format!("{} is in no log", label.0),
            _ => format!("{} is in the logs of {}", label.0, named(&on)),
        }
    }

    fn how_far_committed(&self, label: &Label) -> String {
        let holders = self.world.ids().filter_map(|id| Some((id, self.index_of(id, label)?)));
        let each = |(id, index): (NodeId, usize)| {
            let server = self.world.server(id);
            let state = match server.is_up() {
                true => format!("commit {}", commit(server)),
                false => "down".to_owned(),
            };
            format!("entry {index} on {id} ({state})")
        };
        let places: Vec<String> = holders.map(each).collect();
        match &places[..] {
            [] => format!("{} is in no log", label.0),
            _ => format!("{} is {}", label.0, places.join(", ")),
        }
    }

    fn what_it_saw(&self, read: &Label, labels: &[Label]) -> String {
        let became = self.became(read);
        let Some(seen) = self.seen(read, labels) else { return became };
        let (sees, misses): (Vec<Label>, Vec<Label>) =
            labels.iter().cloned().partition(|label| seen.contains(&label));
        let part = |verb: &str, labels: &[Label]| match labels {
            [] => None,
            _ => Some(format!("it {verb} {}", listed(labels))),
        };
        let parts = [part("sees", &sees), part("misses", &misses)];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("{became}: {}", parts.join(" and "))
    }

    /// The messages in flight on the links of a selector.
    fn alike_in_flight(&self, selector: &Selector) -> String {
        let flights = self.world.network().in_flight();
        let alike = flights.iter().filter(|flight| {
            let message = &flight.message;
            selector.links.iter().any(|link| (link.from, link.to) == (message.from, message.to))
        });
        let alike: Vec<String> = alike.map(|flight| timeline::message(&flight.message)).collect();
        match &alike[..] {
            [] => format!("nothing is in flight there ({selector})"),
            _ => format!("in flight there: {}", alike.join("; ")),
        }
    }

    /// The index of a command in a server's log.
    fn index_of(&self, id: NodeId, label: &Label) -> Option<usize> {
        self.log(id).iter().position(|entry| carries(entry, label)).map(|place| place + 1)
    }
}

fn boxes(log: &[Entry]) -> String {
    let boxes: Vec<DrawnEntry> = log.iter().map(drawn).collect();
    let log = Fact::Log { entries: boxes, open: false }.to_string();
    log.split_once(' ').map_or(String::new(), |(_, boxes)| boxes.to_owned())
}

fn listed(labels: &[Label]) -> String {
    labels.iter().map(|label| label.0.as_str()).collect::<Vec<_>>().join(" ")
}

fn named(servers: &[NodeId]) -> String {
    servers.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" ")
}
