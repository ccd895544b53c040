//! The standard error of a child: passed on as it is, and kept from its latest answer on, for a child that dies.

use std::io::{self, Read, Write};
use std::process::ChildStderr;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Most bytes that are kept.
const KEPT: usize = 1 << 14;
/// Lines shown from the beginning, where most languages name the exception, and from the end, where Python does.
const SHOWN: (usize, usize) = (4, 2);
/// Most characters of a line that are shown.
const WIDTH: usize = 160;
/// The time that the last bytes of a process which is gone have to arrive.
const GRACE: Duration = Duration::from_secs(1);

/// The text that a child wrote to its standard error since its last answer.
#[derive(Debug)]
pub(super) struct LastWords {
    kept: Arc<Mutex<Vec<u8>>>,
    ended: Receiver<()>,
}

impl LastWords {
    /// Starts to pass on what the child writes.
    ///
    /// # Errors
    /// If the system can't start a thread.
    pub(super) fn of(mut child: ChildStderr) -> Result<LastWords, String> {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (end, ended) = sync_channel::<()>(0);
        let all = kept.clone();
        let pass_on = move || {
            let _end = end;
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = child.read(&mut bytes) {
                // A standard error that is closed is the caller's wish.
                let _ = io::stderr().write_all(&bytes[..read]);
                let mut kept = all.lock().unwrap_or_else(PoisonError::into_inner);
                let room = KEPT.saturating_sub(kept.len()).min(read);
                kept.extend_from_slice(&bytes[..room]);
            }
        };
        let thread = std::thread::Builder::new().name("standard error".to_string()).spawn(pass_on);
        thread.map_err(|error| format!("its standard error can't be read: {error}"))?;
        Ok(LastWords { kept, ended })
    }

    /// Forgets what it wrote: it has answered.
    pub(super) fn forget(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The text as one line; `None` if it wrote nothing. The child is gone.
    pub(super) fn text(&self) -> Option<String> {
        // The pipe ends with the last process that has it. One that left the group of the child may live on.
        let _ = self.ended.recv_timeout(GRACE);
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept);
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let (first, last) = SHOWN;
        let mut shown: Vec<String> = lines.iter().take(first).map(|line| cut(line)).collect();
        if lines.len() > first + last {
            shown.push("…".to_owned());
        }
        let rest = lines.len().saturating_sub(last).max(first);
        shown.extend(lines.iter().skip(rest).map(|line| cut(line)));
        (!shown.is_empty()).then(|| shown.join(" | "))
    }
}

/// A line as it is shown. Control characters, such as colours, are left out.
fn cut(line: &str) -> String {
    line.chars().filter(|c| !c.is_control()).take(WIDTH).collect()
}
