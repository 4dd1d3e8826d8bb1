//! Takes away images that nothing needs: as a plan, as a job, and by itself once a day if the
//! settings say so.

use super::Library;
use crate::{
    core::Core,
    images::Images,
    jobs::{Hand, Order, Outcome, Work},
};
use domain::{
    Error, ErrorKind, JobId, Result, Timestamp,
    actor::{Actor, Permission},
    error::Problems,
    image::ImageRef,
    job::JobLinks,
    library::{
        Candidate, DiskUse, PruneMode, PrunePlan, PruneRule, Upstream, Verdict, plan, read_rule,
    },
    quantity,
};
use engine::{EngineDisk, ImageSummary, ImageUse};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

const DAY_MS: i64 = 86_400_000;
/// When pruning by rule was last begun.
const LAST: &str = "pruned_at";

/// The job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Prune {
    pub(crate) rule: PruneRule,
}

impl Library {
    /// What the engine's disk holds, and what pruning would take away. An empty mode stands for
    /// what the settings say.
    ///
    /// # Errors
    /// `Invalid` at `prune` or `unused_days`; `Unavailable` when the engine does not answer.
    pub async fn disk(
        &self,
        actor: &Actor,
        mode: &str,
        days: &str,
    ) -> Result<(DiskUse, PrunePlan, PruneRule)> {
        actor.require(Permission::ManageImages)?;
        let core = &self.0;
        let rule = match mode {
            "" => core.policy.get().upkeep.prune,
            mode => read(mode, days)?,
        };
        let disk = core.engine.disk_use().await?;
        let plan = core.prune_plan(&rule, &disk).await?;
        Ok((disk.in_all, plan, rule))
    }

    /// Takes away what the plan says, as a job; asked for again while it is under way, it is the
    /// same one.
    ///
    /// # Errors
    /// `Invalid` at `prune` or `unused_days`.
    pub async fn prune(&self, actor: &Actor, mode: &str, days: &str) -> Result<JobId> {
        actor.require(Permission::ManageImages)?;
        let rule = read(mode, days)?;
        if rule.mode == PruneMode::Off {
            return Err(Error::at("prune", "Choose what is to go."));
        }
        self.0.order_prune(Some(actor), rule).await
    }
}

fn read(mode: &str, days: &str) -> Result<PruneRule> {
    let mut problems = Problems::default();
    let rule = read_rule(mode, days, &mut problems);
    problems.finish().map(|()| rule)
}

/// Prunes by the rule in the settings, once a day.
pub(super) async fn by_rule(core: &Core) {
    let rule = core.policy.get().upkeep.prune;
    if rule.mode == PruneMode::Off || core.engine_problem().is_some() {
        return;
    }
    let begun = async {
        let last = core.store.meta(LAST).await?.and_then(|text| text.parse().ok());
        let now = core.now();
        if last.is_some_and(|last| now.since(Timestamp(last)) < DAY_MS) {
            return Ok(());
        }
        let mut tx = core.store.begin().await?;
        tx.set_meta(LAST, &now.millis().to_string()).await?;
        tx.commit().await?;
        core.order_prune(None, rule).await.map(drop)
    };
    if let Err(error) = begun.await {
        tracing::warn!(%error, "images were not pruned");
    }
}

impl Prune {
    pub(crate) async fn perform(self, hand: &Hand) -> Result<Outcome> {
        let core = &hand.core;
        hand.progress("Looking at what the engine holds").await?;
        let disk = core.engine.disk_use().await?;
        let going: Vec<Verdict> =
            core.prune_plan(&self.rule, &disk).await?.going().cloned().collect();
        hand.say(format!("{} of {} images are to go.", going.len(), disk.images.len())).await?;
        let (mut gone, mut bytes) = (0_usize, 0_i64);
        for (at, verdict) in going.iter().enumerate() {
            if hand.is_cancelled() {
                return Ok(Outcome::Cancelled);
            }
            hand.progress(format!("Removing image {} of {}", at + 1, going.len())).await?;
            match take_away(core, verdict).await {
                Ok(()) => {
                    (gone, bytes) = (gone + 1, bytes + verdict.bytes);
                    hand.say(format!("Removed {}. {}", named(verdict), verdict.why)).await?;
                }
                // The engine has gone: this one and the others are for another try.
                Err(error) if error.kind == ErrorKind::Unavailable => return Err(error),
                Err(error) => {
                    hand.say(format!("Kept {}: {}", named(verdict), error.message)).await?
                }
            }
        }
        Images::refresh(core).await?;
        hand.say(format!("{gone} images were removed; {} are free.", quantity::bytes(bytes)))
            .await?;
        let links = JobLinks { size_bytes: Some(bytes), ..hand.links.clone() };
        hand.write(async |tx| tx.set_job_links(&hand.id, &links).await).await?;
        Ok(Outcome::Done)
    }
}

