//! Stories of the session origin: who is let in, what container and browser see of each other, and
//! how much of it is held in memory. Everything is told twice where it differs: by port and by
//! host name.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod support;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use domain::{
    SessionId,
    actor::Role,
    group::GroupForm,
    session::{Action, State},
    workspace::WorkspaceForm,
};
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use services::{Services, clock::SystemClock};
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use support::{
    container::Container,
    http::{Answer, Ask, Tunnel, echo, get, post, raw},
    until, within,
    world::{HOST, Person, Window, World},
};
use tokio::{io::AsyncReadExt, net::TcpStream};

/// Streams are cut within this time after a permission ended.
const SOON: Duration = Duration::from_secs(1);
/// More than the sockets on the way hold, and far less than is sent.
const BOUNDED: u64 = 48 << 20;
const PIECE: usize = 64 * 1024;

/// Ada with a session that runs, and a window on it.
async fn ada(world: &World) -> (Person, Person, SessionId, Window) {
    ada_with(world, &world.form()).await
}

async fn ada_with(world: &World, form: &WorkspaceForm) -> (Person, Person, SessionId, Window) {
    let admin = world.admin().await;
    let workspace = world.workspace_from(&admin, form).await;
    let ada = world.user().await;
    let id = world.running(&ada, &workspace).await;
    let window = world.window(&ada, &id).await;
    (admin, ada, id, window)
}

/// Whether the window shows the workspace, plainly and by upgrade.
async fn shows(window: &Window) -> Tunnel {
    let answer = window.get("/welcome").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "workspace"));
    let mut tunnel = window.stream("/welcome").await.unwrap();
    assert_eq!(echo(&mut tunnel, "keystrokes").await, "keystrokes");
    tunnel
}

/// Sends the same request plainly and as an upgrade: both are refused, and the container hears of
/// neither.
async fn refused(world: &World, window: &Window, why: &str, change: impl Fn(Ask) -> Ask) {
    for upgrade in [false, true] {
        let ask = change(window.ask(get("/private")));
        let ask = if upgrade { ask.for_upgrade() } else { ask };
        // A port without a session is closed, which refuses everybody.
        if let Ok(answer) = ask.try_open(window.address).await {
            let status = answer.status().as_u16();
            assert!(matches!(status, 403 | 404), "{why}, upgrade {upgrade}: {status}");
        }
    }
    assert!(world.container.saw("/private").is_empty(), "{why}: the container heard of it");
}

/// Whether a stream ends soon.
async fn ends(tunnel: &mut Tunnel, why: &str) {
    let end = tokio::time::timeout(SOON, tunnel.read(&mut [0; 1])).await;
    assert!(matches!(end, Ok(Ok(0) | Err(_))), "{why}: the stream goes on");
}

async fn strangers_are_refused(world: World) {
    let (admin, ada, id, window) = ada(&world).await;
    let eve = world.person("eve", Role::User).await;
    let workspace = world.workspace(&admin).await;
    let hers = world.running(&eve, &workspace).await;
    let hers = world.window(&eve, &hers).await;
    shows(&window).await;
    shows(&hers).await;

    let own = |ask: Ask| ask.with("origin", &window.origin);
    let name = format!("slipway_stream_{id}");
    let (_, her_token) = hers.cookie.split_once('=').unwrap();
    for (why, cookie) in [
        ("no cookie", String::new()),
        ("an invented token", format!("{name}=invented")),
        ("an empty token", format!("{name}=")),
        ("the window of another user", hers.cookie.clone()),
        ("the token of another user", format!("{name}={her_token}")),
        ("the console's own cookie", ada.cookie.clone()),
        ("the cookie of another name", window.cookie.replace("slipway_stream", "stream")),
        ("a planted second cookie", format!("{}; {name}=planted", window.cookie)),
        ("a planted first cookie", format!("{name}=planted; {}", window.cookie)),
    ] {
        refused(&world, &window.with_cookie(cookie), why, own).await;
    }
    for origin in [
        "http://evil.example",
        world.origin.as_str(),
        hers.origin.as_str(),
        "null",
        window.origin.replace("http:", "https:").as_str(),
    ] {
        refused(&world, &window, &format!("from {origin}"), |ask| ask.with("origin", origin)).await;
    }
    for (site, mode) in [
        ("cross-site", "navigate"),
        ("cross-site", "cors"),
        ("same-site", "cors"),
        ("same-site", "no-cors"),
        ("same-site", "websocket"),
        ("nonsense", "navigate"),
    ] {
        let fetch = |ask| own(ask).with("sec-fetch-site", site).with("sec-fetch-mode", mode);
        refused(&world, &window, &format!("{site} {mode}"), fetch).await;
    }
    // Plainly, a request without an origin is a navigation; an upgrade always has one.
    let nameless = window.ask(get("/private")).for_upgrade().at(window.address).await;
    assert_eq!(nameless.status, 403);
    assert!(world.container.saw("/private").is_empty());
    // The console's frame comes from the console, which is another origin of the same site.
    let frame = window.ask(get("/welcome")).with("sec-fetch-site", "same-site");
    assert_eq!(frame.with("sec-fetch-mode", "navigate").at(window.address).await.status, 200);
    let sent = window.ask(post("/private")).with("sec-fetch-site", "same-site");
    assert_eq!(sent.with("sec-fetch-mode", "navigate").at(window.address).await.status, 403);
    assert!(world.container.saw("/private").is_empty());
}

