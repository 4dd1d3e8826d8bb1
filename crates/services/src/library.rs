//! The image library: what there is, what becomes of it by hand, and what keeps it present and
//! current by itself (seed 000).
//!
//! [`list`](mod@list) and [`detail`] show it from memory and the database; [`deeds`] is what people
//! do with single images; [`keep`] compares and refreshes in the background, with the
//! [`credentials`] that are right for an image; [`prune`] takes away what nothing needs.

mod credentials;
mod deeds;
mod detail;
mod keep;
mod list;
mod prune;

pub(crate) use credentials::Credentials;
pub(crate) use keep::run;
pub(crate) use prune::Prune;

use crate::core::Core;
use domain::{Error, Result, image::ImageRef, library::ImageState};
use std::sync::Arc;

#[derive(Clone)]
pub struct Library(Arc<Core>);

impl Library {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }
}

fn unknown(name: &str) -> Error {
    Error::not_found(format!("Neither the engine nor any workspace knows an image {name}."))
        .hint("Look in the list of images.")
}

/// A name as it is kept: canonical, or the content id of an image without a name.
fn canonical(name: &str) -> Result<String> {
    let name = name.trim();
    if let Some(hex) = name.strip_prefix("sha256:") {
        // It becomes part of an address at the engine.
        let is_id = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        return match is_id {
            true => Ok(name.to_owned()),
            false => Err(Error::at("image", "This is no content id of an image.")),
        };
    }
    let image = name.parse::<ImageRef>().map_err(|why| Error::at("image", why))?;
    Ok(image.canonical())
}

/// Reads a state as lists are narrowed by it.
fn is_in(state: ImageState, wanted: &str) -> bool {
    wanted == state.as_str() || (wanted == "available" && state == ImageState::UpdateAvailable)
}
