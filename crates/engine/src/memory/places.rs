//! Volumes and networks in the world.

use super::subnet;
use super::world::{Held, World, refused};
use crate::{NetworkSpec, VolumeSpec};
use domain::{Error, Result};

impl World {
    pub(super) fn create_volume(&mut self, spec: &VolumeSpec) -> Result<()> {
        match self.volumes.get(&spec.name) {
            Some(held) if (&held.installation, &held.user) != (&spec.installation, &spec.user) => {
                Err(refused("create", "volume", &spec.name))
            }
            Some(_) => Ok(()),
            None => {
                self.volumes.insert(spec.name.clone(), spec.clone());
                Ok(())
            }
        }
    }

    pub(super) fn remove_volume(&mut self, name: &str) -> Result<()> {
        let has = |held: &Held| held.spec.volumes.iter().any(|mount| mount.volume == name);
        if self.containers.values().any(has) {
            return Err(refused("remove", "volume", name));
        }
        self.volumes.remove(name);
        Ok(())
    }

    pub(super) fn create_network(&mut self, spec: &NetworkSpec) -> Result<()> {
        if let Some(existing) = self.networks.get(&spec.name) {
            if existing.installation == spec.installation {
                return Ok(());
            }
            return Err(refused("create", "network", &spec.name));
        }
        let Some(wanted) = subnet::parse(&spec.subnet) else {
            return Err(refused("create", "network", &spec.name)
                .detail(format!("invalid subnet {}", spec.subnet)));
        };
        let taken = |existing: &NetworkSpec| {
            subnet::parse(&existing.subnet).is_some_and(|held| subnet::overlap(held, wanted))
        };
        if self.networks.values().any(taken) {
            return Err(Error::conflict(format!(
                "The subnet {} of the network `{}` overlaps another network of the engine.",
                spec.subnet, spec.name
            ))
            .hint("Use another subnet."));
        }
        self.networks.insert(spec.name.clone(), spec.clone());
        Ok(())
    }
}
