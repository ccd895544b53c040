//! Plan options: what may be said about a plan beside its seed, as data and as options of the command line.
//!
//! [`PLAN_OPTIONS`] is the one table of them. The command line takes its arguments and its help from it, the commands that
//! replay a finding are written by it, and so are older files of results read.

use std::fmt::{self, Display};
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{AdminClass, FaultClass, Profile};
use crate::checker::Property;
use crate::subject::Capability;

/// Plan options: the parameters of a plan beside its seed. Displayed as options of the command line, without the
/// capabilities, which are the implementation's: `--servers 3 --faults crash`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlanOptions {
    /// The number of servers in the first configuration, 1 to 9; drawn if `None` (mostly three or five).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub servers: Option<u32>,
    /// The duration, in virtual milliseconds; drawn if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// The profile: the emphasis of the plan.
    pub profile: Profile,
    /// The classes of faults that may occur; drawn if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faults: Option<Vec<FaultClass>>,
    /// The requests of clients and administrators beside plain commands; drawn if `None`.
    #[serde(alias = "tasks", skip_serializing_if = "Option::is_none")]
    pub admin_ops: Option<Vec<AdminClass>>,
    /// The most steps of a run; `None` for the default of [`Plan::most_steps`](super::Plan::most_steps).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_steps: Option<u64>,
    /// The properties that are [set aside](crate::checker::Checkers::setting_aside).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<Property>,
    /// The capabilities of the implementation; `None` for all. Nothing else is asked of it.
    #[serde(with = "capabilities", skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<Capability>>,
}

/// An option of the command line that says something about a plan: `--servers 3`.
#[derive(Debug)]
pub struct PlanOption {
    /// Its name: `servers` is `--servers`.
    pub name: &'static str,
    /// The name that it had before, which is read as well.
    pub old_name: Option<&'static str>,
    /// Its value, as a help text shows it.
    pub value: &'static str,
    /// The values that it can have, each with what it means; empty if they are more than a list.
    pub choices: &'static [(&'static str, &'static str)],
    /// Its meaning, for a help text.
    pub help: fn() -> String,
    get: fn(&PlanOptions) -> Option<String>,
    set: fn(&mut PlanOptions, &str) -> Result<(), String>,
}

/// All plan options, in the order in which commands have them.
pub const PLAN_OPTIONS: [PlanOption; 7] = [
    PlanOption {
        name: "servers",
        old_name: None,
        value: "1..9",
        choices: &[],
        help: || {
            "How many servers the cluster begins with [default: drawn, mostly 3 or 5]".to_owned()
        },
        get: |plan_options| plan_options.servers.as_ref().map(u32::to_string),
        set: |plan_options, text| {
            plan_options.servers = Some(number(text, 1..=9)? as u32);
            Ok(())
        },
    },
    PlanOption {
        name: "duration",
        old_name: None,
        value: "MS",
        choices: &[],
        help: || {
            "How long the cluster runs, in virtual milliseconds [default: drawn, 300 to 3000]"
                .to_owned()
        },
        get: |plan_options| plan_options.duration_ms.as_ref().map(u64::to_string),
        set: |plan_options, text| {
            plan_options.duration_ms = Some(number(text, 1..=3_600_000)?);
            Ok(())
        },
    },
    PlanOption {
        name: "profile",
        old_name: None,
        value: "PROFILE",
        choices: &Profile::NAMES,
        help: || {
            "What the runs are mostly about [default: swarm, in which each seed draws]".to_owned()
        },
        get: |plan_options| {
            (plan_options.profile != Profile::default()).then(|| plan_options.profile.to_string())
        },
        set: |plan_options, text| {
            plan_options.profile = named(text, "profile", Profile::named, &Profile::ALL)?;
            Ok(())
        },
    },
    PlanOption {
        name: "faults",
        old_name: None,
        value: "none|CLASS,…",
        choices: &[],
        help: || {
            let (fair, unfair): (Vec<FaultClass>, Vec<FaultClass>) =
                FaultClass::ALL.into_iter().partition(|class| class.is_fair());
            let (fair, unfair) = (joined(&fair, ", "), joined(&unfair, ", "));
            format!(
                "Which faults may happen: none, or some of {fair} [default: drawn]; and of {unfair}, which Raft is \
                 not made for"
            )
        },
        get: |plan_options| plan_options.faults.as_deref().map(class_list),
        set: |plan_options, text| {
            plan_options.faults =
                Some(classes(text, "class of faults", FaultClass::named, &FaultClass::ALL)?);
            Ok(())
        },
    },
    PlanOption {
        name: "admin",
        old_name: Some("tasks"),
        value: "none|CLASS,…",
        choices: &[],
        help: || {
            let classes = joined(&AdminClass::ALL, ", ");
            format!(
                "What clients and administrators may do beside plain commands: none, or some of {classes} \
                 [default: drawn]"
            )
        },
        get: |plan_options| plan_options.admin_ops.as_deref().map(class_list),
        set: |plan_options, text| {
            plan_options.admin_ops = Some(classes(
                text,
                "class of admin operations",
                AdminClass::named,
                &AdminClass::ALL,
            )?);
            Ok(())
        },
    },
    PlanOption {
        name: "most-steps",
        old_name: None,
        value: "N",
        choices: &[],
        help: || {
            "How many steps a run may take; one that takes more violates Bounded Steps [default: 2000000, and 100 more \
             for each virtual millisecond]"
                .to_owned()
        },
        get: |plan_options| plan_options.most_steps.as_ref().map(u64::to_string),
        set: |plan_options, text| {
            plan_options.most_steps = Some(number(text, 1..=1_000_000_000)?);
            Ok(())
        },
    },
    PlanOption {
        name: "set-aside",
        old_name: None,
        value: "PROPERTY,…",
        choices: &[],
        help: || {
            "Which properties are not judged: a run goes on behind their violations, so that what these hide comes to \
             light. Where it can't go on, it ends without a finding"
                .to_owned()
        },
        get: |plan_options| {
            let names: Vec<&str> = plan_options.set_aside.iter().map(|it| it.name()).collect();
            (!names.is_empty()).then(|| names.join(","))
        },
        set: |plan_options, text| {
            plan_options.set_aside = properties(text)?;
            Ok(())
        },
    },
];

