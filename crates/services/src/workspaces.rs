//! Workspace definitions: making, changing and deleting them.

use crate::{confinement::may_save, core::Core, images::Images, trials::refuse_trial};
use domain::{
    Error, ErrorKind, Result, WorkspaceId,
    actor::{Actor, Permission},
    event::Change,
    group::EVERYBODY,
    icon::{self, Icon},
    launcher::TileState,
    list::{ListQuery, Page},
    preset,
    registry::Registry,
    revision::How,
    storage::HomePath,
    workspace::{Definition, Source, Workspace, WorkspaceForm, WorkspaceRow, changed_meanwhile},
};
use std::sync::Arc;
use store::{StoredIcon, StoredRegistry, Tx};

#[derive(Clone)]
pub struct Workspaces(Arc<Core>);

/// What deleting a workspace would mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    pub name: String,
    /// Sessions that would stay without it.
    pub sessions: i64,
    /// Its image, if that was made of a session and could go too.
    pub snapshot: Option<String>,
    /// Other workspaces of the same image.
    pub others: Vec<String>,
    /// A trial of it is under way, and would end.
    pub trial: bool,
}

/// What a change of a definition has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    pub id: WorkspaceId,
    /// It was pinned to an earlier image and has another reference now, which counts.
    pub unpinned: bool,
}

pub(crate) fn unknown() -> Error {
    Error::not_found("There is no such workspace (any more).")
        .hint("Look in the list of workspaces.")
}

