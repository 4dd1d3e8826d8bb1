//! Images in the world: how they are found, made, named and removed.

use super::world::{World, refused};
use crate::{CommitSpec, EngineDisk, EngineEvent, ImageSummary, ImageUse};
use domain::library::{DiskShare, DiskUse};
use domain::{Error, Result, Timestamp};

impl World {
    pub(super) fn announce_images(&self) {
        // Nobody listening is fine.
        let _ = self.events.send((None, EngineEvent::Images));
    }

    pub(super) fn image(&self, reference: &str) -> Option<&ImageSummary> {
        // Without a tag, the engine assumes this one; a colon before the last slash is a port.
        let tagged = match reference.rsplit('/').next() {
            Some(last) if !last.contains(':') => format!("{reference}:latest"),
            _ => reference.to_owned(),
        };
        self.images.iter().find(|image| {
            image.id == reference
                || image.tags.contains(&tagged)
                || image.digests.iter().any(|digest| digest == reference)
        })
    }

    pub(super) fn commit(&mut self, spec: &CommitSpec) -> Result<String> {
        self.held(&spec.container, "make an image of")?;
        self.committed += 1;
        let id = format!("sha256:{:064x}", 0xc0_0000 + self.committed);
        let tag = format!("{}:{}", spec.repository, spec.tag);
        for image in &mut self.images {
            image.tags.retain(|held| *held != tag);
        }
        self.images.push(ImageSummary {
            id: id.clone(),
            tags: vec![tag],
            digests: Vec::new(),
            size_bytes: 90 << 20,
            created_at: Timestamp::default(),
            labels: Vec::new(),
        });
        let labels = spec.changes.iter().filter_map(|change| change.strip_prefix("LABEL "));
        let labels = labels.filter_map(|pair| pair.split_once('='));
        let plain = |text: &str| text.trim_matches('"').to_owned();
        self.labels.insert(id.clone(), labels.map(|(k, v)| (plain(k), plain(v))).collect());
        self.announce_images();
        Ok(id)
    }

    pub(super) fn untag(&mut self, reference: &str) -> Result<()> {
        let Some(id) = self.image(reference).map(|image| image.id.clone()) else { return Ok(()) };
        let by_id = id == reference;
        let last = self.images.iter().any(|image| image.id == id && image.tags.len() < 2) || by_id;
        if last && self.containers.values().any(|container| container.image_id == id) {
            return Err(refused("remove", "image", reference));
        }
        for image in self.images.iter_mut().filter(|image| image.id == id) {
            image.tags.retain(|tag| tag != reference && !by_id);
        }
        self.images.retain(|image| image.id != id || !image.tags.is_empty());
        self.announce_images();
        Ok(())
    }

    pub(super) fn name_image(&mut self, reference: &str, name: &str) -> Result<()> {
        let Some(id) = self.image(reference).map(|image| image.id.clone()) else {
            return Err(Error::not_found(format!("There is no image `{reference}` to tag.")));
        };
        for image in &mut self.images {
            image.tags.retain(|held| held != name);
            if image.id == id {
                image.tags.push(name.to_owned());
                image.tags.sort_unstable();
            }
        }
        self.announce_images();
        Ok(())
    }

    /// Every image with the containers made from it.
    pub(super) fn disk(&self) -> EngineDisk {
        let containers = |id: &str| self.containers.values().filter(|c| c.image_id == id).count();
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let images = self.images.iter().map(|image| ImageUse {
            id: image.id.clone(),
            own_bytes: image.size_bytes,
            containers: number(containers(&image.id)),
            parent: String::new(),
        });
        let images: Vec<ImageUse> = images.collect();
        let bytes = self.images.iter().map(|image| image.size_bytes).sum();
        let idle = images.iter().filter(|image| image.containers == 0);
        let reclaimable_bytes = idle.map(|image| image.own_bytes).sum();
        let share = DiskShare { count: number(images.len()), bytes, reclaimable_bytes };
        EngineDisk { in_all: DiskUse { images: share, ..DiskUse::default() }, images }
    }
}
