//! Images the engine holds.

use super::connect::{Docker, QUICK, SLOW};
use super::transfer::split;
use crate::ImageSummary;
use bollard::models::{ImageHistoryResponseItem, ImageInspect};
use bollard::query_parameters::{ListImagesOptions, RemoveImageOptions, TagImageOptionsBuilder};
use domain::library::{HistoryStep, ImageConfig};
use domain::{Error, Result, Timestamp, log};
use std::collections::HashMap;

impl Docker {
    pub(super) async fn list_images(&self) -> Result<Vec<ImageSummary>> {
        let options = None::<ListImagesOptions>;
        let images = self
            .call(QUICK, |client| async move { client.list_images(options).await })
            .await
            .map_err(|failure| failure.into_error("list", "images at", self.shown_address()))?;
        Ok(images
            .into_iter()
            .map(|image| ImageSummary {
                id: image.id,
                tags: named(image.repo_tags),
                digests: named(image.repo_digests),
                size_bytes: image.size,
                created_at: Timestamp::default().plus_secs(image.created),
                labels: labels(image.labels),
            })
            .collect())
    }

    pub(super) async fn find_image(&self, reference: &str) -> Result<Option<ImageSummary>> {
        let image = self.inspect_image(reference).await?;
        Ok(image.map(|image| {
            let carried = image.config.and_then(|config| config.labels);
            ImageSummary {
                id: image.id.unwrap_or_default(),
                tags: named(image.repo_tags.unwrap_or_default()),
                digests: named(image.repo_digests.unwrap_or_default()),
                size_bytes: image.size.unwrap_or_default(),
                created_at: moment(image.created.as_deref()),
                labels: labels(carried.unwrap_or_default()),
            }
        }))
    }

    pub(super) async fn describe_image(&self, reference: &str) -> Result<Option<ImageConfig>> {
        let Some(image) = self.inspect_image(reference).await? else { return Ok(None) };
        let id = image.id.clone().unwrap_or_default();
        let answer =
            self.call(QUICK, |client| async move { client.image_history(&id).await }).await;
        let history = match answer {
            Ok(history) => history,
            Err(failure) if failure.is_missing() => return Ok(None),
            Err(failure) => return Err(failure.into_error("read", "history of", reference)),
        };
        let config = image.config.unwrap_or_default();
        let mut labels: Vec<(String, String)> =
            config.labels.unwrap_or_default().into_iter().collect();
        labels.sort_unstable();
        Ok(Some(ImageConfig {
            id: image.id.unwrap_or_default(),
            tags: named(image.repo_tags.unwrap_or_default()),
            digests: named(image.repo_digests.unwrap_or_default()),
            size_bytes: image.size.unwrap_or_default(),
            created_at: moment(image.created.as_deref()),
            architecture: image.architecture.unwrap_or_default(),
            os: image.os.unwrap_or_default(),
            author: image.author.unwrap_or_default(),
            user: config.user.unwrap_or_default(),
            working_dir: config.working_dir.unwrap_or_default(),
            entrypoint: config.entrypoint.unwrap_or_default(),
            command: config.cmd.unwrap_or_default(),
            environment: config.env.unwrap_or_default(),
            ports: config.exposed_ports.unwrap_or_default(),
            volumes: config.volumes.unwrap_or_default(),
            labels,
            history: history.into_iter().map(step).collect(),
        }))
    }

    pub(super) async fn name_image(&self, reference: &str, name: &str) -> Result<()> {
        if !is_plain(reference) {
            return Err(Error::not_found(format!("There is no image `{reference}` to tag.")));
        }
        let (repository, tag) = split(name);
        let options = TagImageOptionsBuilder::new().repo(repository).tag(tag).build();
        self.call(QUICK, |client| async move { client.tag_image(reference, Some(options)).await })
            .await
            .map_err(|failure| failure.into_error("tag", "image", reference))
    }

    pub(super) async fn read_label(&self, reference: &str, label: &str) -> Result<Option<String>> {
        let config = self.inspect_image(reference).await?.and_then(|image| image.config);
        Ok(config.and_then(|config| config.labels?.remove(label)))
    }

    async fn inspect_image(&self, reference: &str) -> Result<Option<ImageInspect>> {
        if !is_plain(reference) {
            return Ok(None);
        }
        let answer =
            self.call(QUICK, |client| async move { client.inspect_image(reference).await }).await;
        match answer {
            Ok(image) => Ok(Some(image)),
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) => Err(failure.into_error("inspect", "image", reference)),
        }
    }

    pub(super) async fn delete_image(&self, reference: &str) -> Result<()> {
        if !is_plain(reference) {
            return Ok(());
        }
        let options = None::<RemoveImageOptions>;
        let answer = self
            .call(SLOW, |client| async move { client.remove_image(reference, options, None).await })
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(failure) if failure.is_missing() => Ok(()),
            Err(failure) => Err(failure.into_error("remove", "image", reference)),
        }
    }
}

/// Labels of an image in order, and no more of them than a list can show: whoever made the image
/// chose how many there are and how long.
fn labels(carried: HashMap<String, String>) -> Vec<String> {
    const MOST: usize = 32;
    const LONGEST: usize = 200;
    let whole = carried.into_iter().map(|(name, value)| format!("{name}={value}"));
    let mut labels: Vec<String> = whole.map(|one| one.chars().take(LONGEST).collect()).collect();
    labels.sort_unstable();
    if labels.len() > MOST {
        labels.truncate(MOST);
        labels.push("…".to_owned());
    }
    labels
}

/// Engines list creation to the second, and describe it finer.
fn moment(text: Option<&str>) -> Timestamp {
    let nanos = text.and_then(log::nanos_of).unwrap_or_default();
    Timestamp::default().plus_secs(nanos.div_euclid(1_000_000_000))
}

fn step(step: ImageHistoryResponseItem) -> HistoryStep {
    HistoryStep {
        created_at: Timestamp::default().plus_secs(step.created),
        by: step.created_by,
        size_bytes: step.size,
        comment: step.comment,
    }
}

/// Whether a reference can be part of a path of the engine's interface, where some characters would
/// address something else.
fn is_plain(reference: &str) -> bool {
    !reference.is_empty() && !reference.contains("..") && !reference.contains(outside_paths)
}

fn outside_paths(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || "._-:/@".contains(c))
}

/// Older engines list what has no name as `<none>`.
fn named(mut names: Vec<String>) -> Vec<String> {
    names.retain(|name| !name.contains("<none>"));
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_is_left_out() {
        let names = vec!["b:1".to_owned(), "<none>:<none>".into(), "a:1".into()];
        assert_eq!(named(names), ["a:1", "b:1"]);
    }

    #[test]
    fn references_are_plain_text_in_a_path() {
        for good in ["debian:bookworm-slim", "localhost:5000/a/b_c@sha256:0f"] {
            assert!(!good.contains(outside_paths), "{good}");
        }
        for bad in ["a?b", "a#b", "a b", "a%2fb", "a\\b", "ä"] {
            assert!(bad.contains(outside_paths), "{bad}");
        }
    }
}
