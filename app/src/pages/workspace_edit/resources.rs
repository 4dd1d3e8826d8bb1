//! What a container gets, and who sees the workspace.

use super::editor::Editor;
use crate::components::{
    field::{AreaField, SelectField, TextField, TickField, posted, section},
    lifetime_fields::{Place, lifetime_fields},
    ticks::ticks,
};
use domain::workspace::WorkspaceForm;
use leptos::prelude::*;

pub fn environment(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let field = view! {
        <AreaField
            name=posted("environment")
            label="Variables"
            value=form.environment.clone()
            help="NAME=value, one a line. Everybody who launches the workspace can read them inside."
            problem=editor.problem("environment")
            rows=4
            code=true
        />
    };
    section("Environment", field.into_any())
}

pub fn resources(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let fields = view! {
        <div class="field-row">
            <TextField
                name=posted("cpus")
                label="Processor cores"
                value=form.cpus.clone()
                help="Such as 2 or 0.5."
                problem=editor.problem("cpus")
                inputmode="decimal"
                required=true
            />
            <TextField
                name=posted("memory")
                label="Memory"
                value=form.memory.clone()
                help="Such as 2 GiB. More than that ends the program that asks for it."
                problem=editor.problem("memory")
                required=true
            />
            <TextField
                name=posted("shm")
                label="Shared memory"
                value=form.shm.clone()
                help="Browsers and desktops need 512 MiB or more."
                problem=editor.problem("shm")
                required=true
            />
            <TextField
                name=posted("pids")
                label="Processes"
                value=form.pids.clone()
                help="At most so many at a time."
                problem=editor.problem("pids")
                inputmode="numeric"
                required=true
            />
        </div>
    };
    section("Resources", fields.into_any())
}

pub fn lifetime(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let problem = move |field| editor.problem(field);
    let fields = view! {
        <TextField
            name=posted("sessions_limit")
            label="Sessions at a time"
            value=form.sessions_limit.clone()
            help="Of all people together, running or not. Empty for no limit of its own."
            problem=editor.problem("sessions_limit")
            inputmode="numeric"
        />
        {lifetime_fields(&form.lifetime, problem, Place::Workspace)}
    };
    section("Limits and life time of sessions", fields.into_any())
}

/// `all` are ids and names of the groups.
pub fn groups(editor: Editor, form: &WorkspaceForm, all: &[(String, String)]) -> AnyView {
    let none = Memo::new(move |_| editor.typed().with(|form| form.groups.is_empty()));
    let fields = view! {
        {ticks(
            &posted("groups"),
            "Groups",
            "Members of these groups see its tile. Nobody else does.",
            all,
            &form.groups,
            editor.problem("groups"),
        )}
        <div role="status">
            {move || {
                none.get()
                    .then(|| {
                        view! {
                            <p class="notice notice-warning">
                                "No group is ticked: nobody sees its tile, and nobody can launch it."
                            </p>
                        }
                    })
            }}
        </div>
    };
    section("Who may launch it", fields.into_any())
}

pub fn visibility(editor: Editor, form: &WorkspaceForm) -> AnyView {
    // A choice and not a tick: what is not ticked is not posted, and a new form is enabled.
    let enabled = vec![
        ("on".to_owned(), "Enabled: it can be launched".to_owned()),
        (String::new(), "Disabled: nobody can launch it".to_owned()),
    ];
    let fields = view! {
        <SelectField
            name=posted("enabled")
            label="State"
            value=form.enabled.clone()
            options=enabled
            help="Running sessions are not touched."
        />
        <TickField
            name=posted("hidden")
            label="Hidden"
            ticked=!form.hidden.is_empty()
            help="No tile; administrators still see it in their list."
        />
        <AreaField
            name=posted("notes")
            label="Notes"
            value=form.notes.clone()
            help="For administrators only."
            problem=editor.problem("notes")
        />
    };
    section("Visibility and notes", fields.into_any())
}
