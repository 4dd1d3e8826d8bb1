//! Carries out jobs: a few of each kind and to each registry at once, each under a lease that it
//! keeps extending.
//!
//! A job can be killed at any point and is then taken over, because every kind finds what an
//! earlier try left. A try that fails for want of something that may come back (the engine, a
//! registry) is made again after a pause; any other failure is final until somebody asks again.

use super::{Hand, Work, secret_place};
use crate::core::Core;
use domain::{
    Error, Result,
    job::{AT_ONE_REGISTRY, JobKind, JobState, pause_after},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::ClaimedJob;
use tokio::task::JoinSet;

/// A runner that does not extend its lease for so long is taken to be dead.
const LEASE_S: i64 = 60;
/// How often it is extended.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The runner looks for work at least this often.
const LOOK: Duration = Duration::from_secs(30);
/// Shortest wait between two looks, so that a job due now that cannot be claimed spins nothing.
const BREATH: Duration = Duration::from_millis(50);

/// Kind and place of each job that runs.
type Running = HashMap<tokio::task::Id, (JobKind, Option<String>)>;

/// How a try ended.
pub(crate) enum Outcome {
    Done,
    Cancelled,
}

pub(crate) async fn run(core: Arc<Core>) {
    // The data directory is this process's alone, so whoever held a lease has gone.
    let freed = async {
        let mut tx = core.store.begin().await?;
        tx.end_leases().await?;
        tx.commit().await
    };
    if let Err(error) = freed.await {
        tracing::warn!(%error, "jobs of the last run are taken over when their leases end");
    }
    let mut running = Running::new();
    let mut tasks: JoinSet<()> = JoinSet::new();
    loop {
        while let Some(claimed) = claim(&core, &free(&running), &full(&running)).await {
            let bounds = (claimed.job.kind, claimed.place.clone());
            let core = core.clone();
            let task = tasks.spawn(async move {
                if let Err(error) = carry_out(&core, claimed).await {
                    tracing::warn!(%error, "a job could not be kept on record");
                }
            });
            running.insert(task.id(), bounds);
        }
        let wait = match core.store.next_job_at(&free(&running), &full(&running)).await {
            Ok(Some(at)) => Duration::from_millis(at.since(core.now()).unsigned_abs()),
            _ => LOOK,
        };
        tokio::select! {
            () = core.jobs.work.notified() => {}
            // One that panicked frees its place too; its job is taken over when its lease ends.
            Some(ended) = tasks.join_next_with_id() => {
                running.remove(&ended.map_or_else(|error| error.id(), |(id, ())| id));
            }
            () = tokio::time::sleep(wait.clamp(BREATH, LOOK)) => {}
        }
    }
}

/// Kinds of which another job may be begun.
fn free(running: &Running) -> Vec<JobKind> {
    let of = |kind: &JobKind| running.values().filter(|(running, _)| running == kind).count();
    JobKind::ALL.into_iter().filter(|kind| of(kind) < kind.side_by_side()).collect()
}

/// Registries at which no other job may be begun.
fn full(running: &Running) -> Vec<String> {
    let mut busy: HashMap<&String, usize> = HashMap::new();
    for place in running.values().filter_map(|(_, place)| place.as_ref()) {
        *busy.entry(place).or_default() += 1;
    }
    let full = busy.into_iter().filter(|(_, jobs)| *jobs >= AT_ONE_REGISTRY);
    full.map(|(place, _)| place.clone()).collect()
}

async fn claim(core: &Core, kinds: &[JobKind], full: &[String]) -> Option<ClaimedJob> {
    if kinds.is_empty() {
        return None;
    }
    let now = core.now();
    let claimed = async {
        let mut tx = core.store.begin().await?;
        let claimed = tx.claim_job(kinds, full, now, now.plus_secs(LEASE_S)).await?;
        tx.commit().await?;
        Ok::<_, Error>(claimed)
    };
    match claimed.await {
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::warn!(%error, "no job could be claimed");
            None
        }
    }
}

