//! The header: what is tested, on which servers, and from which state.

use super::cursor::Cursor;
use super::given::given;
use super::labels::Labels;
use super::nearest::nearest;
use super::settings::{SettingsLine, of_each, settings};
use super::value::{check_unset, percent};
use crate::checker::Property;
use crate::model::NodeId;
use crate::scenario::error::ParseError;
use crate::scenario::source::{Place, Source, SourceLine};
use crate::scenario::syntax::{
    Capability, Given, Header, HeaderItem, HeaderLine, Network, NetworkItem, Servers, Trivia,
};
use crate::scenario::vocabulary::{HeaderWord, NetworkWord, Particle, Words};

/// A header of which some lines are read.
#[derive(Default)]
pub(super) struct Draft {
    /// The lines read so far.
    pub(super) lines: Vec<HeaderLine>,
    /// The words seen so far and the lines they stand in.
    seen: Vec<(HeaderWord, u32)>,
    servers: Vec<NodeId>,
    settings: Vec<SettingsLine>,
    given: Vec<Given>,
}

impl Draft {
    /// Reads one header line, which begins with this word.
    pub(super) fn line(
        &mut self,
        source: &Source,
        line: SourceLine<'_>,
        word: HeaderWord,
        trivia: Trivia,
        labels: &mut Labels,
    ) -> Result<(), ParseError> {
        let servers = self.servers.clone();
        let mut cursor = Cursor::behind_first(source, line, &servers);
        self.once(&cursor, word)?;
        let item = match word {
            HeaderWord::Scenario => HeaderItem::Scenario(sentence(&mut cursor, "a title")?),
            HeaderWord::Paper => HeaderItem::Paper(paper(&mut cursor)?),
            HeaderWord::Servers => {
                self.servers = servers_line(&mut cursor)?;
                HeaderItem::Servers(self.servers.clone())
            }
            HeaderWord::Outside => HeaderItem::Outside(outside(&mut cursor)?),
            HeaderWord::Requires if cursor.take_word(Particle::Not) => {
                HeaderItem::RequiresNot(self.requires_line(&mut cursor)?)
            }
            HeaderWord::Requires => HeaderItem::Requires(self.requires_line(&mut cursor)?),
            HeaderWord::Violates => HeaderItem::Violates(property(&mut cursor)?),
            HeaderWord::SetAside => HeaderItem::SetAside(set_aside(&mut cursor)?),
            HeaderWord::Settings => {
                let line = settings(&mut cursor)?;
                let item = HeaderItem::Settings(line.servers.clone(), line.settings);
                self.settings.push(line);
                item
            }
            HeaderWord::Network => HeaderItem::Network(network(&mut cursor)?),
            HeaderWord::StateMachine => {
                cursor.expect_word(Particle::Durable)?;
                HeaderItem::DurableStateMachine
            }
            HeaderWord::Given => given(&mut cursor, source, &mut self.given, labels)?,
        };
        self.lines.push(HeaderLine { item, trivia });
        cursor.expect_end()
    }

    /// Only some words may begin more than one line.
    fn once(&mut self, cursor: &Cursor<'_>, word: HeaderWord) -> Result<(), ParseError> {
        let often = matches!(word, HeaderWord::Given | HeaderWord::Requires | HeaderWord::Settings);
        let earlier = self.seen.iter().find(|(seen, _)| *seen == word && !often);
        if let Some((_, line)) = earlier {
            let message = format!("a second `{}` line, after line {line}", word.word());
            return Err(cursor.error_at(&cursor.last_place(), message));
        }
        self.seen.push((word, cursor.line()));
        Ok(())
    }

    /// Capabilities that no earlier line requires, each by its word or by the name of its group.
    fn requires_line(&self, cursor: &mut Cursor<'_>) -> Result<Vec<Capability>, ParseError> {
        let (requires, excludes) = self.requires();
        let mut required = Vec::new();
        while required.is_empty() || cursor.peek().is_some() {
            let place = cursor.place();
            let Some(named) = cursor.peek().and_then(Capability::all_named) else {
                return cursor.expect_one::<Capability>("a capability").map(|one| vec![one]);
            };
            cursor.take();
            let twice = |one: &&Capability| {
                required.contains(*one) || requires.contains(one) || excludes.contains(one)
            };
            if let Some(twice) = named.iter().find(twice) {
                let message = format!("`{}` is required, or excluded, twice", twice.word());
                return Err(cursor.error_at(&place, message));
            }
            required.extend(named);
        }
        Ok(required)
    }

    /// The capabilities that the lines read so far require, and those that they exclude.
    fn requires(&self) -> (Vec<Capability>, Vec<Capability>) {
        let (mut requires, mut excludes) = (Vec::new(), Vec::new());
        for line in &self.lines {
            match &line.item {
                HeaderItem::Requires(required) => requires.extend(required),
                HeaderItem::RequiresNot(excluded) => excludes.extend(excluded),
                HeaderItem::Scenario(_)
                | HeaderItem::Paper(_)
                | HeaderItem::Servers(_)
                | HeaderItem::Outside(_)
                | HeaderItem::Violates(_)
                | HeaderItem::SetAside(_)
                | HeaderItem::Settings(..)
                | HeaderItem::Network(_)
                | HeaderItem::DurableStateMachine
                | HeaderItem::Given { .. } => {}
            }
        }
        (requires, excludes)
    }

