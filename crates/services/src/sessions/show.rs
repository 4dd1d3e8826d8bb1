//! Lists and details of sessions, served from the store and memory.

use crate::sessions::Sessions;
use domain::{
    Result, SessionId,
    actor::{Actor, Permission},
    list::{ListQuery, Page},
    session::{SessionDetail, SessionRow},
};

/// Lines of the container's log that a page shows.
const LOG_LINES: u32 = 300;

impl Sessions {
    /// Everybody's sessions.
    ///
    /// # Errors
    /// `Forbidden` unless the actor may steer all sessions.
    pub async fn list(&self, actor: &Actor, query: &ListQuery) -> Result<Page<SessionRow>> {
        actor.require(Permission::SteerAllSessions)?;
        let page = self.0.store.sessions(query).await?;
        let rows = page.rows.into_iter().map(|session| self.0.row(session)).collect();
        Ok(Page { rows, total: page.total })
    }

    /// One session, with secrets redacted.
    ///
    /// # Errors
    /// `NotFound` when there is none or the actor may not see it.
    pub async fn detail(&self, actor: &Actor, id: &SessionId) -> Result<SessionDetail> {
        actor.require(Permission::LaunchWorkspaces)?;
        let mut session = self.visible(actor, id).await?;
        for (name, value) in &mut session.config.environment {
            if is_secret(name) {
                *value = "•••".to_owned();
            }
        }
        Ok(SessionDetail {
            timeline: self.0.store.timeline(id).await?,
            usage: session.running_since.and_then(|_| self.0.usages.of(id, self.0.now())),
            own: session.owner == actor.user,
            may_force_remove: actor.may(Permission::ForceRemoveSessions),
            may_create_image: actor.may(Permission::CreateImages),
            may_open_terminal: actor.may(Permission::OpenTerminals),
            image_job: self.0.store.commit_of(id).await?,
            session,
        })
    }

    /// The last lines the container wrote; empty when there is no container.
    pub async fn log_tail(&self, actor: &Actor, id: &SessionId) -> Result<Vec<String>> {
        actor.require(Permission::LaunchWorkspaces)?;
        self.visible(actor, id).await?;
        match self.0.engine.log_tail(&self.0.container_name(id), LOG_LINES).await {
            Err(error) if error.kind == domain::ErrorKind::NotFound => Ok(Vec::new()),
            lines => lines,
        }
    }
}

/// Whether a variable's name says that its value is nobody's business.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "_PW"].iter().any(|mark| name.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn secrets_are_told_by_their_names() {
        assert!(["VNC_PW", "DB_PASSWORD", "api_token", "AWS_SECRET"].iter().all(|n| is_secret(n)));
        assert!(!["LAUNCH_URL", "TZ", "PUID"].iter().any(|n| is_secret(n)));
    }
}
