//! A session's log as it grows, and as a file.

use crate::{
    faces::{events, problem, stopped},
    serve::Stopping,
};
use app::request::Request;
use axum::{
    Extension,
    body::Body,
    extract::{Path, Query, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use domain::{
    Result, SessionId,
    actor::Actor,
    event::Change,
    log::{LogBatch, LogFilter, LogLine, Severity, ShownLine},
};
use futures_util::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use http::{HeaderMap, header};
use serde::Deserialize;
use services::Services;
use std::{convert::Infallible, time::Duration};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::Instant,
};

/// Shortest time between two events, so that a page is not written anew more often than it is seen.
const APART: Duration = Duration::from_millis(100);
/// Lines of one event at most.
const LINES: usize = 200;
/// Lines looked at for one event at most, so that a container that writes without end costs little.
const LOOKED_AT: usize = 5_000;

/// What of a log is followed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    q: String,
    level: String,
    /// The page has everything up to this moment, in nanoseconds since 1970.
    since: String,
}

/// `GET /sessions/{id}/log/follow`: matching lines as they are written, until the container ends.
pub(crate) async fn follow(
    State(stopping): State<Stopping>,
    Extension(request): Extension<Request>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    // A browser that lost the stream says what it heard last.
    let heard = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let since = heard.unwrap_or(&asked.since).parse().unwrap_or_default();
    let begun = async {
        let actor = request.actor()?.clone();
        let id: SessionId = id.parse()?;
        let changes = request.services.changes();
        let lines = request.services.sessions.follow_log(&actor, &id, since).await?;
        Ok(Following {
            lines,
            filter: LogFilter::new(&asked.q, Severity::parse(&asked.level)),
            changes,
            actor,
            services: request.services.clone(),
            stopping,
            due: Instant::now(),
        })
    };
    match begun.await {
        Ok(following) => {
            let keep_alive = KeepAlive::new().interval(events::KEEP_ALIVE);
            Sse::new(following.events()).keep_alive(keep_alive).into_response()
        }
        Err(error) => problem::json(&error),
    }
}

struct Following {
    lines: BoxStream<'static, Result<LogLine>>,
    filter: LogFilter,
    changes: Receiver<Change>,
    actor: Actor,
    services: Services,
    stopping: Stopping,
    /// When the next event may be sent.
    due: Instant,
}

/// Why a stream ends.
enum End {
    /// The container wrote its last line.
    Container,
    /// The reader may come back, and is then looked at anew.
    Stream,
}

impl Following {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(Some(self), |following| async move {
            let mut following = following?;
            let (batch, end) = following.batch().await;
            let next = match end {
                None => Some(following),
                Some(End::Stream) if batch.lines.is_empty() => return None,
                Some(End::Stream) => None,
                // What is left is said first; the stream itself then ends again at once.
                Some(End::Container) if !batch.lines.is_empty() => Some(following),
                Some(End::Container) => {
                    return Some((Ok(Event::default().event("ended").data("ended")), None));
                }
            };
            let event = Event::default().event("lines").id(batch.newest.to_string());
            let data = serde_json::to_string(&batch).unwrap_or_default();
            Some((Ok(event.data(data)), next))
        })
    }

    /// The lines of the next event. Nothing is read while none is asked for, so a slow reader only
    /// makes the engine wait.
    async fn batch(&mut self) -> (LogBatch, Option<End>) {
        let mut batch = LogBatch::default();
        let mut looked_at = 0;
        loop {
            let full = batch.lines.len() >= LINES || looked_at >= LOOKED_AT;
            tokio::select! {
                biased;
                () = stopped(self.stopping.clone()) => return (batch, Some(End::Stream)),
                change = self.changes.recv() => {
                    if !self.may_go_on(change).await {
                        return (LogBatch::default(), Some(End::Stream));
                    }
                }
                () = tokio::time::sleep_until(self.due), if full || !batch.lines.is_empty() => {
                    self.due = Instant::now() + APART;
                    looked_at = 0;
                    if !batch.lines.is_empty() {
                        return (batch, None);
                    }
                }
                line = self.lines.next(), if !full => match line {
                    Some(Ok(line)) => {
                        looked_at += 1;
                        batch.newest = batch.newest.max(line.at);
                        if self.filter.takes(&line.text) {
                            batch.lines.push(ShownLine::from(line));
                        }
                    }
                    Some(Err(_)) => return (batch, Some(End::Stream)),
                    None => {
                        // Polling a stream that has ended is not allowed.
                        self.lines = stream::empty().boxed();
                        return (batch, Some(End::Container));
                    }
                },
            }
        }
    }

    async fn may_go_on(&mut self, change: Result<Change, RecvError>) -> bool {
        match change {
            Ok(Change::User { id }) if id == self.actor.user => {}
            Ok(_) => return true,
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return false,
        }
        events::still_stands(&self.services, &self.actor).await
    }
}

/// `GET /sessions/{id}/log/download`: the whole log.
pub(crate) async fn download(
    Extension(request): Extension<Request>,
    Path(id): Path<String>,
) -> Response {
    let begun = async {
        let id: SessionId = id.parse()?;
        let lines = request.services.sessions.save_log(request.actor()?, &id).await?;
        Ok((id, lines))
    };
    match begun.await {
        Ok((id, lines)) => (
            [
                (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
                (header::CONTENT_DISPOSITION, format!("attachment; filename=\"session-{id}.log\"")),
                (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
            ],
            Body::from_stream(lines),
        )
            .into_response(),
        Err(error) => problem::plain(&error),
    }
}
