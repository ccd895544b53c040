//! A client of a cluster: finds the leader, asks again until its patience ends, and has each command carried out once.
//!
//! It blocks; a program with tasks of its own calls it from a thread.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use ureq::http::{Method, Response, StatusCode};

use crate::tls::Files;
use crate::types::{
    Change, Changed, Item, Joiner, Log, Members, Opened, Scan, Status, Swap, Transfer, Value,
    Written,
};

mod ask;
mod error;

pub(crate) use ask::{agent, never_left};
pub use error::ClientError;

use ask::{Ask, Attempt, ONE_SERVER, parsed, refused, succeeded, to_json};
use error::is_kind;

/// Ways of a client.
#[derive(Clone, Debug)]
pub struct Options {
    /// Time after which an operation is given up.
    pub patience: Duration,
    /// The bearer token, if the servers want one.
    pub token: Option<String>,
    /// Certificates, if the servers speak TLS.
    pub tls: Option<Files>,
}

impl Default for Options {
    /// Ten seconds of patience, without token and TLS.
    fn default() -> Options {
        Options { patience: Duration::from_secs(10), token: None, tls: None }
    }
}

/// Client of a cluster.
#[derive(Debug)]
pub struct Client {
    agent: ureq::Agent,
    scheme: &'static str,
    options: Options,
    servers: Vec<String>,
    /// The place in `servers` of the one that answered last.
    favourite: usize,
    session: Option<u64>,
    serial: u64,
}

impl Client {
    /// A client of the servers with these addresses of their APIs, `host:port`; some of them suffice.
    ///
    /// # Errors
    /// If there is no server, or a certificate can't be read.
    pub fn new(servers: Vec<String>, options: Options) -> Result<Client, ClientError> {
        if servers.is_empty() {
            return Err(ClientError::Unusable(
                "a client needs the address of a server".to_string(),
            ));
        }
        let agent = agent(options.patience.min(ONE_SERVER), options.tls.as_ref())?;
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        Ok(Client { agent, scheme, options, servers, favourite: 0, session: None, serial: 0 })
    }

