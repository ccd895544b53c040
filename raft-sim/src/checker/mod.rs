//! The checkers: they watch a run and tell when a property of the paper does not hold.
//!
//! They are fed by observations alone: what a server wrote, sent, applied, and its state in Figure 2's
//! words. They never see an implementation, never look into one, and never influence a run. So they
//! judge any Raft, and they judge every step: what a step costs them depends on what it changed, and
//! one that changed nothing costs a comparison.
//!
//! [`Checkers`] takes each observation apart into the hooks of the checkers (`hooks`), of which each judges one of the
//! properties or a family of them (`properties`, `rules`), and puts it on record (`record`). The record keeps logs as chains of
//! hashes, one per entry, each standing for the whole log up to it. That makes "identical up to this index" one comparison
//! (`chain`); a snapshot takes nothing away from them. [`Traced`] does the same with what the trace of a cluster tells.
//! `docs/invariants.md` lists the properties, with the legal states that look wrong at first sight.
//!
//! The first violation is the finding. What the checkers say about the same run afterwards is not
//! meaningful.

mod chain;
mod checkers;
mod hooks;
mod observe;
mod properties;
mod quorum;
mod record;
mod rules;
mod server;
#[cfg(test)]
mod testing;
mod traced;
mod violation;

pub use checkers::Checkers;
pub use properties::linearizability::{Operation, Told, What};
pub use properties::{Class, Property};
pub(crate) use quorum::has_quorum;
pub use traced::{Came, Found, Quorum, Traced};
pub use violation::Violation;
