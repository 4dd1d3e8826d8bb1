//! The timeline of a session: everything that happened and who did it.

use crate::{
    Store, Tx,
    fault::{Columns, Fault},
};
use domain::{Result, SessionId, Timestamp, session::TimelineEntry};

/// Most entries that a page shows; a session that had more shows its newest.
const LONGEST: u32 = 200;

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
        Ok(())
    }
}
