//! Groups: who may launch what, and within which bounds.
//!
//! Asked at every request and every few seconds by the life-time rules, so all of it is kept in
//! memory; only this process changes it.

use crate::core::Core;
use domain::{
    Error, GroupId, Result, UserId, WorkspaceId,
    actor::{Actor, Grants, Permission, Role},
    confinement::Networks,
    event::Change,
    group::{
        Deed, Effective, Group, GroupForm, GroupRow, GroupSettings, Merged, check_networks,
        explain, in_order, merge, second_factor_required_by,
    },
    lifetime::Lifetime,
    list::{ListQuery, Page},
    storage::{Beside, Given, given},
};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};
use store::Store;

/// All groups and who was put into which.
#[derive(Debug, Default)]
struct Known {
    groups: Vec<Group>,
    members: HashMap<UserId, Vec<GroupId>>,
}

/// The groups in force.
#[derive(Debug)]
pub(crate) struct Membership {
    known: RwLock<Arc<Known>>,
    /// Held while it is read anew, so that what is newer is not replaced by what is older.
    reading: tokio::sync::Mutex<()>,
}

impl Membership {
    pub(crate) async fn read(store: &Store) -> Result<Self> {
        let (groups, members) = store.groups().await?;
        let known = RwLock::new(Arc::new(Known { groups, members }));
        Ok(Self { known, reading: tokio::sync::Mutex::default() })
    }

    fn known(&self) -> Arc<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn refresh(&self, store: &Store) -> Result<()> {
        let _alone = self.reading.lock().await;
        let (groups, members) = store.groups().await?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) =
            Arc::new(Known { groups, members });
        Ok(())
    }

    /// What somebody's groups come to.
    pub(crate) fn of(&self, user: &UserId, role: Role) -> Merged {
        merge(&self.known().of(user, role))
    }

    pub(crate) fn grants(&self, user: &UserId, role: Role) -> Grants {
        self.of(user, role).grants()
    }

    /// What somebody's groups take away of what passes through streams.
    pub(crate) fn withheld(&self, user: &UserId, role: Role) -> Vec<Deed> {
        self.of(user, role).withheld(role)
    }

    /// Names of these groups.
    pub(crate) fn names(&self, ids: &[GroupId]) -> Vec<String> {
        let known = self.known();
        let wanted = known.groups.iter().filter(|group| ids.contains(&group.id));
        wanted.map(|group| group.name.clone()).collect()
    }

    /// Name of the group by which somebody must have a second factor, if one says so.
    pub(crate) fn requires_second_factor(&self, user: &UserId, role: Role) -> Option<String> {
        let known = self.known();
        second_factor_required_by(&known.of(user, role)).map(|group| group.name.clone())
    }

    /// Whether somebody's groups let him have sessions on these networks.
    pub(crate) fn check_networks(
        &self,
        user: &UserId,
        role: Role,
        workspace: &str,
        networks: &Networks,
    ) -> Result<()> {
        check_networks(&self.known().of(user, role), workspace, networks)
    }

    /// Volumes that somebody's groups give him beside what a session has.
    pub(crate) fn volumes(&self, user: &UserId, role: Role, beside: &Beside) -> Vec<Given> {
        given(beside, &self.known().of(user, role))
    }

    /// Ids of the groups that somebody is in.
    pub(crate) fn ids(&self, user: &UserId, role: Role) -> Vec<GroupId> {
        self.known().of(user, role).iter().map(|group| group.id.clone()).collect()
    }

    /// Whether any group says something about how long sessions live.
    pub(crate) fn has_lifetimes(&self) -> bool {
        self.known().groups.iter().any(|group| group.settings.lifetime != Lifetime::default())
    }
}

impl Known {
    /// The groups of somebody, in the order in which they decide.
    fn of(&self, user: &UserId, role: Role) -> Vec<&Group> {
        let put = self.members.get(user).map_or(&[][..], Vec::as_slice);
        let own = self.groups.iter();
        in_order(own.filter(|g| g.holds_by_role(role) || put.contains(&g.id)).collect())
    }
}

