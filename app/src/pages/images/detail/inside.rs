//! What an image says of itself: what its containers are started with, and the layers it is made of.

use super::super::{NONE, row::moment};
use crate::components::facts::fact;
use domain::{
    library::{HistoryStep, ImageConfig},
    quantity,
};
use leptos::prelude::*;

/// Two cards.
pub fn inside(config: ImageConfig) -> AnyView {
    view! {
        {configuration(&config)}
        {layers(config.history)}
    }
    .into_any()
}

fn configuration(config: &ImageConfig) -> AnyView {
    let text = |value: &str| match value {
        "" => NONE.into_any(),
        value => value.to_owned().into_any(),
    };
    let labels: Vec<String> =
        config.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    view! {
        <section class="card card-wide" aria-labelledby="configuration">
            <h2 id="configuration">"Configuration"</h2>
            <dl class="facts">
                {fact("Platform", text(&format!("{}/{}", config.os, config.architecture)))}
                {fact("Author", text(&config.author))}
                {fact("User", text(&config.user))}
                {fact("Working directory", text(&config.working_dir))}
                {fact("Entrypoint", listed(&config.entrypoint))}
                {fact("Command", listed(&config.command))}
                {fact("Environment", listed(&config.environment))}
                {fact("Ports", listed(&config.ports))}
                {fact("Volumes", listed(&config.volumes))}
                {fact("Labels", listed(&labels))}
            </dl>
        </section>
    }
    .into_any()
}

/// Words for machines, each on a line of its own.
fn listed(all: &[String]) -> AnyView {
    if all.is_empty() {
        return NONE.into_any();
    }
    let lines: Vec<AnyView> = all
        .iter()
        .map(|text| {
            let text = text.clone();
            view! { <li><code class="from-inside">{text}</code></li> }.into_any()
        })
        .collect();
    view! { <ul class="plain-list">{lines}</ul> }.into_any()
}

fn layers(history: Vec<HistoryStep>) -> AnyView {
    let rows: Vec<AnyView> = history
        .into_iter()
        .map(|step| {
            // Builds that are to come out the same each time are made at the beginning of time.
            let at = Some(step.created_at).filter(|at| at.millis() > 0);
            let words = if step.by.is_empty() { step.comment } else { step.by };
            view! {
                <tr>
                    <td data-label="Created">{moment(at)}</td>
                    <td data-label="Size" class="figures">{quantity::bytes(step.size_bytes)}</td>
                    <td data-label="Instruction">
                        <code class="from-inside">{words}</code>
                    </td>
                </tr>
            }
            .into_any()
        })
        .collect();
    view! {
        <section class="card card-wide" aria-labelledby="layers">
            <h2 id="layers">"Layers"</h2>
            <div class="table-frame">
                <table class="table">
                    <caption class="visually-hidden">"Layers, the newest first"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Created"</th>
                            <th scope="col" class="figures">"Size"</th>
                            <th scope="col">"Instruction"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}
