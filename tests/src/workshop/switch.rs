//! Many planted bugs in one program: the body of an edited function becomes a `match` on the number of the bug that is
//! planted, with the edited body in that bug's arm and the original one in the last.
//!
//! This is done in the copy of a workshop alone, as text: the file is parsed only to find where its functions are. The
//! number comes from an environment variable, read once by a function that is added to the copy of `raft-core`.

use std::fmt::Write as _;
use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Block, Signature};

use super::Edit;

/// The switches: two, so that the properties that are judged can be chosen beside the bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Switch {
    /// The planted bug.
    Planted,
    /// The properties that are judged.
    Judged,
}

impl Switch {
    const ALL: [Switch; 2] = [Switch::Planted, Switch::Judged];

    /// The environment variable that has the number of the variant in force; without it, nothing is changed.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Switch::Planted => "RAFT_PLANTED",
            Switch::Judged => "RAFT_JUDGED",
        }
    }

    fn function(self) -> &'static str {
        match self {
            Switch::Planted => "planted",
            Switch::Judged => "judged",
        }
    }
}

/// Source text to append to the root of `raft-core`: the functions that the switched bodies ask.
pub(super) fn functions() -> String {
    let mut text =
        "\nextern crate std;\n\n/// The switches of the workshop.\npub mod switches {\n".to_owned();
    for switch in Switch::ALL {
        let (function, variable) = (switch.function(), switch.variable());
        let _ = write!(
            text,
            "/// The number of the variant in force.\npub fn {function}() -> usize {{\n    \
             static NUMBER: std::sync::LazyLock<usize> = std::sync::LazyLock::new(|| {{\n        \
             std::env::var(\"{variable}\").ok().and_then(|number| number.parse().ok()).unwrap_or(0)\n    \
             }});\n    *NUMBER\n}}\n"
        );
    }
    text + "}\n"
}

/// A stretch of a file, in bytes, and the text that takes its place.
#[derive(Clone, Debug)]
pub struct Change {
    /// The stretch; empty for an insertion.
    pub at: Range<usize>,
    /// The text that takes its place.
    pub with: String,
}

impl Change {
    /// The change that an edit makes to the text of its file, without what both texts have in common at their ends.
    ///
    /// # Errors
    /// The text to replace does not stand there exactly once.
    pub fn of(edit: &Edit<'_>, text: &str) -> Result<Change, String> {
        let Edit { file, find, replace } = edit;
        let mut places = text.match_indices(find);
        let (Some((start, _)), None) = (places.next(), places.next()) else {
            return Err(format!("{file}: this does not stand there exactly once:\n{find}"));
        };
        let same = |(a, b): &(char, char)| a == b;
        let before: usize =
            find.chars().zip(replace.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
        let (find, replace) = (&find[before..], &replace[before..]);
        let ends = find.chars().rev().zip(replace.chars().rev());
        let after: usize = ends.take_while(same).map(|(c, _)| c.len_utf8()).sum();
        let start = start + before;
        let at = start..start + find.len() - after;
        Ok(Change { at, with: replace[..replace.len() - after].to_owned() })
    }
}

/// The changes that one variant makes to a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variant<'a> {
    pub(super) switch: Switch,
    pub(super) number: usize,
    pub(super) changes: &'a [Change],
}

/// The arm of a variant in a switched file.
#[derive(Clone, Debug)]
pub(super) struct Arm {
    pub(super) number: usize,
    /// Its place in the switched text, in bytes.
    pub(super) at: Range<usize>,
}

/// The bodies of the functions of a file that can be switched, without their braces, in bytes. A function within another
/// belongs to that. Constant functions can't ask for a number, and a function that returns `impl Trait` has one type only.
///
/// # Errors
/// A text that can't be parsed.
pub fn bodies(text: &str) -> Result<Vec<Range<usize>>, String> {
    let file = syn::parse_file(text).map_err(|error| error.to_string())?;
    let mut bodies = Bodies(Vec::new());
    bodies.visit_file(&file);
    Ok(bodies.0)
}

struct Bodies(Vec<Range<usize>>);

