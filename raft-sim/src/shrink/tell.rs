//! From exact steps to a text that a reader can follow.
//!
//! Servers and requests get the names that a writer would give them, and comments say what is violated and what
//! happened on the way. The text is read back and replayed: what does not fail as it should is told more plainly.

use std::collections::BTreeMap;

use super::header::header;
use super::names::each_server;
use super::owed::violated;
use super::steps::Minimal;
use super::words::statement;
use crate::checker::{Property, Violation};
use crate::cluster::{Heard, Listener};
use crate::scenario::format::format;
use crate::scenario::parse::parse;
use crate::scenario::replay::{alarm, replay};
use crate::scenario::source::Source;
use crate::scenario::syntax::{Label, Scenario, Settings, Statement};
use crate::story::Recorder;
use crate::subject::{Implementation, Role};
use crate::time::Micros;
use crate::words::NodeId;

/// How wide a line of comment is at most.
const WIDTH: usize = 100;
/// How much may be told behind a statement: of more only the end is.
const BEHIND: usize = 70;

/// The text of a scenario that violates a property.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) text: String,
    /// How many replays it took.
    pub(super) replays: u64,
}

/// The steps as a text, without a word about where they were found; `None` if no text of them fails.
pub(super) fn told(minimal: &Minimal, implementation: &dyn Implementation) -> Option<Told> {
    let property = minimal.violation.property;
    let plain = titled(&minimal.scenario, property);
    let ranked = renamed(&plain, &ranking(&plain, implementation));
    let mut replays = 1;
    for (scenario, labels) in [(&ranked, true), (&plain, true), (&ranked, false), (&plain, false)] {
        let lines = lines(scenario, labels);
        replays += 1;
        let Some(seen) = fails(&lines.join("\n"), property, implementation) else { continue };
        replays += 2;
        let with_comments = commented(&lines, &seen, implementation);
        if let Some(text) = with_comments.and_then(|text| canonical(&text))
            && fails(&text, property, implementation).is_some()
        {
            return Some(Told { text, replays });
        }
    }
    None
}

/// What a text violates, if it can be read and that is this property.
fn fails(text: &str, property: Property, implementation: &dyn Implementation) -> Option<Violation> {
    let scenario = parse(&Source::new("shrunk", text)).ok()?;
    violated(property, alarm(&scenario, implementation)?)
}

/// The text in canonical form.
fn canonical(text: &str) -> Option<String> {
    parse(&Source::new("shrunk", text)).ok().map(|scenario| format(&scenario))
}

/// The scenario with the property's words for a title, and its section.
fn titled(scenario: &Scenario, property: Property) -> Scenario {
    let mut scenario = scenario.clone();
    let mut places: Vec<&str> = property.section().split(", ").collect();
    // A section comes first, as in every scenario; then the figure.
    places.sort_by_key(|place| !place.contains('§'));
    scenario.header.title = property.sentence().to_owned();
    scenario.header.paper = places.join(", ");
    scenario
}

/// Who led, in the order in which they came to.
#[derive(Debug, Default)]
struct Leaders(Vec<NodeId>);

impl Listener for Leaders {
    fn hear(&mut self, _: Micros, heard: &Heard<'_>) {
        if let Heard::Step { server, effects, .. } = heard
            && effects.view.role == Role::Leader
        {
            self.0.push(*server);
        }
    }
}

/// All servers, those that matter most first: the first leader, those after it, then whoever is named first.
fn ranking(scenario: &Scenario, implementation: &dyn Implementation) -> Vec<NodeId> {
    let mut leaders = Leaders::default();
    let _ = replay(scenario, implementation, Some(&mut leaders));
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

/// The scenario with S1 for the first of the ranking, and so on.
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

/// The lines of the scenario: its header, an empty one, its statements; with labels as in the paper, if wanted.
fn lines(Scenario { header: of, steps, .. }: &Scenario, labels: bool) -> Vec<String> {
    let said = steps.iter().map(|step| statement(&step.statement, &of.servers));
    let names =
        if labels { names(steps.iter().map(|step| &step.statement)) } else { BTreeMap::new() };
    let name = |word: &str| names.get(word).cloned().unwrap_or_else(|| word.to_owned());
    let named = said.map(|line| line.split(' ').map(name).collect::<Vec<String>>().join(" "));
    header(of).into_iter().chain([String::new()]).chain(named).collect()
}

/// The names of what is asked for, by those that it has.
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

/// The lines with comments: what is violated on top, what happened behind the statements.
fn commented(
    lines: &[String],
    seen: &Violation,
    implementation: &dyn Implementation,
) -> Option<String> {
    let scenario = parse(&Source::new("shrunk", &lines.join("\n"))).ok()?;
    let mut recorder = Recorder::milestones();
    let _ = replay(&scenario, implementation, Some(&mut recorder));
    let story = recorder.into_lines();
    let last = scenario.steps.last().map(|step| step.line);
    let Violation { property, detail, .. } = seen;
    let (title, section) = (property.title(), property.section());
    let mut text = wrapped(&format!("{title} ({section}) is violated: {detail}."));
    for (number, line) in (1..).zip(lines) {
        let of_line = story.iter().filter(|told| told.statement == Some(number));
        let mut told = decisive(of_line.map(|told| told.text.replace("  ", " ")).collect());
        told.extend((last == Some(number)).then(|| format!("{title} is violated")));
        while told.len() > 1 && told.join("; ").chars().count() > BEHIND {
            told.remove(0);
        }
        text += line;
        if !told.is_empty() {
            text += &format!("  # {}", told.join("; "));
        }
        text.push('\n');
    }
    Some(text)
}

/// Of what happened in the course of a statement, what it does not say itself.
fn decisive(told: Vec<String>) -> Vec<String> {
    let elected: Vec<String> = told
        .iter()
        .filter_map(|text| Some(text.split_once(" becomes leader")?.0.to_owned()))
        .collect();
    let needless = |text: &String| {
        text.ends_with(" crashes")
            || text
                .split_once(" becomes candidate")
                .is_some_and(|(server, _)| elected.iter().any(|leader| leader == server))
    };
    told.into_iter().filter(|text| !needless(text)).collect()
}

/// A comment of as many lines as it takes.
fn wrapped(text: &str) -> String {
    let mut comment = String::new();
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH && line != "#" {
            comment += &(std::mem::replace(&mut line, String::from("#")) + "\n");
        }
        line.push(' ');
        line += word;
    }
    comment + &line + "\n"
}
