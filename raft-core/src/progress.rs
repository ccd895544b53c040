//! Progress of one server, as its leader knows it: `nextIndex` and `matchIndex` of Figure 2, how many
//! requests may be in flight, and how far a snapshot has come.

use alloc::sync::Arc;
use core::fmt;

use crate::types::{LogIndex, Position, Snapshot, length};

/// A leader's knowledge of one server (Figure 2, volatile state on leaders). Lost with the leadership.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Progress {
    /// Index of the next entry to send (`nextIndex`).
    next: LogIndex,
    /// Highest index known to be replicated and durable there (`matchIndex`). Never goes back.
    matched: Option<LogIndex>,
    /// The latest round of heartbeats that it has answered (diss. §6.4). Never goes back.
    round: u64,
    /// A refusal while requests follow one another makes all that were in flight void, and the replies to
    /// them old: those of rounds of heartbeats before this one.
    void: u64,
    state: ReplicationState,
}

/// Replication state: what may be sent to the server now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum ReplicationState {
    /// The place where the logs part is not known: one request at a time finds it.
    Probing {
        /// True if a request with entries is in flight.
        in_flight: bool,
    },
    /// The logs match up to `matched`: requests follow one another unanswered (diss. §10.2.1).
    Streaming,
    /// The next entry is discarded: the snapshot goes first, one part at a time (§7).
    Installing(SnapshotProgress),
}

/// Progress of a snapshot on its way. It is the same snapshot until it has arrived, even if there is a
/// later one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SnapshotProgress {
    pub(crate) snapshot: Arc<Snapshot>,
    /// The bytes of it that have arrived.
    pub(crate) received: u64,
    /// True if the part from there on is in flight.
    in_flight: bool,
}

impl Progress {
    /// Creates the progress of a server at an election: `nextIndex` is the leader's last index + 1,
    /// `matchIndex` is nothing (Figure 2). A server that joins later begins the same way.
    pub(crate) fn new(last: Option<LogIndex>) -> Progress {
        Progress {
            next: LogIndex::after(last),
            matched: None,
            round: 0,
            void: 0,
            state: ReplicationState::Probing { in_flight: false },
        }
    }

    /// Index of the next entry to send (`nextIndex`, §5.3). With several requests in flight it is ahead of
    /// what the follower has.
    #[must_use]
    pub fn next(&self) -> LogIndex {
        self.next
    }

    /// Highest index known to be replicated and durable there (`matchIndex`, §5.3); `None` if none is.
    #[must_use]
    pub fn matched(&self) -> Option<LogIndex> {
        self.matched
    }

    /// The latest round of heartbeats that it has answered (diss. §6.4).
    pub(crate) fn round(&self) -> u64 {
        self.round
    }

    /// Returns whether nothing may be sent before there is a reply, or a heartbeat has gone out.
    #[inline]
    pub(crate) fn is_paused(&self) -> bool {
        match &self.state {
            ReplicationState::Probing { in_flight }
            | ReplicationState::Installing(SnapshotProgress { in_flight, .. }) => *in_flight,
            ReplicationState::Streaming => false,
        }
    }

    /// The number of entries that may be sent now, if at most `window` may be unacknowledged.
    pub(crate) fn room(&self, window: u32) -> u32 {
        match self.state {
            ReplicationState::Probing { in_flight: true } | ReplicationState::Installing(_) => 0,
            ReplicationState::Probing { in_flight: false } => window,
            ReplicationState::Streaming => {
                let unacknowledged = length(self.next.before()) - length(self.matched);
                // What is left of the window is no more than the window.
                u64::from(window).saturating_sub(unacknowledged) as u32
            }
        }
    }

    /// Notes that a request with `count` entries from `next` on was sent.
    pub(crate) fn sent(&mut self, count: u64) {
        match &mut self.state {
            ReplicationState::Probing { in_flight } => *in_flight = true,
            ReplicationState::Streaming => {
                self.next = LogIndex::after(LogIndex::new(length(self.next.before()) + count));
            }
            ReplicationState::Installing(_) => {}
        }
    }

    /// Notes that a heartbeat goes out. If the request that probes, or the part of a snapshot, was lost,
    /// another may follow.
    pub(crate) fn heartbeat(&mut self) {
        match &mut self.state {
            ReplicationState::Probing { in_flight }
            | ReplicationState::Installing(SnapshotProgress { in_flight, .. }) => {
                *in_flight = false
            }
            ReplicationState::Streaming => {}
        }
    }

