//! `given` lines: the durable state servers boot with, which must be one that Raft can reach.

use super::cursor::{Cursor, LARGEST, spelled};
use super::labels::Labels;
use super::log::{DrawnLog, drawn_log};
use crate::model::{NodeId, Term};
use crate::scenario::error::ParseError;
use crate::scenario::source::{Place, Source};
use crate::scenario::syntax::{DrawnEntry, Given, HeaderItem, Servers};
use crate::scenario::vocabulary::{FactWord, Particle};

/// Reads what follows `given`, and adds one state for every server it names.
pub(super) fn given(
    cursor: &mut Cursor<'_>,
    source: &Source,
    earlier: &mut Vec<Given>,
    labels: &mut Labels,
) -> Result<HeaderItem, ParseError> {
    let servers = given_servers(cursor, earlier)?;
    let stated = cursor.peek().is_some();
    let drawn = cursor.take_word(FactWord::Log).then(|| whole_log(cursor)).transpose()?;
    let said_log = drawn.as_ref().map(|log| log.entries.clone());
    let log = drawn.unwrap_or_default();
    check_terms_ascend(cursor, &log)?;
    let last = log.entries.last().map_or(Term(0), |entry| entry.term);
    let said_term =
        cursor.take_word(FactWord::Term).then(|| current_term(cursor, last)).transpose()?;
    let term = said_term.unwrap_or(last);
    let said_vote = cursor.take_word(FactWord::Vote).then(|| vote(cursor, term)).transpose()?;
    let vote = said_vote.flatten();
    if !stated || cursor.peek().is_some() {
        let words = [FactWord::Log, FactWord::Term, FactWord::Vote];
        return Err(cursor.none_of("in this order", &spelled(&words)));
    }
    if let Some(&server) = servers.first() {
        for other in earlier.iter() {
            check_log_matching(cursor, (server, &log), other)?;
        }
    }
    labels.drawn(source, 1, &log.entries, &log.places)?;
    let line = cursor.line();
    let state = |server| Given { line, server, log: log.entries.clone(), term, vote };
    earlier.extend(servers.iter().copied().map(state));
    Ok(HeaderItem::Given { servers, log: said_log, term: said_term, vote: said_vote })
}

/// Servers that no earlier line speaks of.
fn given_servers(cursor: &mut Cursor<'_>, earlier: &[Given]) -> Result<Servers, ParseError> {
    cursor.expect_servers_line()?;
    let place = cursor.place();
    let servers = cursor.servers_or_all()?;
    for server in &servers {
        if let Some(given) = earlier.iter().find(|given| given.server == *server) {
            let message = format!("the state of {server} is given already, in line {}", given.line);
            return Err(cursor.error_at(&place, message));
        }
    }
    Ok(servers)
}

/// A log of which all is drawn.
fn whole_log(cursor: &mut Cursor<'_>) -> Result<DrawnLog, ParseError> {
    let log = drawn_log(cursor)?;
    if log.open {
        let error = cursor.error_at(&cursor.last_place(), "a given log is drawn whole");
        return Err(error.with_help("expected no `...`"));
    }
    Ok(log)
}

/// Reads currentTerm, which no entry of the log exceeds.
fn current_term(cursor: &mut Cursor<'_>, last: Term) -> Result<Term, ParseError> {
    let term = Term(cursor.number("currentTerm", 0..=LARGEST)?);
    if term < last {
        let message = format!("currentTerm {term} is below the term {last} of the last entry");
        let error = cursor.error_at(&cursor.last_place(), message);
        return Err(error.with_help(format!("expected {last} at least")));
    }
    Ok(term)
}

/// Reads votedFor, which needs an election that has begun.
fn vote(cursor: &mut Cursor<'_>, term: Term) -> Result<Option<NodeId>, ParseError> {
    if cursor.take_word(Particle::None) {
        return Ok(None);
    }
    let server = cursor.server()?;
    if term == Term(0) {
        let error = cursor.error_at(&cursor.last_place(), "a vote in term 0, before any election");
        return Err(error.with_help("expected `term N` before `vote`"));
    }
    Ok(Some(server))
}

/// Terms never decrease along a log: an entry is appended in its leader's term, and terms only grow.
fn check_terms_ascend(cursor: &Cursor<'_>, log: &DrawnLog) -> Result<(), ParseError> {
    for (pair, place) in log.entries.windows(2).zip(log.places.iter().skip(1)) {
        if let [before, entry] = pair
            && entry.term < before.term
        {
            let message =
                format!("an entry of term {} behind one of term {}", entry.term, before.term);
            let error = cursor.error_at(place, message);
            return Err(error.with_help("expected terms that never decrease along a log"));
        }
    }
    Ok(())
}

/// Log Matching (Figure 3): logs that have an entry of the same index and term are identical up to it.
fn check_log_matching(
    cursor: &Cursor<'_>,
    (server, log): (NodeId, &DrawnLog),
    other: &Given,
) -> Result<(), ParseError> {
    let pairs = || (1_u64..).zip(log.entries.iter().zip(&other.log)).zip(&log.places);
    let same = pairs().filter(|((_, (here, there)), _)| here.term == there.term).last();
    let Some(((index, (entry, _)), _)) = same else {
        return Ok(());
    };
    for ((earlier, (here, there)), place) in pairs() {
        if earlier <= index && !may_be_same(here, there) {
            return Err(log_matching_error(
                cursor,
                place,
                &format!(
                    "{server} and {} (line {}) both have an entry of term {} at index {index}, but differ at index {earlier}",
                    other.server, other.line, entry.term,
                ),
            ));
        }
    }
    Ok(())
}

/// True if two boxes can be drawings of one entry; one of them may leave the label out.
fn may_be_same(one: &DrawnEntry, other: &DrawnEntry) -> bool {
    let labels_agree = one.label.is_none() || other.label.is_none() || one.label == other.label;
    one.term == other.term && labels_agree
}

fn log_matching_error(cursor: &Cursor<'_>, place: &Place, message: &str) -> ParseError {
    cursor.error_at(place, message).with_help("expected logs that keep Log Matching (Figure 3)")
}
