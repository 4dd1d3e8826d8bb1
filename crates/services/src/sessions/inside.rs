//! What is to be seen inside a session's container: what it uses, its processes, and the files it
//! has changed. Nothing in it is read or touched.

use crate::sessions::Sessions;
use domain::{
    ErrorKind, Result, SessionId, Timestamp,
    actor::Actor,
    inside::{
        ChangeKind, ChangedFile, ChangedFiles, FileChange, PathKind, PathStat, Process, UsagePoint,
        readable, shortened, without_parents,
    },
    list::{ListQuery, Page},
};
use futures_util::{StreamExt, stream};
use std::time::Duration;

/// Paths looked at at the same time.
const PARALLEL: usize = 8;
/// Longest wait for the sizes of one page; what is not known by then is left open.
const LOOKING: Duration = Duration::from_secs(4);
/// Longest command and path that is shown, in characters; no kernel has longer paths.
const LONGEST: usize = 4_096;

impl Sessions {
    /// What a running session used after `since`, oldest first. Asking again within some seconds
    /// keeps it measured.
    ///
    /// # Errors
    /// `NotFound` when there is no such session or the actor may not see it.
    pub async fn usage(
        &self,
        actor: &Actor,
        id: &SessionId,
        since: Timestamp,
    ) -> Result<Vec<UsagePoint>> {
        self.visible(actor, id).await?;
        Ok(self.0.usages.history(id, since, self.0.now()))
    }

    /// The processes, the busiest first; `None` while it does not run.
    ///
    /// # Errors
    /// `NotFound` when there is no such session or the actor may not see it, `Forbidden` when that is
    /// all the actor may.
    pub async fn processes(&self, actor: &Actor, id: &SessionId) -> Result<Option<Vec<Process>>> {
        self.open(actor, id).await?;
        let _turn = self.0.looking_inside.acquire().await.map_err(|e| self.0.fault(&e))?;
        let Some(mut all) = self.0.engine.processes(&self.0.container_name(id)).await? else {
            return Ok(None);
        };
        for process in &mut all {
            process.user = readable(&process.user);
            process.command = shortened(&readable(&process.command), LONGEST);
        }
        let busy = |process: &Process| process.cpu.unwrap_or_default();
        all.sort_by(|a, b| busy(b).total_cmp(&busy(a)).then(a.pid.cmp(&b.pid)));
        Ok(Some(all))
    }

    /// One page of the paths that differ from the image, in order. `query.state` is a kind of
    /// change; sizes are only asked for what is on the page.
    ///
    /// # Errors
    /// `NotFound` when there is no such session or the actor may not see it, `Forbidden` when that is
    /// all the actor may.
    pub async fn changed_files(
        &self,
        actor: &Actor,
        id: &SessionId,
        query: &ListQuery,
    ) -> Result<ChangedFiles> {
        self.open(actor, id).await?;
        let name = self.0.container_name(id);
        let _turn = self.0.looking_inside.acquire().await.map_err(|e| self.0.fault(&e))?;
        let all = match self.0.engine.changed_files(&name).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(ChangedFiles::default()),
            all => without_parents(all?),
        };
        let count = |kind| all.iter().filter(|change| change.kind == kind).count() as i64;
        let counts = ChangeKind::ALL.map(count);
        let mut found = matching(all, query);
        found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let total = found.len() as i64;
        let last = Page::<()> { rows: Vec::new(), total }.last_page(query.per_page);
        let offset = query.on_page(query.page.min(last)).offset();
        let page: Vec<FileChange> = found
            .into_iter()
            .skip(usize::try_from(offset).unwrap_or(usize::MAX))
            .take(usize::try_from(query.per_page).unwrap_or(usize::MAX))
            .collect();
        let stats = self.look_at(&name, &page).await;
        let rows = page.into_iter().zip(stats).map(|(change, stat)| row(&change, stat)).collect();
        Ok(ChangedFiles { rows, total, counts, container: true })
    }

    /// What the paths of a page are, as far as the engine says so in time.
    async fn look_at(&self, name: &str, page: &[FileChange]) -> Vec<Option<PathStat>> {
        let mut stats = vec![None; page.len()];
        let there: Vec<(usize, String)> = page
            .iter()
            .enumerate()
            .filter(|(_, change)| change.kind != ChangeKind::Deleted)
            .map(|(index, change)| (index, change.path.clone()))
            .collect();
        let mut looks = stream::iter(there)
            .map(|(index, path)| async move { (index, self.0.engine.path_stat(name, &path).await) })
            .buffer_unordered(PARALLEL);
        let all = async {
            while let Some((index, stat)) = looks.next().await {
                if let (Some(slot), Ok(stat)) = (stats.get_mut(index), stat) {
                    *slot = stat;
                }
            }
        };
        // Late is as good as unknown.
        let _ = tokio::time::timeout(LOOKING, all).await;
        drop(looks);
        stats
    }
}

fn matching(all: Vec<FileChange>, query: &ListQuery) -> Vec<FileChange> {
    let kind = ChangeKind::parse(&query.state);
    let words: Vec<String> =
        query.search.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let fits = |change: &FileChange| {
        let path = || readable(&change.path).to_lowercase();
        kind.is_none_or(|kind| kind == change.kind)
            && (words.is_empty() || words.iter().all(|word| path().contains(word)))
    };
    all.into_iter().filter(fits).collect()
}

fn row(change: &FileChange, stat: Option<PathStat>) -> ChangedFile {
    let shown = |text: &str| shortened(&readable(text), LONGEST);
    let is = |kind| stat.as_ref().filter(move |stat: &&PathStat| stat.kind == kind);
    ChangedFile {
        path: shown(&change.path),
        change: change.kind,
        size: is(PathKind::File).map(|stat| stat.size),
        target: is(PathKind::Link).map(|stat| shown(&stat.target)),
        kind: stat.as_ref().map(|stat| stat.kind),
    }
}
