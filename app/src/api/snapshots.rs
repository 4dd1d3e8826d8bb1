//! Create image from session: the wizard's pages and what submitting it begins.

use crate::refusal::Refusal;
use domain::{
    registry::TestReport,
    snapshot::{Lineage, Origin, SnapshotForm, SnapshotPage},
};
use leptos::prelude::*;

/// A page of the wizard as it was left.
#[server(prefix = "/fn", endpoint = "show_snapshot")]
pub async fn show_snapshot(
    id: String,
    #[server(default)] step: String,
) -> Result<SnapshotPage, Refusal> {
    super::signed_in(|request, actor| async move {
        let step = domain::snapshot::WizardStep::parse(&step);
        request.services.snapshots.page(&actor, &id.parse()?, step).await
    })
    .await
}

/// Keeps one page of the wizard and goes on to another: `go` names it, or is empty for the next.
/// Going back keeps what is typed whatever it is; going on asks that it be right.
#[server(prefix = "/fn", endpoint = "keep_snapshot")]
pub async fn keep_snapshot(
    id: String,
    step: String,
    #[server(default)] go: String,
    #[server(default)] form: SnapshotForm,
    #[server(default)] password: String,
) -> Result<(), Refusal> {
    use domain::snapshot::WizardStep;
    let step = WizardStep::parse(&step);
    let target = if go.is_empty() { step.next() } else { WizardStep::parse(&go) };
    let page = format!("/sessions/{id}/image?step={}", target.as_str());
    super::signed_in(|request, actor| async move {
        let snapshots = &request.services.snapshots;
        match snapshots.keep(&actor, &id.parse()?, step, form, &password).await {
            Err(error) if error.kind == domain::ErrorKind::Invalid && target.is_before(step) => {
                Ok(())
            }
            kept => kept,
        }
    })
    .await?;
    leptos_axum::redirect(&super::local_path(&page, "/sessions"));
    Ok(())
}

/// Keeps the page about the registry, and tests what it says with the repository of the image.
#[server(prefix = "/fn", endpoint = "test_push")]
pub async fn test_push(
    id: String,
    #[server(default)] form: SnapshotForm,
    #[server(default)] password: String,
) -> Result<TestReport, Refusal> {
    let (of, page) = (format!("snapshot/{id}"), format!("/sessions/{id}/image?step=registry"));
    let report = super::signed_in(|request, actor| async move {
        request.services.snapshots.test_registry(&actor, &id.parse()?, form, &password).await
    })
    .await?;
    crate::draft::keep(of, report.clone()).await;
    if crate::draft::is_plain_post() {
        leptos_axum::redirect(&super::local_path(&format!("{page}&tested=on"), "/sessions"));
    }
    Ok(report)
}

/// Begins the job and shows the workspace that was made, or the job where none was or the reader may
/// not change it. `image` is the one that was reviewed.
#[server(prefix = "/fn", endpoint = "submit_snapshot")]
pub async fn submit_snapshot(id: String, image: String) -> Result<(), Refusal> {
    let begun = super::signed_in(|request, actor| async move {
        let mut begun = request.services.snapshots.submit(&actor, &id.parse()?, &image).await?;
        begun.workspace =
            begun.workspace.filter(|_| actor.may(domain::actor::Permission::ManageWorkspaces));
        Ok(begun)
    })
    .await?;
    let next = match begun.workspace {
        Some(workspace) => format!("/workspaces/{workspace}?done=snapshot"),
        None => format!("/jobs/{}", begun.job),
    };
    leptos_axum::redirect(&next);
    Ok(())
}

/// Forgets what was typed, and leads back to the session.
#[server(prefix = "/fn", endpoint = "discard_snapshot")]
pub async fn discard_snapshot(id: String) -> Result<(), Refusal> {
    let page = format!("/sessions/{id}");
    super::signed_in(|request, actor| async move {
        request.services.snapshots.discard(&actor, &id.parse()?).await
    })
    .await?;
    leptos_axum::redirect(&super::local_path(&page, "/sessions"));
    Ok(())
}

/// Images made of a session, newest first.
#[server(prefix = "/fn", endpoint = "snapshots_of_session")]
pub async fn snapshots_of_session(id: String) -> Result<Vec<Lineage>, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.snapshots.of_session(&actor, &id.parse()?).await
    })
    .await
}

/// The session that a workspace's image was made of, if it was.
#[server(prefix = "/fn", endpoint = "lineage_of_image")]
pub async fn lineage_of_image(image: String) -> Result<Option<Origin>, Refusal> {
    super::signed_in(|request, actor| async move {
        let image = image.parse().map_err(|why: String| domain::Error::at("image", why))?;
        request.services.snapshots.of_image(&actor, &image).await
    })
    .await
}

/// Gives an image to the workspace whose session it was made of, and shows that.
#[server(prefix = "/fn", endpoint = "replace_image")]
pub async fn replace_image(image: String) -> Result<(), Refusal> {
    let workspace = super::signed_in(|request, actor| async move {
        let image = image.parse().map_err(|why: String| domain::Error::at("image", why))?;
        request.services.snapshots.replace(&actor, &image).await
    })
    .await?;
    leptos_axum::redirect(&format!("/workspaces/{workspace}?done=replaced"));
    Ok(())
}
