//! The form of a new account: with a password that is handed on, or with a link by which its owner
//! chooses one.

use super::link::new_link;
use crate::{
    api::{
        auth::reader,
        users::{CreateUser, InviteUser, NewLink, Typed},
    },
    components::{
        PageHead,
        field::{PasswordField, ProblemSummary, SelectField, TextField, problem_at, section},
        opening,
        passwords::ShowPasswords,
    },
    post::{Post, PostForm},
    refusal::Refusal,
    routes, wire,
};
use domain::{
    actor::{Permission, Role},
    user::PASSWORD_SHORTEST,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// An empty form; after a refusal without JavaScript, as it was typed.
async fn open(refused: bool) -> Result<Typed, Refusal> {
    // Nothing is read for a new one, so nothing would refuse; whoever may not save it is better told
    // before filling it in.
    reader().await?.require(Permission::ManageUsers)?;
    #[cfg(feature = "ssr")]
    if refused && let Some(typed) = crate::draft::take(crate::api::users::NEW).await {
        return Ok(typed);
    }
    #[cfg(not(feature = "ssr"))]
    let _ = refused;
    Ok(Typed::default())
}

#[component]
pub fn NewUserPage() -> impl IntoView {
    let refused = use_query_map().with_untracked(|map| map.get_str("__err").is_some());
    let first = wire::read(move || refused, open);
    opening(first, page)
}

fn page(typed: Typed) -> AnyView {
    let (create, invite) = (Post::to::<CreateUser>(), Post::to::<InviteUser>());
    let made = Memo::new(move |_| invite.answer::<NewLink>());
    view! {
        <PageHead title="New user" />
        <div role="status">{move || made.get().map(invited)}</div>
        <Show when=move || made.with(Option::is_none)>{form(typed.clone(), create, invite)}</Show>
    }
    .into_any()
}

/// The account is made: its link, and where to go on.
fn invited(link: NewLink) -> AnyView {
    let account = format!("{}/{}", routes::USERS, link.id);
    view! {
        {new_link(link)}
        <div class="actions">
            <a class="button" href=account>"Go to the account"</a>
            <a class="button" href=routes::USERS>"All users"</a>
        </div>
    }
    .into_any()
}

/// Every role as a choice with what it is for.
pub fn role_options() -> Vec<(String, String)> {
    Role::ALL.map(|role| (role.as_str().to_owned(), role.label().to_owned())).into()
}

/// What each role is for.
pub fn role_help() -> AnyView {
    let lines: Vec<AnyView> = Role::ALL
        .into_iter()
        .map(|role| {
            view! { <li><strong>{role.label()}</strong>": "{role.description()}</li> }.into_any()
        })
        .collect();
    view! {
        <details class="role-help">
            <summary>"What the roles are for"</summary>
            <ul>{lines}</ul>
        </details>
    }
    .into_any()
}

fn form(typed: Typed, create: Post, invite: Post) -> AnyView {
    let problem = Signal::derive(move || create.refusal().or_else(|| invite.refusal()));
    let at = move |field| problem_at(problem, field);
    let busy = move || create.is_pending() || invite.is_pending();
    let role = if typed.role.is_empty() { Role::User.as_str().to_owned() } else { typed.role };
    let account = view! {
        <TextField
            name="name"
            label="User name"
            value=typed.name
            required=true
            help="Letters, digits, dots, dashes, underscores and @. It cannot be changed later."
            problem=at("name")
        />
        <SelectField
            name="role"
            label="Role"
            value=role
            options=role_options()
            problem=at("role")
        />
        {role_help()}
    };
    let password = view! {
        <p class="field-help">
            "For somebody you tell it to. With a link instead, these stay empty and nobody but its owner ever knows the password."
        </p>
        <PasswordField
            name="password"
            label="Password"
            help=format!("At least {PASSWORD_SHORTEST} characters. Several words are easy to remember and hard to guess.")
            problem=at("password")
            autocomplete="new-password"
        />
        <PasswordField
            name="again"
            label="Password again"
            problem=at("again")
            autocomplete="new-password"
        />
        <ShowPasswords fields=&["password", "again"] />
    };
    view! {
        <ProblemSummary problem posted_name=str::to_owned />
        <PostForm post=create also=invite>
            <div class="form">
                {section("Account", account.into_any())}
                {section("Password", password.into_any())}
            </div>
            <div class="form-foot">
                <button type="submit" class="button button-primary" disabled=busy>
                    "Create with this password"
                </button>
                <button
                    type="submit"
                    class="button"
                    formaction=invite.url()
                    formnovalidate=true
                    disabled=busy
                >
                    "Invite by a link"
                </button>
                <a class="button" href=routes::USERS>"Cancel"</a>
            </div>
        </PostForm>
    }
    .into_any()
}
