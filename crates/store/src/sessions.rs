//! Sessions, alive and as history.
//!
//! A change is made by reading the row inside the write transaction, changing the value and saving
//! it, so that a person's wish and the reconciler's record never overwrite each other.

mod list;

use crate::{
    Store, Tx,
    fault::{Columns, Fault, broken, to_json},
    workspaces::source,
};
use domain::{
    Error, Result, SessionId, Timestamp, UserId, WorkspaceId,
    actor::Role,
    icon::Icon,
    lifetime::{Life, Lifetime, Seen},
    limits::Taken,
    session::{Desired, Session, Status},
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteExecutor, sqlite::SqliteRow};

/// What the reconciler and the proxy need of every session that is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    pub id: SessionId,
    pub owner: UserId,
    pub desired: Desired,
    pub status: Status,
    pub network: Option<String>,
    pub port: Option<u16>,
}

/// What the life-time rules need of a session that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningSession {
    pub id: SessionId,
    pub owner: UserId,
    /// The owner's role now.
    pub role: Role,
    pub seen: Seen,
    pub life: Life,
    /// What its workspace says.
    pub lifetime: Lifetime,
}

const COLUMNS: &str =
    "s.*, u.name AS owner_name, u.role AS owner_role, coalesce(w.lifetime, '{}') AS lifetime,
    w.image AS launches, w.pinned_id, w.pinned_digest, w.pinned_revision
    FROM sessions s JOIN users u ON u.id = s.owner LEFT JOIN workspaces w ON w.id = s.workspace_id";

fn session(row: &SqliteRow) -> Result<Session> {
    let icon: String = row.get_or_fault("icon")?;
    let time = |column: &str| -> Result<Option<Timestamp>> {
        Ok(row.get_or_fault::<Option<i64>>(column)?.map(Timestamp))
    };
    Ok(Session {
        id: row.id("id")?,
        owner: row.id("owner")?,
        owner_name: row.get_or_fault("owner_name")?,
        owner_role: row.word("owner_role", Role::parse)?,
        workspace: row.id("workspace_id")?,
        workspace_name: row.get_or_fault("workspace_name")?,
        icon: Icon::try_from(icon).unwrap_or_default(),
        desired: row.word("desired", Desired::parse)?,
        status: row.word("status", Status::parse)?,
        reason: row.json("reason")?,
        progress: row.json("progress")?,
        generation: row.get_or_fault("generation")?,
        created: row.get_or_fault("created")?,
        config: row.json("config")?,
        image_digest: row.get_or_fault("image_digest")?,
        network: row.get_or_fault("network")?,
        address: row.get_or_fault("address")?,
        port: row.get_or_fault("port")?,
        launched_at: Timestamp(row.get_or_fault("launched_at")?),
        running_since: time("running_since")?,
        last_activity_at: time("last_activity_at")?,
        ended_at: time("ended_at")?,
        life: row.json("life")?,
        lifetime: row.json("lifetime")?,
        source: source(row)?,
    })
}

async fn one(db: impl SqliteExecutor<'_>, id: &SessionId) -> Result<Option<Session>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT ");
    query.push(COLUMNS).push(" WHERE s.id = ").push_bind(id.as_str());
    let row = query.build().fetch_optional(db).await.fault()?;
    row.as_ref().map(session).transpose()
}

async fn of_owner(db: impl SqliteExecutor<'_>, owner: &UserId) -> Result<Vec<Session>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT ");
    query.push(COLUMNS).push(" WHERE s.owner = ").push_bind(owner.as_str());
    query.push(" AND s.status <> 'deleted' ORDER BY s.launched_at DESC");
    let rows = query.build().fetch_all(db).await.fault()?;
    rows.iter().map(session).collect()
}

async fn session_for(
    db: impl SqliteExecutor<'_>,
    owner: &UserId,
    workspace: &WorkspaceId,
    test: bool,
) -> Result<Option<SessionId>> {
    let row = sqlx::query(
        "SELECT id FROM sessions
         WHERE owner = ? AND workspace_id = ? AND test = ? AND desired <> 'deleted'",
    )
    .bind(owner.as_str())
    .bind(workspace.as_str())
    .bind(test)
    .fetch_optional(db)
    .await
    .fault()?;
    row.map(|row| row.id("id")).transpose()
}

async fn count_of_workspace(db: impl SqliteExecutor<'_>, workspace: &WorkspaceId) -> Result<i64> {
    sqlx::query("SELECT count(*) FROM sessions WHERE workspace_id = ? AND status <> 'deleted'")
        .bind(workspace.as_str())
        .fetch_one(db)
        .await
        .fault()?
        .get_or_fault_at(0)
}

impl Store {
    /// The session of a user and workspace that is not being deleted.
    pub async fn session_for(
        &self,
        owner: &UserId,
        workspace: &WorkspaceId,
        test: bool,
    ) -> Result<Option<SessionId>> {
        session_for(&self.read, owner, workspace, test).await
    }

    pub async fn session(&self, id: &SessionId) -> Result<Option<Session>> {
        one(&self.read, id).await
    }

