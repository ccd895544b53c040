//! Delta debugging: reduces many items that fail together to few that still do.

/// Leaves out as many items as possible while the rest fails: halves first, then ever smaller pieces, finally one by
/// one until no single item can go. Pieces are tried from the end, since later items depend on earlier ones. The
/// order is kept. `fails` is never called with all items: they are known to fail. To end the search soon, it may
/// return false for every call from some call on.
pub(super) fn minimize<T: Clone>(items: Vec<T>, mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    reduce(items, |rest| fails(rest).then(|| rest.to_vec()))
}

/// As [`minimize`], for items that may lose their meaning without others. `failing` returns the items that are needed
/// to fail, each in its new form; `None` if they do not fail.
pub(super) fn reduce<T: Clone>(
    items: Vec<T>,
    mut failing: impl FnMut(&[T]) -> Option<Vec<T>>,
) -> Vec<T> {
    let mut kept = items;
    if kept.is_empty() || failing(&[]).is_some() {
        return Vec::new();
    }
    let mut size = kept.len().div_ceil(2);
    // With one item left there is nothing to take out: the empty list was tried first.
    while kept.len() > 1 {
        let before = kept.len();
        let mut end = kept.len();
        while end > 0 {
            let start = end.saturating_sub(size);
            let rest = [&kept[..start], &kept[end..]].concat();
            if !rest.is_empty()
                && let Some(left) = failing(&rest)
            {
                kept = left;
            }
            end = start.min(kept.len());
        }
        if size == 1 && kept.len() == before {
            break;
        }
        size = size.min(kept.len()).div_ceil(2);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::minimize;

    /// The items of 1 to 100 that are left if every list with all of these fails, and the number of tries.
    fn left(needed: &[u32]) -> (Vec<u32>, usize) {
        let mut tries = 0;
        let left = minimize((1..=100).collect(), |items| {
            tries += 1;
            assert!(items.len() < 100, "all of them are known to fail");
            needed.iter().all(|item| items.contains(item))
        });
        (left, tries)
    }

    #[test]
    fn exactly_what_is_needed_is_left_in_its_order() {
        for needed in [&[][..], &[1], &[100], &[3, 4], &[1, 50, 51, 100], &[7, 31, 32, 33, 90]] {
            assert_eq!(left(needed).0, needed);
        }
    }

    #[test]
    fn a_few_of_many_are_found_without_trying_all() {
        assert_eq!(left(&[]).1, 1);
        let (_, tries) = left(&[42]);
        assert!(tries < 30, "{tries}");
        let (_, tries) = left(&[3, 42, 43]);
        assert!(tries < 60, "{tries}");
    }

    #[test]
    fn items_that_only_go_together_with_an_earlier_one_go() {
        // Each depends on the one before it, and 5 fails.
        let left = minimize((1..=20).collect::<Vec<u32>>(), |items| {
            let whole = items.iter().zip(1..).all(|(item, place)| *item == place);
            whole && items.contains(&5)
        });
        assert_eq!(left, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_test_that_gives_up_ends_the_search() {
        let mut tries = 0;
        let left = minimize((1..=1_000).collect::<Vec<u32>>(), |items| {
            tries += 1;
            tries <= 3 && items.contains(&700)
        });
        assert!(left.contains(&700) && left.len() < 1_000, "{left:?}");
        assert!(tries < 5_000, "{tries}");
    }
}
