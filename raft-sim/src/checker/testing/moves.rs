//! More moves for the player of hand-made histories: configurations, snapshots, what leaders know, clients.

use std::sync::Arc;

use super::{History, Verdict, entry, writing};
use crate::model::{
    Entries, Entry, LogIndex, Membership, NodeId, Once, Payload, SessionId, Snapshot,
};
use crate::subject::{Answer, Applied, Event, LogWrite, Outcome, Request, View, Write};

/// An entry whose configuration is in force once it is in a log.
pub(in crate::checker) fn configuration(index: u64, term: u64, membership: &Membership) -> Entry {
    Entry { payload: Payload::Membership(Arc::new(membership.clone())), ..entry(index, term) }
}

/// These voters, and in joint consensus those of C_old.
pub(in crate::checker) fn members(voters: &[u32], outgoing: &[u32]) -> Membership {
    let [voters, outgoing] =
        [voters, outgoing].map(|servers| servers.iter().copied().map(NodeId).collect());
    Membership { voters, outgoing, learners: Vec::new() }
}

/// An entry with command `serial` of session 1.
pub(in crate::checker) fn once(index: u64, term: u64, serial: u64) -> Entry {
    let command = [7].as_slice().into();
    let once = Once { session: SessionId(1), serial, command };
    Entry { payload: Payload::Once(Arc::new(once)), ..entry(index, term) }
}

impl History {
    /// A leader appends a configuration and has it on its disk.
    pub(in crate::checker) fn configure(
        &mut self,
        leader: u32,
        membership: &Membership,
    ) -> Verdict {
        let known = self.at(leader);
        let (index, term) = (known.log.len() as u64 + 1, known.view.term.0);
        self.write_entries(leader, index, &[configuration(index, term, membership)])?;
        self.flush(leader);
        Ok(())
    }

    /// The snapshot of a server's log up to an index, if all of it is committed.
    pub(in crate::checker) fn snapshot(
        &mut self,
        server: u32,
        index: u64,
        first: &Membership,
    ) -> Snapshot {
        let log = &self.at(server).log[..index as usize];
        let latest = log.iter().rev().find_map(|entry| match &entry.payload {
            Payload::Membership(membership) => Some(membership.clone()),
            Payload::Noop | Payload::Command(_) | Payload::Register | Payload::Once(_) => None,
        });
        Snapshot {
            last: log[index as usize - 1].position(),
            membership: latest.unwrap_or_else(|| Arc::new(first.clone())),
            cluster: 1,
            data: Arc::from(index.to_le_bytes()),
        }
    }

    /// A server puts a snapshot in place of the beginning of its log.
    pub(in crate::checker) fn compact(&mut self, server: u32, snapshot: &Snapshot) -> Verdict {
        let snapshot = Some(Arc::new(snapshot.clone()));
        self.step(server, |effects| {
            effects.view.snapshot = snapshot.as_ref().map(|snapshot| snapshot.last.index);
            effects.writes.push(Write { snapshot, ..writing(None) });
        })
    }

    /// A follower without the entries up to there takes over a snapshot that another server has the log of.
    pub(in crate::checker) fn install(
        &mut self,
        from: u32,
        to: u32,
        snapshot: &Snapshot,
    ) -> Verdict {
        self.install_as(from, to, snapshot, |_| {})
    }

    /// The same, and `change` what it shows then.
    pub(in crate::checker) fn install_as(
        &mut self,
        from: u32,
        to: u32,
        snapshot: &Snapshot,
        change: impl FnOnce(&mut View),
    ) -> Verdict {
        let last = snapshot.last.index;
        let log = self.at(from).log[..last.get() as usize].to_vec();
        self.at(to).log = log;
        self.step(to, |effects| {
            let snapshot = Arc::new(snapshot.clone());
            effects.restored = Some(snapshot.clone());
            let view = &mut effects.view;
            [view.snapshot, view.applied, view.commit] = [Some(last); 3];
            change(view);
            let from = LogIndex::after(Some(last));
            let log = Some(LogWrite { from, entries: Entries::default() });
            effects.writes.push(Write { snapshot: Some(snapshot), ..writing(log) });
        })
    }

    /// A leader takes an acknowledgement.
    pub(in crate::checker) fn matched(
        &mut self,
        leader: u32,
        follower: u32,
        index: u64,
    ) -> Verdict {
        let matched = LogIndex::new(index).map(|index| (NodeId(follower), index));
        self.step(leader, |effects| effects.matched = matched)
    }

    /// A client hands in the command of an entry, if it has one in a session.
    pub(in crate::checker) fn ask_for(&mut self, server: u32, request: u64, entry: &Entry) {
        if let Payload::Once(once) = &entry.payload {
            let event = Event::ProposeOnce(Request(request), once.as_ref().clone());
            self.checkers.asked(0, NodeId(server), &event);
        }
    }

    /// A client asks for a read.
    pub(in crate::checker) fn ask_read(&mut self, server: u32, request: u64) {
        self.checkers.asked(0, NodeId(server), &Event::Read(Request(request)));
    }

    /// A client is answered.
    pub(in crate::checker) fn answer(
        &mut self,
        server: u32,
        request: u64,
        answer: Answer,
    ) -> Verdict {
        self.checkers.answered(0, NodeId(server), Request(request), &answer)
    }

    /// A server applies an entry, with this outcome.
    pub(in crate::checker) fn apply_as(
        &mut self,
        server: u32,
        entry: Entry,
        outcome: Outcome,
    ) -> Verdict {
        self.step(server, |effects| {
            effects.view.applied = Some(entry.index);
            effects.applied.push(Applied { entry, outcome });
        })
    }
}
