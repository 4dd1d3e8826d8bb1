//! Directories of the host that lie in one another.
//!
//! Whoever may write into a directory may put a link in the place of one that is in it, after that was
//! looked at and before the engine mounts it. So nothing is mounted of a directory that sessions write.
//! And whoever begins his home anew has all removed that is in it, so nothing else is mounted there.

use super::{HomePath, Mapping, Storage};
use crate::{Error, Result};

/// Whether a path of the host may lie below another, whoever launches whichever workspace. A token
/// stands for one part of a path, or for some of it, and that may be called anything.
fn may_lie_below(inner: &str, outer: &str) -> bool {
    let parts = |path: &'_ str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let (inner, outer) = (parts(inner), parts(outer));
    let is_open = |part: &str| part.contains('{');
    let may_be = |(one, other): (&String, &String)| one == other || is_open(one) || is_open(other);
    inner.len() > outer.len() && inner.iter().zip(&outer).all(may_be)
}

/// Whose directories are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    ThisWorkspace,
    ThisGroup,
    Workspace(&'a str),
    Group(&'a str),
}

impl Whose<'_> {
    fn writers(self) -> String {
        match self {
            Self::ThisWorkspace => "sessions of this workspace".to_owned(),
            Self::ThisGroup => "sessions of this group's members".to_owned(),
            Self::Workspace(name) => format!("sessions of “{name}”"),
            Self::Group(name) => format!("sessions of members of the group “{name}”"),
        }
    }

    fn owned(self) -> String {
        match self {
            Self::ThisWorkspace | Self::ThisGroup => String::new(),
            Self::Workspace(name) => format!(" of “{name}”"),
            Self::Group(name) => format!(" of the group “{name}”"),
        }
    }
}

/// The directories of the host that somebody's sessions have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side<'a> {
    whose: Whose<'a>,
    home: Option<&'a HomePath>,
    /// Each with the field of the form by which it is there.
    directories: Vec<(Mapping, &'static str)>,
}

impl<'a> Side<'a> {
    pub fn of_workspace(whose: Whose<'a>, storage: &'a Storage) -> Self {
        let directories = storage.directories().into_iter();
        let directories = directories.map(|one| {
            let field = storage.field_of(&one);
            (one, field)
        });
        Self { whose, home: storage.home_path(), directories: directories.collect() }
    }

    pub fn of_group(whose: Whose<'a>, volumes: &[Mapping]) -> Self {
        let hosts = volumes.iter().filter(|one| one.is_host());
        let directories = hosts.map(|one| (one.clone(), "volumes")).collect();
        Self { whose, home: None, directories }
    }

    pub fn is_empty(&self) -> bool {
        self.directories.is_empty()
    }
}

/// Whether a directory lies in another one that sessions write.
fn lies_in_written(inner: &Mapping, outer: &Mapping) -> bool {
    !outer.read_only && may_lie_below(&inner.name, &outer.name)
}

/// Whether two directories of the host cannot be in the same session, or in any two.
pub(super) fn clash(one: &Mapping, other: &Mapping) -> bool {
    let hosts = one.is_host() && other.is_host();
    hosts && (lies_in_written(one, other) || lies_in_written(other, one))
}

/// What of one side lies in what the other one writes: the two fields, and why that cannot be.
fn problem(inner: &Side, outer: &Side) -> Option<(&'static str, &'static str, String)> {
    outer.directories.iter().find_map(|(outside, out)| {
        let mut directories = inner.directories.iter();
        let (inside, within) = directories.find(|(one, _)| lies_in_written(one, outside))?;
        let why = format!(
            "`{}`{} lies in `{}`, which {} may write: they could put a link in its place. Let that only be read, with `ro`, or mount directories that do not lie in one another.",
            inside.name,
            inner.whose.owned(),
            outside.name,
            outer.whose.writers(),
        );
        Some((*within, *out, why))
    })
}

/// Why homes of two workspaces cannot be where they say: they may be the same ones, and programs of one
/// session at a time expect a home of their own.
fn same_home(own: &Side, other: &Side) -> Option<String> {
    let (home, others) = (own.home?, other.home?);
    let Whose::Workspace(name) = other.whose else { return None };
    home.may_be(&others.path, true).then(|| {
        format!(
            "“{name}” keeps homes in `{}`, which may be the same directories. Let {{workspace}} be a part of both paths at the same place.",
            others.path
        )
    })
}

/// What one side has of the host that may be a home of the other, or of the same one: its field, and
/// why that cannot be.
fn in_a_home(homes: &Side, held: &Side) -> Option<(&'static str, String)> {
    let home = homes.home?;
    let two = matches!(
        (homes.whose, held.whose),
        (Whose::ThisWorkspace, Whose::Workspace(_)) | (Whose::Workspace(_), Whose::ThisWorkspace)
    );
    let mut volumes = held.directories.iter().filter(|(_, field)| *field == "volumes");
    let (volume, field) = volumes.find(|(one, _)| home.may_be(&one.name, two))?;
    let why = format!(
        "`{}`{} may be one of the homes{} in `{}`: whoever begins his home anew would delete what is there. Let homes be where nothing else is mounted.",
        volume.name,
        held.whose.owned(),
        homes.whose.owned(),
        home.path,
    );
    Some((*field, why))
}