#[tokio::test]
async fn strangers_are_refused_by_port() {
    strangers_are_refused(World::new().await).await;
}

#[tokio::test]
async fn strangers_are_refused_by_host_name() {
    strangers_are_refused(World::by_host().await).await;
}

async fn a_ticket_lets_one_window_in(world: World) {
    let (admin, ada, id, window) = ada(&world).await;
    let workspace = world.workspace(&admin).await;
    let other = world.running(&ada, &workspace).await;
    let other = world.window(&ada, &other).await;
    let is_refused = async |window: &Window, path: &str, why: &str| {
        let answer = window.with_cookie("").get(path).await;
        assert_eq!(answer.status, 403, "{why}");
        assert!(answer.cookies().is_empty(), "{why}");
        assert!(!answer.text().contains("Desktop"), "{why}: tells a stranger what runs here");
    };
    is_refused(&window, &window.open, "replayed").await;
    is_refused(&window, "/_slipway/open", "without one").await;
    is_refused(&window, "/_slipway/open?ticket=", "empty").await;
    is_refused(&window, "/_slipway/open?ticket=invented", "invented").await;
    let fresh = world.ticket(&ada, &id).await;
    is_refused(&other, &fresh.open, "for another session").await;
    is_refused(&fresh, &fresh.open, "after it was tried elsewhere").await;
    let stale = world.ticket(&ada, &id).await;
    world.clock.advance_secs(61);
    is_refused(&stale, &stale.open, "stale").await;
    world.act(&ada, &id, Action::Pause, State::Paused).await;
    is_refused(&window, &window.open, "replayed while it is paused").await;
    world.act(&ada, &id, Action::Start, State::Running).await;

    // Going back in the history shows a used ticket to a window that is in already.
    let back = window.get(&window.open).await;
    assert_eq!((back.status, back.text().contains("content=\"0;url=/\"")), (200, true));
    assert!(back.cookies().is_empty());
    let posted = window.ask(post(&window.open)).at(window.address).await;
    assert_eq!(posted.status, 403);

    let fresh = world.ticket(&ada, &id).await;
    let answer = fresh.get(&fresh.open).await;
    assert_eq!((answer.status, answer.text().contains("content=\"0;url=/\"")), (200, true));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let [cookie] = answer.cookies()[..] else { panic!("{answer:?}") };
    let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
    assert_eq!(attributes, ["Path=/", "HttpOnly", "SameSite=Lax"]);
    assert!(world.container.saw("/_slipway/open").is_empty());
}

#[tokio::test]
async fn a_window_that_went_astray_is_sent_anew() {
    let world = World::new().await;
    let (_, ada, id, _) = ada(&world).await;
    let again = async |window: &Window| {
        let unless_at = format!("{}{}", window.origin, window.open);
        let arguments = [("id", id.as_str()), ("unless_at", &unless_at)];
        let answer = world.call(&ada, "open_stream", &arguments).await;
        (answer.json()["url"].as_str().unwrap().to_owned(), unless_at)
    };
    // The browser dropped the first request, or the one that it was led on to.
    let mut window = world.ticket(&ada, &id).await;
    let (anew, before) = again(&window).await;
    assert_ne!(anew, before);
    let answer = window.get(&window.open).await;
    window.cookie = answer.cookie(&format!("slipway_stream_{id}")).unwrap();
    // The workspace may only be slow, for a while.
    let (anew, before) = again(&window).await;
    assert_eq!(anew, before);
    world.clock.advance_secs(9);
    let (anew, before) = again(&window).await;
    assert_ne!(anew, before);
    // One that shows the workspace stays where it is, also when all that is long ago.
    assert_eq!(window.get("/").await.status, 200);
    let (anew, before) = again(&window).await;
    assert_eq!(anew, before);
    world.clock.advance_secs(3600);
    world.ticket(&ada, &id).await;
    let (anew, before) = again(&window).await;
    assert_eq!(anew, before);
}

#[tokio::test]
async fn a_ticket_lets_one_window_in_by_port() {
    a_ticket_lets_one_window_in(World::new().await).await;
}

#[tokio::test]
async fn a_ticket_lets_one_window_in_by_host_name() {
    a_ticket_lets_one_window_in(World::by_host().await).await;
}

