//! Campaigns as a library runs them.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use super::repeat::repeats;
use super::*;
use crate::faulty::{Forgetful, Nondeterministic};
use crate::guide::Guide;
use crate::plan::PlanOptions;
use crate::reference::Reference;
use crate::subject::{Boot, Capability, Implementation, Subject, View};

/// Short runs of these seeds.
fn short(part: impl Into<Part>) -> Options {
    let plan = PlanOptions { duration_ms: Some(400), ..PlanOptions::default() };
    let each = SeedOptions { plan, shrink: false, ..SeedOptions::default() };
    Options { part: part.into(), each, ..Options::default() }
}

/// Sink that keeps its notifications as lines.
#[derive(Default)]
struct Kept {
    news: Vec<String>,
    /// Fails at a finding.
    full: bool,
}

/// Watch that stops a campaign in the middle of a seed, after a number of others.
struct After {
    seeds: AtomicU64,
    most: u64,
}

impl Watch for After {
    fn stop(&self) -> bool {
        self.seeds.load(Ordering::Relaxed) >= self.most
    }

    fn seed_done(&self) {
        self.seeds.fetch_add(1, Ordering::Relaxed);
    }
}

impl Sink for Kept {
    fn started(&mut self, header: &Header, campaign: &Campaign) -> io::Result<()> {
        self.news.push(format!("started {} at {}", header.seeds(), campaign.through));
        Ok(())
    }

    fn batch(&mut self, campaign: &Campaign, guide: Option<&Guide>) -> io::Result<()> {
        let guided = if guide.is_some() { ", guided" } else { "" };
        self.news.push(format!("batch up to {}{guided}", campaign.through));
        Ok(())
    }

    fn finding(&mut self, header: &Header, finding: &Finding) -> io::Result<()> {
        if self.full {
            return Err(io::Error::other("there is no room"));
        }
        assert!(finding.scenario.is_none(), "it is told before it is shrunk");
        self.news.push(format!("finding: {}", header.replay(finding.seed)));
        Ok(())
    }

    fn shrunk(&mut self, _: &Header, _: &Campaign, shown: &Finding) -> io::Result<()> {
        assert!(!shown.pending && shown.scenario.is_some(), "{shown:?}");
        self.news.push(format!("shrunk: {}", shown.seed));
        Ok(())
    }

    fn ended(&mut self, ended: &Ended) -> io::Result<()> {
        self.news.push(format!("ended: {:?}", ended.ending));
        Ok(())
    }
}

#[test]
fn a_sink_is_notified_in_the_order_of_the_seeds() {
    let mut kept = Kept::default();
    let options = Options { limits: Limits { findings: Some(1), steps: None }, ..short(0..1_000) };
    let ended = Runner::new(options, &Forgetful).run(&mut kept).expect("it takes all");
    let seed = ended.campaign.findings.distinct().next().expect("a finding").seed;
    let (last, batches) = (seed + 1, &kept.news[1..kept.news.len() - 2]);
    assert_eq!(kept.news[0], "started 0..1000 at 0");
    assert_eq!(batches.last(), Some(&format!("batch up to {last}")), "the finding ends it");
    let finding = format!("finding: raft-sim run --seed {seed} --duration 400");
    assert_eq!(kept.news[batches.len() + 1..], [finding, "ended: Enough".to_owned()]);
}

#[test]
fn a_watch_can_stop_a_campaign_and_another_can_go_on() {
    let whole = Runner::new(short(0..20), &Forgetful).run(&mut ()).expect("the sink never fails");
    assert_eq!((whole.ending, whole.campaign.sums.seeds), (Ending::Done, 20));
    let watch = After { seeds: AtomicU64::new(0), most: 7 };
    let one = Runner::new(short(0..20), &Forgetful).threads(std::num::NonZeroUsize::MIN);
    let one = one.watch(&watch).run(&mut ()).expect("it takes all");
    assert_eq!((one.ending, one.campaign.through), (Ending::Stopped, 7));
    let mut kept = Kept::default();
    let rest = Runner::new(short(0..20), &Forgetful).resume(one.campaign);
    let rest = rest.run(&mut kept).expect("it takes all");
    assert_eq!(kept.news[..2], ["started 0..20 at 7", "batch up to 20"]);
    assert_eq!((rest.ending, rest.campaign), (Ending::Done, whole.campaign));
}

/// Watch that stops a campaign at its first look in the middle of a run.
struct Within(AtomicU64);

