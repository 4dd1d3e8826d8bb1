//! Jobs: what runs in the background, for those it concerns.

use crate::refusal::Refusal;
use domain::{
    job::{Job, JobDetail},
    list::{ListQuery, Page},
};
use leptos::{prelude::*, server_fn::codec::Json};

/// Everybody's jobs, for administrators.
#[server(prefix = "/fn", endpoint = "list_jobs", input = Json)]
pub async fn list_jobs(query: ListQuery) -> Result<Page<Job>, Refusal> {
    super::signed_in(
        |request, actor| async move { request.services.jobs.list(&actor, &query).await },
    )
    .await
}

/// What runs and what has just ended.
#[server(prefix = "/fn", endpoint = "recent_jobs")]
pub async fn recent_jobs() -> Result<Vec<Job>, Refusal> {
    super::signed_in(|request, actor| async move { request.services.jobs.recent(&actor).await })
        .await
}

/// One job with its log.
#[server(prefix = "/fn", endpoint = "show_job")]
pub async fn show_job(id: String) -> Result<JobDetail, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.jobs.detail(&actor, &id.parse()?).await
    })
    .await
}

/// Ends a job, then back to its page.
#[server(prefix = "/fn", endpoint = "cancel_job")]
pub async fn cancel_job(id: String) -> Result<(), Refusal> {
    let page = format!("/jobs/{id}");
    super::signed_in(|request, actor| async move {
        request.services.jobs.cancel(&actor, &id.parse()?).await
    })
    .await?;
    leptos_axum::redirect(&super::local_path(&page, "/jobs"));
    Ok(())
}

/// Does a job once more, with other credentials if they are given; then back to its page.
#[server(prefix = "/fn", endpoint = "retry_job")]
pub async fn retry_job(
    id: String,
    #[server(default)] username: String,
    #[server(default)] password: String,
) -> Result<(), Refusal> {
    let page = format!("/jobs/{id}");
    super::signed_in(|request, actor| async move {
        request.services.jobs.retry(&actor, &id.parse()?, &username, &password).await
    })
    .await?;
    leptos_axum::redirect(&super::local_path(&page, "/jobs"));
    Ok(())
}
