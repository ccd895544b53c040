//! Conventions of this repository: allowed imports, the files that may use a name, the place of every scenario in the
//! paper, and the completeness of the paper map.

use std::collections::BTreeSet;
use std::fs;

use raft_sim::checker::Property;
use raft_sim::plan::{FaultClass, PLAN_OPTIONS, TargetSort, Trigger};
use raft_sim::scenario::paper::{DISSERTATION, FIGURES};
use raft_sim::scenario::syntax;
use raft_sim::subject::{Capability, Field, SETTINGS, Setting, Settings};
use raft_sim::trace::JUDGED;
use raft_tests::paper_map::{self, CASES, PLACES, RULES, Where};
use raft_tests::{exports, files, root, scenarios};

/// The core's modules: each may import from those before it, and from itself.
const CORE: [&str; 12] = [
    "types",
    "settings",
    "message",
    "output",
    "input",
    "log",
    "membership",
    "progress",
    "sessions",
    "state",
    "roles",
    "node",
];

/// The host's modules, in the same order.
const HOST: [&str; 10] = [
    "disk", "machine", "frame", "record", "snapshot", "journal", "recovery", "options", "event",
    "host",
];

/// The modules of the subject interface, in the same order.
const SUBJECT: [&str; 5] = ["capability", "settings", "message", "subject", "protocol"];

/// The simulator's modules, in the same order.
const SIM: [&str; 41] = [
    "model",
    "mix",
    "rng",
    "time",
    "subject",
    "requests",
    "panics",
    "parallel",
    "network",
    "disk",
    "action",
    "observation",
    "trigger",
    "digest",
    "coverage",
    "checker",
    "world",
    "plan",
    "history",
    "run",
    "timeline",
    "export",
    "reference",
    "hosted",
    "scenario",
    "shrink",
    "faulty",
    "session",
    "explore",
    "process",
    "trace",
    "view",
    "desk",
    "guide",
    "strategies",
    "campaign",
    "report",
    "cli",
    "harness",
    "lib",
    "main",
];

/// The modules of the node, in the same order.
const NODE: [&str; 15] = [
    "bugs",
    "tls",
    "config",
    "types",
    "transport",
    "disk",
    "machine",
    "trace",
    "server",
    "client",
    "api",
    "serve",
    "node",
    "cluster",
    "cli",
];

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a source file can be read")
}

/// The modules a file imports from its own crate.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut found = BTreeSet::new();
    for line in code {
        for rest in line.split("crate::").skip(1) {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            found.insert(rest[..end].to_string());
        }
    }
    found
}

/// Every import of a module above its own, as `file imports module`.
fn upward_imports(folder: &str, layers: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for path in files(folder, "rs").expect("the sources can be read") {
        let below = path.trim_start_matches(folder).trim_start_matches('/');
        let module = below.split('/').next().unwrap_or(below).trim_end_matches(".rs");
        if module == "lib" || module == "main" {
            continue;
        }
        let rank = |name: &str| layers.iter().position(|layer| *layer == name);
        let Some(own) = rank(module) else {
            found.push(format!("{path} is in no layer"));
            continue;
        };
        for import in imports(&read(&path)) {
            if rank(&import).is_some_and(|rank| rank > own) {
                found.push(format!("{path} imports {import}"));
            }
        }
    }
    found
}

#[test]
fn modules_import_only_what_is_below_them() {
    assert_eq!(upward_imports("raft-core/src", &CORE), [""; 0]);
    assert_eq!(upward_imports("raft-host/src", &HOST), [""; 0]);
    assert_eq!(upward_imports("subjects/rust/src", &SUBJECT), [""; 0]);
    assert_eq!(upward_imports("raft-sim/src", &SIM), [""; 0]);
    assert_eq!(upward_imports("raft-node/src", &NODE), [""; 0]);
}

/// The checker of histories knows nothing of Raft: any system has clients.
#[test]
fn the_checker_of_histories_imports_only_arithmetic() {
    let history = files("raft-sim/src/history", "rs").expect("the sources can be read");
    let imported: BTreeSet<String> = history.iter().flat_map(|path| imports(&read(path))).collect();
    assert!(imported.iter().all(|module| ["history", "mix"].contains(&&**module)), "{imported:?}");
}

