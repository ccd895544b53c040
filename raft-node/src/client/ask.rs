//! Requests to a cluster: to one server after the other, until one answers.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{Method, Request, Response, StatusCode};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use super::Client;
use super::error::ClientError;
use crate::tls::Files;
use crate::types::{SERIAL, SESSION, TIMEOUT};

/// Waits between rounds over all servers: the first, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));
/// Time in which one server must answer, unless the patience is shorter.
pub(super) const ONE_SERVER: Duration = Duration::from_secs(2);
/// Longest answer, in bytes.
const ANSWER: u64 = 64 << 20;

/// An agent for requests to servers. It follows no redirects, and takes errors as answers.
///
/// # Errors
/// If a certificate can't be read.
pub(crate) fn agent(patience: Duration, files: Option<&Files>) -> Result<ureq::Agent, ClientError> {
    let mut config = ureq::Agent::config_builder()
        .timeout_global(Some(patience))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None);
    if let Some(files) = files {
        let wrong = |path: &std::path::Path, error: &dyn fmt::Display| {
            ClientError::Unusable(format!("{}: {error}", path.display()))
        };
        let certificates =
            |path: &std::path::Path| -> Result<Vec<Certificate<'static>>, ClientError> {
                let all = crate::tls::certificates(path);
                let all = all.map_err(|error| ClientError::Unusable(error.to_string()))?;
                Ok(all.iter().map(|der| Certificate::from_der(der).to_owned()).collect())
            };
        let key = std::fs::read(&files.key).map_err(|error| wrong(&files.key, &error))?;
        let key = PrivateKey::from_pem(&key).map_err(|error| wrong(&files.key, &error))?;
        let chain = certificates(&files.certificate)?;
        let roots = RootCerts::Specific(Arc::new(certificates(&files.authority)?));
        let client = ClientCert::new_with_certs(&chain, key);
        let tls = TlsConfig::builder().root_certs(roots).client_cert(Some(client)).build();
        config = config.tls_config(tls);
    }
    Ok(config.build().into())
}

/// An attempt at one server.
pub(super) enum Attempt {
    /// It answered.
    Answer(Response<Vec<u8>>),
    /// It did not take the request.
    Elsewhere(String),
    /// It may have taken the request.
    Maybe(String),
}

/// What is asked of the cluster.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) body: &'a [u8],
    /// The serial number of a command: with it a command may be handed in again.
    pub(super) once: Option<(u64, u64)>,
    /// True if it changes nothing when it is done twice.
    pub(super) idempotent: bool,
}

impl Client {
    pub(super) fn ask(&mut self, ask: &Ask<'_>) -> Result<Response<Vec<u8>>, ClientError> {
        self.ask_or_maybe(ask).map(|(answer, _)| answer)
    }

