//! The implementation under test: the program's own Raft, or a child process that speaks the subject protocol.

use super::Error;
use crate::campaign::Caller;
use crate::process::Process;
use crate::subject::Implementation;

/// The option of every command that runs one implementation.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct SubjectArgs {
    /// The Raft under test: a command whose program answers the subject protocol, as a shell would take it
    /// [default: this program's own Raft]
    #[arg(long, value_name = "COMMAND")]
    subject: Option<String>,
}

impl SubjectArgs {
    /// Starts the subject of the option, or takes `own`, the program's Raft.
    pub(super) fn start<'a>(&self, own: &Own<'a>) -> Result<Target<'a>, Error> {
        let Own { program, implementation } = *own;
        let caller = Caller { program: program.to_owned(), subject: self.subject.clone() };
        let process = match &self.subject {
            Some(command) => Some(Process::start(command).map_err(Error::Message)?),
            None => None,
        };
        Ok(Target { own: implementation, process, caller })
    }
}

/// The option of a command that compares implementations.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct SubjectsArgs {
    /// A Raft under test: a command whose program answers the subject protocol, as a shell would take it; several are
    /// compared [default: this program's own Raft]
    #[arg(long = "subject", value_name = "COMMAND")]
    subjects: Vec<String>,
}

impl SubjectsArgs {
    /// Starts the subjects of the option, in this order, or takes `own`, the program's Raft.
    pub(super) fn start<'a>(&self, own: &Own<'a>) -> Result<Vec<Target<'a>>, Error> {
        if self.subjects.is_empty() {
            return Ok(vec![SubjectArgs::default().start(own)?]);
        }
        let start = |command: &String| SubjectArgs { subject: Some(command.clone()) }.start(own);
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

    /// A target for an implementation in the program itself.
    #[cfg(test)]
    pub(super) fn of(own: &(dyn Implementation + Sync)) -> Target<'_> {
        Target { own, process: None, caller: Caller::default() }
    }
}
