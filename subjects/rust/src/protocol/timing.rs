//! Settings on a line of the protocol: an object with the names of [`SETTINGS`].

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::settings::{Field, SETTINGS, Settings};

const SEED: &str = "seed";

/// Timing and limits. When read, what is left out has its default, and names that are not known are passed over.
#[derive(Debug)]
pub struct Timing(pub Settings);

impl Serialize for Timing {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut settings = self.0;
        let mut object = to.serialize_map(Some(SETTINGS.len() + 1))?;
        object.serialize_entry(SEED, &settings.seed)?;
        for setting in &SETTINGS {
            let (name, settings) = (setting.name, &mut settings);
            match setting.field {
                Field::Ticks(place) => object.serialize_entry(name, place(settings))?,
                Field::Number(_, place) => object.serialize_entry(name, place(settings))?,
                Field::Limit(_, place) | Field::Percent(place) => {
                    object.serialize_entry(name, place(settings))?;
                }
                Field::Flag(place) => object.serialize_entry(name, place(settings))?,
                Field::Changes(place) => object.serialize_entry(name, place(settings))?,
            }
        }
        object.end()
    }
}

impl<'d> Deserialize<'d> for Timing {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Timing, D::Error> {
        from.deserialize_map(Fields)
    }
}

struct Fields;

impl<'d> Visitor<'d> for Fields {
    type Value = Timing;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings")
    }

    fn visit_map<A: MapAccess<'d>>(self, mut object: A) -> Result<Timing, A::Error> {
        let mut settings = Settings::default();
        while let Some(name) = object.next_key::<Cow<'d, str>>()? {
            if name == SEED {
                settings.seed = object.next_value()?;
                continue;
            }
            let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
                object.next_value::<IgnoredAny>()?;
                continue;
            };
            match setting.field {
                Field::Ticks(place) => *place(&mut settings) = object.next_value()?,
                Field::Number(_, place) => *place(&mut settings) = object.next_value()?,
                Field::Limit(_, place) | Field::Percent(place) => {
                    *place(&mut settings) = object.next_value()?;
                }
                Field::Flag(place) => *place(&mut settings) = object.next_value()?,
                Field::Changes(place) => *place(&mut settings) = object.next_value()?,
            }
        }
        Ok(Timing(settings))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;
    use crate::settings::Changes;

    #[test]
    fn settings_have_the_names_of_the_protocol() {
        let settings = Settings {
            seed: u64::MAX,
            election_timeout: (5, 9),
            lease_drift: Some(10),
            check_quorum: true,
            changes: Changes::Joint,
            ..Settings::default()
        };
        let text = r#"{"seed":18446744073709551615,"electionTimeout":[5,9],"heartbeat":1,"entriesPerMessage":64,"window":1024,"uncommittedLimit":65536,"bytesPerMessage":1048576,"catchUpRounds":10,"snapshotChunk":65536,"applyLimit":null,"sessions":1000,"preVote":false,"checkQuorum":true,"leaseDrift":10,"changes":"joint"}"#;
        let Timing(back) = serde_json::from_str(text).expect("it is data");
        assert_eq!(back, settings);
        let known: BTreeMap<String, Value> = serde_json::from_str(text).expect("it is data");
        let mut written = serde_json::to_value(Timing(settings)).expect("it is data");
        let written = written.as_object_mut().expect("an object");
        assert_eq!(written.len(), SETTINGS.len() + 1);
        written.retain(|name, _| known.contains_key(name));
        assert!(known.iter().eq(written.iter()), "{written:?}");
    }

    #[test]
    fn what_is_left_out_has_its_default_and_what_is_not_known_does_no_harm() {
        let Timing(settings) =
            serde_json::from_str(r#"{"colour":{"of":[1]},"heartbeat":3}"#).expect("it is data");
        assert_eq!(settings, Settings { heartbeat: 3, ..Settings::default() });
        for wrong in [r#"{"heartbeat":true}"#, r#"{"electionTimeout":[1]}"#, "[]"] {
            assert!(serde_json::from_str::<Timing>(wrong).is_err(), "{wrong}");
        }
    }
}