impl Workspaces {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.0
    }

    pub async fn list(&self, actor: &Actor, query: &ListQuery) -> Result<Page<WorkspaceRow>> {
        actor.require(Permission::ManageWorkspaces)?;
        // Only these ask for it, and there may be many names.
        let present = match query.state.as_str() {
            "ready" | "unavailable" => self.0.images.present(),
            _ => Vec::new(),
        };
        let page = self.0.store.workspaces(query, &present).await?;
        let row = |(workspace, sessions): (Workspace, i64)| WorkspaceRow {
            image_state: self.0.state_of_workspace(&workspace),
            workspace,
            sessions,
        };
        Ok(Page { rows: page.rows.into_iter().map(row).collect(), total: page.total })
    }

    pub async fn get(&self, actor: &Actor, id: &WorkspaceId) -> Result<Workspace> {
        actor.require(Permission::ManageWorkspaces)?;
        self.0.store.workspace(id).await?.ok_or_else(unknown)
    }

    /// The registries whose credentials a workspace can name for its image, by name.
    pub async fn offered_registries(&self, actor: &Actor) -> Result<Vec<Registry>> {
        actor.require(Permission::ManageWorkspaces)?;
        let all = self.0.store.registries().await?;
        Ok(all.iter().map(StoredRegistry::shown).collect())
    }

    /// # Errors
    /// `Invalid` with each problem at its field.
    pub async fn create(&self, actor: &Actor, form: &WorkspaceForm) -> Result<WorkspaceId> {
        actor.require(Permission::ManageWorkspaces)?;
        let definition = form.check()?;
        self.0.check_confinement(actor, &definition).await?;
        let mut tx = self.0.store.begin().await?;
        admit(&mut tx, &definition, None).await?;
        self.0.check_directories(None, &definition, None).await?;
        let id =
            self.add(&mut tx, definition, Some(actor), &Origin::Form("workspace.create")).await?;
        tx.commit().await?;
        self.0.bus.announce(Change::Workspace { id: id.clone() });
        Ok(id)
    }

    /// Stores a new workspace with all that belongs to it. The definition is admitted already.
    pub(crate) async fn add(
        &self,
        tx: &mut Tx,
        definition: Definition,
        actor: Option<&Actor>,
        origin: &Origin,
    ) -> Result<WorkspaceId> {
        let workspace = self.0.insert(tx, definition, None, actor).await?;
        tx.touch_groups(&workspace.definition.groups).await?;
        let name = &workspace.definition.name;
        let detail = origin.detail(&workspace.id);
        tx.audit(self.0.now(), actor, origin.action(), name, Some(&detail)).await?;
        Ok(workspace.id)
    }

    /// Changes a definition. Sessions that exist keep what they were launched with; a workspace that
    /// gets another image is no longer pinned.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field; `Conflict` when somebody else changed it since
    /// `revision`.
    pub async fn change(
        &self,
        actor: &Actor,
        id: &WorkspaceId,
        revision: u32,
        form: &WorkspaceForm,
    ) -> Result<Saved> {
        actor.require(Permission::ManageWorkspaces)?;
        let definition = form.check()?;
        self.0.check_confinement(actor, &definition).await?;
        self.edit(actor, id, &Origin::Form("workspace.change"), |workspace| {
            if workspace.revision != revision {
                return Err(changed_meanwhile(&workspace.definition.name));
            }
            workspace.definition = definition;
            Ok(())
        })
        .await
    }

    pub async fn set_enabled(&self, actor: &Actor, id: &WorkspaceId, on: bool) -> Result<()> {
        actor.require(Permission::ManageWorkspaces)?;
        let action = if on { "workspace.enable" } else { "workspace.disable" };
        self.edit(actor, id, &Origin::Form(action), |workspace| {
            if on {
                may_save(actor, &workspace.definition)?;
            }
            workspace.definition.enabled = on;
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Makes a copy, disabled, with a name that tells them apart.
    pub async fn duplicate(&self, actor: &Actor, id: &WorkspaceId) -> Result<WorkspaceId> {
        let original = self.get(actor, id).await?;
        let mut definition = original.definition;
        definition.name = format!("Copy of {}", definition.name).chars().take(80).collect();
        definition.enabled = false;
        // Homes on the host are of one workspace; the copy has them in volumes unless it is told apart.
        let storage = &mut definition.storage;
        storage.profile_path = storage.profile_path.take().filter(HomePath::is_of_workspace);
        self.create(actor, &WorkspaceForm::from(&definition)).await
    }

    /// What deleting would mean.
    pub async fn deletion(&self, actor: &Actor, id: &WorkspaceId) -> Result<Deletion> {
        let workspace = self.get(actor, id).await?;
        let store = &self.0.store;
        let image = workspace.definition.image.canonical();
        let used = self.0.images.id_of(&image);
        let mut others = self.0.workspaces_with(&image, used.as_deref()).await?;
        others.retain(|(other, _)| other != id);
        Ok(Deletion {
            sessions: store.sessions_of_workspace(id).await?,
            trial: store.trial_of(id).await?.is_some(),
            others: others.into_iter().map(|(_, name)| name).collect(),
            snapshot: store.snapshot(&image).await?.is_some().then_some(image),
            name: workspace.definition.name,
        })
    }

    /// Deletes a definition. Its sessions stay until they are deleted; deleting again is no error.
    ///
    /// `with_image` also takes the image off the engine, if it was made of a session.
    ///
    /// # Errors
    /// `Conflict` when the image is to go and something else needs it; then nothing is deleted.
    pub async fn delete(&self, actor: &Actor, id: &WorkspaceId, with_image: bool) -> Result<()> {
        actor.require(Permission::ManageWorkspaces)?;
        if with_image {
            self.delete_image(actor, id).await?;
        }
        let mut tx = self.0.store.begin().await?;
        let Some(workspace) = tx.workspace(id).await? else { return Ok(()) };
        refuse_trial(&workspace)?;
        tx.delete_workspace(id).await?;
        let name = &workspace.definition.name;
        tx.audit(self.0.now(), Some(actor), "workspace.delete", name, Some(id.as_str())).await?;
        tx.commit().await?;
        self.0.bus.announce(Change::Workspace { id: id.clone() });
        Ok(())
    }

    /// Takes the image of a workspace off the engine. First of all, because a refusal of the engine
    /// can still be acted on then.
    async fn delete_image(&self, actor: &Actor, id: &WorkspaceId) -> Result<()> {
        let deletion = self.deletion(actor, id).await?;
        let Some(image) = deletion.snapshot else { return Ok(()) };
        if let Some(other) = deletion.others.first() {
            return Err(Error::conflict(format!(
                "The image {image} cannot be removed: the workspace “{other}” uses it."
            ))
            .hint("Delete this workspace without its image."));
        }
        self.0.engine.remove_image(&image).await.map_err(|error| match error.kind {
            ErrorKind::Conflict => Error::conflict(format!(
                "The image {image} cannot be removed: a session is made from it."
            ))
            .hint("Delete its sessions first, or delete this workspace without its image.")
            .detail(error.detail.unwrap_or_default()),
            _ => error,
        })?;
        Images::refresh(&self.0).await
    }

    /// Stores a picture and makes it the workspace's icon.
    ///
    /// # Errors
    /// `Invalid` at `icon` when it is no picture of a known kind, or too large.
    pub async fn upload_icon(&self, actor: &Actor, id: &WorkspaceId, bytes: Vec<u8>) -> Result<()> {
        actor.require(Permission::ManageWorkspaces)?;
        let content_type = icon::sniff(&bytes).map_err(|why| Error::at("icon", why))?;
        let picture = StoredIcon { content_type: content_type.to_owned(), bytes };
        let icon_id: domain::IconId = self.0.new_id()?;
        let mut tx = self.0.store.begin().await?;
        let mut workspace = tx.workspace(id).await?.ok_or_else(unknown)?;
        refuse_trial(&workspace)?;
        tx.insert_icon(&icon_id, &picture, self.0.now()).await?;
        workspace.definition.icon = Icon::Uploaded(icon_id);
        workspace.revision += 1;
        workspace.updated_at = self.0.now();
        tx.save_workspace(&workspace).await?;
        self.0.follow_in_trial(&mut tx, &workspace).await?;
        let name = &workspace.definition.name;
        tx.audit(self.0.now(), Some(actor), "workspace.icon", name, Some(id.as_str())).await?;
        tx.commit().await?;
        self.0.bus.announce(Change::Workspace { id: id.clone() });
        Ok(())
    }

    /// An uploaded picture. Whoever is signed in may see it.
    pub async fn icon(&self, _actor: &Actor, id: &domain::IconId) -> Result<StoredIcon> {
        self.0.store.icon(id).await?.ok_or_else(|| Error::not_found("There is no such icon."))
    }

    async fn edit(
        &self,
        actor: &Actor,
        id: &WorkspaceId,
        origin: &Origin,
        change: impl FnOnce(&mut Workspace) -> Result<()>,
    ) -> Result<Saved> {
        let mut tx = self.0.store.begin().await?;
        let mut workspace = tx.workspace(id).await?.ok_or_else(unknown)?;
        refuse_trial(&workspace)?;
        let before = workspace.definition.clone();
        change(&mut workspace)?;
        admit(&mut tx, &workspace.definition, Some(&before)).await?;
        self.0.check_directories(Some(id), &workspace.definition, Some(&before)).await?;
        let unpinned = self.record(&mut tx, &mut workspace, &before, Some(actor), origin).await?;
        tx.commit().await?;
        self.0.bus.announce(Change::Workspace { id: id.clone() });
        Ok(Saved { id: workspace.id, unpinned })
    }

    /// Stores a changed workspace with all that belongs to it; tells whether it was unpinned. The
    /// definition is admitted already.
    pub(crate) async fn record(
        &self,
        tx: &mut Tx,
        workspace: &mut Workspace,
        before: &Definition,
        actor: Option<&Actor>,
        origin: &Origin,
    ) -> Result<bool> {
        let has_another = workspace.definition.image != before.image;
        let unpinned = has_another && workspace.pin.take().is_some();
        workspace.revision += 1;
        workspace.updated_at = self.0.now();
        tx.save_workspace(workspace).await?;
        self.0.follow_in_trial(tx, workspace).await?;
        if workspace.definition.groups != before.groups {
            // Whoever has the form of one of these open would undo it unseen.
            let groups = before.groups.iter().chain(&workspace.definition.groups);
            tx.touch_groups(groups).await?;
        }
        if has_another {
            self.0.note_reference(tx, workspace, actor, How::Changed).await?;
        }
        let name = &workspace.definition.name;
        let detail = origin.detail(&workspace.id);
        tx.audit(self.0.now(), actor, origin.action(), name, Some(&detail)).await?;
        Ok(unpinned)
    }
}

/// Where a definition that is saved comes from, for the audit.
pub(crate) enum Origin {
    /// A page, with what was done there.
    Form(&'static str),
    /// A text that somebody has.
    Text,
    /// The catalog at this address.
    Catalog(String),
}

impl Origin {
    const fn action(&self) -> &'static str {
        match self {
            Self::Form(action) => action,
            Self::Text => "workspace.import",
            Self::Catalog(_) => "workspace.import_catalog",
        }
    }

    fn detail(&self, id: &WorkspaceId) -> String {
        match self {
            Self::Catalog(address) => format!("{id} from {address}"),
            _ => id.to_string(),
        }
    }
}

/// What a definition must keep to beyond its form, whoever saves it and from where.
pub(crate) async fn admit(
    tx: &mut Tx,
    definition: &Definition,
    before: Option<&Definition>,
) -> Result<()> {
    if before.is_some_and(|before| before.link.is_some() != definition.link.is_some()) {
        let why = "A workspace that runs an image does not become a link, nor a link one that runs an image. Make a new one, and delete this one.";
        return Err(Error::at("link", why));
    }
    // What is named as before is not looked at again: a registry may have moved since, which is no
    // reason to refuse another change.
    let of = |definition: &Definition| (definition.registry.clone(), definition.image.clone());
    if before.map(of) != Some(of(definition)) {
        check_registry(tx, definition).await?;
    }
    Ok(())
}

/// Whether the registry that a definition names is stored, and the image's name leads to it: its
/// password goes nowhere else.
pub(crate) async fn check_registry(tx: &mut Tx, definition: &Definition) -> Result<()> {
    let Some(id) = &definition.registry else { return Ok(()) };
    let stored = tx.registry(id).await?.ok_or_else(|| {
        Error::at("registry", "This registry is no longer stored. Choose another one.")
    })?;
    let leads = stored.definition.address()?.check_leads_here(&definition.image);
    leads.map_err(|why| Error::at("registry", why))
}

/// What a workspace launches.
///
/// # Errors
/// `Conflict` for a link, which launches nothing.
pub(crate) fn launched(workspace: &Workspace) -> Result<Source> {
    workspace.source().ok_or_else(|| {
        let name = &workspace.definition.name;
        Error::conflict(format!(
            "“{name}” is a link: it runs no image, so nothing can be launched."
        ))
        .hint("Click its tile to open the address.")
    })
}

impl Core {
    /// Whether a workspace can be used now. A link always can.
    pub(crate) fn state_of_workspace(&self, workspace: &Workspace) -> TileState {
        let source = workspace.source();
        source.map_or(TileState::Ready, |source| self.images.state_for(&source))
    }

    async fn insert(
        &self,
        tx: &mut Tx,
        definition: Definition,
        preset: Option<&str>,
        actor: Option<&Actor>,
    ) -> Result<Workspace> {
        let workspace = Workspace {
            id: self.new_id()?,
            definition,
            pin: None,
            trial_of: None,
            revision: 1,
            created_at: self.now(),
            updated_at: self.now(),
        };
        if tx.insert_workspace(&workspace, preset).await? {
            self.note_reference(tx, &workspace, actor, How::Created).await?;
        }
        Ok(workspace)
    }
}

/// Makes every preset that does not exist yet (disabled), and enables the chosen starters.
pub(crate) async fn enable_starters(core: &Core, chosen: &[String]) -> Result<()> {
    let mut tx = core.store.begin().await?;
    for preset in preset::all() {
        let known = tx.workspace_of_preset(preset.key).await?;
        let mut workspace = match known {
            Some(known) => known,
            None => core.insert(&mut tx, preset.definition, Some(preset.key), None).await?,
        };
        if preset.starter && chosen.iter().any(|key| key == preset.key) {
            workspace.definition.enabled = true;
            workspace.definition.groups = EVERYBODY.parse().into_iter().collect();
            tx.save_workspace(&workspace).await?;
        }
    }
    tx.commit().await?;
    core.bus.announce(Change::Resync);
    Ok(())
}
