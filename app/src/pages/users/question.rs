//! A question about an account, asked by the address.

use crate::{
    api::users::{UserRemoval, weigh_user},
    components::confirm::{Confirm, asked_for, weighed},
    post::Post,
};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::hooks::use_navigate;

/// What is asked: the title, the deed on the button, and the consequences.
pub type Words = (String, &'static str, AnyView);

/// The question while the address asks for `deed`; `back` is the page without it.
pub fn question(
    deed: &'static str,
    post: Post,
    back: String,
    words: fn(&UserRemoval) -> Words,
) -> AnyView {
    let asked = asked_for(deed);
    let navigate = use_navigate();
    let home = back.clone();
    let leave = Callback::new(move |()| {
        let options = leptos_router::NavigateOptions { replace: true, ..Default::default() };
        navigate(&home, options);
    });
    let question = move |id: String, what: UserRemoval| {
        let yes = move |ev: SubmitEvent| {
            post.submit(&ev);
            leave.run(());
        };
        let (title, verb, consequences) = words(&what);
        view! {
            <Confirm
                title=title
                verb=verb
                action=post.url()
                fields=vec![("id", id)]
                cancel_href=back.clone()
                on_confirm=yes
                on_cancel=move |()| leave.run(())
            >
                {consequences}
            </Confirm>
        }
        .into_any()
    };
    weighed(move || asked.get(), weigh_user, question)
}
