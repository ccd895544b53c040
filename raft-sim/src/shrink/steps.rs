//! Exact steps that violate a property, made few: what can be left out is, what can be said shorter is, and the
//! cluster and its settings become as plain as they can be.

use std::mem::{Discriminant, discriminant};

use super::case::Case;
use super::delta::reduce;
use super::trace::{Trace, Traced, trace};
use super::{drawing, legal, names, obligation, strict};
use crate::checker::{self, Property, Violation};
use crate::model::{Body, NodeId};
use crate::plan::{Healing, Plan};
use crate::scenario::replay::{Move, attempt};
use crate::scenario::syntax::{Header, Label, Scenario, Statement};
use crate::subject::Implementation;

/// Most steps of servers in all replays of one search: what takes some ten seconds. What it has by then may still be
/// too much, but fails.
const MOST_STEPS: u64 = 5_000_000;

/// A scenario of few steps that violates a property.
#[derive(Clone, Debug)]
pub(super) struct Minimal {
    /// What is violated at its last statement.
    pub violation: Violation,
    /// Its header and its statements. It has no text.
    pub scenario: Scenario,
    /// How many runs and replays it took.
    pub replays: u64,
}

/// A scenario of few steps that violates the property which a plan violates; `None` if the plan violates none,
/// or exact steps do not show it.
///
/// # Errors
/// Why a server did not boot.
pub(super) fn minimal(
    plan: &Plan,
    implementation: &dyn Implementation,
) -> Result<Option<Minimal>, String> {
    let Some(Trace { header, steps, violation }) = trace(plan, implementation)? else {
        return Ok(None);
    };
    let property = violation.property;
    let tries = Tries { implementation, property, goal: Vec::new(), replays: 1, steps: 0 };
    let case = Case { scenario: scenario(header), moves: Vec::new() };
    let mut search = Search { tries, case };
    let healing = plan.healing.as_ref().filter(|_| property.class() == checker::Class::Liveness);
    if !search.begin(&steps, healing) {
        return Ok(None);
    }
    loop {
        let before = search.case.clone();
        search.classes();
        search.pieces();
        search.quick();
        search.words();
        search.merge();
        search.settings();
        search.servers();
        search.drawing();
        if search.case == before {
            break;
        }
    }
    let Search { case, tries: Tries { goal, replays, .. } } = search;
    let moves = legal::sayable(&case.scenario.header, [case.moves, goal].concat());
    let reported = strict::reported(&case.scenario, &moves, property, implementation);
    Ok(reported.map(|(scenario, violation, more)| Minimal {
        violation,
        scenario,
        replays: replays + more,
    }))
}

/// A scenario without statements and without lines: its header will change.
fn scenario(header: Header) -> Scenario {
    Scenario { header_lines: Vec::new(), header, steps: Vec::new(), end: Vec::new() }
}

/// What many steps have in common, so that they may as well all be needless.
#[derive(Clone, PartialEq, Eq)]
enum Class {
    /// A server is named.
    Server(NodeId),
    /// A message goes this way.
    Link(NodeId, NodeId),
    /// A message is of this kind.
    Kind(Discriminant<Body>),
    /// A message is empty.
    Heartbeat,
    /// A message is copied.
    Copy,
    /// A statement is of this kind.
    Word(Discriminant<Statement>),
    /// A statement of this kind is about this server.
    WordOf(Discriminant<Statement>, NodeId),
}

struct Search<'a> {
    tries: Tries<'a>,
    case: Case,
}

/// Replays, and what they cost.
struct Tries<'a> {
    implementation: &'a dyn Implementation,
    property: Property,
    /// What is owed in the end, if it is progress that is not made.
    goal: Vec<Move>,
    /// How many there were.
    replays: u64,
    /// How much happened in them to servers.
    steps: u64,
}

