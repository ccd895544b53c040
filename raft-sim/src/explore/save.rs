//! A search that was stopped, in a file, to be gone on with.
//!
//! A server can't be written down, but it is made of steps: the file has the steps in the order in which they were done, and
//! where each memory of the checkers comes from. Both are done again, in that order, so that all numbers are the same. Then
//! come the states that were seen and those that wait.
//!
//! The file is a line of JSON, and behind it little-endian words of 32 bits: lists, each with its length in front, and a
//! sum of all in the end.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::frontier::{Chunk, Frontier};
use super::search::{Position, Reach};
use super::server::Servers;
use super::worker::Shared;
use super::{Bounds, Options, Reductions};
use crate::mix::{mix, mix_bytes};

/// The form of the file.
const FORMAT: u32 = 1;
/// The most words of one list that are taken at once.
const BLOCK: usize = 1 << 16;

/// The exploration of which a file has the search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Subject {
    format: u32,
    version: String,
    subject: String,
    bounds: Bounds,
    to: Vec<String>,
    settings: String,
    histories: bool,
    live: bool,
    reductions: Reductions,
}

impl Subject {
    pub(super) fn new(name: &str, options: &Options) -> Subject {
        Subject {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            subject: name.to_owned(),
            bounds: options.bounds,
            to: options.to.clone(),
            settings: options.settings.clone(),
            histories: options.histories,
            live: options.live,
            reductions: options.reductions,
        }
    }

    /// The first difference in words.
    fn difference(&self, other: &Subject) -> Option<String> {
        let values = |of: &Subject| serde_json::to_value(of).unwrap_or_default();
        let (saved, now) = (values(self), values(other));
        let saved = saved.as_object()?.iter();
        let differs = |(name, saved): (&String, &serde_json::Value)| {
            (now[name] != *saved).then(|| format!("{name} {saved}, not {}", now[name]))
        };
        saved.filter_map(differs).next()
    }
}

/// The line of JSON.
#[derive(Serialize, Deserialize)]
struct Head {
    #[serde(flatten)]
    subject: Subject,
    reach: Reach,
    levels: Vec<u64>,
    /// A sum of what the steps of servers and the checkers come to: other code would come to something else.
    behavior: u64,
}

/// The sum of what steps and memories come to.
fn behavior(shared: &Shared<'_>, servers: &Servers<'_>) -> u64 {
    let steps = servers.behavior(1);
    shared.memories.origins().into_iter().fold(steps, |sum, (_, _, print)| mix(sum, print))
}

/// Writes a search, in place of the file that is there once all is written.
///
/// # Errors
/// It can't be written, or states that wait can't be read. A file that was there stays.
pub(super) fn save(
    path: &Path,
    subject: Subject,
    shared: &Shared<'_>,
    servers: &Servers<'_>,
    position: Position,
) -> io::Result<()> {
    let part = part(path);
    let written = write(&part, subject, shared, servers, position);
    let written = written.and_then(|()| fs::rename(&part, path));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}

