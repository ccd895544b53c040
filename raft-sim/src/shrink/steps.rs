//! Reduces exact steps that violate a property: steps are left out, merged and simplified, and the cluster and its
//! settings become as plain as possible.

use super::case::Case;
use super::class::{Class, classes, is_of_heartbeat, servers};
use super::delta::reduce;
use super::patience::{Patience, STEPS};
use super::simpler::{renumbered, shorter, without};
use super::trace::{Trace, Traced, trace};
use super::{NoScenario, drawing, legal, names, obligation, strict, trips};
use crate::checker::{self, Symptom, Violation};
use crate::model::NodeId;
use crate::plan::{Healing, Plan};
use crate::scenario::replay::{Alarm, Move, attempt};
use crate::scenario::syntax::{Header, Scenario, Statement};
use crate::subject::Implementation;

/// Most steps of servers in all replays of one search: they take some ten seconds. The best case by then may not be
/// minimal, but fails.
const MOST_STEPS: u64 = 5_000_000;
/// Most replays of one search, likewise: a child takes longer for each.
const MOST_REPLAYS: u64 = 4_000;
/// Most steps of a run that is replayed as exact steps: each replay looks through all messages in flight for each.
const MOST_TRACED: usize = 200_000;
/// Most steps of a scenario in words. If a search ends with more, it ended long before it was done.
const MOST_IN_WORDS: usize = 5_000;

/// A scenario of few steps that violates a property.
#[derive(Clone, Debug)]
pub(super) struct Minimal {
    /// The violation at its last statement.
    pub violation: Violation,
    /// Its header and its statements. It has no text.
    pub scenario: Scenario,
    /// The number of runs and replays it took.
    pub replays: u64,
    /// True if patience ended the search.
    pub is_cut: bool,
}

/// A scenario of few steps with the symptom of this violation, which the run of a plan ends with; or the reason why there is
/// none.
///
/// # Errors
/// The reason why a server did not boot.
pub(super) fn minimal(
    plan: &Plan,
    violation: &Violation,
    implementation: &dyn Implementation,
    patience: &dyn Patience,
) -> Result<Result<Minimal, NoScenario>, String> {
    let symptom = violation.symptom();
    let traced = trace(plan, implementation)?;
    let Some(Trace { header, steps, .. }) = traced.filter(|it| symptom.is_of(&it.violation)) else {
        return Ok(Err(NoScenario::NotRepeated));
    };
    if steps.len() > MOST_TRACED {
        return Ok(Err(NoScenario::Long(steps.len())));
    }
    let healing =
        plan.healing.as_ref().filter(|_| symptom.property.class() == checker::Class::Liveness);
    let tries = Tries {
        implementation,
        patience: &(),
        symptom,
        goal: Vec::new(),
        replays: 1,
        steps: 0,
        other: None,
        is_cut: false,
    };
    let case = Case { scenario: scenario(header), moves: Vec::new() };
    let mut search = Search { tries, case };
    // The whole trace is tried however little patience is left.
    if !search.begin(&steps, healing) {
        return Ok(Err(match healing {
            Some(_) => NoScenario::Progress,
            None => NoScenario::Steps(search.tries.other.map(Box::new)),
        }));
    }
    search.tries.patience = patience;
    loop {
        let before = search.case.clone();
        search.classes();
        search.trips();
        search.pieces();
        search.gather();
        search.quick();
        search.simplify();
        search.merge();
        search.settings();
        search.servers();
        search.drawing();
        if search.case == before {
            break;
        }
    }
    let Search { case, tries } = search;
    let moves = legal::sayable(&case.scenario.header, [&case.moves[..], &tries.goal].concat());
    if moves.len() > MOST_IN_WORDS {
        return Ok(Err(NoScenario::Long(moves.len())));
    }
    let strict = strict::scenario(&case.scenario, &moves, &tries.symptom, implementation, patience);
    let minimal = strict.map(|(scenario, violation, more)| Minimal {
        violation,
        scenario,
        replays: tries.replays + more,
        is_cut: tries.is_cut,
    });
    Ok(minimal.ok_or(NoScenario::Text))
}

