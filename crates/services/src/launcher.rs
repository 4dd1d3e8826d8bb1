//! The launcher page: a user's tiles and sessions.

use crate::core::Core;
use domain::{
    Error, Result, WorkspaceId,
    actor::{Actor, Permission},
    event::Change,
    launcher::{LaunchOptions, Launcher, Tile},
    session::Action,
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

    /// What the actor may launch; nothing for those who launch nothing.
    pub async fn page(&self, actor: &Actor, search: &str, category: &str) -> Result<Launcher> {
        if !actor.may(Permission::LaunchWorkspaces) {
            return Ok(Launcher::default());
        }
        let core = &self.0;
        let groups = core.membership.ids(&actor.user, actor.role);
        let store = &core.store;
        let shown =
            store.launcher(&actor.user, &groups, search.trim(), category, MOST_TILES).await?;
        let more = shown.total - i64::try_from(shown.rows.len()).unwrap_or(i64::MAX);
        let categories = store.categories(&groups).await?;
        let narrowed = !(search.is_empty() && category.is_empty());
        let any = if shown.total == 0 && narrowed {
            store.launcher(&actor.user, &groups, "", "", 1).await?.total > 0
        } else {
            shown.total > 0
        };
        let sessions = store.sessions_of(&actor.user).await?;
        Ok(Launcher {
            sessions: sessions.into_iter().map(|s| core.row(s)).collect(),
            may: Action::open_to(actor),
            more,
            tiles: shown.rows.into_iter().map(|row| self.tile(actor, row)).collect(),
            categories,
            any,
        })
    }

    /// What the actor has a say in when a workspace is launched, or run as a `test`.
    ///
    /// # Errors
    /// `NotFound` when the actor may not launch it, `Conflict` when there is nothing to say.
    pub async fn options(
        &self,
        actor: &Actor,
        id: &WorkspaceId,
        test: bool,
    ) -> Result<LaunchOptions> {
        actor.require(match test {
            true => Permission::ManageWorkspaces,
            false => Permission::LaunchWorkspaces,
        })?;
        let core = &self.0;
        let unknown = || Error::not_found("There is no such workspace (any more).");
        let workspace = core.store.workspace(id).await?.ok_or_else(unknown)?;
        if !test {
            core.given_to(actor, &workspace)?;
        }
        let definition = workspace.definition;
        // A test launch touches nobody's home.
        let storage = definition.storage;
        let home = (storage.profile && !test).then_some(storage.home);
        let can_begin_anew = match &storage.profile_path {
            Some(path) => core.can_begin_anew(&path.mapping("")).await,
            None => true,
        };
        if home.is_none() && definition.launch_form.is_empty() {
            let why = format!("“{}” asks nothing at launch.", definition.name);
            return Err(Error::conflict(why).hint("Launch it from its tile."));
        }
        let last = core.store.last_answers(&actor.user, &workspace.id).await?.into_iter();
        Ok(LaunchOptions {
            workspace: workspace.id,
            name: definition.name,
            home,
            can_begin_anew,
            fields: definition.launch_form,
            last: last.filter_map(|one| Some((one.target.to_string(), one.value?))).collect(),
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

    fn tile(&self, actor: &Actor, row: LauncherRow) -> Tile {
        let state = self.0.state_of_workspace(&row.workspace);
        let definition = row.workspace.definition;
        let weakened = match actor.may(Permission::ManageWorkspaces) {
            true => definition.weakened(),
            false => Vec::new(),
        };
        Tile {
            weakened,
            state,
            link: definition.link,
            workspace: row.workspace.id,
            name: definition.name,
            description: definition.description,
            icon: definition.icon,
            categories: definition.categories,
            favourite: row.favourite,
            keeps_home: definition.storage.profile,
            trial: row.workspace.trial_of.is_some(),
            asks: !definition.launch_form.is_empty(),
            last_used_at: row.last_used_at,
            session: row.session,
        }
    }
}
