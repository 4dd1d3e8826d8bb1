//! The webhook of a registry or a workspace: its address, its secret while that is to be had, and
//! what came of the last call.

use super::{When, facts::fact, failures};
use crate::{
    api::hooks::{HookState, MakeHookSecret, RemoveHook, ShownHook, show_hook},
    post::{Post, PostForm},
    refusal::Refusal,
};
use leptos::prelude::*;

/// What a webhook is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Registry,
    Workspace,
}

impl Of {
    /// As the server functions name it.
    const fn word(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Workspace => "workspace",
        }
    }

    /// What there is of the webhook of the one with this id; `made` where the address says that a
    /// secret was made.
    pub async fn read(self, id: String, made: bool) -> Result<HookState, Refusal> {
        let made = if made { "on" } else { "" };
        show_hook(self.word().to_owned(), id, made.to_owned()).await
    }

    const fn purpose(self) -> &'static str {
        match self {
            Self::Registry => {
                "A pipeline that has pushed an image, or the registry itself, calls this address. What the named tags mean is then asked of the registry at once, and pulled where an enabled workspace uses one that has changed."
            }
            Self::Workspace => {
                "A pipeline that has pushed the image of this workspace calls this address. What its tag means is then asked of the registry at once, and pulled if it has changed. The workspace must be enabled, and its registry stored."
            }
        }
    }
}

/// The section about the webhook of what has this id; `first` is what there was of it when the page
/// was opened.
pub fn hook_section(of: Of, id: String, first: HookState) -> AnyView {
    let (make, remove) = (Post::to::<MakeHookSecret>(), Post::to::<RemoveHook>());
    // Each button has the answer to the other forgotten.
    let state = Memo::new(move |before: Option<&HookState>| {
        let answer: Option<HookState> = make.answer().or_else(|| remove.answer());
        answer.or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
    });
    let there = Memo::new(move |_| state.with(|state| state.hook.is_some()));
    let busy = move || make.is_pending() || remove.is_pending();
    let refusals = move || failures([make.refusal(), remove.refusal()]);
    let remove_button = move || {
        there.get().then(|| {
            view! {
                <button
                    type="submit"
                    class="button"
                    formaction=remove.url()
                    title="Its address is not answered any more."
                    disabled=busy
                >
                    "Remove"
                </button>
            }
        })
    };
    view! {
        <section class="card webhook" aria-labelledby="webhook">
            <h2 id="webhook">"Webhook"</h2>
            <p class="muted">{of.purpose()}</p>
            {refusals}
            <div role="status">{move || state.with(|state| state.secret.clone()).map(once)}</div>
            {move || state.with(|state| state.hook.clone()).map(facts)}
            <PostForm post=make also=remove>
                <input type="hidden" name="of" value=of.word() />
                <input type="hidden" name="id" value=id />
                <div class="actions">
                    <button
                        type="submit"
                        class="button"
                        title=move || {
                            there.get().then_some("The one before is worth nothing from then on.")
                        }
                        disabled=busy
                    >
                        {move || if there.get() { "Make a new secret" } else { "Make a secret" }}
                    </button>
                    {remove_button}
                </div>
            </PostForm>
        </section>
    }
    .into_any()
}

/// The secret, on the one occasion.
fn once(secret: String) -> AnyView {
    view! {
        <div class="notice notice-good">
            <p class="notice-title">"The secret, shown this once"</p>
            <p>
                <code class="from-inside hook-secret">{secret}</code>
            </p>
            <p>"Keep it where your pipeline keeps its secrets. Only a hash of it is stored here."</p>
        </div>
    }
    .into_any()
}

fn facts(hook: ShownHook) -> AnyView {
    let ShownHook { url, created_at, called_at, outcome } = hook;
    let called = match called_at {
        Some(at) => view! { <When at /> " · " {outcome} }.into_any(),
        None => "Not yet".into_any(),
    };
    view! {
        <dl class="facts">
            {fact("Address", view! { <code class="from-inside">{url}</code> }.into_any())}
            {fact("Secret made", view! { <When at=created_at /> }.into_any())}
            {fact("Last called", called)}
        </dl>
        <p class="field-help">
            "POST to it, with the secret as “Authorization: Bearer …” or “X-Slipway-Secret: …”. What can only send to an address takes it as “?secret=…”; logs of proxies then keep it. The body is {\"image\": \"repository:tag\"} or a registry's notification."
        </p>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use domain::Timestamp;

    #[test]
    fn a_webhook_shows_its_address_and_how_the_last_call_went() {
        let owner = Owner::new();
        owner.set();
        let html = facts(ShownHook {
            url: "https://slipway.example.org/hooks/h1".into(),
            created_at: Timestamp(0),
            called_at: Some(Timestamp(0)),
            outcome: "It named <a>.".into(),
        })
        .to_html();
        assert!(html.contains("https://slipway.example.org/hooks/h1"), "{html}");
        assert!(html.contains("It named &lt;a&gt;."), "{html}");
        assert!(!html.contains("Not yet"), "{html}");
    }
}
