//! Pages of the session origin when there is no workspace to show. They stand alone: nothing is
//! loaded from the console, and no script is needed.

use crate::faces::html::escaped;
use axum::response::{Html, IntoResponse, Response};
use domain::{Error, session::State};
use http::{HeaderValue, StatusCode, header};

/// Seconds after which a page about a session that will change looks again.
const LOOK_AGAIN_S: u32 = 2;

fn page(status: StatusCode, title: &str, text: &str, again: bool) -> Response {
    let refresh = if again {
        format!("<meta http-equiv=\"refresh\" content=\"{LOOK_AGAIN_S}\">")
    } else {
        String::new()
    };
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">{refresh}<title>{title}</title>\
         <style>html{{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}}\
         body{{min-height:90vh;display:grid;place-content:center;text-align:center;margin:1rem}}\
         h1{{font-size:1.25rem;margin:0}}p{{max-width:40ch;margin:.5rem auto}}</style></head>\
         <body><main><h1>{title}</h1><p>{text}</p></main></body></html>",
        title = escaped(title),
        text = escaped(text),
    );
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Goes on to the workspace by itself.
///
/// Not a redirect: Firefox calls what follows one between two origins cross-site, even where both
/// are of one site, and so it cannot be told from a foreign page. What this page asks for comes from
/// the session's own origin.
pub(super) fn onward(entry: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"refresh\" content=\"0;url={}\"><title>Opening …</title>\
         <style>html{{color-scheme:light dark}}</style></head><body></body></html>",
        escaped(entry)
    );
    Html(html).into_response()
}

/// The session does not run.
pub(super) fn closed(state: State, name: &str, message: &str) -> Response {
    let title = format!("{name} is {}", state.label().to_lowercase());
    page(StatusCode::SERVICE_UNAVAILABLE, &title, message, !matches!(state, State::Deleted))
}

/// The visitor is not let in.
pub(super) fn refused(error: &Error) -> Response {
    let status = StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::FORBIDDEN);
    page(status, error.kind.title(), &error.to_string(), false)
}
