//! Messages that statements select or forge.

use super::*;

#[test]
fn commands_about_messages() {
    let all = |links: &[Link], kind, details: &[Detail], which| Selection {
        selector: Selector { links: links.to_vec(), kind, details: details.to_vec() },
        which,
    };
    let prev = Some(Drawn { index: 3, term: Term(2) });
    for (line, meant) in [
        ("deliver S1 -> S2", Statement::Deliver(all(&[link(1, 2)], None, &[], Which::Only))),
        (
            "deliver S1 -> S2 S3 AppendEntries prev 3/2 entries 0 commit 4 term 5 #2",
            Statement::Deliver(all(
                &[link(1, 2), link(1, 3)],
                Some(Kind::AppendEntries),
                &[Detail::Prev(prev), Detail::Entries(0), Detail::Commit(4), Detail::Term(Term(5))],
                Which::Ordinal(2),
            )),
        ),
        (
            "drop S2 S3 -> S1 AppendEntriesReply success match 0 all",
            Statement::Drop(all(
                &[link(2, 1), link(3, 1)],
                Some(Kind::AppendEntriesReply),
                &[Detail::Success, Detail::Match(0)],
                Which::All,
            )),
        ),
        (
            "deliver S1 -> S2 AppendEntries if any",
            Statement::Deliver(all(&[link(1, 2)], Some(Kind::AppendEntries), &[], Which::IfAny)),
        ),
        (
            "duplicate S1 -> S2 RequestVote last none",
            Statement::Duplicate(all(
                &[link(1, 2)],
                Some(Kind::RequestVote),
                &[Detail::Last(None)],
                Which::Only,
            )),
        ),
        (
            "deliver S1 -> S2 RequestVote transfer",
            Statement::Deliver(all(
                &[link(1, 2)],
                Some(Kind::RequestVote),
                &[Detail::Transfer],
                Which::Only,
            )),
        ),
        (
            "deliver S1 -> S2 InstallSnapshot last 3/2 offset 7",
            Statement::Deliver(all(
                &[link(1, 2)],
                Some(Kind::InstallSnapshot),
                &[Detail::Last(prev), Detail::Offset(7)],
                Which::Only,
            )),
        ),
        (
            "deliver S1 -> S2 InstallSnapshotReply received 8",
            Statement::Deliver(all(
                &[link(1, 2)],
                Some(Kind::InstallSnapshotReply),
                &[Detail::Received(8)],
                Which::Only,
            )),
        ),
        (
            "deliver S1 -> S2 ReadIndexReply index 9",
            Statement::Deliver(all(
                &[link(1, 2)],
                Some(Kind::ReadIndexReply),
                &[Detail::Index(9)],
                Which::Only,
            )),
        ),
        (
            "hold S1 -> S2 Heartbeat",
            Statement::Hold(all(&[link(1, 2)], Some(Kind::Heartbeat), &[], Which::Only).selector),
        ),
        (
            "release S1 -> S2",
            Statement::Release(all(&[link(1, 2)], None, &[], Which::Only).selector),
        ),
    ] {
        assert_eq!(statement(line), meant, "{line}");
    }
}

#[test]
fn forged_messages() {
    let prev = Some(Drawn { index: 2, term: Term(1) });
    for (line, body) in [
        ("RequestVote term 4 last 2/1", ForgedBody::RequestVote { last: prev, transfer: false }),
        (
            "RequestVote term 4 last none transfer",
            ForgedBody::RequestVote { last: None, transfer: true },
        ),
        ("PreVote term 4 last 2/1", ForgedBody::PreVote(prev)),
        ("PreVoteReply term 4 granted", ForgedBody::PreVoteReply { granted: true }),
        ("PreVoteReply term 4 refused", ForgedBody::PreVoteReply { granted: false }),
        ("TimeoutNow term 4", ForgedBody::TimeoutNow),
        ("RequestVoteReply term 4 granted", ForgedBody::RequestVoteReply { granted: true }),
        ("RequestVoteReply term 4 refused", ForgedBody::RequestVoteReply { granted: false }),
        (
            "AppendEntries term 4 prev 2/1 entries 2 2:z commit 1",
            ForgedBody::AppendEntries {
                prev,
                entries: ForgedEntries::Drawn(vec![drawn(2, None), drawn(2, Some(label("z")))]),
                commit: 1,
            },
        ),
        (
            "AppendEntries term 4 prev none entries none commit 0",
            ForgedBody::AppendEntries {
                prev: None,
                entries: ForgedEntries::Drawn(Vec::new()),
                commit: 0,
            },
        ),
        (
            "AppendEntries term 4 prev none entries as S3 1..2 commit 0",
            ForgedBody::AppendEntries {
                prev: None,
                entries: ForgedEntries::As(NodeId(3), 1, 2),
                commit: 0,
            },
        ),
        (
            "AppendEntriesReply term 4 success match 7",
            ForgedBody::AppendEntriesReply { matched: Some(7) },
        ),
        ("AppendEntriesReply term 4 refused", ForgedBody::AppendEntriesReply { matched: None }),
    ] {
        let meant = Statement::Forge(Forged { link: link(1, 2), term: Term(4), body });
        assert_eq!(statement(&format!("forge S1 -> S2 {line}")), meant, "{line}");
    }
}
