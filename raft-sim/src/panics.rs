//! Panics: an implementation's are findings, the program's own are told in one line. Neither prints a backtrace.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    /// The last panic of this thread: where, and what it said.
    static LAST: RefCell<(String, String)> = const { RefCell::new((String::new(), String::new())) };
}

/// From now on a panic prints nothing, and [`told`] knows where it was.
#[cfg(feature = "cli")]
pub(crate) fn quiet() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let said = said(info.payload());
        // A thread that is just ending has no place for it left.
        let _ = LAST.try_with(|last| *last.borrow_mut() = (place, said));
    }));
}

/// That it panicked, where, if that is known, and what it said; in one line.
pub(crate) fn reported(panic: &(dyn Any + Send)) -> String {
    let said = said(panic);
    // The last panic of this thread may be another one.
    let at = LAST.with_borrow(|(place, last)| {
        if *last == said && !place.is_empty() { format!(" at {place}") } else { String::new() }
    });
    format!("panicked{at}: {}", said.replace('\n', " "))
}

/// Does this; if it panics, tells why. For errors of the program itself.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let caught = panic::catch_unwind(AssertUnwindSafe(work));
    caught.map_err(|panic| {
        format!("internal error, please report it: it {}", reported(panic.as_ref()))
    })
}

fn said(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    said.unwrap_or("it did not say why").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_in_one_line() {
        let reported = caught(|| panic!("no\nway")).expect_err("it panics");
        assert_eq!(reported, "internal error, please report it: it panicked: no way");
        assert_eq!(caught(|| 7), Ok(7));
    }
}
