//! The word that was probably meant, and lists of words for a reader.

use crate::scenario::vocabulary::Command;

/// The words as a list for a reader: `a, b or c`.
pub(super) fn listed(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// The word that was probably meant, if one is close enough.
pub(crate) fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    const LONGEST: usize = 40;
    if word.chars().count() > LONGEST {
        return None;
    }
    let by_distance = words.map(|known| (distance(word, known), known));
    let (distance, known) = by_distance.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1.max(known.len() / 3)).then_some(known)
}

/// The command that others call so.
pub(super) fn synonym(word: &str) -> Option<Command> {
    Some(match word {
        "assert" | "check" | "verify" => Command::Expect,
        "eventually" | "until" => Command::Within,
        "kill" | "stop" => Command::Crash,
        "start" | "boot" | "reboot" => Command::Restart,
        "wait" | "sleep" | "advance" => Command::Run,
        "receive" => Command::Deliver,
        "lose" => Command::Drop,
        "delay" => Command::Hold,
        "send" | "inject" => Command::Forge,
        "split" => Command::Partition,
        "disconnect" => Command::Isolate,
        "connect" | "reconnect" => Command::Heal,
        "write" | "append" | "submit" => Command::Propose,
        "fsync" | "persist" => Command::Sync,
        "freeze" | "suspend" => Command::Pause,
        "campaign" => Command::Elect,
        "snapshot" => Command::Compact,
        "loop" => Command::Repeat,
        _ => return None,
    })
}

/// The number of characters that must be added, removed, replaced or swapped with their neighbour to get from one
/// word to the other. Capitals count as small letters.
fn distance(one: &str, other: &str) -> usize {
    let [one, other] = [one, other].map(|word| word.to_lowercase().chars().collect::<Vec<char>>());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let replaced = last[j] + usize::from(a != b);
            let mut least = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b;
            if swapped {
                least = least.min(before_last[j - 1] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::super::cursor::spelled;
    use super::*;
    use crate::scenario::vocabulary::Words;

    #[test]
    fn the_word_that_was_meant() {
        for (wrong, meant) in [
            ("delver", Some("deliver")),
            ("Settle", Some("settle")),
            ("rnu", Some("run")),
            ("expects", Some("expect")),
            ("banana", None),
            ("", None),
        ] {
            assert_eq!(nearest(wrong, spelled(Command::ALL).into_iter()), meant, "{wrong}");
        }
    }

    #[test]
    fn lists_read_as_a_sentence() {
        assert_eq!(listed(&["a", "b", "c"]), "a, b or c");
        assert_eq!(listed(&["a"]), "a");
    }
}
