//! Stories of images that are fetched from a registry.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    Error, ErrorKind, JobId, WorkspaceId,
    actor::Actor,
    job::{Job, JobState},
    launcher::TileState,
    registry::RegistryForm,
    workspace::WorkspaceForm,
};
use engine::{Engine, memory::Op};
use std::time::Duration;
use world::World;

const IMAGE: &str = "registry.example.org/team/app:1";

async fn is(world: &World, admin: &Actor, id: &JobId, state: JobState) -> Job {
    let mut last = None;
    let what = format!("the job is {}", state.as_str());
    world
        .until(&what, async || {
            last = Some(world.services.jobs.detail(admin, id).await.unwrap().job);
            last.as_ref().is_some_and(|job| job.state == state)
        })
        .await;
    last.unwrap()
}

async fn log(world: &World, admin: &Actor, id: &JobId) -> String {
    let detail = world.services.jobs.detail(admin, id).await.unwrap();
    detail.log.iter().map(|line| format!("{}\n", line.text)).collect()
}

async fn tile(world: &World, actor: &Actor) -> TileState {
    world.services.launcher.page(actor, "", "").await.unwrap().tiles[0].state.clone()
}

/// An administrator, and a workspace whose image the engine lacks.
async fn lacking() -> (World, Actor, WorkspaceId) {
    let world = World::new().await;
    let admin = world.admin().await;
    let form = WorkspaceForm { image: IMAGE.into(), ..world.form() };
    let workspace = world.services.workspaces.create(&admin, &form).await.unwrap();
    (world, admin, workspace)
}

async fn waits_for_its_next_try(world: &World, admin: &Actor, id: &JobId) {
    let waits = async || {
        let job = world.services.jobs.detail(admin, id).await.unwrap().job;
        job.state == JobState::Queued && job.error.is_some()
    };
    world.until("it waits for its next try", waits).await;
}

#[tokio::test]
async fn a_missing_image_is_pulled_once_and_its_tile_gets_ready() {
    let (world, admin, workspace) = lacking().await;
    let workspaces = &world.services.workspaces;
    assert!(matches!(tile(&world, &admin).await, TileState::Unavailable { .. }));
    let refused = world.services.sessions.launch(&admin, &workspace).await.unwrap_err();
    assert!(refused.hint.unwrap().contains("pull it"));

    world.engine.add_remote_image(IMAGE, "sha256:77");
    world.engine.delay(Op::Pull, Duration::from_millis(200));
    let job = workspaces.pull_image(&admin, &workspace).await.unwrap();
    assert_eq!(workspaces.pull_image(&admin, &workspace).await.unwrap(), job, "it is joined");
    assert!(matches!(tile(&world, &admin).await, TileState::Preparing { .. }));
    let done = is(&world, &admin, &job, JobState::Done).await;
    assert_eq!(done.links.made.as_deref(), Some("sha256:77"));
    assert_eq!(tile(&world, &admin).await, TileState::Ready);
    assert_eq!(world.engine.calls(Op::Pull), 1);
    assert!(log(&world, &admin, &job).await.contains("without signing in"));
    world.running(&admin, &workspace).await;
}

#[tokio::test]
async fn two_transfers_go_on_at_one_registry_and_another_elsewhere() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.engine.delay(Op::Pull, Duration::from_secs(3600));
    let pull = async |name: &str, image: &str| {
        let form = WorkspaceForm { name: name.into(), image: image.into(), ..world.form() };
        let workspace = world.services.workspaces.create(&admin, &form).await.unwrap();
        world.services.workspaces.pull_image(&admin, &workspace).await.unwrap()
    };
    let first = pull("First", "registry.example.org/team/first:1").await;
    let second = pull("Second", "registry.example.org/team/second:1").await;
    is(&world, &admin, &first, JobState::Running).await;
    is(&world, &admin, &second, JobState::Running).await;
    let third = pull("Third", "registry.example.org/team/third:1").await;
    let elsewhere = pull("Elsewhere", "team/app:1").await;
    is(&world, &admin, &elsewhere, JobState::Running).await;
    is(&world, &admin, &third, JobState::Queued).await;
    world.services.jobs.cancel(&admin, &first).await.unwrap();
    is(&world, &admin, &third, JobState::Running).await;
}

