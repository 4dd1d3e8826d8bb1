//! The job that sends an image to a registry.

use super::verify::verify;
use crate::jobs::{Hand, Outcome, transfer};
use domain::{Error, Result, job::JobLinks, snapshot::PushTo};
use engine::RegistryLogin;
use serde::{Deserialize, Serialize};

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
        let (image, login) = (&self.image, login.as_ref());
        let digest =
            transfer(
                hand,
                "Pushed",
                |told| async move { core.engine.push(image, login, &told).await },
            )
            .await?;
        let line = verify(core, image, &self.to, login, &digest).await?;
        let links = JobLinks { made: Some(digest.clone()), ..hand.links.clone() };
        hand.write(async |tx| {
            tx.add_to_job_log(&hand.id, core.now(), &line).await?;
            tx.note_pushed(&self.image, &digest).await?;
            tx.set_job_links(&hand.id, &links).await
        })
        .await?;
        Ok(Outcome::Done)
    }
}
