//! What a job holds while it is carried out: its record, its log, and whether it is to end.

use crate::core::Core;
use domain::{
    Error, ErrorKind, JobId, Result, UserId,
    actor::{Grants, Permission, Role},
    job::{JobKind, JobLinks, JobProgress},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use store::Tx;

/// The hand that carries out one job.
#[derive(Clone)]
pub(crate) struct Hand {
    pub(crate) core: Arc<Core>,
    pub(crate) id: JobId,
    pub(crate) owner: Option<UserId>,
    /// Who asked for it, by name; empty for Slipway itself.
    pub(crate) actor: String,
    pub(crate) links: JobLinks,
    /// Counted from 1.
    pub(crate) attempt: u32,
    cancelled: Arc<AtomicBool>,
}

impl Hand {
    pub(super) fn new(core: Arc<Core>, claimed: &store::ClaimedJob) -> Self {
        Self {
            core,
            id: claimed.job.id.clone(),
            owner: claimed.owner.clone(),
            actor: claimed.job.actor.clone().unwrap_or_default(),
            links: claimed.job.links.clone(),
            attempt: claimed.job.attempt,
            // Asked for during an earlier try.
            cancelled: Arc::new(AtomicBool::new(claimed.job.cancel_requested)),
        }
    }

    /// Whether somebody asked to end it.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// Whether a try that failed so is made again by itself.
    pub(crate) fn is_tried_again(&self, kind: JobKind, error: &Error) -> bool {
        error.kind == ErrorKind::Unavailable && self.attempt < kind.tries()
    }

    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
    }

    /// Whether whoever asked for it may do this now. Slipway itself may do what it begins.
    pub(crate) async fn may(&self, permission: Permission) -> Result<bool> {
        let Some(owner) = &self.owner else { return Ok(self.actor.is_empty()) };
        let Some(owner) = self.core.store.user(owner).await? else { return Ok(false) };
        let Grants { allowed, denied } = self.core.membership.grants(&owner.id, owner.role);
        let by_role = owner.role.permits(permission);
        Ok(match owner.role {
            Role::Administrator => true,
            _ => !denied.contains(&permission) && (by_role || allowed.contains(&permission)),
        })
    }

    /// Adds a line to the log.
    pub(crate) async fn say(&self, line: impl AsRef<str> + Send) -> Result<()> {
        self.write(async |tx| tx.add_to_job_log(&self.id, self.core.now(), line.as_ref()).await)
            .await
    }

    /// Shows how far it is.
    pub(crate) async fn progress(&self, step: impl Into<String> + Send) -> Result<()> {
        self.come_to(&JobProgress { step: step.into(), ..JobProgress::default() }).await
    }

    /// How far it is.
    pub(crate) async fn come_to(&self, progress: &JobProgress) -> Result<()> {
        self.write(async |tx| tx.set_job_progress(&self.id, progress).await).await
    }

    /// Writes something about the job in one transaction, and tells everybody.
    pub(crate) async fn write(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<()>) -> Result<()> {
        let mut tx = self.core.store.begin().await?;
        work(&mut tx).await?;
        tx.commit().await?;
        self.core.announce_job(&self.id, self.owner.as_ref());
        Ok(())
    }
}
