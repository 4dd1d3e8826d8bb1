//! Everything about one image, for its page. The engine is asked about this one image only.

use super::{Library, canonical, keep, list::Known, unknown};
use crate::core::Core;
use domain::{
    Result,
    actor::{Actor, Permission},
    image::ImageRef,
    library::{ImageConfig, ImageDetail, TagKind, UsingSession},
};

impl Library {
    /// # Errors
    /// `NotFound` when neither the engine nor a workspace knows the name.
    pub async fn detail(&self, actor: &Actor, name: &str) -> Result<ImageDetail> {
        actor.require(Permission::ManageImages)?;
        let core = &self.0;
        let name = canonical(name)?;
        let store = &core.store;
        let (row, config) =
            (Known::read(core).await?.row(core, &name), core.config_of(&name).await?);
        let workspaces = core.workspaces_with(&name, row.id.as_deref()).await?;
        let jobs = store.jobs_of_image(&name).await?;
        if config.is_none() && workspaces.is_empty() && jobs.is_empty() {
            return Err(unknown(&name));
        }
        let meanings = store.meanings(&name).await?;
        let mut upstream = store.upstream(&name).await?;
        upstream.next_check_at = keep::when(&upstream, &core.policy.get().upkeep);
        let mut ids: Vec<String> = meanings.iter().map(|meaning| meaning.id.clone()).collect();
        ids.extend(row.id.clone());
        let image: Option<ImageRef> = name.parse().ok();
        let tag = image.as_ref().filter(|_| !name.starts_with("sha256:")).map(TagKind::of);
        let pulled_from = match &image {
            Some(image) => core.registry_for(image).await?.map(|stored| stored.shown()),
            None => None,
        };
        Ok(ImageDetail {
            tag: tag.unwrap_or(TagKind::Digest),
            pulled_from: pulled_from.map(|registry| registry.identity()).unwrap_or_default(),
            upstream,
            sessions: core.told(actor, store.sessions_made_from(&ids, row.id.as_deref()).await?),
            jobs: jobs.into_iter().map(|job| (job.id, job_line(job.kind, job.state))).collect(),
            made: store.snapshot(&name).await?,
            row,
            config,
            meanings,
            workspaces,
        })
    }
}

fn job_line(kind: domain::job::JobKind, state: domain::job::JobState) -> String {
    format!("{}: {}", kind.label(), state.label().to_lowercase())
}

impl Core {
    /// Other people's sessions are for those who may see them.
    pub(super) fn told(&self, actor: &Actor, mut all: Vec<UsingSession>) -> Vec<UsingSession> {
        if !actor.may(Permission::SeeAllSessions) {
            all.retain(|one| one.owner == actor.name);
        }
        all
    }

    /// What an image says of itself; nothing while the engine is away, because the rest of its
    /// page is known without it.
    async fn config_of(&self, name: &str) -> Result<Option<ImageConfig>> {
        match self.engine.image_config(name).await {
            Err(error) if error.kind == domain::ErrorKind::Unavailable => Ok(None),
            answer => answer,
        }
    }
}
