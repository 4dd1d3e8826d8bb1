//! Workspace definitions: what can be launched, and how it is reached.

mod catalog;
mod exchange;
mod form;
mod link;

pub use catalog::{Catalog, CatalogEntry, CatalogLook, MOST_ENTRIES};
pub use exchange::{
    DefinitionEntry, DefinitionFate, DefinitionsReport, FieldChange, ImportedDefinitions,
};
pub use form::{NAME_LONGEST, WorkspaceForm, check_name};
pub(crate) use form::{on_lines, tick};
pub use link::{KIND as LINK_KIND, Link, no_image};

use crate::{
    Error, GroupId, RegistryId, Timestamp, WorkspaceId, commands::Commands,
    confinement::Confinement, contract::Contract, icon::Icon, image::ImageRef, launch_form,
    lifetime::Lifetime, storage::Storage,
};
use serde::{Deserialize, Serialize};

/// What an administrator decides about a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    pub name: String,
    pub description: String,
    pub icon: Icon,
    /// The first one is printed on the tile.
    pub categories: Vec<String>,
    /// What a launch runs. To be asked through [`Workspace::source`], because a link has none.
    #[serde(deserialize_with = "link::image")]
    pub image: ImageRef,
    /// The address that its tile opens. A workspace with one is a link: it launches nothing.
    #[serde(default)]
    pub link: Option<Link>,
    /// The stored registry whose credentials the image is pulled with; `None` for the one that its
    /// name leads to.
    pub registry: Option<RegistryId>,
    pub contract: Contract,
    pub environment: Vec<(String, String)>,
    pub cpu_millis: i64,
    pub memory_bytes: i64,
    pub shm_bytes: i64,
    pub pids: i64,
    /// Most sessions of it at a time, whoever's; `None` is no limit.
    pub sessions_limit: Option<i64>,
    /// What is run inside its sessions without anybody typing it.
    pub commands: Commands,
    /// What is asked for at launch.
    pub launch_form: Vec<launch_form::Field>,
    /// When its sessions end by themselves.
    pub lifetime: Lifetime,
    /// What stays when they do.
    pub storage: Storage,
    /// How the engine confines them.
    pub confinement: Confinement,
    /// Whose members may launch it.
    pub groups: Vec<GroupId>,
    /// Off: nobody can launch it.
    pub enabled: bool,
    /// No tile; administrators still see it in the list.
    pub hidden: bool,
    /// For administrators only.
    pub notes: String,
}

/// A stored workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workspace {
    pub id: WorkspaceId,
    pub definition: Definition,
    /// Somebody has rolled it back.
    pub pin: Option<Pin>,
    /// The workspace that it is a [trial](crate::trial) of.
    pub trial_of: Option<WorkspaceId>,
    /// Counted up by each change, so that two editors cannot overwrite each other unseen.
    pub revision: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Workspace {
    /// What it launches; `None` for a link, which launches nothing.
    pub fn source(&self) -> Option<Source> {
        let definition = &self.definition;
        let runs = definition.link.is_none();
        runs.then(|| Source { image: definition.image.clone(), pin: self.pin.clone() })
    }
}

/// An earlier image that launches use in place of what the reference means now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Number of the [revision](crate::revision) that it is of.
    pub revision: u32,
    /// Content id on the engine.
    pub id: String,
    /// `repository@sha256:…`, by which a registry brings it back; `None` for one that none has.
    pub digest: Option<String>,
}

/// Which image launches of a workspace use. Whoever launches, shows, keeps or prunes images asks
/// this and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// As the definition names it.
    pub image: ImageRef,
    pub pin: Option<Pin>,
}

impl Source {
    /// The image as engines know it: the first of these that is there.
    pub fn references(&self) -> Vec<String> {
        match &self.pin {
            Some(pin) => [Some(pin.id.clone()), pin.digest.clone()].into_iter().flatten().collect(),
            None => vec![self.image.canonical()],
        }
    }

    /// The image in one name, for people, and for a registry where the engine does not have it.
    pub fn reference(&self) -> String {
        match &self.pin {
            Some(Pin { digest: Some(digest), .. }) => digest.clone(),
            Some(pin) => pin.id.clone(),
            None => self.image.canonical(),
        }
    }
}

/// A row of the administrators' list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkspaceRow {
    pub workspace: Workspace,
    pub image_state: crate::launcher::TileState,
    /// Sessions that hold a container.
    pub sessions: i64,
}

/// The refusal when somebody else changed the workspace since the form was opened.
pub fn changed_meanwhile(name: &str) -> Error {
    Error::conflict(format!("Somebody changed “{name}” since you opened this form."))
        .hint("Open it again to see their change, then make yours.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pinned_is_looked_for_as_it_was_and_then_as_a_registry_knows_it() {
        let image: ImageRef = "docker.io/team/app".parse().unwrap();
        let free = Source { image: image.clone(), pin: None };
        assert_eq!(free.references(), ["team/app:latest"]);
        assert_eq!(free.reference(), "team/app:latest");
        let pinned = |digest: Option<&str>| Source {
            image: image.clone(),
            pin: Some(Pin {
                revision: 2,
                id: "sha256:11".into(),
                digest: digest.map(str::to_owned),
            }),
        };
        let known = pinned(Some("team/app@sha256:d1"));
        assert_eq!(known.references(), ["sha256:11", "team/app@sha256:d1"]);
        assert_eq!(known.reference(), "team/app@sha256:d1");
        assert_eq!(pinned(None).references(), ["sha256:11"]);
        assert_eq!(pinned(None).reference(), "sha256:11");
    }
}
