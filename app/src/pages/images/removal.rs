//! The question before a name is taken off the engine, asked by the address.

use super::label;
use crate::{
    api::images::weigh_image,
    components::question::{Question, asking},
    post::Post,
};
use domain::{library::ImageRemoval, quantity};
use leptos::prelude::*;

/// What the address asks with, before the reference.
const DEED: &str = "remove";

/// Names of workspaces and sessions that are written out; of more the rest is counted.
const SHOWN: usize = 6;

/// The address of a page that asks about a reference.
pub fn question_at(page: &str, reference: &str) -> String {
    asking(page, DEED, reference)
}

/// The question while it is asked; `back` is the page without it.
pub fn question(remove: Post, back: Signal<String>) -> AnyView {
    let question = Question::new(DEED, "Remove image", remove, back);
    question.weighed("image", weigh_image, |reference, doomed| {
        let all = sentences(&doomed).into_iter().map(|text| view! { <p>{text}</p> }.into_any());
        (format!("Remove “{}”?", label(reference)), all.collect::<Vec<_>>().into_any())
    })
}

/// What goes, what stays, and whether it can come back.
fn sentences(doomed: &ImageRemoval) -> Vec<String> {
    let size = quantity::bytes(doomed.size_bytes);
    let is_last = doomed.other_names.is_empty();
    let image = if is_last {
        format!(
            "It has no other name, so the image goes too: of its {size}, all layers that no other image has are deleted."
        )
    } else {
        format!("Only this name goes. The image stays, as {}.", listed(&doomed.other_names))
    };
    let names = listed(&doomed.workspaces);
    let workspaces = match doomed.workspaces.as_slice() {
        [] => None,
        [_] => Some(format!("The workspace {names} cannot be launched until it is back.")),
        _ => Some(format!("The workspaces {names} cannot be launched until it is back.")),
    };
    let names = listed(&doomed.sessions);
    let sessions = match (doomed.sessions.len(), is_last) {
        (0, _) => None,
        (1, false) => Some(format!("The session {names} was made from it and stays as it is.")),
        (1, true) => Some(format!(
            "The session {names} was made from it: the engine refuses to remove the image until that session is deleted."
        )),
        (n, false) => {
            Some(format!("{n} sessions were made from it and stay as they are: {names}."))
        }
        (n, true) => Some(format!(
            "{n} sessions were made from it, and the engine refuses to remove the image until they are deleted: {names}."
        )),
    };
    let again = match (doomed.can_be_pulled, doomed.workspaces.is_empty()) {
        (true, true) => "It can be pulled again from its registry.",
        (true, false) => {
            "It can be pulled again from its registry, and is pulled by itself for a workspace that is enabled."
        }
        (false, _) => "No stored registry is known that could bring it back.",
    };
    [Some(image), workspaces, sessions, Some(again.to_owned())].into_iter().flatten().collect()
}

/// Names in quotation marks, the first ones written out.
fn listed(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).map(|name| format!("“{name}”"));
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if let Some(more) = names.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removal() -> ImageRemoval {
        ImageRemoval {
            reference: "app:1".into(),
            other_names: Vec::new(),
            size_bytes: 512 * quantity::MIB,
            workspaces: Vec::new(),
            sessions: Vec::new(),
            can_be_pulled: false,
        }
    }

    fn text(doomed: &ImageRemoval) -> String {
        sentences(doomed).join(" ")
    }

    #[test]
    fn the_last_name_takes_the_layers_with_it() {
        let last = text(&removal());
        assert!(last.contains("of its 512 MiB"), "{last}");
        assert!(last.contains("No stored registry is known"), "{last}");
        let other = text(&ImageRemoval { other_names: vec!["app:2".into()], ..removal() });
        assert!(other.contains("The image stays, as “app:2”."), "{other}");
    }

    #[test]
    fn who_uses_it_is_named_and_what_that_means() {
        let used = ImageRemoval {
            workspaces: vec!["Desktop".into()],
            sessions: vec!["Desktop of ada".into(), "Desktop of eve".into()],
            can_be_pulled: true,
            ..removal()
        };
        let said = text(&used);
        for part in [
            "The workspace “Desktop” cannot be launched until it is back.",
            "refuses to remove the image until they are deleted: “Desktop of ada”, “Desktop of eve”.",
            "is pulled by itself",
        ] {
            assert!(said.contains(part), "{part} is missing: {said}");
        }
        let kept = text(&ImageRemoval { other_names: vec!["app:2".into()], ..used });
        assert!(!kept.contains("refuses") && kept.contains("stay as they are"), "{kept}");
    }

    #[test]
    fn of_many_names_some_are_counted() {
        let many: Vec<String> = (1..=8).map(|n| n.to_string()).collect();
        assert!(listed(&many).ends_with("“6” and 2 more"), "{}", listed(&many));
    }
}
