//! Create image from session (seed 002): the wizard, and the jobs that carry it out.
//!
//! What is typed is kept as a draft until it is submitted, so that no page of the wizard loses
//! anything. Submitting records the job and the workspace entry in one transaction; the tile is not
//! available until its image is there, which the launcher finds out by itself.

mod by_hand;
mod commit;
mod lineage;
mod push;
mod verify;
mod wizard;

pub(crate) use commit::Commit;
pub(crate) use push::Push;

use crate::{
    core::Core,
    images::Images,
    jobs::{Order, Work},
    sessions::{Sessions, is_secret, variables},
};
use domain::{
    Error, ErrorKind, JobId, Result, SessionId, WorkspaceId,
    actor::{Actor, Permission},
    changes,
    event::Change,
    group::ADMINISTRATORS,
    job::JobLinks,
    revision::How,
    session::Session,
    snapshot::{Known, Lineage, Snapshot},
    storage::HomePath,
    workspace::{Definition, Workspace},
};
use std::sync::Arc;

#[derive(Clone)]
pub struct Snapshots(Arc<Core>);

/// What a submitted wizard has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    pub job: JobId,
    pub workspace: Option<WorkspaceId>,
}

impl Snapshots {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// A session that an image can be made of.
    async fn subject(&self, actor: &Actor, id: &SessionId) -> Result<Session> {
        actor.require(Permission::CreateImages)?;
        let session = Sessions::new(self.0.clone()).open(actor, id).await?;
        if !actor.may_to(Permission::CreateImages, &session.owner) {
            return Err(Error::forbidden("You may create images of your own sessions only."));
        }
        if session.state().has_container() {
            return Ok(session);
        }
        Err(Error::conflict(format!(
            "“{}” is {}; an image can be made of a session that is running or paused.",
            session.workspace_name,
            session.state().label().to_lowercase()
        ))
        .hint("Start the session, then try again."))
    }

