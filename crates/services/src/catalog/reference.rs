//! Where the image of an entry is.

use super::{
    list::Listed,
    words::{QUOTED, shown},
};
use domain::{image::ImageRef, registry::Address};

/// The whole reference of an entry's image.
///
/// # Errors
/// Why it is none.
pub(super) fn reference(listed: &Listed) -> Result<ImageRef, String> {
    if listed.image.is_empty() {
        return Err("It names no image.".to_owned());
    }
    let image: ImageRef = listed.image.parse()?;
    if image.host.is_some() || listed.docker_registry.is_empty() {
        return Ok(image);
    }
    let address = registry(listed)?;
    let host = Some(address.host).filter(|host| host != "docker.io");
    // Once more as a whole, because both together may be too long.
    ImageRef { host, ..image }.to_string().parse()
}

pub(super) fn registry(listed: &Listed) -> Result<Address, String> {
    Address::parse(&listed.docker_registry, false).map_err(|_| {
        format!(
            "`docker_registry: {}` leads to no registry.",
            shown(&listed.docker_registry, QUOTED)
        )
    })
}
