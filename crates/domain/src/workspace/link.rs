//! Workspaces that are a link: a tile that opens an address, and runs nothing.

use super::{Definition, WorkspaceForm};
use crate::{Error, Result, error::Problems, image::ImageRef};
use serde::{Deserialize, Deserializer, Serialize};

/// The value of the form's `kind` for a link whose address is not typed yet.
pub const KIND: &str = "link";

/// An address that browsers open and that runs no script: `http://` or `https://`, nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Link(String);

impl Link {
    /// Most bytes of one.
    pub const LONGEST: usize = 2000;

    /// # Errors
    /// What an address looks like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("Give the address that the tile opens.".into());
        }
        if text.len() > Self::LONGEST {
            return Err(format!("An address has at most {} characters.", Self::LONGEST));
        }
        let lower = text.to_ascii_lowercase();
        let rest = ["https://", "http://"].iter().find_map(|scheme| lower.strip_prefix(scheme));
        let Some(rest) = rest else {
            return Err("An address begins with https:// or http://.".into());
        };
        // Browsers read a backslash as a slash, and drop line breaks.
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || "\\<>\"`{}|^".contains(c)) {
            return Err("The address holds a character that addresses have not.".into());
        }
        let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if place.contains('@') {
            return Err("An address for everybody holds no user name and no password.".into());
        }
        let (host, port) = match place.rsplit_once(':') {
            // The colons of an address of IPv6 stand in brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (place, None),
        };
        let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
        if host.is_empty() || !port.is_none_or(is_port) {
            return Err("The address names no host, such as https://wiki.example.org/.".into());
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Link {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Link> for String {
    fn from(link: Link) -> String {
        link.0
    }
}

/// What stands for the image of a link, which has none.
pub const fn no_image() -> ImageRef {
    ImageRef { host: None, path: String::new(), tag: None, digest: None }
}

/// Reads an image, or none where a link has none.
pub(super) fn image<'de, D: Deserializer<'de>>(from: D) -> Result<ImageRef, D::Error> {
    let text = String::deserialize(from)?;
    match text.is_empty() {
        true => Ok(no_image()),
        false => text.parse().map_err(serde::de::Error::custom),
    }
}

impl WorkspaceForm {
    /// Whether it is the form of a link.
    pub fn is_link(&self) -> bool {
        self.kind == KIND || !self.link.trim().is_empty()
    }

    /// Reads the form of a link: what people see of it, and its address. All else is as in a new
    /// form, because nothing of it is ever used.
    ///
    /// # Errors
    /// `Invalid` with every problem at its field.
    pub(super) fn check_link(&self) -> Result<Definition> {
        let mut problems = Problems::default();
        let link = problems.take("link", Link::parse(&self.link).map(Some), None);
        if !self.image.trim().is_empty() {
            problems.add("link", "A workspace has an image or a link. Leave one of them empty.");
        }
        let shown = Self {
            name: self.name.clone(),
            description: self.description.clone(),
            icon: self.icon.clone(),
            categories: self.categories.clone(),
            groups: self.groups.clone(),
            enabled: self.enabled.clone(),
            hidden: self.hidden.clone(),
            notes: self.notes.clone(),
            // Taken off again below.
            image: "none".to_owned(),
            ..Self::default()
        };
        match (shown.check(), problems.finish()) {
            (Ok(definition), Ok(())) => Ok(Definition { link, image: no_image(), ..definition }),
            (Ok(_), Err(error)) | (Err(error), Ok(())) => Err(error),
            (Err(shown), Err(own)) => {
                Err(Error::invalid(shown.fields.into_iter().chain(own.fields).collect()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_that_browsers_open_are_links_and_nothing_else_is() {
        for good in [
            "https://wiki.example.org",
            " http://10.0.0.5:8080/a?b=c#d ",
            "HTTPS://Example.org/",
            "https://[2001:db8::1]:8443/",
            "https://münchen.example/straße",
        ] {
            assert!(Link::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "wiki.example.org",
            "javascript:alert(1)",
            "JavaScript://x%0Aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "//example.org",
            "https://",
            "https:///x",
            "https://:80",
            "https://x:0",
            "https://x:99999",
            "https://ada:lute@x.org",
            "https://x.org\\@y.org",
            "https://x.org/\na",
            "https://x.org/\"onclick",
        ] {
            assert!(Link::parse(bad).is_err(), "{bad}");
        }
    }

    fn form() -> WorkspaceForm {
        WorkspaceForm {
            name: "Wiki".into(),
            link: "https://wiki.example.org/".into(),
            ..WorkspaceForm::default()
        }
    }

    #[test]
    fn a_link_has_what_people_see_and_nothing_to_launch() {
        let with_more = WorkspaceForm { environment: "A=b".into(), port: "x".into(), ..form() };
        let definition = with_more.check().unwrap();
        assert_eq!(definition.link.as_ref().map(Link::as_str), Some("https://wiki.example.org/"));
        assert_eq!(
            (definition.image.to_string(), definition.environment.len()),
            (String::new(), 0)
        );
        assert_eq!(WorkspaceForm::from(&definition).check().unwrap(), definition);
        let text = serde_json::to_string(&definition).unwrap();
        assert_eq!(serde_json::from_str::<Definition>(&text).unwrap(), definition);
    }

    #[test]
    fn the_form_of_a_link_asks_for_its_address_and_for_no_image() {
        let empty = WorkspaceForm { kind: KIND.into(), ..WorkspaceForm::default() };
        let error = empty.check().unwrap_err();
        let fields: Vec<&str> = error.fields.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(fields, ["name", "link"]);
        let both = WorkspaceForm { image: "a:1".into(), ..form() };
        assert!(both.check().unwrap_err().problem_at("link").unwrap().contains("Leave one"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,60}", rest in "\\PC{0,40}") {
            let _ = Link::parse(&text);
            let _ = Link::parse(&format!("https://{rest}"));
        }
    }
}
