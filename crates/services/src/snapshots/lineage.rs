//! Where images came from, and giving one to the workspace it came from.

use super::Snapshots;
use crate::{confinement::may_save, sessions::Sessions, trials::refuse_trial};
use domain::{
    Error, Result, SessionId, WorkspaceId,
    actor::{Actor, Permission},
    event::Change,
    image::ImageRef,
    revision::How,
    snapshot::{Lineage, Origin},
    workspace::Workspace,
};

impl Snapshots {
    /// Images made of a session, newest first.
    pub async fn of_session(&self, actor: &Actor, id: &SessionId) -> Result<Vec<Lineage>> {
        Sessions::new(self.0.clone()).visible(actor, id).await?;
        self.0.store.snapshots_of_session(id).await
    }

    /// What an image was made of, if of a session.
    pub async fn of_image(&self, actor: &Actor, image: &ImageRef) -> Result<Option<Origin>> {
        actor.require(Permission::ManageWorkspaces)?;
        let Some(made) = self.0.store.snapshot(&image.canonical()).await? else { return Ok(None) };
        let parent = self.parent(&made).await?.map(|workspace| workspace.definition);
        let parent = parent.filter(|p| p.image.canonical() != made.image).map(|p| p.name);
        Ok(Some(Origin { made, parent }))
    }

    /// The workspace whose session an image was made of.
    async fn parent(&self, made: &Lineage) -> Result<Option<Workspace>> {
        match self.0.store.session(&made.session).await? {
            Some(session) => self.0.store.workspace(&session.workspace).await,
            None => Ok(None),
        }
    }

    /// Gives the image to the workspace whose session it was made of. Sessions that exist keep
    /// theirs; the next one has the new image.
    ///
    /// # Errors
    /// `NotFound` when the image was not made of a session, or that workspace is gone; `Forbidden` when
    /// the workspace weakens isolation and is not the actor's to save.
    pub async fn replace(&self, actor: &Actor, image: &ImageRef) -> Result<WorkspaceId> {
        actor.require(Permission::ManageWorkspaces)?;
        let core = &self.0;
        let gone = || {
            Error::not_found("The workspace that the image was made from is no longer there.")
                .hint("Name the image in the workspace that is to have it.")
        };
        let made = core.store.snapshot(&image.canonical()).await?.ok_or_else(gone)?;
        let parent = self.parent(&made).await?.ok_or_else(gone)?;
        let mut tx = core.store.begin().await?;
        let mut workspace = tx.workspace(&parent.id).await?.ok_or_else(gone)?;
        refuse_trial(&workspace)?;
        may_save(actor, &workspace.definition)?;
        let before = std::mem::replace(&mut workspace.definition.image, image.clone());
        // The credentials of one registry are of no use at another.
        if before.registry() != image.registry() {
            workspace.definition.registry = None;
        }
        workspace.revision += 1;
        workspace.updated_at = core.now();
        // It is this image that is meant now.
        workspace.pin = None;
        tx.save_workspace(&workspace).await?;
        core.note_reference(&mut tx, &workspace, Some(actor), How::Replaced).await?;
        let name = &workspace.definition.name;
        let what = format!("{name}: {before} to {image}");
        let id = Some(workspace.id.as_str());
        tx.audit(core.now(), Some(actor), "workspace.replace_image", &what, id).await?;
        tx.commit().await?;
        core.bus.announce(Change::Workspace { id: workspace.id.clone() });
        Ok(workspace.id)
    }
}
