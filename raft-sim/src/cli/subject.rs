//! The implementation under test: the program's own Raft, or a child process that speaks the subject protocol.

use std::path::PathBuf;

use super::Error;
use crate::campaign::Caller;
use crate::hosted::Hosted;
use crate::process::{LONGEST, Limits, Process, Record, Replaying};
use crate::subject::Implementation;

/// The option of every command that runs one implementation.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct SubjectArgs {
    /// The Raft under test: a command whose program answers the subject protocol, as a shell would take it
    /// [default: this program's own Raft]
    #[arg(long, value_name = "COMMAND")]
    subject: Option<String>,
    /// Run this program's own Raft in its host, whose disk is files of bytes: torn at any byte, with bits that flip
    #[arg(long, conflicts_with = "subject")]
    host: bool,
    #[command(flatten)]
    child: ChildArgs,
}

/// Options about the conversation with a child.
#[derive(Clone, Debug, Default, clap::Args)]
struct ChildArgs {
    /// Write all that is said to the subject and by it to this file, which must not exist yet
    #[arg(long, value_name = "FILE", requires = "subject")]
    subject_log: Option<PathBuf>,
    /// The most bytes of one answer of the subject [default: 1048576]
    #[arg(long, value_name = "BYTES", requires = "subject",
        value_parser = clap::value_parser!(u64).range(1_000..=LONGEST as u64))]
    subject_line: Option<u64>,
}

impl ChildArgs {
    /// Makes the record of the conversations, if there is to be one.
    fn record(&self) -> Result<Option<Record>, Error> {
        let Some(path) = &self.subject_log else { return Ok(None) };
        Ok(Some(Record::new(super::files::new_file(path)?)))
    }

    fn limits(&self) -> Limits {
        let Limits { line, .. } = Limits::default();
        let line = self.subject_line.map_or(line, |bytes| bytes as usize);
        Limits { line, ..Limits::default() }
    }
}

impl SubjectArgs {
    /// Starts the subject of the option, or takes `own`, the program's Raft.
    pub(super) fn start<'a>(&self, own: &Own<'a>) -> Result<Target<'a>, Error> {
        self.start_recorded(own, self.child.record()?)
    }

    fn start_recorded<'a>(
        &self,
        own: &Own<'a>,
        record: Option<Record>,
    ) -> Result<Target<'a>, Error> {
        let Own { program, implementation } = *own;
        let (program, subject, host) = (program.to_owned(), self.subject.clone(), self.host);
        let caller = Caller { program, subject, host };
        let start = |command: &String| {
            Process::start_recorded(command, self.child.limits(), record).map_err(Error::Message)
        };
        let process = self.subject.as_ref().map(start).transpose()?;
        let own = if self.host { &Hosted } else { implementation };
        Ok(Target { own, process, caller })
    }
}

/// The option of a command that compares implementations.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct SubjectsArgs {
    /// A Raft under test: a command whose program answers the subject protocol, as a shell would take it; several are
    /// compared [default: this program's own Raft]
    #[arg(long = "subject", id = "subject", value_name = "COMMAND")]
    subjects: Vec<String>,
    /// Judge this program's own Raft in its host, whose disk is files of bytes
    #[arg(long, conflicts_with = "subject")]
    host: bool,
    #[command(flatten)]
    child: ChildArgs,
}

impl SubjectsArgs {
    /// Starts the subjects of the option, in this order, or takes `own`, the program's Raft.
    pub(super) fn start<'a>(&self, own: &Own<'a>) -> Result<Vec<Target<'a>>, Error> {
        if self.subjects.is_empty() {
            let args = SubjectArgs { host: self.host, ..SubjectArgs::default() };
            return Ok(vec![args.start(own)?]);
        }
        let record = self.child.record()?;
        let start = |command: &String| {
            let (subject, child) = (Some(command.clone()), self.child.clone());
            SubjectArgs { subject, host: false, child }.start_recorded(own, record.clone())
        };
        self.subjects.iter().map(start).collect()
    }
}

/// A program and the Raft in it.
#[derive(Clone, Copy)]
pub(super) struct Own<'a> {
    /// The name of the program.
    pub(super) program: &'a str,
    /// The implementation behind the subject interface.
    pub(super) implementation: &'a (dyn Implementation + Sync),
}

/// The implementation under test.
pub(super) struct Target<'a> {
    own: &'a (dyn Implementation + Sync),
    process: Option<Process>,
    /// The beginning and the end of the commands that reports show.
    pub(super) caller: Caller,
}

impl Target<'_> {
    /// The implementation.
    pub(super) fn implementation(&self) -> &(dyn Implementation + Sync) {
        match &self.process {
            Some(process) => process,
            None => self.own,
        }
    }

    /// The child process as one whose servers can be copied and compared, if there is a child.
    pub(super) fn replaying(&self) -> Option<Replaying> {
        self.process.clone().map(Replaying::new)
    }

    /// A target for an implementation in the program itself.
    #[cfg(test)]
    pub(super) fn of(own: &(dyn Implementation + Sync)) -> Target<'_> {
        Target { own, process: None, caller: Caller::default() }
    }
}
