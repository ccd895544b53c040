//! Requests that a follower does not answer itself: a redirect to the leader, or the leader's answer.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::task::spawn_blocking;

use super::problem::{Kind, LeaderElsewhere, Problem};
use super::{App, BODY};
use crate::client::{agent, never_left};
use crate::config::{Config, Follower};
use crate::types;

/// Way to the leader's API.
pub(super) struct Relay(Result<ureq::Agent, String>);

impl Relay {
    pub(super) fn new(config: &Config) -> Relay {
        // A request waits for its own deadline, and a little for the way.
        let patience =
            std::time::Duration::from_millis(u64::from(config.timing.request_ms) + 1_000);
        let files = config.tls.api.as_ref();
        Relay(agent(patience, files).map_err(|error| error.to_string()))
    }
}

/// Around the handlers: redirects what only the leader can answer, or asks the leader.
pub(super) async fn relay(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY).await else {
        return Problem::new(Kind::TooLarge, format!("at most {BODY} bytes")).into_response();
    };
    let (method, uri, headers) = (parts.method.clone(), parts.uri.clone(), parts.headers.clone());
    let response = next.run(Request::from_parts(parts, Body::from(body.clone()))).await;
    let Some(&LeaderElsewhere(leader)) = response.extensions().get() else { return response };
    let addresses = app.addresses().await;
    let Some(api) = addresses.get(&leader).map(|addresses| addresses.api.clone()) else {
        let detail = format!("{leader} leads, and its address is not known here");
        return Problem::new(Kind::NoLeader, detail).into_response();
    };
    let scheme = if app.0.secure { "https" } else { "http" };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let target = format!("{scheme}://{api}{path}");
    match app.0.follower {
        Follower::Forward if !headers.contains_key(types::FORWARDED) => {
            forwarded(&app, method, target, headers, body).await
        }
        Follower::Forward | Follower::Redirect => redirect(response, &target),
    }
}

fn redirect(mut response: Response, target: &str) -> Response {
    match HeaderValue::from_str(target) {
        Ok(target) => {
            response.headers_mut().insert(header::LOCATION, target);
            response
        }
        Err(_) => Problem::new(Kind::Internal, "the leader's address is none").into_response(),
    }
}

async fn forwarded(
    app: &App,
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let agent = match &app.0.relay.0 {
        Ok(agent) => agent.clone(),
        Err(error) => return Problem::new(Kind::Internal, error.clone()).into_response(),
    };
    let asked = spawn_blocking(move || ask(&agent, method, &target, &headers, &body)).await;
    match asked {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => unreached(&error),
        Err(_) => Problem::new(Kind::Internal, "the request to the leader ended").into_response(),
    }
}

/// The leader may have taken the request before the connection broke.
fn unreached(error: &ureq::Error) -> Response {
    let detail = format!("the leader did not answer: {error}");
    let kind = if never_left(error) { Kind::NoLeader } else { Kind::Unknown };
    Problem::new(kind, detail).into_response()
}

fn ask(
    agent: &ureq::Agent,
    method: Method,
    target: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, ureq::Error> {
    let mut request = axum::http::Request::builder().method(method).uri(target);
    for name in [types::SESSION, types::SERIAL, types::TIMEOUT, "authorization", "content-type"] {
        if let Some(value) = headers.get(name) {
            request = request.header(name, value);
        }
    }
    let request = request.header(types::FORWARDED, "1").body(&body[..])?;
    let answer = agent.run(request)?;
    let (parts, mut body) = answer.into_parts();
    let bytes = body.with_config().limit(64 << 20).read_to_vec()?;
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = parts.status;
    for name in ["content-type", "etag", "location", "retry-after", types::INDEX] {
        if let Some(value) = parts.headers.get(name) {
            response.headers_mut().insert(name_of(name), value.clone());
        }
    }
    Ok(response)
}

fn name_of(name: &'static str) -> header::HeaderName {
    header::HeaderName::from_static(name)
}
