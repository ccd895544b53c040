//! Searches that are stopped, saved and resumed.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use crate::explore::tests::{Forgetful, bounds, explored};
use crate::explore::{Bounds, End, Explored, Options, Reach, Reductions, explore};
use crate::reference::Reference;
use crate::subject::Implementation;

/// A file of its own for a test.
fn file(test: &str) -> PathBuf {
    std::env::temp_dir().join(format!("raft-sim-{}-{test}", std::process::id()))
}

/// The end of an exploration that is stopped and resumed, again and again, and the number of times.
fn in_parts(options: &Options, file: &Path) -> (Explored, u32) {
    let mut options = Options { save: Some(file.to_owned()), ..options.clone() };
    for parts in 1.. {
        let mut asked = 0;
        let mut watch = |_: &Reach| {
            asked += 1;
            asked > 1
        };
        let explored = explore(&Reference, &options, &mut watch).expect("it can be explored");
        assert_eq!(explored.unsaved, None);
        if !matches!(explored.end, End::Stopped) {
            return (explored, parts);
        }
        options.resume = Some(file.to_owned());
    }
    unreachable!("it has an end")
}

#[test]
fn a_search_in_parts_comes_to_the_same_as_one_in_one_piece() {
    let file = file("in-parts");
    let pair = Bounds { servers: 2, ..bounds(1, 1, 0) };
    let whole = Options::new(pair);
    let of = |reductions| Options { reductions, ..whole.clone() };
    for options in [
        Options { histories: true, ..whole.clone() },
        Options { threads: NonZeroUsize::new(2).expect("more than none"), ..whole.clone() },
        of(Reductions { symmetry: true, ..Reductions::default() }),
        of(Reductions { sleep_sets: true, ..Reductions::default() }),
    ] {
        let (Explored { reach, end, levels, parts, .. }, times) = in_parts(&options, &file);
        assert!(matches!(end, End::Exhausted), "{end:?}");
        let expected = explored(&Reference, &options);
        assert_eq!(reach, expected.reach);
        assert_eq!((levels, parts), (expected.levels, expected.parts));
        // A part is a depth at most.
        assert!(times >= reach.depth, "{times} parts");
    }
    std::fs::remove_file(&file).expect("the last part was saved");
}

#[test]
fn what_is_no_search_with_these_options_is_not_resumed() {
    let file = file("other-search");
    let small = Options { save: Some(file.clone()), ..Options::new(bounds(0, 0, 0)) };
    explore(&Reference, &small, &mut |_| true).expect("it can be explored");
    let whole = std::fs::read(&file).expect("it was saved");
    let resume = |implementation: &dyn Implementation, bounds| {
        let options = Options { resume: Some(file.clone()), ..Options::new(bounds) };
        explore(implementation, &options, &mut |_| false).map(|explored| explored.reach.distinct)
    };
    assert_eq!(resume(&Reference, bounds(0, 0, 0)), Ok(2_596));
    let refused = |implementation, bounds, expected: &str| {
        let why = resume(implementation, bounds).expect_err(expected);
        assert!(why.contains(expected), "{why}");
    };
    refused(&Reference, bounds(1, 0, 0), "it is of another exploration: bounds");
    refused(&Forgetful, bounds(0, 0, 0), "it is of another exploration: subject");
    for damaged in [&whole[..whole.len() - 5], &whole[..40], b"", &[&whole[..], b"more"].concat()] {
        std::fs::write(&file, damaged).expect("it can be written");
        let why = resume(&Reference, bounds(0, 0, 0)).expect_err("it is damaged");
        assert!(why.contains("damaged") || why.contains("no saved exploration"), "{why}");
    }
    for place in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        std::fs::write(&file, damaged).expect("it can be written");
        assert!(resume(&Reference, bounds(0, 0, 0)).is_err(), "{place}");
    }
    std::fs::remove_file(&file).expect("it is there");
    refused(&Reference, bounds(0, 0, 0), "cannot be read");
}

#[test]
fn a_search_that_cannot_be_saved_is_refused_before_it_begins() {
    let save = Some(file("no-folder").join("search"));
    let options = Options { save, ..Options::new(bounds(0, 0, 0)) };
    let why = explore(&Reference, &options, &mut |_| false).expect_err("there is no such folder");
    assert!(why.contains("cannot be written"), "{why}");
}
