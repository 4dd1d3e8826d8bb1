//! Jobs and their logs.
//!
//! A job is claimed by one statement that also sets its lease, so two runners never have the same
//! one; what its runner left behind by dying is claimed like what waits.

use crate::{
    Store, Tx,
    fault::{Columns, Fault, containing, to_json},
};
use domain::{
    Error, JobId, Result, Timestamp, UserId,
    job::{Job, JobKind, JobLine, JobLinks, JobProgress, JobState},
    list::{ListQuery, Page},
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteExecutor, sqlite::SqliteRow};

/// Lines of a log that a page shows; of a longer one it shows the newest.
const LONGEST_LOG: u32 = 5_000;

/// A job as its runner needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedJob {
    pub job: Job,
    pub owner: Option<UserId>,
    /// The registry it goes to, if it goes to one.
    pub place: Option<String>,
    /// JSON that the kind understands.
    pub work: String,
    pub secret: Option<Vec<u8>>,
}

/// A job that is about to be recorded.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    pub id: &'a JobId,
    pub kind: JobKind,
    pub title: &'a str,
    /// The host of the registry it goes to, if it goes to one.
    pub place: Option<&'a str>,
    pub work: &'a str,
    pub secret: Option<&'a [u8]>,
    pub sameness: &'a str,
    pub links: &'a JobLinks,
    /// Nobody, if Slipway itself sees that it is necessary.
    pub owner: Option<&'a UserId>,
    pub actor: Option<&'a str>,
    pub at: Timestamp,
}

pub(crate) fn job(row: &SqliteRow) -> Result<Job> {
    let moment = |column: &str| row.get_or_fault::<Option<i64>>(column).map(|at| at.map(Timestamp));
    let error: Option<String> = row.get_or_fault("error")?;
    let progress: Option<String> = row.get_or_fault("progress")?;
    Ok(Job {
        id: row.id("id")?,
        kind: row.word("kind", JobKind::parse)?,
        title: row.get_or_fault("title")?,
        state: row.word("state", JobState::parse)?,
        attempt: row.get_or_fault("attempt")?,
        cancel_requested: row.get_or_fault("cancel_requested")?,
        progress: progress.and_then(|text| serde_json::from_str::<JobProgress>(&text).ok()),
        error: error.and_then(|text| serde_json::from_str::<Error>(&text).ok()),
        links: row.json("links")?,
        actor: row.get_or_fault("actor")?,
        created_at: Timestamp(row.get_or_fault("created_at")?),
        started_at: moment("started_at")?,
        ended_at: moment("ended_at")?,
        run_at: Timestamp(row.get_or_fault("run_at")?),
    })
}

async fn one(db: impl SqliteExecutor<'_>, id: &JobId) -> Result<Option<(Job, Option<UserId>)>> {
    let row = sqlx::query("SELECT * FROM jobs WHERE id = ?")
        .bind(id.as_str())
        .fetch_optional(db)
        .await
        .fault()?;
    row.as_ref().map(|row| Ok((job(row)?, owner(row)?))).transpose()
}

fn owner(row: &SqliteRow) -> Result<Option<UserId>> {
    let id: Option<String> = row.get_or_fault("created_by")?;
    id.map(|id| id.parse()).transpose()
}

fn narrow(query: &mut QueryBuilder<Sqlite>, list: &ListQuery) {
    query.push(" WHERE 1 = 1");
    match list.state.as_str() {
        "" => {}
        "active" => {
            query.push(" AND state IN ('queued', 'running')");
        }
        state => {
            query.push(" AND state = ").push_bind(state.to_owned());
        }
    }
    if !list.filter.is_empty() {
        query.push(" AND kind = ").push_bind(list.filter.clone());
    }
    if !list.search.is_empty() {
        let words = containing(&list.search);
        query.push(" AND (title LIKE ").push_bind(words.clone());
        query.push(" ESCAPE '\\' OR actor LIKE ").push_bind(words).push(" ESCAPE '\\')");
    }
}

impl Store {
    /// A job and who it belongs to.
    pub async fn job(&self, id: &JobId) -> Result<Option<(Job, Option<UserId>)>> {
        one(&self.read, id).await
    }

    pub async fn jobs(&self, list: &ListQuery) -> Result<Page<Job>> {
        let mut count = QueryBuilder::<Sqlite>::new("SELECT count(*) AS n FROM jobs");
        narrow(&mut count, list);
        let total = count.build().fetch_one(&self.read).await.fault()?.get_or_fault("n")?;
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM jobs");
        narrow(&mut query, list);
        let (column, first) = match list.sort.as_str() {
            "title" => ("title COLLATE NOCASE", "ASC"),
            "kind" => ("kind", "ASC"),
            "state" => ("state", "ASC"),
            "actor" => ("actor COLLATE NOCASE", "ASC"),
            "created" => ("created_at", "ASC"),
            _ => ("created_at", "DESC"),
        };
        query.push(format!(" ORDER BY {column} "));
        query.push(if list.descending { "DESC" } else { first });
        query.push(", id DESC LIMIT ").push_bind(list.per_page);
        query.push(" OFFSET ").push_bind(list.offset());
        let rows = query.build().fetch_all(&self.read).await.fault()?;
        Ok(Page { rows: rows.iter().map(job).collect::<Result<_>>()?, total })
    }

