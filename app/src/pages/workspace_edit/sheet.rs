//! What the form of a workspace and that of a link have alike: what they are about, the form around
//! their sections, and what stands before and behind it.

use super::{editor::Editor, picture};
use crate::{
    components::{PageHead, done},
    pages::workspaces::{self, deeds::Deeds},
    post::Post,
    routes,
};
use domain::{
    icon::Icon,
    workspace::{Workspace, WorkspaceForm},
};
use leptos::prelude::*;

/// Id of the form; buttons outside it name it.
const FORM: &str = "workspace";

pub struct Sheet {
    title: String,
    /// The page's own address.
    pub path: String,
    pub editor: Editor,
    pub deeds: Deeds,
    /// Of a saved one.
    pub id: Option<String>,
    /// Its own picture.
    pub uploaded: Option<Icon>,
    save: Post,
    hidden: Vec<(&'static str, String)>,
}

/// What is one's own.
pub struct Parts {
    /// Beside the title.
    pub actions: Option<AnyView>,
    pub above: AnyView,
    pub sections: Vec<AnyView>,
    /// Beside *Save*.
    pub beside: AnyView,
    pub below: Option<AnyView>,
}

impl Sheet {
    /// `new` is what a new one is called, and its address.
    pub fn of(
        workspace: Option<&Workspace>,
        form: &WorkspaceForm,
        save: Post,
        new: (&str, &str),
    ) -> Self {
        let (title, path) = match workspace {
            Some(w) => (format!("Edit {}", w.definition.name), routes::workspace(&w.id)),
            None => (new.0.to_owned(), new.1.to_owned()),
        };
        let id = workspace.map(|w| w.id.to_string());
        let revision = workspace.map_or(0, |w| w.revision);
        let uploaded = workspace.map(|w| w.definition.icon.clone());
        Self {
            title,
            deeds: Deeds::new(Signal::stored(path.clone())),
            path,
            editor: Editor::new(form.clone(), save),
            hidden: vec![
                ("id", id.clone().unwrap_or_default()),
                ("revision", revision.to_string()),
            ],
            id,
            uploaded: uploaded.filter(|icon| matches!(icon, Icon::Uploaded(_))),
            save,
        }
    }

    /// Something more that is posted unseen.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.hidden.push((name, value.to_owned()));
        self
    }

    pub fn show(self, parts: Parts) -> AnyView {
        let Self { title, editor, deeds, id, save, hidden, .. } = self;
        let Parts { actions, above, sections, beside, below } = parts;
        let picture = id.as_deref().map(picture::upload);
        let hidden: Vec<AnyView> = hidden
            .into_iter()
            .map(|(name, value)| view! { <input type="hidden" name=name value=value /> }.into_any())
            .collect();
        view! {
            <PageHead title=title>{actions}</PageHead>
            {done(workspaces::deed)}
            {deeds.question()}
            {deeds.refusals()}
            {editor.summary()}
            {above}
            <form
                id=FORM
                class="form"
                method="post"
                action=save.url()
                novalidate
                node_ref=editor.place()
                on:submit=move |ev| editor.submit(&ev)
                on:input=move |_| editor.examine()
                on:change=move |ev| editor.left(&ev)
            >
                {hidden}
                {sections}
            </form>
            {buttons(editor, beside)}
            {picture}
            {below}
        }
        .into_any()
    }
}

/// *Save* and *Cancel*, and what stands beside them.
fn buttons(editor: Editor, beside: AnyView) -> AnyView {
    view! {
        <div class="form-foot">
            <button
                type="submit"
                form=FORM
                class="button button-primary"
                disabled=move || editor.saving()
                // Pressing it leaves the field with the focus, whose problem would then appear and
                // push the button away from under the pointer before the click is one.
                on:mousedown=|event| event.prevent_default()
            >
                {move || if editor.saving() { "Saving …" } else { "Save" }}
            </button>
            <a class="button" href=routes::WORKSPACES>
                "Cancel"
            </a>
            <span class="form-saved" role="status">
                {move || editor.saved().then_some("Saved.")}
            </span>
            {beside}
        </div>
    }
    .into_any()
}
