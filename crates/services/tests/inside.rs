//! Stories of looking into a session: its log, what it uses, its processes, its changed files.

mod world;

use domain::{
    SessionId, Timestamp,
    actor::Actor,
    event::Change,
    inside::{ChangeKind, PathKind, PathStat},
    list::ListQuery,
    log::{LogPage, LogQuery, Severity},
    session::{Action, State},
};
use engine::{UsageSample, memory::Op};
use futures_util::{StreamExt, TryStreamExt};
use std::time::Duration;
use world::World;

async fn running() -> (World, Actor, SessionId, String) {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let id = world.running(&admin, &workspace).await;
    let name = world.container_name().await;
    (world, admin, id, name)
}

fn texts(page: &LogPage) -> Vec<String> {
    let text = |spans: &[domain::ansi::Span]| spans.iter().map(|s| s.text.as_str()).collect();
    page.lines.iter().map(|line| text(&line.spans)).collect()
}

#[tokio::test]
async fn a_log_is_searched_by_words_and_level() {
    let (world, admin, id, name) = running().await;
    world.engine.set_log(
        &name,
        &["starting", "\u{1b}[31mERROR\u{1b}[0m disk full", "WARN Disk is slow", "disk is fine"],
    );
    let read = async |search: &str, level: Severity| {
        let query = LogQuery { search: search.into(), level, ..LogQuery::default() };
        texts(&world.services.sessions.read_log(&admin, &id, &query).await.unwrap())
    };
    assert_eq!(read("", Severity::Other).await.len(), 4);
    assert_eq!(read("DISK", Severity::Other).await.len(), 3);
    assert_eq!(read("fine disk", Severity::Other).await, ["disk is fine"]);
    assert_eq!(read("", Severity::Error).await, ["ERROR disk full"]);
    assert_eq!(read("", Severity::Warning).await, ["ERROR disk full", "WARN Disk is slow"]);
    assert!(read("nothing like it", Severity::Other).await.is_empty());
}

