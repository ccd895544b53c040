//! Servers and the links between them, as a line names them.

use super::cursor::Cursor;
use crate::model::NodeId;
use crate::scenario::error::ParseError;
use crate::scenario::syntax::{Link, Servers, Target};
use crate::scenario::vocabulary::{FactWord, Particle, Sign};

impl Cursor<'_> {
    /// True if the next word has the form of a server: `S` and digits.
    pub(super) fn at_server(&self) -> bool {
        let digits = self.peek().and_then(|word| word.strip_prefix('S')).unwrap_or_default();
        digits.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
    }

    /// True if servers follow, named one by one or by `all`.
    pub(super) fn at_servers(&self) -> bool {
        self.at_server() || self.at(Particle::All)
    }

    /// A header line that speaks of servers stands below the one that names them.
    pub(super) fn expect_servers_line(&self) -> Result<(), ParseError> {
        if !self.servers.is_empty() {
            return Ok(());
        }
        let message = format!("the `{}` line stands above the `servers` line", self.first());
        let error = self.error_at(&self.first_place(), message);
        Err(error.with_help("expected `servers S1 S2 S3` or the like before it"))
    }

    /// Reads one server of the header.
    pub(super) fn server(&mut self) -> Result<NodeId, ParseError> {
        if !self.at_server() {
            return Err(self.unexpected("a server"));
        }
        let word = self.peek().unwrap_or_default();
        let Some(server) = self.servers.iter().find(|server| server.to_string() == word) else {
            let error = self.error(format!("unknown server `{word}`"));
            return Err(match self.servers {
                _ if word.contains("->") || word.contains("--") => {
                    error.with_help("expected white space around `->` and `--`")
                }
                [first, .., last] => error.with_help(format!("expected {first} to {last}")),
                [only] => error.with_help(format!("expected {only}, there is no other")),
                [] => error,
            });
        };
        self.take();
        Ok(*server)
    }

    /// Reads one server or more, none of them twice.
    pub(super) fn servers(&mut self) -> Result<Vec<NodeId>, ParseError> {
        let mut servers = Vec::new();
        while servers.is_empty() || self.at_server() {
            let server = self.server()?;
            if servers.contains(&server) {
                return Err(self.error_at(&self.last_place(), format!("{server} is named twice")));
            }
            servers.push(server);
        }
        Ok(servers)
    }

    /// Reads servers, or `all` for all of them.
    pub(super) fn servers_or_all(&mut self) -> Result<Servers, ParseError> {
        if self.take_word(Particle::All) {
            return Ok(Servers::all(self.servers.to_vec()));
        }
        if !self.at_server() {
            return Err(self.unexpected("servers or `all`"));
        }
        self.servers().map(Servers::from)
    }

    /// True if `leader` or `the leader` follows.
    pub(super) fn at_leader(&self) -> bool {
        self.at(FactWord::Leader) || self.at(Particle::The)
    }

    /// Reads `leader` or `the leader`, if it is there.
    pub(super) fn take_leader(&mut self) -> Result<bool, ParseError> {
        if self.take_word(Particle::The) {
            self.expect_word(FactWord::Leader)?;
            return Ok(true);
        }
        Ok(self.take_word(FactWord::Leader))
    }

    /// Reads one server, or `leader`.
    pub(super) fn target(&mut self) -> Result<Target, ParseError> {
        if self.take_leader()? {
            return Ok(Target::Leader);
        }
        if !self.at_server() {
            return Err(self.unexpected("a server or `leader`"));
        }
        self.server().map(Target::Server)
    }

    /// Reads servers, `all` of them, or `leader`.
    pub(super) fn targets(&mut self) -> Result<Servers, ParseError> {
        if self.take_leader()? {
            return Ok(Servers::leader());
        }
        if !self.at_servers() {
            return Err(self.unexpected("servers, `all` or `leader`"));
        }
        self.servers_or_all()
    }

    /// Reads servers, none of them twice, `all` of them, or `none`.
    pub(super) fn servers_or_none(&mut self) -> Result<Servers, ParseError> {
        if self.take_word(Particle::None) {
            return Ok(Servers::default());
        }
        if !self.at_servers() {
            return Err(self.unexpected("servers, `all` or `none`"));
        }
        self.servers_or_all()
    }

    /// Reads servers as they are written, be one of them named twice, `all` of them, or `none`.
    pub(super) fn servers_as_written(&mut self) -> Result<Servers, ParseError> {
        let mut servers = Vec::new();
        while self.at_server() {
            servers.push(self.server()?);
        }
        if servers.is_empty() { self.servers_or_none() } else { Ok(servers.into()) }
    }

    /// Reads `S1 -> S2 …`: every server before the arrow to every one behind it.
    pub(super) fn arrow(&mut self) -> Result<Vec<Link>, ParseError> {
        let from = self.servers()?;
        if self.at(Sign::BothWays) {
            return Err(self.unexpected("`->`: a message goes one way"));
        }
        if !self.take_word(Sign::OneWay) {
            return Err(self.unexpected("`->`"));
        }
        self.links_from(&from, false)
    }

    /// Reads `S1 -> S2 …`, or `S1 -- S2 …` for both directions.
    pub(super) fn arrow_or_line(&mut self) -> Result<Vec<Link>, ParseError> {
        let from = self.servers()?;
        let both_ways = self.at(Sign::BothWays);
        if !both_ways && !self.at(Sign::OneWay) {
            return Err(self.unexpected("`->` or `--`"));
        }
        self.take();
        self.links_from(&from, both_ways)
    }

    /// Reads the servers behind an arrow.
    fn links_from(&mut self, senders: &[NodeId], both_ways: bool) -> Result<Vec<Link>, ParseError> {
        let receivers = self.servers()?;
        for (place, receiver) in self.last_places(receivers.len()).zip(&receivers) {
            if senders.contains(receiver) {
                let message = format!("a link from {receiver} to itself");
                return Err(self.error_at(place, message).with_help("expected another server"));
            }
        }
        Ok(Link::between(senders, &receivers, both_ways))
    }
}
