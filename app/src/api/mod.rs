//! Server functions: the calls a page makes. One file per resource, a few lines each; the rules
//! live in `services`.
//!
//! Functions that end in a redirect also work as plain form posts without JavaScript.

pub mod account;
pub mod audit;
pub mod auth;
pub mod catalog;
pub mod definitions;
pub mod groups;
pub mod hooks;
pub mod images;
pub mod jobs;
pub mod launcher;
pub mod registries;
pub mod second_factor;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod snapshots;
pub mod trials;
pub mod users;
pub mod workspaces;

/// Runs a use case with the present request and hands its outcome on with the right status.
#[cfg(feature = "ssr")]
async fn signed_in<T, F>(
    case: impl FnOnce(crate::request::Request, domain::actor::Actor) -> F,
) -> Result<T, crate::refusal::Refusal>
where
    F: Future<Output = domain::Result<T>>,
{
    let outcome = match crate::request::Request::signed_in() {
        Ok((request, actor)) => case(request, actor).await,
        Err(error) => Err(error),
    };
    crate::refusal::answer(outcome)
}

/// Where to go after a form: a path on this console, never another site.
#[cfg(feature = "ssr")]
fn local_path(next: &str, fallback: &str) -> String {
    if crate::routes::is_local(next) { next.to_owned() } else { fallback.to_owned() }
}