impl Watch for Within {
    fn stop(&self) -> bool {
        // The first look is made before the first seed.
        self.0.fetch_add(1, Ordering::Relaxed) > 0
    }
}

#[test]
fn a_seed_that_is_interrupted_counts_as_not_run() {
    let watch = Within(AtomicU64::new(0));
    let one = Runner::new(short(0..20), &Reference).threads(std::num::NonZeroUsize::MIN);
    let ended = one.watch(&watch).run(&mut ()).expect("the sink never fails");
    assert_eq!((ended.ending, ended.campaign), (Ending::Stopped, Campaign::default()));
    assert_eq!(watch.0.into_inner(), 20 + 1, "before each seed, and once within the first");
}

#[test]
fn a_finding_is_told_before_it_is_shrunk() {
    let mut kept = Kept::default();
    let mut options =
        Options { limits: Limits { findings: Some(1), steps: None }, ..short(0..1_000) };
    options.each.shrink = true;
    let ended = Runner::new(options, &Forgetful).run(&mut kept).expect("it takes all");
    let seed = ended.campaign.findings.distinct().next().expect("a finding").seed;
    let finding = format!("finding: raft-sim run --seed {seed} --duration 400");
    let last = &kept.news[kept.news.len() - 3..];
    assert_eq!(last, [finding, format!("shrunk: {seed}"), "ended: Enough".to_owned()]);
}

#[test]
fn an_error_of_its_sink_ends_a_campaign() {
    let mut kept = Kept { full: true, ..Kept::default() };
    let refused = Runner::new(short(0..40), &Forgetful).run(&mut kept).expect_err("a finding");
    assert_eq!(refused.to_string(), "there is no room");
    assert!(!kept.news.iter().any(|news| news.starts_with("ended")), "{:?}", kept.news);
}

#[test]
fn a_guided_campaign_passes_its_guide_to_the_sink() {
    let mut options = short(0..70);
    options.each.guided = true;
    let mut kept = Kept::default();
    let ended = Runner::new(options, &Reference).run(&mut kept).expect("it takes all");
    assert_eq!(kept.news[1..3], ["batch up to 64, guided", "batch up to 70, guided"]);
    assert!(ended.guide.is_some_and(|guide| guide.states() > 0));
}

#[test]
fn a_capability_that_is_left_out_is_not_used() {
    let mut options = short(0..20);
    options.each.plan.capabilities = Some(Vec::new());
    let ended = Runner::new(options, &Reference).run(&mut ()).expect("the sink never fails");
    let reads = crate::coverage::Feature::ALL.iter().zip(&ended.campaign.sums.features);
    let mut some = reads.filter(|(_, share)| share.0 > 0).map(|(it, _)| it.title());
    // What any Raft comes to, by its size and in its elections.
    let any = ["commits by", "leaderships regained", "replies to an earlier one"];
    assert_eq!(some.find(|title| !any.iter().any(|begin| title.starts_with(begin))), None);
}

#[test]
fn one_in_64_seeds_is_run_twice() {
    let seed = (0..).find(|seed| repeats(*seed)).expect("there is one");
    let ended = Runner::new(short(seed..seed + 1), &Nondeterministic::default()).run(&mut ());
    let ended = ended.expect("the sink never fails");
    let finding = ended.campaign.findings.distinct().next().expect("it does not repeat itself");
    assert_eq!(finding.kind, Kind::NotRepeatable);
    let show = ended.header.show(finding.kind, seed);
    let seeds = format!("--seeds {seed}..{}", seed + 1);
    assert_eq!(show, format!("raft-sim fuzz --check-determinism {seeds} --duration 400"));
}

/// The reference core, in a program that panics when it is to start over.
struct Broken;

impl Implementation for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    fn capabilities(&self) -> &[Capability] {
        &[]
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        Reference.boot(boot)
    }

    fn start_over(&self) -> bool {
        panic!("it can't start over")
    }
}

#[test]
fn the_seed_at_which_the_program_fails_is_named_and_those_before_count() {
    let first = (0..).find(|seed| repeats(*seed)).expect("there is one");
    let ended =
        Runner::new(short(0..first + 5), &Broken).run(&mut ()).expect("the sink never fails");
    let Ending::Failed { seed, why } = ended.ending else { panic!("{:?}", ended.ending) };
    assert_eq!((seed, ended.campaign.through), (first, first));
    assert!(why.contains("internal error") && why.contains("it can't start over"), "{why}");
}