/// The name of a file as long as not all of it is written.
fn part(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Checks that a search can be saved there later.
///
/// # Errors
/// It can't be.
pub(super) fn check(path: &Path) -> io::Result<()> {
    File::create(part(path))?;
    fs::remove_file(part(path))
}

fn write(
    path: &Path,
    subject: Subject,
    shared: &Shared<'_>,
    servers: &Servers<'_>,
    position: Position,
) -> io::Result<()> {
    let Position { reach, levels, mut todo, mut made } = position;
    let mut file = BufWriter::new(File::create(path)?);
    let head = Head { subject, reach, levels, behavior: behavior(shared, servers) };
    let mut line = serde_json::to_vec(&head)?;
    line.push(b'\n');
    file.write_all(&line)?;
    let mut words = Words { file, sum: mix_bytes(0, &line) };
    let steps = servers.done();
    words.list(2 * steps.len(), steps.into_iter().flat_map(|(state, code)| [state, code]))?;
    let memories = shared.memories.origins();
    let origins = memories.into_iter().flat_map(|(before, step, _)| [before, step]);
    words.list(2 * shared.memories.len(), origins)?;
    shared.visited.parts(|places| {
        let halves = |long: u64| [(long >> 32) as u32, long as u32];
        let longs = places.iter().flatten().copied();
        // A list without words would be the end of them.
        if places.is_empty() {
            Ok(())
        } else {
            words.list(8 * places.len(), longs.flat_map(halves))
        }
    })?;
    words.list(0, [])?;
    for frontier in [&mut todo, &mut made] {
        while let Some(Chunk(chunk)) = frontier.pop()? {
            words.list(chunk.len(), chunk)?;
        }
        words.list(0, [])?;
    }
    words.end()
}

/// Words that are written, and their sum.
struct Words {
    file: BufWriter<File>,
    sum: u64,
}

impl Words {
    fn word(&mut self, word: u32) -> io::Result<()> {
        self.sum = mix(self.sum, u64::from(word));
        self.file.write_all(&word.to_le_bytes())
    }

    fn list(&mut self, length: usize, words: impl IntoIterator<Item = u32>) -> io::Result<()> {
        self.word(u32::try_from(length).map_err(io::Error::other)?)?;
        words.into_iter().try_for_each(|word| self.word(word))
    }

    fn end(mut self) -> io::Result<()> {
        self.file.write_all(&self.sum.to_le_bytes())?;
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }
}

/// A file of a search, all of which is there.
pub(super) struct Saved {
    head: Head,
    file: BufReader<File>,
}

impl Saved {
    /// Opens the file of an exploration.
    ///
    /// # Errors
    /// It can't be read, is damaged, or is of another exploration.
    pub(super) fn open(path: &Path, expected: &Subject) -> Result<Saved, String> {
        let named = |why: String| format!("{}: {why}", path.display());
        let unread = |error: io::Error| named(format!("cannot be read: {error}"));
        let mut file = BufReader::new(File::open(path).map_err(unread)?);
        let mut line = Vec::new();
        file.by_ref().take(1 << 20).read_until(b'\n', &mut line).map_err(unread)?;
        let head: Head = serde_json::from_slice(&line)
            .map_err(|_| named("it is no saved exploration of this version".to_owned()))?;
        if let Some(difference) = head.subject.difference(expected) {
            return Err(named(format!("it is of another exploration: {difference}")));
        }
        if !is_whole(&mut file, &line).map_err(unread)? {
            return Err(named("it is damaged: its sum is wrong".to_owned()));
        }
        file.seek(SeekFrom::Start(line.len() as u64)).map_err(unread)?;
        Ok(Saved { head, file })
    }

    /// Brings the servers, the checkers and the states back to where they were.
    ///
    /// # Errors
    /// The file can't be read, or the code does something else than when it was written.
    pub(super) fn load(
        mut self,
        shared: &Shared<'_>,
        servers: &mut Servers<'_>,
    ) -> Result<Position, String> {
        let changed =
            || "a server or a checker does something else than when it was saved".to_owned();
        let unread = |error: io::Error| format!("it cannot be read: {error}");
        for step in self.list().map_err(unread)?.chunks_exact(2) {
            let event = Event::of(step[1]);
            if !event.is_some_and(|event| servers.knows(step[0], event)) {
                return Err(changed());
            }
            event.map(|event| servers.step(step[0], event));
        }
        for origin in self.list().map_err(unread)?.chunks_exact(2).skip(1) {
            let (before, number) = (origin[0], origin[1]);
            if before as usize >= shared.memories.len() || number as usize >= servers.sizes().2 {
                return Err(changed());
            }
            let step = shared.tables.steps.get(number);
            shared.memories.judge(before, number, step).map_err(|_| changed())?;
        }
        if behavior(shared, servers) != self.head.behavior {
            return Err(changed());
        }
        loop {
            let places = self.list().map_err(unread)?;
            if places.is_empty() {
                break;
            }
            let longs = |place: &[u32; 8]| {
                let (halves, _) = place.as_chunks::<2>();
                [0, 1, 2, 3].map(|at| u64::from(halves[at][0]) << 32 | u64::from(halves[at][1]))
            };
            let part: Vec<[u64; 4]> = places.as_chunks::<8>().0.iter().map(longs).collect();
            shared.visited.restore(&part);
        }
        let depth = self.head.reach.depth;
        let mut frontier = |depth| -> io::Result<Frontier> {
            let mut frontier = Frontier::new();
            loop {
                let chunk = self.list()?;
                if chunk.is_empty() {
                    return Ok(frontier);
                }
                frontier.push(Chunk(chunk), shared.spill.as_ref(), depth)?;
            }
        };
        let todo = frontier(depth).map_err(unread)?;
        let made = frontier(depth + 1).map_err(unread)?;
        Ok(Position { reach: self.head.reach, levels: self.head.levels, todo, made })
    }

    fn list(&mut self) -> io::Result<Vec<u32>> {
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        let mut left = u32::from_le_bytes(length) as usize;
        let mut list = Vec::new();
        while left > 0 {
            let mut bytes = vec![0; 4 * left.min(BLOCK)];
            self.file.read_exact(&mut bytes)?;
            list.extend(bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)));
            left -= left.min(BLOCK);
        }
        Ok(list)
    }
}

/// True if the sum in the end of a file is that of its line and the words behind it.
fn is_whole(file: &mut BufReader<File>, line: &[u8]) -> io::Result<bool> {
    let length = file.get_ref().metadata()?.len().saturating_sub(line.len() as u64);
    if length < 8 || !length.is_multiple_of(4) {
        return Ok(false);
    }
    let (mut sum, mut word) = (mix_bytes(0, line), [0; 4]);
    for _ in 2..length / 4 {
        file.read_exact(&mut word)?;
        sum = mix(sum, u64::from(u32::from_le_bytes(word)));
    }
    let mut expected = [0; 8];
    file.read_exact(&mut expected)?;
    Ok(sum == u64::from_le_bytes(expected))
}
