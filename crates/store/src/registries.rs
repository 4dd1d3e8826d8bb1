//! Registries that images are pushed to and pulled from, and who needs them.

use crate::{
    Store, Tx,
    fault::{Columns, Fault, to_json},
};
use domain::{
    Error, RegistryId, Result, Timestamp,
    registry::{Definition, RateLimit, Registry},
};
use sqlx::{SqliteExecutor, sqlite::SqliteRow};

/// A registry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRegistry {
    pub id: RegistryId,
    pub definition: Definition,
    /// The password, encrypted.
    pub secret: Option<Vec<u8>>,
    /// What it said of how much may still be pulled.
    pub rate: Option<RateLimit>,
    /// It has asked to be left alone until then.
    pub paused_until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl StoredRegistry {
    /// What may be shown of it.
    pub fn shown(&self) -> Registry {
        Registry {
            id: self.id.clone(),
            name: self.definition.name.clone(),
            url: self.definition.url.clone(),
            username: self.definition.username.clone(),
            has_password: self.secret.is_some(),
            own_ca: !self.definition.ca.is_empty(),
            insecure: self.definition.insecure,
            rate: self.rate,
            paused_until: self.paused_until,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

fn registry(row: &SqliteRow) -> Result<StoredRegistry> {
    let rate: Option<String> = row.get_or_fault("rate")?;
    Ok(StoredRegistry {
        id: row.id("id")?,
        definition: Definition {
            name: row.get_or_fault("name")?,
            url: row.get_or_fault("url")?,
            username: row.get_or_fault("username")?,
            ca: row.get_or_fault("ca_pem")?,
            insecure: row.get_or_fault("insecure")?,
        },
        secret: row.get_or_fault("secret")?,
        rate: rate.and_then(|text| serde_json::from_str(&text).ok()),
        paused_until: row.get_or_fault::<Option<i64>>("paused_until")?.map(Timestamp),
        created_at: Timestamp(row.get_or_fault("created_at")?),
        updated_at: Timestamp(row.get_or_fault("updated_at")?),
    })
}

fn taken(definition: &Definition) -> Error {
    Error::at("name", format!("There is already a registry named “{}”.", definition.name))
}

async fn one(db: impl SqliteExecutor<'_>, id: &RegistryId) -> Result<Option<StoredRegistry>> {
    let row = sqlx::query("SELECT * FROM registries WHERE id = ?")
        .bind(id.as_str())
        .fetch_optional(db)
        .await
        .fault()?;
    row.as_ref().map(registry).transpose()
}

impl Store {
    /// All of them, by name.
    pub async fn registries(&self) -> Result<Vec<StoredRegistry>> {
        let rows = sqlx::query("SELECT * FROM registries ORDER BY name")
            .fetch_all(&self.read)
            .await
            .fault()?;
        rows.iter().map(registry).collect()
    }

    pub async fn registry(&self, id: &RegistryId) -> Result<Option<StoredRegistry>> {
        one(&self.read, id).await
    }

    /// The registries that enabled workspaces name for their images, each with the canonical
    /// reference of the image, by the name of the workspace.
    pub async fn chosen_registries(&self) -> Result<Vec<(String, RegistryId)>> {
        let rows = sqlx::query(
            "SELECT image_canonical, registry_id FROM (
                 SELECT image_canonical, registry_id, name, id FROM workspaces
                 WHERE enabled AND registry_id IS NOT NULL
                 UNION ALL SELECT pinned_digest, registry_id, name, id FROM workspaces
                 WHERE enabled AND registry_id IS NOT NULL AND pinned_digest IS NOT NULL
             ) ORDER BY name, id",
        )
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter()
            .map(|row| Ok((row.get_or_fault("image_canonical")?, row.id("registry_id")?)))
            .collect()
    }

    /// How many workspaces name it for their image.
    pub async fn workspaces_of_registry(&self, id: &RegistryId) -> Result<i64> {
        sqlx::query_scalar("SELECT count(*) FROM workspaces WHERE registry_id = ?")
            .bind(id.as_str())
            .fetch_one(&self.read)
            .await
            .fault()
    }

    /// How many forms that are being filled in have chosen it, and how many jobs under way are to
    /// push there or to pull with its credentials.
    pub async fn registry_uses(&self, id: &RegistryId) -> Result<(i64, i64)> {
        let count = async |query: &'static str| -> Result<i64> {
            sqlx::query_scalar(query).bind(id.as_str()).fetch_one(&self.read).await.fault()
        };
        let forms =
            "SELECT count(*) FROM snapshot_drafts WHERE json_extract(form, '$.target') = ?1";
        let jobs = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')
             AND (json_extract(work, '$.to.registry') = ?1
                  OR json_extract(work, '$.push.registry') = ?1
                  OR json_extract(work, '$.registry') = ?1)";
        Ok((count(forms).await?, count(jobs).await?))
    }
}

impl Tx {
    pub async fn registry(&mut self, id: &RegistryId) -> Result<Option<StoredRegistry>> {
        one(&mut *self.0, id).await
    }

    /// # Errors
    /// `Invalid` at `name` when the name is taken.
    pub async fn insert_registry(&mut self, new: &StoredRegistry) -> Result<()> {
        sqlx::query(
            "INSERT INTO registries
             (id, name, url, username, secret, ca_pem, insecure, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.id.as_str())
        .bind(&new.definition.name)
        .bind(&new.definition.url)
        .bind(&new.definition.username)
        .bind(&new.secret)
        .bind(&new.definition.ca)
        .bind(new.definition.insecure)
        .bind(new.created_at.0)
        .bind(new.updated_at.0)
        .execute(&mut *self.0)
        .await
        .unless_taken("registries.name", || taken(&new.definition))?;
        Ok(())
    }

    /// Saves a changed registry; one that is gone stays gone.
    ///
    /// # Errors
    /// `Invalid` at `name` when the name is taken.
    pub async fn save_registry(&mut self, changed: &StoredRegistry) -> Result<()> {
        sqlx::query(
            "UPDATE registries SET name = ?, url = ?, username = ?, secret = ?, ca_pem = ?,
             insecure = ?, updated_at = ? WHERE id = ?",
        )
        .bind(&changed.definition.name)
        .bind(&changed.definition.url)
        .bind(&changed.definition.username)
        .bind(&changed.secret)
        .bind(&changed.definition.ca)
        .bind(changed.definition.insecure)
        .bind(changed.updated_at.0)
        .bind(changed.id.as_str())
        .execute(&mut *self.0)
        .await
        .unless_taken("registries.name", || taken(&changed.definition))?;
        Ok(())
    }

    /// How a registry wants to be treated, as it says; `None` leaves what it said before.
    pub async fn note_registry_said(
        &mut self,
        id: &RegistryId,
        rate: Option<&RateLimit>,
        paused_until: Option<Timestamp>,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE registries SET rate = coalesce(?, rate), paused_until = ? WHERE id = ?",
        )
        .bind(rate.map(to_json).transpose()?)
        .bind(paused_until.map(|at| at.0))
        .bind(id.as_str())
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// A registry is no longer to be left alone, and what failed for want of it is tried again.
    pub async fn forget_pause(&mut self, id: &RegistryId) -> Result<()> {
        sqlx::query("UPDATE registries SET paused_until = NULL, rate = NULL WHERE id = ?")
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        sqlx::query("UPDATE images SET next_check_at = 0, failures = 0 WHERE failures > 0")
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    /// Whether there was one.
    pub async fn delete_registry(&mut self, id: &RegistryId) -> Result<bool> {
        let done = sqlx::query("DELETE FROM registries WHERE id = ?")
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(done.rows_affected() > 0)
    }
}
