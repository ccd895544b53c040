//! The subject protocol: a Raft in a process of its own talks to the testbed, with one JSON line for each request and
//! one for each answer.
//!
//! [`serve()`] is the subject's side, for any [`Implementation`](crate::Implementation). The other modules are for a
//! testbed: [`wire`] has the lines as plain data, [`encode`] and [`decode`] translate the interface's types into them
//! and back. Nothing here starts a process or reads a clock.

pub mod decode;
pub mod encode;
mod serve;
mod text;
pub mod wire;

use crate::{Effects, Token, View};

pub use serve::serve;

/// The effects of a step as an answer line of the protocol, without the data that messages carry along. `before` is
/// the server's view before the step.
#[must_use]
pub fn line(before: &View, effects: &Effects) -> String {
    let mut message = |message, after: Option<Token>| wire::Message {
        after: after.map(|Token(token)| token),
        ..encode::message(message, None)
    };
    let answer = encode::answer(before, effects, &mut message);
    serde_json::to_string(&answer).unwrap_or_default()
}
