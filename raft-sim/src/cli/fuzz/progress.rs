//! How a campaign gets on, for the person at the terminal: a bar there, a line now and then in a pipe. No run knows
//! of it, and nothing of it is in the results.

use std::fs;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::campaign::{Campaign, Part};
use crate::cli::clock::now;

/// At least this long between two lines in a pipe.
const PAUSE: Duration = Duration::from_secs(10);

pub(super) struct Progress {
    bar: ProgressBar,
    began: Instant,
    told: Instant,
    time: Option<Duration>,
    part: Part,
    /// The seeds and steps that an earlier process had run.
    before: (u64, u64),
}

impl Progress {
    pub(super) fn new(part: Part, campaign: &Campaign, time: Option<Duration>) -> Progress {
        let began = now();
        let (bar, template) = match part.to {
            Some(to) => {
                let bar = ProgressBar::new(part.before(to));
                (bar, "{wide_bar} {human_pos} of {human_len} seeds, {per_sec}, {msg}, {eta} left")
            }
            None => (
                ProgressBar::no_length(),
                "{spinner} {human_pos} seeds, {per_sec}, {msg}, for {elapsed}",
            ),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_position(campaign.sums.seeds);
        bar.reset_eta();
        bar.set_message(findings(campaign));
        Progress {
            bar,
            began,
            told: began,
            time,
            part,
            before: (campaign.sums.seeds, campaign.sums.steps),
        }
    }

    /// One more; heard of from any thread.
    pub(super) fn seed_done(&self) {
        self.bar.inc(1);
    }

    pub(super) fn time_is_up(&self) -> bool {
        self.time.is_some_and(|time| now() - self.began >= time)
    }

    /// Something else is printed meanwhile.
    pub(super) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// A batch has been taken in; a guide, if there is one, knows so many states.
    pub(super) fn tell(
        &mut self,
        campaign: &Campaign,
        states: Option<usize>,
        err: &mut dyn Write,
    ) -> io::Result<()> {
        let states = states.map_or(String::new(), |states| format!("{states} states, "));
        let found = states + &findings(campaign);
        self.bar.set_message(found.clone());
        if !self.bar.is_hidden() || now() - self.told < PAUSE {
            return Ok(());
        }
        self.told = now();
        let seeds = campaign.sums.seeds;
        let elapsed = self.began.elapsed().as_secs().max(1);
        let rate = (seeds - self.before.0) / elapsed;
        write!(err, "{seeds} seeds, {found}, {rate} seeds per second")?;
        let time = self.time.map(|time| time.as_secs().saturating_sub(elapsed));
        let seeds = self.part.to.map(|to| (self.part.before(to) - seeds) / rate.max(1));
        let left = time.into_iter().chain(seeds).min();
        left.map_or(Ok(()), |left| write!(err, ", {left} s left"))?;
        writeln!(err)
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// How long it took, how fast it was, and how much memory it needed.
    pub(super) fn took(
        &self,
        campaign: &Campaign,
        jobs: NonZeroUsize,
        err: &mut dyn Write,
    ) -> io::Result<()> {
        let took = self.began.elapsed();
        let steps = campaign.sums.steps - self.before.1;
        let rate = u128::from(steps) * 1_000 / took.as_millis().max(1);
        let (seconds, millis) = (took.as_secs(), took.subsec_millis());
        write!(err, "{jobs} threads, {seconds}.{millis:03} s, {rate} steps per second")?;
        if let Some(peak) = peak_memory() {
            write!(err, ", {} MiB of memory at most", peak.div_ceil(1_024))?;
        }
        writeln!(err)
    }
}

fn findings(campaign: &Campaign) -> String {
    match campaign.findings.distinct().count() {
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    }
}

/// The most memory that this process ever had, in KiB, where the operating system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix("kB")?.trim().parse().ok()
}
