//! Conditions: facts that are true or false of a cluster at a given time.

use super::cursor::{Cursor, LARGEST};
use super::labels::Names;
use super::log::drawn_log;
use super::message::{no_detail, selector};
use crate::scenario::error::ParseError;
use crate::scenario::syntax::{Answer, Bound, Condition, Fact, Number, RoleWord, Servers};
use crate::scenario::vocabulary::{FactWord, LabelWord, Particle, Words};

/// Reads a condition, or several with `or` between them, to the end of the line.
pub(super) fn condition(cursor: &mut Cursor<'_>) -> Result<Condition, ParseError> {
    let mut conditions = vec![simple(cursor)?];
    while cursor.take_word(Particle::Or) {
        conditions.push(simple(cursor)?);
    }
    cursor.expect_end()?;
    Ok(match (conditions.pop(), &conditions[..]) {
        (Some(only), []) => only,
        (last, _) => {
            conditions.extend(last);
            Condition::Any(conditions)
        }
    })
}

/// Reads a condition without `or`.
fn simple(cursor: &mut Cursor<'_>) -> Result<Condition, ParseError> {
    if cursor.take_word(Particle::Not) {
        if cursor.at(Particle::Not) {
            return Err(cursor.error("`not` is said twice"));
        }
        return Ok(Condition::Not(Box::new(positive(cursor)?)));
    }
    positive(cursor)
}

/// Reads a condition that does not begin with `not`.
fn positive(cursor: &mut Cursor<'_>) -> Result<Condition, ParseError> {
    const WHAT: &str = "a condition: it begins with a server, `all`, `leader`, a label, `a leader`, \
                        `no leader`, `message`, `quiet` or `not`";
    Ok(if cursor.at_servers() {
        let servers = cursor.servers_or_all()?;
        Condition::Servers(servers, facts(cursor)?)
    } else if cursor.at_leader() {
        of_leader(cursor)?
    } else if cursor.take_word(Particle::A) {
        cursor.expect_word(FactWord::Leader)?;
        Condition::ALeader
    } else if cursor.take_word(Particle::No) {
        cursor.expect_word(FactWord::Leader)?;
        Condition::NoLeader
    } else if cursor.take_word(Particle::Quiet) {
        Condition::Quiet
    } else if cursor.take_word(Particle::Message) {
        let selector = selector(cursor)?;
        if !cursor.at_end_of_condition() {
            return Err(no_detail(cursor, &selector));
        }
        Condition::InFlight(selector)
    } else if cursor.at_label() {
        of_label(cursor)?
    } else if let Some(fact) = cursor.peek_one::<FactWord>() {
        return Err(fact_first(cursor, fact.word()));
    } else if let Some(fact) = cursor.peek_one::<LabelWord>() {
        let error = cursor.error(format!("`{fact}` of which request?"));
        return Err(error.with_help(format!("expected its label first, as in `x {fact}`")));
    } else {
        return Err(cursor.unexpected(WHAT));
    })
}

/// Reads `leader FACT …`.
fn of_leader(cursor: &mut Cursor<'_>) -> Result<Condition, ParseError> {
    let said_the = cursor.at(Particle::The);
    let place = cursor.place();
    cursor.take_leader()?;
    if !said_the && cursor.at_server() {
        let server = cursor.peek().unwrap_or_default();
        let error = cursor.error_at(&place, "a fact before its server");
        return Err(error.with_help(format!("did you mean `{server} leader`?")));
    }
    if cursor.at_end_of_condition() {
        let error = cursor.error_at(&place, "what is to hold of the leader?");
        return Err(error.with_help("expected a fact behind it; did you mean `a leader`?"));
    }
    Ok(Condition::Servers(Servers::leader(), facts(cursor)?))
}

/// A fact stands where its server should.
fn fact_first(cursor: &Cursor<'_>, fact: &str) -> ParseError {
    let error = cursor.error(format!("`{fact}` of which server?"));
    error.with_help(format!("expected the server first, as in `S1 {fact}`"))
}

/// Reads `x WHAT`. The kind of condition decides what the label must name.
fn of_label(cursor: &mut Cursor<'_>) -> Result<Condition, ParseError> {
    let names = match cursor.peek_second() {
        Some(LabelWord::On | LabelWord::Committed) => Names::Command,
        Some(LabelWord::Sees | LabelWord::Misses) => Names::Read,
        Some(
            LabelWord::Acknowledged
            | LabelWord::Refused
            | LabelWord::Failed
            | LabelWord::Pending
            | LabelWord::Unknown
            | LabelWord::Expired,
        )
        | None => Names::Request,
    };
    let label = cursor.label(names)?;
    Ok(match cursor.expect_one("a fact about a request")? {
        LabelWord::On if cursor.take_word(Particle::A) => {
            cursor.expect_word(Particle::Majority)?;
            Condition::OnMajority(label)
        }
        LabelWord::On if cursor.at_servers() => Condition::On(label, cursor.servers_or_all()?),
        LabelWord::On => return Err(cursor.unexpected("servers, `all` or `a majority`")),
        LabelWord::Committed => Condition::Committed(label),
        LabelWord::Sees => Condition::Sees(label, cursor.commands()?),
        LabelWord::Misses => Condition::Misses(label, cursor.commands()?),
        LabelWord::Acknowledged => Condition::Answered(label, Answer::Acknowledged),
        LabelWord::Refused => Condition::Answered(label, Answer::Refused),
        LabelWord::Failed => Condition::Answered(label, Answer::Failed),
        LabelWord::Pending => Condition::Answered(label, Answer::Pending),
        LabelWord::Unknown => Condition::Answered(label, Answer::Unknown),
        LabelWord::Expired => Condition::Answered(label, Answer::Expired),
    })
}

