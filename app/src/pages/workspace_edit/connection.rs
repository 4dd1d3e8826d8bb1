//! The connection contract: how the proxy reaches a session's container and what it adds.

use super::editor::Editor;
use crate::components::field::section;
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
            {editor
                .ask("port", "Port", &form.port)
                .help("On which the container answers.")
                .keys("numeric")
                .required()
                .line()}
            {editor
                .ask("scheme", "Scheme", &form.scheme)
                .choice(schemes)}
            {editor
                .ask("cookies", "Cookies the container sets", &form.cookies)
                .help("Passed cookies can, by port, be seen by the same user's other such sessions.")
                .choice(cookies)}
        </div>
        {editor
            .ask("entry", "Opens at", &form.entry)
            .help("Path and query first opened. {id} and {username} are replaced.")
            .required()
            .line()}
        <div class="field-row">
            {editor
                .ask("ready_path", "Ready when this path answers", &form.ready_path)
                .required()
                .line()}
            {editor
                .ask("ready_timeout", "Within seconds", &form.ready_timeout)
                .keys("numeric")
                .required()
                .line()}
        </div>
        {credentials(editor, form)}
        {editor
            .ask("blocked_paths", "Blocked paths", &form.blocked_paths)
            .help("Prefixes that nobody reaches through the proxy, one a line.")
            .code(3)}
        {editor
            .ask("withholds", "What keeps from people what groups take away", &form.withholds)
            .help(
                "Groups may take uploads, downloads and the clipboard from their members, and only the image can keep these from them. One a line: upload, download, clipboard_in or clipboard_out, and behind it a variable that switches it off, a path that is blocked then, or none where the image has no way to do it.",
            )
            .example("upload KASM_SVC_UPLOADS=0")
            .code(4)}
        {editor
            .ask("command", "Command", &form.command)
            .help("Replaces the image's own, one argument a line. {id} and {username} are replaced.")
            .code(3)}
        {capabilities(editor, form)}
    };
    section("Connection", fields.into_any())
}

fn credentials(editor: Editor, form: &WorkspaceForm) -> AnyView {
    view! {
        <div class="field-row">
            {editor
                .ask("basic_user", "Basic user", &form.basic_user)
                .help("The proxy signs in to the container with it.")
                .line()}
            {editor
                .ask("basic_password_variable", "Password variable", &form.basic_password_variable)
                .help("Takes the password made for each session; the browser never sees it.")
                .line()}
            {editor
                .ask("basic_user_variable", "User variable", &form.basic_user_variable)
                .help("Takes the user name, where the image wants one.")
                .line()}
        </div>
    }
    .into_any()
}

fn capabilities(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let help = format!(
        "Given back to the container, separated by commas; all others are dropped. Give back only what the image cannot start without. Possible are {}.",
        GRANTABLE_CAPABILITIES.join(", ")
    );
    let inits = vec![
        ("engine".to_owned(), "The engine's init process".to_owned()),
        ("image".to_owned(), "The image's own (s6 and similar)".to_owned()),
    ];
    view! {
        {editor
            .ask("init", "First process", &form.init)
            .help("Images of the linuxserver family insist on their own.")
            .choice(inits)}
        {editor
            .ask("capabilities", "Capabilities", &form.capabilities)
            .help(help)
            .line()}
    }
    .into_any()
}
