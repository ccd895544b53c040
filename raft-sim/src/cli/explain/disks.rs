//! The writes of each server that are not durable yet, statement by statement.

use std::collections::BTreeMap;

use crate::model::NodeId;
use crate::observation::{Observation, Observer, Stop};
use crate::time::Micros;

/// Observer that counts the writes on their way to the disks.
#[derive(Default)]
pub(super) struct Disks {
    /// The writes of each server that are not durable.
    queued: BTreeMap<NodeId, usize>,
    /// The same when the statement before was over.
    before: BTreeMap<NodeId, usize>,
    line: Option<u32>,
    lines: BTreeMap<u32, Vec<String>>,
}

impl Disks {
    /// The changes of the queues by the lines of their statements.
    pub(super) fn into_lines(mut self) -> BTreeMap<u32, Vec<String>> {
        self.statement_ends();
        self.lines
    }

    fn statement_ends(&mut self) {
        let Some(line) = self.line else { return };
        let changed = self.queued.iter().filter(|(server, count)| {
            self.before.get(server).copied().unwrap_or_default() != **count
        });
        let texts = changed.map(|(server, count)| match count {
            0 => format!("{server}  disk: all is durable"),
            1 => format!("{server}  disk: 1 write is not durable yet"),
            count => format!("{server}  disk: {count} writes are not durable yet"),
        });
        let texts: Vec<String> = texts.collect();
        if !texts.is_empty() {
            self.lines.entry(line).or_default().extend(texts);
        }
        self.before = self.queued.clone();
    }
}

impl Observer for Disks {
    #[expect(clippy::wildcard_enum_match_arm, reason = "it takes what it wants to know")]
    fn observe(&mut self, _: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        match observation {
            Observation::Statement { line } => {
                self.statement_ends();
                self.line = Some(*line);
            }
            Observation::Stepped { server, effects, .. } => {
                *self.queued.entry(*server).or_default() += effects.writes.len();
            }
            Observation::Durable { server, .. } => {
                let count = self.queued.entry(*server).or_default();
                *count = count.saturating_sub(1);
            }
            Observation::Crashed { server, .. } => {
                self.queued.insert(*server, 0);
            }
            _ => {}
        }
        Ok(())
    }
}
