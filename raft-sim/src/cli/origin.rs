//! The run that a command is about: that of a seed, of a plan or of a scenario.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::Error;
use super::explain::found;
use super::output::load_or_report;
use super::subject::Target;
use super::values::{self, PlanArgs};
use super::which;
use crate::plan::Plan;
use crate::scenario::syntax::Scenario;

/// A run by its seed, its plan or its scenario.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct OriginArgs {
    /// The scenario file, or the name of a scenario that comes with the program; findings are scenarios; `-` is the
    /// standard input
    #[arg(value_name = "FILE|NAME")]
    scenario: Option<PathBuf>,
    /// The seed from which everything is drawn; the same one gives the same run on every machine
    #[arg(long, value_name = "N", value_parser = values::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// A file with the plan, as `raft-sim fuzz --guided` writes it for a finding
    #[arg(long, value_name = "FILE", conflicts_with_all = PlanArgs::names())]
    plan: Option<PathBuf>,
}

/// What is run.
pub(super) enum Origin {
    /// A plan, with its name.
    Plan(Box<Plan>, String),
    /// A scenario.
    Scenario(Box<Scenario>),
}

impl OriginArgs {
    /// What is run; `None` if a scenario has an error, which is reported.
    ///
    /// # Errors
    /// A file can't be read, or is no plan.
    pub(super) fn origin(
        &self,
        plan_options: &PlanArgs,
        target: &Target<'_>,
        err: &mut dyn Write,
    ) -> Result<Option<Origin>, Error> {
        let capabilities = target.implementation().capabilities();
        if let Some(path) = &self.plan {
            return of_plan(path).map(|plan| {
                let name = format!("plan {}", path.display());
                Some(Origin::Plan(Box::new(plan.limited(capabilities)), name))
            });
        }
        if let Some(path) = &self.scenario {
            let loaded = load_or_report(&found(path)?, err)?;
            return Ok(loaded.map(|(_, scenario)| Origin::Scenario(Box::new(scenario))));
        }
        let seed = self.seed.unwrap_or_default();
        let plan = Plan::draw(seed, &plan_options.plan_options(capabilities));
        Ok(Some(Origin::Plan(Box::new(plan), format!("seed {seed}"))))
    }
}

fn of_plan(path: &Path) -> Result<Plan, Error> {
    which::read(path).map_err(Error::Message)
}