impl Bodies {
    fn note(&mut self, signature: &Signature, block: &Block) {
        let opaque = match &signature.output {
            syn::ReturnType::Type(_, returned) => matches!(**returned, syn::Type::ImplTrait(_)),
            syn::ReturnType::Default => false,
        };
        if signature.constness.is_none() && !opaque {
            let whole = block.span().byte_range();
            self.0.push(whole.start + 1..whole.end - 1);
        }
    }
}

impl<'ast> Visit<'ast> for Bodies {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.note(&function.sig, &function.block);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.note(&function.sig, &function.block);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.note(&function.sig, block);
        }
    }
}

/// The body that has all of a change.
#[must_use]
pub fn body_of(bodies: &[Range<usize>], change: &Change) -> Option<Range<usize>> {
    bodies.iter().find(|body| holds(body, change)).cloned()
}

/// The text of a file with changes that stand in any case, and with variants behind their switches; and where the arms
/// are. `krate` is the path by which the file names `raft-core`.
///
/// # Errors
/// Changes that overlap, that are in no body, or a body that two switches want.
pub(super) fn switched(
    text: &str,
    krate: &str,
    common: &[Change],
    variants: &[Variant<'_>],
) -> Result<(String, Vec<Arm>), String> {
    let bodies = bodies(text)?;
    let in_body = |change: &Change| body_of(&bodies, change);
    let mut out = String::new();
    let mut arms = Vec::new();
    let mut end = 0;
    for body in &bodies {
        let here = |change: &&Change| in_body(change).as_ref() == Some(body);
        let edited: Vec<(&Variant<'_>, Vec<&Change>)> = variants
            .iter()
            .map(|variant| (variant, variant.changes.iter().filter(here).collect()))
            .filter(|(_, changes): &(_, Vec<_>)| !changes.is_empty())
            .collect();
        let Some((first, _)) = edited.first() else { continue };
        if edited.iter().any(|(variant, _)| variant.switch != first.switch) {
            return Err(format!("two switches in one function:{}", &text[body.clone()]));
        }
        let shared = || common.iter().filter(here);
        let between = end..body.start;
        let before = |change: &&Change| outside(&between, change);
        out += &changed(text, between.clone(), common.iter().filter(before))?;
        let _ = writeln!(out, "match {krate}::switches::{}() {{", first.switch.function());
        for (Variant { number, .. }, changes) in edited {
            let _ = write!(out, "{number} => {{");
            let start = out.len();
            out += &changed(text, body.clone(), shared().chain(changes))?;
            arms.push(Arm { number: *number, at: start..out.len() });
            out += "}\n";
        }
        let _ = write!(out, "_ => {{{}}}\n}}", changed(text, body.clone(), shared())?);
        end = body.end;
    }
    let rest = end..text.len();
    let after = |change: &&Change| outside(&rest, change);
    out += &changed(text, rest.clone(), common.iter().filter(after))?;
    Ok((out, arms))
}

fn holds(stretch: &Range<usize>, change: &Change) -> bool {
    stretch.start <= change.at.start && change.at.end <= stretch.end
}

/// True of a change in a stretch between two switched bodies: what is at the edge of a body belongs to it.
fn outside(stretch: &Range<usize>, change: &Change) -> bool {
    holds(stretch, change)
        && (stretch.start == 0 || stretch.start < change.at.start)
        && (change.at.end < stretch.end || change.at.start < stretch.end)
}

/// A stretch of a text with changes to it.
fn changed<'a>(
    text: &str,
    stretch: Range<usize>,
    changes: impl Iterator<Item = &'a Change>,
) -> Result<String, String> {
    let mut changes: Vec<&Change> = changes.collect();
    // Of two insertions at one place the first given comes first.
    changes.sort_by_key(|change| (change.at.start, change.at.end));
    let mut out = String::new();
    let mut end = stretch.start;
    for Change { at, with } in changes {
        if at.start < end {
            return Err(format!("two changes overlap: {with}"));
        }
        out += &text[end..at.start];
        out += with;
        end = at.end;
    }
    Ok(out + &text[end..stretch.end])
}
