//! After an upgrade: bytes both ways, unread, until one side ends or the permission does.

use super::{
    Proxy, answer,
    ear::{Ear, Noted, Side},
    gate::Admission,
};
use crate::faces::stopped;
use axum::{body::Body, response::Response};
use domain::SessionId;
use http::{HeaderValue, header};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use services::streams::Route;
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional_with_sizes};

/// Held per direction while a stream is open; two of them bound the memory of a stream.
const BUFFER: usize = 32 * 1024;
/// How often it is noted that the stream is open, and whether it is used.
const NOTE_EVERY: Duration = Duration::from_secs(5);

/// Answers the upgrade and carries on in the background.
pub(super) fn open(
    proxy: &Proxy,
    route: &Route,
    admission: Admission,
    from_browser: OnUpgrade,
    mut answer: http::Response<Incoming>,
) -> Response {
    let to_container = hyper::upgrade::on(&mut answer);
    let (mut parts, _) = answer.into_parts();
    let (proxy, session) = (proxy.clone(), route.session.clone());
    let protocol = parts.headers.get(header::UPGRADE).cloned();
    let frames =
        protocol.as_ref().is_some_and(|name| name.as_bytes().eq_ignore_ascii_case(b"websocket"));
    tokio::spawn(async move {
        let Ok((browser, container)) = tokio::try_join!(from_browser, to_container) else {
            return;
        };
        metrics::gauge!("slipway_streams_open").increment(1);
        let (browser, container) = (TokioIo::new(browser), TokioIo::new(container));
        carry(&proxy, &session, admission, frames, browser, container).await;
        metrics::gauge!("slipway_streams_open").decrement(1);
    });
    answer::clean(route, &mut parts.headers);
    // A stream needs no cookies, whatever the contract says of pages.
    parts.headers.remove(header::SET_COOKIE);
    parts.headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    if let Some(protocol) = protocol {
        parts.headers.insert(header::UPGRADE, protocol);
    }
    Response::from_parts(parts, Body::empty())
}

async fn carry(
    proxy: &Proxy,
    session: &SessionId,
    admission: Admission,
    frames: bool,
    browser: impl AsyncRead + AsyncWrite + Unpin,
    container: impl AsyncRead + AsyncWrite + Unpin,
) {
    let noted = Arc::<Noted>::default();
    let ear = |side| Ear::new(side, noted.clone(), frames);
    let mut browser = Heard { inner: browser, ear: ear(Side::Browser) };
    let mut container = Heard { inner: container, ear: ear(Side::Container) };
    let copy = copy_bidirectional_with_sizes(&mut browser, &mut container, BUFFER, BUFFER);
    tokio::pin!(copy);
    let over = admission.until_over(proxy);
    tokio::pin!(over);
    let mut notes = tokio::time::interval(NOTE_EVERY);
    // Not awaited in the loop itself: what it borrows must not live across other awaits.
    let stopping = stopped(proxy.stopping.clone());
    tokio::pin!(stopping);
    let note = || {
        proxy.services.streams.note_view(session);
        if noted.take() {
            proxy.services.streams.note_activity(session);
        }
    };
    loop {
        tokio::select! {
            _ = &mut copy => break,
            () = &mut stopping => break,
            () = &mut over => break,
            _ = notes.tick() => note(),
        }
    }
    note();
}

/// Listens to what is read.
struct Heard<T> {
    inner: T,
    ear: Ear,
}

impl<T: AsyncRead + Unpin> AsyncRead for Heard<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if let Some(new) = buf.filled().get(before..) {
            self.ear.hear(new);
        }
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Heard<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
