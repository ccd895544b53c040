//! Draws the findings of a campaign as pages.

use std::io::Write;
use std::path::Path;

use crate::campaign::{Campaign, Finding, Header};
use crate::cli::output::heading;
use crate::cli::subject::Target;
use crate::cli::{Error, view};
use crate::plan::{Plan, PlanOptions};

/// Draws each symptom once into a file of a folder: its scenario, or its run if it was not shrunk. Lists the files.
pub(super) fn draw(
    campaign: &Campaign,
    header: &Header,
    target: &Target<'_>,
    folder: &Path,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let mut files = Vec::new();
    for (_, finding) in campaign.findings.symptoms() {
        let Finding { seed, kind, scenario, plan, .. } = finding;
        // What only two runs show, or no run, is no picture.
        if !kind.can_be_shrunk() {
            continue;
        }
        let path = folder.join(format!("{}-{seed}.html", kind.name()));
        let (title, command) = (format!("seed {seed}"), header.show(*kind, *seed));
        match (scenario, plan) {
            (Some(text), _) => view::save_scenario(&path, &title, text, command, target)?,
            (None, Some(plan)) => view::save_plan(&path, &title, plan, command, target)?,
            (None, None) => {
                let capabilities = Some(target.implementation().capabilities().to_vec());
                let options = PlanOptions { capabilities, ..header.options.plan.clone() };
                let plan = Plan::draw(*seed, &options);
                view::save_plan(&path, &title, &plan, command, target)?;
            }
        }
        files.push((*seed, kind.title(), path));
    }
    if !files.is_empty() {
        heading(out, "See what was found")?;
    }
    for (seed, title, path) in files {
        writeln!(out, "seed {seed}  {title}  {}", path.display())?;
    }
    Ok(())
}
