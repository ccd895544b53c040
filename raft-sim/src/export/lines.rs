//! JSON lines: a header, one line for each observation, and a last line. All of a run, to be read by other programs or read back.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use super::{About, End};
use crate::observation::{Observation, Observer, Stop};
use crate::time::Micros;

/// The name of the format.
pub const FORMAT: &str = "raft-sim observations";
/// The version that is written, and the only one that is read.
pub const VERSION: u32 = 1;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    #[serde(flatten)]
    about: About,
}

/// The line of an observation.
#[derive(Deserialize)]
struct Line {
    at: Micros,
    #[serde(flatten)]
    observation: Observation<'static>,
}

/// The same of one that is borrowed.
#[derive(Serialize)]
struct Seen<'a> {
    at: Micros,
    #[serde(flatten)]
    observation: &'a Observation<'a>,
}

/// The line of an observation, without its end.
///
/// # Panics
/// Never: numbers and texts can be written.
#[must_use]
pub fn line(at: Micros, observation: &Observation<'_>) -> String {
    serde_json::to_string(&Seen { at, observation }).expect("numbers and texts can be written")
}

/// The last line.
#[derive(Serialize, Deserialize)]
struct Last {
    end: End,
    observations: u64,
}

/// Writes a run as JSON lines while it happens.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    count: u64,
    /// The first error, after which nothing is written.
    failed: Option<io::Error>,
}

impl<W: Write> Writer<W> {
    /// Begins with the header.
    ///
    /// # Errors
    /// It can't be written.
    pub fn new(mut out: W, about: &About) -> io::Result<Writer<W>> {
        let header = Header { format: FORMAT.to_owned(), version: VERSION, about: about.clone() };
        write_line(&mut out, &header)?;
        Ok(Writer { out, count: 0, failed: None })
    }

    /// Writes the last line, and returns the number of observations.
    ///
    /// # Errors
    /// It, or something before it, can't be written.
    pub fn finish(mut self, end: End) -> io::Result<u64> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        write_line(&mut self.out, &Last { end, observations: self.count })?;
        self.out.flush()?;
        Ok(self.count)
    }
}

impl<W: Write> Observer for Writer<W> {
    /// An error ends the run: what follows would not be read.
    fn observe(&mut self, at: Micros, observation: &Observation<'_>) -> Result<(), Stop> {
        self.count += 1;
        write_line(&mut self.out, &Seen { at, observation }).map_err(|error| {
            self.failed = Some(error);
            Stop
        })
    }
}

fn write_line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line).map_err(io::Error::from)?;
    writeln!(out)
}

/// A run that was read.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its headings.
    pub about: About,
    /// Its observations, each with its time in virtual microseconds.
    pub observations: Vec<(Micros, Observation<'static>)>,
    /// Its end.
    pub end: End,
}

impl Recorded {
    /// Hands the observations to an observer, as the run did.
    ///
    /// # Errors
    /// The observer stopped.
    pub fn replay(&self, observer: &mut impl Observer) -> Result<(), Stop> {
        self.observations.iter().try_for_each(|(at, seen)| observer.observe(*at, seen))
    }
}

/// Reads a run back.
///
/// # Errors
/// The line, from 1, and the reason why it can't be read: it is of another format or version, is no observation, or the file is
/// cut off.
pub fn read(mut text: impl BufRead) -> Result<Recorded, (u64, String)> {
    let mut number = 0;
    let mut buffer = Vec::new();
    let mut next = |number: &mut u64| -> Result<Option<String>, (u64, String)> {
        buffer.clear();
        *number += 1;
        let unreadable = |why: String| (*number, why);
        match text.read_until(b'\n', &mut buffer) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(unreadable(format!("cannot be read: {error}"))),
        }
        let line = String::from_utf8(buffer.clone());
        line.map(Some).map_err(|_| unreadable("is not UTF-8".to_owned()))
    };
    let Some(first) = next(&mut number)? else { return Err((1, expected("the file is empty"))) };
    let about = header(&first).map_err(|why| (1, why))?;
    let mut observations = Vec::new();
    while let Some(line) = next(&mut number)? {
        if let Ok(Last { end, observations: count }) = serde_json::from_str(&line) {
            if count != observations.len() as u64 {
                let has = observations.len();
                return Err((
                    number,
                    format!("{count} observations were written, the file has {has}"),
                ));
            }
            return match next(&mut number)? {
                None => Ok(Recorded { about, observations, end }),
                Some(_) => Err((number, "there is a line behind the last one".to_owned())),
            };
        }
        let Line { at, observation } = serde_json::from_str(&line).map_err(|error| {
            let cut = if line.ends_with('\n') { "" } else { "the file is cut off: " };
            (number, format!("{cut}no observation of version {VERSION}: {error}"))
        })?;
        observations.push((at, observation));
    }
    Err((number - 1, "the file is cut off: its last line, with `end`, is missing".to_owned()))
}

fn header(line: &str) -> Result<About, String> {
    #[derive(Deserialize)]
    struct Versioned {
        format: String,
        version: u64,
    }
    let Ok(Versioned { format, version }) = serde_json::from_str(line) else {
        return Err(expected("the first line is no header"));
    };
    if format != FORMAT {
        return Err(expected(&format!("the format is `{format}`")));
    }
    if version != u64::from(VERSION) {
        return Err(format!(
            "version {version} of `{FORMAT}`, but this program reads version {VERSION}"
        ));
    }
    let header: Header =
        serde_json::from_str(line).map_err(|error| format!("the header: {error}"))?;
    Ok(header.about)
}

fn expected(found: &str) -> String {
    format!("{found}; expected {{\"format\":\"{FORMAT}\",\"version\":{VERSION},…}}")
}