/// Where a file's imports lead, each as the folder and name of a module; and where the file itself is.
fn modules_of(path: &str, source: &str, known: &BTreeSet<Vec<String>>) -> BTreeSet<Vec<String>> {
    let own = module(path);
    let text = read(&format!("{source}/{path}"));
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code: Vec<&str> =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join(" ");
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        if code[..at].ends_with("super::") {
            continue;
        }
        let mut rest = &code[at..];
        let mut base = match rest.strip_prefix("crate::") {
            Some(_) => Vec::new(),
            None => own.clone(),
        };
        rest = rest.trim_start_matches("crate::");
        while let Some(above) = rest.strip_prefix("super::") {
            base.pop();
            rest = above;
        }
        let end = |c: char| !c.is_alphanumeric() && c != '_' && c != ':';
        let named = rest[..rest.find(end).unwrap_or(rest.len())].split("::");
        base.extend(named.filter(|name| !name.is_empty()).map(str::to_owned));
        let list = rest.find('{').filter(|open| rest[..*open].ends_with("::"));
        let list = list.map_or("", |open| rest[open..].split(';').next().unwrap_or_default());
        let listed = list.split(|c: char| !c.is_alphanumeric() && c != '_');
        let listed = listed.map(|name| [&base[..], &[name.to_owned()]].concat());
        for full in listed.chain([base.clone()]) {
            let longest = (1..=full.len()).rev().map(|to| &full[..to]);
            found.extend(longest.map(<[String]>::to_vec).find(|module| known.contains(module)));
        }
    }
    found.remove(&own);
    found
}

/// The module of a file below a source folder.
fn module(path: &str) -> Vec<String> {
    let mut module: Vec<String> =
        path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

/// Modules below one folder that import each other in a circle, each as `source: folder/module`. A folder's `mod.rs` stands for
/// the folder.
fn in_circles(source: &str) -> Vec<String> {
    let files = files(source, "rs").expect("the sources can be read").into_iter();
    let files: Vec<String> = files
        .map(|path| path.trim_start_matches(source).trim_start_matches('/').to_owned())
        .collect();
    let files = files
        .into_iter()
        .filter(|path| !["lib.rs", "main.rs"].contains(&&**path) && !path.contains("test"));
    let files: Vec<String> = files.collect();
    let known: BTreeSet<Vec<String>> = files.iter().map(|path| module(path)).collect();
    let mut arrows: BTreeSet<(Vec<String>, Vec<String>)> = BTreeSet::new();
    for path in &files {
        let own = module(path);
        for other in modules_of(path, source, &known) {
            let shared =
                std::iter::zip(&own, &other).take_while(|(one, other)| one == other).count();
            if shared < own.len() && shared < other.len() {
                arrows.insert((own[..=shared].to_vec(), other[..=shared].to_vec()));
            }
        }
    }
    let reaches = |from: &Vec<String>, to: &Vec<String>| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(one) = next.pop() {
            for (_, other) in arrows.iter().filter(|(from, _)| from == one) {
                if other == to {
                    return true;
                }
                if seen.insert(other) {
                    next.push(other);
                }
            }
        }
        false
    };
    let modules: BTreeSet<&Vec<String>> = arrows.iter().map(|(from, _)| from).collect();
    let circular = modules.into_iter().filter(|module| reaches(module, module));
    circular.map(|module| format!("{source}: {}", module.join("/"))).collect()
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    for source in
        ["raft-core/src", "raft-host/src", "subjects/rust/src", "raft-sim/src", "raft-node/src"]
    {
        assert_eq!(in_circles(source), [""; 0]);
    }
}

/// Types whose methods stand in more files than four, each with its reason in ARCHITECTURE.md.
const SPREAD: [&str; 3] = ["Leader", "Replay", "Run"];

