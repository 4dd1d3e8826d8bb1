//! The pages of the wizard: what they show, and what is typed on them, kept until it is submitted or
//! given up.

use crate::sessions::files_of_layer;

use super::{Snapshots, blanked, by_hand::commands, draft_place, own_folder};
use domain::{
    Error, Result, SessionId,
    actor::{Actor, Permission},
    image::ImageRef,
    registry::{Definition as RegistryDefinition, Registry, TestReport},
    session::{Session, State},
    snapshot::{Known, NOWHERE, OTHER, SnapshotForm, SnapshotPage, WizardStep},
};
use std::time::Duration;
use store::{Draft, StoredRegistry};

/// The engine walks over all that a session has written to measure it; the page does not wait
/// longer than this.
const MEASURE: Duration = Duration::from_secs(3);

impl Snapshots {
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
        // What is stored is for those who may push with it.
        let registries = match actor.may(Permission::ManageRegistries) {
            true => core.store.registries().await?,
            false => Vec::new(),
        };
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
            files: files_of_layer(&session, false),
            volumes: session.config.mounts.into_iter().map(|mount| mount.target).collect(),
            session: session.id,
        })
    }

    pub(super) async fn draft(&self, actor: &Actor, session: &Session) -> Result<Draft> {
        if let Some(draft) = self.0.store.snapshot_draft(&actor.user, &session.id).await? {
            return Ok(draft);
        }
        let image = session.config.image.parse::<ImageRef>().map_err(|why| self.0.fault(&why))?;
        let mut form =
            SnapshotForm::proposed(&session.workspace_name, &image, &actor.name, self.0.now());
        if !actor.may(Permission::ManageImages) {
            let last = form.image.rsplit('/').next().unwrap_or_default();
            form.image = format!("{}/{last}", own_folder(actor));
        }
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
        let chosen = self.chosen(actor, &draft.form).await?;
        let known = Known { has_password: draft.secret.is_some(), chosen: chosen.as_ref() };
        draft.form.check_step(step, known)
    }

    /// The stored registry that a form has chosen, if it is there and the actor may use it.
    pub(super) async fn chosen(
        &self,
        actor: &Actor,
        form: &SnapshotForm,
    ) -> Result<Option<Registry>> {
        match form.target() {
            NOWHERE | OTHER => Ok(None),
            _ if !actor.may(Permission::ManageRegistries) => Ok(None),
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

    /// Gives the wizard up.
    pub async fn discard(&self, actor: &Actor, id: &SessionId) -> Result<()> {
        actor.require(Permission::CreateImages)?;
        let mut tx = self.0.store.begin().await?;
        tx.delete_snapshot_draft(&actor.user, id).await?;
        tx.commit().await
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
