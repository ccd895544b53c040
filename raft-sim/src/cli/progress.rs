//! The progress of a campaign, for the person at the terminal: a bar there, a line now and then in a pipe. No run
//! depends on it, and it leaves no trace in the results.

use std::fs;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::clock::now;
use crate::campaign::{Campaign, Ended, Finding, Header, Part, Sink, Watch};
use crate::guide::Guide;
use crate::shrink::Patience;

/// The shortest time between two lines in a pipe.
const PAUSE: Duration = Duration::from_secs(10);

/// Sink of a campaign that shows its progress.
pub(super) struct Progress<'a> {
    clock: &'a Clock<'a>,
    /// The time of the last line in a pipe.
    last_line: Instant,
    part: Part,
    /// The seeds and steps that an earlier process has run.
    before: (u64, u64),
    /// The state of the guide, if there is one.
    states: String,
    err: &'a mut dyn Write,
}

/// The part that a campaign's threads call: the bar, and what stops them.
pub(super) struct Clock<'a> {
    bar: ProgressBar,
    began: Instant,
    limits: Limits,
    asked_to_stop: &'a AtomicBool,
    /// True if the campaign can't go on.
    given_up: AtomicBool,
    /// The number of findings that are being shrunk.
    shrinking: AtomicU64,
}

/// Limits of the wall clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The time after which no seed is run.
    pub(super) time: Option<Duration>,
    /// The time that one finding may be shrunk.
    pub(super) shrink: Duration,
}

impl<'a> Clock<'a> {
    /// The clock of a campaign that begins now and ends when its time is up or a stop is requested.
    pub(super) fn new(limits: Limits, asked_to_stop: &'a AtomicBool) -> Clock<'a> {
        Clock {
            bar: ProgressBar::no_length(),
            began: now(),
            limits,
            asked_to_stop,
            given_up: AtomicBool::new(false),
            shrinking: AtomicU64::new(0),
        }
    }

    /// Stops the campaign: it can't go on.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    fn ends(&self) -> bool {
        self.asked_to_stop.load(Ordering::Relaxed) || self.given_up.load(Ordering::Relaxed)
    }
}

impl Watch for Clock<'_> {
    fn stop(&self) -> bool {
        self.ends() || self.limits.time.is_some_and(|time| now() - self.began >= time)
    }

    fn seed_done(&self) {
        self.bar.inc(1);
    }

    fn patience(&self) -> Box<dyn Patience + '_> {
        self.shrinking.fetch_add(1, Ordering::Relaxed);
        let deadline = Deadline::new(self.limits.shrink, self.asked_to_stop);
        Box::new(Shrinking { clock: self, deadline })
    }
}

/// The patience with a finding of a campaign, as long as it is shrunk.
struct Shrinking<'a> {
    clock: &'a Clock<'a>,
    deadline: Deadline<'a>,
}

impl Patience for Shrinking<'_> {
    fn used(&self) -> u32 {
        if self.clock.ends() { u32::MAX } else { self.deadline.used() }
    }

    fn is_interrupted(&self) -> bool {
        self.clock.ends()
    }
}

impl Drop for Shrinking<'_> {
    fn drop(&mut self) {
        self.clock.shrinking.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Patience that is used up when its time is, or a stop is requested.
pub(super) struct Deadline<'a> {
    began: Instant,
    time: Duration,
    asked_to_stop: &'a AtomicBool,
}

impl<'a> Deadline<'a> {
    /// The patience of a search that begins now.
    pub(super) fn new(time: Duration, asked_to_stop: &'a AtomicBool) -> Deadline<'a> {
        Deadline { began: now(), time, asked_to_stop }
    }
}

impl Patience for Deadline<'_> {
    fn used(&self) -> u32 {
        let percent = (now() - self.began).as_millis() * 100 / self.time.as_millis().max(1);
        if self.is_interrupted() { u32::MAX } else { u32::try_from(percent).unwrap_or(u32::MAX) }
    }

    fn is_interrupted(&self) -> bool {
        self.asked_to_stop.load(Ordering::Relaxed)
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
        bar.set_message(self.found(campaign));
        self.before = (campaign.sums.seeds, campaign.sums.steps);
        Ok(())
    }

    fn waiting(&mut self, campaign: &Campaign) -> io::Result<()> {
        self.line(campaign)
    }

    fn batch(&mut self, campaign: &Campaign, guide: Option<&Guide>) -> io::Result<()> {
        self.states = guide.map_or(String::new(), |guide| format!("{} states, ", guide.states()));
        self.line(campaign)
    }

    fn shrunk(&mut self, _: &Header, campaign: &Campaign, _: &Finding) -> io::Result<()> {
        self.line(campaign)
    }

    fn ended(&mut self, _: &Ended) -> io::Result<()> {
        self.clock.bar.finish_and_clear();
        Ok(())
    }
}

impl<'a> Progress<'a> {
    /// Shows the progress of a campaign with this clock on `err`.
    pub(super) fn new(clock: &'a Clock<'a>, err: &'a mut dyn Write) -> Progress<'a> {
        let (part, states) = (Part::default(), String::new());
        Progress { clock, last_line: clock.began, part, before: (0, 0), states, err }
    }

    /// Shows the progress: in the bar, and every ten seconds in a pipe.
    fn line(&mut self, campaign: &Campaign) -> io::Result<()> {
        let found = self.found(campaign);
        self.clock.bar.set_message(found.clone());
        if !self.clock.bar.is_hidden() || now() - self.last_line < PAUSE {
            return Ok(());
        }
        self.last_line = now();
        // Some of these are still taken in.
        let seeds = self.clock.bar.position();
        let elapsed = self.clock.began.elapsed().as_secs().max(1);
        let rate = seeds.saturating_sub(self.before.0) / elapsed;
        write!(self.err, "{seeds} seeds, {found}, {rate} seeds per second")?;
        let time = self.clock.limits.time.map(|time| time.as_secs().saturating_sub(elapsed));
        let all = self.part.to.map(|to| self.part.before(to));
        let seeds = all.filter(|_| rate > 0).map(|all| all.saturating_sub(seeds) / rate.max(1));
        let left = time.into_iter().chain(seeds).min();
        left.map_or(Ok(()), |left| write!(self.err, ", {left} s left"))?;
        writeln!(self.err)?;
        self.err.flush()
    }

    /// The findings so far, and those that are being shrunk.
    fn found(&self, campaign: &Campaign) -> String {
        let findings = match campaign.findings.count() {
            1 => "1 finding".to_owned(),
            count => format!("{count} findings"),
        };
        let shrinking = match self.clock.shrinking.load(Ordering::Relaxed) {
            0 => String::new(),
            seeds => format!(", {seeds} being shrunk"),
        };
        format!("{}{findings}{shrinking}", self.states)
    }

    /// Writes a note for the person at the terminal.
    pub(super) fn note(&mut self, text: &str) -> io::Result<()> {
        let Progress { clock, err, .. } = self;
        clock.bar.suspend(|| writeln!(err, "{text}"))
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

/// The peak memory of this process, in KiB, where the operating system reports it.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix("kB")?.trim().parse().ok()
}
