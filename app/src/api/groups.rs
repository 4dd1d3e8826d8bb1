//! Groups, for those who decide who may launch what.

use crate::refusal::Refusal;
use domain::{
    group::{Effective, GroupForm, GroupRow},
    list::{ListQuery, Page},
};
use leptos::{prelude::*, server_fn::codec::Json};
use serde::{Deserialize, Serialize};

#[server(prefix = "/fn", endpoint = "list_groups", input = Json)]
pub async fn list_groups(query: ListQuery) -> Result<Page<GroupRow>, Refusal> {
    super::signed_in(
        |request, actor| async move { request.services.groups.list(&actor, &query).await },
    )
    .await
}

/// Ids and names of all groups, for the form of a workspace.
#[server(prefix = "/fn", endpoint = "group_names")]
pub async fn group_names() -> Result<Vec<(String, String)>, Refusal> {
    super::signed_in(|request, actor| async move {
        let names = request.services.groups.names(&actor).await?;
        Ok(names.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
    })
    .await
}

/// A group with what its form holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedGroup {
    pub form: GroupForm,
    /// Counted up by each change; 0 for a new one.
    pub revision: u32,
    /// Its name and its members are not to be changed.
    pub built_in: bool,
    /// Ids and names of all workspaces.
    pub workspaces: Vec<(String, String)>,
    /// Directories of the engine's host that volumes may be in.
    pub host_roots: Vec<String>,
}

/// The form of a group; of a new one for an empty `id`.
#[server(prefix = "/fn", endpoint = "show_group")]
pub async fn show_group(#[server(default)] id: String) -> Result<OpenedGroup, Refusal> {
    super::signed_in(|request, actor| async move {
        let id = (!id.is_empty()).then(|| id.parse()).transpose()?;
        let opened = request.services.groups.get(&actor, id.as_ref()).await?;
        Ok(OpenedGroup {
            form: opened.form,
            revision: opened.group.revision,
            built_in: opened.group.is_built_in(),
            workspaces: opened
                .workspaces
                .into_iter()
                .map(|(id, name, _)| (id.to_string(), name))
                .collect(),
            host_roots: opened.host_roots,
        })
    })
    .await
}

/// Makes a group (`id` empty) or changes one, then shows the list.
#[server(prefix = "/fn", endpoint = "save_group")]
pub async fn save_group(
    #[server(default)] id: String,
    #[server(default)] revision: u32,
    #[server(default)] form: GroupForm,
) -> Result<(), Refusal> {
    // The revision stays with what is typed: what others do meanwhile is not to be overwritten.
    let draft = (format!("group/{id}"), (revision, form.clone()));
    let saved = super::signed_in(|request, actor| async move {
        let id = (!id.is_empty()).then(|| id.parse()).transpose()?;
        request.services.groups.save(&actor, id.as_ref(), revision, &form).await
    })
    .await;
    if saved.is_err() {
        crate::draft::keep(draft.0, draft.1).await;
    }
    saved?;
    leptos_axum::redirect("/groups?done=saved");
    Ok(())
}

/// What deleting a group would mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRemoval {
    pub name: String,
    pub members: i64,
    /// Workspaces that nobody could launch any more.
    pub orphans: Vec<String>,
}

#[server(prefix = "/fn", endpoint = "weigh_group")]
pub async fn weigh_group(id: String) -> Result<GroupRemoval, Refusal> {
    super::signed_in(|request, actor| async move {
        let doomed = request.services.groups.deletion(&actor, &id.parse()?).await?;
        Ok(GroupRemoval { name: doomed.name, members: doomed.members, orphans: doomed.orphans })
    })
    .await
}

#[server(prefix = "/fn", endpoint = "delete_group")]
pub async fn delete_group(id: String) -> Result<(), Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.groups.delete(&actor, &id.parse()?).await
    })
    .await?;
    leptos_axum::redirect("/groups?done=deleted");
    Ok(())
}

/// Every setting that holds for a user (`id` empty: for oneself), and which group says so.
#[server(prefix = "/fn", endpoint = "effective_settings")]
pub async fn effective_settings(#[server(default)] id: String) -> Result<Vec<Effective>, Refusal> {
    super::signed_in(|request, actor| async move {
        let user = if id.is_empty() { actor.user.clone() } else { id.parse()? };
        request.services.groups.effective(&actor, &user).await
    })
    .await
}
