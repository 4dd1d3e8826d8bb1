//! The audit log as a file.

use crate::faces::problem;
use app::request::Request;
use axum::{
    Extension,
    body::Body,
    extract::Query,
    response::{IntoResponse, Response},
};
use domain::{Error, list::ListQuery};
use http::header;
use services::Format;
use std::collections::HashMap;

/// `GET /audit/export?format=csv`, or `jsonl`: the lines that the rest of the address asks for.
pub(crate) async fn export(
    Extension(request): Extension<Request>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let text = |key: &str| asked.get(key).map(String::as_str);
    let begun = async {
        let actor = request.actor()?;
        let unknown = || Error::at("format", "Choose csv or jsonl as the format.");
        let format = Format::parse(text("format").unwrap_or("csv")).ok_or_else(unknown)?;
        let query = ListQuery::from_pairs(text);
        let lines = request.services.audit.export(actor, &query, format).await?;
        Ok::<_, Error>((format, lines))
    };
    match begun.await {
        Ok((format, lines)) => (
            [
                (header::CONTENT_TYPE, format.content_type().to_owned()),
                (
                    header::CONTENT_DISPOSITION,
                    format!("attachment; filename=\"slipway-audit.{}\"", format.ending()),
                ),
                (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
            ],
            Body::from_stream(lines),
        )
            .into_response(),
        Err(error) => problem::plain(&error),
    }
}
