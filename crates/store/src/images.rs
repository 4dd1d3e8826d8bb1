//! What is known of images beside what engines hold: what registries say, what names have meant,
//! and who needs what.

use crate::{
    Store, Tx,
    fault::{Columns, Fault, to_json},
};
use domain::{
    Error, JobId, Result, Timestamp, WorkspaceId,
    job::{Job, JobProgress},
    library::{Meaning, Upstream, UsingSession},
};
use sqlx::{Row, sqlite::SqliteRow};
use std::collections::HashMap;

/// Meanings of a name that are kept.
const MEANINGS: u32 = 50;
/// Jobs that are shown of one image.
const JOBS: u32 = 10;

/// A pull that is waiting or under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullUnderWay {
    pub image: String,
    pub job: JobId,
    pub progress: Option<JobProgress>,
}

fn moment(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>> {
    Ok(row.get_or_fault::<Option<i64>>(column)?.map(Timestamp))
}

fn upstream(row: &SqliteRow) -> Result<Upstream> {
    let error: Option<String> = row.get_or_fault("error")?;
    Ok(Upstream {
        digest: row.get_or_fault("remote_digest")?,
        checked_at: moment(row, "checked_at")?,
        next_check_at: moment(row, "next_check_at")?,
        pulled_at: moment(row, "pulled_at")?,
        pulled_as: row.get_or_fault("pulled_as")?,
        failures: row.get_or_fault("failures")?,
        error: error.and_then(|text| serde_json::from_str(&text).ok()),
    })
}

/// Rows of two columns as a map.
fn counted(rows: &[SqliteRow]) -> Result<HashMap<String, i64>> {
    rows.iter().map(|row| Ok((row.get_or_fault("name")?, row.get_or_fault("number")?))).collect()
}

impl Store {
    /// What is known of all references that anybody asked about.
    pub async fn upstreams(&self) -> Result<HashMap<String, Upstream>> {
        let rows = sqlx::query("SELECT * FROM images").fetch_all(&self.read).await.fault()?;
        rows.iter().map(|row| Ok((row.get_or_fault("reference")?, upstream(row)?))).collect()
    }

    pub async fn upstream(&self, reference: &str) -> Result<Upstream> {
        let row = sqlx::query("SELECT * FROM images WHERE reference = ?")
            .bind(reference)
            .fetch_optional(&self.read)
            .await
            .fault()?;
        row.as_ref().map_or_else(|| Ok(Upstream::default()), upstream)
    }

    /// What a name has meant, newest first.
    pub async fn meanings(&self, reference: &str) -> Result<Vec<Meaning>> {
        let rows = sqlx::query(
            "SELECT * FROM image_meanings WHERE reference = ? ORDER BY since DESC LIMIT ?",
        )
        .bind(reference)
        .bind(MEANINGS)
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter()
            .map(|row| {
                Ok(Meaning {
                    id: row.get_or_fault("image_id")?,
                    digest: row.get_or_fault("digest")?,
                    since: Timestamp(row.get_or_fault("since")?),
                })
            })
            .collect()
    }

    /// What each name means as far as that is on record.
    pub async fn present_meanings(&self) -> Result<HashMap<String, String>> {
        let rows = sqlx::query(
            "SELECT reference, image_id, max(since) FROM image_meanings GROUP BY reference",
        )
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter()
            .map(|row| Ok((row.get_or_fault("reference")?, row.get_or_fault("image_id")?)))
            .collect()
    }

    /// Canonical references that enabled workspaces name.
    pub async fn wanted_images(&self) -> Result<Vec<String>> {
        let rows = sqlx::query(
            "SELECT DISTINCT image_canonical FROM workspaces WHERE enabled AND link = ''",
        )
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter().map(|row| row.try_get(0).fault()).collect()
    }

    /// How many workspaces name each reference.
    pub async fn workspaces_by_image(&self) -> Result<HashMap<String, i64>> {
        let rows = sqlx::query(
            "SELECT image_canonical AS name, count(*) AS number FROM workspaces
             WHERE link = '' GROUP BY image_canonical",
        )
        .fetch_all(&self.read)
        .await
        .fault()?;
        counted(&rows)
    }

    /// The name of a workspace of each reference.
    pub async fn names_of_images(&self) -> Result<HashMap<String, String>> {
        let rows = sqlx::query(
            "SELECT image_canonical, min(name) AS name FROM workspaces WHERE link = '' GROUP BY 1",
        )
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter()
            .map(|row| Ok((row.get_or_fault("image_canonical")?, row.get_or_fault("name")?)))
            .collect()
    }

    /// How many sessions hold a container of each content id.
    pub async fn sessions_by_image(&self) -> Result<HashMap<String, i64>> {
        let rows = sqlx::query(
            "SELECT image_digest AS name, count(*) AS number FROM sessions
             WHERE status <> 'deleted' AND image_digest IS NOT NULL GROUP BY image_digest",
        )
        .fetch_all(&self.read)
        .await
        .fault()?;
        counted(&rows)
    }

    /// When a session was last launched from each content id, in milliseconds since 1970.
    pub async fn launches_by_image(&self) -> Result<HashMap<String, i64>> {
        let rows = sqlx::query(
            "SELECT image_digest AS name, max(launched_at) AS number FROM sessions
             WHERE image_digest IS NOT NULL GROUP BY image_digest",
        )
        .fetch_all(&self.read)
        .await
        .fault()?;
        counted(&rows)
    }

    /// The workspaces that name a reference, by name.
    pub async fn workspaces_naming(&self, reference: &str) -> Result<Vec<(WorkspaceId, String)>> {
        let rows =
            sqlx::query("SELECT id, name FROM workspaces WHERE image_canonical = ? ORDER BY name")
                .bind(reference)
                .fetch_all(&self.read)
                .await
                .fault()?;
        rows.iter().map(|row| Ok((row.id("id")?, row.get_or_fault("name")?))).collect()
    }

    /// Sessions that hold a container of any of these content ids; those of `now` have what the
    /// name means at present.
    pub async fn sessions_made_from(
        &self,
        ids: &[String],
        now: Option<&str>,
    ) -> Result<Vec<UsingSession>> {
        let rows = sqlx::query(
            "SELECT s.id, s.workspace_name, s.image_digest, u.name AS owner
             FROM sessions s JOIN users u ON u.id = s.owner
             WHERE s.status <> 'deleted'
             AND s.image_digest IN (SELECT value FROM json_each(?))
             ORDER BY s.launched_at DESC LIMIT 200",
        )
        .bind(to_json(&ids)?)
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter()
            .map(|row| {
                let made_from: String = row.get_or_fault("image_digest")?;
                Ok(UsingSession {
                    id: row.id("id")?,
                    workspace: row.get_or_fault("workspace_name")?,
                    owner: row.get_or_fault("owner")?,
                    older: now.is_some_and(|now| now != made_from),
                })
            })
            .collect()
    }

    /// The newest jobs that are about an image.
    pub async fn jobs_of_image(&self, reference: &str) -> Result<Vec<Job>> {
        let rows = sqlx::query(
            "SELECT * FROM jobs WHERE json_extract(links, '$.image') = ?
             ORDER BY created_at DESC LIMIT ?",
        )
        .bind(reference)
        .bind(JOBS)
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter().map(crate::jobs::job).collect()
    }

    /// Pulls of a name that brought something, as far as they are still on record: the content id,
    /// when it was there, and the job.
    pub async fn pulls_done(&self, reference: &str) -> Result<Vec<(String, Timestamp, JobId)>> {
        let rows = sqlx::query(
            "SELECT id, ended_at, json_extract(links, '$.made') AS made FROM jobs
             WHERE kind = 'pull' AND state = 'done' AND json_extract(links, '$.image') = ?
             AND made IS NOT NULL",
        )
        .bind(reference)
        .fetch_all(&self.read)
        .await
        .fault()?;
        let read = |row: &SqliteRow| {
            let at = Timestamp(row.get_or_fault("ended_at")?);
            Ok((row.get_or_fault("made")?, at, row.id("id")?))
        };
        rows.iter().map(read).collect()
    }

    /// Pulls that wait or are under way.
    pub async fn pulls_under_way(&self) -> Result<Vec<PullUnderWay>> {
        let rows = sqlx::query(
            "SELECT id, progress, json_extract(links, '$.image') AS image FROM jobs
             WHERE kind = 'pull' AND state IN ('queued', 'running')",
        )
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter()
            .map(|row| {
                let progress: Option<String> = row.get_or_fault("progress")?;
                Ok(PullUnderWay {
                    image: row.get_or_fault("image")?,
                    job: row.id("id")?,
                    progress: progress.and_then(|text| serde_json::from_str(&text).ok()),
                })
            })
            .collect()
    }
}

impl Tx {
    /// The registry has said what a name means. Unless that is what is here, failures go on
    /// counting: bringing it is still to succeed.
    pub async fn note_checked(
        &mut self,
        reference: &str,
        digest: Option<&str>,
        is_here: bool,
        at: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO images (reference, remote_digest, checked_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (reference) DO UPDATE SET remote_digest = ?2, checked_at = ?3,
             failures = CASE ?4 WHEN 1 THEN 0 ELSE failures END,
             error = CASE ?4 WHEN 1 THEN NULL ELSE error END",
        )
        .bind(reference)
        .bind(digest)
        .bind(at.0)
        .bind(is_here)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// The registry is to be asked about a name for the first time at this moment.
    pub async fn plan_check(&mut self, reference: &str, next: Timestamp) -> Result<()> {
        sqlx::query(
            "INSERT INTO images (reference, next_check_at) VALUES (?1, ?2)
             ON CONFLICT (reference) DO UPDATE SET next_check_at = ?2",
        )
        .bind(reference)
        .bind(next.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// A question to the registry, or a pull, has failed; the next one is made then.
    pub async fn note_trouble(
        &mut self,
        reference: &str,
        error: &Error,
        next: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO images (reference, next_check_at, failures, error) VALUES (?1, ?2, 1, ?3)
             ON CONFLICT (reference) DO UPDATE SET
             next_check_at = ?2, failures = failures + 1, error = ?3",
        )
        .bind(reference)
        .bind(next.0)
        .bind(to_json(error)?)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Somebody knows that a name means something else at its registry: it is asked at this moment,
    /// whenever its turn would be. Never at the moment of the last answer, which may be the older one.
    pub async fn urge_check(&mut self, reference: &str, at: Timestamp) -> Result<()> {
        sqlx::query(
            "INSERT INTO images (reference, next_check_at) VALUES (?1, ?2)
             ON CONFLICT (reference) DO UPDATE SET
             next_check_at = max(?2, coalesce(checked_at, 0) + 1)",
        )
        .bind(reference)
        .bind(at.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// The image is there as the registry had it at that moment. A check that was asked for and is
    /// still to come stays.
    pub async fn note_pulled(
        &mut self,
        reference: &str,
        digest: Option<&str>,
        who: &str,
        at: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO images (reference, remote_digest, checked_at, pulled_at, pulled_as)
             VALUES (?1, ?2, ?3, ?3, ?4) ON CONFLICT (reference) DO UPDATE SET
             remote_digest = coalesce(?2, remote_digest), checked_at = ?3, pulled_at = ?3,
             pulled_as = ?4, failures = 0, error = NULL,
             next_check_at = CASE WHEN failures = 0 AND next_check_at > ?3 THEN next_check_at END",
        )
        .bind(reference)
        .bind(digest)
        .bind(at.0)
        .bind(who)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// From this moment on a name means something else on the engine.
    pub async fn note_meaning(&mut self, reference: &str, meaning: &Meaning) -> Result<()> {
        sqlx::query(
            "INSERT OR REPLACE INTO image_meanings (reference, since, image_id, digest)
             VALUES (?, ?, ?, ?)",
        )
        .bind(reference)
        .bind(meaning.since.0)
        .bind(&meaning.id)
        .bind(&meaning.digest)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }
}
