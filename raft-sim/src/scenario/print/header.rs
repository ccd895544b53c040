//! The words of header lines and settings.

use std::fmt::{self, Display, Formatter};

use super::{List, OrNone, words};
use crate::scenario::syntax::{HeaderItem, NetworkItem, Settings};
use crate::scenario::vocabulary::{FactWord, HeaderWord, NetworkWord, Particle, Words};
use crate::subject::{Field, Setting};

impl Display for HeaderItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            HeaderItem::Scenario(title) => words(f, &[&HeaderWord::Scenario, title]),
            HeaderItem::Paper(paper) => words(f, &[&HeaderWord::Paper, paper]),
            HeaderItem::Servers(servers) => words(f, &[&HeaderWord::Servers, &List(servers)]),
            HeaderItem::Outside(servers) => words(f, &[&HeaderWord::Outside, servers]),
            HeaderItem::Requires(required) => {
                let required: Vec<&str> = required.iter().map(|needed| needed.word()).collect();
                words(f, &[&HeaderWord::Requires, &List(&required)])
            }
            HeaderItem::RequiresNot(excluded) => {
                let excluded: Vec<&str> = excluded.iter().map(|one| one.word()).collect();
                words(f, &[&HeaderWord::Requires, &Particle::Not, &List(&excluded)])
            }
            HeaderItem::Violates(property) => words(f, &[&HeaderWord::Violates, property]),
            HeaderItem::SetAside(properties) => {
                let names: Vec<&str> = properties.iter().map(|property| property.name()).collect();
                words(f, &[&HeaderWord::SetAside, &List(&names)])
            }
            HeaderItem::Settings(None, settings) => words(f, &[&HeaderWord::Settings, settings]),
            HeaderItem::Settings(Some(servers), settings) => {
                words(f, &[&HeaderWord::Settings, servers, settings])
            }
            HeaderItem::Network(network) => words(f, &[&HeaderWord::Network, network]),
            HeaderItem::DurableStateMachine => {
                words(f, &[&HeaderWord::StateMachine, &Particle::Durable])
            }
            HeaderItem::Given { servers, log, term, vote } => {
                words(f, &[&HeaderWord::Given, servers])?;
                if let Some(log) = log {
                    write!(f, " {} {}", FactWord::Log, List(log))?;
                }
                if let Some(term) = term {
                    write!(f, " {} {term}", FactWord::Term)?;
                }
                if let Some(vote) = vote {
                    write!(f, " {} {}", FactWord::Vote, OrNone(*vote))?;
                }
                Ok(())
            }
        }
    }
}

impl Display for NetworkItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const MILLISECOND: u64 = 1_000;
        let NetworkItem { delay, loss, duplicate, seed } = self;
        let mut set = Vec::new();
        if let Some((from, to)) = delay {
            let in_ms = from % MILLISECOND == 0 && to % MILLISECOND == 0;
            let (unit, microseconds) =
                if in_ms { (Particle::Ms, MILLISECOND) } else { (Particle::Us, 1) };
            let (from, to) = (from / microseconds, to / microseconds);
            set.push(format!("{} {from}..{to} {unit}", NetworkWord::Delay));
        }
        set.extend(loss.map(|percent| format!("{} {percent}%", NetworkWord::Loss)));
        set.extend(duplicate.map(|percent| format!("{} {percent}%", NetworkWord::Duplicate)));
        set.extend(seed.map(|seed| format!("{} {seed}", NetworkWord::Seed)));
        List(&set).fmt(f)
    }
}

impl Display for Settings {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let values = &mut self.values();
        let line = |setting: &Setting| {
            let word = setting.word;
            match setting.field {
                Field::Ticks(place) => {
                    let (from, to) = *place(values);
                    Some(format!("{word} {from}..{to}"))
                }
                Field::Number(_, place) => Some(format!("{word} {}", place(values))),
                Field::Limit(_, place) => place(values).map(|limit| format!("{word} {limit}")),
                Field::Percent(place) => place(values).map(|part| format!("{word} {part}%")),
                Field::Flag(place) => place(values).then(|| word.to_owned()),
                Field::Changes(place) => Some(format!("{word} {}", place(values).word())),
            }
        };
        List(&self.all().filter_map(line).collect::<Vec<String>>()).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::parse::parse;
    use crate::scenario::source::Source;
    use crate::scenario::syntax::HeaderLine;

    const LINES: &[&str] = &[
        "scenario A title of its own",
        "paper §5.2, Figure 3",
        "servers S1 S2 S3 S4",
        "outside S4",
        "requires forge no-op",
        "requires not pre-vote check-quorum",
        "violates election-safety",
        "set-aside persist-before-send match-index",
        "settings S1 S2 election-timeout 5..9 heartbeat 2 window 3 check-quorum lease-reads 5%",
        "settings S3 pre-vote changes joint",
        "network delay 500..7000 us loss 5% duplicate 1% seed 7",
        "state-machine durable",
        "given S1 S3 log 1 1 2:x",
        "given S2 term 3",
        "given S4 log 1 term 2 vote S1",
    ];

    fn written(lines: &[HeaderLine]) -> Vec<String> {
        lines.iter().map(|line| line.item.to_string()).collect()
    }

    #[test]
    fn a_header_is_written_as_it_was_read() {
        let source = Source::new("t.raft", &LINES.join("\n"));
        let scenario = parse(&source).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(written(&scenario.header_lines), LINES);
        assert_eq!(written(&scenario.header.lines()), LINES, "and as it was meant");
    }

    #[test]
    fn a_group_of_capabilities_is_read_by_its_former_name_and_written_one_by_one() {
        let source =
            Source::new("t.raft", &[&LINES[..3], &["requires conduct"]].concat().join("\n"));
        let scenario = parse(&source).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            written(&scenario.header_lines)[3..],
            ["requires strict-timer strict-votes strict-appending strict-snapshots"]
        );
    }

    #[test]
    fn what_is_said_twice_or_for_nothing_is_kept_but_not_needed() {
        let more = [
            "settings all check-quorum",
            "network delay 1..5 ms seed 1",
            "given all log none term 0 vote none",
        ];
        let source = Source::new("t.raft", &[&LINES[..3], &more].concat().join("\n"));
        let scenario = parse(&source).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(written(&scenario.header_lines)[3..], more);
        let needed = ["settings check-quorum", "given S1 S2 S3 S4 term 0"];
        assert_eq!(written(&scenario.header.lines())[3..], needed);
    }
}