/// One try of a job, to its end.
async fn carry_out(core: &Arc<Core>, claimed: ClaimedJob) -> Result<()> {
    let hand = Hand::new(core.clone(), &claimed);
    let attempt = claimed.job.attempt;
    if attempt > 1 {
        hand.say(format!("Try {attempt}.")).await?;
    }
    crate::images::Images::refresh_making(core).await?;
    let outcome = tokio::select! {
        outcome = perform(&hand, &claimed) => outcome,
        // Only while the work can be left where it is; the rest looks at the hand.
        stop = told_to_end(&hand, attempt, claimed.job.kind) => match stop {
            Stop::Asked => Ok(Outcome::Cancelled),
            Stop::Lost => return Ok(()),
        },
    };
    let now = core.now();
    match outcome {
        Ok(Outcome::Done) => {
            hand.write(async |tx| {
                tx.add_to_job_log(&hand.id, now, "Done.").await?;
                tx.end_job(&hand.id, attempt, JobState::Done, None, now).await
            })
            .await?;
        }
        Err(error) if !hand.is_cancelled() => {
            failed(&hand, claimed.job.kind, attempt, &error).await?
        }
        // What was to end anyway has not failed.
        Ok(Outcome::Cancelled) | Err(_) => {
            hand.write(async |tx| {
                tx.add_to_job_log(&hand.id, now, "Cancelled.").await?;
                tx.end_job(&hand.id, attempt, JobState::Cancelled, None, now).await
            })
            .await?;
        }
    }
    crate::images::Images::refresh_making(core).await
}

async fn perform(hand: &Hand, claimed: &ClaimedJob) -> Result<Outcome> {
    let core = &hand.core;
    // Asked again at each try: a right may have been taken away since.
    let owner = match &hand.owner {
        Some(owner) => core.store.user(owner).await?,
        None => None,
    };
    let own_idea = hand.owner.is_none() && hand.actor.is_empty();
    if !own_idea && owner.is_none_or(|owner| owner.disabled) {
        hand.say("The account that asked for it is gone or disabled.").await?;
        return Ok(Outcome::Cancelled);
    }
    let work: Work = serde_json::from_str(&claimed.work).map_err(|error| core.fault(&error))?;
    let mut permitted = false;
    for permission in work.permissions() {
        permitted |= hand.may(*permission).await?;
    }
    if !permitted {
        return Err(Error::forbidden("Whoever asked for it is no longer permitted to do this.")
            .hint("Somebody who is can ask for it again."));
    }
    let password = match &claimed.secret {
        Some(sealed) => Some(core.keys.open_sealed(&secret_place(&hand.id), sealed)?),
        None => None,
    };
    match work {
        Work::Commit(commit) => commit.perform(hand, password).await,
        Work::Push(push) => push.perform(hand, password).await,
        Work::Pull(pull) => pull.perform(hand).await,
        Work::Prune(prune) => prune.perform(hand).await,
    }
}

/// Why a try is dropped.
enum Stop {
    /// Somebody cancelled the job.
    Asked,
    /// Another try has begun: this one has been silent for too long.
    Lost,
}

/// Keeps the lease. Ends when the job is to be cancelled and can be dropped, or was taken over.
async fn told_to_end(hand: &Hand, attempt: u32, kind: JobKind) -> Stop {
    let core = &hand.core;
    loop {
        // Registered before the record is read, so that no request falls between the two.
        let asked = core.jobs.cancel.notified();
        let until = core.now().plus_secs(LEASE_S);
        let kept = async {
            let mut tx = core.store.begin().await?;
            let kept = tx.extend_lease(&hand.id, attempt, until).await?;
            tx.commit().await?;
            Ok::<_, Error>(kept)
        };
        match kept.await {
            Ok(Some(false)) | Err(_) => {}
            Ok(Some(true)) => {
                hand.cancel();
                // An engine goes on with a commit whether anybody waits or not.
                if kind != JobKind::Commit {
                    return Stop::Asked;
                }
            }
            Ok(None) => return Stop::Lost,
        }
        tokio::select! {
            () = asked => {}
            () = tokio::time::sleep(HEARTBEAT) => {}
        }
    }
}

async fn failed(hand: &Hand, kind: JobKind, attempt: u32, error: &Error) -> Result<()> {
    let now = hand.core.now();
    let again = hand.is_tried_again(kind, error);
    hand.write(async |tx| {
        tx.add_to_job_log(&hand.id, now, &error.message).await?;
        for line in error.detail.iter().flat_map(|detail| detail.lines()) {
            tx.add_to_job_log(&hand.id, now, &format!("    {line}")).await?;
        }
        if again {
            let pause = pause_after(attempt);
            let line = format!("It is tried again in {} s.", pause / 1000);
            tx.add_to_job_log(&hand.id, now, &line).await?;
            tx.requeue_job(&hand.id, attempt, error, now.plus_millis(pause)).await
        } else {
            if let Some(hint) = &error.hint {
                tx.add_to_job_log(&hand.id, now, hint).await?;
            }
            tx.end_job(&hand.id, attempt, JobState::Failed, Some(error), now).await
        }
    })
    .await
}
