//! The image library, for those who manage it.

use crate::refusal::Refusal;
use domain::{
    library::{DiskUse, ImageDetail, ImageOutcome, ImageRemoval, ImageRow, PrunePlan},
    list::{ListQuery, Page},
};
use leptos::{prelude::*, server_fn::codec::Json};
use serde::{Deserialize, Serialize};

#[server(prefix = "/fn", endpoint = "list_images", input = Json)]
pub async fn list_images(query: ListQuery) -> Result<Page<ImageRow>, Refusal> {
    super::signed_in(
        |request, actor| async move { request.services.library.list(&actor, &query).await },
    )
    .await
}

/// Everything about one reference, or the content id of an image without a name.
#[server(prefix = "/fn", endpoint = "show_image")]
pub async fn show_image(image: String) -> Result<ImageDetail, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.library.detail(&actor, &image).await
    })
    .await
}

/// Fetches an image from its registry and shows the job. `registry` is the id of the stored one
/// whose credentials are used; empty for the one that the name leads to.
#[server(prefix = "/fn", endpoint = "pull_reference")]
pub async fn pull_reference(
    image: String,
    #[server(default)] registry: String,
) -> Result<(), Refusal> {
    let typed = (image.clone(), registry.clone());
    let job = super::signed_in(|request, actor| async move {
        let registry = match registry.as_str() {
            "" => None,
            id => Some(id.parse()?),
        };
        request.services.library.pull(&actor, &image, registry.as_ref()).await
    })
    .await;
    if job.is_err() {
        crate::draft::keep("pull", typed).await;
    }
    leptos_axum::redirect(&format!("/jobs/{}", job?));
    Ok(())
}

/// Gives an image one more name and shows it under that.
#[server(prefix = "/fn", endpoint = "tag_image")]
pub async fn tag_image(image: String, #[server(default)] name: String) -> Result<(), Refusal> {
    let named = super::signed_in(|request, actor| async move {
        request.services.library.tag(&actor, &image, &name).await
    })
    .await?;
    let page = format!("/images/show?image={}&done=tagged", domain::list::encode(&named));
    leptos_axum::redirect(&page);
    Ok(())
}

/// What taking a name off the engine would mean.
#[server(prefix = "/fn", endpoint = "weigh_image")]
pub async fn weigh_image(image: String) -> Result<ImageRemoval, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.library.removal(&actor, &image).await
    })
    .await
}

/// Takes a name off the engine, and the image with its last one; then shows the list.
#[server(prefix = "/fn", endpoint = "remove_image")]
pub async fn remove_image(image: String) -> Result<(), Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.library.remove(&actor, &image).await
    })
    .await?;
    leptos_axum::redirect("/images?done=removed");
    Ok(())
}

/// Pulls or removes several, each with its own outcome; `action` is `pull` or `remove`.
#[server(prefix = "/fn", endpoint = "act_on_images")]
pub async fn act_on_images(
    #[server(default)] ids: Vec<String>,
    action: String,
) -> Result<Vec<ImageOutcome>, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.library.act_on_many(&actor, &ids, &action).await
    })
    .await
}

/// What the engine's disk holds, and what pruning would take away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskReport {
    pub disk: DiskUse,
    pub plan: PrunePlan,
    /// The mode and the days that the plan is for, as they are posted.
    pub mode: String,
    pub days: String,
}

/// The plan for a mode and a number of days; empty for what the settings say.
#[server(prefix = "/fn", endpoint = "show_disk")]
pub async fn show_disk(
    #[server(default)] mode: String,
    #[server(default)] days: String,
) -> Result<DiskReport, Refusal> {
    super::signed_in(|request, actor| async move {
        let (disk, plan, rule) = request.services.library.disk(&actor, &mode, &days).await?;
        let (mode, days) = (rule.mode.as_str().to_owned(), rule.unused_days.to_string());
        Ok(DiskReport { disk, plan, mode, days })
    })
    .await
}

/// Takes away what the plan says, as a job, and shows that.
#[server(prefix = "/fn", endpoint = "prune_images")]
pub async fn prune_images(
    #[server(default)] mode: String,
    #[server(default)] days: String,
) -> Result<(), Refusal> {
    let job = super::signed_in(|request, actor| async move {
        request.services.library.prune(&actor, &mode, &days).await
    })
    .await?;
    leptos_axum::redirect(&format!("/jobs/{job}"));
    Ok(())
}
