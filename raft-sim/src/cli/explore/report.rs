//! The result of an exploration, for readers and for programs.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::Stopped;
use crate::explore::{Bounds, Counterexample, End, Explored, Finding, Options, Reductions};
use crate::report::thousands;

/// The result of an exploration.
pub(super) struct Report<'a> {
    pub(super) explored: &'a Explored,
    pub(super) options: &'a Options,
    pub(super) stopped: Option<Stopped>,
}

/// The result for programs.
#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    bounds: Bounds,
    to: &'a [String],
    settings: &'a str,
    histories: bool,
    live: bool,
    #[serde(flatten)]
    reductions: Reductions,
    depth_first: bool,
    end: &'static str,
    generated: u64,
    distinct: u64,
    depth: u32,
    bytes: u64,
    server_states: usize,
    messages: usize,
    server_steps: usize,
    memories: usize,
    collision: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Found<'a>>,
}

/// What was found, for programs.
#[derive(Serialize)]
struct Found<'a> {
    property: Option<&'static str>,
    trap: bool,
    detail: String,
    actions: usize,
    scenario: &'a str,
    replay_fails: bool,
}

fn detail(finding: &Finding) -> String {
    match finding {
        Finding::Violated(violation) => violation.to_string(),
        Finding::NotBooted { server, why } => format!("{server} does not boot: {why}"),
        Finding::Trapped => "a trap: no command is committed any more, though all messages are \
                             delivered and all servers stand in turn"
            .to_owned(),
        Finding::Unfinished => {
            "a trap: the cluster stays in C_old,new, though all messages are delivered and all \
                                servers stand in turn"
                .to_owned()
        }
    }
}

