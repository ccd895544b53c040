//! The file: the page as it was built, with the data of one run or of two in it.

use std::fmt::Write;

use super::Run;

/// The page without data. `raft-sim/page/check` builds it again and compares.
const PAGE: &str = include_str!("../../page/dist/page.html");
/// The window for "what if". `raft-sim/page/check` builds it again and compares.
const WHAT_IF: &str = include_str!("../../page/dist/what-if.js");
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
    page_with(runs, None)
}

/// The same with the simulator, if it is to answer "what if".
///
/// # Panics
/// If memory does not take the text.
#[must_use]
pub fn page_with(runs: &[Run], what_if: Option<&WhatIf>) -> String {
    let (head, tail) = PAGE.split_once(PLACE).unwrap_or((PAGE, ""));
    let mut page = head.to_owned();
    for run in runs {
        let data = data(run);
        let sum = sum(&data);
        write!(page, "<script type=\"application/json\" class=\"run\" data-sum=\"{sum:08x}\">")
            .expect("memory takes it");
        page += &data;
        page += "</script>\n";
    }
    if let Some(WhatIf { module, load }) = what_if {
        write!(
            page,
            "<script type=\"application/json\" id=\"what-if-load\">{}</script>\n\
             <script type=\"text/plain\" id=\"what-if-module\">{module}</script>\n\
             <script>{WHAT_IF}</script>\n",
            ascii(load)
        )
        .expect("memory takes it");
    }
    page + tail
}

/// The data of a run as JSON in ASCII. It has no `<`, so that nothing in it ends its block.
pub(super) fn data(run: &Run) -> String {
    ascii(&serde_json::to_string(run).expect("numbers and texts can be written"))
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