    /// What is under way and what ended since `since`, newest first, of one user or of all.
    pub async fn recent_jobs(&self, of: Option<&UserId>, since: Timestamp) -> Result<Vec<Job>> {
        let rows = sqlx::query(
            "SELECT * FROM jobs WHERE (state IN ('queued', 'running') OR ended_at > ?1)
             AND (?2 IS NULL OR created_by = ?2) ORDER BY created_at DESC LIMIT 20",
        )
        .bind(since.0)
        .bind(of.map(UserId::as_str))
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter().map(job).collect()
    }

    /// Oldest first.
    pub async fn job_log(&self, id: &JobId) -> Result<Vec<JobLine>> {
        let rows = sqlx::query(
            "SELECT * FROM (SELECT * FROM job_log WHERE job_id = ? ORDER BY seq DESC LIMIT ?)
             ORDER BY seq",
        )
        .bind(id.as_str())
        .bind(LONGEST_LOG)
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter()
            .map(|row| {
                Ok(JobLine {
                    seq: row.get_or_fault("seq")?,
                    at: Timestamp(row.get_or_fault("at")?),
                    text: row.get_or_fault("line")?,
                })
            })
            .collect()
    }

    /// When the next job of these kinds may be begun, of those that wait or whose lease runs out
    /// and that go to none of the places in `full`.
    pub async fn next_job_at(
        &self,
        kinds: &[JobKind],
        full: &[String],
    ) -> Result<Option<Timestamp>> {
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        let row = sqlx::query(
            "SELECT min(CASE state WHEN 'queued' THEN run_at ELSE lease_until END) AS at
             FROM jobs WHERE state IN ('queued', 'running')
             AND kind IN (SELECT value FROM json_each(?))
             AND (place IS NULL OR place NOT IN (SELECT value FROM json_each(?)))",
        )
        .bind(to_json(&kinds)?)
        .bind(to_json(&full)?)
        .fetch_one(&self.read)
        .await
        .fault()?;
        Ok(row.try_get::<Option<i64>, _>("at").fault()?.map(Timestamp))
    }
}

impl Tx {
    pub async fn job(&mut self, id: &JobId) -> Result<Option<(Job, Option<UserId>)>> {
        one(&mut *self.0, id).await
    }

    /// Records a job. The same work under way already is joined: its id comes back instead.
    pub async fn insert_job(&mut self, new: &NewJob<'_>) -> Result<JobId> {
        let running = sqlx::query(
            "SELECT id FROM jobs WHERE sameness = ? AND state IN ('queued', 'running')",
        )
        .bind(new.sameness)
        .fetch_optional(&mut *self.0)
        .await
        .fault()?;
        if let Some(row) = running {
            return row.id("id");
        }
        sqlx::query(
            "INSERT INTO jobs (id, kind, title, place, work, secret, state, run_at, links, sameness,
             created_by, actor, created_at) VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.id.as_str())
        .bind(new.kind.as_str())
        .bind(new.title)
        .bind(new.place)
        .bind(new.work)
        .bind(new.secret)
        .bind(new.at.0)
        .bind(to_json(new.links)?)
        .bind(new.sameness)
        .bind(new.owner.map(UserId::as_str))
        .bind(new.actor)
        .bind(new.at.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(new.id.clone())
    }

