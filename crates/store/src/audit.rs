//! Who did what to what, from where. Nothing secret goes in.

use crate::{
    Store, Tx,
    fault::{Columns, Fault, containing},
};
use domain::{
    Result, Timestamp, UserId,
    actor::Actor,
    audit::{AuditFilter, AuditLine, AuditResult},
    list::{ListQuery, Page},
};
use sqlx::{QueryBuilder, Sqlite, sqlite::SqliteRow};

/// A line about somebody who is not signed in as an [`Actor`].
#[derive(Debug, Clone, Copy)]
pub struct NewAuditLine<'a> {
    pub at: Timestamp,
    /// Who did it, if that is proved.
    pub user: Option<(&'a UserId, &'a str)>,
    pub action: &'a str,
    pub target: &'a str,
    pub detail: Option<&'a str>,
    pub address: &'a str,
    pub result: AuditResult,
}

fn line(row: &SqliteRow) -> Result<AuditLine> {
    Ok(AuditLine {
        id: row.get_or_fault("id")?,
        at: Timestamp(row.get_or_fault("at")?),
        actor: row.get_or_fault("actor_name")?,
        action: row.get_or_fault("action")?,
        target: row.get_or_fault("target")?,
        detail: row.get_or_fault("detail")?,
        address: row.get_or_fault("address")?,
        result: row.word("result", AuditResult::parse)?,
    })
}

fn narrow(query: &mut QueryBuilder<Sqlite>, filter: &AuditFilter) {
    query.push(" WHERE 1 = 1");
    if !filter.actor.is_empty() {
        query.push(" AND actor_name = ").push_bind(filter.actor.clone());
    }
    if !filter.group.is_empty() {
        // The name of the group alone, or with a dot behind it.
        let group = format!("{}.", filter.group);
        query.push(" AND substr(action || '.', 1, ");
        query.push_bind(i64::try_from(group.len()).unwrap_or(i64::MAX));
        query.push(") = ").push_bind(group);
    }
    if let Some(result) = filter.result {
        query.push(" AND result = ").push_bind(result.as_str());
    }
    if let Some(from) = filter.from {
        query.push(" AND at >= ").push_bind(from.0);
    }
    if let Some(until) = filter.until {
        query.push(" AND at < ").push_bind(until.0);
    }
    if !filter.search.is_empty() {
        let words = containing(&filter.search);
        query.push(" AND (target LIKE ").push_bind(words.clone());
        for column in ["detail", "action", "actor_name", "address"] {
            query.push(" ESCAPE '\\' OR ").push(column).push(" LIKE ").push_bind(words.clone());
        }
        query.push(" ESCAPE '\\')");
    }
}

impl Store {
    /// The newest lines first.
    pub async fn audit(&self, limit: u32) -> Result<Vec<AuditLine>> {
        self.audit_before(&AuditFilter::default(), None, limit).await
    }

    /// One page of the lines that fit, the newest first.
    pub async fn audit_page(&self, list: &ListQuery) -> Result<Page<AuditLine>> {
        let filter = AuditFilter::from(list);
        let mut count = QueryBuilder::<Sqlite>::new("SELECT count(*) AS n FROM audit");
        narrow(&mut count, &filter);
        let total = count.build().fetch_one(&self.read).await.fault()?.get_or_fault("n")?;
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM audit");
        narrow(&mut query, &filter);
        query.push(" ORDER BY id DESC LIMIT ").push_bind(list.per_page);
        query.push(" OFFSET ").push_bind(list.offset());
        let rows = query.build().fetch_all(&self.read).await.fault()?;
        Ok(Page { rows: rows.iter().map(line).collect::<Result<_>>()?, total })
    }

    /// The newest lines that fit and are older than the one with the id `before`, if one is given.
    pub async fn audit_before(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditLine>> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM audit");
        narrow(&mut query, filter);
        if let Some(before) = before {
            query.push(" AND id < ").push_bind(before);
        }
        query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
        let rows = query.build().fetch_all(&self.read).await.fault()?;
        rows.iter().map(line).collect()
    }
}

impl Tx {
    /// Notes that `actor` (or Slipway itself) did `action` (`session.launch`) to `target`, from where
    /// the actor signed in. To be asked for before that sign-in is ended.
    pub async fn audit(
        &mut self,
        at: Timestamp,
        actor: Option<&Actor>,
        action: &str,
        target: &str,
        detail: Option<&str>,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO audit (at, actor_id, actor_name, action, target, detail, address)
             VALUES (?, ?, ?, ?, ?, ?,
                     coalesce((SELECT address FROM sign_ins WHERE id = ?), ''))",
        )
        .bind(at.0)
        .bind(actor.map(|a| a.user.as_str()))
        .bind(actor.map(|a| a.name.as_str()))
        .bind(action)
        .bind(target)
        .bind(detail)
        .bind(actor.map(|a| a.sign_in.as_str()))
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Notes what somebody did or tried who has no sign-in yet.
    pub async fn audit_outside(&mut self, new: &NewAuditLine<'_>) -> Result<()> {
        sqlx::query(
            "INSERT INTO audit
             (at, actor_id, actor_name, action, target, detail, address, result)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.at.0)
        .bind(new.user.map(|(id, _)| id.as_str()))
        .bind(new.user.map(|(_, name)| name))
        .bind(new.action)
        .bind(new.target)
        .bind(new.detail)
        .bind(new.address)
        .bind(new.result.as_str())
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Forgets what was noted before `before`.
    pub async fn prune_audit(&mut self, before: Timestamp) -> Result<u64> {
        let done = sqlx::query("DELETE FROM audit WHERE at < ?")
            .bind(before.0)
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(done.rows_affected())
    }
}
