//! The form of a link: what people see of it, and the address that its tile opens. It runs nothing,
//! so nothing is asked that has to do with running.

use super::{FORM, Opened, basics, buttons, picture, resources};
use crate::{
    components::{
        Glyph, PageHead, done,
        field::{TextField, posted, section},
    },
    pages::{
        workspace_edit::editor::Editor,
        workspaces::{self, deeds::Deeds},
    },
    post::Post,
    routes,
};
use domain::{
    icon::Icon,
    workspace::{LINK_KIND, WorkspaceForm},
};
use leptos::prelude::*;

pub fn page(opened: Opened, save: Post) -> AnyView {
    let Opened { workspace, groups, form, .. } = opened;
    let title = match &workspace {
        Some(w) => format!("Edit {}", w.definition.name),
        None => "New link".to_owned(),
    };
    let path = match &workspace {
        Some(w) => routes::workspace(&w.id),
        None => routes::NEW_LINK.to_owned(),
    };
    let deeds = Deeds::new(Signal::stored(path.clone()));
    let editor = Editor::new(form.clone(), save);
    let uploaded = workspace.as_ref().and_then(|w| match &w.definition.icon {
        icon @ Icon::Uploaded(_) => Some(icon.clone()),
        Icon::BuiltIn(_) => None,
    });
    let actions = workspace.as_ref().map(|w| actions(w.id.as_str(), &form.link, deeds, path));
    let id = workspace.as_ref().map(|w| w.id.to_string());
    let revision = workspace.as_ref().map_or(0, |w| w.revision);
    let picture = id.as_deref().map(picture::upload);
    let hidden = [
        ("id", id.unwrap_or_default()),
        ("revision", revision.to_string()),
        ("form[kind]", LINK_KIND.to_owned()),
    ]
    .map(|(name, value)| view! { <input type="hidden" name=name value=value /> }.into_any());
    view! {
        <PageHead title=title>{actions}</PageHead>
        {done(workspaces::deed)}
        {deeds.question()}
        {deeds.refusals()}
        {editor.summary()}
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
            {Vec::from(hidden)}
            {basics::basics(editor, &form, uploaded)}
            {address(editor, &form)}
            {resources::groups(editor, &form, &groups)}
            {resources::visibility(editor, &form)}
        </form>
        {buttons(editor, ().into_any())}
        {picture}
    }
    .into_any()
}

fn actions(id: &str, address: &str, deeds: Deeds, path: String) -> AnyView {
    view! {
        <a class="button" href=address.to_owned() target="_blank" rel="noopener noreferrer">
            <Glyph name="external" />
            "Open"
        </a>
        {deeds.duplicate_button(id, "button")}
        {deeds.delete_button(id, path, ().into_any(), "button button-danger")}
    }
    .into_any()
}

fn address(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let field = view! {
        <TextField
            name=posted("link")
            label="Address"
            value=form.link.clone()
            placeholder="https://wiki.example.org/"
            help="The tile opens it in a new tab. It begins with https:// or http://."
            problem=editor.problem("link")
            inputmode="url"
            required=true
        />
    };
    section("Link", field.into_any())
}
