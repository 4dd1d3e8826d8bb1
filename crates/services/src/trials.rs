//! Trials: a new image of a workspace for a test group, what its members say of it, and making it
//! everybody's in one step.

use crate::{
    confinement::may_save,
    core::Core,
    workspaces::{Workspaces, check_registry, launched, unknown},
};
use domain::{
    Error, Result, WorkspaceId,
    actor::{Actor, Permission},
    event::Change,
    revision::How,
    trial::{Candidate, Trial, TrialAsked, TrialForm, Verdict, VerdictForm, WorkspaceTrial},
    workspace::Workspace,
};
use store::{StoredTrial, Tx};

fn none(name: &str) -> Error {
    Error::not_found(format!("“{name}” has no trial (any more)."))
        .hint("It may have been promoted or ended meanwhile.")
}

fn gone() -> Error {
    Error::not_found("There is no such trial (any more).")
        .hint("It may have been promoted, so that everybody has its image now, or ended.")
}

/// Whether a workspace can be changed as such.
///
/// # Errors
/// `Conflict` for a trial: what is decided of it is decided at its workspace.
pub(crate) fn refuse_trial(workspace: &Workspace) -> Result<()> {
    match &workspace.trial_of {
        None => Ok(()),
        Some(_) => Err(Error::conflict(format!(
            "“{}” follows the workspace that it is a trial of.",
            workspace.definition.name
        ))
        .hint("Change that workspace, or end the trial there and begin another.")),
    }
}

impl Workspaces {
    /// A workspace and its trial, if one is under way.
    ///
    /// # Errors
    /// `NotFound` when there is no such workspace.
    pub async fn trial(&self, actor: &Actor, id: &WorkspaceId) -> Result<WorkspaceTrial> {
        let workspace = self.get(actor, id).await?;
        let core = self.core();
        let trial = match core.store.trial_of(id).await? {
            Some(stored) => Some(core.trial(stored).await?),
            None => None,
        };
        Ok(WorkspaceTrial {
            workspace: workspace.id,
            name: workspace.definition.name,
            image: workspace.definition.image.to_string(),
            disabled: !workspace.definition.enabled,
            trial,
        })
    }

