//! The web terminal: a document of its own, and the WebSocket behind it.
//!
//! The page is not part of the client: its terminal emulator writes style elements, which no other
//! page of the console may have, and nobody else needs to load it.
//!
//! On the socket, binary frames are what is typed and printed, and the first one from the server is
//! what was printed before. Text frames are JSON. The page says `{"resize":[columns,rows]}`,
//! `{"read":bytes}` as it gets on with showing, and `{"close":true}`; the server says `{"id":"…"}`
//! at the beginning, then perhaps `{"ended":"…"}`, or `{"moved":true}` when another page looks at
//! the same terminal now.

use crate::faces::{assets, html::escaped, problem};
use app::{request::Request, routes};
use axum::{
    Extension,
    extract::{
        Path, Query,
        ws::{
            Message, Utf8Bytes, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection,
        },
    },
    response::{Html, IntoResponse, Response},
};
use bytes::Bytes;
use domain::{Error, Result, SessionId, actor::Actor};
use engine::TerminalSize;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use services::{
    Services,
    terminals::{Attached, Keyboard, Place, Screen},
};
use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{interval, timeout},
};

/// Largest frame that a page sends; it cuts what is pasted into smaller pieces.
const LARGEST: usize = 64 * 1024;
/// Buffers of a socket, in bytes.
const BUFFER: usize = 16 * 1024;
/// Idle proxies close silent connections after a minute.
const PING: Duration = Duration::from_secs(20);
/// Pings without any answer after which nobody is there.
const UNHEARD: u32 = 3;
/// Longest wait for a browser to take one piece.
const TAKING: Duration = Duration::from_secs(60);
/// Printed and not yet shown, at the most, in bytes: what comes after an interrupt is as much.
const UNREAD: usize = 256 * 1024;
/// A page that does not say that it gets on with showing is slowed down by this, but not stopped:
/// what it would say may stand behind what it types.
const SLOW: Duration = Duration::from_secs(1);

/// Scripts only of our own; styles also from the emulator, which makes them as it runs.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; frame-src 'none'; object-src 'none'; \
     base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
);

/// `GET /sessions/{id}/terminal`
pub(crate) async fn page(
    Extension(request): Extension<Request>,
    Path(id): Path<String>,
) -> Response {
    let found = async {
        let id: SessionId = id.parse()?;
        request.services.terminals.place(request.actor()?, &id).await
    };
    let mut response = match found.await {
        Ok(place) => Html(document(&request, Ok(&place))).into_response(),
        Err(error) if request.actor.is_none() => problem::json(&error),
        Err(error) => {
            let status = StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::FORBIDDEN);
            (status, Html(document(&request, Err(&error)))).into_response()
        }
    };
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

/// The page: with a terminal, or why there is none.
fn document(request: &Request, place: std::result::Result<&Place, &Error>) -> String {
    let (name, title, back, path) = match place {
        Ok(place) => {
            let name = format!("{} of {}", place.workspace_name, place.owner_name);
            let title = format!("Terminal: {name}");
            let back = (routes::session(&place.session), "Back to the session");
            (name, title, back, routes::terminal(&place.session))
        }
        Err(error) => {
            let name = error.kind.title().to_owned();
            (name.clone(), name, (routes::LAUNCHER.to_owned(), "Launcher"), String::new())
        }
    };
    let (back, leave_to) = back;
    let (name, title, hash) = (escaped(&name), escaped(&title), assets::bundle_hash());
    let glyph = |sign: &str| {
        format!(
            "<svg class=\"glyph\" aria-hidden=\"true\" focusable=\"false\">\
             <use href=\"/icons.svg#ui-{sign}\"></use></svg>"
        )
    };
    let scripts: String = match place {
        Ok(_) => ["vendor/xterm/xterm.js", "vendor/addon-fit/addon-fit.js", "page.js"]
            .map(|file| format!("<script defer src=\"{}\"></script>", asset(file)))
            .concat(),
        Err(_) => String::new(),
    };
    let content = match place {
        Ok(_) => format!(
            "<p class=\"terminal-state\" id=\"state\" role=\"status\"></p>\
             <div class=\"bar-actions needs-script\">\
             <span class=\"terminal-hint\" id=\"hint\">Ctrl+F6 leaves the terminal</span>\
             <button type=\"button\" class=\"button button-bar\" id=\"reconnect\" hidden>\
             {refresh}<span>Reconnect</span></button>\
             <button type=\"button\" class=\"button button-bar\" id=\"close\" hidden>\
             {close}<span>Close</span></button></div></div></header>\
             <main class=\"stage-main\"><div id=\"terminal\" data-path=\"{path}\"></div>\
             <div class=\"notice notice-warning terminal-notice\" id=\"over\" role=\"alert\" hidden>\
             <p id=\"why\"></p>\
             <button type=\"button\" class=\"button\" id=\"again\">Open again</button></div>\
             <noscript><p class=\"notice terminal-notice\">A terminal needs JavaScript. \
             Allow it for this page, or use the session without one.</p></noscript></main>",
            refresh = glyph("refresh"),
            close = glyph("close"),
        ),
        Err(error) => format!(
            "</div></header><main class=\"stage-main\">\
             <p class=\"notice notice-danger terminal-notice\">{}</p></main>",
            escaped(&error.to_string())
        ),
    };
    format!(
        "<!doctype html><html lang=\"en\" data-theme=\"{theme}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, \
         interactive-widget=resizes-content\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title} · Slipway</title>\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\
         <link rel=\"stylesheet\" href=\"/pkg/{hash}/app.css\">\
         <link rel=\"stylesheet\" href=\"{emulator}\"><link rel=\"stylesheet\" href=\"{style}\">\
         {scripts}</head><body><div class=\"stage\"><header class=\"bar\"><div class=\"bar-content\">\
         <a class=\"button button-bar\" id=\"back\" href=\"{back}\">{leave}\
         <span>{leave_to}</span></a>\
         <div class=\"bar-title\"><h1>{name}</h1></div>{content}</div></body></html>",
        theme = request.theme.as_str(),
        emulator = asset("vendor/xterm/xterm.css"),
        style = asset("page.css"),
        leave = glyph("leave"),
    )
}

