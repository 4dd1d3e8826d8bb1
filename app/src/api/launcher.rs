//! Tiles: seeing, launching and marking them.

use crate::refusal::Refusal;
use domain::launcher::{LaunchOptions, Launcher};
use leptos::prelude::*;
use std::collections::BTreeMap;

#[server(prefix = "/fn", endpoint = "show_launcher")]
pub async fn show_launcher(search: String, category: String) -> Result<Launcher, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.launcher.page(&actor, &search, &category).await
    })
    .await
}

/// What one has a say in at launch.
#[server(prefix = "/fn", endpoint = "show_launch_options")]
pub async fn show_launch_options(
    workspace: String,
    // `on` for a run of the definition to try it.
    #[server(default)] test: String,
) -> Result<LaunchOptions, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.launcher.options(&actor, &workspace.parse()?, !test.is_empty()).await
    })
    .await
}

/// Launches a workspace, or goes to the session that already runs, and shows it.
#[server(prefix = "/fn", endpoint = "launch")]
pub async fn launch(
    workspace: String,
    // `fresh` empties the home directory that is kept, `without` leaves it alone and uses another.
    #[server(default)] profile: String,
    // `on` for a run of the definition to try it.
    #[server(default)] test: String,
    // What the launch form was answered, by the fields' targets.
    #[server(default)] answers: BTreeMap<String, String>,
    #[server(default)] secrets: BTreeMap<String, String>,
) -> Result<(), Refusal> {
    // Secrets are typed again.
    let draft = (format!("launch/{workspace}"), (profile.clone(), answers.clone()));
    let profile = domain::storage::ProfileChoice::parse(&profile);
    let launched = super::signed_in(|request, actor| async move {
        let (sessions, id) = (&request.services.sessions, workspace.parse()?);
        let typed = domain::launch_form::Typed { answers, secrets };
        match test.as_str() {
            "" => sessions.launch_with(&actor, &id, profile, &typed).await,
            _ => sessions.test_launch(&actor, &id, &typed).await,
        }
    })
    .await;
    if launched.is_err() {
        crate::draft::keep(draft.0, draft.1).await;
    }
    let id = launched?;
    leptos_axum::redirect(&format!("/sessions/{id}/view"));
    Ok(())
}

#[server(prefix = "/fn", endpoint = "set_favourite")]
pub async fn set_favourite(
    workspace: String,
    // `on` to mark, empty to unmark.
    #[server(default)] favourite: String,
    #[server(default)] next: String,
) -> Result<(), Refusal> {
    super::signed_in(|request, actor| async move {
        let on = !favourite.is_empty();
        request.services.launcher.set_favourite(&actor, &workspace.parse()?, on).await
    })
    .await?;
    leptos_axum::redirect(&super::local_path(&next, "/"));
    Ok(())
}
