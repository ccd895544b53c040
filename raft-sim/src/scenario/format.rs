//! A scenario written back in canonical form, with its comments.
//!
//! Formatting moves white space only: never a word, never what stands in a comment. It is idempotent.

use super::syntax::{Line, Scenario};

/// The column (from 0) at which the words behind a keyword begin, unless the keyword is longer.
const INDENT: usize = 10;

/// The text of a scenario in canonical form: keywords padded so that what follows stands in one column,
/// the logs of consecutive `given` lines under one another, comments behind words two spaces away and
/// aligned where consecutive lines have one, one blank line at most, one newline at the end.
#[must_use]
pub fn format(scenario: &Scenario) -> String {
    let lines = without_needless_blanks(&scenario.lines);
    let bodies = bodies(&lines);
    let columns = comment_columns(&lines, &bodies);
    let mut text = String::new();
    for ((line, body), column) in lines.iter().zip(&bodies).zip(columns) {
        match line {
            Line::Blank => {}
            Line::Comment(comment) => text.push_str(comment.trim_end()),
            Line::Words(_, None) => text.push_str(body),
            Line::Words(_, Some(comment)) => {
                text.push_str(&padded(body, column));
                text.push_str(comment.trim_end());
            }
        }
        text.push('\n');
    }
    text
}

/// The lines without blank ones at either end, and one in place of several.
fn without_needless_blanks(lines: &[Line]) -> Vec<&Line> {
    let mut kept: Vec<&Line> = Vec::new();
    for line in lines {
        let after_blank = kept.last().is_none_or(|last| **last == Line::Blank);
        if *line != Line::Blank || !after_blank {
            kept.push(line);
        }
    }
    if kept.last().is_some_and(|last| **last == Line::Blank) {
        kept.pop();
    }
    kept
}

/// What stands before the comment in each line.
fn bodies(lines: &[&Line]) -> Vec<String> {
    let mut bodies = Vec::new();
    for run in lines.chunk_by(|one, next| given(one).is_some() && given(next).is_some()) {
        let width = run.iter().filter_map(|line| given(line)).map(|(servers, _)| width(&servers));
        let column = width.max().unwrap_or(0) + 1;
        for line in run {
            bodies.push(match (given(line), line) {
                (Some((servers, log)), _) => keyword("given", &(padded(&servers, column) + &log)),
                (None, Line::Words(words, _)) => match words.split_first() {
                    Some((first, rest)) => keyword(first, &rest.join(" ")),
                    None => String::new(),
                },
                (None, Line::Blank | Line::Comment(_)) => String::new(),
            });
        }
    }
    bodies
}

/// The column at which the comment behind each line's words begins: the same for consecutive ones.
fn comment_columns(lines: &[&Line], bodies: &[String]) -> Vec<usize> {
    let commented = |line: &Line| matches!(line, Line::Words(_, Some(_)));
    let mut columns = Vec::new();
    for run in lines.chunk_by(|one, next| commented(one) && commented(next)) {
        let of_run = bodies.iter().skip(columns.len()).take(run.len());
        let column = of_run.map(|body| width(body)).max().unwrap_or(0) + 2;
        columns.resize(columns.len() + run.len(), column);
    }
    columns
}

/// A `given` line that draws a log: its servers, and all from the word `log` on.
fn given(line: &Line) -> Option<(String, String)> {
    let Line::Words(words, _) = line else {
        return None;
    };
    let (first, rest) = words.split_first()?;
    let at = rest.iter().position(|word| word == "log")?;
    let (servers, log) = rest.split_at_checked(at)?;
    (first == "given").then(|| (servers.join(" "), log.join(" ")))
}

/// A keyword and what follows it, at its column.
fn keyword(word: &str, rest: &str) -> String {
    if rest.is_empty() { word.to_owned() } else { padded(word, INDENT.max(width(word) + 1)) + rest }
}

/// The text filled with spaces up to a column.
fn padded(text: &str, column: usize) -> String {
    text.to_owned() + &" ".repeat(column.saturating_sub(width(text)))
}

/// How many characters wide a text is.
fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::super::source::Source;
    use super::*;

    fn formatted(text: &str) -> String {
        match parse(&Source::new("t.raft", text)) {
            Ok(scenario) => format(&scenario),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn the_canonical_form() {
        let tidy = formatted(
            "\n\n  # Title\t\nscenario  a   title\npaper §5.2\r\nservers S1 S2 S3\n\
             state-machine   durable\n\n\n\
             #    1  2  \n#  [1][2]\ngiven S1 S2 log 1 2 term 2   # ahead\ngiven S3 log 1 # behind\n\
             settle\n  deliver S1 ->  S2 RequestVote #1 #   oldest\nheal # \n\n\n",
        );
        assert_eq!(
            tidy,
            "# Title\n\
             scenario  a title\n\
             paper     §5.2\n\
             servers   S1 S2 S3\n\
             state-machine durable\n\
             \n\
             #    1  2\n\
             #  [1][2]\n\
             given     S1 S2 log 1 2 term 2  # ahead\n\
             given     S3    log 1           # behind\n\
             settle\n\
             deliver   S1 -> S2 RequestVote #1  #   oldest\n\
             heal                               #\n"
        );
        assert_eq!(formatted(&tidy), tidy, "formatting it again changes nothing");
    }

    #[test]
    fn formatting_changes_no_meaning() {
        let untidy = "paper § 8\nservers S1 S2\nscenario t\nnetwork   loss 5%\ngiven all log 1:x\n\
             elect S1 # now\nexpect  not x   committed";
        let tidy = formatted(untidy);
        let [before, after] = [untidy, &tidy].map(|text| parse(&Source::new("t.raft", text)));
        let (before, after) = (before.expect("it parses"), after.expect("it parses"));
        assert_eq!(before.header, after.header);
        assert_eq!(before.steps, after.steps);
    }
}
