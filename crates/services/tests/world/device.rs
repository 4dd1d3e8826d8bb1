//! A device that shows codes, as an authenticator app makes them of what it was told.

use data_encoding::BASE32_NOPAD;
use domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

pub struct Device(Vec<u8>);

impl Device {
    /// It was told this secret, in whatever groups.
    pub fn told(secret: &str) -> Self {
        Self(BASE32_NOPAD.decode(secret.replace(' ', "").as_bytes()).unwrap())
    }

    /// What it shows now.
    pub fn code(&self, now: Timestamp) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).unwrap();
        mac.update(&(now.millis() / 30_000).to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let from = usize::from(hash[19] & 15);
        let word = u32::from_be_bytes(hash[from..from + 4].try_into().unwrap());
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }

    /// What it never shows around now.
    pub fn wrong(&self, now: Timestamp) -> String {
        let shown: Vec<String> =
            [-30, 0, 30].iter().map(|away| self.code(now.plus_secs(*away))).collect();
        let wrong = ["000000", "000001", "000002", "000003"];
        wrong.into_iter().find(|code| !shown.iter().any(|one| one == code)).unwrap().to_owned()
    }
}
