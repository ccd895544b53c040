//! `raft-sim syntax`: the words of the scenario language.

use std::io::{self, Write};

use super::Error;
use super::output::{ASIDE, HEADING, heading};
use crate::report::{End, width};
use crate::scenario::vocabulary::{Part, Word, syntax as words};

/// Print the words of the scenario language: their forms, meanings and examples
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  raft-sim syntax\n  raft-sim syntax deliver\n  raft-sim syntax election"
)]
pub(super) struct Args {
    /// Words to explain in full; of a word that is none, those whose form or meaning has it are listed [default: all,
    /// a line each]
    #[arg(value_name = "WORD")]
    words: Vec<String>,
}

pub(super) fn syntax(args: &Args, out: &mut dyn Write, err: &mut dyn Write) -> Result<End, Error> {
    let all = words();
    if args.words.is_empty() {
        list(&all.iter().collect::<Vec<_>>(), out)?;
        return Ok(End::Held);
    }
    let mut end = End::Held;
    for word in &args.words {
        let same: Vec<&Word> = all.iter().filter(|known| known.name == *word).collect();
        let has = |known: &&Word| known.form.contains(word) || known.meaning.contains(word);
        match (same.is_empty(), all.iter().filter(has).collect::<Vec<_>>()) {
            (false, _) => same.into_iter().try_for_each(|word| explain(word, out))?,
            (true, near) if near.is_empty() => {
                writeln!(
                    err,
                    "no word of the language is `{word}`, and none is explained with it"
                )?;
                end = End::Unusable;
            }
            (true, near) => list(&near, out)?,
        }
    }
    Ok(end)
}

/// A line for each word, part by part.
fn list(words: &[&Word], out: &mut dyn Write) -> io::Result<()> {
    let forms = width(words.iter().map(|word| word.form.as_str())).min(44);
    for part in Part::ALL {
        let mut of_part = words.iter().filter(|word| word.part == part).peekable();
        if of_part.peek().is_some() {
            heading(out, part.title())?;
        }
        for Word { form, meaning, .. } in of_part {
            writeln!(out, "  {form:<forms$}  {ASIDE}{meaning}{ASIDE:#}")?;
        }
    }
    Ok(())
}

fn explain(word: &Word, out: &mut dyn Write) -> io::Result<()> {
    let Word { name, part, form, meaning, example } = word;
    writeln!(out, "\n{HEADING}{name}{HEADING:#}  ({})", part.title())?;
    writeln!(out, "  form     {form}")?;
    writeln!(out, "  meaning  {meaning}")?;
    writeln!(out, "  example  {}", example.trim())
}
