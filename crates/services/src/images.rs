//! Which images the engine has, kept in memory and refreshed by its events.
//!
//! Pages ask here, never the engine. Images that the set-up is still building are announced in
//! `preparing.json` of the data directory, so that a tile can show how far its image is.

use crate::core::Core;
use domain::{
    Result, event::Change, image::ImageRef, job::JobState, launcher::TileState, workspace::Source,
};
use engine::ImageSummary;
use serde::Deserialize;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

/// How often the note of the set-up is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Images(RwLock<State>);

/// The engine's images as they were listed last.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    pub(crate) images: Vec<ImageSummary>,
    /// Canonical names in order, each with the place of its image. An image that has lost its last
    /// name is here under its content id.
    pub(crate) names: Vec<(String, usize)>,
}

impl Holding {
    fn of(images: Vec<ImageSummary>) -> Self {
        let mut names: Vec<(String, usize)> = Vec::with_capacity(images.len());
        for (place, image) in images.iter().enumerate() {
            let known = image.tags.iter().filter_map(|tag| tag.parse::<ImageRef>().ok());
            names.extend(known.map(|name| (name.canonical(), place)));
            if image.tags.is_empty() {
                names.push((image.id.clone(), place));
            }
        }
        names.sort_unstable();
        Self { images, names }
    }

    /// The image of a canonical name, or of a content id.
    pub(crate) fn find(&self, name: &str) -> Option<&ImageSummary> {
        match self.names.binary_search_by(|(known, _)| known.as_str().cmp(name)) {
            Ok(at) => self.images.get(self.names[at].1),
            Err(_) => self.images.iter().find(|image| image.id == name),
        }
    }
}

/// Under which digest the registry of a name knows an image, as far as the engine knows.
pub(crate) fn digest_of(image: &ImageSummary, name: &ImageRef) -> Option<String> {
    let repository = name.canonical_repository();
    image.digests.iter().find_map(|text| {
        let known = text.parse::<ImageRef>().ok()?;
        (known.canonical_repository() == repository).then_some(known.digest).flatten()
    })
}

/// Whether a digest is one of those under which a name's registry knows an image: engines keep an
/// older one beside it where only the index has changed.
pub(crate) fn has_digest(image: &ImageSummary, name: &ImageRef, digest: &str) -> bool {
    let repository = name.canonical_repository();
    image.digests.iter().filter_map(|text| text.parse::<ImageRef>().ok()).any(|known| {
        known.canonical_repository() == repository && known.digest.as_deref() == Some(digest)
    })
}

#[derive(Debug, Default)]
struct State {
    held: Arc<Holding>,
    /// What images are built for, by content id; read bit by bit in the background.
    architectures: HashMap<String, String>,
    /// Content id by canonical reference, and by itself.
    present: HashMap<String, String>,
    preparing: HashMap<String, Preparing>,
    /// Images that jobs are to bring.
    making: HashMap<String, Making>,
    /// Whether the engine was asked at all.
    known: bool,
}

/// How an image is to come to the engine, or why it did not.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Making {
    OfSession,
    Pulled,
    Failed(String),
}

impl Making {
    fn tile(&self) -> TileState {
        let message = match self {
            Self::OfSession => "Its image is being made of a session",
            Self::Pulled => "Its image is being pulled",
            Self::Failed(why) => {
                return TileState::Unavailable {
                    why: format!("Its image could not be made. {why}"),
                };
            }
        };
        TileState::Preparing { step: 0, steps: 0, message: message.into() }
    }
}

/// One image that the set-up prepares, as it writes it down.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Preparing {
    state: String,
    #[serde(default)]
    step: u32,
    #[serde(default)]
    steps: u32,
    #[serde(default)]
    message: String,
}

impl Images {
    fn read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Content id of an image, if the engine has it.
    pub(crate) fn id_of(&self, canonical: &str) -> Option<String> {
        self.read().present.get(canonical).cloned()
    }

    /// Content id of the image that launches of a workspace use, if the engine has it.
    pub(crate) fn id_for(&self, source: &Source) -> Option<String> {
        let state = self.read();
        source.references().iter().find_map(|name| state.present.get(name).cloned())
    }

    /// Whether a workspace could be launched, and if not, why.
    pub(crate) fn state_for(&self, source: &Source) -> TileState {
        match self.id_for(source) {
            Some(_) => TileState::Ready,
            None => self.state_of(&source.reference()),
        }
    }

    /// What a reference means: the content id and, if the engine knows it, the digest at its
    /// registry. Both are empty while it means nothing on the engine.
    pub(crate) fn meaning_of(&self, image: &ImageRef) -> (String, String) {
        let (name, held) = (image.canonical(), self.held());
        // By digest an image is not listed among the names.
        let found = held.find(&name).or_else(|| held.find(&self.id_of(&name)?));
        let meaning = found.map(|found| (found.id.clone(), digest_of(found, image)));
        meaning.map(|(id, digest)| (id, digest.unwrap_or_default())).unwrap_or_default()
    }

