//! Taking the second factor of somebody away who has lost it: the way there, and the question before.

use crate::{
    api::users::weigh_user,
    components::question::{Question, asking},
    post::Post,
    routes,
};
use domain::user::UserDetail;
use leptos::prelude::*;

const DEED: &str = "reset";

/// The way to the question, where there is a second factor and the reader may take it away.
pub fn card(detail: RwSignal<UserDetail>, changeable: Memo<bool>) -> AnyView {
    let on = Memo::new(move |_| detail.with(|d| d.user.second_factor));
    let page = detail.with_untracked(|d| routes::user(&d.user.id));
    let id = detail.with_untracked(|d| d.user.id.to_string());
    let asked = asking(&page, DEED, &id);
    let card = move || {
        (changeable.get() && on.get()).then(|| {
            view! {
                <section class="card" aria-labelledby="second-factor">
                    <h2 id="second-factor">"Second factor"</h2>
                    <p>
                        "A code is asked for beside the password. Whoever has lost the device and the recovery codes gets in again once it is reset."
                    </p>
                    <a class="button" href=asked.clone() data-noscroll="">
                        "Reset the second factor …"
                    </a>
                </section>
            }
            .into_any()
        })
    };
    view! { {card} }.into_any()
}

/// The question while it is asked; `back` is the page without it.
pub fn question(reset: Post, back: String) -> AnyView {
    Question::new(DEED, "Reset it", reset, back).weighed("id", weigh_user, |_, of| {
        (format!("Reset the second factor of “{}”?", of.name), consequences())
    })
}

fn consequences() -> AnyView {
    view! {
        <p>
            "The device and all recovery codes of the account are worth nothing any more, and all its sign-ins and streams end at once."
        </p>
        <p>
            "From then on the password alone signs in. Where a group requires a second factor, whoever has the password sets up a new one first: be sure that it is the right person who asks."
        </p>
        <p>"Sessions stay as they are."</p>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn the_question_says_what_follows() {
        let owner = Owner::new();
        owner.set();
        let html = consequences().to_html();
        for part in
            ["recovery codes", "sign-ins and streams end", "password alone", "Sessions stay"]
        {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
    }
}
