//! Image references, by the public grammar of the distribution project.
//!
//! `[host[:port]/]path[/path…][:tag][@algorithm:hex]`. A first component counts as a host when it
//! has a dot, a colon, or is `localhost`; otherwise it is part of the path on Docker Hub.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A checked image reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageRef {
    /// Registry host with port, if one is written.
    pub host: Option<String>,
    pub path: String,
    pub tag: Option<String>,
    /// `sha256:…`, if pinned.
    pub digest: Option<String>,
}

impl ImageRef {
    /// One spelling for all references that mean the same: a digest without the tag that may stand
    /// before it, or else the tag written out, and Docker Hub's
    /// own host and `library/` left out, as Docker lists them. Podman puts `localhost/` before what
    /// was built on the machine; that goes too.
    pub fn canonical(&self) -> String {
        let mut text = self.canonical_repository();
        match (&self.tag, &self.digest) {
            // The digest says which image it is, whatever the tag means by now.
            (_, Some(digest)) => {
                text.push('@');
                text.push_str(digest);
            }
            (tag, None) => {
                text.push(':');
                text.push_str(tag.as_deref().unwrap_or("latest"));
            }
        }
        text
    }

    /// The canonical spelling without tag or digest.
    pub fn canonical_repository(&self) -> String {
        match self.host.as_deref() {
            Some("docker.io" | "index.docker.io" | "localhost") | None => {
                self.path.strip_prefix("library/").unwrap_or(&self.path).to_owned()
            }
            Some(_) => self.repository(),
        }
    }

    /// The registry that the name leads to, as engines read it; Docker Hub where none is written.
    pub fn registry(&self) -> &str {
        match self.host.as_deref() {
            // Engines know `localhost` only with a port.
            Some("docker.io" | "index.docker.io" | "localhost") | None => "docker.io",
            Some(host) => host,
        }
    }

    /// Host and path without tag or digest.
    pub fn repository(&self) -> String {
        match &self.host {
            Some(host) => format!("{host}/{}", self.path),
            None => self.path.clone(),
        }
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository())?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl From<ImageRef> for String {
    fn from(image: ImageRef) -> String {
        image.to_string()
    }
}

impl TryFrom<String> for ImageRef {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

fn is_host(part: &str) -> bool {
    part == "localhost" || part.contains(['.', ':'])
}

fn check_host(host: &str) -> Result<(), String> {
    let (name, port) = host.rsplit_once(':').map_or((host, None), |(n, p)| (n, Some(p)));
    let label = |l: &str| {
        !l.is_empty()
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    if !name.split('.').all(label) {
        return Err(format!("`{host}` is not a registry host."));
    }
    match port {
        Some(p) if p.parse::<u16>().is_err() => Err(format!("`{p}` is not a port.")),
        _ => Ok(()),
    }
}

/// One path component: lower-case runs joined by `.`, `_`, `__` or dashes.
fn check_component(part: &str) -> Result<(), String> {
    if part.is_empty() {
        return Err("An image name has no empty part between slashes.".into());
    }
    if part.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(format!("Image names are lower case; `{part}` is not."));
    }
    let bytes = part.as_bytes();
    let alnum = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && alnum(bytes[at]) {
            at += 1;
        }
        if at == start {
            return Err(format!(
                "`{part}` may only join letters and digits by `.`, `_`, `__` or `-`."
            ));
        }
        let from = at;
        while at < bytes.len() && !alnum(bytes[at]) {
            at += 1;
        }
        let ok = match &bytes[from..at] {
            [] | b"." | b"_" | b"__" => true,
            dashes => dashes.iter().all(|b| *b == b'-'),
        };
        if !ok || (from < at && at == bytes.len()) {
            return Err(format!(
                "`{part}` may only join letters and digits by `.`, `_`, `__` or `-`."
            ));
        }
    }
    Ok(())
}

fn check_tag(tag: &str) -> Result<(), String> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let fits = tag.len() <= 128
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|b| word(b) || b == b'.' || b == b'-');
    if fits {
        Ok(())
    } else {
        Err(format!(
            "`{tag}` is not a tag: up to 128 letters, digits, `_`, `.` and `-`, not starting with `.` or `-`."
        ))
    }
}

