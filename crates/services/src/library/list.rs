//! One page of the library. From memory and a few sums of the database: how many images an engine
//! holds must not be felt.

use super::{Library, is_in};
use crate::{
    core::Core,
    images::{Holding, digest_of, has_digest},
    revisions::is_named,
};
use domain::{
    Result, Timestamp,
    actor::{Actor, Permission},
    image::ImageRef,
    launcher::TileState,
    library::{ImageRow, ImageState, Upstream},
    list::{ListQuery, Page},
};
use engine::ImageSummary;
use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
    sync::Arc,
};
use store::PinnedWorkspace;

/// What is said of images beside what the engine holds.
pub(super) struct Known {
    held: Arc<Holding>,
    upstreams: HashMap<String, Upstream>,
    workspaces: HashMap<String, i64>,
    /// Workspaces that are pinned, with the content ids that they are pinned to.
    pins: Vec<(String, PinnedWorkspace)>,
    /// By content id.
    sessions: HashMap<String, i64>,
    /// What each pull under way says of itself, by name.
    pulls: HashMap<String, String>,
}

/// A name on its way into the list.
struct Entry<'a> {
    name: &'a str,
    image: Option<&'a ImageSummary>,
    state: ImageState,
}

impl Known {
    pub(super) async fn read(core: &Core) -> Result<Self> {
        let pulls = core.store.pulls_under_way().await?.into_iter().map(|pull| {
            let step = pull.progress.map_or_else(|| "Waiting its turn".into(), |p| p.step);
            (pull.image, step)
        });
        Ok(Self {
            held: core.images.held(),
            upstreams: core.store.upstreams().await?,
            workspaces: core.store.workspaces_by_image().await?,
            pins: core.pins().await?,
            sessions: core.store.sessions_by_image().await?,
            pulls: pulls.collect(),
        })
    }

    /// Everything that the engine holds or a workspace names, by name.
    fn entries(&self, core: &Core) -> Vec<Entry<'_>> {
        let held =
            self.held.names.iter().map(|(name, at)| (name.as_str(), self.held.images.get(*at)));
        let there: HashSet<&str> = self.held.names.iter().map(|(name, _)| name.as_str()).collect();
        let named = self.workspaces.keys().chain(self.pulls.keys()).map(String::as_str);
        let pinned = self.pins.iter().filter(|(id, _)| self.held.find(id).is_none());
        let pinned = pinned.filter_map(|(_, one)| one.pin.digest.as_deref());
        let named = named.chain(pinned);
        let mut missing: Vec<&str> = named.filter(|name| !there.contains(name)).collect();
        missing.sort_unstable();
        missing.dedup();
        // Named by digest: the engine has it under that, and perhaps under no tag.
        let missing = missing.into_iter().map(|name| {
            let id = core.images.id_of(name);
            (name, id.and_then(|id| self.held.find(&id)))
        });
        held.chain(missing)
            .map(|(name, image)| Entry { name, image, state: self.state(name, image) })
            .collect()
    }

    pub(super) fn state(&self, name: &str, image: Option<&ImageSummary>) -> ImageState {
        let upstream = self.upstreams.get(name);
        match image {
            _ if self.pulls.contains_key(name) => ImageState::Pulling,
            Some(image) if is_outdated(name, image, upstream) => ImageState::UpdateAvailable,
            Some(_) => ImageState::Available,
            None if upstream.is_some_and(|known| known.error.is_some()) => ImageState::Failed,
            None => ImageState::Missing,
        }
    }

    /// How many workspaces name an image or are pinned to it.
    fn workspaces(&self, name: &str, image: Option<&ImageSummary>) -> i64 {
        let pinned = self.pins.iter().filter(|(id, one)| {
            let is_it = image.is_some_and(|image| image.id == *id) || is_named(&one.pin, name);
            // One that names it too is among the others.
            is_it && one.image != name
        });
        let pinned = i64::try_from(pinned.count()).unwrap_or(i64::MAX);
        self.workspaces.get(name).copied().unwrap_or_default() + pinned
    }

    fn sessions(&self, image: Option<&ImageSummary>) -> i64 {
        image.and_then(|image| self.sessions.get(&image.id)).copied().unwrap_or_default()
    }

    fn pulled_at(&self, name: &str) -> Option<Timestamp> {
        self.upstreams.get(name).and_then(|known| known.pulled_at)
    }

    fn uses(&self, entry: &Entry<'_>) -> i64 {
        self.workspaces(entry.name, entry.image) + self.sessions(entry.image)
    }

    /// The row of one name.
    pub(super) fn row(&self, core: &Core, name: &str) -> ImageRow {
        let image = self.held.find(name).or_else(|| {
            let id = core.images.id_of(name)?;
            self.held.find(&id)
        });
        let state = self.state(name, image);
        let digest = name.parse::<ImageRef>().ok().and_then(|name| digest_of(image?, &name));
        ImageRow {
            reference: name.to_owned(),
            state,
            note: self.note(core, name, state),
            id: image.map(|image| image.id.clone()),
            digest,
            size_bytes: image.map(|image| image.size_bytes),
            created_at: image.map(|image| image.created_at),
            pulled_at: self.pulled_at(name),
            architecture: image.map_or_else(String::new, |i| core.images.architecture_of(&i.id)),
            labels: image.map_or_else(Vec::new, |image| image.labels.clone()),
            workspaces: self.workspaces(name, image),
            sessions: self.sessions(image),
        }
    }

    fn note(&self, core: &Core, name: &str, state: ImageState) -> String {
        let trouble = || self.upstreams.get(name).and_then(|known| known.error.as_ref());
        match state {
            ImageState::Pulling => self.pulls.get(name).cloned().unwrap_or_default(),
            ImageState::Failed => trouble().map(|error| error.message.clone()).unwrap_or_default(),
            ImageState::Missing => match core.images.state_of(name) {
                TileState::Preparing { message, .. } => message,
                TileState::Unavailable { why } => why,
                TileState::Ready => String::new(),
            },
            ImageState::Available | ImageState::UpdateAvailable => {
                trouble().map(|error| error.message.clone()).unwrap_or_default()
            }
        }
    }
}

