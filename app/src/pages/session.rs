//! One session, for its owner and those who see everybody's, in parts that each have an address: how
//! it is and why, what it uses and what happened to it; its log; its processes; and the files it has
//! changed.
//!
//! Every part has the same head: its name and state, what can be done about it, and the way to the
//! other parts. Who may only see the session has its first part alone.

mod answers;
mod charts;
mod facts;
mod files;
mod log;
mod processes;
pub mod steering;
mod steps;

pub use files::SessionFilesPage;
pub use log::SessionLogPage;
pub use processes::SessionProcessesPage;

use crate::{
    api::sessions::{ActOnSession, show_session, show_session_usage},
    components::{
        FailureBox, Glyph, PageHead, StateBadge,
        ending::ending_notice,
        fresh::{Fresh, fresh},
        lineage::MadeOfSession,
        opening,
        timeline::Timeline,
    },
    live,
    refusal::Refusal,
    routes, wire,
};
use domain::{
    SessionId,
    event::Change,
    inside::UsagePoint,
    session::{Action as Deed, Cause, Reason, SessionDetail, State, UsageNow, Waiting},
    snapshot::WizardStep,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_params_map;
use steering::{ASK_FORM, DeedButton, Steering, Target};

/// A part of the page.
#[derive(Clone, Copy, PartialEq)]
enum Tab {
    Overview,
    Log,
    Processes,
    Files,
}

impl Tab {
    const ALL: [Self; 4] = [Self::Overview, Self::Log, Self::Processes, Self::Files];

    const fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Log => "Log",
            Self::Processes => "Processes",
            Self::Files => "Changed files",
        }
    }

    fn path(self, id: &SessionId) -> String {
        match self {
            Self::Overview => routes::session(id),
            Self::Log => routes::session_log(id),
            Self::Processes => routes::session_processes(id),
            Self::Files => routes::session_files(id),
        }
    }
}

/// What every part of the page has at hand.
#[derive(Clone, Copy)]
struct Shown {
    id: Memo<String>,
    /// The address of the part.
    path: StoredValue<String>,
    detail: RwSignal<SessionDetail>,
    state: Memo<State>,
    steering: Steering,
}

/// A session, and what one part of its page shows of it. Where that cannot be read, the session is
/// shown all the same.
type SessionWith<T> = (SessionDetail, Result<T, Refusal>);

/// For the parts that look into the session.
async fn with_session<T>(
    id: String,
    part: impl Future<Output = Result<T, Refusal>>,
) -> Result<SessionWith<T>, Refusal> {
    let detail = show_session(id).await?;
    if !detail.may_steer {
        return Err(Refusal(closed()));
    }
    Ok((detail, part.await))
}

/// Why somebody who may see a session may not look into it.
pub fn closed() -> domain::Error {
    domain::Error::forbidden("You are not permitted to look into this session.")
        .hint("What you may see of it is on its own page.")
}

/// The session of the address.
fn use_id() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|map| map.get("id").unwrap_or_default()))
}

/// Follows a part from what was first read of it, or from why it could not be read.
fn followed<Q, T, F>(
    first: Result<T, Refusal>,
    asked: Memo<Q>,
    version: Signal<u64>,
    read: fn(Q) -> F,
) -> Fresh<T>
where
    Q: Clone + PartialEq + Send + Sync + 'static,
    T: Clone + Default + Send + Sync + 'static,
    F: Future<Output = Result<T, Refusal>> + Send + 'static,
{
    let (value, problem) = match first {
        Ok(value) => (value, None),
        Err(refusal) => (T::default(), Some(refusal.0)),
    };
    let now = fresh(value, asked, version, read);
    now.failure.set(problem);
    now
}

/// Reads a part again. Without JavaScript the link loads the page anew.
fn refresh(again: RwSignal<u64>) -> AnyView {
    view! {
        <a
            class="button button-small"
            href=""
            on:click=move |ev| {
                ev.prevent_default();
                again.update(|n| *n += 1);
            }
        >
            <Glyph name="refresh" />
            "Refresh"
        </a>
    }
    .into_any()
}

