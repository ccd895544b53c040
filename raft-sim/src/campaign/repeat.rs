//! Runs the same plan twice and compares the two step by step.

use crate::digest::step_digests;
use crate::mix::mix;
use crate::model::NodeId;
use crate::observation::{Observation, Observer, Stop};
use crate::plan::Plan;
use crate::run::{Outcome, run};
use crate::subject::{Event, Implementation, line};
use crate::time::{Micros, milliseconds};

use super::SeedOutcome;

/// One in so many seeds is run twice unasked.
const SHARE: u64 = 64;

/// Whether this seed is run twice although nobody asked for it.
pub(super) fn repeats(seed: u64) -> bool {
    mix(seed, 0x7477_6963).is_multiple_of(SHARE)
}

/// Runs a plan twice, and once more in a new process if it is one that runs it: the second run shows what clusters share,
/// the third what processes don't. What it came to is the first run's.
pub(super) fn repeat(plan: &Plan, implementation: &dyn Implementation) -> SeedOutcome {
    let mut steps = Steps::default();
    let outcome = match run(plan, implementation, true, &mut steps) {
        Ok(outcome) => outcome,
        Err(why) => return SeedOutcome::NoBoot(why),
    };
    for anew in [false, true] {
        if anew && !implementation.start_over() {
            break;
        }
        steps = Steps { before: steps.first(), ..Steps::default() };
        let again = match run(plan, implementation, true, &mut steps) {
            Ok(again) => again,
            Err(why) => return SeedOutcome::NoBoot(why),
        };
        if let Some(difference) = difference(&steps, &outcome, &again) {
            let lines = lines(plan, implementation, anew).unwrap_or_default();
            return SeedOutcome::Differs(Box::new(outcome), difference + &lines);
        }
    }
    SeedOutcome::Ran(Box::new(outcome))
}

/// The first line, in two more runs, that is another one: what a server answers to the same step or to another.
/// `anew`: in two processes.
fn lines(plan: &Plan, implementation: &dyn Implementation, anew: bool) -> Option<String> {
    let [one, other] = [(); 2].map(|()| {
        if anew {
            implementation.start_over();
        }
        let mut lines = Lines::default();
        let ran = run(plan, implementation, false, &mut lines);
        ran.map(|_| lines.reported).unwrap_or_default()
    });
    let parted = one.iter().zip(&other).position(|(one, other)| one != other)?;
    let (one, other) = around(&one[parted], &other[parted]);
    Some(format!("\n  two more runs part at step {}:\n    {one}\n    {other}", parted + 1))
}

/// What two lines have where they part; all of them if they are short.
fn around(one: &str, other: &str) -> (String, String) {
    let parted = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let cut = |line: &str| {
        let start = line.floor_char_boundary(parted.saturating_sub(SHOWN / 2));
        let end = line.floor_char_boundary(start.saturating_add(SHOWN));
        let before = if start > 0 { "…" } else { "" };
        let behind = if end < line.len() { "…" } else { "" };
        format!("{before}{}{behind}", &line[start..end])
    };
    (cut(one), cut(other))
}

/// So many bytes of a line are shown at most.
const SHOWN: usize = 1_000;
/// Steps are told in lines until these are so many bytes.
const MOST_BYTES: usize = 1 << 26;

/// What was answered in each step.
#[derive(Default)]
struct Lines {
    reported: Vec<String>,
    bytes: usize,
    event: Option<Event>,
}

impl Observer for Lines {
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        if let Observation::Took { event, .. } = observation {
            self.event = Some(event.clone().into_owned());
        }
        if let Observation::Stepped { server, effects, before, .. } = observation
            && let Some(event) = self.event.take()
            && self.bytes < MOST_BYTES
        {
            let (what, _) = name(&event);
            let line = format!("{server} takes {what}: {}", line(before, effects));
            self.bytes += line.len();
            self.reported.push(line);
        }
        Ok(())
    }
}

