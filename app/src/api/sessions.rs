//! Sessions: lists, one session, what may be asked of it, and its stream.

use crate::refusal::Refusal;
use domain::{
    inside::{ChangedFiles, Process, UsagePoint},
    list::{ListQuery, Page},
    log::LogPage,
    session::{BulkOutcome, SessionDetail, SessionRow},
};
use leptos::{prelude::*, server_fn::codec::Json};
use serde::{Deserialize, Serialize};

/// Everybody's sessions, for administrators.
#[server(prefix = "/fn", endpoint = "list_sessions", input = Json)]
pub async fn list_sessions(query: ListQuery) -> Result<Page<SessionRow>, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.sessions.list(&actor, &query).await
    })
    .await
}

/// One session, for its owner and administrators.
#[server(prefix = "/fn", endpoint = "show_session")]
pub async fn show_session(id: String) -> Result<SessionDetail, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.sessions.detail(&actor, &id.parse()?).await
    })
    .await
}

/// The newest lines of the container's log that hold these words and are at least this bad, older
/// than `before` if that is not 0.
#[server(prefix = "/fn", endpoint = "show_session_log")]
pub async fn show_session_log(
    id: String,
    #[server(default)] search: String,
    #[server(default)] level: String,
    #[server(default)] before: i64,
) -> Result<LogPage, Refusal> {
    use domain::log::{LogQuery, Severity};
    let level = Severity::parse(&level);
    let query = LogQuery { search, level, before, ..LogQuery::default() };
    super::signed_in(|request, actor| async move {
        request.services.sessions.read_log(&actor, &id.parse()?, &query).await
    })
    .await
}

/// What a session used after a moment, in milliseconds since 1970. Asking keeps it measured.
#[server(prefix = "/fn", endpoint = "show_session_usage")]
pub async fn show_session_usage(
    id: String,
    #[server(default)] since: i64,
) -> Result<Vec<UsagePoint>, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.sessions.usage(&actor, &id.parse()?, domain::Timestamp(since)).await
    })
    .await
}

/// The processes of a session; `None` while it does not run.
#[server(prefix = "/fn", endpoint = "show_session_processes")]
pub async fn show_session_processes(id: String) -> Result<Option<Vec<Process>>, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.sessions.processes(&actor, &id.parse()?).await
    })
    .await
}

/// A page of the files in which a session differs from its image.
#[server(prefix = "/fn", endpoint = "show_session_files", input = Json)]
pub async fn show_session_files(id: String, query: ListQuery) -> Result<ChangedFiles, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.sessions.changed_files(&actor, &id.parse()?, &query).await
    })
    .await
}

/// Stop, pause, start, delete or force-remove; then on to `next`.
#[server(prefix = "/fn", endpoint = "act_on_session")]
pub async fn act_on_session(
    id: String,
    action: String,
    #[server(default)] next: String,
) -> Result<(), Refusal> {
    let fallback = format!("/sessions/{id}");
    super::signed_in(|request, actor| async move {
        let action = domain::session::Action::parse(&action)
            .ok_or_else(|| domain::Error::at("action", "There is no such action."))?;
        request.services.sessions.act(&actor, &id.parse()?, action).await
    })
    .await?;
    leptos_axum::redirect(&super::local_path(&next, &fallback));
    Ok(())
}

/// More time for a session that is about to end by itself; then on to `next`.
#[server(prefix = "/fn", endpoint = "extend_session")]
pub async fn extend_session(id: String, #[server(default)] next: String) -> Result<(), Refusal> {
    let fallback = format!("/sessions/{id}");
    super::signed_in(|request, actor| async move {
        request.services.sessions.extend(&actor, &id.parse()?).await
    })
    .await?;
    leptos_axum::redirect(&super::local_path(&next, &fallback));
    Ok(())
}

/// The same for many sessions, each with its own outcome.
#[server(prefix = "/fn", endpoint = "act_on_sessions")]
pub async fn act_on_sessions(
    #[server(default)] ids: Vec<String>,
    action: String,
) -> Result<Vec<BulkOutcome>, Refusal> {
    super::signed_in(|request, actor| async move {
        let action = domain::session::Action::parse(&action)
            .ok_or_else(|| domain::Error::at("action", "Choose what to do with the sessions."))?;
        request.services.sessions.act_on_many(&actor, &ids, action).await
    })
    .await
}

/// Where the stream of a running session is shown from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// Address for the frame. Holds a one-time ticket: fetch a new one for every opening.
    pub url: String,
    /// By port, a user's own sessions that pass cookies can see each other's.
    pub shares_cookies: bool,
}

/// A way into the session's stream, or `None` while it does not run.
///
/// With the address of a way opened before (`unless_at`): that one again, unless it is known not to
/// have led to the workspace.
#[server(prefix = "/fn", endpoint = "open_stream")]
pub async fn open_stream(
    id: String,
    #[server(default)] unless_at: String,
) -> Result<Option<Stream>, Refusal> {
    super::signed_in(|request, actor| async move {
        let before = unless_at.split_once("ticket=").map(|(_, ticket)| ticket);
        let opened = request.services.streams.open(&actor, &id.parse()?, before).await?;
        Ok(opened.map(|opened| Stream {
            url: request.services.streams.address(
                &opened,
                request.origin.scheme,
                &request.origin.host,
                request.origin.port,
            ),
            shares_cookies: opened.shares_cookies,
        }))
    })
    .await
}