    /// Takes the job that has waited longest, of the kinds in `kinds` and to none of the places in
    /// `full`: one that is due, or one whose runner has gone. It is this runner's until
    /// `lease_until`.
    pub async fn claim_job(
        &mut self,
        kinds: &[JobKind],
        full: &[String],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<ClaimedJob>> {
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        let row = sqlx::query(
            "UPDATE jobs SET state = 'running', attempt = attempt + 1, lease_until = ?1,
             started_at = coalesce(started_at, ?2)
             WHERE id = (SELECT id FROM jobs
                 WHERE kind IN (SELECT value FROM json_each(?3))
                 AND (place IS NULL OR place NOT IN (SELECT value FROM json_each(?4)))
                 AND ((state = 'queued' AND run_at <= ?2) OR (state = 'running' AND lease_until <= ?2))
                 ORDER BY run_at, created_at LIMIT 1)
             RETURNING *",
        )
        .bind(lease_until.0)
        .bind(now.0)
        .bind(to_json(&kinds)?)
        .bind(to_json(&full)?)
        .fetch_optional(&mut *self.0)
        .await
        .fault()?;
        row.as_ref()
            .map(|row| {
                Ok(ClaimedJob {
                    job: job(row)?,
                    owner: owner(row)?,
                    place: row.get_or_fault("place")?,
                    work: row.get_or_fault("work")?,
                    secret: row.get_or_fault("secret")?,
                })
            })
            .transpose()
    }

    /// Whoever ran jobs has gone: they can be taken over at once.
    pub async fn end_leases(&mut self) -> Result<()> {
        sqlx::query("UPDATE jobs SET lease_until = 0 WHERE state = 'running'")
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    /// Keeps a job for longer; tells whether it is to be cancelled, or `None` if it is no longer
    /// this runner's.
    pub async fn extend_lease(
        &mut self,
        id: &JobId,
        attempt: u32,
        until: Timestamp,
    ) -> Result<Option<bool>> {
        let row = sqlx::query(
            "UPDATE jobs SET lease_until = ? WHERE id = ? AND attempt = ? AND state = 'running'
             RETURNING cancel_requested",
        )
        .bind(until.0)
        .bind(id.as_str())
        .bind(attempt)
        .fetch_optional(&mut *self.0)
        .await
        .fault()?;
        row.as_ref().map(|row| row.get_or_fault("cancel_requested")).transpose()
    }

    pub async fn set_job_progress(&mut self, id: &JobId, progress: &JobProgress) -> Result<()> {
        sqlx::query("UPDATE jobs SET progress = ? WHERE id = ?")
            .bind(to_json(progress)?)
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    pub async fn set_job_links(&mut self, id: &JobId, links: &JobLinks) -> Result<()> {
        sqlx::query("UPDATE jobs SET links = ? WHERE id = ?")
            .bind(to_json(links)?)
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    /// The job is over, unless another try of it has begun. Credentials stay for a while with one
    /// that failed, so that it can be tried again.
    pub async fn end_job(
        &mut self,
        id: &JobId,
        attempt: u32,
        state: JobState,
        error: Option<&Error>,
        at: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE jobs SET state = ?1, error = ?2, ended_at = ?3, lease_until = NULL,
             progress = NULL, secret = CASE ?1 WHEN 'failed' THEN secret END
             WHERE id = ?4 AND attempt = ?5 AND state = 'running'",
        )
        .bind(state.as_str())
        .bind(error.map(to_json).transpose()?)
        .bind(at.0)
        .bind(id.as_str())
        .bind(attempt)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// The job waits for another try, unless that has begun.
    pub async fn requeue_job(
        &mut self,
        id: &JobId,
        attempt: u32,
        error: &Error,
        at: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE jobs SET state = 'queued', error = ?, run_at = ?, lease_until = NULL,
             progress = NULL WHERE id = ? AND attempt = ? AND state = 'running'",
        )
        .bind(to_json(error)?)
        .bind(at.0)
        .bind(id.as_str())
        .bind(attempt)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// The job is to end. One that waits ends at once.
    pub async fn cancel_job(&mut self, id: &JobId, at: Timestamp) -> Result<()> {
        sqlx::query(
            "UPDATE jobs SET state = 'cancelled', cancel_requested = 1, ended_at = ?, secret = NULL
             WHERE id = ? AND state = 'queued'",
        )
        .bind(at.0)
        .bind(id.as_str())
        .execute(&mut *self.0)
        .await
        .fault()?;
        sqlx::query("UPDATE jobs SET cancel_requested = 1 WHERE id = ? AND state = 'running'")
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    /// The job is done once more, with other credentials if given.
    pub async fn revive_job(
        &mut self,
        id: &JobId,
        work: &str,
        secret: Option<&[u8]>,
        at: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE jobs SET state = 'queued', attempt = 0, run_at = ?1, cancel_requested = 0,
             error = NULL, started_at = NULL, ended_at = NULL, secret = coalesce(?2, secret),
             work = ?3 WHERE id = ?4",
        )
        .bind(at.0)
        .bind(secret)
        .bind(work)
        .bind(id.as_str())
        .execute(&mut *self.0)
        .await
        .unless_taken("jobs.sameness", || {
            Error::conflict("The same work is under way already.")
                .hint("Follow it in the list of jobs.")
        })?;
        Ok(())
    }

    /// What a job is to do.
    pub async fn job_work(&mut self, id: &JobId) -> Result<String> {
        let row = sqlx::query("SELECT work FROM jobs WHERE id = ?")
            .bind(id.as_str())
            .fetch_one(&mut *self.0)
            .await
            .fault()?;
        row.get_or_fault("work")
    }

    /// Forgets the credentials of jobs that failed before `secrets`, and jobs that ended before
    /// `all`, with their logs.
    pub async fn prune_jobs(&mut self, secrets: Timestamp, all: Timestamp) -> Result<()> {
        sqlx::query("UPDATE jobs SET secret = NULL WHERE secret IS NOT NULL AND ended_at < ?")
            .bind(secrets.0)
            .execute(&mut *self.0)
            .await
            .fault()?;
        sqlx::query("DELETE FROM jobs WHERE ended_at < ?")
            .bind(all.0)
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    pub async fn add_to_job_log(&mut self, id: &JobId, at: Timestamp, line: &str) -> Result<()> {
        sqlx::query(
            "INSERT INTO job_log (job_id, seq, at, line)
             SELECT ?1, coalesce(max(seq), 0) + 1, ?2, ?3 FROM job_log WHERE job_id = ?1",
        )
        .bind(id.as_str())
        .bind(at.0)
        .bind(line)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }
}
