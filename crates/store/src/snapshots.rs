//! Images made of sessions: where each came from, and what is about to be made.

use crate::{
    Store, Tx,
    fault::{Columns, Fault, to_json},
};
use domain::{
    JobId, Result, SessionId, Timestamp, UserId,
    job::JobState,
    snapshot::{Lineage, SnapshotForm},
};
use sqlx::sqlite::SqliteRow;

/// A form that is being filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub form: SnapshotForm,
    /// The registry's password, encrypted.
    pub secret: Option<Vec<u8>>,
}

fn lineage(row: &SqliteRow) -> Result<Lineage> {
    Ok(Lineage {
        image: row.get_or_fault("image_canonical")?,
        job: row.id("job_id")?,
        session: row.id("session_id")?,
        workspace: row.id("workspace_id")?,
        base_image: row.get_or_fault("base_image")?,
        base_digest: row.get_or_fault("base_digest")?,
        image_id: row.get_or_fault("image_id")?,
        size_bytes: row.get_or_fault("size_bytes")?,
        remote_digest: row.get_or_fault("remote_digest")?,
        actor: row.get_or_fault("actor")?,
        created_at: Timestamp(row.get_or_fault("created_at")?),
    })
}

impl Store {
    /// Images made of a session, newest first.
    pub async fn snapshots_of_session(&self, id: &SessionId) -> Result<Vec<Lineage>> {
        let rows =
            sqlx::query("SELECT * FROM snapshots WHERE session_id = ? ORDER BY created_at DESC")
                .bind(id.as_str())
                .fetch_all(&self.read)
                .await
                .fault()?;
        rows.iter().map(lineage).collect()
    }

    /// What an image was made of, if it was made of a session.
    pub async fn snapshot(&self, image_canonical: &str) -> Result<Option<Lineage>> {
        let row = sqlx::query("SELECT * FROM snapshots WHERE image_canonical = ?")
            .bind(image_canonical)
            .fetch_optional(&self.read)
            .await
            .fault()?;
        row.as_ref().map(lineage).transpose()
    }

    pub async fn snapshot_draft(&self, user: &UserId, of: &SessionId) -> Result<Option<Draft>> {
        let row = sqlx::query("SELECT * FROM snapshot_drafts WHERE user_id = ? AND session_id = ?")
            .bind(user.as_str())
            .bind(of.as_str())
            .fetch_optional(&self.read)
            .await
            .fault()?;
        row.map(|row| Ok(Draft { form: row.json("form")?, secret: row.get_or_fault("secret")? }))
            .transpose()
    }

    /// Images that are still to be made, or could not be, by canonical reference.
    pub async fn unfinished_snapshots(
        &self,
    ) -> Result<Vec<(String, JobState, Option<domain::Error>)>> {
        let rows = sqlx::query(
            "SELECT s.image_canonical AS image, j.state AS state, j.error AS error
             FROM snapshots s JOIN jobs j ON j.id = s.job_id
             WHERE j.state IN ('queued', 'running', 'failed')",
        )
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter()
            .map(|row| {
                let error: Option<String> = row.get_or_fault("error")?;
                let error = error.and_then(|text| serde_json::from_str(&text).ok());
                Ok((row.get_or_fault("image")?, row.word("state", JobState::parse)?, error))
            })
            .collect()
    }

    /// The job that is making an image of this session, if one is.
    pub async fn commit_of(&self, id: &SessionId) -> Result<Option<JobId>> {
        let row = sqlx::query(
            "SELECT id FROM jobs WHERE kind = 'commit' AND attempt > 0
             AND state IN ('queued', 'running') AND json_extract(links, '$.session') = ? LIMIT 1",
        )
        .bind(id.as_str())
        .fetch_optional(&self.read)
        .await
        .fault()?;
        row.map(|row| row.id("id")).transpose()
    }
}

impl Tx {
    /// Whether an image is being made of this session, or is about to be.
    pub async fn is_to_be_committed(&mut self, id: &SessionId) -> Result<bool> {
        let row = sqlx::query(
            "SELECT 1 FROM jobs WHERE kind = 'commit' AND state IN ('queued', 'running')
             AND json_extract(links, '$.session') = ? LIMIT 1",
        )
        .bind(id.as_str())
        .fetch_optional(&mut *self.0)
        .await
        .fault()?;
        Ok(row.is_some())
    }

    /// An image of the same name made before is this one now.
    pub async fn save_snapshot(&mut self, made: &Lineage) -> Result<()> {
        sqlx::query(
            "INSERT OR REPLACE INTO snapshots (image_canonical, job_id, session_id, workspace_id,
             base_image, base_digest, image_id, size_bytes, remote_digest, actor, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&made.image)
        .bind(made.job.as_str())
        .bind(made.session.as_str())
        .bind(made.workspace.as_str())
        .bind(&made.base_image)
        .bind(&made.base_digest)
        .bind(&made.image_id)
        .bind(made.size_bytes)
        .bind(&made.remote_digest)
        .bind(&made.actor)
        .bind(made.created_at.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// The image is there.
    pub async fn note_committed(&mut self, job: &JobId, id: &str, size: i64) -> Result<()> {
        sqlx::query("UPDATE snapshots SET image_id = ?, size_bytes = ? WHERE job_id = ?")
            .bind(id)
            .bind(size)
            .bind(job.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    /// The image is at its registry too.
    pub async fn note_pushed(&mut self, image_canonical: &str, digest: &str) -> Result<()> {
        sqlx::query("UPDATE snapshots SET remote_digest = ? WHERE image_canonical = ?")
            .bind(digest)
            .bind(image_canonical)
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    pub async fn save_snapshot_draft(
        &mut self,
        user: &UserId,
        of: &SessionId,
        draft: &Draft,
        at: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "INSERT OR REPLACE INTO snapshot_drafts (user_id, session_id, form, secret, updated_at)
             VALUES (?, ?, ?, ?, ?)",
        )
        .bind(user.as_str())
        .bind(of.as_str())
        .bind(to_json(&draft.form)?)
        .bind(&draft.secret)
        .bind(at.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Forgets forms that nobody has touched since `before`.
    pub async fn prune_snapshot_drafts(&mut self, before: Timestamp) -> Result<()> {
        sqlx::query("DELETE FROM snapshot_drafts WHERE updated_at < ?")
            .bind(before.0)
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    pub async fn delete_snapshot_draft(&mut self, user: &UserId, of: &SessionId) -> Result<()> {
        sqlx::query("DELETE FROM snapshot_drafts WHERE user_id = ? AND session_id = ?")
            .bind(user.as_str())
            .bind(of.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }
}
