//! What people see of a workspace, and the image it runs.

use super::editor::{Editor, icon_id};
use crate::components::{
    Icon,
    field::{posted, section},
};
use domain::{
    icon::{BUILT_IN, Icon as Picture},
    registry::Registry,
    workspace::WorkspaceForm,
};
use leptos::prelude::*;

pub fn basics(editor: Editor, form: &WorkspaceForm, uploaded: Option<Picture>) -> AnyView {
    let fields = view! {
        {editor
            .ask("name", "Name", &form.name)
            .required()
            .line()}
        {editor
            .ask("description", "Description", &form.description)
            .help("One line for the tile.")
            .prose(2)}
        {editor
            .ask("categories", "Categories", &form.categories)
            .help("Separated by commas. The first one is printed on the tile.")
            .line()}
        {icons(editor, &form.icon, uploaded)}
    };
    section("Basics", fields.into_any())
}

/// One picture to choose; the words are its label and are read aloud.
fn choice(value: String, label: String, picture: Picture, chosen: &str) -> AnyView {
    let checked = value == chosen;
    view! {
        <label class="icon-choice">
            <input
                type="radio"
                id=icon_id(&value)
                name=posted("icon")
                value=value
                checked=checked
            />
            <Icon icon=picture />
            <span>{label}</span>
        </label>
    }
    .into_any()
}

fn icons(editor: Editor, chosen: &str, uploaded: Option<Picture>) -> AnyView {
    let problem = editor.problem("icon");
    let own = uploaded
        .map(|picture| choice(picture.clone().into(), "your picture".to_owned(), picture, chosen));
    let built_in: Vec<AnyView> = BUILT_IN
        .iter()
        .map(|name| {
            let picture = Picture::BuiltIn((*name).to_owned());
            choice((*name).to_owned(), (*name).to_owned(), picture, chosen)
        })
        .collect();
    view! {
        <fieldset
            id="form-icon"
            class="field icon-choices"
            aria-describedby=move || problem.with(Option::is_some).then_some("form-icon-problem")
        >
            <legend>"Icon"</legend>
            {own}
            {built_in}
            {move || {
                problem
                    .get()
                    .map(|text| {
                        view! {
                            <p id="form-icon-problem" class="field-problem">
                                {text}
                            </p>
                        }
                    })
            }}
        </fieldset>
    }
    .into_any()
}

/// `pinned` is the revision that launches are held to.
pub fn image(
    editor: Editor,
    form: &WorkspaceForm,
    registries: &[Registry],
    pinned: Option<u32>,
) -> AnyView {
    let mut credentials = vec![(String::new(), "By the image's name".to_owned())];
    let stored = registries.iter();
    credentials.extend(stored.map(|r| (r.id.to_string(), format!("{}: {}", r.name, r.identity()))));
    let pinned = pinned.map(|number| {
        let text = format!(
            "Launches use revision {number} of its image, to which it was rolled back. Another image here unpins it."
        );
        view! { <p class="notice">{text}</p> }
    });
    let fields = view! {
        {pinned}
        {editor
            .ask("image", "Image", &form.image)
            .help("As the engine names it, such as slipway/desktop:latest or registry.example.org/team/app@sha256:…. Each launch records the digest it ran.")
            .required()
            .line()}
        {editor
            .ask("registry", "Credentials for its image", &form.registry)
            .help("By the name, the stored registry is used that the image's name leads to, of several the closest. Another one can be chosen where the name leads to its address.")
            .choice(credentials)}
    };
    section("Image", fields.into_any())
}
