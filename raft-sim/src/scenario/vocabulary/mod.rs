//! The words of the language. Each stands here once, for the parser, the printer and the reader: with its form, its
//! meaning and an example.

mod conditions;
mod grammar;
mod header;
mod messages;
mod statements;
#[cfg(test)]
mod tests;

pub(crate) use conditions::{FactWord, LabelWord};
pub use grammar::grammar;
pub(crate) use header::{HeaderWord, NetworkWord};
pub(crate) use messages::DetailWord;
pub(crate) use statements::Command;

use super::syntax::{Capability, Changes, Kind, Unit};
use crate::subject::{Field, SETTINGS, Setting};

/// A word of the language, for a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word as it is written: `timeout`. A condition that has no word of its own has its first two: `a leader`.
    pub name: String,
    /// The part of the language that it belongs to. A word that has several meanings is listed once for each.
    pub part: Part,
    /// All that may stand with it: `tick SERVERS [N]`. Capitals stand for something, brackets around what may be left
    /// out, `|` between alternatives.
    pub form: String,
    /// Its meaning in a sentence or two, without a full stop at the end.
    pub meaning: String,
    /// A line of a scenario that has it.
    pub example: String,
}

/// The parts of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Words that begin a line of the header.
    Header,
    /// Words that begin a statement.
    Statement,
    /// Facts about a server.
    ServerFact,
    /// Facts about a command, or about another request and its answer.
    RequestFact,
    /// Conditions on the cluster as a whole, and the words that join conditions.
    Condition,
    /// Kinds of messages.
    Kind,
    /// Contents of messages.
    Detail,
    /// Network conditions, in a `network` line.
    Network,
    /// Settings, in a `settings` line.
    Setting,
    /// Units of a duration.
    Unit,
    /// Capabilities, in a `requires` line.
    Capability,
}

impl Part {
    /// Every part, in the order in which [`syntax`] lists them.
    pub const ALL: [Part; 11] = [
        Part::Header,
        Part::Statement,
        Part::ServerFact,
        Part::RequestFact,
        Part::Condition,
        Part::Kind,
        Part::Detail,
        Part::Network,
        Part::Setting,
        Part::Unit,
        Part::Capability,
    ];

    /// The part as a heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Part::Header => "header lines",
            Part::Statement => "statements",
            Part::ServerFact => "facts about servers",
            Part::RequestFact => "facts about commands and other requests",
            Part::Condition => "other conditions",
            Part::Kind => "kinds of messages",
            Part::Detail => "contents of messages",
            Part::Network => "network conditions",
            Part::Setting => "settings",
            Part::Unit => "units of a duration",
            Part::Capability => "capabilities",
        }
    }
}

/// All words of the language, part by part.
#[must_use]
pub fn syntax() -> Vec<Word> {
    let fixed = [
        HeaderWord::HELP,
        Command::HELP,
        FactWord::HELP,
        LabelWord::HELP,
        conditions::OTHERS,
        messages::KINDS,
        DetailWord::HELP,
        NetworkWord::HELP,
    ];
    let mut words: Vec<Word> = fixed.concat().iter().map(Help::word).collect();
    words.extend(SETTINGS.iter().map(of_setting));
    words.extend(Unit::ALL.map(of_unit));
    words.extend(Capability::ALL.map(of_capability));
    words.extend(Capability::DESIGN.map(of_fact));
    words
}

/// A row of a table of words.
#[derive(Clone, Copy, Debug)]
struct Help {
    name: &'static str,
    part: Part,
    form: &'static str,
    meaning: &'static str,
    example: &'static str,
}

impl Help {
    fn word(&self) -> Word {
        let Help { name, part, form, meaning, example } = *self;
        let [name, form, meaning, example] = [name, form, meaning, example].map(str::to_owned);
        Word { name, part, form, meaning, example }
    }
}

fn of_setting(setting: &Setting) -> Word {
    let word = setting.word;
    let (value, example) = match setting.field {
        Field::Ticks(_) => (" A..B", " 10..20"),
        Field::Number("ticks", _) => (" N", " 2"),
        Field::Number(..) | Field::Limit(..) => (" N", " 8"),
        Field::Percent(_) => (" N%", " 10%"),
        Field::Flag(_) => ("", ""),
        Field::Changes(_) => (" HOW", " joint"),
    };
    let rests_on = setting.rests_on.map_or(String::new(), |other| format!("{other} "));
    Word {
        name: word.to_owned(),
        part: Part::Setting,
        form: format!("{word}{value}"),
        meaning: with_section(setting.what, setting.section),
        example: format!("settings {rests_on}{word}{example}"),
    }
}

