//! Conditions: what is true or false of a cluster at a moment.

use super::labels::Names;
use super::log::drawn_log;
use super::message::{no_detail, selector};
use super::vocabulary::{FACTS, LABEL_WORDS};
use super::words::{Cursor, LARGEST};
use crate::scenario::error::ParseError;
use crate::scenario::syntax::{Answer, Bound, Condition, Fact, Number, RoleWord};

/// Reads a condition, to the end of the line.
pub(super) fn condition(cursor: &mut Cursor<'_>) -> Result<Condition, ParseError> {
    if cursor.take_word("not") {
        if cursor.peek() == Some("not") {
            return Err(cursor.error("`not` is said twice"));
        }
        return Ok(Condition::Not(Box::new(positive(cursor)?)));
    }
    positive(cursor)
}

/// Reads a condition that does not begin with `not`.
fn positive(cursor: &mut Cursor<'_>) -> Result<Condition, ParseError> {
    const WHAT: &str = "a condition: it begins with a server, `all`, a label, `a leader`, \
                        `no leader`, `message`, `quiet` or `not`";
    let condition = if cursor.at_server() || cursor.peek() == Some("all") {
        let servers = cursor.servers_or_all()?;
        Condition::Servers(servers, facts(cursor)?)
    } else if cursor.take_word("a") {
        cursor.expect_word("leader")?;
        Condition::ALeader
    } else if cursor.take_word("no") {
        cursor.expect_word("leader")?;
        Condition::NoLeader
    } else if cursor.take_word("quiet") {
        Condition::Quiet
    } else if cursor.take_word("message") {
        let selector = selector(cursor)?;
        if cursor.peek().is_some() {
            return Err(no_detail(cursor, &selector));
        }
        Condition::InFlight(selector)
    } else if cursor.at_label() {
        of_label(cursor)?
    } else {
        return Err(cursor.unexpected(WHAT));
    };
    cursor.expect_end()?;
    Ok(condition)
}

/// Reads `x WHAT`. What is said of it tells what the label must name.
fn of_label(cursor: &mut Cursor<'_>) -> Result<Condition, ParseError> {
    let names = match cursor.peek_second() {
        Some("on" | "committed") => Names::Command,
        Some("sees" | "misses") => Names::Read,
        Some(_) | None => Names::Request,
    };
    let label = cursor.label(names)?;
    let Some(word) = cursor.peek().filter(|word| LABEL_WORDS.contains(word)) else {
        return Err(cursor.none_of("what is said of a request", LABEL_WORDS));
    };
    cursor.take();
    Ok(match word {
        "on" if cursor.take_word("a") => {
            cursor.expect_word("majority")?;
            Condition::OnMajority(label)
        }
        "on" if cursor.at_server() || cursor.peek() == Some("all") => {
            Condition::On(label, cursor.servers_or_all()?)
        }
        "on" => return Err(cursor.unexpected("servers, `all` or `a majority`")),
        "committed" => Condition::Committed(label),
        "sees" => Condition::Sees(label, cursor.commands()?),
        "misses" => Condition::Misses(label, cursor.commands()?),
        "acknowledged" => Condition::Answered(label, Answer::Acknowledged),
        "refused" => Condition::Answered(label, Answer::Refused),
        "failed" => Condition::Answered(label, Answer::Failed),
        "pending" => Condition::Answered(label, Answer::Pending),
        "unknown" => Condition::Answered(label, Answer::Unknown),
        _ => Condition::Answered(label, Answer::Expired),
    })
}

/// Reads one fact or more.
fn facts(cursor: &mut Cursor<'_>) -> Result<Vec<Fact>, ParseError> {
    let mut facts = Vec::new();
    while facts.is_empty() || cursor.peek().is_some() {
        let Some(word) = cursor.peek().filter(|word| FACTS.contains(word)) else {
            return Err(cursor.none_of("a fact about a server", FACTS));
        };
        cursor.take();
        facts.push(fact(cursor, word)?);
    }
    Ok(facts)
}

/// Reads what follows the first word of a fact.
fn fact(cursor: &mut Cursor<'_>, word: &str) -> Result<Fact, ParseError> {
    Ok(match word {
        "leader" => Fact::Role(RoleWord::Leader),
        "follower" => Fact::Role(RoleWord::Follower),
        "candidate" => Fact::Role(RoleWord::Candidate),
        "up" => Fact::Up,
        "down" => Fact::Down,
        "term" if cursor.take_word("as") => Fact::TermAs(cursor.server()?),
        "term" => Fact::Term(number(cursor, "a term, or `as` and a server")?),
        "vote" if cursor.take_word("none") => Fact::Vote(None),
        "vote" if cursor.at_server() => Fact::Vote(Some(cursor.server()?)),
        "vote" => return Err(cursor.unexpected("a server or `none`")),
        "log" if cursor.take_word("as") => Fact::LogAs(cursor.server()?),
        "log" => {
            let log = drawn_log(cursor)?;
            Fact::Log { entries: log.entries, open: log.open }
        }
        "holds" => Fact::Holds(cursor.commands()?),
        "lacks" => Fact::Lacks(cursor.commands()?),
        "commit" => Fact::Commit(number(cursor, "an index, 0 for none")?),
        "committed" => Fact::Committed(cursor.commands()?),
        "reported" => Fact::Reported,
        "members" => Fact::Members(cursor.servers_or_none()?),
        "learners" => Fact::Learners(cursor.servers_or_none()?),
        "joint" => Fact::Joint,
        "snapshot" => Fact::Snapshot(number(cursor, "an index, 0 for none")?),
        _ if cursor.take_word("none") => Fact::Applied(Vec::new()),
        _ => Fact::Applied(cursor.commands()?),
    })
}

/// Reads `N`, `N at least` or `N at most`.
fn number(cursor: &mut Cursor<'_>, what: &str) -> Result<Number, ParseError> {
    let value = cursor.number(what, 0..=LARGEST)?;
    if !cursor.take_word("at") {
        return Ok(Number { value, bound: Bound::Exactly });
    }
    if cursor.take_word("most") {
        return Ok(Number { value, bound: Bound::AtMost });
    }
    cursor.expect_word("least").map_err(|_| cursor.unexpected("`at least` or `at most`"))?;
    if value == 0 {
        let error = cursor.error_at(&cursor.last_place(), "`0 at least` is always true");
        return Err(error.with_help("expected a condition that can fail"));
    }
    Ok(Number { value, bound: Bound::AtLeast })
}
