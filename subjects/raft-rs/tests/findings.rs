//! The findings, each as a scenario: it shows its violation in an application without precautions, and no violation
//! in a careful one.

use std::fs;

use raft_rs_subject::RaftRs;
use raft_sim::scenario::parse::parse;
use raft_sim::scenario::replay::{Verdict, replay};
use raft_sim::scenario::source::Source;

#[test]
fn each_finding_is_there_without_precautions_and_gone_with_them() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let mut files = 0;
    for file in fs::read_dir(folder).expect("the folder is there") {
        let path = file.expect("it can be read").path();
        let text = fs::read_to_string(&path).expect("it can be read");
        let name = path.display().to_string();
        let scenario = parse(&Source::new(&name, &text)).expect("it is a scenario");
        assert_eq!(replay(&scenario, &RaftRs::Bare, &mut ()), Verdict::Passed, "{name}");
        // A careful application never shows the violation that would let it pass.
        let careful = replay(&scenario, &RaftRs::Careful, &mut ());
        let gone = matches!(&careful, Verdict::Failed(failure) if failure.property.is_none());
        assert!(gone, "{name}: {careful:?}");
        files += 1;
    }
    assert!(files >= 5, "{files} findings");
}
