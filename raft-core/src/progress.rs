//! What a leader knows of one follower: `nextIndex` and `matchIndex` of Figure 2, and how many requests
//! may be under way.

use crate::types::{LogIndex, length};

/// A leader's knowledge of one follower (Figure 2, volatile state on leaders). Lost with the leadership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Index of the next entry to send (`nextIndex`).
    next: LogIndex,
    /// Highest index known to be replicated and durable there (`matchIndex`). Never goes back.
    matched: Option<LogIndex>,
    pace: Pace,
}

/// How fast entries may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// Where the logs part is not known: one request at a time finds out.
    Probing {
        /// A request with entries is under way.
        asked: bool,
    },
    /// The logs match up to `matched`: requests follow one another unanswered (diss. §10.2.1).
    Streaming,
}

impl Progress {
    /// At election: `nextIndex` is the leader's last index + 1, `matchIndex` is nothing (Figure 2).
    pub(crate) fn new(last: Option<LogIndex>) -> Progress {
        Progress {
            next: LogIndex::after(last),
            matched: None,
            pace: Pace::Probing { asked: false },
        }
    }

    /// Index of the next entry to send (`nextIndex`, §5.3). With several requests under way it is ahead of
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

    /// How many entries may be sent now, if at most `window` may be unacknowledged.
    pub(crate) fn room(&self, window: u32) -> u32 {
        match self.pace {
            Pace::Probing { asked: true } => 0,
            Pace::Probing { asked: false } => window,
            Pace::Streaming => {
                let unacknowledged = length(self.next.before()) - length(self.matched);
                // What is left of the window is no more than the window.
                u64::from(window).saturating_sub(unacknowledged) as u32
            }
        }
    }

    /// A request with `count` entries from `next` on was sent.
    pub(crate) fn sent(&mut self, count: u64) {
        match &mut self.pace {
            Pace::Probing { asked } => *asked = true,
            Pace::Streaming => {
                self.next = LogIndex::after(LogIndex::new(length(self.next.before()) + count));
            }
        }
    }

    /// A heartbeat goes out. If the request that probes was lost, another may follow.
    pub(crate) fn heartbeat(&mut self) {
        if let Pace::Probing { asked } = &mut self.pace {
            *asked = false;
        }
    }

    /// The follower has everything up to `matched`. True if that is news; an acknowledgement that is
    /// repeated or late changes nothing.
    pub(crate) fn acknowledged(&mut self, matched: Option<LogIndex>) -> bool {
        let news = matched > self.matched;
        if news {
            self.matched = matched;
            self.next = self.next.max(LogIndex::after(matched));
            self.pace = Pace::Streaming;
        }
        news
    }

    /// The follower refused a request whose `prevLogIndex` was `prev`; `retry` is where to try next.
    /// False if the refusal is old: it is not about what was asked last, or speaks of a log that is
    /// shorter than what was acknowledged since.
    pub(crate) fn refused(&mut self, prev: Option<LogIndex>, retry: LogIndex) -> bool {
        let stale = match self.pace {
            // What was acknowledged can't be refused by a server that kept its disk.
            Pace::Probing { .. } => prev != self.next.before() || prev <= self.matched,
            Pace::Streaming => {
                prev <= self.matched || Some(retry) <= self.matched || prev >= Some(self.next)
            }
        };
        if stale {
            return false;
        }
        // Whatever the follower says, the next try is below the last.
        let retry = prev.map_or(LogIndex::FIRST, |prev| prev.min(retry));
        self.next = retry.max(LogIndex::after(self.matched));
        self.pace = Pace::Probing { asked: false };
        true
    }
}