/// Properties by their names: `persist-before-send,match-index`.
///
/// # Errors
/// The first name that is none.
pub(crate) fn properties(text: &str) -> Result<Vec<Property>, String> {
    let one = |name: &str| {
        let there_are = || Property::ALL.map(Property::name).join(", ");
        Property::named(name)
            .ok_or_else(|| format!("no property is called `{name}`; there are {}", there_are()))
    };
    text.split(',').map(one).collect()
}

impl PlanOption {
    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.old_name == Some(name)
    }

    /// Sets the option to the value that this text stands for.
    ///
    /// # Errors
    /// The expected values.
    pub fn set(&self, plan_options: &mut PlanOptions, text: &str) -> Result<(), String> {
        (self.set)(plan_options, text)
    }
}

impl PlanOptions {
    /// Reads options of the command line, as they are displayed.
    ///
    /// # Errors
    /// The first word that is no plan option, or the expected values of an option whose value is invalid.
    pub fn parse(text: &str) -> Result<PlanOptions, String> {
        let mut plan_options = PlanOptions::default();
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").unwrap_or(word);
            let option = PLAN_OPTIONS.iter().find(|option| option.is_called(name));
            let option = option.ok_or_else(|| format!("no plan option is called `{word}`"))?;
            let value = words.next().ok_or_else(|| format!("`{word}` has no value"))?;
            option.set(&mut plan_options, value)?;
        }
        Ok(plan_options)
    }
}

impl Display for PlanOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = PLAN_OPTIONS.iter().filter_map(|option| Some((option, (option.get)(self)?)));
        for (at, (option, value)) in said.enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}--{} {value}", option.name)?;
        }
        Ok(())
    }
}

/// Classes as an option lists them: `crash,loss`, or `none`.
pub(crate) fn class_list(classes: &[impl Display]) -> String {
    if classes.is_empty() { "none".to_owned() } else { joined(classes, ",") }
}

fn joined(values: &[impl Display], between: &str) -> String {
    let names: Vec<String> = values.iter().map(ToString::to_string).collect();
    names.join(between)
}

fn number(text: &str, range: RangeInclusive<u64>) -> Result<u64, String> {
    let number: i64 = text.parse().map_err(|error| format!("{error}"))?;
    let within = u64::try_from(number).ok().filter(|number| range.contains(number));
    within.ok_or_else(|| format!("{number} is not in {}..={}", range.start(), range.end()))
}

fn classes<C: Display>(
    text: &str,
    what: &str,
    read: fn(&str) -> Option<C>,
    all: &[C],
) -> Result<Vec<C>, String> {
    if text == "none" {
        return Ok(Vec::new());
    }
    if text.split(',').any(|name| name == "none") {
        return Err(format!("`none` goes alone: leave it out, or leave out every other {what}"));
    }
    text.split(',').map(|name| named(name, what, read, all)).collect()
}

