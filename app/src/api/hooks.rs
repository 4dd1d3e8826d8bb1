//! Webhooks of registries and workspaces, for administrators. Pipelines call them at an address of
//! their own, not here.

use crate::refusal::Refusal;
use domain::Timestamp;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A webhook as the page of what it is of shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownHook {
    /// What is called, without the secret.
    pub url: String,
    /// When its secret was made.
    pub created_at: Timestamp,
    /// When it was called last with that.
    pub called_at: Option<Timestamp>,
    /// What came of it, as a sentence.
    pub outcome: String,
}

/// What there is of a webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookState {
    pub hook: Option<ShownHook>,
    /// The secret that was made a moment ago; never to be had again.
    pub secret: Option<String>,
}

#[cfg(feature = "ssr")]
impl HookState {
    fn new(
        request: &crate::request::Request,
        hook: Option<domain::hook::Hook>,
        secret: Option<String>,
    ) -> Self {
        let shown = |hook: domain::hook::Hook| ShownHook {
            url: format!("{}/hooks/{}", request.origin, hook.id),
            created_at: hook.created_at,
            called_at: hook.called_at,
            outcome: hook.outcome,
        };
        Self { hook: hook.map(shown), secret }
    }
}

/// Leads a plain post back to the page of what the hook is of, where the browser has nothing to
/// show an answer in.
#[cfg(feature = "ssr")]
fn lead_back(of: &domain::hook::HookOf, asked: &str) {
    use domain::hook::HookOf;
    if crate::draft::is_plain_post() {
        let page = match of {
            HookOf::Registry(id) => format!("/registries/{id}"),
            HookOf::Workspace(id) => format!("/workspaces/{id}"),
        };
        leptos_axum::redirect(&format!("{page}{asked}"));
    }
}

/// The webhook of what is named by its kind and its id. With `made`, a secret that was made without
/// JavaScript comes with it, once.
#[server(prefix = "/fn", endpoint = "show_hook")]
pub async fn show_hook(
    of: String,
    id: String,
    // `on` where the address says that one was made.
    #[server(default)] made: String,
) -> Result<HookState, Refusal> {
    super::signed_in(|request, actor| async move {
        let of = domain::hook::HookOf::parse(&of, &id)?;
        let hooks = &request.services.hooks;
        let hook = hooks.get(&actor, &of).await?;
        let secret = (!made.is_empty()).then(|| hooks.take_for_page(&actor, &of)).flatten();
        Ok(HookState::new(&request, hook, secret))
    })
    .await
}

/// Makes a webhook, or gives the one that is there another secret.
#[server(prefix = "/fn", endpoint = "make_hook_secret")]
pub async fn make_hook_secret(of: String, id: String) -> Result<HookState, Refusal> {
    super::signed_in(|request, actor| async move {
        let of = domain::hook::HookOf::parse(&of, &id)?;
        let hooks = &request.services.hooks;
        let (hook, secret) = hooks.make_secret(&actor, &of).await?;
        if crate::draft::is_plain_post() {
            hooks.keep_for_page(&actor, &of, secret.clone());
        }
        lead_back(&of, "?hook=made");
        Ok(HookState::new(&request, Some(hook), Some(secret)))
    })
    .await
}

#[server(prefix = "/fn", endpoint = "remove_hook")]
pub async fn remove_hook(of: String, id: String) -> Result<HookState, Refusal> {
    super::signed_in(|request, actor| async move {
        let of = domain::hook::HookOf::parse(&of, &id)?;
        request.services.hooks.remove(&actor, &of).await?;
        lead_back(&of, "");
        Ok(HookState::default())
    })
    .await
}
