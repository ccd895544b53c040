//! The round trips of proposals: the steps that come and go with a command.

use crate::model::{AppendReply, Body, Entry, LogIndex, NodeId, Payload};
use crate::scenario::replay::Move;
use crate::scenario::syntax::{Label, Statement};

/// For each proposal the places of its steps: itself, the deliveries of its entries alone, and of the replies to these.
pub(super) fn of(moves: &[Move]) -> Vec<Vec<usize>> {
    let proposals = moves.iter().enumerate().filter_map(|(place, step)| match step {
        Move::Do(Statement::Propose { server, commands, .. }) => {
            Some((place, server.server()?, commands))
        }
        Move::Do(_) | Move::Deliver(_) | Move::Duplicate(_) => None,
    });
    proposals.map(|(place, server, commands)| trip(moves, place, server, commands)).collect()
}

fn trip(moves: &[Move], proposal: usize, server: NodeId, commands: &[Label]) -> Vec<usize> {
    let proposes = |entry: &Entry| {
        let command = match &entry.payload {
            Payload::Command(command) => command,
            Payload::Once(once) => &once.command,
            Payload::Noop | Payload::Membership(_) | Payload::Register => return false,
        };
        commands.iter().any(|label| label.0.as_bytes() == &command[..])
    };
    let mut places = vec![proposal];
    let mut sent: Vec<(NodeId, LogIndex)> = Vec::new();
    for (place, step) in moves.iter().enumerate().skip(proposal + 1) {
        let Move::Deliver(message) = step else { continue };
        if let Body::AppendEntries { entries, .. } = &message.body
            && message.from == server
            && let Some(last) = entries.last()
            && entries.iter().all(proposes)
        {
            sent.push((message.to, last.index));
            places.push(place);
        }
        if let Body::AppendEntriesReply { reply: AppendReply::Success { matched }, .. } =
            &message.body
            && message.to == server
            && matched.is_some_and(|matched| sent.contains(&(message.from, matched)))
        {
            places.push(place);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Command, Message, Term};

    fn index(index: u64) -> LogIndex {
        LogIndex::new(index).expect("not 0")
    }

    fn propose(label: &str) -> Move {
        let (commands, session) = (vec![Label(label.to_owned())], None);
        Move::Do(Statement::Propose { server: NodeId(1).into(), commands, session })
    }

    /// Entries of S1, with their indexes and commands.
    fn entries(entries: &[(u64, &str)]) -> Move {
        let entry = |(at, command): &(u64, &str)| Entry {
            index: index(*at),
            term: Term(1),
            payload: Payload::Command(Command::from(command.as_bytes())),
        };
        let entries = entries.iter().map(entry).collect();
        let body = Body::AppendEntries { prev: None, entries, commit: None, round: 0 };
        Move::Deliver(Message::new(NodeId(1), NodeId(2), Term(1), body))
    }

    fn success(matched: u64) -> Move {
        let reply = AppendReply::Success { matched: Some(index(matched)) };
        let body = Body::AppendEntriesReply { reply, round: 0 };
        Move::Deliver(Message::new(NodeId(2), NodeId(1), Term(1), body))
    }

    #[test]
    fn a_proposal_goes_with_its_entry_and_the_reply_to_it() {
        let moves = [
            propose("x"),
            propose("y"),
            entries(&[(1, "x")]),
            entries(&[(2, "y")]),
            success(1),
            entries(&[(1, "x"), (2, "y")]),
            success(2),
        ];
        assert_eq!(of(&moves), [vec![0, 2, 4], vec![1, 3, 6]]);
        assert_eq!(of(&moves[2..]), [[0_usize; 0]; 0]);
    }
}
