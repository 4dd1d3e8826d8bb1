//! Signed-in browsers.

use crate::{
    Store, Tx,
    fault::{Columns, Fault},
};
use domain::{Result, SignInId, Timestamp, UserId};
use sqlx::sqlite::SqliteRow;

/// A browser's sign-in record. `data` belongs to the cookie layer and is opaque here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSignIn {
    pub id: SignInId,
    pub user: Option<UserId>,
    pub data: String,
    pub client: String,
    pub address: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
}

fn sign_in(row: &SqliteRow) -> Result<StoredSignIn> {
    let user: Option<String> = row.get_or_fault("user_id")?;
    Ok(StoredSignIn {
        id: row.id("id")?,
        user: user.map(|id| id.parse()).transpose()?,
        data: row.get_or_fault("data")?,
        client: row.get_or_fault("client")?,
        address: row.get_or_fault("address")?,
        created_at: Timestamp(row.get_or_fault("created_at")?),
        last_seen_at: Timestamp(row.get_or_fault("last_seen_at")?),
        expires_at: Timestamp(row.get_or_fault("expires_at")?),
    })
}

impl Store {
    /// A sign-in that has not expired.
    pub async fn sign_in(&self, id: &SignInId, now: Timestamp) -> Result<Option<StoredSignIn>> {
        let row = sqlx::query("SELECT * FROM sign_ins WHERE id = ? AND expires_at > ?")
            .bind(id.as_str())
            .bind(now.0)
            .fetch_optional(&self.read)
            .await
            .fault()?;
        row.as_ref().map(sign_in).transpose()
    }

    /// A user's sign-ins, last seen first.
    pub async fn sign_ins_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<StoredSignIn>> {
        let rows = sqlx::query(
            "SELECT * FROM sign_ins WHERE user_id = ? AND expires_at > ?
             ORDER BY last_seen_at DESC",
        )
        .bind(user.as_str())
        .bind(now.0)
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter().map(sign_in).collect()
    }
}

impl Tx {
    /// Inserts a sign-in unless its id is taken; tells whether it did.
    pub async fn insert_sign_in(&mut self, s: &StoredSignIn) -> Result<bool> {
        let done = sqlx::query(
            "INSERT INTO sign_ins
             (id, user_id, data, client, address, created_at, last_seen_at, expires_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        )
        .bind(s.id.as_str())
        .bind(s.user.as_ref().map(UserId::as_str))
        .bind(&s.data)
        .bind(&s.client)
        .bind(&s.address)
        .bind(s.created_at.0)
        .bind(s.last_seen_at.0)
        .bind(s.expires_at.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(done.rows_affected() == 1)
    }

    /// Writes a sign-in, new or known; its time of creation stays.
    pub async fn save_sign_in(&mut self, s: &StoredSignIn) -> Result<()> {
        if self.insert_sign_in(s).await? {
            return Ok(());
        }
        sqlx::query(
            "UPDATE sign_ins SET user_id = ?, data = ?, client = ?, address = ?,
             last_seen_at = ?, expires_at = ? WHERE id = ?",
        )
        .bind(s.user.as_ref().map(UserId::as_str))
        .bind(&s.data)
        .bind(&s.client)
        .bind(&s.address)
        .bind(s.last_seen_at.0)
        .bind(s.expires_at.0)
        .bind(s.id.as_str())
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Notes that the browser was here, and lets it stay signed in until `expires_at`.
    pub async fn touch_sign_in(
        &mut self,
        id: &SignInId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        sqlx::query("UPDATE sign_ins SET last_seen_at = ?, expires_at = ? WHERE id = ?")
            .bind(now.0)
            .bind(expires_at.0)
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    pub async fn delete_sign_in(&mut self, id: &SignInId) -> Result<()> {
        sqlx::query("DELETE FROM sign_ins WHERE id = ?")
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    /// Ends a user's sign-ins, all or all but one, and those that only wait for a code.
    pub async fn delete_sign_ins_of(
        &mut self,
        user: &UserId,
        except: Option<&SignInId>,
    ) -> Result<()> {
        sqlx::query("DELETE FROM sign_ins WHERE user_id = ? AND id <> ?")
            .bind(user.as_str())
            .bind(except.map_or("", SignInId::as_str))
            .execute(&mut *self.0)
            .await
            .fault()?;
        sqlx::query("DELETE FROM pending_sign_ins WHERE user_id = ?")
            .bind(user.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    /// Forgets what has expired: sign-ins, also those that wait for a code, grants of streams, links to
    /// accounts, and second factors that nobody went on with.
    pub async fn delete_expired(&mut self, now: Timestamp) -> Result<()> {
        for sql in [
            "DELETE FROM sign_ins WHERE expires_at <= ?",
            "DELETE FROM stream_grants WHERE expires_at <= ?",
            "DELETE FROM account_links WHERE expires_at <= ?",
            "DELETE FROM pending_sign_ins WHERE expires_at <= ?",
            "DELETE FROM second_factor_proposals WHERE expires_at <= ?",
        ] {
            sqlx::query(sql).bind(now.0).execute(&mut *self.0).await.fault()?;
        }
        Ok(())
    }
}