/// Address of one of the terminal's own files.
fn asset(file: &str) -> String {
    assets::address(&format!("terminal/{file}"))
}

/// How the page opens its socket.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default = "usual_columns")]
    columns: u16,
    #[serde(default = "usual_rows")]
    rows: u16,
    /// A terminal to go back to.
    terminal: Option<String>,
}

const fn usual_columns() -> u16 {
    80
}

const fn usual_rows() -> u16 {
    24
}

/// `GET /sessions/{id}/terminal/socket`
pub(crate) async fn socket(
    Extension(request): Extension<Request>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    upgrade: std::result::Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let permitted = async {
        let (actor, id) = (request.actor()?.clone(), id.parse()?);
        request.services.terminals.place(&actor, &id).await?;
        Ok((actor, id))
    };
    let (actor, id) = match permitted.await {
        Ok(permitted) => permitted,
        Err(error) => return problem::json(&error),
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    upgrade
        .max_message_size(LARGEST)
        .max_frame_size(LARGEST)
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .on_upgrade(async move |socket| {
            metrics::gauge!("slipway_terminal_pages").increment(1);
            serve(request.services, actor, id, wanted, socket).await;
            metrics::gauge!("slipway_terminal_pages").decrement(1);
        })
}

async fn serve(services: Services, actor: Actor, id: SessionId, wanted: Wanted, socket: WebSocket) {
    let (mut to, from) = socket.split();
    // A socket that is refused cannot say why, so this is told on it.
    match attach(&services, &actor, &id, wanted).await {
        Ok(attached) => carry(attached, &mut to, from).await,
        Err(error) => say(&mut to, "ended", error.to_string().into()).await,
    }
    // Whoever has left need not be told.
    let _ = timeout(SLOW, to.close()).await;
}

async fn attach(
    services: &Services,
    actor: &Actor,
    id: &SessionId,
    wanted: Wanted,
) -> Result<Attached> {
    let size = TerminalSize { columns: wanted.columns, rows: wanted.rows };
    match &wanted.terminal {
        Some(terminal) => services.terminals.reopen(actor, id, size, terminal).await,
        None => services.terminals.open(actor, id, size).await,
    }
}

type Sender = SplitSink<WebSocket, Message>;

/// Sends one message of the server; one that cannot be sent is noticed by the next piece.
async fn say(to: &mut Sender, word: &str, value: serde_json::Value) {
    let text = serde_json::json!({ word: value }).to_string();
    let _ = timeout(TAKING, to.send(Message::Text(Utf8Bytes::from(text)))).await;
}

/// What both directions of a page know of it.
struct Pace {
    /// Room for what is printed and not yet shown.
    room: Semaphore,
    unread: AtomicUsize,
    heard: AtomicBool,
}

impl Pace {
    fn new() -> Self {
        Self {
            room: Semaphore::new(UNREAD),
            unread: AtomicUsize::new(0),
            heard: AtomicBool::new(true),
        }
    }

    /// Waits for room, for a while.
    async fn make_room(&self, bytes: usize) {
        let many = u32::try_from(bytes.min(UNREAD)).unwrap_or_default();
        if let Ok(Ok(room)) = timeout(SLOW, self.room.acquire_many(many)).await {
            room.forget();
            self.unread.fetch_add(bytes.min(UNREAD), Ordering::Relaxed);
        }
    }

    /// The page has shown so much; it cannot have shown more than it got.
    fn shown(&self, bytes: usize) {
        let shown = |unread: usize| Some(unread.saturating_sub(bytes));
        let before = self.unread.fetch_update(Ordering::Relaxed, Ordering::Relaxed, shown);
        self.room.add_permits(before.unwrap_or_default().min(bytes));
    }
}

async fn carry(attached: Attached, to: &mut Sender, from: SplitStream<WebSocket>) {
    let Attached { id, replay, screen, keyboard } = attached;
    let pace = Pace::new();
    say(to, "id", id.into()).await;
    if !send(to, Message::Binary(replay.into())).await {
        return;
    }
    tokio::select! {
        () = show(screen, to, &pace) => {}
        () = listen(keyboard, from, &pace) => {}
    }
}

async fn send(to: &mut Sender, message: Message) -> bool {
    matches!(timeout(TAKING, to.send(message)).await, Ok(Ok(())))
}

/// Sends what is printed, until that is all or nobody is there.
async fn show(mut screen: Screen, to: &mut Sender, pace: &Pace) {
    let mut pings = interval(PING);
    let mut unheard = 0;
    loop {
        tokio::select! {
            printed = screen.next() => match printed {
                Some(printed) => {
                    pace.make_room(printed.len()).await;
                    if !send(to, Message::Binary(printed)).await {
                        return;
                    }
                }
                None => {
                    return match screen.end() {
                        Some(why) => say(to, "ended", why.into()).await,
                        None => say(to, "moved", true.into()).await,
                    };
                }
            },
            _ = pings.tick() => {
                screen.note_view();
                unheard = if pace.heard.swap(false, Ordering::Relaxed) { 0 } else { unheard + 1 };
                if unheard >= UNHEARD || !send(to, Message::Ping(Bytes::new())).await {
                    return;
                }
            }
        }
    }
}

/// One text frame of the page.
#[derive(Deserialize)]
struct Control {
    resize: Option<(u16, u16)>,
    read: Option<usize>,
    close: Option<bool>,
}

/// Types what the page sends, until it leaves.
async fn listen(keyboard: Keyboard, mut from: SplitStream<WebSocket>, pace: &Pace) {
    while let Some(Ok(message)) = from.next().await {
        pace.heard.store(true, Ordering::Relaxed);
        match message {
            Message::Binary(typed) => {
                // A program that does not read its input is no reason to take the page for gone.
                let mut beats = interval(PING);
                let entering = keyboard.enter(typed);
                tokio::pin!(entering);
                loop {
                    tokio::select! {
                        () = &mut entering => break,
                        _ = beats.tick() => pace.heard.store(true, Ordering::Relaxed),
                    }
                }
            }
            Message::Text(text) => {
                // What makes no sense comes from no page of ours.
                let Ok(control) = serde_json::from_str::<Control>(&text) else { return };
                if let Some((columns, rows)) = control.resize {
                    keyboard.resize(TerminalSize { columns, rows });
                }
                if let Some(bytes) = control.read {
                    pace.shown(bytes);
                }
                if control.close == Some(true) {
                    keyboard.close().await;
                }
            }
            Message::Close(_) => return,
            Message::Ping(_) | Message::Pong(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_page_that_shows_nothing_is_slowed_down_and_one_that_does_is_not() {
        let pace = Pace::new();
        let began = tokio::time::Instant::now();
        pace.make_room(UNREAD).await;
        assert!(began.elapsed().is_zero());
        pace.make_room(8).await;
        assert_eq!(began.elapsed(), SLOW);
        pace.shown(8);
        pace.make_room(8).await;
        assert_eq!(began.elapsed(), SLOW);
        // Nobody gets more room by saying that he has read what was never sent.
        pace.shown(usize::MAX);
        assert_eq!(pace.room.available_permits(), UNREAD);
        pace.shown(usize::MAX);
        assert_eq!(pace.room.available_permits(), UNREAD);
    }
}
