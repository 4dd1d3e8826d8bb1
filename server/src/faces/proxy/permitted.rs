//! The body of an answer, for as long as its reader may see the session: a download or a stream of
//! events can last as long as an upgraded stream.

use super::{Proxy, gate::Admission};
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use upstream::BoxError;

/// Ends with the admission.
type Over = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Empty once it was cut.
struct Permitted(Option<(Incoming, Over)>);

/// Passes a container's body on until the admission is over.
pub(super) fn body(proxy: Proxy, admission: Admission, body: Incoming) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    let over = Box::pin(async move { admission.until_over(&proxy).await });
    Body::new(Permitted(Some((body, over))).boxed_unsync())
}

impl HttpBody for Permitted {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some((body, over)) = &mut self.0 else { return Poll::Ready(None) };
        if over.as_mut().poll(cx).is_ready() {
            self.0 = None;
            return Poll::Ready(Some(Err("no longer permitted".into())));
        }
        Pin::new(body).poll_frame(cx).map_err(BoxError::from)
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(|(body, _)| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or_else(SizeHint::default, |(body, _)| body.size_hint())
    }
}
