//! The clock of benchmarks.

use std::hint::black_box;
use std::time::Instant;

/// Returns what some work returns, and the seconds that this thread has had a processor for it: a busy machine counts less
/// then. Where the system does not tell, these are the seconds that passed.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let before = processor();
    let (result, passed) = passed(work);
    let on_processor = processor().zip(before).map(|(after, before)| after - before);
    (result, on_processor.unwrap_or(passed))
}

/// Returns what some work returns, and the seconds that passed.
#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures the wall clock; no run sees it"
)]
pub(crate) fn passed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = black_box(work());
    (result, start.elapsed().as_secs_f64())
}

/// The seconds that this thread has had a processor, where the system tells.
fn processor() -> Option<f64> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: u64 = times.split(' ').next()?.parse().ok()?;
    Some(nanoseconds as f64 / 1e9)
}
