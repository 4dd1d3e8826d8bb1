//! `/events`: one stream per tab that says what changed, filtered by what its reader may see.

use crate::{faces::problem, faces::stopped, serve::Stopping};
use app::request::Request;
use axum::{
    Extension,
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use domain::{
    actor::{Actor, Permission},
    event::Change,
};
use futures_util::{Stream, StreamExt, stream};
use services::Services;
use std::{convert::Infallible, time::Duration};
use tokio::sync::broadcast::error::RecvError;

/// Idle proxies close silent connections after a minute.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(20);

pub(crate) async fn events(
    State(stopping): State<Stopping>,
    Extension(request): Extension<Request>,
) -> Response {
    match request.actor() {
        Ok(actor) => {
            let actor = actor.clone();
            let changes = changes(request.services, actor, stopping);
            Sse::new(changes).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
        }
        Err(error) => problem::json(&error),
    }
}

/// Whether the reader may know of a change.
fn concerns(actor: &Actor, change: &Change) -> bool {
    match change {
        Change::Session { owner, .. } => actor.owns_or_sees(owner),
        Change::Job { owner, .. } => {
            owner.as_ref() == Some(&actor.user) || actor.may(Permission::SeeAllJobs)
        }
        Change::User { id } => *id == actor.user || actor.may(Permission::SeeUsers),
        // Says nothing but that there are new figures; what they are is asked for and permitted.
        Change::Usage
        | Change::Workspace { .. }
        | Change::Images
        | Change::Engine
        | Change::Resync => true,
    }
}

/// Whether somebody who follows something still is who he was when he began, with the same rights.
pub(crate) async fn still_stands(services: &Services, actor: &Actor) -> bool {
    let still = services.access.actor(&actor.sign_in).await;
    matches!(still, Ok(Some(now)) if now == *actor)
}

fn event(name: &str, change: &Change) -> Event {
    Event::default().event(name).data(serde_json::to_string(change).unwrap_or_default())
}

fn changes(
    services: Services,
    actor: Actor,
    stopping: Stopping,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let listener = services.changes();
    // What happened before the stream was open is unknown to the page.
    let first = stream::once(async { Ok(event("change", &Change::Resync)) });
    let rest = stream::unfold(Some((listener, actor, services)), move |state| {
        let stopping = stopping.clone();
        async move {
            let (mut listener, actor, services) = state?;
            loop {
                let change = tokio::select! {
                    change = listener.recv() => change,
                    () = stopped(stopping.clone()) => {
                        return Some((Ok(event("stopping", &Change::Engine)), None));
                    }
                };
                let change = match change {
                    Ok(change) => change,
                    Err(RecvError::Lagged(_)) => Change::Resync,
                    Err(RecvError::Closed) => return None,
                };
                // A reader whose rights changed gets a new stream, or none. Where anything may have
                // changed, rights may have too: groups decide on them.
                let of_reader = match &change {
                    Change::User { id } => *id == actor.user,
                    Change::Resync => true,
                    _ => false,
                };
                if of_reader && !still_stands(&services, &actor).await {
                    return Some((Ok(event("change", &Change::Resync)), None));
                }
                if concerns(&actor, &change) {
                    return Some((Ok(event("change", &change)), Some((listener, actor, services))));
                }
            }
        }
    });
    first.chain(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::actor::Role;

    #[test]
    fn a_user_learns_only_of_his_own_sessions() {
        let actor = |role| Actor {
            user: "a".parse().unwrap(),
            name: "ada".into(),
            role,
            sign_in: "1".parse().unwrap(),
            grants: domain::actor::Grants::default(),
        };
        let of = |owner: &str| Change::Session {
            id: "5".parse().unwrap(),
            owner: owner.parse().unwrap(),
        };
        assert!(concerns(&actor(Role::User), &of("a")));
        assert!(!concerns(&actor(Role::User), &of("b")));
        assert!(concerns(&actor(Role::Administrator), &of("b")));
        assert!(concerns(&actor(Role::Auditor), &of("b")));
        assert!(!concerns(&actor(Role::ImageMaintainer), &of("b")));
        let user = Change::User { id: "b".parse().unwrap() };
        assert!(!concerns(&actor(Role::User), &user));
        assert!(concerns(&actor(Role::Auditor), &user));
        assert!(concerns(&actor(Role::User), &Change::Usage));
    }
}
