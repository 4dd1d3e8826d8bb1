//! The session origin: the only way to a container, and never on the console's own origin.
//!
//! By port, each session that is up has a listener of its own ([`listeners`]); by host name, the
//! console's listener hands requests for `<session>.<domain>` over ([`by_host`]). Either way one
//! request goes through the [`gate`] (ticket, cookie, origin), is reduced to what a container may
//! see ([`request`]), and its answer to what a browser may see ([`answer`]); upgrades become byte
//! tunnels ([`tunnel`]).

mod answer;
mod ear;
mod gate;
pub mod listeners;
mod pages;
mod permitted;
mod request;
mod tunnel;

use crate::{
    config::Config,
    faces::context::{Reach, peer},
    serve::Stopping,
};
use app::request::PublicOrigin;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use domain::{SessionId, session::State as SessionState};
use http::{HeaderMap, Method, header, request::Parts};
use http_body_util::BodyExt;
use services::{
    Services, StreamMode,
    streams::{Route, Way},
};
use std::{net::IpAddr, sync::Arc};

/// The proxy. Cheap to clone.
#[derive(Clone)]
pub struct Proxy {
    services: Services,
    reach: Arc<Reach>,
    stopping: Stopping,
}

/// A request to a session's origin, understood.
struct Visit {
    session: SessionId,
    /// This session's own origin, as the browser sees it.
    origin: PublicOrigin,
    /// The console's origin, which alone may frame the session.
    console: String,
    client: IpAddr,
}

impl Proxy {
    pub fn new(config: &Config, services: Services, stopping: Stopping) -> Self {
        Self { services, reach: Arc::new(Reach::new(config)), stopping }
    }

    fn visit(&self, session: SessionId, peer: IpAddr, headers: &HeaderMap) -> Visit {
        let origin = self.reach.origin(peer, headers);
        let console = match self.reach.public_url() {
            Some(_) => self.reach.console(peer, headers).to_string(),
            None => {
                PublicOrigin { port: Some(self.reach.listen_port()), ..origin.clone() }.to_string()
            }
        };
        Visit { session, origin, console, client: self.reach.client(peer, headers) }
    }

    /// Serves one request to a session's origin.
    async fn serve(&self, session: SessionId, request: Request) -> Response {
        metrics::counter!("slipway_proxy_requests_total").increment(1);
        let (parts, body) = request.into_parts();
        let visit = self.visit(session, peer(&parts), &parts.headers);
        let mut response = self.respond(&visit, parts, body).await;
        answer::frame_only_by(&visit.console, response.headers_mut());
        response
    }

    async fn respond(&self, visit: &Visit, parts: Parts, body: Body) -> Response {
        if parts.uri.path() == gate::OPEN {
            return gate::open(self, visit, &parts).await;
        }
        if let Err(error) = gate::check_origin(visit, &parts) {
            return pages::refused(&error);
        }
        let admission = match gate::admit(self, visit, &parts.headers).await {
            Ok(admission) => admission,
            Err(error) => return pages::refused(&error),
        };
        match self.services.streams.way(&visit.session).await {
            Ok(Way::Open(route)) => self.forward(visit, &route, admission, parts, body).await,
            Ok(Way::Closed { state, name, message }) => pages::closed(state, &name, &message),
            Err(error) => pages::refused(&error),
        }
    }

    async fn forward(
        &self,
        visit: &Visit,
        route: &Arc<Route>,
        admission: gate::Admission,
        mut parts: Parts,
        body: Body,
    ) -> Response {
        if let Err(error) = gate::check_target(route, &parts) {
            return pages::refused(&error);
        }
        let upgrade = request::upgrade_wanted(&parts.headers);
        let from_browser = upgrade
            .is_some()
            .then(|| parts.extensions.remove::<hyper::upgrade::OnUpgrade>())
            .flatten();
        let body = body.map_err(upstream::BoxError::from).boxed_unsync();
        let outgoing = request::outgoing(visit, route, &parts, upgrade.as_ref(), body);
        self.services.streams.note_view(&visit.session);
        if is_by_hand(&outgoing) {
            self.services.streams.note_activity(&visit.session);
        }
        let answer = match self.services.streams.upstream().send(route.target, outgoing).await {
            Ok(answer) => answer,
            Err(silence) => {
                tracing::debug!(session = %visit.session, %silence, "container did not answer");
                return pages::closed(
                    SessionState::Starting,
                    "The workspace",
                    "It does not answer at the moment.",
                );
            }
        };
        if answer.status() == http::StatusCode::SWITCHING_PROTOCOLS
            && let Some(from_browser) = from_browser
        {
            return tunnel::open(self, route, admission, from_browser, answer);
        }
        if answer.status() == http::StatusCode::UNAUTHORIZED && route.authorization.is_some() {
            return pages::refused(&answer::credentials_not_taken());
        }
        if !answer.status().is_redirection() {
            admission.note_arrival(self);
        }
        let (mut parts, body) = answer.into_parts();
        answer::clean(route, &mut parts.headers);
        Response::from_parts(
            parts,
            permitted::body(self.clone(), visit.session.clone(), admission, body),
        )
    }
}

/// Whether a request is somebody's doing. Pages ask for things by themselves while they are open;
/// what opens a page or changes something is taken for work.
fn is_by_hand<B>(request: &http::Request<B>) -> bool {
    let asks = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let opens = request.headers().get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
    !asks || opens
}

/// Hands requests for `<session>.<domain>` to the proxy, when sessions have host names.
pub fn by_host(console: Router, proxy: Proxy) -> Router {
    match proxy.services.streams.mode() {
        StreamMode::ByHost { .. } => console.layer(from_fn_with_state(proxy, choose)),
        StreamMode::ByPort { .. } => console,
    }
}

async fn choose(State(proxy): State<Proxy>, request: Request, next: Next) -> Response {
    let StreamMode::ByHost { domain } = proxy.services.streams.mode() else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    let host = proxy.reach.origin(peer(&parts), &parts.headers).host;
    let label = host.strip_suffix(domain.as_str()).and_then(|rest| rest.strip_suffix('.'));
    let session = label.map(|label| label.parse::<SessionId>());
    let request = Request::from_parts(parts, body);
    match session {
        Some(Ok(session)) => proxy.serve(session, request).await,
        Some(Err(error)) => pages::refused(&error),
        None => next.run(request).await,
    }
}

/// Text of a header, if it is one.
fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
