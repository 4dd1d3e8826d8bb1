//! One account: who it is, how its owner gets in, where it is signed in, and what it has. What it may
//! be given or taken stands beside; who only looks on sees none of that.

use super::{
    deletion, link,
    new::{role_help, role_options},
    on_or_off, second_factor, state_badge,
};
use crate::{
    api::users::{
        DeleteUser, EndUserSignIns, LinkUser, NewLink, ResetUserSecondFactor, SetUserEnabled,
        SetUserRole, WithdrawUserLink, show_user,
    },
    components::{
        PageHead, StateBadge, When, clock::Until, done, effective::effective_table, facts::fact,
        failures, field::SelectField, fresh::fresh, opening, question::asking,
    },
    live,
    pages::audit,
    post::{Post, PostForm},
    refusal::Refusal,
    routes, wire,
};
use domain::{
    audit::AuditLine,
    event::Change,
    session::SessionRow,
    user::{AccountState, SignIn, UserDetail, UserRow},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

/// What the page opens with: the account, and a link to it that was made without JavaScript.
type First = (UserDetail, Option<NewLink>);

async fn open(id: String, link: bool) -> Result<First, Refusal> {
    let detail = show_user(id).await?;
    #[cfg(feature = "ssr")]
    if link && let Ok((request, actor)) = crate::request::Request::signed_in() {
        let fresh = request.services.users.take_link(&actor, &detail.user.id);
        return Ok((detail, fresh.map(|link| NewLink::new(&request, link))));
    }
    #[cfg(not(feature = "ssr"))]
    let _ = link;
    Ok((detail, None))
}

#[component]
pub fn UserPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let id = Memo::new(move |_| params.with(|map| map.get("id").unwrap_or_default()));
    let first = wire::read(
        move || id.get(),
        move |id| open(id, query.with_untracked(|map| map.get_str("link").is_some())),
    );
    opening(first, move |first| page(first, id))
}

/// What can be done with the account.
#[derive(Clone, Copy)]
struct Deeds {
    role: Post,
    enable: Post,
    link: Post,
    withdraw: Post,
    sign_out: Post,
    reset: Post,
    delete: Post,
}

impl Deeds {
    /// Those after which the account is still there to be read again.
    fn changes(self) -> [Post; 6] {
        [self.role, self.enable, self.link, self.withdraw, self.sign_out, self.reset]
    }
}

fn page((first, left): First, id: Memo<String>) -> AnyView {
    let deeds = Deeds {
        role: Post::to::<SetUserRole>(),
        enable: Post::to::<SetUserEnabled>(),
        link: Post::to::<LinkUser>(),
        withdraw: Post::to::<WithdrawUserLink>(),
        sign_out: Post::to::<EndUserSignIns>(),
        reset: Post::to::<ResetUserSecondFactor>(),
        delete: Post::to::<DeleteUser>(),
    };
    let own = first.user.id.clone();
    let (name, address) = (first.user.name.clone(), routes::user(&own));
    let deletable = first.may_manage && !first.own;
    let changes = live::version(move |change| match change {
        Change::User { id } => *id == own,
        Change::Session { .. } | Change::Resync => true,
        _ => false,
    });
    let version = Signal::derive(move || {
        changes.get() + deeds.changes().map(Post::version).iter().sum::<u64>()
    });
    let now = fresh(first, id, version, show_user);
    let detail = now.value;
    let user = Memo::new(move |_| detail.with(|d| d.user.clone()));
    let refusals = move || {
        let all = deeds.changes().into_iter().chain([deeds.delete]).map(Post::refusal);
        failures(all.chain([now.failure.get()]))
    };
    let made = Memo::new(move |_| deeds.link.answer::<NewLink>().or_else(|| left.clone()));
    view! {
        <PageHead title=name.clone()>
            <span class="page-state" role="status">
                {move || state_badge(user.with(|user| user.state))}
            </span>
        </PageHead>
        {done(deed)}
        {deletable.then(|| deletion::question(deeds.delete, address.clone()))}
        {deletable.then(|| second_factor::question(deeds.reset, address))}
        {refusals}
        <div role="status">{move || made.get().map(link::new_link)}</div>
        <div class="cards">
            <section class="card" aria-labelledby="about">
                <h2 id="about">"About"</h2>
                {move || facts(user.get())}
            </section>
            {role(detail, deeds)}
            {access(detail, deeds)}
            {second_factor::card(detail, changeable(detail))}
            {sign_ins(detail, deeds)}
            {sessions(detail)}
            {holds(detail)}
            {latest(detail, &name)}
            {danger(detail)}
        </div>
    }
    .into_any()
}

