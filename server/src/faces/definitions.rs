//! Definitions of workspaces as files.

use crate::faces::problem;
use app::{draft, request::Request, routes};
use axum::{
    Extension,
    extract::{Multipart, Query},
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    Error, ErrorKind, Result, WorkspaceId,
    list::{ListQuery, encode},
};
use http::{HeaderMap, header};
use services::Chosen;

/// `GET /workspaces/export`: those with the `id`s of the address, or what the rest of it asks for.
pub(crate) async fn export(
    Extension(request): Extension<Request>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    let written = async {
        let actor = request.actor()?;
        request.services.workspaces.export(actor, &chosen(&asked)?).await
    };
    match written.await {
        Ok(text) => (
            [
                (header::CONTENT_TYPE, "application/yaml; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"workspaces.yaml\""),
                (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
            ],
            text,
        )
            .into_response(),
        Err(error) => problem::plain(&error),
    }
}

fn chosen(asked: &[(String, String)]) -> Result<Chosen> {
    let ids = asked.iter().filter(|(key, _)| key == "id" || key == "id[]");
    let ids = ids.map(|(_, id)| id.parse()).collect::<Result<Vec<WorkspaceId>>>()?;
    if !ids.is_empty() {
        return Ok(Chosen::These(ids));
    }
    let text = |key: &str| asked.iter().find(|(known, _)| known == key).map(|(_, v)| v.as_str());
    let query = ListQuery::from_pairs(text);
    Ok(match query.search.is_empty() && query.state.is_empty() && query.filter.is_empty() {
        true => Chosen::All,
        false => Chosen::Listed(Box::new(query)),
    })
}

/// `POST /workspaces/import/file` with the text as `file`; then back to the page, which shows what it
/// comes to.
pub(crate) async fn read(
    Extension(request): Extension<Request>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let text = file(form).await;
    let looked = async {
        let workspaces = &request.services.workspaces;
        let text = text.as_deref().unwrap_or_default();
        workspaces.look_at_definitions(request.actor()?, text).await
    };
    match (looked.await, text) {
        (Err(error), _) if error.kind == ErrorKind::Unauthenticated && super::is_page(&headers) => {
            Redirect::to(&routes::login(routes::IMPORT_WORKSPACES)).into_response()
        }
        (Err(error), _) if error.kind != ErrorKind::Invalid => problem::plain(&error),
        (_, Err(error)) => {
            let why = encode(&error.message);
            let page = format!("{}?file_problem={why}", routes::IMPORT_WORKSPACES);
            Redirect::to(&page).into_response()
        }
        // What is wrong with the text is told beside it.
        (_, Ok(text)) => {
            draft::leave(&request, draft::DEFINITIONS, text).await;
            Redirect::to(&format!("{}?read=on", routes::IMPORT_WORKSPACES)).into_response()
        }
    }
}

async fn file(mut form: Multipart) -> Result<String> {
    let unreadable = |_| Error::at("file", "The file did not arrive whole, or is too large.");
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() == Some("file") {
            let bytes = field.bytes().await.map_err(unreadable)?;
            if bytes.len() > services::LONGEST_DEFINITIONS {
                let most = services::LONGEST_DEFINITIONS / 1024;
                let why = format!("The file is too large: at most {most} KiB are taken.");
                return Err(Error::at("file", why));
            }
            let text = String::from_utf8(bytes.to_vec());
            return text.map_err(|_| Error::at("file", "The file is no text in UTF-8."));
        }
    }
    Err(Error::at("file", "Choose a file first."))
}
