//! Workspace definitions, for administrators.

use crate::refusal::Refusal;
use domain::{
    confinement::Offered,
    list::{ListQuery, Page},
    registry::Registry,
    revision::WorkspaceImage,
    workspace::{Workspace, WorkspaceForm, WorkspaceRow},
};
use leptos::{prelude::*, server_fn::codec::Json};
use serde::{Deserialize, Serialize};

#[server(prefix = "/fn", endpoint = "list_workspaces", input = Json)]
pub async fn list_workspaces(query: ListQuery) -> Result<Page<WorkspaceRow>, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.workspaces.list(&actor, &query).await
    })
    .await
}

#[server(prefix = "/fn", endpoint = "show_workspace")]
pub async fn show_workspace(id: String) -> Result<Workspace, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.workspaces.get(&actor, &id.parse()?).await
    })
    .await
}

/// The registries whose credentials a workspace can name for its image.
#[server(prefix = "/fn", endpoint = "offered_registries")]
pub async fn offered_registries() -> Result<Vec<Registry>, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.workspaces.offered_registries(&actor).await
    })
    .await
}

/// What of the engine's host a workspace can have.
#[server(prefix = "/fn", endpoint = "offered_confinement")]
pub async fn offered_confinement() -> Result<Offered, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.workspaces.offered_confinement(&actor).await
    })
    .await
}

/// Makes a workspace (`id` empty) or changes one, then shows the list.
///
/// `revision` is the one the form was opened with; a newer one in the store refuses the change.
#[server(prefix = "/fn", endpoint = "save_workspace")]
pub async fn save_workspace(
    #[server(default)] id: String,
    #[server(default)] revision: u32,
    form: WorkspaceForm,
) -> Result<(), Refusal> {
    let draft = (format!("workspace/{id}"), form.clone());
    let saved = super::signed_in(|request, actor| async move {
        let workspaces = &request.services.workspaces;
        if id.is_empty() {
            Ok((workspaces.create(&actor, &form).await?, "saved"))
        } else {
            let saved = workspaces.change(&actor, &id.parse()?, revision, &form).await?;
            Ok((saved.id, if saved.unpinned { "unpinned" } else { "saved" }))
        }
    })
    .await;
    if saved.is_err() {
        crate::draft::keep(draft.0, draft.1).await;
    }
    let (saved, done) = saved?;
    leptos_axum::redirect(&format!("/workspaces/{saved}?done={done}"));
    Ok(())
}

/// Which image a workspace launches, and which ones it has launched.
#[server(prefix = "/fn", endpoint = "show_workspace_image")]
pub async fn show_workspace_image(id: String) -> Result<WorkspaceImage, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.workspaces.image(&actor, &id.parse()?).await
    })
    .await
}

/// Has launches use the image of an earlier revision.
#[server(prefix = "/fn", endpoint = "roll_back_workspace")]
pub async fn roll_back_workspace(id: String, number: u32) -> Result<(), Refusal> {
    let id = super::signed_in(|request, actor| async move {
        let id: domain::WorkspaceId = id.parse()?;
        request.services.workspaces.roll_back(&actor, &id, number).await?;
        Ok(id)
    })
    .await?;
    leptos_axum::redirect(&format!("/workspaces/{id}/image?done=rolled_back"));
    Ok(())
}

/// Has launches use what the reference means again.
#[server(prefix = "/fn", endpoint = "unpin_workspace")]
pub async fn unpin_workspace(id: String) -> Result<(), Refusal> {
    let id = super::signed_in(|request, actor| async move {
        let id: domain::WorkspaceId = id.parse()?;
        request.services.workspaces.unpin(&actor, &id).await?;
        Ok(id)
    })
    .await?;
    leptos_axum::redirect(&format!("/workspaces/{id}/image?done=unpinned"));
    Ok(())
}

/// Makes a copy, disabled, and opens its form.
#[server(prefix = "/fn", endpoint = "duplicate_workspace")]
pub async fn duplicate_workspace(id: String) -> Result<(), Refusal> {
    let copy = super::signed_in(|request, actor| async move {
        request.services.workspaces.duplicate(&actor, &id.parse()?).await
    })
    .await?;
    leptos_axum::redirect(&format!("/workspaces/{copy}?done=duplicated"));
    Ok(())
}

#[server(prefix = "/fn", endpoint = "set_workspace_enabled")]
pub async fn set_workspace_enabled(
    id: String,
    // `on` to enable, empty to disable.
    #[server(default)] enabled: String,
    #[server(default)] next: String,
) -> Result<(), Refusal> {
    super::signed_in(|request, actor| async move {
        let on = !enabled.is_empty();
        request.services.workspaces.set_enabled(&actor, &id.parse()?, on).await
    })
    .await?;
    leptos_axum::redirect(&super::local_path(&next, "/workspaces"));
    Ok(())
}

/// What goes and what stays when a workspace is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consequences {
    pub name: String,
    /// Sessions that hold a container; they stay and can still be used until deleted.
    pub sessions: i64,
    /// The image, if it was made of a session and could be removed too.
    pub snapshot: Option<String>,
    /// Other workspaces that need the image.
    pub others: Vec<String>,
    /// A trial of it is under way, and would end.
    pub trial: bool,
}

#[server(prefix = "/fn", endpoint = "weigh_deletion")]
pub async fn weigh_deletion(id: String) -> Result<Consequences, Refusal> {
    super::signed_in(|request, actor| async move {
        let deletion = request.services.workspaces.deletion(&actor, &id.parse()?).await?;
        Ok(Consequences {
            name: deletion.name,
            sessions: deletion.sessions,
            snapshot: deletion.snapshot,
            others: deletion.others,
            trial: deletion.trial,
        })
    })
    .await
}

#[server(prefix = "/fn", endpoint = "delete_workspace")]
pub async fn delete_workspace(
    id: String,
    // `on` to remove its image too, if that was made of a session.
    #[server(default)] with_image: String,
) -> Result<(), Refusal> {
    super::signed_in(|request, actor| async move {
        let with_image = !with_image.is_empty();
        request.services.workspaces.delete(&actor, &id.parse()?, with_image).await
    })
    .await?;
    leptos_axum::redirect("/workspaces?done=deleted");
    Ok(())
}

/// Fetches the workspace's image from its registry and shows the job.
#[server(prefix = "/fn", endpoint = "pull_image")]
pub async fn pull_image(id: String) -> Result<(), Refusal> {
    let job = super::signed_in(|request, actor| async move {
        request.services.workspaces.pull_image(&actor, &id.parse()?).await
    })
    .await?;
    leptos_axum::redirect(&format!("/jobs/{job}"));
    Ok(())
}

/// Runs the saved definition, enabled or not, and shows each step. What it asks is asked first.
#[server(prefix = "/fn", endpoint = "test_launch")]
pub async fn test_launch(id: String) -> Result<(), Refusal> {
    let to = super::signed_in(|request, actor| async move {
        let id: domain::WorkspaceId = id.parse()?;
        let workspace = request.services.workspaces.get(&actor, &id).await?;
        if !workspace.definition.launch_form.is_empty() {
            return Ok(format!("/launch/{id}?test=on"));
        }
        let typed = domain::launch_form::Typed::default();
        let session = request.services.sessions.test_launch(&actor, &id, &typed).await?;
        Ok(format!("/sessions/{session}/view"))
    })
    .await?;
    leptos_axum::redirect(&to);
    Ok(())
}
