//! Stories of a session's log as it leaves the server: followed line by line, and as a file.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod support;

use domain::SessionId;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::time::Duration;
use support::{
    http::{Ask, get},
    world::{Person, World},
};

async fn running() -> (World, Person, SessionId, String) {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let id = world.running(&admin, &workspace).await;
    let installation = world.store.meta("installation").await.unwrap().unwrap();
    (world, admin, id.clone(), format!("slipway-{installation}-{id}"))
}

async fn follow(world: &World, ask: Ask, person: &Person) -> Incoming {
    let host = world.origin.split("://").nth(1).unwrap();
    let ask = ask.with("host", host).with("cookie", &person.cookie);
    let answer = ask.open(world.console).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    answer.into_body()
}

/// What is sent until `until` is in it, or the stream ends.
async fn heard(stream: &mut Incoming, until: &str) -> String {
    let mut text = String::new();
    let hearing = async {
        while !text.contains(until) {
            let Some(frame) = stream.frame().await else { return };
            text.push_str(&String::from_utf8_lossy(
                &frame.unwrap().into_data().unwrap_or_default(),
            ));
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), hearing).await.is_ok();
    assert!(in_time, "no `{until}` in {text}");
    text
}

#[tokio::test]
async fn lines_are_heard_as_they_are_written_until_the_container_ends() {
    let (world, admin, id, name) = running().await;
    world.engine.set_log(&name, &["before"]);
    let path = format!("/sessions/{id}/log/follow");
    let mut stream = follow(&world, get(&format!("{path}?q=match&level=&since=0")), &admin).await;
    world.engine.write_log(&name, false, "no");
    world.engine.write_log(&name, true, "a \u{1b}[31mMatch\u{1b}[0m <b>");
    let first = heard(&mut stream, "<b>").await;
    assert!(first.contains("event: lines") && first.contains("ansi-red"), "{first}");
    assert!(!first.contains("before") && !first.contains("\"no\""), "{first}");
    let heard_last = first.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();

    // Who lost the stream goes on behind what was heard last.
    let again = get(&format!("{path}?q=&level=&since=0")).with("last-event-id", heard_last);
    let mut again = follow(&world, again, &admin).await;
    world.engine.write_log(&name, false, "later");
    let rest = heard(&mut again, "later").await;
    assert!(!rest.contains("before") && !rest.contains("Match"), "{rest}");

    world.engine.exit(&name, 0, false);
    assert!(heard(&mut again, "event: ended").await.contains("ended"));
    assert!(heard(&mut stream, "event: ended").await.contains("ended"));
    assert!(stream.frame().await.is_none());
}

#[tokio::test]
async fn who_may_not_see_it_any_more_hears_nothing_more() {
    let (world, admin, id, name) = running().await;
    let path = format!("/sessions/{id}/log/follow");
    let mut stream = follow(&world, get(&path), &admin).await;
    world.engine.write_log(&name, false, "heard");
    heard(&mut stream, "heard").await;
    world.services.users.set_disabled("admin", true).await.unwrap();
    world.engine.write_log(&name, false, "secret");
    let rest = heard(&mut stream, "never said").await;
    assert!(!rest.contains("ended"), "it did not end by itself: {rest}");
    assert!(stream.frame().await.is_none());
}

#[tokio::test]
async fn a_server_that_stops_ends_what_is_followed() {
    let (mut world, admin, id, _) = running().await;
    let path = format!("/sessions/{id}/log/follow");
    let mut stream = follow(&world, get(&path), &admin).await;
    world.stops(Duration::from_secs(5)).await;
    assert!(!heard(&mut stream, "never said").await.contains("event: ended"));
}

#[tokio::test]
async fn very_many_lines_arrive_whole_in_small_pieces() {
    let (world, admin, id, name) = running().await;
    let lines: Vec<String> = (0..1_000).map(|n| format!("line-{n:04}")).collect();
    world.engine.set_log(&name, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    let path = format!("/sessions/{id}/log/follow");
    let mut stream = follow(&world, get(&path), &admin).await;
    let text = heard(&mut stream, "line-0999").await;
    assert!(lines.iter().all(|line| text.contains(line.as_str())));
    let most = text.lines().map(|event| event.matches("line-").count()).max();
    assert_eq!(most, Some(200));
}

#[tokio::test]
async fn a_log_is_taken_away_as_a_file() {
    let (world, admin, id, name) = running().await;
    world.engine.set_log(&name, &["one", "<script>two</script>"]);
    let path = format!("/sessions/{id}/log/download");
    let answer = world.ask(get(&path).with("cookie", &admin.cookie)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    let file = format!("attachment; filename=\"session-{id}.log\"");
    assert_eq!(answer.header("content-disposition"), file);
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let text = answer.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].ends_with("Z one") && lines[1].ends_with("Z <script>two</script>"), "{text}");
}

#[tokio::test]
async fn the_page_shows_the_log_without_a_script() {
    let (world, admin, id, name) = running().await;
    world.engine.set_log(&name, &["\u{1b}[32mgreen\u{1b}[0m <b>bold</b>", "ERROR no", "other"]);
    let page = world.page(&admin, &format!("/sessions/{id}/log")).await.text();
    assert!(page.contains("class=\"ansi-green\"") && page.contains("&lt;b&gt;bold"), "{page}");
    assert!(page.contains("aria-current=\"page\""), "{page}");
    let found = world.page(&admin, &format!("/sessions/{id}/log?q=no&level=error&times=on")).await;
    let found = found.text();
    assert!(found.contains("is-error") && found.contains("with-times"), "{found}");
    assert!(!found.contains("ansi-green"), "{found}");
    for (part, heading) in [("processes", "Runs for"), ("files", "Nothing has changed")] {
        let page = world.page(&admin, &format!("/sessions/{id}/{part}")).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains(heading), "{part}: {}", page.text());
    }
}
