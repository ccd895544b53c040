//! The description of the API, in the form of OpenAPI 3.1.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// The description, as it is served.
pub(super) const TEXT: &str = include_str!("openapi.json");

pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], TEXT).into_response()
}
