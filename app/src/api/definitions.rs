//! Definitions of workspaces that are kept as a text elsewhere.

use crate::refusal::Refusal;
use domain::workspace::{DefinitionsReport, ImportedDefinitions};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What the page opens with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Ids and names of all workspaces.
    pub all: Vec<(String, String)>,
    /// The text of a file, or of a look without JavaScript.
    pub text: String,
    /// What it comes to, or why it comes to nothing.
    pub looked: Option<Result<DefinitionsReport, domain::Error>>,
}

/// Opens the page; `read` says that a text was left for it.
#[server(prefix = "/fn", endpoint = "open_definitions")]
pub async fn open_definitions(#[server(default)] read: bool) -> Result<Opened, Refusal> {
    let text: Option<String> = match read {
        true => crate::draft::take(crate::draft::DEFINITIONS).await,
        false => None,
    };
    super::signed_in(|request, actor| async move {
        let workspaces = &request.services.workspaces;
        let all = workspaces.names(&actor).await?;
        let looked = match &text {
            Some(text) => Some(workspaces.look_at_definitions(&actor, text).await),
            None => None,
        };
        Ok(Opened { all, text: text.unwrap_or_default(), looked })
    })
    .await
}

/// Says what an import would change, and saves nothing.
#[server(prefix = "/fn", endpoint = "look_at_definitions")]
pub async fn look_at_definitions(
    #[server(default)] text: String,
) -> Result<DefinitionsReport, Refusal> {
    let left = text.clone();
    let looked = super::signed_in(|request, actor| async move {
        request.services.workspaces.look_at_definitions(&actor, &text).await
    })
    .await;
    crate::draft::keep_unless_refused(&looked, crate::draft::DEFINITIONS, left).await;
    let report = looked?;
    if crate::draft::is_plain_post() {
        leptos_axum::redirect("/workspaces/import?read=on");
    }
    Ok(report)
}

/// Saves what a text says, all of it or nothing, then shows the list.
#[server(prefix = "/fn", endpoint = "import_definitions")]
pub async fn import_definitions(
    #[server(default)] text: String,
    // The outcome that was looked at.
    #[server(default)] seen: String,
) -> Result<ImportedDefinitions, Refusal> {
    let left = text.clone();
    let imported = super::signed_in(|request, actor| async move {
        request.services.workspaces.import_definitions(&actor, &text, &seen).await
    })
    .await;
    if imported.is_err() {
        crate::draft::keep_unless_refused(&imported, crate::draft::DEFINITIONS, left).await;
    }
    let imported = imported?;
    leptos_axum::redirect("/workspaces?done=imported");
    Ok(imported)
}