/// A scenario without statements and without lines: its header will change.
fn scenario(header: Header) -> Scenario {
    Scenario { header_lines: Vec::new(), header, steps: Vec::new(), end: Vec::new() }
}

struct Search<'a> {
    tries: Tries<'a>,
    case: Case,
}

/// Replays, and what they cost.
struct Tries<'a> {
    implementation: &'a dyn Implementation,
    patience: &'a dyn Patience,
    symptom: Symptom,
    /// The ending with the obligation, if the property is one of liveness.
    goal: Vec<Move>,
    /// The number of replays.
    replays: u64,
    /// The number of steps of servers in them.
    steps: u64,
    /// The violation of the last replay, if it had another symptom.
    other: Option<Violation>,
    /// True if patience ended the search.
    is_cut: bool,
}

impl Search<'_> {
    /// Replaces the case with this one, if it violates the property: with the part of it that can be carried out.
    /// True if it does.
    fn take(&mut self, scenario: Scenario, moves: Vec<Move>) -> bool {
        self.tries.failing(&scenario, &moves).is_some_and(|moves| {
            self.case = Case { scenario, moves };
            true
        })
    }

    /// As [`Search::take`], with the same cluster, and with the same clock ticks if they matter.
    fn take_moves(&mut self, moves: Vec<Move>) -> bool {
        let left = self.tries.timely(&self.case, &moves);
        left.is_some_and(|moves| {
            self.case.moves = moves;
            true
        })
    }

    /// As [`Search::take`], with this change.
    fn take_changed(&mut self, change: impl FnOnce(&mut Case)) -> bool {
        let mut case = self.case.clone();
        change(&mut case);
        case != self.case && self.take(case.scenario, case.moves)
    }

    /// Begins with the traced steps, with the effects of ticks in their place if that fails, too. False if the steps
    /// do not show the violation. With healing, the faults end then, and progress is demanded.
    fn begin(&mut self, traced: &[Traced], healing: Option<&Healing>) -> bool {
        let servers = self.case.scenario.header.servers.clone();
        let fair =
            healing.map_or(Vec::new(), |healing| obligation::end_of_faults(healing, &servers));
        let brief = |server: Option<NodeId>| -> Vec<Move> {
            let step = |traced: &Traced| match &traced.step {
                Move::Do(Statement::Tick(servers, _))
                    if server.is_none_or(|server| servers.contains(&server)) =>
                {
                    traced.brief.clone()
                }
                Move::Do(_) | Move::Deliver(_) | Move::Duplicate(_) => Some(traced.step.clone()),
            };
            traced.iter().filter_map(step).chain(fair.clone()).collect()
        };
        let exact =
            || traced.iter().map(|traced| traced.step.clone()).chain(fair.clone()).collect();
        if let Some(healing) = healing {
            return self.take_with_goal(brief(None), healing)
                || self.take_with_goal(exact(), healing);
        }
        let scenario = self.case.scenario.clone();
        if legal::needs_clocks(self.tries.symptom.property, &scenario.header) {
            return self.take(scenario, exact());
        }
        self.take_moves(brief(None))
            || servers.iter().any(|&server| self.take_moves(brief(Some(server))))
            || self.take_moves(exact())
    }

    /// Takes these steps with an ending that shows missing progress; false if none does.
    fn take_with_goal(&mut self, moves: Vec<Move>, healing: &Healing) -> bool {
        let (property, implementation) = (self.tries.symptom.property, self.tries.implementation);
        let scenario = &self.case.scenario;
        let goals = obligation::goals(property, healing, scenario, &moves, implementation);
        self.tries.replays += 2;
        goals.into_iter().any(|goal| {
            self.tries.goal = goal;
            self.take_moves(moves.clone())
        })
    }

    /// Leaves out whole classes of steps.
    fn classes(&mut self) {
        let mut all: Vec<Class> = Vec::new();
        for class in self.case.moves.iter().flat_map(classes) {
            if !all.contains(&class) {
                all.push(class);
            }
        }
        for class in all {
            let others = self.case.moves.iter().filter(|step| !classes(step).contains(&class));
            let others: Vec<Move> = others.cloned().collect();
            if others.len() < self.case.moves.len() {
                self.take_moves(others);
            }
        }
    }

    /// Leaves out proposals with their round trips: many of them, then fewer. Where nextIndex steps back one by one, each
    /// entry that is missing takes a step back away.
    fn trips(&mut self) {
        let mut size = trips::of(&self.case.moves).len();
        while size > 0 {
            let mut end = usize::MAX;
            loop {
                let trips = trips::of(&self.case.moves);
                end = end.min(trips.len());
                let start = end.saturating_sub(size);
                let gone = trips[start..end].concat();
                if gone.is_empty() {
                    break;
                }
                let moves = self.case.moves.iter().enumerate();
                let rest = moves.filter(|(place, _)| !gone.contains(place));
                let rest = rest.map(|(_, step)| step.clone()).collect();
                self.take_moves(rest);
                end = start;
            }
            size /= 2;
        }
    }

    /// Moves heartbeats of one leader together, where only deliveries of heartbeats and replies are in between: the text
    /// then has them in few lines.
    fn gather(&mut self) {
        for place in 1..self.case.moves.len() {
            let moves = &self.case.moves;
            let Some(beat @ Move::Do(Statement::Heartbeat(_))) = moves.get(place) else { continue };
            let between = moves[..place].iter().rev().take_while(|step| is_of_heartbeat(step));
            let first = place - between.count();
            if first == place || first == 0 || moves[first - 1] != *beat {
                continue;
            }
            let rest = [&moves[first..place], &moves[place + 1..]].concat();
            let moved = [&moves[..first], std::slice::from_ref(beat), &rest[..]].concat();
            self.take_moves(moved);
        }
    }

    /// Leaves out pieces, finally single steps.
    fn pieces(&mut self) {
        let Search { tries, case } = self;
        case.moves = reduce(case.moves.clone(), |rest| tries.timely(case, rest));
    }

    /// Leaves out steps of the ending that make a disk or a state machine quick again that was never slow.
    fn quick(&mut self) {
        let moves = &self.case.moves;
        self.tries.goal.retain(|step| obligation::is_needed(step, moves));
        let moves = moves.clone();
        self.take_moves(moves);
    }

    /// Replaces steps by simpler ones: ticks by their effects, elections after TimeoutNow by timeouts, and commands
    /// under sessions by plain ones.
    fn simplify(&mut self) {
        let mut place = 0;
        while let Some(step) = self.case.moves.get(place) {
            for shorter in shorter(step, &self.case.moves) {
                let mut moves = self.case.moves.clone();
                moves[place] = Move::Do(shorter);
                if self.take_moves(moves) {
                    break;
                }
            }
            place += 1;
        }
    }

    /// Merges several deliveries into `settle`, and a timeout with its consequences into `elect`.
    fn merge(&mut self) {
        let mut place = 0;
        while place < self.case.moves.len() {
            let moves = &self.case.moves;
            let (merged, first) = match &moves[place] {
                Move::Do(Statement::Timeout(servers)) if servers.len() == 1 => {
                    (Statement::Elect(servers[0]), place + 1)
                }
                Move::Deliver(_) => (Statement::Settle, place),
                Move::Do(_) | Move::Duplicate(_) => {
                    place += 1;
                    continue;
                }
            };
            let mut deliveries =
                moves[first..].iter().take_while(|step| matches!(step, Move::Deliver(_))).count();
            // The last one shows the violation: `settle` would hide which message that is.
            let is_end = first + deliveries == moves.len() && self.tries.goal.is_empty();
            deliveries -= usize::from(is_end && merged == Statement::Settle);
            for end in (place + 2..=first + deliveries).rev() {
                let moves = &self.case.moves;
                let step = Move::Do(merged.clone());
                let merged = [&moves[..place], &[step], &moves[end..]].concat();
                if self.take_moves(merged) {
                    break;
                }
            }
            place += 1;
        }
    }

    /// Resets settings to the defaults: shared ones for all servers, the others also one by one.
    fn settings(&mut self) {
        self.take_changed(|case| case.scenario.header.network.seed = 1);
        self.take_changed(|case| case.scenario.header.durable_state_machine = false);
        self.take_changed(legal::plain);
        for setting in legal::common() {
            self.take_changed(|case| legal::everywhere(case, setting));
        }
        for setting in legal::own() {
            self.take_changed(|case| {
                let all = &mut case.scenario.header.settings;
                all.iter_mut().for_each(|settings| settings.reset(setting));
            });
        }
        for server in 0..self.case.scenario.header.settings.len() {
            for setting in legal::own() {
                self.take_changed(|case| case.scenario.header.settings[server].reset(setting));
            }
        }
    }

    /// Leaves out servers, with the steps about them; but no server with an obligation.
    fn servers(&mut self) {
        if !self.tries.goal.is_empty() {
            return;
        }
        for gone in self.case.scenario.header.servers.clone().into_iter().rev() {
            let Case { scenario, moves } = &self.case;
            let members = |header: &Header| header.servers.len() - header.outside.len();
            let several = members(&scenario.header) > 1;
            let others = moves.iter().filter(|step| !servers(step).contains(&gone));
            let mut moves: Vec<Move> = others.cloned().collect();
            let mut scenario = scenario.clone();
            without(&mut scenario.header, gone);
            let mut closer = |server: &mut NodeId| *server = renumbered(*server, gone);
            for step in &mut moves {
                match step {
                    Move::Deliver(message) | Move::Duplicate(message) => {
                        [&mut message.from, &mut message.to].into_iter().for_each(&mut closer);
                    }
                    Move::Do(statement) => names::each_server(statement, &mut closer),
                }
            }
            // A cluster of several stays one: alone, a server fails for other reasons.
            if members(&scenario.header) > usize::from(several) {
                self.take(scenario, moves);
            }
        }
    }

    /// Replaces the first steps by the logs that they lead to.
    fn drawing(&mut self) {
        if legal::needs_clocks(self.tries.symptom.property, &self.case.scenario.header) {
            return;
        }
        for cut in (1..self.case.moves.len()).rev() {
            if self.tries.spent() {
                return;
            }
            self.tries.replays += 1;
            let after = drawing::after(&self.case, cut, self.tries.implementation);
            let Some(case) = after else { continue };
            let now = drawing::lines(&self.case);
            let old = self.case.clone();
            if self.take(case.scenario, case.moves) {
                if drawing::lines(&self.case) < now {
                    return;
                }
                self.case = old;
            }
        }
    }
}

