//! Which images workspaces have launched, and which of them are held to an earlier one.

use crate::{
    Store, Tx,
    fault::{Columns, Fault, broken},
    workspaces::pin,
};
use domain::{
    Result, Timestamp, WorkspaceId,
    image::ImageRef,
    revision::{How, ImageRevision, KEPT},
    workspace::Pin,
};
use sqlx::{SqliteExecutor, sqlite::SqliteRow};

/// A revision that is about to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRevision<'a> {
    pub image: &'a ImageRef,
    /// Content id; empty if the engine does not have it.
    pub id: &'a str,
    /// `sha256:…` at its registry; empty if that is not known.
    pub digest: &'a str,
    pub since: Timestamp,
    /// Nobody for Slipway itself.
    pub actor: Option<&'a str>,
    pub how: How,
}

/// A workspace that launches an earlier image than its reference means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedWorkspace {
    pub id: WorkspaceId,
    pub name: String,
    pub enabled: bool,
    /// The reference that does not count meanwhile, as engines list it.
    pub image: String,
    pub pin: Pin,
}

/// What a workspace launches by its reference, with the last that is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launched {
    pub workspace: WorkspaceId,
    pub image: ImageRef,
    pub last: Option<ImageRevision>,
}

fn reference(row: &SqliteRow, table: &str) -> Result<ImageRef> {
    let image: String = row.get_or_fault("image")?;
    image.parse().map_err(|_| broken(table, "image", &image))
}

fn revision(row: &SqliteRow) -> Result<ImageRevision> {
    Ok(ImageRevision {
        number: row.get_or_fault("number")?,
        image: reference(row, "workspace_revisions")?,
        id: row.get_or_fault("image_id")?,
        digest: row.get_or_fault("digest")?,
        since: Timestamp(row.get_or_fault("since")?),
        actor: row.get_or_fault("actor")?,
        how: row.word("how", How::parse)?,
    })
}

async fn last(
    db: impl SqliteExecutor<'_>,
    workspace: &WorkspaceId,
) -> Result<Option<ImageRevision>> {
    let row = sqlx::query(
        "SELECT * FROM workspace_revisions WHERE workspace_id = ? ORDER BY number DESC LIMIT 1",
    )
    .bind(workspace.as_str())
    .fetch_optional(db)
    .await
    .fault()?;
    row.as_ref().map(revision).transpose()
}

impl Store {
    /// What a workspace has launched, newest first.
    pub async fn revisions(&self, workspace: &WorkspaceId) -> Result<Vec<ImageRevision>> {
        let rows = sqlx::query(
            "SELECT * FROM workspace_revisions WHERE workspace_id = ? ORDER BY number DESC",
        )
        .bind(workspace.as_str())
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter().map(revision).collect()
    }

    /// What each workspace that is not pinned launches, and what is on record of that.
    pub async fn launched(&self) -> Result<Vec<Launched>> {
        let rows = sqlx::query(
            "SELECT w.id AS workspace, w.image AS named, r.* FROM workspaces w
             LEFT JOIN workspace_revisions r ON r.workspace_id = w.id AND r.number =
                 (SELECT max(number) FROM workspace_revisions WHERE workspace_id = w.id)
             WHERE w.pinned_id IS NULL AND w.link = ''",
        )
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter()
            .map(|row| {
                let named: String = row.get_or_fault("named")?;
                let number: Option<u32> = row.get_or_fault("number")?;
                Ok(Launched {
                    workspace: row.id("workspace")?,
                    image: named.parse().map_err(|_| broken("workspaces", "image", &named))?,
                    last: number.map(|_| revision(row)).transpose()?,
                })
            })
            .collect()
    }

    /// The workspaces that are pinned, by name.
    pub async fn pinned_workspaces(&self) -> Result<Vec<PinnedWorkspace>> {
        let rows = sqlx::query(
            "SELECT id, name, enabled, image_canonical, pinned_id, pinned_digest, pinned_revision
             FROM workspaces WHERE pinned_id IS NOT NULL ORDER BY name",
        )
        .fetch_all(&self.read)
        .await
        .fault()?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            let Some(pin) = pin(row)? else { continue };
            all.push(PinnedWorkspace {
                id: row.id("id")?,
                name: row.get_or_fault("name")?,
                enabled: row.get_or_fault("enabled")?,
                image: row.get_or_fault("image_canonical")?,
                pin,
            });
        }
        Ok(all)
    }

    /// What enabled workspaces and their trials name, as written.
    pub async fn enabled_images(&self) -> Result<Vec<(WorkspaceId, ImageRef)>> {
        let rows = sqlx::query(
            "SELECT coalesce(trial_of, id) AS id, image FROM workspaces WHERE enabled AND link = ''",
        )
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter().map(|row| Ok((row.id("id")?, reference(row, "workspaces")?))).collect()
    }
}

impl Tx {
    /// The newest revision of a workspace.
    pub async fn last_revision(
        &mut self,
        workspace: &WorkspaceId,
    ) -> Result<Option<ImageRevision>> {
        last(&mut *self.0, workspace).await
    }

    pub async fn revision(
        &mut self,
        workspace: &WorkspaceId,
        number: u32,
    ) -> Result<Option<ImageRevision>> {
        let row =
            sqlx::query("SELECT * FROM workspace_revisions WHERE workspace_id = ? AND number = ?")
                .bind(workspace.as_str())
                .bind(number)
                .fetch_optional(&mut *self.0)
                .await
                .fault()?;
        row.as_ref().map(revision).transpose()
    }

    /// Adds a revision and forgets the oldest ones; returns its number.
    pub async fn add_revision(
        &mut self,
        workspace: &WorkspaceId,
        new: &NewRevision<'_>,
    ) -> Result<u32> {
        let number: u32 = sqlx::query(
            "INSERT INTO workspace_revisions
             (workspace_id, number, image, image_id, digest, since, actor, how)
             SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7
             FROM workspace_revisions WHERE workspace_id = ?1 RETURNING number",
        )
        .bind(workspace.as_str())
        .bind(new.image.to_string())
        .bind(new.id)
        .bind(new.digest)
        .bind(new.since.0)
        .bind(new.actor)
        .bind(new.how.as_str())
        .fetch_one(&mut *self.0)
        .await
        .fault()?
        .get_or_fault("number")?;
        sqlx::query("DELETE FROM workspace_revisions WHERE workspace_id = ? AND number <= ?")
            .bind(workspace.as_str())
            .bind(number.saturating_sub(KEPT))
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(number)
    }

    /// What a revision meant has become known.
    pub async fn complete_revision(
        &mut self,
        workspace: &WorkspaceId,
        number: u32,
        id: &str,
        digest: &str,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE workspace_revisions SET image_id = ?, digest = ?
             WHERE workspace_id = ? AND number = ?",
        )
        .bind(id)
        .bind(digest)
        .bind(workspace.as_str())
        .bind(number)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }
}
