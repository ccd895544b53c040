//! `raft-sim new`: the skeleton of a scenario.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;

use super::Error;
use crate::report::End;

/// Write the skeleton of a scenario into a new file
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  raft-sim new 'A leader steps down when it sees a later term' --paper '§5.1'\n\
                  writes a-leader-steps-down-when-it-sees-a-later-term.raft"
)]
pub(super) struct Args {
    /// The claim that the scenario makes, in a sentence
    #[arg(value_name = "TITLE")]
    title: String,
    /// The place in the paper, as §5.3 or Figure 8
    #[arg(long, value_name = "PLACE", default_value = "§5")]
    paper: String,
    /// The number of servers, 1 to 9
    #[arg(long, value_name = "N", default_value_t = 3)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=9), allow_negative_numbers = true)]
    servers: u32,
    /// The file [default: the title in small letters, with hyphens, in this folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn new(args: &Args, out: &mut dyn Write) -> Result<End, Error> {
    let title = args.title.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() {
        return Err(Error::Message("the title is empty: write the claim in a sentence".to_owned()));
    }
    let path = args.out.clone().unwrap_or_else(|| PathBuf::from(file_name(&title)));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .and_then(|mut file| file.write_all(skeleton(&title, args).as_bytes()));
    written.map_err(|error| {
        let why = if error.kind() == io::ErrorKind::AlreadyExists {
            "already exists; name another file with --out".to_owned()
        } else {
            format!("cannot be written: {error}")
        };
        Error::Message(format!("{}: {why}", path.display()))
    })?;
    writeln!(out, "{}", path.display())?;
    Ok(End::Held)
}

/// The name of a scenario's file: words of small letters and digits.
fn file_name(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-");
    format!("{}.raft", if name.is_empty() { "scenario" } else { &name })
}

/// A scenario that passes: its leader is elected, and a command is committed.
fn skeleton(title: &str, Args { paper, servers, .. }: &Args) -> String {
    let all: Vec<String> = (1..=*servers).map(|server| format!("S{server}")).collect();
    format!(
        "scenario  {title}\n\
         paper     {paper}\n\
         servers   {}\n\
         \n\
         elect     S1\n\
         propose   S1 x\n\
         settle\n\
         expect    x committed\n",
        all.join(" ")
    )
}
