//! One session, for its owner and administrators: its state and why, what can be done about it,
//! how it was launched and with what, everything that happened to it, and its last words.

mod facts;
mod log;
pub mod steering;
mod steps;

use crate::{
    api::sessions::{ActOnSession, show_session},
    components::{
        FailureBox, Glyph, PageHead, StateBadge, fresh::fresh, lineage::MadeOfSession, opening,
        timeline::Timeline,
    },
    live, routes, wire,
};
use domain::{
    event::Change,
    session::{Action as Deed, Reason, SessionDetail, State},
    snapshot::WizardStep,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_params_map;
use steering::{ASK_FORM, DeedButton, Steering, Target};

#[component]
pub fn SessionPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|map| map.get("id").unwrap_or_default()));
    let first = wire::read(move || id.get(), show_session);
    opening(first, move |detail| page(detail, id))
}

/// What a session is called where others are listed beside it.
fn target(detail: &SessionDetail) -> Target {
    let session = &detail.session;
    let name = if detail.own {
        session.workspace_name.clone()
    } else {
        format!("{} of {}", session.workspace_name, session.owner_name)
    };
    Target { id: session.id.to_string(), name, state: session.state() }
}

fn page(first: SessionDetail, id: Memo<String>) -> AnyView {
    let session = first.session.clone();
    let path = routes::session(&session.id);
    let steering = Steering::of_one(path.clone(), target(&first));
    let own = session.id.clone();
    let changes = live::version(move |change| match change {
        Change::Session { id, .. } => *id == own,
        Change::Job { .. } | Change::Usage | Change::Resync => true,
        _ => false,
    });
    let version = Signal::derive(move || changes.get() + steering.version());
    let (may_force_remove, may_create_image) = (first.may_force_remove, first.may_create_image);
    let name = target(&first).name;
    let now = fresh(first, id, version, show_session);
    let detail = now.value;
    let state = Memo::new(move |_| detail.with(|d| d.session.state()));
    let reason = Memo::new(move |_| detail.with(|d| d.session.reason.clone()));
    let progress = Memo::new(move |_| detail.with(|d| d.session.progress.clone()));
    let image_job = Memo::new(move |_| detail.with(|d| d.image_job.clone()));
    let timeline = Memo::new(move |_| detail.with(|d| d.timeline.clone()));
    view! {
        <PageHead title=name>
            <span class="page-state" role="status">
                {move || view! { <StateBadge state=state.get() /> }}
            </span>
            {deeds(detail, state.into(), steering)}
        </PageHead>
        {steering.question()}
        {steering.outcome()}
        {move || now.failure.get().map(|error| view! { <FailureBox error /> })}
        // Leads to the question without JavaScript.
        <form id=ASK_FORM method="get" action=path></form>
        {move || image_job.get().map(|job| {
            view! {
                <p class="notice" role="status">
                    "An image is being made of it. What is asked of it meanwhile waits until that is done. "
                    <a href=routes::job(&job)>"Show the job"</a>
                </p>
            }
        })}
        {move || reason.get().map(|reason| reason_box(reason, state.get()))}
        <div class="cards">
            <section class="card" aria-labelledby="overview">
                <h2 id="overview">"Overview"</h2>
                {facts::overview(detail)}
            </section>
            <section class="card" aria-labelledby="launch">
                <h2 id="launch">"Launch"</h2>
                {move || steps::steps(progress.get())}
            </section>
            <section class="card" aria-labelledby="timeline">
                <h2 id="timeline">"Timeline"</h2>
                {move || view! { <Timeline entries=timeline.get() /> }}
            </section>
            <section class="card" aria-labelledby="configuration">
                <h2 id="configuration">"Configuration as run"</h2>
                {facts::configuration(&session.config)}
            </section>
            <MadeOfSession id links=may_create_image />
            <section class="card card-wide" aria-labelledby="log">
                {log::log(id)}
            </section>
            {may_force_remove.then(|| force_remove(detail, state.into(), steering))}
        </div>
    }
    .into_any()
}

fn reason_box(reason: Reason, state: State) -> AnyView {
    let look = if matches!(state, State::Failed) { "notice notice-danger" } else { "notice" };
    view! {
        <div class=look>
            <p class="notice-title">{reason.message}</p>
            {reason.hint.map(|hint| view! { <p>{hint}</p> })}
            {reason.detail.map(|detail| {
                view! {
                    <details class="failure-detail">
                        <summary>"Details"</summary>
                        <pre tabindex="0">{detail}</pre>
                    </details>
                }
            })}
        </div>
    }
    .into_any()
}

fn deeds(detail: RwSignal<SessionDetail>, state: Signal<State>, steering: Steering) -> AnyView {
    let (id, stream) =
        detail.with_untracked(|d| (d.session.id.to_string(), routes::stream(&d.session.id)));
    let opens = move || matches!(state.get(), State::Running | State::Starting | State::Resuming);
    let create = detail.with_untracked(|d| {
        d.may_create_image.then(|| routes::create_image(&d.session.id, WizardStep::Image))
    });
    let create = create.map(|href| {
        view! {
            <a class="button" href=href hidden=move || !state.get().has_container()>
                <Glyph name="layers" />
                "Create image"
            </a>
        }
    });
    // The server writes that page; the router knows nothing of it.
    let terminal =
        detail.with_untracked(|d| d.may_open_terminal.then(|| routes::terminal(&d.session.id)));
    let terminal = terminal.map(|href| {
        view! {
            <a
                class="button"
                href=href
                rel="external"
                hidden=move || !matches!(state.get(), State::Running)
            >
                <Glyph name="terminal" />
                "Terminal"
            </a>
        }
    });
    let look = |deed| if matches!(deed, Deed::Delete) { "button button-danger" } else { "button" };
    let buttons = steering.buttons(&id, state, look, move || detail.with_untracked(target));
    view! {
        <a class="button button-primary" href=stream hidden=move || !opens()>
            <Glyph name="external" />
            "Open"
        </a>
        {terminal}
        {create}
        <form class="actions" method="post" action=ActOnSession::url()>
            <input type="hidden" name="id" value=id.clone() />
            <input type="hidden" name="next" value=steering.back() />
            {buttons}
        </form>
    }
    .into_any()
}

/// For a session the engine refuses to delete. Apart from the other deeds, because it can leave a
/// container behind.
fn force_remove(
    detail: RwSignal<SessionDetail>,
    state: Signal<State>,
    steering: Steering,
) -> AnyView {
    let id = detail.with_untracked(|d| d.session.id.to_string());
    let shown = Signal::derive(move || state.get().allows(Deed::ForceRemove));
    let targets = move || detail.with_untracked(|d| vec![target(d)]);
    let button = DeedButton {
        deed: Deed::ForceRemove,
        look: "button button-danger",
        asked_of: id,
        form: ASK_FORM,
        state: None,
        shown,
    };
    let button = steering.button(button, targets);
    view! {
        <section
            class="card card-wide danger-zone"
            aria-labelledby="force-remove"
            hidden=move || !shown.get()
        >
            <h2 id="force-remove">"Force remove"</h2>
            <p>
                "Only for a session that cannot be deleted because the engine refuses or does not answer. "
                {Deed::ForceRemove.consequence()}
            </p>
            {button}
        </section>
    }
    .into_any()
}
