//! The steps of a plan, each recorded so that it can be shown and survives a crash.

use crate::{
    core::Core,
    hosts::Found,
    reconcile::{
        commands::{self, Started},
        lane::Next,
        probe, volumes,
    },
    settings::StreamMode,
};
use domain::{
    Error, ErrorKind, Result, SessionId, Timestamp,
    confinement::NetworkKind,
    contract::{Contract, Init},
    lifetime::Life,
    plan::{ContainerState, Settlement, Step},
    session::{Cause, Desired, LaunchStep, Reason, Session, Status, TimelineEntry},
    time::length,
};
use engine::{ContainerSpec, NewFile};
use std::{sync::Arc, time::Duration};

/// Seconds a container may take to end by itself.
pub(crate) const STOP_GRACE_S: u32 = 8;
/// How long and how often a container is waited for that was asked for before.
const UNDER_WAY: (Duration, u32) = (Duration::from_millis(250), 60);
/// Lines of the container's log that explain a failure.
const LAST_LINES: u32 = 20;

/// Notes that a launch step begins, if the session still wants to run.
async fn begin(core: &Core, id: &SessionId, step: LaunchStep) -> Result<Option<Session>> {
    let now = core.now();
    core.change_session(id, |session| {
        if session.desired != Desired::Running {
            return None;
        }
        session.progress.begin(step, now);
        if step == LaunchStep::Start {
            // There is a container, whoever recorded it: what was to be emptied was.
            session.created = true;
            session.config.mounts.iter_mut().for_each(|mount| mount.fresh = false);
        }
        Some(Vec::new())
    })
    .await
}

/// Gives the session a network, then makes its container.
pub(crate) async fn create(core: &Arc<Core>, id: &SessionId) -> Result<Next> {
    let Some(session) = begin(core, id, LaunchStep::Network).await? else {
        return Ok(Next::Plan);
    };
    still_allowed(core, &session)?;
    let again = session.progress.0.iter().any(|record| record.step == LaunchStep::Container);
    let networks = &session.config.confinement.networks;
    match networks.instead() {
        None if session.network.is_none() => {
            let internal = networks.kind == NetworkKind::Internal;
            core.reconciler.networks.assign(core, id, internal).await?;
        }
        None => {}
        Some(name) => {
            core.change_session(id, |session| {
                session.progress.note(name.to_owned());
                Some(Vec::new())
            })
            .await?;
        }
    }
    let now = core.now();
    let session = core
        .change_session(id, |session| {
            session.progress.begin(LaunchStep::Container, now);
            // Told to the container when it is made, so it holds for as long as that is there; and
            // asked anew for each, since groups may have changed.
            session.config.withheld = core.membership.withheld(&session.owner, session.owner_role);
            Some(Vec::new())
        })
        .await?;
    let Some(session) = session else { return Ok(Next::Plan) };
    volumes::prepare(core, &session).await?;
    let Found { directories, mut left_out } = core.host_directories(&session.config).await?;
    core.empty_homes(&session).await?;
    let mut spec = ContainerSpec { directories, ..spec(core, &session).await? };
    while let Err(error) = make(core, &spec, again).await {
        // A host that this server does not see has its say when the container is made.
        let optional = |path: &str| {
            let of = session.config.mounts.iter().find(|mount| mount.host && mount.volume == path);
            of.is_some_and(|mount| mount.optional)
                && error.message == engine::missing_directory(path).message
        };
        let missing = spec.directories.iter().position(|one| optional(&one.path));
        left_out.push(match missing {
            Some(at) => spec.directories.remove(at).path,
            None => return Err(error),
        });
    }
    let now = core.now();
    core.change_session(id, |session| {
        session.created = true;
        // Emptied once: a container that is made anew finds what is there.
        session.config.mounts.iter_mut().for_each(|mount| mount.fresh = false);
        let note = |path: &String| {
            let message = format!("Left out: the engine's host has no directory `{path}`.");
            entry(now, message, None)
        };
        Some(left_out.iter().map(note).collect())
    })
    .await?;
    Ok(Next::Step)
}

