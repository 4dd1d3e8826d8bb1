//! Brings one session to rest: look, plan, apply, look again.
//!
//! There is at most one lane per session, so its steps never overlap.

use crate::{
    core::Core,
    reconcile::{Reconciler, commands, steps},
};
use domain::{
    ErrorKind, Result, SessionId,
    plan::{self, Continuity, Intent, Step},
    session::{Cause, Reason, Session, Status},
};
use std::{sync::Arc, time::Duration};

/// More rounds than any plan needs; a bound, so that a surprise cannot spin.
const ROUNDS: usize = 12;

/// Waits before a session is tried again while the engine answers others; doubled each time.
const RETRY: Duration = Duration::from_millis(250);
/// An engine that shuts down takes its containers down first, and the word that somebody stopped one
/// may be a moment behind. Looking again after this long tells these ends from one by itself, and is
/// well within what a reader notices.
const DOUBT: Duration = Duration::from_millis(700);
/// Tries before a session is left to the next pass.
const TRIES: u32 = 5;

pub(crate) async fn run(core: Arc<Core>, id: SessionId) {
    let mut tries = 0;
    loop {
        match converge(&core, &id).await {
            Ok(()) => tries = 0,
            Err(error) => {
                tracing::warn!(session = %id, %error, detail = error.detail, "not converged");
                // With the engine gone, its coming back is the retry.
                if core.engine_problem().is_none() && tries < TRIES {
                    tokio::time::sleep(RETRY * 2_u32.pow(tries)).await;
                    tries += 1;
                    continue;
                }
            }
        }
        let mut state = core.reconciler.lock();
        match state.busy.get_mut(&id) {
            Some(again) if *again => *again = false,
            _ => {
                state.busy.remove(&id);
                return;
            }
        }
    }
}

/// What the plan needs to know of a session's row.
pub(crate) fn intent(session: &Session) -> Intent {
    Intent {
        desired: session.desired,
        status: session.status,
        generation: session.generation,
        created: session.created,
    }
}

/// Whether a plan is to record that the container ended without Slipway being asked.
fn ended_unasked(plan: &[Step]) -> bool {
    let [Step::Settle(settlement)] = plan else { return false };
    settlement.status == Status::Stopped
        && matches!(settlement.cause, Some(Cause::Exited | Cause::Outside | Cause::OutOfMemory))
}

