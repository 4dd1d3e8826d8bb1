//! The second step of signing in, for those who have a second factor.

use crate::{
    api::auth::ConfirmSignIn,
    components::{FailureBox, PageHead, brand::Brand, clock, field::TextField, frame::focus},
    post::{Post, PostForm},
    routes,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

#[component]
pub fn LoginCodePage() -> impl IntoView {
    let confirm = Post::to::<ConfirmSignIn>();
    let query = use_query_map();
    let next = move || query.read().get("next").unwrap_or_default();
    let failure = move || confirm.refusal().map(|error| view! { <FailureBox error/> });
    let busy = move || confirm.is_pending();
    // A browser does it by itself only on a page that it has loaded.
    let navigated = clock::is_live();
    Effect::new(move |_| {
        if navigated {
            // The page before is still there while this one is made.
            request_animation_frame(|| focus("code"));
        }
    });
    view! {
        <div class="sheet-page">
            <header><Brand/></header>
            <main id="main" class="sheet">
                <PageHead title="Enter a code"/>
                <p>"Your password alone does not let anybody in."</p>
                {failure}
                <PostForm post=confirm>
                    <input type="hidden" name="next" value=next/>
                    <TextField
                        name="code"
                        label="Code"
                        help="The six digits that your device shows now, or one of your recovery codes."
                        problem=confirm.problem_at("code")
                        required=true
                        autocomplete="one-time-code"
                        autofocus=true
                    />
                    <button type="submit" class="button button-primary button-wide" disabled=busy>
                        {move || if busy() { "Signing in …" } else { "Sign in" }}
                    </button>
                </PostForm>
                <p><a href=move || routes::login(&next())>"Begin again with name and password"</a></p>
                <p class="field-help">
                    "Without device and recovery codes, an administrator can reset the second factor."
                </p>
            </main>
        </div>
    }
    .into_any()
}
