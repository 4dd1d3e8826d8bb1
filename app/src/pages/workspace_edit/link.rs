//! The form of a link: what people see of it, and the address that its tile opens. It runs nothing,
//! so nothing is asked that has to do with running.

use super::{
    Opened, basics,
    editor::Editor,
    resources,
    sheet::{Parts, Sheet},
};
use crate::{
    components::{Glyph, field::section},
    pages::workspaces::deeds::Deeds,
    post::Post,
    routes,
};
use domain::workspace::{LINK_KIND, WorkspaceForm};
use leptos::prelude::*;

pub fn page(opened: Opened, save: Post) -> AnyView {
    let Opened { workspace, groups, form, .. } = opened;
    let new = ("New link", routes::NEW_LINK);
    let sheet = Sheet::of(workspace.as_ref(), &form, save, new).with("form[kind]", LINK_KIND);
    let (editor, deeds) = (sheet.editor, sheet.deeds);
    let parts = Parts {
        actions: sheet.id.as_deref().map(|id| actions(id, &form.link, deeds, sheet.path.clone())),
        above: ().into_any(),
        sections: vec![
            basics::basics(editor, &form, sheet.uploaded.clone()),
            address(editor, &form),
            resources::groups(editor, &form, &groups),
            resources::visibility(editor, &form),
        ],
        beside: ().into_any(),
        below: None,
    };
    sheet.show(parts)
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
        {editor
            .ask("link", "Address", &form.link)
            .help("The tile opens it in a new tab. It begins with https:// or http://.")
            .example("https://wiki.example.org/")
            .keys("url")
            .required()
            .line()}
    };
    section("Link", field.into_any())
}
