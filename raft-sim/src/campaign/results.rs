//! A campaign's results as a file: lines of JSON, added to as it goes on.
//!
//! The first line is the [`Header`]: the options of the campaign. After each batch of seeds follow its findings and one
//! line of progress with all sums so far. A finding that is still to be shrunk says so; once it is, it is written again with
//! its scenario, and the later line counts. Lines after the last line of progress were being written when the program was
//! killed; their seeds are run again. Nothing that was written is ever changed. While a process writes a file it holds a lock
//! on it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Campaign, Finding, Findings, Header, Kind, Part, Share, Sink, Sums};
use crate::guide::Guide;
use crate::plan::FaultSort;

#[derive(Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "lowercase")]
enum Line {
    Finding(Finding),
    Progress { through: u64, found: Vec<(Kind, u64)>, sums: Sums },
}

/// The content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The header.
    pub header: Header,
    /// The campaign so far.
    pub campaign: Campaign,
    /// A message, if the file ends within a batch: what is left out, and the first seed to run again.
    pub cut: Option<String>,
    /// The number of bytes up to the end of the last whole batch.
    bytes: u64,
}

impl Loaded {
    /// A message, if not all seeds of the file have been run.
    #[must_use]
    pub fn unfinished(&self, path: &Path) -> Option<String> {
        let through = self.campaign.through;
        let part = self
            .header
            .parts
            .iter()
            .find(|part| part.to.is_some() && part.seeds(through).next().is_some())?;
        Some(format!("{}: of seeds {part}, those before {through} have been run", path.display()))
    }
}

/// Reads a file of results.
///
/// # Errors
/// The reason why it can't be read, or the line that is damaged.
pub fn load(path: &Path) -> Result<Loaded, String> {
    let name = path.display();
    let text = fs::read(path).map_err(|error| format!("{name}: cannot be read: {error}"))?;
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut lines = text[..whole].split_inclusive(|byte| *byte == b'\n');
    let header =
        Header::read(lines.next().unwrap_or_default()).map_err(|why| format!("{name}: {why}"))?;
    let mut bytes = text.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut campaign = Campaign::from(header.parts.first().map_or(0, |part| part.from));
    let (mut closely, mut read) = (Vec::new(), bytes);
    for (number, line) in (2..).zip(lines) {
        read += line.len();
        let line = serde_json::from_slice(line)
            .map_err(|error| format!("{name}: line {number} is damaged: {error}"))?;
        match line {
            Line::Finding(finding) => put(&mut closely, finding),
            Line::Progress { through, found, mut sums } => {
                let counts = std::mem::take(&mut sums.faults);
                if !counts.is_empty() {
                    let sorts = FaultSort::listed(counts.len()).ok_or_else(|| {
                        format!(
                            "{name}: line {number} counts {} sorts of faults, and this program {}",
                            counts.len(),
                            FaultSort::COUNT
                        )
                    })?;
                    sums.faults = vec![Share::default(); FaultSort::COUNT];
                    for (sort, count) in sorts.into_iter().zip(counts) {
                        sums.faults[sort.place()] = count;
                    }
                }
                let seeds: BTreeMap<Kind, u64> = found.into_iter().collect();
                campaign =
                    Campaign { through, sums, findings: Findings::new(closely.clone(), seeds) };
                bytes = read;
            }
        }
    }
    let through = campaign.through;
    let cut = (bytes < text.len()).then(|| {
        let left = text.len() - bytes;
        format!("{name}: ends in the middle of a batch; its last {left} bytes do not count: seeds from {through} on are missing")
    });
    Ok(Loaded { header, campaign, cut, bytes: bytes as u64 })
}

/// The folder of the scenarios of this file: beside it, with its name without the ending.
#[must_use]
pub fn scenarios(path: &Path) -> PathBuf {
    let folder = path.with_extension("");
    if folder == path { path.with_extension("scenarios") } else { folder }
}

/// A file that is being written.
#[derive(Debug)]
pub struct Results {
    path: PathBuf,
    file: File,
    /// The findings in the file.
    written: Vec<Finding>,
}

impl Results {
    /// Creates a file. A file that is not empty is not overwritten.
    ///
    /// # Errors
    /// The reason why it can't be written.
    pub fn create(path: &Path, header: &Header) -> Result<Results, String> {
        let name = path.display();
        let mut file = locked(path, OpenOptions::new().append(true).create(true))?;
        if file.metadata().is_ok_and(|there| there.is_file() && there.len() > 0) {
            return Err(format!(
                "{name}: already exists; continue it with --resume, or choose another name"
            ));
        }
        let mut text = Vec::new();
        line(&mut text, header)
            .and_then(|()| file.write_all(&text))
            .map_err(|error| unwritable(path, &error))?;
        Ok(Results { path: path.to_owned(), file, written: Vec::new() })
    }

