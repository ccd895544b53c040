//! Runs that a playground begins with: clusters without a past, and the scenarios of the paper's figures.

use serde::Serialize;

use crate::scenario::packaged::{PACKAGED, Packaged};
use crate::scenario::parse::parse;
use crate::subject::{Field, SETTINGS};

/// The figures of the paper that show something happen.
const FIGURES: std::ops::RangeInclusive<u32> = 6..=13;

/// A run to begin with.
#[derive(Debug, Serialize)]
pub(super) struct Start {
    group: String,
    pub(super) title: String,
    /// The text of its scenario.
    pub(super) text: String,
}

/// A setting of a cluster without a past: one that is on or off.
#[derive(Debug, Serialize)]
struct Switch {
    word: &'static str,
    what: &'static str,
    section: &'static str,
}

/// Data that the script of the page reads.
#[derive(Debug, Serialize)]
pub(super) struct Playground {
    pub(super) starts: Vec<Start>,
    settings: Vec<Switch>,
}

impl Playground {
    /// Clusters of three and of five servers, then the packaged scenarios by their figures.
    pub(super) fn new() -> Playground {
        let empty = [("Three servers", "S1 S2 S3"), ("Five servers", "S1 S2 S3 S4 S5")];
        let empty = empty.map(|(title, servers)| Start {
            group: "An empty cluster".to_owned(),
            title: title.to_owned(),
            text: format!("scenario  {title}\npaper     §5\nservers   {servers}\n"),
        });
        let mut drawn: Vec<(u32, Start)> = PACKAGED.iter().filter_map(of_figure).collect();
        drawn.sort_by_key(|(figure, _)| *figure);
        let starts = empty.into_iter().chain(drawn.into_iter().map(|(_, start)| start)).collect();
        let settings = SETTINGS.iter().filter(|setting| matches!(setting.field, Field::Flag(_)));
        let settings =
            settings.map(|it| Switch { word: it.word, what: it.what, section: it.section });
        Playground { starts, settings: settings.collect() }
    }
}

/// A scenario that is about one of the figures, and the first of these.
fn of_figure(packaged: &Packaged) -> Option<(u32, Start)> {
    let scenario = parse(&packaged.source()).ok()?;
    let paper = scenario.header.paper;
    let numbers = paper
        .split("Figure ")
        .skip(1)
        .filter_map(|text| text.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok());
    let figure = numbers.into_iter().find(|number| FIGURES.contains(number))?;
    let (title, text) = (scenario.header.title, packaged.text.to_owned());
    Some((figure, Start { group: format!("Figure {figure}"), title, text }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_playground_has_empty_clusters_and_all_figures_that_show_something() {
        let playground = Playground::new();
        for figure in FIGURES {
            let group = format!("Figure {figure}");
            assert!(playground.starts.iter().any(|start| start.group == group), "{group}");
        }
        let words: Vec<&str> = playground.settings.iter().map(|it| it.word).collect();
        assert_eq!(words, ["pre-vote", "check-quorum"]);
        for start in &playground.starts {
            let source = crate::scenario::source::Source::new("start.raft", &start.text);
            assert!(parse(&source).is_ok(), "{}", start.title);
        }
    }
}
