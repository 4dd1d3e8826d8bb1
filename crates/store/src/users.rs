//! Accounts.

use crate::{
    Store, Tx,
    fault::{Columns, Fault},
};
use domain::{Error, Result, Timestamp, UserId, actor::Role, user::User};
use sqlx::sqlite::SqliteRow;

/// A user with the hash that proves the password.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub user: User,
    pub password_hash: String,
}

fn user(row: &SqliteRow) -> Result<User> {
    Ok(User {
        id: row.id("id")?,
        name: row.get_or_fault("name")?,
        role: row.word("role", Role::parse)?,
        disabled: row.get_or_fault("disabled")?,
        created_at: Timestamp(row.get_or_fault("created_at")?),
    })
}

impl Store {
    pub async fn user(&self, id: &UserId) -> Result<Option<User>> {
        let row = sqlx::query("SELECT * FROM users WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.read)
            .await
            .fault()?;
        row.as_ref().map(user).transpose()
    }

    pub async fn credentials(&self, name: &str) -> Result<Option<Credentials>> {
        let row = sqlx::query("SELECT * FROM users WHERE name = ?")
            .bind(name)
            .fetch_optional(&self.read)
            .await
            .fault()?;
        row.map(|row| {
            Ok(Credentials { user: user(&row)?, password_hash: row.get_or_fault("password_hash")? })
        })
        .transpose()
    }

    /// Whether there is an administrator, so that first-run setup is over.
    pub async fn has_administrator(&self) -> Result<bool> {
        let row = sqlx::query("SELECT 1 FROM users WHERE role = 'administrator' LIMIT 1")
            .fetch_optional(&self.read)
            .await
            .fault()?;
        Ok(row.is_some())
    }
}

impl Tx {
    /// # Errors
    /// `Invalid` at `name` when the name is taken.
    pub async fn insert_user(&mut self, user: &User, password_hash: &str) -> Result<()> {
        sqlx::query(
            "INSERT INTO users (id, name, password_hash, role, disabled, created_at)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(user.id.as_str())
        .bind(&user.name)
        .bind(password_hash)
        .bind(user.role.as_str())
        .bind(user.disabled)
        .bind(user.created_at.0)
        .execute(&mut *self.0)
        .await
        .unless_taken("users.name", || {
            Error::at("name", format!("There is already a user named “{}”.", user.name))
        })?;
        Ok(())
    }

    pub async fn set_password(&mut self, id: &UserId, password_hash: &str) -> Result<()> {
        sqlx::query("UPDATE users SET password_hash = ? WHERE id = ?")
            .bind(password_hash)
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    pub async fn set_disabled(&mut self, id: &UserId, disabled: bool) -> Result<()> {
        sqlx::query("UPDATE users SET disabled = ? WHERE id = ?")
            .bind(disabled)
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }
}
