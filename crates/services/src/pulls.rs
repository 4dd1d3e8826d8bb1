//! Fetching an image from its registry, as a job.

use crate::{
    core::Core,
    images::{Images, digest_of, has_digest},
    jobs::{Hand, Outcome, transfer},
    workspaces::{Workspaces, launched},
};
use domain::{
    Error, ErrorKind, JobId, RegistryId, Result, WorkspaceId,
    actor::Actor,
    image::ImageRef,
    job::{JobKind, JobLinks},
};
use serde::{Deserialize, Serialize};
use store::StoredRegistry;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pull {
    /// Canonical reference of what is pulled.
    pub(crate) image: String,
    /// Whose credentials are used, if that was chosen.
    #[serde(default)]
    pub(crate) registry: Option<RegistryId>,
}

impl Workspaces {
    /// Has the workspace's image fetched with the credentials that the workspace names, also where
    /// an older one is present; the one that it is pinned to, where that is missing. Asked for again
    /// while it is under way, it is the same job.
    ///
    /// # Errors
    /// `NotFound` when there is no such workspace.
    pub async fn pull_image(&self, actor: &Actor, id: &WorkspaceId) -> Result<JobId> {
        let workspace = self.get(actor, id).await?;
        let source = launched(&workspace)?;
        let pinned = source.pin.as_ref().and_then(|pin| pin.digest.clone());
        let missing = pinned.filter(|_| self.core().images.id_for(&source).is_none());
        let image = missing.unwrap_or_else(|| source.image.canonical());
        let pull = Pull { image, registry: workspace.definition.registry };
        let links = JobLinks { workspace: Some(id.clone()), ..JobLinks::default() };
        self.core().order_pull(Some(actor), pull, links).await
    }
}

impl Pull {
    pub(crate) async fn perform(self, hand: &Hand) -> Result<Outcome> {
        let stored = hand.core.registry_of(&self).await?;
        let done = self.fetch(hand, stored.as_ref()).await;
        match &done {
            Err(error) if !hand.is_tried_again(JobKind::Pull, error) && !hand.is_cancelled() => {
                hand.core.note_failed_pull(&self.image, error, stored.as_ref()).await?;
            }
            _ => {}
        }
        done
    }

    async fn fetch(&self, hand: &Hand, stored: Option<&StoredRegistry>) -> Result<Outcome> {
        let core = &hand.core;
        let login = match stored {
            Some(stored) => core.stored_login(&stored.id, &self.image).await.map_err(moved)?,
            None => None,
        };
        let who = match (&login, stored) {
            (Some(login), Some(stored)) => {
                format!("as {} ({})", login.username, stored.definition.name)
            }
            _ => "without signing in".to_owned(),
        };
        hand.say(format!("Pulling {} {who}.", self.image)).await?;
        let (image, login) = (&self.image, login.as_ref());
        transfer(hand, "Pulled", |told| async move { core.engine.pull(image, login, &told).await })
            .await?;
        let made = core.engine.image(&self.image).await?;
        let reference: Option<ImageRef> = self.image.parse().ok();
        let heard = core.store.upstream(&self.image).await?.digest;
        let digest = made.as_ref().zip(reference).and_then(|(made, name)| {
            heard.filter(|heard| has_digest(made, &name, heard)).or_else(|| digest_of(made, &name))
        });
        let links = JobLinks {
            size_bytes: made.as_ref().map(|made| made.size_bytes),
            made: made.map(|made| made.id),
            ..hand.links.clone()
        };
        hand.write(async |tx| {
            tx.note_pulled(&self.image, digest.as_deref(), &who, core.now()).await?;
            tx.set_job_links(&hand.id, &links).await
        })
        .await?;
        // The engine's event tells it too; the page is not to wait for that.
        Images::refresh(core).await?;
        Ok(Outcome::Done)
    }
}

/// A registry that was chosen and is at another address by now: what to do about it in a pull.
fn moved(error: Error) -> Error {
    match error.kind {
        ErrorKind::Conflict => error.hint(
            "Choose another registry for the image, or none, and pull it again. A workspace may name one in its form.",
        ),
        _ => error,
    }
}

impl Core {
    /// The stored registry whose credentials a pull uses: the chosen one, or the one that is right
    /// for the image.
    ///
    /// # Errors
    /// `NotFound` when the chosen one was deleted meanwhile.
    async fn registry_of(&self, pull: &Pull) -> Result<Option<StoredRegistry>> {
        if let Some(id) = &pull.registry {
            let stored = self.store.registry(id).await?;
            return stored.map(Some).ok_or_else(|| {
                Error::not_found("The registry that was chosen for this pull is no longer stored.")
                    .hint("Pull the image again and choose another one.")
            });
        }
        let image: ImageRef = self.image_name(&pull.image)?;
        self.registry_for(&image).await
    }

    fn image_name(&self, text: &str) -> Result<ImageRef> {
        text.parse().map_err(|why: String| self.fault(&why))
    }
}
