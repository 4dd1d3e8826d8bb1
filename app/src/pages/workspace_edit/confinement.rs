//! The parts of the form about networks, the engine's options and graphics processors, and in what
//! they weaken the isolation of sessions.

use super::editor::Editor;
use crate::components::field::section;
use domain::{
    confinement::{Allowed, NetworkKind, Offered},
    workspace::WorkspaceForm,
};
use leptos::prelude::*;

/// What the settings allow, said behind what a field is for.
fn allowed(help: &str, all: &[String], setting: &str) -> String {
    match all {
        [] => format!("{help} None is allowed: `{setting}` in the server's settings says which."),
        all => format!("{help} Allowed are {}.", all.join(", ")),
    }
}

pub fn networks(editor: Editor, form: &WorkspaceForm, offered: &Offered) -> AnyView {
    let kinds = NetworkKind::ALL.map(|kind| (kind.as_str().to_owned(), kind.label().to_owned()));
    let help = "Networks that the engine has, separated by commas. Sessions meet each other there.";
    let fields = view! {
        {editor
            .ask("network", "Each session is on", &form.confinement.network)
            .help("The console reaches it on each of them. Groups may say which of them their members have.")
            .choice(kinds.to_vec())}
        {editor
            .ask("networks", "Networks of the engine", &form.confinement.networks)
            .help(allowed(help, &offered.allowed.networks, "networks"))
            .line()}
    };
    section("Network", fields.into_any())
}

pub fn engine(editor: Editor, form: &WorkspaceForm, offered: &Offered) -> AnyView {
    let fields = view! {
        {names(editor, form)}
        {processes(editor, form)}
        {loosened(editor, form, &offered.allowed)}
        {graphics(editor, form, offered.gpu_driver.as_deref())}
        {editor
            .ask("options", "Options as JSON", &form.confinement.options)
            .help("As the engine or a compose file writes them. They are taken over into the fields above when you save; what cannot be said here is refused by name.")
            .example("{\"dns\": [\"10.0.0.1\"], \"read_only\": true}")
            .code(4)}
    };
    section("Engine options", fields.into_any())
}

