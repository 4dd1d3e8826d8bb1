//! The steps of a launch with their times; a failed one says why.

use crate::components::{Glyph, Spinner};
use domain::{
    Timestamp,
    session::{LaunchProgress, StepRecord},
    time::length,
};
use leptos::prelude::*;

/// How long a step took, or `None` while it runs.
fn took(step: &StepRecord) -> Option<String> {
    step.ended_at.map(|end: Timestamp| length(end.since(step.began_at)))
}

pub fn steps(progress: LaunchProgress) -> AnyView {
    if progress.0.is_empty() {
        return view! { <p class="muted">"No launch step has begun."</p> }.into_any();
    }
    let items: Vec<AnyView> = progress
        .0
        .into_iter()
        .map(|step| {
            let took = took(&step);
            let (look, word) = match (step.failed, took.is_some()) {
                (true, _) => ("launch-step is-failed", "Failed"),
                (false, true) => ("launch-step is-done", "Done"),
                (false, false) => ("launch-step is-running", "Running"),
            };
            let sign = match (step.failed, took.is_some()) {
                (true, _) => view! { <Glyph name="alert" /> }.into_any(),
                (false, true) => view! { <Glyph name="check" /> }.into_any(),
                (false, false) => view! { <Spinner /> }.into_any(),
            };
            view! {
                <li class=look>
                    {sign}
                    <span class="launch-step-name">{step.step.label()}</span>
                    <span class="launch-step-state">{word}</span>
                    <span class="launch-step-time">{took}</span>
                    {step.note.map(|note| view! { <p class="launch-step-note">{note}</p> })}
                </li>
            }
            .into_any()
        })
        .collect();
    view! { <ol class="launch-steps">{items}</ol> }.into_any()
}
