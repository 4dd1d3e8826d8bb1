//! What each page of the wizard asks.

use super::posted;
use crate::components::field::{AreaField, SelectField, TextField, TickField, problem_at};
use domain::{
    Error,
    changes::INSTRUCTIONS,
    quantity,
    snapshot::{NOWHERE, OTHER, SnapshotPage as Wizard, TAG_ONLY},
};
use leptos::prelude::*;

type Problem = Signal<Option<Error>>;

pub fn image(wizard: &Wizard, problem: Problem) -> AnyView {
    let form = &wizard.form;
    let change = match wizard.changed_bytes {
        Some(bytes) => format!(
            "The session has written {}; the image is {} and that.",
            quantity::bytes(bytes),
            wizard.base_image
        ),
        None => format!("The image is {} and all that the session has written.", wizard.base_image),
    };
    let volumes = match wizard.volumes.as_slice() {
        [] => "Data on volumes is not part of it. This session has none.".to_owned(),
        kept => format!(
            "Data on volumes is not part of it. In this session that is what is in {}.",
            kept.join(", ")
        ),
    };
    let overwrites = wizard.overwrites.then(|| {
        view! {
            <p class="notice notice-warning">
                "The engine has an image of this name already. It keeps its content, but loses the name to the new one, and workspaces with this name get the new image."
            </p>
        }
    });
    view! {
        {overwrites}
        <TextField
            name=posted("image")
            label="New image"
            value=form.image.clone()
            required=true
            help="repository:tag, with the registry's host in front if it is to be pushed."
            problem=problem_at(problem, "image")
        />
        <TickField
            name=posted("pause")
            label="Let the session stand still while it is read"
            ticked=!form.pause.is_empty()
            help="Without, it goes on, and files that are being written may be caught half-way."
        />
        <ul class="notes">
            <li>{change}</li>
            <li>"Programs that run are not part of it: a new session begins as after a start."</li>
            <li>{volumes}</li>
            <li>"Saved sign-ins, histories and keys in its files are: whoever launches the image has them too."</li>
        </ul>
    }
    .into_any()
}

pub fn registry(wizard: &Wizard, problem: Problem) -> AnyView {
    let form = &wizard.form;
    let help = if wizard.has_password {
        "It is kept encrypted until the push is done. Leave it empty to keep the one typed before."
    } else {
        "It is kept encrypted until the push is done, and then forgotten; after a push that failed, for a day."
    };
    let mut options = vec![(NOWHERE.to_owned(), "Nowhere: keep it on the engine only".to_owned())];
    let stored = wizard.registries.iter();
    options.extend(stored.map(|r| (r.id.to_string(), format!("{}: {}", r.name, r.identity()))));
    options.push((OTHER.to_owned(), "Another registry, by its address".to_owned()));
    let target = form.target().to_owned();
    let gone = (!options.iter().any(|(value, _)| *value == target)).then(|| {
        view! {
            <p class="notice notice-warning">
                "The registry that was chosen is no longer stored. Choose where the image goes."
            </p>
        }
    });
    view! {
        {gone}
        <SelectField
            name=posted("target")
            label="Push the image to"
            value=target
            options=options
            help="The image's name must lead there: it begins with the registry's host, unless that is Docker Hub."
            problem=problem_at(problem, "target")
        />
        <div class="push-other">
            <TextField
                name=posted("registry")
                label="Address"
                value=form.registry.clone()
                placeholder="https://index.docker.io/v1/"
                help="With http:// in front, everybody on the way can read the password and change the image."
                problem=problem_at(problem, "registry")
            />
            <TextField
                name=posted("registry_username")
                label="User name"
                value=form.registry_username.clone()
                problem=problem_at(problem, "registry_username")
            />
            <TextField
                name=posted("registry_password")
                label="Password or access token"
                kind="password"
                autocomplete="new-password"
                help=help
                problem=problem_at(problem, "registry_password")
            />
        </div>
        <p class="field-help push-test">
            "A test signs in and begins an upload, which it cancels at once. Nothing is made or pushed by it."
        </p>
    }
    .into_any()
}

pub fn changes(wizard: &Wizard, problem: Problem) -> AnyView {
    let form = &wizard.form;
    let blanked = (!wizard.blanked.is_empty()).then(|| {
        let names = wizard.blanked.join(", ");
        view! {
            <p class="field-help">
                "Emptied in the image in any case, because their values are secret and are set anew at each launch: " {names} "."
            </p>
        }
    });
    view! {
        <AreaField
            name=posted("changes")
            label="Additional changes"
            value=form.changes.clone()
            rows=6
            code=true
            placeholder="ENV LANG=de_DE.UTF-8"
            help=format!("Instructions of a Dockerfile, one a line: {}.", INSTRUCTIONS.join(", "))
            problem=problem_at(problem, "changes")
        />
        {blanked}
        <TextField
            name=posted("message")
            label="Message"
            value=form.message.clone()
            help="What is new in this image."
            problem=problem_at(problem, "message")
        />
        <TextField
            name=posted("author")
            label="Author"
            value=form.author.clone()
            problem=problem_at(problem, "author")
        />
    }
    .into_any()
}

pub fn workspace(wizard: &Wizard, problem: Problem) -> AnyView {
    view! {
        <SelectField
            name=posted("purpose")
            label="Make"
            value=wizard.form.purpose.clone()
            options=vec![
                (String::new(), "A workspace for the image".to_owned()),
                (TAG_ONLY.to_owned(), "Only the image, as a new tag".to_owned()),
            ]
            help="A tag alone is one more image of its repository, which a workspace can be given later."
        />
        <div class="own-workspace">
            <TextField
                name=posted("name")
                label="Name of the workspace"
                value=wizard.form.name.clone()
                required=true
                help="It has the resources, connection and icon that this session runs with, and can be launched as soon as the image is there. All of it can be changed on the page that follows."
                problem=problem_at(problem, "name")
            />
        </div>
    }
    .into_any()
}
