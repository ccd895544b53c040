//! Settings of a server, and the table of all of them.
//!
//! The protocol, the scenario language, shrinking, plans for subjects with fewer capabilities and the documentation are
//! made from [`SETTINGS`]. The implementation under test gives a setting its effect.

use serde::{Deserialize, Serialize};

use crate::capability::Capability;

/// Timing and limits that a scenario or a plan sets. Ticks are the server's own clock ticks. As data, a setting that is
/// left out has its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Seed of the randomized election timeouts. The only field that is no [`Setting`]: a scenario sets it with its
    /// network.
    pub seed: u64,
    /// Shortest and longest election timeout, in ticks (§5.2).
    pub election_timeout: (u32, u32),
    /// Ticks between a leader's heartbeats.
    pub heartbeat: u32,
    /// Most entries in one AppendEntries.
    pub entries_per_message: u32,
    /// Most entries a leader has in flight to one follower.
    pub window: u32,
    /// Most uncommitted entries a leader keeps before it refuses proposals.
    pub uncommitted_limit: u32,
    /// Most bytes of commands in one AppendEntries.
    pub bytes_per_message: u32,
    /// PreVote (diss. §9.6).
    pub pre_vote: bool,
    /// CheckQuorum, and votes disregarded while there is a leader (§6, diss. §6.2).
    pub check_quorum: bool,
    /// Lease reads (diss. §6.4.1): by how many percent clocks may differ in rate.
    pub lease_drift: Option<u32>,
    /// The kind of configuration changes (§6, diss. ch. 4).
    pub changes: Changes,
    /// Rounds in which a joining server may catch up (diss. §4.2.1).
    pub catch_up_rounds: u32,
    /// Most bytes of a snapshot in one InstallSnapshot (Figure 13).
    pub snapshot_chunk: u32,
    /// Most entries that a state machine may lag behind what it was handed; `None` applies at once.
    pub apply_limit: Option<u32>,
    /// Most sessions that a state machine keeps; the same on all servers (diss. §6.3).
    pub sessions: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            seed: 1,
            election_timeout: (10, 20),
            heartbeat: 1,
            entries_per_message: 64,
            window: 1024,
            uncommitted_limit: 65_536,
            bytes_per_message: 1 << 20,
            pre_vote: false,
            check_quorum: false,
            lease_drift: None,
            changes: Changes::Shortest,
            catch_up_rounds: 10,
            snapshot_chunk: 1 << 16,
            apply_limit: None,
            sessions: 1_000,
        }
    }
}

impl Settings {
    /// The settings as an implementation with these claims has them: what is so by design can't be set otherwise.
    #[must_use]
    pub fn by_design(self, claims: &[Capability]) -> Settings {
        let has = |fact| claims.contains(&fact);
        let entries_per_message =
            if has(Capability::OneEntry) { 1 } else { self.entries_per_message };
        Settings {
            entries_per_message,
            pre_vote: self.pre_vote || has(Capability::AlwaysPreVote),
            check_quorum: self.check_quorum || has(Capability::AlwaysCheckQuorum),
            ..self
        }
    }
}

/// The way from one configuration to the next (§6, diss. ch. 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Changes {
    /// One voter at a time, in one entry; more at once is refused.
    Single,
    /// Always by joint consensus, in two entries.
    Joint,
    /// In one entry if it can be, else by joint consensus.
    Shortest,
}

/// A setting: one row of [`SETTINGS`].
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its word in a scenario.
    pub word: &'static str,
    /// Its name in the protocol.
    pub name: &'static str,
    /// Its meaning, for the documentation.
    pub what: &'static str,
    /// The section of the paper; empty if there is none.
    pub section: &'static str,
    /// The servers on which it must be the same.
    pub scope: Scope,
    /// The capability that a subject needs for it.
    pub needs: Option<Capability>,
    /// The word of the setting that must be on where this one is. That row stands above this one.
    pub rests_on: Option<&'static str>,
    /// Its field of [`Settings`].
    pub field: Field,
}

/// The servers on which a setting must be the same, also over restarts, for a Raft to keep its promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On none: each server may have its own.
    Server,
    /// On all where there are lease reads, which rest on what other servers promise.
    Leases,
    /// On all.
    Cluster,
}

/// Accessor of a field of [`Settings`].
type Place<T> = fn(&mut Settings) -> &mut T;

