//! Whose credentials an image is pulled with.

use crate::core::Core;
use domain::{RegistryId, Result, image::ImageRef};
use std::collections::HashMap;
use store::StoredRegistry;

/// What decides it.
pub(crate) struct Credentials {
    stored: Vec<StoredRegistry>,
    /// What enabled workspaces name for an image, by its canonical reference; in the order of the
    /// workspaces' names.
    chosen: HashMap<String, Vec<RegistryId>>,
}

impl Credentials {
    pub(crate) async fn read(core: &Core) -> Result<Self> {
        let stored = core.store.registries().await?;
        let mut chosen: HashMap<String, Vec<RegistryId>> = HashMap::new();
        for (image, registry) in core.store.chosen_registries().await? {
            chosen.entry(image).or_default().push(registry);
        }
        Ok(Self { stored, chosen })
    }

    /// Whether nothing can be pulled by itself.
    pub(super) fn is_empty(&self) -> bool {
        self.stored.is_empty()
    }

    /// The stored registry that an image is pulled from: the one that a workspace names for it, or
    /// else the closest that its name leads to.
    ///
    /// Where workspaces name different ones for the same image, the first by name decides: each of
    /// them says that the closest is not right, so any is better than that, and an image is pulled
    /// once for all of them. One that has moved to another address since does not count.
    pub(crate) fn of(&self, image: &ImageRef) -> Option<&StoredRegistry> {
        let named = self.chosen.get(&image.canonical());
        let named = named.into_iter().flatten();
        let mut own = named.filter_map(|id| self.stored.iter().find(|one| one.id == *id));
        own.find(|one| leads(one, image)).or_else(|| self.closest(image))
    }

    fn closest(&self, image: &ImageRef) -> Option<&StoredRegistry> {
        let fits = self.stored.iter().filter_map(|one| Some((one.definition.covers(image)?, one)));
        fits.max_by_key(|(length, _)| *length).map(|(_, one)| one)
    }
}

/// Whether the image's name leads to the registry's address: its password goes nowhere else.
fn leads(registry: &StoredRegistry, image: &ImageRef) -> bool {
    let address = registry.definition.address();
    address.is_ok_and(|address| address.check_leads_here(image).is_ok())
}

impl Core {
    /// The stored registry that an image is pulled from, if there is one for it.
    pub(crate) async fn registry_for(&self, image: &ImageRef) -> Result<Option<StoredRegistry>> {
        Ok(Credentials::read(self).await?.of(image).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Timestamp, registry::Definition};

    const IMAGE: &str = "registry.example.org/team/app:1";

    fn registry(id: &str, url: &str) -> StoredRegistry {
        StoredRegistry {
            id: id.parse().unwrap(),
            definition: Definition {
                name: id.to_owned(),
                url: url.to_owned(),
                username: String::new(),
                ca: String::new(),
                insecure: false,
            },
            secret: None,
            rate: None,
            paused_until: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    /// Which one is used where workspaces name these.
    fn used(named: &[&str]) -> Option<String> {
        let stored = vec![
            registry("whole", "https://registry.example.org"),
            registry("team", "https://registry.example.org/team"),
            registry("other", "https://registry.example.org/other"),
            registry("moved", "https://elsewhere.example.org"),
        ];
        let named: Vec<RegistryId> = named.iter().map(|id| id.parse().unwrap()).collect();
        let chosen = HashMap::from([(IMAGE.to_owned(), named)]);
        let image: ImageRef = IMAGE.parse().unwrap();
        Credentials { stored, chosen }.of(&image).map(|one| one.id.to_string())
    }

    #[test]
    fn a_workspaces_own_registry_wins_over_the_closest() {
        assert_eq!(used(&[]).as_deref(), Some("team"));
        assert_eq!(used(&["whole"]).as_deref(), Some("whole"));
        assert_eq!(used(&["other", "whole"]).as_deref(), Some("other"));
        assert_eq!(used(&["moved", "whole"]).as_deref(), Some("whole"));
        assert_eq!(used(&["moved", "gone"]).as_deref(), Some("team"));
    }
}
