//! The table of the properties.

use crate::checker::properties::Property;

#[test]
fn properties_are_told_by_number_name_and_section() {
    let mut names: Vec<&str> = Property::ALL.iter().map(|property| property.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Property::ALL.len());
    let numbers: Vec<u8> = Property::ALL.iter().map(|property| property.number()).collect();
    assert_eq!(numbers, Vec::from_iter(1..=42));
    for (place, property) in Property::ALL.into_iter().enumerate() {
        assert_eq!(property as usize, place);
        assert_eq!(property.title().to_lowercase().replace(' ', "-").len(), property.name().len());
    }
}
