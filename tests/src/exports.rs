//! The tables of `docs/exports.md`: each kind of observation and action with its fields, and the objects in them, made from the
//! doc comments of the code, so that page and code can't differ.

use std::fs;

use syn::{Attribute, Expr, Fields, File, Item, Lit, Meta};

use crate::root;

/// The line above the tables on the page, and the one below.
pub const BEGIN: &str = "<!-- made by `cargo run -p raft-tests --bin exports` from the code -->";
/// See [`BEGIN`].
pub const END: &str = "<!-- end -->";

/// The kinds, each with its file and the heading of its table.
const KINDS: [(&str, &str, &str); 2] = [
    ("raft-sim/src/observation.rs", "Observation", "## Observations"),
    ("raft-sim/src/action.rs", "Action", "## Actions"),
];

/// The objects in them, each with its file.
const OBJECTS: [(&str, &str); 22] = [
    ("raft-sim/src/observation.rs", "Stored"),
    ("subjects/rust/src/subject.rs", "View"),
    ("subjects/rust/src/subject.rs", "Event"),
    ("subjects/rust/src/subject.rs", "Effects"),
    ("subjects/rust/src/subject.rs", "Write"),
    ("subjects/rust/src/subject.rs", "LogWrite"),
    ("subjects/rust/src/subject.rs", "Held"),
    ("subjects/rust/src/subject.rs", "Applied"),
    ("subjects/rust/src/subject.rs", "Answer"),
    ("subjects/rust/src/message.rs", "Message"),
    ("subjects/rust/src/message.rs", "Body"),
    ("raft-core/src/message.rs", "AppendReply"),
    ("raft-core/src/types/snapshot.rs", "Chunk"),
    ("raft-core/src/types/snapshot.rs", "Snapshot"),
    ("raft-core/src/types/mod.rs", "Entry"),
    ("raft-core/src/types/mod.rs", "Payload"),
    ("raft-core/src/types/mod.rs", "Once"),
    ("raft-core/src/types/mod.rs", "Membership"),
    ("raft-core/src/types/mod.rs", "Position"),
    ("raft-core/src/types/mod.rs", "HardState"),
    ("raft-sim/src/network.rs", "MessageId"),
    ("raft-sim/src/disk.rs", "Survives"),
];

/// The tables.
///
/// # Panics
/// If the code has no such item.
#[must_use]
pub fn tables() -> String {
    let mut page = String::new();
    for (file, name, heading) in KINDS {
        page += &format!("{heading}\n\n| `type` | | Fields |\n|---|---|---|\n");
        page += &table(file, name, true);
        page.push('\n');
    }
    page += "## Objects\n\nFields of an object, or its kinds, each an object with its name as the only key, \
             or its name alone.\n\n| Object | Field or kind | |\n|---|---|---|\n";
    for (file, name) in OBJECTS {
        page += &table(file, name, false);
    }
    page
}

/// The page with these tables in their place.
///
/// # Errors
/// The page has no place for them.
pub fn page(old: &str) -> Result<String, String> {
    let (head, rest) = old.split_once(BEGIN).ok_or("the page has no tables")?;
    let (_, tail) = rest.split_once(END).ok_or("the tables have no end")?;
    Ok(format!("{head}{BEGIN}\n\n{}\n{END}{tail}", tables()))
}

/// The rows of an item. A kind has its own row, with its fields behind each other; an object has a row for each field.
fn table(file: &str, name: &str, kinds: bool) -> String {
    let text = fs::read_to_string(root().join(file)).expect("a source file can be read");
    let parsed: File = syn::parse_file(&text).expect("it compiles");
    let found = parsed.items.iter().find_map(|item| {
        if let Item::Enum(it) = item
            && it.ident == name
        {
            let variants = it.variants.iter();
            let rows = variants.map(|it| (it.ident.to_string(), &it.attrs, &it.fields));
            return Some(rows.collect::<Vec<_>>());
        }
        let Item::Struct(it) = item else { return None };
        let name_of = |it: &syn::Field| it.ident.as_ref().map(ToString::to_string);
        let fields = it.fields.iter().filter(|field| !is_skipped(&field.attrs));
        let rows = fields.map(|it| (name_of(it).unwrap_or_default(), &it.attrs, &Fields::Unit));
        (it.ident == name).then(|| rows.collect())
    });
    let rows = found.unwrap_or_else(|| panic!("{file} has no {name}"));
    let row = |(kind, attributes, fields): (String, &Vec<Attribute>, &Fields)| {
        let what = said(attributes);
        let fields = fields.iter().filter(|field| !is_skipped(&field.attrs)).filter_map(|field| {
            let name = field.ident.as_ref()?;
            Some(format!("`{name}`: {}", lower(&said(&field.attrs))))
        });
        let fields: Vec<String> = fields.collect();
        if kinds {
            format!("| `{}` | {what} | {} |\n", kebab(&kind), fields.join("<br>"))
        } else {
            let fields = if fields.is_empty() {
                String::new()
            } else {
                format!("<br>{}", fields.join("<br>"))
            };
            format!("| `{name}` | `{kind}` | {what}{fields} |\n")
        }
    };
    rows.into_iter().map(row).collect()
}

/// The first paragraph of a doc comment, without links.
fn said(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else { return None };
        let Expr::Lit(literal) = &pair.value else { return None };
        let Lit::Str(text) = &literal.lit else { return None };
        pair.path.is_ident("doc").then(|| text.value().trim().to_owned())
    });
    let paragraph: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let mut text = paragraph.join(" ");
    while let Some((before, rest)) = text.split_once("[`") {
        let Some((name, mut after)) = rest.split_once("`]") else { break };
        if let Some(link) = after.strip_prefix('(') {
            after = link.split_once(')').map_or(link, |(_, after)| after);
        }
        text = format!("{before}`{name}`{after}");
    }
    text.replace('|', "\\|").replace("`None`", "`null`")
}

fn lower(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    let first = chars.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
    first + chars.as_str()
}

/// The name of a variant as serde writes it.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(c.to_lowercase());
    }
    kebab
}

fn is_skipped(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("serde") && list.tokens.to_string() == "skip",
        Meta::Path(_) | Meta::NameValue(_) => false,
    })
}
