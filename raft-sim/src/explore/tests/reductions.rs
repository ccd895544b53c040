//! What is left out changes no verdict.

use super::*;

/// The reference core, which boots without the last entry of its log.
pub(super) struct Shortened;

impl Implementation for Shortened {
    fn name(&self) -> &str {
        "shortened"
    }

    fn capabilities(&self) -> &[Capability] {
        Implementation::capabilities(&Reference)
    }

    fn boot(&self, boot: Boot) -> Result<(Box<dyn Subject>, View), String> {
        let mut boot = boot;
        boot.log.pop();
        Reference.boot(boot)
    }
}

/// Bounds that are exhausted in no time, with all that a reduction leaves out.
pub(super) fn small() -> [Bounds; 5] {
    let pair = Bounds { servers: 2, ..bounds(1, 1, 0) };
    let joined = Bounds { servers: 1, joiners: 1, members: 1, ..pair };
    [
        bounds(0, 1, 0),
        Bounds { terms: 2, ..pair },
        Bounds { heartbeats: 1, crashes: 2, ..pair },
        Bounds { entries: 0, heartbeats: 1, reads: 1, ..pair },
        Bounds { heartbeats: 1, duplicates: 1, ..joined },
    ]
}

/// The verdict, and the actions of a shortest history if one violates a property.
pub(super) fn verdict(
    implementation: &dyn Implementation,
    options: &Options,
) -> Option<(Finding, usize)> {
    match explored(implementation, options).end {
        End::Exhausted => None,
        End::Found(found) => {
            assert!(found.fails, "{}", found.scenario);
            Some((found.finding, found.actions))
        }
        end @ (End::Stopped | End::Failed(_)) => panic!("{end:?}"),
    }
}

#[test]
fn crashes_that_change_nothing_change_no_verdict() {
    let reductions = Reductions { skip_idle_crashes: true, ..Reductions::default() };
    for bounds in small() {
        for histories in [false, true] {
            let all = Options { histories, ..Options::new(bounds) };
            let fewer = Options { reductions, ..all.clone() };
            let (generated, distinct, _) = counts(&all);
            let (less, fewer_distinct, _) = counts(&fewer);
            assert!(less < generated && fewer_distinct < distinct, "{bounds:?}");
            for broken in [&Forgetful as &dyn Implementation, &Shortened] {
                let found = verdict(broken, &all);
                assert_eq!(verdict(broken, &fewer), found);
                assert!(found.is_some(), "{bounds:?}");
            }
        }
    }
}

#[test]
fn one_order_of_actions_that_commute_reaches_all_states_at_the_same_depth() {
    let reductions = Reductions { sleep_sets: true, ..Reductions::default() };
    for bounds in small() {
        let all = Options::new(bounds);
        let one = Options { reductions, ..all.clone() };
        let (generated, distinct, depth) = counts(&all);
        let (fewer, same, as_deep) = counts(&one);
        assert_eq!((same, as_deep), (distinct, depth), "{bounds:?}");
        assert!(fewer < generated, "{bounds:?}");
        let two = Options { threads: NonZeroUsize::new(2).expect("more than none"), ..one.clone() };
        assert_eq!(counts(&two), counts(&one));
        for broken in [&Forgetful as &dyn Implementation, &Shortened] {
            let length = |options| verdict(broken, options).map(|(_, actions)| actions);
            assert_eq!(length(&one), length(&all));
            assert!(length(&all).is_some(), "{bounds:?}");
        }
    }
}

#[test]
fn states_by_other_names_have_no_sleep_sets() {
    let sleep_sets = Reductions { sleep_sets: true, ..Reductions::default() };
    let of = Options::new(bounds(0, 0, 0));
    for options in [
        Options { reductions: Reductions { symmetry: true, ..sleep_sets }, ..of.clone() },
        Options { reductions: sleep_sets, histories: true, ..of },
    ] {
        let refused = explore(&Reference, &options, &mut |_| false).err().unwrap_or_default();
        assert!(refused.contains("sleep sets exclude symmetry and histories"), "{refused}");
    }
}
