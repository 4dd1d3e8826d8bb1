//! Keeps tower-sessions' records in Slipway's own store: ids only as hashes, with the user in a
//! column, so that a user's sign-ins can be listed and ended.

use app::sign_in::{ADDRESS, CLIENT, USER};
use services::{
    Services,
    access::{SignInRecord, sign_in_id},
};
use std::fmt;
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

#[derive(Clone)]
pub(crate) struct SignInStore(pub(crate) Services);

impl fmt::Debug for SignInStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInStore")
    }
}

fn backend(error: impl fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

fn stored(record: &Record) -> Result<SignInRecord> {
    let text = |key: &str| record.data.get(key).and_then(|v| v.as_str()).map(str::to_owned);
    Ok(SignInRecord {
        user: text(USER),
        client: text(CLIENT).unwrap_or_default(),
        address: text(ADDRESS).unwrap_or_default(),
        data: serde_json::to_string(&record.data).map_err(|e| Error::Encode(e.to_string()))?,
    })
}

#[async_trait::async_trait]
impl SessionStore for SignInStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        loop {
            let id = sign_in_id(&record.id.to_string()).map_err(backend)?;
            if self.0.access.create_sign_in(id, stored(record)?).await.map_err(backend)? {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let id = sign_in_id(&record.id.to_string()).map_err(backend)?;
        self.0.access.save_sign_in(id, stored(record)?).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let hashed = sign_in_id(&id.to_string()).map_err(backend)?;
        let Some(found) = self.0.access.load_sign_in(&hashed).await.map_err(backend)? else {
            return Ok(None);
        };
        let seconds = found.expires_at.millis() / 1000;
        Ok(Some(Record {
            id: *id,
            data: serde_json::from_str(&found.data).map_err(|e| Error::Decode(e.to_string()))?,
            expiry_date: OffsetDateTime::from_unix_timestamp(seconds).map_err(backend)?,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let id = sign_in_id(&id.to_string()).map_err(backend)?;
        self.0.access.delete_sign_in(&id).await.map_err(backend)
    }
}
