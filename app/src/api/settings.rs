//! What administrators decide for the whole installation.

use crate::refusal::Refusal;
use domain::policy::PolicyForm;
use leptos::prelude::*;

/// The settings as the form shows them.
#[server(prefix = "/fn", endpoint = "show_settings")]
pub async fn show_settings() -> Result<PolicyForm, Refusal> {
    super::signed_in(|request, actor| async move {
        Ok(PolicyForm::from(&request.services.policies.get(&actor).await?))
    })
    .await
}

#[server(prefix = "/fn", endpoint = "save_settings")]
pub async fn save_settings(form: PolicyForm) -> Result<(), Refusal> {
    let typed = form.clone();
    let saved = super::signed_in(|request, actor| async move {
        request.services.policies.change(&actor, &form).await
    })
    .await;
    if saved.is_err() {
        crate::draft::keep("settings", typed).await;
    }
    saved?;
    leptos_axum::redirect("/settings?done=saved");
    Ok(())
}
