//! Whether a workspace may be confined as it says: asked when it is saved, when it is launched, and
//! when its sessions start again.

use crate::{core::Core, workspaces::Workspaces};
use domain::{
    Error, ErrorKind, Result, UserId, WorkspaceId,
    actor::{Actor, Permission, Role},
    confinement::{Confinement, Offered, without_driver},
    group::Group,
    session::RunConfig,
    storage::{Mapping, Side, Whose, check_nesting},
    workspace::Definition,
};

impl Workspaces {
    /// What the form of a workspace can offer of the engine's host.
    pub async fn offered_confinement(&self, actor: &Actor) -> Result<Offered> {
        actor.require(Permission::ManageWorkspaces)?;
        let core = self.core();
        Ok(Offered {
            allowed: core.settings.allowed.clone(),
            gpu_driver: core.gpu_driver().await.unwrap_or_default(),
            may_weaken: actor.may(Permission::WeakenIsolation),
        })
    }
}

/// Whether somebody may save a workspace that weakens isolation as this one does. It is an
/// administrator's in all of it: its image decides what is let loose.
///
/// # Errors
/// `Forbidden` for others.
pub(crate) fn may_save(actor: &Actor, saved: &Definition) -> Result<()> {
    let Some(reason) = saved.loosened().into_iter().next() else { return Ok(()) };
    actor
        .require(Permission::WeakenIsolation)
        .map_err(|error| error.hint(format!("Its sessions are less confined than usual. {reason}")))
}

/// Whether a workspace mounts no part of a directory of the host that sessions of another may write, and
/// the other way round; nor anything where homes are.
///
/// # Errors
/// `Invalid` at `volumes` or `profile_path`, naming the other workspace.
pub(crate) fn check_beside<'a>(
    own: &'a Definition,
    others: impl Iterator<Item = &'a Definition>,
    groups: &'a [Group],
) -> Result<()> {
    let own = Side::of_workspace(Whose::ThisWorkspace, &own.storage);
    check_nesting(&own, &sides(others, groups.iter()))
}

/// The directories of the host that workspaces and groups have.
fn sides<'a>(
    workspaces: impl Iterator<Item = &'a Definition>,
    groups: impl Iterator<Item = &'a Group>,
) -> Vec<Side<'a>> {
    let workspaces =
        workspaces.map(|one| Side::of_workspace(Whose::Workspace(&one.name), &one.storage));
    let groups = groups.map(|one| Side::of_group(Whose::Group(&one.name), &one.settings.volumes));
    workspaces.chain(groups).filter(|side| !side.is_empty()).collect()
}

impl Core {
    /// [`check_beside`] what is stored. Asked in the transaction that stores it, in which nobody else
    /// writes; what is mounted as `before` is not looked at again.
    pub(crate) async fn check_directories(
        &self,
        id: Option<&WorkspaceId>,
        saved: &Definition,
        before: Option<&Definition>,
    ) -> Result<()> {
        // A directory that was a volume and is now where homes are is not as before.
        let own = Side::of_workspace(Whose::ThisWorkspace, &saved.storage);
        let was = before.map(|before| Side::of_workspace(Whose::ThisWorkspace, &before.storage));
        if own.is_empty() || was.is_some_and(|was| was == own) {
            return Ok(());
        }
        let all = self.store.all_workspaces().await?;
        let others = all.iter().filter(|one| Some(&one.id) != id);
        let (groups, _) = self.store.groups().await?;
        check_beside(saved, others.map(|one| &one.definition), &groups)
    }

    /// Whether somebody may give members of a group these volumes, as far as the settings and the host
    /// have a say. Who launches what is not known here, so all of it is asked as of a workspace.
    ///
    /// # Errors
    /// `Forbidden` for others than administrators, `Invalid` at `volumes`.
    pub(crate) async fn check_volumes(&self, actor: &Actor, volumes: &[Mapping]) -> Result<()> {
        if volumes.iter().any(Mapping::is_host) {
            actor.require(Permission::WeakenIsolation)?;
        }
        self.settings.allowed.check_volumes(volumes)?;
        self.check_links("volumes", volumes).await
    }

    /// Whether the volumes of a group lie beside what is stored; asked as
    /// [`check_directories`](Self::check_directories) is.
    ///
    /// # Errors
    /// `Invalid` at `volumes`, naming the workspace or the other group.
    pub(crate) async fn check_group_directories(
        &self,
        saved: &Group,
        before: &Group,
    ) -> Result<()> {
        let volumes = &saved.settings.volumes;
        let own = Side::of_group(Whose::ThisGroup, volumes);
        if before.settings.volumes == *volumes || own.is_empty() {
            return Ok(());
        }
        let all = self.store.all_workspaces().await?;
        let (groups, _) = self.store.groups().await?;
        let others = groups.iter().filter(|one| one.id != saved.id);
        check_nesting(&own, &sides(all.iter().map(|one| &one.definition), others))
    }

