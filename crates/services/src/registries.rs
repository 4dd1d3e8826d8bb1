//! Registries that images are pushed to and pulled from: keeping them with their credentials, and
//! testing them.
//!
//! A password goes in and never comes out again: it is encrypted at rest, and sent to the registry
//! it was typed for, or where that registry has people sign in, and nobody else. A change that would send it elsewhere asks for it again.

mod docker_config;
mod import;

use crate::core::Core;
use domain::{
    Error, RegistryId, Result, Timestamp,
    actor::{Actor, Permission},
    event::Change,
    registry::{Address, Definition, Registry, RegistryForm, TestReport},
};
use engine::RegistryLogin;
use registry::Question;
use std::sync::Arc;
use store::StoredRegistry;

#[derive(Clone)]
pub struct Registries(Arc<Core>);

/// What deleting a registry would mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    pub name: String,
    /// Forms being filled in that have chosen it.
    pub forms: i64,
    /// Jobs under way that are to push there or to pull with its credentials.
    pub jobs: i64,
    /// Workspaces that name it for their image.
    pub workspaces: i64,
}

pub(crate) fn unknown() -> Error {
    Error::not_found("There is no such registry (any more).")
        .hint("Look in the list of registries.")
}

impl Registries {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// All of them, by name.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<Registry>> {
        actor.require(Permission::ManageRegistries)?;
        let all = self.0.store.registries().await?;
        let now = self.0.now();
        Ok(all.iter().map(|stored| shown_at(stored, now)).collect())
    }

    /// One of them, with the form that changes it.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn get(&self, actor: &Actor, id: &RegistryId) -> Result<(Registry, RegistryForm)> {
        actor.require(Permission::ManageRegistries)?;
        let stored = self.0.store.registry(id).await?.ok_or_else(unknown)?;
        let shown = shown_at(&stored, self.0.now());
        let Definition { name, url, username, ca, insecure } = stored.definition;
        let insecure = if insecure { "on".to_owned() } else { String::new() };
        Ok((shown, RegistryForm { name, url, username, ca, insecure }))
    }

    /// # Errors
    /// `Invalid` with each problem at its field.
    pub async fn create(
        &self,
        actor: &Actor,
        form: &RegistryForm,
        password: &str,
    ) -> Result<RegistryId> {
        actor.require(Permission::ManageRegistries)?;
        let core = &self.0;
        let new = core.new_registry(checked(form.check()?)?, password)?;
        let mut tx = core.store.begin().await?;
        tx.insert_registry(&new).await?;
        let (name, id) = (&new.definition.name, Some(new.id.as_str()));
        tx.audit(new.created_at, Some(actor), "registry.create", name, id).await?;
        tx.commit().await?;
        core.bus.announce(Change::Images);
        Ok(new.id)
    }

    /// Changes a registry. An empty `password` keeps the one that is stored.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field, also when the password must be typed again because
    /// it would go to another address or with another name.
    pub async fn change(
        &self,
        actor: &Actor,
        id: &RegistryId,
        form: &RegistryForm,
        password: &str,
    ) -> Result<()> {
        actor.require(Permission::ManageRegistries)?;
        let core = &self.0;
        let definition = checked(form.check()?)?;
        let mut tx = core.store.begin().await?;
        let before = tx.registry(id).await?.ok_or_else(unknown)?;
        let secret = core.seal_password(id, &definition, password, Some(&before))?;
        let changed = StoredRegistry { definition, secret, updated_at: core.now(), ..before };
        tx.save_registry(&changed).await?;
        let (name, id) = (&changed.definition.name, Some(id.as_str()));
        tx.audit(core.now(), Some(actor), "registry.change", name, id).await?;
        // What failed may succeed with what is stored now.
        tx.forget_pause(&changed.id).await?;
        tx.commit().await?;
        core.bus.announce(Change::Images);
        Ok(())
    }

    /// What deleting would mean.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn removal(&self, actor: &Actor, id: &RegistryId) -> Result<Removal> {
        actor.require(Permission::ManageRegistries)?;
        let stored = self.0.store.registry(id).await?.ok_or_else(unknown)?;
        let (forms, jobs) = self.0.store.registry_uses(id).await?;
        let workspaces = self.0.store.workspaces_of_registry(id).await?;
        Ok(Removal { name: stored.definition.name, forms, jobs, workspaces })
    }

    /// Deletes a registry with its credentials; deleting again is no error. What has chosen it says
    /// so when it comes to that.
    pub async fn delete(&self, actor: &Actor, id: &RegistryId) -> Result<()> {
        actor.require(Permission::ManageRegistries)?;
        let core = &self.0;
        let Some(stored) = core.store.registry(id).await? else { return Ok(()) };
        let mut tx = core.store.begin().await?;
        if tx.delete_registry(id).await? {
            let name = &stored.definition.name;
            tx.audit(core.now(), Some(actor), "registry.delete", name, Some(id.as_str())).await?;
        }
        tx.commit().await
    }

    /// Tests what is typed, before it is saved; with the password that is stored if `id` is given
    /// and none is typed.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field. What the registry answers is in the report.
    pub async fn test(
        &self,
        actor: &Actor,
        id: Option<&RegistryId>,
        form: &RegistryForm,
        password: &str,
        repository: &str,
    ) -> Result<TestReport> {
        actor.require(Permission::ManageRegistries)?;
        let core = &self.0;
        let definition = checked(form.check_for_test()?)?;
        let before = match id {
            Some(id) => Some(core.store.registry(id).await?.ok_or_else(unknown)?),
            None => None,
        };
        let password = match before {
            Some(before) if password.is_empty() && !definition.username.is_empty() => {
                same_place(&before.definition, &definition)?;
                core.password_of(&before)?.unwrap_or_default()
            }
            _ => password.to_owned(),
        };
        core.test_registry(actor, &definition, &password, repository).await
    }

    /// Tests a registry as it is saved.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn test_saved(&self, actor: &Actor, id: &RegistryId) -> Result<TestReport> {
        actor.require(Permission::ManageRegistries)?;
        self.0.test_stored(actor, id, "").await
    }
}

