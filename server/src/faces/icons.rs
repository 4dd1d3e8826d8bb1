//! Uploaded icons: taking them, and giving them out so that they can only ever be pictures.

use crate::faces::problem;
use app::{request::Request, routes};
use axum::{
    Extension,
    extract::{Multipart, Path},
    response::{IntoResponse, Redirect, Response},
};
use domain::{Error, ErrorKind, Result, list::encode};
use http::{HeaderMap, header};

/// `GET /icons/{id}`
pub(crate) async fn show(
    Extension(request): Extension<Request>,
    Path(id): Path<String>,
) -> Response {
    let found = async {
        let id = id.parse()?;
        request.services.workspaces.icon(request.actor()?, &id).await
    };
    match found.await {
        Ok(icon) => (
            [
                (header::CONTENT_TYPE, icon.content_type),
                (header::CACHE_CONTROL, "private, max-age=31536000, immutable".to_owned()),
                (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
            ],
            icon.bytes,
        )
            .into_response(),
        Err(error) => problem::plain(&error),
    }
}

/// `POST /workspaces/{id}/icon` with the picture as `icon`; then back to the form.
pub(crate) async fn upload(
    Extension(request): Extension<Request>,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let done = async {
        let actor = request.actor()?;
        let bytes = picture(form).await?;
        request.services.workspaces.upload_icon(actor, &id.parse()?, bytes).await
    };
    match done.await {
        Ok(()) => Redirect::to(&format!("/workspaces/{id}?done=icon")).into_response(),
        Err(error) if error.kind == ErrorKind::Invalid => {
            let why = encode(&error.message);
            Redirect::to(&format!("/workspaces/{id}?icon_problem={why}")).into_response()
        }
        Err(error) if error.kind == ErrorKind::Unauthenticated && super::is_page(&headers) => {
            Redirect::to(&routes::login(&format!("/workspaces/{id}"))).into_response()
        }
        Err(error) => problem::plain(&error),
    }
}

async fn picture(mut form: Multipart) -> Result<Vec<u8>> {
    let unreadable = |_| Error::at("icon", "The picture did not arrive whole, or is too large.");
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() == Some("icon") {
            return Ok(field.bytes().await.map_err(unreadable)?.to_vec());
        }
    }
    Err(Error::at("icon", "Choose a picture first."))
}
