//! Turns an HTTP request into "who asks, from where": once, for every face of the console.

use crate::{
    config::{Config, PublicUrl},
    faces::{cookies, listener::Peer},
};
use app::request::{Client, PublicOrigin, Request};
use axum::{
    extract::{ConnectInfo, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::{Error, user::Theme};
use http::{HeaderMap, header, request::Parts};
use services::{Arrival, Services, access};
use std::{net::IpAddr, sync::Arc};

/// What it takes to understand a request.
#[derive(Clone)]
pub(crate) struct Context {
    pub services: Services,
    pub cookie: &'static str,
    pub reach: Arc<Reach>,
}

/// How the console is reached: which proxies count, and its public address.
pub(crate) struct Reach {
    trusted_proxies: Vec<IpAddr>,
    public_url: Option<PublicUrl>,
    listen_port: u16,
}

/// Name of the sign-in cookie. With TLS it is bound to this host by its prefix.
pub(crate) fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-slipway" } else { "slipway" }
}

impl Reach {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            trusted_proxies: config.trusted_proxies.clone(),
            public_url: config.public_url.clone(),
            listen_port: config.listen.port(),
        }
    }

    fn is_trusted(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.contains(&peer.to_canonical())
    }

    /// The client's address: the last one in `X-Forwarded-For` that is not a trusted proxy.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.is_trusted(peer) {
            return peer.to_canonical();
        }
        headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(','))
            .filter_map(|part| part.trim().parse::<IpAddr>().ok())
            .rfind(|address| !self.is_trusted(*address))
            .unwrap_or(peer)
            .to_canonical()
    }

    /// Scheme and host as the browser sees them, for this request's own origin.
    pub(crate) fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> PublicOrigin {
        let forwarded = |name: &str| {
            let value = headers.get(name).filter(|_| self.is_trusted(peer))?;
            value.to_str().ok()?.split(',').next().map(str::trim)
        };
        let scheme = match forwarded("x-forwarded-proto") {
            Some("https") => "https",
            Some(_) => "http",
            None => self.public_url.as_ref().map_or("http", |url| url.scheme),
        };
        let host = forwarded("x-forwarded-host")
            .or_else(|| headers.get(header::HOST).and_then(|v| v.to_str().ok()))
            .unwrap_or("localhost");
        let authority = host.parse::<http::uri::Authority>().ok();
        let (host, port) = match &authority {
            Some(a) => (a.host().to_lowercase(), a.port_u16()),
            None => ("localhost".to_owned(), Some(self.listen_port)),
        };
        PublicOrigin { scheme, host, port }
    }

    /// The console's origin: as configured, or as this request shows it.
    pub(crate) fn console(&self, peer: IpAddr, headers: &HeaderMap) -> PublicOrigin {
        match &self.public_url {
            Some(url) => {
                PublicOrigin { scheme: url.scheme, host: url.host.clone(), port: url.port }
            }
            None => self.origin(peer, headers),
        }
    }

    pub(crate) fn listen_port(&self) -> u16 {
        self.listen_port
    }

    pub(crate) fn public_url(&self) -> Option<&PublicUrl> {
        self.public_url.as_ref()
    }
}

/// Address of the peer of a request.
pub(crate) fn peer(parts: &Parts) -> IpAddr {
    parts
        .extensions
        .get::<ConnectInfo<Peer>>()
        .map_or(IpAddr::from([127, 0, 0, 1]), |info| info.0.0.ip())
}

fn theme(headers: &HeaderMap) -> Theme {
    cookies::all(headers, "slipway_theme").first().and_then(|t| Theme::parse(t)).unwrap_or_default()
}

/// Puts a [`Request`] into the extensions of every request.
pub(crate) async fn provide(
    State(context): State<Context>,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match understand(&context, &parts).await {
        Ok(understood) => {
            parts.extensions.insert(understood);
            next.run(axum::extract::Request::from_parts(parts, body)).await
        }
        Err(error) => crate::faces::problem::plain(&error).into_response(),
    }
}

async fn understand(context: &Context, parts: &Parts) -> domain::Result<Request> {
    let headers = &parts.headers;
    let sent = cookies::all(headers, context.cookie);
    if sent.len() > 1 {
        return Err(Error::at("cookie", "The sign-in cookie was sent more than once.")
            .hint("A page on another port of this host may have planted one. Clear the cookies of this host and sign in again."));
    }
    let arrival = match sent.first() {
        Some(cookie) => context.services.access.arrival(&access::sign_in_id(cookie)?).await?,
        None => None,
    };
    let (actor, owing) = match arrival {
        Some(Arrival::In(actor)) => (Some(actor), None),
        Some(Arrival::SetUp(actor)) => (None, Some(actor)),
        None => (None, None),
    };
    let peer = peer(parts);
    let sign_in = parts.extensions.get::<tower_sessions::Session>().cloned();
    let user_agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or("");
    Ok(Request {
        services: context.services.clone(),
        actor,
        owing,
        sign_in: sign_in.ok_or_else(|| Error::internal("no-sign-in-layer"))?,
        client: Client {
            address: context.reach.client(peer, headers),
            user_agent: user_agent.chars().take(300).collect(),
        },
        origin: context.reach.console(peer, headers),
        theme: theme(headers),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(trusted: &[IpAddr]) -> Reach {
        Reach { trusted_proxies: trusted.to_vec(), public_url: None, listen_port: 8080 }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (http::HeaderName::from_static(n), v.parse().unwrap())).collect()
    }

    const PROXY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let sent = headers(&[
            ("x-forwarded-for", "198.51.100.9, 203.0.113.5"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "console.example.org"),
            ("host", "localhost:8080"),
        ]);
        let reach = reach(&[PROXY]);
        assert_eq!(reach.client(STRANGER, &sent), STRANGER);
        assert_eq!(reach.origin(STRANGER, &sent).to_string(), "http://localhost:8080");
        assert_eq!(reach.client(PROXY, &sent).to_string(), "203.0.113.5");
        assert_eq!(reach.origin(PROXY, &sent).to_string(), "https://console.example.org");
    }

    #[test]
    fn an_invented_first_hop_is_not_believed() {
        let sent = headers(&[("x-forwarded-for", "127.0.0.1, 203.0.113.5, 10.0.0.1")]);
        assert_eq!(reach(&[PROXY]).client(PROXY, &sent).to_string(), "203.0.113.5");
    }
}
