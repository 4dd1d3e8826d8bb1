//! What the stories of the server share: a small HTTP client that hides nothing, a web server that
//! stands for a container, and a whole Slipway on an engine in memory with its real listeners.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each story uses a part of this")]

pub mod binary;
pub mod container;
#[path = "../../../crates/services/tests/world/device.rs"]
pub mod device;
pub mod http;
pub mod own_engine;
pub mod registry;
pub mod world;

use std::time::Duration;

/// Waits for a condition; the bound only ends a story that went wrong.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    within(Duration::from_secs(20), what, async || holds().await.then_some(())).await;
}

/// Waits for a value, at the most this long.
pub async fn within<T>(bound: Duration, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    match tokio::time::timeout(bound, waiting).await {
        Ok(found) => found,
        Err(_) => panic!("never happened within {bound:?}: {what}"),
    }
}
