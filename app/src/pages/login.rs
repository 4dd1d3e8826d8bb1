//! Signing in.

use crate::{
    api::auth::SignIn,
    components::{
        FailureBox, PageHead,
        brand::Brand,
        field::{PasswordField, TextField},
        passwords::ShowPasswords,
    },
    post::{Post, PostForm},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

#[component]
pub fn LoginPage() -> impl IntoView {
    let sign_in = Post::to::<SignIn>();
    let query = use_query_map();
    let next = move || query.read().get("next").unwrap_or_default();
    let failure = move || sign_in.refusal().map(|error| view! { <FailureBox error/> });
    let busy = move || sign_in.is_pending();
    view! {
        <div class="sheet-page">
            <header><Brand/></header>
            <main id="main" class="sheet">
                <PageHead title="Sign in"/>
                {failure}
                <PostForm post=sign_in>
                    <input type="hidden" name="next" value=next/>
                    <TextField
                        name="name"
                        label="User name"
                        required=true
                        autocomplete="username"
                        autofocus=true
                    />
                    <PasswordField
                        name="password"
                        label="Password"
                        autocomplete="current-password"
                    />
                    <ShowPasswords fields=&["password"]/>
                    <button type="submit" class="button button-primary button-wide" disabled=busy>
                        {move || if busy() { "Signing in …" } else { "Sign in" }}
                    </button>
                </PostForm>
            </main>
        </div>
    }
    .into_any()
}
