//! Unfinished texts: cut off, with words missing, doubled or swapped. None of them may cause more than an error,
//! and an error can always be shown.

use crate::scenario::parse::parse;
use crate::scenario::source::Source;

const WHOLE: &str = "\u{feff}scenario Ein § Titel\t# ö\r\npaper §5.2\nservers S1 S2 S3\n\
outside S3\nrequires forge no-op\nviolates log-matching\nset-aside match-index\n\
settings election-timeout 10..20 heartbeat 1 entries-per-message 2 uncommitted-limit 3\n\
settings S1 S2 check-quorum lease-reads 5% changes single apply-queue 2\n\
network delay 1..5 ms loss 1% duplicate 2% seed 3\nstate-machine durable\n\
given S1 S2 log 1 1:x 2 term 3 vote S2\ngiven S3 log 1 1 term 2\n\n\
# [1][1]\ntimeout all # then\ntick S1 S2 3\nrun 5 election-timeouts\n\
deliver S1 -> S2 S3 AppendEntries prev 3/2 entries 0 commit 1 #2 # second\n\
forge S1 -> S2 AppendEntries term 4 prev 1/1 entries 2 2:z commit 1\n\
forge S2 -> S1 AppendEntriesReply term 4 success match 3\n\
partition S1 | S2 S3\ncut S1 -- S2\nheal\npropose S1 y\n\
within 2 ticks S1 S2 term 3 at least log 1 1:x ... holds y applied none\n\
register S1 alice\npropose S1 w session alice\nretry S2 w\nread S2 r1\n\
change S1 c1 to S1 S1 learners S3\ntransfer S1 t1 to S2\npause-apply S1\nsync S1 newest\n\
flush S1 2\ntell S1 #2\napply S1\nlie S2\ncrash S1 torn 2\nsettings S1 S2 pre-vote window 2\n\
expect S1 members S1 S2 learners none joint snapshot 2 at most\nexpect r1 sees x y\n\
never not y on a majority\nexpect message S1 -> S2 term 3\n";

fn check(text: &str) {
    let source = Source::new("t.raft", text);
    match parse(&source) {
        Err(error) => assert!(error.render(&source, false).starts_with("error: "), "{error}"),
        Ok(scenario) => {
            let tidy = scenario.to_string();
            match parse(&Source::new("t.raft", &tidy)) {
                Ok(again) => assert_eq!(again.to_string(), tidy),
                Err(error) => panic!("{error}\n{tidy}"),
            }
        }
    }
}

#[test]
fn cut_off_anywhere() {
    assert_eq!(parse(&Source::new("t.raft", WHOLE)).err(), None, "the whole text is good");
    for (at, _) in WHOLE.char_indices() {
        check(&WHOLE[..at]);
        check(&WHOLE[at..]);
    }
}

#[test]
fn words_missing_doubled_and_swapped() {
    let words: Vec<&str> = WHOLE.split_inclusive([' ', '\n', '\t']).collect();
    for at in 0..words.len() {
        let (before, behind) = words.split_at(at);
        check(&[before, behind.get(1..).unwrap_or_default()].concat().concat());
        for other in ["#0 ", "\n", "S9 ", "-1 ", "§ ", "18446744073709551616 ", "all ", ": ", ".. "]
        {
            check(&(before.concat() + other + &behind.concat()));
            check(&(before.concat() + other + &behind.get(1..).unwrap_or_default().concat()));
        }
        if let [one, next, rest @ ..] = behind {
            check(&(before.concat() + next + one + &rest.concat()));
            check(&(before.concat() + one + one + next + &rest.concat()));
        }
    }
}
