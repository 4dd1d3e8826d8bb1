//! Registries that images are pushed to and pulled from, for administrators.

use crate::refusal::Refusal;
use domain::registry::{ImportReport, Registry, RegistryForm, TestReport};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[server(prefix = "/fn", endpoint = "list_registries")]
pub async fn list_registries() -> Result<Vec<Registry>, Refusal> {
    super::signed_in(|request, actor| async move { request.services.registries.list(&actor).await })
        .await
}

/// What the form of a registry holds; never its password.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub form: RegistryForm,
    pub has_password: bool,
    /// The repository that was tested with.
    pub repository: String,
    /// What a test found that was asked for without JavaScript.
    pub report: Option<TestReport>,
}

#[server(prefix = "/fn", endpoint = "show_registry")]
pub async fn show_registry(id: String) -> Result<Opened, Refusal> {
    super::signed_in(|request, actor| async move {
        let (registry, form) = request.services.registries.get(&actor, &id.parse()?).await?;
        let has_password = registry.has_password;
        Ok(Opened { form, has_password, ..Opened::default() })
    })
    .await
}

/// Makes a registry (`id` empty) or changes one, then shows the list. An empty `password` keeps the
/// one that is stored.
#[server(prefix = "/fn", endpoint = "save_registry")]
pub async fn save_registry(
    #[server(default)] id: String,
    #[server(default)] form: RegistryForm,
    #[server(default)] password: String,
    #[server(default)] repository: String,
) -> Result<(), Refusal> {
    let left = Opened { form: form.clone(), repository, ..Opened::default() };
    let page = format!("registry/{id}");
    let saved = super::signed_in(|request, actor| async move {
        let registries = &request.services.registries;
        if id.is_empty() {
            registries.create(&actor, &form, &password).await.map(drop)
        } else {
            registries.change(&actor, &id.parse()?, &form, &password).await
        }
    })
    .await;
    if saved.is_err() {
        crate::draft::keep(page, left).await;
    }
    saved?;
    leptos_axum::redirect("/registries?done=saved");
    Ok(())
}

/// Tests what is typed, before it is saved. With `saved`, tests what is saved instead.
#[server(prefix = "/fn", endpoint = "test_registry")]
pub async fn test_registry(
    #[server(default)] id: String,
    #[server(default)] form: RegistryForm,
    #[server(default)] password: String,
    #[server(default)] repository: String,
    // `on` to test what is saved.
    #[server(default)] saved: String,
) -> Result<TestReport, Refusal> {
    let saved = !saved.is_empty();
    let mut left =
        Opened { form: form.clone(), repository: repository.clone(), ..Opened::default() };
    let (of, page) = match (saved, id.as_str()) {
        (true, _) => ("registries".to_owned(), "/registries?tested=on".to_owned()),
        (false, "") => ("registry/".to_owned(), "/registries/new?tested=on".to_owned()),
        (false, id) => (format!("registry/{id}"), format!("/registries/{id}?tested=on")),
    };
    let tested = super::signed_in(|request, actor| async move {
        let registries = &request.services.registries;
        let id = (!id.is_empty()).then(|| id.parse()).transpose()?;
        match id {
            Some(id) if saved => registries.test_saved(&actor, &id).await,
            id => registries.test(&actor, id.as_ref(), &form, &password, &repository).await,
        }
    })
    .await;
    left.report = tested.as_ref().ok().cloned();
    crate::draft::keep(of, left).await;
    let report = tested?;
    if crate::draft::is_plain_post() {
        leptos_axum::redirect(&super::local_path(&page, "/registries"));
    }
    Ok(report)
}

/// What deleting a registry would mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    pub name: String,
    /// Forms being filled in that have chosen it.
    pub forms: i64,
    /// Jobs under way that are to push there or to pull with its credentials.
    pub jobs: i64,
    /// Workspaces that name it for their image.
    pub workspaces: i64,
}

#[server(prefix = "/fn", endpoint = "weigh_registry")]
pub async fn weigh_registry(id: String) -> Result<Removal, Refusal> {
    super::signed_in(|request, actor| async move {
        let removal = request.services.registries.removal(&actor, &id.parse()?).await?;
        Ok(Removal {
            name: removal.name,
            forms: removal.forms,
            jobs: removal.jobs,
            workspaces: removal.workspaces,
        })
    })
    .await
}

#[server(prefix = "/fn", endpoint = "delete_registry")]
pub async fn delete_registry(id: String) -> Result<(), Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.registries.delete(&actor, &id.parse()?).await
    })
    .await?;
    leptos_axum::redirect("/registries?done=deleted");
    Ok(())
}

/// Says what an import of a Docker `config.json` would store.
#[server(prefix = "/fn", endpoint = "look_at_import")]
pub async fn look_at_import(#[server(default)] text: String) -> Result<ImportReport, Refusal> {
    let report = super::signed_in(|request, actor| async move {
        request.services.registries.look_at_import(&actor, &text).await
    })
    .await?;
    Ok(leave(report).await)
}

/// Stores the registries that a Docker `config.json` names, where that can be.
#[server(prefix = "/fn", endpoint = "import_registries")]
pub async fn import_registries(#[server(default)] text: String) -> Result<ImportReport, Refusal> {
    let report = super::signed_in(|request, actor| async move {
        request.services.registries.import(&actor, &text).await
    })
    .await?;
    Ok(leave(report).await)
}

/// Leaves what came of an import for the page, if that must be asked for anew. The text itself is
/// never left: it holds passwords.
#[cfg(feature = "ssr")]
async fn leave(report: ImportReport) -> ImportReport {
    crate::draft::keep("registries/import", report.clone()).await;
    if crate::draft::is_plain_post() {
        leptos_axum::redirect("/registries/import?read=on");
    }
    report
}