#[test]
fn the_methods_of_a_type_stand_in_four_files_at_most() {
    let mut spread: BTreeSet<String> = BTreeSet::new();
    for source in
        ["raft-core/src", "raft-host/src", "subjects/rust/src", "raft-sim/src", "raft-node/src"]
    {
        let mut places: BTreeSet<(String, String)> = BTreeSet::new();
        for path in files(source, "rs").expect("the sources can be read") {
            let text = read(&path);
            for line in text.lines().filter(|line| line.starts_with("impl")) {
                let of = line.trim_start_matches("impl");
                let of = match of.strip_prefix('<') {
                    Some(generic) => generic.split_once("> ").map_or("", |(_, of)| of),
                    None => of.trim_start(),
                };
                let name = of.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                if !line.contains(" for ") {
                    // Of one name there may be several types, one in each top module.
                    let top = path.trim_start_matches(source).split('/').nth(1).unwrap_or_default();
                    places.insert((format!("{top}/{name}"), path.clone()));
                }
            }
        }
        let types: BTreeSet<&String> = places.iter().map(|(of, _)| of).collect();
        for of in types {
            if places.iter().filter(|(other, _)| other == of).count() > 4 {
                spread.insert(of.split('/').next_back().unwrap_or_default().to_owned());
            }
        }
    }
    assert_eq!(Vec::from_iter(spread), SPREAD);
    let page = read("ARCHITECTURE.md");
    for name in SPREAD {
        assert!(
            page.contains(&format!("| `{name}` |")),
            "ARCHITECTURE.md has no reason for {name}"
        );
    }
}

/// The files of a folder whose code, comments aside, has one of these texts.
fn naming(folder: &str, texts: &[&str]) -> Vec<String> {
    let mut found = files(folder, "rs").expect("the sources can be read");
    found.retain(|path| {
        let text = read(path);
        let mut code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.any(|line| texts.iter().any(|text| line.contains(text)))
    });
    found
}

#[test]
fn the_core_is_named_in_few_files_and_its_node_in_one() {
    let named = ["hosted/server", "reference/machine", "reference/mod", "reference/translate"];
    let named = named.map(|file| format!("raft-sim/src/{file}.rs"));
    assert_eq!(naming("raft-sim/src", &["raft_core"]), named);
    assert_eq!(naming("raft-sim/src", &["raft_core::{Input, Node", "Node::boot"]), named[2..3]);
    let hosted = ["device", "files", "server", "tear", "tests"];
    let hosted = hosted.map(|file| format!("raft-sim/src/hosted/{file}.rs"));
    assert_eq!(naming("raft-sim/src", &["raft_host"]), hosted);
    // The nouns, and nothing that behaves.
    let nouns = ["lib", "message", "subject"].map(|file| format!("subjects/rust/src/{file}.rs"));
    assert_eq!(naming("subjects/rust/src", &["raft_core"]), nouns);
    let behaves = ["Node}", "Node,", "Node::", "raft_core::*"];
    assert_eq!(naming("subjects/rust/src", &behaves), [""; 0]);
}

#[test]
fn the_subject_interface_is_named_in_few_files_and_its_protocol_where_children_are() {
    let named = ["model", "process/host", "process/mod", "subject/mod", "time"];
    let named = named.map(|file| format!("raft-sim/src/{file}.rs"));
    assert_eq!(naming("raft-sim/src", &["raft_subject"]), named);
    let protocol = naming("raft-sim/src", &["raft_subject::protocol::"]);
    assert_eq!(protocol, named[1..4]);
}

/// `--no-default-features` leaves out all code that names a process, a thread, the environment or a wall clock.
#[test]
fn the_operating_system_is_named_by_the_command_line_and_the_side_of_children() {
    let names = ["std::process", "std::thread", "std::net", "std::env", "Instant", "SystemTime"];
    let mut naming = naming("raft-sim/src", &names);
    naming.retain(|path| !path.contains("/cli/") && !path.contains("/process/"));
    assert_eq!(
        naming,
        ["harness", "main", "parallel"].map(|file| format!("raft-sim/src/{file}.rs"))
    );
    let lib = read("raft-sim/src/lib.rs");
    for (module, feature) in [("cli", "cli"), ("process", "cli"), ("harness", "harness")] {
        let only = format!("#[cfg(feature = \"{feature}\")]\npub mod {module};");
        assert!(lib.contains(&only), "{module} comes with the feature {feature}");
    }
}