    /// Records the job and the workspace entry; both exist or neither. `reviewed` is the image that
    /// the reader has seen before saying yes.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field; `Conflict` when an image of this name is being made,
    /// or when the form is not the one that was reviewed: it was submitted already, or changed in
    /// another window.
    pub async fn submit(&self, actor: &Actor, id: &SessionId, reviewed: &str) -> Result<Begun> {
        let session = self.subject(actor, id).await?;
        let core = &self.0;
        let draft = self.draft(actor, &session).await?;
        if draft.form.image != reviewed {
            return Err(Error::conflict(format!(
                "The image {reviewed} is no longer what this form is about."
            ))
            .hint("It was submitted already or changed in another window: look at the jobs, or review it once more."));
        }
        let chosen = self.chosen(actor, &draft.form).await?;
        let known = Known { has_password: draft.secret.is_some(), chosen: chosen.as_ref() };
        let made = draft.form.check(known)?;
        if made.push.is_some() && !actor.may(Permission::ManageRegistries) {
            let why = "You may keep the image on the engine; pushing it is for those who manage registries.";
            return Err(Error::at("target", why));
        }
        if !actor.may(Permission::ManageImages) {
            let name = made.image.canonical();
            self.check_is_own_name(actor, &name)?;
            core.check_name_is_free(&name, None)
                .await
                .map_err(|error| Error::at("image", error.message))?;
        }
        if !actor.may(Permission::WeakenIsolation) {
            core.check_name_runs_confined(&made.image.canonical()).await?;
        }
        let password = match &draft.secret {
            Some(sealed) => Some(core.keys.open_sealed(&draft_place(actor, id), sealed)?),
            None => None,
        };
        core.check_no_secret_file(&session).await?;
        let parent = core.store.workspace(&session.workspace).await?;
        let workspace = match &made.name {
            Some(name) => Some(self.entry(actor, &session, parent.as_ref(), &made, name)?),
            None => None,
        };
        let canonical = made.image.canonical();
        let job: JobId = core.new_id()?;
        let overwrites = core.images.id_of(&canonical).is_some();
        let commit = Commit::of(&session, &made, blanked(&session), overwrites);
        let links = JobLinks {
            session: Some(id.clone()),
            workspace: workspace.as_ref().map(|made| made.id.clone()),
            image: canonical.clone(),
            ..JobLinks::default()
        };
        let title =
            format!("{canonical} from {} of {}", session.workspace_name, session.owner_name);
        let now = core.now();
        let mut tx = core.store.begin().await?;
        let order = Order {
            id: &job,
            owner: Some(&actor.user),
            actor: Some(&actor.name),
            title: &title,
            work: &Work::Commit(Box::new(commit)),
            links: &links,
            password: password.as_deref(),
        };
        let recorded = core.add_job(&mut tx, &order).await?;
        if recorded != job {
            return Err(Error::conflict(format!("The image {canonical} is being made already."))
                .hint("Follow it in the list of jobs, or choose another tag."));
        }
        if let Some(workspace) = &workspace {
            core.check_directories(None, &workspace.definition, None).await.map_err(|error| {
                let why = format!("No workspace can be made of this session. {}", error.message);
                Error { kind: ErrorKind::Conflict, message: why, fields: Vec::new(), ..error }
                    .hint("Make only the image, as a new tag, or correct what the two workspaces mount first.")
            })?;
            tx.insert_workspace(workspace, None).await?;
            core.note_reference(&mut tx, workspace, Some(actor), How::Created).await?;
        }
        let lineage = Lineage {
            image: canonical.clone(),
            job: job.clone(),
            session: id.clone(),
            // A tag alone belongs to the workspace it came from.
            workspace: links.workspace.clone().unwrap_or_else(|| session.workspace.clone()),
            base_image: session.config.image.clone(),
            base_digest: session.image_digest.clone().unwrap_or_default(),
            image_id: None,
            size_bytes: None,
            remote_digest: None,
            actor: actor.name.clone(),
            created_at: now,
        };
        tx.save_snapshot(&lineage).await?;
        let line = core.entry(Some(actor), format!("Asked to create the image {canonical}"));
        tx.add_to_timeline(id, &line).await?;
        tx.audit(now, Some(actor), "session.create_image", &canonical, Some(id.as_str())).await?;
        tx.delete_snapshot_draft(&actor.user, id).await?;
        tx.commit().await?;
        Images::refresh_making(core).await?;
        core.announce_session(&session);
        if let Some(id) = &links.workspace {
            core.bus.announce(Change::Workspace { id: id.clone() });
        }
        core.announce_job(&job, Some(&actor.user));
        core.jobs.work();
        Ok(Begun { job, workspace: links.workspace })
    }

    /// Who does not manage images names his own below his name, where nobody expects others'.
    fn check_is_own_name(&self, actor: &Actor, name: &str) -> Result<()> {
        let own = format!("{}/", own_folder(actor));
        if name.starts_with(&own) {
            return Ok(());
        }
        Err(Error::at(
            "image",
            format!("Begin the name with `{own}`: other names are for those who manage images."),
        ))
    }

