//! The question before something is lost: names the object, says what goes and what stays, and
//! offers the deed as a red verb beside *Cancel*, which has the focus.
//!
//! The question is part of the page whenever it is asked, as an open `<dialog>`. With JavaScript a
//! click asks it and the dialog turns modal. Without, the same button is a plain submit to the page
//! with `?confirm=…`, which renders the dialog in its place in the text; its form posts and its
//! *Cancel* is a link. So there is one markup, and nothing is deleted by a single click either way.

use super::FailureBox;
use crate::{refusal::Refusal, wire};
use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::hooks::use_query_map;
use serde::{Serialize, de::DeserializeOwned};

/// The parameter that asks without JavaScript.
pub const PARAMETER: &str = "confirm";

/// Id of the question's form, for fields among the consequences.
pub const FORM: &str = "confirm-form";

/// What the address asks about, if that is `deed`: it says `confirm=deed:what`.
pub fn asked_for(deed: &'static str) -> Memo<Option<String>> {
    let query = use_query_map();
    Memo::new(move |_| {
        query.with(|map| {
            let (asked, what) = map.get_str(PARAMETER)?.split_once(':')?;
            (asked == deed).then(|| what.to_owned())
        })
    })
}

/// Shows the question while it is rendered; the page renders it only while it is asked.
///
/// `children` are the consequences.
#[component]
pub fn Confirm(
    /// Names the object: `Delete the session “Desktop”?`
    #[prop(into)]
    title: String,
    /// The deed on the red button.
    #[prop(into)]
    verb: String,
    /// What the form posts to, and with which hidden fields.
    action: &'static str,
    fields: Vec<(&'static str, String)>,
    /// The page without the question.
    #[prop(into)]
    cancel_href: String,
    /// Called instead of the plain post, which it must prevent.
    #[prop(into)]
    on_confirm: Callback<SubmitEvent>,
    #[prop(into)] on_cancel: Callback<()>,
    children: Children,
) -> AnyView {
    let place = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        if let Some(dialog) = place.get() {
            // Open but not modal is the state for pages without JavaScript. Taking the attribute
            // away (rather than closing) tells nobody that the question was answered.
            let _ = dialog.remove_attribute("open");
            let _ = dialog.show_modal();
        }
    });
    let hidden: Vec<AnyView> = fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> }.into_any())
        .collect();
    view! {
        <dialog
            class="confirm"
            open=true
            aria-labelledby="confirm-title"
            node_ref=place
            on:close=move |_| on_cancel.run(())
        >
            <h2 id="confirm-title">{title}</h2>
            <div class="confirm-text">{children()}</div>
            <form id=FORM method="post" action=action on:submit=move |ev| on_confirm.run(ev)>
                {hidden}
                <div class="actions confirm-actions">
                    <a
                        class="button"
                        href=cancel_href
                        autofocus=true
                        on:click=move |ev| {
                            ev.prevent_default();
                            on_cancel.run(());
                        }
                    >
                        "Cancel"
                    </a>
                    <button type="submit" class="button button-danger">
                        {verb}
                    </button>
                </div>
            </form>
        </dialog>
    }
    .into_any()
}

/// The names of several that a question is about, the first ones written out.
pub fn names(all: &[String]) -> Option<AnyView> {
    const SHOWN: usize = 8;
    if all.len() < 2 {
        return None;
    }
    let items: Vec<AnyView> =
        all.iter().take(SHOWN).map(|name| view! { <li>{name.clone()}</li> }.into_any()).collect();
    let more = all.len().checked_sub(SHOWN).filter(|n| *n > 0);
    Some(
        view! {
            <ul class="confirm-names">
                {items}
                {more.map(|n| view! { <li>{format!("and {n} more")}</li> })}
            </ul>
        }
        .into_any(),
    )
}

/// A question whose consequences are read before it is asked: of what `asked` names, by `weigh`.
/// Nothing while nothing is asked.
pub fn weighed<T, F>(
    asked: impl Fn() -> Option<String> + Send + Sync + 'static,
    weigh: fn(String) -> F,
    question: impl Fn(String, T) -> AnyView + Clone + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = Result<T, Refusal>> + Send + 'static,
{
    let weighed = wire::read(asked, move |asked| async move {
        match asked {
            Some(id) => weigh(id.clone()).await.map(|doomed| Some((id, doomed))),
            None => Ok(None),
        }
    });
    view! {
        <Transition>
            {move || {
                let question = question.clone();
                Suspend::new(async move {
                    match weighed.await {
                        Ok(Some((id, doomed))) => question(id, doomed),
                        Ok(None) => ().into_any(),
                        Err(refusal) => view! { <FailureBox error=refusal.0 /> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn without_javascript_the_question_is_an_open_section_that_posts_or_goes_back() {
        let owner = Owner::new();
        owner.set();
        let html = view! {
            <Confirm
                title="Delete “A & B”?"
                verb="Delete session"
                action="/fn/act"
                fields=vec![("ids[]", "s1".to_owned())]
                cancel_href="/sessions?q=a"
                on_confirm=|_| ()
                on_cancel=|()| ()
            >
                <p>"Its files are removed."</p>
            </Confirm>
        }
        .to_html();
        assert!(html.contains("<dialog") && html.contains(" open"), "{html}");
        assert!(html.contains("Delete “A &amp; B”?"), "{html}");
        assert!(html.contains("method=\"post\"") && html.contains("action=\"/fn/act\""), "{html}");
        assert!(html.contains("name=\"ids[]\"") && html.contains("value=\"s1\""), "{html}");
        assert!(html.contains("href=\"/sessions?q=a\""), "{html}");
        let cancel = html.find("Cancel").unwrap();
        assert!(cancel < html.find("Delete session").unwrap(), "Cancel comes first: {html}");
    }
}
