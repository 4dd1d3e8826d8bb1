//! Groups: who may launch what, and within which bounds.
//!
//! A user is in the groups that he was put into, and in the built-in ones that follow from being a
//! user or an administrator. Each group may say something about a setting or leave it to others;
//! of those that do, the one with the lowest priority number wins, setting by setting, and what no
//! group says the installation does.

mod form;

pub use form::GroupForm;

use crate::{
    Error, GroupId, Result, Timestamp,
    actor::{Grants, Permission, Role},
    confinement::{NetworkBounds, Networks},
    lifetime::Lifetime,
    storage::{self, Beside, Mapping},
};
use serde::{Deserialize, Serialize};

/// Id of the built-in group that everybody is in.
pub const EVERYBODY: &str = "everybody";
/// Id of the built-in group that administrators are in.
pub const ADMINISTRATORS: &str = "administrators";

/// Something that groups may allow or take away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    Pause,
    Stop,
    Delete,
    CreateImage,
    Terminal,
    Upload,
    Download,
    ClipboardIn,
    ClipboardOut,
}

impl Deed {
    pub const ALL: [Self; 9] = [
        Self::Pause,
        Self::Stop,
        Self::Delete,
        Self::CreateImage,
        Self::Terminal,
        Self::Upload,
        Self::Download,
        Self::ClipboardIn,
        Self::ClipboardOut,
    ];

    /// What passes through the stream of a session, where its contract says what keeps it from people.
    pub const OF_STREAMS: [Self; 4] =
        [Self::Upload, Self::Download, Self::ClipboardIn, Self::ClipboardOut];

    /// The name of its form field.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Stop => "stop",
            Self::Delete => "delete",
            Self::CreateImage => "create_image",
            Self::Terminal => "terminal",
            Self::Upload => "upload",
            Self::Download => "download",
            Self::ClipboardIn => "clipboard_in",
            Self::ClipboardOut => "clipboard_out",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Pause => "Pause own sessions",
            Self::Stop => "Stop own sessions",
            Self::Delete => "Delete own sessions",
            Self::CreateImage => "Create images of own sessions",
            Self::Terminal => "Open terminals in own sessions",
            Self::Upload => "Upload files into own sessions",
            Self::Download => "Download files from own sessions",
            Self::ClipboardIn => "Paste into own sessions",
            Self::ClipboardOut => "Copy out of own sessions",
        }
    }

    pub const fn permission(self) -> Permission {
        match self {
            Self::Pause => Permission::PauseOwnSessions,
            Self::Stop => Permission::StopOwnSessions,
            Self::Delete => Permission::DeleteOwnSessions,
            Self::CreateImage => Permission::CreateImages,
            Self::Terminal => Permission::OpenTerminals,
            Self::Upload => Permission::UploadFiles,
            Self::Download => Permission::DownloadFiles,
            Self::ClipboardIn => Permission::PasteIn,
            Self::ClipboardOut => Permission::CopyOut,
        }
    }
}

/// What a group says; what it does not, is left to others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupSettings {
    /// Sessions that one member may keep.
    pub sessions_per_user: Option<i64>,
    /// Thousandths of a core that one member's sessions may have together.
    pub cpu_millis: Option<i64>,
    /// Bytes of memory that one member's sessions may have together.
    pub memory_bytes: Option<i64>,
    /// Networks that members' sessions may be on.
    pub networks: Option<NetworkBounds>,
    pub lifetime: Lifetime,
    /// Whether members must have a second factor to sign in with.
    pub second_factor: Option<bool>,
    /// Deeds that are allowed or taken away.
    pub deeds: Vec<(Deed, bool)>,
    /// Volumes in every session of a member, beside those of his other groups ([`storage::given`]).
    pub volumes: Vec<Mapping>,
}

