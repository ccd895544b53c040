//! The lines of a scenario in canonical form, with its comments.
//!
//! The canonical form: keywords padded so that what follows stands in one column, the logs of consecutive `given`
//! lines under one another, comments behind words two spaces away and aligned where consecutive lines have one, one
//! blank line at most, one newline at the end.

use std::fmt::{self, Display, Formatter};

use crate::scenario::syntax::{HeaderItem, HeaderLine, Scenario, Step, Trivia};

/// The column (from 0) at which the words behind a keyword begin, unless the keyword is longer.
const INDENT: usize = 10;

impl Display for Scenario {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let rows = without_needless_blanks(rows(self));
        let bodies = bodies(&rows);
        let columns = comment_columns(&rows, &bodies);
        for ((row, body), column) in rows.iter().zip(&bodies).zip(columns) {
            match row.comment {
                Some(comment) if row.has_words() => writeln!(f, "{body:column$}{comment}")?,
                Some(comment) => writeln!(f, "{comment}")?,
                None => writeln!(f, "{body}")?,
            }
        }
        Ok(())
    }
}

/// One line of the text: words and a comment, or one of both; with neither it is blank.
struct Row<'a> {
    /// Its words, up to the log if it is a `given` line that draws one.
    words: String,
    /// The words from `log` on.
    log: Option<String>,
    /// The comment, from its `#` on.
    comment: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn of_words(words: String, trivia: &'a Trivia) -> Row<'a> {
        Row { words, log: None, comment: trivia.behind.as_deref() }
    }

    fn of_header(HeaderLine { item, trivia }: &'a HeaderLine) -> Row<'a> {
        let row = Row::of_words(item.to_string(), trivia);
        let HeaderItem::Given { servers, log: Some(_), .. } = item else { return row };
        let servers =
            HeaderItem::Given { servers: servers.clone(), log: None, term: None, vote: None };
        let words = servers.to_string();
        let log = row.words.strip_prefix(&words).map(|log| log.trim_start().to_owned());
        Row { words, log, ..row }
    }

    /// The lines above some words, which have no words.
    fn above(lines: &'a [String]) -> impl Iterator<Item = Row<'a>> {
        let comment = |line: &'a String| Some(line.as_str()).filter(|line| !line.is_empty());
        lines.iter().map(move |line| Row {
            words: String::new(),
            log: None,
            comment: comment(line),
        })
    }

    fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    fn is_blank(&self) -> bool {
        !self.has_words() && self.comment.is_none()
    }

    /// The words with the keyword padded.
    fn padded(&self) -> String {
        match self.words.split_once(' ') {
            Some((keyword, rest)) => format!("{:INDENT$}{rest}", keyword.to_owned() + " "),
            None => self.words.clone(),
        }
    }
}

/// Every line of a scenario.
fn rows(scenario: &Scenario) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for line in &scenario.header_lines {
        rows.extend(Row::above(&line.trivia.above));
        rows.push(Row::of_header(line));
    }
    for Step { statement, trivia, .. } in &scenario.steps {
        rows.extend(Row::above(&trivia.above));
        rows.push(Row::of_words(statement.to_string(), trivia));
    }
    rows.extend(Row::above(&scenario.end));
    rows
}

/// The rows without blank ones at either end, and one in place of several.
fn without_needless_blanks(rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    let mut kept: Vec<Row<'_>> = Vec::new();
    for row in rows {
        if !row.is_blank() || kept.last().is_some_and(|last| !last.is_blank()) {
            kept.push(row);
        }
    }
    if kept.last().is_some_and(Row::is_blank) {
        kept.pop();
    }
    kept
}

/// The words before the comment in each row.
fn bodies(rows: &[Row<'_>]) -> Vec<String> {
    let mut bodies = Vec::new();
    for run in rows.chunk_by(|one, next| one.log.is_some() && next.log.is_some()) {
        let column = run.iter().map(|row| width(&row.padded())).max().unwrap_or(0) + 1;
        bodies.extend(run.iter().map(|row| match &row.log {
            Some(log) => format!("{:column$}{log}", row.padded()),
            None => row.padded(),
        }));
    }
    bodies
}

/// The column at which the comment behind each row's words begins: the same for consecutive ones.
fn comment_columns(rows: &[Row<'_>], bodies: &[String]) -> Vec<usize> {
    let commented = |row: &Row<'_>| row.has_words() && row.comment.is_some();
    let mut columns = Vec::new();
    for run in rows.chunk_by(|one, next| commented(one) && commented(next)) {
        let of_run = bodies.iter().skip(columns.len()).take(run.len());
        let column = of_run.map(|body| width(body)).max().unwrap_or(0) + 2;
        columns.resize(columns.len() + run.len(), column);
    }
    columns
}

/// The width of a text in characters.
fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use crate::scenario::parse::parse;
    use crate::scenario::source::Source;

    fn formatted(text: &str) -> String {
        match parse(&Source::new("t.raft", text)) {
            Ok(scenario) => scenario.to_string(),
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