#[test]
fn the_core_needs_nothing_but_alloc() {
    let manifest = read("raft-core/Cargo.toml");
    let lines: Vec<&str> = manifest.lines().filter(|line| !line.starts_with('#')).collect();
    let tables = lines.iter().filter(|line| line.starts_with('[') && line.contains("dependencies"));
    assert!(tables.eq([&"[dependencies]"]), "raft-core has no other dependencies");
    let needed = lines.iter().skip_while(|line| **line != "[dependencies]").skip(1);
    for line in needed.take_while(|line| !line.is_empty()) {
        assert!(line.starts_with("serde = ") && line.contains("optional = true"), "{line}");
        assert!(line.contains("default-features = false"), "{line}: `std`");
    }
    assert!(!lines.iter().any(|line| line.starts_with("default =")), "all features are off");
    assert!(read("raft-core/src/lib.rs").contains("#![no_std]"));
}

#[test]
fn a_scenario_stands_in_the_folder_of_its_section() {
    for (path, scenario) in scenarios().expect("every scenario parses") {
        let folder = path.split('/').nth(1).unwrap_or_default();
        let section = match folder.strip_prefix("diss-") {
            Some(rest) => format!("diss. §{}", rest.split('-').next().unwrap_or_default()),
            None => format!("§{}", folder.split('-').next().unwrap_or_default()),
        };
        let paper = &scenario.header.paper;
        let first = paper.split(',').next().unwrap_or_default();
        let within = first
            .strip_prefix(&section)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        assert!(within, "{path}: {paper}");
    }
}

#[test]
fn a_scenario_is_in_canonical_form() {
    for (path, scenario) in scenarios().expect("every scenario parses") {
        let canonical = scenario.to_string();
        assert_eq!(read(&path), canonical, "{path}: write it with `raft-sim fmt`");
    }
}

#[test]
fn a_scenario_is_about_an_item_of_the_paper_map() {
    for (path, scenario) in scenarios().expect("every scenario parses") {
        for about in paper_map::about(&scenario) {
            let figures = FIGURES.iter().flat_map(|(_, items)| *items);
            let known = figures.chain(&DISSERTATION).any(|item| item.name == about);
            assert!(known, "{path}: `{about}` is not in the paper map's list");
        }
    }
}

#[test]
fn the_paper_map_is_complete_and_current() {
    let scenarios = scenarios().expect("every scenario parses");
    for item in FIGURES.iter().flat_map(|(_, items)| *items) {
        let covered = scenarios
            .iter()
            .any(|(_, scenario)| paper_map::about(scenario).any(|about| about == item.name));
        assert!(covered, "no scenario is about {}", item.name);
        if let Some((file, text)) = paper_map::place(item.name) {
            let found = read(&format!("raft-core/src/{file}")).contains(text);
            assert!(found, "{}: `{text}` is not in {file}", item.name);
        }
    }
    for (rule, ..) in RULES {
        let known = FIGURES.iter().flat_map(|(_, items)| *items).any(|item| item.name == rule);
        assert!(known, "{rule}: is in no figure");
    }
    assert!(DISSERTATION.iter().map(|item| item.name).eq(PLACES.iter().map(|(name, _)| *name)));
    for (name, place) in PLACES {
        if let Where::Core(file) = place {
            let covered = scenarios
                .iter()
                .any(|(_, scenario)| paper_map::about(scenario).any(|it| it == name));
            assert!(covered, "no scenario is about {name}");
            assert!(read(&format!("raft-core/src/{file}")).contains("diss."), "{name}: {file}");
        }
    }
    for file in CASES.iter().flat_map(|(_, files)| *files) {
        let path = format!("scenarios/{file}.raft");
        assert!(scenarios.iter().any(|(known, _)| *known == path), "{path} does not exist");
    }
    assert!(
        read("docs/paper-map.md") == paper_map::render(&scenarios),
        "docs/paper-map.md is out of date: cargo run -p raft-tests --bin paper-map > docs/paper-map.md"
    );
}

/// The rows of the first table below a heading.
fn rows<'a>(page: &'a str, heading: &str) -> Vec<&'a str> {
    let (_, below) = page.split_once(&format!("\n{heading}\n")).expect("the heading");
    let rows = below.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    rows.take_while(|line| line.starts_with('|')).collect()
}

