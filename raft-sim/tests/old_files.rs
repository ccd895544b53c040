//! Files of earlier builds: plans and results whose fields and values had other names.

use std::fs;
use std::path::Path;

use raft_sim::campaign;
use raft_sim::plan::{
    AdminClass, AdminTarget, FaultClass, FaultKind, Plan, PlanOptions, Target, Trigger,
};
use raft_sim::reference::Reference;
use raft_sim::run::run;

fn old(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old").join(name)
}

/// The digest is the one that the build printed which wrote the file.
#[test]
fn a_plan_with_the_old_names_is_the_same_plan() {
    let text = fs::read_to_string(old("plan.json")).expect("the file is there");
    let plan: Plan = serde_json::from_str(&text).expect("the old names are read");
    let kinds = plan.faults.iter().map(|fault| &fault.kind);
    let renamed = kinds.filter(|kind| {
        matches!(
            kind,
            FaultKind::HoldKinds(..) | FaultKind::StallApply(_) | FaultKind::RestartWith(..)
        )
    });
    assert_eq!(renamed.count(), plan.faults.len());
    assert_eq!(plan.faults[1].kind, FaultKind::StallApply(Target::Actor));
    assert_eq!(plan.faults[1].trigger, Some(Trigger::HandsOver));
    assert_eq!(plan.admin_ops[0].of, AdminTarget::One(Target::Actor));
    let outcome = run(&plan, &Reference, true, &mut ()).expect("it boots");
    assert_eq!(format!("{:016x}", outcome.digest), "cb56850a316717fa");

    let written = serde_json::to_string(&plan).expect("it is data");
    for name in ["weather", "tasks", "moment", "vault", "laze", "renew", "doer"] {
        assert!(text.contains(&format!("\"{name}\"")), "{name}");
        assert!(!written.contains(&format!("\"{name}\"")), "{name}");
    }
    assert_eq!(serde_json::from_str::<Plan>(&written).expect("the new names are read"), plan);
}

#[test]
fn results_of_both_versions_are_read() {
    let plan = PlanOptions {
        servers: Some(3),
        faults: Some(vec![FaultClass::HoldKinds, FaultClass::RestartWith]),
        admin_ops: Some(vec![AdminClass::Reads, AdminClass::Transfer]),
        ..PlanOptions::default()
    };
    let first = campaign::load(&old("results-1.jsonl")).expect("version 1 is read");
    assert_eq!(first.header.options.plan, plan);
    let progress = first.campaign.sums.progress;
    assert_eq!((progress.obligation, progress.no_obligation), (39, 0));

    let text = fs::read_to_string(old("results-1.jsonl")).expect("the file is there");
    let (_, sums) = text.split_once('\n').expect("it has two lines");
    let options = r#""plan":{"servers":3,"profile":"swarm","faults":["vault","renew"],"tasks":["reads","transfer"]},"twice":false,"shrink":true,"guided":false"#;
    let header = format!(
        r#"{{"format":"raft-sim results","version":2,"program":"0.1.0","implementation":"raft-core","options":{{{options}}},"parts":[{{"from":0,"to":40,"shard":0,"of":1}}]}}"#
    );
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("results-2.jsonl");
    fs::write(&path, format!("{header}\n{sums}")).expect("it can be written");
    let second = campaign::load(&path).expect("version 2 is read");
    assert_eq!(second.header.options.plan, plan);
    assert_eq!(second.campaign, first.campaign);

    // A build with another kind of fault has other numbers in their places.
    let (sums, faults) = sums.split_once(r#""faults":[["#).expect("the sums of faults");
    let (_, fewer) = faults.split_once("],").expect("several sorts of faults");
    fs::write(&path, format!("{header}\n{sums}\"faults\":[{fewer}")).expect("it can be written");
    let error = campaign::load(&path).expect_err("these are not its sorts");
    assert!(error.ends_with("line 2 counts 52 sorts of faults, and this program 61"), "{error}");
}
