//! Lists and details of sessions, served from the store and memory.

use crate::sessions::{Sessions, given::redact};
use domain::{
    Result, SessionId,
    actor::{Actor, Permission},
    list::{ListQuery, Page},
    session::{Action, Session, SessionDetail, SessionRow},
};

impl Sessions {
    /// Everybody's sessions.
    ///
    /// # Errors
    /// `Forbidden` unless the actor may see all sessions.
    pub async fn list(&self, actor: &Actor, query: &ListQuery) -> Result<Page<SessionRow>> {
        actor.require(Permission::SeeAllSessions)?;
        let page = self.0.store.sessions(query).await?;
        let row = |mut session: Session| {
            if !session.open_to(actor) {
                hide_output(&mut session);
            }
            self.0.row(session)
        };
        let rows = page.rows.into_iter().map(row).collect();
        Ok(Page { rows, total: page.total })
    }

    /// One session, with secrets redacted.
    ///
    /// # Errors
    /// `NotFound` when there is none or the actor may not see it.
    pub async fn detail(&self, actor: &Actor, id: &SessionId) -> Result<SessionDetail> {
        let mut session = self.visible(actor, id).await?;
        self.0.bring_up_to_date(&mut session);
        let may_steer = session.open_to(actor);
        // The workspace's definition holds the same for those who manage it; who steers sessions
        // needs none of it.
        let own = session.owner == actor.user;
        redact(&mut session, may_steer, own || actor.may(Permission::ManageWorkspaces));
        let mut timeline = self.0.store.timeline(id).await?;
        if !may_steer {
            timeline.iter_mut().for_each(|entry| entry.detail = None);
            hide_output(&mut session);
        }
        let may = if may_steer { Action::open_to(actor) } else { Vec::new() };
        let waiting = self.0.waiting(&session).filter(|_| may.contains(&Action::Renew));
        let looks_after =
            actor.may(Permission::ManageGroups) || actor.may(Permission::ManageWorkspaces);
        let owner_rights = self.0.membership.of(&session.owner, session.owner_role).grants();
        let types = owner_rights.permit(session.owner_role, Permission::OpenTerminals);
        let not_kept = match (looks_after, types) {
            (false, _) => Vec::new(),
            // A terminal takes text in and gives it out, whatever the image keeps.
            (true, true) => session.config.withheld.clone(),
            (true, false) => session.config.contract.not_kept(&session.config.withheld),
        };
        Ok(SessionDetail {
            timeline,
            not_kept,
            own,
            may,
            may_steer,
            may_force_remove: actor.may(Permission::ForceRemoveSessions),
            may_create_image: may_steer && actor.may_to(Permission::CreateImages, &session.owner),
            ending: self.0.ending(&session),
            may_open_terminal: may_steer && actor.may_to(Permission::OpenTerminals, &session.owner),
            waiting,
            image_job: self.0.store.commit_of(id).await?,
            session,
        })
    }
}

/// What programs wrote is not for those who may not look into the session.
fn hide_output(session: &mut Session) {
    session.reason.iter_mut().for_each(|reason| reason.detail = None);
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
