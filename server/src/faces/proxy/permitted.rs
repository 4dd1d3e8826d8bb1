//! The body of an answer, for as long as its reader may see the session: a download or a stream of
//! events can last as long as an upgraded stream.

use super::{Proxy, gate::Admission};
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use domain::SessionId;
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};
use upstream::BoxError;

/// Ends with the admission.
type Over = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How often it is noted that somebody still reads.
const NOTE_EVERY: Duration = Duration::from_secs(5);

struct Permitted {
    /// Empty once it was cut.
    passing: Option<(Incoming, Over)>,
    proxy: Proxy,
    session: SessionId,
    noted: Instant,
}

/// Passes a container's body on until the admission is over.
pub(super) fn body(proxy: Proxy, session: SessionId, admission: Admission, body: Incoming) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    let asked = proxy.clone();
    let over = Box::pin(async move { admission.until_over(&asked).await });
    let passing = Some((body, over as Over));
    Body::new(Permitted { passing, proxy, session, noted: Instant::now() }.boxed_unsync())
}

impl HttpBody for Permitted {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Some((body, over)) = &mut this.passing else { return Poll::Ready(None) };
        if over.as_mut().poll(cx).is_ready() {
            this.passing = None;
            return Poll::Ready(Some(Err("no longer permitted".into())));
        }
        let frame = Pin::new(body).poll_frame(cx).map_err(BoxError::from);
        if frame.is_ready() && this.noted.elapsed() >= NOTE_EVERY {
            this.noted = Instant::now();
            this.proxy.services.streams.note_view(&this.session);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.passing.as_ref().is_none_or(|(body, _)| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.passing.as_ref().map_or_else(SizeHint::default, |(body, _)| body.size_hint())
    }
}
