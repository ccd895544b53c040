//! The words of messages.

use std::fmt::{self, Display, Formatter};

use super::{List, OrNone, words};
use crate::scenario::syntax::{
    Detail, Drawn, Forged, ForgedBody, ForgedEntries, Kind, Link, Selection, Selector, Which,
};
use crate::scenario::vocabulary::{DetailWord, Particle, Sign};

impl Display for Link {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        words(f, &[&self.from, &Sign::OneWay, &self.to])
    }
}

/// `S1 -> S2 S3`: every server before the arrow to every one behind it. `S1 -- S2` if they go both ways.
pub(super) struct Links<'a>(pub(super) &'a [Link]);

impl Display for Links<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (from, to, both_ways) = Link::ends(self.0);
        let sign = if both_ways { Sign::BothWays } else { Sign::OneWay };
        words(f, &[&List(&from), &sign, &List(&to)])
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Links(&self.links).fmt(f)?;
        if let Some(kind) = self.kind {
            write!(f, " {kind}")?;
        }
        self.details.iter().try_for_each(|detail| write!(f, " {detail}"))
    }
}

impl Display for Selection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.which {
            Which::Only => self.selector.fmt(f),
            Which::Ordinal(ordinal) => write!(f, "{} #{ordinal}", self.selector),
            Which::All => words(f, &[&self.selector, &Particle::All]),
            Which::IfAny => words(f, &[&self.selector, &Particle::If, &Particle::Any]),
        }
    }
}

impl Display for Drawn {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.term)
    }
}

impl Display for Detail {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Detail::Term(term) => words(f, &[&DetailWord::Term, term]),
            Detail::Granted => DetailWord::Granted.fmt(f),
            Detail::Refused => DetailWord::Refused.fmt(f),
            Detail::Success => DetailWord::Success.fmt(f),
            Detail::Prev(prev) => words(f, &[&DetailWord::Prev, &OrNone(*prev)]),
            Detail::Last(last) => words(f, &[&DetailWord::Last, &OrNone(*last)]),
            Detail::Entries(count) => words(f, &[&DetailWord::Entries, count]),
            Detail::Commit(index) => words(f, &[&DetailWord::Commit, index]),
            Detail::Match(index) => words(f, &[&DetailWord::Match, index]),
            Detail::Transfer => DetailWord::Transfer.fmt(f),
            Detail::Offset(bytes) => words(f, &[&DetailWord::Offset, bytes]),
            Detail::Received(bytes) => words(f, &[&DetailWord::Received, bytes]),
            Detail::Index(index) => words(f, &[&DetailWord::Index, index]),
        }
    }
}

impl Display for ForgedEntries {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            ForgedEntries::Drawn(entries) => List(entries).fmt(f),
            ForgedEntries::As(server, from, to) => {
                words(f, &[&Particle::As, server, &format_args!("{from}..{to}")])
            }
        }
    }
}

impl Display for Forged {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Forged { link, term, body } = self;
        words(f, &[link, &kind(body), &DetailWord::Term, term])?;
        let answer = |granted: &bool| match granted {
            true => DetailWord::Granted,
            false => DetailWord::Refused,
        };
        let said: &[&dyn Display] = match body {
            ForgedBody::RequestVote { last, transfer: false } | ForgedBody::PreVote(last) => {
                &[&DetailWord::Last, &OrNone(*last)]
            }
            ForgedBody::RequestVote { last, transfer: true } => {
                &[&DetailWord::Last, &OrNone(*last), &DetailWord::Transfer]
            }
            ForgedBody::RequestVoteReply { granted } | ForgedBody::PreVoteReply { granted } => {
                &[&answer(granted)]
            }
            ForgedBody::AppendEntries { prev, entries, commit } => &[
                &DetailWord::Prev,
                &OrNone(*prev),
                &DetailWord::Entries,
                entries,
                &DetailWord::Commit,
                commit,
            ],
            ForgedBody::AppendEntriesReply { matched: Some(index) } => {
                &[&DetailWord::Success, &DetailWord::Match, index]
            }
            ForgedBody::AppendEntriesReply { matched: None } => &[&DetailWord::Refused],
            ForgedBody::TimeoutNow => &[],
        };
        said.iter().try_for_each(|word| write!(f, " {word}"))
    }
}

/// The kind of a forged message.
fn kind(body: &ForgedBody) -> Kind {
    match body {
        ForgedBody::RequestVote { .. } => Kind::RequestVote,
        ForgedBody::RequestVoteReply { .. } => Kind::RequestVoteReply,
        ForgedBody::AppendEntries { .. } => Kind::AppendEntries,
        ForgedBody::AppendEntriesReply { .. } => Kind::AppendEntriesReply,
        ForgedBody::PreVote(_) => Kind::PreVote,
        ForgedBody::PreVoteReply { .. } => Kind::PreVoteReply,
        ForgedBody::TimeoutNow => Kind::TimeoutNow,
    }
}
