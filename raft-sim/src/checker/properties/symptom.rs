//! Symptoms: what two violations of one bug have in common. Shrinking stays with one symptom, and findings are grouped
//! by it.

use super::{Class, Property, Violation};

/// The property that was violated, and the claim that went wrong: the sentence of a violation without the names, numbers
/// and contents that vary from run to run. Of a panic, and of an exception, it is the exception's name and the place in the
/// source if that is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Symptom {
    /// The property.
    pub property: Property,
    /// The claim: `# became leader of term # without the entries that were committed up to index # in lower terms`.
    pub claim: String,
}

impl Violation {
    /// The symptom of this violation.
    #[must_use]
    pub fn symptom(&self) -> Symptom {
        Symptom { property: self.property, claim: claim(self.property, &self.detail) }
    }
}

impl Symptom {
    /// True if this violation has the symptom.
    #[must_use]
    pub fn is_of(&self, violation: &Violation) -> bool {
        violation.property == self.property && violation.symptom() == *self
    }
}

/// The claim in the sentence of a violation of this property. Missing progress has no claim: what is missing first depends
/// on how long one waits.
pub(crate) fn claim(property: Property, detail: &str) -> String {
    if property.class() == Class::Liveness {
        return String::new();
    }
    let thrown = (property == Property::NoPanic).then(|| thrown(detail)).flatten();
    thrown.unwrap_or_else(|| without_variables(detail))
}

/// The exception and its place in a sentence: `IndexError at raft.py, line 12`; the place alone if the exception has no
/// name.
fn thrown(sentence: &str) -> Option<String> {
    let place = place(sentence)?;
    let bare = |word: &str| {
        word.trim_matches(|c: char| !c.is_alphanumeric()).rsplit('.').next().map(str::to_owned)
    };
    let is_name = |word: &String| {
        ["Error", "Exception", "Interrupt", "Exit"].iter().any(|end| word.ends_with(end))
    };
    match sentence.split_whitespace().filter_map(bare).find(is_name) {
        Some(exception) => Some(format!("{exception} at {place}")),
        None => Some(place),
    }
}

/// A sentence with `#` for words that have a digit, however many stand in a row, with commas or without, and without what
/// stands in braces.
pub(crate) fn without_variables(sentence: &str) -> String {
    let (mut depth, mut plain) = (0, String::new());
    for c in sentence.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let mut words: Vec<String> = Vec::new();
    for word in plain.split_whitespace() {
        if !word.contains(|c: char| c.is_ascii_digit()) {
            words.push(word.to_owned());
            continue;
        }
        words.pop_if(|last| matches!(last.as_str(), "#" | "#,"));
        let end = word.chars().next_back().filter(char::is_ascii_punctuation);
        words.push(["#", end.map_or(String::new(), String::from).as_str()].concat());
    }
    words.join(" ")
}

/// The first place in a source that a sentence names: `src/log.rs:12:5`, or `raft.py, line 12`.
fn place(sentence: &str) -> Option<String> {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let bare = |word: &str| {
        word.trim_matches(|c: char| !c.is_alphanumeric() && !"/_.".contains(c)).to_owned()
    };
    words.iter().enumerate().find_map(|(at, word)| {
        let word = bare(word);
        let (file, rest) = word.split_once(':').unwrap_or((&word, ""));
        if !file.contains('.') {
            return None;
        }
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Some(word.clone());
        }
        let line = (words.get(at + 1) == Some(&"line")).then(|| words.get(at + 2)).flatten()?;
        Some(format!("{file}, line {}", bare(line)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NodeId;

    fn claim(property: Property, detail: &str) -> String {
        let detail = detail.to_owned();
        Violation { property, server: NodeId(1), detail }.symptom().claim
    }

    #[test]
    fn what_varies_from_run_to_run_is_left_out() {
        let claim = |detail| claim(Property::Configurations, detail);
        assert_eq!(
            claim("S3 became leader of term 5 without the entries up to index 28 in lower terms"),
            "# became leader of term # without the entries up to index # in lower terms"
        );
        let of_three = claim("S1 has the votes of S1 S2 S3, and does not lead");
        assert_eq!(of_three, claim("S2 has the votes of S2 S5, and does not lead"));
        assert_ne!(of_three, claim("S2 has the votes of S2 S5, and stays candidate"));
        let votes = claim("S1 became leader of term 1 with the votes of S2, S3 of S1 S2 S3 S4");
        assert_eq!(votes, claim("S3 became leader of term 7 with the votes of S2 of S2 S3"));
        assert_eq!(
            claim(
                "S1 appended the configuration {S1 S2}+{S2 S3} at index 5, while that at index 3 is not committed"
            ),
            "# appended the configuration + at index #, while that at index # is not committed"
        );
        assert_eq!(
            claim(
                r#"S1 crashed: no answer: writes: invalid value: -1: `{"view":{"term":1` to `{"step":2}`"#
            ),
            claim(
                r#"S2 crashed: no answer: writes: invalid value: -7: `{"view":{"term":3` to `{"step":9}`"#
            )
        );
    }

    #[test]
    fn a_panic_is_told_by_its_place() {
        let claim = |detail| claim(Property::NoPanic, detail);
        let at = claim("S1 panicked at src/log.rs:12:5: index out of bounds: the len is 3");
        assert_eq!(at, "src/log.rs:12:5");
        assert_eq!(at, claim("S2 panicked at src/log.rs:12:5: no entry"));
        assert_ne!(at, claim("S1 panicked at src/log.rs:13:5: index out of bounds: the len is 3"));
        let python = "S1 crashed: IndexError: list index out of range (raft.py, line 99, in tick)";
        assert_eq!(claim(python), "IndexError at raft.py, line 99");
        let other = "S1 crashed: KeyError: 7 (raft.py, line 99, in tick)";
        assert_eq!(claim(other), "KeyError at raft.py, line 99");
        assert_eq!(claim("S2 crashed: its process ended"), "# crashed: its process ended");
    }
}