fn facts(user: UserRow) -> AnyView {
    let seen = match user.last_seen_at {
        Some(at) => view! { <When at /> }.into_any(),
        None => "Never".into_any(),
    };
    view! {
        <dl class="facts">
            {fact("Role", user.role.label())}
            {fact("What that is", user.role.description())}
            {fact("Second factor", on_or_off(user.second_factor))}
            {fact("Sessions", user.sessions.to_string())}
            {fact("Last seen", seen)}
            {fact("Created", view! { <When at=user.created_at /> })}
        </dl>
    }
    .into_any()
}

/// Whether the reader may change the account, which is then not the reader's own and stays for now.
fn changeable(detail: RwSignal<UserDetail>) -> Memo<bool> {
    Memo::new(move |_| {
        detail.with(|d| d.may_manage && !d.own && d.user.state != AccountState::Deleting)
    })
}

fn hidden_id(id: String) -> AnyView {
    view! { <input type="hidden" name="id" value=id /> }.into_any()
}

fn id_of(detail: RwSignal<UserDetail>) -> String {
    detail.with_untracked(|d| d.user.id.to_string())
}

fn role(detail: RwSignal<UserDetail>, deeds: Deeds) -> AnyView {
    let (changeable, id) = (changeable(detail), id_of(detail));
    let last = Memo::new(move |_| detail.with(|d| d.last_administrator));
    let role = Memo::new(move |_| detail.with(|d| d.user.role));
    let form = move || {
        if last.get() {
            return view! {
                <p>"This is the last administrator who can sign in. Make somebody else one first."</p>
            }
            .into_any();
        }
        let id = hidden_id(id.clone());
        view! {
            <PostForm post=deeds.role>
                {id}
                <SelectField
                    name="role"
                    label="Role"
                    value=role.get().as_str()
                    options=role_options()
                    help="Holds at once, also for pages and streams that are open."
                    problem=deeds.role.problem_at("role")
                />
                {role_help()}
                <button type="submit" class="button" disabled=move || deeds.role.is_pending()>
                    "Change role"
                </button>
            </PostForm>
        }
        .into_any()
    };
    let card = move || {
        changeable.get().then(|| {
            let form = form.clone();
            view! {
                <section class="card" aria-labelledby="role-head">
                    <h2 id="role-head">"Role"</h2>
                    {form}
                </section>
            }
            .into_any()
        })
    };
    view! { {card} }.into_any()
}

/// How its owner gets in: whether at all, and by which password.
fn access(detail: RwSignal<UserDetail>, deeds: Deeds) -> AnyView {
    let (changeable, id) = (changeable(detail), id_of(detail));
    let state = Memo::new(move |_| {
        detail.with(|d| (d.user.state, d.user.has_password, d.link_until, d.last_administrator))
    });
    let card = move || {
        changeable.get().then(|| {
            let (state, has_password, link_until, last) = state.get();
            let disabled = state == AccountState::Disabled;
            let (about, verb) = if has_password {
                (
                    "A link by which another password is chosen. The present one stays good until the link is used; that then ends all sign-ins. If somebody else may know the password, disable the account first.",
                    "Make a link for a new password",
                )
            } else {
                (
                    "Nobody can sign in before a password was chosen by the link. A new link makes the one before worth nothing.",
                    "Make a new invitation",
                )
            };
            let open = link_until.map(|until| withdrawal(id.clone(), until, deeds.withdraw));
            let switched = (!last).then(|| switch(id.clone(), disabled, deeds.enable));
            let asked = hidden_id(id.clone());
            view! {
                <section class="card" aria-labelledby="access">
                    <h2 id="access">"Access"</h2>
                    <p>{about}</p>
                    {open}
                    <PostForm post=deeds.link>
                        {asked}
                        <button
                            type="submit"
                            class="button"
                            disabled=move || deeds.link.is_pending()
                        >
                            {verb}
                        </button>
                    </PostForm>
                    {switched}
                </section>
            }
            .into_any()
        })
    };
    view! { {card} }.into_any()
}

