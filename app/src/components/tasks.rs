//! The task drawer: what runs in the background and what has just ended, on every page.

use super::{frame::Reader, icon::Glyph, job_badge::JobBadge};
use crate::{api::jobs::recent_jobs, live, routes, wire};
use domain::{actor::Permission, event::Change, job::Job};
use leptos::prelude::*;

const DRAWER: &str = "tasks";

/// Jobs of the reader. Not there while there are none.
///
/// Stands beside what waits for the reader and not in it: the server makes such a part more than
/// once, and what is read inside it would be numbered differently in the browser.
#[component]
pub fn Tasks() -> impl IntoView {
    let reader = use_context::<Reader>();
    let version = live::version(|change| matches!(change, Change::Job { .. } | Change::Resync));
    let jobs = wire::read(move || version.get(), |_| recent_jobs());
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let jobs = jobs.await.unwrap_or_default();
                let viewer = match reader {
                    Some(Reader(reader)) => reader.await.ok().and_then(|viewer| viewer.actor),
                    None => None,
                };
                let all = viewer.is_some_and(|actor| actor.may(Permission::SeeAllJobs));
                (!jobs.is_empty()).then(|| drawer(jobs, all))
            })}
        </Transition>
    }
    .into_any()
}

fn drawer(jobs: Vec<Job>, all: bool) -> AnyView {
    let under_way = jobs.iter().filter(|job| !job.state.is_over()).count();
    let words = match under_way {
        0 => "Tasks".to_owned(),
        1 => "1 task".to_owned(),
        n => format!("{n} tasks"),
    };
    let lines: Vec<AnyView> = jobs.into_iter().map(line).collect();
    view! {
        <button type="button" class="top-tasks" popovertarget=DRAWER>
            <Glyph name="activity"/>
            <span>{words}</span>
        </button>
        <div id=DRAWER class="menu top-menu tasks" popover="auto">
            <ul class="lines">{lines}</ul>
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