    /// The whole header. `place` is where the header ends.
    pub(super) fn finish(&self, source: &Source, place: &Place) -> Result<Header, ParseError> {
        let missing = |word: &str, example: &str| {
            ParseError::new(source, place, format!("the header has no `{word}` line"))
                .with_help(format!("expected a line such as `{example}`"))
        };
        let (mut title, mut paper, mut outside, mut violates) = (None, None, Vec::new(), None);
        let mut set_aside = Vec::new();
        let (mut network, mut durable_state_machine) = (Network::default(), false);
        for HeaderLine { item, .. } in &self.lines {
            match item {
                HeaderItem::Scenario(text) => title = Some(text.clone()),
                HeaderItem::Paper(text) => paper = Some(text.clone()),
                HeaderItem::Outside(servers) => outside = servers.to_vec(),
                HeaderItem::Violates(property) => violates = Some(property.clone()),
                HeaderItem::SetAside(properties) => set_aside.clone_from(properties),
                HeaderItem::Network(line) => network = network.with(*line),
                HeaderItem::DurableStateMachine => durable_state_machine = true,
                HeaderItem::Servers(_)
                | HeaderItem::Requires(_)
                | HeaderItem::RequiresNot(_)
                | HeaderItem::Settings(..)
                | HeaderItem::Given { .. } => {}
            }
        }
        let Some(title) = title else {
            return Err(missing("scenario", "scenario A leader is elected"));
        };
        let Some(paper) = paper else {
            return Err(missing("paper", "paper §5.2"));
        };
        if self.servers.is_empty() {
            return Err(missing("servers", "servers S1 S2 S3"));
        }
        let (requires, requires_not) = self.requires();
        Ok(Header {
            title,
            paper,
            servers: self.servers.clone(),
            outside,
            requires,
            requires_not,
            violates,
            set_aside,
            settings: of_each(source, &self.servers, &self.settings)?,
            network,
            durable_state_machine,
            given: self.given.clone(),
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
    let mut servers = Vec::new();
    for number in 1..=Header::MOST_SERVERS {
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
        return Err(cursor.unexpected(format!("{} servers at most", Header::MOST_SERVERS)));
    }
    Ok(servers)
}

/// Servers that are not in the first configuration, which is not empty.
fn outside(cursor: &mut Cursor<'_>) -> Result<Servers, ParseError> {
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

/// Properties, each named once.
fn set_aside(cursor: &mut Cursor<'_>) -> Result<Vec<Property>, ParseError> {
    let mut properties = Vec::new();
    while properties.is_empty() || cursor.peek().is_some() {
        let place = cursor.place();
        let word = cursor.peek().unwrap_or_default().to_owned();
        let Some(property) = Property::named(&word) else {
            let error = cursor.unexpected("a property, as in `persist-before-send`");
            let meant = nearest(&word, Property::ALL.into_iter().map(Property::name));
            return Err(match meant {
                Some(meant) => error.with_help(format!("did you mean `{meant}`?")),
                None => error,
            });
        };
        cursor.take();
        if properties.contains(&property) {
            return Err(cursor.error_at(&place, format!("`{word}` is set aside twice")));
        }
        properties.push(property);
    }
    Ok(properties)
}

fn network(cursor: &mut Cursor<'_>) -> Result<NetworkItem, ParseError> {
    let mut network = NetworkItem::default();
    while network == NetworkItem::default() || cursor.peek().is_some() {
        let word = cursor.peek_one();
        let is_set = match word {
            Some(NetworkWord::Delay) => network.delay.is_some(),
            Some(NetworkWord::Loss) => network.loss.is_some(),
            Some(NetworkWord::Duplicate) => network.duplicate.is_some(),
            Some(NetworkWord::Seed) => network.seed.is_some(),
            None => false,
        };
        check_unset(cursor, is_set)?;
        match cursor.expect_one("a network condition")? {
            NetworkWord::Delay => {
                let (from, to) = cursor.range("a delay, as in `1..5 ms`", 0)?;
                let microseconds = if cursor.take_word(Particle::Ms) {
                    1_000
                } else if cursor.take_word(Particle::Us) {
                    1
                } else {
                    return Err(cursor.unexpected("`ms` or `us`"));
                };
                network.delay = Some((from * microseconds, to * microseconds));
            }
            NetworkWord::Loss => network.loss = Some(percent(cursor)?),
            NetworkWord::Duplicate => network.duplicate = Some(percent(cursor)?),
            NetworkWord::Seed => network.seed = Some(cursor.number("a seed", 0..=u64::MAX)?),
        }
    }
    Ok(network)
}
