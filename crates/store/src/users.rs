//! Accounts.

use crate::{
    Store, Tx,
    fault::{Columns, Fault, containing},
};
use domain::{
    Error, Result, Timestamp, UserId,
    actor::Role,
    list::{ListQuery, Page},
    user::{AccountState, User, UserRow},
};
use sqlx::{QueryBuilder, Sqlite, SqliteExecutor, sqlite::SqliteRow};

/// A user with the hash that proves the password.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub user: User,
    /// `None` while the account is only invited.
    pub password_hash: Option<String>,
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

const COLUMNS: &str = "u.*, u.password_hash <> '' AS has_password,
    EXISTS (SELECT 1 FROM second_factors f WHERE f.user_id = u.id) AS second_factor,
    (SELECT count(*) FROM sessions s WHERE s.owner = u.id AND s.status <> 'deleted') AS sessions
    FROM users u";

/// [`AccountState::of`] as SQL over `u`.
const STATE: &str = "CASE WHEN u.deleting THEN 'deleting' WHEN u.disabled THEN 'disabled'
    WHEN u.password_hash = '' THEN 'invited' ELSE 'enabled' END";

fn user_row(row: &SqliteRow) -> Result<UserRow> {
    let User { id, name, role, disabled, created_at } = user(row)?;
    let has_password = row.get_or_fault("has_password")?;
    Ok(UserRow {
        id,
        name,
        role,
        state: AccountState::of(row.get_or_fault("deleting")?, disabled, has_password),
        has_password,
        second_factor: row.get_or_fault("second_factor")?,
        sessions: row.get_or_fault("sessions")?,
        last_seen_at: row.get_or_fault::<Option<i64>>("last_seen_at")?.map(Timestamp),
        created_at,
    })
}

async fn one(db: impl SqliteExecutor<'_>, id: &UserId) -> Result<Option<UserRow>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT ");
    query.push(COLUMNS).push(" WHERE u.id = ").push_bind(id.as_str());
    let row = query.build().fetch_optional(db).await.fault()?;
    row.as_ref().map(user_row).transpose()
}

/// `state` is an account's state and `filter` a role; unknown ones narrow nothing.
fn narrow(query: &mut QueryBuilder<Sqlite>, list: &ListQuery) {
    query.push(" WHERE 1 = 1");
    if let Some(state) = AccountState::parse(&list.state) {
        query.push(" AND ").push(STATE).push(" = ").push_bind(state.as_str());
    }
    if let Some(role) = Role::parse(&list.filter) {
        query.push(" AND u.role = ").push_bind(role.as_str());
    }
    if !list.search.is_empty() {
        query.push(" AND u.name LIKE ").push_bind(containing(&list.search)).push(" ESCAPE '\\'");
    }
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
            let hash: String = row.get_or_fault("password_hash")?;
            let password_hash = Some(hash).filter(|hash| !hash.is_empty());
            Ok(Credentials { user: user(&row)?, password_hash })
        })
        .transpose()
    }

    /// One page of the accounts.
    pub async fn users(&self, list: &ListQuery) -> Result<Page<UserRow>> {
        let mut count = QueryBuilder::<Sqlite>::new("SELECT count(*) AS n FROM users u");
        narrow(&mut count, list);
        let total = count.build().fetch_one(&self.read).await.fault()?.get_or_fault("n")?;
        let mut query = QueryBuilder::<Sqlite>::new("SELECT ");
        query.push(COLUMNS);
        narrow(&mut query, list);
        let column = match list.sort.as_str() {
            "role" => "u.role",
            "state" => STATE,
            "second_factor" => "second_factor",
            "sessions" => "sessions",
            "seen" => "u.last_seen_at",
            "created" => "u.created_at",
            _ => "u.name",
        };
        query.push(" ORDER BY ").push(column);
        query.push(if list.descending { " DESC" } else { " ASC" });
        query.push(", u.name LIMIT ").push_bind(list.per_page);
        query.push(" OFFSET ").push_bind(list.offset());
        let rows = query.build().fetch_all(&self.read).await.fault()?;
        Ok(Page { rows: rows.iter().map(user_row).collect::<Result<_>>()?, total })
    }

    /// One account as the list shows it.
    pub async fn user_row(&self, id: &UserId) -> Result<Option<UserRow>> {
        one(&self.read, id).await
    }

    /// Accounts that go as soon as none of their sessions holds a container.
    pub async fn users_being_deleted(&self) -> Result<Vec<UserRow>> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT ");
        query.push(COLUMNS).push(" WHERE u.deleting");
        let rows = query.build().fetch_all(&self.read).await.fault()?;
        rows.iter().map(user_row).collect()
    }

    /// Administrators besides this one who can sign in.
    pub async fn other_administrators(&self, id: &UserId) -> Result<i64> {
        other_administrators(&self.read, id).await
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

async fn other_administrators(db: impl SqliteExecutor<'_>, id: &UserId) -> Result<i64> {
    sqlx::query_scalar(
        "SELECT count(*) FROM users WHERE role = 'administrator' AND NOT disabled
         AND password_hash <> '' AND id <> ?",
    )
    .bind(id.as_str())
    .fetch_one(db)
    .await
    .fault()
}

impl Tx {
    /// Makes an account; with an empty hash it is one that nobody can sign in with yet.
    ///
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

    pub async fn user_row(&mut self, id: &UserId) -> Result<Option<UserRow>> {
        one(&mut *self.0, id).await
    }

    /// Administrators besides this one who can sign in.
    pub async fn other_administrators(&mut self, id: &UserId) -> Result<i64> {
        other_administrators(&mut *self.0, id).await
    }

    /// Also forgets the wrong codes that were given: whoever gave them knew the password before.
    pub async fn set_password(&mut self, id: &UserId, password_hash: &str) -> Result<()> {
        self.forget_wrong_codes(id).await?;
        sqlx::query("UPDATE users SET password_hash = ? WHERE id = ?")
            .bind(password_hash)
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    pub async fn set_role(&mut self, id: &UserId, role: Role) -> Result<()> {
        sqlx::query("UPDATE users SET role = ? WHERE id = ?")
            .bind(role.as_str())
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

    /// Notes that somebody signed in with the account was here.
    pub async fn touch_user(&mut self, id: &UserId, now: Timestamp) -> Result<()> {
        sqlx::query(
            "UPDATE users SET last_seen_at = max(coalesce(last_seen_at, 0), ?) WHERE id = ?",
        )
        .bind(now.0)
        .bind(id.as_str())
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Disables an account for good: it goes as soon as none of its sessions holds a container.
    pub async fn begin_user_deletion(&mut self, id: &UserId) -> Result<()> {
        sqlx::query("UPDATE users SET disabled = 1, deleting = 1 WHERE id = ?")
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    /// Forgets an account with all that hangs on it, also the history of its sessions; tells whether
    /// it was there.
    pub async fn delete_user(&mut self, id: &UserId) -> Result<bool> {
        let done = sqlx::query("DELETE FROM users WHERE id = ?")
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(done.rows_affected() == 1)
    }
}
