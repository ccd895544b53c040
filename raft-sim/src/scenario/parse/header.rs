//! The header: what is tested, on whom, and from which state.

use super::given::given;
use super::labels::Labels;
use super::settings::{SettingsLine, of_each, settings};
use super::vocabulary::HEADER;
use super::words::{Cursor, LARGEST};
use crate::scenario::error::ParseError;
use crate::scenario::source::{Place, Source, SourceLine};
use crate::scenario::syntax::{Capability, Given, Header, Network};
use crate::words::NodeId;

/// A header of which some lines are read.
#[derive(Default)]
pub(super) struct Draft {
    /// The words seen so far and the lines they stand in.
    seen: Vec<(&'static str, u32)>,
    title: Option<String>,
    paper: Option<String>,
    servers: Vec<NodeId>,
    outside: Vec<NodeId>,
    requires: Vec<Capability>,
    violates: Option<String>,
    settings: Vec<SettingsLine>,
    network: Network,
    durable_state_machine: bool,
    given: Vec<Given>,
}

impl Draft {
    /// Reads one header line, which begins with a word of [`HEADER`].
    pub(super) fn line(
        &mut self,
        source: &Source,
        line: SourceLine<'_>,
        labels: &mut Labels,
    ) -> Result<(), ParseError> {
        let servers = self.servers.clone();
        let mut cursor = Cursor::behind_first(source, line, &servers);
        let word = self.once(&cursor)?;
        match word {
            "scenario" => self.title = Some(sentence(&mut cursor, "a title")?),
            "paper" => self.paper = Some(paper(&mut cursor)?),
            "servers" => self.servers = servers_line(&mut cursor)?,
            "outside" => self.outside = outside(&mut cursor)?,
            "requires" => self.requires_line(&mut cursor)?,
            "violates" => self.violates = Some(property(&mut cursor)?),
            "settings" => self.settings.push(settings(&mut cursor)?),
            "network" => self.network = network(&mut cursor)?,
            "state-machine" => {
                cursor.expect_word("durable")?;
                self.durable_state_machine = true;
            }
            _ => given(&mut cursor, source, &mut self.given, labels)?,
        }
        cursor.expect_end()
    }