/// How the second run differs from the first.
fn difference(second: &Steps, outcome: &Outcome, again: &Outcome) -> Option<String> {
    if let Some((number, mark)) = second.parted {
        let Some(before) = second.before.get(number) else {
            return Some(format!(
                "the first run ends after {number} steps, the second goes on: {mark}"
            ));
        };
        let number = number + 1;
        return Some(
            if (before.time, before.server, before.event) == (mark.time, mark.server, mark.event) {
                format!("step {number}, {mark}: in two runs different things came of it")
            } else {
                format!("step {number}, {before}; in a second run {mark}")
            },
        );
    }
    if let Some(mark) = second.before.get(second.marks.len()) {
        let number = second.marks.len();
        return Some(format!(
            "the second run ends after {number} steps, the first goes on: {mark}"
        ));
    }
    let digests = (outcome.digest, again.digest);
    (outcome != again).then(|| {
        format!(
            "step by step two runs are the same, their ends are not: digests {:016x} and {:016x}",
            digests.0, digests.1
        )
    })
}

/// What is kept of a step.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark {
    time: Micros,
    server: NodeId,
    what: &'static str,
    from: Option<NodeId>,
    /// Digest of the event.
    event: u64,
    /// Digest of what came of it.
    effects: u64,
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} takes {}", milliseconds(self.time), self.server, self.what)?;
        self.from.map_or(Ok(()), |from| write!(f, " from {from}"))
    }
}

/// Notes each step of a run, and where it is not that of an earlier one.
#[derive(Default)]
struct Steps {
    marks: Vec<Mark>,
    event: Option<Event>,
    /// The earlier run's.
    before: Vec<Mark>,
    /// The first step that is another one, and its number from 0.
    parted: Option<(usize, Mark)>,
}

impl Steps {
    /// The steps of the run that others are compared with.
    fn first(self) -> Vec<Mark> {
        if self.before.is_empty() { self.marks } else { self.before }
    }
}

impl Observer for Steps {
    fn observe(&mut self, now: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        if let Observation::Took { event, .. } = observation {
            self.event = Some(event.clone().into_owned());
        }
        if let Observation::Stepped { server, effects, .. } = observation
            && let Some(event) = self.event.take()
        {
            let (taken, did) = step_digests(now, *server, &event, effects);
            let (what, from) = name(&event);
            let mark = Mark { time: now, server: *server, what, from, event: taken, effects: did };
            if self.parted.is_none() && self.before.get(self.marks.len()) != Some(&mark) {
                self.parted = Some((self.marks.len(), mark));
            }
            self.marks.push(mark);
        }
        Ok(())
    }
}

fn name(event: &Event) -> (&'static str, Option<NodeId>) {
    let name = match event {
        Event::Tick => "a tick",
        Event::Receive(message) => return (message.body.name(), Some(message.from)),
        Event::Propose(..) => "a command",
        Event::Persisted(_) => "a notice of its disk",
        Event::Register(_) => "a request for a session",
        Event::ProposeOnce(..) => "a command in a session",
        Event::Read(_) => "a read",
        Event::ChangeMembership(..) => "a change of the configuration",
        Event::Transfer(..) => "a transfer of leadership",
        Event::Compact(_) => "a request for a snapshot",
        Event::Apply => "what it is to apply",
    };
    (name, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_shown_where_they_part() {
        assert_eq!(around("a b c", "a d"), ("a b c".to_owned(), "a d".to_owned()));
        let line = |word: &str| format!("{}{word}{}", "é".repeat(9_000), "z".repeat(9_000));
        let (one, other) = around(&line("one"), &line("other"));
        assert!(one.starts_with("…é") && one.contains("éonez") && one.ends_with("z…"), "{one}");
        assert!(other.contains("éotherz") && other.len() < 1_100, "{other}");
    }

    #[test]
    fn one_in_64_seeds_is_run_twice_unasked() {
        for from in [0, 1_000_000, 1 << 40] {
            let count = (from..from + 6_400).filter(|seed| repeats(*seed)).count();
            assert!((60..=140).contains(&count), "{count} of 6,400 from {from} on");
        }
    }
}
