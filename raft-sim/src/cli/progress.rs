//! The progress of a campaign, for the person at the terminal: a bar there, a line now and then in a pipe. No run
//! depends on it, and it leaves no trace in the results.

use std::fs;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::clock::now;
use crate::campaign::{Campaign, Ended, Header, Part, Sink, Watch};
use crate::guide::Guide;

/// The shortest time between two lines in a pipe.
const PAUSE: Duration = Duration::from_secs(10);

/// Sink of a campaign that shows its progress.
pub(super) struct Progress<'a> {
    clock: Clock<'a>,
    /// The time of the last line in a pipe.
    last_line: Instant,
    part: Part,
    /// The seeds and steps that an earlier process has run.
    before: (u64, u64),
    err: &'a mut dyn Write,
}

/// The part that a campaign's threads talk to: the bar, and what stops them.
struct Clock<'a> {
    bar: ProgressBar,
    began: Instant,
    time: Option<Duration>,
    asked_to_stop: &'a AtomicBool,
    /// True if the campaign can't go on.
    given_up: AtomicBool,
}

impl Watch for Clock<'_> {
    fn stop(&self) -> bool {
        self.asked_to_stop.load(Ordering::Relaxed)
            || self.given_up.load(Ordering::Relaxed)
            || self.time.is_some_and(|time| now() - self.began >= time)
    }

    fn seed_done(&self) {
        self.bar.inc(1);
    }
}

impl Sink for Progress<'_> {
    fn started(&mut self, header: &Header, campaign: &Campaign) -> io::Result<()> {
        let bar = &self.clock.bar;
        self.part = header.parts[0];
        let template = match self.part.to {
            Some(to) => {
                bar.set_length(self.part.before(to));
                "{wide_bar} {human_pos} of {human_len} seeds, {per_sec}, {msg}, {eta} left"
            }
            None => "{spinner} {human_pos} seeds, {per_sec}, {msg}, for {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_position(campaign.sums.seeds);
        bar.reset_eta();
        bar.set_message(findings(campaign));
        self.before = (campaign.sums.seeds, campaign.sums.steps);
        Ok(())
    }

    fn not_shrunk(&mut self, seed: u64, why: &str) -> io::Result<()> {
        writeln!(self.err, "seed {seed} can't be shrunk: {why}")
    }

    fn batch(&mut self, campaign: &Campaign, guide: Option<&Guide>) -> io::Result<()> {
        let states = guide.map_or(String::new(), |guide| format!("{} states, ", guide.states()));
        let found = states + &findings(campaign);
        self.clock.bar.set_message(found.clone());
        if !self.clock.bar.is_hidden() || now() - self.last_line < PAUSE {
            return Ok(());
        }
        self.last_line = now();
        let seeds = campaign.sums.seeds;
        let elapsed = self.clock.began.elapsed().as_secs().max(1);
        let rate = (seeds - self.before.0) / elapsed;
        write!(self.err, "{seeds} seeds, {found}, {rate} seeds per second")?;
        let time = self.clock.time.map(|time| time.as_secs().saturating_sub(elapsed));
        let seeds = self.part.to.map(|to| (self.part.before(to) - seeds) / rate.max(1));
        let left = time.into_iter().chain(seeds).min();
        left.map_or(Ok(()), |left| write!(self.err, ", {left} s left"))?;
        writeln!(self.err)
    }

    fn ended(&mut self, _: &Ended) -> io::Result<()> {
        self.clock.bar.finish_and_clear();
        Ok(())
    }

    fn watch(&self) -> &dyn Watch {
        &self.clock
    }
}

impl<'a> Progress<'a> {
    /// Shows the progress of a campaign on `err`, and stops the campaign when `time` is up or a stop is requested.
    pub(super) fn new(
        time: Option<Duration>,
        asked_to_stop: &'a AtomicBool,
        err: &'a mut dyn Write,
    ) -> Progress<'a> {
        let began = now();
        let given_up = AtomicBool::new(false);
        let bar = ProgressBar::no_length();
        Progress {
            clock: Clock { bar, began, time, asked_to_stop, given_up },
            last_line: began,
            part: Part::default(),
            before: (0, 0),
            err,
        }
    }

    /// Stops the campaign: it can't go on.
    pub(super) fn give_up(&self) {
        self.clock.given_up.store(true, Ordering::Relaxed);
    }

    /// Hides the bar while `print` prints.
    pub(super) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.clock.bar.suspend(print)
    }

    /// Writes the duration, the speed and the peak memory of a campaign.
    pub(super) fn took(&mut self, campaign: &Campaign, jobs: NonZeroUsize) -> io::Result<()> {
        let err = &mut self.err;
        let took = self.clock.began.elapsed();
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

/// The peak memory of this process, in KiB, where the operating system reports it.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix("kB")?.trim().parse().ok()
}
