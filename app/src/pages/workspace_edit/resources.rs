//! What a container gets, and who sees the workspace.

use super::editor::Editor;
use crate::components::{
    field::{posted, section},
    lifetime_fields::{Place, lifetime_fields},
    ticks::ticks,
};
use domain::workspace::WorkspaceForm;
use leptos::prelude::*;

pub fn environment(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let field = view! {
        {editor
            .ask("environment", "Variables", &form.environment)
            .help("NAME=value, one a line. Everybody who launches the workspace can read them inside.")
            .code(4)}
    };
    section("Environment", field.into_any())
}

pub fn resources(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let fields = view! {
        <div class="field-row">
            {editor
                .ask("cpus", "Processor cores", &form.cpus)
                .help("Such as 2 or 0.5.")
                .keys("decimal")
                .required()
                .line()}
            {editor
                .ask("memory", "Memory", &form.memory)
                .help("Such as 2 GiB. More than that ends the program that asks for it.")
                .required()
                .line()}
            {editor
                .ask("shm", "Shared memory", &form.shm)
                .help("Browsers and desktops need 512 MiB or more.")
                .required()
                .line()}
            {editor
                .ask("pids", "Processes", &form.pids)
                .help("At most so many at a time.")
                .keys("numeric")
                .required()
                .line()}
        </div>
    };
    section("Resources", fields.into_any())
}

pub fn lifetime(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let problem = move |field| editor.problem(field);
    let fields = view! {
        {editor
            .ask("sessions_limit", "Sessions at a time", &form.sessions_limit)
            .help("Of all people together, running or not. Empty for no limit of its own.")
            .keys("numeric")
            .line()}
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
        {editor
            .ask("enabled", "State", &form.enabled)
            .help("Running sessions are not touched.")
            .choice(enabled)}
        {editor
            .ask("hidden", "Hidden", &form.hidden)
            .help("No tile; administrators still see it in their list.")
            .tick()}
        {editor
            .ask("notes", "Notes", &form.notes)
            .help("For administrators only.")
            .prose(3)}
    };
    section("Visibility and notes", fields.into_any())
}
