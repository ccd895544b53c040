//! An editor's grammar of the language, made of its words.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Command, DetailWord, FactWord, HeaderWord, LabelWord, NetworkWord, Particle, Sign, Words,
};
use crate::scenario::syntax::{Capability, Changes, Kind, Unit};
use crate::subject::SETTINGS;

/// A TextMate grammar of scenario files, which many editors read: `docs/editor/raft.tmLanguage.json`.
#[must_use]
pub fn grammar() -> String {
    let mut patterns = vec![
        Rule::of("comment.line.number-sign.raft", r"^\s*#.*$"),
        Rule::of("comment.line.number-sign.raft", r"(?<=\s)#(?!\d+(?:\s|$)).*$"),
        Rule::split(
            r"^\s*(scenario|paper)\s+(.*?)(?=\s+#|$)",
            ["keyword.other.header.raft", "string.unquoted.raft"],
        ),
        Rule::of("keyword.other.header.raft", &first(spelled(HeaderWord::ALL))),
        Rule::of("keyword.control.statement.raft", &first(spelled(Command::ALL))),
        Rule::of("keyword.control.statement.raft", &repeated(spelled(Command::ALL))),
        Rule::of("entity.name.type.message.raft", &whole(spelled(&Kind::ALL))),
        Rule::of("variable.language.server.raft", &whole(vec![r"S[1-9]", Particle::All.word()])),
        Rule::of("keyword.operator.raft", &whole(escaped(spelled(Sign::ALL)))),
        Rule::of("constant.numeric.raft", &whole(vec![r"#?\d+(?:\.\.\d+|/\d+|%)?"])),
        Rule::split(
            r"(?<=^|\s)(\d+):([a-z][a-z0-9-]*)(?=\s|$)",
            ["constant.numeric.raft", "variable.other.label.raft"],
        ),
    ];
    let units = Unit::ALL.into_iter().flat_map(Unit::words).collect();
    let settings = SETTINGS.iter().map(|setting| setting.word).collect();
    let ways = spelled(<Changes as Words>::ALL);
    let others = [
        ("support.type.property-name.raft", spelled(FactWord::ALL)),
        ("support.type.property-name.raft", spelled(LabelWord::ALL)),
        ("support.type.property-name.raft", spelled(DetailWord::ALL)),
        ("support.type.property-name.raft", spelled(NetworkWord::ALL)),
        ("support.constant.unit.raft", units),
        ("support.constant.setting.raft", settings),
        ("support.constant.setting.raft", ways),
        ("support.constant.capability.raft", spelled(&Capability::ALL)),
        ("support.constant.capability.raft", spelled(&Capability::DESIGN)),
        ("keyword.other.raft", spelled(Particle::ALL)),
    ];
    patterns.extend(others.map(|(scope, words)| Rule::of(scope, &whole(words))));
    patterns.push(Rule::of("variable.other.label.raft", &whole(vec!["[a-z][a-z0-9-]*"])));
    let grammar = Grammar {
        name: "Raft scenario",
        scope_name: "source.raft",
        file_types: ["raft"],
        patterns,
    };
    serde_json::to_string_pretty(&grammar).unwrap_or_default() + "\n"
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Grammar {
    name: &'static str,
    scope_name: &'static str,
    file_types: [&'static str; 1],
    patterns: Vec<Rule>,
}

/// A pattern and the scope of what it matches, or of each of its groups.
#[derive(Serialize)]
struct Rule {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    r#match: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    captures: BTreeMap<usize, Scope>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
}

impl Rule {
    fn of(scope: &'static str, pattern: &str) -> Rule {
        Rule { name: Some(scope), r#match: pattern.to_owned(), captures: BTreeMap::new() }
    }

    /// The groups of a pattern have scopes of their own.
    fn split(pattern: &str, scopes: [&'static str; 2]) -> Rule {
        let captures = (1..).zip(scopes.map(|name| Scope { name })).collect();
        Rule { name: None, r#match: pattern.to_owned(), captures }
    }
}

fn spelled<W: Words>(words: &[W]) -> Vec<&'static str> {
    words.iter().map(|word| word.word()).collect()
}

/// One of these, as the first word of a line.
fn first(words: Vec<&str>) -> String {
    format!(r"^\s*(?:{})(?=\s|$)", longest_first(words).join("|"))
}

/// One of these, as the first word of a statement within `repeat`.
fn repeated(words: Vec<&str>) -> String {
    format!(
        r"(?<=\bthen\s|repeat\s\d\s|repeat\s\d\d\s)(?:{})(?=\s|$)",
        longest_first(words).join("|")
    )
}

/// One of these, as a word.
fn whole(words: Vec<impl AsRef<str>>) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    format!(r"(?<=^|\s)(?:{})(?=\s|$)", longest_first(words).join("|"))
}

/// No word comes before one that it is the beginning of.
fn longest_first(mut words: Vec<&str>) -> Vec<&str> {
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

fn escaped(words: Vec<&str>) -> Vec<String> {
    let escape = |word: &str| word.replace('|', r"\|").replace('.', r"\.");
    words.into_iter().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::scenario::vocabulary;

    /// `cargo run -p raft-sim --example grammar > docs/editor/raft.tmLanguage.json` brings the file up to date.
    #[test]
    fn the_grammar_for_editors_has_each_word_of_the_language() {
        let file = include_str!("../../../../docs/editor/raft.tmLanguage.json");
        assert_eq!(file, grammar(), "docs/editor/raft.tmLanguage.json is not of this language");
        let read: Value = serde_json::from_str(file).expect("it is JSON");
        let patterns = read["patterns"].as_array().expect("it has patterns");
        let matches: Vec<&str> = patterns.iter().filter_map(|one| one["match"].as_str()).collect();
        let is_in = |pattern: &&str, word: &str| {
            pattern.split(['|', '(', ')', ':']).any(|alternative| alternative == word)
        };
        let settings = SETTINGS.iter().map(|setting| setting.word);
        let all = Capability::ALL.into_iter().chain(Capability::DESIGN);
        let capabilities = all.map(Capability::word);
        let kinds = Kind::ALL.into_iter().map(Kind::word);
        for word in vocabulary::all().chain(settings).chain(capabilities).chain(kinds) {
            assert!(matches.iter().any(|pattern| is_in(pattern, word)), "{word} is in no pattern");
        }
    }
}
