//! Liveness obligations after the faults, as statements: the end of a scenario that shows missing progress.
//! `docs/liveness.md` has the goals of a run.
//!
//! A scenario can't express every goal of a run. It gives the cluster the same time as a run, once to recover and
//! once for the obligation: a correct implementation may need that long.

use crate::checker::{Class, Property, Symptom, Violation};
use crate::model::{Membership, NodeId, Term};
use crate::plan::Healing;
use crate::scenario::replay::{Alarm, Move, Prospect, prospect};
use crate::scenario::syntax::{
    Answer, Bound, Condition, Duration, Fact, Label, Link, Number, RoleWord, Scenario, Selection,
    Selector, Statement, Unit, Which,
};
use crate::subject::Implementation;

/// The number of new terms within which a cluster without faults elects a leader.
const ELECTIONS: u64 = 10;
/// The number of unanswered requests for which a scenario is tried.
const PENDING: usize = 3;

/// The violation by a replay with this alarm; `None` if it has another symptom.
pub(super) fn violated(symptom: &Symptom, alarm: Alarm) -> Option<Violation> {
    match alarm {
        Alarm::Violation(violation) => symptom.is_of(&violation).then_some(violation),
        Alarm::Overdue => (symptom.property.class() == Class::Liveness).then(|| Violation {
            property: symptom.property,
            server: NodeId(1),
            detail: "what the last line waits for does not happen".to_owned(),
        }),
    }
}

/// The end of the faults: messages that are lost, links that stay cut, servers that stay down, and servers that
/// restart.
pub(super) fn end_of_faults(healing: &Healing, servers: &[NodeId]) -> Vec<Move> {
    let links = servers.iter().flat_map(|&from| servers.iter().map(move |&to| Link { from, to }));
    let lost = links.filter(|link| link.from != link.to).map(|link| {
        let selector = Selector { links: vec![link], kind: None, details: Vec::new() };
        Statement::Drop(Selection { selector, which: Which::All })
    });
    let cut = healing.cut.iter().map(|&(from, to)| Link { from: NodeId(from), to: NodeId(to) });
    let cut = phrases(cut.collect()).into_iter().map(Statement::Cut);
    let power = servers.iter().map(|&server| {
        let say = if stays_down(healing, server) { Statement::Crash } else { Statement::Restart };
        say(vec![server].into())
    });
    lost.chain(cut).chain(power).map(Move::Do).collect()
}

/// The links in few lines: one, or one for each sender.
fn phrases(links: Vec<Link>) -> Vec<Vec<Link>> {
    let (from, to, both_ways) = Link::ends(&links);
    if Link::between(&from, &to, both_ways) == links {
        return Some(links).filter(|links| !links.is_empty()).into_iter().collect();
    }
    links.chunk_by(|one, next| one.from == next.from).map(<[Link]>::to_vec).collect()
}

fn stays_down(healing: &Healing, server: NodeId) -> bool {
    healing.down.contains(&server.0)
}

/// Endings that may show the violation of a liveness property after these steps, the likeliest first. The last
/// statement of each waits in vain; all others must be carried out.
pub(super) fn goals(
    property: Property,
    healing: &Healing,
    scenario: &Scenario,
    moves: &[Move],
    implementation: &dyn Implementation,
) -> Vec<Vec<Move>> {
    let after = |more: &[Statement]| {
        let more = more.iter().cloned().map(Move::Do);
        prospect(
            scenario,
            &moves.iter().cloned().chain(more).collect::<Vec<Move>>(),
            implementation,
        )
    };
    let servers = scenario.header.servers.iter().copied();
    let up: Vec<NodeId> = servers.filter(|&server| !stays_down(healing, server)).collect();
    let mut opening = resumed(moves, &up);
    opening.push(Statement::Expect(Condition::Servers(up.clone().into(), vec![Fact::Up])));
    let recovers = [&opening[..], &[Statement::Run(time(healing.patience))]].concat();
    let (Some(before), Some(then)) = (after(&opening), after(&recovers)) else {
        return Vec::new();
    };
    let obligation = Obligation { healing, up };
    let mut ways: Vec<Vec<Statement>> = Vec::new();
    if let Some((leader, _)) = then.leader
        && property == Property::ChangeCompletes
    {
        ways.push([opening.clone(), vec![obligation.change_ends(leader)]].concat());
    }
    ways.extend(match then.leader {
        Some((leader, ref configuration)) if property != Property::LeaderEmerges => {
            let leads = Statement::Expect(is(leader, Fact::Role(RoleWord::Leader)));
            let led = [&recovers[..], &[leads]].concat();
            let ways = obligation.of_leader(property, leader, configuration, &then);
            ways.into_iter().map(|way| [led.clone(), way].concat()).collect::<Vec<_>>()
        }
        Some(_) | None => {
            let [emerges, stays] = obligation.a_leader(before.term);
            vec![[opening, vec![emerges]].concat(), [recovers, vec![stays]].concat()]
        }
    });
    ways.into_iter().map(|way| way.into_iter().map(Move::Do).collect()).collect()
}

/// Disks and state machines of these servers that were slow are quick again.
fn resumed(moves: &[Move], up: &[NodeId]) -> Vec<Statement> {
    let quick =
        |&server: &NodeId| [Statement::Unstall(server.into()), Statement::ResumeApply(server)];
    let all = up.iter().flat_map(quick);
    all.filter(|quick| is_needed(&Move::Do(quick.clone()), moves)).collect()
}

