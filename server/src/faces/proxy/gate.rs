//! Who gets in: tickets, cookies, origins.

use super::{Proxy, Visit, pages, request, text};
use crate::faces::cookies;
use axum::response::Response;
use domain::{Error, Result, SessionId, contract::CookiePolicy};
use http::{HeaderMap, HeaderValue, Method, header, request::Parts};
use services::streams::{Route, Way};
use tokio::sync::watch;

/// Where a frame is sent with its ticket.
pub(super) const OPEN: &str = "/_slipway/open";

/// Cookie of one session's origin. Ports share a host's cookies, so the name tells them apart.
fn cookie_name(session: &SessionId) -> String {
    format!("slipway_stream_{session}")
}

/// Swaps a ticket for a cookie and goes on to the workspace, without the ticket in the address.
pub(super) async fn open(proxy: &Proxy, visit: &Visit, request: &Parts) -> Response {
    let streams = &proxy.services.streams;
    let query = request.uri.query().unwrap_or_default();
    let ticket = query.split('&').find_map(|pair| pair.strip_prefix("ticket="));
    let token = match streams.redeem(ticket.unwrap_or_default(), &visit.session).await {
        Ok(token) => Some(token),
        // Going back in the browser's history shows a used ticket; the cookie is what counts then.
        Err(error) => match admit(proxy, visit, &request.headers).await {
            Ok(_) if request.method == Method::GET => None,
            _ => return pages::refused(&error),
        },
    };
    // What runs here and how it is doing is told only to those who were let in.
    let mut response = match streams.way(&visit.session).await {
        Ok(Way::Open(route)) => pages::onward(&route.entry),
        Ok(Way::Closed { state, name, message }) => pages::closed(state, &name, &message),
        Err(error) => return pages::refused(&error),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Some(token) = token {
        let secure = if visit.origin.is_secure() { "; Secure" } else { "" };
        let name = cookie_name(&visit.session);
        let cookie = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.insert(header::SET_COOKIE, cookie);
        }
        // A port may have shown another session before: what that left in the browser goes.
        headers.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
    }
    response
}

/// A visitor who was let in.
pub(super) struct Admission {
    session: SessionId,
    token: String,
    rights: watch::Receiver<u64>,
}

impl Admission {
    /// The workspace has answered the visitor, who is thus where the console sent him.
    pub(super) fn note_arrival(&self, proxy: &Proxy) {
        proxy.services.streams.note_arrival(&self.token);
    }

    /// Waits until the visitor may no longer see the session.
    pub(super) async fn until_over(mut self, proxy: &Proxy) {
        let streams = &proxy.services.streams;
        while self.rights.changed().await.is_ok() {
            if streams.authorise(&self.session, &self.token).await.is_err() {
                tracing::info!(session = %self.session, "stream cut: no longer permitted");
                return;
            }
        }
    }
}

/// Lets the visitor in if his token still lets him see this session.
pub(super) async fn admit(proxy: &Proxy, visit: &Visit, headers: &HeaderMap) -> Result<Admission> {
    let token = cookies::single(headers, &cookie_name(&visit.session)).ok_or_else(|| {
        Error::forbidden("This window has not been let in to the session.")
            .hint("Open the session from the console.")
    })?;
    // Watched from before the check, so that nothing is taken away unseen between the two.
    let rights = proxy.services.streams.rights();
    proxy.services.streams.authorise(&visit.session, token).await?;
    Ok(Admission { session: visit.session.clone(), token: token.to_owned(), rights })
}

/// Refuses what other origins send here: a page of another session, or any page elsewhere.
pub(super) fn check_origin(visit: &Visit, request: &Parts) -> Result<()> {
    let headers = &request.headers;
    let own = visit.origin.to_string();
    let refused = |why: String| {
        Err(Error::forbidden("This request came from another page than the session's own.")
            .detail(why))
    };
    let upgrade = request::upgrade_wanted(headers).is_some();
    match text(headers, header::ORIGIN) {
        Some(origin) if origin != own => {
            return refused(format!("Origin is `{origin}`, the session is `{own}`."));
        }
        None if upgrade => return refused("An upgrade must name its Origin.".to_owned()),
        _ => {}
    }
    let fetch = |name: &'static str| text(headers, header::HeaderName::from_static(name));
    match fetch("sec-fetch-site") {
        None | Some("same-origin" | "none") => Ok(()),
        // The console's frame is sent here by the console, which is same-site.
        Some("same-site")
            if fetch("sec-fetch-mode") == Some("navigate") && request.method == Method::GET =>
        {
            Ok(())
        }
        Some(site) => refused(format!("Sec-Fetch-Site is `{site}`.")),
    }
}

/// Refuses paths that the contract blocks, paths that name directories by dots (browsers send
/// none), and scripts that would outlive the session in the browser.
pub(super) fn check_target(route: &Route, request: &Parts) -> Result<()> {
    let target = request.uri.path_and_query().map_or("/", |p| p.as_str());
    let path = request.uri.path();
    let climbs = path.split('/').any(|part| {
        matches!(
            part.to_ascii_lowercase().as_str(),
            "." | "%2e" | ".." | "%2e%2e" | ".%2e" | "%2e."
        )
    });
    if climbs {
        return Err(Error::at("path", "This path is not allowed."));
    }
    if route.contract.blocks(target) {
        return Err(Error::forbidden("This part of the workspace is not open to its users."));
    }
    let worker = request.headers.contains_key("service-worker");
    if worker && route.contract.cookies == CookiePolicy::Drop {
        return Err(Error::forbidden(
            "Service workers are not allowed here: they would outlive the session.",
        ));
    }
    Ok(())
}
