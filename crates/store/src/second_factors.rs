//! Second factors: the secret of each account that has one, its recovery codes, and sign-ins that wait
//! for a code. Secrets are encrypted, codes and tokens are hashes.

use crate::{
    Store, Tx,
    fault::{Columns, Fault},
};
use domain::{Result, SignInId, Timestamp, UserId};

const CODES_LEFT: &str = "SELECT count(*) FROM recovery_codes WHERE user_id = ?";

/// A second factor that is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecondFactor {
    /// Encrypted.
    pub secret: Vec<u8>,
    /// Number of the newest 30 seconds of which a code was taken.
    pub last_step: i64,
    pub on_since: Timestamp,
}

impl Store {
    /// The second factor of an account; `None` while it is off.
    pub async fn second_factor(&self, user: &UserId) -> Result<Option<StoredSecondFactor>> {
        let row = sqlx::query("SELECT * FROM second_factors WHERE user_id = ?")
            .bind(user.as_str())
            .fetch_optional(&self.read)
            .await
            .fault()?;
        row.map(|row| {
            Ok(StoredSecondFactor {
                secret: row.get_or_fault("secret")?,
                last_step: row.get_or_fault("last_step")?,
                on_since: Timestamp(row.get_or_fault("on_since")?),
            })
        })
        .transpose()
    }

    /// The encrypted secret that a browser began with, unless its time is over.
    pub async fn second_factor_proposal(
        &self,
        user: &UserId,
        sign_in: &SignInId,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>> {
        sqlx::query_scalar(
            "SELECT secret FROM second_factor_proposals
             WHERE user_id = ? AND sign_in_id = ? AND expires_at > ?",
        )
        .bind(user.as_str())
        .bind(sign_in.as_str())
        .bind(now.0)
        .fetch_optional(&self.read)
        .await
        .fault()
    }

    /// How many recovery codes an account has left.
    pub async fn recovery_codes_left(&self, user: &UserId) -> Result<i64> {
        sqlx::query_scalar(CODES_LEFT).bind(user.as_str()).fetch_one(&self.read).await.fault()
    }

    /// Whose code is waited for by the browser with this token, unless its time is over.
    pub async fn pending_sign_in(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        let row = sqlx::query(
            "SELECT user_id FROM pending_sign_ins WHERE token_hash = ? AND expires_at > ?",
        )
        .bind(token_hash)
        .bind(now.0)
        .fetch_optional(&self.read)
        .await
        .fault()?;
        row.map(|row| row.id("user_id")).transpose()
    }
}

impl Tx {
    /// Keeps the encrypted secret that a browser begins with; the one before is forgotten.
    pub async fn propose_second_factor(
        &mut self,
        user: &UserId,
        sign_in: &SignInId,
        secret: &[u8],
        expires_at: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "INSERT OR REPLACE INTO second_factor_proposals
             (user_id, sign_in_id, secret, expires_at) VALUES (?, ?, ?, ?)",
        )
        .bind(user.as_str())
        .bind(sign_in.as_str())
        .bind(secret)
        .bind(expires_at.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Turns what was proposed on, in place of the one before; tells whether it was still there.
    pub async fn take_proposed_second_factor(
        &mut self,
        user: &UserId,
        factor: &StoredSecondFactor,
    ) -> Result<bool> {
        let done =
            sqlx::query("DELETE FROM second_factor_proposals WHERE user_id = ? AND secret = ?")
                .bind(user.as_str())
                .bind(&factor.secret)
                .execute(&mut *self.0)
                .await
                .fault()?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(
            "INSERT OR REPLACE INTO second_factors (user_id, secret, last_step, on_since)
             VALUES (?, ?, ?, ?)",
        )
        .bind(user.as_str())
        .bind(&factor.secret)
        .bind(factor.last_step)
        .bind(factor.on_since.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(true)
    }

    /// Takes a code of these 30 seconds; tells whether it was not taken before, nor a newer one. Lets
    /// exactly one of many racing callers through.
    pub async fn take_step(&mut self, user: &UserId, step: i64) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE second_factors SET last_step = ?2 WHERE user_id = ?1 AND last_step < ?2",
        )
        .bind(user.as_str())
        .bind(step)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(done.rows_affected() == 1)
    }

