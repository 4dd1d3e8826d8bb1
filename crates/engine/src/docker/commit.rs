//! From a container to an image.

use super::connect::Docker;
use crate::CommitSpec;
use bollard::models::ContainerConfig;
use bollard::query_parameters::{CommitContainerOptionsBuilder, InspectContainerOptionsBuilder};
use domain::{Error, Result};
use std::time::Duration;

/// Longest wait for a commit: it copies everything the container has written.
const COMMIT: Duration = Duration::from_secs(30 * 60);
/// Longest wait for the size of what a container has written: the engine walks over all of it.
const MEASURE: Duration = Duration::from_secs(30);

impl Docker {
    pub(super) async fn commit_container(&self, spec: &CommitSpec) -> Result<String> {
        let options = CommitContainerOptionsBuilder::new()
            .container(&spec.container)
            .repo(&spec.repository)
            .tag(&spec.tag)
            .comment(&spec.message)
            .author(&spec.author)
            .pause(spec.pause);
        // Engines take an empty list of changes for a broken one.
        let options = match spec.changes.as_slice() {
            [] => options.build(),
            changes => options.changes(&changes.join("\n")).build(),
        };
        let made = self
            .call(COMMIT, |client| async move {
                client.commit_container(options, ContainerConfig::default()).await
            })
            .await
            .map_err(|failure| {
                failure.into_error("make an image of", "container", &spec.container)
            })?;
        Ok(made.id)
    }

    pub(super) async fn measure_changes(&self, name: &str) -> Result<i64> {
        let options = InspectContainerOptionsBuilder::new().size(true).build();
        let container =
            self.call(MEASURE, |client| async move {
                client.inspect_container(name, Some(options)).await
            })
            .await
            .map_err(|failure| failure.into_error("measure", "container", name))?;
        container.size_rw.ok_or_else(|| {
            Error::unavailable(format!("The engine does not say how much `{name}` has written."))
        })
    }
}
