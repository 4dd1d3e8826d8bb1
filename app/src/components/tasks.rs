//! The task drawer: what runs in the background and what has just ended, on every page.

use super::{frame::Reader, fresh::fresh, icon::Glyph, job_badge::JobBadge};
use crate::{api::jobs::recent_jobs, live, routes, wire};
use domain::{actor::Permission, event::Change, job::Job};
use leptos::prelude::*;

/// Element that opens.
pub const DRAWER: &str = "tasks";

/// Jobs of the reader. Not there while there are none.
///
/// Stands beside what waits for the reader and not in it: the server makes such a part more than
/// once, and what is read inside it would be numbered differently in the browser.
#[component]
pub fn Tasks() -> impl IntoView {
    let reader = use_context::<Reader>();
    let first = wire::read(|| (), |()| recent_jobs());
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                // Nobody in particular has none.
                let jobs = first.await.unwrap_or_default();
                let viewer = match reader {
                    Some(Reader(reader)) => reader.await.ok().and_then(|viewer| viewer.actor),
                    None => None,
                };
                viewer.map(|actor| drawer(jobs, actor.may(Permission::SeeAllJobs)))
            })}
        </Suspense>
    }
    .into_any()
}

/// `all`: whether the reader may see the page of all jobs.
fn drawer(first: Vec<Job>, all: bool) -> AnyView {
    let version = live::version(|change| matches!(change, Change::Job { .. } | Change::Resync));
    let jobs = fresh(first, Memo::new(|_| ()), version, |()| recent_jobs()).value;
    let none = Memo::new(move |_| jobs.with(Vec::is_empty));
    let words = move || match jobs.with(|jobs| jobs.iter().filter(|j| !j.state.is_over()).count()) {
        0 => "Tasks".to_owned(),
        1 => "1 task".to_owned(),
        n => format!("{n} tasks"),
    };
    view! {
        <button type="button" class="top-tasks" popovertarget=DRAWER hidden=move || none.get()>
            <Glyph name="activity"/>
            <span>{words}</span>
        </button>
        <div id=DRAWER class="menu top-menu tasks" popover="auto">
            <ul class="lines">{move || jobs.get().into_iter().map(line).collect::<Vec<_>>()}</ul>
            {all.then(|| view! { <a href=routes::JOBS>"All jobs"</a> })}
        </div>
    }
    .into_any()
}

fn line(job: Job) -> AnyView {
    let step = job.progress.map(|progress| progress.step);
    let why = job.error.map(|error| error.message);
    view! {
        <li class="line">
            <a class="line-text" href=routes::job(&job.id)>
                <span class="line-title">{job.kind.label()} ": " {job.title}</span>
                {step.or(why).map(|text| view! { <span class="line-note">{text}</span> })}
            </a>
            <JobBadge state=job.state/>
        </li>
    }
    .into_any()
}