impl Report<'_> {
    /// The bounds in words.
    fn bounds(&self) -> String {
        let Bounds { servers, joiners, terms, slow_disks, .. } = self.options.bounds;
        let mut words = vec![format!("servers {servers}")];
        if joiners > 0 {
            words.push(format!("joiners {joiners}"));
        }
        words.push(format!("terms {terms}"));
        let actions = self.options.bounds.actions().filter(|(_, most)| *most > 0);
        words.extend(actions.map(|(name, most)| format!("{name} {most}")));
        if slow_disks {
            words.push("slow disks".to_owned());
        }
        words.extend(self.options.to.iter().map(|wanted| format!("to {wanted}")));
        if !self.options.settings.is_empty() {
            words.push(self.options.settings.clone());
        }
        words.join(", ")
    }

    fn verdict(&self) -> String {
        match (&self.explored.end, self.stopped) {
            (End::Exhausted, _) => {
                format!(
                    "exhausted: all held in every history within the bounds{}",
                    if self.options.live { ", and no state is a trap" } else { "" }
                )
            }
            (End::Found(found), _) => {
                format!("found after {} actions: {}", found.actions, detail(&found.finding))
            }
            (End::Failed(why), _) => format!("not exhausted: {why}; all held so far"),
            (End::Stopped, Some(Stopped::Time(time))) => {
                format!("not exhausted in {} s; all held so far", time.as_secs_f64())
            }
            (End::Stopped, Some(Stopped::Memory(most))) => {
                format!("not exhausted: the states take more than {most} MiB; all held so far")
            }
            (End::Stopped, Some(Stopped::States(most))) => {
                format!(
                    "not exhausted: there are more than {} states; all held so far",
                    thousands(most)
                )
            }
            (End::Stopped, Some(Stopped::Sample)) => format!(
                "not exhausted: {}; go on with --yes, or with a limit of --time, --memory or --states",
                self.estimate()
            ),
            (End::Stopped, Some(Stopped::Asked) | None) => {
                "not exhausted: interrupted; all held so far".to_owned()
            }
        }
    }

    /// What the sample says about the whole.
    fn estimate(&self) -> String {
        let levels = &self.explored.levels;
        match levels[..] {
            [.., before, last] if last > before => format!(
                "at depth {} each depth has {:.1} times the states of the one before, so there are many times {}",
                levels.len(),
                last as f64 / before.max(1) as f64,
                thousands(self.explored.reach.distinct)
            ),
            [..] => format!("more than {} states", thousands(self.explored.reach.distinct)),
        }
    }

    /// Writes it for readers.
    pub(super) fn text(&self, out: &mut dyn Write, scenario: Option<&Path>) -> io::Result<()> {
        let Explored { reach, parts: (states, messages, steps), memories, .. } = self.explored;
        writeln!(out, "{}", self.verdict())?;
        writeln!(out, "  bounds     {}", self.bounds())?;
        let (distinct, generated) = (thousands(reach.distinct), thousands(reach.generated));
        match self.options.depth_first {
            None => writeln!(
                out,
                "  states     {distinct} distinct, {generated} generated, depth {}",
                reach.depth
            )?,
            Some(_) => writeln!(
                out,
                "  states     {distinct} taken, {generated} generated, depth first; held in all histories of up to {} actions",
                reach.depth
            )?,
        }
        let Reductions { symmetry, skip_idle_crashes, sleep_sets } = self.options.reductions;
        let left_out = [
            (symmetry, "states that differ by names alone are one"),
            (skip_idle_crashes, "crashes that change nothing are not followed"),
            (sleep_sets, "of actions that commute one order is taken"),
        ];
        for (_, what) in left_out.into_iter().filter(|(on, _)| *on) {
            writeln!(out, "  reduced    {what}")?;
        }
        writeln!(
            out,
            "  made of    {} states of servers, {} messages, {} steps of the code, {} memories of the checkers{}",
            thousands(*states as u64),
            thousands(*messages as u64),
            thousands(*steps as u64),
            thousands(*memories as u64),
            if self.options.histories { ", which are part of the state" } else { "" }
        )?;
        writeln!(
            out,
            "  collision  two states were taken for one with a probability below {:.1e}",
            self.explored.collision()
        )?;
        let is_open = matches!(self.explored.end, End::Stopped | End::Failed(_));
        if let (true, Some(path), None) = (is_open, &self.options.save, &self.explored.unsaved) {
            writeln!(out, "  saved      go on with --resume {}", path.display())?;
        }
        if let End::Found(found) = &self.explored.end {
            self.found(out, found, scenario)?;
        }
        Ok(())
    }

    fn found(
        &self,
        out: &mut dyn Write,
        found: &Counterexample,
        scenario: Option<&Path>,
    ) -> io::Result<()> {
        if found.finding.is_trap() {
            writeln!(out, "  scenario   it passes: it leads to the trap, and ends there")?;
        } else if !found.fails {
            writeln!(out, "  scenario   it passes: not all of the history can be said in one")?;
        }
        match scenario {
            Some(path) => writeln!(out, "  scenario   {}", path.display()),
            None => write!(out, "\n{}", found.scenario),
        }
    }

    /// Writes it for programs.
    pub(super) fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let Explored {
            reach, parts: (server_states, messages, server_steps), memories, end, ..
        } = self.explored;
        let found = if let End::Found(found) = end {
            let property = match &found.finding {
                Finding::Violated(violation) => Some(violation.property.name()),
                Finding::NotBooted { .. } | Finding::Trapped | Finding::Unfinished => None,
            };
            Some(Found {
                property,
                trap: found.finding.is_trap(),
                detail: detail(&found.finding),
                actions: found.actions,
                scenario: &found.scenario,
                replay_fails: found.fails,
            })
        } else {
            None
        };
        let end = match end {
            End::Exhausted => "exhausted",
            End::Stopped => "stopped",
            End::Failed(_) => "failed",
            End::Found(_) => "found",
        };
        let document = Document {
            version: env!("CARGO_PKG_VERSION"),
            bounds: self.options.bounds,
            to: &self.options.to,
            settings: &self.options.settings,
            histories: self.options.histories,
            live: self.options.live,
            reductions: self.options.reductions,
            depth_first: self.options.depth_first.is_some(),
            end,
            generated: reach.generated,
            distinct: reach.distinct,
            depth: reach.depth,
            bytes: reach.bytes,
            server_states: *server_states,
            messages: *messages,
            server_steps: *server_steps,
            memories: *memories,
            collision: self.explored.collision(),
            found,
        };
        serde_json::to_writer(&mut *out, &document)?;
        writeln!(out)
    }
}
