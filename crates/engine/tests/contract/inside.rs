//! What is to be seen inside a container: its log line by line, its processes, its changed files.

use crate::world::{PATIENCE, World, eventually, whole_log};
use domain::ErrorKind;
use domain::inside::{ChangeKind, PathKind};
use domain::log::LogLine;
use domain::plan::ContainerState;
use engine::LogSpec;
use futures_util::{StreamExt, TryStreamExt};

async fn read(world: &World, name: &str, spec: &LogSpec) -> Vec<LogLine> {
    let lines = world.engine.log(name, spec).await.unwrap();
    tokio::time::timeout(PATIENCE, lines.try_collect()).await.unwrap().unwrap()
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

pub async fn a_log_is_read_line_by_line_from_and_to_a_moment(world: &World) {
    let spec = world.telling().await;
    let name = &spec.name;
    eventually("the container ends", || async {
        world.state(&spec).await == Some(ContainerState::Exited)
    })
    .await;
    let all = read(world, name, &whole_log()).await;
    assert_eq!(texts(&all), ["first", "second", "third"]);
    assert_eq!(all.iter().map(|line| line.stderr).collect::<Vec<_>>(), [false, true, false]);
    assert!(all[0].at > 0 && all.is_sorted_by_key(|line| line.at), "{all:?}");

    let since = LogSpec { since: Some(all[0].at), ..whole_log() };
    assert_eq!(texts(&read(world, name, &since).await), ["second", "third"]);
    let until = LogSpec { until: Some(all[1].at), ..whole_log() };
    assert_eq!(texts(&read(world, name, &until).await), ["first"]);
    let last = LogSpec { tail: Some(1), ..whole_log() };
    assert_eq!(texts(&read(world, name, &last).await), ["third"]);
}

pub async fn a_followed_log_goes_on_until_the_container_ends(world: &World) {
    let spec = world.telling().await;
    let follow = LogSpec { follow: true, ..whole_log() };
    let mut lines = world.engine.log(&spec.name, &follow).await.unwrap();
    let mut seen = Vec::new();
    let reading = async {
        while let Some(line) = lines.next().await {
            let line = line.unwrap();
            if line.text == "first" {
                let state = world.state(&spec).await;
                assert_eq!(state, Some(ContainerState::Running), "not only at the end");
            }
            seen.push(line.text);
        }
    };
    let ended = tokio::time::timeout(PATIENCE, reading).await;
    assert!(ended.is_ok(), "the stream did not end with the container");
    assert_eq!(seen, ["first", "second", "third"]);
}

pub async fn processes_are_listed_while_it_runs(world: &World) {
    let spec = world.running("a").await;
    let all = world.engine.processes(&spec.name).await.unwrap().unwrap();
    let sleeping = all.iter().find(|process| process.command.ends_with("sleep 600")).unwrap();
    assert!(sleeping.pid > 0 && !sleeping.user.is_empty(), "{sleeping:?}");
    assert!(sleeping.memory_bytes.is_some() && sleeping.seconds.is_some(), "{sleeping:?}");

    world.engine.pause(&spec.name).await.unwrap();
    assert!(world.engine.processes(&spec.name).await.unwrap().is_some(), "they stand still");
    world.engine.stop(&spec.name, 1).await.unwrap();
    assert_eq!(world.engine.processes(&spec.name).await.unwrap(), None);
}

pub async fn changed_files_are_listed_and_looked_at_unread(world: &World) {
    let spec = world.changing().await;
    let name = &spec.name;
    let link = || async { world.engine.path_stat(name, "/tmp/made/link").await.unwrap() };
    eventually("the files are made", || async { link().await.is_some() }).await;
    let changes = world.engine.changed_files(name).await.unwrap();
    let kind = |path: &str| changes.iter().find(|change| change.path == path).map(|c| c.kind);
    assert_eq!(kind("/tmp"), Some(ChangeKind::Changed), "{changes:?}");
    for path in ["/tmp/made", "/tmp/made/a file", "/tmp/made/link"] {
        assert_eq!(kind(path), Some(ChangeKind::Added), "{changes:?}");
    }
    let stat = async |path: &str| world.engine.path_stat(name, path).await.unwrap();
    let file = stat("/tmp/made/a file").await.unwrap();
    assert_eq!((file.kind, file.size), (PathKind::File, 5));
    let link = link().await.unwrap();
    assert_eq!((link.kind, link.target.as_str()), (PathKind::Link, "/nowhere"));
    assert_eq!(stat("/tmp/made").await.unwrap().kind, PathKind::Directory);
    assert_eq!(stat("/tmp/made/nothing").await, None);

    world.engine.stop(name, 1).await.unwrap();
    let after = world.engine.changed_files(name).await.unwrap();
    assert!(changes.iter().all(|change| after.contains(change)), "they stay: {after:?}");
}

pub async fn what_is_missing_has_no_inside(world: &World) {
    let name = &world.spec("missing").name;
    let refusal = world.engine.log(name, &whole_log()).await.err().unwrap();
    assert_eq!(refusal.kind, ErrorKind::NotFound);
    assert_eq!(world.engine.processes(name).await.unwrap(), None);
    assert_eq!(world.engine.changed_files(name).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(world.engine.path_stat(name, "/etc").await.unwrap(), None);
}