    /// Replaces the recovery codes of an account by those with these hashes.
    pub async fn put_recovery_codes(&mut self, user: &UserId, hashes: &[String]) -> Result<()> {
        self.delete_recovery_codes(user).await?;
        for hash in hashes {
            sqlx::query("INSERT INTO recovery_codes (user_id, code_hash) VALUES (?, ?)")
                .bind(user.as_str())
                .bind(hash)
                .execute(&mut *self.0)
                .await
                .fault()?;
        }
        Ok(())
    }

    async fn delete_recovery_codes(&mut self, user: &UserId) -> Result<()> {
        sqlx::query("DELETE FROM recovery_codes WHERE user_id = ?")
            .bind(user.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    /// Uses a recovery code up; tells how many are left, or `None` if it was not there.
    pub async fn take_recovery_code(&mut self, user: &UserId, hash: &str) -> Result<Option<i64>> {
        let done = sqlx::query("DELETE FROM recovery_codes WHERE user_id = ? AND code_hash = ?")
            .bind(user.as_str())
            .bind(hash)
            .execute(&mut *self.0)
            .await
            .fault()?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        let left = sqlx::query_scalar(CODES_LEFT).bind(user.as_str()).fetch_one(&mut *self.0);
        left.await.map(Some).fault()
    }

    /// When wrong codes of an account were given after `since`, the newest first.
    pub async fn wrong_codes(&mut self, user: &UserId, since: Timestamp) -> Result<Vec<Timestamp>> {
        let all: Vec<i64> = sqlx::query_scalar(
            "SELECT given_at FROM wrong_codes WHERE user_id = ? AND given_at > ?
             ORDER BY given_at DESC",
        )
        .bind(user.as_str())
        .bind(since.0)
        .fetch_all(&mut *self.0)
        .await
        .fault()?;
        Ok(all.into_iter().map(Timestamp).collect())
    }

    /// Notes a wrong code of an account; those up to `since` are forgotten.
    pub async fn add_wrong_code(
        &mut self,
        user: &UserId,
        at: Timestamp,
        since: Timestamp,
    ) -> Result<()> {
        sqlx::query("DELETE FROM wrong_codes WHERE user_id = ? AND given_at <= ?")
            .bind(user.as_str())
            .bind(since.0)
            .execute(&mut *self.0)
            .await
            .fault()?;
        sqlx::query("INSERT INTO wrong_codes (user_id, given_at) VALUES (?, ?)")
            .bind(user.as_str())
            .bind(at.0)
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    pub(crate) async fn forget_wrong_codes(&mut self, user: &UserId) -> Result<()> {
        sqlx::query("DELETE FROM wrong_codes WHERE user_id = ?")
            .bind(user.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    /// Turns a second factor off, with all that belongs to it; tells whether it was on.
    pub async fn delete_second_factor(&mut self, user: &UserId) -> Result<bool> {
        self.delete_recovery_codes(user).await?;
        self.forget_wrong_codes(user).await?;
        sqlx::query("DELETE FROM second_factor_proposals WHERE user_id = ?")
            .bind(user.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        let done = sqlx::query("DELETE FROM second_factors WHERE user_id = ?")
            .bind(user.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes that a browser gave the right password and owes the code.
    pub async fn put_pending_sign_in(
        &mut self,
        token_hash: &str,
        user: &UserId,
        expires_at: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO pending_sign_ins (token_hash, user_id, expires_at) VALUES (?, ?, ?)",
        )
        .bind(token_hash)
        .bind(user.as_str())
        .bind(expires_at.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Uses up the right to give a code; tells whether it was there.
    pub async fn take_pending_sign_in(&mut self, token_hash: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM pending_sign_ins WHERE token_hash = ?")
            .bind(token_hash)
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(done.rows_affected() == 1)
    }
}
