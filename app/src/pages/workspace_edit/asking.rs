//! The parts of the form about what is asked at launch, and what is run inside without being typed.

use super::editor::Editor;
use crate::components::field::section;
use domain::workspace::WorkspaceForm;
use leptos::prelude::*;

const EXAMPLE: &str = "Project name
  to: PROJECT
  required
  help: The folder that you will find on the desktop.

Branch
  to: BRANCH
  kind: choice
  options: main, develop, release
  default: main

Notes for the team
  to: /home/user/notes.txt
  kind: lines

Install the tools
  to: TOOLS
  kind: yes/no
  default: yes

Access token
  to: /home/user/.config/token
  kind: secret";

pub fn launch_form(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let fields = view! {
        {editor
            .ask("launch_form", "Fields", &form.launch_form)
            .help("People answer them before the session starts. A block of lines for each field, with an empty line between two: first what it is called, below that “to:” with the variable or the path of the file that takes the answer, and what else it needs.")
            .code(8)}
        <details class="failure-detail">
            <summary>"How a field is written"</summary>
            <pre tabindex="0">{EXAMPLE}</pre>
            <p class="field-help">
                "The kinds are text, lines, choice, yes/no (given as the word yes or no) and secret. A secret is encrypted, shown to nobody, and gone when the session is deleted. A file belongs to the image's user, who alone can read it; in a home or on a volume that is kept it stays there."
            </p>
        </details>
    };
    section("Launch form", fields.into_any())
}

pub fn commands(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let commands = &form.commands;
    let fields = view! {
        {editor
            .ask("at_start", "At start", &commands.at_start)
            .help("For the container's /bin/sh, as its own user: run at each start when the workspace answers, before people get in. It may be run again when Slipway was interrupted, so it should do no harm twice.")
            .example("git clone \"$REPOSITORY\" /home/user/project")
            .code(3)}
        {editor
            .ask("start_must_succeed", "Without it, the launch has failed", &commands.start_must_succeed)
            .help("Otherwise a session whose command did not succeed runs all the same, and says so.")
            .tick()}
        {editor
            .ask("on_open", "On open", &commands.on_open)
            .help("Run each time somebody opens the session's page, and not while it is paused or stopped. Those who open it while it runs share the next run.")
            .code(3)}
        {editor
            .ask("command_patience", "Seconds for each", &commands.command_patience)
            .help("A command that takes longer is ended. What it writes last is in the session's timeline.")
            .keys("numeric")
            .line()}
    };
    section("Commands", fields.into_any())
}
