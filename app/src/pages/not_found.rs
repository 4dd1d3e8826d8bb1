//! What is shown at an address where nothing is. It stands outside the frame, because nobody need
//! be signed in to mistype.

use crate::{
    components::{brand::Brand, failure::set_status, placeholder::PageHead},
    routes,
};
use leptos::prelude::*;

#[component]
pub fn NotFoundPage() -> impl IntoView {
    set_status(404);
    view! {
        <div class="sheet-page">
            <header><Brand/></header>
            <main id="main" class="sheet">
                <PageHead title="There is nothing here"/>
                <p>
                    "The address may be mistyped, or what it led to has been deleted."
                </p>
                <div class="actions">
                    <a class="button button-primary" href=routes::LAUNCHER>"Go to the launcher"</a>
                </div>
            </main>
        </div>
    }
    .into_any()
}
