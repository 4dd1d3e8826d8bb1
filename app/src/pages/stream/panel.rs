//! What stands where the stream is not: the launch step by step, or what became of the session,
//! when, by whom, and what can be done now.

use super::bar::whole;
use crate::{
    components::{
        FailureBox, Glyph, Icon, Spinner, When, clock,
        session_actions::{ActButton, DeleteButton, Doomed},
    },
    post::Post,
    routes,
};
use domain::{
    Error, SessionId, Timestamp,
    session::{
        Action, Cause, LaunchStep, Reason, SessionDetail, State, StepRecord, TimelineEntry, Waiting,
    },
    time::length,
};
use leptos::prelude::*;

/// Seconds after which a page without scripts looks again.
const LOOK_AGAIN: u32 = 2;
/// As many entries of the timeline as tell who asked and what came of it.
const LAST_DEEDS: usize = 3;

#[component]
pub(super) fn Panel(
    detail: Memo<SessionDetail>,
    acting: Post,
    asked: RwSignal<Option<Doomed>>,
    here: String,
    open_failed: Signal<Option<Error>>,
) -> impl IntoView {
    let now = clock::seconds();
    let next = Signal::stored(here);
    let content = move || {
        let detail = detail.get();
        let session = &detail.session;
        let state = session.state();
        let id = session.id.clone();
        let doomed = Doomed { id: id.clone(), name: session.workspace_name.clone() };
        let steps = shows_steps(&detail).then(|| steps(&session.progress.0, state, now));
        let reason = session.reason.clone().filter(|_| !state.is_moving());
        let open = |action| state.allows(action) && detail.may.contains(&action);
        let start = open(Action::Start).then(|| {
            view! { <ActButton acting id action=Action::Start state next class="button button-primary"/> }
        });
        let delete = (open(Action::Delete) && !state.is_moving())
            .then(|| view! { <DeleteButton asked doomed/> });
        view! {
            <div class="stage-head">
                <Icon icon=session.icon.clone()/>
                <div>
                    <h2>{heading(state, &session.workspace_name, reason.as_ref())}</h2>
                    <p class="stage-note">{explanation(state)}</p>
                </div>
            </div>
            {look_again(state)}
            {reason.map(reason_box)}
            {steps}
            {detail.waiting.map(|waiting| renewal(waiting, &session.id))}
            {(!state.is_moving()).then(|| last_deeds(&detail.timeline))}
            <div class="actions">
                {start}
                {delete}
                <a class="button" href=routes::LAUNCHER>"Back to the launcher"</a>
                <a class="button button-quiet" href=routes::session(&session.id)>"Details and log"</a>
            </div>
        }
        .into_any()
    };
    view! {
        <div class="stage-panel">
            {move || open_failed.get().map(|error| view! { <FailureBox error/> })}
            {content}
        </div>
    }
    .into_any()
}

/// That the next session has another image. The question before a new beginning is asked where
/// everything else about the session is.
fn renewal(waiting: Waiting, id: &SessionId) -> AnyView {
    view! {
        <div class="notice waiting-notice">
            <p class="notice-title">{waiting.words()}</p>
            <a class="button" href=routes::renew_session(id)>"Restart into it …"</a>
        </div>
    }
    .into_any()
}

/// Lets a page without scripts look again while something is going on.
///
/// As inner HTML, because a browser with scripts reads the content of `<noscript>` as text, which
/// hydration would not recognise.
fn look_again(state: State) -> impl IntoView {
    let refresh = format!("<meta http-equiv=\"refresh\" content=\"{LOOK_AGAIN}\">");
    let moving = state.is_moving() || state == State::Running;
    moving.then(|| view! { <noscript inner_html=refresh></noscript> })
}

fn heading(state: State, name: &str, reason: Option<&Reason>) -> String {
    match state {
        State::Starting => format!("Starting {name}"),
        State::Running => format!("Opening {name}"),
        State::Pausing => format!("Pausing {name}"),
        State::Paused => format!("{name} is paused"),
        State::Resuming => format!("Resuming {name}"),
        State::Stopping => format!("Stopping {name}"),
        State::Stopped => format!("{name} is stopped"),
        State::Failed if reason.is_some_and(|r| r.cause == Cause::LaunchFailed) => {
            format!("{name} could not be started")
        }
        State::Failed => format!("{name} has failed"),
        State::Deleting => format!("Deleting {name}"),
        State::Deleted => format!("{name} has been deleted"),
    }
}

const fn explanation(state: State) -> &'static str {
    match state {
        State::Starting => "This page opens the workspace as soon as it answers.",
        State::Running => "Its stream is being connected.",
        State::Resuming => "It goes on where it was.",
        State::Pausing | State::Stopping | State::Deleting => "This takes a moment.",
        State::Paused => "Its programs are frozen as they are and go on when you resume it.",
        State::Stopped => "Its files are kept. Start it to go on working with them.",
        State::Failed => "What went wrong is below.",
        State::Deleted => "Its container and files are gone. You can launch the workspace again.",
    }
}

