//! Records of conversations: each line that goes to a child or comes from it, with an arrow before it.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A record of the conversations with all children of a subject. A clone writes to the same place.
#[derive(Clone)]
pub struct Record {
    lines: Arc<Mutex<dyn Write + Send>>,
    children: Arc<AtomicU32>,
}

impl Record {
    /// A record that is written to `lines`: `→` before what the testbed asks, `←` before what the subject answers, and the
    /// number of the child before both. A write that fails ends nothing.
    #[must_use]
    pub fn new(lines: impl Write + Send + 'static) -> Record {
        Record { lines: Arc::new(Mutex::new(lines)), children: Arc::default() }
    }

    /// The record of one more child.
    pub(super) fn child(&self) -> ChildRecord {
        let number = self.children.fetch_add(1, Ordering::Relaxed) + 1;
        ChildRecord { record: self.clone(), number }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("children", &self.children).finish_non_exhaustive()
    }
}

/// The record of the conversation with one child.
#[derive(Debug)]
pub(super) struct ChildRecord {
    record: Record,
    number: u32,
}

impl ChildRecord {
    /// Records a request, and what came back: nothing, if the child did not answer.
    pub(super) fn keep(&self, request: &[u8], answer: &[u8]) {
        let mut lines = self.record.lines.lock().unwrap_or_else(PoisonError::into_inner);
        // The conversation goes on without a record of it.
        let _ = keep(&mut *lines, self.number, request, answer);
    }
}

fn keep(lines: &mut dyn Write, number: u32, request: &[u8], answer: &[u8]) -> io::Result<()> {
    for (arrow, line) in [("→", request), ("←", answer)] {
        if !line.is_empty() {
            write!(lines, "{number} {arrow} ")?;
            lines.write_all(line.trim_ascii_end())?;
            lines.write_all(b"\n")?;
        }
    }
    // What came before the end of the program is what one looks for.
    lines.flush()
}