    /// Notes a reply to a request of this round. True if that is news.
    pub(crate) fn replied(&mut self, round: u64) -> bool {
        let news = round > self.round;
        self.round = self.round.max(round);
        news
    }

    /// Notes that the follower has all entries up to `matched`. True if that is news; an acknowledgement
    /// that is repeated or late changes nothing.
    pub(crate) fn acknowledged(&mut self, matched: Option<LogIndex>) -> bool {
        let news = matched > self.matched;
        if news {
            self.matched = matched;
            self.next = self.next.max(LogIndex::after(matched));
            self.state = ReplicationState::Streaming;
        }
        news
    }

    /// Notes that the follower refused a request whose `prevLogIndex` was `prev`, made in this round of
    /// heartbeats, of which `latest` is the latest; `retry` is where to try next. False if the refusal is
    /// old: it is not about what was asked last, or speaks of a log that is shorter than what was
    /// acknowledged since. Of requests that followed one another after one that was lost each is refused:
    /// only the first refusal counts, else the window would be sent again for each, and each time make more
    /// of them. While a snapshot is on its way, refusals are expected.
    pub(crate) fn refused(
        &mut self,
        prev: Option<LogIndex>,
        retry: LogIndex,
        (round, latest): (u64, u64),
    ) -> bool {
        let stale = match self.state {
            // What was acknowledged can't be refused by a server that kept its disk.
            ReplicationState::Probing { .. } => prev != self.next.before() || prev <= self.matched,
            ReplicationState::Streaming => {
                round < self.void
                    || prev <= self.matched
                    || Some(retry) <= self.matched
                    || prev >= Some(self.next)
            }
            ReplicationState::Installing(_) => true,
        };
        if stale {
            return false;
        }
        if self.state == ReplicationState::Streaming {
            self.void = latest + 1;
        }
        // The next try is below the last one, whatever the follower says.
        let retry = prev.map_or(LogIndex::FIRST, |prev| prev.min(retry));
        self.next = retry.max(LogIndex::after(self.matched));
        self.state = ReplicationState::Probing { in_flight: false };
        true
    }

    /// Begins or goes on with the snapshot that stands for the next entry: returns what of it is to be sent
    /// now.
    pub(crate) fn install(&mut self, snapshot: &Arc<Snapshot>) -> Option<&SnapshotProgress> {
        if !self.is_installing() {
            let snapshot = snapshot.clone();
            self.state = ReplicationState::Installing(SnapshotProgress {
                snapshot,
                received: 0,
                in_flight: false,
            });
        }
        match &mut self.state {
            ReplicationState::Installing(progress) => {
                progress.in_flight = true;
                Some(progress)
            }
            ReplicationState::Probing { .. } | ReplicationState::Streaming => None,
        }
    }

    /// The last entry of the snapshot that is on its way, if one is.
    pub(crate) fn installing(&self) -> Option<Position> {
        match &self.state {
            ReplicationState::Installing(progress) => Some(progress.snapshot.last),
            ReplicationState::Probing { .. } | ReplicationState::Streaming => None,
        }
    }

    /// Returns whether a snapshot is on its way.
    pub(crate) fn is_installing(&self) -> bool {
        matches!(self.state, ReplicationState::Installing(_))
    }

    /// Notes that the follower has this many bytes of the snapshot that ends at `last`: none any more, if
    /// it restarted. True if that is news.
    pub(crate) fn received(&mut self, last: LogIndex, bytes: u64) -> bool {
        match &mut self.state {
            ReplicationState::Installing(progress) if progress.snapshot.last.index == last => {
                let news =
                    bytes != progress.received && bytes <= progress.snapshot.data.len() as u64;
                if news {
                    progress.received = bytes;
                    progress.in_flight = false;
                }
                news
            }
            ReplicationState::Installing(_)
            | ReplicationState::Probing { .. }
            | ReplicationState::Streaming => false,
        }
    }
}

/// Progress as text: `next=2 matched=1 round=0 void=0 streaming`.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Progress { next, matched, round, void, state } = self;
        write!(f, "next={next} matched={} round={round} void={void} ", length(*matched))?;
        match state {
            ReplicationState::Probing { in_flight: true } => f.write_str("probing in-flight"),
            ReplicationState::Probing { in_flight: false } => f.write_str("probing"),
            ReplicationState::Streaming => f.write_str("streaming"),
            ReplicationState::Installing(SnapshotProgress { snapshot, received, in_flight }) => {
                let in_flight = if *in_flight { " in-flight" } else { "" };
                write!(f, "installing {} received={received}{in_flight}", snapshot.last)
            }
        }
    }
}
