//! `raft-sim view --what-if`: the simulator in a page. `raft-sim/wasm/try` asks the module itself.

use std::fs;
use std::path::PathBuf;

#[expect(dead_code, reason = "no page shows the output of this command: it writes files")]
mod program;

use program::{root, said};
use serde_json::Value;

fn folder(test: &str) -> PathBuf {
    let folder =
        std::env::temp_dir().join(format!("raft-sim-what-if-{test}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder is made");
    fs::write(folder.join("raft-sim.wasm"), b"\0asm\x01\0\0\0").expect("a file is written");
    folder
}

#[test]
fn a_page_has_the_module_and_the_run_that_it_is_to_load() {
    let folder = folder("page");
    for (args, load) in [
        (["view", "--seed", "42"].as_slice(), "plan"),
        (["view", "figure-8-e"].as_slice(), "scenario"),
    ] {
        let plain = ["--force", "--out", "plain.html"];
        let with = ["--force", "--out", "with.html", "--what-if", "raft-sim.wasm"];
        assert_eq!(said(&folder, &[args, &plain].concat()).0, 0);
        assert_eq!(said(&folder, &[args, &with].concat()).0, 0);
        let [plain, page] = ["plain.html", "with.html"]
            .map(|name| fs::read_to_string(folder.join(name)).expect("the page was written"));
        assert!(!plain.contains("what-if-module"), "a page has it only if it is asked for");
        assert!(
            page.contains(
                "<script type=\"text/plain\" id=\"what-if-module\">AGFzbQEAAAA=</script>"
            )
        );
        let (_, block) = page.split_once("id=\"what-if-load\">").expect("the request");
        let (request, _) = block.split_once("</script>").expect("its end");
        let request: Value = serde_json::from_str(request).expect("it is JSON");
        assert_eq!(request["op"], "load");
        assert!(!request[load].is_null(), "{request}");
    }
    fs::remove_dir_all(&folder).expect("it is there");
}

#[test]
fn a_playground_has_the_module_the_empty_clusters_and_the_figures() {
    let folder = folder("playground");
    let args = ["view", "--playground", "--what-if", "raft-sim.wasm", "--out", "play.html"];
    assert_eq!(said(&folder, &args).0, 0);
    let page = fs::read_to_string(folder.join("play.html")).expect("the page was written");
    let (_, block) = page.split_once("id=\"what-if-load\">").expect("what it begins with");
    let (load, _) = block.split_once("</script>").expect("its end");
    let load: Value = serde_json::from_str(load).expect("it is JSON");
    let starts = load["starts"].as_array().expect("a list");
    assert!(starts.len() > 50, "{}", starts.len());
    let (code, _, err) = said(&folder, &["view", "--playground", "--out", "other.html"]);
    assert_eq!(code, 2);
    assert!(err.contains("--what-if <FILE>"), "{err}");
    fs::remove_dir_all(&folder).expect("it is there");
}

#[test]
fn what_the_module_can_not_run_is_refused() {
    let folder = folder("refused");
    fs::write(folder.join("text.wasm"), "no module").expect("a file is written");
    let trace = root().join("docs/traces/late-vote.jsonl");
    let trace = trace.to_string_lossy();
    for (args, why) in [
        (["view", "--seed", "1", "--what-if", "text.wasm"].as_slice(), "is no WebAssembly module"),
        (&["view", "--seed", "1", "--what-if", "none.wasm"], "none.wasm: cannot be read"),
        (&["view", &trace, "--what-if", "raft-sim.wasm"], "can't run what a trace reports"),
        (
            &["view", "--seed", "1", "--what-if", "raft-sim.wasm", "--subject", "x"],
            "cannot be used with",
        ),
    ] {
        let (code, _, err) = said(&folder, args);
        assert!(code == 2 && err.contains(why), "{args:?}: {err}");
        assert!(!folder.join("run.html").exists(), "{args:?}");
    }
    fs::remove_dir_all(&folder).expect("it is there");
}
