//! The wall clock, for the person at the terminal.

use std::time::Instant;

/// What it shows.
#[expect(
    clippy::disallowed_methods,
    reason = "how long something took, and when a time is up, is for the person at the terminal; no run knows of it"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}