/// What may be shown of a registry: a pause that is over is none.
fn shown_at(stored: &StoredRegistry, now: Timestamp) -> Registry {
    let shown = stored.shown();
    Registry { paused_until: shown.paused_until.filter(|until| *until > now), ..shown }
}

/// A certificate that is none is told where it is typed.
fn checked(definition: Definition) -> Result<Definition> {
    if !definition.ca.is_empty() {
        registry::check_ca(&definition.ca).map_err(|why| Error::at("ca", why))?;
    }
    Ok(definition)
}

/// A stored password is for the place and the name it was typed for.
fn same_place(before: &Definition, now: &Definition) -> Result<()> {
    let place = |definition: &Definition| definition.address().ok();
    if place(before) == place(now) && before.username == now.username {
        return Ok(());
    }
    Err(Error::at(
        "password",
        "Type the password again: the one that is stored is for another address or user name.",
    ))
}

fn place(id: &RegistryId) -> String {
    format!("registries.secret/{id}")
}

impl Core {
    /// A registry as it is about to be stored.
    fn new_registry(&self, definition: Definition, password: &str) -> Result<StoredRegistry> {
        let id: RegistryId = self.new_id()?;
        let secret = self.seal_password(&id, &definition, password, None)?;
        let now = self.now();
        Ok(StoredRegistry {
            id,
            definition,
            secret,
            rate: None,
            paused_until: None,
            created_at: now,
            updated_at: now,
        })
    }

    fn seal_password(
        &self,
        id: &RegistryId,
        definition: &Definition,
        password: &str,
        before: Option<&StoredRegistry>,
    ) -> Result<Option<Vec<u8>>> {
        let kept = before.and_then(|before| Some((before, before.secret.clone()?)));
        match (definition.username.is_empty(), password, kept) {
            (true, "", _) => Ok(None),
            (true, ..) => Err(Error::at("username", "A password needs its user name.")),
            (false, "", None) => Err(Error::at("password", "A user name needs its password.")),
            (false, "", Some((before, secret))) => {
                same_place(&before.definition, definition)?;
                Ok(Some(secret))
            }
            (false, password, _) => self.keys.seal(&place(id), password).map(Some),
        }
    }

