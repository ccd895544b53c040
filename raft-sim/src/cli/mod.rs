//! The command line `raft-sim`: its arguments and its output.
//!
//! The standard output is a function of the arguments and the files alone. Apart from colour it does not depend on
//! the clock, the number of threads or the terminal. Messages for the person at the terminal go to the standard error.

mod check;
mod check_trace;
mod clock;
mod conform;
mod debug;
mod diagram;
mod explain;
mod explore;
mod export;
mod files;
mod fmt;
mod fuzz;
mod list;
mod merge;
mod new;
mod origin;
mod output;
mod plan;
mod progress;
mod results;
mod run;
mod serve;
mod shell;
mod shrink;
mod signals;
mod subject;
mod syntax;
mod test;
mod values;
mod view;
mod which;

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::panics;
use crate::reference::Reference;
use crate::report::End;
use crate::subject::Implementation;

use subject::Own;

const AFTER: &str = "\
First steps:
  raft-sim run --seed 42                     one run of the reference core
  raft-sim fuzz --seeds 0..1000              a campaign of many
  raft-sim test                              the scenarios of the paper
  raft-sim explain figure-8-e                one of them, step by step
  raft-sim debug figure-8-e                  the same in the terminal, forwards and backwards
  raft-sim view --seed 42                    a run as a page for a browser
  raft-sim conform --subject './my-raft'     a report on a Raft of your own
  raft-sim syntax                            the language of scenarios

Exit codes: 0 all held, 1 a property was violated or an expectation failed, 2 wrong usage, a file that \
can't be read or written, or an error of the program itself, 3 only progress was missing, 4 a check gave \
up or nothing was checked, 5 the implementation under test is nondeterministic, 130 all held until it was interrupted.";

/// A deterministic testbed for the Raft consensus protocol.
#[derive(Debug, Parser)]
#[command(name = "raft-sim", version, max_term_width = 100, after_help = AFTER)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Fuzz(fuzz::Args),
    Merge(merge::Args),
    Shrink(shrink::Args),
    Test(test::Args),
    Conform(conform::Args),
    Explore(explore::Args),
    Explain(explain::Args),
    Export(export::Args),
    Debug(debug::Args),
    View(view::Args),
    Check(check::Args),
    CheckTrace(check_trace::Args),
    List(list::Args),
    Syntax(syntax::Args),
    New(new::Args),
    Fmt(fmt::Args),
    Serve(serve::Args),
    Completions(shell::Completions),
    Man(shell::Pages),
}

/// The reason why a command could not do its work.
#[derive(Debug)]
enum Error {
    /// A message for the reader, in one line.
    Message(String),
    /// The output can't be written. Nothing but writing output becomes this.
    Output(io::Error),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Output(error)
    }
}

/// Runs the program `raft-sim` with these arguments, its own name first. It is [`main_with`] the reference core.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    main_with("raft-sim", &Reference, args)
}

/// Runs the whole command line with another Raft in place of the reference core, in a program of its own. The first
/// argument is ignored. `program` is the beginning of the commands that the output names.
///
/// Returns the exit code: 0 all held, 1 a property was violated, 2 usage, I/O or a panic of its own, 3 liveness only,
/// 4 a check gave up or nothing was checked, 5 the implementation under test is nondeterministic, 130 all held until it
/// was interrupted. A reader who closes the pipe has read enough: that is no failure.
pub fn main_with(
    program: &'static str,
    implementation: &(dyn Implementation + Sync),
    args: impl IntoIterator<Item = OsString>,
) -> ExitCode {
    let command = Cli::command().name(program).bin_name(program);
    let matches = command.clone().try_get_matches_from(args);
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            // If even this can't be written there is nowhere left to report it.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    // Not locked: the implementation under test may print as well, on threads of its own.
    let mut out = BufWriter::new(anstream::stdout());
    let mut err = anstream::stderr();
    panics::quiet();
    let own = Own { program, implementation };
    let ended = panics::caught(|| cli.command.execute(&own, command, &mut out, &mut err))
        .unwrap_or_else(|internal| Err(Error::Message(internal)))
        .and_then(|end| out.flush().map(|()| end).map_err(Error::Output));
    let message = match ended {
        Ok(end) => return ExitCode::from(end.code()),
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return ExitCode::SUCCESS;
        }
        Err(Error::Output(error)) => format!("the output can't be written: {error}"),
        Err(Error::Message(message)) => message,
    };
    // What was printed so far belongs before the error; if that fails too, the error says enough.
    let _ = out.flush();
    let _ = writeln!(err, "{program}: error: {message}");
    ExitCode::from(End::Unusable.code())
}

impl Command {
    fn execute(
        &self,
        own: &Own<'_>,
        program: clap::Command,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> Result<End, Error> {
        match self {
            Command::Run(args) => run::run(args, &args.subject.start(own)?, out),
            Command::Fuzz(args) => {
                fuzz::fuzz(args, &args.subject.start(own)?, &signals::asked_to_stop(), out, err)
            }
            Command::Merge(args) => merge::merge(args, out, err),
            Command::Shrink(args) => {
                shrink::shrink(args, &args.subject.start(own)?, &signals::asked_to_stop(), out, err)
            }
            Command::Test(args) => {
                test::test(args, &args.subject.start(own)?, &signals::asked_to_stop(), out, err)
            }
            Command::Conform(args) => conform::conform(
                args,
                &args.subjects.start(own)?,
                &signals::asked_to_stop(),
                out,
                err,
            ),
            Command::Explore(args) => explore::explore(
                args,
                &args.subject.start(own)?,
                &signals::asked_to_stop(),
                out,
                err,
            ),
            Command::Explain(args) => explain::explain(args, &args.subject.start(own)?, out, err),
            Command::Export(args) => export::export(args, &args.subject.start(own)?, out, err),
            Command::Debug(args) => debug::debug(args, &args.subject.start(own)?, err),
            Command::View(args) => view::view(args, own, out, err),
            Command::Check(args) => check::check(args, out, err),
            Command::CheckTrace(args) => check_trace::check_trace(args, out, err),
            Command::List(args) => list::list(args, out, err),
            Command::Syntax(args) => syntax::syntax(args, out, err),
            Command::New(args) => new::new(args, out),
            Command::Fmt(args) => fmt::fmt(args, out, err),
            Command::Serve(args) => serve::serve(args, own.implementation),
            Command::Completions(args) => shell::completions(args, program, out),
            Command::Man(args) => shell::pages(args, program, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent_and_each_has_its_help() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        for sub in command.get_subcommands() {
            assert!(sub.get_about().is_some(), "{}", sub.get_name());
            for arg in sub.get_arguments() {
                assert!(arg.get_help().is_some(), "{} {}", sub.get_name(), arg.get_id());
            }
        }
    }
}
