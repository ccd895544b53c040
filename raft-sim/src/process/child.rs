//! A child: the process of a subject, with its three pipes and its end.
//!
//! It leads a process group of its own, so that Ctrl-C reaches the testbed only, and all processes that the child
//! started end with it. The testbed always waits for its end, so there are no zombies. If the testbed itself is
//! killed, its children's standard input ends, and the reaper kills those that do not end because of that.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::io::{ioctl_fionread, retry_on_intr};
use rustix::process::{WaitId, WaitIdOptions, waitid};
use serde::{Deserialize, Serialize};

use super::last_words::LastWords;
use super::record::ChildRecord;
use super::watchdog::{Leash, Watchdog};
use crate::subject::Ended;

/// The largest number of characters of a line that an error message shows.
const SHOWN: usize = 200;
/// The rule that a child breaks which prints something else.
const ANSWERS_ALONE: &str = "its standard output is for answers alone, print to the standard error";
/// The time that a child has to end once its input has ended.
const GRACE: Duration = Duration::from_secs(1);

/// A running child.
#[derive(Debug)]
pub(super) struct Child {
    process: std::process::Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    last_words: LastWords,
    leash: Arc<Leash>,
    request: Vec<u8>,
    line: Vec<u8>,
    /// The largest number of bytes of a line.
    longest: usize,
    record: Option<ChildRecord>,
    /// True if it has ended, or is about to.
    broken: bool,
    /// The core that it runs on, if it was given one.
    pub(super) core: Option<usize>,
}

impl Child {
    /// Starts a program with these arguments. Its lines have at most `longest` bytes.
    ///
    /// # Errors
    /// The reason why it can't be started.
    pub(super) fn start(
        words: &[String],
        core: Option<usize>,
        longest: usize,
        record: Option<ChildRecord>,
        watchdog: &Watchdog,
    ) -> Result<Child, String> {
        let (program, arguments) = words.split_first().ok_or("the command is empty")?;
        let started = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn();
        let mut process = started.map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                format!("there is no program `{program}`")
            } else if error.kind() == io::ErrorKind::PermissionDenied {
                format!("`{program}` is not executable")
            } else {
                format!("`{program}` can't be started: {error}")
            }
        })?;
        let leash = watchdog.watch(process.id());
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (requests, answers) = pipes.ok_or("the program has no pipes")?;
        let last_words = LastWords::of(process.stderr.take().ok_or("the program has no pipes")?)?;
        Ok(Child {
            process,
            requests: Some(requests),
            answers: BufReader::with_capacity(1 << 16, answers),
            last_words,
            leash,
            request: Vec::new(),
            line: Vec::new(),
            longest,
            record,
            broken: false,
            core,
        })
    }

    /// Makes a request and reads the answer. After an error it must not be asked again.
    ///
    /// # Errors
    /// The way in which it ended instead of answering.
    pub(super) fn ask<'c, A: Deserialize<'c>>(
        &'c mut self,
        request: &impl Serialize,
        limit: Duration,
    ) -> Result<A, Ended> {
        self.request.clear();
        // A write to memory does not fail.
        let _ = serde_json::to_writer(&mut self.request, request);
        self.request.push(b'\n');
        // Output before its first request counts as the answer to that request.
        if !self.line.is_empty() && self.is_noisy() {
            let asked = shown(&self.request);
            let why = "its process wrote a line without a request";
            return Err(Ended::Crashed(format!("{why}; {ANSWERS_ALONE}: before {asked}")));
        }
        self.leash.wait(limit);
        let answered = self.exchange();
        self.leash.rest();
        if let Some(record) = &self.record {
            record.keep(&self.request, &self.line[..self.line.len().min(self.longest)]);
        }
        let answered = match answered {
            Ok(true) => self.one_line(),
            Ok(false) => Err(self.ended(limit)),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(self.ended(limit)),
            Err(error) => Err(Ended::Crashed(format!("its process can't be spoken to: {error}"))),
        };
        let Child { line, request, broken, last_words, .. } = self;
        let answer = answered.and_then(|()| {
            serde_json::from_slice(line)
                .map_err(|error| refused(&wrong::<A>(line, &error), line, request))
        });
        *broken = answer.is_err();
        if !*broken {
            last_words.forget();
        }
        answer
    }

    /// Writes the request and reads a line. Returns false at the end of its output.
    fn exchange(&mut self) -> io::Result<bool> {
        self.line.clear();
        if let Some(requests) = &mut self.requests {
            requests.write_all(&self.request)?;
        }
        (&mut self.answers).take(self.longest as u64 + 1).read_until(b'\n', &mut self.line)?;
        Ok(self.line.last() == Some(&b'\n') || self.line.len() > self.longest)
    }

    /// Checks that it answered with one line and no more.
    fn one_line(&self) -> Result<(), Ended> {
        let why = if self.line.len() > self.longest {
            format!("a line of more than {} bytes, the most that it may have", self.longest)
        } else if !self.answers.buffer().is_empty() {
            format!("more than one line; expected one for each request; {ANSWERS_ALONE}")
        } else if self.line.trim_ascii_start().first() != Some(&b'{') {
            format!("expected a JSON object; {ANSWERS_ALONE}")
        } else {
            return Ok(());
        };
        let (answer, request) = (shown(&self.line), shown(&self.request));
        Err(Ended::Crashed(format!("no answer: {why}: {answer} to {request}")))
    }

    /// True if it has written something without a request.
    fn is_noisy(&self) -> bool {
        ioctl_fionread(self.answers.get_ref()).is_ok_and(|unread| unread > 0)
    }

    /// Ends it because of an answer that can be read but is invalid.
    pub(super) fn refuse(&mut self, why: &str) -> Ended {
        self.broken = true;
        refused(why, &self.line, &self.request)
    }

    /// The way in which it ended instead of answering within this time.
    fn ended(&mut self, limit: Duration) -> Ended {
        if self.leash.is_overdue() {
            let asked = shown(&self.request);
            return Ended::Stuck(format!("no answer within {limit:?} to {asked}"));
        }
        let status = self.reap();
        let how = match status {
            _ if self.leash.is_overdue() => "closed its output".to_string(),
            None => "is gone".to_string(),
            Some(status) => exit_text(status),
        };
        let at = if self.line.is_empty() {
            "when it was asked"
        } else {
            "in the middle of its answer to"
        };
        let last =
            self.last_words.text().map_or(String::new(), |last| format!("; it wrote: {last}"));
        Ended::Crashed(format!("its process {how} {at} {}{last}", shown(&self.request)))
    }

    /// Waits for its end, which is due since its input has ended, and kills it after a while. All processes that it
    /// started are killed.
    fn reap(&mut self) -> Option<ExitStatus> {
        self.requests = None;
        if let Some(child) = self.leash.pid() {
            if !self.broken {
                self.leash.wait(GRACE);
                let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
                // A process that can't be waited for is gone.
                let _ = retry_on_intr(|| waitid(WaitId::Pid(child), options));
                self.leash.rest();
            }
            self.leash.kill();
            self.leash.release();
        }
        self.process.wait().ok()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.reap();
    }
}