#[derive(Clone)]
pub struct Groups(Arc<Core>);

/// A group with what its form holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    pub group: Group,
    pub form: GroupForm,
    /// Every workspace, and whether members may launch it.
    pub workspaces: Vec<(WorkspaceId, String, bool)>,
    /// Directories of the engine's host that volumes may be in.
    pub host_roots: Vec<String>,
}

/// What deleting a group would mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    pub name: String,
    /// Users who were put into it.
    pub members: i64,
    /// Workspaces that nobody could launch any more.
    pub orphans: Vec<String>,
}

fn unknown() -> Error {
    Error::not_found("There is no such group (any more).").hint("Look in the list of groups.")
}

fn built_in(group: &Group) -> Error {
    Error::conflict(format!("“{}” is built in: it cannot be deleted.", group.name))
        .hint("Take workspaces away from it, or change what it says.")
}

impl Groups {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    pub async fn list(&self, actor: &Actor, query: &ListQuery) -> Result<Page<GroupRow>> {
        actor.require(Permission::ManageGroups)?;
        self.0.store.list_groups(query).await
    }

    /// Ids and names of all groups by name, for those who decide who may launch what.
    pub async fn names(&self, actor: &Actor) -> Result<Vec<(GroupId, String)>> {
        actor.require(Permission::ManageWorkspaces)?;
        let known = self.0.membership.known();
        let mut all: Vec<(GroupId, String)> =
            known.groups.iter().map(|group| (group.id.clone(), group.name.clone())).collect();
        all.sort_by_key(|(_, name)| name.to_lowercase());
        Ok(all)
    }

