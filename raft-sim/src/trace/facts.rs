//! The facts that a trace reports at all, and so the properties that can be judged.

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

/// The kinds of facts that a trace reports.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    named: Vec<bool>,
    /// The first configuration; empty if no server reported it.
    pub(super) voters: Vec<NodeId>,
    pub(super) leaders: bool,
    pub(super) candidates: bool,
    /// True if the trace reports followers, and so how long a leader leads.
    pub(super) followers: bool,
    pub(super) votes: bool,
    pub(super) logs: bool,
    pub(super) commits: bool,
    applies: bool,
    starts: bool,
    snapshots: bool,
    installs: bool,
    changes: bool,
    /// True if the configuration is known at all times, given the first one.
    configurations: bool,
    contents: bool,
    /// True if the trace has `durable` events. Then no other event means that something is durable.
    pub(super) durable: bool,
}

/// Checks that were left out while judging.
#[derive(Clone, Debug, Default)]
pub(super) struct Gaps {
    /// Commits of leaders whose entries are not known to be on a quorum.
    pub(super) leaders: u64,
    /// Commits of followers that no leader is known to have made.
    pub(super) followers: u64,
    /// Events of servers whose log content is unknown.
    pub(super) skipped: u64,
    /// The servers whose log content is unknown.
    pub(super) lost: Vec<NodeId>,
    /// The number of restarts, and of restarts with more than the server had reported.
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
        // Otherwise it is unknown what changed before, or if one change was committed when the next began.
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

    /// The content of an entry in the form that can be judged. Where configurations can't be followed, one is treated
    /// as a command.
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

    /// True if servers report each term in which they write entries.
    pub(super) fn terms(&self) -> bool {
        self.followers && (self.leaders || self.candidates)
    }

    pub(super) fn is_named(&self, server: NodeId) -> bool {
        self.named.get(server.0 as usize - 1).copied().unwrap_or(false)
    }
}

/// Sentences that say what could not be checked, and why.
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
            "the trace begins in the middle: the entries up to index {base} are unknown, and what happens to \
             them is not judged"
        ));
    }
    missing(trace, gaps, &mut said);
    said
}

/// Adds sentences about servers that report nothing, not from the beginning, or not all.
fn silent(trace: &Trace, said: &mut Vec<String>) {
    for (at, name) in trace.servers.iter().enumerate() {
        let Some(name) = name else { continue };
        let events = &trace.events[at];
        let id = NodeId(at as u32 + 1);
        let Some(first) = events.first() else {
            said.push(format!("{} reports nothing: what it did is unknown", called(id, name)));
            continue;
        };
        if !matches!(first.what, What::Start(_)) {
            said.push(format!(
                "{} does not report how it started: its trace begins in the middle",
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

/// Adds a sentence for each kind of event that is missing.
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
        (!facts.starts, "no `start`: it is assumed that no server started again"),
        (
            facts.snapshots && !facts.installs,
            "no `install`: it is assumed that no server installed a snapshot",
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
            "{}: whether the entries were on a majority, since not all servers report that far",
            times(*leaders, "a leader committed", "leaders committed")
        ));
    }
    if *followers > 0 {
        said.push(format!(
            "{}: whether a leader had committed that, since not all servers report that far",
            times(*followers, "a follower committed", "followers committed")
        ));
    }
    if *longer > 0 {
        said.push(format!(
            "{}, which is known from other servers",
            times(
                *longer,
                "a server started with more than it had reported",
                "servers started with more than they had reported"
            )
        ));
    }
    for server in lost {
        let name = trace.servers[server.0 as usize - 1].as_deref().unwrap_or_default();
        let id = called(*server, name);
        said.push(format!(
            "what was in the log of {id} from some time on: it has entries that no server reported"
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
