//! Delta debugging: of many items that fail together, few that still do.

/// Leaves out as many items as it can while the rest fails: halves first, then ever smaller pieces, in the end
/// one by one until no single one can go. Pieces are tried from the end: what comes later rests on what came
/// before. The order is kept. `fails` is never asked about all of the items: they are known to fail. It may
/// say no to all it is asked from some moment on, which ends the search soon.
pub(super) fn minimize<T: Clone>(items: Vec<T>, mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    reduce(items, |rest| fails(rest).then(|| rest.to_vec()))
}

/// As [`minimize`], where some of the rest may turn out to have no meaning without what was taken out. `failing`
/// gives what of it is needed to fail, each item as it is then; `None` if it does not fail.
pub(super) fn reduce<T: Clone>(
    items: Vec<T>,
    mut failing: impl FnMut(&[T]) -> Option<Vec<T>>,
) -> Vec<T> {
    let mut kept = items;
    if kept.is_empty() || failing(&[]).is_some() {
        return Vec::new();
    }
    let mut size = kept.len().div_ceil(2);
    // With one item left there is nothing to take out: none of them was tried first.
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

    /// What is left of 1 to 100 if the items fail as long as all of these are among them, and how many tries
    /// that took.
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
        // Each rests on the one before it, 5 is what fails.
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
