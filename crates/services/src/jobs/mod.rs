//! Jobs: recording, following, cancelling and repeating work that is done in the background.
//!
//! What a kind of job does lives with its resource (a commit with [`crate::snapshots`]); here is
//! what all kinds share. [`runner`] carries them out.

mod hand;
mod runner;
mod transfer;

pub(crate) use hand::Hand;
pub(crate) use runner::{Outcome, run};
pub(crate) use transfer::transfer;

use crate::{core::Core, sessions::Sessions};
use domain::{
    Error, JobId, Result, UserId,
    actor::{Actor, Permission},
    event::Change,
    image::ImageRef,
    job::{Job, JobDetail, JobKind, JobLinks},
    list::{ListQuery, Page},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{NewJob, Tx};
use tokio::sync::Notify;

/// Jobs that ended this long ago are still shown beside the running ones.
const RECENT_MS: i64 = 10 * 60 * 1000;

/// What a job is to do, as it is recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Work {
    Commit(Box<crate::snapshots::Commit>),
    Push(crate::snapshots::Push),
    Pull(crate::pulls::Pull),
    Prune(crate::library::Prune),
}

impl Work {
    const fn kind(&self) -> JobKind {
        match self {
            Self::Commit(_) => JobKind::Commit,
            Self::Push(_) => JobKind::Push,
            Self::Pull(_) => JobKind::Pull,
            Self::Prune(_) => JobKind::Prune,
        }
    }

    /// Who it signs in as at a registry, if it goes to one.
    fn username(&mut self) -> Option<&mut String> {
        match self {
            Self::Commit(commit) => commit.push_to().map(|to| &mut to.username),
            Self::Push(push) => Some(&mut push.to.username),
            Self::Pull(_) | Self::Prune(_) => None,
        }
    }

    /// What it takes to have this done; any of them is enough.
    fn permissions(&self) -> &'static [Permission] {
        match self {
            Self::Commit(_) => &[Permission::CreateImages],
            Self::Push(push) if push.to.registry.is_none() => &[Permission::CreateImages],
            Self::Push(_) => &[Permission::ManageRegistries],
            Self::Pull(_) => &[Permission::ManageImages, Permission::ManageWorkspaces],
            Self::Prune(_) => &[Permission::ManageImages],
        }
    }

    /// The registry it goes to, if it goes to one.
    fn place(&self) -> Option<String> {
        let image = match self {
            Self::Push(push) => &push.image,
            Self::Pull(pull) => &pull.image,
            Self::Commit(_) | Self::Prune(_) => return None,
        };
        image.parse::<ImageRef>().ok().map(|image| image.registry().to_owned())
    }

    /// Equal for work that must not be done twice at once.
    fn sameness(&self) -> String {
        match self {
            Self::Commit(commit) => format!("commit {}", commit.image),
            Self::Push(push) => format!("push {}", push.image),
            Self::Pull(pull) => format!("pull {}", pull.image),
            Self::Prune(_) => "prune".to_owned(),
        }
    }
}

/// A job to be recorded.
pub(crate) struct Order<'a> {
    pub(crate) id: &'a JobId,
    /// Nobody, if Slipway itself sees that it is necessary.
    pub(crate) owner: Option<&'a UserId>,
    /// The owner's name.
    pub(crate) actor: Option<&'a str>,
    pub(crate) title: &'a str,
    pub(crate) work: &'a Work,
    pub(crate) links: &'a JobLinks,
    pub(crate) password: Option<&'a str>,
}

/// Wakes the runner; the work itself is in the store.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    pub(in crate::jobs) work: Notify,
    pub(in crate::jobs) cancel: Notify,
}

impl Calls {
    /// There is something to do.
    pub(crate) fn work(&self) {
        self.work.notify_one();
    }
}

#[derive(Clone)]
pub struct Jobs(Arc<Core>);

fn unknown() -> Error {
    Error::not_found("There is no such job (any more).").hint("Look in the list of jobs.")
}

