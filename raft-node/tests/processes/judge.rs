//! The end of a run: what the clients saw, what the servers did, and what is still there.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::time::Duration;

use raft_sim::history::{self, Limits};
use raft_sim::trace;

use crate::clients::Record;
use crate::servers::Servers;

/// Time for the cluster to come back.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was found.
pub(crate) struct Verdict {
    pub(crate) violation: Option<String>,
    pub(crate) operations: usize,
    acknowledged: usize,
    events: usize,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict { violation, operations, acknowledged, events } = self;
        let found = violation.as_deref().unwrap_or("all held");
        write!(
            f,
            "{operations} operations, {acknowledged} acknowledged once, {events} events: {found}"
        )
    }
}

/// Reads all that was acknowledged, ends the servers, and judges history and traces.
pub(crate) fn judge(servers: &mut Servers, record: &Record) -> Verdict {
    let acknowledged = record.acknowledged.lock().expect("no panic").clone();
    let mut violations = Vec::new();
    match servers.client(PATIENCE).scan("once/") {
        Ok(items) => {
            let there: BTreeMap<String, Option<String>> =
                items.into_iter().map(|item| (item.key, item.value.value)).collect();
            for (key, value) in &acknowledged {
                let found = there.get(key).cloned().flatten();
                if found.as_ref() != Some(value) {
                    violations.push(format!("{key} was acknowledged as {value}, and is {found:?}"));
                    break;
                }
            }
        }
        Err(error) => violations.push(format!("the cluster does not come back: {error}")),
    }
    let ended = servers.ended();
    if !ended.is_empty() {
        violations.push(format!("servers ended by themselves: {ended:?}"));
    }
    let count = servers.count();
    (1..=count).for_each(|id| servers.kill(id));
    let text = record.events.lock().expect("no panic").join("\n") + "\n";
    fs::write(servers.directory.join("history.jsonl"), &text).expect("a file");
    let operations = text.matches("\"invoke\"").count();
    match history::read(text.as_bytes()) {
        Ok(history) => match history::check(&history, &Limits::default()) {
            history::Verdict::Linearizable => {}
            history::Verdict::Illegal(explanation) => {
                violations.push(format!("not linearizable: {explanation:?}"));
            }
            history::Verdict::GaveUp(gave_up) => {
                violations.push(format!("no verdict: {gave_up:?}"))
            }
        },
        Err(error) => violations.push(format!("no history: {error:?}")),
    }
    let traces: Vec<(String, Vec<u8>)> = (1..=count)
        .map(|id| {
            let name = format!("trace-{id}.jsonl");
            let text = fs::read(servers.directory.join(&name)).expect("each server writes one");
            (name, text)
        })
        .collect();
    let mut events = 0;
    match trace::read(&traces) {
        Ok(trace) => {
            events = trace.len();
            if let Some((violation, at)) = trace::judge(&trace).violation {
                let places: Vec<String> = at
                    .iter()
                    .map(|at| {
                        let event = trace.event(*at);
                        format!("{}:{}: {}", trace.file(event), event.line, event.what)
                    })
                    .collect();
                violations.push(format!("{violation}\n  {}", places.join("\n  ")));
            }
        }
        Err(error) => violations.push(format!("no trace: {error:?}")),
    }
    let violation = (!violations.is_empty()).then(|| violations.join("\n"));
    Verdict { violation, operations, acknowledged: acknowledged.len(), events }
}
