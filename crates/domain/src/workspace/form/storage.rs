//! The part of the form that says what stays when a session goes.

use super::WorkspaceForm;
use crate::{
    error::Problems,
    storage::{self, HomePath, Storage},
};

/// Where each user's one folder is, unless somebody says otherwise.
pub(super) const FOLDER: &str = "/srv/own";

impl WorkspaceForm {
    /// What is kept, as far as it can be read.
    pub(crate) fn storage(&self, problems: &mut Problems) -> Storage {
        let usual = Storage::default();
        let home = match self.home.trim() {
            "" => Ok(usual.home.clone()),
            home => storage::check_target(home),
        };
        let home = problems.take("home", home, usual.home);
        let profile_path = match self.profile_path.trim() {
            path if self.profile.is_empty() || path.is_empty() => Ok(None),
            path => HomePath::parse(path).map(Some),
        };
        let folder = match self.folder_at.trim() {
            _ if self.folder.is_empty() => Ok(None),
            "" => Ok(Some(FOLDER.to_owned())),
            at => storage::check_target(at).map(Some),
        };
        let folder = problems.take("folder_at", folder, None);
        let kept = (!self.profile.is_empty()).then_some(home.as_str());
        if folder.is_some() && folder.as_deref() == kept {
            problems.add("folder_at", format!("The home directory is kept at `{home}` already."));
        }
        let volumes = storage::parse_all(&self.volumes).and_then(|all| {
            let at = |place: Option<&str>| all.iter().find(|one| place == Some(&one.target));
            match (at(kept), at(folder.as_deref())) {
                (Some(one), _) => {
                    Err(format!("The home directory is kept at `{}` already.", one.target))
                }
                (None, Some(one)) => {
                    Err(format!("Each user's own folder is at `{}` already.", one.target))
                }
                (None, None) => Ok(all),
            }
        });
        Storage {
            profile: !self.profile.is_empty(),
            profile_path: problems.take("profile_path", profile_path, None),
            volumes: problems.take("volumes", volumes, Vec::new()),
            folder,
            home,
        }
    }
}
