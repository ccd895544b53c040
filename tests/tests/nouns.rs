//! The core's own containers equal their contents, however these are stored.

use std::hash::{DefaultHasher, Hash, Hasher};

use raft_core::{Command, Entries, Entry, LogIndex, Payload, Term};

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn a_command_is_its_bytes() {
    let bytes: Vec<u8> = (0..100).collect();
    for length in 0..bytes.len() {
        let command = Command::from(&bytes[..length]);
        assert_eq!(&command[..], &bytes[..length]);
        assert_eq!(command, command.clone());
        assert_ne!(command, Command::from(&bytes[..=length]));
        assert_eq!(format!("{command:?}"), format!("{:?}", &bytes[..length]));
    }
    assert_ne!(Command::from(&b"x"[..]), Command::from(&b"y"[..]));
}

#[test]
fn a_run_of_entries_is_its_entries() {
    let entry = |number| Entry {
        index: LogIndex::new(number).expect("an index"),
        term: Term(1),
        payload: Payload::Noop,
    };
    let all: Vec<Entry> = (1..=4).map(entry).collect();
    let run = Entries::from(&all[..]);
    for skip in 0..=5 {
        let rest = all.get(skip..).unwrap_or_default();
        assert_eq!(&run.skip(skip)[..], rest);
        assert_eq!(run.skip(skip), Entries::from(rest));
        assert_eq!(format!("{:?}", run.skip(skip)), format!("{rest:?}"));
    }
    assert_eq!(&run.skip(1).skip(2)[..], &all[3..]);
    assert_ne!(run, run.skip(1));
    assert_eq!(hash(run.skip(1)), hash(Entries::from(&all[1..])));
    assert_ne!(hash(run.skip(0)), hash(run.skip(1)));
    assert_eq!(Entries::from(entry(4)), run.skip(3));
}
