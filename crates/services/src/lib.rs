//! Slipway's use cases: authorise, decide, record, announce.
//!
//! A face resolves who asks and makes one call here; permission is asked here and nowhere else.
//! [`Services`] bundles one handle per resource over a shared core. What should be true of a
//! session is recorded first and then made true by the [`reconcile`] loop, so that any step can be
//! killed without losing anything.

pub mod access;
mod activity;
mod audit;
mod bus;
mod catalog;
pub mod clock;
mod confinement;
mod core;
mod definitions;
mod disk;
mod endings;
pub mod engine_report;
mod entropy;
mod groups;
mod handover;
mod hooks;
mod hosts;
mod images;
mod jobs;
mod keys;
mod launcher;
mod library;
mod passwords;
mod policy;
mod pulls;
pub mod reconcile;
mod registries;
mod revisions;
mod rights;
mod second_factor;
pub mod sessions;
pub mod settings;
pub mod setup;
mod snapshots;
pub mod streams;
pub mod terminals;
mod throttle;
mod trials;
mod usage;
mod users;
mod workspaces;

pub use access::{Access, Arrival, Then};
pub use audit::{Audit, Format};
pub use definitions::{Chosen, LONGEST_DEFINITIONS};
pub use engine_report::{EngineReport, EngineReports};
pub use groups::Groups;
pub use hooks::{Hooks, LARGEST_CALL};
pub use hosts::can_empty_homes;
pub use jobs::Jobs;
pub use launcher::Launchers;
pub use library::Library;
pub use policy::Policies;
pub use registries::{Registries, Removal};
pub use second_factor::SecondFactors;
pub use sessions::Sessions;
pub use settings::{Settings, StreamMode};
pub use setup::Setup;
pub use snapshots::{Begun, Snapshots};
pub use streams::Streams;
pub use terminals::Terminals;
pub use users::{Invited, Link, Removal as UserRemoval, Users};
pub use workspaces::Workspaces;

use clock::Clock;
use domain::{Result, event::Change};
use engine::Engine;
use std::sync::Arc;
use store::Store;
use tokio::{sync::broadcast, task::JoinSet};

/// Most bytes of a form that a page posts, pictures included: what faces take, and so what anything that
/// is prepared here to be posted keeps to.
pub const LARGEST_FORM: usize = 1024 * 1024;

/// Every use case, ready to be called. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    core: Arc<core::Core>,
    pub access: Access,
    pub users: Users,
    pub second_factors: SecondFactors,
    pub groups: Groups,
    pub setup: Setup,
    pub workspaces: Workspaces,
    pub launcher: Launchers,
    pub sessions: Sessions,
    pub snapshots: Snapshots,
    pub registries: Registries,
    pub library: Library,
    pub hooks: Hooks,
    pub jobs: Jobs,
    pub streams: Streams,
    pub terminals: Terminals,
    pub engine: EngineReports,
    pub policies: Policies,
    pub audit: Audit,
}

impl Services {
    /// Builds the services over their parts. Nothing runs yet; see [`Services::start`].
    ///
    /// # Errors
    /// When the store cannot be read or the key file cannot be made.
    pub async fn new(
        store: Store,
        engine: Arc<dyn Engine>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self> {
        let core = core::Core::new(store, engine, clock, settings).await?;
        Ok(Self {
            access: Access::new(core.clone()),
            users: Users::new(core.clone()),
            second_factors: SecondFactors::new(core.clone()),
            groups: Groups::new(core.clone()),
            setup: Setup::new(core.clone()),
            workspaces: Workspaces::new(core.clone()),
            launcher: Launchers::new(core.clone()),
            sessions: Sessions::new(core.clone()),
            snapshots: Snapshots::new(core.clone()),
            registries: Registries::new(core.clone()),
            library: Library::new(core.clone()),
            hooks: Hooks::new(core.clone()),
            jobs: Jobs::new(core.clone()),
            streams: Streams::new(core.clone()),
            terminals: Terminals::new(core.clone()),
            engine: EngineReports::new(core.clone()),
            policies: Policies::new(core.clone()),
            audit: Audit::new(core.clone()),
            core,
        })
    }

    /// Starts the work in the background; it ends when the set is dropped, at any point without
    /// harm.
    pub fn start(&self) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        tasks.spawn(reconcile::run(self.core.clone()));
        tasks.spawn(usage::run(self.core.clone()));
        tasks.spawn(activity::run(self.core.clone()));
        tasks.spawn(endings::run(self.core.clone()));
        tasks.spawn(rights::follow(self.core.clone()));
        tasks.spawn(images::watch_preparation(self.core.clone()));
        tasks.spawn(jobs::run(self.core.clone()));
        tasks.spawn(library::run(self.core.clone()));
        tasks.spawn(users::run(self.core.clone()));
        tasks
    }

    /// What changes, from now on.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.core.bus.listen()
    }

    /// Whether database and engine answer, for readiness checks.
    pub async fn ready(&self) -> Result<()> {
        self.core.store.ping().await?;
        match self.core.engine_problem() {
            Some(problem) => Err(problem),
            None => Ok(()),
        }
    }

    /// How many sessions are in each state, for metrics.
    pub async fn session_counts(&self) -> Result<Vec<(domain::session::State, usize)>> {
        let live = self.core.store.live_sessions().await?;
        Ok(domain::session::State::ALL
            .iter()
            .map(|state| {
                let of = |s: &store::LiveSession| domain::session::State::of(s.desired, s.status);
                (*state, live.iter().filter(|s| of(s) == *state).count())
            })
            .collect())
    }
}