/// Whether the directories of the host that a workspace or a group has lie beside each other and
/// beside those of others, where sessions write into them, and whether no two workspaces share homes
/// and nothing else is mounted where a home is.
///
/// # Errors
/// `Invalid` at the directory's field, with the other workspace or group.
pub fn check_nesting(own: &Side, others: &[Side]) -> Result<()> {
    let inside = |other: &Side| problem(own, other).map(|(field, _, why)| (field, why));
    let around = |other: &Side| problem(other, own).map(|(_, field, why)| (field, why));
    let home = |other: &Side| {
        let same = same_home(own, other).map(|why| ("profile_path", why));
        let theirs = || in_a_home(own, other).map(|(_, why)| ("profile_path", why));
        same.or_else(theirs).or_else(|| in_a_home(other, own))
    };
    let found = inside(own).or_else(|| home(own)).or_else(|| {
        let mut others = others.iter();
        others.find_map(|there| inside(there).or_else(|| around(there)).or_else(|| home(there)))
    });
    found.map_or(Ok(()), |(field, why)| Err(Error::at(field, why)))
}

#[cfg(test)]
mod tests {
    use super::{super::parse_all, *};

    #[test]
    fn a_path_lies_below_another_if_it_may_for_anybody() {
        for (inner, outer) in [
            ("/srv/data/x", "/srv/data"),
            ("/srv/data/x/y", "/srv/data"),
            ("/srv/homes/{username}/work", "/srv/homes/{username}"),
            ("/srv/homes/ada/work", "/srv/homes/{username}"),
            ("/srv/homes/{username}/work", "/srv/homes/ada"),
            ("/srv/homes/{username}/work", "/srv/{workspace}"),
            ("/srv/x-{username}/work", "/srv/x-ada"),
        ] {
            assert!(may_lie_below(inner, outer), "{inner} in {outer}");
            assert!(!may_lie_below(outer, inner), "{outer} in {inner}");
        }
        for (one, other) in [
            ("/srv/data", "/srv/data"),
            ("/srv/database/x", "/srv/data"),
            ("/srv/homes/{username}", "/srv/homes/{user_id}"),
            ("/srv/{username}/work", "/mnt/{username}"),
            ("/srv/homes/{username}", "/srv/data"),
        ] {
            assert!(!may_lie_below(one, other), "{one} in {other}");
            assert!(!may_lie_below(other, one), "{other} in {one}");
        }
    }

    fn told(own: &str, other: &str) -> Option<String> {
        let (own, other) = (parse_all(own).unwrap(), parse_all(other).unwrap());
        let with = |volumes: Vec<Mapping>| Storage { volumes, ..Storage::default() };
        let (own, other, quiet) = (with(own), with(other), Storage::default());
        let quiet = Side::of_workspace(Whose::Workspace("Quiet"), &quiet);
        let other = Side::of_workspace(Whose::Workspace("Other"), &other);
        let own = Side::of_workspace(Whose::ThisWorkspace, &own);
        let checked = check_nesting(&own, &[quiet, other]);
        checked.err().map(|error| error.problem_at("volumes").unwrap().to_owned())
    }

    #[test]
    fn nothing_is_mounted_of_a_directory_that_sessions_write() {
        let why = told("/srv/data:/a\n/srv/data/x:/b:ro", "").unwrap();
        assert!(why.contains("sessions of this workspace may write"), "{why}");
        let why = told("/srv/data/x:/a:ro", "/srv/data:/a").unwrap();
        assert!(why.contains("which sessions of “Other” may write"), "{why}");
        let why = told("/srv/{username}:/a", "/srv/data/x:/a:ro").unwrap();
        assert!(why.starts_with("`/srv/data/x` of “Other” lies in `/srv/{username}`"), "{why}");
    }

    #[test]
    fn a_group_is_told_as_one() {
        let (own, other) =
            (parse_all("/srv/data:/a").unwrap(), parse_all("/srv/data/x:/a").unwrap());
        let group = Side::of_group(Whose::ThisGroup, &own);
        let why = |own: &Side, other: Side| check_nesting(own, &[other]).unwrap_err().to_string();
        let told = why(&group, Side::of_group(Whose::Group("Team"), &other));
        assert!(told.contains("`/srv/data/x` of the group “Team” lies in `/srv/data`"), "{told}");
        assert!(told.contains("sessions of this group's members may write"), "{told}");
        let told = why(
            &Side::of_group(Whose::ThisGroup, &other),
            Side::of_group(Whose::Group("Team"), &own),
        );
        assert!(told.contains("sessions of members of the group “Team” may write"), "{told}");
    }