fn check_digest(digest: &str) -> Result<(), String> {
    let fits = digest.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    });
    if fits { Ok(()) } else { Err("A digest is `sha256:` and 64 hexadecimal digits.".into()) }
}

impl FromStr for ImageRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("Name an image, such as `debian:bookworm`.".into());
        }
        if text.contains("://") {
            return Err("Write the image without `http://` or `https://`.".into());
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => {
                check_digest(digest)?;
                (rest, Some(digest.to_owned()))
            }
            None => (text, None),
        };
        // A colon after the last slash starts the tag; before it, it belongs to the host's port.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => {
                check_tag(tag)?;
                (name, Some(tag.to_owned()))
            }
            _ => (rest, None),
        };
        let (host, path) = match name.split_once('/') {
            Some((first, path)) if is_host(first) => {
                check_host(first)?;
                (Some(first.to_owned()), path)
            }
            _ => (None, name),
        };
        for part in path.split('/') {
            check_component(part)?;
        }
        if name.len() > 255 {
            return Err("An image name has at most 255 characters.".into());
        }
        Ok(Self { host, path: path.to_owned(), tag, digest })
    }
}

/// A digest shortened for a table: `sha256:` dropped, twelve digits.
pub fn short_digest(digest: &str) -> &str {
    let hex = digest.rsplit(':').next().unwrap_or(digest);
    hex.get(..12).unwrap_or(hex)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn references_are_taken_apart() {
        let image: ImageRef = "registry.example.org:5000/team/app:1.2".parse().unwrap();
        assert_eq!(image.host.as_deref(), Some("registry.example.org:5000"));
        assert_eq!((image.path.as_str(), image.tag.as_deref()), ("team/app", Some("1.2")));
        let canonical = |text: &str| text.parse::<ImageRef>().unwrap().canonical();
        assert_eq!(canonical("debian"), "debian:latest");
        assert_eq!(canonical("docker.io/library/debian"), "debian:latest");
        assert_eq!(canonical("docker.io/kasmweb/desktop:1"), "kasmweb/desktop:1");
        assert_eq!(canonical("localhost/slipway/desktop"), "slipway/desktop:latest");
        assert_eq!(canonical("quay.io/library/x"), "quay.io/library/x:latest");
        assert_eq!("localhost/x".parse::<ImageRef>().unwrap().host.as_deref(), Some("localhost"));
        assert_eq!("a__b/c-d.e".parse::<ImageRef>().unwrap().path, "a__b/c-d.e");
        let registry = |text: &str| text.parse::<ImageRef>().unwrap().registry().to_owned();
        assert_eq!(registry("team/app"), "docker.io");
        assert_eq!(registry("index.docker.io/team/app"), "docker.io");
        assert_eq!(registry("localhost:5000/team/app:1"), "localhost:5000");
    }

    #[test]
    fn wrong_references_say_why() {
        for (bad, why) in [
            ("", "Name an image"),
            ("https://x/y", "without"),
            ("Team/app", "lower case"),
            ("a//b", "empty part"),
            ("a:-x", "not a tag"),
            ("a@sha256:12", "64"),
            ("a___b", "join"),
            ("-a", "join"),
            ("a-", "join"),
            ("host.example:99999/a", "port"),
        ] {
            let reason = bad.parse::<ImageRef>().unwrap_err();
            assert!(reason.contains(why), "{bad}: {reason}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_writing_reads_back(text in "\\PC{0,60}") {
            if let Ok(image) = text.parse::<ImageRef>() {
                prop_assert_eq!(image.to_string().parse::<ImageRef>().unwrap(), image);
            }
        }

        #[test]
        fn well_formed_references_are_accepted(
            host in proptest::option::of("[a-z]{1,8}\\.[a-z]{2,3}(:[1-9][0-9]{1,3})?"),
            path in "[a-z0-9]{1,8}([._-][a-z0-9]{1,5})?(/[a-z0-9]{1,8}){0,2}",
            tag in proptest::option::of("[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}"),
        ) {
            let mut text = host.map(|h| format!("{h}/")).unwrap_or_default();
            text.push_str(&path);
            if let Some(tag) = tag { text.push(':'); text.push_str(&tag); }
            prop_assert!(text.parse::<ImageRef>().is_ok(), "{}", text);
        }
    }
}