/// Removes one image, unless something has come to need it since the plan was made. The engine
/// itself refuses where there is a container.
async fn take_away(core: &Core, verdict: &Verdict) -> Result<()> {
    let needed = core.store.workspaces_by_image().await?;
    let names = names_of(&verdict.tags);
    if names.iter().any(|name| needed.contains_key(name)) {
        return Err(Error::conflict("A workspace names it by now."));
    }
    if core.pinned_to().await?.contains_key(&verdict.id) {
        return Err(Error::conflict("A workspace is pinned to it by now."));
    }
    if core.store.sessions_by_image().await?.contains_key(&verdict.id) {
        return Err(Error::conflict("A session is made from it by now."));
    }
    if names.is_empty() {
        return core.engine.remove_image(&verdict.id).await;
    }
    for name in names {
        if core.images.id_of(&name).as_deref() != Some(verdict.id.as_str()) {
            return Err(Error::conflict(format!("{name} means another image by now.")));
        }
        core.engine.remove_image(&name).await?;
    }
    Ok(())
}

fn names_of(tags: &[String]) -> Vec<String> {
    tags.iter().filter_map(|tag| Some(tag.parse::<ImageRef>().ok()?.canonical())).collect()
}

fn named(verdict: &Verdict) -> String {
    match verdict.tags.as_slice() {
        [] => domain::image::short_digest(&verdict.id).to_owned(),
        tags => tags.join(", "),
    }
}

impl Core {
    async fn order_prune(&self, actor: Option<&Actor>, rule: PruneRule) -> Result<JobId> {
        let id: JobId = self.new_id()?;
        let title = match rule.mode {
            PruneMode::Unused => format!("Unused for {} days", rule.unused_days),
            mode => mode.label().to_owned(),
        };
        let order = Order {
            id: &id,
            owner: actor.map(|actor| &actor.user),
            actor: actor.map(|actor| actor.name.as_str()),
            title: &title,
            work: &Work::Prune(Prune { rule }),
            links: &JobLinks::default(),
            password: None,
        };
        let mut tx = self.store.begin().await?;
        let recorded = self.add_job(&mut tx, &order).await?;
        tx.audit(self.now(), actor, "image.prune", &title, Some(recorded.as_str())).await?;
        tx.commit().await?;
        self.announce_job(&recorded, actor.map(|actor| &actor.user));
        self.jobs.work();
        Ok(recorded)
    }

    /// What a rule comes to now.
    async fn prune_plan(&self, rule: &PruneRule, disk: &EngineDisk) -> Result<PrunePlan> {
        let needs = Needs {
            upstreams: self.store.upstreams().await?,
            launches: self.store.launches_by_image().await?,
            sessions: self.store.sessions_by_image().await?,
            workspaces: self.store.names_of_images().await?,
            pinned: self.pinned_to().await?,
            making: self.store.unfinished_snapshots().await?.into_iter().map(|one| one.0).collect(),
        };
        let uses: HashMap<&str, &ImageUse> =
            disk.images.iter().map(|used| (used.id.as_str(), used)).collect();
        let parents: HashSet<&str> = disk.images.iter().map(|used| used.parent.as_str()).collect();
        let listed = self.engine.images().await?;
        let candidates = listed.iter().map(|image| {
            let used = uses.get(image.id.as_str()).copied();
            needs.candidate(image, used, parents.contains(image.id.as_str()))
        });
        Ok(plan(rule, candidates.collect(), self.now()))
    }
}

/// Who needs which image.
struct Needs {
    upstreams: HashMap<String, Upstream>,
    launches: HashMap<String, i64>,
    sessions: HashMap<String, i64>,
    /// A workspace of each name.
    workspaces: HashMap<String, String>,
    /// A workspace that is pinned to each content id.
    pinned: HashMap<String, String>,
    /// Names that jobs are about to make.
    making: HashSet<String>,
}

impl Needs {
    fn candidate(&self, image: &ImageSummary, used: Option<&ImageUse>, parent: bool) -> Candidate {
        let names = names_of(&image.tags);
        let by_digest = names_of(&image.digests);
        let pulled = names.iter().filter_map(|name| self.upstreams.get(name)?.pulled_at).max();
        let launched = self.launches.get(&image.id).copied().map(Timestamp);
        let mut all = names.iter().chain(&by_digest);
        let named = all.find_map(|name| self.workspaces.get(name));
        Candidate {
            id: image.id.clone(),
            tags: names.clone(),
            bytes: used.map_or(image.size_bytes, |used| used.own_bytes),
            created_at: image.created_at,
            used_at: pulled.max(launched),
            workspace: named.or_else(|| self.pinned.get(&image.id)).cloned(),
            sessions: self.sessions.get(&image.id).copied().unwrap_or_default(),
            // What the engine did not count may be in use.
            containers: used.map_or(1, |used| used.containers),
            has_children: parent || names.iter().any(|name| self.making.contains(name)),
        }
    }
}