impl GroupSettings {
    /// What is said, one after the other: `Sessions at a time: 1`.
    pub fn said(&self) -> Vec<String> {
        let bounds = form::shown(self).into_iter().filter(|one| !one.value.is_empty());
        let bounds = bounds.map(|one| format!("{}: {}", one.name, one.value));
        let deeds = self.deeds.iter().map(|(deed, allowed)| {
            format!("{}: {}", deed.label(), if *allowed { "allowed" } else { "not allowed" })
        });
        let volumes = self.volumes.iter().map(|one| format!("Volume: {one}"));
        bounds.chain(deeds).chain(volumes).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    pub description: String,
    /// The lowest number wins.
    pub priority: i64,
    pub settings: GroupSettings,
    /// Counted up by each change, so that two editors cannot overwrite each other unseen.
    pub revision: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Group {
    /// Whether it is always there, with the members that it always has.
    pub fn is_built_in(&self) -> bool {
        matches!(self.id.as_str(), EVERYBODY | ADMINISTRATORS)
    }

    /// Whether everybody of this role is in it without being put there.
    pub fn holds_by_role(&self, role: Role) -> bool {
        match self.id.as_str() {
            EVERYBODY => true,
            ADMINISTRATORS => role == Role::Administrator,
            _ => false,
        }
    }
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRow {
    pub group: Group,
    pub members: i64,
    pub workspaces: i64,
}

/// What holds for somebody, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effective {
    pub setting: String,
    pub value: String,
    pub from: Source,
}

/// Who says what holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The group of this name.
    Group(String),
    Role,
    Installation,
}

/// What a user's groups come to together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    pub sessions_per_user: Option<i64>,
    pub cpu_millis: Option<i64>,
    pub memory_bytes: Option<i64>,
    pub lifetime: Lifetime,
    pub second_factor: Option<bool>,
    pub deeds: Vec<(Deed, bool)>,
}

/// The groups in the order in which they decide: by priority, equal ones by name.
pub fn in_order(mut groups: Vec<&Group>) -> Vec<&Group> {
    groups.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
    groups
}

/// What groups come to, given in the order in which they decide.
pub fn merge(groups: &[&Group]) -> Merged {
    let mut merged = Merged::default();
    for settings in groups.iter().map(|group| &group.settings) {
        merged.sessions_per_user = merged.sessions_per_user.or(settings.sessions_per_user);
        merged.cpu_millis = merged.cpu_millis.or(settings.cpu_millis);
        merged.memory_bytes = merged.memory_bytes.or(settings.memory_bytes);
        merged.lifetime = merged.lifetime.over(&settings.lifetime);
        merged.second_factor = merged.second_factor.or(settings.second_factor);
        for (deed, allowed) in &settings.deeds {
            if !merged.deeds.iter().any(|(known, _)| known == deed) {
                merged.deeds.push((*deed, *allowed));
            }
        }
    }
    merged
}

impl Merged {
    /// What it adds to a role and takes from it.
    pub fn grants(&self) -> Grants {
        let of = |wanted: bool| {
            let fits = self.deeds.iter().filter(|(_, allowed)| *allowed == wanted);
            fits.map(|(deed, _)| deed.permission()).collect()
        };
        Grants { allowed: of(true), denied: of(false) }
    }

    /// What is taken from somebody of this role of what passes through streams.
    pub fn withheld(&self, role: Role) -> Vec<Deed> {
        let grants = self.grants();
        let taken = |deed: &Deed| !grants.permit(role, deed.permission());
        Deed::OF_STREAMS.into_iter().filter(taken).collect()
    }
}

/// The group by which somebody must have a second factor, if one says so. `groups` are given in the
/// order in which they decide.
pub fn second_factor_required_by<'a>(groups: &[&'a Group]) -> Option<&'a Group> {
    let said = groups.iter().find(|group| group.settings.second_factor.is_some());
    said.copied().filter(|group| group.settings.second_factor == Some(true))
}

/// Whether somebody of these groups, given in the order in which they decide, may have sessions on
/// these networks.
///
/// # Errors
/// `Forbidden`, with the group that says otherwise.
pub fn check_networks(groups: &[&Group], workspace: &str, networks: &Networks) -> Result<()> {
    let said = groups.iter().find_map(|group| Some((group, group.settings.networks.as_ref()?)));
    let Some((group, bounds)) = said else { return Ok(()) };
    let Some(missing) = bounds.missing(networks) else { return Ok(()) };
    Err(Error::forbidden(format!(
        "“{workspace}” has {missing}, and the group “{}” lets its members have only: {bounds}.",
        group.name
    ))
    .hint("An administrator can change what the group says, or the workspace."))
}