/// Accessor of a field of [`Settings`], by the kind of its values.
#[derive(Clone, Copy, Debug)]
pub enum Field {
    /// A range of ticks, from 1: `A..B`.
    Ticks(Place<(u32, u32)>),
    /// A number, from 1, and its unit.
    Number(&'static str, Place<u32>),
    /// A limit, from 1, and its unit; off unless set.
    Limit(&'static str, Place<Option<u32>>),
    /// A percentage: `N%`; off unless set.
    Percent(Place<Option<u32>>),
    /// A switch; off unless set.
    Flag(Place<bool>),
    /// A way to change configurations.
    Changes(Place<Changes>),
}

const ENTRIES: &str = "entries";
const BYTES: &str = "bytes";

/// All settings, in the order in which a scenario writes them: numbers first, then what is switched on or chosen.
pub const SETTINGS: [Setting; 14] = [
    Setting {
        word: "election-timeout",
        name: "electionTimeout",
        what: "shortest and longest election timeout, in ticks",
        section: "§5.2",
        scope: Scope::Leases,
        needs: None,
        rests_on: None,
        field: Field::Ticks(|settings| &mut settings.election_timeout),
    },
    Setting {
        word: "heartbeat",
        name: "heartbeat",
        what: "ticks between a leader's heartbeats, fewer than in the shortest election timeout",
        section: "§5.2",
        scope: Scope::Server,
        needs: None,
        rests_on: None,
        field: Field::Number("ticks", |settings| &mut settings.heartbeat),
    },
    Setting {
        word: "entries-per-message",
        name: "entriesPerMessage",
        what: "most entries in one AppendEntries",
        section: "§5.3",
        scope: Scope::Server,
        needs: None,
        rests_on: None,
        field: Field::Number(ENTRIES, |settings| &mut settings.entries_per_message),
    },
    Setting {
        word: "window",
        name: "window",
        what: "most entries in flight to one follower",
        section: "diss. §10.2.1",
        scope: Scope::Server,
        needs: Some(Capability::FlowControl),
        rests_on: None,
        field: Field::Number(ENTRIES, |settings| &mut settings.window),
    },
    Setting {
        word: "uncommitted-limit",
        name: "uncommittedLimit",
        what: "most uncommitted entries on a leader, which refuses proposals beyond",
        section: "",
        scope: Scope::Server,
        needs: Some(Capability::TailLimit),
        rests_on: None,
        field: Field::Number(ENTRIES, |settings| &mut settings.uncommitted_limit),
    },
    Setting {
        word: "bytes-per-message",
        name: "bytesPerMessage",
        what: "most bytes of commands in one AppendEntries; a single entry may have more",
        section: "diss. §10.2.2",
        scope: Scope::Server,
        needs: Some(Capability::FlowControl),
        rests_on: None,
        field: Field::Number(BYTES, |settings| &mut settings.bytes_per_message),
    },
    Setting {
        word: "catch-up-rounds",
        name: "catchUpRounds",
        what: "rounds in which a server that is added may catch up",
        section: "diss. §4.2.1",
        scope: Scope::Server,
        needs: Some(Capability::CatchUp),
        rests_on: None,
        field: Field::Number("rounds", |settings| &mut settings.catch_up_rounds),
    },
    Setting {
        word: "chunk",
        name: "snapshotChunk",
        what: "most bytes of a snapshot in one InstallSnapshot",
        section: "Figure 13",
        scope: Scope::Server,
        needs: Some(Capability::SnapshotParts),
        rests_on: None,
        field: Field::Number(BYTES, |settings| &mut settings.snapshot_chunk),
    },
    Setting {
        word: "apply-queue",
        name: "applyLimit",
        what: "most entries that a state machine may lag behind; off: what is committed is applied at once",
        section: "",
        scope: Scope::Server,
        needs: Some(Capability::ApplyQueue),
        rests_on: None,
        field: Field::Limit(ENTRIES, |settings| &mut settings.apply_limit),
    },
    Setting {
        word: "sessions",
        name: "sessions",
        what: "most sessions kept; a new one beyond takes the place of the one used least recently",
        section: "§8, diss. §6.3",
        scope: Scope::Cluster,
        needs: Some(Capability::Sessions),
        rests_on: None,
        field: Field::Number("sessions", |settings| &mut settings.sessions),
    },
    Setting {
        word: "pre-vote",
        name: "preVote",
        what: "a server asks whether it could win before it stands for election",
        section: "diss. §9.6",
        scope: Scope::Server,
        needs: Some(Capability::PreVote),
        rests_on: None,
        field: Field::Flag(|settings| &mut settings.pre_vote),
    },
    Setting {
        word: "check-quorum",
        name: "checkQuorum",
        what: "a leader that hears from no majority steps down, and a server that hears from a leader disregards \
               requests for its vote",
        section: "§6, diss. §6.2",
        scope: Scope::Leases,
        needs: Some(Capability::CheckQuorum),
        rests_on: None,
        field: Field::Flag(|settings| &mut settings.check_quorum),
    },
    Setting {
        word: "lease-reads",
        name: "leaseDrift",
        what: "a leader answers reads under a lease, which holds if the rates of two clocks differ by N % at most",
        section: "diss. §6.4.1",
        scope: Scope::Cluster,
        needs: Some(Capability::LeaseReads),
        rests_on: Some("check-quorum"),
        field: Field::Percent(|settings| &mut settings.lease_drift),
    },
    Setting {
        word: "changes",
        name: "changes",
        what: "how configurations change: `single`, by one server at a time; `joint`, by joint consensus; `shortest`, in one \
               step if that is enough, else by joint consensus",
        section: "§6, diss. ch. 4",
        scope: Scope::Server,
        needs: None,
        rests_on: None,
        field: Field::Changes(|settings| &mut settings.changes),
    },
];

impl Setting {
    /// The setting with this word.
    #[must_use]
    pub fn named(word: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.word == word)
    }

    /// Copies its value from other settings.
    pub fn copy(&self, mut from: Settings, to: &mut Settings) {
        let from = &mut from;
        match self.field {
            Field::Ticks(place) => *place(to) = *place(from),
            Field::Number(_, place) => *place(to) = *place(from),
            Field::Limit(_, place) | Field::Percent(place) => *place(to) = *place(from),
            Field::Flag(place) => *place(to) = *place(from),
            Field::Changes(place) => *place(to) = *place(from),
        }
    }

    /// True if its value differs between two servers' settings.
    #[must_use]
    pub fn differs(&self, one: Settings, mut other: Settings) -> bool {
        let before = other;
        self.copy(one, &mut other);
        before != other
    }

    /// True if it is off. Numbers and choices never are.
    #[must_use]
    pub fn is_off(&self, mut settings: Settings) -> bool {
        let settings = &mut settings;
        match self.field {
            Field::Ticks(_) | Field::Number(..) | Field::Changes(_) => false,
            Field::Limit(_, place) | Field::Percent(place) => place(settings).is_none(),
            Field::Flag(place) => !*place(settings),
        }
    }

    /// True if another setting that is on rests on this one.
    #[must_use]
    pub fn is_needed(&self, settings: Settings) -> bool {
        let mut others = SETTINGS.iter().filter(|other| other.rests_on == Some(self.word));
        others.any(|other| !other.is_off(settings))
    }

    /// Resets it to its default, unless another setting that is on rests on it.
    pub fn reset(&self, settings: &mut Settings) {
        if !self.is_needed(*settings) {
            self.copy(Settings::default(), settings);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row for each field but the seed, each with a place of its own, and below what it rests on.
    #[test]
    fn every_field_is_in_the_table() {
        let data = serde_json::to_value(Settings::default()).expect("plain data");
        assert_eq!(data.as_object().map(|fields| fields.len()), Some(SETTINGS.len() + 1));
        let mut other = Settings::default();
        for setting in &SETTINGS {
            match setting.field {
                Field::Ticks(place) => *place(&mut other) = (1, 2),
                Field::Number(_, place) => *place(&mut other) = 2,
                Field::Limit(_, place) | Field::Percent(place) => *place(&mut other) = Some(2),
                Field::Flag(place) => *place(&mut other) = true,
                Field::Changes(place) => *place(&mut other) = Changes::Joint,
            }
        }
        for (place, setting) in SETTINGS.iter().enumerate().rev() {
            assert!(setting.differs(Settings::default(), other), "{}", setting.word);
            setting.reset(&mut other);
            let above = SETTINGS.iter().take(place);
            let mut rests_on = setting.rests_on.into_iter();
            assert!(rests_on.all(|word| above.clone().any(|other| other.word == word)));
        }
        assert_eq!(other, Settings::default());
    }

    #[test]
    fn what_another_one_rests_on_is_not_reset() {
        let check_quorum = Setting::named("check-quorum").expect("a setting");
        let mut leases =
            Settings { check_quorum: true, lease_drift: Some(0), ..Settings::default() };
        check_quorum.reset(&mut leases);
        assert!(leases.check_quorum);
        leases.lease_drift = None;
        check_quorum.reset(&mut leases);
        assert!(!leases.check_quorum);
    }
}
