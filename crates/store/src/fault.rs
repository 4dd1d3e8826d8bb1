//! From a database error to a domain error, and from columns to values.
//!
//! What the database says goes to the log once, under a reference that the user can quote.

use domain::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Row, sqlite::SqliteRow};
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) trait Fault<T> {
    /// Any error becomes `Internal` with a reference.
    fn fault(self) -> Result<T>;

    /// Like [`Fault::fault`], except that a unique constraint over `columns` (as SQLite names
    /// them, such as `users.name`) becomes `taken`.
    fn unless_taken(self, columns: &str, taken: impl FnOnce() -> Error) -> Result<T>;
}

impl<T> Fault<T> for Result<T, sqlx::Error> {
    fn fault(self) -> Result<T> {
        self.map_err(|error| logged(&error))
    }

    fn unless_taken(self, columns: &str, taken: impl FnOnce() -> Error) -> Result<T> {
        self.map_err(|error| {
            let violated = error
                .as_database_error()
                .filter(|e| e.is_unique_violation())
                .is_some_and(|e| e.message().contains(columns));
            if violated { taken() } else { logged(&error) }
        })
    }
}

fn logged(error: &dyn std::fmt::Display) -> Error {
    // The process and a counter make it findable; it need not be unguessable.
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let reference = format!("db-{:x}-{number}", std::process::id());
    tracing::error!(%reference, %error, "database error");
    Error::internal(reference)
}

/// A value that makes no sense in its column.
pub(crate) fn broken(table: &str, column: &str, value: &str) -> Error {
    logged(&format!("{table}.{column} holds `{value}`, which cannot be read"))
}

pub(crate) trait Columns {
    fn id<T: std::str::FromStr>(&self, column: &str) -> Result<T>;
    fn word<T>(&self, column: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T>;
    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T>;
    fn get_or_fault<'r, T>(&'r self, column: &str) -> Result<T>
    where
        T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>;
}

impl Columns for SqliteRow {
    fn id<T: std::str::FromStr>(&self, column: &str) -> Result<T> {
        let text: String = self.get_or_fault(column)?;
        text.parse().map_err(|_| broken("row", column, &text))
    }

    fn word<T>(&self, column: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T> {
        let text: String = self.get_or_fault(column)?;
        parse(&text).ok_or_else(|| broken("row", column, &text))
    }

    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        let text: Option<String> = self.get_or_fault(column)?;
        let text = text.as_deref().unwrap_or("null");
        serde_json::from_str(text).map_err(|_| broken("row", column, text))
    }

    fn get_or_fault<'r, T>(&'r self, column: &str) -> Result<T>
    where
        T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        self.try_get(column).fault()
    }
}

/// A value as JSON text for a column.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| logged(&error))
}

/// A `LIKE` pattern that finds `words` anywhere, taken literally (with `ESCAPE '\'`).
pub(crate) fn containing(words: &str) -> String {
    let escaped = words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}
