//! What a trace tells of at all, and so what can be judged.

use super::Trace;
use super::event::{Event, What};
use crate::checker::Property;
use crate::model::{Entry, NodeId, Payload};
use crate::subject::Role;

/// The properties that a trace can show to be violated.
pub const JUDGED: [Property; 16] = [
    Property::ElectionSafety,
    Property::OneVotePerTerm,
    Property::LeaderAppendOnly,
    Property::LogMatching,
    Property::LeaderCompleteness,
    Property::StateMachineSafety,
    Property::CommittedNeverTruncated,
    Property::CommitOwnTerm,
    Property::QuorumDurability,
    Property::Monotonicity,
    Property::LogTerms,
    Property::NoRivalEntry,
    Property::LegalRoles,
    Property::Snapshots,
    Property::Configurations,
    Property::PersistBeforeSend,
];

/// What a trace tells of.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    named: Vec<bool>,
    /// The first configuration; empty if nobody told.
    pub(super) voters: Vec<NodeId>,
    pub(super) leaders: bool,
    pub(super) candidates: bool,
    /// Whether it tells who follows, and so how long a leader leads.
    pub(super) followers: bool,
    pub(super) votes: bool,
    pub(super) logs: bool,
    pub(super) commits: bool,
    applies: bool,
    starts: bool,
    snapshots: bool,
    installs: bool,
    changes: bool,
    /// Whether the configuration is known all the time, if the first one is.
    configurations: bool,
    contents: bool,
    /// Whether it tells what is durable, so that other events do not.
    pub(super) durable: bool,
}

/// What could not be judged on the way.
#[derive(Clone, Debug, Default)]
pub(super) struct Gaps {
    /// Commits of leaders that nobody knows to be on a quorum.
    pub(super) leaders: u64,
    /// Commits of others that no leader is known to have made.
    pub(super) followers: u64,
    /// Events of servers of whose logs nobody knows what is in them.
    pub(super) skipped: u64,
    /// These servers.
    pub(super) lost: Vec<NodeId>,
    /// How often a server started again, and how often with more than it told.
    pub(super) restarts: u64,
    pub(super) longer: u64,
}

impl Facts {
    pub(super) fn of(trace: &Trace) -> Facts {
        let named = trace.servers.iter().map(Option::is_some).collect();
        let mut facts = Facts { named, logs: trace.has_logs, ..Facts::default() };
        for event in trace.events.iter().flatten() {
            facts.note(event);
        }
        let starts = |events: &Vec<Event>| {
            events.first().is_none_or(|event| matches!(event.what, What::Start(_)))
        };
        let whole = trace.base == 0 && trace.events.iter().all(starts);
        // Else nobody knows what changed before, or whether one change was committed when the next began.
        facts.configurations = whole && facts.logs && (facts.commits || !facts.changes);
        if !facts.configurations {
            facts.voters.clear();
        }
        facts
    }

    fn note(&mut self, event: &Event) {
        match &event.what {
            What::Start(start) => {
                self.starts = true;
                if let Some(voters) = &start.voters {
                    self.voters.clone_from(voters);
                }
            }
            What::Role(role, _) => {
                self.leaders |= *role == Role::Leader;
                self.candidates |= *role == Role::Candidate;
                self.followers |= *role == Role::Follower;
            }
            What::Vote(..) => self.votes = true,
            What::Append(_, entries) => {
                self.contents |= entries.iter().any(|entry| entry.payload != Payload::Noop);
                let changes = |entry: &Entry| matches!(entry.payload, Payload::Membership(_));
                self.changes |= entries.iter().any(changes);
            }
            What::Commit(_) => self.commits = true,
            What::Apply(_, _, payload) => {
                self.applies = true;
                self.contents |= payload.is_some();
            }
            What::Durable(_) => self.durable = true,
            What::Snapshot(_) => self.snapshots = true,
            What::Install(_) => self.installs = true,
        }
    }

    /// What an entry carries, as it can be judged: where configurations can't be followed, one is something like any
    /// other.
    pub(super) fn legible(&self, payload: &Payload) -> Payload {
        match payload {
            Payload::Membership(membership) if !self.configurations => {
                Payload::Command(format!("m{membership:?}").as_bytes().into())
            }
            Payload::Membership(_)
            | Payload::Noop
            | Payload::Command(_)
            | Payload::Register
            | Payload::Once(_) => payload.clone(),
        }
    }

    /// Whether servers tell each term in which they write entries.
    pub(super) fn terms(&self) -> bool {
        self.followers && (self.leaders || self.candidates)
    }

    pub(super) fn is_named(&self, server: NodeId) -> bool {
        self.named.get(server.0 as usize - 1).copied().unwrap_or(false)
    }
}

