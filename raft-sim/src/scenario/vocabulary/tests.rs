//! The table of words is complete, and its examples are scenarios.

use super::*;
use crate::scenario::parse::parse;
use crate::scenario::source::Source;

/// A scenario that consists of one line and what the line needs.
fn around(line: &str) -> String {
    let begins = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    let head = [
        ("scenario ", "scenario t\n"),
        ("paper ", "paper §5.2\n"),
        ("servers ", "servers S1 S2 S3 S4\n"),
    ];
    let missing = head.iter().filter(|(word, _)| !line.starts_with(word));
    let mut text: String = missing.map(|(_, line)| *line).collect();
    let is_header = HeaderWord::ALL.iter().any(|word| line.starts_with(&format!("{word} ")));
    if is_header {
        return text + line + "\n";
    }
    text += "settings apply-queue 8\n";
    if !begins(&["propose"]) {
        text += "propose S1 x y\n";
    }
    if !begins(&["read"]) {
        text += "read S1 r1\n";
    }
    text + line + "\n"
}

#[test]
fn each_example_is_a_line_of_the_language_that_has_its_word() {
    for Word { name, example, form, .. } in syntax() {
        let text = around(&example);
        if let Err(error) = parse(&Source::new("example", &text)) {
            panic!("{error}\n{text}");
        }
        assert!(example.contains(&name), "`{example}` has no `{name}`");
        assert!(form.contains(&name), "`{form}` has no `{name}`");
    }
}

#[test]
fn each_word_is_explained_once_in_each_of_its_parts() {
    let words = syntax();
    for (place, word) in words.iter().enumerate() {
        let alike = |other: &Word| (&other.name, other.part) == (&word.name, word.part);
        assert!(!words[..place].iter().any(alike), "{word:?} is listed twice");
        assert!(!word.meaning.is_empty() && !word.meaning.ends_with('.'), "{word:?}");
    }
    let of = |part| words.iter().filter(move |word| word.part == part).map(|word| &*word.name);
    let kinds: Vec<&str> = Kind::ALL.into_iter().map(Kind::word).collect();
    assert_eq!(of(Part::Kind).collect::<Vec<_>>(), kinds);
    assert!(Part::ALL.into_iter().all(|part| of(part).next().is_some()));
    assert!(words.is_sorted_by_key(|word| word.part), "part by part");
}
