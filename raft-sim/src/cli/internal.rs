//! Errors of the program itself.

use std::panic::{self, AssertUnwindSafe};

use crate::panics;

/// Does this; if it panics, tells why.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let caught = panic::catch_unwind(AssertUnwindSafe(work));
    caught.map_err(|panic| {
        format!("internal error, please report it: it {}", panics::told(panic.as_ref()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_in_one_line() {
        let told = caught(|| panic!("no\nway")).expect_err("it panics");
        assert_eq!(told, "internal error, please report it: it panicked: no way");
        assert_eq!(caught(|| 7), Ok(7));
    }
}
