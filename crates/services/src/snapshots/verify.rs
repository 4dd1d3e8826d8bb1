//! Asking the registry itself what it has, after the engine said that it pushed.

use crate::{core::Core, registries::repository_at};
use domain::{Error, Result, image::ImageRef, registry::Address, snapshot::PushTo};
use engine::RegistryLogin;
use registry::Question;
use std::time::Duration;

/// A push that has succeeded does not wait longer for this.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the registry says of an image that was pushed under this digest, as a line for the log.
///
/// # Errors
/// `Conflict` when it has something else there. A registry that cannot be asked from here is no
/// error: the engine may have ways that Slipway has not.
pub(super) async fn verify(
    core: &Core,
    image: &str,
    to: &PushTo,
    login: Option<&RegistryLogin>,
    digest: &str,
) -> Result<String> {
    let unasked = |why: &str| {
        format!("It was pushed as {digest}. The registry itself could not be asked: {why}")
    };
    let stored = match &to.registry {
        Some(id) => core.store.registry(id).await?.map(|stored| stored.definition),
        None => None,
    };
    let (address, ca) = match &stored {
        Some(definition) => (definition.address(), definition.ca.as_str()),
        None => (Address::parse(&to.server, false).map_err(Error::conflict), ""),
    };
    let reference: ImageRef = image.parse().map_err(|why: String| core.fault(&why))?;
    let (address, repository) = match address.and_then(|address| {
        // It may have moved since the push began; the login is not for where it is now.
        address.check_leads_here(&reference).map_err(Error::conflict)?;
        let repository = repository_at(&address, &reference.path)?;
        Ok((address, repository))
    }) {
        Ok(known) => known,
        Err(error) => return Ok(unasked(&error.message)),
    };
    let question = Question {
        address: &address,
        username: login.map_or("", |login| &login.username),
        password: login.map_or("", |login| &login.password),
        ca,
        repository: &repository,
    };
    let tag = reference.tag.as_deref().unwrap_or("latest");
    match registry::digest(&question, tag, PATIENCE).await {
        Ok(Some(has)) if has == digest => Ok(format!("The registry has it as {digest}.")),
        Ok(Some(has)) => Err(Error::conflict(format!(
            "{image} was pushed as {digest}, and the registry has {has} there."
        ))
        .hint(
            "Somebody may have pushed the same tag meanwhile. Push again, or under another tag.",
        )),
        Ok(None) => Ok(unasked("it shows no such tag.")),
        Err(refusal) => Ok(unasked(&refusal.message)),
    }
}
