//! All checkers over one run: the record, and each checker beside it.

use std::hash::{Hash, Hasher};

use super::asked::Asked;
use super::properties::hooks::{Checker, Exercised};
use super::properties::linearizability::ClientEvent;
use super::properties::violation::Violation;
use super::properties::{self, Property, checkers};
use super::record::{InForce, Record};
use crate::mix::MixHasher;
use crate::model::NodeId;
use crate::requests::Open;
use crate::subject::{Capability, Settings};

/// Declares the list of all checkers.
macro_rules! list {
    (() $($checker:ident: $type:ty,)*) => {
        /// All checkers.
        #[derive(Clone, Debug)]
        pub(super) struct List {
            $(pub(super) $checker: $type,)*
        }

        impl List {
            fn new(record: &Record) -> List {
                List { $($checker: Checker::new(record),)* }
            }

            fn feed(&self, record: &Record, hasher: &mut MixHasher) {
                $(self.$checker.feed(record, hasher);)*
            }
        }
    };
}

checkers!(list!());

/// All checkers over one run of a cluster. Its servers are known from the start, also those that become
/// part of its configuration later.
///
/// In each step the simulator reports in this order: [`asked`](Checkers::asked) if a client asks for something,
/// [`takes`](Checkers::takes), [`stepped`](Checkers::stepped), [`answered`](Checkers::answered) for each answer, then
/// [`persisted`](Checkers::persisted) for each write that is durable at once, then
/// [`sent`](Checkers::sent) for each message that leaves. Writes that become durable later and messages
/// that waited for them are reported when it happens.
#[derive(Clone, Debug)]
pub struct Checkers {
    pub(super) record: Record,
    pub(super) list: List,
    /// The requests that are not answered yet.
    pub(super) requests: Open<Asked>,
    pub(super) exercised: Exercised,
    /// The first property that was seen violated.
    pub(super) violation: Option<Violation>,
    /// The properties that are not judged.
    pub(super) set_aside: Vec<Property>,
}

impl Checkers {
    /// Checkers over a cluster of these servers, none of which has booted. All of them are voters of its
    /// first configuration.
    ///
    /// # Panics
    /// If the servers are not S1 to Sn in order, with n from 1 to 64.
    #[must_use]
    pub fn new(servers: &[NodeId]) -> Checkers {
        Checkers::with_members(servers, servers)
    }

    /// Checkers over these servers, of which `members` are the voters of the first configuration. The others
    /// boot without one.
    ///
    /// # Panics
    /// If the servers are not S1 to Sn in order, with n from 1 to 64.
    #[must_use]
    pub fn with_members(servers: &[NodeId], members: &[NodeId]) -> Checkers {
        Checkers::over(Record::new(servers, members))
    }

    /// Checkers over these servers, which have these `settings`, of an implementation with these capabilities: they say
    /// when a configuration is in force, whether servers wait for their disks, and which rules are judged.
    ///
    /// # Panics
    /// If the servers are not S1 to Sn in order, with n from 1 to 64.
    #[must_use]
    pub fn of(
        capabilities: &[Capability],
        servers: &[NodeId],
        members: &[NodeId],
        settings: Vec<Settings>,
    ) -> Checkers {
        let can = |capability| capabilities.contains(&capability);
        let mut record = Record::new(servers, members);
        record.claims = capabilities.to_vec();
        for (server, settings) in record.servers.iter_mut().zip(settings) {
            server.settings = settings;
        }
        record.any_quorum = can(Capability::FlexibleQuorums);
        let checkers = Checkers::over(record);
        let checkers = if can(Capability::AtAppend) { checkers } else { checkers.at_apply() };
        if can(Capability::SlowDisk) { checkers } else { checkers.waiting_for_disks() }
    }

    fn over(record: Record) -> Checkers {
        Checkers {
            list: List::new(&record),
            record,
            requests: Open::default(),
            exercised: Exercised::new(),
            violation: None,
            set_aside: Vec::new(),
        }
    }

    /// Makes the checkers assume that servers use the latest configuration that they have applied.
    #[must_use]
    pub fn at_apply(mut self) -> Checkers {
        self.record.in_force = InForce::Applied;
        self
    }

    /// Makes the checkers assume that servers wait at each write until it is durable. A server's own write counts
    /// as durable for itself at once. For others it counts when it is durable, so that no message may leave before.
    #[must_use]
    pub fn waiting_for_disks(mut self) -> Checkers {
        self.record.waits = true;
        self
    }

    /// Sets properties aside: the run goes on behind a violation of one of them as if it had not been judged. Where it
    /// [can't](Property::can_go_on), it ends with that violation.
    #[must_use]
    pub fn setting_aside(mut self, properties: &[Property]) -> Checkers {
        self.set_aside = properties.to_vec();
        self
    }

    /// A number that is equal for checkers that judge alike from now on, and, within the limits of 64 bits, different for
    /// others: of what they remember, only what a later verdict can depend on counts.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = MixHasher::default();
        self.record.hash(&mut hasher);
        self.requests.hash(&mut hasher);
        self.list.feed(&self.record, &mut hasher);
        hasher.finish()
    }

    /// Starts to keep the operations of clients and their results, for [`reported`](Checkers::reported).
    pub fn record(&mut self) {
        self.list.linearizability.record();
    }

    /// The operations of clients and their results since [`record`](Checkers::record), in order.
    #[must_use]
    pub fn reported(&self) -> &[ClientEvent] {
        self.list.linearizability.reported()
    }

    /// The number of times that the property was exercised: that something was compared that could have differed.
    /// `docs/invariants.md` says for each property what counts.
    #[must_use]
    pub fn exercised(&self, property: Property) -> u64 {
        self.exercised.of(property)
    }

    /// The number of entries that leaders have committed, given ones included.
    #[must_use]
    pub fn committed_len(&self) -> u64 {
        self.record.ledger.len()
    }
}
