//! What a session's container has written: searched, paged back through, and followed.
//!
//! The page holds a limited number of lines. While it follows the log, the oldest drop off; while
//! the reader has scrolled up, nothing is heard at all, and later everything since then.

use super::{Shown, Tab, followed, page, refresh, use_id, with_session};
use crate::{
    api::sessions::show_session_log,
    components::{FailureBox, Glyph, field::choices, opening, table::later},
    live,
    refusal::Refusal,
    routes, wire,
};
use domain::{
    log::{self, LogBatch, LogPage, LogQuery, Severity, ShownLine},
    session::State,
};
use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::hooks::{use_navigate, use_query_map};
use std::sync::Arc;

/// Lines in the page at most.
const MOST: usize = 2_000;
/// Closer to the end than this, a reader wants to stay at the end.
const NEAR_END: i32 = 40;

const LEVELS: &[(&str, &str)] =
    &[("", "All levels"), ("warning", "Warnings and errors"), ("error", "Errors")];

#[component]
pub fn SessionLogPage() -> impl IntoView {
    let id = use_id();
    let map = use_query_map();
    let query = Memo::new(move |_| map.with(|map| LogQuery::from_pairs(|key| map.get_str(key))));
    let first = wire::read(
        move || id.get(),
        move |id| with_session(id.clone(), read((id, query.get_untracked()))),
    );
    opening(first, move |(detail, log)| page(detail, id, Tab::Log, |shown| part(shown, log, query)))
}

fn read((id, query): (String, LogQuery)) -> impl Future<Output = Result<LogPage, Refusal>> {
    show_session_log(id, query.search, query.level.as_str().to_owned(), query.before)
}

/// A line with the number it has in this page.
#[derive(Clone)]
struct Row {
    key: u32,
    line: Arc<ShownLine>,
}

/// The lines in the page.
#[derive(Clone, Copy)]
struct Rows {
    all: RwSignal<Vec<Row>>,
    next: StoredValue<u32>,
    /// When the newest line was written that was heard of, shown or not.
    newest: StoredValue<i64>,
    /// Whether lines have dropped off.
    dropped: RwSignal<bool>,
}

impl Rows {
    fn new(first: LogPage) -> Self {
        let rows = Self {
            all: RwSignal::new(Vec::new()),
            next: StoredValue::new(0),
            newest: StoredValue::new(0),
            dropped: RwSignal::new(false),
        };
        rows.begin(first);
        rows
    }

    fn numbered(self, lines: Vec<ShownLine>) -> Vec<Row> {
        let mut key = self.next.get_value();
        let rows = lines
            .into_iter()
            .map(|line| {
                key = key.wrapping_add(1);
                Row { key, line: Arc::new(line) }
            })
            .collect();
        self.next.set_value(key);
        rows
    }

    fn begin(self, page: LogPage) {
        self.newest.set_value(page.newest);
        self.dropped.set(false);
        self.all.set(self.numbered(page.lines));
    }

    fn add(self, batch: LogBatch) {
        self.newest.set_value(batch.newest);
        let new = self.numbered(batch.lines);
        self.all.update(|all| {
            all.extend(new);
            if let Some(over) = all.len().checked_sub(MOST).filter(|over| *over > 0) {
                all.drain(..over);
                self.dropped.set(true);
            }
        });
    }
}

/// How the reader wants to see the log. Begins with the address and changes at once.
#[derive(Clone, Copy)]
struct Look {
    times: RwSignal<bool>,
    nowrap: RwSignal<bool>,
    follow: RwSignal<bool>,
    /// The reader has scrolled up.
    paused: RwSignal<bool>,
}