/// Ends a permission in some way and shows that nothing of the window works from then on.
async fn is_over(
    world: &World,
    who: &Person,
    id: &SessionId,
    why: &str,
    end: impl AsyncFnOnce(&World),
) {
    let ticket = world.ticket(who, id).await;
    let window = world.window(who, id).await;
    let mut tunnel = shows(&window).await;
    let drip = window.ask(get("/drip")).open(window.address).await;
    let mut drip = drip.into_body();
    assert_eq!(drip.frame().await.unwrap().unwrap().into_data().unwrap(), "first");

    end(world).await;
    ends(&mut tunnel, why).await;
    let rest = tokio::time::timeout(SOON, drip.frame()).await;
    assert!(matches!(rest, Ok(None | Some(Err(_)))), "{why}: the download goes on");
    refused(world, &window, why, |ask| ask.with("origin", &window.origin)).await;
    if let Ok(answer) = ticket.ask(get(&ticket.open)).try_open(ticket.address).await {
        assert!(matches!(answer.status().as_u16(), 403 | 404), "{why}: {}", answer.status());
        assert!(!answer.headers().contains_key("set-cookie"), "{why}");
    }
}

async fn what_is_taken_away_is_over_at_once(world: World) {
    let (admin, ada, id, _) = ada(&world).await;
    is_over(&world, &ada, &id, "signed out", async |world| {
        assert_eq!(world.call(&ada, "sign_out", &[]).await.status, 200);
    })
    .await;

    let ada = world.again("ada").await;
    is_over(&world, &ada, &id, "revoked in another browser", async |world| {
        let other = world.again("ada").await;
        let sign_in = ada.actor.sign_in.as_str();
        assert_eq!(world.call(&other, "revoke_sign_in", &[("id", sign_in)]).await.status, 200);
    })
    .await;

    let ada = world.again("ada").await;
    is_over(&world, &ada, &id, "disabled", async |world| {
        world.services.users.set_disabled("ada", true).await.unwrap();
    })
    .await;
    world.services.users.set_disabled("ada", false).await.unwrap();

    let ada = world.again("ada").await;
    is_over(&world, &ada, &id, "deleted", async |world| {
        let arguments = [("id", id.as_str()), ("action", "delete")];
        assert_eq!(world.call(&ada, "act_on_session", &arguments).await.status, 200);
    })
    .await;

    // One user's end is not another's.
    let workspace = world.workspace(&admin).await;
    let id = world.running(&admin, &workspace).await;
    let mut tunnel = shows(&world.window(&admin, &id).await).await;
    world.services.users.set_disabled("ada", true).await.unwrap();
    assert_eq!(echo(&mut tunnel, "still here").await, "still here");
}

#[tokio::test]
async fn what_is_taken_away_is_over_at_once_by_port() {
    what_is_taken_away_is_over_at_once(World::new().await).await;
}

#[tokio::test]
async fn what_is_taken_away_is_over_at_once_by_host_name() {
    what_is_taken_away_is_over_at_once(World::by_host().await).await;
}

#[tokio::test]
async fn an_administrators_window_ends_with_the_administrators_own_rights() {
    let world = World::new().await;
    let (admin, _, id, users_window) = ada(&world).await;
    is_over(&world, &admin, &id, "administrator signed out", async |world| {
        assert_eq!(world.call(&admin, "sign_out", &[]).await.status, 200);
    })
    .await;
    shows(&users_window).await;
}

#[tokio::test]
async fn what_is_taken_away_while_the_container_thinks_does_not_open() {
    let world = World::new().await;
    let (_, ada, _, window) = ada(&world).await;
    let asking = tokio::spawn(async move { window.stream("/slow").await });
    until("the container thinks", async || !world.container.saw("/slow").is_empty()).await;
    assert_eq!(world.call(&ada, "sign_out", &[]).await.status, 200);
    world.container.go_on();
    if let Ok(mut tunnel) = asking.await.unwrap() {
        ends(&mut tunnel, "signed out meanwhile").await;
    }
}

#[tokio::test]
async fn another_process_disables_a_user_of_this_one() {
    let world = World::new().await;
    let (_, _, _, window) = ada(&world).await;
    let mut tunnel = shows(&window).await;
    let other = Services::new(
        world.store.clone(),
        Arc::new(world.engine.clone()),
        Arc::new(SystemClock),
        server::assemble::settings(&world.config),
    )
    .await
    .unwrap();
    other.users.set_disabled("ada", true).await.unwrap();
    let end = tokio::time::timeout(Duration::from_secs(3), tunnel.read(&mut [0; 1])).await;
    assert!(matches!(end, Ok(Ok(0) | Err(_))), "the stream goes on");
}