/// True if a step of an ending has an effect after these.
pub(super) fn is_needed(step: &Move, moves: &[Move]) -> bool {
    if let Move::Do(Statement::Unstall(server)) = step {
        moves.contains(&Move::Do(Statement::Stall(*server)))
    } else if let Move::Do(Statement::ResumeApply(server)) = step {
        moves.contains(&Move::Do(Statement::PauseApply(*server)))
    } else {
        true
    }
}

fn time(count: u32) -> Duration {
    Duration { count, unit: Unit::ElectionTimeouts }
}

fn is(server: NodeId, fact: Fact) -> Condition {
    Condition::Servers(vec![server].into(), vec![fact])
}

/// The label of a request in an ending: no request of a trace has the number 0.
fn label(letter: char) -> Label {
    Label(format!("{letter}0"))
}

/// The obligations of the servers that are up.
struct Obligation<'a> {
    healing: &'a Healing,
    up: Vec<NodeId>,
}

impl Obligation<'_> {
    fn within(&self, condition: Condition) -> Statement {
        Statement::Within(time(self.healing.patience), condition)
    }

    /// A leader is elected; and servers do not stand for election again and again.
    fn a_leader(&self, term: Term) -> [Statement; 2] {
        let most = Number { value: term.0 + ELECTIONS, bound: Bound::AtMost };
        let few = Condition::Servers(self.up.clone().into(), vec![Fact::Term(most)]);
        // Terms do not go back: it is so now or never.
        let now = Duration { count: 1, unit: Unit::Ticks };
        [self.within(Condition::ALeader), Statement::Within(now, few)]
    }

    /// The change under way at a leader comes to an end.
    fn change_ends(&self, leader: NodeId) -> Statement {
        self.within(Condition::Not(Box::new(is(leader, Fact::Joint))))
    }

    /// The obligations of a cluster with a leader.
    fn of_leader(
        &self,
        property: Property,
        leader: NodeId,
        configuration: &Membership,
        then: &Prospect,
    ) -> Vec<Vec<Statement>> {
        let done = |label| self.within(Condition::Answered(label, Answer::Acknowledged));
        let settled = |label| {
            let pending = Condition::Answered(label, Answer::Pending);
            self.within(Condition::Not(Box::new(pending)))
        };
        let commands = vec![label('c')];
        let proposed = Statement::Propose { server: leader.into(), commands, session: None };
        let commits = vec![proposed, done(label('c'))];
        let behind = |more: Vec<Statement>| [&commits[..], &more].concat();
        if property == Property::Progress {
            vec![commits]
        } else if property == Property::Convergence {
            let obliged = self.obliged(leader, configuration);
            let committed = vec![Fact::Committed(vec![label('c')])];
            vec![behind(vec![self.within(Condition::Servers(obliged.into(), committed))])]
        } else if property == Property::ChangeCompletes {
            let Membership { voters, learners, .. } = configuration.clone();
            let (voters, learners) = (voters.into(), learners.into());
            let change =
                Statement::Change { server: leader.into(), label: label('m'), voters, learners };
            let once_more = behind(vec![change, done(label('m'))]);
            vec![[vec![self.change_ends(leader)], once_more].concat()]
        } else if property == Property::TransferEnds {
            let obliged = self.obliged(leader, configuration).into_iter();
            let targets = obliged.filter(|id| *id != leader && configuration.voters.contains(id));
            let handed = |to| {
                let transfer = Statement::Transfer { server: leader.into(), label: label('t'), to };
                let leads = self.within(is(to, Fact::Role(RoleWord::Leader)));
                let ends = [settled(label('t')), leads];
                let asked = if self.healing.cut.is_empty() { 2 } else { 1 };
                ends.into_iter().take(asked).map(move |end| vec![transfer.clone(), end])
            };
            targets.take(1).flat_map(handed).map(behind).collect()
        } else if property == Property::EverybodyAnswered {
            let pending = then.pending.iter().take(PENDING);
            pending.map(|label| behind(vec![settled(label.clone())])).collect()
        } else {
            vec![vec![Statement::Settle]]
        }
    }

    /// The live servers of the leader's configuration that can talk to it, including itself.
    fn obliged(&self, leader: NodeId, configuration: &Membership) -> Vec<NodeId> {
        let linked = |id: NodeId| {
            let cut = &self.healing.cut;
            !cut.contains(&(leader.0, id.0)) && !cut.contains(&(id.0, leader.0))
        };
        let member =
            |id: NodeId| configuration.is_voter(id) || configuration.learners.contains(&id);
        self.up.iter().copied().filter(|&id| linked(id) && member(id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_stay_cut_are_cut_by_as_few_lines_as_name_just_them() {
        let cut = |cut: &[(u32, u32)]| -> Vec<String> {
            let healing = Healing { cut: cut.to_vec(), ..Healing::whole() };
            let said = end_of_faults(&healing, &[NodeId(1)]).into_iter().filter_map(|step| {
                let Move::Do(statement @ Statement::Cut(_)) = step else { return None };
                Some(statement.to_string())
            });
            said.collect()
        };
        assert_eq!(cut(&[]), [""; 0]);
        assert_eq!(cut(&[(1, 2), (2, 1)]), ["cut S1 -- S2"]);
        assert_eq!(cut(&[(1, 2), (1, 3)]), ["cut S1 -> S2 S3"]);
        assert_eq!(cut(&[(1, 3), (2, 3)]), ["cut S1 S2 -> S3"]);
        assert_eq!(cut(&[(1, 2), (3, 4)]), ["cut S1 -> S2", "cut S3 -> S4"]);
        assert_eq!(cut(&[(1, 2), (2, 3)]), ["cut S1 -> S2", "cut S2 -> S3"]);
    }
}
