//! `raft-sim view`: a run as one page for a browser.

mod playground;
mod source;

use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::Error;
use super::files::{self, Overwrite, write};
use super::output::{BAD, GOOD};
use super::subject::{Own, SubjectArgs, Target};
use super::values::{self, PlanArgs};
use crate::plan::Plan;
use crate::reference::Reference;
use crate::report::End;
use crate::subject::Implementation;
use crate::view::{Run, WhatIf, page, page_with, playground};

use playground::Playground;
use source::{Named, Shown};

/// Draw a run as one page for a browser, which needs nothing else
///
/// The page has the lanes of the servers and of the clients, the state of each server at every step, and the causes of a
/// violation. It opens without a network.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  raft-sim view --seed 42\n  raft-sim view figure-8-e --out figure-8.html\n  \
                        raft-sim view night.jsonl --finding 2\n  raft-sim view --seed 42 --what-if raft-sim.wasm\n  raft-sim view --playground --what-if raft-sim.wasm --out playground.html\n  raft-sim view s1.jsonl s2.jsonl s3.jsonl --out trace.html\n  \
                        raft-sim view --seed 0 --subject 'python3 subjects/python/broken.py' --compare-core"
)]
pub(super) struct Args {
    /// A scenario file, or the name of a scenario that comes with the program; a file of results, of which a finding is
    /// drawn; a plan; or the files of a trace; `-` is a scenario on the standard input
    #[arg(value_name = "FILE|NAME", required_unless_present_any = ["seed", "playground"])]
    #[arg(conflicts_with = "seed")]
    #[arg(conflicts_with_all = PlanArgs::names())]
    files: Vec<PathBuf>,
    /// The seed from which everything is drawn
    #[arg(long, value_name = "N", value_parser = values::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Of a file of results: the number of the finding, from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    finding: Option<u64>,
    /// A second run, which is aligned with the first one up to their first difference: a seed, a file or the name of a
    /// scenario
    #[arg(long, value_name = "N|FILE|NAME", conflicts_with = "compare_core")]
    compare: Option<PathBuf>,
    /// The same run with this program's own Raft as the second one
    #[arg(long, requires = "subject")]
    compare_core: bool,
    /// The WebAssembly module `raft-sim.wasm`, to be put into the page: it then answers "what if", with the simulator itself
    #[arg(long, value_name = "FILE", conflicts_with = "subject")]
    what_if: Option<PathBuf>,
    /// A page in which a run is made step by step: from an empty cluster, or from one of the paper's figures. The module
    /// is that of `--what-if`
    #[arg(long, requires = "what_if", conflicts_with_all = ["files", "seed", "finding", "compare", "subject"])]
    #[arg(conflicts_with_all = PlanArgs::names())]
    playground: bool,
    /// The file of the page
    #[arg(long, value_name = "FILE", default_value = "run.html")]
    out: PathBuf,
    #[command(flatten)]
    overwrite: Overwrite,
    #[command(flatten)]
    plan_options: PlanArgs,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
}

