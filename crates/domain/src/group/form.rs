//! The form of a group: text, field by field, as it is posted.

use super::{Deed, GroupSettings};
use crate::{
    Result,
    confinement::NetworkBounds,
    error::Problems,
    lifetime::{Choice, LifetimeForm, Rule},
    quantity::{self, MIB},
    storage,
    time::typed_length,
    user,
    workspace::on_lines,
};
use serde::{Deserialize, Serialize};

const NAME_LONGEST: usize = 60;
const PRIORITIES: std::ops::RangeInclusive<i64> = 1..=10_000;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupForm {
    pub name: String,
    pub description: String,
    pub priority: String,
    /// Names of users, separated by commas, blanks or lines.
    pub members: String,
    /// Ids of the workspaces that members may launch.
    pub workspaces: Vec<String>,
    /// Empty leaves it to other groups; so with all below.
    pub sessions_per_user: String,
    pub cpus: String,
    pub memory: String,
    /// Kinds and names of networks, separated by commas or blanks.
    pub networks: String,
    #[serde(flatten)]
    pub lifetime: LifetimeForm,
    /// `required`, `optional` or empty.
    pub second_factor: String,
    /// `allow`, `deny` or empty.
    pub pause: String,
    pub stop: String,
    pub delete: String,
    pub create_image: String,
    pub terminal: String,
    pub upload: String,
    pub download: String,
    pub clipboard_in: String,
    pub clipboard_out: String,
    /// One [mapping](storage::Mapping) per line.
    pub volumes: String,
}

/// A form that was found to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub name: String,
    pub description: String,
    pub priority: i64,
    /// In their stored form.
    pub members: Vec<String>,
    pub workspaces: Vec<String>,
    pub settings: GroupSettings,
}

impl GroupForm {
    /// What a group's settings look like in the form.
    pub fn of(settings: &GroupSettings) -> Self {
        let said = |deed: Deed| {
            let found = settings.deeds.iter().find(|(known, _)| *known == deed);
            found.map_or("", |(_, allowed)| if *allowed { "allow" } else { "deny" }).to_owned()
        };
        Self {
            sessions_per_user: shown_number(settings.sessions_per_user),
            cpus: settings.cpu_millis.map(quantity::cores).unwrap_or_default(),
            memory: settings.memory_bytes.map(quantity::typed_bytes).unwrap_or_default(),
            networks: settings.networks.as_ref().map(ToString::to_string).unwrap_or_default(),
            lifetime: LifetimeForm::from(&settings.lifetime),
            second_factor: match settings.second_factor {
                Some(true) => "required",
                Some(false) => "optional",
                None => "",
            }
            .to_owned(),
            pause: said(Deed::Pause),
            stop: said(Deed::Stop),
            delete: said(Deed::Delete),
            create_image: said(Deed::CreateImage),
            terminal: said(Deed::Terminal),
            upload: said(Deed::Upload),
            download: said(Deed::Download),
            clipboard_in: said(Deed::ClipboardIn),
            clipboard_out: said(Deed::ClipboardOut),
            volumes: on_lines(&settings.volumes),
            ..Self::default()
        }
    }

    /// What is typed for a deed.
    pub fn typed(&self, deed: Deed) -> &str {
        match deed {
            Deed::Pause => &self.pause,
            Deed::Stop => &self.stop,
            Deed::Delete => &self.delete,
            Deed::CreateImage => &self.create_image,
            Deed::Terminal => &self.terminal,
            Deed::Upload => &self.upload,
            Deed::Download => &self.download,
            Deed::ClipboardIn => &self.clipboard_in,
            Deed::ClipboardOut => &self.clipboard_out,
        }
    }

    /// # Errors
    /// `Invalid` with every problem at its field.
    pub fn check(&self) -> Result<Checked> {
        let mut problems = Problems::default();
        let name = self.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_LONGEST {
            problems.add("name", format!("A name has 1 to {NAME_LONGEST} characters."));
        }
        let description = self.description.trim().to_owned();
        if description.chars().count() > 300 {
            problems.add("description", "A description has at most 300 characters.");
        }
        let priority = match self.priority.trim().parse() {
            Ok(number) if PRIORITIES.contains(&number) => Ok(number),
            _ => Err("A priority is a number between 1 and 10000.".to_owned()),
        };
        let mut deeds = Vec::new();
        for deed in Deed::ALL {
            match self.typed(deed).trim() {
                "" => {}
                "allow" => deeds.push((deed, true)),
                "deny" => deeds.push((deed, false)),
                _ => problems.add(deed.as_str(), "Choose one of the three."),
            }
        }
        let second_factor = match self.second_factor.trim() {
            "" => Ok(None),
            "required" => Ok(Some(true)),
            "optional" => Ok(Some(false)),
            _ => Err("Choose one of the three.".to_owned()),
        };
        let sessions = unless_empty(&self.sessions_per_user, |text| match text.parse() {
            Ok(count @ 0..=10_000) => Ok(count),
            _ => Err("Between 0 and 10000 sessions.".to_owned()),
        });
        let cpus = unless_empty(&self.cpus, |text| {
            at_least(quantity::parse_cores(text)?, 100, "At least 0.1 cores.")
        });
        let memory = unless_empty(&self.memory, |text| {
            at_least(quantity::parse_bytes(text)?, 32 * MIB, "At least 32 MiB.")
        });
        let settings = GroupSettings {
            sessions_per_user: problems.take("sessions_per_user", sessions, None),
            cpu_millis: problems.take("cpus", cpus, None),
            memory_bytes: problems.take("memory", memory, None),
            networks: problems.take("networks", NetworkBounds::parse(&self.networks), None),
            lifetime: self.lifetime.check(&mut problems),
            second_factor: problems.take("second_factor", second_factor, None),
            deeds,
            volumes: problems.take("volumes", storage::parse_all(&self.volumes), Vec::new()),
        };
        let checked = Checked {
            name,
            description,
            priority: problems.take("priority", priority, 1),
            members: problems.take("members", self.members(), Vec::new()),
            workspaces: self.workspaces.clone(),
            settings,
        };
        problems.finish()?;
        Ok(checked)
    }

