//! The wall clock, for the person at the terminal.

use std::time::Instant;

/// The current time.
#[expect(
    clippy::disallowed_methods,
    reason = "durations and deadlines are for the person at the terminal; no run depends on them"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}
