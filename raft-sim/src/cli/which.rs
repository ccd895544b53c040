//! The selection of a run: by a seed, or by a plan in a file.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::subject::Target;
use super::values::{self, PlanArgs};
use super::{Error, files, plan as printer};
use crate::campaign::Caller;
use crate::plan::{Draw, Plan, PlanOptions};

/// The seed or plan that `run` and `shrink` take.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// The seed from which everything is drawn; the same one gives the same run on every machine
    #[arg(long, value_name = "N", value_parser = values::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// A file with the plan, as `raft-sim fuzz --guided` writes it for a finding
    #[arg(long, value_name = "FILE", conflicts_with_all = PlanArgs::names())]
    plan: Option<PathBuf>,
}

impl Which {
    /// The run of a seed.
    #[cfg(test)]
    pub(super) fn seed(seed: u64) -> Which {
        Which { seed: Some(seed), plan: None }
    }

    /// The plan.
    pub(super) fn plan(&self, plan_options: &PlanArgs, target: &Target<'_>) -> Result<Plan, Error> {
        let capabilities = target.implementation().capabilities();
        match &self.plan {
            Some(path) => Ok(read(path).map_err(Error::Message)?.limited(capabilities)),
            None => Ok(Plan::draw(
                self.seed.unwrap_or_default(),
                &plan_options.plan_options(capabilities),
            )),
        }
    }

    /// The name of the run: `seed 7`, or `plan FILE`.
    pub(super) fn name(&self) -> String {
        match &self.plan {
            Some(path) => format!("plan {}", path.display()),
            None => format!("seed {}", self.seed.unwrap_or_default()),
        }
    }

    /// The command that runs it.
    pub(super) fn replay(&self, plan_options: &PlanArgs, caller: &Caller) -> String {
        match &self.plan {
            Some(path) => caller.replay_plan(path),
            None => caller.replay(self.seed.unwrap_or_default(), plan_options.said()),
        }
    }

    /// Prints a plan, this one or a smaller one, after the classes that were drawn for it.
    pub(super) fn print(
        &self,
        out: &mut dyn Write,
        plan: &Plan,
        plan_options: &PlanOptions,
    ) -> std::io::Result<()> {
        if let Some(seed) = self.seed {
            printer::print_draw(out, &Draw::of(seed, plan_options))?;
        }
        printer::print(out, plan)
    }
}

/// Reads a plan.
pub(super) fn read(path: &Path) -> Result<Plan, String> {
    let name = path.display();
    let text = files::read(path)?;
    let plan: Plan =
        serde_json::from_slice(&text).map_err(|error| format!("{name}: is no plan: {error}"))?;
    plan.check().map_err(|why| format!("{name}: is no plan that can be run: {why}"))?;
    Ok(plan)
}
