//! One page of everybody's sessions, as a list asks for it.

use super::{At as _, COLUMNS, session};
use crate::{
    Store,
    fault::{Fault, containing},
};
use domain::{
    Result,
    list::{ListQuery, Page},
    session::{Desired, Session, State, Status},
};
use sqlx::{QueryBuilder, Sqlite};
use std::sync::LazyLock;

/// The condition under which [`State::of`] gives this state, as SQL over `s`.
fn in_state(query: &mut QueryBuilder<Sqlite>, state: State) {
    let pairs = Desired::ALL.iter().flat_map(|d| Status::ALL.iter().map(move |s| (*d, *s)));
    query.push(" AND (s.desired, s.status) IN (VALUES ");
    let mut list = query.separated(", ");
    for (desired, status) in pairs.filter(|(d, s)| State::of(*d, *s) == state) {
        list.push("(");
        list.push_bind_unseparated(desired.as_str());
        list.push_unseparated(", ");
        list.push_bind_unseparated(status.as_str());
        list.push_unseparated(")");
    }
    query.push(")");
}

fn narrow(query: &mut QueryBuilder<Sqlite>, list: &ListQuery) {
    match State::parse(&list.state) {
        Some(State::Deleted) => {
            query.push(" WHERE s.status = 'deleted'");
        }
        Some(state) => {
            query.push(" WHERE s.status <> 'deleted'");
            in_state(query, state);
        }
        None => {
            query.push(" WHERE s.status <> 'deleted'");
        }
    }
    if !list.search.is_empty() {
        let words = containing(&list.search);
        query.push(" AND (u.name LIKE ").push_bind(words.clone());
        query.push(" ESCAPE '\\' OR s.workspace_name LIKE ").push_bind(words.clone());
        query.push(" ESCAPE '\\' OR s.id LIKE ").push_bind(words.clone());
        query.push(" ESCAPE '\\' OR json_extract(s.config, '$.image') LIKE ").push_bind(words);
        query.push(" ESCAPE '\\')");
    }
}

/// [`State::of`] as SQL over `s`.
static WORD_ON_SCREEN: LazyLock<String> = LazyLock::new(|| {
    let pairs = Desired::ALL.iter().flat_map(|d| Status::ALL.iter().map(move |s| (*d, *s)));
    let cases: String = pairs
        .map(|(desired, status)| {
            let word = State::of(desired, status).as_str();
            format!(" WHEN '{} {}' THEN '{word}'", desired.as_str(), status.as_str())
        })
        .collect();
    format!("CASE s.desired || ' ' || s.status{cases} END")
});

/// Columns a list may be ordered by; anything else means newest first.
fn order(list: &ListQuery) -> (&'static str, bool) {
    let column = match list.sort.as_str() {
        "user" => "u.name",
        "workspace" => "s.workspace_name",
        "image" => "json_extract(s.config, '$.image')",
        "state" => WORD_ON_SCREEN.as_str(),
        "activity" => "s.last_activity_at",
        "launched" => "s.launched_at",
        _ => return ("s.launched_at", true),
    };
    (column, list.descending)
}

impl Store {
    /// One page of everybody's sessions; ended ones only when asked for by state.
    pub async fn sessions(&self, list: &ListQuery) -> Result<Page<Session>> {
        let mut count = QueryBuilder::<Sqlite>::new(
            "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.owner",
        );
        narrow(&mut count, list);
        let total: i64 = count.build().fetch_one(&self.read).await.fault()?.get_or_fault_at(0)?;
        let mut query = QueryBuilder::<Sqlite>::new("SELECT ");
        query.push(COLUMNS);
        narrow(&mut query, list);
        let (column, descending) = order(list);
        query.push(" ORDER BY ").push(column);
        query.push(if descending { " DESC" } else { " ASC" });
        query.push(", s.id DESC LIMIT ").push_bind(list.per_page);
        query.push(" OFFSET ").push_bind(list.offset());
        let rows = query.build().fetch_all(&self.read).await.fault()?;
        Ok(Page { rows: rows.iter().map(session).collect::<Result<_>>()?, total })
    }
}