    /// The parent's definition with the new image: as the session runs it, because the workspace
    /// may have changed since or be gone.
    fn entry(
        &self,
        actor: &Actor,
        session: &Session,
        parent: Option<&Workspace>,
        made: &Snapshot,
        name: &str,
    ) -> Result<Workspace> {
        let core = &self.0;
        let config = &session.config;
        let mut contract = config.contract.clone();
        let mut environment = config.environment.clone();
        // What the image is to say itself must not be said over its head at each launch.
        let set = changes::variables(&made.changes);
        environment.retain(|(name, _)| !set.contains(name));
        if made.changes.iter().any(|change| change.name == "CMD") {
            contract.command.clear();
        }
        let parent = parent.map(|workspace| &workspace.definition);
        let mut storage = parent.map(|p| p.storage.clone()).unwrap_or_default();
        // What weakens isolation is not passed on to an image by those who may not do it themselves.
        let may_weaken = actor.may(Permission::WeakenIsolation);
        storage.volumes.retain(|one| may_weaken || !one.is_host());
        // Homes on the host are of one workspace.
        let own = |path: &HomePath| may_weaken && path.is_of_workspace();
        storage.profile_path = storage.profile_path.filter(own);
        let confinement = config.confinement.clone();
        let confinement = if may_weaken { confinement } else { confinement.without_weakening() };
        Ok(Workspace {
            id: core.new_id()?,
            definition: Definition {
                name: name.to_owned(),
                description: parent.map(|p| p.description.clone()).unwrap_or_default(),
                icon: session.icon.clone(),
                categories: parent.map(|p| p.categories.clone()).unwrap_or_default(),
                image: made.image.clone(),
                link: None,
                // Whose credentials the parent's image is pulled with says nothing of this one.
                registry: None,
                contract,
                environment,
                cpu_millis: config.cpu_millis,
                memory_bytes: config.memory_bytes,
                shm_bytes: config.shm_bytes,
                pids: config.pids,
                sessions_limit: parent.and_then(|p| p.sessions_limit),
                commands: config.commands.clone(),
                launch_form: parent.map(|p| p.launch_form.clone()).unwrap_or_default(),
                lifetime: parent.map(|p| p.lifetime).unwrap_or_default(),
                storage,
                confinement,
                // Whoever may launch the one may launch the other.
                groups: parent.filter(|_| actor.may(Permission::ManageWorkspaces)).map_or_else(
                    // Somebody has to look at it before others launch what a user made.
                    || ADMINISTRATORS.parse().into_iter().collect(),
                    |p| p.groups.clone(),
                ),
                enabled: parent.is_some_and(|p| p.enabled),
                hidden: parent.is_some_and(|p| p.hidden),
                notes: parent.map(|p| p.notes.clone()).unwrap_or_default(),
            },
            pin: None,
            trial_of: None,
            revision: 1,
            created_at: core.now(),
            updated_at: core.now(),
        })
    }
}

/// Where a draft's password is bound to, for its encryption.
fn draft_place(actor: &Actor, id: &SessionId) -> String {
    format!("snapshot_drafts.secret/{}/{id}", actor.user)
}

/// Variables whose values must not be in the image: this session's own password, and what the
/// workspace sets under a name that says it is a secret, what was answered at launch, and what keeps
/// from this user what others may do. The workspace of the image sets it again.
fn blanked(session: &Session) -> Vec<String> {
    let basic = session.config.contract.basic.as_ref();
    let own = basic.map(|basic| basic.password_variable.clone());
    let set = session.config.environment.iter().map(|(name, _)| name);
    let set = set.filter(|name| is_secret(name)).cloned();
    let mut all: Vec<String> = own.into_iter().chain(set).chain(variables(session)).collect();
    for (name, _) in session.config.contract.withholding_variables(&session.config.withheld) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// Where the images of somebody are who does not manage everybody's: the name, and a part of the id
/// that nobody else has.
pub(super) fn own_folder(actor: &Actor) -> String {
    let plain: String =
        actor.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    format!("{name}-{}", actor.user.short())
}

impl Core {
    /// An image's name belongs to whoever has it: the engine, or a workspace other than `but`.
    ///
    /// # Errors
    /// `Conflict` when it is taken.
    pub(crate) async fn check_name_is_free(
        &self,
        name: &str,
        but: Option<&WorkspaceId>,
    ) -> Result<()> {
        let naming = self.store.workspaces_naming(name).await?;
        let is_named = naming.iter().any(|(id, _)| Some(id) != but);
        if self.images.id_of(name).is_some() || is_named {
            let why = format!("There is an image {name} already. Choose another tag.");
            return Err(Error::conflict(why));
        }
        Ok(())
    }
}
