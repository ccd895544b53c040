//! Findings by design: the causes that are known, and fail no build.

/// Causes that are known, as a file lists them: one in a line, by its name in reports
/// (`match-index: the matchIndex # of # for # is not what that has on its disk`), or all causes of a property by the
/// property's name (`match-index`). Lines that begin with `#` are comments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    lines: Vec<String>,
}

impl Known {
    /// Reads the text of a file.
    #[must_use]
    pub fn read(text: &str) -> Known {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        Known { lines: lines.map(str::to_owned).collect() }
    }

    /// True if the cause of this name is known.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.lines.iter().any(|line| covers(line, id))
    }

    /// The lines that name none of these causes: they may go.
    pub(super) fn unused<'i>(&self, ids: impl Iterator<Item = &'i str> + Clone) -> Vec<String> {
        let is_unused = |line: &&String| !ids.clone().any(|id| covers(line, id));
        self.lines.iter().filter(is_unused).cloned().collect()
    }
}

fn covers(line: &str, id: &str) -> bool {
    line == id || id.strip_prefix(line).is_some_and(|rest| rest.starts_with(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_one_cause_or_all_of_a_property() {
        let known = Known::read("# by design\n\nvoting\n match-index: # is not on its disk\n");
        for id in ["voting", "voting: # granted", "match-index: # is not on its disk"] {
            assert!(known.has(id), "{id}");
        }
        for id in ["match-index", "match-index: another", "voting-rights: # granted", ""] {
            assert!(!known.has(id), "{id}");
        }
        let found = ["voting: # granted", "progress"];
        assert_eq!(known.unused(found.into_iter()), ["match-index: # is not on its disk"]);
    }
}
