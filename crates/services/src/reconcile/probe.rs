//! Asks a starting container until it answers.

use crate::core::Core;
use domain::{Result, plan::ContainerState, session::Session};
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::time::Instant;
use upstream::Target;

/// Between two questions, for as long as somebody may be waiting for the answer to come at once: a
/// port that nothing listens on refuses in no time.
const PAUSE: Duration = Duration::from_millis(5);
const EAGER: Duration = Duration::from_secs(2);
/// Between two questions from then on.
const LATER: Duration = Duration::from_millis(100);
/// How long one question may wait for its answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often the engine is asked whether the container still runs.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(crate) enum Outcome {
    Ready,
    /// Something else is wanted now.
    Overtaken,
    /// The container ended.
    Ended,
    /// No good answer in time; holds what the last one was.
    Silent(String),
}

pub(crate) async fn until_ready(
    core: &Arc<Core>,
    session: &Session,
    address: IpAddr,
) -> Result<Outcome> {
    let contract = &session.config.contract;
    let target = Target { scheme: contract.scheme, address: (address, contract.port).into() };
    let value = match &contract.basic {
        Some(basic) => Some(core.authorization(&session.id, &basic.user).await?),
        None => None,
    };
    // Ours are always printable, so they always make a header value.
    let value = value.and_then(|text| http::HeaderValue::from_str(&text).ok());
    let name = core.container_name(&session.id);
    let began = Instant::now();
    let limit = Duration::from_secs(u64::from(contract.ready_timeout_s));
    let mut last_look = began;
    loop {
        let answer =
            core.upstream.probe(target, &contract.ready_path, value.as_ref(), PATIENCE).await;
        let answer = match answer {
            Ok(status) if is_ready(status) => return Ok(Outcome::Ready),
            Ok(status) => format!("it answers with status {status}"),
            Err(silence) => silence.to_string(),
        };
        if core.reconciler.woken_again(&session.id) {
            return Ok(Outcome::Overtaken);
        }
        if began.elapsed() > limit {
            return Ok(Outcome::Silent(answer));
        }
        if last_look.elapsed() > LOOK_EVERY {
            last_look = Instant::now();
            let container = core.engine.container(&name).await?;
            match container.map(|c| c.state()) {
                Some(ContainerState::Running) => {}
                Some(ContainerState::Paused) => return Ok(Outcome::Overtaken),
                Some(ContainerState::Created | ContainerState::Exited) | None => {
                    return Ok(Outcome::Ended);
                }
            }
        }
        tokio::time::sleep(if began.elapsed() < EAGER { PAUSE } else { LATER }).await;
    }
}

/// Success and redirects count; anything else says that the workspace is not there yet.
const fn is_ready(status: u16) -> bool {
    status >= 200 && status < 400
}