/// Steps are shown while a launch is going on or has just gone wrong.
fn shows_steps(detail: &SessionDetail) -> bool {
    let session = &detail.session;
    match session.state() {
        State::Starting => true,
        State::Failed => session.progress.0.iter().any(|record| record.failed),
        _ => false,
    }
}

fn reason_box(reason: Reason) -> AnyView {
    let kind = match reason.cause {
        Cause::Asked | Cause::Rule => "notice",
        Cause::Outside | Cause::Exited | Cause::EngineRestart | Cause::StartProblem => {
            "notice notice-warning"
        }
        Cause::OutOfMemory | Cause::LaunchFailed => "notice notice-danger",
    };
    let glyph = if matches!(reason.cause, Cause::Asked | Cause::Rule) { "info" } else { "alert" };
    view! {
        <div class=kind>
            <Glyph name=glyph/>
            <div>
                <p class="notice-title">{reason.message}</p>
                {reason.hint.map(|hint| view! { <p>{hint}</p> })}
                {reason.detail.map(|detail| view! {
                    <details><summary>"Details"</summary><pre>{detail}</pre></details>
                })}
            </div>
        </div>
    }
    .into_any()
}

/// What happened last, newest first, and who did it.
fn last_deeds(timeline: &[TimelineEntry]) -> AnyView {
    let deeds: Vec<_> = timeline
        .iter()
        .take(LAST_DEEDS)
        .cloned()
        .map(|entry| {
            let by = entry.actor.map(|actor| format!("{actor}: "));
            view! { <li>{by} {entry.message} " · " <When at=entry.at/></li> }
        })
        .collect();
    view! {
        <section class="stage-deeds" aria-label="What happened last">
            <Glyph name="clock"/>
            <ul>{deeds}</ul>
        </section>
    }
    .into_any()
}

fn steps(records: &[StepRecord], state: State, now: Signal<Option<Timestamp>>) -> AnyView {
    // Few workspaces have it.
    let command = records.iter().map(|record| record.step).find(|s| *s == LaunchStep::Command);
    let rows: Vec<_> = LaunchStep::ALL
        .into_iter()
        .chain(command)
        .map(|step| {
            let record = records.iter().find(|record| record.step == step).cloned();
            one_step(step, record, state, now)
        })
        .collect();
    view! { <ol class="launch-steps" aria-label="Launch steps">{rows}</ol> }.into_any()
}

fn one_step(
    step: LaunchStep,
    record: Option<StepRecord>,
    state: State,
    now: Signal<Option<Timestamp>>,
) -> AnyView {
    let Some(record) = record else {
        return view! {
            <li class="launch-step is-pending">
                <Glyph name="dot"/>
                <span class="launch-step-name">{step.label()}</span>
                <span class="launch-step-state">"Waiting"</span>
            </li>
        }
        .into_any();
    };
    let running = record.ended_at.is_none() && state == State::Starting;
    let (class, sign, word) = if record.failed {
        ("is-failed", view! { <Glyph name="alert"/> }.into_any(), "Failed")
    } else if running {
        ("is-running", view! { <Spinner/> }.into_any(), "Working")
    } else {
        ("is-done", view! { <Glyph name="check"/> }.into_any(), "Done")
    };
    let began = record.began_at;
    let ended = record.ended_at;
    let time = move || match ended {
        Some(ended) => Some(length(ended.since(began))),
        None => now.get().map(|now| length(whole(now.since(began)))),
    };
    let failed = record.failed;
    let note = record.note.map(|note| {
        if failed {
            view! {
                <details class="launch-step-note" open=true>
                    <summary>"What went wrong"</summary>
                    <p>{note}</p>
                </details>
            }
            .into_any()
        } else {
            view! { <p class="launch-step-note">{note}</p> }.into_any()
        }
    });
    view! {
        <li class=format!("launch-step {class}")>
            {sign}
            <span class="launch-step-name">{step.label()}</span>
            <span class="launch-step-state">{word}</span>
            <span class="launch-step-time">{time}</span>
            {note}
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_says_what_happened_in_its_own_words() {
        let mut seen: Vec<_> = State::ALL.iter().map(|s| heading(*s, "Desktop", None)).collect();
        assert!(seen.iter().all(|text| text.contains("Desktop")));
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), State::ALL.len());
    }

    #[test]
    fn a_failed_launch_is_told_from_a_later_failure() {
        let reason = Reason::new(Cause::LaunchFailed, "No.");
        assert_eq!(heading(State::Failed, "X", Some(&reason)), "X could not be started");
        assert_eq!(heading(State::Failed, "X", None), "X has failed");
    }
}
