//! The job that sends an image to a registry.

use crate::jobs::{Hand, Outcome};
use domain::{Error, Result, job::JobLinks, snapshot::PushTo};
use engine::{PushProgress, RegistryLogin};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

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
        let (tell, mut told) = watch::channel(PushProgress { there: 0, layers: 0 });
        let announce = move |progress| {
            tell.send_replace(progress);
        };
        // The engine tells more than anybody can read; the newest is what is shown.
        let show = async {
            while told.changed().await.is_ok() {
                let PushProgress { there, layers } = *told.borrow_and_update();
                let step = format!("Pushed {there} of {layers} layers");
                if let Err(error) = hand.progress(step).await {
                    tracing::debug!(%error, "progress of a push was not recorded");
                }
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
