//! Labels: where each is declared, and whether it is used as what it was declared to be.

use std::collections::BTreeMap;

use super::nearest::nearest;
use crate::model::Term;
use crate::scenario::error::ParseError;
use crate::scenario::source::{Place, Source};
use crate::scenario::syntax::{DrawnEntry, Label};

/// The kind of thing that a label names, or must name where it is used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// A command in a log: drawn, forged or proposed.
    Command,
    /// A command that a client proposes.
    Proposal,
    /// A read.
    Read,
    /// A change of the configuration.
    Change,
    /// A transfer of leadership.
    Transfer,
    /// A client's session.
    Session,
    /// Any request that a server answers: any of the above, except a command that no client proposes.
    Request,
}

impl Names {
    /// True if a label declared as this kind may stand where `self` is required.
    fn covers(self, declared: Names) -> bool {
        match self {
            Names::Command => matches!(declared, Names::Command | Names::Proposal),
            Names::Request => declared != Names::Command,
            Names::Proposal | Names::Read | Names::Change | Names::Transfer | Names::Session => {
                declared == self
            }
        }
    }

    /// Its name in an error.
    fn word(self) -> &'static str {
        match self {
            Names::Command | Names::Proposal => "command",
            Names::Read => "read",
            Names::Change => "change",
            Names::Transfer => "transfer",
            Names::Session => "session",
            Names::Request => "request",
        }
    }

    /// The statements that declare such a label, for an error.
    fn declared_by(self) -> &'static str {
        match self {
            Names::Command => "a `given` log, a `propose` or a `forge`",
            Names::Proposal => "a `propose`",
            Names::Read => "a `read`",
            Names::Change => "a `change`",
            Names::Transfer => "a `transfer`",
            Names::Session => "a `register`",
            Names::Request => "a `propose`, `read`, `change`, `transfer` or `register`",
        }
    }
}

/// A label, its place, and the kind of thing that it names there.
pub(super) struct Mention {
    pub(super) label: Label,
    pub(super) place: Place,
    pub(super) names: Names,
}

/// The labels declared so far, and those used.
#[derive(Default)]
pub(super) struct Labels {
    declared: BTreeMap<Label, Declared>,
    used: Vec<Mention>,
}

/// The first declaration of a label: its place and kind.
struct Declared {
    line: u32,
    names: Names,
    /// Index and term, if it is a drawn entry. A proposal finds its place only in the run.
    entry: Option<(u64, Term)>,
}

impl Labels {
    /// Notes that the labels read in a line must be declared somewhere.
    pub(super) fn used(&mut self, mentions: Vec<Mention>) {
        self.used.extend(mentions);
    }

    /// The labels read in a line are new.
    pub(super) fn declared(
        &mut self,
        source: &Source,
        mentions: Vec<Mention>,
    ) -> Result<(), ParseError> {
        for Mention { label, place, names } in mentions {
            if let Some(declared) = self.declared.get(&label) {
                return Err(twice(source, &label, &place, declared));
            }
            self.declared.insert(label, Declared { line: place.line, names, entry: None });
        }
        Ok(())
    }

    /// These entries are drawn, the first of them at this index. A label names one entry, so that it must
    /// stand at the same index with the same term wherever it is drawn.
    pub(super) fn drawn(
        &mut self,
        source: &Source,
        first: u64,
        entries: &[DrawnEntry],
        places: &[Place],
    ) -> Result<(), ParseError> {
        for ((index, entry), place) in (first..).zip(entries).zip(places) {
            let Some(label) = &entry.label else { continue };
            let here = (index, entry.term);
            match self.declared.get(label) {
                Some(Declared { line, entry: Some(there), .. }) if *there != here => {
                    let message = format!(
                        "`{}` is the entry of term {} at index {} in line {line}, \
                         but here of term {} at index {index}",
                        label.0, there.1, there.0, entry.term,
                    );
                    let help = "expected the same index and term: a label names one entry";
                    return Err(ParseError::new(source, place, message).with_help(help));
                }
                Some(declared) if !Names::Command.covers(declared.names) => {
                    return Err(twice(source, label, place, declared));
                }
                Some(_) => {}
                None => {
                    let names = Names::Command;
                    let declared = Declared { line: place.line, names, entry: Some(here) };
                    self.declared.insert(label.clone(), declared);
                }
            }
        }
        Ok(())
    }

    /// Every label used is declared somewhere in the file, be it later, and as what it is used.
    pub(super) fn check_used(&self, source: &Source) -> Result<(), ParseError> {
        for Mention { label, place, names } in &self.used {
            let declarations = format!("expected a label that {} declares", names.declared_by());
            match self.declared.get(label) {
                Some(declared) if names.covers(declared.names) => {}
                Some(Declared { line, names: other, entry: _ }) => {
                    let message = format!("`{}` is a {}, of line {line}", label.0, other.word());
                    return Err(ParseError::new(source, place, message).with_help(declarations));
                }
                None => {
                    let message = format!("no {} is labelled `{}`", names.word(), label.0);
                    let error = ParseError::new(source, place, message);
                    let fitting = self.declared.iter().filter(|(_, of)| names.covers(of.names));
                    let known = fitting.map(|(label, _)| label.0.as_str());
                    return Err(match nearest(&label.0, known) {
                        Some(meant) => error.with_help(format!("did you mean `{meant}`?")),
                        None => error.with_help(declarations),
                    });
                }
            }
        }
        Ok(())
    }
}

/// A label that is to be new, and is not.
fn twice(source: &Source, label: &Label, place: &Place, declared: &Declared) -> ParseError {
    let message = format!("the label `{}` is declared already, in line {}", label.0, declared.line);
    let help = "expected a new label: a label names one thing";
    ParseError::new(source, place, message).with_help(help)
}
