//! A session in figures: where and since when it runs, and what its container was made from.

use super::answers::answers;
use crate::{
    components::{When, ending::ending_words, facts::fact},
    pages::sessions::{memory, percent},
};
use domain::{
    Timestamp,
    group::Deed,
    image::short_digest,
    quantity,
    session::{SessionDetail, UsageNow},
};
use leptos::prelude::*;

const NONE: &str = "—";

fn text(value: Option<String>) -> String {
    value.filter(|v| !v.is_empty()).unwrap_or_else(|| NONE.to_owned())
}

/// A moment that may change, written anew only when it does.
fn moment(
    detail: RwSignal<SessionDetail>,
    of: fn(&SessionDetail) -> Option<Timestamp>,
) -> impl IntoView {
    let at = Memo::new(move |_| detail.with(of));
    move || match at.get() {
        Some(at) => view! { <When at /> }.into_any(),
        None => NONE.into_any(),
    }
}

pub fn overview(detail: RwSignal<SessionDetail>, usage: Memo<Option<UsageNow>>) -> AnyView {
    let session = detail.with_untracked(|d| d.session.clone());
    let digest = Memo::new(move |_| detail.with(|d| d.session.image_digest.clone()));
    let place = Memo::new(move |_| {
        detail.with(|d| {
            let s = &d.session;
            (s.network.clone(), s.address.clone(), s.port)
        })
    });
    let ending = Memo::new(move |_| detail.with(|d| d.ending));
    view! {
        <dl class="facts">
            {fact("User", session.owner_name.clone())}
            {fact("Workspace", session.workspace_name.clone())}
            {fact("Image", session.config.image.clone())}
            {fact(
                "Digest",
                move || match digest.get() {
                    Some(digest) => {
                        let short = short_digest(&digest).to_owned();
                        view! { <code class="digest" title=digest>{short}</code> }.into_any()
                    }
                    None => NONE.into_any(),
                },
            )}
            {fact("Launched", view! { <When at=session.launched_at /> })}
            {fact("Running since", moment(detail, |d| d.session.running_since))}
            {fact("Last activity", moment(detail, |d| d.session.last_activity_at))}
            {fact("Ended", moment(detail, |d| d.session.ended_at))}
            {fact("Ends", move || ending_words(ending.get()))}
            {fact(
                "CPU now",
                move || usage.get().map_or_else(|| NONE.to_owned(), |u| percent(u.cpu_millis)),
            )}
            {fact("Memory now", move || usage.get().map_or_else(|| NONE.to_owned(), memory))}
            {fact("Network", move || text(place.get().0))}
            {fact("Address", move || text(place.get().1))}
            {fact("Console port", move || text(place.get().2.map(|p| p.to_string())))}
            {fact("Session id", view! { <code>{session.id.to_string()}</code> })}
        </dl>
    }
    .into_any()
}

fn on_lines(values: &[String]) -> String {
    text(Some(values.join(" ")))
}

fn deeds(all: &[Deed]) -> String {
    text(Some(all.iter().map(|deed| deed.label()).collect::<Vec<_>>().join(", ")))
}

/// What the user's groups take away, and what of it nothing keeps from him, as far as the reader is
/// to know. A new container may change both.
fn taken(detail: RwSignal<SessionDetail>) -> AnyView {
    let taken = Memo::new(move |_| detail.with(|d| d.session.config.withheld.clone()));
    let not_kept = Memo::new(move |_| detail.with(|d| d.not_kept.clone()));
    view! {
        {fact("Taken from the user", move || deeds(&taken.get()))}
        {move || {
            let all = not_kept.get();
            (!all.is_empty()).then(|| fact("Not kept from the user", deeds(&all)))
        }}
    }
    .into_any()
}

pub fn configuration(detail: RwSignal<SessionDetail>) -> AnyView {
    let config = &detail.with_untracked(|d| d.session.config.clone());
    let contract = &config.contract;
    let mounts: Vec<String> = config.mounts.iter().map(ToString::to_string).collect();
    let said = config.confinement.said().into_iter();
    let said: Vec<AnyView> = said.map(|(name, value)| fact(name, value)).collect();
    let basic = contract
        .basic
        .as_ref()
        .map(|b| format!("user {}, password generated into {}", b.user, b.password_variable));
    view! {
        <dl class="facts">
            {fact("Processors", format!("{} cores", quantity::cores(config.cpu_millis)))}
            {fact("Memory", quantity::bytes(config.memory_bytes))}
            {fact("Shared memory", quantity::bytes(config.shm_bytes))}
            {fact("Processes", config.pids.to_string())}
            {fact("Port", format!("{} ({})", contract.port, contract.scheme.as_str()))}
            {fact("Opens", contract.entry.clone())}
            {fact(
                "Ready when",
                format!("{} answers within {} s", contract.ready_path, contract.ready_timeout_s),
            )}
            {fact("Cookies", contract.cookies.as_str())}
            {fact("Basic credentials", text(basic))}
            {fact("Blocked paths", on_lines(&contract.blocked_paths))}
            {taken(detail)}
            {fact("Command", on_lines(&contract.command))}
            {fact("Capabilities", on_lines(&contract.capabilities))}
            {fact("At start", text(Some(config.commands.at_start.clone())))}
            {fact("On open", text(Some(config.commands.on_open.clone())))}
            {fact("Volumes", on_lines(&mounts))}
            {said}
            {fact("Weakened", text(Some(config.weakened().join(" "))))}
        </dl>
        <h3>"Environment"</h3>
        {environment(&config.environment)}
        {answers(&config.answers)}
    }
    .into_any()
}

/// Values that look secret arrive as dots; they never leave the server.
fn environment(variables: &[(String, String)]) -> AnyView {
    if variables.is_empty() {
        return view! { <p class="muted">"No variables are set."</p> }.into_any();
    }
    let rows: Vec<AnyView> = variables
        .iter()
        .map(|(name, value)| {
            view! {
                <tr>
                    <th scope="row">
                        <code>{name.clone()}</code>
                    </th>
                    <td data-label="Value">
                        <code>{value.clone()}</code>
                    </td>
                </tr>
            }
            .into_any()
        })
        .collect();
    view! {
        <table class="table table-plain">
            <caption class="visually-hidden">"Environment variables"</caption>
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Value"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
