//! Showing how far an image is on its way to or from a registry.

use super::Hand;
use domain::{
    Result,
    job::{JobProgress, pace},
    quantity,
};
use engine::Transfer;
use std::time::Duration;
use tokio::sync::watch;

/// Engines say more of a transfer than anybody can read; the newest is what is shown.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// Has an image moved by `work`, which tells how far it is; `done` is the word for a layer that is
/// there.
pub(crate) async fn transfer<T, F>(
    hand: &Hand,
    done: &str,
    work: impl FnOnce(Box<dyn Fn(Transfer) + Send + Sync>) -> F + Send,
) -> Result<T>
where
    F: Future<Output = Result<T>> + Send,
{
    let (tell, mut told) = watch::channel(Transfer::default());
    let began = hand.core.now();
    let show = async {
        while told.changed().await.is_ok() {
            let millis = hand.core.now().since(began);
            let progress = so_far(done, *told.borrow_and_update(), millis);
            if let Err(error) = hand.come_to(&progress).await {
                tracing::debug!(%error, "progress of a transfer was not recorded");
            }
            tokio::time::sleep(TELL_EVERY).await;
        }
        std::future::pending().await
    };
    tokio::select! {
        done = work(Box::new(move |progress| { tell.send_replace(progress); })) => done,
        never = show => never,
    }
}

/// What is shown of a transfer that has taken this long.
fn so_far(done: &str, progress: Transfer, millis: i64) -> JobProgress {
    let Transfer { there, layers, sent_bytes, total_bytes } = progress;
    let bytes = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (sent, total) = (bytes(sent_bytes), bytes(total_bytes));
    let mut step = format!("{done} {there} of {layers} layers");
    if total > 0 {
        step = format!("{step}, {} of {}", quantity::bytes(sent), quantity::bytes(total));
        let pace = pace(sent, total, millis);
        if !pace.is_empty() {
            step = format!("{step}, {pace}");
        }
    }
    JobProgress { step, bytes: (total > 0).then_some((sent, total)) }
}
