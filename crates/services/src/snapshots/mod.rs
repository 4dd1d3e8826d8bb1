//! Create image from session (seed 002): the wizard, and the jobs that carry it out.
//!
//! What is typed is kept as a draft until it is submitted, so that no page of the wizard loses
//! anything. Submitting records the job and the workspace entry in one transaction; the tile is not
//! available until its image is there, which the launcher finds out by itself.

mod commit;
mod push;

pub(crate) use commit::Commit;
pub(crate) use push::Push;

use crate::{
    core::Core,
    images::Images,
    jobs::{Order, Work},
    sessions::{Sessions, is_secret},
};
use domain::{
    Error, JobId, Result, SessionId, WorkspaceId,
    actor::{Actor, Permission},
    changes,
    event::Change,
    image::ImageRef,
    job::JobLinks,
    registry::{Definition as RegistryDefinition, Registry, TestReport},
    session::{Session, State},
    snapshot::{
        Known, Lineage, NOWHERE, OTHER, Origin, Snapshot, SnapshotForm, SnapshotPage, WizardStep,
    },
    workspace::{Definition, Workspace},
};
use std::{sync::Arc, time::Duration};
use store::{Draft, StoredRegistry};

/// The engine walks over all that a session has written to measure it; the page does not wait
/// longer than this.
const MEASURE: Duration = Duration::from_secs(3);

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
        let session = Sessions::new(self.0.clone()).visible(actor, id).await?;
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

    /// What the wizard shows.
    ///
    /// # Errors
    /// `Conflict` when the session neither runs nor is paused.
    pub async fn page(
        &self,
        actor: &Actor,
        id: &SessionId,
        step: WizardStep,
    ) -> Result<SnapshotPage> {
        let session = self.subject(actor, id).await?;
        let core = &self.0;
        let draft = self.draft(actor, &session).await?;
        let container = core.container_name(id);
        let changed_bytes = match step {
            WizardStep::Image => {
                let measured = core.engine.changed_bytes(&container);
                tokio::time::timeout(MEASURE, measured).await.ok().and_then(Result::ok)
            }
            _ => None,
        };
        let registries = core.store.registries().await?;
        let registries: Vec<Registry> = registries.iter().map(StoredRegistry::shown).collect();
        let has_password = draft.secret.is_some();
        let chosen = registries.iter().find(|one| one.id.as_str() == draft.form.target());
        let checked = draft.form.check(Known { has_password, chosen }).ok();
        let commands = checked.map(|made| commands(&container, &made, chosen, &blanked(&session)));
        let blanked = blanked(&session);
        let canonical = draft.form.image.parse::<ImageRef>().map(|image| image.canonical());
        Ok(SnapshotPage {
            title: format!("{} of {}", session.workspace_name, session.owner_name),
            base_image: session.config.image.clone(),
            paused: session.state() == State::Paused,
            overwrites: canonical.is_ok_and(|name| core.images.id_of(&name).is_some()),
            commands: commands.unwrap_or_default(),
            blanked,
            has_password,
            registries,
            form: draft.form,
            changed_bytes,
            session: session.id,
        })
    }

    async fn draft(&self, actor: &Actor, session: &Session) -> Result<Draft> {
        if let Some(draft) = self.0.store.snapshot_draft(&actor.user, &session.id).await? {
            return Ok(draft);
        }
        let image = session.config.image.parse::<ImageRef>().map_err(|why| self.0.fault(&why))?;
        let form =
            SnapshotForm::proposed(&session.workspace_name, &image, &actor.name, self.0.now());
        Ok(Draft { form, secret: None })
    }

    /// Keeps one page of the wizard. An empty `password` keeps the one typed before; without a user
    /// name there is none.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field; what was typed is kept all the same.
    pub async fn keep(
        &self,
        actor: &Actor,
        id: &SessionId,
        step: WizardStep,
        typed: SnapshotForm,
        password: &str,
    ) -> Result<()> {
        let session = self.subject(actor, id).await?;
        let mut draft = self.draft(actor, &session).await?;
        let place = |form: &SnapshotForm| {
            (form.registry.trim().to_owned(), form.registry_username.trim().to_owned())
        };
        let before = place(&draft.form);
        take_over(&mut draft.form, step, typed);
        if step == WizardStep::Registry {
            let form = &draft.form;
            // A password is for whom and where it was typed.
            if place(form) != before {
                draft.secret = None;
            }
            if form.target() != OTHER || form.registry_username.trim().is_empty() {
                draft.secret = None;
            } else if !password.is_empty() {
                draft.secret = Some(self.0.keys.seal(&draft_place(actor, id), password)?);
            }
        }
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        tx.save_snapshot_draft(&actor.user, id, &draft, core.now()).await?;
        tx.commit().await?;
        let chosen = self.chosen(&draft.form).await?;
        let known = Known { has_password: draft.secret.is_some(), chosen: chosen.as_ref() };
        draft.form.check_step(step, known)
    }

    /// The stored registry that a form has chosen, if it is there.
    async fn chosen(&self, form: &SnapshotForm) -> Result<Option<Registry>> {
        match form.target() {
            NOWHERE | OTHER => Ok(None),
            id => match id.parse() {
                Ok(id) => Ok(self.0.store.registry(&id).await?.map(|stored| stored.shown())),
                // Nothing that was ever stored.
                Err(_) => Ok(None),
            },
        }
    }

    /// Tests where the wizard is to push, with the repository of the image; what was typed for it
    /// is kept before. Nothing is pushed.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field. What the registry answers is in the report.
    pub async fn test_registry(
        &self,
        actor: &Actor,
        id: &SessionId,
        typed: SnapshotForm,
        password: &str,
    ) -> Result<TestReport> {
        actor.require(Permission::ManageRegistries)?;
        self.keep(actor, id, WizardStep::Registry, typed, password).await?;
        let session = self.subject(actor, id).await?;
        let core = &self.0;
        let draft = self.draft(actor, &session).await?;
        let image: ImageRef =
            draft.form.image.parse().map_err(|why: String| Error::at("image", why))?;
        let repository = image.path;
        match draft.form.target() {
            NOWHERE => Err(Error::at("target", "Choose a registry to test.")),
            OTHER => {
                let password = match &draft.secret {
                    Some(sealed) => core.keys.open_sealed(&draft_place(actor, id), sealed)?,
                    None => String::new(),
                };
                let url = draft.form.registry.trim().to_owned();
                let typed = RegistryDefinition {
                    name: String::new(),
                    insecure: url.starts_with("http://"),
                    url,
                    username: draft.form.registry_username.trim().to_owned(),
                    ca: String::new(),
                };
                core.test_registry(actor, &typed, &password, &repository).await
            }
            stored => core.test_stored(actor, &stored.parse()?, &repository).await,
        }
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
        let chosen = self.chosen(&draft.form).await?;
        let known = Known { has_password: draft.secret.is_some(), chosen: chosen.as_ref() };
        let made = draft.form.check(known)?;
        let password = match &draft.secret {
            Some(sealed) => Some(core.keys.open_sealed(&draft_place(actor, id), sealed)?),
            None => None,
        };
        let parent = core.store.workspace(&session.workspace).await?;
        let workspace = match &made.name {
            Some(name) => Some(self.entry(&session, parent.as_ref(), &made, name)?),
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
            owner: &actor.user,
            actor: &actor.name,
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
            tx.insert_workspace(workspace, None).await?;
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

    /// Gives the wizard up.
    pub async fn discard(&self, actor: &Actor, id: &SessionId) -> Result<()> {
        actor.require(Permission::CreateImages)?;
        let mut tx = self.0.store.begin().await?;
        tx.delete_snapshot_draft(&actor.user, id).await?;
        tx.commit().await
    }

    /// Images made of a session, newest first.
    pub async fn of_session(&self, actor: &Actor, id: &SessionId) -> Result<Vec<Lineage>> {
        actor.require(Permission::LaunchWorkspaces)?;
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
    /// `NotFound` when the image was not made of a session, or that workspace is gone.
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
        let before = std::mem::replace(&mut workspace.definition.image, image.clone());
        workspace.revision += 1;
        workspace.updated_at = core.now();
        tx.save_workspace(&workspace).await?;
        let name = &workspace.definition.name;
        let what = format!("{name}: {before} to {image}");
        let id = Some(workspace.id.as_str());
        tx.audit(core.now(), Some(actor), "workspace.replace_image", &what, id).await?;
        tx.commit().await?;
        core.bus.announce(Change::Workspace { id: workspace.id.clone() });
        Ok(workspace.id)
    }

    /// The parent's definition with the new image: as the session runs it, because the workspace
    /// may have changed since or be gone.
    fn entry(
        &self,
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
        Ok(Workspace {
            id: core.new_id()?,
            definition: Definition {
                name: name.to_owned(),
                description: parent.map(|p| p.description.clone()).unwrap_or_default(),
                icon: session.icon.clone(),
                categories: parent.map(|p| p.categories.clone()).unwrap_or_default(),
                image: made.image.clone(),
                contract,
                environment,
                cpu_millis: config.cpu_millis,
                memory_bytes: config.memory_bytes,
                shm_bytes: config.shm_bytes,
                pids: config.pids,
                sessions_limit: parent.and_then(|p| p.sessions_limit),
                lifetime: parent.map(|p| p.lifetime).unwrap_or_default(),
                // Whoever may launch the one may launch the other.
                enabled: parent.is_some_and(|p| p.enabled),
                hidden: parent.is_some_and(|p| p.hidden),
                notes: parent.map(|p| p.notes.clone()).unwrap_or_default(),
            },
            revision: 1,
            created_at: core.now(),
            updated_at: core.now(),
        })
    }
}

/// Each page brings only its own fields.
fn take_over(form: &mut SnapshotForm, step: WizardStep, typed: SnapshotForm) {
    match step {
        WizardStep::Image => {
            form.image = typed.image;
            form.pause = typed.pause;
        }
        WizardStep::Registry => {
            form.target = typed.target;
            form.registry = typed.registry;
            form.registry_username = typed.registry_username;
        }
        WizardStep::Changes => {
            form.changes = typed.changes;
            form.message = typed.message;
            form.author = typed.author;
        }
        WizardStep::Workspace => {
            form.purpose = typed.purpose;
            form.name = typed.name;
        }
        WizardStep::Review => {}
    }
}

/// Where a draft's password is bound to, for its encryption.
fn draft_place(actor: &Actor, id: &SessionId) -> String {
    format!("snapshot_drafts.secret/{}/{id}", actor.user)
}

/// Variables whose values must not be in the image: this session's own password, and what the
/// workspace sets under a name that says it is a secret. The workspace of the image sets it again.
fn blanked(session: &Session) -> Vec<String> {
    let basic = session.config.contract.basic.as_ref();
    let own = basic.map(|basic| basic.password_variable.clone());
    let set = session.config.environment.iter().map(|(name, _)| name);
    own.into_iter().chain(set.filter(|name| is_secret(name)).cloned()).collect()
}

/// The same with the engine's own command.
fn commands(
    container: &str,
    made: &Snapshot,
    chosen: Option<&Registry>,
    blanked: &[String],
) -> Vec<String> {
    let image = made.image.canonical();
    let mut commit = vec!["docker commit".to_owned()];
    if !made.pause {
        commit.push("--pause=false".into());
    }
    for (flag, text) in [("--message", &made.message), ("--author", &made.author)] {
        if !text.is_empty() {
            commit.push(format!("{flag} {}", quoted(text)));
        }
    }
    let asked = made.changes.iter().map(ToString::to_string);
    for change in asked.chain(commit::emptied(blanked)) {
        commit.push(format!("--change {}", quoted(&change)));
    }
    commit.push(format!("{container} {image}"));
    let mut all = Vec::new();
    if let Some(push) = &made.push {
        let username = chosen.map_or(&push.username, |registry| &registry.username);
        if !username.is_empty() {
            let (username, server) = (quoted(username), quoted(&push.server));
            all.push(format!("docker login --username {username} {server}"));
        }
        all.push(format!("docker push {image}"));
    }
    all.insert(0, commit.join(" "));
    all
}

/// For a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("app:1"), "app:1");
        assert_eq!(quoted("CMD [\"a\"]"), "'CMD [\"a\"]'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
