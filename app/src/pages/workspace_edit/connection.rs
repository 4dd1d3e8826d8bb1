//! The connection contract: how the proxy reaches a session's container and what it adds.

use super::editor::Editor;
use crate::components::field::{AreaField, SelectField, TextField, posted, section};
use domain::{
    contract::{CookiePolicy, GRANTABLE_CAPABILITIES, Scheme},
    workspace::WorkspaceForm,
};
use leptos::prelude::*;

fn options(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect()
}

pub fn connection(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let schemes = options(&[
        (Scheme::Http.as_str(), "HTTP"),
        (Scheme::Https.as_str(), "HTTPS, certificate not verified"),
    ]);
    let cookies =
        options(&[(CookiePolicy::Drop.as_str(), "Drop"), (CookiePolicy::Pass.as_str(), "Pass")]);
    let fields = view! {
        <div class="field-row">
            <TextField
                name=posted("port")
                label="Port"
                value=form.port.clone()
                help="On which the container answers."
                problem=editor.problem("port")
                inputmode="numeric"
                required=true
            />
            <SelectField
                name=posted("scheme")
                label="Scheme"
                value=form.scheme.clone()
                options=schemes
                problem=editor.problem("scheme")
            />
            <SelectField
                name=posted("cookies")
                label="Cookies the container sets"
                value=form.cookies.clone()
                options=cookies
                help="Passed cookies can, by port, be seen by the same user's other such sessions."
                problem=editor.problem("cookies")
            />
        </div>
        <TextField
            name=posted("entry")
            label="Opens at"
            value=form.entry.clone()
            help="Path and query first opened. {id} and {username} are replaced."
            problem=editor.problem("entry")
            required=true
        />
        <div class="field-row">
            <TextField
                name=posted("ready_path")
                label="Ready when this path answers"
                value=form.ready_path.clone()
                problem=editor.problem("ready_path")
                required=true
            />
            <TextField
                name=posted("ready_timeout")
                label="Within seconds"
                value=form.ready_timeout.clone()
                problem=editor.problem("ready_timeout")
                inputmode="numeric"
                required=true
            />
        </div>
        {credentials(editor, form)}
        <AreaField
            name=posted("blocked_paths")
            label="Blocked paths"
            value=form.blocked_paths.clone()
            help="Prefixes that nobody reaches through the proxy, one a line."
            problem=editor.problem("blocked_paths")
            code=true
        />
        <AreaField
            name=posted("command")
            label="Command"
            value=form.command.clone()
            help="Replaces the image's own, one argument a line. {id} and {username} are replaced."
            problem=editor.problem("command")
            code=true
        />
        {capabilities(editor, form)}
    };
    section("Connection", fields.into_any())
}

fn credentials(editor: Editor, form: &WorkspaceForm) -> AnyView {
    view! {
        <div class="field-row">
            <TextField
                name=posted("basic_user")
                label="Basic user"
                value=form.basic_user.clone()
                help="The proxy signs in to the container with it."
                problem=editor.problem("basic_user")
            />
            <TextField
                name=posted("basic_password_variable")
                label="Password variable"
                value=form.basic_password_variable.clone()
                help="Takes the password made for each session; the browser never sees it."
            />
            <TextField
                name=posted("basic_user_variable")
                label="User variable"
                value=form.basic_user_variable.clone()
                help="Takes the user name, where the image wants one."
            />
        </div>
    }
    .into_any()
}

fn capabilities(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let weakened = Memo::new(move |_| editor.typed().with(|f| !f.capabilities.trim().is_empty()));
    let help = format!(
        "Given back to the container, separated by commas; all others are dropped. Possible are {}.",
        GRANTABLE_CAPABILITIES.join(", ")
    );
    let inits = vec![
        ("engine".to_owned(), "The engine's init process".to_owned()),
        ("image".to_owned(), "The image's own (s6 and similar)".to_owned()),
    ];
    view! {
        <SelectField
            name=posted("init")
            label="First process"
            value=form.init.clone()
            options=inits
            help="Images of the linuxserver family insist on their own."
            problem=editor.problem("init")
        />
        <TextField
            name=posted("capabilities")
            label="Capabilities"
            value=form.capabilities.clone()
            help=help
            problem=editor.problem("capabilities")
        />
        <div role="status">
            {move || {
                weakened
                    .get()
                    .then(|| {
                        view! {
                            <p class="notice notice-warning">
                                <strong>"Weakened. "</strong>
                                "Containers of this workspace are less confined than the default. Give back only what the image cannot start without."
                            </p>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}
