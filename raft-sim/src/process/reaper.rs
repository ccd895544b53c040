//! Whoever outlives this program, and sees to it that no child does: however the program ends, also by a signal that it
//! can't hear. A child that waits for a request would notice by itself; one that is busy for ever would not.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::process::Pid;

/// Reads which process groups there are, a line for all of them each time that changes. When nothing more comes it kills
/// those of the last line. What the terminal sends to end this program is not for it.
const SCRIPT: &str = "trap '' INT TERM HUP; while read -r all; do groups=$all; done; \
     for group in $groups; do kill -s KILL -- \"-$group\"; done";

/// A shell that kills what is left.
#[derive(Debug)]
pub(super) struct Reaper(Mutex<Option<Shell>>);

#[derive(Debug)]
struct Shell {
    process: Child,
    /// Closed when this program ends.
    lines: ChildStdin,
    groups: BTreeSet<i32>,
}

impl Reaper {
    /// One that has nobody yet. Where there is no shell it never does anything.
    pub(super) fn start() -> Reaper {
        let started = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        let shell = started.ok().and_then(|mut process| {
            let lines = process.stdin.take()?;
            Some(Shell { process, lines, groups: BTreeSet::new() })
        });
        Reaper(Mutex::new(shell))
    }

    /// This process group is to end with the program.
    pub(super) fn takes(&self, group: Pid) {
        self.change(|groups| groups.insert(group.as_raw_pid()));
    }

    /// This one has ended: its number may be another's from now on.
    pub(super) fn forgets(&self, group: Pid) {
        self.change(|groups| groups.remove(&group.as_raw_pid()));
    }

    fn change(&self, change: impl FnOnce(&mut BTreeSet<i32>) -> bool) {
        let mut shell = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Shell { lines, groups, .. }) = &mut *shell else { return };
        if change(groups) {
            let all: Vec<String> = groups.iter().map(i32::to_string).collect();
            // Without the shell it is as if there had been none.
            let _ = writeln!(lines, "{}", all.join(" ")).and_then(|()| lines.flush());
        }
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        let shell = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Shell { mut process, lines, .. }) = shell {
            drop(lines);
            // It has nothing to do but to end.
            let _ = process.wait();
        }
    }
}
