//! How a registry asks who one is: the `WWW-Authenticate` header.

use http::HeaderMap;

/// What a registry wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User name and password with each request.
    Basic,
    /// A token, had from `realm`, which may be another host.
    Bearer { realm: String, service: String },
}

/// The challenge of an answer; a token is preferred where there is a choice, as engines do.
pub(crate) fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let all = headers.get_all(http::header::WWW_AUTHENTICATE).into_iter();
    let all: Vec<Challenge> = all.filter_map(|v| parse(v.to_str().ok()?)).collect();
    let bearer = all.iter().find(|one| matches!(one, Challenge::Bearer { .. }));
    bearer.or_else(|| all.first()).cloned()
}

fn parse(text: &str) -> Option<Challenge> {
    let (scheme, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    match scheme.to_ascii_lowercase().as_str() {
        "basic" => Some(Challenge::Basic),
        "bearer" => Some(Challenge::Bearer {
            realm: parameter(rest, "realm")?,
            service: parameter(rest, "service").unwrap_or_default(),
        }),
        _ => None,
    }
}

/// The value of one of `name="value", …`.
fn parameter(mut rest: &str, wanted: &str) -> Option<String> {
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, more) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        if name.trim_matches([' ', ',']).eq_ignore_ascii_case(wanted) {
            return Some(value.to_owned());
        }
        rest = more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read_as_registries_write_them() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#;
        let expected = Challenge::Bearer {
            realm: "https://auth.docker.io/token".into(),
            service: "registry.docker.io".into(),
        };
        assert_eq!(parse(hub), Some(expected.clone()));
        let spaced = r#"bearer service=registry.docker.io, scope="a,b", realm="https://auth.docker.io/token""#;
        assert_eq!(parse(spaced), Some(expected));
        assert_eq!(parse(r#"Basic realm="slipway""#), Some(Challenge::Basic));
        for none in ["", "Negotiate", "Bearer", "Bearer service=\"x\"", "Bearer realm=\"x"] {
            assert_eq!(parse(none), None, "{none}");
        }
    }
}
