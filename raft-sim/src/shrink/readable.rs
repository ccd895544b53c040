//! Turns exact steps into a readable scenario.
//!
//! Servers and requests get the names that a writer would give them, and comments have the violation and the events
//! on the way. The scenario is replayed; if it does not fail with the same property, a plainer text is tried.

use std::collections::BTreeMap;

use super::NoScenario;
use super::names::{each_group, each_label, each_server};
use super::obligation::violated;
use super::steps::Minimal;
use crate::checker::{Property, Violation};
use crate::model::NodeId;
use crate::observation::{Observation, Observer, Stop};
use crate::scenario::replay::{alarm, replay};
use crate::scenario::syntax::{
    Bound, Condition, Fact, Header, Label, Number, Scenario, Servers, Settings, Statement,
};
use crate::subject::{Implementation, Role};
use crate::time::Micros;
use crate::timeline::Recorder;

/// The largest width of a comment line.
const WIDTH: usize = 100;
/// The largest width of a comment behind a statement; of a longer one only the end is kept.
const BEHIND: usize = 70;

/// A scenario that violates a property, with comments.
#[derive(Clone, Debug)]
pub(super) struct Readable {
    pub(super) scenario: Scenario,
    /// The number of replays it took.
    pub(super) replays: u64,
}

/// The steps as a readable scenario that does not name its seed, or the reason why there is none.
pub(super) fn readable(
    minimal: &Minimal,
    implementation: &dyn Implementation,
) -> Result<Readable, NoScenario> {
    let (property, symptom) = (minimal.violation.property, minimal.violation.symptom());
    if minimal.scenario.header.servers.len() > Header::MOST_SERVERS as usize {
        return Err(NoScenario::Servers);
    }
    let plain = titled(&minimal.scenario, property);
    let ranked = renamed(&plain, &ranking(&plain, implementation));
    let ways = [labelled(&ranked), labelled(&plain), ranked, plain];
    let mut replays = 1;
    for way in ways {
        replays += 1;
        let alarm = alarm(&way, implementation);
        if let Some(seen) = alarm.and_then(|alarm| violated(&symptom, alarm)) {
            replays += 1;
            let scenario = commented(together(way), &seen, implementation);
            return Ok(Readable { scenario, replays });
        }
    }
    Err(NoScenario::Text)
}

/// The scenario with the property's sentence as its title, and the property's section.
fn titled(scenario: &Scenario, property: Property) -> Scenario {
    let mut scenario = scenario.clone();
    let mut places: Vec<&str> = property.section().split(", ").collect();
    // A section comes first, as in every scenario; then the figure.
    places.sort_by_key(|place| !place.contains('§'));
    scenario.header.title = property.sentence().to_owned();
    scenario.header.paper = places.join(", ");
    scenario
}

/// The leaders, in the order of their elections.
#[derive(Debug, Default)]
struct Leaders(Vec<NodeId>);

impl Observer for Leaders {
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        if let Observation::Stepped { server, effects, .. } = observation
            && effects.view.role == Role::Leader
        {
            self.0.push(*server);
        }
        Ok(())
    }
}

/// All servers, the most important first: the leaders in order, then the others in the order in which they are named.
fn ranking(scenario: &Scenario, implementation: &dyn Implementation) -> Vec<NodeId> {
    let mut leaders = Leaders::default();
    let _ = replay(scenario, implementation, &mut leaders);
    let mut ranking = Vec::new();
    let mut rank = |server: NodeId| {
        if !ranking.contains(&server) {
            ranking.push(server);
        }
    };
    leaders.0.into_iter().for_each(&mut rank);
    for step in &scenario.steps {
        each_server(&mut step.statement.clone(), &mut |server| rank(*server));
    }
    scenario.header.servers.iter().copied().for_each(rank);
    ranking
}

/// The scenario with the first server of the ranking renamed to S1, and so on.
fn renamed(scenario: &Scenario, ranking: &[NodeId]) -> Scenario {
    let mut scenario = scenario.clone();
    let new = |server: &mut NodeId| {
        let place = ranking.iter().position(|other| other == server);
        *server = NodeId(place.map_or(server.0, |place| place as u32 + 1));
    };
    let header = &mut scenario.header;
    let old: Vec<Settings> = header.settings.clone();
    header.settings = ranking.iter().map(|server| old[server.0 as usize - 1]).collect();
    header.outside.iter_mut().for_each(new);
    header.outside.sort_unstable();
    for given in &mut header.given {
        new(&mut given.server);
        given.vote.iter_mut().for_each(new);
    }
    header.given.sort_by_key(|given| given.server);
    for step in &mut scenario.steps {
        each_server(&mut step.statement, &mut |server| new(server));
    }
    scenario
}