#[tokio::test]
async fn a_container_sees_nothing_of_the_consoles() {
    for world in [World::new().await, World::by_host().await] {
        let passing = WorkspaceForm { cookies: "pass".into(), ..world.form() };
        let (_, ada, _, window) = ada_with(&world, &passing).await;
        let all = format!("{}; {}; _xsrf=1; slipway_theme=dark", window.cookie, ada.cookie);
        let window = window.with_cookie(all);
        let loaded = |ask: Ask| {
            ask.with("authorization", "Basic c2VjcmV0")
                .with("referer", "http://console/sessions/5/view")
                .with("x-forwarded-for", "203.0.113.9")
                .with("x-forwarded-host", "evil.example")
                .with("x-real-ip", "203.0.113.9")
                .with("forwarded", "for=203.0.113.9")
                .with("x-kept", "1")
                .with("origin", &window.origin)
        };
        let plain = loaded(window.ask(get("/seen?q=1"))).with("connection", "x-secret");
        let plain = plain.with("x-secret", "1").with("te", "trailers").at(window.address).await;
        assert_eq!(plain.status, 200);
        let upgrade = loaded(window.ask(get("/seen?q=1"))).for_upgrade();
        assert!(upgrade.upgraded(window.address).await.is_ok());
        let seen = world.container.saw("/seen");
        assert_eq!(seen.len(), 2);
        for request in seen {
            assert_eq!(request.target, "/seen?q=1");
            assert_eq!(request.header("cookie"), "_xsrf=1");
            assert_eq!(request.header("x-forwarded-for"), "127.0.0.1");
            assert_eq!(request.header("x-forwarded-host"), window.host);
            assert_eq!(request.header("x-forwarded-proto"), "http");
            // Images compare the two.
            assert_eq!(request.header("host"), window.host);
            assert_eq!(request.header("origin"), window.origin);
            assert_eq!(request.header("x-kept"), "1");
            for gone in ["authorization", "referer", "x-real-ip", "forwarded", "x-secret", "te"] {
                assert!(!request.headers.contains_key(gone), "{gone} reached the container");
            }
            let all = format!("{:?}", request.headers);
            let secrets = [&ada.cookie, &window.cookie];
            let secret =
                |s: &&String| s.split(';').next().unwrap().split_once('=').unwrap().1.to_owned();
            assert!(!secrets.iter().any(|s| all.contains(&secret(s))), "{all}");
        }
    }
}

#[tokio::test]
async fn a_containers_cookies_are_dropped_unless_its_contract_passes_them() {
    let world = World::new().await;
    let (admin, ada, _, window) = ada(&world).await;
    assert!(window.get("/cookies").await.cookies().is_empty());
    let sent = window.with_cookie(format!("{}; _xsrf=1", window.cookie));
    assert_eq!(sent.get("/dropped").await.status, 200);
    assert!(!world.container.saw("/dropped")[0].headers.contains_key("cookie"));

    let passing = WorkspaceForm { cookies: "pass".into(), ..world.form() };
    let workspace = world.workspace_from(&admin, &passing).await;
    let id = world.running(&ada, &workspace).await;
    let window = world.window(&ada, &id).await;
    assert_eq!(window.get("/cookies").await.cookies(), ["_xsrf=1; Path=/"]);
}

#[tokio::test]
async fn a_container_reaches_nothing_beyond_its_own_origin() {
    for world in [World::new().await, World::by_host().await] {
        let (_, _, _, window) = ada(&world).await;
        let answer = window.get("/outside").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "workspace"));
        for gone in [
            "clear-site-data",
            "strict-transport-security",
            "alt-svc",
            "service-worker-allowed",
            "x-frame-options",
            "x-inner",
        ] {
            assert!(!answer.headers.contains_key(gone), "{gone} reached the browser");
        }
        let policies: Vec<&str> = answer
            .headers
            .get_all("content-security-policy")
            .iter()
            .filter_map(|v| v.to_str().ok())
            .collect();
        let only = format!("frame-ancestors 'self' {}", world.origin);
        assert_eq!(policies, ["default-src 'self'", only.as_str()]);

        let upgrade = window.ask(get("/planting")).for_upgrade().with("origin", &window.origin);
        let (headers, _) = upgrade.upgraded(window.address).await.unwrap();
        assert_eq!(headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        for gone in ["set-cookie", "clear-site-data", "strict-transport-security"] {
            assert!(!headers.contains_key(gone), "{gone} reached the browser by upgrade");
        }
    }
}

#[tokio::test]
async fn every_answer_of_a_session_may_be_framed_by_the_console_only() {
    for world in [World::new().await, World::by_host().await] {
        let (_, ada, id, window) = ada(&world).await;
        let only = format!("frame-ancestors 'self' {}", world.origin);
        let fresh = world.ticket(&ada, &id).await;
        let mut answers = vec![
            window.get("/welcome").await,
            window.with_cookie("").get("/welcome").await,
            fresh.get(&fresh.open).await,
            window.get("/a/../b").await,
        ];
        world.act(&ada, &id, Action::Pause, State::Paused).await;
        answers.push(paused(&window).await);
        let statuses: Vec<u16> = answers.iter().map(|a| a.status).collect();
        assert_eq!(statuses, [200, 403, 200, 422, 503]);
        for answer in answers {
            assert_eq!(answer.header("content-security-policy"), only, "{answer:?}");
        }
    }
}

