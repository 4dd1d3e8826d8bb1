//! Ready-made definitions: the starter workspaces built from `images/`, and the public image
//! families whose contracts are listed in `reference/workspaces.md` §2.1.
//!
//! Every session is served at the root of an origin of its own, so no preset needs sub-path
//! settings.

use crate::{
    commands::Commands,
    confinement::Confinement,
    contract::{Basic, Contract, CookiePolicy, Init, Means, Scheme, Withholding},
    group::{ADMINISTRATORS, Deed},
    icon::Icon,
    image::ImageRef,
    lifetime::Lifetime,
    quantity::{GIB, MIB},
    storage::Storage,
    workspace::Definition,
};

/// A ready-made definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Preset {
    /// Stable name, also the name of the folder below `images/` for starters.
    pub key: &'static str,
    /// Built by Slipway's own set-up; the others come from public registries.
    pub starter: bool,
    pub definition: Definition,
}

struct Shape {
    key: &'static str,
    starter: bool,
    name: &'static str,
    description: &'static str,
    icon: &'static str,
    category: &'static str,
    image: (Option<&'static str>, &'static str, &'static str),
    contract: Contract,
    environment: &'static [(&'static str, &'static str)],
    memory_bytes: i64,
    shm_bytes: i64,
}

impl From<Shape> for Preset {
    fn from(shape: Shape) -> Self {
        let (host, path, tag) = shape.image;
        Self {
            key: shape.key,
            starter: shape.starter,
            definition: Definition {
                name: shape.name.into(),
                description: shape.description.into(),
                icon: Icon::BuiltIn(shape.icon.into()),
                categories: vec![shape.category.into()],
                image: ImageRef {
                    host: host.map(str::to_owned),
                    path: path.into(),
                    tag: Some(tag.into()),
                    digest: None,
                },
                link: None,
                registry: None,
                contract: shape.contract,
                environment: shape
                    .environment
                    .iter()
                    .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                    .collect(),
                cpu_millis: 2000,
                memory_bytes: shape.memory_bytes,
                shm_bytes: shape.shm_bytes,
                pids: 1024,
                sessions_limit: None,
                commands: Commands::default(),
                launch_form: Vec::new(),
                lifetime: Lifetime::default(),
                storage: Storage::default(),
                confinement: Confinement::default(),
                groups: ADMINISTRATORS.parse().into_iter().collect(),
                enabled: false,
                hidden: false,
                notes: String::new(),
            },
        }
    }
}

/// Capabilities that images need which start as root and step down (s6 and similar).
fn stepping_down() -> Vec<String> {
    ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"].map(str::to_owned).to_vec()
}

fn kept_by_variable(deed: Deed, name: &str, value: &str) -> Withholding {
    Withholding { deed, by: Means::Variable(name.to_owned(), value.to_owned()) }
}

fn kept_by_path(deed: Deed, path: &str) -> Withholding {
    Withholding { deed, by: Means::Path(path.to_owned()) }
}

/// What switches the clipboard off in the Kasm family; the starters take the same.
fn kept_clipboard() -> [Withholding; 2] {
    [
        kept_by_variable(Deed::ClipboardIn, "KASM_SVC_ACCEPT_CUT_TEXT", "-AcceptCutText 0"),
        kept_by_variable(Deed::ClipboardOut, "KASM_SVC_SEND_CUT_TEXT", "-SendCutText 0"),
    ]
}

/// Of images whose pages pass no files.
fn no_files() -> [Withholding; 2] {
    [Deed::Upload, Deed::Download].map(|deed| Withholding { deed, by: Means::None })
}

/// The starters with a screen.
fn screen() -> Contract {
    let withholds = no_files().into_iter().chain(kept_clipboard()).collect();
    Contract { port: 6080, withholds, ..Contract::default() }
}

/// All presets, starters first.
pub fn all() -> Vec<Preset> {
    starters().into_iter().chain(families()).collect()
}

/// Whether an image is one of the starters', which Slipway's own set-up builds: what a registry has
/// under such a name is somebody else's.
pub fn is_built_here(image: &ImageRef) -> bool {
    let name = image.canonical();
    all().iter().any(|preset| preset.starter && preset.definition.image.canonical() == name)
}

/// Contracts that the workspace form offers, by preset.
pub fn find(key: &str) -> Option<Preset> {
    all().into_iter().find(|preset| preset.key == key)
}

/// The ready-made definition of the family that an image belongs to, which says how it is reached. Its
/// repository decides, at whatever registry that is.
pub fn of_family(image: &ImageRef) -> Option<Preset> {
    let path = image.path.as_str();
    if is_built_here(image) {
        let name = image.canonical_repository();
        return starters()
            .into_iter()
            .find(|preset| preset.definition.image.canonical_repository() == name);
    }
    match path {
        "codercom/code-server" => find("code-server"),
        "linuxserver/code-server" => find("linuxserver").map(|mut preset| {
            let contract = &mut preset.definition.contract;
            contract.port = 8443;
            contract.ready_path = "/healthz".into();
            contract.cookies = CookiePolicy::Pass;
            contract.blocked_paths.clear();
            preset.definition.shm_bytes = 64 * MIB;
            preset.definition.icon = Icon::BuiltIn("code".into());
            preset
        }),
        _ if path.starts_with("kasmweb/") => find("kasm"),
        _ if path.starts_with("linuxserver/") => find("linuxserver"),
        _ if path.starts_with("jupyter/") && path.ends_with("-notebook") => find("jupyter"),
        _ => None,
    }
}

/// Images of the linuxserver.io family that serve their screen as its desktop does. What else is under
/// that name may be anything.
const LINUXSERVER_SCREENS: [&str; 24] = [
    "audacity",
    "blender",
    "brave",
    "chromium",
    "code-server",
    "darktable",
    "digikam",
    "doublecommander",
    "filezilla",
    "firefox",
    "freecad",
    "gimp",
    "inkscape",
    "kdenlive",
    "krita",
    "libreoffice",
    "librewolf",
    "msedge",
    "obsidian",
    "opera",
    "remmina",
    "thunderbird",
    "vscodium",
    "webtop",
];

/// Whether what [`of_family`] says of an image is no more than likely.
pub fn is_guess(image: &ImageRef) -> bool {
    let name = image.path.strip_prefix("linuxserver/");
    name.is_some_and(|name| !LINUXSERVER_SCREENS.contains(&name))
}

fn starters() -> Vec<Preset> {
    let own = |name| (None, name, "latest");
    vec![
        Shape {
            key: "desktop",
            starter: true,
            name: "Desktop",
            description: "A Linux desktop with terminal, files and an editor.",
            icon: "desktop",
            category: "Desktops",
            image: own("slipway/desktop"),
            contract: screen(),
            environment: &[],
            memory_bytes: 2 * GIB,
            shm_bytes: 512 * MIB,
        }
        .into(),
        Shape {
            key: "browser",
            starter: true,
            name: "Browser",
            description: "Chromium in a container of its own.",
            icon: "browser",
            category: "Browsers",
            image: own("slipway/browser"),
            contract: screen(),
            environment: &[],
            memory_bytes: 2 * GIB,
            shm_bytes: GIB,
        }
        .into(),
        Shape {
            key: "notebook",
            starter: true,
            name: "Notebook",
            description: "JupyterLab with Python.",
            icon: "notebook",
            category: "Notebooks",
            image: own("slipway/notebook"),
            contract: Contract {
                port: 8888,
                entry: "/lab".into(),
                ready_path: "/api".into(),
                cookies: CookiePolicy::Pass,
                ..Contract::default()
            },
            environment: &[],
            memory_bytes: 2 * GIB,
            shm_bytes: 64 * MIB,
        }
        .into(),
        Shape {
            key: "terminal",
            starter: true,
            name: "Terminal",
            description: "A shell in the browser.",
            icon: "terminal",
            category: "Tools",
            image: own("slipway/terminal"),
            contract: Contract { port: 7681, withholds: no_files().into(), ..Contract::default() },
            environment: &[],
            memory_bytes: 512 * MIB,
            shm_bytes: 64 * MIB,
        }
        .into(),
    ]
}

fn families() -> Vec<Preset> {
    vec![
        Shape {
            key: "kasm",
            starter: false,
            name: "Kasm desktop",
            description: "A desktop from the Kasm image family.",
            icon: "desktop",
            category: "Desktops",
            image: (Some("docker.io"), "kasmweb/desktop", "1.17.0"),
            contract: Contract {
                port: 6901,
                scheme: Scheme::Https,
                basic: Some(Basic {
                    user: "kasm_user".into(),
                    password_variable: "VNC_PW".into(),
                    user_variable: None,
                }),
                entry: "/?autoconnect=1&resize=remote&clipboard_up=1&clipboard_down=1&path=websockify".into(),
                blocked_paths: vec!["/api/".into()],
                withholds: [
                    kept_by_variable(Deed::Upload, "KASM_SVC_UPLOADS", "0"),
                    kept_by_path(Deed::Download, "/Downloads/"),
                ]
                .into_iter()
                .chain(kept_clipboard())
                .collect(),
                ..Contract::default()
            },
            environment: &[],
            memory_bytes: 3 * GIB,
            shm_bytes: 512 * MIB,
        }
        .into(),
        Shape {
            key: "linuxserver",
            starter: false,
            name: "Webtop",
            description: "A desktop from the linuxserver.io image family. Needs HTTPS in the browser.",
            icon: "desktop",
            category: "Desktops",
            image: (Some("lscr.io"), "linuxserver/webtop", "latest"),
            contract: Contract {
                port: 3000,
                withholds: vec![kept_by_path(Deed::Download, "/files")],
                init: Init::Image,
                capabilities: stepping_down(),
                ..Contract::default()
            },
            environment: &[("PUID", "1000"), ("PGID", "1000")],
            memory_bytes: 3 * GIB,
            shm_bytes: GIB,
        }
        .into(),
        Shape {
            key: "code-server",
            starter: false,
            name: "Code",
            description: "VS Code in the browser, by code-server.",
            icon: "code",
            category: "Development",
            image: (Some("docker.io"), "codercom/code-server", "latest"),
            contract: Contract {
                port: 8080,
                ready_path: "/healthz".into(),
                cookies: CookiePolicy::Pass,
                command: vec!["--auth".into(), "none".into(), "--bind-addr".into(), "0.0.0.0:8080".into(), ".".into()],
                withholds: vec![
                    // Its pages also lead to whatever listens inside. Downloads are not kept: files
                    // are served under a path that is another one in each version.
                    kept_by_variable(Deed::Upload, "CS_DISABLE_FILE_UPLOADS", "1"),
                    kept_by_path(Deed::Upload, "/proxy/"),
                    kept_by_path(Deed::Upload, "/absproxy/"),
                ],
                ..Contract::default()
            },
            environment: &[],
            memory_bytes: 2 * GIB,
            shm_bytes: 64 * MIB,
        }
        .into(),
        Shape {
            key: "jupyter",
            starter: false,
            name: "Jupyter stack",
            description: "A notebook server of the Jupyter Docker stacks.",
            icon: "notebook",
            category: "Notebooks",
            image: (Some("quay.io"), "jupyter/scipy-notebook", "latest"),
            contract: Contract {
                port: 8888,
                entry: "/lab".into(),
                ready_path: "/api".into(),
                cookies: CookiePolicy::Pass,
                command: vec!["start-notebook.py".into(), "--IdentityProvider.token=".into()],
                ..Contract::default()
            },
            environment: &[],
            memory_bytes: 2 * GIB,
            shm_bytes: 64 * MIB,
        }
        .into(),
        Shape {
            key: "novnc",
            starter: false,
            name: "Plain noVNC desktop",
            description: "Any image that serves noVNC through websockify on port 6080.",
            icon: "desktop",
            category: "Desktops",
            image: (None, "example/novnc", "latest"),
            contract: Contract {
                port: 6080,
                entry: "/vnc.html?autoconnect=1&resize=remote&path=websockify".into(),
                ready_path: "/vnc.html".into(),
                ..Contract::default()
            },
            environment: &[],
            memory_bytes: 2 * GIB,
            shm_bytes: 512 * MIB,
        }
        .into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::WorkspaceForm;

    #[test]
    fn every_preset_passes_the_form_it_fills() {
        for preset in all() {
            let form = WorkspaceForm::from(&preset.definition);
            assert_eq!(form.check().unwrap(), preset.definition, "{}", preset.key);
        }
    }

    #[test]
    fn an_images_family_is_known_by_its_repository_wherever_it_is() {
        let of = |image: &str| of_family(&image.parse().unwrap());
        let key = |image: &str| of(image).map(|preset| preset.key);
        for (image, family) in [
            ("kasmweb/firefox:1.16.0", "kasm"),
            ("registry.example.org/kasmweb/desktop", "kasm"),
            ("lscr.io/linuxserver/webtop:latest", "linuxserver"),
            ("linuxserver/code-server", "linuxserver"),
            ("codercom/code-server:4", "code-server"),
            ("quay.io/jupyter/scipy-notebook", "jupyter"),
            ("slipway/terminal", "terminal"),
        ] {
            assert_eq!(key(image), Some(family), "{image}");
        }
        let code = of("linuxserver/code-server").unwrap().definition;
        assert_eq!((code.contract.port, code.contract.ready_path.as_str()), (8443, "/healthz"));
        assert_eq!(code.shm_bytes, 64 * MIB);
        let is_guess = |image: &str| super::is_guess(&image.parse().unwrap());
        assert!(is_guess("lscr.io/linuxserver/nginx") && is_guess("linuxserver/code-servers"));
        assert!(
            !["linuxserver/webtop:x", "linuxserver/code-server", "nginx"]
                .map(is_guess)
                .contains(&true)
        );
        for other in ["kasmweb", "example/kasmweb", "jupyter/hub", "r.example/slipway/terminal"] {
            assert_eq!(key(other), None, "{other}");
        }
    }

    #[test]
    fn the_screens_of_the_starters_keep_all_that_can_be_taken_away() {
        for key in ["desktop", "browser", "kasm"] {
            let contract = find(key).unwrap().definition.contract;
            assert_eq!(contract.not_kept(&Deed::OF_STREAMS), [], "{key}");
        }
        let webtop = find("linuxserver").unwrap().definition.contract;
        assert!(!webtop.blocks("/files") && webtop.blocking(&[Deed::Download]).blocks("/files/x"));
    }

    #[test]
    fn presets_start_disabled_and_keys_are_unique() {
        let mut keys: Vec<_> = all().iter().map(|p| p.key).collect();
        assert!(all().iter().all(|p| !p.definition.enabled));
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }
}