/// Reads one fact or more.
fn facts(cursor: &mut Cursor<'_>) -> Result<Vec<Fact>, ParseError> {
    let mut facts = Vec::new();
    while facts.is_empty() || !cursor.at_end_of_condition() {
        let word = match cursor.peek() {
            Some(needless @ ("is" | "are" | "has" | "have" | "=" | "==")) => {
                let error = cursor.error(format!("`{needless}` is left out"));
                return Err(error.with_help("expected the fact at once, as in `S1 leader term 2`"));
            }
            Some(_) | None => cursor.expect_one("a fact about a server")?,
        };
        facts.push(fact(cursor, word)?);
    }
    Ok(facts)
}

/// Reads what follows the first word of a fact.
fn fact(cursor: &mut Cursor<'_>, word: FactWord) -> Result<Fact, ParseError> {
    Ok(match word {
        FactWord::Leader => Fact::Role(RoleWord::Leader),
        FactWord::Follower => Fact::Role(RoleWord::Follower),
        FactWord::Candidate => Fact::Role(RoleWord::Candidate),
        FactWord::Up => Fact::Up,
        FactWord::Down => Fact::Down,
        FactWord::Term if cursor.take_word(Particle::As) => Fact::TermAs(cursor.server()?),
        FactWord::Term => Fact::Term(number(cursor, "a term, or `as` and a server")?),
        FactWord::Vote if cursor.take_word(Particle::None) => Fact::Vote(None),
        FactWord::Vote if cursor.at_server() => Fact::Vote(Some(cursor.server()?)),
        FactWord::Vote => return Err(cursor.unexpected("a server or `none`")),
        FactWord::Log if cursor.take_word(Particle::As) => Fact::LogAs(cursor.server()?),
        FactWord::Log => {
            let log = drawn_log(cursor)?;
            Fact::Log { entries: log.entries, open: log.open }
        }
        FactWord::Holds => Fact::Holds(cursor.commands()?),
        FactWord::Lacks => Fact::Lacks(cursor.commands()?),
        FactWord::Commit => Fact::Commit(number(cursor, "an index, 0 for none")?),
        FactWord::Committed => Fact::Committed(cursor.commands()?),
        FactWord::Reported => Fact::Reported,
        FactWord::Members => Fact::Members(cursor.servers_or_none()?),
        FactWord::Learners => Fact::Learners(cursor.servers_or_none()?),
        FactWord::Joint => Fact::Joint,
        FactWord::Snapshot => Fact::Snapshot(number(cursor, "an index, 0 for none")?),
        FactWord::Unsynced => Fact::Unsynced,
        FactWord::Durable => Fact::Durable(number(cursor, "an index, 0 for none")?),
        FactWord::Next => Fact::Next(cursor.server()?, number(cursor, "an index, 0 for none")?),
        FactWord::Match => Fact::Match(cursor.server()?, number(cursor, "an index, 0 for none")?),
        FactWord::Applied if cursor.take_word(Particle::None) => Fact::Applied(Vec::new()),
        FactWord::Applied => Fact::Applied(cursor.commands()?),
    })
}

/// Reads `N`, `N at least` or `N at most`.
fn number(cursor: &mut Cursor<'_>, what: &str) -> Result<Number, ParseError> {
    let sign = cursor.peek().unwrap_or_default().trim_end_matches(|c: char| c.is_ascii_digit());
    if sign == Particle::At.word() || [">=", "<=", ">", "<", "≥", "≤"].contains(&sign) {
        let error = cursor.unexpected(what);
        return Err(error.with_help("expected the number first, as in `commit 1 at least`"));
    }
    let value = cursor.number(what, 0..=LARGEST)?;
    if !cursor.take_word(Particle::At) {
        return Ok(Number { value, bound: Bound::Exactly });
    }
    if cursor.take_word(Particle::Most) {
        return Ok(Number { value, bound: Bound::AtMost });
    }
    cursor
        .expect_word(Particle::Least)
        .map_err(|_| cursor.unexpected("`at least` or `at most`"))?;
    if value == 0 {
        let error = cursor.error_at(&cursor.last_place(), "`0 at least` is always true");
        return Err(error.with_help("expected a condition that can fail"));
    }
    Ok(Number { value, bound: Bound::AtLeast })
}