/// What could not be checked, and why, in sentences.
pub(super) fn unchecked(trace: &Trace, facts: &Facts, gaps: &Gaps) -> Vec<String> {
    let mut said = Vec::new();
    for (file, line) in &trace.cut {
        let name = &trace.files[*file];
        said.push(format!("{name}:{line}: the last line is cut off, and was left out"));
    }
    silent(trace, &mut said);
    left_out(facts, &mut said);
    if trace.base > 0 {
        let base = trace.base;
        said.push(format!(
            "the trace begins in the middle: nobody knows the entries up to index {base}, and what happens to \
             them is not judged"
        ));
    }
    missing(trace, gaps, &mut said);
    said
}

/// Servers that tell nothing, or not from the beginning, or not all.
fn silent(trace: &Trace, said: &mut Vec<String>) {
    for (at, name) in trace.servers.iter().enumerate() {
        let Some(name) = name else { continue };
        let events = &trace.events[at];
        let id = NodeId(at as u32 + 1);
        let Some(first) = events.first() else {
            said.push(format!("{} tells nothing: what it did is not known", called(id, name)));
            continue;
        };
        if !matches!(first.what, What::Start(_)) {
            said.push(format!(
                "{} does not tell how it started: its trace begins in the middle",
                called(id, name)
            ));
        }
        let missing = events.windows(2).filter_map(|pair| {
            let (one, next) = (pair[0].seq?, pair[1].seq?);
            (next > one + 1).then_some((one, next))
        });
        for (one, next) in missing {
            let id = called(id, name);
            said.push(format!("events of {id} are missing between the `seq` {one} and {next}"));
        }
    }
}

fn called(id: NodeId, name: &str) -> String {
    if name == id.0.to_string() || name == id.to_string() {
        id.to_string()
    } else {
        format!("{id} ({name})")
    }
}

/// Kinds of events that are not there.
fn left_out(facts: &Facts, said: &mut Vec<String>) {
    let Facts { leaders, candidates, followers, votes, logs, commits, applies, contents, .. } =
        *facts;
    let unknown = facts.voters.is_empty();
    for (missing, what) in [
        (!leaders, "no `leader`: Election Safety, Leader Completeness and all else about leaders"),
        (
            !followers,
            "no `follower`: how long a server leads, and in which term it commits: Leader Append-Only, Leader \
             Completeness, Commit Own Term, Quorum Durability, No Rival Entry, Configurations",
        ),
        (leaders && !candidates, "no `candidate`: whether leaders stood for election"),
        (
            !votes,
            "no `vote`: One Vote per Term but for candidates, and whether leaders had the votes",
        ),
        (!logs, "no `append`: all about logs, and whether what is committed was on a majority"),
        (
            !commits,
            "no `commit`: Commit Own Term, Quorum Durability and Configurations; what is applied is taken for \
             committed",
        ),
        (!applies, "no `apply`: what state machines did"),
        (!facts.starts, "no `start`: it is taken that no server started again"),
        (
            facts.snapshots && !facts.installs,
            "no `install`: it is taken that no server installed a snapshot",
        ),
        (
            logs && !contents,
            "no `command` and no `digest`: of entries only index and term are compared",
        ),
        (
            unknown,
            "no `voters`: Quorum Durability, and whether leaders had the votes of a majority",
        ),
    ] {
        if missing {
            said.push(what.to_owned());
        }
    }
}

fn missing(trace: &Trace, gaps: &Gaps, said: &mut Vec<String>) {
    let Gaps { leaders, followers, skipped, lost, restarts, longer } = gaps;
    if *leaders > 0 {
        said.push(format!(
            "{}: whether the entries were on a majority, since not all servers tell so far",
            times(*leaders, "a leader committed", "leaders committed")
        ));
    }
    if *followers > 0 {
        said.push(format!(
            "{}: whether a leader had committed that, since not all servers tell so far",
            times(*followers, "a follower committed", "followers committed")
        ));
    }
    if *longer > 0 {
        said.push(format!(
            "{}, which is known from other servers",
            times(
                *longer,
                "a server started with more than it told",
                "servers started with more than they told"
            )
        ));
    }
    for server in lost {
        let name = trace.servers[server.0 as usize - 1].as_deref().unwrap_or_default();
        let id = called(*server, name);
        said.push(format!(
            "what was in the log of {id} from some time on: it has entries that nobody told"
        ));
    }
    if *skipped > 0 {
        said.push(format!("events about such logs, left out: {skipped}"));
    }
    if *restarts == 0 {
        said.push("no server starts again: whether what was durable is kept".to_owned());
    }
}

fn times(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("once {one}") } else { format!("{count} times {many}") }
}