    pub(crate) fn password_of(&self, stored: &StoredRegistry) -> Result<Option<String>> {
        let open = |secret: &Vec<u8>| self.keys.open_sealed(&place(&stored.id), secret);
        stored.secret.as_ref().map(open).transpose()
    }

    /// How a push signs in at a stored registry: as it is stored now; `None` if it takes no login.
    ///
    /// # Errors
    /// `NotFound` when it was deleted meanwhile.
    pub(crate) async fn stored_login(
        &self,
        id: &RegistryId,
        image: &str,
    ) -> Result<Option<RegistryLogin>> {
        let stored = self.store.registry(id).await?.ok_or_else(|| {
            Error::not_found("The registry that was chosen for this push is no longer stored.").hint(
                "Push with a user name and a password of your own, or store the registry again and make the image once more.",
            )
        })?;
        // The engine sends the password to the host in the image's name, which may be one that the
        // registry had before somebody changed its address.
        let leads_here = |image: domain::image::ImageRef| {
            let address = stored.definition.address()?;
            address.check_leads_here(&image).map_err(|why| {
                Error::conflict(format!("“{}” is at another address now. {why}", stored.definition.name))
                    .hint("Push with a user name and a password of your own, or make the image again under a name that leads there.")
            })
        };
        leads_here(image.parse().map_err(|why: String| self.fault(&why))?)?;
        let password = self.password_of(&stored)?;
        let Definition { url, username, .. } = stored.definition;
        Ok(password.map(|password| RegistryLogin { server: url, username, password }))
    }

    /// Tests a registry with what is stored.
    pub(crate) async fn test_stored(
        &self,
        actor: &Actor,
        id: &RegistryId,
        repository: &str,
    ) -> Result<TestReport> {
        let stored = self.store.registry(id).await?.ok_or_else(unknown)?;
        let password = self.password_of(&stored)?.unwrap_or_default();
        self.test_registry(actor, &stored.definition, &password, repository).await
    }

    pub(crate) async fn test_registry(
        &self,
        actor: &Actor,
        definition: &Definition,
        password: &str,
        repository: &str,
    ) -> Result<TestReport> {
        let address = definition.address()?;
        let question = Question {
            address: &address,
            username: &definition.username,
            password,
            ca: &definition.ca,
            repository: &repository_at(&address, repository)?,
        };
        let report = registry::test(&question, registry::PATIENCE).await;
        tracing::info!(
            host = report.host,
            good = report.is_good(),
            by = actor.name,
            "registry tested"
        );
        Ok(report)
    }
}

/// The path of a repository, as the registry itself names it.
pub(crate) fn repository_at(address: &Address, typed: &str) -> Result<String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(String::new());
    }
    let wrong = |why: String| Error::at("repository", why);
    // What is typed may have the host in front, as an image's name has.
    let own = format!("{}/", address.host);
    let path = typed.strip_prefix(&own).unwrap_or(typed);
    let image = format!("{}/{path}", address.api_host()).parse::<domain::image::ImageRef>();
    let image = image.map_err(wrong)?;
    // On Docker Hub a name without an owner is one of the official images.
    if address.host == "docker.io" && !image.path.contains('/') {
        return Ok(format!("library/{}", image.path));
    }
    Ok(image.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_named_as_the_registry_names_them() {
        let at = |address: &str, typed: &str| {
            repository_at(&Address::parse(address, false).unwrap(), typed).unwrap()
        };
        assert_eq!(at("https://index.docker.io/v1/", "firefox:1"), "library/firefox");
        assert_eq!(at("docker.io", "docker.io/team/app"), "team/app");
        assert_eq!(at("https://r.example.org", "r.example.org/team/app:2"), "team/app");
        assert_eq!(at("https://r.example.org", "team/app"), "team/app");
        assert_eq!(at("https://r.example.org", " "), "");
        let address = Address::parse("https://r.example.org", false).unwrap();
        assert!(
            repository_at(&address, "../../admin").unwrap_err().problem_at("repository").is_some()
        );
    }
}
