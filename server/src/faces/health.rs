//! `/healthz` says that the process serves; `/readyz` that database and engine do too.

use axum::{extract::State, response::IntoResponse};
use http::StatusCode;
use services::Services;

pub(crate) async fn healthz() -> &'static str {
    "ok"
}

pub(crate) async fn readyz(State(services): State<Services>) -> impl IntoResponse {
    match services.ready().await {
        Ok(()) => (StatusCode::OK, "ready".to_owned()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}
