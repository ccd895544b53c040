//! The words that select a message in flight.

use super::Replay;
use super::messages::{is_kind, says};
use crate::model::{AppendReply, Body, Message, Position, length};
use crate::network::MessageId;
use crate::scenario::syntax::{Detail, Drawn, Kind, Link, Selection, Selector, Which};

impl Replay<'_> {
    /// The fewest words that select this message now: its link and kind, if it is the only one; with one detail
    /// that it alone has; or else its place among those of its kind.
    pub(super) fn shortest(&self, message: &Message, id: MessageId) -> Selection {
        let link = Link { from: message.from, to: message.to };
        let selector = |details| Selector { links: vec![link], kind: kind(message), details };
        let found = |selector: &Selector| -> Vec<MessageId> {
            let on_link = self.world.network().flights_on(link.from, link.to);
            let meant = on_link.filter(|flight| says(selector, &flight.message));
            meant.map(|flight| flight.id).collect()
        };
        let plain = std::iter::once(Vec::new());
        let detailed = details(message).into_iter().map(|detail| vec![detail]);
        for selector in plain.chain(detailed).map(selector) {
            if found(&selector) == [id] {
                return Selection { selector, which: Which::Only };
            }
        }
        let selector = selector(Vec::new());
        let older = found(&selector).into_iter().filter(|&other| other < id).count();
        Selection { selector, which: Which::Ordinal(older as u32 + 1) }
    }
}

/// The most exact kind of a message.
fn kind(message: &Message) -> Option<Kind> {
    let mut kinds: Vec<Kind> =
        Kind::ALL.into_iter().filter(|&kind| is_kind(kind, message)).collect();
    // A heartbeat is an AppendEntries as well.
    kinds.sort_by_key(|&kind| kind != Kind::Heartbeat);
    kinds.first().copied()
}

/// The details of a message, the most distinctive first.
fn details(message: &Message) -> Vec<Detail> {
    let mut details = match &message.body {
        Body::RequestVote { last, transfer } => {
            let transfer = transfer.then_some(Detail::Transfer);
            transfer.into_iter().chain([Detail::Last(drawn(*last))]).collect()
        }
        Body::PreVote { last } => vec![Detail::Last(drawn(*last))],
        Body::RequestVoteReply { granted } | Body::PreVoteReply { granted } => {
            vec![if *granted { Detail::Granted } else { Detail::Refused }]
        }
        Body::AppendEntries { prev, entries, commit, round: _ } => {
            let count = (!entries.is_empty()).then_some(Detail::Entries(entries.len() as u32));
            let place = [Detail::Prev(drawn(*prev)), Detail::Commit(length(*commit))];
            count.into_iter().chain(place).collect()
        }
        Body::AppendEntriesReply { reply: AppendReply::Success { matched }, round: _ } => {
            vec![Detail::Match(length(*matched)), Detail::Success]
        }
        Body::AppendEntriesReply { reply: AppendReply::Refused { .. }, round: _ } => {
            vec![Detail::Refused]
        }
        Body::InstallSnapshot { chunk, round: _ } => {
            vec![Detail::Offset(chunk.offset), Detail::Last(drawn(Some(chunk.last)))]
        }
        Body::InstallSnapshotReply { received, .. } => vec![Detail::Received(*received)],
        Body::ReadIndexReply { index, .. } => vec![Detail::Index(index.get())],
        Body::TimeoutNow | Body::ReadIndex { .. } | Body::Other { .. } => Vec::new(),
    };
    details.insert(0, Detail::Term(message.term));
    details
}

fn drawn(position: Option<Position>) -> Option<Drawn> {
    position.map(|position| Drawn { index: position.index.get(), term: position.term })
}