impl Tries<'_> {
    /// True if there were enough tries: the search ends with the best case so far.
    fn spent(&mut self) -> bool {
        self.is_cut |= self.patience.used() >= STEPS;
        self.is_cut || self.steps >= MOST_STEPS || self.replays >= MOST_REPLAYS
    }

    /// As [`Tries::failing`], with the cluster of this case; `None` also if clocks matter and tick differently.
    fn timely(&mut self, case: &Case, moves: &[Move]) -> Option<Vec<Move>> {
        let matters = legal::needs_clocks(self.symptom.property, &case.scenario.header);
        let timely = |moves: &[Move]| !matters || legal::keeps_time(moves, &case.moves);
        // Most that do not are found without a replay.
        let left = timely(moves).then(|| self.failing(&case.scenario, moves)).flatten()?;
        timely(&left).then_some(left)
    }

    /// The steps of these that are carried out, if they violate the property, also when only these are replayed. The
    /// ending, which must be carried out, is not among them.
    fn failing(&mut self, scenario: &Scenario, moves: &[Move]) -> Option<Vec<Move>> {
        let mut whole = [moves, &self.goal].concat();
        while !self.spent() {
            let tried = attempt(scenario, &whole, self.implementation);
            self.replays += 1;
            self.steps += tried.steps;
            self.other = match &tried.alarm {
                Some(Alarm::Violation(other)) if !self.symptom.is_of(other) => Some(other.clone()),
                Some(Alarm::Violation(_) | Alarm::Overdue) | None => None,
            };
            obligation::violated(&self.symptom, tried.alarm?)?;
            let left = tried.done.strip_suffix(&self.goal[..])?;
            if tried.left_out == 0 {
                return Some(left.to_vec());
            }
            whole = tried.done;
        }
        None
    }
}
