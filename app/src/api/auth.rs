//! Signing in and out, and who is signed in.

use crate::refusal::Refusal;
use domain::{actor::Actor, user::Theme};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What every page needs to know of its reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    pub actor: Option<Actor>,
    pub theme: Theme,
}

#[server(prefix = "/fn", endpoint = "who_is_it")]
pub async fn who_is_it() -> Result<Viewer, Refusal> {
    let request = crate::request::Request::current()?;
    Ok(Viewer { actor: request.actor, theme: request.theme })
}

/// Who is signed in, for pages that show to some what they do not show to others.
pub async fn reader() -> Result<Actor, Refusal> {
    who_is_it().await?.actor.ok_or_else(|| Refusal(domain::Error::unauthenticated()))
}

/// Signs in and goes to `next`, or to the launcher; first to where a code is asked for, or a second
/// factor is set up, if it takes that.
#[server(prefix = "/fn", endpoint = "sign_in")]
pub async fn sign_in(
    name: String,
    password: String,
    #[server(default)] next: String,
) -> Result<(), Refusal> {
    let request = crate::request::Request::current()?;
    let outcome = crate::sign_in::sign_in(&request, &name, password).await;
    let then = crate::refusal::answer(outcome)?;
    leptos_axum::redirect(&crate::sign_in::lead(&then, &super::local_path(&next, "/")));
    Ok(())
}

/// Gives the code that is asked for after the password, and goes to `next`, or to the launcher.
#[server(prefix = "/fn", endpoint = "confirm_sign_in")]
pub async fn confirm_sign_in(
    #[server(default)] code: String,
    #[server(default)] next: String,
) -> Result<(), Refusal> {
    let request = crate::request::Request::current()?;
    crate::refusal::answer(crate::sign_in::confirm(&request, &code).await)?;
    leptos_axum::redirect(&super::local_path(&next, "/"));
    Ok(())
}

#[server(prefix = "/fn", endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), Refusal> {
    let request = crate::request::Request::current()?;
    crate::refusal::answer(crate::sign_in::sign_out(&request).await)?;
    leptos_axum::redirect("/login");
    Ok(())
}
