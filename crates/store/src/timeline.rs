//! The timeline of a session: everything that happened and who did it.

use crate::{
    Store, Tx,
    fault::{Columns, Fault},
};
use domain::{Result, SessionId, Timestamp, session::TimelineEntry};

/// Most entries that a page shows; a session that had more shows its newest.
const LONGEST: u32 = 200;
/// Entries of a session that keep what programs wrote: its newest. A command at each opening cannot fill
/// the database, nor push out who did what.
const WITH_DETAIL: u32 = 50;

impl Store {
    /// Newest first.
    pub async fn timeline(&self, session: &SessionId) -> Result<Vec<TimelineEntry>> {
        let rows = sqlx::query(
            "SELECT * FROM session_timeline WHERE session_id = ? ORDER BY id DESC LIMIT ?",
        )
        .bind(session.as_str())
        .bind(LONGEST)
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter()
            .map(|row| {
                Ok(TimelineEntry {
                    at: Timestamp(row.get_or_fault("at")?),
                    actor: row.get_or_fault("actor")?,
                    message: row.get_or_fault("message")?,
                    detail: row.get_or_fault("detail")?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// One entry more; of many that have details, the oldest lose theirs.
    pub async fn add_to_timeline(
        &mut self,
        session: &SessionId,
        entry: &TimelineEntry,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO session_timeline (session_id, at, actor, message, detail)
             VALUES (?, ?, ?, ?, ?)",
        )
        .bind(session.as_str())
        .bind(entry.at.0)
        .bind(&entry.actor)
        .bind(&entry.message)
        .bind(&entry.detail)
        .execute(&mut *self.0)
        .await
        .fault()?;
        sqlx::query(
            "UPDATE session_timeline SET detail = NULL
             WHERE session_id = ?1 AND detail IS NOT NULL AND id <= (
                 SELECT id FROM session_timeline WHERE session_id = ?1 AND detail IS NOT NULL
                 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        )
        .bind(session.as_str())
        .bind(WITH_DETAIL)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }
}
