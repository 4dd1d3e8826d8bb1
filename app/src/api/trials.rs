//! Trials of new images: for administrators, and for the testers.

use crate::refusal::Refusal;
use domain::trial::{TrialAsked, TrialForm, VerdictForm, WorkspaceTrial};
use leptos::prelude::*;

/// A workspace and its trial, if one is under way.
#[server(prefix = "/fn", endpoint = "show_trial")]
pub async fn show_trial(id: String) -> Result<WorkspaceTrial, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.workspaces.trial(&actor, &id.parse()?).await
    })
    .await
}

/// Lets some groups launch a workspace with another image.
#[server(prefix = "/fn", endpoint = "begin_trial")]
pub async fn begin_trial(id: String, #[server(default)] form: TrialForm) -> Result<(), Refusal> {
    let draft = (format!("trial/{id}"), form.clone());
    let begun = super::signed_in(|request, actor| async move {
        let id: domain::WorkspaceId = id.parse()?;
        request.services.workspaces.begin_trial(&actor, &id, &form).await?;
        Ok(id)
    })
    .await;
    if begun.is_err() {
        crate::draft::keep(draft.0, draft.1).await;
    }
    leptos_axum::redirect(&format!("/workspaces/{}/trial?done=begun", begun?));
    Ok(())
}

/// Makes the image of a workspace's trial everybody's, and shows the workspace's image.
#[server(prefix = "/fn", endpoint = "promote_trial")]
pub async fn promote_trial(id: String) -> Result<(), Refusal> {
    let id = super::signed_in(|request, actor| async move {
        let id: domain::WorkspaceId = id.parse()?;
        request.services.workspaces.promote_trial(&actor, &id).await?;
        Ok(id)
    })
    .await?;
    leptos_axum::redirect(&format!("/workspaces/{id}/image?done=promoted"));
    Ok(())
}

/// Ends a workspace's trial.
#[server(prefix = "/fn", endpoint = "end_trial")]
pub async fn end_trial(id: String) -> Result<(), Refusal> {
    let id = super::signed_in(|request, actor| async move {
        let id: domain::WorkspaceId = id.parse()?;
        request.services.workspaces.end_trial(&actor, &id).await?;
        Ok(id)
    })
    .await?;
    leptos_axum::redirect(&format!("/workspaces/{id}/trial?done=ended"));
    Ok(())
}

/// What a tester is asked, by the trial's own id.
#[server(prefix = "/fn", endpoint = "asked_of_trial")]
pub async fn asked_of_trial(id: String) -> Result<TrialAsked, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.workspaces.asked_of_trial(&actor, &id.parse()?).await
    })
    .await
}

/// Says what a tester found.
#[server(prefix = "/fn", endpoint = "give_verdict")]
pub async fn give_verdict(id: String, #[server(default)] form: VerdictForm) -> Result<(), Refusal> {
    let draft = (format!("verdict/{id}"), form.clone());
    let said = super::signed_in(|request, actor| async move {
        let id: domain::WorkspaceId = id.parse()?;
        request.services.workspaces.give_verdict(&actor, &id, &form).await?;
        Ok(id)
    })
    .await;
    if said.is_err() {
        crate::draft::keep(draft.0, draft.1).await;
    }
    leptos_axum::redirect(&format!("/trials/{}?done=said", said?));
    Ok(())
}
