//! Stories of the web terminal: real WebSockets through the real router, and who cannot have one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod support;

use domain::{
    SessionId,
    actor::Role,
    session::{Action, State},
};
use engine::memory::Op;
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use support::{
    http::{Answer, Ask, Tunnel, get},
    until,
    world::{Person, World},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role as Side},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// An administrator, and a session of ada's that runs.
async fn cast(world: &World) -> (Person, Person, SessionId) {
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let ada = world.user().await;
    let id = world.running(&ada, &workspace).await;
    (admin, ada, id)
}

/// How a page of the console asks for its socket.
fn ask(world: &World, cookie: &str, id: &SessionId, query: &str) -> Ask {
    get(&format!("/sessions/{id}/terminal/socket?columns=91&rows=17{query}"))
        .for_upgrade()
        .with("host", world.origin.split("://").nth(1).unwrap())
        .with("cookie", cookie)
}

/// The page's end of a terminal's socket.
struct Page {
    socket: WebSocketStream<Tunnel>,
    printed: String,
}

impl Page {
    async fn open(world: &World, person: &Person, id: &SessionId, query: &str) -> Self {
        let ask = ask(world, &person.cookie, id, query).with("origin", &world.origin);
        let (_, tunnel) = ask.upgraded(world.console).await.unwrap();
        let socket = WebSocketStream::from_raw_socket(tunnel, Side::Client, None).await;
        Self { socket, printed: String::new() }
    }

