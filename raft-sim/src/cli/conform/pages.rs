//! Draws the scenarios of the causes as pages.

use std::path::{Path, PathBuf};

use super::record::{files, plain};
use crate::cli::subject::Target;
use crate::cli::{Error, files::new_folder, view};
use crate::report::conformance::Conformance;

/// Draws the scenario of each cause into a file of a folder, and notes in the report where it is. With several subjects each has
/// a folder in it. `report_file` is the file of the report: links in it lead from its folder.
pub(super) fn draw(
    report: &mut Conformance,
    targets: &[Target<'_>],
    folder: &Path,
    report_file: Option<&Path>,
) -> Result<(), Error> {
    let several = report.subjects.len() > 1;
    for (subject, target) in report.subjects.iter_mut().zip(targets) {
        let own = if several { folder.join(plain(&subject.name)) } else { folder.to_owned() };
        new_folder_in(&own, several)?;
        let mut drawn = Vec::new();
        for (name, cause) in files(subject) {
            let path = own.join(format!("{name}.html"));
            let text = cause.scenario.as_deref().unwrap_or_default();
            view::save_scenario(&path, &cause.name, text, cause.replay.clone(), target)?;
            drawn.push((cause.id.clone(), linked(&path, report_file)));
        }
        for cause in &mut subject.causes {
            let page = drawn.iter().find(|(id, _)| *id == cause.id);
            cause.page = page.map(|(_, path)| path.clone());
        }
    }
    Ok(())
}

fn new_folder_in(folder: &Path, several: bool) -> Result<(), Error> {
    if several { new_folder(folder, "pages") } else { Ok(()) }
}

/// The path of a page as the report names it: from the report's folder, if it is below that.
fn linked(page: &Path, report_file: Option<&Path>) -> String {
    let folder = report_file.and_then(Path::parent).unwrap_or(Path::new(""));
    let below = page.strip_prefix(folder).map(PathBuf::from);
    let path = below.or_else(|_| std::path::absolute(page)).unwrap_or_else(|_| page.to_owned());
    path.display().to_string().replace('\\', "/")
}
