//! From a click to a recorded wish: permission, limits, image, and one transaction.
//!
//! What follows (network, container, port) is the reconciler's; see [`crate::reconcile`].

use crate::{
    confinement::may_save, core::Core, entropy, sessions::Sessions, settings::StreamMode,
    workspaces::launched,
};
use domain::{
    Error, ErrorKind, Result, SessionId, Timestamp, UserId, WorkspaceId,
    actor::{Actor, Permission, Role},
    launch_form::{self, Typed},
    launcher::TileState,
    lifetime::Life,
    limits::{self, Asked, Own, Share, Taken},
    session::{Action, Desired, LaunchProgress, LaunchStep, RunConfig, Session, Status},
    storage::{Beside, Given, Names, ProfileChoice},
    workspace::Workspace,
};
use store::Tx;

impl Sessions {
    /// Launches a workspace, or leads to the actor's session of it, starting that if it rests.
    ///
    /// # Errors
    /// `Exhausted` names the limit and its numbers, `Conflict` or `Unavailable` say what is missing.
    pub async fn launch(&self, actor: &Actor, id: &WorkspaceId) -> Result<SessionId> {
        self.launch_with(actor, id, ProfileChoice::Keep, &Typed::default()).await
    }

    /// The same, saying what is to become of the home directory that the workspace keeps, and
    /// answering what it asks.
    ///
    /// # Errors
    /// As above, and `Invalid` with each problem at its field of the launch form.
    pub async fn launch_with(
        &self,
        actor: &Actor,
        id: &WorkspaceId,
        profile: ProfileChoice,
        typed: &Typed,
    ) -> Result<SessionId> {
        actor.require(Permission::LaunchWorkspaces)?;
        self.start_session(actor, id, false, profile, typed).await
    }

    /// Runs a definition to try it, enabled or not.
    ///
    /// # Errors
    /// As of a launch, and `Forbidden` for others than administrators where it weakens isolation.
    pub async fn test_launch(
        &self,
        actor: &Actor,
        id: &WorkspaceId,
        typed: &Typed,
    ) -> Result<SessionId> {
        actor.require(Permission::ManageWorkspaces)?;
        self.start_session(actor, id, true, ProfileChoice::Without, typed).await
    }

    async fn start_session(
        &self,
        actor: &Actor,
        id: &WorkspaceId,
        test: bool,
        profile: ProfileChoice,
        typed: &Typed,
    ) -> Result<SessionId> {
        let core = &self.0;
        let workspace = core
            .store
            .workspace(id)
            .await?
            .ok_or_else(|| Error::not_found("There is no such workspace (any more)."))?;
        launched(&workspace)?;
        if test {
            // A test asks for no group, and not for being enabled.
            may_save(actor, &workspace.definition)?;
        }
        let began = core.now();
        let free_disk = core.disk.free();
        let (config, left_out) = core.run_config(actor, &workspace, profile, test);
        if Core::needs_look(&config) {
            // Nothing foreign is waited for inside the transaction, and a session that is there
            // already needs none of it.
            let known = core.store.session_for(&actor.user, id, test).await?;
            if known.is_none() {
                launchable(&workspace, test)?;
                if !test {
                    core.given_to(actor, &workspace)?;
                }
                // Before anything is made on the host.
                launch_form::check(&workspace.definition.launch_form, typed)?;
                core.image_for(&workspace)?;
                core.check_bounds((&actor.user, actor.role), &workspace.definition.name, &config)?;
                core.check_there(&workspace.definition.name, &config).await?;
            }
        }
        let mut tx = core.store.begin().await?;
        if let Some(existing) = tx.session_for(&actor.user, id, test).await? {
            drop(tx);
            return self.resume(actor, existing).await;
        }
        launchable(&workspace, test)?;
        if !test {
            core.given_to(actor, &workspace)?;
        }
        let (answers, secrets) = launch_form::check(&workspace.definition.launch_form, typed)?;
        let digest = core.image_for(&workspace)?;
        let mut session = core
            .new_session(&mut tx, actor, &workspace, (digest, config), began, free_disk)
            .await?;
        session.config.answers = answers;
        let secret = match &session.config.contract.basic {
            Some(_) => {
                let place = secret_place(&session.id);
                Some(core.keys.seal(&place, &entropy::secret()?)?)
            }
            None => None,
        };
        tx.insert_session(&session, test, secret.as_deref()).await?;
        if let Some(sealed) = core.seal_answers(&session.id, &secrets)? {
            tx.keep_secret_answers(&session.id, &sealed).await?;
        }
        let deed = if test { "Test launch asked for" } else { "Launch asked for" };
        tx.add_to_timeline(&session.id, &core.entry(Some(actor), deed)).await?;
        for line in left_out {
            tx.add_to_timeline(&session.id, &core.entry(None, line)).await?;
        }
        let name = &workspace.definition.name;
        tx.audit(began, Some(actor), "session.launch", name, Some(session.id.as_str())).await?;
        tx.commit().await?;
        core.announce_session(&session);
        core.reconciler.wake(core, &session.id);
        Ok(session.id)
    }

