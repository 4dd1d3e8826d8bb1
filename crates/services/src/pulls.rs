//! Fetching a workspace's image from its registry, as a job.

use crate::{
    core::Core,
    images::Images,
    jobs::{Hand, Order, Outcome, Work, transfer},
    workspaces::{Workspaces, unknown},
};
use domain::{JobId, Result, WorkspaceId, actor::Actor, image::ImageRef, job::JobLinks};
use engine::RegistryLogin;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pull {
    /// Canonical reference of what is pulled.
    pub(crate) image: String,
}

impl Workspaces {
    /// Has the workspace's image fetched, also where an older one is present. Asked for again while
    /// it is under way, it is the same job.
    ///
    /// # Errors
    /// `NotFound` when there is no such workspace.
    pub async fn pull_image(&self, actor: &Actor, id: &WorkspaceId) -> Result<JobId> {
        let definition = self.get(actor, id).await?.definition;
        let core = self.core();
        let image = definition.image.canonical();
        let job: JobId = core.new_id()?;
        let links =
            JobLinks { workspace: Some(id.clone()), image: image.clone(), ..JobLinks::default() };
        let order = Order {
            id: &job,
            owner: &actor.user,
            actor: &actor.name,
            title: &image,
            work: &Work::Pull(Pull { image: image.clone() }),
            links: &links,
            password: None,
        };
        let mut tx = core.store.begin().await?;
        tx.workspace(id).await?.ok_or_else(unknown)?;
        let recorded = core.add_job(&mut tx, &order).await?;
        let now = core.now();
        tx.audit(now, Some(actor), "image.pull", &image, Some(recorded.as_str())).await?;
        tx.commit().await?;
        core.announce_job(&recorded, Some(&actor.user));
        core.jobs.work();
        Images::refresh_making(core).await?;
        Ok(recorded)
    }
}

impl Pull {
    pub(crate) async fn perform(self, hand: &Hand) -> Result<Outcome> {
        let core = &hand.core;
        let login = core.login_for(&self.image).await?;
        let who = match &login {
            Some(login) => format!("as {}", login.username),
            None => "without signing in".to_owned(),
        };
        hand.say(format!("Pulling {} {who}.", self.image)).await?;
        let (image, login) = (&self.image, login.as_ref());
        transfer(hand, "Pulled", |told| async move { core.engine.pull(image, login, &told).await })
            .await?;
        let links = core.engine.image(&self.image).await?.map(|made| JobLinks {
            made: Some(made.id),
            size_bytes: Some(made.size_bytes),
            ..hand.links.clone()
        });
        if let Some(links) = links {
            hand.write(async |tx| tx.set_job_links(&hand.id, &links).await).await?;
        }
        // The engine's event tells it too; the page is not to wait for that.
        Images::refresh(core).await?;
        Ok(Outcome::Done)
    }
}

impl Core {
    /// Who signs in to pull an image: the stored registry that its name leads to, if one does.
    async fn login_for(&self, image: &str) -> Result<Option<RegistryLogin>> {
        let image: ImageRef = image.parse().map_err(|why: String| self.fault(&why))?;
        let stored = self.store.registries().await?;
        let leads = |at: &domain::registry::Definition| {
            at.address().is_ok_and(|address| address.check_leads_here(&image).is_ok())
        };
        match stored.iter().find(|one| leads(&one.definition) && one.secret.is_some()) {
            Some(one) => self.stored_login(&one.id, &image.to_string()).await,
            None => Ok(None),
        }
    }
}
