//! The job that makes an image of a session's container.

use crate::{
    images::Images,
    jobs::{Hand, Order, Outcome, Work},
    snapshots::Push,
};
use domain::{
    Error, ErrorKind, JobId, Result, SessionId,
    actor::Permission,
    image::short_digest,
    job::JobLinks,
    plan::ContainerState,
    quantity,
    session::{Session, Status},
    snapshot::{PushTo, Snapshot},
};
use engine::{CommitSpec, LABEL_GENERATION, LABEL_INSTALLATION, LABEL_SESSION};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Between two looks at whether the engine is done.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// Labels that would make a container of the image pass for this session's.
const EMPTIED: [&str; 3] = [LABEL_INSTALLATION, LABEL_SESSION, LABEL_GENERATION];
/// Which job made an image: how a second try knows that the first one did.
const LABEL_JOB: &str = "slipway.job";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Commit {
    session: SessionId,
    /// Canonical reference of what is made.
    pub(crate) image: String,
    repository: String,
    tag: String,
    pause: bool,
    message: String,
    author: String,
    /// Dockerfile instructions, one each.
    changes: Vec<String>,
    /// Variables that are emptied.
    blanked: Vec<String>,
    base_image: String,
    base_digest: String,
    push: Option<PushTo>,
    /// Another image had the name when it was asked for.
    overwrites: bool,
}

impl Commit {
    pub(crate) fn of(
        session: &Session,
        made: &Snapshot,
        blanked: Vec<String>,
        overwrites: bool,
    ) -> Self {
        Self {
            overwrites,
            session: session.id.clone(),
            image: made.image.canonical(),
            repository: made.image.canonical_repository(),
            tag: made.image.tag.clone().unwrap_or_else(|| "latest".into()),
            pause: made.pause,
            message: made.message.clone(),
            author: made.author.clone(),
            changes: made.changes.iter().map(ToString::to_string).collect(),
            blanked,
            base_image: session.config.image.clone(),
            base_digest: session.image_digest.clone().unwrap_or_default(),
            push: made.push.clone(),
        }
    }

    /// Where it is pushed, if it is.
    pub(crate) const fn push_to(&mut self) -> Option<&mut PushTo> {
        self.push.as_mut()
    }

    pub(crate) async fn perform(self, hand: &Hand, password: Option<String>) -> Result<Outcome> {
        let core = &hand.core;
        // An earlier try has recorded everything, and only its end is not on record.
        if hand.links.made.is_some() {
            return Ok(Outcome::Done);
        }
        if hand.attempt > 1 && self.pause {
            self.engine_is_done(hand).await?;
        }
        let mut overwrites = self.overwrites;
        // An earlier try may have got so far and not lived to say so.
        let earlier = core.engine.image_label(&self.image, LABEL_JOB).await?;
        if earlier.as_deref() == Some(hand.id.as_str()) {
            hand.say("The engine has made the image already.").await?;
        } else {
            if hand.is_cancelled() {
                return Ok(Outcome::Cancelled);
            }
            // It may have waited, or been done before: somebody else may have the name by now.
            overwrites = core.images.id_of(&self.image).is_some();
            if !hand.may(Permission::ManageImages).await? {
                core.check_name_is_free(&self.image, hand.links.workspace.as_ref()).await?;
            }
            if !hand.may(Permission::WeakenIsolation).await? {
                core.check_name_runs_confined(&self.image).await?;
            }
            self.commit(hand).await?;
        }
        if hand.is_cancelled() && overwrites {
            hand.say("It was too late to cancel: the name belongs to the new image now.").await?;
        } else if hand.is_cancelled() {
            hand.say("The image is removed again. Its workspace stays, for another try.").await?;
            core.engine.remove_image(&self.image).await?;
            refresh(hand).await;
            return Ok(Outcome::Cancelled);
        }
        let made = core.engine.image(&self.image).await?.ok_or_else(|| {
            Error::conflict(format!("The image {} is gone again.", self.image))
                .hint("Somebody removed it with the engine's own tools. Do it once more.")
        })?;
        let line = format!(
            "{} is {}, {}.",
            self.image,
            short_digest(&made.id),
            quantity::bytes(made.size_bytes)
        );
        let push = self.push_job(hand)?;
        let links = JobLinks {
            made: Some(made.id.clone()),
            size_bytes: Some(made.size_bytes),
            ..hand.links.clone()
        };
        let entry = core.entry(None, format!("Created the image {}", self.image));
        hand.write(async |tx| {
            tx.add_to_job_log(&hand.id, core.now(), &line).await?;
            tx.note_committed(&hand.id, &made.id, made.size_bytes).await?;
            tx.set_job_links(&hand.id, &links).await?;
            tx.add_to_timeline(&self.session, &entry).await?;
            if let (Some((id, work)), Some(owner)) = (&push, &hand.owner) {
                let order = Order {
                    id,
                    owner: Some(owner),
                    actor: Some(&hand.actor),
                    title: &format!("{} to its registry", self.image),
                    work,
                    links: &links,
                    password: password.as_deref(),
                };
                core.add_job(tx, &order).await?;
            }
            Ok(())
        })
        .await?;
        refresh(hand).await;
        core.jobs.work();
        Ok(Outcome::Done)
    }

