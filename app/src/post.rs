//! A form's way to the server: one for all forms, whatever they post.
//!
//! Every form of the console is a plain form that the browser can post by itself, to a server
//! function that answers with a redirect. Where the script runs, the same fields go by a request in
//! the background, and the page learns how it went. Leptos has an action and a form for that, made
//! anew for each function's types; what the browser has to load grows by some ten kilobytes with
//! each. What a form posts is text anyway, so here it stays text.

use crate::refusal::Refusal;
use domain::{Error, list::encode};
use leptos::{
    ev::SubmitEvent,
    prelude::*,
    server::ServerActionError,
    server_fn::{ServerFn, error::ServerFnUrlError},
};
use serde::de::DeserializeOwned;

/// What a form does, whether it is at it, and how it went the last time.
#[derive(Clone, Copy)]
pub struct Post {
    url: &'static str,
    /// The fields that are under way.
    sending: RwSignal<Option<String>>,
    answer: RwSignal<Option<Result<String, Error>>>,
    version: RwSignal<u64>,
}

impl Post {
    /// To a server function. The first answer is the refusal of a post without script, which leads
    /// back to the page with it in the address.
    pub fn to<F: ServerFn<Error = Refusal>>() -> Self {
        let refused = use_context::<ServerActionError>().filter(|error| error.path() == F::PATH);
        let refused = refused.map(|error| ServerFnUrlError::<Refusal>::decode_err(error.err()));
        Self {
            url: F::url(),
            sending: RwSignal::new(None),
            answer: RwSignal::new(refused.map(|Refusal(error)| Err(error))),
            version: RwSignal::new(0),
        }
    }

    /// What a plain form posts to.
    pub const fn url(self) -> &'static str {
        self.url
    }

    pub fn is_pending(self) -> bool {
        self.sending.with(Option::is_some)
    }

    /// Whether what is under way has this field.
    pub fn is_sending(self, name: &str, value: &str) -> bool {
        let field = encoded(&[(name, value)]);
        self.sending.with(|sent| sent.iter().any(|sent| sent.split('&').any(|one| one == field)))
    }

    /// Grows with each answer.
    pub fn version(self) -> u64 {
        self.version.get()
    }

    /// Why the last post was refused, if it was.
    pub fn refusal(self) -> Option<Error> {
        self.answer.with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().err().cloned()))
    }

    /// What was wrong with a field, if the last post was refused for it.
    pub fn problem_at(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || self.refusal().and_then(|e| e.problem_at(field).map(str::to_owned)))
    }

    /// Forgets how the last post went: the page has moved on.
    pub fn forget(self) {
        if self.answer.with_untracked(Option::is_some) {
            self.answer.set(None);
        }
    }

    /// Whether the last post was carried out.
    pub fn is_done(self) -> bool {
        self.answer.with(|answer| matches!(answer, Some(Ok(_))))
    }

    /// What the server function said to the last post, if it was carried out.
    pub fn answer<T: DeserializeOwned>(self) -> Option<T> {
        self.answer.with(|answer| match answer {
            Some(Ok(said)) => serde_json::from_slice(said.as_bytes()).ok(),
            _ => None,
        })
    }

    /// Posts fields in the background.
    pub fn send(self, fields: &[(&str, &str)]) {
        self.go(encoded(fields));
    }

    fn go(self, fields: String) {
        self.sending.set(Some(fields.clone()));
        #[cfg(feature = "hydrate")]
        leptos::task::spawn_local(async move {
            let answer = request::post(self.url, fields).await;
            // The page may have gone meanwhile.
            self.sending.try_set(None);
            self.answer.try_set(Some(answer.map_err(|Refusal(error)| error)));
            self.version.try_update(|version| *version += 1);
        });
        #[cfg(not(feature = "hydrate"))]
        drop(fields);
    }

    /// Whether the button that was pressed asks for this in place of what its form is for.
    fn is_asked_by(self, event: &SubmitEvent) -> bool {
        let asked = event.submitter().and_then(|button| button.get_attribute("formaction"));
        asked.as_deref() == Some(self.url)
    }

    /// Posts what a form holds in place of the browser.
    #[cfg_attr(
        not(feature = "hydrate"),
        expect(unused_variables, reason = "no form is submitted on the server")
    )]
    pub fn submit(self, event: &SubmitEvent) {
        #[cfg(feature = "hydrate")]
        if !event.default_prevented()
            && let Some(fields) = request::fields(event)
        {
            event.prevent_default();
            self.go(fields);
        }
    }
}

/// A form that posts what its fields hold.
#[component]
pub fn PostForm(
    post: Post,
    /// What else its fields can be posted to: by a button with that as its `formaction`.
    #[prop(optional)]
    also: Option<Post>,
    /// For controls that stand outside of it.
    #[prop(optional)]
    id: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let submit = move |event: SubmitEvent| match also {
        Some(also) if also.is_asked_by(&event) => {
            post.forget();
            also.submit(&event);
        }
        also => {
            also.into_iter().for_each(Post::forget);
            post.submit(&event);
        }
    };
    view! {
        <form id=id method="post" action=post.url on:submit=submit>
            {children()}
        </form>
    }
    .into_any()
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let one = |(name, value): &(&str, &str)| format!("{}={}", encode(name), encode(value));
    fields.iter().map(one).collect::<Vec<_>>().join("&")
}

#[cfg(feature = "hydrate")]
mod request {
    use crate::refusal::Refusal;
    use gloo_net::http::Request;
    use leptos::{
        ev::SubmitEvent,
        server_fn::{
            error::{FromServerFnError, ServerFnErrorErr},
            redirect::{REDIRECT_HEADER, call_redirect_hook},
        },
        wasm_bindgen::JsCast,
        web_sys::{FormData, HtmlFormElement, UrlSearchParams},
    };

    /// What a form holds, as it would post it. None if it cannot be read, and the browser may.
    pub fn fields(event: &SubmitEvent) -> Option<String> {
        let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
        let data = FormData::new_with_form(&form).ok()?;
        // A button that has a name is part of what it sends.
        if let Some(button) = event.submitter()
            && let Some(name) = button.get_attribute("name")
        {
            let value = button.get_attribute("value").unwrap_or_default();
            data.append_with_str(&name, &value).ok()?;
        }
        let fields = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
        Some(fields.to_string().into())
    }

    pub async fn post(url: &str, fields: String) -> Result<String, Refusal> {
        let failed = |error: gloo_net::Error| {
            Refusal::from_server_fn_error(ServerFnErrorErr::Request(error.to_string()))
        };
        let answer = Request::post(url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json")
            .body(fields)
            .map_err(failed)?
            .send()
            .await
            .map_err(failed)?;
        let said = answer.text().await.map_err(failed)?;
        if !answer.ok() {
            return Err(Refusal::de(said.into()));
        }
        let headers = answer.headers();
        if headers.get(REDIRECT_HEADER).is_some()
            && let Some(to) = headers.get("Location")
        {
            call_redirect_hook(&to);
        }
        Ok(said)
    }
}
