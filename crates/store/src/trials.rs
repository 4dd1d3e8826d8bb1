//! Trials of new images, and what testers said of them.

use crate::{
    Store, Tx,
    fault::{Columns, Fault},
    workspaces::workspace,
};
use domain::{Result, Timestamp, UserId, WorkspaceId, trial::Verdict, workspace::Workspace};
use sqlx::{QueryBuilder, Sqlite, SqliteExecutor, sqlite::SqliteRow};

/// A trial that is under way.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredTrial {
    /// Its own.
    pub workspace: Workspace,
    pub notes: String,
    pub begun_by: String,
    pub begun_at: Timestamp,
}

fn trial(row: &SqliteRow) -> Result<StoredTrial> {
    Ok(StoredTrial {
        workspace: workspace(row)?,
        notes: row.get_or_fault("trial_notes")?,
        begun_by: row.get_or_fault("begun_by")?,
        begun_at: Timestamp(row.get_or_fault("begun_at")?),
    })
}

const TRIALS: &str = "SELECT w.*, t.notes AS trial_notes, t.begun_by, t.begun_at
    FROM trials t JOIN workspaces w ON w.id = t.workspace_id WHERE ";

/// By which a trial is found: its workspace, or its own id.
const OF: &str = "w.trial_of";
const OWN: &str = "w.id";

async fn trial_where(
    db: impl SqliteExecutor<'_>,
    column: &'static str,
    id: &WorkspaceId,
) -> Result<Option<StoredTrial>> {
    let mut query = QueryBuilder::<Sqlite>::new(TRIALS);
    query.push(column).push(" = ").push_bind(id.as_str());
    let row = query.build().fetch_optional(db).await.fault()?;
    row.as_ref().map(trial).transpose()
}

async fn verdicts(db: impl SqliteExecutor<'_>, id: &WorkspaceId) -> Result<Vec<Verdict>> {
    let rows = sqlx::query(
        "SELECT u.name, v.works, v.words, v.said_at FROM trial_verdicts v
         JOIN users u ON u.id = v.user_id WHERE v.workspace_id = ?
         ORDER BY v.said_at DESC, u.name",
    )
    .bind(id.as_str())
    .fetch_all(db)
    .await
    .fault()?;
    rows.iter()
        .map(|row| {
            Ok(Verdict {
                tester: row.get_or_fault("name")?,
                works: row.get_or_fault("works")?,
                words: row.get_or_fault("words")?,
                said_at: Timestamp(row.get_or_fault("said_at")?),
            })
        })
        .collect()
}

impl Store {
    /// The trial of a workspace.
    pub async fn trial_of(&self, workspace: &WorkspaceId) -> Result<Option<StoredTrial>> {
        trial_where(&self.read, OF, workspace).await
    }

    /// A trial by its own id.
    pub async fn trial(&self, id: &WorkspaceId) -> Result<Option<StoredTrial>> {
        trial_where(&self.read, OWN, id).await
    }

    /// What testers said, newest first.
    pub async fn verdicts(&self, trial: &WorkspaceId) -> Result<Vec<Verdict>> {
        verdicts(&self.read, trial).await
    }
}

impl Tx {
    /// The trial of a workspace.
    pub async fn trial_of(&mut self, workspace: &WorkspaceId) -> Result<Option<StoredTrial>> {
        trial_where(&mut *self.0, OF, workspace).await
    }

    /// A trial by its own id.
    pub async fn trial(&mut self, id: &WorkspaceId) -> Result<Option<StoredTrial>> {
        trial_where(&mut *self.0, OWN, id).await
    }

    /// What testers said, newest first.
    pub async fn verdicts(&mut self, trial: &WorkspaceId) -> Result<Vec<Verdict>> {
        verdicts(&mut *self.0, trial).await
    }

    /// Records a trial, whose workspace says what it is a trial of.
    pub async fn insert_trial(&mut self, trial: &StoredTrial) -> Result<()> {
        self.insert_workspace(&trial.workspace, None).await?;
        sqlx::query(
            "INSERT INTO trials (workspace_id, notes, begun_by, begun_at) VALUES (?, ?, ?, ?)",
        )
        .bind(trial.workspace.id.as_str())
        .bind(&trial.notes)
        .bind(&trial.begun_by)
        .bind(trial.begun_at.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// What a tester says takes the place of what he said before.
    pub async fn save_verdict(
        &mut self,
        trial: &WorkspaceId,
        tester: &UserId,
        (works, words): (bool, &str),
        now: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO trial_verdicts (workspace_id, user_id, works, words, said_at)
             VALUES (?, ?, ?, ?, ?) ON CONFLICT (workspace_id, user_id)
             DO UPDATE SET works = excluded.works, words = excluded.words,
             said_at = excluded.said_at",
        )
        .bind(trial.as_str())
        .bind(tester.as_str())
        .bind(works)
        .bind(words)
        .bind(now.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Makes the sessions of a trial sessions of its workspace, except those whose owner has one of
    /// that already: they stay without a workspace.
    pub async fn adopt_sessions(
        &mut self,
        trial: &WorkspaceId,
        workspace: &WorkspaceId,
        name: &str,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE sessions SET workspace_id = ?2, workspace_name = ?3
             WHERE workspace_id = ?1 AND desired <> 'deleted' AND NOT EXISTS (
                 SELECT 1 FROM sessions s WHERE s.owner = sessions.owner AND s.test = sessions.test
                 AND s.workspace_id = ?2 AND s.desired <> 'deleted')",
        )
        .bind(trial.as_str())
        .bind(workspace.as_str())
        .bind(name)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }
}