/// A link that is open, and taking it back.
fn withdrawal(id: String, until: domain::Timestamp, withdraw: Post) -> AnyView {
    view! {
        <p>"A link is open; it ends " <Until at=until /> "."</p>
        <PostForm post=withdraw>
            {hidden_id(id)}
            <button type="submit" class="button" disabled=move || withdraw.is_pending()>
                "Withdraw the link"
            </button>
        </PostForm>
    }
    .into_any()
}

fn switch(id: String, disabled: bool, enable: Post) -> AnyView {
    let (about, verb, value) = if disabled {
        ("It is disabled: nobody can sign in with it.", "Enable", "on")
    } else {
        (
            "Disabling ends all sign-ins and streams at once, and refuses new ones. Sessions and everything else stay.",
            "Disable",
            "",
        )
    };
    view! {
        <p>{about}</p>
        <PostForm post=enable>
            {hidden_id(id)}
            <input type="hidden" name="enabled" value=value />
            <button type="submit" class="button" disabled=move || enable.is_pending()>
                {verb}
            </button>
        </PostForm>
    }
    .into_any()
}

fn sign_ins(detail: RwSignal<UserDetail>, deeds: Deeds) -> AnyView {
    let (changeable, id) = (changeable(detail), id_of(detail));
    let all = Memo::new(move |_| detail.with(|d| d.sign_ins.clone()));
    let own = detail.with_untracked(|d| d.own);
    let list = move || {
        let all = all.get();
        if all.is_empty() {
            return view! { <p class="muted">"Nowhere."</p> }.into_any();
        }
        let ends = changeable.get();
        let several = (ends && all.len() > 1)
            .then(|| end_button(id.clone(), "", "Sign out everywhere", deeds.sign_out));
        let lines: Vec<AnyView> = all
            .into_iter()
            .map(|one| sign_in(one, ends.then(|| id.clone()), deeds.sign_out))
            .collect();
        view! {
            <ul class="lines">{lines}</ul>
            {several}
        }
        .into_any()
    };
    view! {
        <section class="card" aria-labelledby="sign-ins">
            <h2 id="sign-ins">"Signed in"</h2>
            {list}
            {own.then(|| view! {
                <p><a href=routes::ACCOUNT>"Your own sign-ins are ended on your account page."</a></p>
            })}
        </section>
    }
    .into_any()
}

/// Ends one sign-in, or all where none is named.
fn end_button(id: String, sign_in: &str, label: &str, sign_out: Post) -> AnyView {
    let (sign_in, label) = (sign_in.to_owned(), label.to_owned());
    let face = if sign_in.is_empty() { "Sign out everywhere" } else { "Sign out" };
    view! {
        <PostForm post=sign_out>
            {hidden_id(id)}
            <input type="hidden" name="sign_in" value=sign_in />
            <button
                type="submit"
                class="button button-small"
                aria-label=label
                disabled=move || sign_out.is_pending()
            >
                {face}
            </button>
        </PostForm>
    }
    .into_any()
}

/// `of` is the account, for those who may end the sign-in.
fn sign_in(one: SignIn, of: Option<String>, sign_out: Post) -> AnyView {
    let SignIn { id, client, address, created_at, last_seen_at, .. } = one;
    let label = format!("Sign out {client} at {address}");
    let end = of.map(|of| end_button(of, id.as_str(), &label, sign_out));
    view! {
        <li class="line">
            <div class="line-text">
                <p class="line-title">{client}</p>
                <p class="line-note">
                    {address} " · signed in " <When at=created_at /> " · last seen "
                    <When at=last_seen_at />
                </p>
            </div>
            {end}
        </li>
    }
    .into_any()
}

