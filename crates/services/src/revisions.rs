//! Which image each workspace launches, from when on and by whom; going back to an earlier one, and
//! staying there whatever the reference comes to mean.
//!
//! Decisions are written down in the transaction that makes them. What comes of itself, a reference
//! that means something else on the engine, is found by the comparison of the image library.

use crate::{
    confinement::may_save,
    core::Core,
    library::Credentials,
    trials::refuse_trial,
    workspaces::{Workspaces, launched, unknown},
};
use domain::{
    Error, Result, WorkspaceId,
    actor::{Actor, Permission},
    event::Change,
    image::ImageRef,
    library::{Meaning, TagKind},
    revision::{How, ImageRevision, RevisionRow, Seen, WorkspaceImage},
    workspace::{Pin, Source, Workspace},
};
use std::collections::HashMap;
use store::{NewRevision, PinnedWorkspace, Tx};

impl Workspaces {
    /// Which image a workspace launches, and which ones it has launched.
    ///
    /// # Errors
    /// `NotFound` when there is no such workspace, `Conflict` for a trial.
    pub async fn image(&self, actor: &Actor, id: &WorkspaceId) -> Result<WorkspaceImage> {
        let workspace = self.get(actor, id).await?;
        refuse_trial(&workspace)?;
        let core = self.core();
        let credentials = Credentials::read(core).await?;
        let revisions = core.store.revisions(id).await?;
        let source = launched(&workspace)?;
        let in_use = revisions.first().map(|newest| newest.id.clone()).unwrap_or_default();
        let rows = revisions.into_iter().enumerate().map(|(place, revision)| {
            let same = !revision.id.is_empty() && revision.id == in_use;
            core.revision_row(revision, &credentials, place == 0 || same)
        });
        let image = &workspace.definition.image;
        let mut revisions: Vec<RevisionRow> = rows.collect();
        core.note_refreshes(&mut revisions).await?;
        Ok(WorkspaceImage {
            workspace: workspace.id.clone(),
            tag: TagKind::of(image),
            meaning: core.meaning_now(image).await?,
            state: core.images.state_for(&source),
            image: image.to_string(),
            name: workspace.definition.name,
            pin: workspace.pin,
            revisions,
        })
    }

    /// Has launches use an earlier image until somebody says otherwise. Sessions that exist keep
    /// theirs. An image that is gone from the engine is pulled first.
    ///
    /// # Errors
    /// `NotFound` when there is no such workspace or revision, `Conflict` when its image is nowhere,
    /// `Forbidden` for others than administrators where the workspace weakens isolation.
    pub async fn roll_back(&self, actor: &Actor, id: &WorkspaceId, number: u32) -> Result<()> {
        actor.require(Permission::ManageWorkspaces)?;
        let core = self.core();
        let credentials = Credentials::read(core).await?;
        let mut tx = core.store.begin().await?;
        let mut workspace = tx.workspace(id).await?.ok_or_else(unknown)?;
        refuse_trial(&workspace)?;
        may_save(actor, &workspace.definition)?;
        launched(&workspace)?;
        let revision = tx.revision(id, number).await?.ok_or_else(|| {
            Error::not_found(format!("There is no revision {number} of this workspace (any more)."))
                .hint("Look in the list of its revisions.")
        })?;
        let pin = revision.pin();
        if workspace.pin.as_ref().is_some_and(|present| present.id == pin.id) {
            return Ok(());
        }
        let name = workspace.definition.name.clone();
        if let Some(why) = core.obstacle(&revision, &credentials) {
            return Err(Error::conflict(format!(
                "“{name}” cannot be rolled back to revision {number}. {why}"
            ))
            .hint("Choose another revision, or name another image in the workspace."));
        }
        workspace.pin = Some(pin);
        core.touch(&mut tx, &mut workspace).await?;
        let (image, digest) = (&revision.image, revision.digest.as_str());
        let meaning = (revision.id.as_str(), digest);
        core.add_revision(&mut tx, id, image, meaning, Some(actor), How::RolledBack).await?;
        let what = format!("{name}: to revision {number}");
        let now = core.now();
        tx.audit(now, Some(actor), "workspace.roll_back", &what, Some(id.as_str())).await?;
        tx.commit().await?;
        // Wakes the comparison, which pulls the image if it is not there.
        core.bus.announce(Change::Workspace { id: id.clone() });
        Ok(())
    }

