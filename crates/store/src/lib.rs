//! What Slipway remembers: one SQLite file.
//!
//! [`Store`] reads, [`Tx`] writes. There is one writer and a pool of readers; every write is part
//! of a transaction that begins `IMMEDIATE`, because a transaction that first reads and then writes
//! would fail at once under contention, whatever the busy timeout. Nothing foreign is awaited while
//! a [`Tx`] is open.
//!
//! To add a resource: a table in `migrations/`, a file here named after it, reads as `impl Store`,
//! writes as `impl Tx`. "Not found" is `Ok(None)`; a broken row or database is an internal error
//! whose cause goes to the log under a reference. Only this crate names `sqlx`.

mod answers;
mod audit;
mod fault;
mod grants;
mod groups;
mod hooks;
mod icons;
mod images;
mod jobs;
mod links;
mod meta;
mod registries;
mod revisions;
mod second_factors;
mod sessions;
mod sign_ins;
mod snapshots;
mod timeline;
mod trials;
mod users;
mod workspaces;

pub use audit::NewAuditLine;
pub use grants::Grant;
pub use hooks::StoredHook;
pub use icons::StoredIcon;
pub use images::PullUnderWay;
pub use jobs::{ClaimedJob, NewJob};
pub use links::AccountLink;
pub use registries::StoredRegistry;
pub use revisions::{Launched, NewRevision, PinnedWorkspace};
pub use second_factors::StoredSecondFactor;
pub use sessions::{LiveSession, RunningSession};
pub use sign_ins::StoredSignIn;
pub use snapshots::Draft;
pub use trials::StoredTrial;
pub use users::Credentials;
pub use workspaces::LauncherRow;

use domain::Result;
use fault::Fault;
use sqlx::{
    Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, time::Duration};

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    read: SqlitePool,
    write: SqlitePool,
}

/// A write transaction: nothing lasts until [`Tx::commit`].
#[derive(Debug)]
pub struct Tx(Transaction<'static, Sqlite>);

const READERS: u32 = 4;

impl Store {
    /// Opens the file, makes it if needed, and brings its schema up to date.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be opened or migrated; the message names it.
    pub async fn open(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .pragma("cache_size", "-2000");
        let unusable = |error: sqlx::Error| {
            domain::Error::unavailable(format!("The database {} cannot be opened.", path.display()))
                .detail(error.to_string())
                .hint("Check that the data directory exists, is writable by this user, and that its disk is not full.")
        };
        // Connections to a file of our own do not age. Without ages sqlx runs no task that looks
        // for old ones, whose count of idle connections can be wrong for a moment and then keeps a
        // thread of the runtime busy without end, with whatever waits on it.
        let pool = || SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None);
        let write =
            pool().max_connections(1).connect_with(options.clone()).await.map_err(unusable)?;
        sqlx::migrate!().run(&write).await.map_err(|error| {
            domain::Error::unavailable(format!(
                "The database {} could not be brought up to date.",
                path.display()
            ))
            .detail(error.to_string())
            .hint("It may come from a newer Slipway. Start that version, or restore a copy of the data directory.")
        })?;
        let read = pool()
            .max_connections(READERS)
            .connect_with(options.read_only(true))
            .await
            .map_err(unusable)?;
        Ok(Self { read, write })
    }

    /// Begins a write transaction; waits for the one before it.
    pub async fn begin(&self) -> Result<Tx> {
        self.write.begin_with("BEGIN IMMEDIATE").await.map(Tx).fault()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.read).await.fault()?;
        Ok(())
    }

    /// Waits for what is under way and closes the file.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

impl Tx {
    pub async fn commit(self) -> Result<()> {
        self.0.commit().await.fault()
    }
}