    /// Whose driver the engine has for graphics processors.
    ///
    /// # Errors
    /// When the engine does not answer.
    async fn gpu_driver(&self) -> Result<Option<String>> {
        match self.engine_problem() {
            Some(problem) => Err(problem),
            None => Ok(self.engine.info().await?.gpu_driver),
        }
    }

    /// Whether an image of somebody's choosing may take a name who may not weaken isolation: not one
    /// that a workspace runs which does.
    ///
    /// # Errors
    /// `Forbidden`, with the workspace.
    pub(crate) async fn check_name_runs_confined(&self, name: &str) -> Result<()> {
        for (id, _) in self.store.workspaces_naming(name).await? {
            let Some(workspace) = self.store.workspace(&id).await? else { continue };
            if !workspace.definition.loosened().is_empty() {
                return Err(Error::forbidden(format!(
                    "{name} is the image of “{}”, whose sessions are less confined than usual.",
                    workspace.definition.name
                ))
                .hint("Choose another name, or have an administrator do it."));
            }
        }
        Ok(())
    }

    /// Whether somebody may save a workspace like this.
    ///
    /// # Errors
    /// `Forbidden` for others than administrators, `Invalid` with each problem at its field.
    pub(crate) async fn check_confinement(&self, actor: &Actor, saved: &Definition) -> Result<()> {
        may_save(actor, saved)?;
        self.check_allowed(saved).await
    }

    /// Whether the installation lets a workspace be like this, whoever saves it.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field.
    pub(crate) async fn check_allowed(&self, saved: &Definition) -> Result<()> {
        self.settings.allowed.check(saved)?;
        self.check_links("volumes", &saved.storage.volumes).await?;
        if let Some(path) = &saved.storage.profile_path {
            self.check_links("profile_path", &[path.mapping(&saved.storage.home)]).await?;
        }
        if let Some(gpus) = saved.confinement.gpus
            && matches!(self.gpu_driver().await, Ok(None))
        {
            return Err(Error::at("gpus", without_driver(gpus)));
        }
        Ok(())
    }

    /// Whether somebody may have a session like this by what the installation and his groups say now.
    ///
    /// # Errors
    /// `Forbidden`, with who says so.
    pub(crate) fn check_bounds(
        &self,
        (user, role): (&UserId, Role),
        workspace: &str,
        config: &RunConfig,
    ) -> Result<()> {
        self.settings.allowed.check_run(config)?;
        self.membership.check_networks(user, role, workspace, &config.confinement.networks)
    }

    /// Whether the engine and its host have what a session is to have, before one is recorded.
    ///
    /// # Errors
    /// `Conflict` when they have not, `Forbidden` for a directory that leads elsewhere by now.
    pub(crate) async fn check_there(&self, workspace: &str, config: &RunConfig) -> Result<()> {
        let Confinement { networks, gpus, .. } = &config.confinement;
        for name in &networks.names {
            if !self.engine.has_network(name).await? {
                return Err(Error::conflict(format!(
                    "“{workspace}” is to be on the network `{name}`, which the engine has not got."
                ))
                .hint(
                    "An administrator can make it on the engine, or take it out of the workspace.",
                ));
            }
        }
        if let Some(gpus) = *gpus
            && self.gpu_driver().await?.is_none()
        {
            let why = format!("“{workspace}” cannot be launched. {}", without_driver(gpus));
            return Err(Error::conflict(why).hint("An administrator can install one on the engine's host, or take them out of the workspace."));
        }
        match self.host_directories(config).await {
            Ok(_) => Ok(()),
            // The workspace is there; what it needs is not.
            Err(missing) if missing.kind == ErrorKind::NotFound => Err(Error {
                kind: ErrorKind::Conflict,
                message: format!("“{workspace}” cannot be launched. {}", missing.message),
                ..missing
            }),
            Err(error) => Err(error),
        }
    }

    /// Whether [`check_there`](Self::check_there) has anything to ask.
    pub(crate) fn needs_look(config: &RunConfig) -> bool {
        let Confinement { networks, gpus, .. } = &config.confinement;
        gpus.is_some() || !networks.names.is_empty() || config.mounts.iter().any(|one| one.host)
    }
}
