//! `raft-sim export`: the observations of a run for other programs.

use std::io::{self, BufReader, Write};
use std::path::PathBuf;

use clap::ValueEnum;

use super::Error;
use super::files::{self, Overwrite};
use super::origin::{Origin, OriginArgs};
use super::subject::{SubjectArgs, Target};
use super::values::PlanArgs;
use crate::export::lines::{self, Recorded, Writer};
use crate::export::{About, End, chrome, shiviz};
use crate::observation::Observer;
use crate::report;
use crate::run::run;
use crate::scenario::replay::{Verdict, replay};

/// Write the observations of a run for other programs: JSON lines, a trace for Perfetto, events for ShiViz
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  raft-sim export --seed 42 --out run.jsonl\n  raft-sim export figure-8-e --format chrome --out figure-8.json\n  \
                        raft-sim export --lines run.jsonl --format shiviz"
)]
pub(super) struct Args {
    #[command(flatten)]
    origin: OriginArgs,
    /// A file of JSON lines that this command wrote, in place of a run; `-` is the standard input
    #[arg(long, value_name = "FILE", group = "OriginArgs", conflicts_with_all = PlanArgs::names())]
    lines: Option<PathBuf>,
    /// The format
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// A file for it [default: the standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwrite: Overwrite,
    #[command(flatten)]
    plan_options: PlanArgs,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// JSON lines with everything; can be read back
    Jsonl,
    /// a trace for Perfetto and Chromium
    Chrome,
    /// events with vector clocks for ShiViz
    Shiviz,
}

/// Where observations come from.
enum Course<'a> {
    /// A run, which is made now.
    Run(&'a Target<'a>, Origin),
    /// A run that was read.
    Read(Box<Recorded>),
}

pub(super) fn export(
    args: &Args,
    target: &Target<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<report::End, Error> {
    args.overwrite.check(&[("--out", &args.out)])?;
    let course = match &args.lines {
        Some(path) => {
            let text = files::read(path).map_err(Error::Message)?;
            let read = lines::read(BufReader::new(&text[..]));
            let refused = |(line, why)| Error::Message(format!("{}:{line}: {why}", path.display()));
            Course::Read(Box::new(read.map_err(refused)?))
        }
        None => match args.origin.origin(&args.plan_options, target, err)? {
            Some(origin) => Course::Run(target, origin),
            None => return Ok(report::End::Unusable),
        },
    };
    let mut said = String::new();
    let mut put = |to: &mut dyn Write| -> Result<(), Error> {
        said = written(&course, args.format, to)?;
        Ok(())
    };
    match &args.out {
        None => put(out)?,
        Some(path) => {
            let mut refused = None;
            files::write(path, |file| {
                put(file).or_else(|error| match error {
                    Error::Output(error) => Err(error),
                    Error::Message(_) => {
                        refused = Some(error);
                        Ok(())
                    }
                })
            })?;
            refused.map_or(Ok(()), Err)?;
        }
    }
    writeln!(err, "{said}")?;
    Ok(report::End::Held)
}

/// Writes a run in a format, and returns its verdict.
fn written(course: &Course<'_>, format: Format, out: &mut dyn Write) -> Result<String, Error> {
    let about = course.about();
    let end = match format {
        Format::Jsonl => {
            let mut writer = Writer::new(out, &about)?;
            let end = course.go(&mut writer)?;
            writer.finish(end.clone())?;
            end
        }
        Format::Chrome => {
            let mut recorder = chrome::Recorder::new(about.clone());
            let end = course.go(&mut recorder)?;
            let trace = recorder.finish(&end);
            serde_json::to_writer(&mut *out, &trace).map_err(io::Error::from)?;
            writeln!(out)?;
            end
        }
        Format::Shiviz => {
            let mut recorder = shiviz::Recorder::new(about.servers as usize);
            let end = course.go(&mut recorder)?;
            recorder.into_lines().iter().try_for_each(|line| writeln!(out, "{line}"))?;
            end
        }
    };
    Ok(format!("{}: {}", about.name, end.verdict))
}

impl Course<'_> {
    fn about(&self) -> About {
        match self {
            Course::Read(recorded) => recorded.about.clone(),
            Course::Run(target, Origin::Plan(plan, name)) => About {
                name: name.clone(),
                subject: target.implementation().name().to_owned(),
                servers: plan.servers().count() as u32,
                faults: plan.faults.iter().map(|fault| fault.kind.to_string()).collect(),
            },
            Course::Run(target, Origin::Scenario(scenario)) => About {
                name: scenario.header.title.clone(),
                subject: target.implementation().name().to_owned(),
                servers: scenario.header.servers.len() as u32,
                faults: Vec::new(),
            },
        }
    }

    /// Makes the run, or repeats one that was read, before an observer.
    fn go(&self, observer: &mut impl Observer) -> Result<End, Error> {
        match self {
            Course::Read(recorded) => {
                // A writer that fails has the error.
                let _ = recorded.replay(observer);
                Ok(recorded.end.clone())
            }
            Course::Run(target, Origin::Plan(plan, _)) => {
                let outcome = run(plan, target.implementation(), true, observer);
                Ok(match outcome.map_err(Error::Message)?.violation {
                    Some((_, violation)) => End::violated(&violation),
                    None => End::without_violation("all held".to_owned()),
                })
            }
            Course::Run(target, Origin::Scenario(scenario)) => {
                let verdict = replay(scenario, target.implementation(), observer);
                Ok(match verdict {
                    Verdict::Passed => End::without_violation("passed".to_owned()),
                    Verdict::Skipped(skip) => End::without_violation(format!("skipped: {skip}")),
                    Verdict::Failed(failure) => {
                        let message = failure.message.lines().next().unwrap_or_default();
                        let verdict = format!("line {}: {message}", failure.line);
                        let property = failure.property.map(|property| property.name().to_owned());
                        End { verdict, property, server: None }
                    }
                })
            }
        }
    }
}
