//! Everything in one place, before it is done.

use crate::{
    components::facts::fact,
    post::{Post, PostForm},
    routes,
};
use domain::snapshot::{NOWHERE, OTHER, SnapshotPage as Wizard, WizardStep};
use leptos::prelude::*;

pub fn review(wizard: &Wizard, submit: Post) -> AnyView {
    let form = &wizard.form;
    let or = |text: &str, none: &str| {
        if text.trim().is_empty() { none.to_owned() } else { text.to_owned() }
    };
    let still = match (wizard.paused, form.pause.is_empty()) {
        (true, _) => "It is paused and stays so",
        (false, false) => "It stands still while it is read",
        (false, true) => "It goes on while it is read",
    };
    let registry = match form.target() {
        NOWHERE => "Nowhere: the image stays on the engine".to_owned(),
        OTHER => match form.registry_username.trim() {
            "" => format!("{}, without signing in", form.registry.trim()),
            username => format!("{} as {username}", form.registry.trim()),
        },
        id => match wizard.registries.iter().find(|known| known.id.as_str() == id) {
            Some(stored) => format!("{}: {}", stored.name, stored.identity()),
            None => "A registry that is no longer stored".to_owned(),
        },
    };
    let workspace = match form.makes_workspace() {
        true => form.name.clone(),
        false => "None: only a new tag".to_owned(),
    };
    let changes = (!form.changes.trim().is_empty()).then(|| {
        let lines = view! { <pre class="log" tabindex="0">{form.changes.clone()}</pre> };
        view! { <h3>"Changes"</h3> {lines} }
    });
    let blanked =
        (!wizard.blanked.is_empty()).then(|| fact("Emptied variables", wizard.blanked.join(", ")));
    let files =
        (!wizard.files.is_empty()).then(|| fact("Files from the launch", wizard.files.join(", ")));
    let by_hand = (!wizard.commands.is_empty()).then(|| {
        view! {
            <details class="failure-detail">
                <summary>"The same by hand"</summary>
                <pre tabindex="0">{wizard.commands.join("\n")}</pre>
            </details>
        }
    });
    // What is not right yet is said where it is put right; the button would only repeat it.
    let incomplete = wizard.commands.is_empty().then(|| {
        view! {
            <p class="notice notice-warning">
                "Something on the pages before is not right yet. Go through them again; each says what."
            </p>
        }
    });
    let overwrites = wizard.overwrites.then(|| {
        view! {
            <p class="notice notice-warning">
                "The engine has an image of this name already, which loses the name to the new one."
            </p>
        }
    });
    let id = wizard.session.to_string();
    let image = form.image.clone();
    let back = routes::create_image(&wizard.session, WizardStep::Workspace);
    view! {
        {incomplete}
        {overwrites}
        <section class="card" aria-labelledby="review">
            <h2 id="review">"What will be done"</h2>
            <dl class="facts">
                {fact("New image", form.image.clone())}
                {fact("Made of", format!("{}, {}", wizard.title, wizard.base_image))}
                {fact("The session", still.to_owned())}
                {fact("Pushed to", registry)}
                {fact("Message", or(&form.message, "None"))}
                {fact("Author", or(&form.author, "None"))}
                {fact("Workspace", workspace)}
                {blanked}
                {files}
            </dl>
            {changes}
            {by_hand}
        </section>
        <div class="wizard">
            <PostForm post=submit>
                <input type="hidden" name="id" value=id />
                <input type="hidden" name="image" value=image />
                <div class="form-foot">
                    <button
                        type="submit"
                        class="button button-primary wizard-next"
                        disabled=move || submit.is_pending()
                    >
                        {move || if submit.is_pending() { "Submitting …" } else { "Create image" }}
                    </button>
                    <a class="button" href=back>"Back"</a>
                </div>
            </PostForm>
        </div>
    }
    .into_any()
}
