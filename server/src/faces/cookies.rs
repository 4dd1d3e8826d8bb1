//! Reads cookies without trusting them.

use http::{HeaderMap, header};

/// Values of every cookie of this name, in the order sent.
pub(crate) fn all<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    pairs(headers).filter(|(n, _)| *n == name).map(|(_, value)| value).collect()
}

/// The one cookie of this name; `None` when there is none, or more than one: a page on a sibling
/// port can plant a second, and which one counts must not be its choice.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    match all(headers, name).as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

/// Every name and value.
pub(crate) fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

/// Whether a cookie is Slipway's own.
pub(crate) fn is_ours(name: &str) -> bool {
    name.trim().trim_start_matches("__Host-").to_ascii_lowercase().starts_with("slipway")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_second_cookie_makes_the_name_unusable() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "slipway=a; other=b".parse().unwrap());
        assert_eq!(single(&headers, "slipway"), Some("a"));
        headers.append(header::COOKIE, "slipway=c".parse().unwrap());
        assert_eq!(single(&headers, "slipway"), None);
        assert!(is_ours("__Host-slipway") && is_ours("slipway_stream_x") && !is_ours("_xsrf"));
    }
}
