//! Who did what to what. Nothing secret goes in.

use crate::{
    Store, Tx,
    fault::{Columns, Fault},
};
use domain::{Result, Timestamp, actor::Actor};

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    pub at: Timestamp,
    pub actor: Option<String>,
    pub action: String,
    pub target: String,
    pub detail: Option<String>,
}

impl Store {
    /// The newest lines first.
    pub async fn audit(&self, limit: u32) -> Result<Vec<AuditLine>> {
        let rows = sqlx::query("SELECT * FROM audit ORDER BY id DESC LIMIT ?")
            .bind(limit)
            .fetch_all(&self.read)
            .await
            .fault()?;
        rows.iter()
            .map(|row| {
                Ok(AuditLine {
                    at: Timestamp(row.get_or_fault("at")?),
                    actor: row.get_or_fault("actor_name")?,
                    action: row.get_or_fault("action")?,
                    target: row.get_or_fault("target")?,
                    detail: row.get_or_fault("detail")?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Notes that `actor` (or Slipway itself) did `action` (`session.launch`) to `target`.
    pub async fn audit(
        &mut self,
        at: Timestamp,
        actor: Option<&Actor>,
        action: &str,
        target: &str,
        detail: Option<&str>,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO audit (at, actor_id, actor_name, action, target, detail)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(at.0)
        .bind(actor.map(|a| a.user.as_str()))
        .bind(actor.map(|a| a.name.as_str()))
        .bind(action)
        .bind(target)
        .bind(detail)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }
}
