//! Panics. Those of an implementation under test are findings, told as such; a panic of the program's own is told in
//! one line. Neither prints a backtrace.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    /// The last panic of this thread, with its place.
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on a panic prints nothing.
pub(super) fn quiet() {
    panic::set_hook(Box::new(|info| {
        // A thread that is just ending has no place for it left.
        let _ = LAST.try_with(|last| *last.borrow_mut() = info.to_string());
    }));
}

/// Does this; if it panics, tells why.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|panic| told(panic.as_ref()))
}

fn told(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let said = said.unwrap_or("it did not say why").replace('\n', " ");
    let last = LAST.with_borrow(String::clone).replace('\n', " ");
    // The panic may be another thread's.
    let told = if last.ends_with(&said) { last } else { said };
    format!("internal error, please report it: {told}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_in_one_line() {
        let told = caught(|| panic!("no\nway")).expect_err("it panics");
        assert!(told.starts_with("internal error, please report it: "), "{told}");
        assert!(told.contains("no"), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert_eq!(caught(|| 7), Ok(7));
    }
}
