//! The shard of a process, from the environment that a scheduler gave it.

/// A shard, and the variable that names it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Its number, and the number of shards.
    pub(super) shard: (u64, u64),
    pub(super) variable: &'static str,
}

/// Finds the shard in the environment. Kubernetes numbers the pods of an indexed job from 0, but does not give their
/// number: the manifest has to, in a variable of its own. Slurm gives the first and the last number of an array.
///
/// # Errors
/// The variable that does not fit.
pub(super) fn of_environment(
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Found>, String> {
    let number = |name: &str| {
        let parsed = |text: String| {
            let wrong = |_| format!("{name} is `{text}`, not a whole number; give --shard I/N");
            text.trim().parse::<u64>().map_err(wrong)
        };
        variable(name).map(parsed).transpose()
    };
    let index = "JOB_COMPLETION_INDEX";
    if let (Some(shard), Some(of)) = (number(index)?, number("JOB_COMPLETIONS")?) {
        return found(shard, of, index);
    }
    let [index, min, max] = ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX"];
    let (Some(id), Some(min), Some(max)) = (number(index)?, number(min)?, number(max)?) else {
        return Ok(None);
    };
    let of = max.checked_sub(min).and_then(|last| last.checked_add(1)).unwrap_or_default();
    if number("SLURM_ARRAY_TASK_COUNT")?.is_some_and(|count| count != of) {
        return Err(format!(
            "the numbers of the Slurm array, {min} to {max}, have gaps: give --shard I/N"
        ));
    }
    found(id.wrapping_sub(min), of, index)
}

fn found(shard: u64, of: u64, variable: &'static str) -> Result<Option<Found>, String> {
    if shard >= of {
        return Err(format!("{variable} makes this shard {shard} of {of}: give --shard I/N"));
    }
    Ok(Some(Found { shard: (shard, of), variable }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Result<Option<Found>, String> {
        of_environment(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn slurm(id: &str, min: &str, max: &str, count: &str) -> Result<Option<Found>, String> {
        found(&[
            ("SLURM_ARRAY_TASK_ID", id),
            ("SLURM_ARRAY_TASK_MIN", min),
            ("SLURM_ARRAY_TASK_MAX", max),
            ("SLURM_ARRAY_TASK_COUNT", count),
        ])
    }

    #[test]
    fn a_shard_is_taken_where_its_number_and_their_count_are_known() {
        let pod = found(&[("JOB_COMPLETION_INDEX", "2"), ("JOB_COMPLETIONS", "8")]);
        assert_eq!(pod, Ok(Some(Found { shard: (2, 8), variable: "JOB_COMPLETION_INDEX" })));
        let task = slurm("5", "1", "8", "8");
        assert_eq!(task, Ok(Some(Found { shard: (4, 8), variable: "SLURM_ARRAY_TASK_ID" })));
        assert_eq!(found(&[("JOB_COMPLETION_INDEX", "2")]), Ok(None));
        assert_eq!(found(&[]), Ok(None));
    }

    #[test]
    fn a_shard_that_can_not_be_is_an_error() {
        for (wrong, message) in [
            (found(&[("JOB_COMPLETION_INDEX", "8"), ("JOB_COMPLETIONS", "8")]), "shard 8 of 8"),
            (found(&[("JOB_COMPLETION_INDEX", "x")]), "JOB_COMPLETION_INDEX is `x`"),
            (slurm("7", "1", "7", "3"), "have gaps"),
            (slurm("0", "1", "8", "8"), "SLURM_ARRAY_TASK_ID"),
            (slurm("1", "8", "1", "8"), "have gaps"),
        ] {
            let error = wrong.expect_err(message);
            assert!(error.contains(message), "{error}");
        }
    }
}