fn of_unit(unit: Unit) -> Word {
    let [one, many] = unit.words();
    let meaning = match unit {
        Unit::ElectionTimeouts => "the longest election timeout of all settings",
        Unit::Heartbeats => "the longest heartbeat interval of all settings",
        Unit::Ticks => "10 ms of virtual time: a tick of a clock at its nominal rate",
        Unit::Milliseconds => "milliseconds of virtual time",
    };
    Word {
        name: many.to_owned(),
        part: Part::Unit,
        form: format!("N {many}"),
        meaning: if one == many { meaning.to_owned() } else { format!("{meaning}; 1 {one}") },
        example: format!("run 5 {many}"),
    }
}

fn of_capability(capability: Capability) -> Word {
    let word = capability.word();
    Word {
        name: word.to_owned(),
        part: Part::Capability,
        form: word.to_owned(),
        meaning: with_section(capability.what(), capability.section()),
        example: format!("requires {word}"),
    }
}

/// A fact that is so by design, of which a scenario can require that it is not.
fn of_fact(fact: Capability) -> Word {
    let word = fact.word();
    Word {
        form: format!("not {word}"),
        example: format!("requires not {word}"),
        ..of_capability(fact)
    }
}

/// A meaning with its section of the paper, if there is one.
fn with_section(what: &str, section: &str) -> String {
    if section.is_empty() { what.to_owned() } else { format!("{what} ({section})") }
}

/// Words of which one may stand at a place.
pub(crate) trait Words: Copy + 'static {
    /// All of them, in the order in which an error lists them.
    const ALL: &'static [Self];

    /// The word as it is written.
    fn word(self) -> &'static str;

    /// The one that is written so.
    fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.word() == word)
    }
}

/// Declares words as an enum, each with its spelling.
macro_rules! words {
    // Each with its form, its meaning and an example as well.
    ($(#[$doc:meta])* $name:ident in $part:ident {
        $($variant:ident = $word:literal: $form:literal, $meaning:literal, $example:literal;)+
    }) => {
        words! { $(#[$doc])* $name { $($variant = $word,)+ } }

        impl $name {
            /// The table, for a reader.
            pub(super) const HELP: &'static [Help] = &[$(Help {
                name: $word,
                part: Part::$part,
                form: $form,
                meaning: $meaning,
                example: $example,
            },)+];
        }
    };
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($variant,)+ }

        impl Words for $name {
            const ALL: &'static [$name] = &[$($name::$variant,)+];

            fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}
use words;

words! {
    /// The remaining words of header lines, statements and conditions.
    Particle {
        A = "a",
        All = "all",
        Any = "any",
        As = "as",
        At = "at",
        Durable = "durable",
        If = "if",
        Least = "least",
        Majority = "majority",
        Message = "message",
        Most = "most",
        Ms = "ms",
        Newest = "newest",
        No = "no",
        None = "none",
        Not = "not",
        Or = "or",
        Quiet = "quiet",
        Session = "session",
        The = "the",
        Then = "then",
        To = "to",
        Torn = "torn",
        Us = "us",
    }
}

words! {
    /// The words that are no letters.
    Sign {
        OneWay = "->",
        BothWays = "--",
        Group = "|",
        More = "...",
    }
}

impl Unit {
    /// Every unit of a duration.
    pub(super) const ALL: [Unit; 4] =
        [Unit::ElectionTimeouts, Unit::Heartbeats, Unit::Ticks, Unit::Milliseconds];

    /// The unit's word behind 1, and behind any other number.
    pub(super) fn words(self) -> [&'static str; 2] {
        match self {
            Unit::ElectionTimeouts => ["election-timeout", "election-timeouts"],
            Unit::Heartbeats => ["heartbeat", "heartbeats"],
            Unit::Ticks => ["tick", "ticks"],
            Unit::Milliseconds => [Particle::Ms.word(); 2],
        }
    }
}

impl Words for Kind {
    const ALL: &'static [Kind] = &Kind::ALL;

    fn word(self) -> &'static str {
        Kind::word(self)
    }
}

impl Words for Capability {
    const ALL: &'static [Capability] = &Capability::ALL;

    fn word(self) -> &'static str {
        Capability::word(self)
    }

    fn named(word: &str) -> Option<Capability> {
        Capability::named(word)
    }
}

impl Words for Changes {
    const ALL: &'static [Changes] = &[Changes::Single, Changes::Joint, Changes::Shortest];

    fn word(self) -> &'static str {
        match self {
            Changes::Single => "single",
            Changes::Joint => "joint",
            Changes::Shortest => "shortest",
        }
    }
}

/// Every word of the language but capabilities, kinds and the names of settings.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    fn of<W: Words>() -> impl Iterator<Item = &'static str> {
        W::ALL.iter().map(|word| word.word())
    }
    of::<HeaderWord>()
        .chain(of::<Command>())
        .chain(of::<FactWord>())
        .chain(of::<DetailWord>())
        .chain(of::<LabelWord>())
        .chain(of::<Particle>())
        .chain(Unit::ALL.into_iter().flat_map(Unit::words))
}

/// True if a word belongs to the language, so that no label may take it.
pub(super) fn is_reserved(word: &str) -> bool {
    all().any(|known| known == word)
}
