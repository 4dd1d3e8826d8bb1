//! Lists and details of accounts, for those who may see them.

use super::{Users, unknown};
use crate::{access, groups::Groups};
use domain::{
    Result, UserId,
    actor::{Actor, Permission, Role},
    audit::AuditFilter,
    list::{ListQuery, Page},
    user::{UserDetail, UserRow},
};

/// Lines of the audit log on an account's page.
const LATEST: u32 = 10;

impl Users {
    /// One page of the accounts.
    ///
    /// # Errors
    /// `Forbidden` unless the actor may see users.
    pub async fn list(&self, actor: &Actor, query: &ListQuery) -> Result<Page<UserRow>> {
        actor.require(Permission::SeeUsers)?;
        self.0.store.users(query).await
    }

    /// One account with its sign-ins, its sessions and what was done with it lately.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn detail(&self, actor: &Actor, id: &UserId) -> Result<UserDetail> {
        actor.require(Permission::SeeUsers)?;
        let core = &self.0;
        let user = core.store.user_row(id).await?.ok_or_else(unknown)?;
        let now = core.now();
        let sign_ins = core.store.sign_ins_of(id, now).await?;
        let sessions = if actor.may(Permission::SeeAllSessions) {
            core.store.sessions_of(id).await?
        } else {
            Vec::new()
        };
        let audit = if actor.may(Permission::SeeAudit) {
            // Somebody else may have had the name before.
            let from = Some(user.created_at);
            let own = AuditFilter { actor: user.name.clone(), from, ..AuditFilter::default() };
            Some(core.store.audit_before(&own, None, LATEST).await?)
        } else {
            None
        };
        let last_administrator =
            user.role == Role::Administrator && core.store.other_administrators(id).await? == 0;
        let effective = match actor.may(Permission::ManageGroups) {
            true => Groups::new(core.clone()).effective(actor, id).await?,
            false => Vec::new(),
        };
        Ok(UserDetail {
            own: user.id == actor.user,
            last_administrator,
            may_manage: actor.may(Permission::ManageUsers),
            link_until: core.store.account_link_until(id, now).await?,
            sign_ins: sign_ins.into_iter().map(|s| access::shown(s, &actor.sign_in)).collect(),
            sessions: sessions.into_iter().map(|session| core.row(session)).collect(),
            audit,
            effective,
            user,
        })
    }
}