/// Settings and groups may have changed since somebody asked for it, and nobody asks when a session
/// starts because the engine or Slipway did.
fn still_allowed(core: &Core, session: &Session) -> Result<()> {
    let owner = (&session.owner, session.owner_role);
    core.check_bounds(owner, &session.workspace_name, &session.config)
}

/// Makes the container.
///
/// An engine takes the name some time before it shows the container. What was asked for `again`,
/// because the server was killed or the connection broke, may still be under way.
async fn make(core: &Core, spec: &ContainerSpec, again: bool) -> Result<()> {
    let mut tries = if again { UNDER_WAY.1 } else { 0 };
    loop {
        match core.engine.create_container(spec).await {
            Err(error) if error.kind == ErrorKind::Conflict && tries > 0 => {
                tries -= 1;
                tokio::time::sleep(UNDER_WAY.0).await;
            }
            done => return done,
        }
    }
}

async fn spec(core: &Core, session: &Session) -> Result<ContainerSpec> {
    let config = &session.config;
    let mut environment = config.environment.clone();
    if let Some(basic) = &config.contract.basic {
        let password = core.session_password(&session.id).await?;
        environment.push((basic.password_variable.clone(), password));
        if let Some(variable) = &basic.user_variable {
            environment.push((variable.clone(), basic.user.clone()));
        }
    }
    environment.extend(core.given(session).await?.variables);
    let withholding = config.contract.withholding_variables(&config.withheld);
    environment.retain(|(name, _)| withholding.iter().all(|(known, _)| known != name));
    environment.extend(withholding);
    let fill = |text: &String| Contract::fill(text, session.id.as_str(), &session.owner_name);
    let volumes = config.mounts.iter().filter(|mount| !mount.host);
    let missing = |what: &str| core.fault(&format!("session {} has no {what}", session.id));
    Ok(ContainerSpec {
        name: core.container_name(&session.id),
        installation: core.installation.clone(),
        session: session.id.to_string(),
        generation: session.generation,
        image: session.image_digest.clone().ok_or_else(|| missing("image"))?,
        hostname: "workspace".to_owned(),
        environment,
        command: config.contract.command.iter().map(fill).collect(),
        network: match config.confinement.networks.instead() {
            Some(name) => name.to_owned(),
            None => session.network.clone().ok_or_else(|| missing("network"))?,
        },
        cpu_millis: config.cpu_millis,
        memory_bytes: config.memory_bytes,
        shm_bytes: config.shm_bytes,
        pids: config.pids,
        init: config.contract.init == Init::Engine,
        capabilities: config.contract.capabilities.clone(),
        volumes: volumes.map(|mount| core.mounted(mount)).collect(),
        directories: Vec::new(),
        options: config.confinement.options.clone(),
        gpus: config.confinement.gpus,
    })
}

pub(crate) async fn start(core: &Arc<Core>, id: &SessionId) -> Result<Next> {
    let Some(session) = begin(core, id, LaunchStep::Start).await? else {
        return Ok(Next::Plan);
    };
    let name = core.container_name(id);
    confine(core, &session, &name).await?;
    core.reconciler.lock().signalled.remove(id);
    put_files(core, &session).await?;
    core.engine.start(&name).await?;
    Ok(Next::Step)
}

/// What cannot be said when a container is made, and what may have changed since. Asked before each
/// start, so that a kill between the two leaves nothing out.
async fn confine(core: &Core, session: &Session, name: &str) -> Result<()> {
    let config = &session.config;
    still_allowed(core, session)?;
    core.host_directories(config).await?;
    for network in config.confinement.networks.further() {
        core.engine.join_network(name, network).await?;
    }
    for mount in config.mounts.iter().filter(|mount| !mount.host) {
        if let Some(owner) = mount.owner {
            core.engine.own_directory(name, &mount.target, owner).await?;
        }
    }
    Ok(())
}

/// Puts the files of the launch into a container that was never started. Here and not where it is
/// made: a kill in between must not lose them, and a later start must not undo what became of them.
async fn put_files(core: &Core, session: &Session) -> Result<()> {
    let files = core.given(session).await?.files;
    if files.is_empty() {
        return Ok(());
    }
    let name = core.container_name(&session.id);
    let container = core.engine.container(&name).await?;
    if container.is_none_or(|container| container.state() != ContainerState::Created) {
        return Ok(());
    }
    let files: Vec<NewFile> =
        files.into_iter().map(|(path, content)| NewFile { path, content }).collect();
    core.engine.put_files(&name, &files).await
}