#[component]
pub fn SessionPage() -> impl IntoView {
    let id = use_id();
    let first = wire::read(
        move || id.get(),
        |id| async move {
            let detail = show_session(id.clone()).await?;
            Ok::<_, Refusal>((detail, show_session_usage(id, 0).await))
        },
    );
    opening(first, move |(detail, usage)| {
        page(detail, id, Tab::Overview, |shown| overview(shown, usage))
    })
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

/// The head of the page with one part below it.
fn page(
    first: SessionDetail,
    id: Memo<String>,
    tab: Tab,
    part: impl FnOnce(Shown) -> AnyView,
) -> AnyView {
    let session = first.session.clone();
    let path = tab.path(&session.id);
    let steering = Steering::of_one(path.clone(), target(&first));
    let own = session.id.clone();
    let changes = live::version(move |change| match change {
        Change::Session { id, .. } => *id == own,
        // What its workspace launches may be another image by now.
        Change::Workspace { .. } | Change::Images | Change::Job { .. } | Change::Resync => true,
        _ => false,
    });
    let version = Signal::derive(move || changes.get() + steering.version());
    let name = target(&first).name;
    let may_steer = first.may_steer;
    let now = fresh(first, id, version, show_session);
    let detail = now.value;
    let state = Memo::new(move |_| detail.with(|d| d.session.state()));
    let reason = Memo::new(move |_| detail.with(|d| d.session.reason.clone()));
    let image_job = Memo::new(move |_| detail.with(|d| d.image_job.clone()));
    let here = path.clone();
    let part = part(Shown { id, path: StoredValue::new(path.clone()), detail, state, steering });
    view! {
        <PageHead title=name>
            <span class="page-state" role="status">
                {move || view! { <StateBadge state=state.get() /> }}
            </span>
            {may_steer.then(|| deeds(detail, state.into(), steering))}
        </PageHead>
        {may_steer.then(|| tabs(&session.id, tab))}
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
        {ending_notice(session.id.clone(), detail.into(), here)}
        {waiting_notice(detail, state.into(), steering)}
        {move || reason.get().map(|reason| reason_box(reason, state.get()))}
        {part}
    }
    .into_any()
}

fn tabs(id: &SessionId, current: Tab) -> AnyView {
    let links: Vec<AnyView> = Tab::ALL
        .into_iter()
        .map(|tab| {
            let is_current = (tab == current).then_some("page");
            view! {
                <li>
                    <a href=tab.path(id) aria-current=is_current>
                        {tab.label()}
                    </a>
                </li>
            }
            .into_any()
        })
        .collect();
    view! {
        <nav class="tabs" aria-label="Session">
            <ul>{links}</ul>
        </nav>
    }
    .into_any()
}

fn overview(shown: Shown, usage: Result<Vec<UsagePoint>, Refusal>) -> AnyView {
    let Shown { id, detail, state, steering, .. } = shown;
    let points = charts::followed(id, usage.unwrap_or_default());
    let now = Memo::new(move |_| points.with(|points| points.last().copied().map(UsageNow::from)));
    let progress = Memo::new(move |_| detail.with(|d| d.session.progress.clone()));
    let timeline = Memo::new(move |_| detail.with(|d| d.timeline.clone()));
    let (may_force_remove, may_create_image) =
        detail.with_untracked(|d| (d.may_force_remove, d.may_create_image));
    view! {
        <div class="cards">
            <section class="card" aria-labelledby="overview">
                <h2 id="overview">"Overview"</h2>
                {facts::overview(detail, now)}
            </section>
            <section class="card" aria-labelledby="usage">
                <h2 id="usage">"Last 15 minutes"</h2>
                {charts::charts(points, state)}
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
                {facts::configuration(detail)}
            </section>
            <MadeOfSession id links=may_create_image />
            {may_force_remove.then(|| force_remove(detail, state.into(), steering))}
        </div>
    }
    .into_any()
}

fn reason_box(reason: Reason, state: State) -> AnyView {
    let look = match (state, reason.cause) {
        (State::Failed, _) => "notice notice-danger",
        (_, Cause::StartProblem) => "notice notice-warning",
        _ => "notice",
    };
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
    let may = Signal::derive(move || detail.with(|d| d.may.clone()));
    let buttons = steering.buttons(&id, state, may, look, move || detail.with_untracked(target));
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

/// That the next session of its workspace has another image, and a new beginning with that.
fn waiting_notice(
    detail: RwSignal<SessionDetail>,
    state: Signal<State>,
    steering: Steering,
) -> AnyView {
    let id = detail.with_untracked(|d| d.session.id.to_string());
    let waiting = Memo::new(move |_| detail.with(|d| d.waiting));
    let notice = move |waiting: Waiting| {
        let button = DeedButton {
            deed: Deed::Renew,
            look: "button",
            asked_of: id.clone(),
            form: ASK_FORM,
            state: Some(state),
            shown: Signal::stored(true),
        };
        let button = steering.button(button, move || detail.with_untracked(|d| vec![target(d)]));
        view! {
            <div class="notice waiting-notice">
                <p class="notice-title">{waiting.words()}</p>
                {button}
            </div>
        }
        .into_any()
    };
    // The part that is read aloud stands before there is anything to read.
    view! { <div role="status">{move || waiting.get().map(&notice)}</div> }.into_any()
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