impl Jobs {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// # Errors
    /// `Forbidden` unless the actor may see all jobs.
    pub async fn list(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Job>> {
        actor.require(Permission::SeeAllJobs)?;
        self.0.store.jobs(query).await
    }

    /// What runs and what has just ended, of the actor or, if permitted, of everybody.
    pub async fn recent(&self, actor: &Actor) -> Result<Vec<Job>> {
        let of = (!actor.may(Permission::SeeAllJobs)).then_some(&actor.user);
        self.0.store.recent_jobs(of, self.0.now().plus_millis(-RECENT_MS)).await
    }

    /// # Errors
    /// `NotFound` when there is none or the actor may not see it.
    pub async fn detail(&self, actor: &Actor, id: &JobId) -> Result<JobDetail> {
        let found = self.0.store.job(id).await?;
        let (job, owner) =
            found.filter(|(_, owner)| may_see(actor, owner.as_ref())).ok_or_else(unknown)?;
        let may_open_session = match &job.links.session {
            Some(session) => Sessions::new(self.0.clone()).visible(actor, session).await.is_ok(),
            None => false,
        };
        Ok(JobDetail {
            log: self.0.store.job_log(id).await?,
            may_steer: steerable(actor, owner.as_ref()).is_ok(),
            may_open_session,
            may_open_workspace: actor.may(Permission::ManageWorkspaces),
            job,
        })
    }

    /// Ends a job; one that is over stays as it is.
    ///
    /// # Errors
    /// `NotFound` when there is none or the actor may not see it, `Forbidden` when that is all the
    /// actor may.
    pub async fn cancel(&self, actor: &Actor, id: &JobId) -> Result<()> {
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        let (job, owner) = own(&mut tx, actor, id).await?;
        if job.state.is_over() {
            return Ok(());
        }
        tx.cancel_job(id, core.now()).await?;
        if job.kind == JobKind::Pull {
            // Or the next comparison would ask for it again at once.
            let later = core.now().plus_secs(core.policy.get().upkeep.refresh_s);
            let why = Error::conflict(format!("{} cancelled its pull.", actor.name));
            tx.note_trouble(&job.links.image, &why, later).await?;
        }
        let line = format!("{} asked to cancel it.", actor.name);
        tx.add_to_job_log(id, core.now(), &line).await?;
        tx.audit(core.now(), Some(actor), "job.cancel", &job.title, Some(id.as_str())).await?;
        tx.commit().await?;
        core.announce_job(id, owner.as_ref());
        core.jobs.cancel.notify_waiters();
        crate::images::Images::refresh_making(core).await
    }

    /// Does a job once more. `username` and `password` replace those it had, if they are given, for
    /// a push that was refused.
    ///
    /// # Errors
    /// `Conflict` while it is not over, or when the same work runs already; `Invalid` for a password
    /// without a user name; `Forbidden` for those who may only see it.
    pub async fn retry(
        &self,
        actor: &Actor,
        id: &JobId,
        username: &str,
        password: &str,
    ) -> Result<()> {
        let core = &self.0;
        let secret = match password {
            "" => None,
            password => Some(core.keys.seal(&secret_place(id), password)?),
        };
        let mut tx = core.store.begin().await?;
        let (job, owner) = own(&mut tx, actor, id).await?;
        if !job.may_retry() {
            return Err(Error::conflict(format!(
                "This job is {}; only one that failed or was cancelled is done again.",
                job.state.label().to_lowercase()
            )));
        }
        let mut work: Work =
            serde_json::from_str(&tx.job_work(id).await?).map_err(|e| core.fault(&e))?;
        // The right to it may have been taken away since.
        if let [first, others @ ..] = work.permissions()
            && !others.iter().any(|other| actor.may(*other))
        {
            actor.require(*first)?;
        }
        if let Some(known) = work.username() {
            if !username.trim().is_empty() {
                username.trim().clone_into(known);
            }
            if known.is_empty() && !password.is_empty() {
                return Err(Error::at("username", "A password needs its user name."));
            }
        }
        let work = serde_json::to_string(&work).map_err(|e| core.fault(&e))?;
        tx.revive_job(id, &work, secret.as_deref(), core.now()).await?;
        let line = format!("{} asked to do it again.", actor.name);
        tx.add_to_job_log(id, core.now(), &line).await?;
        tx.audit(core.now(), Some(actor), "job.retry", &job.title, Some(id.as_str())).await?;
        tx.commit().await?;
        core.announce_job(id, owner.as_ref());
        core.jobs.work();
        crate::images::Images::refresh_making(core).await
    }
}

fn may_see(actor: &Actor, owner: Option<&UserId>) -> bool {
    owner == Some(&actor.user) || actor.may(Permission::SeeAllJobs)
}

/// # Errors
/// `Forbidden` when the job is not the actor's own and the actor may not steer others'.
fn steerable(actor: &Actor, owner: Option<&UserId>) -> Result<()> {
    let own = owner == Some(&actor.user) && actor.may(Permission::LaunchWorkspaces);
    if own { Ok(()) } else { actor.require(Permission::SteerAllJobs) }
}

/// A job that the actor may cancel and repeat.
async fn own(tx: &mut Tx, actor: &Actor, id: &JobId) -> Result<(Job, Option<UserId>)> {
    let found = tx.job(id).await?;
    let found = found.filter(|(_, owner)| may_see(actor, owner.as_ref())).ok_or_else(unknown)?;
    steerable(actor, found.1.as_ref())?;
    Ok(found)
}

/// Where a job's credentials are bound to, for their encryption.
pub(crate) fn secret_place(id: &JobId) -> String {
    format!("jobs.secret/{id}")
}

impl Core {
    /// Records work in the transaction that makes it necessary. Wake the runner after the commit.
    pub(crate) async fn add_job(&self, tx: &mut Tx, order: &Order<'_>) -> Result<JobId> {
        let Order { id, owner, actor, title, work, links, password } = order;
        let text = serde_json::to_string(work).map_err(|error| self.fault(&error))?;
        let secret = match password {
            Some(password) => Some(self.keys.seal(&secret_place(id), password)?),
            None => None,
        };
        let (at, place) = (self.now(), work.place());
        let new = NewJob {
            id,
            kind: work.kind(),
            title,
            place: place.as_deref(),
            work: &text,
            secret: secret.as_deref(),
            sameness: &work.sameness(),
            links,
            owner: *owner,
            actor: *actor,
            at,
        };
        let recorded = tx.insert_job(&new).await?;
        if recorded == **id {
            let who = actor.unwrap_or("Slipway itself");
            tx.add_to_job_log(id, at, &format!("{who} asked for it.")).await?;
        }
        Ok(recorded)
    }

    pub(crate) fn announce_job(&self, id: &JobId, owner: Option<&UserId>) {
        self.bus.announce(Change::Job { id: id.clone(), owner: owner.cloned() });
    }
}