async fn converge(core: &Arc<Core>, id: &SessionId) -> Result<()> {
    let mut doubted = false;
    for _ in 0..ROUNDS {
        core.reconciler.heard(id);
        let Some(session) = core.store.session(id).await? else { return Ok(()) };
        let name = core.container_name(id);
        let container = core.engine.container(&name).await?;
        let observed = container.as_ref().map(|c| {
            let mut observed = c.observed;
            observed.stopped_by_hand |= core.reconciler.lock().signalled.contains(id);
            observed
        });
        let plan = plan::plan(intent(&session), observed, core.reconciler.continuity(id));
        if ended_unasked(&plan) && !doubted {
            doubted = true;
            tokio::time::sleep(DOUBT).await;
            if let Some(gone) = core.engine_problem() {
                return Err(gone);
            }
            continue;
        }
        // The engine lets a container stand still while it makes an image of it, and lets it go on
        // by itself; its event then wakes the lane again.
        let still = container.as_ref().is_some_and(|c| c.state() == plan::ContainerState::Paused);
        if still && session.status == Status::Running && core.store.commit_of(id).await?.is_some() {
            return Ok(());
        }
        core.reconciler.settled(id);
        if plan.is_empty() {
            return commands::on_open(core, &session).await;
        }
        for step in plan {
            match apply(core, &session, &step, container.as_ref()).await {
                Ok(Next::Step) => {}
                Ok(Next::Plan) => break,
                // Lost engine: nothing is decided, the session waits for it.
                Err(error) if error.kind == ErrorKind::Unavailable => return Err(error),
                Err(error) => {
                    steps::fail(core, id, &step, &error).await?;
                    // What the engine refuses to remove now, the next pass tries again.
                    if step == Step::Remove {
                        return Ok(());
                    }
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Whether to go on with the plan or to make a new one.
pub(crate) enum Next {
    Step,
    Plan,
}

async fn apply(
    core: &Arc<Core>,
    session: &Session,
    step: &Step,
    container: Option<&engine::Container>,
) -> Result<Next> {
    let id = &session.id;
    let name = core.container_name(id);
    match step {
        Step::Create => return steps::create(core, id).await,
        Step::Start => return steps::start(core, id).await,
        Step::Probe => return steps::probe(core, id).await,
        Step::Unpause => core.engine.unpause(&name).await?,
        Step::Pause => core.engine.pause(&name).await?,
        Step::Stop => core.engine.stop(&name, steps::STOP_GRACE_S).await?,
        Step::Remove => core.engine.remove_container(&name).await?,
        Step::Settle(settlement) => {
            let mut reason = settlement.cause.map(|cause| explain(cause, session, container));
            if let Some(reason) = &mut reason
                && matches!(reason.cause, Cause::Exited | Cause::OutOfMemory)
            {
                reason.detail = steps::last_lines(core, &name).await;
            }
            steps::settle(core, id, settlement, reason).await?;
        }
    }
    Ok(Next::Step)
}

/// Why a session came to rest where nobody asked Slipway to put it.
fn explain(cause: Cause, session: &Session, container: Option<&engine::Container>) -> Reason {
    let code = container.and_then(|c| c.observed.exit_code);
    let gone = container.is_none();
    let restart = "Start it again: its files are as they were.";
    let with_hint = |message: String, hint: &str| Reason {
        hint: Some(hint.to_owned()),
        ..Reason::new(cause, message)
    };
    match cause {
        Cause::Outside if gone => with_hint(
            "Its container was removed outside Slipway; the files in it are lost.".into(),
            "Start it to begin with a fresh container, or delete it.",
        ),
        Cause::Outside => Reason::new(
            cause,
            match container.map(engine::Container::state) {
                Some(plan::ContainerState::Paused) => "It was paused outside Slipway.",
                Some(plan::ContainerState::Running) => "It was started or resumed outside Slipway.",
                _ => "It was stopped outside Slipway.",
            },
        ),
        Cause::OutOfMemory => with_hint(
            format!(
                "It ran out of memory: it may use {}.",
                domain::quantity::bytes(session.config.memory_bytes)
            ),
            "Start it again and keep less open, or ask an administrator to give the workspace more memory.",
        ),
        Cause::Exited => with_hint(
            match code {
                // How shells and engines tell that it was a signal.
                Some(code @ 129..=192) => {
                    let number = code - 128;
                    let name = signal_name(number).map(|n| format!(" ({n})")).unwrap_or_default();
                    format!("Its main program was ended by signal {number}{name}.")
                }
                Some(code) => format!("Its main program ended by itself with exit code {code}."),
                None => "Its main program ended by itself.".to_owned(),
            },
            restart,
        ),
        Cause::EngineRestart => {
            with_hint("The engine restarted; what was in memory is lost.".into(), restart)
        }
        Cause::Asked | Cause::LaunchFailed | Cause::StartProblem | Cause::Rule => {
            Reason::new(cause, "")
        }
    }
}

/// The signals that end programs in practice.
const fn signal_name(number: i64) -> Option<&'static str> {
    Some(match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return None,
    })
}

impl Reconciler {
    /// A wake-up is being answered; later ones need another round.
    pub(super) fn heard(&self, id: &SessionId) {
        self.remember(id, false);
    }

    /// A wake-up that was heard is still to be answered.
    pub(super) fn hear_again(&self, id: &SessionId) {
        self.remember(id, true);
    }

    fn remember(&self, id: &SessionId, wake_up: bool) {
        if let Some(again) = self.lock().busy.get_mut(id) {
            *again = wake_up;
        }
    }

    /// Whether there was a wake-up since the last look.
    pub(crate) fn woken_again(&self, id: &SessionId) -> bool {
        self.lock().busy.get(id).copied().unwrap_or(false)
    }

    pub(crate) fn continuity(&self, id: &SessionId) -> Continuity {
        if self.lock().unsure.contains(id) { Continuity::Broken } else { Continuity::Watched }
    }

    /// The session was looked at; from here on its container is watched without a gap.
    pub(crate) fn settled(&self, id: &SessionId) {
        self.lock().unsure.remove(id);
    }
}
