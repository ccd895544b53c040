//! Printing and parsing returns the same scenario: for scenarios drawn at random, and for every packaged one.

#[path = "round_trip/statements.rs"]
mod statements;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use raft_sim::checker::Property;
use raft_sim::model::{NodeId, Term};
use raft_sim::scenario::parse::parse;
use raft_sim::scenario::source::Source;
use raft_sim::scenario::syntax::{
    Capability, Changes, DrawnEntry, Header, HeaderItem, HeaderLine, Label, NetworkItem, Scenario,
    Servers, Settings, Step, Trivia,
};
use raft_sim::subject::{self, Field, SETTINGS, Setting};

use statements::{CLUSTER, statements};

/// Parses a printed text.
fn read(text: &str) -> Scenario {
    parse(&Source::new("printed", text)).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The scenario with every line number 0: syntax that was not read has none.
fn unnumbered(mut scenario: Scenario) -> Scenario {
    scenario.steps.iter_mut().for_each(|step| step.line = 0);
    scenario.header.given.iter_mut().for_each(|given| given.line = 0);
    scenario
}

pub(crate) fn cluster() -> Vec<NodeId> {
    (1..=CLUSTER).map(NodeId).collect()
}

/// Some of the servers, in any order, or all of them.
pub(crate) fn servers() -> impl Strategy<Value = Servers> {
    prop_oneof![
        1 => Just(Servers::all(cluster())),
        4 => subsequence(cluster(), 1..=CLUSTER as usize).prop_shuffle().prop_map(Servers::from),
    ]
}

/// Settings that fit each other on any server, with a clock that always ticks.
pub(crate) fn settings() -> impl Strategy<Value = Settings> {
    let drawn = vec(option::weighted(0.2, 1..=1_000_000_u32), SETTINGS.len());
    let settings = drawn.prop_map(|drawn| {
        let mut settings = Settings::default();
        for (setting, number) in SETTINGS.iter().zip(drawn) {
            let mut values = settings.values();
            let rests_on = setting.rests_on.and_then(Setting::named);
            let is_free = rests_on.is_none_or(|other| !other.is_off(values));
            let Some(number) = number.filter(|_| is_free) else { continue };
            match setting.field {
                Field::Ticks(place) => {
                    let shortest = 5 + number % 15;
                    *place(&mut values) = (shortest, shortest + number % 20);
                }
                Field::Number("ticks", place) => *place(&mut values) = 1 + number % 4,
                Field::Number(_, place) => *place(&mut values) = number,
                Field::Limit(_, place) => *place(&mut values) = Some(number),
                Field::Percent(place) => *place(&mut values) = Some(number % 101),
                Field::Flag(place) => *place(&mut values) = true,
                Field::Changes(place) => {
                    let ways = [Changes::Single, Changes::Joint, Changes::Shortest];
                    *place(&mut values) = ways[number as usize % ways.len()];
                }
            }
            settings.set(setting, values);
        }
        settings
    });
    settings.prop_filter("a line sets something", |settings| *settings != Settings::default())
}

fn network() -> impl Strategy<Value = NetworkItem> {
    let unit = prop_oneof![Just(1), Just(1_000)];
    let delay = (0..500_000_u64, 0..500_000_u64, unit)
        .prop_map(|(from, more, unit)| (from * unit, (from + more) * unit));
    let percent = || option::of(0..=100_u32);
    (option::of(delay), percent(), percent(), option::of(any::<u64>()))
        .prop_map(|(delay, loss, duplicate, seed)| NetworkItem { delay, loss, duplicate, seed })
        .prop_filter("a line sets something", |network| *network != NetworkItem::default())
}

/// States of servers that Raft can reach: each log is the beginning of the same one.
fn given() -> impl Strategy<Value = Vec<HeaderItem>> {
    let server = (option::of(0..=4_usize), option::of(0..3_u64), any::<bool>(), any::<bool>());
    let states = vec(option::of(server), CLUSTER as usize);
    (states, any::<bool>()).prop_map(|(states, reversed)| {
        let entry = |(term, label): (u64, &str)| DrawnEntry {
            term: Term(term),
            label: Some(Label(label.to_owned())).filter(|_| !label.is_empty()),
        };
        let log: Vec<DrawnEntry> = [(1, ""), (1, "x"), (2, "y"), (4, "")].map(entry).to_vec();
        let mut items = Vec::new();
        for (server, state) in cluster().into_iter().zip(states) {
            let Some((length, more, voted, said)) = state else { continue };
            let log = length.map(|length| log[..length].to_vec());
            let last = log.iter().flatten().last().map_or(0, |entry| entry.term.0);
            let term = more.map(|more| Term(last + more));
            let voter = Some(NodeId(1)).filter(|_| voted && term.map_or(last, |term| term.0) > 0);
            let vote = Some(voter).filter(|_| said);
            if log.is_some() || term.is_some() || vote.is_some() {
                items.push(HeaderItem::Given { servers: vec![server].into(), log, term, vote });
            }
        }
        if reversed {
            items.reverse();
        }
        items
    })
}

/// Header lines in any order that is allowed.
fn header_items() -> impl Strategy<Value = Vec<HeaderItem>> {
    let title = prop_oneof![Just("A leader is elected"), Just("Ein § Titel; #1 `quoted`")];
    let outside = subsequence(cluster(), 1..CLUSTER as usize).prop_map(Servers::from);
    let required = subsequence(Capability::ALL.to_vec(), 0..=4);
    let of = option::weighted(0.7, servers());
    let lines = vec((of, settings()), 0..4);
    let some = (option::of(outside), required, option::of(network()), any::<[bool; 3]>());
    (title, some, lines, given()).prop_map(|(title, some, lines, given)| {
        let (outside, required, network, [durable, violates, set_aside]) = some;
        // Statements are about state machines that may lag.
        let default = subject::Settings::default();
        let lagging =
            Settings::change(default, subject::Settings { apply_limit: Some(8), ..default });
        let mut items = vec![
            HeaderItem::Scenario(title.to_owned()),
            HeaderItem::Servers(cluster()),
            HeaderItem::Settings(None, lagging),
        ];
        items.extend(network.map(HeaderItem::Network));
        items.push(HeaderItem::Paper("§5.2, Figure 3".to_owned()));
        items.extend(outside.map(HeaderItem::Outside));
        let halves = required.chunks(2).enumerate().map(|(place, half)| match place {
            0 => HeaderItem::Requires(half.to_vec()),
            _ => HeaderItem::RequiresNot(half.to_vec()),
        });
        items.extend(halves);
        items.extend(violates.then(|| HeaderItem::Violates("log-matching".to_owned())));
        items.extend(set_aside.then(|| HeaderItem::SetAside(vec![Property::MatchIndex])));
        items.extend(lines.into_iter().map(|(of, set)| HeaderItem::Settings(of, set)));
        items.extend(durable.then_some(HeaderItem::DurableStateMachine));
        items.extend(given);
        items
    })
}

/// Comments above a line, parted by one blank line at most, and behind it.
fn trivia() -> impl Strategy<Value = Trivia> {
    let comment = || select(vec!["# then", "#", "#2", "#  [1][2]", "#   a § b"]);
    let above = (any::<bool>(), vec(comment(), 0..3)).prop_map(|(blank, comments)| {
        let blank = blank.then(String::new).into_iter();
        blank.chain(comments.into_iter().map(str::to_owned)).collect()
    });
    let behind = option::of(select(vec!["# what for", "# #1", "#x"]));
    let trivia = (above, behind)
        .prop_map(|(above, behind)| Trivia { above, behind: behind.map(str::to_owned) });
    prop_oneof![3 => Just(Trivia::default()), 1 => trivia]
}

/// Whole scenarios with comments.
fn scenario() -> impl Strategy<Value = Scenario> {
    let lines = (header_items(), vec(trivia(), 40), statements(), vec(trivia(), 40));
    (lines, trivia()).prop_map(|((items, around, statements, around_steps), end)| {
        let line = |(item, trivia)| HeaderLine { item, trivia };
        let mut header_lines: Vec<HeaderLine> = items.into_iter().zip(around).map(line).collect();
        // A text does not begin or end with a blank line.
        header_lines[0].trivia.above.retain(|line| !line.is_empty());
        let end =
            if end.above.last().is_some_and(String::is_empty) { Vec::new() } else { end.above };
        let step = |(statement, trivia)| Step { line: 0, statement, trivia };
        let steps: Vec<Step> = statements.into_iter().zip(around_steps).map(step).collect();
        let text = Scenario { header_lines, header: nothing(), steps, end };
        // The meaning of the header lines comes from a text: only the parser computes it.
        Scenario { header: unnumbered(read(&text.to_string())).header, ..text }
    })
}

/// A header that is not looked at.
fn nothing() -> Header {
    read("scenario t\npaper §5\nservers S1\n").header
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_printed_scenario_is_parsed_as_the_same(scenario in scenario()) {
        let text = scenario.to_string();
        let again = unnumbered(read(&text));
        prop_assert_eq!(&again, &scenario, "{}", text);
        prop_assert_eq!(again.to_string(), text);
    }

    #[test]
    fn a_header_is_read_from_the_lines_that_are_made_of_it(scenario in scenario()) {
        let built = Scenario::new(scenario.header, scenario.steps);
        let text = built.to_string();
        let again = unnumbered(read(&text));
        prop_assert_eq!(sorted(again), sorted(built), "{}", text);
    }
}

/// States that are given have no order.
fn sorted(mut scenario: Scenario) -> Scenario {
    scenario.header.given.sort_by_key(|given| given.server);
    scenario
}

#[test]
fn every_packaged_scenario_is_printed_as_it_was_parsed() {
    for (path, scenario) in raft_tests::scenarios().expect("every scenario parses") {
        assert_eq!(read(&scenario.to_string()), scenario, "{path}");
        let built = Scenario::new(scenario.header.clone(), scenario.steps.clone());
        let again = sorted(unnumbered(read(&built.to_string())));
        assert_eq!(again, sorted(unnumbered(built)), "{path}: from its header");
    }
}
