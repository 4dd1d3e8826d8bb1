//! Images the engine holds.

use super::connect::{Docker, QUICK, SLOW};
use crate::ImageSummary;
use bollard::models::ImageInspect;
use bollard::query_parameters::{ListImagesOptions, RemoveImageOptions};
use domain::Result;

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
            })
            .filter(|image| !image.tags.is_empty())
            .collect())
    }

    pub(super) async fn find_image(&self, reference: &str) -> Result<Option<ImageSummary>> {
        let image = self.inspect_image(reference).await?;
        Ok(image.map(|image| ImageSummary {
            id: image.id.unwrap_or_default(),
            tags: named(image.repo_tags.unwrap_or_default()),
            digests: named(image.repo_digests.unwrap_or_default()),
            size_bytes: image.size.unwrap_or_default(),
        }))
    }

    pub(super) async fn read_label(&self, reference: &str, label: &str) -> Result<Option<String>> {
        let config = self.inspect_image(reference).await?.and_then(|image| image.config);
        Ok(config.and_then(|config| config.labels?.remove(label)))
    }

    async fn inspect_image(&self, reference: &str) -> Result<Option<ImageInspect>> {
        // The reference becomes part of a path, where these would address something else.
        if reference.is_empty() || reference.contains("..") || reference.contains(outside_paths) {
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