    /// The next text frame; what is printed before it is kept.
    async fn hears(&mut self) -> serde_json::Value {
        loop {
            match self.next().await {
                Some(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                Some(_) => {}
                None => panic!("closed after {:?}", self.printed),
            }
        }
    }

    async fn next(&mut self) -> Option<Message> {
        let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
        let message = next.unwrap_or_else(|_| panic!("silent after {:?}", self.printed))?.ok()?;
        if let Message::Binary(bytes) = &message {
            self.printed.push_str(&String::from_utf8_lossy(bytes));
        }
        Some(message)
    }

    async fn prints(&mut self, words: &str) {
        while !self.printed.contains(words) {
            assert!(self.next().await.is_some(), "closed after {:?}", self.printed);
        }
    }

    async fn enter(&mut self, line: &str) {
        self.socket.send(Message::Binary(format!("{line}\r").into())).await.unwrap();
    }

    async fn says(&mut self, text: &str) {
        self.socket.send(Message::Text(text.to_owned().into())).await.unwrap();
    }

    /// The sentence at the end, after which the socket is closed.
    async fn ends(&mut self) -> String {
        let sentence = self.hears().await["ended"].as_str().unwrap().to_owned();
        while let Some(message) = self.next().await {
            assert!(matches!(message, Message::Close(_)), "{message:?} after the end");
        }
        sentence
    }
}

#[tokio::test]
async fn a_shell_is_typed_into_resized_found_again_and_closed() {
    let world = World::new().await;
    let (admin, _, id) = cast(&world).await;
    let mut page = Page::open(&world, &admin, &id, "").await;
    let name = page.hears().await["id"].as_str().unwrap().to_owned();
    page.enter("stty size").await;
    page.prints("17 91").await;
    page.says(r#"{"resize":[120,40]}"#).await;
    until("the size is told", async || world.engine.calls(Op::ResizeTerminal) > 0).await;
    page.enter("stty size").await;
    page.prints("40 120").await;
    drop(page);

    let mut again = Page::open(&world, &admin, &id, &format!("&terminal={name}")).await;
    assert_eq!(again.hears().await["id"], name.as_str());
    again.prints("40 120").await;
    assert_eq!(world.engine.calls(Op::OpenTerminal), 1);
    // The second page of one terminal is the one.
    let mut second = Page::open(&world, &admin, &id, &format!("&terminal={name}")).await;
    second.hears().await;
    assert_eq!(again.hears().await["moved"], true);
    second.says(r#"{"close":true}"#).await;
    assert_eq!(second.ends().await, "You closed the terminal.");
    let mut late = Page::open(&world, &admin, &id, &format!("&terminal={name}")).await;
    assert!(late.ends().await.contains("has ended"));
    until("the shell is gone", async || world.engine.calls(Op::EndTerminal) == 1).await;
}

#[tokio::test]
async fn a_flood_waits_for_the_page_and_all_of_it_arrives() {
    let world = World::new().await;
    let (admin, _, id) = cast(&world).await;
    let mut page = Page::open(&world, &admin, &id, "").await;
    page.hears().await;
    page.enter("yes").await;
    let (mut got, mut told) = (0, 0);
    while got < 2_000_000 {
        let Some(Message::Binary(bytes)) = page.next().await else { continue };
        got += bytes.len();
        page.printed.clear();
        if got - told > 32 * 1024 {
            page.says(&format!("{{\"read\":{}}}", got - told)).await;
            told = got;
        }
    }
    page.says(r#"{"close":true}"#).await;
    assert_eq!(page.ends().await, "You closed the terminal.");
}

#[tokio::test]
async fn no_foreign_page_opens_a_terminal() {
    let world = World::new().await;
    let (admin, ada, id) = cast(&world).await;
    let sibling = world.window(&ada, &id).await.origin;
    let from = |name: &'static str, value: &str| vec![(name, value.to_owned())];
    let own = ("origin", world.origin.clone());
    for headers in [
        from("x-nothing", "special"),
        from("origin", "http://evil.example"),
        from("origin", &sibling),
        from("origin", "null"),
        from("origin", &world.origin.replace("http:", "https:")),
        vec![own.clone(), ("sec-fetch-site", "same-site".to_owned())],
        vec![own.clone(), ("sec-fetch-site", "cross-site".to_owned())],
        vec![("origin", sibling.clone()), ("sec-fetch-site", "same-origin".to_owned())],
    ] {
        let ask = ask(&world, &admin.cookie, &id, "");
        let ask = headers.iter().fold(ask, |ask, (name, value)| ask.with(name, value));
        let refusal: Answer = ask.upgraded(world.console).await.err().unwrap();
        assert_eq!(refusal.status, 403, "{headers:?}: {}", refusal.text());
    }
    assert_eq!(world.engine.calls(Op::OpenTerminal), 0);
    let headers = [own, ("sec-fetch-site", "same-origin".to_owned())];
    let ask = headers
        .iter()
        .fold(ask(&world, &admin.cookie, &id, ""), |ask, (name, value)| ask.with(name, value));
    assert!(ask.upgraded(world.console).await.is_ok());
}

#[tokio::test]
async fn nobody_and_no_user_opens_a_terminal() {
    let world = World::new().await;
    let (admin, ada, id) = cast(&world).await;
    for (cookie, status) in [("", 401), ("slipway=invented", 401), (ada.cookie.as_str(), 403)] {
        let ask = ask(&world, cookie, &id, "").with("origin", &world.origin);
        let refusal = ask.upgraded(world.console).await.err().unwrap();
        assert_eq!(refusal.status, status, "{cookie}: {}", refusal.text());
    }
    let nowhere = "nowhere".parse().unwrap();
    let ask = ask(&world, &admin.cookie, &nowhere, "").with("origin", &world.origin);
    assert_eq!(ask.upgraded(world.console).await.err().unwrap().status, 404);
    assert_eq!(world.engine.calls(Op::OpenTerminal), 0);
    // What a user sees of the page is why not, and nothing of the session.
    let answer = world.page(&ada, &format!("/sessions/{id}/terminal")).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("not permitted to open terminals"), "{}", answer.text());
    assert!(!answer.text().contains("<script"), "{}", answer.text());
}

#[tokio::test]
async fn the_page_has_a_policy_of_its_own_and_no_other_page_has_it() {
    let world = World::new().await;
    let (admin, _, id) = cast(&world).await;
    let page = world.page(&admin, &format!("/sessions/{id}/terminal")).await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    for part in ["script-src 'self';", "frame-ancestors 'none'", "style-src 'self' 'unsafe-inline'"]
    {
        assert!(policy.contains(part), "{part} is missing: {policy}");
    }
    assert!(page.text().contains("Desktop of ada") && page.text().contains("<noscript>"));
    // Everything it loads is there.
    let text = page.text();
    let loaded = text.split('"').filter(|part| part.starts_with("/terminal/"));
    let mut count = 0;
    for address in loaded {
        assert_eq!(world.ask(get(address)).await.status, 200, "{address}");
        count += 1;
    }
    assert_eq!(count, 5);
    for path in ["/", &format!("/sessions/{id}")] {
        let policy = world.page(&admin, path).await;
        let policy = policy.header("content-security-policy");
        assert!(policy.contains("nonce-") && !policy.contains("unsafe-inline"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_told_on_the_socket() {
    let world = World::new().await;
    let (admin, ada, id) = cast(&world).await;
    world.act(&ada, &id, Action::Stop, State::Stopped).await;
    let mut page = Page::open(&world, &admin, &id, "").await;
    let sentence = page.ends().await;
    assert!(sentence.contains("stopped") && sentence.contains("Start it"), "{sentence}");
}

#[tokio::test]
async fn terminals_end_with_the_right_to_them_the_session_and_the_server() {
    let mut world = World::new().await;
    let (admin, ada, id) = cast(&world).await;
    let eve = world.person("eve", Role::Administrator).await;
    let mut hers = Page::open(&world, &eve, &id, "").await;
    hers.hears().await;
    world.services.users.set_disabled("eve", true).await.unwrap();
    assert!(hers.ends().await.contains("no longer permitted"));

    let mut page = Page::open(&world, &admin, &id, "").await;
    page.hears().await;
    world.act(&ada, &id, Action::Stop, State::Stopped).await;
    assert!(page.ends().await.contains("stop"));

    world.act(&ada, &id, Action::Start, State::Running).await;
    let mut page = Page::open(&world, &admin, &id, "").await;
    page.hears().await;
    world.stops(Duration::from_secs(3)).await;
    assert!(page.ends().await.contains("stopped"));
}
