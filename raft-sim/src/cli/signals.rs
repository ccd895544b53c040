//! Signals: requests to end, after which nothing that was found is lost.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::clock::now;
use crate::report::End;

/// The time after the first signal in which further ones are taken for the same one: `timeout` sends its signal twice, to
/// the process and to its group.
const ONE: Duration = Duration::from_secs(1);

/// Requests a clean end at Ctrl-C, when a cluster's scheduler or `timeout` sends SIGTERM, and when the terminal is closed
/// (SIGHUP). A second Ctrl-C ends the program at once. Signals that are ignored stay so, as SIGHUP is below `nohup`.
pub(super) fn asked_to_stop() -> Arc<AtomicBool> {
    let asked = Arc::new(AtomicBool::new(false));
    let ignored = ignored();
    let heeded = [SIGINT, SIGTERM, SIGHUP].into_iter();
    let heeded = heeded.filter(|signal| ignored >> (signal - 1) & 1 == 0);
    // Where handlers can't be installed a signal ends the program, as usual.
    if let Ok(mut signals) = Signals::new(heeded) {
        let flag = asked.clone();
        std::thread::spawn(move || {
            let mut first = None;
            for signal in signals.forever() {
                flag.store(true, Ordering::Relaxed);
                let first = *first.get_or_insert_with(now);
                if signal == SIGINT && now() - first >= ONE {
                    std::process::exit(i32::from(End::Interrupted.code()));
                }
            }
        });
    }
    asked
}

/// The signals that are ignored, a bit for each, where the operating system says so.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
