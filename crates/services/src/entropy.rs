//! Identifiers and secrets from the system's randomness.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Error, Result};
use sha2::{Digest, Sha256};
use std::str::FromStr;

/// A new identifier: time-ordered, so that rows sort by creation.
pub(crate) fn new_id<T: FromStr<Err = Error>>() -> Result<T> {
    uuid::Uuid::now_v7().simple().to_string().parse()
}

/// Random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::unavailable("The system gives no random numbers.").detail(error.to_string())
    })?;
    Ok(bytes)
}

/// 256 random bits as text that is safe in an address, a cookie and an environment variable.
pub(crate) fn secret() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<32>()?))
}

/// SHA-256 in hexadecimal: how secrets that need not be read back are kept.
pub(crate) fn digest(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
