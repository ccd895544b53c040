//! The table of the properties.

use std::collections::BTreeSet;

use crate::checker::properties::{FORMER, Property};

#[test]
fn properties_have_distinct_numbers_names_and_titles() {
    let numbers: Vec<u8> = Property::ALL.iter().map(|property| property.number()).collect();
    let used = |number: &u8| FORMER.iter().all(|(former, _)| former != number);
    assert_eq!(numbers, Vec::from_iter((1..=Property::LAST as u8).filter(used)));
    for property in Property::ALL {
        assert_eq!(Property::named(property.name()), Some(property));
        assert_eq!(property.title().to_lowercase().replace(' ', "-"), property.name());
    }
    let sentences: BTreeSet<&str> = Property::ALL.iter().map(|it| it.sentence()).collect();
    assert_eq!(sentences.len(), Property::ALL.len(), "each has a title of its own");
    assert_eq!(Property::named("no-such-property"), None);
    for (_, name) in FORMER {
        assert_eq!((Property::named(name), Property::former(name)), (None, Some(name)));
    }
}
