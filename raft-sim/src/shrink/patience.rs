//! Patience: the end of a search from outside.

/// Patience with one search. It is asked between two tries, and now and then within one.
pub trait Patience {
    /// The part that is used up, in percent. From 100 on the search ends with the best so far.
    fn used(&self) -> u32 {
        0
    }

    /// True if the search was interrupted, and is to be made once more at another time.
    fn is_interrupted(&self) -> bool {
        false
    }
}

/// Never ends a search.
impl Patience for () {}

/// The patience up to which the plan is made smaller, in percent. Of the rest, most is for its steps.
pub(super) const PLAN: u32 = 40;
/// The patience up to which the steps become fewer, in percent. The rest is for the text.
pub(super) const STEPS: u32 = 90;
/// The patience up to which statements of the text are merged, in percent.
pub(super) const TEXT: u32 = 100;
