//! How much room the engine's objects take.
//!
//! Not by bollard, which knows only the newest form of the answer; engines of the last years speak
//! an older one.

use super::connect::Docker;
use super::errors::Failure;
use crate::{EngineDisk, ImageUse};
use domain::Result;
use domain::library::{DiskShare, DiskUse};
use serde::Deserialize;
use std::io;
use std::time::Duration;

/// The engine walks over every volume and container.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest answer, in bytes; some thousand images fit ten times over.
const LONGEST: usize = 64 << 20;

impl Docker {
    pub(super) async fn measure_disk(&self) -> Result<EngineDisk> {
        let failed =
            |failure: Failure| failure.into_error("measure", "disk of", self.shown_address());
        let answer = self.get_limited("/system/df", LONGEST, PATIENCE).await.map_err(failed)?;
        let unreadable = |cause: io::Error| failed(self.broken(cause));
        let text = answer.ok_or_else(|| unreadable(io::Error::other("the answer is too long")))?;
        let said: Said =
            serde_json::from_slice(&text).map_err(|cause| unreadable(io::Error::other(cause)))?;
        Ok(said.read())
    }
}

/// The engine's answer, as far as it is of use.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Said {
    layers_size: i64,
    images: Option<Vec<Image>>,
    containers: Option<Vec<Container>>,
    volumes: Option<Vec<Volume>>,
    build_cache: Option<Vec<Cached>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    id: String,
    #[serde(default)]
    parent_id: String,
    size: i64,
    #[serde(default)]
    shared_size: i64,
    #[serde(default)]
    containers: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Container {
    #[serde(default)]
    size_rw: i64,
    #[serde(default)]
    state: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Volume {
    usage_data: Option<VolumeUse>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VolumeUse {
    size: i64,
    ref_count: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cached {
    #[serde(default)]
    size: i64,
    #[serde(default)]
    in_use: bool,
    #[serde(default)]
    shared: bool,
}

impl Said {
    fn read(self) -> EngineDisk {
        let images: Vec<ImageUse> = self.images.unwrap_or_default().into_iter().map(used).collect();
        let idle = images.iter().filter(|image| image.containers == 0);
        let in_all = DiskUse {
            images: DiskShare {
                count: number(images.len()),
                bytes: self.layers_size,
                reclaimable_bytes: idle.map(|image| image.own_bytes).sum(),
            },
            containers: share(self.containers.unwrap_or_default(), |one| {
                (one.size_rw, !matches!(one.state.as_str(), "running" | "paused" | "restarting"))
            }),
            volumes: share(self.volumes.unwrap_or_default(), |one| match one.usage_data {
                // Engines write -1 for what they did not count.
                Some(VolumeUse { size, ref_count }) => (size.max(0), ref_count == 0),
                None => (0, false),
            }),
            build_cache: share(self.build_cache.unwrap_or_default(), |one| {
                // What is shared with an image takes no room of its own.
                if one.shared { (0, false) } else { (one.size, !one.in_use) }
            }),
        };
        EngineDisk { in_all, images }
    }
}

fn used(image: Image) -> ImageUse {
    ImageUse {
        own_bytes: image.size - image.shared_size.max(0),
        id: image.id,
        containers: image.containers.max(0),
        parent: image.parent_id,
    }
}

/// Sums objects of which each says its bytes and whether nothing needs it.
fn share<T>(all: Vec<T>, about: impl Fn(T) -> (i64, bool)) -> DiskShare {
    let mut sum = DiskShare { count: number(all.len()), ..DiskShare::default() };
    for (bytes, idle) in all.into_iter().map(about) {
        sum.bytes += bytes;
        if idle {
            sum.reclaimable_bytes += bytes;
        }
    }
    sum
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_needs_is_counted_as_reclaimable() {
        let said = r#"{"LayersSize":300,"Images":[
            {"Id":"sha256:a","ParentId":"","Size":200,"SharedSize":50,"Containers":1},
            {"Id":"sha256:b","ParentId":"sha256:a","Size":100,"SharedSize":50,"Containers":0}],
            "Containers":[{"SizeRw":7,"State":"running"},{"SizeRw":5,"State":"exited"}],
            "Volumes":[{"Name":"v","UsageData":{"Size":9,"RefCount":0}},
                       {"Name":"w","UsageData":{"Size":-1,"RefCount":-1}}],
            "BuildCache":[{"Size":4,"InUse":false,"Shared":false},{"Size":8,"Shared":true}]}"#;
        let disk = serde_json::from_str::<Said>(said).unwrap().read();
        let share = |count, bytes, reclaimable_bytes| DiskShare { count, bytes, reclaimable_bytes };
        assert_eq!(disk.in_all.images, share(2, 300, 50));
        assert_eq!(disk.in_all.containers, share(2, 12, 5));
        assert_eq!(disk.in_all.volumes, share(2, 9, 9));
        assert_eq!(disk.in_all.build_cache, share(2, 4, 4));
        assert_eq!(disk.images[1].parent, "sha256:a");
        assert_eq!(serde_json::from_str::<Said>("{}").unwrap().read(), EngineDisk::default());
    }
}
