//! The parts of the form about networks, the engine's options and graphics processors, and in what
//! they weaken the isolation of sessions.

use super::editor::Editor;
use crate::components::field::{AreaField, SelectField, TextField, TickField, posted, section};
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
        <SelectField
            name=posted("network")
            label="Each session is on"
            value=form.confinement.network.clone()
            options=kinds.to_vec()
            help="The console reaches it on each of them. Groups may say which of them their members have."
            problem=editor.problem("network")
        />
        <TextField
            name=posted("networks")
            label="Networks of the engine"
            value=form.confinement.networks.clone()
            help=allowed(help, &offered.allowed.networks, "networks")
            problem=editor.problem("networks")
        />
    };
    section("Network", fields.into_any())
}

pub fn engine(editor: Editor, form: &WorkspaceForm, offered: &Offered) -> AnyView {
    let fields = view! {
        {weakened(editor, offered.may_weaken)}
        {names(editor, form)}
        {processes(editor, form)}
        {loosened(editor, form, &offered.allowed)}
        {graphics(editor, form, offered.gpu_driver.as_deref())}
        <AreaField
            name=posted("options")
            label="Options as JSON"
            value=form.confinement.options.clone()
            rows=4
            code=true
            placeholder="{\"dns\": [\"10.0.0.1\"], \"read_only\": true}"
            help="As the engine or a compose file writes them. They are taken over into the fields above when you save; what cannot be said here is refused by name."
            problem=editor.problem("options")
        />
    };
    section("Engine options", fields.into_any())
}

/// In what sessions are less confined than usual, as it is typed.
fn weakened(editor: Editor, may_weaken: bool) -> AnyView {
    let reasons = Memo::new(move |_| editor.typed().with(WorkspaceForm::weakened));
    let who = if may_weaken { "" } else { "Only an administrator can save it like this." };
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
            <TextField
                name=posted("hostname")
                label="Host name"
                value=form.hostname.clone()
                placeholder="workspace"
                problem=editor.problem("hostname")
            />
            <TextField
                name=posted("dns")
                label="Name servers"
                value=form.dns.clone()
                help="Addresses, separated by commas."
                problem=editor.problem("dns")
            />
        </div>
        <AreaField
            name=posted("extra_hosts")
            label="Further hosts"
            value=form.extra_hosts.clone()
            rows=2
            code=true
            placeholder="db.example.org:10.0.0.5"
            help="name:address, one a line."
            problem=editor.problem("extra_hosts")
        />
    }
    .into_any()
}

fn processes(editor: Editor, form: &WorkspaceForm) -> AnyView {
    let form = &form.confinement;
    view! {
        <div class="field-row">
            <TextField
                name=posted("run_as")
                label="Runs as"
                value=form.run_as.clone()
                help="user or user:group, in place of the image's."
                problem=editor.problem("run_as")
            />
            <TextField
                name=posted("working_dir")
                label="Begins in"
                value=form.working_dir.clone()
                help="A directory, in place of the image's."
                problem=editor.problem("working_dir")
            />
        </div>
        <AreaField
            name=posted("ulimits")
            label="Limits of processes"
            value=form.ulimits.clone()
            rows=2
            code=true
            placeholder="nofile=1024:2048"
            help="One a line: name, equals sign, limit; with a colon, the soft and the hard one."
            problem=editor.problem("ulimits")
        />
        <AreaField
            name=posted("sysctls")
            label="Kernel settings"
            value=form.sysctls.clone()
            rows=2
            code=true
            placeholder="net.core.somaxconn=1024"
            help="name=value, one a line: those of the session's own network alone."
            problem=editor.problem("sysctls")
        />
        <TickField
            name=posted("read_only")
            label="The image's files cannot be written"
            ticked=!form.read_only.is_empty()
            help="Only volumes and directories in memory can. Many images need /tmp and /run among those."
            problem=editor.problem("read_only")
        />
        <AreaField
            name=posted("tmpfs")
            label="Directories in memory"
            value=form.tmpfs.clone()
            rows=2
            code=true
            placeholder="/tmp:size=256 MiB"
            help="One a line. What is in them counts as the session's memory and is gone when it stops."
            problem=editor.problem("tmpfs")
        />
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
        <AreaField
            name=posted("devices")
            label="Devices"
            value=form.devices.clone()
            rows=2
            code=true
            placeholder="/dev/fuse:rw"
            help=allowed(devices, &settings.devices, "devices")
            problem=editor.problem("devices")
        />
        <TickField
            name=posted("seccomp")
            label="Every system call is open (seccomp unconfined)"
            ticked=!form.seccomp.is_empty()
            problem=editor.problem("seccomp")
        />
        <TickField
            name=posted("apparmor")
            label="No AppArmor profile (apparmor unconfined)"
            ticked=!form.apparmor.is_empty()
            problem=editor.problem("apparmor")
        />
        <TickField
            name=posted("privileged")
            label="Privileged"
            ticked=!form.privileged.is_empty()
            help=privileged
            problem=editor.problem("privileged")
        />
    }
    .into_any()
}

fn graphics(editor: Editor, form: &WorkspaceForm, driver: Option<&str>) -> AnyView {
    let value = form.confinement.gpus.clone();
    match driver {
        Some(driver) => view! {
            <TextField
                name=posted("gpus")
                label="Graphics processors"
                value=value
                help=format!("all, or how many. The engine has the driver of {driver}.")
                problem=editor.problem("gpus")
            />
        }
        .into_any(),
        // What is there can still be taken away.
        None if !value.is_empty() => view! {
            <TextField
                name=posted("gpus")
                label="Graphics processors"
                value=value
                help="The engine has no driver for any, or does not answer: sessions cannot be launched like this."
                problem=editor.problem("gpus")
            />
        }
        .into_any(),
        None => view! {
            <p class="field-help">
                "Graphics processors: the engine has no driver for any, or does not answer."
            </p>
        }
        .into_any(),
    }
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
        let parts = [networks(editor, &form, offered), engine(editor, &form, offered)];
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
