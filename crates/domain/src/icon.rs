//! Icons of workspaces: a built-in set, or an upload kept by id.

use crate::IconId;
use serde::{Deserialize, Serialize};

/// Names of the built-in icons; each is a symbol of the sprite in `public/icons.svg`.
pub const BUILT_IN: [&str; 12] = [
    "desktop", "browser", "notebook", "terminal", "code", "database", "office", "paint", "chart",
    "shield", "games", "box",
];

/// Largest upload in bytes.
pub const LARGEST_UPLOAD: usize = 256 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Icon {
    BuiltIn(String),
    Uploaded(IconId),
}

impl Default for Icon {
    fn default() -> Self {
        Self::BuiltIn("box".into())
    }
}

impl From<Icon> for String {
    fn from(icon: Icon) -> String {
        match icon {
            Icon::BuiltIn(name) => name,
            Icon::Uploaded(id) => format!("upload:{id}"),
        }
    }
}

impl TryFrom<String> for Icon {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Some(id) = text.strip_prefix("upload:") {
            return id.parse().map(Self::Uploaded).map_err(|e: crate::Error| e.message);
        }
        if BUILT_IN.contains(&text.as_str()) {
            Ok(Self::BuiltIn(text))
        } else {
            Err(format!("There is no icon named `{text}`."))
        }
    }
}

/// The kind of picture, told by its first bytes rather than by what the sender claims.
///
/// Only raster formats are taken: an SVG can carry script and there is no need for one.
pub fn sniff(bytes: &[u8]) -> Result<&'static str, String> {
    if bytes.len() > LARGEST_UPLOAD {
        return Err(format!(
            "The picture has {} KiB; at most {} KiB are taken.",
            bytes.len() / 1024,
            LARGEST_UPLOAD / 1024
        ));
    }
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Ok("image/png"),
        [0xff, 0xd8, 0xff, ..] => Ok("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok("image/webp"),
        [b'G', b'I', b'F', b'8', ..] => Ok("image/gif"),
        _ => Err("Choose a PNG, JPEG, WebP or GIF picture.".into()),
    }
}