    /// One click brings a resting session back.
    async fn resume(&self, actor: &Actor, id: SessionId) -> Result<SessionId> {
        let session = self.visible(actor, &id).await?;
        if matches!(session.desired, Desired::Paused | Desired::Stopped) {
            match self.act(actor, &id, Action::Start).await {
                // Somebody else was faster; the page shows what it came to.
                Err(error) if error.kind == ErrorKind::Conflict => {}
                done => done?,
            }
        }
        Ok(id)
    }
}

fn launchable(workspace: &Workspace, test: bool) -> Result<()> {
    if workspace.definition.enabled || test {
        return Ok(());
    }
    Err(Error::conflict(format!("“{}” is disabled.", workspace.definition.name))
        .hint("An administrator can enable it in the list of workspaces."))
}

/// Where a session's password is bound to, for its encryption.
pub(crate) fn secret_place(id: &SessionId) -> String {
    format!("sessions.secret/{id}")
}

impl Core {
    /// A copy of the definition for one session, with what the user's groups add and take away; and
    /// what of theirs is left out, a sentence each.
    fn run_config(
        &self,
        actor: &Actor,
        workspace: &Workspace,
        profile: ProfileChoice,
        test: bool,
    ) -> (RunConfig, Vec<String>) {
        let definition = &workspace.definition;
        // A trial has what its workspace has.
        let id = workspace.trial_of.as_ref().unwrap_or(&workspace.id).as_str();
        let names = Names { user: &actor.user, username: &actor.name, workspace: id };
        let (mut mounts, mut left_out) = (Vec::new(), Vec::new());
        // What is tried must not touch what people keep.
        if !test {
            mounts = definition.storage.mounts(names, profile);
            let beside = Beside::of(definition, workspace.trial_of.is_some());
            for Given { group, volume, left_out: why } in
                self.membership.volumes(&actor.user, actor.role, &beside)
            {
                match why {
                    None => mounts.push(names.mount(&volume)),
                    Some(why) => left_out.push(format!(
                        "Left out: `{volume}` of the group “{group}”, because {why}."
                    )),
                }
            }
        }
        let config = RunConfig {
            image: definition.image.to_string(),
            contract: definition.contract.clone(),
            environment: definition.environment.clone(),
            // With the session, by whoever has them.
            answers: Vec::new(),
            commands: definition.commands.clone(),
            cpu_millis: definition.cpu_millis,
            memory_bytes: definition.memory_bytes,
            shm_bytes: definition.shm_bytes,
            pids: definition.pids,
            mounts,
            confinement: definition.confinement.clone(),
            withheld: self.membership.withheld(&actor.user, actor.role),
        };
        (config, left_out)
    }

    /// Whether one of the actor's groups may launch a workspace. One that is given to none of them
    /// does not exist for him.
    pub(crate) fn given_to(&self, actor: &Actor, workspace: &Workspace) -> Result<()> {
        let own = self.membership.ids(&actor.user, actor.role);
        if workspace.definition.groups.iter().any(|group| own.contains(group)) {
            return Ok(());
        }
        Err(Error::not_found("There is no such workspace (any more)."))
    }

    /// The exact image a launch would run.
    fn image_for(&self, workspace: &Workspace) -> Result<String> {
        let source = launched(workspace)?;
        if let Some(id) = self.images.id_for(&source) {
            return Ok(id);
        }
        let reference = source.reference();
        let name = &workspace.definition.name;
        if let Some(problem) = self.engine_problem() {
            return Err(problem);
        }
        Err(match self.images.state_of(&reference) {
            TileState::Preparing { steps: 0, message, .. } => Error::unavailable(format!(
                "“{name}” is not ready: {}.",
                message.to_lowercase()
            ))
            .hint("Launch it when its tile says Ready."),
            TileState::Preparing { step, steps, .. } => Error::unavailable(format!(
                "“{name}” is not ready: its image {reference} is being built (step {step} of {steps})."
            ))
            .hint("Its tile shows the progress. Launch it when the tile says Ready."),
            _ if source.pin.is_some() => Error::unavailable(format!(
                "“{name}” cannot be launched: the image it was rolled back to, {reference}, is not on the engine."
            ))
            .hint("An administrator can pull it in the list of workspaces, or unpin the workspace on the page of its image."),
            _ => Error::unavailable(format!(
                "“{name}” cannot be launched: its image {reference} is not on the engine."
            ))
            .hint(format!(
                "An administrator can pull it in the list of workspaces, or name another image than {reference} in the workspace."
            )),
        })
    }