/// What the window shows once the proxy knows that the session does not run.
async fn paused(window: &Window) -> Answer {
    within(SOON, "the way is closed", async || {
        let answer = window.get("/").await;
        (answer.status == 503).then_some(answer)
    })
    .await
}

#[tokio::test]
async fn redirects_to_the_containers_own_address_stay_inside() {
    let world = World::new().await;
    let (_, _, _, window) = ada(&world).await;
    let inner = format!("http://127.0.0.1:{}", world.container.port);
    let host = format!("http://{}/lab", window.host);
    for (to, seen) in [
        (format!("{inner}/lab?a=1"), "/lab?a=1"),
        (inner.clone(), "/"),
        ("/lab".to_owned(), "/lab"),
        ("host".to_owned(), host.as_str()),
        ("https://example.org/".to_owned(), "https://example.org/"),
        // Another port of the container is not the session.
        (format!("{inner}0/lab"), &format!("{inner}0/lab")),
    ] {
        let answer = window.get(&format!("/elsewhere?{to}")).await;
        assert_eq!((answer.status, answer.header("location")), (302, seen), "{to}");
    }
}

fn with_password(world: &World) -> WorkspaceForm {
    WorkspaceForm {
        basic_user: "operator".into(),
        basic_password_variable: "SECRET".into(),
        ..world.form()
    }
}

#[tokio::test]
async fn the_sessions_password_goes_to_the_container_and_never_to_the_browser() {
    let world = World::new().await;
    let (_, ada, id, window) = ada_with(&world, &with_password(&world)).await;
    let installation = world.store.meta("installation").await.unwrap().unwrap();
    let containers = engine::Engine::containers(&world.engine, &installation).await.unwrap();
    let environment = world.engine.spec(&containers[0].name).unwrap().environment;
    let password = &environment.iter().find(|(name, _)| name == "SECRET").unwrap().1;
    assert!(password.len() >= 20, "guessable: {password}");
    let expected = format!("Basic {}", STANDARD.encode(format!("operator:{password}")));

    let sent = window.ask(get("/seen")).with("authorization", "Basic dGhlaXJz");
    let answer = sent.at(window.address).await;
    assert_eq!(answer.status, 200);
    let mut shown = format!("{answer:?}");
    window.stream("/seen").await.unwrap();
    for request in world.container.saw("/seen") {
        assert_eq!(request.header("authorization"), expected);
    }
    assert_eq!(world.container.saw("/")[0].header("authorization"), expected, "the ready probe");

    // Nor does any page of the console show it.
    for path in [format!("/sessions/{id}"), format!("/sessions/{id}/view")] {
        shown += &world.page(&ada, &path).await.text();
    }
    shown += &world.call(&ada, "show_session", &[("id", id.as_str())]).await.text();
    assert!(shown.contains("SECRET"), "the variable itself is shown");
    for secret in [password.as_str(), &expected] {
        assert!(!shown.contains(secret), "the password is shown");
    }
}

#[tokio::test]
async fn a_password_that_the_container_does_not_take_is_explained() {
    let world = World::new().await;
    let (admin, ada, _, window) = ada_with(&world, &with_password(&world)).await;
    let answer = window.get("/denied").await;
    assert_eq!(answer.status, 409);
    assert!(!answer.headers.contains_key("www-authenticate"));
    assert!(answer.text().contains("does not take the password"), "{}", answer.text());

    // Without a password of ours the refusal is the workspace's own; a browser's password box
    // would still be wrong, because what is typed there is not passed on.
    let workspace = world.workspace(&admin).await;
    let id = world.running(&ada, &workspace).await;
    let answer = world.window(&ada, &id).await.get("/denied").await;
    assert_eq!((answer.status, answer.text().as_str()), (401, "workspace"));
    assert!(!answer.headers.contains_key("www-authenticate"));
}

#[tokio::test]
async fn a_container_with_a_certificate_of_its_own_making_is_reached() {
    let world = World::around(Container::with_tls().await, &[]).await;
    let form = WorkspaceForm { scheme: "https".into(), ..world.form() };
    let (_, _, _, window) = ada_with(&world, &form).await;
    shows(&window).await;
    let inner = format!("https://127.0.0.1:{}/lab", world.container.port);
    assert_eq!(window.get(&format!("/elsewhere?{inner}")).await.header("location"), "/lab");
}

fn pieces(count: usize, taken: &Arc<AtomicU64>) -> axum::body::Body {
    let piece = Bytes::from(vec![b'y'; PIECE]);
    let taken = taken.clone();
    axum::body::Body::from_stream(stream::iter(0..count).map(move |_| {
        taken.fetch_add(PIECE as u64, Ordering::SeqCst);
        Ok::<_, Infallible>(piece.clone())
    }))
}

