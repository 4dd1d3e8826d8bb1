//! Starting from a preset: the contract of a known image family, filled into the form.
//!
//! Without JavaScript the choice is a GET form and the page comes back filled; with it the fields
//! are written in place and nothing else that was typed is touched. Nothing is saved either way.

use super::editor::Editor;
use crate::components::field::choices;
use domain::{
    preset::{self, Preset},
    workspace::WorkspaceForm,
};
use leptos::{ev::SubmitEvent, form::FromFormData, prelude::*};
use leptos_router::hooks::use_query_map;
use serde::Deserialize;

/// Fills in the contract; in a form for a new workspace also everything that nobody has changed.
pub fn fill(form: &mut WorkspaceForm, preset: &Preset, new: bool) {
    let from = WorkspaceForm::from(&preset.definition);
    if new {
        let untouched = WorkspaceForm::default();
        let take = |to: &mut String, from: String, untouched: String| {
            if *to == untouched {
                *to = from;
            }
        };
        take(&mut form.name, from.name, untouched.name);
        take(&mut form.description, from.description, untouched.description);
        take(&mut form.icon, from.icon, untouched.icon);
        take(&mut form.categories, from.categories, untouched.categories);
        take(&mut form.image, from.image, untouched.image);
        take(&mut form.environment, from.environment, untouched.environment);
        take(&mut form.memory, from.memory, untouched.memory);
        take(&mut form.pids, from.pids, untouched.pids);
    }
    form.port = from.port;
    form.scheme = from.scheme;
    form.basic_user = from.basic_user;
    form.basic_password_variable = from.basic_password_variable;
    form.basic_user_variable = from.basic_user_variable;
    form.cookies = from.cookies;
    form.entry = from.entry;
    form.ready_path = from.ready_path;
    form.ready_timeout = from.ready_timeout;
    form.blocked_paths = from.blocked_paths;
    form.withholds = from.withholds;
    form.command = from.command;
    form.init = from.init;
    form.capabilities = from.capabilities;
    // Part of what makes an image of the family work.
    form.shm = from.shm;
}

#[derive(Deserialize)]
struct Chosen {
    preset: String,
}

fn said(preset: &Preset) -> String {
    format!("Filled in from “{}”. Nothing is saved yet.", preset.definition.name)
}

pub fn picker(editor: Editor, path: String, new: bool) -> AnyView {
    let chosen = use_query_map().with_untracked(|map| map.get("preset").unwrap_or_default());
    let filled = RwSignal::new(preset::find(&chosen).as_ref().map(said));
    let submit = move |ev: SubmitEvent| {
        let Ok(Chosen { preset }) = Chosen::from_event(&ev) else { return };
        ev.prevent_default();
        let Some(preset) = preset::find(&preset) else { return };
        editor.examine();
        let mut form = editor.typed().get_untracked();
        fill(&mut form, &preset, new);
        editor.write(&form);
        filled.set(Some(said(&preset)));
    };
    let mut options = vec![(String::new(), "Choose …".to_owned())];
    options.extend(preset::all().into_iter().map(|p| (p.key.to_owned(), p.definition.name)));
    let help = if new {
        "Fills in how sessions are reached, and what you have not filled in yourself."
    } else {
        "Fills in how sessions are reached; everything else stays."
    };
    view! {
        <form class="preset" method="get" action=path on:submit=submit>
            <label for="preset">"Start from a preset"</label>
            <select id="preset" class="input" name="preset" aria-describedby="preset-help">
                {choices(options, &chosen)}
            </select>
            <button type="submit" class="button">
                "Fill in"
            </button>
            <p id="preset-help" class="field-help">
                {help}
            </p>
            <p class="preset-filled" role="status">
                {move || filled.get()}
            </p>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kasm() -> Preset {
        preset::find("kasm").unwrap()
    }

    #[test]
    fn a_new_form_takes_the_whole_preset_but_keeps_what_was_typed() {
        let mut form = WorkspaceForm { name: "Mine".into(), ..WorkspaceForm::default() };
        fill(&mut form, &kasm(), true);
        assert_eq!((form.name.as_str(), form.port.as_str()), ("Mine", "6901"));
        assert!(form.image.contains("kasmweb/desktop"));
        assert_eq!(form.enabled, "on");
        assert_eq!(form.groups, WorkspaceForm::default().groups);
        form.check().unwrap();
    }

    #[test]
    fn a_saved_workspace_takes_the_contract_only() {
        let groups = vec!["everybody".to_owned()];
        let mut form =
            WorkspaceForm { image: "my/image".into(), groups, ..WorkspaceForm::default() };
        fill(&mut form, &kasm(), false);
        assert_eq!((form.image.as_str(), form.name.as_str()), ("my/image", ""));
        assert_eq!((form.port.as_str(), form.scheme.as_str()), ("6901", "https"));
        assert_eq!(form.groups, ["everybody"]);
    }
}