    /// Has launches use what the reference means again. One that is not pinned stays as it is.
    ///
    /// # Errors
    /// `NotFound` when there is no such workspace.
    pub async fn unpin(&self, actor: &Actor, id: &WorkspaceId) -> Result<()> {
        actor.require(Permission::ManageWorkspaces)?;
        let core = self.core();
        let mut tx = core.store.begin().await?;
        let mut workspace = tx.workspace(id).await?.ok_or_else(unknown)?;
        may_save(actor, &workspace.definition)?;
        if workspace.pin.take().is_none() {
            return Ok(());
        }
        core.touch(&mut tx, &mut workspace).await?;
        core.note_reference(&mut tx, &workspace, Some(actor), How::Unpinned).await?;
        let (name, now) = (&workspace.definition.name, core.now());
        tx.audit(now, Some(actor), "workspace.unpin", name, Some(id.as_str())).await?;
        tx.commit().await?;
        core.bus.announce(Change::Workspace { id: id.clone() });
        Ok(())
    }
}

impl Core {
    /// Saves a workspace as changed: whoever has its form open is told.
    pub(crate) async fn touch(&self, tx: &mut Tx, workspace: &mut Workspace) -> Result<()> {
        workspace.revision += 1;
        workspace.updated_at = self.now();
        tx.save_workspace(workspace).await
    }

    /// What a reference means on the engine, and since when as far as that is on record.
    async fn meaning_now(&self, image: &ImageRef) -> Result<Option<Meaning>> {
        let (id, digest) = self.images.meaning_of(image);
        if id.is_empty() {
            return Ok(None);
        }
        let known = self.store.meanings(&image.canonical()).await?;
        let since = known.first().filter(|newest| newest.id == id).map(|newest| newest.since);
        Ok(Some(Meaning { id, digest, since: since.unwrap_or_else(|| self.now()) }))
    }

    fn is_here(&self, revision: &ImageRevision) -> bool {
        let source = Source { image: revision.image.clone(), pin: Some(revision.pin()) };
        self.images.id_for(&source).is_some()
    }

