//! Messages: found by link, kind and content, or spelled out to be forged.

use super::cursor::{Cursor, LARGEST, spelled};
use super::log::{DrawnLog, drawn_log};
use crate::scenario::error::ParseError;
use crate::scenario::syntax::{
    Detail, Drawn, Forged, ForgedBody, ForgedEntries, Kind, Link, Selection, Selector, Which,
};
use crate::scenario::vocabulary::{DetailWord, Particle, Words};

/// Reads `LINKS [KIND] [DETAIL …] [#N|all]`.
pub(super) fn selection(cursor: &mut Cursor<'_>) -> Result<Selection, ParseError> {
    let selector = selector(cursor)?;
    let which = match cursor.ordinal("a message's number, as in `#1`")? {
        Some(ordinal) => Which::Ordinal(ordinal),
        None if cursor.take_word(Particle::All) => Which::All,
        None if cursor.take_word(Particle::If) => {
            cursor.expect_word(Particle::Any)?;
            Which::IfAny
        }
        None => Which::Only,
    };
    if which == Which::Only && cursor.peek().is_some() {
        return Err(no_detail(cursor, &selector));
    }
    Ok(Selection { selector, which })
}

/// Reads `LINKS [KIND] [DETAIL …]`.
pub(super) fn selector(cursor: &mut Cursor<'_>) -> Result<Selector, ParseError> {
    let Selector { links, kind, .. } = stream(cursor)?;
    let mut details = Vec::new();
    let mut seen: Vec<DetailWord> = Vec::new();
    while let Some(word) = cursor.peek_one() {
        if let Some(kind) = kind.filter(|kind| !kind.details().contains(&word)) {
            return Err(cursor.error(format!("no {} says `{word}`", kind.word())));
        }
        let answers = [DetailWord::Granted, DetailWord::Refused, DetailWord::Success];
        let said = if answers.contains(&word) { DetailWord::Granted } else { word };
        if seen.contains(&said) {
            return Err(cursor.error(format!("`{word}` repeats or contradicts an earlier word")));
        }
        seen.push(said);
        cursor.take();
        details.push(detail(cursor, word)?);
    }
    Ok(Selector { links, kind, details })
}

/// Reads `LINKS [KIND]`.
pub(super) fn stream(cursor: &mut Cursor<'_>) -> Result<Selector, ParseError> {
    let links = cursor.arrow()?;
    let kind = cursor.take_one();
    Ok(Selector { links, kind, details: Vec::new() })
}

/// Reads what follows the first word of a detail.
fn detail(cursor: &mut Cursor<'_>, word: DetailWord) -> Result<Detail, ParseError> {
    Ok(match word {
        DetailWord::Term => Detail::Term(cursor.term()?),
        DetailWord::Granted => Detail::Granted,
        DetailWord::Refused => Detail::Refused,
        DetailWord::Success => Detail::Success,
        DetailWord::Prev => Detail::Prev(cursor.drawn()?),
        DetailWord::Last => Detail::Last(cursor.drawn()?),
        DetailWord::Entries => Detail::Entries(cursor.small("a number of entries", 0)?),
        DetailWord::Commit => Detail::Commit(index(cursor)?),
        DetailWord::Match => Detail::Match(index(cursor)?),
        DetailWord::Transfer => Detail::Transfer,
        DetailWord::Offset => Detail::Offset(bytes(cursor)?),
        DetailWord::Received => Detail::Received(bytes(cursor)?),
        DetailWord::Index => Detail::Index(index(cursor)?),
    })
}

/// Reads an index, or 0 for none.
fn index(cursor: &mut Cursor<'_>) -> Result<u64, ParseError> {
    cursor.number("an index, 0 for none", 0..=LARGEST)
}

/// Reads a number of bytes.
fn bytes(cursor: &mut Cursor<'_>) -> Result<u64, ParseError> {
    cursor.number("a number of bytes", 0..=LARGEST)
}

/// The next word should have been a kind.
pub(super) fn no_kind(cursor: &Cursor<'_>) -> ParseError {
    cursor.none_of("a kind of message", &spelled(&Kind::ALL))
}

/// The next word should have said something of the messages selected so far.
pub(super) fn no_detail(cursor: &Cursor<'_>, selector: &Selector) -> ParseError {
    if selector.kind.is_none() && selector.details.is_empty() {
        return no_kind(cursor);
    }
    let details = selector.kind.map_or(DetailWord::ALL, Kind::details);
    cursor.none_of("what the message says", &spelled(details))
}

