//! Everybody's jobs, for those who see them: what runs, what is done, and what went wrong.

use crate::{
    api::jobs::list_jobs,
    components::{
        EmptyState, FailureBox, PageHead, When,
        fresh::fresh,
        job_badge::JobBadge,
        opening,
        pager::Pager,
        table::{Column, SearchBar, Table, no_rows, use_list_query},
    },
    live, routes, wire,
};
use domain::{
    event::Change,
    job::Job,
    list::{ListQuery, Page},
};
use leptos::prelude::*;

const COLUMNS: &[Column] = &[
    Column::sorted("Job", "title"),
    Column::sorted("Kind", "kind"),
    Column::sorted("State", "state"),
    Column::sorted("Asked by", "actor"),
    Column::sorted("Asked", "created"),
    Column::plain("Took").figures(),
];

const STATES: &[(&str, &str)] = &[
    ("", "All"),
    ("active", "Under way"),
    ("done", "Done"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
];

#[component]
pub fn JobsPage() -> impl IntoView {
    let query = use_list_query();
    let first = wire::read(|| (), move |()| list_jobs(query.get_untracked()));
    opening(first, move |page| list(page, query))
}

fn list(first: Page<Job>, query: Memo<ListQuery>) -> AnyView {
    let version = live::version(|change| matches!(change, Change::Job { .. } | Change::Resync));
    let jobs = fresh(first, query, version, list_jobs);
    let page = jobs.value;
    let total = Memo::new(move |_| page.with(|p| p.total));
    let empty = Memo::new(move |_| page.with(|p| p.rows.is_empty()));
    // Everything that is seen of a row: a key that is known already is not drawn again.
    let key = |job: &Job| {
        let step = job.progress.as_ref().map(|progress| progress.step.clone());
        (job.id.clone(), job.state.as_str(), job.attempt, step, job.ended_at)
    };
    view! {
        <PageHead title="Jobs" />
        {move || jobs.failure.get().map(|error| view! { <FailureBox error /> })}
        <SearchBar
            path=routes::JOBS
            query
            label="Search by what it is about or who asked"
            states=STATES
            total
            noun=("job", "jobs")
        />
        <Show when=move || !empty.get() fallback=move || nothing(query)>
            <Table caption="Jobs" columns=COLUMNS path=routes::JOBS query busy=jobs.busy>
                <For each=move || page.with(|p| p.rows.clone()) key children=row />
            </Table>
        </Show>
        <Pager path=routes::JOBS query total />
    }
    .into_any()
}

/// How long a job took, as far as it got.
pub fn took(job: &Job) -> String {
    match (job.started_at, job.ended_at) {
        (Some(began), Some(ended)) => domain::time::length(ended.since(began)),
        _ => "—".to_owned(),
    }
}

fn row(job: Job) -> AnyView {
    let took = took(&job);
    let note = job.progress.map(|progress| progress.step);
    let note = note.or_else(|| job.error.map(|error| error.message));
    view! {
        <tr>
            <th scope="row" data-label="Job">
                <a class="row-name" href=routes::job(&job.id)>{job.title}</a>
            </th>
            <td data-label="Kind">{job.kind.label()}</td>
            <td data-label="State">
                <JobBadge state=job.state />
                {note.map(|text| view! { <span class="row-reason">{text}</span> })}
            </td>
            <td data-label="Asked by">{job.actor.unwrap_or_default()}</td>
            <td data-label="Asked">
                <When at=job.created_at />
            </td>
            <td data-label="Took" class="figures">{took}</td>
        </tr>
    }
    .into_any()
}

fn nothing(query: Memo<ListQuery>) -> AnyView {
    no_rows(query, routes::JOBS, ("job", "jobs"), || {
        view! {
            <EmptyState
                title="No jobs yet"
                text="Work that takes longer, such as making an image of a session, appears here with its log."
            >
                <a class="button" href=routes::LAUNCHER>
                    "Open the launcher"
                </a>
            </EmptyState>
        }
        .into_any()
    })
}