#[tokio::test]
async fn a_long_log_is_paged_back_through_without_gaps() {
    let (world, admin, id, name) = running().await;
    let lines: Vec<String> = (0..1_200).map(|n| format!("line {n:04}")).collect();
    world.engine.set_log(&name, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    let mut seen = Vec::new();
    let mut query = LogQuery::default();
    loop {
        let page = world.services.sessions.read_log(&admin, &id, &query).await.unwrap();
        assert!(page.lines.len() <= 500);
        let mut texts = texts(&page);
        texts.append(&mut seen);
        seen = texts;
        if !page.older {
            break;
        }
        query.before = page.lines.first().unwrap().at;
    }
    assert_eq!(seen, lines);
}

#[tokio::test]
async fn a_followed_log_tells_new_lines_and_ends_with_the_container() {
    let (world, admin, id, name) = running().await;
    world.engine.set_log(&name, &["old"]);
    let sessions = &world.services.sessions;
    let page = sessions.read_log(&admin, &id, &LogQuery::default()).await.unwrap();
    let mut lines = sessions.follow_log(&admin, &id, page.newest).await.unwrap();
    world.engine.write_log(&name, true, "new");
    let line = lines.next().await.unwrap().unwrap();
    assert_eq!((line.text.as_str(), line.stderr), ("new", true));
    world.engine.exit(&name, 0, false);
    assert!(lines.next().await.is_none());

    let saved: Vec<String> =
        sessions.save_log(&admin, &id).await.unwrap().try_collect().await.unwrap();
    assert_eq!(saved.len(), 2);
    assert!(saved[0].ends_with("Z old\n") && saved[0].starts_with("20"), "{saved:?}");
}

#[tokio::test]
async fn a_session_without_a_container_has_an_empty_inside() {
    let (world, admin, id, _) = running().await;
    world.act(&admin, &id, Action::Delete).await;
    world.reaches(&admin, &id, State::Deleted).await;
    let sessions = &world.services.sessions;
    let page = sessions.read_log(&admin, &id, &LogQuery::default()).await.unwrap();
    assert_eq!(page, LogPage::default());
    assert_eq!(sessions.processes(&admin, &id).await.unwrap(), None);
    let files = sessions.changed_files(&admin, &id, &ListQuery::default()).await.unwrap();
    assert!(!files.container && files.rows.is_empty());
    let refusal = sessions.save_log(&admin, &id).await.err().unwrap();
    assert!(refusal.message.contains("no container"), "{refusal}");
}

#[tokio::test]
async fn only_the_session_that_is_looked_at_is_measured() {
    let (world, admin, id, name) = running().await;
    let workspace = world.detail(&admin, &id).await.session.workspace;
    let ada = world.user().await;
    let other = world.running(&ada, &workspace).await;
    let sessions = &world.services.sessions;
    let mut changes = world.services.changes();
    let look = async || sessions.usage(&admin, &id, Timestamp(0)).await.unwrap();
    assert!(look().await.is_empty());
    let measured = async |changes: &mut tokio::sync::broadcast::Receiver<Change>| {
        let round = async { while changes.recv().await.unwrap() != Change::Usage {} };
        tokio::time::timeout(Duration::from_secs(20), round).await.unwrap();
    };
    measured(&mut changes).await;
    assert_eq!(world.engine.calls(Op::Sample), 1, "not {other}");
    world.clock.advance_secs(2);
    let busy = UsageSample {
        cpu_nanos: 1_001_000_000,
        received: 4_000,
        written: 2_000,
        memory_bytes: 7,
        memory_limit: 9,
        processes: 3,
        ..UsageSample::default()
    };
    world.engine.set_usage(&name, busy);
    measured(&mut changes).await;
    let [point] = look().await[..] else { panic!("one rate of two samples") };
    assert_eq!((point.cpu_millis, point.received, point.written), (500, 2_000, 1_000));
    assert_eq!((point.memory_bytes, point.processes), (7, 3));
    assert!(sessions.usage(&admin, &id, point.at).await.unwrap().is_empty(), "nothing newer");
}

#[tokio::test]
async fn processes_are_shown_while_it_runs() {
    let (world, admin, id, _) = running().await;
    let sessions = &world.services.sessions;
    let all = sessions.processes(&admin, &id).await.unwrap().unwrap();
    assert_eq!((all.len(), all[0].pid), (1, 4_711));
    world.act(&admin, &id, Action::Stop).await;
    world.reaches(&admin, &id, State::Stopped).await;
    assert_eq!(sessions.processes(&admin, &id).await.unwrap(), None);
}

#[tokio::test]
async fn changed_files_are_filtered_paged_and_looked_at_only_where_shown() {
    let (world, admin, id, name) = running().await;
    let stat = |kind, size, target: &str| Some(PathStat { kind, size, target: target.to_owned() });
    let change = |kind, path: &str, stat| world.engine.change_file(&name, kind, path, stat);
    change(ChangeKind::Changed, "/home", stat(PathKind::Directory, 4_096, ""));
    for n in 0..40 {
        let file = stat(PathKind::File, n, "");
        change(ChangeKind::Added, &format!("/home/file-{n:02}"), file);
    }
    change(ChangeKind::Added, "/home/a\n\u{1b}[31mname", stat(PathKind::Link, 3, "/x\u{202e}y"));
    change(ChangeKind::Changed, "/home/issue", stat(PathKind::File, 12, ""));
    change(ChangeKind::Deleted, "/home/gone", None);
    let list = async |query: ListQuery| {
        world.services.sessions.changed_files(&admin, &id, &query).await.unwrap()
    };
    let page = |page| ListQuery { page, per_page: 25, ..ListQuery::default() };

    let first = list(page(1)).await;
    assert_eq!((first.total, first.counts, first.rows.len()), (43, [41, 1, 1], 25));
    assert_eq!(world.engine.calls(Op::PathStat), 25, "only what is on the page");
    assert_eq!(first.rows[0].path, "/home/a\\n\\u{1b}[31mname");
    assert_eq!(first.rows[0].target.as_deref(), Some("/x\\u{202e}y"));
    assert_eq!((first.rows[0].size, first.rows[3].size), (None, Some(2)));
    assert_eq!(list(page(9)).await.rows.len(), 18, "the last page there is");

    let deleted = ListQuery { state: "deleted".into(), ..ListQuery::default() };
    let deleted = list(deleted).await;
    assert_eq!((deleted.total, deleted.rows[0].path.as_str()), (1, "/home/gone"));
    assert_eq!((deleted.rows[0].kind, deleted.rows[0].size), (None, None));
    let found = list(ListQuery { search: "FILE-3".into(), ..ListQuery::default() }).await;
    assert_eq!((found.total, found.counts), (10, [41, 1, 1]));
}

#[tokio::test]
async fn sizes_that_take_too_long_are_left_open() {
    let (world, admin, id, name) = running().await;
    let stat = Some(PathStat { kind: PathKind::File, size: 1, target: String::new() });
    world.engine.change_file(&name, ChangeKind::Added, "/a", stat);
    world.engine.delay(Op::PathStat, Duration::from_secs(60));
    let query = ListQuery::default();
    let files = world.services.sessions.changed_files(&admin, &id, &query).await.unwrap();
    assert_eq!((files.total, files.rows[0].size), (1, None));
}