    /// The engine's images as they were listed last.
    pub(crate) fn held(&self) -> Arc<Holding> {
        self.read().held.clone()
    }

    /// What an image is built for; empty while that was not read.
    pub(crate) fn architecture_of(&self, id: &str) -> String {
        self.read().architectures.get(id).cloned().unwrap_or_default()
    }

    /// Some images of which it is not known what they are built for.
    pub(crate) fn not_read(&self, most: usize) -> Vec<String> {
        let state = self.read();
        let unknown = state.held.images.iter().filter(|i| !state.architectures.contains_key(&i.id));
        unknown.take(most).map(|image| image.id.clone()).collect()
    }

    pub(crate) fn was_read(&self, id: String, architecture: String) {
        self.write().architectures.insert(id, architecture);
    }

    /// Whether somebody or something other than a pull is bringing an image.
    pub(crate) fn is_coming(&self, canonical: &str) -> bool {
        let state = self.read();
        let made = matches!(state.making.get(canonical), Some(Making::OfSession));
        made || state.preparing.get(canonical).is_some_and(|note| note.state != "failed")
    }

    /// Canonical references and content ids of all images that are present.
    pub(crate) fn present(&self) -> Vec<String> {
        self.read().present.keys().cloned().collect()
    }

    /// Whether an image is there, and if not, why.
    pub(crate) fn state_of(&self, canonical: &str) -> TileState {
        let state = self.read();
        if state.present.contains_key(canonical) {
            return TileState::Ready;
        }
        if let Some(making) = state.making.get(canonical) {
            return making.tile();
        }
        match state.preparing.get(canonical) {
            Some(p) if p.state == "failed" => TileState::Unavailable {
                why: format!("Its image could not be built. {}", p.message),
            },
            Some(p) => TileState::Preparing {
                step: p.step,
                steps: p.steps,
                message: if p.message.is_empty() {
                    "Waiting its turn".into()
                } else {
                    p.message.clone()
                },
            },
            None if !state.known => {
                TileState::Unavailable { why: "The engine is not reachable.".into() }
            }
            None => TileState::Unavailable {
                why: format!("The image {canonical} is not on the engine."),
            },
        }
    }

    /// Reads which images jobs are to make; announces if anything is different.
    pub(crate) async fn refresh_making(core: &Core) -> Result<()> {
        let unfinished = core.store.unfinished_snapshots().await?;
        let mut making: HashMap<String, Making> = unfinished
            .into_iter()
            .map(|(image, state, error)| {
                let why = error.map(|error| error.message).unwrap_or_default();
                let failed = state == JobState::Failed;
                (image, if failed { Making::Failed(why) } else { Making::OfSession })
            })
            .collect();
        let pulled = core.store.pulls_under_way().await?;
        making.extend(pulled.into_iter().map(|pull| (pull.image, Making::Pulled)));
        let changed = {
            let mut state = core.images.write();
            let changed = state.making != making;
            state.making = making;
            changed
        };
        if changed {
            core.bus.announce(Change::Images);
        }
        Ok(())
    }

    /// Asks the engine for its images; announces if anything is different.
    pub(crate) async fn refresh(core: &Core) -> Result<()> {
        let listed = core.engine.images().await?;
        let mut present = HashMap::new();
        for image in &listed {
            present.insert(image.id.clone(), image.id.clone());
            for name in image.tags.iter().chain(&image.digests) {
                if let Ok(reference) = name.parse::<ImageRef>() {
                    present.insert(reference.canonical(), image.id.clone());
                }
            }
        }
        let changed = {
            let mut state = core.images.write();
            let changed = !state.known || state.held.images != listed;
            let there: HashSet<&str> = listed.iter().map(|image| image.id.as_str()).collect();
            state.architectures.retain(|id, _| there.contains(id.as_str()));
            state.present = present;
            state.held = Arc::new(Holding::of(listed));
            state.known = true;
            changed
        };
        if changed {
            core.bus.announce(Change::Images);
        }
        Ok(())
    }
}

/// Follows the note that the set-up writes while it builds images.
pub(crate) async fn watch_preparation(core: Arc<Core>) {
    if let Err(error) = Images::refresh_making(&core).await {
        tracing::warn!(%error, "it is not known which images are being made");
    }
    let path = core.settings.data_dir.join("preparing.json");
    let mut seen: Option<SystemTime> = None;
    let mut every = tokio::time::interval(LOOK_EVERY);
    loop {
        every.tick().await;
        let written = tokio::fs::metadata(&path).await.and_then(|m| m.modified()).ok();
        if written == seen {
            continue;
        }
        seen = written;
        let preparing = match tokio::fs::read(&path).await {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(_) => HashMap::new(),
        };
        core.images.write().preparing = preparing;
        core.bus.announce(Change::Images);
    }
}
