//! A one-time link that was just made, shown this once.

use crate::{
    api::users::NewLink,
    components::{clock::Until, copy::CopyField},
};
use leptos::prelude::*;

pub fn new_link(link: NewLink) -> AnyView {
    view! {
        <section class="notice notice-good new-link" aria-label="One-time link">
            <div>
                <p class="notice-title">{format!("A link for “{}”", link.name)}</p>
                <p>
                    "Hand it on in private: whoever opens it chooses the password. It works once, ends "
                    <Until at=link.expires_at />
                    ", and is not shown again."
                </p>
                <CopyField name="one-time-link" label="Link" text=link.address />
            </div>
        </section>
    }
    .into_any()
}