/// Every setting that holds for somebody, with who says so. `house` are the values of the
/// installation, as they are shown.
pub fn explain(groups: &[&Group], role: Role, house: &GroupSettings) -> Vec<Effective> {
    let mut all: Vec<Effective> = Vec::new();
    for (at, own) in form::shown(house).into_iter().enumerate() {
        let said = groups.iter().find_map(|group| {
            let value = form::shown(&group.settings).swap_remove(at).value;
            (!value.is_empty()).then(|| (value, Source::Group(group.name.clone())))
        });
        let (value, from) = said.unwrap_or((own.value, Source::Installation));
        let value = if value.is_empty() { own.otherwise.to_owned() } else { value };
        all.push(Effective { setting: own.name.to_owned(), value, from });
    }
    for deed in Deed::ALL {
        let said = groups.iter().find_map(|group| {
            let (_, allowed) = group.settings.deeds.iter().find(|(known, _)| *known == deed)?;
            Some((*allowed, group.name.clone()))
        });
        let by_role = role.permits(deed.permission());
        let (allowed, from) = match said {
            Some((allowed, name)) if role != Role::Administrator => (allowed, Source::Group(name)),
            _ => (by_role, Source::Role),
        };
        let value = if allowed { "Allowed" } else { "Not allowed" };
        all.push(Effective { setting: deed.label().to_owned(), value: value.to_owned(), from });
    }
    // What a workspace has in the place of one is not known here.
    all.extend(storage::given(&Beside::default(), groups).into_iter().map(|one| Effective {
        setting: format!("Volume at {}", one.volume.target),
        value: one.to_string(),
        from: Source::Group(one.group),
    }));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifetime::{Bound, Choice, EndAction};
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(0);

    fn group(id: &str, priority: i64, settings: GroupSettings) -> Group {
        Group {
            id: id.parse().unwrap(),
            name: id.to_uppercase(),
            description: String::new(),
            priority,
            settings,
            revision: 1,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    #[test]
    fn the_lowest_number_wins_setting_by_setting() {
        let idle = Choice::After(Bound { after_s: 600, action: EndAction::Stop });
        let strict = GroupSettings {
            sessions_per_user: Some(1),
            deeds: vec![(Deed::Delete, false)],
            ..GroupSettings::default()
        };
        let generous = GroupSettings {
            sessions_per_user: Some(9),
            cpu_millis: Some(4000),
            lifetime: Lifetime { idle, ..Lifetime::default() },
            deeds: vec![(Deed::Delete, true), (Deed::Terminal, true)],
            ..GroupSettings::default()
        };
        let (first, second) = (group("a", 10, strict), group("b", 20, generous));
        let order = in_order(vec![&second, &first]);
        let merged = merge(&order);
        assert_eq!((merged.sessions_per_user, merged.cpu_millis), (Some(1), Some(4000)));
        assert_eq!((merged.lifetime.idle, merged.memory_bytes), (idle, None));
        let grants = merged.grants();
        assert_eq!(grants.denied, [Permission::DeleteOwnSessions]);
        assert_eq!(grants.allowed, [Permission::OpenTerminals]);
    }

    #[test]
    fn what_passes_through_streams_is_taken_from_everybody_but_administrators() {
        let says = |deeds: &[(Deed, bool)]| GroupSettings {
            deeds: deeds.to_vec(),
            ..GroupSettings::default()
        };
        let near = group("a", 1, says(&[(Deed::Download, true), (Deed::ClipboardIn, false)]));
        let far = group("b", 2, says(&[(Deed::Download, false), (Deed::Upload, false)]));
        let merged = merge(&[&near, &far]);
        assert_eq!(merged.withheld(Role::User), [Deed::Upload, Deed::ClipboardIn]);
        assert_eq!(merged.withheld(Role::Administrator), []);
        assert_eq!(Merged::default().withheld(Role::User), []);
    }

    #[test]
    fn each_value_says_which_group_it_came_from() {
        let said = GroupSettings { sessions_per_user: Some(1), ..GroupSettings::default() };
        let open = GroupSettings { deeds: vec![(Deed::Terminal, true)], ..said.clone() };
        let (first, second) = (group("a", 1, said), group("b", 2, open));
        let house = GroupSettings { sessions_per_user: Some(5), ..GroupSettings::default() };
        let of = |role| {
            let all = explain(&[&first, &second], role, &house);
            move |setting: &str| {
                let one = all.iter().find(|one| one.setting == setting).unwrap();
                (one.value.clone(), one.from.clone())
            }
        };
        let user = of(Role::User);
        let group = |name: &str| Source::Group(name.to_owned());
        assert_eq!(user("Sessions at a time"), ("1".into(), group("A")));
        assert_eq!(user("Cores in all"), ("No limit".into(), Source::Installation));
        assert_eq!(user("When nobody looks"), ("Never".into(), Source::Installation));
        assert_eq!(user("May be extended by"), ("Not at all".into(), Source::Installation));
        assert_eq!(user("Open terminals in own sessions"), ("Allowed".into(), group("B")));
        assert_eq!(user("Create images of own sessions"), ("Not allowed".into(), Source::Role));
        let administrator = of(Role::Administrator);
        assert_eq!(
            administrator("Open terminals in own sessions"),
            ("Allowed".into(), Source::Role)
        );
    }

    #[test]
    fn a_second_factor_is_required_where_the_nearest_group_that_speaks_of_it_says_so() {
        let says = |second_factor| GroupSettings { second_factor, ..GroupSettings::default() };
        let (silent, lax) = (group("a", 1, says(None)), group("b", 2, says(Some(false))));
        let strict = group("c", 3, says(Some(true)));
        let by = |groups: &[&Group]| {
            let found = second_factor_required_by(groups).map(|group| group.id.clone());
            assert_eq!(found.is_some(), merge(groups).second_factor == Some(true));
            found
        };
        assert_eq!(by(&[&silent, &strict]), Some(strict.id.clone()));
        assert_eq!(by(&[&silent, &lax, &strict]), None);
        assert_eq!(by(&[&silent]), None);
        let of = |groups: &[&Group]| {
            let all = explain(groups, Role::Administrator, &GroupSettings::default());
            all.into_iter().find(|one| one.setting == "Second factor").unwrap()
        };
        let required = of(&[&silent, &strict]);
        assert_eq!(
            (required.value.as_str(), required.from),
            ("Required", Source::Group("C".into()))
        );
        let open = of(&[&silent]);
        assert_eq!((open.value.as_str(), open.from), ("Not required", Source::Installation));
    }

    #[test]
    fn what_a_group_says_is_told_and_nothing_else() {
        assert_eq!(GroupSettings::default().said(), Vec::<String>::new());
        let idle = Choice::After(Bound { after_s: 28_800, action: EndAction::Stop });
        let settings = GroupSettings {
            sessions_per_user: Some(0),
            lifetime: Lifetime { idle, extension_s: Some(3600), ..Lifetime::default() },
            deeds: vec![(Deed::Stop, false), (Deed::Terminal, true)],
            volumes: storage::parse_all("team:/srv/team:ro").unwrap(),
            ..GroupSettings::default()
        };
        assert_eq!(
            settings.said(),
            [
                "Sessions at a time: 0",
                "When nothing happens: Stop after 8 h",
                "May be extended by: 1 h",
                "Stop own sessions: not allowed",
                "Open terminals in own sessions: allowed",
                "Volume: team:/srv/team:ro",
            ]
        );
    }

    #[test]
    fn the_nearest_group_that_says_something_of_networks_decides_and_is_named() {
        let says = |text: &str| GroupSettings {
            networks: NetworkBounds::parse(text).unwrap(),
            ..GroupSettings::default()
        };
        let silent = group("silent", 1, GroupSettings::default());
        let (strict, open) = (group("strict", 2, says("internal")), group("open", 3, says("own")));
        let own = Networks::default();
        let refused = check_networks(&[&silent, &strict, &open], "Desk", &own).unwrap_err();
        for part in ["“Desk”", "with a way out", "“STRICT”", "only: internal."] {
            assert!(refused.message.contains(part), "{refused}");
        }
        assert!(check_networks(&[&silent, &open, &strict], "Desk", &own).is_ok());
        assert!(check_networks(&[&silent], "Desk", &own).is_ok());
    }

    #[test]
    fn built_in_groups_have_the_members_that_follow_from_the_role() {
        let of = |id: &str, role| group(id, 1, GroupSettings::default()).holds_by_role(role);
        assert!(of(EVERYBODY, Role::User) && of(EVERYBODY, Role::Administrator));
        assert!(of(ADMINISTRATORS, Role::Administrator) && !of(ADMINISTRATORS, Role::User));
        assert!(!of("team", Role::Administrator));
    }

    proptest! {
        #[test]
        fn what_a_nearer_group_says_is_never_changed_by_another(
            priorities in proptest::collection::vec((0i64..5, proptest::option::of(1i64..9)), 1..6)
        ) {
            let all: Vec<Group> = priorities
                .iter()
                .enumerate()
                .map(|(at, (priority, sessions_per_user))| {
                    let settings =
                        GroupSettings { sessions_per_user: *sessions_per_user, ..GroupSettings::default() };
                    group(&format!("g{at}"), *priority, settings)
                })
                .collect();
            let order = in_order(all.iter().collect());
            let expected = order.iter().find_map(|group| group.settings.sessions_per_user);
            prop_assert_eq!(merge(&order).sessions_per_user, expected);
        }
    }
}