/// The value of a count once it has stood still for a while.
async fn comes_to_rest(what: &str, count: impl Fn() -> u64) -> u64 {
    let (mut last, mut same) = (0, 0);
    until(what, async || {
        let now = count();
        same = if now == last && now > 0 { same + 1 } else { 0 };
        last = now;
        // Polled every 5 ms.
        same > 100
    })
    .await;
    last
}

#[tokio::test]
async fn large_bodies_arrive_whole_both_ways() {
    const SIZE: usize = 200 << 20;
    for world in [World::new().await, World::by_host().await] {
        let (_, _, _, window) = ada(&world).await;
        let taken = Arc::default();
        let up = window.ask(post("/count")).body(pieces(SIZE / PIECE, &taken));
        assert_eq!(up.at(window.address).await.text(), SIZE.to_string());
        let mut down =
            window.ask(get(&format!("/much?{SIZE}"))).open(window.address).await.into_body();
        let mut count = 0;
        while let Some(frame) = down.frame().await {
            count += frame.unwrap().data_ref().map_or(0, Bytes::len);
        }
        assert_eq!(count, SIZE);
    }
}

#[tokio::test]
async fn a_side_that_does_not_read_holds_the_other_back() {
    const SIZE: usize = 1 << 30;
    let world = World::new().await;
    let (_, _, _, window) = ada(&world).await;

    let taken = Arc::default();
    let up = window.ask(post("/deaf")).body(pieces(SIZE / PIECE, &taken));
    let address = window.address;
    let upload = tokio::spawn(async move { up.try_open(address).await.map(drop) });
    let sent = comes_to_rest("the upload stands still", || taken.load(Ordering::SeqCst)).await;
    assert!(sent < BOUNDED, "{sent} bytes of an upload that nobody reads were taken");
    upload.abort();

    let down = window.ask(get(&format!("/much?{SIZE}"))).open(address).await;
    let sent = comes_to_rest("the download stands still", || world.container.sent()).await;
    assert!(sent < BOUNDED, "{sent} bytes of a download that nobody reads were taken");
    // It goes on where it was as soon as somebody reads.
    let mut body = down.into_body();
    let mut count = 0;
    while count < BOUNDED {
        count += body.frame().await.unwrap().unwrap().data_ref().map_or(0, |d| d.len() as u64);
    }
    assert!(world.container.sent() > sent);

    // Nor is a tunnel a reservoir.
    let mut tunnel = window.stream("/welcome").await.unwrap();
    let poured = Arc::new(AtomicU64::new(0));
    let count = poured.clone();
    let pouring = tokio::spawn(async move {
        // The echo comes back and is not read, so that both directions fill up.
        while tokio::io::AsyncWriteExt::write_all(&mut tunnel, &[b'z'; PIECE]).await.is_ok() {
            count.fetch_add(PIECE as u64, Ordering::SeqCst);
        }
    });
    let sent = comes_to_rest("the tunnel is full", || poured.load(Ordering::SeqCst)).await;
    assert!(sent < 2 * BOUNDED, "{sent} bytes went into a tunnel that nobody empties");
    pouring.abort();
}

#[tokio::test]
async fn what_comes_in_pieces_goes_on_in_pieces() {
    for world in [World::new().await, World::by_host().await] {
        let (_, _, _, window) = ada(&world).await;
        let ask = window.ask(get("/drip")).with("accept-encoding", "gzip, br");
        let mut body = ask.open(window.address).await.into_body();
        let mut next = async || {
            let frame = tokio::time::timeout(SOON, body.frame()).await;
            frame.expect("held back").unwrap().unwrap().into_data().unwrap()
        };
        assert_eq!(next().await, "first");
        world.container.go_on();
        assert_eq!(next().await, "second");
    }
}

#[tokio::test]
async fn a_session_that_does_not_run_says_so_and_recovers_by_itself() {
    let world = World::by_host().await;
    let (_, ada, id, window) = ada(&world).await;
    let says = async |word: &str| {
        let answer = paused(&window).await;
        let text = answer.text();
        assert!(text.contains(&format!("Desktop is {word}")), "{text}");
        assert!(text.contains("http-equiv=\"refresh\""), "does not look again: {text}");
        assert_eq!(answer.header("cache-control"), "no-store");
        let upgrade = window.stream("/").await.unwrap_err();
        assert_eq!(upgrade.status, 503);
    };
    world.act(&ada, &id, Action::Pause, State::Paused).await;
    says("paused").await;
    world.act(&ada, &id, Action::Start, State::Running).await;
    shows(&window).await;
    world.act(&ada, &id, Action::Stop, State::Stopped).await;
    says("stopped").await;
    // At this address nothing answers.
    world.engine.set_address([127, 0, 0, 77].into());
    world.act(&ada, &id, Action::Start, State::Starting).await;
    says("starting").await;
    world.act(&ada, &id, Action::Stop, State::Stopped).await;
    world.engine.set_address([127, 0, 0, 1].into());
    world.act(&ada, &id, Action::Start, State::Running).await;
    shows(&window).await;
}

