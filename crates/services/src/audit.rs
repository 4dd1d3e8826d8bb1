//! The audit log: read page by page, and taken away as a file. It is written by whatever does what is
//! noted in it, in the same transaction.

mod file;

pub use file::Format;

use crate::core::Core;
use domain::{
    Error, Result,
    actor::{Actor, Permission},
    audit::{AuditFilter, AuditLine},
    list::{ListQuery, Page},
};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use std::sync::Arc;

/// Lines of a file at most: the newest.
const MOST: usize = 100_000;
/// Lines read at a time.
const AT_ONCE: u32 = 1_000;

#[derive(Clone)]
pub struct Audit(Arc<Core>);

impl Audit {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// One page of the lines that fit, the newest first.
    ///
    /// # Errors
    /// `Forbidden` unless the actor may see the audit log.
    pub async fn page(&self, actor: &Actor, query: &ListQuery) -> Result<Page<AuditLine>> {
        actor.require(Permission::SeeAudit)?;
        self.0.store.audit_page(query).await
    }

    /// The newest 100,000 lines that fit, as the text of a file, read while it is sent.
    ///
    /// # Errors
    /// `Forbidden` unless the actor may see the audit log.
    pub async fn export(
        &self,
        actor: &Actor,
        query: &ListQuery,
        format: Format,
    ) -> Result<BoxStream<'static, Result<String>>> {
        actor.require(Permission::SeeAudit)?;
        let core = self.0.clone();
        let filter = AuditFilter::from(query);
        // Before the answer begins, so that a fault is still one.
        let first = core.store.audit_before(&filter, None, AT_ONCE).await?;
        let lines = stream::try_unfold((first, MOST), move |(batch, left)| {
            let (core, filter) = (core.clone(), filter.clone());
            async move {
                let Some(last) = batch.last().filter(|_| left > 0) else {
                    return Ok::<_, Error>(None);
                };
                let text: String = batch.iter().take(left).map(|line| format.line(line)).collect();
                // What was noted meanwhile is newer, and does not move what is still to come.
                let next = core.store.audit_before(&filter, Some(last.id), AT_ONCE).await?;
                Ok(Some((text, (next, left.saturating_sub(batch.len())))))
            }
        });
        let head = Some(format.head()).filter(|head| !head.is_empty());
        let head = stream::iter(head.map(|head| Ok::<_, Error>(head.to_owned())));
        Ok(head.chain(lines).boxed())
    }
}
