//! The job that sends an image to a registry.

use crate::jobs::{Hand, Outcome};
use domain::{
    Error, Result,
    job::{JobLinks, JobProgress, pace},
    quantity,
    snapshot::PushTo,
};
use engine::{PushProgress, RegistryLogin};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::watch;

/// Engines say more of a push than anybody can read.
const TELL_EVERY: Duration = Duration::from_millis(250);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Push {
    /// Canonical reference of what is pushed.
    pub(crate) image: String,
    pub(crate) to: PushTo,
}

impl Push {
    pub(crate) async fn perform(self, hand: &Hand, password: Option<String>) -> Result<Outcome> {
        let core = &hand.core;
        // Kept for a day after a failure, and not at all after a cancel. A stored registry has its own.
        if password.is_none() && !self.to.username.is_empty() && self.to.registry.is_none() {
            return Err(Error::forbidden(format!(
                "The password of {} is no longer kept.",
                self.to.username
            ))
            .hint("Type it again and push once more."));
        }
        let typed = password.filter(|_| !self.to.username.is_empty());
        let login = match (typed, &self.to.registry) {
            (Some(password), _) => Some(RegistryLogin {
                server: self.to.server.clone(),
                username: self.to.username.clone(),
                password,
            }),
            // As it is stored now: a password that was corrected there counts.
            (None, Some(stored)) => core.stored_login(stored, &self.image).await?,
            (None, None) => None,
        };
        let server = login.as_ref().map_or(&self.to.server, |login| &login.server);
        let who = match &login {
            Some(login) => format!("as {}", login.username),
            None => "without signing in".to_owned(),
        };
        hand.say(format!("Pushing {} to {server} {who}.", self.image)).await?;
        let (tell, mut told) = watch::channel(PushProgress::default());
        let announce = move |progress| {
            tell.send_replace(progress);
        };
        let began = core.now();
        // The engine tells more than anybody can read; the newest is what is shown.
        let show = async {
            while told.changed().await.is_ok() {
                let progress = so_far(*told.borrow_and_update(), core.now().since(began));
                if let Err(error) = hand.come_to(&progress).await {
                    tracing::debug!(%error, "progress of a push was not recorded");
                }
                tokio::time::sleep(TELL_EVERY).await;
            }
            std::future::pending().await
        };
        let digest = tokio::select! {
            done = core.engine.push(&self.image, login.as_ref(), &announce) => done?,
            never = show => never,
        };
        let links = JobLinks { made: Some(digest.clone()), ..hand.links.clone() };
        hand.write(async |tx| {
            let line = format!("The registry has it as {digest}.");
            tx.add_to_job_log(&hand.id, core.now(), &line).await?;
            tx.note_pushed(&self.image, &digest).await?;
            tx.set_job_links(&hand.id, &links).await
        })
        .await?;
        Ok(Outcome::Done)
    }
}

/// What is shown of a push that has taken this long.
fn so_far(progress: PushProgress, millis: i64) -> JobProgress {
    let PushProgress { there, layers, sent_bytes, total_bytes } = progress;
    let bytes = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (sent, total) = (bytes(sent_bytes), bytes(total_bytes));
    let mut step = format!("Pushed {there} of {layers} layers");
    if total > 0 {
        step = format!("{step}, {} of {}", quantity::bytes(sent), quantity::bytes(total));
        let pace = pace(sent, total, millis);
        if !pace.is_empty() {
            step = format!("{step}, {pace}");
        }
    }
    JobProgress { step, bytes: (total > 0).then_some((sent, total)) }
}
