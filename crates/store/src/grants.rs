//! Grants: which browser may see which session's stream.

use crate::{
    Store, Tx,
    fault::{Columns, Fault},
};
use domain::{Result, SessionId, SignInId, Timestamp, UserId};

/// Bound to the session, the user and the sign-in it was opened with. Its row vanishes with any of
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub session: SessionId,
    pub user: UserId,
    pub sign_in: SignInId,
    pub expires_at: Timestamp,
}

impl Store {
    pub async fn grant(&self, token_hash: &str, now: Timestamp) -> Result<Option<Grant>> {
        let row = sqlx::query(
            "SELECT g.session_id, g.user_id, g.sign_in_id, g.expires_at
             FROM stream_grants g JOIN sign_ins s ON s.id = g.sign_in_id
             WHERE g.token_hash = ? AND g.expires_at > ? AND s.expires_at > ?",
        )
        .bind(token_hash)
        .bind(now.0)
        .bind(now.0)
        .fetch_optional(&self.read)
        .await
        .fault()?;
        row.map(|row| {
            Ok(Grant {
                session: row.id("session_id")?,
                user: row.id("user_id")?,
                sign_in: row.id("sign_in_id")?,
                expires_at: Timestamp(row.get_or_fault("expires_at")?),
            })
        })
        .transpose()
    }
}

impl Tx {
    pub async fn insert_grant(&mut self, token_hash: &str, grant: &Grant) -> Result<()> {
        sqlx::query(
            "INSERT INTO stream_grants (token_hash, session_id, user_id, sign_in_id, expires_at)
             VALUES (?, ?, ?, ?, ?)",
        )
        .bind(token_hash)
        .bind(grant.session.as_str())
        .bind(grant.user.as_str())
        .bind(grant.sign_in.as_str())
        .bind(grant.expires_at.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }
}
