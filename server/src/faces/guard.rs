//! Keeps foreign pages out, and shows people without a sign-in where to go.
//!
//! Every request that may change something must come from the console's own pages: browsers say so
//! in `Sec-Fetch-Site` and `Origin`. So must every WebSocket, which begins with a harmless request
//! and is then read and written by whoever asked for it. Ports of one host are *same-site*, so a
//! page from a session arrives with the console's cookie; this check is what stands between them.

use crate::faces::problem;
use app::{request::Request, routes};
use axum::{
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use domain::Error;
use http::{HeaderMap, Method, header};

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a WebSocket is asked for.
fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get_all(header::UPGRADE).iter().any(|value| {
        value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains("websocket"))
    })
}

/// Whether a request that may change something comes from the console itself.
fn is_own(request: &Request, headers: &HeaderMap) -> Result<(), Error> {
    let refused = |why: String| {
        Error::forbidden("This request did not come from the console's own pages.")
            .detail(why)
            .hint("Reload the console and try again. Behind a proxy, `public_url` must be the address in the browser.")
    };
    if let Some(site) = text(headers, "sec-fetch-site")
        && !matches!(site, "same-origin" | "none")
    {
        return Err(refused(format!("Sec-Fetch-Site is `{site}`.")));
    }
    match text(headers, "origin") {
        None if is_upgrade(headers) => Err(refused("A WebSocket must name its Origin.".to_owned())),
        Some(origin) if origin != request.origin.to_string() => {
            Err(refused(format!("Origin is `{origin}`, the console is `{}`.", request.origin)))
        }
        // Browsers send one with every such request; what sends none is not a browser, and carries
        // a cookie only if it was given one.
        _ => Ok(()),
    }
}

/// Refuses foreign requests.
pub(crate) async fn own_pages_only(request: axum::extract::Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        && !is_upgrade(request.headers());
    let own = match request.extensions().get::<Request>() {
        Some(context) => is_own(context, request.headers()),
        None => Err(Error::internal("no-request-context")),
    };
    if safe {
        return next.run(request).await;
    }
    match own {
        Ok(()) => next.run(request).await,
        Err(error) => problem::json(&error).into_response(),
    }
}

/// Sends page requests without a sign-in to the sign-in page, or to first-run setup; not those that
/// bring an invitation, whose holder has nothing to sign in with yet. Who must set up a second factor
/// first is sent there.
///
/// A courtesy only: what may be seen is decided in the services.
pub(crate) async fn show_the_door(request: axum::extract::Request, next: Next) -> Response {
    let path = request.uri().path();
    let page = request.method() == Method::GET
        && text(request.headers(), header::ACCEPT.as_str())
            .is_some_and(|a| a.contains("text/html"))
        && !matches!(path, routes::SETUP | routes::INVITE | routes::LOGIN_CODE)
        && !path.starts_with("/fn/");
    let Some(context) = request.extensions().get::<Request>() else {
        return next.run(request).await;
    };
    if !page || context.actor.is_some() {
        return next.run(request).await;
    }
    if context.owing.is_some() {
        return match path {
            routes::SECOND_FACTOR => next.run(request).await,
            // On the way to somewhere already; by a page that has noticed before this did.
            routes::LOGIN => {
                let query = request.uri().query().map(|query| format!("?{query}"));
                let to = routes::SECOND_FACTOR.to_owned() + &query.unwrap_or_default();
                Redirect::to(&to).into_response()
            }
            _ => Redirect::to(&routes::second_factor(target(&request))).into_response(),
        };
    }
    if path == routes::LOGIN {
        return next.run(request).await;
    }
    if context.services.setup.is_open().await.unwrap_or(false) {
        return Redirect::to("/setup").into_response();
    }
    Redirect::to(&routes::login(target(&request))).into_response()
}

/// Where a request wants to go, to be led back there.
fn target(request: &axum::extract::Request) -> &str {
    request.uri().path_and_query().map_or("/", |target| target.as_str())
}