fn part(shown: Shown, first: Result<LogPage, Refusal>, query: Memo<LogQuery>) -> AnyView {
    let again = RwSignal::new(0);
    let asked = Memo::new(move |_| {
        let query = LogQuery { times: false, nowrap: false, ..query.get() };
        (shown.id.get(), query)
    });
    let now = followed(first, asked, again.into(), read);
    let rows = Rows::new(now.value.get_untracked());
    let begun = query.get_untracked();
    let look = Look {
        times: RwSignal::new(begun.times),
        nowrap: RwSignal::new(begun.nowrap),
        follow: RwSignal::new(true),
        paused: RwSignal::new(false),
    };
    Effect::new(move |before: Option<()>| {
        let page = now.value.get();
        if before.is_some() {
            rows.begin(page);
        }
    });
    let runs = Memo::new(move |_| {
        let over = matches!(shown.state.get(), State::Stopped | State::Failed | State::Deleted);
        !over && shown.detail.with(|d| d.session.created)
    });
    let ended = RwSignal::new(false);
    Effect::new(move |_| {
        shown.state.track();
        ended.set(false);
    });
    let following = Memo::new(move |_| {
        look.follow.get() && runs.get() && !ended.get() && query.with(|q| q.before == 0)
    });
    let address = move || {
        let (id, query) = asked.get();
        // A page that was read anew is followed from its own end on.
        let read = now.value.with(|page| page.newest);
        let since = rows.newest.get_value().max(read);
        let wanted = following.get() && !look.paused.get();
        wanted.then(|| routes::follow_log(&id, &query, since))
    };
    live::feed(address, ["lines", "ended"], move |kind, data| match kind {
        "lines" => {
            if let Ok(batch) = serde_json::from_str(data) {
                rows.add(batch);
            }
        }
        _ => ended.set(true),
    });
    let older = move || {
        let before = rows.all.with(|all| all.first().map(|row| row.line.at))?;
        let is_older = now.value.with(|page| page.older) || rows.dropped.get();
        let href = query.with(|q| LogQuery { before, ..q.clone() }.to_query());
        is_older.then(|| format!("{}{href}", shown.path.get_value()))
    };
    view! {
        {move || now.failure.get().map(|error| view! { <FailureBox error /> })}
        {controls(shown, query, look, again)}
        <section class="card" aria-labelledby="log">
            <div class="card-head">
                <h2 id="log">"Container log"</h2>
                {move || older().map(|href| {
                    view! { <a href=href data-noscroll="">"Older lines"</a> }
                })}
            </div>
            {lines(rows, look, query)}
            {state_line(shown, query, look, following, runs)}
        </section>
    }
    .into_any()
}

/// A GET form: what is asked is in the address, and all of it works without JavaScript.
fn controls(shown: Shown, query: Memo<LogQuery>, look: Look, again: RwSignal<u64>) -> AnyView {
    let navigate = use_navigate();
    let (words, level) = (NodeRef::<html::Input>::new(), NodeRef::<html::Select>::new());
    let submit = move |ev: SubmitEvent| {
        let (Some(words), Some(level)) = (words.get_untracked(), level.get_untracked()) else {
            return;
        };
        ev.prevent_default();
        let next = LogQuery {
            search: words.value().trim().to_owned(),
            level: Severity::parse(&level.value()),
            before: 0,
            times: look.times.get_untracked(),
            nowrap: look.nowrap.get_untracked(),
        };
        let path = shown.path.get_value();
        navigate(&format!("{path}{}", next.to_query()), Default::default());
    };
    let first = query.get_untracked();
    let options =
        LEVELS.iter().map(|(v, l)| ((*v).to_owned(), (*l).to_owned())).collect::<Vec<_>>();
    let clear = move || {
        let all = query.with(|q| LogQuery { times: q.times, nowrap: q.nowrap, ..<_>::default() });
        let href = format!("{}{}", shown.path.get_value(), all.to_query());
        query.with(LogQuery::is_narrowed).then(|| view! { <a href=href>"Clear"</a> })
    };
    let file = shown.detail.with_untracked(|d| routes::download_log(&d.session.id));
    view! {
        <form
            class="search-bar"
            method="get"
            action=shown.path.get_value()
            role="search"
            on:submit=submit
        >
            <input
                class="input search-words"
                type="search"
                name="q"
                aria-label="Search the log"
                placeholder="Search the log"
                value=first.search
                prop:value=later(move || query.get().search)
                node_ref=words
            />
            <select
                class="input"
                name="level"
                aria-label="Level"
                prop:value=later(move || query.get().level.as_str().to_owned())
                node_ref=level
            >
                {choices(options, first.level.as_str())}
            </select>
            <button type="submit" class="button">
                "Search"
            </button>
            {clear}
            {tick("times", "Times (UTC)", first.times, look.times)}
            {tick("nowrap", "Do not wrap", first.nowrap, look.nowrap)}
            <span class="needs-script">{tick("", "Follow", true, look.follow)}</span>
            {refresh(again)}
            <a class="button button-small" href=file rel="external">
                "Download"
            </a>
        </form>
    }
    .into_any()
}

