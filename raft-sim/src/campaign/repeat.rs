//! Runs the same plan twice and compares the two step by step.

use crate::digest::step_digests;
use crate::mix::mix;
use crate::model::NodeId;
use crate::observation::{Observation, Observer, Stop};
use crate::plan::Plan;
use crate::run::{Interrupt, Outcome, run};
use crate::subject::{Event, Implementation, line};
use crate::time::{Micros, milliseconds};

use super::SeedOutcome;

/// One in this many seeds is run twice in every campaign.
const SHARE: u64 = 64;

/// True if this seed is run twice in every campaign.
pub(super) fn repeats(seed: u64) -> bool {
    mix(seed, 0x7477_6963).is_multiple_of(SHARE)
}

/// Runs a plan twice, and a third time in a new process if the implementation is a child process. The second run finds
/// state that clusters share, the third finds what differs between processes. The outcome is that of the first run. `None`
/// if `stop` ended a run.
pub(super) fn repeat(
    plan: &Plan,
    implementation: &dyn Implementation,
    stop: &dyn Fn() -> bool,
) -> Option<SeedOutcome> {
    let mut steps = Steps::default();
    let outcome = match observed(plan, implementation, true, &mut steps, stop)? {
        Ok(outcome) => outcome,
        Err(why) => return Some(SeedOutcome::NoBoot(why)),
    };
    for anew in [false, true] {
        if anew && !implementation.start_over() {
            break;
        }
        steps = Steps { before: steps.first(), ..Steps::default() };
        let again = match observed(plan, implementation, true, &mut steps, stop)? {
            Ok(again) => again,
            Err(why) => return Some(SeedOutcome::NoBoot(why)),
        };
        if let Some(difference) = difference(&steps, &outcome, &again) {
            let lines = lines(plan, implementation, anew, stop).unwrap_or_default();
            return Some(SeedOutcome::Differs(Box::new(outcome), difference + &lines));
        }
    }
    Some(SeedOutcome::Ran(Box::new(outcome)))
}

/// Runs a plan; `None` if `stop` ended the run.
pub(super) fn observed(
    plan: &Plan,
    implementation: &dyn Implementation,
    judged: bool,
    observer: &mut dyn Observer,
    stop: &dyn Fn() -> bool,
) -> Option<Result<Outcome, String>> {
    let mut interrupt = Interrupt::new(stop);
    let ran = run(plan, implementation, judged, (observer, &mut interrupt));
    (!interrupt.fired()).then_some(ran)
}

/// Runs the plan twice more and returns the first lines that differ: the effects of a step of a server. With `anew`
/// each run has a process of its own.
fn lines(
    plan: &Plan,
    implementation: &dyn Implementation,
    anew: bool,
    stop: &dyn Fn() -> bool,
) -> Option<String> {
    let mut both = Vec::new();
    for _ in 0..2 {
        if anew {
            implementation.start_over();
        }
        let mut lines = Lines::default();
        let ran = observed(plan, implementation, false, &mut lines, stop)?;
        both.push(ran.map(|_| lines.lines).unwrap_or_default());
    }
    let (one, other) = (&both[0], &both[1]);
    let parted = one.iter().zip(other).position(|(one, other)| one != other)?;
    let (one, other) = around(&one[parted], &other[parted]);
    Some(format!("\n  two more runs part at step {}:\n    {one}\n    {other}", parted + 1))
}

/// The parts of two lines around their first difference; the whole lines if they are short.
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

/// The most bytes of a line that are shown.
const SHOWN: usize = 1_000;
/// The most bytes of lines that are kept of a run.
const MOST_BYTES: usize = 1 << 26;

/// The effects of each step, as lines.
#[derive(Default)]
struct Lines {
    lines: Vec<String>,
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
            self.lines.push(line);
        }
        Ok(())
    }
}

/// The first difference between the second run and the first.
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
                format!("step {number}, {mark}: its effects differ in two runs")
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
            "two runs are the same step by step, but their ends differ: digests {:016x} and {:016x}",
            digests.0, digests.1
        )
    })
}

/// The record of a step.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark {
    time: Micros,
    server: NodeId,
    what: &'static str,
    from: Option<NodeId>,
    /// Digest of the event.
    event: u64,
    /// Digest of its effects.
    effects: u64,
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} takes {}", milliseconds(self.time), self.server, self.what)?;
        self.from.map_or(Ok(()), |from| write!(f, " from {from}"))
    }
}

/// Records each step of a run, and the first one that differs from an earlier run.
#[derive(Default)]
struct Steps {
    marks: Vec<Mark>,
    event: Option<Event>,
    /// The steps of the earlier run.
    before: Vec<Mark>,
    /// The first step that differs, and its number from 0.
    parted: Option<(usize, Mark)>,
}

impl Steps {
    /// The steps of the first run.
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
        Event::Apply => "committed entries to apply",
    };
    (name, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_shown_where_they_differ() {
        assert_eq!(around("a b c", "a d"), ("a b c".to_owned(), "a d".to_owned()));
        let line = |word: &str| format!("{}{word}{}", "é".repeat(9_000), "z".repeat(9_000));
        let (one, other) = around(&line("one"), &line("other"));
        assert!(one.starts_with("…é") && one.contains("éonez") && one.ends_with("z…"), "{one}");
        assert!(other.contains("éotherz") && other.len() < 1_100, "{other}");
    }

    #[test]
    fn one_in_64_seeds_is_run_twice() {
        for from in [0, 1_000_000, 1 << 40] {
            let count = (from..from + 6_400).filter(|seed| repeats(*seed)).count();
            assert!((60..=140).contains(&count), "{count} of 6,400 from {from} on");
        }
    }
}