#[tokio::test]
async fn by_port_a_paused_session_keeps_its_window() {
    let world = World::new().await;
    let (_, ada, id, window) = ada(&world).await;
    world.act(&ada, &id, Action::Pause, State::Paused).await;
    assert!(paused(&window).await.text().contains("Desktop is paused"));
    world.act(&ada, &id, Action::Start, State::Running).await;
    shows(&window).await;
}

#[tokio::test]
async fn a_program_that_is_gone_is_told_as_a_page() {
    let world = World::new().await;
    let (_, _, _, window) = ada(&world).await;
    let mut tunnel = shows(&window).await;
    world.container.dies();
    ends(&mut tunnel, "its other side died").await;
    for answer in [window.get("/").await, window.stream("/").await.unwrap_err()] {
        assert_eq!(answer.status, 503);
        assert!(answer.text().contains("does not answer"), "{}", answer.text());
    }
}

#[tokio::test]
async fn blocked_and_climbing_paths_are_refused() {
    let world = World::new().await;
    let form = WorkspaceForm { blocked_paths: "/api/\n/files/secret".into(), ..world.form() };
    let (_, _, _, window) = ada_with(&world, &form).await;
    for (path, status) in [
        ("/api/x", 403),
        ("/api/", 403),
        ("/%61pi/x", 403),
        ("/a%70i%2Fx", 403),
        ("/x/..%2fapi/x", 403),
        ("/files%2f.%2fsecret", 403),
        ("/files%2f.%2fsecret?x=/../..", 403),
        ("/files%2f%2f.%2f%2fsecret?", 403),
        ("/files/x%2f..%2fsecret/y", 403),
        ("/files/x%2f..%2f..%2f..%2ffiles%2fsecret", 403),
        ("/files/secret", 403),
        ("/files/secret.txt?a=1", 403),
        ("/x/../api/x", 422),
        ("/x/%2e%2E/y", 422),
        ("/x/.%2e/y", 422),
        ("/..", 422),
        ("/files/./secret", 422),
        ("/files/%2E/secret", 422),
    ] {
        assert_eq!(window.get(path).await.status, status, "{path}");
        let upgrade = window.stream(path).await.map(drop).unwrap_err();
        assert_eq!(upgrade.status, status, "{path} by upgrade");
        assert!(world.container.saw(path.split('?').next().unwrap()).is_empty(), "{path}");
    }
    for path in ["/apix", "/api", "/x/..y", "/files/", "/%"] {
        assert_eq!(window.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn paths_of_what_groups_take_away_are_refused_to_those_it_is_taken_from() {
    let world = World::new().await;
    let admin = world.admin().await;
    let withholds = "upload /upload/\ndownload /Downloads/".to_owned();
    let form = WorkspaceForm { withholds, ..world.form() };
    let workspace = world.workspace_from(&admin, &form).await;
    let (ada, eve) = (world.user().await, world.person("eve", Role::User).await);
    let group = GroupForm {
        name: "Strict".into(),
        priority: "10".into(),
        members: ada.actor.name.clone(),
        download: "deny".into(),
        ..GroupForm::default()
    };
    world.services.groups.save(&admin.actor, None, 0, &group).await.unwrap();
    for (person, status) in [(&ada, 403), (&eve, 200), (&admin, 200)] {
        let id = world.running(person, &workspace).await;
        let window = world.window(person, &id).await;
        for path in ["/Downloads/x", "/%44ownloads/x", "/x//Downloads/"] {
            assert_eq!(window.get(path).await.status, status, "{path}");
        }
        assert_eq!(window.get("/upload/x").await.status, 200);
    }
    // Whoever looks at her session has it as she has.
    let hers = world.running(&ada, &workspace).await;
    assert_eq!(world.window(&admin, &hers).await.get("/Downloads/x").await.status, 403);
}

#[tokio::test]
async fn no_script_outlives_its_session_on_a_shared_port() {
    let world = World::new().await;
    let (admin, ada, _, window) = ada(&world).await;
    let worker = |window: &Window| window.ask(get("/sw.js")).with("service-worker", "script");
    assert_eq!(worker(&window).at(window.address).await.status, 403);
    assert!(world.container.saw("/sw.js").is_empty());
    let passing = WorkspaceForm { cookies: "pass".into(), ..world.form() };
    let workspace = world.workspace_from(&admin, &passing).await;
    let id = world.running(&ada, &workspace).await;
    let window = world.window(&ada, &id).await;
    assert_eq!(worker(&window).at(window.address).await.status, 200);
    // What the port left in the browser goes when a window is let in.
    let fresh = world.ticket(&ada, &id).await;
    let answer = fresh.get(&fresh.open).await;
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
}

/// A request in bytes, with one more behind it that must never be taken for part of the first.
async fn two_framings(window: &Window, framing: &str, body: &str) -> String {
    let common = format!("Host: {}\r\nCookie: {}\r\n", window.host, window.cookie);
    let first = format!("POST /count HTTP/1.1\r\n{common}{framing}\r\n{body}");
    let last = format!("GET /last HTTP/1.1\r\n{common}Connection: close\r\n\r\n");
    let both = format!("{first}{last}");
    let talk = raw(window.address, &both);
    tokio::time::timeout(Duration::from_secs(5), talk).await.unwrap()
}

#[tokio::test]
async fn a_request_with_two_lengths_is_refused() {
    for world in [World::new().await, World::by_host().await] {
        let (_, _, _, window) = ada(&world).await;
        let good = two_framings(&window, "Content-Length: 5\r\n", "hello").await;
        assert_eq!(good.matches("HTTP/1.1 200").count(), 2, "{good}");
        let before = (world.container.saw("/count").len(), world.container.saw("/last").len());
        for (framing, body) in [
            ("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"),
            ("Content-Length: 5, 6\r\n", "hello!"),
            ("Content-Length: +5\r\n", "hello"),
            ("Content-Length: 0x5\r\n", "hello"),
            ("Content-Length : 5\r\n", "hello"),
            ("Transfer-Encoding: identity\r\n", "hello"),
            ("Transfer-Encoding: chunked, identity\r\n", "5\r\nhello\r\n0\r\n\r\n"),
            ("Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", "hello"),
        ] {
            let answer = two_framings(&window, framing, body).await;
            assert!(answer.starts_with("HTTP/1.1 400"), "{framing}: {answer}");
            let after = (world.container.saw("/count").len(), world.container.saw("/last").len());
            assert_eq!(after, before, "{framing}: the container heard of it");
        }
    }
}

#[tokio::test]
async fn a_chunked_request_reaches_the_container_with_one_framing() {
    let world = World::new().await;
    let (_, _, _, window) = ada(&world).await;
    for framing in [
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    ] {
        // The length counts for nothing, and nothing more is read from such a visitor.
        let answer = two_framings(&window, framing, "5\r\nhello\r\n0\r\n\r\n").await;
        assert!(answer.ends_with("\r\n\r\n5"), "{answer}");
        assert!(world.container.saw("/last").is_empty());
        let seen = world.container.saw("/count").pop().unwrap();
        assert!(!seen.headers.contains_key("content-length"), "{seen:?}");
    }
}

#[tokio::test]
async fn a_name_below_the_sessions_domain_is_a_session_or_nothing() {
    let world = World::by_host().await;
    let (_, ada, id, window) = ada(&world).await;
    let at = async |host: &str, path: &str| {
        let cookies = format!("{}; {}", window.cookie, ada.cookie);
        get(path).with("host", host).with("cookie", cookies).at(world.console).await
    };
    for host in ["5.sessions.slipway.test", "a.b.sessions.slipway.test", "-.sessions.slipway.test"]
    {
        let answer = at(host, "/account").await;
        assert!(matches!(answer.status, 403 | 404 | 422), "{host}: {}", answer.status);
        assert!(!answer.text().contains("ada"), "{host} shows the console");
    }
    // Upper case and a port are the same name.
    let shouted = format!("{}:80", window.host.to_uppercase());
    assert_eq!(at(&shouted, "/welcome").await.text(), "workspace");
    // A name that only ends like the domain is not below it.
    let unrelated = at(&format!("{id}.evilsessions.slipway.test"), "/welcome").await;
    assert_ne!(unrelated.text(), "workspace");
    // The console's own name shows the console, also at paths of a session.
    let console = at(HOST, "/_slipway/open").await;
    assert_eq!(console.status, 404);
}

#[tokio::test]
async fn streams_are_told_to_end_when_the_server_stops() {
    let mut world = World::new().await;
    let (_, ada, _, window) = ada(&world).await;
    let mut tunnel = shows(&window).await;
    let events = get("/events").with("cookie", &ada.cookie).open(world.console).await;
    let mut events = events.into_body();
    let first = events.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"event: change"), "{first:?}");
    let address = world.console;
    world.stops(Duration::from_secs(4)).await;
    ends(&mut tunnel, "the server stopped").await;
    let mut told = String::new();
    while let Some(Ok(frame)) = events.frame().await {
        told += &String::from_utf8_lossy(frame.data_ref().unwrap());
    }
    assert!(told.contains("event: stopping"), "{told}");
    assert!(TcpStream::connect(address).await.is_err());
    assert!(TcpStream::connect(window.address).await.is_err());
}
