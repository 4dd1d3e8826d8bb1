//! Where a one-time link leads: choosing the password of an account, for its owner.

use crate::{
    api::users::{AcceptInvitation, Invitation, show_invitation},
    components::{
        FailureBox, Loading, PageHead,
        brand::Brand,
        clock::Until,
        failure::set_status,
        field::{PasswordField, ProblemSummary},
        passwords::ShowPasswords,
    },
    post::{Post, PostForm},
    routes, wire,
};
use domain::{Error, user::PASSWORD_SHORTEST};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

#[component]
pub fn InvitePage() -> impl IntoView {
    let query = use_query_map();
    let token = Memo::new(move |_| query.read().get("token").unwrap_or_default());
    let invitation = wire::read(move || token.get(), show_invitation);
    view! {
        <div class="sheet-page">
            <header><Brand/></header>
            <main id="main" class="sheet">
                <PageHead title="Choose your password"/>
                <Transition fallback=Loading>
                    {move || Suspend::new(async move {
                        match invitation.await {
                            Ok(invitation) => form(invitation, token.get_untracked()),
                            Err(refusal) => useless(refusal.0),
                        }
                    })}
                </Transition>
            </main>
        </div>
    }
    .into_any()
}

/// The link was used, or is no link.
fn useless(error: Error) -> AnyView {
    set_status(error.kind.status());
    view! {
        <FailureBox error/>
        <p><a class="button" href=routes::LOGIN>"Sign in"</a></p>
    }
    .into_any()
}

fn form(invitation: Invitation, token: String) -> AnyView {
    let accept = Post::to::<AcceptInvitation>();
    let busy = move || accept.is_pending();
    let problem = move |field| accept.problem_at(field);
    let Invitation { name, has_password, expires_at } = invitation;
    let about = if has_password {
        format!(
            "A new password for “{name}”. It replaces the one there is, and ends all sign-ins with that."
        )
    } else {
        format!("You are invited to Slipway as “{name}”.")
    };
    view! {
        <p>{about}</p>
        <ProblemSummary
            problem=Signal::derive(move || accept.refusal())
            posted_name=str::to_owned
        />
        <PostForm post=accept>
            <input type="hidden" name="token" value=token/>
            // For password managers, which then know whose password it is.
            <input
                class="visually-hidden"
                type="text"
                name="username"
                value=name
                autocomplete="username"
                aria-label="User name"
                readonly=true
                tabindex="-1"
            />
            <PasswordField
                name="password"
                label="Password"
                help=format!("At least {PASSWORD_SHORTEST} characters. Several words are easy to remember and hard to guess.")
                problem=problem("password")
                autocomplete="new-password"
                autofocus=true
            />
            <PasswordField
                name="again"
                label="Password again"
                problem=problem("again")
                autocomplete="new-password"
            />
            <ShowPasswords fields=&["password", "again"]/>
            <button type="submit" class="button button-primary button-wide" disabled=busy>
                {move || if busy() { "Signing in …" } else { "Set the password and sign in" }}
            </button>
        </PostForm>
        <p class="field-help">"This link works once and ends " <Until at=expires_at/> "."</p>
    }
    .into_any()
}