    /// The value of a key, as recent as the question.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, ClientError> {
        self.read(&format!("/v1/keys/{}", encode(key)))
    }

    /// The value of a key, as recent as the server that is asked happens to be.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn get_stale(&mut self, key: &str) -> Result<Option<Vec<u8>>, ClientError> {
        self.read(&format!("/v1/keys/{}?consistency=stale", encode(key)))
    }

    fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, ClientError> {
        let answer = self.ask(&Ask::read(path))?;
        match succeeded(answer) {
            Ok(answer) => Ok(Some(answer.into_body())),
            Err(ClientError::Refused(problem)) if is_kind(&problem, "not-found") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn put(&mut self, key: &str, value: &[u8]) -> Result<Written, ClientError> {
        self.command(Method::PUT, &format!("/v1/keys/{}", encode(key)), value)
    }

    /// Removes a key.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn delete(&mut self, key: &str) -> Result<Written, ClientError> {
        self.command(Method::DELETE, &format!("/v1/keys/{}", encode(key)), &[])
    }

    /// Sets or removes a key if it holds what is expected; `None` is a key that is not there. Returns the value that it
    /// holds instead, if it does not.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn cas(
        &mut self,
        key: &str,
        expected: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<Result<Written, Option<Vec<u8>>>, ClientError> {
        let swap = Swap { expected: expected.map(Value::from), value: value.map(Value::from) };
        match self.command(Method::POST, &format!("/v1/cas/{}", encode(key)), &to_json(&swap)) {
            Ok(written) => Ok(Ok(written)),
            Err(ClientError::Refused(problem)) if is_kind(&problem, "mismatch") => {
                let actual = problem.actual.unwrap_or_default().bytes();
                Ok(Err(actual.map_err(|error| ClientError::Strange(error.to_string()))?))
            }
            Err(error) => Err(error),
        }
    }

    /// All keys with a prefix, in order. Those of one page are of one moment.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn scan(&mut self, prefix: &str) -> Result<Vec<Item>, ClientError> {
        let mut all: Vec<Item> = Vec::new();
        loop {
            let after = all.last().map(|item| format!("&after={}", encode(&item.key)));
            let after = after.unwrap_or_default();
            let path = format!("/v1/keys?limit=1000&prefix={}{after}", encode(prefix));
            let Scan { items, more } = parsed(succeeded(self.ask(&Ask::read(&path))?)?)?;
            all.extend(items);
            if !more {
                return Ok(all);
            }
        }
    }

    /// What changes below a prefix, from an index on or from now on. The iterator ends when the server does, or with an error.
    ///
    /// # Errors
    /// [`ClientError`], among them that changes as old as that are forgotten.
    pub fn watch(
        &mut self,
        prefix: &str,
        from: Option<u64>,
    ) -> Result<impl Iterator<Item = Result<Change, ClientError>> + use<>, ClientError> {
        let from = from.map(|from| format!("&from={from}")).unwrap_or_default();
        let path = format!("/v1/watch?prefix={}{from}", encode(prefix));
        let server = self.servers[self.favourite].clone();
        let request = self.request(&server, &Ask::read(&path), None)?;
        let request = self.agent.configure_request(request).timeout_global(None).build();
        let answer = self.agent.run(request).map_err(|error| ClientError::TimedOut {
            maybe: false,
            last: format!("{server}: {error}"),
        })?;
        if answer.status() != StatusCode::OK {
            let (parts, mut body) = answer.into_parts();
            let bytes = body.read_to_vec().unwrap_or_default();
            return Err(refused(&Response::from_parts(parts, bytes)));
        }
        let lines = BufReader::new(answer.into_body().into_reader()).lines();
        Ok(lines.map(move |line| {
            let line = line.map_err(|error| ClientError::Strange(format!("{server}: {error}")))?;
            serde_json::from_str(&line).map_err(|error| ClientError::Strange(error.to_string()))
        }))
    }

    /// The state of each server; the reason if there is none.
    pub fn statuses(&mut self) -> Vec<(String, Result<Status, ClientError>)> {
        let known: Vec<String> = self.servers.clone();
        let one = |server: &String| (server.clone(), self.status_of(server));
        known.iter().map(one).collect()
    }

    /// The state of one server.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn status_of(&self, server: &str) -> Result<Status, ClientError> {
        match self.attempt(server, &Ask::read("/v1/status"), self.options.patience)? {
            Attempt::Answer(answer) => parsed(succeeded(answer)?),
            Attempt::Elsewhere(last) | Attempt::Maybe(last) => {
                Err(ClientError::TimedOut { maybe: false, last })
            }
        }
    }

    /// Learns the addresses of all servers of the cluster from one that answers.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn discover(&mut self) -> Result<(), ClientError> {
        let answer = self.ask(&Ask::read("/v1/status"))?;
        let status: Status = parsed(succeeded(answer)?)?;
        let members = &status.members;
        for server in status.servers {
            let belongs = members.voters.contains(&server.id)
                || members.learners.contains(&server.id)
                || members.outgoing.contains(&server.id);
            if belongs && !self.servers.contains(&server.api) {
                self.servers.push(server.api);
            }
        }
        Ok(())
    }

    /// Part of the log of a server, from an index on or the last entries.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn log(&mut self, from: Option<u64>, limit: u32) -> Result<Log, ClientError> {
        let from = from.map(|from| format!("&from={from}")).unwrap_or_default();
        let path = format!("/v1/log?limit={limit}{from}");
        parsed(succeeded(self.ask(&Ask::read(&path))?)?)
    }

    /// The configuration in force, as the server that is asked knows it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn members(&mut self) -> Result<Members, ClientError> {
        parsed(succeeded(self.ask(&Ask::read("/v1/members"))?)?)
    }

    /// Adds a server.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn add(&mut self, id: u32, joiner: &Joiner) -> Result<Changed, ClientError> {
        self.change(Method::PUT, &format!("/v1/members/{id}"), &to_json(joiner))
    }

    /// Removes a server.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn remove(&mut self, id: u32) -> Result<Changed, ClientError> {
        self.change(Method::DELETE, &format!("/v1/members/{id}"), &[])
    }

    /// Changes to a complete new configuration, of servers that are known.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn set_members(&mut self, members: &Members) -> Result<Changed, ClientError> {
        self.change(Method::PUT, "/v1/members", &to_json(members))
    }

    /// Lets a server lead.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn transfer(&mut self, to: u32) -> Result<Changed, ClientError> {
        self.change(Method::POST, "/v1/transfer", &to_json(&Transfer { to }))
    }

    /// Lets the server that is asked take a snapshot.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn snapshot(&mut self) -> Result<Changed, ClientError> {
        self.change(Method::POST, "/v1/snapshot", &[])
    }

    fn change(&mut self, method: Method, path: &str, body: &[u8]) -> Result<Changed, ClientError> {
        let ask = Ask { method, path, body, once: None, idempotent: false };
        parsed(succeeded(self.ask(&ask)?)?)
    }

    /// Has a command carried out once, in this client's session.
    fn command(&mut self, method: Method, path: &str, body: &[u8]) -> Result<Written, ClientError> {
        let mut again = true;
        loop {
            let session = match self.session {
                Some(session) => session,
                None => self.open()?,
            };
            self.serial += 1;
            let once = Some((session, self.serial));
            let ask = Ask { method: method.clone(), path, body, once, idempotent: false };
            let (answer, maybe) = self.ask_or_maybe(&ask)?;
            match succeeded(answer) {
                Err(ClientError::Refused(problem)) if is_kind(&problem, "session-gone") => {
                    self.session = None;
                    if maybe {
                        let last = "the session expired meanwhile".to_string();
                        return Err(ClientError::TimedOut { maybe, last });
                    }
                    // The session was forgotten while this client was idle: the command was not carried out.
                    if !std::mem::take(&mut again) {
                        return Err(ClientError::Refused(problem));
                    }
                }
                other => return parsed(other?),
            }
        }
    }

    fn open(&mut self) -> Result<u64, ClientError> {
        // A session that is opened twice is forgotten in time.
        let ask = Ask {
            method: Method::POST,
            path: "/v1/sessions",
            body: &[],
            once: None,
            idempotent: true,
        };
        let Opened { session } = parsed(succeeded(self.ask(&ask)?)?)?;
        (self.session, self.serial) = (Some(session), 0);
        Ok(session)
    }
}

/// A key as a part of a path or a query.
fn encode(key: &str) -> String {
    let mut text = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            _ => text += &format!("%{byte:02X}"),
        }
    }
    text
}
