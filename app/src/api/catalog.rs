//! Catalogs of ready-made workspaces that somebody else publishes.

use crate::refusal::Refusal;
use domain::workspace::{Catalog, CatalogLook, ImportedDefinitions};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What the page opens with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedCatalog {
    pub url: String,
    /// Names of the entries that are ticked.
    pub picks: Vec<String>,
    /// What is there, or why it cannot be read.
    pub catalog: Option<Result<Catalog, domain::Error>>,
    /// What taking those that are ticked would do, or why they cannot be taken.
    pub looked: Option<Result<CatalogLook, domain::Error>>,
}

/// What a plain post leaves for the page: what it has asked for, and nothing of what was read.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Asked {
    url: String,
    picks: Vec<String>,
}

/// Opens the page; `read` says that something was left for it.
#[server(prefix = "/fn", endpoint = "open_catalog")]
pub async fn open_catalog(#[server(default)] read: bool) -> Result<OpenedCatalog, Refusal> {
    let asked: Option<Asked> = match read {
        true => crate::draft::take(crate::draft::CATALOG).await,
        false => None,
    };
    super::signed_in(|request, actor| async move {
        let workspaces = &request.services.workspaces;
        workspaces.catalogs(&actor)?;
        let Some(Asked { url, picks }) = asked else { return Ok(OpenedCatalog::default()) };
        let catalog = workspaces.catalog(&actor, &url).await;
        let looked = match catalog.is_ok() && !picks.is_empty() {
            true => Some(workspaces.look_at_catalog(&actor, &url, &picks).await),
            false => None,
        };
        Ok(OpenedCatalog { url, picks, catalog: Some(catalog), looked })
    })
    .await
}

/// Shows what is in a catalog.
#[server(prefix = "/fn", endpoint = "show_catalog")]
pub async fn show_catalog(#[server(default)] url: String) -> Result<Catalog, Refusal> {
    let asked = url.clone();
    let shown = super::signed_in(|request, actor| async move {
        let workspaces = &request.services.workspaces;
        match crate::draft::is_plain_post() {
            true => workspaces.catalog_address(&actor, &url).map(|_| Catalog::default()),
            false => workspaces.catalog(&actor, &url).await,
        }
    })
    .await;
    answer(shown, asked, Vec::new()).await
}

/// Says what taking some entries of a catalog would change, and saves nothing.
#[server(prefix = "/fn", endpoint = "look_at_catalog")]
pub async fn look_at_catalog(
    #[server(default)] url: String,
    // Names of entries.
    #[server(default)] pick: Vec<String>,
) -> Result<CatalogLook, Refusal> {
    let (asked, picks) = (url.clone(), pick.clone());
    let looked = super::signed_in(|request, actor| async move {
        let workspaces = &request.services.workspaces;
        match crate::draft::is_plain_post() {
            true => workspaces.catalog_choice(&actor, &url, &pick).map(|_| CatalogLook::default()),
            false => workspaces.look_at_catalog(&actor, &url, &pick).await,
        }
    })
    .await;
    answer(looked, asked, picks).await
}

/// Saves what was looked at, all of it or nothing, then shows the list.
#[server(prefix = "/fn", endpoint = "import_catalog")]
pub async fn import_catalog(
    #[server(default)] url: String,
    #[server(default)] pick: Vec<String>,
    // The definitions that were looked at, and what they came to.
    #[server(default)] text: String,
    #[server(default)] seen: String,
) -> Result<ImportedDefinitions, Refusal> {
    let asked = url.clone();
    let imported = super::signed_in(|request, actor| async move {
        request.services.workspaces.import_catalog(&actor, &asked, &text, &seen).await
    })
    .await;
    if imported.is_err() {
        leave(&imported, url, pick).await;
    }
    let imported = imported?;
    leptos_axum::redirect("/workspaces?done=imported");
    Ok(imported)
}

/// Leaves what was asked for, and leads a plain post back to the page.
#[cfg(feature = "ssr")]
async fn answer<T>(
    outcome: Result<T, Refusal>,
    url: String,
    picks: Vec<String>,
) -> Result<T, Refusal> {
    leave(&outcome, url, picks).await;
    if outcome.is_ok() && crate::draft::is_plain_post() {
        leptos_axum::redirect("/workspaces/catalog?read=on");
    }
    outcome
}

/// Leaves what a plain post has asked for to the page, which reads it once and shows it; not more of it
/// than any catalog answers, and nothing of whoever may not ask.
#[cfg(feature = "ssr")]
async fn leave<T>(outcome: &Result<T, Refusal>, mut url: String, mut picks: Vec<String>) {
    use domain::workspace::{Link, MOST_ENTRIES, NAME_LONGEST};
    if url.len() > Link::LONGEST {
        url.clear();
    }
    picks.retain(|pick| pick.chars().count() <= NAME_LONGEST);
    picks.truncate(MOST_ENTRIES);
    crate::draft::keep_unless_refused(outcome, crate::draft::CATALOG, Asked { url, picks }).await;
}