    /// Asks one server after the other until one answers, or the patience ends. True if one that did not answer may have
    /// taken it, too.
    pub(super) fn ask_or_maybe(
        &mut self,
        ask: &Ask<'_>,
    ) -> Result<(Response<Vec<u8>>, bool), ClientError> {
        let end = Instant::now() + self.options.patience;
        let (mut maybe, mut tries, mut wait) = (false, 0, BACK_OFF.0);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let server = self.servers[self.favourite].clone();
            let last = match self.attempt(&server, ask, left)? {
                Attempt::Answer(answer) if answer.status() == StatusCode::TEMPORARY_REDIRECT => {
                    if let Some(leader) = leader_of(&answer) {
                        self.prefer(&leader);
                        tries += 1;
                        if tries <= self.servers.len() {
                            continue;
                        }
                    }
                    format!("{server}: another server leads")
                }
                Attempt::Answer(answer) => return Ok((answer, maybe)),
                Attempt::Elsewhere(last) => {
                    self.favourite = (self.favourite + 1) % self.servers.len();
                    last
                }
                Attempt::Maybe(last) => {
                    maybe = true;
                    self.favourite = (self.favourite + 1) % self.servers.len();
                    if !ask.may_repeat() {
                        return Err(ClientError::TimedOut { maybe, last });
                    }
                    last
                }
            };
            tries += 1;
            if Instant::now() + wait >= end {
                return Err(ClientError::TimedOut { maybe: maybe && !ask.idempotent, last });
            }
            if tries >= self.servers.len() {
                std::thread::sleep(wait);
                (tries, wait) = (0, (wait * 2).min(BACK_OFF.1));
            }
        }
    }

    fn prefer(&mut self, server: &str) {
        self.favourite = match self.servers.iter().position(|known| known == server) {
            Some(place) => place,
            None => {
                self.servers.push(server.to_string());
                self.servers.len() - 1
            }
        };
    }

    pub(super) fn request<'a>(
        &self,
        server: &str,
        ask: &Ask<'a>,
        left: Option<Duration>,
    ) -> Result<Request<&'a [u8]>, ClientError> {
        let uri = format!("{}://{server}{}", self.scheme, ask.path);
        let mut request = Request::builder().method(ask.method.clone()).uri(uri);
        if let Some(token) = &self.options.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some((session, serial)) = ask.once {
            request = request.header(SESSION, session).header(SERIAL, serial);
        }
        if let Some(left) = left {
            request = request.header(TIMEOUT, left.as_millis().max(1).to_string());
        }
        let wrong = |error: ureq::http::Error| ClientError::Unusable(format!("{server}: {error}"));
        request.body(ask.body).map_err(wrong)
    }

    pub(super) fn attempt(
        &self,
        server: &str,
        ask: &Ask<'_>,
        left: Duration,
    ) -> Result<Attempt, ClientError> {
        let limit = left.min(ONE_SERVER);
        // The server gives up before this client does, and says so.
        let request = self.request(server, ask, Some(limit.mul_f32(0.9)))?;
        let at = |text: String| format!("{server}: {text}");
        let answer = match self.agent.run(request) {
            Ok(answer) => answer,
            Err(error) if never_left(&error) => {
                return Ok(Attempt::Elsewhere(at(error.to_string())));
            }
            Err(error) => return Ok(Attempt::Maybe(at(error.to_string()))),
        };
        let (parts, mut body) = answer.into_parts();
        let bytes = match body.with_config().limit(ANSWER).read_to_vec() {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Attempt::Maybe(at(error.to_string()))),
        };
        let answer = Response::from_parts(parts, bytes);
        Ok(match answer.status() {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::INSUFFICIENT_STORAGE => {
                Attempt::Elsewhere(at(refused(&answer).to_string()))
            }
            StatusCode::GATEWAY_TIMEOUT => {
                let error = refused(&answer);
                let text = at(error.to_string());
                if error.is_unknown() { Attempt::Maybe(text) } else { Attempt::Elsewhere(text) }
            }
            _ => Attempt::Answer(answer),
        })
    }
}

impl<'a> Ask<'a> {
    pub(super) fn read(path: &'a str) -> Ask<'a> {
        Ask { method: Method::GET, path, body: &[], once: None, idempotent: true }
    }

    /// Returns whether it may be handed in again when it may have been taken.
    pub(super) fn may_repeat(&self) -> bool {
        self.idempotent || self.once.is_some()
    }
}

/// Returns whether the request can't have reached a server.
pub(crate) fn never_left(error: &ureq::Error) -> bool {
    let refused = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
    matches!(
        error,
        ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect)
    ) || matches!(error, ureq::Error::Io(error) if refused(error))
}

/// The address in a redirect.
fn leader_of(answer: &Response<Vec<u8>>) -> Option<String> {
    let location = answer.headers().get("location")?.to_str().ok()?;
    let (_, rest) = location.split_once("://")?;
    rest.split('/').next().map(str::to_string)
}

/// The answer, if it is one of success.
pub(super) fn succeeded(answer: Response<Vec<u8>>) -> Result<Response<Vec<u8>>, ClientError> {
    if answer.status().is_success() { Ok(answer) } else { Err(refused(&answer)) }
}

/// The problem that an answer is.
pub(super) fn refused(answer: &Response<Vec<u8>>) -> ClientError {
    match serde_json::from_slice(answer.body()) {
        Ok(problem) => ClientError::Refused(Box::new(problem)),
        Err(_) => ClientError::Strange(format!("an answer of status {}", answer.status())),
    }
}

/// The content of an answer.
pub(super) fn parsed<T: DeserializeOwned>(answer: Response<Vec<u8>>) -> Result<T, ClientError> {
    serde_json::from_slice(answer.body())
        .map_err(|error| ClientError::Strange(format!("the answer makes no sense: {error}")))
}

/// A body as JSON.
pub(super) fn to_json(body: &impl Serialize) -> Vec<u8> {
    // Texts and numbers can be written.
    serde_json::to_vec(body).unwrap_or_default()
}
