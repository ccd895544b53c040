//! A process that outlives this program and kills its children, however the program ends, even by a signal that it
//! can't catch. A child that waits for a request would end by itself; one that is busy forever would not.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::process::Pid;

/// A script that reads the existing process groups, a line with all of them after each change. At the end of its
/// input it kills those of the last line. It ignores the signals by which a terminal ends this program.
const SCRIPT: &str = "trap '' INT TERM HUP; while read -r all; do groups=$all; done; \
     for group in $groups; do kill -s KILL -- \"-$group\"; done";

/// A shell that kills the remaining children.
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
    /// A reaper without process groups. If there is no shell it does nothing.
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

    /// Adds a process group, which must end with the program.
    pub(super) fn takes(&self, group: Pid) {
        self.change(|groups| groups.insert(group.as_raw_pid()));
    }

    /// Removes a process group that has ended: its number may be reused from now on.
    pub(super) fn forgets(&self, group: Pid) {
        self.change(|groups| groups.remove(&group.as_raw_pid()));
    }

    fn change(&self, change: impl FnOnce(&mut BTreeSet<i32>) -> bool) {
        let mut shell = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Shell { lines, groups, .. }) = &mut *shell else { return };
        if change(groups) {
            let all: Vec<String> = groups.iter().map(i32::to_string).collect();
            // If the shell is gone, continue without it.
            let _ = writeln!(lines, "{}", all.join(" ")).and_then(|()| lines.flush());
        }
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        let shell = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Shell { mut process, lines, .. }) = shell {
            drop(lines);
            // It only has to end.
            let _ = process.wait();
        }
    }
}