fn exit_text(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => {
            let name = signal_hook::low_level::signal_name(signal).unwrap_or("unknown");
            format!("was killed by signal {signal} ({name})")
        }
        (None, None) => "ended".to_string(),
    }
}

fn refused(why: &str, answer: &[u8], request: &[u8]) -> Ended {
    Ended::Crashed(format!("a wrong answer: {why}: {} to {}", shown(answer), shown(request)))
}

/// The error in an answer, with its place.
fn wrong<'l, A: Deserialize<'l>>(line: &'l [u8], error: &serde_json::Error) -> String {
    if let Err(error) = str::from_utf8(line) {
        return format!("not UTF-8 from byte {} on", error.valid_up_to() + 1);
    }
    let why = error.to_string().replace(" at line 1 column ", " at column ");
    let again = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(line));
    match again.map(|_: A| ()) {
        Err(error) if error.path().iter().next().is_some() => {
            let path = error.path().to_string();
            out_of_range(&path, &why).unwrap_or_else(|| format!("{path}: {why}"))
        }
        Ok(()) | Err(_) => why,
    }
}

/// The error of a number that can't be, such as an index of -1, if it is one.
fn out_of_range(path: &str, why: &str) -> Option<String> {
    let number = why
        .strip_prefix("invalid value: integer `")
        .or_else(|| why.strip_prefix("invalid type: floating point `"))?;
    let (number, rest) = number.split_once('`')?;
    let largest = if rest.contains("u32") { u64::from(u32::MAX) } else { u64::MAX };
    let (place, field) = path.rsplit_once('.').unwrap_or(("the answer", path));
    Some(format!("`{field}` of {place} is {number}; expected a whole number from 0 to {largest}"))
}

/// A line as an error message shows it.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}
