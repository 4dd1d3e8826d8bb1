//! What was answered when the session was launched.

use domain::launch_form::Answer;
use leptos::prelude::*;

pub fn answers(answers: &[Answer]) -> Option<AnyView> {
    if answers.is_empty() {
        return None;
    }
    let facts: Vec<AnyView> = answers
        .iter()
        .map(|answer| {
            let (label, place) = (answer.label.clone(), answer.target.to_string());
            let value = match &answer.value {
                Some(value) => view! { <span class="answer">{value.clone()}</span> }.into_any(),
                None => view! { <span class="muted">"given, and not shown"</span> }.into_any(),
            };
            view! {
                <div class="fact">
                    <dt>{label}</dt>
                    <dd>{value} " as " <code>{place}</code></dd>
                </div>
            }
            .into_any()
        })
        .collect();
    let all = view! {
        <h3>"Answers at launch"</h3>
        <dl class="facts">{facts}</dl>
    };
    Some(all.into_any())
}