#[tokio::test]
async fn a_private_image_is_pulled_with_what_is_stored_and_a_refusal_can_be_repeated() {
    let world = World::new().await;
    let admin = world.admin().await;
    let registry = RegistryForm {
        name: "Ours".into(),
        url: "https://registry.example.org".into(),
        username: "robot".into(),
        ..RegistryForm::default()
    };
    world.services.registries.create(&admin, &registry, "violin").await.unwrap();
    let form = WorkspaceForm { image: IMAGE.into(), ..world.form() };
    let workspaces = &world.services.workspaces;
    let workspace = workspaces.create(&admin, &form).await.unwrap();
    let job = workspaces.pull_image(&admin, &workspace).await.unwrap();
    let failed = is(&world, &admin, &job, JobState::Failed).await;
    assert_eq!(failed.error.unwrap().kind, ErrorKind::NotFound);
    let told = log(&world, &admin, &job).await;
    assert!(told.contains("as robot") && !told.contains("violin"), "{told}");
    assert!(matches!(tile(&world, &admin).await, TileState::Unavailable { .. }));

    world.engine.add_remote_image(IMAGE, "sha256:77");
    world.services.jobs.retry(&admin, &job, "", "").await.unwrap();
    is(&world, &admin, &job, JobState::Done).await;
    assert!(world.engine.image(IMAGE).await.unwrap().is_some());
}

#[tokio::test]
async fn a_workspace_may_name_whose_credentials_its_image_is_pulled_with() {
    const OTHER: &str = "registry.example.org/team/other:1";
    let world = World::new().await;
    let admin = world.admin().await;
    let registries = &world.services.registries;
    let store = async |name: &str, url: &str| {
        let form = RegistryForm {
            name: name.into(),
            url: url.into(),
            username: "robot".into(),
            ..RegistryForm::default()
        };
        registries.create(&admin, &form, "violin").await.unwrap()
    };
    let whole = store("Whole", "https://registry.example.org").await;
    store("Team", "https://registry.example.org/team").await;
    let hub = store("Hub", "https://index.docker.io/v1/").await;
    let workspaces = &world.services.workspaces;
    let form = |registry: &str| WorkspaceForm {
        image: IMAGE.into(),
        registry: registry.into(),
        enabled: String::new(),
        ..world.form()
    };
    let problem = |error: Error| error.problem_at("registry").map(str::to_owned).unwrap();
    let elsewhere = workspaces.create(&admin, &form(hub.as_str())).await.unwrap_err();
    assert!(problem(elsewhere).contains("leads to registry.example.org, not to docker.io"));
    let gone = workspaces.create(&admin, &form("0123456789")).await.unwrap_err();
    assert!(problem(gone).contains("no longer stored"));

    let workspace = workspaces.create(&admin, &form(whole.as_str())).await.unwrap();
    let moved = WorkspaceForm { image: "team/app:1".into(), ..form(whole.as_str()) };
    let refused = workspaces.change(&admin, &workspace, 1, &moved).await.unwrap_err();
    assert!(problem(refused).contains("docker.io"));
    world.engine.add_remote_image(IMAGE, "sha256:77");
    let job = workspaces.pull_image(&admin, &workspace).await.unwrap();
    is(&world, &admin, &job, JobState::Done).await;
    assert!(log(&world, &admin, &job).await.contains("as robot (Whole)"));

    // What is pulled by itself is pulled with them too.
    world.engine.add_remote_image(OTHER, "sha256:78");
    let enabled =
        WorkspaceForm { image: OTHER.into(), enabled: "on".into(), ..form(whole.as_str()) };
    workspaces.create(&admin, &enabled).await.unwrap();
    let other = async || world.services.library.detail(&admin, OTHER).await.unwrap();
    world.until("it is pulled", async || other().await.upstream.pulled_as.contains("Whole")).await;
    assert_eq!(other().await.pulled_from, "https://registry.example.org as robot");

    assert_eq!(registries.removal(&admin, &whole).await.unwrap().workspaces, 2);
    registries.delete(&admin, &whole).await.unwrap();
    assert_eq!(workspaces.get(&admin, &workspace).await.unwrap().definition.registry, None);
    assert_eq!(other().await.pulled_from, "https://registry.example.org/team as robot");
    let ada = world.user().await;
    let refused = workspaces.offered_registries(&ada).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);
    let offered = workspaces.offered_registries(&admin).await.unwrap();
    assert_eq!(offered.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Hub", "Team"]);
}

