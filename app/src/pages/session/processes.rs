//! What runs in a session's container, the busiest first.

use super::{Shown, Tab, followed, page, use_id, with_session};
use crate::{
    api::sessions::show_session_processes,
    components::{EmptyState, FailureBox, opening},
    live,
    refusal::Refusal,
    wire,
};
use domain::{
    inside::{Process, shortened},
    quantity,
    session::State,
    time,
};
use leptos::prelude::*;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(3);
/// Characters of a command in its row; all of it is in its title.
const SHOWN_COMMAND: usize = 120;
const NONE: &str = "—";

#[component]
pub fn SessionProcessesPage() -> impl IntoView {
    let id = use_id();
    let first =
        wire::read(move || id.get(), |id| with_session(id.clone(), show_session_processes(id)));
    opening(first, move |(detail, all)| page(detail, id, Tab::Processes, |shown| part(shown, all)))
}

/// A change of the state is a reason to look again.
fn read((id, _): (String, State)) -> impl Future<Output = Result<Option<Vec<Process>>, Refusal>> {
    show_session_processes(id)
}

fn part(shown: Shown, first: Result<Option<Vec<Process>>, Refusal>) -> AnyView {
    let asked = Memo::new(move |_| (shown.id.get(), shown.state.get()));
    let now = followed(first, asked, live::every(EVERY), read);
    let all = now.value;
    // One that is on its way down may have none left.
    let runs = Memo::new(move |_| all.with(|all| all.as_ref().is_some_and(|all| !all.is_empty())));
    let count = move || match all.with(|all| all.as_ref().map_or(0, Vec::len)) {
        1 => "1 process".to_owned(),
        n => format!("{n} processes"),
    };
    // What does not change: a row stays while its process does, so that it can be selected.
    let key = |process: &Process| (process.pid, process.user.clone(), process.command.clone());
    view! {
        {move || now.failure.get().map(|error| view! { <FailureBox error /> })}
        <Show when=move || runs.get() fallback=nothing>
            <p class="list-filter muted">
                <span>{count}</span>
                ". Numbers and names are those of the engine's host."
            </p>
            <div class="table-frame">
                <table class="table">
                    <caption class="visually-hidden">"Processes"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Process"</th>
                            <th scope="col">"User"</th>
                            <th scope="col" class="figures">"CPU"</th>
                            <th scope="col" class="figures">"Memory"</th>
                            <th scope="col" class="figures">"Runs for"</th>
                            <th scope="col">"Command"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For
                            each=move || all.get().unwrap_or_default()
                            key
                            children=move |process| row(process, all)
                        />
                    </tbody>
                </table>
            </div>
        </Show>
    }
    .into_any()
}

fn cpu(process: &Process) -> String {
    process.cpu.map_or_else(|| NONE.to_owned(), |cpu| format!("{cpu:.1} %"))
}

fn elapsed(process: &Process) -> String {
    process.seconds.map_or_else(|| NONE.to_owned(), |seconds| time::length(seconds * 1000))
}

fn row(first: Process, all: RwSignal<Option<Vec<Process>>>) -> AnyView {
    let (pid, user, command) = (first.pid, first.user.clone(), first.command.clone());
    let figures = Memo::new(move |before: Option<&[String; 3]>| {
        let now = all.with(|all| Some(figures(all.as_ref()?.iter().find(|p| p.pid == pid)?)));
        // A row on its way out keeps what it showed.
        now.or_else(|| before.cloned()).unwrap_or_else(|| figures(&first))
    });
    let cell = move |at: usize| move || figures.with(|all| all.get(at).cloned());
    let short = shortened(&command, SHOWN_COMMAND);
    view! {
        <tr>
            <th scope="row" data-label="Process">{pid.to_string()}</th>
            <td data-label="User">{user}</td>
            <td data-label="CPU" class="figures">{cell(0)}</td>
            <td data-label="Memory" class="figures">{cell(1)}</td>
            <td data-label="Runs for" class="figures">{cell(2)}</td>
            <td data-label="Command">
                <code class="from-inside" title=command>{short}</code>
            </td>
        </tr>
    }
    .into_any()
}

/// Processor, memory and time, which change.
fn figures(process: &Process) -> [String; 3] {
    let memory = process.memory_bytes.map_or_else(|| NONE.to_owned(), quantity::bytes);
    [cpu(process), memory, elapsed(process)]
}

fn nothing() -> AnyView {
    view! {
        <EmptyState
            title="Nothing runs"
            text="The session's container does not run, so it has no processes. Start it to see some."
        />
    }
    .into_any()
}
