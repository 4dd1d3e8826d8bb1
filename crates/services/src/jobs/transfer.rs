//! Showing how far an image is on its way to or from a registry.

use super::Hand;
use domain::{
    Result,
    job::{JobProgress, LayerProgress, LayerState, pace},
    quantity,
};
use engine::{LayerTransfer, Transfer};
use std::time::Duration;
use tokio::sync::watch;

/// Engines say more of a transfer than anybody can read; the newest is what is shown.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// Most layers that are told one by one: all of it is written down each time.
const MOST_LAYERS: usize = 40;

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
            let progress = so_far(done, told.borrow_and_update().clone(), millis);
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
    let Transfer { there, layers, sent_bytes, total_bytes, parts } = progress;
    let (sent, total) = (bytes(sent_bytes), bytes(total_bytes));
    let more = parts.len().saturating_sub(MOST_LAYERS);
    let mut step = format!("{done} {there} of {layers} layers");
    if total > 0 {
        step = format!("{step}, {} of {}", quantity::bytes(sent), quantity::bytes(total));
        let pace = pace(sent, total, millis);
        if !pace.is_empty() {
            step = format!("{step}, {pace}");
        }
    }
    JobProgress {
        step,
        bytes: (total > 0).then_some((sent, total)),
        layers: shown(parts, more),
        more_layers: u32::try_from(more).unwrap_or(u32::MAX),
    }
}

/// The layers without the `more` that are too many: first of all those that are there, of which
/// there is nothing more to tell.
fn shown(parts: Vec<LayerTransfer>, more: usize) -> Vec<LayerProgress> {
    let most = parts.len() - more;
    let mut too_many = more;
    let stays = |part: &LayerTransfer| {
        let left_out = too_many > 0 && part.state == LayerState::There;
        too_many -= usize::from(left_out);
        !left_out
    };
    parts.into_iter().filter(stays).take(most).map(one).collect()
}

fn one(part: LayerTransfer) -> LayerProgress {
    let (sent, total) = (bytes(part.sent_bytes), bytes(part.total_bytes));
    LayerProgress { id: part.id, state: part.state, bytes: (total > 0).then_some((sent, total)) }
}

fn bytes(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(count: usize, state: impl Fn(usize) -> LayerState) -> Transfer {
        let layer = |number: usize| LayerTransfer {
            id: format!("layer {number}"),
            state: state(number),
            sent_bytes: 1,
            total_bytes: 4,
        };
        Transfer::of((0..count).map(layer).collect())
    }

    #[test]
    fn each_layer_is_told_beside_the_sum() {
        let told = so_far("Pulled", layers(2, |_| LayerState::Moving), 100);
        assert_eq!(told.step, "Pulled 0 of 2 layers, 2 B of 8 B");
        assert_eq!((told.bytes, told.more_layers), (Some((2, 8)), 0));
        let layer = |id: &str| LayerProgress {
            id: id.into(),
            state: LayerState::Moving,
            bytes: Some((1, 4)),
        };
        assert_eq!(told.layers, [layer("layer 0"), layer("layer 1")]);
    }

    #[test]
    fn of_too_many_layers_those_that_are_there_are_left_out_first() {
        let all = layers(MOST_LAYERS + 3, |number| match number {
            1 | 5 => LayerState::There,
            _ => LayerState::Waiting,
        });
        let told = so_far("Pushed", all, 100);
        assert_eq!((told.layers.len(), told.more_layers), (MOST_LAYERS, 3));
        assert!(told.layers.iter().all(|layer| layer.state == LayerState::Waiting));
        assert_eq!(told.layers[0].id, "layer 0");
        assert_eq!(told.layers[MOST_LAYERS - 1].id, "layer 41");
        let there = so_far("Pushed", layers(MOST_LAYERS + 1, |_| LayerState::There), 100);
        assert_eq!((there.layers.len(), there.more_layers), (MOST_LAYERS, 1));
    }
}