/// Whether the registry has something else under the name than the engine. An image that the
/// registry does not know by digest was made here.
pub(super) fn is_outdated(name: &str, image: &ImageSummary, upstream: Option<&Upstream>) -> bool {
    let Some(remote) = upstream.and_then(|known| known.digest.as_ref()) else { return false };
    let Ok(name) = name.parse::<ImageRef>() else { return false };
    let is_known = name.digest.is_none() && digest_of(image, &name).is_some();
    is_known && !has_digest(image, &name, remote)
}

impl Library {
    /// One page of names that the engine holds or a workspace needs.
    pub async fn list(&self, actor: &Actor, query: &ListQuery) -> Result<Page<ImageRow>> {
        actor.require(Permission::ManageImages)?;
        let core = &self.0;
        let known = Known::read(core).await?;
        let words = query.search.to_lowercase();
        let fits = |entry: &Entry<'_>| {
            let state = match query.state.as_str() {
                "" => true,
                "unnamed" => entry.name.starts_with("sha256:"),
                "unused" => known.uses(entry) == 0,
                wanted => is_in(entry.state, wanted),
            };
            let says = |text: &String| text.to_lowercase().contains(&words);
            let labels = entry.image.map_or(&[][..], |image| &image.labels);
            let found = || entry.name.to_lowercase().contains(&words) || labels.iter().any(says);
            state && (words.is_empty() || found())
        };
        let mut entries = known.entries(core);
        entries.retain(fits);
        sort(&mut entries, &known, query);
        let total = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        let skip = usize::try_from(query.offset()).unwrap_or(usize::MAX);
        let most = usize::try_from(query.per_page).unwrap_or(usize::MAX);
        let shown = entries.iter().skip(skip).take(most);
        Ok(Page { rows: shown.map(|entry| known.row(core, entry.name)).collect(), total })
    }
}

fn sort(entries: &mut [Entry<'_>], known: &Known, query: &ListQuery) {
    let size = |entry: &Entry<'_>| entry.image.map(|image| image.size_bytes);
    let created = |entry: &Entry<'_>| entry.image.map(|image| image.created_at);
    let order = |a: &Entry<'_>, b: &Entry<'_>| match query.sort.as_str() {
        "state" => (a.state as u8).cmp(&(b.state as u8)),
        "size" => size(a).cmp(&size(b)),
        "created" => created(a).cmp(&created(b)),
        "pulled" => known.pulled_at(a.name).cmp(&known.pulled_at(b.name)),
        "used" => known.uses(a).cmp(&known.uses(b)),
        "name" => a.name.cmp(b.name),
        // What has lost its name comes last.
        _ => Ordering::Equal,
    };
    let unnamed = |entry: &Entry<'_>| entry.name.starts_with("sha256:");
    entries.sort_by(|a, b| {
        let chosen = order(a, b);
        let chosen = if query.descending { chosen.reverse() } else { chosen };
        chosen.then_with(|| unnamed(a).cmp(&unnamed(b))).then_with(|| a.name.cmp(b.name))
    });
}
