//! Volumes that groups give their members, beside what a workspace has of its own.
//!
//! Unlike other settings they are not decided one by one: a session has those of all groups. Where two
//! cannot both be, what the workspace has stays, and of groups the lower number.

use super::{Mapping, nesting::clash};
use crate::{
    group::Group,
    launch_form::{Field, Target},
    path::is_below,
    workspace::Definition,
};

/// A place in the container, and by what it is taken.
#[derive(Debug, Clone)]
struct Place {
    at: String,
    what: &'static str,
    /// Whether the engine can make nothing in it, where something else would be mounted.
    read_only: bool,
    /// Whether something may be mounted on it all the same, as long as it is not hidden by what lies
    /// above it.
    is_free: bool,
}

/// What a session has already, with which nothing of a group may collide.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    places: Vec<Place>,
    directories: Vec<Mapping>,
    /// Paths of files that the launch puts in.
    files: Vec<String>,
    /// Whether the root is only read, so that no volume can be given to somebody.
    read_only: bool,
}

impl Beside {
    /// What sessions of a workspace have. A trial leaves the place of the home alone, and so does a
    /// session without the home that is kept.
    pub fn of(definition: &Definition, is_trial: bool) -> Self {
        let storage = &definition.storage;
        let options = &definition.confinement.options;
        let place =
            |at: &str, what| Place { at: at.to_owned(), what, read_only: false, is_free: false };
        let home = Place {
            is_free: !storage.profile && !is_trial,
            ..place(&storage.home, "the home directory")
        };
        let folder = storage.folder.as_deref().map(|at| place(at, "each user's own folder"));
        let volumes = storage.volumes.iter().map(|one| Place {
            read_only: one.read_only,
            ..place(&one.target, "a volume of the workspace")
        });
        let memory = options.tmpfs.iter();
        let memory = memory.map(|one| place(&one.target, "a directory in memory"));
        Self {
            places: [home].into_iter().chain(folder).chain(volumes).chain(memory).collect(),
            directories: storage.directories(),
            files: definition.launch_form.iter().filter_map(path).collect(),
            read_only: options.read_only,
        }
    }

    /// Why a volume cannot be beside it.
    fn obstacle(&self, volume: &Mapping) -> Option<String> {
        let target = &volume.target;
        let is_taken = |place: &&Place| {
            let on_it = place.at == *target && !place.is_free;
            on_it || is_below(&place.at, target) || (place.read_only && is_below(target, &place.at))
        };
        if let Some(Place { at, what, .. }) = self.places.iter().find(is_taken) {
            let how = if is_below(target, at) { ", which is only read" } else { "" };
            return Some(format!("{what} is at `{at}`{how}"));
        }
        if let Some(other) = self.directories.iter().find(|other| clash(volume, other)) {
            return Some(format!("the workspace has `{}`, and one lies in the other", other.name));
        }
        let below = |file: &&String| **file == *target || is_below(file, target);
        if let Some(file) = self.files.iter().find(below) {
            return Some(format!("the launch puts `{file}` there"));
        }
        let owned = self.read_only && volume.owner.is_some() && !volume.is_host();
        owned.then(|| "it is to belong to somebody, and the root is only read".to_owned())
    }
}

/// The path of the file that takes an answer, if a file does.
fn path(field: &Field) -> Option<String> {
    match &field.target {
        Target::File(path) => Some(path.clone()),
        Target::Variable(_) => None,
    }
}

/// A volume of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub group: String,
    pub volume: Mapping,
    /// Why it is not mounted, if it is not.
    pub left_out: Option<String>,
}

impl std::fmt::Display for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.volume)?;
        match &self.left_out {
            Some(why) => write!(f, " (not mounted: {why})"),
            None => Ok(()),
        }
    }
}