/// Waits until the port answers. Ends early when something else is wanted meanwhile.
pub(crate) async fn probe(core: &Arc<Core>, id: &SessionId) -> Result<Next> {
    let Some(session) = begin(core, id, LaunchStep::Ready).await? else {
        return Ok(Next::Plan);
    };
    let name = core.container_name(id);
    let container = core.engine.container(&name).await?;
    let Some(address) = container.as_ref().and_then(|c| c.address) else {
        let ended = container.is_none_or(|c| c.state() != ContainerState::Running);
        return if ended {
            died_at_start(core, id, &name).await
        } else {
            Err(Error::conflict("The engine gave the container no address.")
                .hint("Look at the engine's networks, then try again."))
        };
    };
    match probe::until_ready(core, &session, address).await? {
        probe::Outcome::Ready => {
            let command = match commands::has_start(&session) {
                true if begin(core, id, LaunchStep::Command).await?.is_none() => {
                    return Ok(Next::Plan);
                }
                true => match commands::at_start(core, &session).await? {
                    Started::Ready(said) => said,
                    Started::Overtaken => return Ok(Next::Plan),
                    Started::Ended => return died_at_start(core, id, &name).await,
                },
                false => None,
            };
            let now = core.now();
            let port = port_if_missing(core, &session).await?;
            core.change_session(id, |session| {
                if session.desired != Desired::Running {
                    return None;
                }
                session.port = session.port.or(port);
                let began = session.progress.0.first().map_or(now, |step| step.began_at);
                session.progress.end(now);
                session.address = Some(address.to_string());
                session.status = Status::Running;
                let (line, problem) = command.unzip();
                session.reason = problem.flatten();
                session.running_since = Some(now);
                session.last_activity_at = Some(now);
                session.life = Life::default();
                let message = format!("Running after {}", length(now.since(began)));
                Some(line.into_iter().chain([entry(now, message, None)]).collect())
            })
            .await?;
            Ok(Next::Plan)
        }
        probe::Outcome::Overtaken => Ok(Next::Plan),
        probe::Outcome::Ended => died_at_start(core, id, &name).await,
        probe::Outcome::Silent(last_answer) => {
            let contract = &session.config.contract;
            let error = Error::unavailable(format!(
                "Nothing answered at port {} path {} within {} s: {last_answer}.",
                contract.port, contract.ready_path, contract.ready_timeout_s
            ));
            let hint = "Check port, scheme and ready path of the workspace, or give it more time. Its last lines may say more.";
            let error = Error { kind: domain::ErrorKind::Conflict, ..error.hint(hint) };
            Err(with_last_lines(core, &name, error).await)
        }
    }
}

async fn port_if_missing(core: &Core, session: &Session) -> Result<Option<u16>> {
    if session.port.is_some() || !matches!(core.settings.streams, StreamMode::ByPort { .. }) {
        return Ok(None);
    }
    let mut tx = core.store.begin().await?;
    let port = core.claim_port(&mut tx).await?;
    tx.commit().await?;
    Ok(port)
}

async fn died_at_start(core: &Core, id: &SessionId, name: &str) -> Result<Next> {
    let container = core.engine.container(name).await?;
    let observed = container.map(|c| c.observed);
    let message = match observed {
        Some(o) if o.out_of_memory => "The container ran out of memory while starting.".to_owned(),
        Some(o) => match o.exit_code {
            Some(code) => format!("The container ended while starting, with exit code {code}."),
            None => "The container ended while starting.".to_owned(),
        },
        None => "The container was removed while starting.".to_owned(),
    };
    tracing::info!(session = %id, message, "launch failed");
    let error = Error::conflict(message).hint("Its last lines usually say why.");
    Err(with_last_lines(core, name, error).await)
}

async fn with_last_lines(core: &Core, name: &str, error: Error) -> Error {
    match last_lines(core, name).await {
        Some(lines) => error.detail(lines),
        None => error,
    }
}