    async fn new_session(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        workspace: &Workspace,
        (digest, config): (String, RunConfig),
        began: Timestamp,
        free_disk: Option<i64>,
    ) -> Result<Session> {
        let definition = &workspace.definition;
        self.check_bounds((&actor.user, actor.role), &definition.name, &config)?;
        let bounds = self.membership.of(&actor.user, actor.role);
        let most = bounds.sessions_per_user.unwrap_or(self.policy.get().limits.sessions_per_user);
        limits::check_user(tx.count_sessions_of(&actor.user).await?, most)?;
        if definition.sessions_limit.is_some() {
            let kept = tx.count_sessions_of_workspace(&workspace.id).await?;
            limits::check_workspace(&definition.name, kept, definition.sessions_limit)?;
        }
        let asked = Asked {
            workspace: definition.name.clone(),
            cpu_millis: definition.cpu_millis,
            memory_bytes: definition.memory_bytes,
        };
        self.check_room(tx, (&actor.user, actor.role), &asked, free_disk).await?;
        let port = self.claim_port(tx).await?;
        let progress = self.begun(began, &digest);
        Ok(Session {
            id: self.new_id()?,
            owner: actor.user.clone(),
            owner_name: actor.name.clone(),
            owner_role: actor.role,
            workspace: workspace.id.clone(),
            workspace_name: definition.name.clone(),
            icon: definition.icon.clone(),
            desired: Desired::Running,
            status: Status::Starting,
            reason: None,
            progress,
            generation: 1,
            created: false,
            config,
            image_digest: Some(digest),
            network: None,
            address: None,
            port,
            launched_at: began,
            running_since: None,
            last_activity_at: None,
            ended_at: None,
            life: Life::default(),
            lifetime: definition.lifetime,
            source: workspace.source(),
        })
    }

    /// A launch that has got as far as its image.
    pub(crate) fn begun(&self, began: Timestamp, digest: &str) -> LaunchProgress {
        let mut progress = LaunchProgress::default();
        progress.begin(LaunchStep::Limits, began);
        progress.begin(LaunchStep::Image, self.now());
        progress.note(domain::image::short_digest(digest));
        progress
    }

    /// Whether the installation has room for one more session that runs. How much disk is free is
    /// looked at before the transaction, which others wait for.
    ///
    /// # Errors
    /// `Exhausted` with the numbers, and which of the user's sessions could make room.
    pub(crate) async fn check_room(
        &self,
        tx: &mut Tx,
        (user, role): (&UserId, Role),
        asked: &Asked,
        free_disk_bytes: Option<i64>,
    ) -> Result<()> {
        let limits = self.policy.get().limits;
        let mut taken = tx.resources_taken(None).await?;
        taken.free_disk_bytes = free_disk_bytes;
        let share = Share::of(&self.membership.of(user, role));
        let taken_by_user = match share.is_bounded() {
            true => tx.resources_taken(Some(user)).await?,
            false => Taken::default(),
        };
        if limits.check_room(asked, taken, &[]).is_ok()
            && share.check(asked, taken_by_user, &[]).is_ok()
        {
            return Ok(());
        }
        let own: Vec<Own> = tx
            .sessions_of(user)
            .await?
            .into_iter()
            .filter(Session::takes_resources)
            .map(|session| Own {
                name: session.workspace_name,
                cpu_millis: session.config.cpu_millis,
                memory_bytes: session.config.memory_bytes,
            })
            .collect();
        share.check(asked, taken_by_user, &own)?;
        limits.check_room(asked, taken, &own)
    }

    /// A port for a session, in by-port mode: the one unused for longest, so that what one session
    /// left in a browser under that origin is not soon met by another.
    ///
    /// # Errors
    /// `Exhausted` when all are in use.
    pub(crate) async fn claim_port(&self, tx: &mut Tx) -> Result<Option<u16>> {
        let StreamMode::ByPort { ports, .. } = &self.settings.streams else { return Ok(None) };
        let mut taken = tx.ports_in_use().await?;
        taken.extend(self.reconciler.unusable_ports());
        let mut free: Vec<u16> = ports.clone().filter(|port| !taken.contains(port)).collect();
        let all = i64::from(*ports.end()) - i64::from(*ports.start()) + 1;
        limits::check_ports(all - i64::try_from(free.len()).unwrap_or(i64::MAX), all)?;
        let last_used = tx.ports_last_used().await?;
        let when = |port: &u16| last_used.iter().find(|(p, _)| p == port).map(|(_, at)| *at);
        free.sort_by_key(|port| (when(port), *port));
        let Some(port) = free.first().copied() else { return Ok(None) };
        tx.set_meta(&format!("port:{port}"), &self.now().millis().to_string()).await?;
        Ok(Some(port))
    }
}