fn sessions(detail: RwSignal<UserDetail>) -> AnyView {
    let all = Memo::new(move |_| detail.with(|d| d.sessions.clone()));
    let line = |row: SessionRow| {
        view! {
            <li class="line">
                <a class="line-text" href=routes::session(&row.id)>{row.workspace_name}</a>
                <StateBadge state=row.state />
            </li>
        }
        .into_any()
    };
    let list = move || {
        let lines: Vec<AnyView> = all.get().into_iter().map(line).collect();
        if lines.is_empty() {
            view! { <p class="muted">"None."</p> }.into_any()
        } else {
            view! { <ul class="lines">{lines}</ul> }.into_any()
        }
    };
    view! {
        <section class="card" aria-labelledby="sessions">
            <h2 id="sessions">"Sessions"</h2>
            {list}
        </section>
    }
    .into_any()
}

fn latest(detail: RwSignal<UserDetail>, name: &str) -> AnyView {
    let lines = Memo::new(move |_| detail.with(|d| d.audit.clone()));
    let all = routes::audit_of(name);
    let list = |lines: Vec<AuditLine>| {
        let lines: Vec<AnyView> = lines.into_iter().map(audit::short_line).collect();
        if lines.is_empty() {
            view! { <p class="muted">"Nothing yet."</p> }.into_any()
        } else {
            view! { <ul class="lines">{lines}</ul> }.into_any()
        }
    };
    let card = move || {
        lines.get().map(|lines| {
            view! {
                <section class="card" aria-labelledby="latest">
                    <h2 id="latest">"Latest in the audit log"</h2>
                    {list(lines)}
                    <p><a href=all.clone()>"Everything this user did"</a></p>
                </section>
            }
            .into_any()
        })
    };
    view! { {card} }.into_any()
}

fn danger(detail: RwSignal<UserDetail>) -> AnyView {
    let (changeable, id) = (changeable(detail), id_of(detail));
    let last = Memo::new(move |_| detail.with(|d| d.last_administrator));
    let asked = asking(&detail.with_untracked(|d| routes::user(&d.user.id)), "delete", &id);
    let card = move || {
        (changeable.get() && !last.get()).then(|| {
            // A link to the same page that asks; it works without JavaScript too.
            view! {
                <section class="card card-wide danger-zone" aria-labelledby="delete-head">
                    <h2 id="delete-head">"Delete"</h2>
                    <p>"The account goes with its sessions and all files in them."</p>
                    <a class="button button-danger" href=asked.clone() data-noscroll="">
                        "Delete user …"
                    </a>
                </section>
            }
            .into_any()
        })
    };
    view! { {card} }.into_any()
}

/// What was just done, as the address says it, in words.
fn deed(done: &str) -> Option<&'static str> {
    match done {
        "made" => Some("The account is made."),
        "role" => Some("The role is changed."),
        "enabled" => Some("The account is enabled."),
        "disabled" => Some("The account is disabled, and its sign-ins are ended."),
        "withdrawn" => Some("The link is worth nothing any more."),
        "signed-out" => Some("Signed out."),
        "second-factor" => {
            Some("The second factor is reset, and all sign-ins of the account are ended.")
        }
        _ => None,
    }
}

/// What its groups and the installation say, setting by setting.
fn holds(detail: RwSignal<UserDetail>) -> AnyView {
    let effective = Memo::new(move |_| detail.with(|d| d.effective.clone()));
    let card = move || {
        let all = effective.get();
        (!all.is_empty()).then(|| {
            view! {
                <section class="card card-wide" aria-labelledby="holds">
                    <h2 id="holds">"What holds"</h2>
                    {effective_table(all)}
                </section>
            }
            .into_any()
        })
    };
    view! { {card} }.into_any()
}