pub(super) fn view(
    args: &Args,
    own: &Own<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<End, Error> {
    args.overwrite.check(&[("--out", &Some(args.out.clone()))])?;
    let target = args.subject.start(own)?;
    if let (true, Some(module)) = (args.playground, &args.what_if) {
        return save_playground(&args.out, module, &target, out);
    }
    let source = match args.seed {
        Some(seed) => Named::Seed(seed),
        None => Named::Files(&args.files),
    };
    let Some(first) = source.shown(args.finding, &args.plan_options, &target, err)? else {
        return Ok(End::Unusable);
    };
    let mut shown = vec![first];
    if let Some(other) = &args.compare {
        let seed = other.to_str().and_then(|text| text.parse().ok());
        let files = [other.clone()];
        let source = seed.map_or(Named::Files(&files), Named::Seed);
        let Some(second) = source.shown(None, &args.plan_options, &target, err)? else {
            return Ok(End::Unusable);
        };
        shown.push(second);
    }
    if args.compare_core {
        let core = SubjectArgs::default().start(own)?;
        let Some(second) = source.shown(args.finding, &args.plan_options, &core, err)? else {
            return Ok(End::Unusable);
        };
        shown.push(second);
    }
    let what_if = match &args.what_if {
        Some(path) => Some(module(path, shown[0].load.take(), &target)?),
        None => None,
    };
    save(&args.out, shown, what_if.as_ref(), out)
}

/// The simulator for a page, from its file.
fn module(path: &Path, load: Option<String>, target: &Target<'_>) -> Result<WhatIf, Error> {
    let refused = |why: String| Err(Error::Message(format!("--what-if {}: {why}", path.display())));
    let name = target.implementation().name();
    if name != Reference.name() {
        return refused(format!("the module runs {}, and this run is of {name}", Reference.name()));
    }
    let Some(load) = load else {
        return refused("the module can't run what a trace reports".to_owned());
    };
    Ok(WhatIf { module: encoded(path)?, load })
}

/// The module of a file, in base64.
fn encoded(path: &Path) -> Result<String, Error> {
    let bytes = files::read(path).map_err(Error::Message)?;
    if !bytes.starts_with(b"\0asm") {
        let why = "is no WebAssembly module; `raft-sim/wasm/build` makes it";
        return Err(Error::Message(format!("--what-if {}: {why}", path.display())));
    }
    Ok(BASE64_STANDARD.encode(bytes))
}

/// Writes the page in which a run is made step by step.
fn save_playground(
    path: &Path,
    module: &Path,
    target: &Target<'_>,
    out: &mut dyn Write,
) -> Result<End, Error> {
    let (module, load) = (encoded(module)?, Playground::new());
    let first = &load.starts[0];
    let shown = source::of_text(&first.title, &first.text, String::new(), target)?;
    let load = serde_json::to_string(&load).expect("texts can be written");
    let page = playground(&shown.run, &module, &load);
    write(path, |file| file.write_all(page.as_bytes()))?;
    writeln!(out, "{}: {} KB", path.display(), page.len().div_ceil(1_000))?;
    Ok(End::Held)
}

/// Writes the page of these runs, and what is on it. The end is that of the first run.
fn save(
    path: &Path,
    shown: Vec<Shown>,
    what_if: Option<&WhatIf>,
    out: &mut dyn Write,
) -> Result<End, Error> {
    let end = shown[0].end;
    let (lines, runs): (Vec<String>, Vec<Run>) =
        shown.into_iter().map(|shown| (shown.line, shown.run)).unzip();
    let page = page_with(&runs, what_if);
    write(path, |file| file.write_all(page.as_bytes()))?;
    let style = if end == End::Held { GOOD } else { BAD };
    for (line, run) in lines.iter().zip(&runs) {
        writeln!(out, "{style}{line}{style:#}, {} observations", run.observations())?;
    }
    writeln!(out, "{}: {} KB", path.display(), page.len().div_ceil(1_000))?;
    Ok(end)
}

/// Draws the scenario of a finding into a file, for a report that links to it.
pub(super) fn save_scenario(
    path: &Path,
    title: &str,
    text: &str,
    command: String,
    target: &Target<'_>,
) -> Result<(), Error> {
    save_page(path, source::of_text(title, text, command, target)?)
}

/// Draws the run of a plan into a file, for a report that links to it.
pub(super) fn save_plan(
    path: &Path,
    title: &str,
    plan: &Plan,
    command: String,
    target: &Target<'_>,
) -> Result<(), Error> {
    save_page(path, source::of_plan(title.to_owned(), command, plan, target)?)
}

fn save_page(path: &Path, shown: Shown) -> Result<(), Error> {
    let page = page(&[shown.run]);
    write(path, |file| file.write_all(page.as_bytes()))
}
