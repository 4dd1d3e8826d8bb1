//! Volumes: what stays when a container goes.

use super::connect::{Docker, QUICK, SLOW};
use crate::{LABEL_INSTALLATION, LABEL_USER, Volume, VolumeSpec};
use bollard::models::{Volume as Listed, VolumeCreateRequest};
use bollard::query_parameters::{ListVolumesOptionsBuilder, RemoveVolumeOptionsBuilder};
use domain::{Error, Result};
use std::collections::HashMap;

impl Docker {
    pub(super) async fn make_volume(&self, spec: &VolumeSpec) -> Result<()> {
        let mut labels =
            HashMap::from([(LABEL_INSTALLATION.to_owned(), spec.installation.clone())]);
        if let Some(user) = &spec.user {
            labels.insert(LABEL_USER.to_owned(), user.clone());
        }
        let request = VolumeCreateRequest {
            name: Some(spec.name.clone()),
            labels: Some(labels),
            ..VolumeCreateRequest::default()
        };
        let made = self
            .call(SLOW, |client| async move { client.create_volume(request).await })
            .await
            .map_err(|failure| failure.into_error("create", "volume", &spec.name))?;
        // Engines give back one that exists, whoever made it.
        let ours = made.labels.get(LABEL_INSTALLATION) == Some(&spec.installation);
        if ours && made.labels.get(LABEL_USER) == spec.user.as_ref() {
            return Ok(());
        }
        Err(Error::conflict(format!(
            "The volume `{}` exists, but belongs to somebody else.",
            spec.name
        ))
        .hint("Remove it on the engine, or name another one in the workspace."))
    }

    pub(super) async fn list_volumes(&self, installation: &str) -> Result<Vec<Volume>> {
        let label = format!("{LABEL_INSTALLATION}={installation}");
        let filters = HashMap::from([("label", vec![label.as_str()])]);
        let options = ListVolumesOptionsBuilder::new().filters(&filters).build();
        let listed = self
            .call(QUICK, |client| async move { client.list_volumes(Some(options)).await })
            .await
            .map_err(|failure| failure.into_error("list", "volumes at", self.shown_address()))?;
        let mut volumes: Vec<Volume> =
            listed.volumes.unwrap_or_default().into_iter().map(volume).collect();
        volumes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(volumes)
    }

    pub(super) async fn delete_volume(&self, name: &str) -> Result<()> {
        let options = RemoveVolumeOptionsBuilder::new().build();
        let answer = self
            .call(SLOW, |client| async move { client.remove_volume(name, Some(options)).await })
            .await;
        match answer {
            Ok(()) => Ok(()),
            Err(failure) if failure.is_missing() => Ok(()),
            Err(failure) => Err(failure.into_error("remove", "volume", name)),
        }
    }
}

fn volume(listed: Listed) -> Volume {
    Volume { user: listed.labels.get(LABEL_USER).cloned(), name: listed.name }
}
