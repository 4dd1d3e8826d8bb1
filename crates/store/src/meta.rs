//! Single facts about the installation, by key.

use crate::{
    Store, Tx,
    fault::{Columns, Fault},
};
use domain::Result;

impl Store {
    pub async fn meta(&self, key: &str) -> Result<Option<String>> {
        let row = sqlx::query("SELECT value FROM meta WHERE key = ?")
            .bind(key)
            .fetch_optional(&self.read)
            .await
            .fault()?;
        row.map(|row| row.get_or_fault("value")).transpose()
    }
}

impl Tx {
    pub async fn set_meta(&mut self, key: &str, value: &str) -> Result<()> {
        sqlx::query(
            "INSERT INTO meta (key, value) VALUES (?, ?)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )
        .bind(key)
        .bind(value)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Removes a fact if it still has this value; tells whether it did. Lets exactly one of many
    /// racing callers use up a one-time token.
    pub async fn take_meta(&mut self, key: &str, value: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM meta WHERE key = ? AND value = ?")
            .bind(key)
            .bind(value)
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(done.rows_affected() == 1)
    }
}
