//! A question that the address asks, with what every one of them does alike: it is there while the
//! address says so, *Cancel* takes it out of the address again, and so does its answer.

use super::confirm::{Confirm, PARAMETER, asked_for, weighed};
use crate::{post::Post, refusal::Refusal};
use domain::list::encode;
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use serde::{Serialize, de::DeserializeOwned};

/// The address of `page` with the question whether to do `deed` to something. It works without
/// JavaScript too.
pub fn asking(page: &str, deed: &str, what: &str) -> String {
    let joint = if page.contains('?') { '&' } else { '?' };
    format!("{page}{joint}{PARAMETER}={deed}:{}", encode(what))
}

#[derive(Clone, Copy)]
pub struct Question {
    deed: &'static str,
    verb: &'static str,
    post: Post,
    back: Signal<String>,
    leave: Callback<()>,
}

impl Question {
    /// Whether to do `deed`; `verb` is on the red button, and `back` is the page without the
    /// question.
    pub fn new(
        deed: &'static str,
        verb: &'static str,
        post: Post,
        back: impl Into<Signal<String>>,
    ) -> Self {
        let back = back.into();
        let navigate = use_navigate();
        let leave = Callback::new(move |()| {
            let options = NavigateOptions { replace: true, ..Default::default() };
            navigate(&back.get_untracked(), options);
        });
        Self { deed, verb, post, back, leave }
    }

    /// What the address asks about, if it asks this.
    pub fn asked(self) -> Memo<Option<String>> {
        asked_for(self.deed)
    }

    /// Shown while it is rendered.
    pub fn shown(
        self,
        title: String,
        fields: Vec<(&'static str, String)>,
        consequences: AnyView,
    ) -> AnyView {
        let yes = move |ev: SubmitEvent| {
            self.post.submit(&ev);
            self.leave.run(());
        };
        view! {
            <Confirm
                title
                verb=self.verb
                action=self.post.url()
                fields
                cancel_href=self.back.get_untracked()
                on_confirm=yes
                on_cancel=self.leave
            >
                {consequences}
            </Confirm>
        }
        .into_any()
    }

    /// Shown while it is asked, after its consequences were read. `field` is what the server
    /// function calls the thing asked about; `words` give title and consequences.
    pub fn weighed<T, F>(
        self,
        field: &'static str,
        weigh: fn(String) -> F,
        words: fn(&str, T) -> (String, AnyView),
    ) -> AnyView
    where
        T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
        F: Future<Output = Result<T, Refusal>> + Send + 'static,
    {
        let asked = self.asked();
        weighed(
            move || asked.get(),
            weigh,
            move |what: String, doomed: T| {
                let (title, consequences) = words(&what, doomed);
                self.shown(title, vec![(field, what)], consequences)
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_keeps_the_state_of_its_page() {
        assert_eq!(asking("/groups", "delete", "a1"), "/groups?confirm=delete:a1");
        assert_eq!(asking("/groups?q=a", "delete", "a1"), "/groups?q=a&confirm=delete:a1");
        assert_eq!(asking("/images", "remove", "a:1"), "/images?confirm=remove:a%3A1");
        assert_eq!(asking("/images?q=a", "remove", "a:1"), "/images?q=a&confirm=remove:a%3A1");
    }
}