fn named<C: Display>(
    name: &str,
    what: &str,
    read: fn(&str) -> Option<C>,
    all: &[C],
) -> Result<C, String> {
    let there_are = || joined(all, ", ");
    read(name).ok_or_else(|| format!("no {what} is called `{name}`; there are {}", there_are()))
}

/// Capabilities by their words.
mod capabilities {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::{Serialize, Serializer};

    use crate::subject::Capability;

    pub(super) fn serialize<S: Serializer>(
        capabilities: &Option<Vec<Capability>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let words = |all: &Vec<Capability>| all.iter().map(|it| it.word()).collect::<Vec<_>>();
        capabilities.as_ref().map(words).serialize(to)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(
        from: D,
    ) -> Result<Option<Vec<Capability>>, D::Error> {
        let Some(words) = Option::<Vec<String>>::deserialize(from)? else { return Ok(None) };
        let capability = |word: &String| {
            let unknown = || D::Error::custom(format!("no capability is called `{word}`"));
            Capability::all_named(word).ok_or_else(unknown)
        };
        let all: Vec<Vec<Capability>> = words.iter().map(capability).collect::<Result<_, _>>()?;
        Ok(Some(all.concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> PlanOptions {
        PlanOptions {
            servers: Some(3),
            duration_ms: Some(700),
            profile: Profile::Disk,
            faults: Some(vec![FaultClass::Crash, FaultClass::SlowDisk]),
            admin_ops: Some(vec![AdminClass::Reads]),
            most_steps: Some(50_000),
            set_aside: vec![Property::MatchIndex, Property::Voting],
            capabilities: None,
        }
    }

    #[test]
    fn they_are_displayed_as_options_and_read_from_them() {
        let none =
            PlanOptions { faults: Some(vec![]), admin_ops: Some(vec![]), ..PlanOptions::default() };
        let texts = [
            "--servers 3 --duration 700 --profile disk --faults crash,slow-disk --admin reads --most-steps 50000 \
             --set-aside match-index,voting",
            "--faults none --admin none",
            "",
        ];
        for (plan_options, text) in [all(), none, PlanOptions::default()].iter().zip(texts) {
            assert_eq!(plan_options.to_string(), text);
            assert_eq!(PlanOptions::parse(text).as_ref(), Ok(plan_options));
        }
    }

    #[test]
    fn as_data_they_have_the_names_of_options_and_only_what_was_said() {
        let json =
            |plan_options: &PlanOptions| serde_json::to_string(plan_options).expect("it is data");
        let capabilities = Some(vec![Capability::PreVote]);
        let plan_options = PlanOptions { capabilities, ..all() };
        let text = r#"{"servers":3,"duration_ms":700,"profile":"disk","faults":["crash","slow-disk"],"admin_ops":["reads"],"most_steps":50000,"set_aside":["match-index","voting"],"capabilities":["pre-vote"]}"#;
        assert_eq!(json(&plan_options), text);
        assert_eq!(serde_json::from_str::<PlanOptions>(text).expect("it is data"), plan_options);
        assert_eq!(json(&PlanOptions::default()), r#"{"profile":"swarm"}"#);
        assert_eq!(
            serde_json::from_str::<PlanOptions>("{}").expect("it is data"),
            PlanOptions::default()
        );
    }

    #[test]
    fn the_names_of_before_are_read() {
        let text = "--faults filtered-hold,restart-with-settings --admin reads";
        let before = "--faults vault,renew --tasks reads";
        let plan_options = PlanOptions::parse(before).expect("old names are read");
        assert_eq!(plan_options.to_string(), text);
        let json = r#"{"faults":["vault","renew"],"tasks":["reads"]}"#;
        assert_eq!(serde_json::from_str::<PlanOptions>(json).expect("it is data"), plan_options);
    }

    #[test]
    fn what_is_no_option_or_no_value_is_told() {
        for (text, why) in [
            (
                "--faults crash,flood",
                "no class of faults is called `flood`; there are loss, duplicate,",
            ),
            ("--admin reads,loss", "is called `loss`; there are membership, transfer, compaction"),
            ("--faults none,loss", "`none` goes alone"),
            ("--profile storm", "no profile is called `storm`; there are swarm, network"),
            ("--servers 10", "10 is not in 1..=9"),
            ("--duration -1", "-1 is not in 1..=3600000"),
            ("--duration soon", "invalid digit"),
            ("--weather fair", "no plan option is called `--weather`"),
            ("--admin", "`--admin` has no value"),
            (
                "--set-aside match-indexes",
                "no property is called `match-indexes`; there are election-safety,",
            ),
        ] {
            let error = PlanOptions::parse(text).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