/// In what sessions are less confined than usual, as it is typed.
pub fn weakened(editor: Editor, may_weaken: bool) -> AnyView {
    let reasons = Memo::new(move |_| editor.typed().with(WorkspaceForm::weakened));
    let who = move || {
        let barred = !may_weaken && editor.typed().with(|form| !form.loosened().is_empty());
        if barred { "Only an administrator can save it like this." } else { "" }
    };
    view! {
        <div role="status">
            {move || {
                let reasons = reasons.get();
                (!reasons.is_empty())
                    .then(|| {
                        let lines: Vec<AnyView> = reasons
                            .into_iter()
                            .map(|reason| view! { <li>{reason}</li> }.into_any())
                            .collect();
                        view! {
                            <div class="notice notice-warning">
                                <p>
                                    <strong>"Weakened. "</strong>
                                    "Sessions of this workspace are less confined than usual. "
                                    {who}
                                </p>
                                <ul>{lines}</ul>
                            </div>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}

fn names(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let form = &form.confinement;
    view! {
        <div class="field-row">
            {editor
                .ask("hostname", "Host name", &form.hostname)
                .example("workspace")
                .line()}
            {editor
                .ask("dns", "Name servers", &form.dns)
                .help("Addresses, separated by commas.")
                .line()}
        </div>
        {editor
            .ask("extra_hosts", "Further hosts", &form.extra_hosts)
            .help("name:address, one a line.")
            .example("db.example.org:10.0.0.5")
            .code(2)}
    }
    .into_any()
}

fn processes(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let form = &form.confinement;
    view! {
        <div class="field-row">
            {editor
                .ask("run_as", "Runs as", &form.run_as)
                .help("user or user:group, in place of the image's.")
                .line()}
            {editor
                .ask("working_dir", "Begins in", &form.working_dir)
                .help("A directory, in place of the image's.")
                .line()}
        </div>
        {editor
            .ask("ulimits", "Limits of processes", &form.ulimits)
            .help("One a line: name, equals sign, limit; with a colon, the soft and the hard one.")
            .example("nofile=1024:2048")
            .code(2)}
        {editor
            .ask("sysctls", "Kernel settings", &form.sysctls)
            .help("name=value, one a line: those of the session's own network alone.")
            .example("net.core.somaxconn=1024")
            .code(2)}
        {editor
            .ask("read_only", "The image's files cannot be written", &form.read_only)
            .help("Only volumes and directories in memory can. Many images need /tmp and /run among those.")
            .tick()}
        {editor
            .ask("tmpfs", "Directories in memory", &form.tmpfs)
            .help("One a line. What is in them counts as the session's memory and is gone when it stops.")
            .example("/tmp:size=256 MiB")
            .code(2)}
    }
    .into_any()
}

fn loosened(editor: Editor, form: &WorkspaceForm, settings: &Allowed) -> AnyView {
    let form = &form.confinement;
    let devices = "Of the engine's host, one a line, with :r, :rw or :rwm behind it.";
    let privileged = match settings.privileged {
        true => "Nothing keeps its programs from the engine's host.",
        false => "Off: `privileged` in the server's settings allows it.",
    };
    view! {
        {editor
            .ask("devices", "Devices", &form.devices)
            .help(allowed(devices, &settings.devices, "devices"))
            .example("/dev/fuse:rw")
            .code(2)}
        {editor
            .ask("seccomp", "Every system call is open (seccomp unconfined)", &form.seccomp)
            .tick()}
        {editor
            .ask("apparmor", "No AppArmor profile (apparmor unconfined)", &form.apparmor)
            .tick()}
        {editor
            .ask("privileged", "Privileged", &form.privileged)
            .help(privileged)
            .tick()}
    }
    .into_any()
}

fn graphics(editor: Editor, form: &WorkspaceForm, driver: Option<&str>) -> AnyView {
    let value = &form.confinement.gpus;
    let help = match driver {
        Some(driver) => format!("all, or how many. The engine has the driver of {driver}."),
        None if value.is_empty() => {
            return view! {
                <p class="field-help">
                    "Graphics processors: the engine has no driver for any, or does not answer."
                </p>
            }
            .into_any();
        }
        // What is there can still be taken away.
        None => "The engine has no driver for any, or does not answer: sessions cannot be launched like this.".to_owned(),
    };
    editor.ask("gpus", "Graphics processors", value).help(help).line()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::{api::workspaces::SaveWorkspace, post::Post};
    use domain::confinement::ConfinementForm;

    fn html(confinement: ConfinementForm, offered: &Offered) -> String {
        let owner = Owner::new();
        owner.set();
        let form = WorkspaceForm { confinement, ..WorkspaceForm::default() };
        let editor = Editor::new(form.clone(), Post::to::<SaveWorkspace>());
        let parts = [
            networks(editor, &form, offered),
            engine(editor, &form, offered),
            weakened(editor, offered.may_weaken),
        ];
        parts.into_iter().map(|part| part.to_html()).collect()
    }

    #[test]
    fn what_weakens_isolation_is_told_in_words_and_nothing_else_is() {
        let usual = html(ConfinementForm::default(), &Offered::default());
        assert!(!usual.contains("Weakened."), "{usual}");
        let loose = ConfinementForm { seccomp: "on".into(), ..ConfinementForm::default() };
        let html = html(loose, &Offered::default());
        for part in ["Weakened.", "seccomp is off", "Only an administrator can save it"] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
    }

    #[test]
    fn graphics_processors_are_offered_only_where_there_is_a_driver() {
        let of = |driver: Option<&str>, gpus: &str| {
            let form = ConfinementForm { gpus: gpus.into(), ..ConfinementForm::default() };
            let gpu_driver = driver.map(str::to_owned);
            html(form, &Offered { gpu_driver, ..Offered::default() })
        };
        assert!(of(Some("nvidia"), "").contains("id=\"form-gpus\""));
        assert!(!of(None, "").contains("form-gpus"));
        assert!(of(None, "all").contains("cannot be launched like this"));
    }

    #[test]
    fn what_the_settings_allow_is_said_at_its_field() {
        let networks = vec!["team".to_owned()];
        let settings = Allowed { networks, ..Allowed::default() };
        let offered = Offered { allowed: settings, ..Offered::default() };
        let html = html(ConfinementForm::default(), &offered);
        assert!(html.contains("Allowed are team."), "{html}");
        assert!(html.contains("None is allowed: `devices`"), "{html}");
    }
}