/// The scenario with labels as in the paper.
fn labelled(scenario: &Scenario) -> Scenario {
    let names = names(scenario.steps.iter().map(|step| &step.statement));
    let mut scenario = scenario.clone();
    for step in &mut scenario.steps {
        each_label(&mut step.statement, &mut |Label(label)| {
            if let Some(name) = names.get(label) {
                label.clone_from(name);
            }
        });
    }
    scenario
}

/// The scenario with a line for each part of its header, where `all` stands for all servers.
fn together(scenario: Scenario) -> Scenario {
    let mut scenario = Scenario::new(scenario.header, scenario.steps);
    let all = &scenario.header.servers;
    for step in &mut scenario.steps {
        each_group(&mut step.statement, &mut |servers| {
            if all.len() > 1 && **servers == **all {
                *servers = Servers::all(all.clone());
            }
        });
    }
    scenario
}

/// The new labels of requests, by their old ones.
fn names<'a>(statements: impl Iterator<Item = &'a Statement>) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let mut counts = [0; 5];
    for statement in statements {
        let one = std::slice::from_ref::<Label>;
        let (labels, kind) = if let Statement::Propose { commands, .. } = statement {
            (&commands[..], 0)
        } else if let Statement::Register(_, label) = statement {
            (one(label), 1)
        } else if let Statement::Read(_, label) = statement {
            (one(label), 2)
        } else if let Statement::Change { label, .. } = statement {
            (one(label), 3)
        } else if let Statement::Transfer { label, .. } = statement {
            (one(label), 4)
        } else {
            continue;
        };
        for Label(label) in labels {
            counts[kind] += 1;
            names.insert(label.clone(), name(kind, counts[kind]));
        }
    }
    names
}

/// The `count`-th name of a kind.
fn name(kind: usize, count: usize) -> String {
    const COMMANDS: [&str; 8] = ["x", "y", "z", "b", "c", "d", "e", "f"];
    const CLIENTS: [&str; 6] = ["alice", "bob", "carol", "dave", "erin", "frank"];
    let first: &[&str] = match kind {
        0 => &COMMANDS,
        1 => &CLIENTS,
        _ => &[],
    };
    let letter = ["x", "client-", "r", "c", "t"][kind];
    first.get(count - 1).map_or_else(|| format!("{letter}{count}"), |name| (*name).to_owned())
}

/// The scenario with comments: the violation on top, effects behind the statements.
fn commented(
    mut scenario: Scenario,
    seen: &Violation,
    implementation: &dyn Implementation,
) -> Scenario {
    let mut recorder = Recorder::milestones();
    let _ = replay(&scenario, implementation, &mut recorder);
    let timeline = recorder.into_lines();
    let Violation { property, detail, .. } = seen;
    let (title, section) = (property.title(), property.section());
    if let Some(first) = scenario.header_lines.first_mut() {
        first.trivia.above = wrapped(&format!("{title} ({section}) is violated: {detail}."));
    }
    if let Some(first) = scenario.steps.first_mut() {
        first.trivia.above = vec![String::new()];
    }
    let last = scenario.steps.last().map(|step| step.line);
    for step in &mut scenario.steps {
        let of_step = timeline.iter().filter(|line| line.statement == Some(step.line));
        let mut effects = decisive(of_step.map(|line| line.text.replace("  ", " ")).collect());
        if last == Some(step.line) {
            effects.push(format!("{title} is violated{}", in_vain(&step.statement)));
        }
        while effects.len() > 1 && effects.join("; ").chars().count() > BEHIND {
            effects.remove(0);
        }
        step.trivia.behind = (!effects.is_empty()).then(|| format!("# {}", effects.join("; ")));
    }
    scenario
}

/// The end of a sentence about a statement that waits in vain: the state that lasts instead; empty if it does not wait.
fn in_vain(statement: &Statement) -> &'static str {
    let Statement::Within(_, condition) = statement else { return "" };
    let is_bound = |fact: &Fact| matches!(fact, Fact::Term(Number { bound: Bound::AtMost, .. }));
    if let Condition::Servers(_, facts) = condition
        && facts.iter().any(is_bound)
    {
        ": elections went on and on"
    } else if matches!(condition, Condition::Not(_)) {
        ": it goes on"
    } else {
        ": it does not happen"
    }
}

/// The effects of a statement that it does not state itself.
fn decisive(effects: Vec<String>) -> Vec<String> {
    let elected: Vec<String> = effects
        .iter()
        .filter_map(|text| Some(text.split_once(" becomes leader")?.0.to_owned()))
        .collect();
    let needless = |text: &String| {
        text.ends_with(" crashes")
            || text
                .split_once(" becomes candidate")
                .is_some_and(|(server, _)| elected.iter().any(|leader| leader == server))
    };
    effects.into_iter().filter(|text| !needless(text)).collect()
}

/// A comment, wrapped into lines.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH && line != "#" {
            lines.push(std::mem::replace(&mut line, String::from("#")));
        }
        line.push(' ');
        line += word;
    }
    lines.push(line);
    lines
}
