//! The first page: the reader's own sessions, and everything that can be launched.
//!
//! Search and category live in the address, so that they work as a form without JavaScript and
//! can be kept as a bookmark.

use crate::{
    api::launcher::show_launcher,
    components::{
        EmptyState, FailureBox, Icon, Loading, PageHead, StateBadge, When, confirm,
        ending::EndingLine,
        frame::Reader,
        fresh::fresh,
        icon::Glyph,
        menu::MoreMenu,
        session_actions::{ActButton, DeleteButton, DeleteQuestion, Doomed},
        tile::{Launching, TileCard},
    },
    live,
    post::Post,
    routes, wire,
};
use domain::{
    actor::Permission,
    event::Change,
    launcher::{Launcher, Tile, TileState},
    list::encode,
    session::{Action, Cause, Reason, SessionRow, State},
};
use leptos::prelude::*;
use leptos_router::{components::Form, hooks::use_query_map};

/// What is looked for, as the address carries it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Narrowing {
    search: String,
    category: String,
}

impl Narrowing {
    fn to_path(&self) -> String {
        let mut parts = Vec::new();
        for (key, value) in [("q", &self.search), ("category", &self.category)] {
            if !value.is_empty() {
                parts.push(format!("{key}={}", encode(value)));
            }
        }
        if parts.is_empty() {
            routes::LAUNCHER.to_owned()
        } else {
            format!("{}?{}", routes::LAUNCHER, parts.join("&"))
        }
    }

    fn in_category(&self, category: &str) -> Self {
        Self { category: category.to_owned(), ..self.clone() }
    }
}

#[component]
pub fn LauncherPage() -> impl IntoView {
    let query = use_query_map();
    let narrowing = Memo::new(move |_| {
        let query = query.read();
        let text = |key| query.get(key).unwrap_or_default().trim().to_owned();
        Narrowing { search: text("q"), category: text("category") }
    });
    let here = Signal::derive(move || narrowing.read().to_path());

    let launching = Launching::on_page();
    let asked = RwSignal::new(None::<Doomed>);
    // Without JavaScript the question is asked through the address, once.
    let asked_for = query.read_untracked().get(confirm::PARAMETER);
    let answered = StoredValue::new(false);

    let changed = live::version(|change| {
        matches!(
            change,
            Change::Session { .. } | Change::Workspace { .. } | Change::Images | Change::Engine
        )
    });
    let version = Signal::derive(move || {
        changed.get() + launching.favour.version() + launching.acting.version()
    });
    let read = |asked: Narrowing| show_launcher(asked.search, asked.category);
    let first = wire::read(|| (), move |()| read(narrowing.get_untracked()));

    view! {
        <PageHead title="Launcher"/>
        <Problems launching/>
        <Suspense fallback=Loading>
            {move || {
                let asked_for = asked_for.clone();
                Suspend::new(async move {
                    match first.await {
                        Ok(page) => {
                            let page = fresh(page, narrowing, version, read).value;
                            Content { page, narrowing, here, launching, asked }
                                .show(asked_for, answered)
                        }
                        Err(refusal) => view! { <FailureBox error=refusal.0/> }.into_any(),
                    }
                })
            }}
        </Suspense>
        <DeleteQuestion acting=launching.acting asked next=here here/>
    }
    .into_any()
}

/// The question that the address carries. A component of its own inside what is read, because
/// only there the name of the session is known.
#[component]
fn AskedByAddress(
    doomed: Doomed,
    acting: Post,
    answered: StoredValue<bool>,
    here: Signal<String>,
) -> impl IntoView {
    let asked = RwSignal::new((!answered.get_value()).then_some(doomed));
    // An effect, because on the server the same view may be made twice.
    Effect::new(move |_| answered.set_value(true));
    view! { <DeleteQuestion acting asked next=here here/> }
}

/// What launching or acting was refused with.
#[component]
fn Problems(launching: Launching) -> impl IntoView {
    let problem = move || launching.refusal().map(|error| view! { <FailureBox error/> });
    view! { <div class="sticky-problem">{problem}</div> }
}

/// The page below its heading. Each part follows only what it shows, so that a change elsewhere
/// neither closes an open menu nor takes the focus.
#[derive(Clone, Copy)]
struct Content {
    page: RwSignal<Launcher>,
    narrowing: Memo<Narrowing>,
    here: Signal<String>,
    launching: Launching,
    asked: RwSignal<Option<Doomed>>,
}

