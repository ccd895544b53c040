//! The subject protocol: how a Raft in a process of its own speaks with the testbed, one JSON line for each request and
//! one for each answer.
//!
//! [`serve()`] is the side of the subject, for any [`Implementation`](crate::Implementation). The other modules are for a
//! testbed: [`wire`] has the lines as plain data, [`encode`] and [`decode`] turn the interface's types into them and back.
//! Nothing here starts a process or reads a clock.

pub mod decode;
pub mod encode;
mod serve;
mod text;
pub mod wire;

use crate::{Effects, Token, View};

pub use serve::serve;

/// What a server did in a step, as the line that it answers with in the protocol, but for what messages carry along.
/// `before` is its view before the step.
#[must_use]
pub fn line(before: &View, effects: &Effects) -> String {
    let mut message = |message, after: Option<Token>| wire::Message {
        after: after.map(|Token(token)| token),
        ..encode::message(message, None)
    };
    let answer = encode::answer(before, effects, &mut message);
    serde_json::to_string(&answer).unwrap_or_default()
}
