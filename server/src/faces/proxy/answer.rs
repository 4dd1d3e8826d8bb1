//! What of a container's answer a browser gets to see.

use super::request::drop_hop_by_hop;
use crate::faces::cookies;
use domain::{Error, contract::CookiePolicy};
use http::{HeaderMap, HeaderValue, header};
use services::streams::Route;

/// Headers by which a hostile container could reach beyond its own origin: they act on the whole
/// host, on other ports, or on later visits.
const WITHHELD: [&str; 9] = [
    "alt-svc",
    "clear-site-data",
    "nel",
    "public-key-pins",
    "report-to",
    "reporting-endpoints",
    "service-worker-allowed",
    "strict-transport-security",
    "x-frame-options",
];

/// Cleans the headers of an answer that is passed on.
pub(super) fn clean(route: &Route, headers: &mut HeaderMap) {
    drop_hop_by_hop(headers);
    for name in WITHHELD {
        headers.remove(name);
    }
    headers.remove(header::WWW_AUTHENTICATE);
    cookies_by_policy(route, headers);
    local_location(route, headers);
    without_frame_ancestors(headers);
}

/// A redirect to the container's own address leads nowhere in a browser; its path does.
fn local_location(route: &Route, headers: &mut HeaderMap) {
    let Some(location) = headers.get(header::LOCATION).and_then(|v| v.to_str().ok()) else {
        return;
    };
    let own = format!("{}://{}", route.target.scheme.as_str(), route.target.address);
    let path = location.strip_prefix(&own).filter(|p| p.is_empty() || p.starts_with('/'));
    if let Some(path) = path
        && let Ok(value) = HeaderValue::from_str(if path.is_empty() { "/" } else { path })
    {
        headers.insert(header::LOCATION, value);
    }
}

/// Drops the container's cookies, or passes them bound to this host and never in our name.
fn cookies_by_policy(route: &Route, headers: &mut HeaderMap) {
    let sent: Vec<String> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok().map(str::to_owned))
        .collect();
    headers.remove(header::SET_COOKIE);
    if route.contract.cookies == CookiePolicy::Drop {
        return;
    }
    for cookie in sent {
        let name = cookie.split('=').next().unwrap_or_default();
        if cookies::is_ours(name) {
            continue;
        }
        let kept: Vec<&str> = cookie
            .split(';')
            .map(str::trim)
            .filter(|part| {
                let attribute = part.split('=').next().unwrap_or_default().trim();
                !attribute.eq_ignore_ascii_case("domain")
            })
            .collect();
        if let Ok(value) = HeaderValue::from_str(&kept.join("; ")) {
            headers.append(header::SET_COOKIE, value);
        }
    }
}

/// Who may frame a session is ours to say; the rest of the container's policy stays.
fn without_frame_ancestors(headers: &mut HeaderMap) {
    let policies: Vec<String> = headers
        .get_all(header::CONTENT_SECURITY_POLICY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .map(|policy| {
            let directives = policy.split(';').map(str::trim).filter(|directive| {
                let name = directive.split_whitespace().next().unwrap_or_default();
                !directive.is_empty() && !name.eq_ignore_ascii_case("frame-ancestors")
            });
            directives.collect::<Vec<_>>().join("; ")
        })
        .filter(|policy| !policy.is_empty())
        .collect();
    headers.remove(header::CONTENT_SECURITY_POLICY);
    for policy in policies {
        if let Ok(value) = HeaderValue::from_str(&policy) {
            headers.append(header::CONTENT_SECURITY_POLICY, value);
        }
    }
}

/// Lets the console frame the answer, and nobody else.
pub(super) fn frame_only_by(console: &str, headers: &mut HeaderMap) {
    if let Ok(value) = HeaderValue::from_str(&format!("frame-ancestors 'self' {console}")) {
        headers.append(header::CONTENT_SECURITY_POLICY, value);
    }
}

pub(super) fn credentials_not_taken() -> Error {
    Error::conflict("The workspace does not take the password that Slipway made for it.").hint(
        "An administrator should check user name and password variable in the workspace's connection settings.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::contract::{Contract, Scheme};

    fn cleaned(cookies: CookiePolicy, sent: &[(&'static str, &str)]) -> HeaderMap {
        let route = Route {
            session: "5".parse().unwrap(),
            target: upstream::Target { scheme: Scheme::Http, address: ([10, 0, 0, 2], 80).into() },
            contract: Contract { cookies, ..Contract::default() },
            entry: "/".into(),
            authorization: None,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(*name, value.parse().unwrap());
        }
        clean(&route, &mut headers);
        headers
    }

    #[test]
    fn cookies_stay_on_this_host_and_out_of_our_names() {
        let sent = [
            ("set-cookie", "_xsrf=1; Path=/; Domain=example.org"),
            ("set-cookie", "slipway=planted"),
            ("set-cookie", "__Host-slipway=planted; Secure"),
        ];
        assert!(!cleaned(CookiePolicy::Drop, &sent).contains_key("set-cookie"));
        let passed = cleaned(CookiePolicy::Pass, &sent);
        let all: Vec<_> = passed.get_all("set-cookie").iter().collect();
        assert_eq!(all, ["_xsrf=1; Path=/"]);
    }

    #[test]
    fn a_container_cannot_act_on_the_whole_host() {
        let headers = cleaned(
            CookiePolicy::Pass,
            &[("clear-site-data", "\"cookies\""), ("strict-transport-security", "max-age=1")],
        );
        assert!(headers.is_empty());
    }

    #[test]
    fn framing_is_ours_and_redirects_stay_inside() {
        let headers = cleaned(
            CookiePolicy::Drop,
            &[
                ("content-security-policy", "default-src 'self'; Frame-Ancestors 'none'"),
                ("location", "http://10.0.0.2:80/lab"),
                ("x-frame-options", "DENY"),
            ],
        );
        assert_eq!(headers["content-security-policy"], "default-src 'self'");
        assert_eq!(headers["location"], "/lab");
        assert!(!headers.contains_key("x-frame-options"));
    }
}
