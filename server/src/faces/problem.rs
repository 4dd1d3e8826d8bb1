//! A domain error as an HTTP response, for the parts of the console that are not pages.

use axum::response::{IntoResponse, Response};
use domain::Error;
use http::{HeaderValue, StatusCode, header};

fn status(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// As JSON, the same text that server functions answer with.
pub(crate) fn json(error: &Error) -> Response {
    let body = serde_json::to_string(error).unwrap_or_default();
    let mut response = (status(error), body).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// As plain text.
pub(crate) fn plain(error: &Error) -> Response {
    (status(error), format!("{error}\n")).into_response()
}
