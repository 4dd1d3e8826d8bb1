//! Identifiers: opaque, lower case, safe in a path, a host name and a container name.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Longest identifier: one DNS label, because a session's id is one in host-name mode.
const LONGEST: usize = 63;

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident, $thing:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The first characters: enough to tell two apart on a screen.
            pub fn short(&self) -> &str {
                let tail = self.0.len().saturating_sub(8);
                &self.0[tail..]
            }
        }

        impl FromStr for $name {
            type Err = crate::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if is_id(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(crate::Error::not_found(concat!("There is no such ", $thing, ".")))
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::Error;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

id! {
    /// A person with an account.
    UserId, "user";
    /// A launchable definition.
    WorkspaceId, "workspace";
    /// One user's container.
    SessionId, "session";
    /// One browser that is signed in. Derived from the cookie by hashing, never the cookie itself.
    SignInId, "sign-in";
    /// An uploaded icon.
    IconId, "icon";
    /// A piece of work in the background.
    JobId, "job";
    /// A server that images are pushed to.
    RegistryId, "registry";
    /// Users who share rights and bounds.
    GroupId, "group";
    /// An address that is called when an image was pushed.
    HookId, "webhook";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_safe_label() {
        assert!("0192f3".parse::<SessionId>().is_ok());
        for bad in ["", "A", "a-b", "../x", "a.b", "a b", &"a".repeat(64)] {
            assert!(bad.parse::<SessionId>().is_err(), "{bad:?} must not be an id");
        }
    }
}
