//! Panics: those of an implementation are findings, those of the program itself are errors in one line. Neither prints a
//! backtrace.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    /// The last panic of this thread: its place and its message.
    static LAST: RefCell<(String, String)> = const { RefCell::new((String::new(), String::new())) };
}

/// From now on a panic prints nothing, and [`describe`] knows its place.
#[cfg(feature = "cli")]
pub(crate) fn quiet() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let message = message(info.payload());
        // A thread that is ending may have dropped it.
        let _ = LAST.try_with(|last| *last.borrow_mut() = (place, message));
    }));
}

/// Describes a panic in one line: its place, if that is known, and its message.
pub(crate) fn describe(panic: &(dyn Any + Send)) -> String {
    let message = message(panic);
    // The last panic of this thread may be another one.
    let at = LAST.with_borrow(|(place, last)| {
        if *last == message && !place.is_empty() { format!(" at {place}") } else { String::new() }
    });
    format!("panicked{at}: {}", message.replace('\n', " "))
}

/// Runs `work`; a panic becomes an error. For errors of the program itself.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let caught = panic::catch_unwind(AssertUnwindSafe(work));
    caught.map_err(|panic| {
        format!("internal error, please report it: it {}", describe(panic.as_ref()))
    })
}

fn message(panic: &(dyn Any + Send)) -> String {
    let message = panic.downcast_ref::<&str>().copied();
    let message = message.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    message.unwrap_or("it has no message").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_described_in_one_line() {
        let message = caught(|| panic!("no\nway")).expect_err("it panics");
        assert_eq!(message, "internal error, please report it: it panicked: no way");
        assert_eq!(caught(|| 7), Ok(7));
    }
}
