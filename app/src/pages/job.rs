//! One job: how far it is, its log as it grows, what it is about and what it made.

mod layers;

use super::jobs::took;
use crate::{
    api::jobs::{CancelJob, RetryJob, show_job},
    components::{
        FailureBox, Glyph, PageHead, When, facts::fact, failures, field::TextField, fresh::fresh,
        job_badge::JobBadge, opening,
    },
    live,
    post::{Post, PostForm},
    routes, wire,
};
use domain::{
    event::Change,
    image::short_digest,
    job::{Job, JobDetail, JobKind, JobLine, JobProgress, JobState},
    list::encode,
    quantity,
};
use leptos::{html, prelude::*};
use leptos_router::hooks::use_params_map;

/// Closer to the end than this, a reader of the log wants to stay at the end.
const NEAR_END: i32 = 40;

#[component]
pub fn JobPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|map| map.get("id").unwrap_or_default()));
    let first = wire::read(move || id.get(), show_job);
    opening(first, move |detail| page(detail, id))
}

fn page(first: JobDetail, id: Memo<String>) -> AnyView {
    let own = first.job.id.clone();
    let changes = live::version(move |change| match change {
        Change::Job { id, .. } => *id == own,
        Change::Resync => true,
        _ => false,
    });
    let (cancel, retry) = (Post::to::<CancelJob>(), Post::to::<RetryJob>());
    let version = Signal::derive(move || changes.get() + cancel.version() + retry.version());
    let title = format!("{}: {}", first.job.kind.label(), first.job.title);
    let steers = first.may_steer;
    let opens = (first.may_open_session, first.may_open_workspace);
    let now = fresh(first, id, version, show_job);
    let detail = now.value;
    let job = Memo::new(move |_| detail.with(|d| d.job.clone()));
    let lines = Memo::new(move |_| detail.with(|d| d.log.clone()));
    let refusals = move || failures([cancel.refusal(), retry.refusal(), now.failure.get()]);
    view! {
        <PageHead title=title>
            <span class="page-state" role="status">
                {move || view! { <JobBadge state=job.get().state /> }}
            </span>
            {move || steers.then(|| cancel_button(&job.get(), cancel)).flatten()}
        </PageHead>
        {refusals}
        {move || {
            let Job { progress, kind, .. } = job.get();
            progress.map(|progress| under_way(progress, kind))
        }}
        {move || outcome(&job.get(), steers.then_some(retry))}
        <div class="cards">
            <section class="card" aria-labelledby="about">
                <h2 id="about">"About"</h2>
                {move || facts(job.get(), opens)}
            </section>
            <section class="card card-wide" aria-labelledby="log">
                {log(lines)}
            </section>
        </div>
    }
    .into_any()
}

/// What is being done, and how far it is.
fn under_way(progress: JobProgress, kind: JobKind) -> AnyView {
    let list = layers::list(progress.layers, progress.more_layers, kind);
    view! {
        <div class="notice">
            <p>{progress.step} " …"</p>
            {progress.bytes.map(|(done, total)| bar("Done".to_owned(), done, total))}
            {list}
        </div>
    }
    .into_any()
}

fn cancel_button(job: &Job, cancel: Post) -> Option<AnyView> {
    if job.cancel_requested && !job.state.is_over() {
        return Some(view! { <span class="muted">"Ending …"</span> }.into_any());
    }
    let id = job.id.to_string();
    job.may_cancel().then(|| {
        view! {
            <PostForm post=cancel>
                <input type="hidden" name="id" value=id />
                <button type="submit" class="button" disabled=move || cancel.is_pending()>
                    "Cancel job"
                </button>
            </PostForm>
        }
        .into_any()
    })
}