    fn members(&self) -> Result<Vec<String>, String> {
        let mut all = Vec::new();
        let names = self.members.split([',', '\n', ' ', ';']).map(str::trim);
        for name in names.filter(|name| !name.is_empty()) {
            let name =
                user::check_name(name).map_err(|_| format!("`{name}` is no name of a user."))?;
            if !all.contains(&name) {
                all.push(name);
            }
        }
        Ok(all)
    }
}

fn unless_empty(
    text: &str,
    read: impl Fn(&str) -> Result<i64, String>,
) -> Result<Option<i64>, String> {
    match text.trim() {
        "" => Ok(None),
        text => read(text).map(Some),
    }
}

fn at_least(amount: i64, low: i64, why: &str) -> Result<i64, String> {
    if amount >= low { Ok(amount) } else { Err(why.to_owned()) }
}

fn shown_number(number: Option<i64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// A setting as it is shown.
pub(super) struct Shown {
    pub name: &'static str,
    /// Empty where nothing is said.
    pub value: String,
    /// What it comes to where nobody says anything.
    pub otherwise: &'static str,
}

/// Every setting but the deeds.
pub(super) fn shown(settings: &GroupSettings) -> Vec<Shown> {
    const NO_LIMIT: &str = "No limit";
    const NEVER: &str = "Never";
    const NOT_AT_ALL: &str = "Not at all";
    const NOT_REQUIRED: &str = "Not required";
    let rule = |rule: Rule| match settings.lifetime.choice(rule) {
        Choice::Inherit => String::new(),
        Choice::Never => NEVER.to_owned(),
        Choice::After(bound) => {
            format!("{} after {}", bound.action.action().label(), typed_length(bound.after_s))
        }
    };
    let extension = match settings.lifetime.extension_s {
        None => String::new(),
        Some(0) => NOT_AT_ALL.to_owned(),
        Some(length_s) => typed_length(length_s),
    };
    let cores = settings.cpu_millis.map(quantity::cores).unwrap_or_default();
    let memory = settings.memory_bytes.map(quantity::bytes).unwrap_or_default();
    let second_factor = match settings.second_factor {
        None => String::new(),
        Some(true) => "Required".to_owned(),
        Some(false) => NOT_REQUIRED.to_owned(),
    };
    let networks = settings.networks.as_ref().map(ToString::to_string).unwrap_or_default();
    let all = [
        ("Sessions at a time", shown_number(settings.sessions_per_user), NO_LIMIT),
        ("Cores in all", cores, NO_LIMIT),
        ("Memory in all", memory, NO_LIMIT),
        ("Networks of sessions", networks, "Any"),
        ("When nobody looks", rule(Rule::Unwatched), NEVER),
        ("When nothing happens", rule(Rule::Idle), NEVER),
        ("When it has run for long", rule(Rule::Longest), NEVER),
        ("May be extended by", extension, NOT_AT_ALL),
        ("Second factor", second_factor, NOT_REQUIRED),
    ];
    all.map(|(name, value, otherwise)| Shown { name, value, otherwise }).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> GroupForm {
        GroupForm { name: "Team".into(), priority: "100".into(), ..GroupForm::default() }
    }

    #[test]
    fn settings_survive_their_form() {
        let settings = GroupSettings {
            sessions_per_user: Some(0),
            cpu_millis: Some(1500),
            memory_bytes: Some(2 << 30),
            second_factor: Some(true),
            networks: NetworkBounds::parse("internal, team").unwrap(),
            deeds: vec![(Deed::Pause, false), (Deed::Terminal, true), (Deed::ClipboardOut, false)],
            volumes: storage::parse_all("team:/srv/team:ro\n/srv/x:/x").unwrap(),
            ..GroupSettings::default()
        };
        let form = GroupForm { name: "A".into(), priority: "1".into(), ..GroupForm::of(&settings) };
        assert_eq!(form.check().unwrap().settings, settings);
        assert_eq!(form.check().unwrap().members, Vec::<String>::new());
    }

    #[test]
    fn members_are_names_however_they_are_separated() {
        let form = GroupForm { members: "Ada, eve\nbob ada;".into(), ..form() };
        assert_eq!(form.check().unwrap().members, ["ada", "eve", "bob"]);
    }

    #[test]
    fn each_bad_field_is_named() {
        let form = GroupForm {
            priority: "0".into(),
            members: "no/name".into(),
            sessions_per_user: "-1".into(),
            cpus: "0".into(),
            memory: "1".into(),
            second_factor: "perhaps".into(),
            networks: "host".into(),
            pause: "perhaps".into(),
            volumes: "a".into(),
            ..GroupForm::default()
        };
        let error = form.check().unwrap_err();
        for field in [
            "name",
            "priority",
            "members",
            "sessions_per_user",
            "cpus",
            "memory",
            "second_factor",
            "networks",
            "pause",
            "volumes",
        ] {
            assert!(error.problem_at(field).is_some(), "{field} was accepted");
        }
    }
}
