//! Volumes of a session: there before its container is.

use crate::core::Core;
use domain::{Result, session::Session, storage::Mount};
use engine::{VolumeMount, VolumeSpec};

/// Makes what is missing, and empties what is to be begun with anew.
pub(super) async fn prepare(core: &Core, session: &Session) -> Result<()> {
    for mount in session.config.mounts.iter().filter(|mount| !mount.host) {
        let name = core.volume_name(&mount.volume);
        if mount.fresh {
            core.engine.remove_volume(&name).await?;
        }
        let spec = VolumeSpec {
            name,
            installation: core.installation.clone(),
            user: mount.personal.then(|| session.owner.to_string()),
        };
        core.engine.create_volume(&spec).await?;
    }
    Ok(())
}

impl Core {
    /// The name of a volume on the engine: below the installation's own, so that nothing else can
    /// be asked for.
    pub(crate) fn volume_name(&self, volume: &str) -> String {
        format!("slipway-{}-{volume}", self.installation)
    }

    pub(super) fn mounted(&self, mount: &Mount) -> VolumeMount {
        VolumeMount {
            volume: self.volume_name(&mount.volume),
            target: mount.target.clone(),
            read_only: mount.read_only,
        }
    }
}
