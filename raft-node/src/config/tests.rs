//! Configuration: what overrides what, and what is refused.

use super::*;

const FILE: &str = r#"
cluster = 7
data = "somewhere"

[servers]
1 = { peer = "127.0.0.1:7101", api = "127.0.0.1:8101" }
2 = { peer = "127.0.0.1:7102", api = "127.0.0.1:8102" }

[timing]
election_min_ms = 400
election_max_ms = 800
"#;

fn one_of(id: u32) -> Overrides {
    Overrides { id: Some(id), ..Overrides::default() }
}

fn error(text: &str, overrides: &Overrides) -> String {
    Config::parse(text, overrides).expect_err("it is refused").to_string()
}

#[test]
fn overrides_count_more_than_the_file() {
    let overrides =
        Overrides { api: Some("127.0.0.1:9".to_string()), election_max_ms: Some(900), ..one_of(2) };
    let config = Config::parse(FILE, &overrides).expect("it makes sense");
    assert_eq!((config.id, config.cluster), (NodeId(2), 7));
    assert_eq!(config.data, PathBuf::from("somewhere/2"));
    assert_eq!(config.own().api, "127.0.0.1:9");
    assert_eq!(config.own().peer, "127.0.0.1:7102");
    assert_eq!(config.settings().election_timeout_min, 40);
    assert_eq!(config.settings().election_timeout_max, 90);
}

#[test]
fn each_mistake_is_named() {
    assert!(error(FILE, &Overrides::default()).contains("--id"));
    assert!(error(FILE, &one_of(3)).contains("no `3`"));
    let unknown = error(&format!("colour = 1\n{FILE}"), &one_of(1));
    assert!(unknown.contains("colour") && unknown.contains("line 1"), "{unknown}");
    let twice = FILE.replace("7102", "7101");
    assert!(error(&twice, &one_of(1)).contains("`peer` of S1 already"));
    assert!(error(&FILE.replace("127.0.0.1:7101", "nowhere"), &one_of(1)).contains("host:port"));
    assert!(error(&FILE.replace("1 = {", "one = {"), &one_of(1)).contains("\"one\""));
    assert!(error(&FILE.replace("400", "900"), &one_of(1)).contains("longer than the longest"));
    let slow = Overrides { heartbeat_ms: Some(500), ..one_of(1) };
    assert!(error(FILE, &slow).contains("below the shortest election timeout"));
    assert!(error("servers = 3", &one_of(1)).contains("line 1"));
}

#[test]
fn beyond_loopback_it_takes_a_flag() {
    let open = FILE.replace("127.0.0.1:8101", "0.0.0.0:8101");
    assert!(error(&open, &one_of(1)).contains("--allow-remote"));
    let allowed = Overrides { allow_remote: true, ..one_of(1) };
    Config::parse(&open, &allowed).expect("it was allowed");
    // The addresses of others are where they listen, not where this one does.
    Config::parse(&open, &one_of(2)).expect("its own are those of loopback");
}