    fn obstacle(
        &self,
        revision: &ImageRevision,
        credentials: &Credentials,
    ) -> Option<&'static str> {
        let covered = credentials.of(&revision.image).is_some();
        revision.obstacle(self.is_here(revision), covered)
    }

    fn revision_row(
        &self,
        revision: ImageRevision,
        credentials: &Credentials,
        in_use: bool,
    ) -> RevisionRow {
        RevisionRow {
            in_use,
            job: None,
            missing: !self.is_here(&revision),
            obstacle: self.obstacle(&revision, credentials).map(str::to_owned),
            revision,
        }
    }

    /// Says by which pull each refreshed revision came: of those that fetched the same, the one that
    /// was done when it was noticed.
    async fn note_refreshes(&self, rows: &mut [RevisionRow]) -> Result<()> {
        let mut pulls = HashMap::new();
        for row in rows.iter_mut().filter(|row| row.revision.how == How::Refreshed) {
            let revision = &row.revision;
            let name = revision.image.canonical();
            if !pulls.contains_key(&name) {
                pulls.insert(name.clone(), self.store.pulls_done(&name).await?);
            }
            let done = pulls.get(&name).into_iter().flatten();
            let same = done.filter(|(made, ..)| *made == revision.id);
            let nearest = same.min_by_key(|(_, at, _)| at.since(revision.since).abs());
            row.job = nearest.map(|(.., job)| job.clone());
        }
        Ok(())
    }

    /// Writes down what a workspace launches by its reference from now on.
    pub(crate) async fn note_reference(
        &self,
        tx: &mut Tx,
        workspace: &Workspace,
        actor: Option<&Actor>,
        how: How,
    ) -> Result<()> {
        if workspace.source().is_none() {
            return Ok(());
        }
        let image = &workspace.definition.image;
        let (id, digest) = self.images.meaning_of(image);
        self.add_revision(tx, &workspace.id, image, (&id, &digest), actor, how).await
    }

    async fn add_revision(
        &self,
        tx: &mut Tx,
        workspace: &WorkspaceId,
        image: &ImageRef,
        (id, digest): (&str, &str),
        actor: Option<&Actor>,
        how: How,
    ) -> Result<()> {
        let actor = actor.map(|actor| actor.name.as_str());
        let new = NewRevision { image, id, digest, since: self.now(), actor, how };
        tx.add_revision(workspace, &new).await.map(drop)
    }

    /// The workspaces that are pinned, by the content ids that they are pinned to: as the engine
    /// has them, or had them.
    pub(crate) async fn pins(&self) -> Result<Vec<(String, PinnedWorkspace)>> {
        let pinned = self.store.pinned_workspaces().await?;
        let with_id = pinned.into_iter().map(|one| {
            let id = one.pin.digest.as_ref().and_then(|digest| self.images.id_of(digest));
            let id = self.images.id_of(&one.pin.id).or(id);
            (id.unwrap_or_else(|| one.pin.id.clone()), one)
        });
        Ok(with_id.collect())
    }

    /// The names of workspaces that are pinned, by content id.
    pub(crate) async fn pinned_to(&self) -> Result<HashMap<String, String>> {
        Ok(self.pins().await?.into_iter().map(|(id, one)| (id, one.name)).collect())
    }

    /// The workspaces that name a reference, and those that are pinned to it or to the image of this
    /// content id.
    pub(crate) async fn workspaces_with(
        &self,
        reference: &str,
        id: Option<&str>,
    ) -> Result<Vec<(WorkspaceId, String)>> {
        let mut all = self.store.workspaces_naming(reference).await?;
        for (pinned_to, PinnedWorkspace { id: workspace, name, pin, .. }) in self.pins().await? {
            let is_it = id == Some(pinned_to.as_str()) || is_named(&pin, reference);
            if is_it && !all.iter().any(|(known, _)| *known == workspace) {
                all.push((workspace, name));
            }
        }
        all.sort_by(|(_, a), (_, b)| a.cmp(b));
        Ok(all)
    }
}

/// Whether a reference is the one by which a pinned image is brought back.
pub(crate) fn is_named(pin: &Pin, reference: &str) -> bool {
    pin.digest.as_deref() == Some(reference)
}

/// Writes down which workspaces launch something else than before, because what their references
/// mean has changed. Those that are pinned do not.
pub(crate) async fn observe(core: &Core) -> Result<()> {
    for launched in core.store.launched().await? {
        let (id, digest) = core.images.meaning_of(&launched.image);
        let last = launched.last.as_ref();
        if ImageRevision::seen(last, &launched.image, &id, &digest) != Seen::Nothing {
            observe_one(core, &launched.workspace).await?;
        }
    }
    Ok(())
}

/// Decides once more, inside the transaction that records it: somebody may have been faster.
async fn observe_one(core: &Core, id: &WorkspaceId) -> Result<()> {
    let mut tx = core.store.begin().await?;
    let workspace = tx.workspace(id).await?;
    let Some(workspace) = workspace.filter(|workspace| workspace.pin.is_none()) else {
        return Ok(());
    };
    let image = &workspace.definition.image;
    let (meant, digest) = core.images.meaning_of(image);
    let last = tx.last_revision(id).await?;
    match (ImageRevision::seen(last.as_ref(), image, &meant, &digest), &last) {
        (Seen::Nothing, _) => return Ok(()),
        (Seen::Rest, Some(last)) => {
            tx.complete_revision(id, last.number, &meant, &digest).await?;
        }
        (_, last) => {
            let how = if last.is_some() { How::Refreshed } else { How::Created };
            core.note_reference(&mut tx, &workspace, None, how).await?;
        }
    }
    tx.commit().await?;
    core.bus.announce(Change::Workspace { id: id.clone() });
    Ok(())
}
