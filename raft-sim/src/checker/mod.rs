//! The checkers: they watch a run and report when a property of the paper does not hold.
//!
//! They are fed by observations alone: what a server wrote, sent, applied, and its state in Figure 2's
//! words. They never see an implementation, never look into one, and never influence a run. So they
//! judge any Raft, and they judge every step: what a step costs them depends on what it changed, and
//! one that changed nothing costs a comparison.
//!
//! [`Checkers`] takes each observation apart into the hooks of the checkers (`properties/hooks.rs`), one for
//! each of the properties or a family of them, and puts it on record (`record.rs`). The record keeps logs as chains of
//! hashes, one per entry, each standing for the whole log up to it. That makes "identical up to this index" one
//! comparison (`chain.rs`); a snapshot takes nothing away from them. What checkers remember of a client's request is in
//! one place as well (`asked.rs`). [`Traced`] does the same with the events of a
//! cluster's trace. `docs/invariants.md` lists the properties, with the legal states that look wrong at first
//! sight.
//!
//! The first violation is the finding. What the checkers say about the same run afterwards is not
//! meaningful.

mod asked;
mod chain;
mod checkers;
mod observe;
mod observer;
mod properties;
mod quorum;
mod record;
mod server;
#[cfg(test)]
mod testing;
mod traced;

pub use checkers::Checkers;
pub use observer::NoPanic;
pub use properties::linearizability::{ClientEvent, Operation, What};
pub(crate) use properties::symptom::{claim, without_variables};
pub use properties::{Class, Property, Symptom, Violation};
pub(crate) use quorum::has_quorum;
pub use traced::{Found, Quorum, Restarted, Traced};
