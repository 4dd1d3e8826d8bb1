//! Webhooks: who is called by which secret, and what came of the last call.

use crate::{
    Store, Tx,
    fault::{Columns, Fault, broken},
};
use domain::{
    HookId, Result, Timestamp,
    hook::{Hook, HookOf},
};
use sqlx::{SqliteExecutor, sqlite::SqliteRow};

/// A hook as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHook {
    pub hook: Hook,
    pub secret_hash: String,
}

fn hook(row: &SqliteRow) -> Result<StoredHook> {
    let registry: Option<String> = row.get_or_fault("registry_id")?;
    let of = match registry {
        Some(id) => HookOf::Registry(id.parse().map_err(|_| broken("hooks", "registry_id", &id))?),
        None => HookOf::Workspace(row.id("workspace_id")?),
    };
    Ok(StoredHook {
        hook: Hook {
            id: row.id("id")?,
            of,
            created_at: Timestamp(row.get_or_fault("created_at")?),
            called_at: row.get_or_fault::<Option<i64>>("called_at")?.map(Timestamp),
            outcome: row.get_or_fault("outcome")?,
        },
        secret_hash: row.get_or_fault("secret_hash")?,
    })
}

/// The ids of registry and workspace, of which there is one.
fn owners(of: &HookOf) -> (Option<&str>, Option<&str>) {
    match of {
        HookOf::Registry(id) => (Some(id.as_str()), None),
        HookOf::Workspace(id) => (None, Some(id.as_str())),
    }
}

async fn one_of(db: impl SqliteExecutor<'_>, of: &HookOf) -> Result<Option<StoredHook>> {
    let (registry, workspace) = owners(of);
    let row = sqlx::query("SELECT * FROM hooks WHERE registry_id = ? OR workspace_id = ?")
        .bind(registry)
        .bind(workspace)
        .fetch_optional(db)
        .await
        .fault()?;
    row.as_ref().map(hook).transpose()
}

impl Store {
    pub async fn hook(&self, id: &HookId) -> Result<Option<StoredHook>> {
        let row = sqlx::query("SELECT * FROM hooks WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.read)
            .await
            .fault()?;
        row.as_ref().map(hook).transpose()
    }

    pub async fn hook_of(&self, of: &HookOf) -> Result<Option<StoredHook>> {
        one_of(&self.read, of).await
    }
}

impl Tx {
    pub async fn hook_of(&mut self, of: &HookOf) -> Result<Option<StoredHook>> {
        one_of(&mut *self.0, of).await
    }

    /// Stores a hook; one of this id gets the new secret and has not been called with it.
    pub async fn save_hook(&mut self, stored: &StoredHook) -> Result<()> {
        let (registry, workspace) = owners(&stored.hook.of);
        sqlx::query(
            "INSERT INTO hooks (id, registry_id, workspace_id, secret_hash, created_at)
             VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
             secret_hash = excluded.secret_hash, created_at = excluded.created_at,
             called_at = NULL, outcome = ''",
        )
        .bind(stored.hook.id.as_str())
        .bind(registry)
        .bind(workspace)
        .bind(&stored.secret_hash)
        .bind(stored.hook.created_at.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// A hook was called with its secret.
    pub async fn note_hook_called(
        &mut self,
        id: &HookId,
        at: Timestamp,
        outcome: &str,
    ) -> Result<()> {
        sqlx::query("UPDATE hooks SET called_at = ?, outcome = ? WHERE id = ?")
            .bind(at.0)
            .bind(outcome)
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    /// Whether there was one.
    pub async fn delete_hook(&mut self, of: &HookOf) -> Result<bool> {
        let (registry, workspace) = owners(of);
        let done = sqlx::query("DELETE FROM hooks WHERE registry_id = ? OR workspace_id = ?")
            .bind(registry)
            .bind(workspace)
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(done.rows_affected() > 0)
    }
}
