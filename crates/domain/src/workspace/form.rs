//! The form a workspace is edited with: plain text, field by field, exactly as it is posted.
//!
//! Reading it ([`WorkspaceForm::check`]) finds every problem at once and gives a [`Definition`].
//! Server and browser run the same check; the server's answer counts.

mod contract;
mod storage;

use super::Definition;
use crate::{
    GroupId, RegistryId, Result,
    commands::{Commands, CommandsForm},
    confinement::{Confinement, ConfinementForm},
    contract::{Contract, check_variable},
    error::Problems,
    group::ADMINISTRATORS,
    icon::Icon,
    image::ImageRef,
    launch_form,
    lifetime::{Lifetime, LifetimeForm},
    quantity::{self, GIB, MIB},
    storage::Storage,
};
use serde::{Deserialize, Serialize};

/// The form, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkspaceForm {
    pub name: String,
    pub description: String,
    pub icon: String,
    /// Separated by commas.
    pub categories: String,
    pub image: String,
    /// `link` for the form of a link, whose address is asked for also while it is empty.
    #[serde(default = "String::new")]
    pub kind: String,
    /// The address that its tile opens, in place of an image.
    pub link: String,
    /// Whose credentials it is pulled with; empty for the registry that its name leads to.
    pub registry: String,
    pub port: String,
    pub scheme: String,
    pub basic_user: String,
    pub basic_password_variable: String,
    pub basic_user_variable: String,
    pub cookies: String,
    pub entry: String,
    pub ready_path: String,
    pub ready_timeout: String,
    /// One per line.
    pub blocked_paths: String,
    /// One [`Withholding`] per line.
    pub withholds: String,
    /// One argument per line.
    pub command: String,
    pub init: String,
    /// Separated by commas or blanks.
    pub capabilities: String,
    /// `NAME=value`, one per line.
    pub environment: String,
    /// A block of lines for each field that is asked for at launch.
    pub launch_form: String,
    #[serde(flatten)]
    pub commands: CommandsForm,
    pub cpus: String,
    pub memory: String,
    pub shm: String,
    pub pids: String,
    /// Empty is no limit.
    pub sessions_limit: String,
    #[serde(flatten)]
    pub lifetime: LifetimeForm,
    /// `on` when each user's home directory is kept.
    #[serde(default = "String::new")]
    pub profile: String,
    pub home: String,
    /// A [`HomePath`]; empty where homes are in volumes of the engine.
    pub profile_path: String,
    /// `on` when each user's one folder is mounted.
    #[serde(default = "String::new")]
    pub folder: String,
    pub folder_at: String,
    /// One [mapping](storage::Mapping) per line.
    pub volumes: String,
    #[serde(flatten)]
    pub confinement: ConfinementForm,
    /// Ids of the groups whose members may launch it.
    #[serde(default = "Vec::new")]
    pub groups: Vec<String>,
    /// `on` when ticked, as browsers post it; absent when not.
    #[serde(default = "String::new")]
    pub enabled: String,
    #[serde(default = "String::new")]
    pub hidden: String,
    pub notes: String,
}

