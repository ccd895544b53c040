//! What a later verdict can depend on.

use std::hash::{Hash, Hasher};

use super::known::{Known, Peer, Sent};
use super::{Asked, JustifiedRead};

/// Only the order of times makes a difference, and only as far as something waits that is not older.
impl Hash for JustifiedRead {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let JustifiedRead { now, asked, questions, in_flight, servers } = self;
        let waiting = asked.iter().map(|asked| asked.since).chain(questions.values().copied());
        let first = waiting.min().unwrap_or(*now);
        let time = |time: u64| time.saturating_sub(first);
        let sent = |sent: &Sent| (time(sent.at), time(sent.echoes));
        for Asked { request, slot, since, led, confirmed, heard } in asked {
            (request, slot, time(*since), led, confirmed, heard).hash(state);
        }
        asked.len().hash(state);
        for (question, since) in questions {
            (question, time(*since)).hash(state);
        }
        for (number, kept) in in_flight.iter().filter(|(_, kept)| kept.at > first) {
            (number, sent(kept)).hash(state);
        }
        for Known { led, handed_over, delivered, taken, arrived, peers } in servers {
            (led, handed_over, delivered - taken).hash(state);
            for (number, arrived) in arrived.iter().filter(|(_, arrived)| sent(arrived) != (0, 0)) {
                (number - taken, sent(arrived)).hash(state);
            }
            for Peer { term, taken, sent: last } in peers {
                // What was taken before counts for nothing that is asked later.
                let known = sent(taken) != (0, 0) || sent(last) != (0, 0);
                (known.then_some(term), sent(taken), sent(last)).hash(state);
            }
        }
    }
}