    /// The word a line begins with; only some may begin more than one.
    fn once(&mut self, cursor: &Cursor<'_>) -> Result<&'static str, ParseError> {
        let place = cursor.last_place();
        let first = cursor.first();
        let Some(&word) = HEADER.iter().find(|word| **word == first) else {
            return Err(cursor.error_at(&place, format!("`{first}` begins no header line")));
        };
        let earlier = self.seen.iter().find(|(seen, _)| *seen == word);
        if let Some((_, line)) =
            earlier.filter(|_| !matches!(word, "given" | "requires" | "settings"))
        {
            return Err(
                cursor.error_at(&place, format!("a second `{word}` line, after line {line}"))
            );
        }
        self.seen.push((word, cursor.line()));
        Ok(word)
    }

    fn requires_line(&mut self, cursor: &mut Cursor<'_>) -> Result<(), ParseError> {
        while self.requires.is_empty() || cursor.peek().is_some() {
            let word = cursor.peek().unwrap_or_default();
            let Some(capability) = Capability::named(word) else {
                return Err(cursor.none_of("a capability", &Capability::ALL.map(Capability::word)));
            };
            if self.requires.contains(&capability) {
                return Err(cursor.error(format!("`{word}` is required twice")));
            }
            self.requires.push(capability);
            cursor.take();
        }
        Ok(())
    }

    /// The whole header. `place` is where the header ends.
    pub(super) fn finish(self, source: &Source, place: &Place) -> Result<Header, ParseError> {
        let missing = |word: &str, example: &str| {
            ParseError::new(source, place, format!("the header has no `{word}` line"))
                .with_help(format!("expected a line such as `{example}`"))
        };
        let Some(title) = self.title else {
            return Err(missing("scenario", "scenario A leader is elected"));
        };
        let Some(paper) = self.paper else {
            return Err(missing("paper", "paper §5.2"));
        };
        if self.servers.is_empty() {
            return Err(missing("servers", "servers S1 S2 S3"));
        }
        let settings = of_each(source, &self.servers, &self.settings)?;
        Ok(Header {
            title,
            paper,
            servers: self.servers,
            outside: self.outside,
            requires: self.requires,
            violates: self.violates,
            settings,
            network: self.network,
            durable_state_machine: self.durable_state_machine,
            given: self.given,
        })
    }
}

/// The rest of the line, which must not be empty.
fn sentence(cursor: &mut Cursor<'_>, what: &str) -> Result<String, ParseError> {
    let Some(first) = cursor.take() else {
        return Err(cursor.unexpected(what));
    };
    let mut text = first.to_owned();
    while let Some(word) = cursor.take() {
        text.push(' ');
        text.push_str(word);
    }
    Ok(text)
}

fn paper(cursor: &mut Cursor<'_>) -> Result<String, ParseError> {
    let place = cursor.place();
    let paper = sentence(cursor, "a section, as in `§5.4.2, Figure 8`")?;
    if !paper.contains('§') {
        let error = cursor.error_at(&place, "no section of the paper is named");
        return Err(error.with_help("expected a `§`, as in `§5.4.2, Figure 8`"));
    }
    Ok(paper)
}

fn servers_line(cursor: &mut Cursor<'_>) -> Result<Vec<NodeId>, ParseError> {
    const MOST: u32 = 9;
    let mut servers = Vec::new();
    for number in 1..=MOST {
        let server = NodeId(number);
        match cursor.peek() {
            None if number > 1 => break,
            Some(word) if word == server.to_string() => cursor.take(),
            Some(_) | None => {
                return Err(
                    cursor.unexpected(format!("{server}: servers are S1, S2 and so on, in order"))
                );
            }
        };
        servers.push(server);
    }
    if cursor.peek().is_some() {
        return Err(cursor.unexpected(format!("{MOST} servers at most")));
    }
    Ok(servers)
}

/// Servers that are not in the first configuration, which is not empty.
fn outside(cursor: &mut Cursor<'_>) -> Result<Vec<NodeId>, ParseError> {
    cursor.expect_servers_line()?;
    let place = cursor.place();
    let outside = cursor.servers_or_all()?;
    if outside.len() == cursor.servers.len() {
        let error = cursor.error_at(&place, "no server is left for the first configuration");
        return Err(error.with_help("expected some of the servers, not all"));
    }
    Ok(outside)
}

fn property(cursor: &mut Cursor<'_>) -> Result<String, ParseError> {
    let word = cursor.peek().unwrap_or_default();
    let kebab = word.split('-').all(|part| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    });
    if !kebab {
        return Err(cursor.unexpected("a property, as in `state-machine-safety`"));
    }
    cursor.take();
    Ok(word.to_owned())
}

fn network(cursor: &mut Cursor<'_>) -> Result<Network, ParseError> {
    const WORDS: &[&str] = &["delay", "loss", "duplicate", "seed"];
    let mut network = Network::default();
    let mut seen = Vec::new();
    while seen.is_empty() || cursor.peek().is_some() {
        let word = one_of(cursor, "the weather", WORDS, &mut seen)?;
        match word {
            "delay" => {
                let (from, to) = cursor.range("a delay, as in `1..5 ms`", 0)?;
                let microseconds = match cursor.peek() {
                    Some("ms") => 1_000,
                    Some("us") => 1,
                    Some(_) | None => return Err(cursor.unexpected("`ms` or `us`")),
                };
                cursor.take();
                network.delay = (from * microseconds, to * microseconds);
            }
            "loss" => network.loss = percent(cursor)?,
            "duplicate" => network.duplicate = percent(cursor)?,
            _ => network.seed = cursor.number("a seed", 0..=u64::MAX)?,
        }
    }
    Ok(network)
}

/// Reads one of these words, each of them once at most.
pub(super) fn one_of(
    cursor: &mut Cursor<'_>,
    what: &str,
    words: &[&'static str],
    seen: &mut Vec<&'static str>,
) -> Result<&'static str, ParseError> {
    let next = cursor.peek().unwrap_or_default();
    let Some(&word) = words.iter().find(|word| **word == next) else {
        return Err(cursor.none_of(what, words));
    };
    if seen.contains(&word) {
        return Err(cursor.error(format!("`{word}` is set twice")));
    }
    seen.push(word);
    cursor.take();
    Ok(word)
}

/// Reads `N%`.
pub(super) fn percent(cursor: &mut Cursor<'_>) -> Result<u32, ParseError> {
    let what = "a percentage, as in `5%`";
    let Some(digits) = cursor.peek().and_then(|word| word.strip_suffix('%')) else {
        return Err(cursor.unexpected(what));
    };
    let percent = cursor.number_in(digits, what, 0..=100)?;
    cursor.take();
    Ok(narrow(percent))
}

/// A number that is [`LARGEST`] at most, in 32 bits.
pub(super) fn narrow(number: u64) -> u32 {
    u32::try_from(number.min(LARGEST)).unwrap_or(u32::MAX)
}