impl Default for WorkspaceForm {
    fn default() -> Self {
        Self::from(&Definition {
            name: String::new(),
            description: String::new(),
            icon: Icon::default(),
            categories: Vec::new(),
            image: super::no_image(),
            link: None,
            registry: None,
            contract: Contract::default(),
            environment: Vec::new(),
            launch_form: Vec::new(),
            commands: Commands::default(),
            cpu_millis: 2000,
            memory_bytes: 2 * GIB,
            shm_bytes: 512 * MIB,
            pids: 1024,
            sessions_limit: None,
            lifetime: Lifetime::default(),
            storage: Storage::default(),
            confinement: Confinement::default(),
            // Giving it to everybody is a decision.
            groups: ADMINISTRATORS.parse().into_iter().collect(),
            enabled: true,
            hidden: false,
            notes: String::new(),
        })
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// As they are typed, one a line.
pub(crate) fn on_lines(all: &[impl ToString]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What a ticked field posts, and one that is not.
pub(crate) fn tick(on: bool) -> String {
    if on { "on".into() } else { String::new() }
}

impl From<&Definition> for WorkspaceForm {
    fn from(definition: &Definition) -> Self {
        let contract = &definition.contract;
        let basic = contract.basic.as_ref();
        Self {
            name: definition.name.clone(),
            description: definition.description.clone(),
            icon: definition.icon.clone().into(),
            categories: definition.categories.join(", "),
            image: definition.image.to_string(),
            kind: String::new(),
            link: definition.link.as_ref().map(ToString::to_string).unwrap_or_default(),
            registry: definition.registry.as_ref().map(ToString::to_string).unwrap_or_default(),
            port: contract.port.to_string(),
            scheme: contract.scheme.as_str().into(),
            basic_user: basic.map(|b| b.user.clone()).unwrap_or_default(),
            basic_password_variable: basic.map(|b| b.password_variable.clone()).unwrap_or_default(),
            basic_user_variable: basic.and_then(|b| b.user_variable.clone()).unwrap_or_default(),
            cookies: contract.cookies.as_str().into(),
            entry: contract.entry.clone(),
            ready_path: contract.ready_path.clone(),
            ready_timeout: contract.ready_timeout_s.to_string(),
            blocked_paths: contract.blocked_paths.join("\n"),
            withholds: on_lines(&contract.withholds),
            command: contract.command.join("\n"),
            init: contract.init.as_str().into(),
            capabilities: contract.capabilities.join(", "),
            environment: definition
                .environment
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join("\n"),
            launch_form: launch_form::write_all(&definition.launch_form),
            commands: CommandsForm::from(&definition.commands),
            cpus: quantity::cores(definition.cpu_millis),
            memory: quantity::typed_bytes(definition.memory_bytes),
            shm: quantity::typed_bytes(definition.shm_bytes),
            pids: definition.pids.to_string(),
            sessions_limit: definition.sessions_limit.map(|n| n.to_string()).unwrap_or_default(),
            lifetime: LifetimeForm::from(&definition.lifetime),
            profile: tick(definition.storage.profile),
            home: definition.storage.home.clone(),
            profile_path: definition
                .storage
                .profile_path
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            folder: tick(definition.storage.folder.is_some()),
            folder_at: definition
                .storage
                .folder
                .clone()
                .unwrap_or_else(|| storage::FOLDER.to_owned()),
            volumes: on_lines(&definition.storage.volumes),
            confinement: ConfinementForm::from(&definition.confinement),
            groups: definition.groups.iter().map(ToString::to_string).collect(),
            enabled: tick(definition.enabled),
            hidden: tick(definition.hidden),
            notes: definition.notes.clone(),
        }
    }
}

fn within<T: PartialOrd + Copy>(value: T, low: T, high: T, why: &str) -> Result<T, String> {
    if value >= low && value <= high { Ok(value) } else { Err(why.to_owned()) }
}

fn number<T: std::str::FromStr + PartialOrd + Copy>(
    text: &str,
    low: T,
    high: T,
    why: &str,
) -> Result<T, String> {
    text.trim().parse().map_err(|_| why.to_owned()).and_then(|n| within(n, low, high, why))
}

/// Most characters of a workspace's name.
pub const NAME_LONGEST: usize = 80;

/// A workspace's name without the space around it.
///
/// # Errors
/// Why it cannot be one.
pub fn check_name(name: &str) -> Result<String, String> {
    if name.trim().is_empty() {
        return Err("Give the workspace a name; it is what the tile shows.".into());
    }
    text(name, NAME_LONGEST, "A name")
}

fn text(value: &str, longest: usize, what: &str) -> Result<String, String> {
    // Browsers post the lines of a text with two characters at their ends.
    let value = value.trim().replace("\r\n", "\n").replace('\r', "\n");
    match value.chars().count() {
        n if n > longest => Err(format!("{what} has at most {longest} characters; this has {n}.")),
        _ => Ok(value),
    }
}

impl WorkspaceForm {
    /// # Errors
    /// `Invalid` with every problem at its field.
    pub fn check(&self) -> Result<Definition> {
        if self.is_link() {
            return self.check_link();
        }
        let mut problems = Problems::default();
        let name = problems.take("name", check_name(&self.name), String::new());
        let image = self.image.parse::<ImageRef>();
        let fallback = ImageRef { host: None, path: "x".into(), tag: None, digest: None };
        let definition = Definition {
            name,
            description: problems.take(
                "description",
                text(&self.description, 300, "A description"),
                String::new(),
            ),
            icon: problems.take("icon", Icon::try_from(self.icon.clone()), Icon::default()),
            categories: problems.take("categories", self.categories(), Vec::new()),
            image: problems.take("image", image, fallback),
            link: None,
            registry: problems.take("registry", self.registry(), None),
            contract: self.contract(&mut problems),
            environment: problems.take("environment", self.environment(), Vec::new()),
            launch_form: problems.take(
                "launch_form",
                launch_form::parse_all(&self.launch_form),
                Vec::new(),
            ),
            commands: self.commands.check(&mut problems),
            cpu_millis: problems.take("cpus", self.cpus(), 1000),
            memory_bytes: problems.take(
                "memory",
                amount(
                    &self.memory,
                    32 * MIB,
                    1024 * GIB,
                    "A container needs between 32 MiB and 1 TiB of memory.",
                ),
                GIB,
            ),
            shm_bytes: problems.take(
                "shm",
                amount(&self.shm, MIB, 64 * GIB, "Shared memory is between 1 MiB and 64 GiB."),
                64 * MIB,
            ),
            pids: problems.take(
                "pids",
                number(&self.pids, 16, 65_536, "The process limit is between 16 and 65536."),
                1024,
            ),
            sessions_limit: problems.take("sessions_limit", self.sessions_limit(), None),
            lifetime: self.lifetime.check(&mut problems),
            storage: self.storage(&mut problems),
            confinement: self.confinement.check(&mut problems),
            groups: problems.take("groups", self.groups(), Vec::new()),
            enabled: !self.enabled.is_empty(),
            hidden: !self.hidden.is_empty(),
            notes: problems.take("notes", text(&self.notes, 10_000, "Notes"), String::new()),
        };
        definition.check_targets(&mut problems);
        if definition.confinement.options.read_only
            && definition.storage.volumes.iter().any(|one| one.owner.is_some() && !one.is_host())
        {
            problems.add("volumes", "A volume gets no owner where the root is read-only.");
        }
        problems.finish()?;
        Ok(definition)
    }

    fn groups(&self) -> Result<Vec<GroupId>, String> {
        let read = |id: &String| id.parse().map_err(|_| "There is no such group.".to_owned());
        self.groups.iter().map(read).collect()
    }

    fn categories(&self) -> Result<Vec<String>, String> {
        let mut all: Vec<String> = Vec::new();
        for category in self.categories.split([',', '\n']).map(str::trim).filter(|c| !c.is_empty())
        {
            if category.chars().nth(40).is_some() {
                return Err(format!(
                    "A category has at most 40 characters; `{category}` has more."
                ));
            }
            if all.iter().any(|c| c.eq_ignore_ascii_case(category)) {
                continue;
            }
            // Whatever else there is, it ends here: each is compared with all before it.
            if all.len() == 8 {
                return Err("At most 8 categories.".into());
            }
            all.push(category.to_owned());
        }
        Ok(all)
    }

    fn registry(&self) -> Result<Option<RegistryId>, String> {
        match self.registry.trim() {
            "" => Ok(None),
            id => id
                .parse::<RegistryId>()
                .map(Some)
                .map_err(|_| "Choose one of the stored registries.".into()),
        }
    }

    fn cpus(&self) -> Result<i64, String> {
        quantity::parse_cores(&self.cpus)
            .and_then(|n| within(n, 100, 256_000, "Give between 0.1 and 256 cores."))
    }

    fn sessions_limit(&self) -> Result<Option<i64>, String> {
        match self.sessions_limit.trim() {
            "" => Ok(None),
            text => {
                number(text, 1, 10_000, "Between 1 and 10000 sessions, or nothing for no limit.")
                    .map(Some)
            }
        }
    }

    fn environment(&self) -> Result<Vec<(String, String)>, String> {
        let mut all: Vec<(String, String)> = Vec::new();
        for line in lines(&self.environment) {
            let (name, value) = line
                .split_once('=')
                .ok_or_else(|| format!("`{line}` has no `=`: write one `NAME=value` a line."))?;
            let name = check_variable(name)?;
            if value.contains('\0') {
                return Err(format!("The value of `{name}` holds a character no environment can."));
            }
            if all.iter().any(|(other, _)| *other == name) {
                return Err(format!("`{name}` is set twice."));
            }
            all.push((name, value.to_owned()));
        }
        Ok(all)
    }
}

fn amount(text: &str, low: i64, high: i64, why: &str) -> Result<i64, String> {
    quantity::parse_bytes(text).and_then(|n| within(n, low, high, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn good() -> WorkspaceForm {
        WorkspaceForm {
            name: "Desktop".into(),
            image: "slipway/desktop:latest".into(),
            ..WorkspaceForm::default()
        }
    }

    #[test]
    fn a_new_form_only_misses_name_and_image() {
        let error = WorkspaceForm::default().check().unwrap_err();
        let fields: Vec<&str> = error.fields.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(fields, ["name", "image"]);
        assert!(good().check().is_ok());
    }

    #[test]
    fn each_bad_field_is_named_and_none_hides_another() {
        let form = WorkspaceForm {
            name: String::new(),
            icon: "nonsense".into(),
            image: "Not An Image".into(),
            registry: "Not an id".into(),
            port: "0".into(),
            scheme: "ftp".into(),
            basic_user: "u".into(),
            cookies: "maybe".into(),
            entry: "no-slash".into(),
            ready_path: "//evil".into(),
            ready_timeout: "0".into(),
            init: "none".into(),
            capabilities: "SYS_ADMIN".into(),
            environment: "1BAD=x".into(),
            cpus: "none".into(),
            memory: "1".into(),
            shm: "-".into(),
            pids: "1".into(),
            sessions_limit: "0".into(),
            lifetime: LifetimeForm { idle_action: "stop".into(), ..LifetimeForm::default() },
            categories: "x".repeat(41),
            description: "x".repeat(301),
            notes: "x".repeat(10_001),
            blocked_paths: "relative".into(),
            withholds: "upload".into(),
            ..good()
        };
        let error = form.check().unwrap_err();
        for field in [
            "name",
            "icon",
            "image",
            "registry",
            "port",
            "scheme",
            "basic_user",
            "cookies",
            "entry",
            "ready_path",
            "ready_timeout",
            "init",
            "capabilities",
            "environment",
            "cpus",
            "memory",
            "shm",
            "pids",
            "sessions_limit",
            "idle_after",
            "categories",
            "description",
            "notes",
            "blocked_paths",
            "withholds",
        ] {
            assert!(error.problem_at(field).is_some(), "{field} was accepted");
        }
    }

    #[test]
    fn a_ninth_category_is_refused_whatever_comes_after_it_and_the_same_twice_is_one() {
        let of = |categories: String| WorkspaceForm { categories, ..good() }.check();
        let many = (0..500_000).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        let refused = of(many).unwrap_err();
        assert_eq!(refused.problem_at("categories"), Some("At most 8 categories."));
        let eight = (0..8).chain(0..8).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        assert_eq!(of(eight).unwrap().categories.len(), 8);
    }

    #[test]
    fn environment_takes_values_with_equals_signs_and_refuses_doubles() {
        let form = WorkspaceForm { environment: "A=1=2\n\nB=".into(), ..good() };
        let definition = form.check().unwrap();
        assert_eq!(
            definition.environment,
            [("A".to_owned(), "1=2".to_owned()), ("B".to_owned(), String::new())]
        );
        let twice = WorkspaceForm { environment: "A=1\nA=2".into(), ..good() };
        assert!(twice.check().unwrap_err().problem_at("environment").unwrap().contains("twice"));
    }

    #[test]
    fn what_keeps_a_deed_from_people_leaves_the_credentials_alone() {
        let form = WorkspaceForm {
            basic_user: "u".into(),
            basic_password_variable: "VNC_PW".into(),
            withholds: "upload VNC_PW=".into(),
            ..good()
        };
        let refused = form.check().unwrap_err();
        assert!(refused.problem_at("withholds").unwrap().contains("for the credentials"));
        let other = WorkspaceForm { withholds: "upload UPLOADS=".into(), ..form };
        assert_eq!(WorkspaceForm::from(&other.check().unwrap()).withholds, "upload UPLOADS=");
    }

    #[test]
    fn an_image_may_name_whose_credentials_it_is_pulled_with() {
        assert_eq!(good().check().unwrap().registry, None);
        let form = WorkspaceForm { registry: " 0192f3 ".into(), ..good() };
        let definition = form.check().unwrap();
        assert_eq!(definition.registry, "0192f3".parse().ok());
        assert_eq!(WorkspaceForm::from(&definition).registry, "0192f3");
    }

    proptest! {
        #[test]
        fn a_definition_survives_its_form(
            cpu in 1_i64..64, memory in 32_i64..4096, pids in 16_i64..4096,
            port in 1_u16.., enabled: bool, hidden: bool,
            name in "[A-Za-z][A-Za-z ]{0,20}[a-z]",
        ) {
            let form = WorkspaceForm {
                name, cpus: format!("{}", cpu as f64 / 2.0), memory: format!("{memory} MiB"),
                pids: pids.to_string(), port: port.to_string(),
                enabled: tick(enabled), hidden: tick(hidden), ..good()
            };
            let definition = form.check().unwrap();
            let again = WorkspaceForm::from(&definition).check().unwrap();
            prop_assert_eq!((definition.enabled, definition.hidden), (enabled, hidden));
            prop_assert_eq!(again, definition);
        }

        #[test]
        fn no_input_makes_the_check_panic(a in "\\PC{0,40}", b in "\\PC{0,40}", c in "\\PC{0,40}") {
            let _ = WorkspaceForm { name: a.clone(), image: b.clone(), port: c.clone(),
                environment: format!("{a}\n{b}={c}"), cpus: a.clone(), memory: b.clone(),
                entry: c.clone(), capabilities: a, categories: b, command: c,
                ..WorkspaceForm::default() }.check();
        }
    }
}
