//! What of a browser's request a container gets to see.

use super::{Visit, text};
use crate::faces::cookies;
use domain::contract::CookiePolicy;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Version,
    header::{self, Entry},
    request::Parts,
};
use services::streams::Route;
use upstream::Body;

/// Headers that concern one hop only (RFC 9110 §7.6.1).
pub(super) const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers of the browser's that say too much, or that we say ourselves.
const WITHHELD: [&str; 9] = [
    "authorization",
    "cookie",
    "forwarded",
    "referer",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
];

/// The protocol that an upgrade asks for.
pub(super) fn upgrade_wanted(headers: &HeaderMap) -> Option<HeaderValue> {
    let asked = text(headers, header::CONNECTION)?
        .split(',')
        .any(|part| part.trim().eq_ignore_ascii_case("upgrade"));
    headers.get(header::UPGRADE).filter(|_| asked).cloned()
}

/// Removes headers that are for this hop, including those that `Connection` names.
pub(super) fn drop_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// The request as the container gets it.
pub(super) fn outgoing(
    visit: &Visit,
    route: &Route,
    parts: &Parts,
    upgrade: Option<&HeaderValue>,
    body: Body,
) -> Request<Body> {
    let mut request = Request::new(body);
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = parts.uri.clone();
    *request.version_mut() = Version::HTTP_11;
    let mut headers = parts.headers.clone();
    drop_hop_by_hop(&mut headers);
    for name in WITHHELD {
        headers.remove(name);
    }
    // Images compare `Origin` with `Host`, so both stay as the browser sent them.
    if let Some(pass) = cookie_line(route, &parts.headers) {
        headers.insert(header::COOKIE, pass);
    }
    let mut say = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    say("x-forwarded-for", visit.client.to_string());
    say("x-forwarded-proto", visit.origin.scheme.to_owned());
    if let Some(host) = text(&parts.headers, header::HOST) {
        say("x-forwarded-host", host.to_owned());
    }
    if let Some(authorization) = &route.authorization {
        say("authorization", authorization.clone());
    }
    if let Some(protocol) = upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, protocol.clone());
    }
    if let Entry::Vacant(host) = headers.entry(header::HOST)
        && let Ok(value) = HeaderValue::from_str(&route.target.address.to_string())
    {
        host.insert(value);
    }
    *request.headers_mut() = headers;
    request
}

/// The container's own cookies, where its contract needs them; never one of ours.
fn cookie_line(route: &Route, headers: &HeaderMap) -> Option<HeaderValue> {
    if route.contract.cookies == CookiePolicy::Drop {
        return None;
    }
    let line = cookies::pairs(headers)
        .filter(|(name, _)| !cookies::is_ours(name))
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("; ");
    if line.is_empty() { None } else { HeaderValue::from_str(&line).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::request::PublicOrigin;
    use domain::contract::Contract;
    use http_body_util::{BodyExt, Empty};
    use std::net::IpAddr;

    fn seen_by_container(cookies: CookiePolicy, sent: &[(&'static str, &str)]) -> HeaderMap {
        let mut request = http::Request::builder().uri("/x?y=1");
        for (name, value) in sent {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let visit = Visit {
            session: "5".parse().unwrap(),
            origin: PublicOrigin { scheme: "http", host: "localhost".into(), port: Some(8081) },
            console: String::new(),
            client: IpAddr::from([192, 0, 2, 1]),
        };
        let route = Route {
            session: "5".parse().unwrap(),
            target: upstream::Target {
                scheme: domain::contract::Scheme::Http,
                address: ([127, 0, 0, 1], 80).into(),
            },
            contract: Contract { cookies, ..Contract::default() },
            entry: "/".into(),
            authorization: Some("Basic ours".into()),
        };
        let body = Empty::new().map_err(upstream::BoxError::from).boxed_unsync();
        let upgrade = upgrade_wanted(&parts.headers);
        outgoing(&visit, &route, &parts, upgrade.as_ref(), body).headers().clone()
    }

    const SENT: [(&str, &str); 6] = [
        ("host", "localhost:8081"),
        ("cookie", "slipway=secret; slipway_stream_5=t; _xsrf=1; __Host-slipway=s"),
        ("authorization", "Basic theirs"),
        ("x-forwarded-for", "127.0.0.1"),
        ("connection", "keep-alive, x-private"),
        ("x-private", "1"),
    ];

    #[test]
    fn a_container_never_sees_our_cookies_or_the_browsers_credentials() {
        let dropped = seen_by_container(CookiePolicy::Drop, &SENT);
        assert!(!dropped.contains_key("cookie") && !dropped.contains_key("x-private"));
        assert_eq!(dropped["authorization"], "Basic ours");
        assert_eq!(dropped["x-forwarded-for"], "192.0.2.1");
        assert_eq!(dropped["host"], "localhost:8081");
        let passed = seen_by_container(CookiePolicy::Pass, &SENT);
        assert_eq!(passed["cookie"], "_xsrf=1");
    }

    #[test]
    fn an_upgrade_is_asked_for_anew() {
        let seen = seen_by_container(
            CookiePolicy::Drop,
            &[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")],
        );
        assert_eq!(
            (&seen["connection"], &seen["upgrade"]),
            (&"Upgrade".parse().unwrap(), &"websocket".parse().unwrap())
        );
        let plain = seen_by_container(CookiePolicy::Drop, &[("upgrade", "websocket")]);
        assert!(!plain.contains_key("upgrade"));
    }
}