    #[test]
    fn homes_on_the_host_are_looked_at_too_and_belong_to_one_workspace() {
        let keeping = |path: &str, volumes: &str| Storage {
            profile: true,
            profile_path: Some(HomePath::parse(path).unwrap()),
            volumes: parse_all(volumes).unwrap(),
            ..Storage::default()
        };
        let told = |own: &Storage, other: &Storage| {
            let other = Side::of_workspace(Whose::Workspace("Other"), other);
            let own = Side::of_workspace(Whose::ThisWorkspace, own);
            let error = check_nesting(&own, &[other]).err()?;
            Some((error.fields[0].field.clone(), error.fields[0].message.clone()))
        };
        let homes = keeping("/srv/homes/{username}", "");
        let (field, why) = told(&homes, &homes).unwrap();
        assert!(field == "profile_path" && why.contains("“Other” keeps homes in"), "{why}");
        let apart = keeping("/srv/homes/{username}/{workspace}", "");
        assert_eq!(told(&apart, &apart), None);
        // One would be a part of the other's home.
        let (field, why) = told(&apart, &homes).unwrap();
        assert!(field == "profile_path" && why.contains("sessions of “Other” may write"), "{why}");
        let (field, _) = told(&homes, &apart).unwrap();
        assert_eq!(field, "profile_path");
        let own = keeping("/srv/homes/{username}", "/srv/homes/ada/x:/x");
        let (field, why) = told(&own, &Storage::default()).unwrap();
        assert!(field == "volumes" && why.contains("sessions of this workspace"), "{why}");
        let reads =
            Storage { volumes: parse_all("/srv/homes:/all:ro").unwrap(), ..Storage::default() };
        assert_eq!(told(&homes, &reads), None, "what is only read may hold them");
    }

    #[test]
    fn nothing_else_is_mounted_where_a_home_may_be() {
        let keeping = |path: &str, volumes: &str| Storage {
            profile: !path.is_empty(),
            profile_path: (!path.is_empty()).then(|| HomePath::parse(path).unwrap()),
            volumes: parse_all(volumes).unwrap(),
            ..Storage::default()
        };
        let told = |own: &Side, others: &[Side]| {
            let error = check_nesting(own, others).err()?;
            Some((error.fields[0].field.clone(), error.fields[0].message.clone()))
        };
        let homes = keeping("/srv/homes/{username}", "");
        let kept = Side::of_workspace(Whose::ThisWorkspace, &homes);
        for volume in ["/srv/homes/shared:/x", "/srv/homes/{user_id}:/x", "/srv/homes/shared:/x:ro"]
        {
            let both = keeping("/srv/homes/{username}", volume);
            let (field, why) = told(&Side::of_workspace(Whose::ThisWorkspace, &both), &[]).unwrap();
            assert!(field == "profile_path" && why.contains("may be one of the homes in"), "{why}");

            let has = keeping("", volume);
            let other = Side::of_workspace(Whose::Workspace("Other"), &has);
            let (field, why) = told(&kept, &[other]).unwrap();
            assert!(field == "profile_path" && why.contains("` of “Other” may be"), "{why}");
            let own = Side::of_workspace(Whose::ThisWorkspace, &has);
            let keeps = Side::of_workspace(Whose::Workspace("Desk"), &homes);
            let (field, why) = told(&own, std::slice::from_ref(&keeps)).unwrap();
            assert!(field == "volumes" && why.contains("one of the homes of “Desk”"), "{why}");

            let team = Side::of_group(Whose::Group("Team"), &has.volumes);
            let (field, why) = told(&kept, &[team]).unwrap();
            assert!(field == "profile_path" && why.contains("of the group “Team”"), "{why}");
            let (field, _) =
                told(&Side::of_group(Whose::ThisGroup, &has.volumes), &[keeps]).unwrap();
            assert_eq!(field, "volumes");
        }
        // The id of a workspace tells two of them apart, and says nothing of one and its groups.
        let apart = keeping("/srv/{username}/{workspace}", "");
        let apart = Side::of_workspace(Whose::ThisWorkspace, &apart);
        let same = keeping("", "/srv/{username}/{workspace}:/x");
        assert_eq!(told(&apart, &[Side::of_workspace(Whose::Workspace("B"), &same)]), None);
        assert!(told(&apart, &[Side::of_group(Whose::Group("Team"), &same.volumes)]).is_some());
        let beside = keeping(
            "",
            "/srv/data/shared:/x
/srv/homes:/all:ro",
        );
        assert_eq!(told(&kept, &[Side::of_workspace(Whose::Workspace("B"), &beside)]), None);
    }

    #[test]
    fn what_is_only_read_what_lies_beside_and_what_is_no_directory_of_the_host_is_free() {
        for (own, other) in [
            ("/srv/data:/a:ro\n/srv/data/x:/b", ""),
            ("/srv/data/x:/a", "/srv/data:/a:ro"),
            ("/srv/data:/a", "/srv/data:/b"),
            ("/srv/homes/{username}:/a", "/srv/homes/ada:/b"),
            ("/srv/data/x:/a", "data:/a\nsrv:/b"),
        ] {
            assert_eq!(told(own, other), None, "{own} beside {other}");
        }
    }
}
