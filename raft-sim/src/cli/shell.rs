//! `raft-sim completions` and `raft-sim man`: what a shell and `man` know of the program, from its own arguments.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::Command;
use clap_complete::Shell;

use super::Error;
use crate::report::End;

/// Print the completions of a shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  raft-sim completions bash > ~/.local/share/bash-completion/completions/raft-sim"
)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Write the manual pages: raft-sim(1), and a page for each command
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  raft-sim man ~/.local/share/man/man1 && man raft-sim-fuzz")]
pub(super) struct Pages {
    /// The folder of the pages, which is created if need be
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

pub(super) fn completions(
    args: &Completions,
    mut program: Command,
    out: &mut dyn Write,
) -> Result<End, Error> {
    let name = program.get_name().to_owned();
    // By way of memory: the crate panics where the output can't be written.
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut program, name, &mut text);
    out.write_all(&text)?;
    Ok(End::Held)
}

pub(super) fn pages(args: &Pages, program: Command, out: &mut dyn Write) -> Result<End, Error> {
    let folder = &args.folder;
    fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(program, folder)).map_err(
        |error| Error::Message(format!("{}: cannot be written: {error}", folder.display())),
    )?;
    writeln!(out, "{}", folder.display())?;
    Ok(End::Held)
}
