//! Webhooks: pipelines and registries say that an image was pushed. Nobody is signed in here; the
//! secret of the hook is what counts, so the call may come from anywhere.

use crate::faces::problem;
use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use domain::{Error, ErrorKind, hook::Called};
use http::{HeaderMap, StatusCode, Uri, header};
use serde::Deserialize;
use services::{LARGEST_CALL, Services};

/// Where the secret may stand beside `Authorization`.
const SECRET: &str = "x-slipway-secret";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    secret: String,
}

/// The secret that a call comes with; empty for none.
fn secret(headers: &HeaderMap, uri: &Uri) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, secret) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
    });
    match bearer.or_else(|| text(SECRET)) {
        Some(secret) => secret.to_owned(),
        None => {
            Query::<Asked>::try_from_uri(uri).map(|Query(asked)| asked.secret).unwrap_or_default()
        }
    }
}

/// `POST /hooks/{id}`: 202 and how many names were recognised.
pub(crate) async fn call(
    State(services): State<Services>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Body,
) -> Response {
    let called = async {
        // Before anything is read of what a stranger sends.
        let hook = services.hooks.admit(&id, &secret(&headers, &uri)).await?;
        match to_bytes(body, LARGEST_CALL).await {
            Ok(body) => services.hooks.call(&hook, &body).await.map(Some),
            Err(_) => Ok(None),
        }
    };
    match called.await {
        Ok(Some(called)) => accepted(called),
        Ok(None) => too_large(),
        Err(error) => problem::json(&error),
    }
}

fn accepted(called: Called) -> Response {
    (StatusCode::ACCEPTED, Json(called)).into_response()
}

fn too_large() -> Response {
    let message = format!("The call is longer than {} KiB.", LARGEST_CALL / 1024);
    let error = Error::new(ErrorKind::Invalid, message)
        .hint("Name the images that were pushed, and nothing else.");
    let mut response = problem::json(&error);
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn found(pairs: &[(&'static str, &'static str)], uri: &str) -> String {
        let pairs = pairs.iter().map(|(name, value)| {
            (header::HeaderName::from_static(name), HeaderValue::from_static(value))
        });
        let headers: HeaderMap = pairs.collect();
        secret(&headers, &uri.parse().unwrap())
    }

    #[test]
    fn the_secret_is_found_wherever_a_caller_can_put_it() {
        assert_eq!(found(&[("authorization", "Bearer abc")], "/hooks/h"), "abc");
        assert_eq!(found(&[("authorization", "bearer  abc ")], "/hooks/h"), "abc");
        assert_eq!(found(&[("x-slipway-secret", "abc")], "/hooks/h"), "abc");
        assert_eq!(found(&[("authorization", "Basic eDp5")], "/hooks/h?secret=abc"), "abc");
        assert_eq!(found(&[], "/hooks/h?secret=a%2Bb&x=1"), "a+b");
        assert_eq!(found(&[], "/hooks/h"), "");
    }
}
