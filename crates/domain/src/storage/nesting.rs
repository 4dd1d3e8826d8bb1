//! Directories of the host that lie in one another.
//!
//! Whoever may write into a directory may put a link in the place of one that is in it, after that was
//! looked at and before the engine mounts it. So nothing is mounted of a directory that sessions write.

use super::Mapping;
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
#[derive(Clone, Copy)]
struct Side<'a> {
    name: Option<&'a str>,
    volumes: &'a [Mapping],
}

impl Side<'_> {
    fn sessions(self) -> String {
        match self.name {
            None => "sessions of this workspace".to_owned(),
            Some(name) => format!("sessions of “{name}”"),
        }
    }

    fn owned(self) -> String {
        self.name.map_or_else(String::new, |name| format!(" of “{name}”"))
    }
}

fn problem(inner: Side, outer: Side) -> Option<String> {
    let inners = || inner.volumes.iter().filter(|one| one.is_host());
    let mut written = outer.volumes.iter().filter(|one| one.is_host() && !one.read_only);
    written.find_map(|outside| {
        let inside = inners().find(|one| may_lie_below(&one.name, &outside.name))?;
        Some(format!(
            "`{}`{} lies in `{}`, which {} may write: they could put a link in its place. Let that only be read, with `ro`, or mount directories that do not lie in one another.",
            inside.name,
            inner.owned(),
            outside.name,
            outer.sessions(),
        ))
    })
}

/// Whether the directories of the host that a workspace has lie beside each other and beside those of
/// other workspaces, each with its name, where sessions write into them.
///
/// # Errors
/// `Invalid` at `volumes`, with the other workspace.
pub fn check_nesting(own: &[Mapping], others: &[(&str, &[Mapping])]) -> Result<()> {
    let here = Side { name: None, volumes: own };
    let there = others.iter().map(|(name, volumes)| Side { name: Some(name), volumes });
    let found = problem(here, here).or_else(|| {
        let mut there = there;
        there.find_map(|there| problem(here, there).or_else(|| problem(there, here)))
    });
    found.map_or(Ok(()), |why| Err(Error::at("volumes", why)))
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
        let checked = check_nesting(&own, &[("Quiet", &[]), ("Other", &other)]);
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
