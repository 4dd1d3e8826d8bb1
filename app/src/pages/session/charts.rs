//! What a session used in the last quarter of an hour, measured while somebody looks at this.

use crate::{
    api::sessions::show_session_usage,
    components::chart::{Chart, Line, SPAN_MS},
    live,
    pages::sessions::percent,
};
use domain::{event::Change, inside::UsagePoint, quantity, session::State};
use leptos::prelude::*;

const CPU: &[Line] = &[Line { name: "", of: |p| p.cpu_millis }];
const MEMORY: &[Line] = &[Line { name: "", of: |p| p.memory_bytes }];
const NETWORK: &[Line] =
    &[Line { name: "in", of: |p| p.received }, Line { name: "out", of: |p| p.sent }];
const DISK: &[Line] =
    &[Line { name: "read", of: |p| p.read }, Line { name: "written", of: |p| p.written }];
const PROCESSES: &[Line] = &[Line { name: "", of: |p| p.processes }];

/// Adds what is measured from now on to what is known, and lets go of what is too old.
///
/// Each round only asks for what is new, and asking keeps the session measured.
pub fn followed(id: Memo<String>, first: Vec<UsagePoint>) -> RwSignal<Vec<UsagePoint>> {
    let points = RwSignal::new(first);
    let version = live::version(|change| matches!(change, Change::Usage | Change::Resync));
    let ask = Action::new(move |since: &i64| show_session_usage(id.get_untracked(), *since));
    Effect::new(move |_| {
        version.track();
        if !ask.pending().get_untracked() {
            let last = points.with_untracked(|points| points.last().map(|point| point.at));
            ask.dispatch(last.unwrap_or_default().millis());
        }
    });
    Effect::new(move |_| {
        // What could not be read is asked for again by the next round.
        let Some(Ok(new)) = ask.value().get() else { return };
        if new.is_empty() {
            return;
        }
        points.update(|points| {
            let known = points.last().map(|point| point.at).unwrap_or_default();
            points.extend(new.into_iter().filter(|point| point.at > known));
            let newest = points.last().map(|point| point.at).unwrap_or_default();
            points.retain(|point| newest.since(point.at) <= SPAN_MS);
        });
    });
    points
}

fn rate(bytes: i64) -> String {
    format!("{}/s", quantity::bytes(bytes))
}

pub fn charts(points: RwSignal<Vec<UsagePoint>>, state: Memo<State>) -> AnyView {
    let idle = move || state.get() != State::Running;
    view! {
        <p class="muted" hidden=move || !idle()>
            "Nothing is measured while it does not run."
        </p>
        <p class="muted" hidden=move || idle() || points.with(|points| !points.is_empty())>
            "Measuring: the first values come in a few seconds, and only while somebody looks."
        </p>
        <div class="charts">
            <Chart title="CPU" lines=CPU write=percent points />
            <Chart
                title="Memory"
                lines=MEMORY
                write=quantity::bytes
                limit=|p: &UsagePoint| p.memory_limit
                points
            />
            <Chart title="Network" lines=NETWORK write=rate points />
            <Chart title="Disk" lines=DISK write=rate points />
            <Chart title="Processes" lines=PROCESSES write=|n| n.to_string() points />
        </div>
    }
    .into_any()
}
