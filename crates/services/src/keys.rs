//! Encryption of secrets at rest: XChaCha20-Poly1305 with a key file outside the database.
//!
//! The place a secret is stored at is bound into it, so that a ciphertext cannot be moved to
//! another row.

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, Generate, Key, KeyInit, Payload},
};
use domain::{Error, Result};
use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

const NONCE: usize = 24;

pub(crate) struct Keys(XChaCha20Poly1305);

impl Keys {
    /// Reads the key below the data directory, or makes one that only its owner can read.
    pub(crate) fn open(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join("keys").join("secrets.key");
        let unusable = |error: &dyn std::fmt::Display| {
            Error::unavailable(format!("The key file {} cannot be used.", path.display()))
                .detail(error.to_string())
                .hint("It must be readable only by the user that runs Slipway, and must not be replaced while there are sessions.")
        };
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = Key::<XChaCha20Poly1305>::try_generate().map_err(|e| unusable(&e))?;
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder).map_err(|e| unusable(&e))?;
                }
                let mut file = fs::OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(&path)
                    .map_err(|e| unusable(&e))?;
                file.write_all(&key).and_then(|()| file.sync_all()).map_err(|e| unusable(&e))?;
                key.to_vec()
            }
            Err(error) => return Err(unusable(&error)),
        };
        XChaCha20Poly1305::new_from_slice(&bytes).map(Self).map_err(|e| unusable(&e))
    }

    /// Encrypts a secret for one place, such as `sessions.secret/<id>`.
    pub(crate) fn seal(&self, place: &str, secret: &str) -> Result<Vec<u8>> {
        let nonce = XNonce::try_generate().map_err(|_| Error::internal("no-randomness"))?;
        let payload = Payload { msg: secret.as_bytes(), aad: place.as_bytes() };
        let sealed = self.0.encrypt(&nonce, payload).map_err(|_| Error::internal("seal-failed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    pub(crate) fn open_sealed(&self, place: &str, sealed: &[u8]) -> Result<String> {
        let broken = || Error::internal("secret-unreadable");
        let (nonce, text) = sealed.split_at_checked(NONCE).ok_or_else(broken)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| broken())?;
        let payload = Payload { msg: text, aad: place.as_bytes() };
        let secret = self.0.decrypt(&nonce, payload).map_err(|_| broken())?;
        String::from_utf8(secret).map_err(|_| broken())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_where_it_was_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        let sealed = keys.seal("sessions.secret/a", "hunter2").unwrap();
        assert_eq!(keys.open_sealed("sessions.secret/a", &sealed).unwrap(), "hunter2");
        assert!(keys.open_sealed("sessions.secret/b", &sealed).is_err());
        assert!(keys.open_sealed("sessions.secret/a", &sealed[..10]).is_err());
        // The same key after a restart.
        let again = Keys::open(folder.path()).unwrap();
        assert_eq!(again.open_sealed("sessions.secret/a", &sealed).unwrap(), "hunter2");
    }
}