    /// Waits until the engine is done with what an earlier try asked of it: it lets the container
    /// stand still for as long, and goes on whether anybody waits or not.
    async fn engine_is_done(&self, hand: &Hand) -> Result<()> {
        let core = &hand.core;
        let name = core.container_name(&self.session);
        let mut said = false;
        while let Some(container) = core.engine.container(&name).await? {
            let session = core.store.session(&self.session).await?;
            let runs = session.is_some_and(|session| session.status == Status::Running);
            if container.state() != ContainerState::Paused || !runs {
                break;
            }
            if !said {
                hand.say("The engine is still at it from an earlier try.").await?;
                said = true;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    async fn commit(&self, hand: &Hand) -> Result<()> {
        let core = &hand.core;
        let still = if self.pause { "It stands still meanwhile." } else { "It goes on meanwhile." };
        hand.say(format!("Making the image {} of the session. {still}", self.image)).await?;
        hand.progress("The engine copies what the session has written").await?;
        if let Some(session) = core.store.session(&self.session).await? {
            // Something may have put it there again since.
            core.check_no_secret_file(&session).await?;
        }
        let spec = CommitSpec {
            container: core.container_name(&self.session),
            repository: self.repository.clone(),
            tag: self.tag.clone(),
            message: self.message.clone(),
            author: self.author.clone(),
            pause: self.pause,
            changes: self.instructions(&hand.id, &hand.actor),
        };
        match core.engine.commit(&spec).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Err(Error::conflict(
                "The session's container is gone, and with it what the image was to be made of.",
            )
            .detail(error.detail.unwrap_or(error.message))),
            Err(error) => Err(error),
        }
    }

    /// What was asked for, and after it what must hold whatever was asked for.
    fn instructions(&self, job: &JobId, actor: &str) -> Vec<String> {
        let mut all = self.changes.clone();
        all.extend(emptied(&self.blanked));
        let labels = [
            (LABEL_JOB, job.as_str()),
            ("slipway.snapshot.session", self.session.as_str()),
            ("slipway.snapshot.base", &self.base_image),
            ("slipway.snapshot.base-digest", &self.base_digest),
            ("slipway.snapshot.user", actor),
        ];
        all.extend(labels.map(|(label, value)| format!("LABEL {label}=\"{value}\"")));
        all
    }

    fn push_job(&self, hand: &Hand) -> Result<Option<(JobId, Work)>> {
        let Some(to) = &self.push else { return Ok(None) };
        let push = Push { image: self.image.clone(), to: to.clone() };
        Ok(Some((hand.core.new_id()?, Work::Push(push))))
    }
}

/// What is emptied in every image: values that belong to the session it is made of.
pub(super) fn emptied(variables: &[String]) -> Vec<String> {
    let variables = variables.iter().map(|name| format!("ENV {name}=\"\""));
    variables.chain(EMPTIED.map(|label| format!("LABEL {label}=\"\""))).collect()
}

/// The launcher learns of the image. The engine's event tells it too, should this fail.
async fn refresh(hand: &Hand) {
    if let Err(error) = Images::refresh(&hand.core).await {
        tracing::debug!(%error, "the images were not read after a commit");
    }
}
