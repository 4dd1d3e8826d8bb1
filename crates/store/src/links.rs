//! One-time links by which somebody chooses the password of an account. Kept as hashes: a stolen
//! database lets nobody in.

use crate::{
    Store, Tx,
    fault::{Columns, Fault},
};
use domain::{Result, Timestamp, UserId};

/// Whose password may be chosen, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountLink {
    pub user: UserId,
    pub expires_at: Timestamp,
}

impl Store {
    /// The link with this token, unless its time is over.
    pub async fn account_link(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<AccountLink>> {
        let row = sqlx::query(
            "SELECT user_id, expires_at FROM account_links WHERE token_hash = ? AND expires_at > ?",
        )
        .bind(token_hash)
        .bind(now.0)
        .fetch_optional(&self.read)
        .await
        .fault()?;
        row.map(|row| {
            Ok(AccountLink {
                user: row.id("user_id")?,
                expires_at: Timestamp(row.get_or_fault("expires_at")?),
            })
        })
        .transpose()
    }

    /// Until when the link to an account works, if there is one.
    pub async fn account_link_until(
        &self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let row = sqlx::query(
            "SELECT expires_at FROM account_links WHERE user_id = ? AND expires_at > ?",
        )
        .bind(user.as_str())
        .bind(now.0)
        .fetch_optional(&self.read)
        .await
        .fault()?;
        row.map(|row| row.get_or_fault("expires_at").map(Timestamp)).transpose()
    }
}

impl Tx {
    /// Keeps a link; the one before is worth nothing from then on.
    pub async fn put_account_link(
        &mut self,
        token_hash: &str,
        link: &AccountLink,
        now: Timestamp,
    ) -> Result<()> {
        self.delete_account_link_of(&link.user).await?;
        sqlx::query(
            "INSERT INTO account_links (token_hash, user_id, created_at, expires_at)
             VALUES (?, ?, ?, ?)",
        )
        .bind(token_hash)
        .bind(link.user.as_str())
        .bind(now.0)
        .bind(link.expires_at.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Uses a link up; tells whether it was there. Lets exactly one of many racing callers through.
    pub async fn take_account_link(&mut self, token_hash: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM account_links WHERE token_hash = ?")
            .bind(token_hash)
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(done.rows_affected() == 1)
    }

    /// Tells whether there was one.
    pub async fn delete_account_link_of(&mut self, user: &UserId) -> Result<bool> {
        let done = sqlx::query("DELETE FROM account_links WHERE user_id = ?")
            .bind(user.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(done.rows_affected() == 1)
    }
}
