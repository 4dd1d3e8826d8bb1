//! Engines that are not there, or leave.

use crate::world::{World, whole_log};
use domain::ErrorKind;
use engine::docker::Docker;
use engine::memory::{MemoryEngine, Op};
use engine::{ContainerSpec, Engine, EngineEvent, TerminalSize};
use futures_util::StreamExt;
use std::time::{Duration, Instant};

#[tokio::test]
async fn connecting_succeeds_without_an_engine_and_every_call_says_what_is_wrong() {
    let nowhere = std::env::temp_dir().join(format!("slipway-no-engine-{}", std::process::id()));
    let docker = Docker::connect(nowhere.to_str()).unwrap();
    let began = Instant::now();
    let name = "x";
    let refusals = [
        docker.info().await.unwrap_err(),
        docker.images().await.unwrap_err(),
        docker.image(name).await.unwrap_err(),
        docker.containers(name).await.unwrap_err(),
        docker.container(name).await.unwrap_err(),
        docker.create_container(&World::memory().spec(name)).await.unwrap_err(),
        docker.start(name).await.unwrap_err(),
        docker.stop(name, 1).await.unwrap_err(),
        docker.pause(name).await.unwrap_err(),
        docker.remove_container(name).await.unwrap_err(),
        docker.log_tail(name, 1).await.unwrap_err(),
        docker.log(name, &whole_log()).await.err().unwrap(),
        docker.processes(name).await.unwrap_err(),
        docker.changed_files(name).await.unwrap_err(),
        docker.path_stat(name, "/etc").await.unwrap_err(),
        docker.sample(name).await.unwrap_err(),
        docker.open_terminal(name, TerminalSize { columns: 80, rows: 24 }).await.unwrap_err(),
        docker.networks(name).await.unwrap_err(),
        docker.remove_network(name).await.unwrap_err(),
        docker.events(name).await.err().unwrap(),
    ];
    assert!(began.elapsed() < Duration::from_secs(2), "took {:?}", began.elapsed());
    for refusal in refusals {
        assert_eq!(refusal.kind, ErrorKind::Unavailable, "{refusal:?}");
        assert!(refusal.message.contains(docker.address()), "{refusal:?}");
        assert!(refusal.hint.is_some() && refusal.detail.is_some(), "{refusal:?}");
    }
}

#[tokio::test]
async fn an_engine_whose_socket_nobody_serves_is_unavailable() {
    let path = std::env::temp_dir().join(format!("slipway-dead-engine-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let refusal = Docker::connect(path.to_str()).unwrap().info().await.unwrap_err();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(refusal.kind, ErrorKind::Unavailable);
    assert!(refusal.hint.unwrap().contains("Start the engine"));
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_accepts_and_says_nothing_is_given_up() {
    let path = std::env::temp_dir().join(format!("slipway-mute-engine-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let refusal = Docker::connect(path.to_str()).unwrap().containers("x").await.unwrap_err();
    drop(listener);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(refusal.kind, ErrorKind::Unavailable);
    assert!(refusal.detail.unwrap().contains("no answer"));
}

/// A running container in memory, and the handle that makes things happen to it.
async fn memory() -> (MemoryEngine, ContainerSpec) {
    let memory = MemoryEngine::new();
    memory.add_image("debian:bookworm-slim", "sha256:0de");
    let mut world = World::memory();
    world.engine = std::sync::Arc::new(memory.clone());
    let spec = world.running("a").await;
    (memory, spec)
}

#[tokio::test]
async fn an_engine_that_goes_down_ends_event_streams_and_comes_back() {
    let (memory, spec) = memory().await;
    let mut events = memory.events(&spec.installation).await.unwrap();
    memory.set_down(true);
    assert_eq!(events.next().await, None);
    assert_eq!(memory.container(&spec.name).await.unwrap_err().kind, ErrorKind::Unavailable);
    memory.set_down(false);
    assert!(memory.container(&spec.name).await.unwrap().unwrap().address.is_some());
}

#[tokio::test]
async fn a_restart_of_the_engine_kills_what_ran() {
    let (memory, spec) = memory().await;
    memory.pause(&spec.name).await.unwrap();
    memory.restart();
    let observed = memory.container(&spec.name).await.unwrap().unwrap().observed;
    assert_eq!(observed.exit_code, Some(137));
    assert!(!observed.out_of_memory);
}

#[tokio::test]
async fn faults_come_once_and_in_order_and_calls_are_counted() {
    let (memory, spec) = memory().await;
    memory.fail_next(Op::Pause, domain::Error::conflict("one"));
    memory.fail_next(Op::Pause, domain::Error::unavailable("two"));
    assert_eq!(memory.pause(&spec.name).await.unwrap_err().message, "one");
    assert_eq!(memory.pause(&spec.name).await.unwrap_err().message, "two");
    memory.pause(&spec.name).await.unwrap();
    assert_eq!(memory.calls(Op::Pause), 3);
}

#[tokio::test(start_paused = true)]
async fn delays_pass_in_the_tests_own_time() {
    let (memory, spec) = memory().await;
    memory.delay(Op::Pause, Duration::from_secs(3_600));
    let began = tokio::time::Instant::now();
    memory.pause(&spec.name).await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(3_600));
}

#[tokio::test]
async fn what_people_do_by_hand_is_told_as_docker_tells_it() {
    let (memory, spec) = memory().await;
    let mut events = memory.events(&spec.installation).await.unwrap();
    memory.outside_pause(&spec.name);
    memory.outside_unpause(&spec.name);
    memory.outside_stop(&spec.name);
    memory.outside_start(&spec.name);
    memory.exit(&spec.name, 137, true);
    assert!(memory.container(&spec.name).await.unwrap().unwrap().observed.out_of_memory);
    memory.outside_remove(&spec.name);
    let told = crate::world::actions_until(&mut events, &spec.session, "destroy").await;
    let expected = ["pause", "unpause", "kill", "die", "stop", "start", "oom", "die", "destroy"];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn images_that_come_and_go_are_told() {
    let memory = MemoryEngine::new();
    let mut events = memory.events("anybody").await.unwrap();
    memory.add_image("slipway/desktop", "sha256:1");
    memory.remove_image("slipway/desktop:latest");
    for _ in 0..2 {
        assert_eq!(events.next().await, Some(Ok(EngineEvent::Images)));
    }
    assert_eq!(memory.images().await.unwrap(), []);
}