/// Reads `S1 -> S2 MESSAGE`. The drawn entries are given as well, for their labels and places.
pub(super) fn forged(cursor: &mut Cursor<'_>) -> Result<(Forged, DrawnLog), ParseError> {
    let place = cursor.place();
    let Selector { links, kind, .. } = stream(cursor)?;
    let [link] = *links.as_slice() else {
        let error = cursor.error_at(&place, "a forged message has one sender and one receiver");
        return Err(error.with_help("expected `S1 -> S2`"));
    };
    let Some(kind) = kind else {
        return Err(no_kind(cursor));
    };
    let body_of = forged_body(cursor, kind)?;
    cursor.expect_word(DetailWord::Term)?;
    let term = cursor.term()?;
    let mut log = DrawnLog::default();
    let body = body_of(cursor, &mut log)?;
    Ok((Forged { link, term, body }, log))
}

/// Reads what follows the term of a forged message; drawn entries go into the log.
type ForgedReader = fn(&mut Cursor<'_>, &mut DrawnLog) -> Result<ForgedBody, ParseError>;

/// The parser of a forged message of the kind before the cursor, if such a message can be spelled out.
fn forged_body(cursor: &Cursor<'_>, kind: Kind) -> Result<ForgedReader, ParseError> {
    match kind {
        Kind::RequestVote => Ok(|cursor, _| {
            let last = last(cursor)?;
            Ok(ForgedBody::RequestVote { last, transfer: cursor.take_word(DetailWord::Transfer) })
        }),
        Kind::RequestVoteReply => {
            Ok(|cursor, _| Ok(ForgedBody::RequestVoteReply { granted: granted(cursor)? }))
        }
        Kind::AppendEntries => Ok(forged_append),
        Kind::AppendEntriesReply => Ok(forged_append_reply),
        Kind::PreVote => Ok(|cursor, _| Ok(ForgedBody::PreVote(last(cursor)?))),
        Kind::PreVoteReply => {
            Ok(|cursor, _| Ok(ForgedBody::PreVoteReply { granted: granted(cursor)? }))
        }
        Kind::TimeoutNow => Ok(|_, _| Ok(ForgedBody::TimeoutNow)),
        Kind::Heartbeat => Err(cursor
            .error_at(&cursor.last_place(), "a Heartbeat is an AppendEntries")
            .with_help("expected `AppendEntries` with `entries none`")),
        Kind::InstallSnapshot
        | Kind::InstallSnapshotReply
        | Kind::ReadIndex
        | Kind::ReadIndexReply
        | Kind::Other => {
            let message = format!("no {} can be forged", kind.word());
            Err(cursor.error_at(&cursor.last_place(), message).with_help(
                "expected RequestVote, AppendEntries or PreVote, a reply to one of these, or TimeoutNow",
            ))
        }
    }
}

/// Reads `last I/T` or `last none`.
fn last(cursor: &mut Cursor<'_>) -> Result<Option<Drawn>, ParseError> {
    cursor.expect_word(DetailWord::Last)?;
    cursor.drawn()
}

/// Reads `granted` or `refused`.
fn granted(cursor: &mut Cursor<'_>) -> Result<bool, ParseError> {
    let granted = cursor.take_word(DetailWord::Granted);
    if granted || cursor.take_word(DetailWord::Refused) {
        return Ok(granted);
    }
    Err(cursor.unexpected("`granted` or `refused`"))
}

fn forged_append(cursor: &mut Cursor<'_>, log: &mut DrawnLog) -> Result<ForgedBody, ParseError> {
    cursor.expect_word(DetailWord::Prev)?;
    let prev = cursor.drawn()?;
    cursor.expect_word(DetailWord::Entries)?;
    let entries = if cursor.take_word(Particle::As) {
        let server = cursor.server()?;
        let (from, to) = cursor.range("the first and the last index, as in `2..3`", 1)?;
        ForgedEntries::As(server, from, to)
    } else {
        *log = drawn_log(cursor)?;
        ForgedEntries::Drawn(log.entries.clone())
    };
    if log.open {
        let error = cursor.error_at(&cursor.last_place(), "a forged message is spelled out");
        return Err(error.with_help("expected no `...`"));
    }
    cursor.expect_word(DetailWord::Commit)?;
    let commit = index(cursor)?;
    Ok(ForgedBody::AppendEntries { prev, entries, commit })
}

fn forged_append_reply(
    cursor: &mut Cursor<'_>,
    _: &mut DrawnLog,
) -> Result<ForgedBody, ParseError> {
    if cursor.take_word(DetailWord::Refused) {
        return Ok(ForgedBody::AppendEntriesReply { matched: None });
    }
    if !cursor.take_word(DetailWord::Success) {
        return Err(cursor.unexpected("`success match N` or `refused`"));
    }
    cursor.expect_word(DetailWord::Match)?;
    Ok(ForgedBody::AppendEntriesReply { matched: Some(index(cursor)?) })
}

/// Reads the links of `heal`, of which there need not be any.
pub(super) fn links_if_any(cursor: &mut Cursor<'_>) -> Result<Option<Vec<Link>>, ParseError> {
    cursor.peek().map(|_| cursor.arrow_or_line()).transpose()
}
