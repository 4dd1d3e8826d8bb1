//! A directory of the engine's host in which each user's home is kept, in place of a volume.

use super::{Mapping, Owner};
use serde::{Deserialize, Serialize};

const WORKSPACE: &str = "{workspace}";

/// Where homes are on the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomePath {
    /// With `{username}` or `{user_id}` in it, and perhaps `{workspace}`.
    pub path: String,
    /// Whose a home is that is made; without, it must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
}

impl std::fmt::Display for HomePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path)?;
        match self.owner {
            Some(Owner { uid, gid }) => write!(f, ":uid={uid},gid={gid}"),
            None => Ok(()),
        }
    }
}

impl HomePath {
    /// Reads `/srv/homes/{username}/{workspace}`, with `:uid=1000,gid=1000` behind it or without.
    ///
    /// # Errors
    /// How to write one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (path, options) = text.trim().split_once(':').unwrap_or((text.trim(), ""));
        let mapping = Mapping::parse(&format!("{path}:/home:{options}"))?;
        if !mapping.is_host() {
            return Err(format!(
                "`{path}` is no path of the host, such as `/srv/homes/{{user_id}}/{WORKSPACE}`. Leave it empty to keep homes in volumes of the engine."
            ));
        }
        if !mapping.is_personal() {
            return Err(format!(
                "`{path}` would be everybody's home: put {{user_id}} or {{username}} into it."
            ));
        }
        if mapping.read_only || mapping.optional {
            return Err(
                "A home is there, and is written: only uid=… and gid=… are said of it.".into()
            );
        }
        Ok(Self { path: mapping.name, owner: mapping.owner })
    }

    /// What is mounted, where the image has its home.
    pub fn mapping(&self, home: &str) -> Mapping {
        Mapping {
            name: self.path.clone(),
            target: home.to_owned(),
            read_only: false,
            owner: self.owner,
            optional: false,
        }
    }

    /// Whether each workspace has homes of its own there, by a part of the path that is its id.
    pub fn is_of_workspace(&self) -> bool {
        self.path.split('/').any(|part| part == WORKSPACE)
    }

    /// Whether a home may be the same directory as another one on the host, whoever has them. In
    /// `another_workspace` its id tells them apart.
    pub(super) fn may_be(&self, directory: &str, another_workspace: bool) -> bool {
        let parts = |path: &'_ str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
        let (own, others) = (parts(&self.path), parts(directory));
        let is_open = |part: &str| part.contains('{');
        let told_apart = |(one, other): (&String, &String)| {
            another_workspace && one == other && one == WORKSPACE
        };
        let may_be =
            |(one, other): (&String, &String)| one == other || is_open(one) || is_open(other);
        own.len() == others.len()
            && own.iter().zip(&others).all(may_be)
            && !own.iter().zip(&others).any(told_apart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> HomePath {
        HomePath::parse(text).unwrap()
    }

    #[test]
    fn a_path_survives_being_written_and_read() {
        for good in ["/srv/homes/{user_id}", "/srv/{workspace}/x-{username}:uid=1000,gid=100"] {
            assert_eq!(path(good).to_string(), good);
        }
        assert_eq!(path(" /srv/{username}:uid=5 ").owner, Some(Owner { uid: 5, gid: 5 }));
    }

    #[test]
    fn what_cannot_be_each_users_own_home_is_refused() {
        for (bad, why) in [
            ("homes-{user_id}", "no path of the host"),
            ("/srv/homes", "everybody's home"),
            ("/srv/{workspace}", "everybody's home"),
            ("/srv/../{user_id}", "no path of the host"),
            ("/srv/{user_id}/", "no path of the host"),
            ("/srv/{user_id}:ro", "is written"),
            ("/srv/{user_id}:optional", "is there"),
            ("/srv/{user_id}:/home", "no option"),
            ("/srv/{user_id}:uid=1:x", "write `name:/path`"),
        ] {
            let told = HomePath::parse(bad).unwrap_err();
            assert!(told.contains(why), "{bad}: {told}");
        }
    }

    #[test]
    fn two_workspaces_have_the_same_home_unless_their_id_tells_them_apart() {
        for (one, other) in [
            ("/srv/{username}", "/srv/{username}"),
            ("/srv/{username}", "/srv/{user_id}"),
            ("/srv/{username}/{workspace}", "/srv/{username}/desk"),
            ("/srv/{username}/{workspace}", "/srv/{workspace}/{username}"),
        ] {
            assert!(path(one).may_be(other, true), "{one} and {other}");
        }
        for (one, other) in [
            ("/srv/{username}/{workspace}", "/srv/{username}/{workspace}"),
            ("/srv/{workspace}/{username}", "/srv/{workspace}/{user_id}"),
            ("/srv/{username}", "/srv/{username}/desk"),
            ("/srv/a/{username}", "/srv/b/{username}"),
        ] {
            assert!(!path(one).may_be(other, true), "{one} and {other}");
        }
    }

    #[test]
    fn a_copy_keeps_the_path_only_where_its_homes_are_told_apart() {
        for (text, is_told) in [
            ("/srv/{username}/{workspace}", true),
            ("/srv/{workspace}/x-{user_id}", true),
            ("/srv/{username}-{workspace}", false),
            ("/srv/{username}", false),
        ] {
            assert_eq!(path(text).is_of_workspace(), is_told, "{text}");
            assert_eq!(!path(text).may_be(text, true), is_told, "{text}");
            assert!(path(text).may_be(text, false), "within one workspace: {text}");
        }
    }
}