    /// A user's sessions that hold a container, newest first.
    pub async fn sessions_of(&self, owner: &UserId) -> Result<Vec<Session>> {
        of_owner(&self.read, owner).await
    }

    /// Every session that is not gone and has a directory of the host.
    pub async fn sessions_on_host(&self) -> Result<Vec<Session>> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT ");
        query.push(COLUMNS).push(
            " WHERE s.status <> 'deleted' AND EXISTS (
              SELECT 1 FROM json_each(s.config, '$.mounts') WHERE json_extract(value, '$.host'))",
        );
        let rows = query.build().fetch_all(&self.read).await.fault()?;
        rows.iter().map(session).collect()
    }

    /// Every session that is not gone.
    pub async fn live_sessions(&self) -> Result<Vec<LiveSession>> {
        let rows = sqlx::query(
            "SELECT id, owner, desired, status, network, port FROM sessions
             WHERE status <> 'deleted'",
        )
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter()
            .map(|row| {
                Ok(LiveSession {
                    id: row.id("id")?,
                    owner: row.id("owner")?,
                    desired: row.word("desired", Desired::parse)?,
                    status: row.word("status", Status::parse)?,
                    network: row.get_or_fault("network")?,
                    port: row.get_or_fault("port")?,
                })
            })
            .collect()
    }

    /// Sessions that run and are to; only those whose workspace has rules of its own or whose
    /// people were warned, unless `all`.
    pub async fn running_sessions(&self, all: bool) -> Result<Vec<RunningSession>> {
        let rows = sqlx::query(
            "SELECT s.id, s.owner, u.role, s.running_since, s.last_activity_at, s.life,
             coalesce(w.lifetime, '{}') AS lifetime
             FROM sessions s JOIN users u ON u.id = s.owner
             LEFT JOIN workspaces w ON w.id = s.workspace_id
             WHERE s.status = 'running' AND s.desired = 'running' AND s.running_since IS NOT NULL
             AND (? OR coalesce(w.lifetime, '{}') <> '{}'
                  OR json_extract(s.life, '$.warning') IS NOT NULL)",
        )
        .bind(all)
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter()
            .map(|row| {
                Ok(RunningSession {
                    id: row.id("id")?,
                    owner: row.id("owner")?,
                    role: row.word("role", Role::parse)?,
                    seen: Seen {
                        running_since: Timestamp(row.get_or_fault("running_since")?),
                        active_at: row
                            .get_or_fault::<Option<i64>>("last_activity_at")?
                            .map(Timestamp),
                    },
                    life: row.json("life")?,
                    lifetime: row.json("lifetime")?,
                })
            })
            .collect()
    }

    /// How many sessions of a workspace hold a container.
    pub async fn sessions_of_workspace(&self, workspace: &WorkspaceId) -> Result<i64> {
        count_of_workspace(&self.read, workspace).await
    }

    /// The encrypted password for the container's own sign-in, if its contract has one.
    pub async fn session_secret(&self, id: &SessionId) -> Result<Option<Vec<u8>>> {
        let row = sqlx::query("SELECT secret FROM sessions WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.read)
            .await
            .fault()?;
        row.map(|row| row.get_or_fault("secret")).transpose().map(Option::flatten)
    }
}

trait At {
    fn get_or_fault_at(&self, index: usize) -> Result<i64>;
}

impl At for SqliteRow {
    fn get_or_fault_at(&self, index: usize) -> Result<i64> {
        self.try_get(index).fault()
    }
}

impl Tx {
    pub async fn session(&mut self, id: &SessionId) -> Result<Option<Session>> {
        one(&mut *self.0, id).await
    }

    /// The session of a user and workspace that is not being deleted.
    pub async fn session_for(
        &mut self,
        owner: &UserId,
        workspace: &WorkspaceId,
        test: bool,
    ) -> Result<Option<SessionId>> {
        session_for(&mut *self.0, owner, workspace, test).await
    }

    pub async fn count_sessions_of(&mut self, owner: &UserId) -> Result<i64> {
        sqlx::query("SELECT count(*) FROM sessions WHERE owner = ? AND status <> 'deleted'")
            .bind(owner.as_str())
            .fetch_one(&mut *self.0)
            .await
            .fault()?
            .get_or_fault_at(0)
    }

    /// How many sessions of a workspace hold a container.
    pub async fn count_sessions_of_workspace(&mut self, workspace: &WorkspaceId) -> Result<i64> {
        count_of_workspace(&mut *self.0, workspace).await
    }