impl Content {
    fn show(self, asked_for: Option<String>, answered: StoredValue<bool>) -> AnyView {
        let Self { page, .. } = self;
        let question = page.with_untracked(|page| {
            let row =
                page.sessions.iter().find(|row| Some(row.id.as_str()) == asked_for.as_deref())?;
            let doomed = Doomed { id: row.id.clone(), name: row.workspace_name.clone() };
            let (acting, here) = (self.launching.acting, self.here);
            Some(view! { <AskedByAddress doomed acting answered here/> })
        });
        let sessions = Memo::new(move |_| page.with(|page| !page.sessions.is_empty()));
        let any = Memo::new(move |_| page.with(|page| page.any));
        view! {
            {question}
            {move || sessions.get().then(|| self.own_sessions())}
            {move || if any.get() { self.tiles() } else { view! { <NothingYet/> }.into_any() }}
        }
        .into_any()
    }

    fn own_sessions(self) -> AnyView {
        let Self { page, launching, asked, here, .. } = self;
        let rows = move || page.with(|page| page.sessions.clone());
        // Keyed, so that a session that comes or goes does not slip under an open menu. What
        // changes on the row belongs to the key, because a known key is not drawn again.
        let may = Memo::new(move |_| page.with(|page| page.may.clone()));
        let key = move |row: &SessionRow| {
            let ending = row.ending.map(|ending| ending.at);
            (row.id.clone(), row.state, row.running_since, ending, may.get())
        };
        view! {
            <section class="own" aria-labelledby="own-head">
                <h2 id="own-head">"Your sessions"</h2>
                <ul class="own-list">
                    <For each=rows key let:row>
                        <OwnSession row may=may.get_untracked() acting=launching.acting asked here/>
                    </For>
                </ul>
            </section>
        }
        .into_any()
    }

    fn tiles(self) -> AnyView {
        let Self { page, narrowing, launching, here, .. } = self;
        let tiles = Memo::new(move |_| page.with(shown_tiles));
        let none = Memo::new(move |_| tiles.with(Vec::is_empty));
        let more = Memo::new(move |_| page.with(|page| page.more));
        let categories = Memo::new(move |_| page.with(|page| page.categories.clone()));
        let list = move || {
            if none.get() {
                view! {
                    <EmptyState title="No match" text="No workspace fits the search and category.">
                        <a class="button" href=routes::LAUNCHER>"Show all workspaces"</a>
                    </EmptyState>
                }
                .into_any()
            } else {
                view! {
                    <ul class="tiles">
                        <For each=move || tiles.get() key=tile_key let:shown>
                            <TileCard tile=shown.0 running=shown.1 launching here/>
                        </For>
                    </ul>
                    {move || (more.get() > 0).then(|| view! {
                        <p class="tiles-more">
                            {format!("And {} more: search or choose a category to find them.", more.get())}
                        </p>
                    })}
                }
                .into_any()
            }
        };
        view! {
            <section aria-labelledby="tiles-head">
                <h2 id="tiles-head" class="visually-hidden">"Workspaces"</h2>
                {move || view! { <Filter narrowing=narrowing.get() categories=categories.get()/> }}
                {list}
            </section>
        }
        .into_any()
    }
}

/// The tiles, each with the state of the reader's own session of it.
fn shown_tiles(page: &Launcher) -> Vec<(Tile, Option<State>)> {
    let state_of = |id: &domain::SessionId| {
        page.sessions.iter().find(|row| row.id == *id).map(|row| row.state)
    };
    page.tiles.iter().map(|tile| (tile.clone(), tile.session.as_ref().and_then(state_of))).collect()
}

/// Everything that is seen of a tile: a key that is known already is not drawn again.
fn tile_key((tile, running): &(Tile, Option<State>)) -> String {
    let state = match &tile.state {
        TileState::Ready => String::new(),
        TileState::Preparing { step, steps, message } => format!("{step}/{steps} {message}"),
        TileState::Unavailable { why } => why.clone(),
    };
    let running = running.map_or("", State::as_str);
    let (id, name, text) = (&tile.workspace, &tile.name, &tile.description);
    let icon = String::from(tile.icon.clone());
    let categories = tile.categories.join(",");
    let (favourite, asks) = (tile.favourite, tile.asks);
    format!("{id}|{running}|{state}|{favourite}|{name}|{text}|{icon}|{categories}|{asks}")
}

#[component]
fn Filter(narrowing: Narrowing, categories: Vec<String>) -> impl IntoView {
    let now = narrowing;
    let link = |category: &str, label: String| {
        let current = (now.category == category).then_some("true");
        view! {
            <li>
                <a class="pill" href=now.in_category(category).to_path() aria-current=current>{label}</a>
            </li>
        }
    };
    let links: Vec<_> = std::iter::once(link("", "All".into()))
        .chain(categories.iter().map(|category| link(category, category.clone())))
        .collect();
    let kept = (!now.category.is_empty()).then(|| {
        view! { <input type="hidden" name="category" value=now.category.clone()/> }
    });
    view! {
        <div class="filter">
            <Form method="GET" action=routes::LAUNCHER>
                <div class="search" role="search">
                    <label class="visually-hidden" for="search">"Find a workspace"</label>
                    <input
                        class="input"
                        id="search"
                        type="search"
                        name="q"
                        placeholder="Find a workspace"
                        value=now.search.clone()
                    />
                    {kept}
                    <button type="submit" class="button">
                        <Glyph name="search"/>
                        <span>"Search"</span>
                    </button>
                </div>
            </Form>
            {(categories.len() > 1).then(|| view! {
                <nav aria-label="Categories"><ul class="pills">{links}</ul></nav>
            })}
        </div>
    }
    .into_any()
}

