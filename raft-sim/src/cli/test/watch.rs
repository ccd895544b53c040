//! `raft-sim test --watch`: replays whenever a file has changed.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::{Args, files, once};
use crate::cli::Error;
use crate::cli::subject::Target;
use crate::report::End;

/// The time between two looks at the files.
const PAUSE: Duration = Duration::from_millis(300);

/// A file, with the time of its last change and its length.
type Stamp = (PathBuf, Option<SystemTime>, u64);

/// Replays all files, and again after each change, until a stop is requested. Returns the end of the last replay.
pub(super) fn watch(
    args: &Args,
    target: &Target<'_>,
    asked_to_stop: &AtomicBool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<End, Error> {
    loop {
        let seen = stamps(args, target);
        let end = match once(args, target, asked_to_stop, out, err) {
            Err(Error::Message(message)) => {
                // The file may be there again soon.
                writeln!(err, "{}: error: {message}", target.caller.program)?;
                End::Unusable
            }
            other => other?,
        };
        out.flush()?;
        if !asked_to_stop.load(Ordering::Relaxed) {
            writeln!(err, "waiting for a change of {} files; Ctrl-C ends it", seen.len())?;
        }
        while stamps(args, target) == seen {
            if asked_to_stop.load(Ordering::Relaxed) {
                return Ok(end);
            }
            pause();
        }
    }
}

/// The scenarios, and the files that the subject's command names.
fn stamps(args: &Args, target: &Target<'_>) -> Vec<Stamp> {
    let subject = target.caller.subject.as_deref().and_then(shlex::split).unwrap_or_default();
    let subject = subject.into_iter().map(PathBuf::from).filter(|path| path.is_file());
    let all = files(&args.paths).unwrap_or_default().into_iter().chain(subject);
    all.map(|path| {
        let there = fs::metadata(&path).ok();
        let changed = there.as_ref().and_then(|there| there.modified().ok());
        let length = there.map_or(0, |there| there.len());
        (path, changed, length)
    })
    .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "it waits for the person at the terminal; no run is under way"
)]
fn pause() {
    std::thread::sleep(PAUSE);
}