    /// Processors and memory given to sessions that are not stopped, of one user or of all.
    pub async fn resources_taken(&mut self, owner: Option<&UserId>) -> Result<Taken> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT coalesce(sum(json_extract(config, '$.cpu_millis')), 0) AS cpu,
             coalesce(sum(json_extract(config, '$.memory_bytes')), 0) AS memory
             FROM sessions WHERE status IN (",
        );
        let mut list = query.separated(", ");
        for status in Status::ALL.iter().filter(|status| status.takes_resources()) {
            list.push_bind(status.as_str());
        }
        query.push(")");
        if let Some(owner) = owner {
            query.push(" AND owner = ").push_bind(owner.as_str());
        }
        let row = query.build().fetch_one(&mut *self.0).await.fault()?;
        Ok(Taken {
            cpu_millis: row.get_or_fault("cpu")?,
            memory_bytes: row.get_or_fault("memory")?,
            free_disk_bytes: None,
        })
    }

    /// A user's sessions that are not deleted, newest first.
    pub async fn sessions_of(&mut self, owner: &UserId) -> Result<Vec<Session>> {
        of_owner(&mut *self.0, owner).await
    }

    /// Ports that sessions hold.
    pub async fn ports_in_use(&mut self) -> Result<Vec<u16>> {
        let rows = sqlx::query("SELECT port FROM sessions WHERE port IS NOT NULL ORDER BY port")
            .fetch_all(&mut *self.0)
            .await
            .fault()?;
        rows.iter().map(|row| row.get_or_fault("port")).collect()
    }

    /// When each port was last given to a session, for those that ever were.
    pub async fn ports_last_used(&mut self) -> Result<Vec<(u16, Timestamp)>> {
        let rows = sqlx::query("SELECT value, key FROM meta WHERE key LIKE 'port:%'")
            .fetch_all(&mut *self.0)
            .await
            .fault()?;
        rows.iter()
            .map(|row| {
                let key: String = row.get_or_fault("key")?;
                let value: String = row.get_or_fault("value")?;
                let port = key.trim_start_matches("port:").parse();
                match (port, value.parse()) {
                    (Ok(port), Ok(at)) => Ok((port, Timestamp(at))),
                    _ => Err(broken("meta", &key, &value)),
                }
            })
            .collect()
    }

    /// # Errors
    /// `Conflict` when the user already has a session of this workspace.
    pub async fn insert_session(
        &mut self,
        session: &Session,
        test: bool,
        secret: Option<&[u8]>,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO sessions (id, owner, workspace_id, workspace_name, icon, test, desired,
             status, config, secret, launched_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(session.id.as_str())
        .bind(session.owner.as_str())
        .bind(session.workspace.as_str())
        .bind(&session.workspace_name)
        .bind(String::from(session.icon.clone()))
        .bind(test)
        .bind(session.desired.as_str())
        .bind(session.status.as_str())
        .bind(to_json(&session.config)?)
        .bind(secret)
        .bind(session.launched_at.0)
        .execute(&mut *self.0)
        .await
        .unless_taken("sessions.owner", || {
            Error::conflict("You already have a session of this workspace.")
        })?;
        self.save_session(session).await
    }

    /// Writes everything about a session that can change.
    ///
    /// # Errors
    /// `Conflict` when its port or network was given to another session meanwhile.
    pub async fn save_session(&mut self, session: &Session) -> Result<()> {
        let reason = session.reason.as_ref().map(to_json).transpose()?;
        sqlx::query(
            "UPDATE sessions SET desired = ?, status = ?, reason = ?, progress = ?,
             generation = ?, created = ?, config = ?, image_digest = ?, network = ?, address = ?,
             port = ?, running_since = ?, last_activity_at = ?, ended_at = ?, life = ?
             WHERE id = ?",
        )
        .bind(session.desired.as_str())
        .bind(session.status.as_str())
        .bind(reason)
        .bind(to_json(&session.progress)?)
        .bind(session.generation)
        .bind(session.created)
        .bind(to_json(&session.config)?)
        .bind(&session.image_digest)
        .bind(&session.network)
        .bind(&session.address)
        .bind(session.port)
        .bind(session.running_since.map(Timestamp::millis))
        .bind(session.last_activity_at.map(Timestamp::millis))
        .bind(session.ended_at.map(Timestamp::millis))
        .bind(to_json(&session.life)?)
        .bind(session.id.as_str())
        .execute(&mut *self.0)
        .await
        .unless_taken("sessions.", || {
            Error::conflict("Its port or network was given to another session meanwhile.")
        })?;
        if session.status == Status::Deleted {
            self.forget_secret_answers(&session.id).await?;
        }
        Ok(())
    }

    /// Notes when streams of it last carried something, and when somebody last looked.
    pub async fn set_last_seen(
        &mut self,
        id: &SessionId,
        active_at: Option<Timestamp>,
        viewed_at: Option<Timestamp>,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE sessions SET
             last_activity_at = nullif(max(coalesce(last_activity_at, 0), coalesce(?1, 0)), 0),
             life = CASE WHEN ?2 IS NULL THEN life ELSE json_set(life, '$.viewed_at',
                 max(coalesce(json_extract(life, '$.viewed_at'), 0), ?2)) END
             WHERE id = ?3",
        )
        .bind(active_at.map(Timestamp::millis))
        .bind(viewed_at.map(Timestamp::millis))
        .bind(id.as_str())
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Forgets ended sessions that ended before `before`.
    pub async fn prune_sessions(&mut self, before: Timestamp) -> Result<u64> {
        let done = sqlx::query("DELETE FROM sessions WHERE status = 'deleted' AND ended_at < ?")
            .bind(before.0)
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(done.rows_affected())
    }
}
