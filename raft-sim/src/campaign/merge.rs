//! Joins the results of several machines.

use std::path::PathBuf;

use super::{Campaign, Findings, Header, Loaded, Part};

/// Joins results, each with the path of its file. The outcome is what one process that ran all of the seeds would
/// have written. Of an unfinished file, the seeds that have been run are taken.
///
/// # Errors
/// The files that do not belong together, and the reason.
pub fn merge(files: Vec<(PathBuf, Loaded)>) -> Result<(Header, Campaign), String> {
    let mut parts: Vec<(PathBuf, Part)> = Vec::new();
    let mut joined: Option<(PathBuf, Header)> = None;
    let mut sums = super::Sums::default();
    let (mut closely, mut seeds) = (Vec::new(), std::collections::BTreeMap::new());
    for (path, Loaded { header, campaign, .. }) in files {
        for part in done(&header, &campaign) {
            if let Some((other, why)) = clash(&parts, part) {
                return Err(format!("{} and {}: {why}", other.display(), path.display()));
            }
            parts.push((path.clone(), part));
        }
        sums.join(&campaign.sums);
        closely.extend(campaign.findings.closely().iter().cloned());
        for (kind, count) in campaign.findings.seeds() {
            *seeds.entry(kind).or_default() += count;
        }
        match &joined {
            None => joined = Some((path, header)),
            Some((first, first_header)) => {
                if let Some(differs) = first_header.differs(&header) {
                    let (one, other) = (first.display(), path.display());
                    return Err(format!("{one} and {other}: do not belong together: {differs}"));
                }
            }
        }
    }
    let (_, mut header) = joined.ok_or("there are no results to join")?;
    header.parts = Part::joined(parts.into_iter().map(|(_, part)| part).collect());
    let through = header.parts.last().map_or(0, |part| part.end());
    // Seed by seed, as one process would have come upon them. It would not have looked closely at all of these.
    closely.sort_by_key(|finding| finding.seed);
    let findings = Findings::new(closely, seeds);
    Ok((header, Campaign { through, sums, findings }))
}

/// The seeds of a file that have been run.
fn done(header: &Header, campaign: &Campaign) -> Vec<Part> {
    match header.parts.as_slice() {
        [part] if part.seeds(campaign.through).next().is_some() => {
            vec![Part { to: Some(campaign.through.max(part.from)), ..*part }]
        }
        parts => parts.to_vec(),
    }
}

/// The first of these files with which a part can't be joined, and the reason.
fn clash(parts: &[(PathBuf, Part)], part: Part) -> Option<(&PathBuf, String)> {
    parts.iter().find_map(|(path, other)| {
        if other.of != part.of && other.from < part.end() && part.from < other.end() {
            let (one, two) = (other.of, part.of);
            return Some((
                path,
                format!("do not belong together: one is of {one} shards, the other of {two}"),
            ));
        }
        other.overlaps(part).then(|| (path, format!("overlap: seeds {other}, and {part}")))
    })
}
