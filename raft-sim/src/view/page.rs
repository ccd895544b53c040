//! The file: the page as it was built, with the data of one run or of two in it.

use std::fmt::Write;

use super::Run;

/// The page without data. `raft-sim/page/check` builds it again and compares.
const PAGE: &str = include_str!("../../page/dist/page.html");
/// The window for "what if". `raft-sim/page/check` builds it again and compares.
const WHAT_IF: &str = include_str!("../../page/dist/what-if.js");
/// The script of the playground. `raft-sim/page/check` builds it again and compares.
const PLAYGROUND: &str = include_str!("../../page/dist/playground.js");
/// The place of the data.
const PLACE: &str = "<!--runs-->";

/// The simulator in a page.
#[derive(Clone, Debug)]
pub struct WhatIf {
    /// The WebAssembly module, in base64.
    pub module: String,
    /// The request that loads the first run of the page (`raft-sim/wasm/README.md`).
    pub load: String,
}

/// A page with one run, or with several that are compared.
///
/// # Panics
/// If memory does not take the text.
#[must_use]
pub fn page(runs: &[Run]) -> String {
    assembled(runs, "")
}

/// The same with the simulator, if it is to answer "what if".
///
/// # Panics
/// If memory does not take the text.
#[must_use]
pub fn page_with(runs: &[Run], what_if: Option<&WhatIf>) -> String {
    let simulator = what_if.map(|WhatIf { module, load }| simulator(module, load, WHAT_IF));
    assembled(runs, &simulator.unwrap_or_default())
}

/// A page in which a run is made step by step, by the module. It begins with this run, which the first of `starts`
/// makes: titles and texts of scenarios, as JSON.
///
/// # Panics
/// If memory does not take the text.
#[must_use]
pub fn playground(run: &Run, module: &str, starts: &str) -> String {
    assembled(std::slice::from_ref(run), &simulator(module, starts, PLAYGROUND))
}

/// The page with the data of runs, and scripts behind it.
fn assembled(runs: &[Run], scripts: &str) -> String {
    let (head, tail) = PAGE.split_once(PLACE).unwrap_or((PAGE, ""));
    let mut page = head.to_owned();
    for run in runs {
        let (data, sum) = data(run);
        write!(page, "<script type=\"application/json\" class=\"run\" data-sum=\"{sum}\">")
            .expect("memory takes it");
        page += &data;
        page += "</script>\n";
    }
    page + scripts + tail
}

/// The module, in base64, with what its script loads into it.
fn simulator(module: &str, load: &str, script: &str) -> String {
    format!(
        "<script type=\"application/json\" id=\"what-if-load\">{}</script>\n\
         <script type=\"text/plain\" id=\"what-if-module\">{module}</script>\n\
         <script>{script}</script>\n",
        ascii(load)
    )
}

/// The data of a run as JSON in ASCII, and its checksum. It has no `<`, so that nothing in it ends its block.
///
/// # Panics
/// If memory does not take the text.
#[must_use]
pub fn data(run: &Run) -> (String, String) {
    let data = ascii(&serde_json::to_string(run).expect("numbers and texts can be written"));
    let sum = format!("{:08x}", sum(&data));
    (data, sum)
}

/// JSON in ASCII, without `<`.
fn ascii(json: &str) -> String {
    let mut data = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && c != '<' {
            data.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(data, "\\u{unit:04x}").expect("memory takes it");
        }
    }
    data
}

/// FNV-1a of the data: the page tells by it that it is whole.
fn sum(data: &str) -> u32 {
    data.bytes().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