fn tick(name: &'static str, label: &'static str, first: bool, value: RwSignal<bool>) -> AnyView {
    view! {
        <label class="tick">
            <input
                type="checkbox"
                name=(!name.is_empty()).then_some(name)
                value="on"
                checked=first
                on:change=move |ev| value.set(event_target_checked(&ev))
            />
            {label}
        </label>
    }
    .into_any()
}

fn lines(rows: Rows, look: Look, query: Memo<LogQuery>) -> AnyView {
    let place = NodeRef::<html::Pre>::new();
    Effect::new(move |_| {
        rows.all.track();
        if let (Some(pre), false) = (place.get(), look.paused.get()) {
            pre.set_scroll_top(pre.scroll_height());
        }
    });
    let scrolled = move |_| {
        if let Some(pre) = place.get_untracked() {
            let below = pre.scroll_height() - pre.scroll_top() - pre.client_height();
            let paused = below > NEAR_END;
            if paused != look.paused.get_untracked() {
                look.paused.set(paused);
            }
        }
    };
    let class = move || {
        let times = if look.times.get() { " with-times" } else { "" };
        let nowrap = if look.nowrap.get() { " is-unwrapped" } else { "" };
        format!("log log-lines{times}{nowrap}")
    };
    let empty = Memo::new(move |_| rows.all.with(Vec::is_empty));
    let nothing = move || {
        let text = if query.with(LogQuery::is_narrowed) {
            "No line fits what you searched for."
        } else {
            "The container has written nothing."
        };
        view! { <p class="muted">{text}</p> }
    };
    view! {
        {move || empty.get().then(nothing)}
        <pre
            class=class
            tabindex="0"
            aria-labelledby="log"
            hidden=move || empty.get()
            node_ref=place
            on:scroll=scrolled
        >
            <For each=move || rows.all.get() key=|row| row.key children=line />
        </pre>
    }
    .into_any()
}

fn line(row: Row) -> AnyView {
    let line = &row.line;
    let class = match line.severity {
        Severity::Other => "log-line",
        Severity::Warning => "log-line is-warning",
        Severity::Error => "log-line is-error",
    };
    let spans: Vec<AnyView> = line
        .spans
        .iter()
        .map(|span| {
            let text = span.text.clone();
            match span.class.as_str() {
                "" => text.into_any(),
                class => view! { <span class=class.to_owned()>{text}</span> }.into_any(),
            }
        })
        .collect();
    let time = log::display(line.at);
    let stream = line.stderr.then_some("Written to standard error");
    view! { <span class=class title=stream><span class="log-time">{time} " "</span>{spans}</span> }
        .into_any()
}

/// What the log is doing, below it.
fn state_line(
    shown: Shown,
    query: Memo<LogQuery>,
    look: Look,
    following: Memo<bool>,
    runs: Memo<bool>,
) -> AnyView {
    let text = move || {
        if query.with(|q| q.before > 0) {
            let newest = query.with(|q| LogQuery { before: 0, ..q.clone() }.to_query());
            let href = format!("{}{newest}", shown.path.get_value());
            return view! { "These are older lines. " <a href=href>"Back to the newest"</a> }
                .into_any();
        }
        if !runs.get() {
            return "The container does not run; nothing new comes.".into_any();
        }
        let live = view! {
            <span class="needs-script">
                {move || match (following.get(), look.paused.get()) {
                    (true, false) => "Following: new lines appear here.".into_any(),
                    (true, true) => view! {
                        "Paused while you read. "
                        <button
                            type="button"
                            class="button button-small"
                            on:click=move |_| look.paused.set(false)
                        >
                            <Glyph name="play" />
                            "Go on following"
                        </button>
                    }
                    .into_any(),
                    (false, _) => "Not following.".into_any(),
                }}
            </span>
        };
        live.into_any()
    };
    view! { <p class="log-state muted" role="status">{text}</p> }.into_any()
}
