//! A container's log, read and followed.

use super::MemoryEngine;
use crate::LogSpec;
use domain::Result;
use domain::log::LogLine;
use futures_util::stream::{self, BoxStream, StreamExt};

/// What the world says to a reader who has read some lines.
enum Next {
    Line(LogLine),
    Wait,
    End,
}

pub(super) fn lines(
    engine: MemoryEngine,
    name: String,
    spec: LogSpec,
) -> BoxStream<'static, Result<LogLine>> {
    let written = engine.world().written.subscribe();
    let first = {
        let world = engine.world();
        let length = world.containers.get(&name).map_or(0, |container| container.log.len());
        spec.tail.map_or(0, |tail| length.saturating_sub(tail.try_into().unwrap_or(usize::MAX)))
    };
    let start = (engine, written, first);
    stream::unfold(start, move |(engine, mut written, mut read)| {
        let (name, spec) = (name.clone(), spec.clone());
        async move {
            loop {
                // Before looking, so that nothing written after it goes unheard.
                written.borrow_and_update();
                match next(&engine, &name, &spec, read) {
                    Next::Line(mut line) => {
                        read += 1;
                        let older = spec.since.is_none_or(|since| line.at > since);
                        if older && spec.until.is_none_or(|until| line.at < until) {
                            line.text = line.text.chars().take(spec.longest).collect();
                            return Some((Ok(line), (engine, written, read)));
                        }
                    }
                    Next::Wait => written.changed().await.ok()?,
                    Next::End => return None,
                }
            }
        }
    })
    .boxed()
}

fn next(engine: &MemoryEngine, name: &str, spec: &LogSpec, read: usize) -> Next {
    let world = engine.world();
    let Some(container) = world.containers.get(name) else { return Next::End };
    match container.log.get(read) {
        Some(line) => Next::Line(line.clone()),
        None if spec.follow && container.alive() && !world.down => Next::Wait,
        None => Next::End,
    }
}