/// What a container wrote last, if it wrote anything and the engine still has it.
pub(crate) async fn last_lines(core: &Core, name: &str) -> Option<String> {
    let lines = core.engine.log_tail(name, LAST_LINES).await.ok()?;
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// A step was refused: the session rests as failed, with the reason, until somebody acts.
pub(crate) async fn fail(core: &Core, id: &SessionId, step: &Step, error: &Error) -> Result<()> {
    let now = core.now();
    core.change_session(id, |session| {
        let reason = Reason::from_error(Cause::LaunchFailed, error);
        let line = entry(now, reason.message.clone(), reason.detail.clone());
        // The same refusal at every pass is one line, not many.
        if session.reason.as_ref() == Some(&reason) {
            return None;
        }
        session.reason = Some(reason);
        match step {
            Step::Create | Step::Start | Step::Probe | Step::Unpause => {
                session.progress.fail(now, error.message.clone());
                session.desired = Desired::Stopped;
                session.status = Status::Failed;
                release(session);
            }
            // The container is as it was; the wish cannot be met and is dropped.
            Step::Stop | Step::Pause => {
                session.desired = match session.status {
                    Status::Paused => Desired::Paused,
                    Status::Starting | Status::Running => Desired::Running,
                    Status::Stopped | Status::Failed | Status::Deleted => Desired::Stopped,
                };
            }
            // Stays "deleting" with its reason; the next pass tries again, or an administrator
            // force-removes it.
            Step::Remove | Step::Settle(_) => {}
        }
        Some(vec![line])
    })
    .await?;
    Ok(())
}

/// Records where a session came to rest.
pub(crate) async fn settle(
    core: &Arc<Core>,
    id: &SessionId,
    settlement: &Settlement,
    reason: Option<Reason>,
) -> Result<()> {
    let now = core.now();
    let mut freed = None;
    let lost = settlement.status == Status::Failed;
    core.change_session(id, |session| {
        let message = match &reason {
            Some(reason) => reason.message.clone(),
            None => at_rest(settlement.status).to_owned(),
        };
        // A wish recorded while the step ran stays: only what nobody asked for is adopted.
        if reason.is_some() {
            session.desired = settlement.desired;
        }
        session.status = settlement.status;
        session.life.warning = None;
        // What a rule ended says so until somebody asks for something else.
        let by_rule = session.reason.as_ref().is_some_and(|r| r.cause == Cause::Rule);
        if reason.is_some() || !by_rule {
            session.reason.clone_from(&reason);
        }
        match settlement.status {
            Status::Running | Status::Paused | Status::Starting => {}
            Status::Stopped => release(session),
            Status::Failed => {
                release(session);
                freed = session.network.take();
                if session.config.confinement.networks.instead().is_some() && session.created {
                    // The next start makes another container.
                    session.generation += 1;
                    session.created = false;
                }
            }
            Status::Deleted => {
                release(session);
                freed = session.network.take();
                session.ended_at = Some(now);
            }
        }
        let detail = reason.as_ref().and_then(|r| r.detail.clone());
        Some(vec![entry(now, message, detail)])
    })
    .await?;
    let by_itself = reason.is_some_and(|r| matches!(r.cause, Cause::Outside | Cause::Exited));
    if by_itself && settlement.status == Status::Stopped {
        core.reconciler.lock().went_down.insert(id.clone(), now);
    }
    if settlement.status == Status::Deleted || lost {
        core.rights_changed(None);
    }
    if let Some(network) = freed {
        core.reconciler.networks.give_back(core, network).await;
    }
    Ok(())
}

/// What a session that does not run no longer holds.
fn release(session: &mut Session) {
    session.port = None;
    session.address = None;
    session.running_since = None;
}

const fn at_rest(status: Status) -> &'static str {
    match status {
        Status::Starting => "Starting",
        Status::Running => "Running",
        Status::Paused => "Paused",
        Status::Stopped => "Stopped",
        Status::Failed => "Failed",
        Status::Deleted => "Deleted",
    }
}

fn entry(at: Timestamp, message: impl Into<String>, detail: Option<String>) -> TimelineEntry {
    TimelineEntry { at, actor: None, message: message.into(), detail }
}
