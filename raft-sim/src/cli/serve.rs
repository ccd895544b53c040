//! `raft-sim serve`: the implementation as a subject in a process of its own, over the pipes.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::path::PathBuf;

use super::{Error, files};
use crate::process::{self, LONGEST};
use crate::report::End;
use crate::subject::Implementation;

/// Answer the subject protocol on the standard input and output: the reference core as a subject, to look at or to
/// compare with. A transcript can be pasted: `→` before a request is dropped, and so are lines that begin with `←`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write a transcript of all that is said to this file, which must not exist yet
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// The arrows before a request and an answer.
const ARROWS: [&str; 2] = ["→", "←"];

/// Serves until the input ends.
pub(super) fn serve(args: &Args, implementation: &dyn Implementation) -> Result<End, Error> {
    let file = args.record.as_deref().map(files::new_file).transpose()?;
    let record = RefCell::new(file);
    let requests =
        Requests { input: io::stdin().lock(), record: &record, line: Vec::new(), taken: 0 };
    let answers = Answers { output: io::stdout().lock(), record: &record };
    process::serve(implementation, requests, answers).map_err(Error::Message)?;
    Ok(End::Held)
}

/// The requests of a transcript, recorded as they are read.
struct Requests<'r, R> {
    input: R,
    record: &'r RefCell<Option<File>>,
    /// The request that is being read, and how much of it was.
    line: Vec<u8>,
    taken: usize,
}

/// Answers, recorded as they are written. Each is written as a whole line.
struct Answers<'r, W> {
    output: W,
    record: &'r RefCell<Option<File>>,
}

impl<R: BufRead> BufRead for Requests<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.taken == self.line.len() {
            (self.taken, self.line) = (0, Vec::new());
            let mut input = (&mut self.input).take(LONGEST as u64 + 1);
            if input.read_until(b'\n', &mut self.line)? == 0 {
                break;
            }
            let [asks, answers] = ARROWS.map(str::as_bytes);
            let line = self.line.trim_ascii_start();
            let request = line.strip_prefix(asks).unwrap_or(line).trim_ascii_start();
            self.line = if line.starts_with(answers) { Vec::new() } else { request.to_vec() };
            keep(self.record, ARROWS[0], &self.line)?;
        }
        Ok(&self.line[self.taken..])
    }

    fn consume(&mut self, amount: usize) {
        self.taken += amount;
    }
}

impl<R: BufRead> Read for Requests<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<W: Write> Write for Answers<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write_all(bytes)?;
        keep(self.record, ARROWS[1], bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// Records a line, if there is a record and anything on the line.
fn keep(record: &RefCell<Option<File>>, arrow: &str, line: &[u8]) -> io::Result<()> {
    match &mut *record.borrow_mut() {
        Some(file) if !line.is_empty() => {
            file.write_all(&[arrow.as_bytes(), b" ", line.trim_ascii_end(), b"\n"].concat())
        }
        Some(_) | None => Ok(()),
    }
}