impl Search<'_> {
    /// Takes a case for the one there is, if it violates the property: as much of it as can be carried out. Says
    /// whether it does.
    fn take(&mut self, scenario: Scenario, moves: Vec<Move>) -> bool {
        self.tries.failing(&scenario, &moves).is_some_and(|moves| {
            self.case = Case { scenario, moves };
            true
        })
    }

    /// As [`Search::take`], of the same cluster, and in the same time if it matters.
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

    /// Begins with what was traced, ticks told by what they did if that does; false if the steps do not show the
    /// violation. With healing, the faults end then, and progress is owed.
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
            return self.owes(brief(None), healing) || self.owes(exact(), healing);
        }
        let scenario = self.case.scenario.clone();
        if legal::needs_clocks(self.tries.property, &scenario.header) {
            return self.take(scenario, exact());
        }
        self.take_moves(brief(None))
            || servers.iter().any(|&server| self.take_moves(brief(Some(server))))
            || self.take_moves(exact())
    }

    /// Takes these steps, with what shows that progress is not made behind them; false if nothing does.
    fn owes(&mut self, moves: Vec<Move>, healing: &Healing) -> bool {
        let Tries { property, implementation, .. } = self.tries;
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

    /// Leaves out pieces, in the end single steps.
    fn pieces(&mut self) {
        let Search { tries, case } = self;
        case.moves = reduce(case.moves.clone(), |rest| tries.timely(case, rest));
    }

    /// Says of no disk and no state machine in the end that it is quick again which was never slow.
    fn quick(&mut self) {
        let moves = &self.case.moves;
        self.tries.goal.retain(|step| obligation::is_needed(step, moves));
        let moves = moves.clone();
        self.take_moves(moves);
    }

    /// Tells ticks by what they do, stands for election unasked, and says commands without their sessions.
    fn words(&mut self) {
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

    /// Says several deliveries as `settle`, and a timeout with what follows from it as `elect`.
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
            let deliveries =
                moves[first..].iter().take_while(|step| matches!(step, Move::Deliver(_))).count();
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

    /// Takes settings back to the defaults: for all servers what they have in common, the others one by one, too.
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

    /// Leaves out servers, and what is about them; but nobody who owes progress.
    fn servers(&mut self) {
        if !self.tries.goal.is_empty() {
            return;
        }
        for gone in self.case.scenario.header.servers.clone().into_iter().rev() {
            let Case { scenario, moves } = &self.case;
            if scenario.header.servers.len() == 1 {
                return;
            }
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
            if !scenario.header.servers.iter().all(|id| scenario.header.outside.contains(id)) {
                self.take(scenario, moves);
            }
        }
    }

    /// Begins later: from logs that are drawn.
    fn drawing(&mut self) {
        if legal::needs_clocks(self.tries.property, &self.case.scenario.header) {
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
    /// Whether there were enough of them: the best so far is taken.
    fn spent(&self) -> bool {
        self.steps >= MOST_STEPS
    }

    /// As [`Tries::failing`], of the same cluster as this case; `None` also if clocks matter and tick otherwise.
    fn timely(&mut self, case: &Case, moves: &[Move]) -> Option<Vec<Move>> {
        let matters = legal::needs_clocks(self.property, &case.scenario.header);
        let timely = |moves: &[Move]| !matters || legal::keeps_time(moves, &case.moves);
        // Most that do not are found without a replay.
        let left = timely(moves).then(|| self.failing(&case.scenario, moves)).flatten()?;
        timely(&left).then_some(left)
    }

    /// What is carried out of these steps if they violate the property, so that all of it can be; without what
    /// is owed in the end, which must be.
    fn failing(&mut self, scenario: &Scenario, moves: &[Move]) -> Option<Vec<Move>> {
        let mut whole = [moves, &self.goal].concat();
        while !self.spent() {
            let tried = attempt(scenario, &whole, self.implementation);
            self.replays += 1;
            self.steps += tried.steps;
            obligation::violated(self.property, tried.alarm?)?;
            let left = tried.done.strip_suffix(&self.goal[..])?;
            if tried.left_out == 0 {
                return Some(left.to_vec());
            }
            whole = tried.done;
        }
        None
    }
}

fn classes(step: &Move) -> Vec<Class> {
    match step {
        Move::Deliver(message) | Move::Duplicate(message) => {
            let mut classes = vec![
                Class::Server(message.from),
                Class::Server(message.to),
                Class::Link(message.from, message.to),
                Class::Kind(discriminant(&message.body)),
            ];
            if matches!(&message.body, Body::AppendEntries { entries, .. } if entries.is_empty()) {
                classes.push(Class::Heartbeat);
            }
            if matches!(step, Move::Duplicate(_)) {
                classes.push(Class::Copy);
            }
            classes
        }
        Move::Do(statement) => {
            let word = discriminant(statement);
            let about = names::servers(statement);
            let servers = about.iter().map(|&server| Class::Server(server));
            let words = about.iter().map(|&server| Class::WordOf(word, server));
            servers.chain(words).chain([Class::Word(word)]).collect()
        }
    }
}

/// The servers that a step names.
fn servers(step: &Move) -> Vec<NodeId> {
    match step {
        Move::Deliver(message) | Move::Duplicate(message) => vec![message.from, message.to],
        Move::Do(statement) => names::servers(statement),
    }
}

/// What may do in place of a step, which is one of these.
fn shorter(step: &Move, all: &[Move]) -> Vec<Statement> {
    match step {
        Move::Do(Statement::Tick(servers, count)) if servers.len() == 1 => {
            let fewer = (*count > 1).then(|| Statement::Tick(servers.clone(), 1));
            let named = [Statement::Timeout(servers.clone()), Statement::Heartbeat(servers[0])];
            named.into_iter().chain(fewer).collect()
        }
        Move::Do(Statement::Propose { server, commands, session: Some(_) }) => {
            let (server, commands) = (*server, commands.clone());
            vec![Statement::Propose { server, commands, session: None }]
        }
        Move::Do(Statement::Retry(server, label)) => {
            let commands = vec![unused(label, all)];
            vec![Statement::Propose { server: *server, commands, session: None }]
        }
        Move::Deliver(message) if message.body == Body::TimeoutNow => {
            vec![Statement::Timeout(vec![message.to].into())]
        }
        Move::Do(_) | Move::Deliver(_) | Move::Duplicate(_) => Vec::new(),
    }
}

/// A label like this one that no command has.
fn unused(label: &Label, all: &[Move]) -> Label {
    let proposes = |label: &Label| {
        all.iter().any(|step| match step {
            Move::Do(Statement::Propose { commands, .. }) => commands.contains(label),
            Move::Do(_) | Move::Deliver(_) | Move::Duplicate(_) => false,
        })
    };
    let mut label = label.clone();
    while proposes(&label) {
        label.0.push_str("-again");
    }
    label
}

/// A cluster without one of its servers; those behind it take the names before theirs.
fn without(header: &mut Header, gone: NodeId) {
    header.settings.remove(gone.0 as usize - 1);
    header.servers.pop();
    header.outside.retain(|&server| server != gone);
    header.given.retain(|given| given.server != gone);
    let outside = header.outside.iter_mut();
    for server in outside.chain(header.given.iter_mut().map(|given| &mut given.server)) {
        *server = renumbered(*server, gone);
    }
    for given in &mut header.given {
        given.vote = given.vote.filter(|&vote| vote != gone).map(|vote| renumbered(vote, gone));
    }
}

fn renumbered(server: NodeId, gone: NodeId) -> NodeId {
    NodeId(server.0 - u32::from(server > gone))
}
