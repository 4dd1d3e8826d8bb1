//! The launcher page: a user's tiles and sessions.

use crate::core::Core;
use domain::{
    Result, WorkspaceId,
    actor::{Actor, Permission},
    event::Change,
    launcher::{Launcher, Tile},
};
use std::sync::Arc;
use store::LauncherRow;

/// Tiles on one page; favourites and the recently used come first, and the rest is found by search
/// and category.
const MOST_TILES: u32 = 240;

#[derive(Clone)]
pub struct Launchers(Arc<Core>);

impl Launchers {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    pub async fn page(&self, actor: &Actor, search: &str, category: &str) -> Result<Launcher> {
        actor.require(Permission::LaunchWorkspaces)?;
        let core = &self.0;
        let shown = core.store.launcher(&actor.user, search.trim(), category, MOST_TILES).await?;
        let more = shown.total - i64::try_from(shown.rows.len()).unwrap_or(i64::MAX);
        let categories = core.store.categories().await?;
        let narrowed = !(search.is_empty() && category.is_empty());
        let any = if shown.total == 0 && narrowed {
            core.store.launcher(&actor.user, "", "", 1).await?.total > 0
        } else {
            shown.total > 0
        };
        let sessions = core.store.sessions_of(&actor.user).await?;
        Ok(Launcher {
            sessions: sessions.into_iter().map(|s| core.row(s)).collect(),
            more,
            tiles: shown.rows.into_iter().map(|row| self.tile(row)).collect(),
            categories,
            any,
        })
    }

    /// Marks or unmarks a tile; doing so twice is no error.
    pub async fn set_favourite(
        &self,
        actor: &Actor,
        workspace: &WorkspaceId,
        on: bool,
    ) -> Result<()> {
        actor.require(Permission::LaunchWorkspaces)?;
        let mut tx = self.0.store.begin().await?;
        tx.set_favourite(&actor.user, workspace, on).await?;
        tx.commit().await?;
        self.0.bus.announce(Change::Workspace { id: workspace.clone() });
        Ok(())
    }

    fn tile(&self, row: LauncherRow) -> Tile {
        let state = self.0.images.state_for(&row.workspace.source());
        let definition = row.workspace.definition;
        Tile {
            state,
            workspace: row.workspace.id,
            name: definition.name,
            description: definition.description,
            icon: definition.icon,
            categories: definition.categories,
            favourite: row.favourite,
            last_used_at: row.last_used_at,
            session: row.session,
        }
    }
}