/// The volumes of groups, which are given in the order in which they decide.
pub fn given(beside: &Beside, groups: &[&Group]) -> Vec<Given> {
    let mut all: Vec<Given> = Vec::new();
    for group in groups {
        for volume in &group.settings.volumes {
            let nearer = all.iter().filter(|one| one.left_out.is_none()).find_map(|one| {
                let (name, other) = (&one.group, &one.volume);
                // Above it would hide it; and the engine makes no place in what is only read.
                let is_taken = other.target == volume.target
                    || is_below(&other.target, &volume.target)
                    || (other.read_only && is_below(&volume.target, &other.target));
                if is_taken {
                    return Some(format!("“{name}” has `{}` at `{}`", other.name, other.target));
                }
                let clashes = clash(volume, other);
                clashes.then(|| format!("“{name}” has `{}`, and one lies in the other", other.name))
            });
            all.push(Given {
                group: group.name.clone(),
                volume: volume.clone(),
                left_out: beside.obstacle(volume).or(nearer),
            });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{super::parse_all, *};
    use crate::{Timestamp, group::GroupSettings, workspace::WorkspaceForm};

    fn group(name: &str, priority: i64, volumes: &str) -> Group {
        let volumes = parse_all(volumes).unwrap();
        Group {
            id: name.to_lowercase().parse().unwrap(),
            name: name.to_owned(),
            description: String::new(),
            priority,
            settings: GroupSettings { volumes, ..GroupSettings::default() },
            revision: 1,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    fn told(beside: &Beside, groups: &[&Group]) -> Vec<String> {
        given(beside, groups).iter().map(|one| format!("{}: {one}", one.group)).collect()
    }

    fn beside(form: WorkspaceForm, is_trial: bool) -> Beside {
        let form = WorkspaceForm { name: "A".into(), image: "a:1".into(), ..form };
        Beside::of(&form.check().unwrap(), is_trial)
    }

    #[test]
    fn all_groups_give_theirs_and_the_lower_number_keeps_its_place() {
        let near = group("Near", 1, "team:/srv/team\n/srv/data:/data");
        let far = group("Far", 2, "all:/srv/all\nother:/srv/team:ro\n/srv/data/x:/x\n/srv/more:/y");
        assert_eq!(
            told(&Beside::default(), &[&near, &far]),
            [
                "Near: team:/srv/team",
                "Near: /srv/data:/data",
                "Far: all:/srv/all",
                "Far: other:/srv/team:ro (not mounted: “Near” has `team` at `/srv/team`)",
                "Far: /srv/data/x:/x (not mounted: “Near” has `/srv/data`, and one lies in the other)",
                "Far: /srv/more:/y",
            ]
        );
    }

    #[test]
    fn what_the_workspace_has_stays_as_it_is() {
        let form = WorkspaceForm {
            profile: "on".into(),
            folder: "on".into(),
            volumes: "own:/srv/team\n/srv/data:/d:ro\n/srv/w:/w".into(),
            launch_form: "Token\n to: /srv/keys/token\n kind: secret".into(),
            ..WorkspaceForm::default()
        };
        let beside = beside(form, false);
        let mine = group(
            "Mine",
            1,
            "a:/home/user\nb:/srv/own\nc:/srv/team\n/srv/w/x:/x\n/srv/data/y:/y\nd:/srv/keys\ne:/srv\nf:/srv/k",
        );
        let told = told(&beside, &[&mine]);
        let why = |at: usize| told[at].split_once(" (not mounted: ").map(|(_, why)| why.to_owned());
        assert_eq!(why(0).unwrap(), "the home directory is at `/home/user`)");
        assert_eq!(why(1).unwrap(), "each user's own folder is at `/srv/own`)");
        assert_eq!(why(2).unwrap(), "a volume of the workspace is at `/srv/team`)");
        assert_eq!(why(3).unwrap(), "the workspace has `/srv/w`, and one lies in the other)");
        // That would be written, and what is in it is mounted of it.
        assert_eq!(why(4), None, "what is read by the workspace lets others be mounted of it");
        assert_eq!(why(5).unwrap(), "the launch puts `/srv/keys/token` there)");
        assert_eq!(why(6).unwrap(), "each user's own folder is at `/srv/own`)");
        assert_eq!(why(7), None);
    }

    #[test]
    fn nothing_is_hidden_and_nothing_is_mounted_in_what_is_only_read() {
        let form = WorkspaceForm {
            folder: "on".into(),
            volumes: "ref:/ref:ro\ndata:/data".into(),
            ..WorkspaceForm::default()
        };
        let beside = beside(form, false);
        let near = group(
            "Near",
            1,
            "a:/srv:ro\nb:/home\nf:/home/user\nc:/home/user/team\nd:/ref/x\ne:/data/x\ng:/srv/own/x\nh:/srv2\ni:/all/in:ro",
        );
        let far = group("Far", 2, "j:/all\nk:/all/in/x\nl:/srv2/x\nm:/data/x/y");
        let told = told(&beside, &[&near, &far]);
        let why = |at: usize| told[at].split_once(" (not mounted: ").map(|(_, why)| why.to_owned());
        assert_eq!(why(0).unwrap(), "each user's own folder is at `/srv/own`)");
        assert_eq!(why(1).unwrap(), "the home directory is at `/home/user`)", "kept or not");
        assert_eq!(why(4).unwrap(), "a volume of the workspace is at `/ref`, which is only read)");
        assert_eq!(why(9).unwrap(), "“Near” has `i` at `/all/in`)");
        assert_eq!(why(10).unwrap(), "“Near” has `i` at `/all/in`)");
        for at in [2, 3, 5, 6, 7, 8, 11, 12] {
            assert_eq!(why(at), None, "{}", told[at]);
        }
    }

    #[test]
    fn a_trial_has_no_home_and_a_read_only_root_gives_nothing_away() {
        let home = group("Homes", 1, "home-{user_id}:/home/user");
        assert_eq!(told(&beside(WorkspaceForm::default(), false), &[&home]).len(), 1);
        let tried = told(&beside(WorkspaceForm::default(), true), &[&home]);
        assert!(tried[0].contains("not mounted: the home directory"), "{tried:?}");
        let mut form = WorkspaceForm::default();
        form.confinement.read_only = "on".into();
        form.confinement.tmpfs = "/scratch".into();
        let owned = group("Owned", 1, "a:/a:uid=1\nb:/b\nc:/scratch");
        let told = told(&beside(form, false), &[&owned]);
        assert!(told[0].contains("only read") && !told[1].contains("not mounted"), "{told:?}");
        assert!(told[2].contains("in memory"), "{told:?}");
    }
}