#[tokio::test]
async fn a_registry_that_is_away_is_tried_again_and_a_pull_can_be_cancelled() {
    let (world, admin, workspace) = lacking().await;
    let workspaces = &world.services.workspaces;
    world.engine.fail_next(Op::Pull, Error::unavailable("The engine cannot reach the registry."));
    let job = workspaces.pull_image(&admin, &workspace).await.unwrap();
    waits_for_its_next_try(&world, &admin, &job).await;
    world.services.jobs.cancel(&admin, &job).await.unwrap();
    is(&world, &admin, &job, JobState::Cancelled).await;
    assert!(matches!(tile(&world, &admin).await, TileState::Unavailable { .. }));
    let eve = world.user().await;
    let refused = workspaces.pull_image(&eve, &workspace).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);
}

#[tokio::test]
async fn an_engine_that_goes_away_during_a_pull_and_comes_back_has_the_image_in_the_end() {
    let (world, admin, workspace) = lacking().await;
    let workspaces = &world.services.workspaces;
    world.engine.add_remote_image(IMAGE, "sha256:77");
    world.engine.delay(Op::Pull, Duration::from_millis(200));
    let job = workspaces.pull_image(&admin, &workspace).await.unwrap();
    world.until("the pull is under way", async || world.engine.calls(Op::Pull) == 1).await;
    world.engine.set_down(true);
    waits_for_its_next_try(&world, &admin, &job).await;
    world.engine.delay(Op::Pull, Duration::ZERO);
    world.engine.restart();
    world.until("the engine is back", async || world.services.ready().await.is_ok()).await;
    world.clock.advance_secs(600);
    is(&world, &admin, &job, JobState::Done).await;
    world.until("its tile is ready", async || tile(&world, &admin).await == TileState::Ready).await;
    assert_eq!(world.engine.calls(Op::Pull), 2);
}

#[tokio::test]
async fn a_full_disk_ends_a_pull_with_the_reason_and_it_is_repeated_when_there_is_room() {
    let (world, admin, workspace) = lacking().await;
    let workspaces = &world.services.workspaces;
    world.engine.add_remote_image(IMAGE, "sha256:77");
    let full = Error::exhausted("There is no space left where the image is to go.")
        .hint("Free space where the engine keeps images, then pull again.");
    world.engine.fail_next(Op::Pull, full);
    let job = workspaces.pull_image(&admin, &workspace).await.unwrap();
    let failed = is(&world, &admin, &job, JobState::Failed).await.error.unwrap();
    assert!(failed.message.contains("no space left"), "{failed:?}");
    assert!(failed.hint.unwrap().contains("Free space"));
    world.clock.advance_secs(3600);
    assert_eq!(world.engine.calls(Op::Pull), 1, "more of the same would not make room");
    world.services.jobs.retry(&admin, &job, "", "").await.unwrap();
    is(&world, &admin, &job, JobState::Done).await;
    world.until("its tile is ready", async || tile(&world, &admin).await == TileState::Ready).await;
}
