//! What happened to a thing and who did it, in the order it is given.

use crate::components::When;
use domain::session::TimelineEntry;
use leptos::prelude::*;

#[component]
pub fn Timeline(entries: Vec<TimelineEntry>) -> AnyView {
    let items: Vec<AnyView> = entries
        .into_iter()
        .map(|entry| {
            let who = entry.actor.unwrap_or_else(|| "Slipway".to_owned());
            view! {
                <li class="timeline-entry">
                    <p class="timeline-head">
                        <When at=entry.at />
                        <span class="timeline-actor">{who}</span>
                    </p>
                    <p>{entry.message}</p>
                    {entry.detail.map(|detail| view! { <pre class="timeline-detail">{detail}</pre> })}
                </li>
            }
            .into_any()
        })
        .collect();
    view! { <ol class="timeline">{items}</ol> }.into_any()
}
