//! Searches depth first.

use std::num::NonZeroU32;

use super::*;

fn depth_first(step: u32, cache: u64, bounds: Bounds) -> Options {
    let step = NonZeroU32::new(step).expect("more than none");
    Options { depth_first: Some(DepthFirst { step, cache }), ..Options::new(bounds) }
}

#[test]
fn depth_first_takes_the_same_states_however_small_its_cache_is() {
    let pair = Bounds { servers: 2, ..bounds(1, 1, 0) };
    let (_, distinct, depth) = counts(&Options::new(pair));
    let Explored { reach, end, .. } = explored(&Reference, &depth_first(5, 1 << 20, pair));
    assert!(matches!(end, End::Exhausted), "{end:?}");
    assert_eq!(reach.distinct, distinct);
    // A state at the end of the longest of the shortest paths is taken as well.
    assert_eq!(reach.depth, depth.div_ceil(5) * 5);
    // A state takes 24 bytes: there is room for half of them.
    let Explored { reach: again, end, .. } =
        explored(&Reference, &depth_first(5, 12 * distinct, pair));
    assert!(matches!(end, End::Exhausted), "{end:?}");
    assert!(again.generated > reach.generated, "what is displaced is taken again");
}

#[test]
fn depth_first_by_single_actions_finds_a_shortest_history() {
    for broken in [&Forgetful as &dyn Implementation, &reductions::Shortened] {
        let bounds = bounds(1, 1, 1);
        let shortest = reductions::verdict(broken, &Options::new(bounds));
        let found = reductions::verdict(broken, &depth_first(1, 1 << 20, bounds));
        assert_eq!(found.map(|(_, actions)| actions), shortest.map(|(_, actions)| actions));
        let (_, deep) =
            reductions::verdict(broken, &depth_first(12, 1 << 20, bounds)).expect("a history");
        assert!((2..=12).contains(&deep), "{deep}");
    }
}

#[test]
fn what_is_of_a_search_breadth_first_is_refused_depth_first() {
    let reductions = Reductions { sleep_sets: true, ..Reductions::default() };
    let of = depth_first(1, 1 << 20, bounds(0, 0, 0));
    for options in [
        Options { dump: true, ..of.clone() },
        Options { save: Some("search".into()), ..of.clone() },
        Options { threads: NonZeroUsize::new(2).expect("more than none"), ..of.clone() },
        Options { reductions, ..of },
    ] {
        let refused = explore(&Reference, &options, &mut |_| false).err().unwrap_or_default();
        assert!(refused.contains("depth first"), "{refused}");
    }
    let vast = depth_first(1, u64::MAX, bounds(0, 0, 0));
    let refused = explore(&Reference, &vast, &mut |_| false).err().unwrap_or_default();
    assert!(refused.starts_with("there is no memory for a cache of"), "{refused}");
}
