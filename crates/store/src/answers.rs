//! What sessions were given at launch beside their configuration, and when somebody opened one.

use crate::{
    Store, Tx,
    fault::{Columns, Fault},
};
use domain::{
    Result, SessionId, Timestamp, UserId, WorkspaceId, launch_form::Answer, session::RunConfig,
};

impl Store {
    /// The secret answers of a session, encrypted, if it has any.
    pub async fn secret_answers(&self, id: &SessionId) -> Result<Option<Vec<u8>>> {
        let row = sqlx::query("SELECT secret_answers FROM sessions WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.read)
            .await
            .fault()?;
        row.map(|row| row.get_or_fault("secret_answers")).transpose().map(Option::flatten)
    }

    /// What a user answered when he last launched a workspace, as far as that is still known.
    pub async fn last_answers(
        &self,
        owner: &UserId,
        workspace: &WorkspaceId,
    ) -> Result<Vec<Answer>> {
        let row = sqlx::query(
            "SELECT config FROM sessions WHERE owner = ? AND workspace_id = ?
             ORDER BY launched_at DESC LIMIT 1",
        )
        .bind(owner.as_str())
        .bind(workspace.as_str())
        .fetch_optional(&self.read)
        .await
        .fault()?;
        let config = row.map(|row| row.json::<RunConfig>("config")).transpose()?;
        Ok(config.map(|config| config.answers).unwrap_or_default())
    }

    /// When somebody opened a session for which nothing has been run yet.
    pub async fn opened_at(&self, id: &SessionId) -> Result<Option<Timestamp>> {
        let row = sqlx::query("SELECT opened_at FROM sessions WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.read)
            .await
            .fault()?;
        let at = row.map(|row| row.get_or_fault::<Option<i64>>("opened_at")).transpose()?;
        Ok(at.flatten().map(Timestamp))
    }

    /// Running sessions that were opened and for which nothing has been run yet.
    pub async fn opened_sessions(&self) -> Result<Vec<SessionId>> {
        let rows = sqlx::query(
            "SELECT id FROM sessions
             WHERE opened_at IS NOT NULL AND status = 'running' AND desired = 'running'",
        )
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter().map(|row| row.id("id")).collect()
    }
}

impl Tx {
    /// Keeps the secret answers of a session until it is deleted.
    pub async fn keep_secret_answers(&mut self, id: &SessionId, sealed: &[u8]) -> Result<()> {
        sqlx::query("UPDATE sessions SET secret_answers = ? WHERE id = ?")
            .bind(sealed)
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    /// Nobody needs the secret answers of a session any more.
    pub(crate) async fn forget_secret_answers(&mut self, id: &SessionId) -> Result<()> {
        sqlx::query(
            "UPDATE sessions SET secret_answers = NULL
             WHERE id = ? AND secret_answers IS NOT NULL",
        )
        .bind(id.as_str())
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Notes that somebody opened a session.
    pub async fn note_opened(&mut self, id: &SessionId, at: Timestamp) -> Result<()> {
        sqlx::query("UPDATE sessions SET opened_at = ? WHERE id = ?")
            .bind(at.0)
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    /// What was to be run for an opening was; a later one stays noted.
    pub async fn note_opening_done(&mut self, id: &SessionId, at: Timestamp) -> Result<()> {
        sqlx::query("UPDATE sessions SET opened_at = NULL WHERE id = ? AND opened_at = ?")
            .bind(id.as_str())
            .bind(at.0)
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }
}