/// Why it failed, and for those who may, doing it again: with other credentials where those were the
/// reason.
fn outcome(job: &Job, retry: Option<Post>) -> Option<AnyView> {
    let failure = job.error.clone().map(|error| view! { <FailureBox error /> });
    if job.state == JobState::Queued && failure.is_some() {
        let at = job.run_at.display();
        return Some(
            view! {
                {failure}
                <p class="notice">"It is tried again by itself, at " {at} "."</p>
            }
            .into_any(),
        );
    }
    let Some(retry) = retry.filter(|_| job.may_retry()) else {
        return failure.map(IntoAny::into_any);
    };
    let credentials = (job.kind == JobKind::Push).then(|| {
        view! {
            <TextField
                name="username"
                label="User name at the registry"
                help="Leave both empty to use the same as before."
                problem=retry.problem_at("username")
            />
            <TextField
                name="password"
                label="Password or access token of the registry"
                kind="password"
                autocomplete="new-password"
                problem=retry.problem_at("password")
            />
        }
    });
    let id = job.id.to_string();
    let verb = if job.kind == JobKind::Push { "Retry push" } else { "Retry" };
    Some(
        view! {
            {failure}
            <div class="retry">
                <PostForm post=retry>
                    <input type="hidden" name="id" value=id />
                    {credentials}
                    <button
                        type="submit"
                        class="button button-primary"
                        disabled=move || retry.is_pending()
                    >
                        <Glyph name="refresh" />
                        {verb}
                    </button>
                </PostForm>
            </div>
        }
        .into_any(),
    )
}

/// How much of something is done, drawn.
fn bar(label: String, done: i64, total: i64) -> AnyView {
    let (done, total) = (done.to_string(), total.to_string());
    view! { <progress aria-label=label value=done max=total></progress> }.into_any()
}

/// `opens`: whether the reader may open the session and the workspace.
fn facts(job: Job, opens: (bool, bool)) -> AnyView {
    let took = took(&job);
    let links = job.links;
    let session = links.session.filter(|_| opens.0).map(|id| {
        let words = id.short().to_owned();
        fact("Session", view! { <a href=routes::session(&id)>{words}</a> }.into_any())
    });
    let workspace = links.workspace.filter(|_| opens.1).map(|id| {
        let link = view! { <a href=routes::workspace(&id)>"Open the workspace"</a> };
        fact("Workspace", link.into_any())
    });
    let made = links.made.map(|made| {
        let short = short_digest(&made).to_owned();
        fact("Made", view! { <code class="digest" title=made>{short}</code> }.into_any())
    });
    let size = links.size_bytes.map(|size| fact("Size", quantity::bytes(size).into_any()));
    view! {
        <dl class="facts">
            {fact("Image", view! { <span class="image-name">{links.image}</span> }.into_any())}
            {session}
            {workspace}
            {made}
            {size}
            {fact("Asked by", job.actor.unwrap_or_default().into_any())}
            {fact("Asked", view! { <When at=job.created_at /> }.into_any())}
            {fact("Tries", job.attempt.to_string().into_any())}
            {fact("Took", took.into_any())}
        </dl>
    }
    .into_any()
}

/// The log. It stays at its end while it grows, unless the reader has scrolled up.
fn log(lines: Memo<Vec<JobLine>>) -> AnyView {
    let place = NodeRef::<html::Pre>::new();
    let sought = RwSignal::new(String::new());
    let text = move |sought: &str| {
        lines.with(|lines| {
            let line = |line: &JobLine| format!("{}  {}", line.at.rfc3339(), line.text);
            let fits = |line: &String| line.to_lowercase().contains(sought);
            lines.iter().map(line).filter(fits).collect::<Vec<_>>().join("\n")
        })
    };
    let shown = move || match text(&sought.get().trim().to_lowercase()) {
        none if none.is_empty() && !sought.with(String::is_empty) => "No line has this.".to_owned(),
        lines => lines,
    };
    let follows = StoredValue::new(true);
    Effect::new(move |_| {
        lines.track();
        if follows.get_value()
            && let Some(pre) = place.get()
        {
            pre.set_scroll_top(pre.scroll_height());
        }
    });
    let scrolled = move |_| {
        if let Some(pre) = place.get_untracked() {
            let below = pre.scroll_height() - pre.scroll_top() - pre.client_height();
            follows.set_value(below < NEAR_END);
        }
    };
    let file = move || format!("data:text/plain;charset=utf-8,{}", encode(&text("")));
    view! {
        <div class="card-head">
            <h2 id="log">"Log"</h2>
            <input
                type="search"
                class="input needs-script"
                aria-label="Search the log"
                placeholder="Search the log"
                on:input=move |ev| sought.set(event_target_value(&ev))
            />
            <a class="button button-small" href=file download="job.log" rel="external">
                "Download"
            </a>
        </div>
        <pre class="log" tabindex="0" aria-labelledby="log" node_ref=place on:scroll=scrolled>
            {shown}
        </pre>
    }
    .into_any()
}