    /// One group with its form; for a new one (`None`) with every workspace unticked.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn get(&self, actor: &Actor, id: Option<&GroupId>) -> Result<Opened> {
        actor.require(Permission::ManageGroups)?;
        let core = &self.0;
        let (group, members) = match id {
            Some(id) => {
                let group = core.store.group(id).await?.ok_or_else(unknown)?;
                (group, core.store.members(id).await?)
            }
            None => (self.blank()?, Vec::new()),
        };
        let workspaces = core.store.workspaces_of_group(&group.id).await?;
        let ticked = workspaces.iter().filter(|(_, _, own)| *own).map(|(id, ..)| id.to_string());
        let form = GroupForm {
            name: group.name.clone(),
            description: group.description.clone(),
            priority: group.priority.to_string(),
            members: members.join("\n"),
            workspaces: ticked.collect(),
            ..GroupForm::of(&group.settings)
        };
        let host_roots = core.settings.allowed.host_roots.clone();
        Ok(Opened { group, form, workspaces, host_roots })
    }

    fn blank(&self) -> Result<Group> {
        const USUAL: i64 = 500;
        let core = &self.0;
        Ok(Group {
            id: core.new_id()?,
            name: String::new(),
            description: String::new(),
            priority: USUAL,
            settings: GroupSettings::default(),
            revision: 0,
            created_at: core.now(),
            updated_at: core.now(),
        })
    }

    /// Makes a group (`id` is `None`) or changes one. Holds at once, also for sessions that run.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field; `Conflict` when somebody else changed it since
    /// `revision`.
    pub async fn save(
        &self,
        actor: &Actor,
        id: Option<&GroupId>,
        revision: u32,
        form: &GroupForm,
    ) -> Result<GroupId> {
        actor.require(Permission::ManageGroups)?;
        let core = &self.0;
        let checked = form.check()?;
        core.check_volumes(actor, &checked.settings.volumes).await?;
        let blank = self.blank()?;
        let mut tx = core.store.begin().await?;
        let before = match id {
            Some(id) => tx.group(id).await?.ok_or_else(unknown)?,
            None => blank,
        };
        if before.revision != revision {
            return Err(Error::conflict(format!(
                "Somebody changed “{}” since you opened this form.",
                before.name
            ))
            .hint("Open it again to see their change, then make yours."));
        }
        let built_in = before.is_built_in();
        let earlier = before.clone();
        let group = Group {
            name: if built_in { before.name.clone() } else { checked.name },
            description: checked.description,
            priority: checked.priority,
            settings: checked.settings,
            revision: before.revision + 1,
            updated_at: core.now(),
            ..before
        };
        core.check_group_directories(&group, &earlier).await?;
        match id {
            Some(_) => tx.save_group(&group).await?,
            None => tx.insert_group(&group).await?,
        }
        if !built_in {
            let unknown = tx.set_members(&group.id, &checked.members).await?;
            if let Some(name) = unknown.first() {
                return Err(Error::at("members", format!("There is no user “{name}”.")));
            }
        }
        tx.set_workspaces_of_group(&group.id, &checked.workspaces).await?;
        let deed = if id.is_some() { "group.change" } else { "group.create" };
        let said = serde_json::to_string(&checked_for_audit(form)).map_err(|e| core.fault(&e))?;
        tx.audit(core.now(), Some(actor), deed, &group.name, Some(&said)).await?;
        tx.commit().await?;
        core.groups_changed().await?;
        Ok(group.id)
    }

    /// What deleting would mean.
    ///
    /// # Errors
    /// `NotFound` when there is none, `Conflict` for a built-in one.
    pub async fn deletion(&self, actor: &Actor, id: &GroupId) -> Result<Deletion> {
        actor.require(Permission::ManageGroups)?;
        let store = &self.0.store;
        let group = store.group(id).await?.ok_or_else(unknown)?;
        if group.is_built_in() {
            return Err(built_in(&group));
        }
        let members = store.members(id).await?.len();
        Ok(Deletion {
            name: group.name,
            members: i64::try_from(members).unwrap_or(i64::MAX),
            orphans: store.workspaces_only_of(id).await?,
        })
    }

    /// Deletes a group; deleting again is no error. Its members and workspaces stay.
    ///
    /// # Errors
    /// `Conflict` for a built-in one.
    pub async fn delete(&self, actor: &Actor, id: &GroupId) -> Result<()> {
        actor.require(Permission::ManageGroups)?;
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        let Some(group) = tx.group(id).await? else { return Ok(()) };
        if group.is_built_in() {
            return Err(built_in(&group));
        }
        tx.set_workspaces_of_group(id, &[]).await?;
        tx.delete_group(id).await?;
        tx.audit(core.now(), Some(actor), "group.delete", &group.name, Some(id.as_str())).await?;
        tx.commit().await?;
        core.groups_changed().await
    }

    /// Every setting that holds for a user, and which group says so. Everybody may ask about
    /// himself.
    ///
    /// # Errors
    /// `NotFound` when there is no such user.
    pub async fn effective(&self, actor: &Actor, user: &UserId) -> Result<Vec<Effective>> {
        actor.require(match *user == actor.user {
            true => Permission::UseOwnAccount,
            false => Permission::ManageGroups,
        })?;
        let core = &self.0;
        let found = core.store.user(user).await?;
        let found = found.ok_or_else(|| Error::not_found("There is no such user (any more)."))?;
        let policy = core.policy.get();
        let house = GroupSettings {
            sessions_per_user: Some(policy.limits.sessions_per_user),
            lifetime: policy.lifetime,
            ..GroupSettings::default()
        };
        let known = core.membership.known();
        Ok(explain(&known.of(user, found.role), found.role, &house))
    }
}

impl Core {
    /// Groups have changed: what follows from them counts at once.
    async fn groups_changed(&self) -> Result<()> {
        self.membership.refresh(&self.store).await?;
        self.rights_changed(None);
        self.bus.announce(Change::Resync);
        Ok(())
    }

    /// What somebody's groups and the installation say about how long sessions live.
    pub(crate) fn lifetime_around(&self, user: &UserId, role: Role) -> Lifetime {
        let house = self.policy.get().lifetime;
        self.membership.of(user, role).lifetime.over(&house)
    }
}

/// What a form decides, for the record: everything but the words that describe the group.
fn checked_for_audit(form: &GroupForm) -> GroupForm {
    GroupForm { name: String::new(), description: String::new(), ..form.clone() }
}
