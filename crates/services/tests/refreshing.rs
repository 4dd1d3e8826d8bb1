//! Stories of images that are fetched anew while they are in use: nobody waits for that, it is done
//! once however many ask, and what it came to is told.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    Error,
    job::{JobKind, JobState},
    launcher::TileState,
    library::ImageState,
    list::ListQuery,
    revision::How,
};
use engine::memory::Op;
use std::time::Duration;
use world::registry::{HOUR_S, Scene, digest};

/// Longer than any story.
const NEVER: Duration = Duration::from_secs(3600);

/// How often the scene's image is listed among those in a state.
async fn listed(scene: &Scene, state: &str) -> i64 {
    let query =
        ListQuery { state: state.into(), search: scene.image.clone(), ..ListQuery::default() };
    scene.world.services.library.list(&scene.admin, &query).await.unwrap().total
}

/// A workspace whose image is there, and a newer one at its registry.
async fn outdated(scene: &Scene) -> domain::WorkspaceId {
    scene.present("sha256:11", &digest(1));
    scene.registry.has(&digest(2));
    scene.world.engine.add_remote_image(&scene.image, "sha256:22");
    scene.store_registry().await;
    let workspace = scene.workspace().await;
    let has_turn = async || scene.detail().await.upstream.next_check_at.is_some();
    scene.world.until("it has a turn", has_turn).await;
    workspace
}

#[tokio::test]
async fn a_launch_does_not_wait_for_a_newer_image_that_is_on_its_way() {
    let scene = Scene::new().await;
    let world = &scene.world;
    world.engine.delay(Op::Pull, NEVER);
    let workspace = outdated(&scene).await;
    world.clock.advance_secs(HOUR_S);
    scene.asked(1).await;
    scene.comes_to(ImageState::Pulling).await;
    assert_eq!((listed(&scene, "pulling").await, listed(&scene, "available").await), (1, 0));
    let page = world.services.launcher.page(&scene.admin, "", "").await.unwrap();
    assert_eq!(page.tiles[0].state, TileState::Ready);
    let session = world.running(&scene.admin, &workspace).await;
    let made_of = world.detail(&scene.admin, &session).await.session.image_digest;
    assert_eq!(made_of.as_deref(), Some("sha256:11"));
    assert_eq!(scene.detail().await.row.state, ImageState::Pulling, "it is still on its way");
}

#[tokio::test]
async fn a_newer_image_that_could_not_be_fetched_is_told_as_an_update() {
    let scene = Scene::new().await;
    let world = &scene.world;
    world.engine.fail_next(Op::Pull, Error::conflict("What the registry has is damaged."));
    let workspace = outdated(&scene).await;
    world.clock.advance_secs(HOUR_S);
    scene.asked(1).await;
    scene.comes_to(ImageState::UpdateAvailable).await;
    world.until("it says why", async || scene.detail().await.row.note.contains("damaged")).await;
    for (narrowed, found) in [("update_available", 1), ("available", 1), ("failed", 0)] {
        assert_eq!(listed(&scene, narrowed).await, found, "{narrowed}");
    }
    world.running(&scene.admin, &workspace).await;

    let pull = world.services.library.pull(&scene.admin, &scene.image, None).await.unwrap();
    scene.comes_to(ImageState::Available).await;
    let workspaces = &world.services.workspaces;
    let newest =
        async || workspaces.image(&scene.admin, &workspace).await.unwrap().revisions.remove(0);
    world.until("it is on record", async || newest().await.revision.how == How::Refreshed).await;
    let newest = newest().await;
    assert_eq!((newest.revision.id.as_str(), newest.job), ("sha256:22", Some(pull)));
    assert_eq!(scene.detail().await.row.id.as_deref(), Some("sha256:22"));
    assert_eq!(scene.detail().await.row.note, "");
}

#[tokio::test]
async fn one_pull_is_under_way_however_many_ask_and_whatever_way() {
    let scene = Scene::new().await;
    let world = &scene.world;
    world.engine.add_remote_image(&scene.image, "sha256:77");
    world.engine.delay(Op::Pull, Duration::from_millis(500));
    let workspace = scene.workspace().await;
    let (library, workspaces) = (&world.services.library, &world.services.workspaces);
    let (asked, again, by_name, stored) = tokio::join!(
        workspaces.pull_image(&scene.admin, &workspace),
        workspaces.pull_image(&scene.admin, &workspace),
        library.pull(&scene.admin, &scene.image, None),
        // With it the comparison wants the image too.
        scene.store_registry(),
    );
    let () = stored;
    let job = asked.unwrap();
    assert_eq!((again.unwrap(), by_name.unwrap()), (job.clone(), job.clone()));
    scene.look().await;
    scene.comes_to(ImageState::Available).await;
    assert_eq!(world.engine.calls(Op::Pull), 1);
    let jobs = world.services.jobs.list(&scene.admin, &ListQuery::default()).await.unwrap().rows;
    let pulls: Vec<_> = jobs.iter().filter(|job| job.kind == JobKind::Pull).collect();
    assert_eq!((pulls.len(), &pulls[0].id, pulls[0].state), (1, &job, JobState::Done));
}

#[tokio::test]
async fn a_registry_that_refuses_a_pull_for_its_limit_is_left_alone_for_a_while() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let refused = Error::exhausted("The registry takes no more requests for now.")
        .detail("toomanyrequests: You have reached your pull rate limit.");
    world.engine.fail_next(Op::Pull, refused);
    world.engine.add_remote_image(&scene.image, "sha256:77");
    scene.store_registry().await;
    scene.workspace().await;
    scene.comes_to(ImageState::Failed).await;
    assert!(scene.detail().await.row.note.contains("no more requests"));
    let registries = &world.services.registries;
    let paused = async || registries.list(&scene.admin).await.unwrap()[0].paused_until;
    let until = paused().await.unwrap();
    assert!(until.since(world.now()) > 60_000);
    world.clock.advance_secs(61);
    scene.look().await;
    assert_eq!(world.engine.calls(Op::Pull), 1, "its own turn has come, the registry's has not");

    world.clock.advance_secs(until.since(world.now()) / 1000 + 1);
    scene.look().await;
    scene.comes_to(ImageState::Available).await;
    assert_eq!((world.engine.calls(Op::Pull), paused().await), (2, None));
}