#[test]
fn the_protocol_page_has_the_table_of_capabilities() {
    let row = |it: Capability| format!("| `{it}` | {} | {} |", it.what(), it.section());
    let page = read("docs/subject-protocol.md");
    assert_eq!(rows(&page, "## Capabilities"), Capability::ALL.map(row));
    assert_eq!(rows(&page, "### By design"), Capability::DESIGN.map(row));
}

#[test]
fn the_page_of_the_language_has_the_table_of_settings() {
    let row = |setting: &Setting| {
        let Setting { word, name, what, section, needs, field, .. } = setting;
        let value = match field {
            Field::Ticks(_) => " A..B",
            Field::Number(..) | Field::Limit(..) => " N",
            Field::Percent(_) => " N%",
            Field::Flag(_) => "",
            Field::Changes(_) => " HOW",
        };
        let mut unless_set = syntax::Settings::default();
        unless_set.set(setting, Settings::default());
        let unless_set = unless_set.to_string();
        let unless_set = unless_set.strip_prefix(word).map_or("off", str::trim);
        let needs = needs.map_or(String::new(), |capability| format!("`{capability}`"));
        format!("| `{word}{value}` | `{name}` | {what} | {section} | {unless_set} | {needs} |")
    };
    let page = read("docs/scenario-language.md");
    assert_eq!(rows(&page, "## Settings"), SETTINGS.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn the_page_of_exports_has_the_kinds_and_fields_of_the_code() {
    let page = read("docs/exports.md");
    assert!(
        exports::page(&page).as_ref() == Ok(&page),
        "docs/exports.md is out of date: cargo run -p raft-tests --bin exports"
    );
}

#[test]
fn the_readme_of_a_published_crate_has_no_links_outside_of_it() {
    for folder in ["raft-core", "raft-host", "raft-node", "raft-sim", "subjects/rust"] {
        let manifest = read(&format!("{folder}/Cargo.toml"));
        assert!(manifest.contains("\nreadme = \"README.md\"\n"), "{folder} has its own");
        let readme = read(&format!("{folder}/README.md"));
        let links = readme.split("](").skip(1).filter(|link| !link.starts_with("https://"));
        assert_eq!(links.collect::<Vec<_>>(), [""; 0], "{folder}/README.md");
    }
}

#[test]
fn the_hunting_page_has_a_row_for_each_plan_option() {
    let page = read("docs/hunting.md");
    for option in PLAN_OPTIONS {
        let row = format!("\n| `--{} ", option.name);
        assert!(page.contains(&row), "docs/hunting.md: no row for --{}", option.name);
    }
}

#[test]
fn the_faults_page_has_each_class_target_and_trigger() {
    let page = read("docs/faults.md");
    let classes = FaultClass::ALL.iter().map(|class| format!("| `{class}` |"));
    let row = |title: &str| {
        let (_, name) = title.split_once(": ").expect("a target or a trigger");
        format!("\n| {name} |")
    };
    let targets = TargetSort::ALL.iter().map(|target| row(target.name()));
    let triggers = Trigger::ALL.iter().map(|trigger| row(trigger.title()));
    for row in classes.chain(targets).chain(triggers) {
        assert!(page.contains(&row), "docs/faults.md: nothing like {row:?}");
    }
}

#[test]
fn the_page_of_properties_has_a_row_for_each() {
    let page = read("docs/invariants.md");
    for property in Property::ALL {
        let claims: Vec<String> =
            property.claims().iter().map(|claim| format!("`{claim}`")).collect();
        let of = match claims.is_empty() {
            true => "any Raft".to_owned(),
            false => format!("claim {}", claims.join(" or ")),
        };
        let traced = if JUDGED.contains(&property) { ", traces" } else { "" };
        let row = format!("| {} | `{}` | {of}{traced} | ", property.number(), property.name());
        assert!(page.contains(&row), "docs/invariants.md has no row that begins with {row}");
    }
}

#[test]
fn files_stay_short() {
    let subjects = ["subjects/rust/src", "subjects/rust-example/src"];
    let folders = ["raft-core/src", "raft-host/src", "raft-node/src", "raft-sim/src", "tests/src"];
    for folder in folders.into_iter().chain(subjects) {
        for path in files(folder, "rs").expect("the sources can be read") {
            let lines = read(&path).lines().count();
            assert!(lines <= 480, "{path} has {lines} lines: about 400 is the measure");
        }
    }
}