    /// Lets the members of some groups launch a workspace with another image, beside what everybody
    /// launches.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field, `Conflict` when a trial is under way or for a link,
    /// `Forbidden` for others than administrators where the workspace weakens isolation.
    pub async fn begin_trial(
        &self,
        actor: &Actor,
        id: &WorkspaceId,
        form: &TrialForm,
    ) -> Result<()> {
        actor.require(Permission::ManageWorkspaces)?;
        let core = self.core();
        let now = core.now();
        let mut tx = core.store.begin().await?;
        let of = tx.workspace(id).await?.ok_or_else(unknown)?;
        refuse_trial(&of)?;
        launched(&of)?;
        may_save(actor, &of.definition)?;
        let (candidate, notes) = form.check(&of.definition)?;
        let name = of.definition.name.clone();
        if let Some(present) = tx.trial_of(id).await? {
            let image = &present.workspace.definition.image;
            return Err(Error::conflict(format!("“{name}” has a trial already, of {image}."))
                .hint("Promote it or end it before you begin another."));
        }
        let image = candidate.image.to_string();
        let definition = candidate.definition(&of.definition);
        check_registry(&mut tx, &definition).await?;
        let workspace = Workspace {
            id: core.new_id()?,
            definition,
            pin: None,
            trial_of: Some(id.clone()),
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        let begun_by = actor.name.clone();
        let trial = StoredTrial { workspace, notes, begun_by, begun_at: now };
        tx.insert_trial(&trial).await?;
        let workspace = &trial.workspace;
        core.note_reference(&mut tx, workspace, Some(actor), How::Created).await?;
        tx.touch_groups(&workspace.definition.groups).await?;
        let what = format!("{name}: {image}");
        tx.audit(now, Some(actor), "workspace.begin_trial", &what, Some(id.as_str())).await?;
        tx.commit().await?;
        // Wakes the comparison too, which pulls the image if it is not there.
        core.announce_trial(id, &workspace.id);
        Ok(())
    }

    /// Makes the image of a trial the workspace's, for everybody's next session. Sessions of the
    /// trial go on as sessions of the workspace.
    ///
    /// # Errors
    /// `NotFound` when no trial is under way, `Unavailable` when its image is not on the engine,
    /// `Forbidden` for others than administrators where the workspace weakens isolation.
    pub async fn promote_trial(&self, actor: &Actor, id: &WorkspaceId) -> Result<()> {
        actor.require(Permission::ManageWorkspaces)?;
        let core = self.core();
        let mut tx = core.store.begin().await?;
        let (mut workspace, trial) = both(&mut tx, id).await?;
        may_save(actor, &workspace.definition)?;
        let name = workspace.definition.name.clone();
        let Candidate { image, registry, groups } = Candidate::of(&trial.workspace.definition);
        if core.images.id_for(&launched(&trial.workspace)?).is_none() {
            return Err(Error::unavailable(format!(
                "{image} cannot be promoted: it is not on the engine, and nobody could launch “{name}”."
            ))
            .hint("Wait until its state is Ready, or look at its job."));
        }
        let verdicts = tx.verdicts(&trial.workspace.id).await?;
        let works = verdicts.iter().filter(|one| one.works).count();
        let before = std::mem::replace(&mut workspace.definition.image, image.clone());
        workspace.definition.registry = registry;
        // It is this image that is meant now.
        workspace.pin = None;
        core.touch(&mut tx, &mut workspace).await?;
        core.note_reference(&mut tx, &workspace, Some(actor), How::Promoted).await?;
        tx.adopt_sessions(&trial.workspace.id, id, &name).await?;
        tx.delete_workspace(&trial.workspace.id).await?;
        tx.touch_groups(&groups).await?;
        let against = verdicts.len() - works;
        let what = format!("{name}: {before} to {image} (works: {works}, does not: {against})");
        tx.audit(core.now(), Some(actor), "workspace.promote_trial", &what, Some(id.as_str()))
            .await?;
        tx.commit().await?;
        core.announce_trial(id, &trial.workspace.id);
        core.bus.announce(Change::Resync);
        Ok(())
    }

    /// Ends a trial without promoting it. Its sessions stay until they are deleted.
    ///
    /// # Errors
    /// `NotFound` when no trial is under way.
    pub async fn end_trial(&self, actor: &Actor, id: &WorkspaceId) -> Result<()> {
        actor.require(Permission::ManageWorkspaces)?;
        let core = self.core();
        let mut tx = core.store.begin().await?;
        let (workspace, trial) = both(&mut tx, id).await?;
        tx.delete_workspace(&trial.workspace.id).await?;
        tx.touch_groups(&trial.workspace.definition.groups).await?;
        let image = &trial.workspace.definition.image;
        let what = format!("{}: {image}", workspace.definition.name);
        tx.audit(core.now(), Some(actor), "workspace.end_trial", &what, Some(id.as_str())).await?;
        tx.commit().await?;
        core.announce_trial(id, &trial.workspace.id);
        Ok(())
    }

    /// What a tester is asked of a trial.
    ///
    /// # Errors
    /// `NotFound` when there is no such trial, or the actor is not among its testers.
    pub async fn asked_of_trial(&self, actor: &Actor, id: &WorkspaceId) -> Result<TrialAsked> {
        actor.require(Permission::LaunchWorkspaces)?;
        let core = self.core();
        let stored = core.store.trial(id).await?.ok_or_else(gone)?;
        core.given_to(actor, &stored.workspace).map_err(|_| gone())?;
        let of = match &stored.workspace.trial_of {
            Some(of) => core.store.workspace(of).await?,
            None => None,
        };
        let verdicts = core.store.verdicts(id).await?;
        Ok(TrialAsked {
            id: id.clone(),
            name: of.ok_or_else(gone)?.definition.name,
            image: stored.workspace.definition.image.to_string(),
            notes: stored.notes,
            said: verdicts.into_iter().find(|one| one.tester == actor.name),
        })
    }

    /// Says what a tester found; it takes the place of what he said before.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field, `NotFound` as above.
    pub async fn give_verdict(
        &self,
        actor: &Actor,
        id: &WorkspaceId,
        form: &VerdictForm,
    ) -> Result<()> {
        actor.require(Permission::LaunchWorkspaces)?;
        let core = self.core();
        let (works, words) = form.check()?;
        let now = core.now();
        let mut tx = core.store.begin().await?;
        let stored = tx.trial(id).await?.ok_or_else(gone)?;
        core.given_to(actor, &stored.workspace).map_err(|_| gone())?;
        tx.save_verdict(id, &actor.user, (works, &words), now).await?;
        let name = &stored.workspace.definition.name;
        let what = format!("{name}: {}", Verdict::label(works).to_lowercase());
        tx.audit(now, Some(actor), "workspace.trial_verdict", &what, Some(id.as_str())).await?;
        tx.commit().await?;
        core.announce_trial(stored.workspace.trial_of.as_ref().unwrap_or(id), id);
        Ok(())
    }
}

/// A workspace and its trial.
async fn both(tx: &mut Tx, id: &WorkspaceId) -> Result<(Workspace, StoredTrial)> {
    let workspace = tx.workspace(id).await?.ok_or_else(unknown)?;
    let trial = tx.trial_of(id).await?.ok_or_else(|| none(&workspace.definition.name))?;
    Ok((workspace, trial))
}

impl Core {
    fn announce_trial(&self, workspace: &WorkspaceId, trial: &WorkspaceId) {
        for id in [workspace, trial] {
            self.bus.announce(Change::Workspace { id: id.clone() });
        }
    }

    async fn trial(&self, stored: StoredTrial) -> Result<Trial> {
        let StoredTrial { workspace, notes, begun_by, begun_at } = stored;
        let image = &workspace.definition.image;
        Ok(Trial {
            image: image.to_string(),
            state: self.state_of_workspace(&workspace),
            image_id: self.images.meaning_of(image).0,
            groups: self.membership.names(&workspace.definition.groups),
            notes,
            begun_by,
            begun_at,
            sessions: self.store.sessions_of_workspace(&workspace.id).await?,
            verdicts: self.store.verdicts(&workspace.id).await?,
            id: workspace.id,
        })
    }

    /// Takes what has changed of a workspace over into its trial, if one is under way.
    ///
    /// # Errors
    /// `Conflict` when that would weaken the isolation of the trial.
    pub(crate) async fn follow_in_trial(&self, tx: &mut Tx, workspace: &Workspace) -> Result<()> {
        let Some(mut trial) = tx.trial_of(&workspace.id).await? else { return Ok(()) };
        let tried = Candidate::of(&trial.workspace.definition);
        let follows = tried.definition(&workspace.definition);
        if trial.workspace.definition.loosened().is_empty() && !follows.loosened().is_empty() {
            // Whoever chose its image may not have been one who may weaken isolation.
            return Err(Error::conflict(format!(
                "“{}” has a trial, whose image would be less confined too.",
                workspace.definition.name
            ))
            .hint("Promote the trial or end it first. It can be begun again afterwards."));
        }
        trial.workspace.definition = follows;
        self.touch(tx, &mut trial.workspace).await
    }
}
