//! What people do with single images: fetch them, give them names, take them away.

use super::{Library, canonical, unknown};
use crate::{
    core::Core,
    images::Images,
    jobs::{Order, Work},
    pulls::Pull,
};
use domain::{
    Error, ErrorKind, JobId, RegistryId, Result,
    actor::{Actor, Permission},
    image::ImageRef,
    job::JobLinks,
    library::{ImageOutcome, ImageRemoval},
};

/// Most images that are chosen at once.
const MOST: usize = 200;

impl Library {
    /// Has an image fetched, also where an older one is present. Asked for again while it is under
    /// way, it is the same job. `registry` names whose credentials are used; otherwise those with
    /// which it would be pulled by itself.
    ///
    /// # Errors
    /// `Invalid` at `image` for what is no reference, and at `registry` for one whose address the
    /// name does not lead to.
    pub async fn pull(
        &self,
        actor: &Actor,
        name: &str,
        registry: Option<&RegistryId>,
    ) -> Result<JobId> {
        actor.require(Permission::ManageImages)?;
        let core = &self.0;
        let image = name.parse::<ImageRef>().map_err(|why| Error::at("image", why))?;
        if name.trim().starts_with("sha256:") {
            return Err(Error::at("image", "An image without a name cannot be pulled."));
        }
        if let Some(id) = registry {
            let stored = core.store.registry(id).await?;
            let stored = stored.ok_or_else(|| {
                Error::at("registry", "This registry is no longer stored. Choose another one.")
            })?;
            stored
                .definition
                .address()?
                .check_leads_here(&image)
                .map_err(|why| Error::at("registry", why))?;
        }
        let pull = Pull { image: image.canonical(), registry: registry.cloned() };
        core.order_pull(Some(actor), pull, JobLinks::default()).await
    }

    /// Gives an image one more name; another image that has it loses it. Returns the name as it is
    /// kept.
    ///
    /// # Errors
    /// `Invalid` at `name` for what is no name, `NotFound` when there is no such image, `Forbidden` for
    /// others than administrators where a workspace of that image weakens isolation.
    pub async fn tag(&self, actor: &Actor, image: &str, name: &str) -> Result<String> {
        actor.require(Permission::ManageImages)?;
        let core = &self.0;
        let image = canonical(image)?;
        let new = name.parse::<ImageRef>().map_err(|why| Error::at("name", why))?;
        if new.digest.is_some() {
            return Err(Error::at("name", "A digest cannot be given: it follows from the image."));
        }
        let new = new.canonical();
        if !actor.may(Permission::WeakenIsolation) {
            core.check_name_runs_confined(&new).await?;
        }
        core.engine.tag_image(&image, &new).await?;
        core.note_deed(actor, "image.tag", &image, &new).await?;
        Images::refresh(core).await?;
        Ok(new)
    }

    /// What taking a name away would mean.
    ///
    /// # Errors
    /// `NotFound` when the engine does not have it.
    pub async fn removal(&self, actor: &Actor, name: &str) -> Result<ImageRemoval> {
        actor.require(Permission::ManageImages)?;
        let core = &self.0;
        let reference = canonical(name)?;
        let held = core.images.held();
        let image = held.find(&reference).ok_or_else(|| unknown(&reference))?;
        let other_names = image.tags.iter().filter_map(|tag| canonical(tag).ok());
        let other_names: Vec<String> = other_names.filter(|tag| *tag != reference).collect();
        // With its last name the image goes, also for those that are pinned to it.
        let id = other_names.is_empty().then_some(image.id.as_str());
        let workspaces = core.workspaces_with(&reference, id).await?;
        let ids = [image.id.clone()];
        let sessions = core.store.sessions_made_from(&ids, None).await?;
        let theirs = sessions.len();
        let sessions = core.told(actor, sessions);
        let theirs = theirs - sessions.len();
        let can_be_pulled = match reference.parse::<ImageRef>() {
            Ok(name) => core.registry_for(&name).await?.is_some(),
            Err(_) => false,
        };
        Ok(ImageRemoval {
            size_bytes: image.size_bytes,
            other_names,
            workspaces: workspaces.into_iter().map(|(_, name)| name).collect(),
            sessions: sessions
                .iter()
                .map(|s| format!("{} of {}", s.workspace, s.owner))
                .chain((theirs > 0).then(|| format!("{theirs} of other people")))
                .collect(),
            can_be_pulled,
            reference,
        })
    }

    /// Takes a name away, and the image with its last one. What is gone already is no error.
    ///
    /// # Errors
    /// `Conflict` when a container is made from it and it has no other name.
    pub async fn remove(&self, actor: &Actor, name: &str) -> Result<()> {
        actor.require(Permission::ManageImages)?;
        let core = &self.0;
        let reference = canonical(name)?;
        core.engine.remove_image(&reference).await.map_err(|error| match error.kind {
            ErrorKind::Conflict => Error::conflict(format!(
                "The image {reference} cannot be removed: a container is made from it."
            ))
            .hint("Delete the sessions that use it first; its page lists them.")
            .detail(error.detail.unwrap_or_default()),
            _ => error,
        })?;
        core.note_deed(actor, "image.remove", &reference, "").await?;
        Images::refresh(core).await
    }

    /// Pulls or removes several, each with its own outcome; one refusal does not stop the others.
    ///
    /// # Errors
    /// `Invalid` when nothing or too much is chosen, or nothing that can be done.
    pub async fn act_on_many(
        &self,
        actor: &Actor,
        names: &[String],
        action: &str,
    ) -> Result<Vec<ImageOutcome>> {
        actor.require(Permission::ManageImages)?;
        if names.is_empty() || names.len() > MOST {
            return Err(Error::at("ids", format!("Choose between 1 and {MOST} images.")));
        }
        let mut outcomes = Vec::with_capacity(names.len());
        for name in names {
            let done = match action {
                "pull" => self.pull(actor, name, None).await.map(drop),
                "remove" => self.remove(actor, name).await,
                _ => return Err(Error::at("action", "Choose what to do with the images.")),
            };
            let problem = done.err().map(|error| error.to_string());
            outcomes.push(ImageOutcome { reference: name.clone(), problem });
        }
        Ok(outcomes)
    }
}

impl Core {
    /// Records a pull, by somebody or by Slipway itself, and has it begun.
    pub(crate) async fn order_pull(
        &self,
        actor: Option<&Actor>,
        pull: Pull,
        links: JobLinks,
    ) -> Result<JobId> {
        let image = pull.image.clone();
        let id: JobId = self.new_id()?;
        let links = JobLinks { image: image.clone(), ..links };
        let order = Order {
            id: &id,
            owner: actor.map(|actor| &actor.user),
            actor: actor.map(|actor| actor.name.as_str()),
            title: &image,
            work: &Work::Pull(pull),
            links: &links,
            password: None,
        };
        let mut tx = self.store.begin().await?;
        let recorded = self.add_job(&mut tx, &order).await?;
        let job = Some(recorded.as_str());
        tx.audit(self.now(), actor, "image.pull", &image, job).await?;
        tx.commit().await?;
        self.announce_job(&recorded, actor.map(|actor| &actor.user));
        self.jobs.work();
        Images::refresh_making(self).await?;
        Ok(recorded)
    }

    async fn note_deed(&self, actor: &Actor, deed: &str, image: &str, about: &str) -> Result<()> {
        let mut tx = self.store.begin().await?;
        let about = (!about.is_empty()).then_some(about);
        tx.audit(self.now(), Some(actor), deed, image, about).await?;
        tx.commit().await
    }
}
