//! The reader's own account: who they are, password, sign-ins, what holds for them, and how the
//! console looks.

mod second_factor;

use crate::{
    api::{
        account::{ChangePassword, RevokeOtherSignIns, RevokeSignIn, SetTheme, list_sign_ins},
        groups::effective_settings,
    },
    components::{
        FailureBox, Loading, PageHead, When, effective::effective_table, field::PasswordField,
        frame::Reader, passwords::ShowPasswords,
    },
    live,
    post::{Post, PostForm},
    routes, wire,
};
use domain::{
    event::Change,
    user::{PASSWORD_SHORTEST, SignIn, Theme},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

#[component]
pub fn AccountPage() -> impl IntoView {
    view! {
        <PageHead title="Account"/>
        <Done/>
        <div class="cards">
            <Who/>
            <Appearance/>
            <Password/>
            {second_factor::card()}
            <SignIns/>
            <Holding/>
        </div>
    }
    .into_any()
}

/// What the form before this page has done.
#[component]
fn Done() -> impl IntoView {
    let query = use_query_map();
    let words = move || match query.read().get("done").as_deref() {
        Some("password") => Some("Your password is changed, and your other sign-ins are ended."),
        Some("revoked") => Some("The sign-in is ended."),
        Some("second-factor-off") => {
            Some("The second factor is off, and your other sign-ins are ended.")
        }
        _ => None,
    };
    view! {
        <div role="status">
            {move || words().map(|words| view! { <p class="notice notice-good">{words}</p> })}
        </div>
    }
}

#[component]
fn Who() -> impl IntoView {
    let reader = use_context::<Reader>();
    view! {
        <section class="card" aria-labelledby="who-head">
            <h2 id="who-head">"You"</h2>
            <Transition fallback=Loading>
                {move || Suspend::new(async move {
                    let viewer = match reader {
                        Some(Reader(reader)) => reader.await.ok(),
                        None => None,
                    };
                    viewer.and_then(|viewer| viewer.actor).map(|actor| {
                        view! {
                            <dl class="facts">
                                <div><dt>"User name"</dt><dd>{actor.name}</dd></div>
                                <div><dt>"Role"</dt><dd>{actor.role.label()}</dd></div>
                            </dl>
                        }
                    })
                })}
            </Transition>
        </section>
    }
    .into_any()
}

/// The theme. Choosing one shows it at once; the form makes it last.
#[component]
fn Appearance() -> impl IntoView {
    let set_theme = Post::to::<SetTheme>();
    let reader = use_context::<Reader>();
    Effect::watch(
        move || set_theme.version(),
        move |_, _, _| {
            if let Some(Reader(reader)) = reader {
                reader.refetch();
            }
        },
        false,
    );
    let choose = move |theme: Theme| {
        if let Some(root) = document().document_element() {
            // An attribute of the root can always be set.
            _ = root.set_attribute("data-theme", theme.as_str());
        }
        set_theme.send(&[("theme", theme.as_str()), ("next", routes::ACCOUNT)]);
    };
    view! {
        <section class="card" aria-labelledby="theme-head">
            <h2 id="theme-head">"Appearance"</h2>
            {move || set_theme.refusal().map(|error| view! { <FailureBox error/> })}
            <PostForm post=set_theme>
                <input type="hidden" name="next" value=routes::ACCOUNT/>
                <fieldset class="choices">
                    <legend class="visually-hidden">"Theme"</legend>
                    <Transition>
                        {move || Suspend::new(async move {
                            let now = match reader {
                                Some(Reader(reader)) => reader.await.ok().map(|viewer| viewer.theme),
                                None => None,
                            };
                            let now = now.unwrap_or_default();
                            Theme::ALL.map(|theme| view! {
                                <label class="choice">
                                    <input
                                        type="radio"
                                        name="theme"
                                        value=theme.as_str()
                                        checked=theme == now
                                        on:change=move |_| choose(theme)
                                    />
                                    <span>{theme.label()}</span>
                                </label>
                            }).collect_view()
                        })}
                    </Transition>
                </fieldset>
                <button type="submit" class="button">"Use this theme"</button>
            </PostForm>
        </section>
    }
    .into_any()
}

#[component]
fn Password() -> impl IntoView {
    let change = Post::to::<ChangePassword>();
    let refusal = move || change.refusal();
    let problem = move |field| change.problem_at(field);
    let busy = move || change.is_pending();
    view! {
        <section class="card" aria-labelledby="password-head">
            <h2 id="password-head">"Password"</h2>
            {move || refusal().map(|error| view! { <FailureBox error/> })}
            <PostForm post=change>
                <PasswordField
                    name="current"
                    label="Present password"
                    problem=problem("current")
                    autocomplete="current-password"
                />
                <PasswordField
                    name="new"
                    label="New password"
                    help=format!("At least {PASSWORD_SHORTEST} characters. Several words are easy to remember and hard to guess.")
                    problem=problem("new")
                    autocomplete="new-password"
                />
                <PasswordField
                    name="again"
                    label="New password again"
                    problem=problem("again")
                    autocomplete="new-password"
                />
                <ShowPasswords fields=&["current", "new", "again"]/>
                <p class="field-help">"Your other sign-ins end when the password changes."</p>
                <button type="submit" class="button button-primary" disabled=busy>
                    {move || if busy() { "Changing …" } else { "Change password" }}
                </button>
            </PostForm>
        </section>
    }
    .into_any()
}

#[component]
fn SignIns() -> impl IntoView {
    let revoke = Post::to::<RevokeSignIn>();
    let revoke_others = Post::to::<RevokeOtherSignIns>();
    let changed = live::version(|change| matches!(change, Change::User { .. }));
    let list = wire::read(
        move || (changed.get(), revoke.version(), revoke_others.version()),
        |_| list_sign_ins(),
    );
    let refusal = move || revoke.refusal().or_else(|| revoke_others.refusal());
    view! {
        <section class="card card-wide" aria-labelledby="sign-ins-head">
            <h2 id="sign-ins-head">"Where you are signed in"</h2>
            {move || refusal().map(|error| view! { <FailureBox error/> })}
            <Transition fallback=Loading>
                {move || Suspend::new(async move {
                    match list.await {
                        Err(refusal) => view! { <FailureBox error=refusal.0/> }.into_any(),
                        Ok(list) => {
                            let others = list.iter().any(|sign_in| !sign_in.current);
                            let rows: Vec<_> = list
                                .into_iter()
                                .map(|sign_in| view! { <OneSignIn sign_in revoke/> })
                                .collect();
                            view! {
                                <ul class="lines">{rows}</ul>
                                {others.then(|| view! {
                                    <PostForm post=revoke_others>
                                        <button
                                            type="submit"
                                            class="button"
                                            disabled=move || revoke_others.is_pending()
                                        >
                                            "Sign out everywhere else"
                                        </button>
                                    </PostForm>
                                })}
                            }
                            .into_any()
                        }
                    }
                })}
            </Transition>
        </section>
    }
    .into_any()
}

#[component]
fn OneSignIn(sign_in: SignIn, revoke: Post) -> impl IntoView {
    let SignIn { id, client, address, created_at, last_seen_at, current } = sign_in;
    let label = format!("Sign out {client} at {address}");
    let end = if current {
        view! { <span class="badge">"This browser"</span> }.into_any()
    } else {
        view! {
            <PostForm post=revoke>
                <input type="hidden" name="id" value=id.to_string()/>
                <button
                    type="submit"
                    class="button"
                    aria-label=label
                    disabled=move || revoke.is_pending()
                >
                    "Sign out"
                </button>
            </PostForm>
        }
        .into_any()
    };
    view! {
        <li class="line">
            <div class="line-text">
                <p class="line-title">{client}</p>
                <p class="line-note">
                    {address} " · signed in " <When at=created_at/> " · last seen " <When at=last_seen_at/>
                </p>
            </div>
            {end}
        </li>
    }
    .into_any()
}

/// What the reader's groups, role and the installation come to.
#[component]
fn Holding() -> impl IntoView {
    let changed = live::version(|change| matches!(change, Change::Resync));
    let all = wire::read(move || changed.get(), |_| effective_settings(String::new()));
    view! {
        <section class="card card-wide" aria-labelledby="holding-head">
            <h2 id="holding-head">"What holds for you"</h2>
            <Transition fallback=Loading>
                {move || Suspend::new(async move {
                    match all.await {
                        Ok(all) => effective_table(all),
                        Err(refusal) => view! { <FailureBox error=refusal.0/> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
    .into_any()
}
