//! Password hashing: argon2id, away from the async threads, a few at a time.
//!
//! A hash takes about 20 MiB for a moment, so the number of parallel ones is bounded; a burst of
//! sign-ins waits its turn and starves nothing else.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use domain::{Error, Result, user};
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;
use zxcvbn::Score;

const PARALLEL: usize = 2;

#[derive(Clone)]
pub(crate) struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(PARALLEL)))
    }
}

fn hash_now(password: &str) -> Result<String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|_| Error::internal("password-hash"))
}

/// A hash that no password has, to spend the same time on unknown users.
fn nobody() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let unguessable = crate::entropy::secret().unwrap_or_default();
        hash_now(&unguessable).unwrap_or_default()
    })
}

impl Passwords {
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let fault = |_| Error::internal("password-worker");
        let _turn = self.0.acquire().await.map_err(|_| Error::internal("password-worker"))?;
        tokio::task::spawn_blocking(work).await.map_err(fault)
    }

    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        self.run(move || hash_now(&password)).await?
    }

    /// Whether the password has this hash; an absent hash takes as long to refuse.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.run(move || {
            let text = hash.as_deref().unwrap_or_else(|| nobody());
            let matches = PasswordHash::new(text).is_ok_and(|parsed| {
                Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok()
            });
            matches && hash.is_some()
        })
        .await
    }

    /// Checks a new password: its length, whether it was typed the same twice, and how soon it
    /// would be guessed.
    ///
    /// # Errors
    /// `Invalid` at `password_field` or `again_field`.
    pub(crate) async fn check_new(
        &self,
        name: &str,
        password: &str,
        again: &str,
        password_field: &str,
        again_field: &str,
    ) -> Result<()> {
        let mut problems = domain::error::Problems::default();
        if let Err(why) = user::check_password_length(password) {
            problems.add(password_field, why);
        } else {
            let (name, password) = (name.to_owned(), password.to_owned());
            let weak = self
                .run(move || {
                    zxcvbn::zxcvbn(&password, &[name.as_str(), "slipway"]).score() < Score::Two
                })
                .await?;
            if weak {
                problems.add(
                    password_field,
                    "This password would be guessed soon. Use several unrelated words, or more characters.",
                );
            }
        }
        if password != again {
            problems.add(again_field, "The two passwords differ.");
        }
        problems.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_only_its_own_hash() {
        let passwords = Passwords::default();
        let hash = passwords.hash("a long enough secret".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        let verify = |p: &str, h: Option<String>| passwords.verify(p.to_owned(), h);
        assert!(verify("a long enough secret", Some(hash.clone())).await.unwrap());
        assert!(!verify("another secret", Some(hash)).await.unwrap());
        assert!(!verify("anything", None).await.unwrap());
    }

    #[tokio::test]
    async fn common_passwords_are_refused_at_their_field() {
        let passwords = Passwords::default();
        let check = async |p: &str, again: &str| {
            passwords.check_new("ada", p, again, "password", "again").await
        };
        assert!(
            check("password123", "password123").await.unwrap_err().problem_at("password").is_some()
        );
        assert!(check("short", "short").await.unwrap_err().problem_at("password").is_some());
        let differ = check("orbit-lantern-cactus", "x").await.unwrap_err();
        assert!(differ.problem_at("again").is_some());
        assert!(check("orbit-lantern-cactus", "orbit-lantern-cactus").await.is_ok());
    }
}
