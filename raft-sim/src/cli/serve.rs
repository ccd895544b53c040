//! `raft-sim serve`: the implementation as a subject in a process of its own, over the pipes.

use std::io;

use super::Error;
use crate::process;
use crate::report::End;
use crate::subject::Implementation;

/// Answer the subject protocol on the standard input and output: the reference core as a subject, to look at or to
/// compare with.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// Serves until the input ends.
pub(super) fn serve(Args {}: &Args, implementation: &dyn Implementation) -> Result<End, Error> {
    process::serve(implementation, io::stdin().lock(), io::stdout().lock())
        .map_err(Error::Message)?;
    Ok(End::Held)
}