    /// Continues a file that the same command has begun, or one with the same options whose seeds ended earlier, and
    /// returns its content.
    ///
    /// # Errors
    /// The reason why it can't be read or written, or what makes it a file of another campaign.
    pub fn resume(path: &Path, header: &Header) -> Result<(Results, Loaded), String> {
        let name = path.display();
        fs::metadata(path).map_err(|error| format!("{name}: cannot be read: {error}"))?;
        let file = locked(path, OpenOptions::new().append(true))?;
        let mut loaded = load(path)?;
        if let Some(differs) = loaded.header.differs(header) {
            return Err(format!("{name}: is of another campaign: {differs}"));
        }
        if extends(&loaded.header.parts, &header.parts) {
            let file = extended(path, header, &loaded)?;
            loaded.header = header.clone();
            let written = loaded.campaign.findings.closely().to_vec();
            return Ok((Results { path: path.to_owned(), file, written }, loaded));
        }
        if loaded.header.parts != header.parts {
            let (theirs, ours) = (loaded.header.seeds(), header.seeds());
            return Err(format!(
                "{name}: is of another campaign: the seeds differ: `{theirs}` and `{ours}`"
            ));
        }
        file.set_len(loaded.bytes).map_err(|error| unwritable(path, &error))?;
        let written = loaded.campaign.findings.closely().to_vec();
        Ok((Results { path: path.to_owned(), file, written }, loaded))
    }

    /// Appends the findings and sums of a campaign since the last call, and writes its new scenarios and plans beside
    /// the file.
    ///
    /// # Errors
    /// The reason why something can't be written.
    pub fn save(&mut self, campaign: &Campaign) -> Result<(), String> {
        let closely = campaign.findings.closely();
        let is_new = |finding: &&Finding| !self.written.contains(finding);
        let new: Vec<&Finding> = closely.iter().filter(is_new).collect();
        let mut text = Vec::new();
        let found = campaign.findings.seeds().collect();
        let progress =
            Line::Progress { through: campaign.through, found, sums: campaign.sums.clone() };
        let findings = new.iter().map(|finding| Line::Finding((*finding).clone()));
        let lined = findings.chain([progress]).try_for_each(|it| line(&mut text, &it));
        // One call: a program that is killed leaves whole batches, or one that is cut.
        lined
            .and_then(|()| self.file.write_all(&text))
            .map_err(|error| unwritable(&self.path, &error))?;
        let folder = scenarios(&self.path);
        for finding in campaign.findings.distinct().filter(|finding| new.contains(finding)) {
            if let Some(scenario) = &finding.scenario {
                beside(&folder.join(finding.file()), scenario.as_bytes())?;
            }
            if let Some(plan) = &finding.plan {
                let mut text = Vec::new();
                let path = folder.join(finding.plan_file());
                line(&mut text, plan).map_err(|error| unwritable(&path, &error))?;
                beside(&path, &text)?;
            }
        }
        self.written = closely.to_vec();
        Ok(())
    }
}

/// True if a part is another one that goes on further.
fn extends(before: &[Part], now: &[Part]) -> bool {
    let ([before], [now]) = (before, now) else { return false };
    Part { to: now.to, ..*before } == *now && before.end() < now.end()
}

/// Replaces a file by one with another header and the same whole batches.
fn extended(path: &Path, header: &Header, loaded: &Loaded) -> Result<File, String> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    // One that is left of a program that was killed has nothing that is not in the file.
    let _ = fs::remove_file(&temporary);
    let mut file = locked(&temporary, OpenOptions::new().append(true).create_new(true))?;
    let mut write = || -> io::Result<()> {
        let old = fs::read(path)?;
        let begin = old.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut text = Vec::new();
        line(&mut text, header)?;
        text.extend(&old[begin..loaded.bytes as usize]);
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(|error| unwritable(path, &error))?;
    Ok(file)
}

/// Puts a finding behind the others, or in the place of what was known of it before it was shrunk.
fn put(closely: &mut Vec<Finding>, finding: Finding) {
    let is_same = |other: &&mut Finding| (other.seed, other.kind) == (finding.seed, finding.kind);
    match closely.iter_mut().find(is_same) {
        Some(known) => *known = finding,
        None => closely.push(finding),
    }
}

/// Opens a file, and locks it for as long as it is open.
fn locked(path: &Path, options: &mut OpenOptions) -> Result<File, String> {
    let file = options.open(path).map_err(|error| unwritable(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(format!("{}: another process is writing it", path.display()))
        }
        // Some file systems have no locks; there a campaign goes on without.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(error)) => Err(unwritable(path, &error)),
    }
}

impl Sink for Results {
    fn batch(&mut self, campaign: &Campaign, _: Option<&Guide>) -> io::Result<()> {
        self.save(campaign).map_err(io::Error::other)
    }

    fn shrunk(&mut self, _: &Header, campaign: &Campaign, _: &Finding) -> io::Result<()> {
        self.save(campaign).map_err(io::Error::other)
    }
}

/// Writes a file into a folder, which is created if need be.
fn beside(path: &Path, text: &[u8]) -> Result<(), String> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(path, text)).map_err(|error| unwritable(path, &error))
}

fn line(text: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *text, value)?;
    text.push(b'\n');
    Ok(())
}

fn unwritable(path: &Path, error: &io::Error) -> String {
    format!("{}: cannot be written: {error}", path.display())
}
