//! The real binary pulls from a real registry while itself or the engine is killed, and onto a disk
//! that is full.
//!
//! Needs `SLIPWAY_TEST_ENGINE`, `SLIPWAY_TEST_REGISTRY` and the image `slipway/terminal:latest`;
//! without one of the first two, every story says that it is skipped.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod support;

use domain::job::{Job, JobKind, JobState};
use std::{process::Command, time::Duration};
use support::{
    binary::{Installation, docker, real_engine},
    own_engine::OwnEngine,
    registry::Registry,
    within,
};

/// What a pull may take, with the wait before another try.
const PATIENCE: Duration = Duration::from_secs(120);

/// An image of so many megabytes that nothing makes smaller, at the registry and not on the engine.
fn offered(engine: &str, registry: &Registry, name: &str, megabytes: u32) -> String {
    let image = format!("{}/slipway-pulling/{name}:1", registry.host);
    let folder = tempfile::tempdir().unwrap();
    let make = format!(
        "cd {} && head -c {megabytes}000000 /dev/urandom > weight && tar -cf image.tar weight",
        folder.path().display()
    );
    assert!(Command::new("sh").args(["-c", &make]).status().unwrap().success());
    let file = folder.path().join("image.tar").display().to_string();
    docker(engine, &["import", &file, &image]);
    docker(engine, &["push", "--quiet", &image]);
    docker(engine, &["image", "rm", &image]);
    image
}

/// An engine with an image of the starter's name, for stories that launch nothing.
fn nameplate(engine: &OwnEngine) {
    let file = engine.file("empty.tar");
    assert!(
        Command::new("tar").args(["-cf", &file, "-T", "/dev/null"]).status().unwrap().success()
    );
    docker(&engine.address(), &["import", &file, "slipway/terminal:latest"]);
}

async fn jobs(slipway: &Installation, image: &str) -> Vec<Job> {
    let answer = slipway.call("recent_jobs", &[]).await;
    let jobs: Vec<Job> = serde_json::from_slice(&answer.body).unwrap();
    jobs.into_iter().filter(|job| job.links.image == image && job.kind == JobKind::Pull).collect()
}

/// The only pull of an image, once it is in this state.
async fn comes_to(slipway: &Installation, image: &str, state: JobState) -> Job {
    within(PATIENCE, &format!("the pull is {state:?}"), async || {
        let jobs = jobs(slipway, image).await;
        assert_eq!(jobs.len(), 1, "{jobs:?}");
        jobs.into_iter().find(|job| job.state == state)
    })
    .await
}

/// Waits until bytes of it have come.
async fn is_under_way(slipway: &Installation, image: &str) {
    within(PATIENCE, "the pull is under way", async || {
        let progress = jobs(slipway, image).await.pop()?.progress?;
        progress.bytes.is_some_and(|(done, _)| done > 0).then_some(())
    })
    .await;
}

fn has(engine: &str, image: &str) -> bool {
    let reference = format!("reference={image}");
    let found = docker(engine, &["image", "ls", "--quiet", "--filter", &reference]);
    found.lines().count() == 1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_is_done_once_whenever_the_server_is_killed() {
    let Some(engine) = real_engine() else { return };
    let Some(registry) = Registry::start().await else { return };
    let mut slipway = Installation::new(&engine, 247).await;
    let image = offered(&engine, &registry, &slipway.id, 60);
    for delay in [0, 100, 400, 900] {
        slipway.call("pull_reference", &[("image", &image)]).await;
        let asked = jobs(&slipway, &image).await.remove(0).id;
        tokio::time::sleep(Duration::from_millis(delay)).await;
        slipway.kill();
        slipway.start().await;
        within(PATIENCE, "the pull is done", async || {
            let all = jobs(&slipway, &image).await;
            let ours: Vec<&Job> = all.iter().filter(|job| job.id == asked).collect();
            assert_eq!(ours.len(), 1, "{delay} ms: {all:?}");
            assert_ne!(ours[0].state, JobState::Failed, "{delay} ms: {all:?}");
            (ours[0].state == JobState::Done).then_some(())
        })
        .await;
        assert!(has(&engine, &image), "{delay} ms");
        docker(&engine, &["image", "rm", &image]);
    }
    assert_eq!(jobs(&slipway, &image).await.len(), 4, "no kill made another one");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_killed_during_a_pull_has_the_image_in_the_end() {
    let Some(source) = real_engine() else { return };
    let Some(registry) = Registry::start().await else { return };
    let Some(mut engine) = OwnEngine::new(1) else { return };
    nameplate(&engine);
    let slipway = Installation::new(&engine.address(), 248).await;
    let image = offered(&source, &registry, &slipway.id, 200);
    slipway.call("pull_reference", &[("image", &image)]).await;
    is_under_way(&slipway, &image).await;
    engine.kill();
    within(PATIENCE, "it waits for its next try", async || {
        let job = jobs(&slipway, &image).await.remove(0);
        (job.state == JobState::Queued && job.error.is_some()).then_some(())
    })
    .await;
    engine.start();
    let done = comes_to(&slipway, &image, JobState::Done).await;
    assert!(done.attempt > 1, "{done:?}");
    assert!(has(&engine.address(), &image));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_ends_a_pull_with_the_reason_and_takes_it_once_there_is_room() {
    let Some(source) = real_engine() else { return };
    let Some(registry) = Registry::start().await else { return };
    let Some(mut engine) = OwnEngine::with_disk(2, 100) else { return };
    nameplate(&engine);
    let slipway = Installation::new(&engine.address(), 249).await;
    let image = offered(&source, &registry, &slipway.id, 70);
    slipway.call("pull_reference", &[("image", &image)]).await;
    let failed = comes_to(&slipway, &image, JobState::Failed).await;
    let error = failed.error.unwrap();
    assert!(error.message.contains("no space left"), "{error:?}");
    assert!(error.hint.unwrap().contains("Free space"));
    assert!(!has(&engine.address(), &image));

    engine.resize(400);
    slipway.call("retry_job", &[("id", failed.id.as_str())]).await;
    comes_to(&slipway, &image, JobState::Done).await;
    assert!(has(&engine.address(), &image));
}
