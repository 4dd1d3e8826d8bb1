//! Uploaded icons.

use crate::{
    Store, Tx,
    fault::{Columns, Fault},
};
use domain::{IconId, Result, Timestamp};

/// A picture and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredIcon {
    pub content_type: String,
    pub bytes: Vec<u8>,
}

impl Store {
    pub async fn icon(&self, id: &IconId) -> Result<Option<StoredIcon>> {
        let row = sqlx::query("SELECT content_type, bytes FROM icons WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.read)
            .await
            .fault()?;
        row.map(|row| {
            Ok(StoredIcon {
                content_type: row.get_or_fault("content_type")?,
                bytes: row.get_or_fault("bytes")?,
            })
        })
        .transpose()
    }
}

impl Tx {
    pub async fn insert_icon(
        &mut self,
        id: &IconId,
        icon: &StoredIcon,
        now: Timestamp,
    ) -> Result<()> {
        sqlx::query("INSERT INTO icons (id, content_type, bytes, created_at) VALUES (?, ?, ?, ?)")
            .bind(id.as_str())
            .bind(&icon.content_type)
            .bind(&icon.bytes)
            .bind(now.0)
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }
}