/// No workspace at all: an administrator can change that, others can ask one. Who only looks on has
/// other pages.
#[component]
fn NothingYet() -> impl IntoView {
    let reader = use_context::<Reader>();
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let actor = match reader {
                    Some(Reader(reader)) => reader.await.ok().and_then(|viewer| viewer.actor),
                    None => None,
                };
                let may = |permission| actor.as_ref().is_some_and(|actor| actor.may(permission));
                if actor.is_some() && !may(Permission::LaunchWorkspaces) {
                    looks_on(may(Permission::SeeAllSessions), may(Permission::SeeAudit))
                } else if may(Permission::ManageWorkspaces) {
                    view! {
                        <EmptyState
                            title="No workspaces yet"
                            text="A workspace is something people can launch: a desktop, a browser, a notebook."
                        >
                            <a class="button button-primary" href=routes::NEW_WORKSPACE>"Add a workspace"</a>
                        </EmptyState>
                    }
                    .into_any()
                } else {
                    view! {
                        <EmptyState
                            title="No workspaces yet"
                            text="Nothing has been set up for you to launch. Ask your administrator to enable a workspace."
                        />
                    }
                    .into_any()
                }
            })}
        </Transition>
    }
}

/// For a role that launches nothing: the pages that it is there for.
fn looks_on(sessions: bool, audit: bool) -> AnyView {
    view! {
        <EmptyState
            title="Nothing to launch"
            text="Your role is to see what others do, not to launch anything."
        >
            {sessions.then(|| view! { <a class="button" href=routes::SESSIONS>"Sessions"</a> })}
            {audit.then(|| view! { <a class="button" href=routes::AUDIT>"Audit log"</a> })}
        </EmptyState>
    }
    .into_any()
}

/// One of the reader's sessions, with what may be asked of it.
#[component]
fn OwnSession(
    row: SessionRow,
    /// What the reader may ask of it, its state aside.
    may: Vec<Action>,
    acting: Post,
    asked: RwSignal<Option<Doomed>>,
    here: Signal<String>,
) -> impl IntoView {
    let state = row.state;
    let open = routes::stream(&row.id);
    let allowed = |action| state.allows(action) && may.contains(&action);
    let act = |action: Action, class: &'static str, next: Signal<String>| {
        let id = row.id.clone();
        allowed(action).then(|| view! { <ActButton acting id action state next class/> })
    };
    let main = if allowed(Action::Start) {
        let next = Signal::stored(open.clone());
        act(Action::Start, "button button-primary", next).into_any()
    } else {
        let word = if state == State::Running { "Open" } else { "Show" };
        view! { <a class="button button-primary" href=open.clone()>{word}</a> }.into_any()
    };
    let doomed = Doomed { id: row.id.clone(), name: row.workspace_name.clone() };
    let more = format!("More for {}", row.workspace_name);
    let menu = {
        let pause = act(Action::Pause, "", here);
        let stop = act(Action::Stop, "", here);
        let details = routes::session(&row.id);
        let delete =
            allowed(Action::Delete).then(|| view! { <DeleteButton asked doomed class="danger"/> });
        view! {
            {pause}
            {stop}
            <a href=details><Glyph name="info"/><span>"Details"</span></a>
            {delete}
        }
    };
    // Why it failed or is not as it should be, or that it was not its owner who ended it.
    let explains = |reason: &Reason| {
        state == State::Failed || matches!(reason.cause, Cause::Rule | Cause::StartProblem)
    };
    let (what, since) = match row.running_since {
        Some(since) if state == State::Running => ("running since ", since),
        _ => ("launched ", row.launched_at),
    };
    view! {
        <li class="own-session">
            <Icon icon=row.icon/>
            <div class="own-text">
                <a class="own-name" href=open>{row.workspace_name}</a>
                <p class="own-state">
                    <StateBadge state/>
                    <span>{what} <When at=since/></span>
                </p>
                {row.ending.map(|ending| view! { <p class="own-ending"><EndingLine ending/></p> })}
                {row.reason.filter(explains).map(|reason| {
                    let look = if state == State::Failed { "own-reason" } else { "own-ending" };
                    view! { <p class=look>{reason.message}</p> }
                })}
            </div>
            <div class="own-actions">
                {main}
                <MoreMenu label=more>{menu}</MoreMenu>
            </div>
        </li>
    }
    .into_any()
}
