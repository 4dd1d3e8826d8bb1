//! Stories of making an image of a session: from the wizard to a tile that can be launched, and
//! whatever may happen on the way.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    Error, ErrorKind, JobId, SessionId,
    actor::{Actor, Role},
    job::{JobDetail, JobState},
    launcher::TileState,
    session::{Action, State},
    snapshot::{SnapshotForm, TAG_ONLY, WizardStep},
    workspace::WorkspaceForm,
};
use engine::{Engine, memory::Op};
use services::Begun;
use std::time::Duration;
use world::World;

const MADE: &str = "example/desktop:2027-01-15.08.00";

async fn running() -> (World, Actor, SessionId) {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let id = world.running(&admin, &workspace).await;
    (world, admin, id)
}

async fn is(world: &World, actor: &Actor, job: &JobId, state: JobState) -> JobDetail {
    let mut last = None;
    world
        .until(&format!("the job is {state:?}"), async || {
            last = Some(world.services.jobs.detail(actor, job).await.unwrap());
            last.as_ref().is_some_and(|detail| detail.job.state == state)
        })
        .await;
    last.unwrap()
}

/// Says yes to what the wizard shows.
async fn submit(world: &World, actor: &Actor, id: &SessionId) -> domain::Result<Begun> {
    let snapshots = &world.services.snapshots;
    let image = snapshots.page(actor, id, WizardStep::Review).await?.form.image;
    snapshots.submit(actor, id, &image).await
}

fn log(detail: &JobDetail) -> String {
    detail.log.iter().map(|line| format!("{}\n", line.text)).collect()
}

async fn tile(world: &World, actor: &Actor) -> TileState {
    let page = world.services.launcher.page(actor, "Snapshot", "").await.unwrap();
    page.tiles.first().unwrap().state.clone()
}

#[tokio::test]
async fn a_session_becomes_a_tile_that_can_be_launched() {
    let (world, admin, id) = running().await;
    let snapshots = &world.services.snapshots;
    let page = snapshots.page(&admin, &id, WizardStep::Image).await.unwrap();
    assert_eq!(page.form.image, MADE);
    assert_eq!(page.form.name, "Snapshot of Desktop - (1-2027-01-15.08.00)");
    assert_eq!((page.changed_bytes, page.overwrites, page.paused), (Some(1 << 20), false, false));

    world.engine.delay(Op::Commit, Duration::from_millis(300));
    let begun = submit(&world, &admin, &id).await.unwrap();
    assert!(matches!(tile(&world, &admin).await, TileState::Preparing { .. }));
    // The engine lets it stand still meanwhile, and nobody takes that for somebody's wish.
    let container = world.container_name().await;
    let paused = async || {
        let found = world.engine.container(&container).await.unwrap().unwrap();
        found.state() == domain::plan::ContainerState::Paused
    };
    world.until("it stands still", paused).await;
    assert_eq!(world.state(&admin, &id).await, State::Running);
    let done = is(&world, &admin, &begun.job, JobState::Done).await;
    assert!(log(&done).contains("stands still"), "{}", log(&done));
    assert_eq!(done.job.links.workspace, begun.workspace);
    assert!(done.job.links.made.unwrap().starts_with("sha256:"));
    world.until("it is a tile", async || tile(&world, &admin).await == TileState::Ready).await;
    assert_eq!(world.state(&admin, &id).await, State::Running);

    let made =
        world.services.workspaces.get(&admin, begun.workspace.as_ref().unwrap()).await.unwrap();
    let parent = world.form().check().unwrap();
    assert_eq!(made.definition.image.to_string(), MADE);
    assert_eq!(made.definition.contract, parent.contract);
    assert_eq!(made.definition.memory_bytes, parent.memory_bytes);
    world.running(&admin, begun.workspace.as_ref().unwrap()).await;
    let lineage = snapshots.of_session(&admin, &id).await.unwrap();
    assert_eq!((lineage.len(), lineage[0].image.as_str()), (1, MADE));
    assert_eq!(lineage[0].base_image, world::IMAGE);
    assert!(lineage[0].size_bytes.is_some());
    let of_image = world.services.library.detail(&admin, MADE).await.unwrap().made.unwrap();
    assert_eq!((of_image.image.as_str(), of_image.base_image.as_str()), (MADE, world::IMAGE));
    let timeline = world.detail(&admin, &id).await.timeline;
    assert!(timeline.iter().any(|line| line.message == format!("Created the image {MADE}")));
}

#[tokio::test]
async fn no_page_of_the_wizard_loses_anything() {
    let (world, admin, id) = running().await;
    let snapshots = &world.services.snapshots;
    let typed = SnapshotForm { image: "Not Valid".into(), ..SnapshotForm::default() };
    let refused = snapshots.keep(&admin, &id, WizardStep::Image, typed, "").await.unwrap_err();
    assert!(refused.problem_at("image").is_some());
    assert_eq!(
        snapshots.page(&admin, &id, WizardStep::Image).await.unwrap().form.image,
        "Not Valid"
    );

    let image = SnapshotForm { image: "r.example:5000/app:1".into(), ..SnapshotForm::default() };
    snapshots.keep(&admin, &id, WizardStep::Image, image, "").await.unwrap();
    let registry = |username: &str| SnapshotForm {
        registry: "https://r.example:5000".into(),
        registry_username: username.into(),
        ..SnapshotForm::default()
    };
    let bare = snapshots.keep(&admin, &id, WizardStep::Registry, registry("ada"), "").await;
    assert!(bare.unwrap_err().problem_at("registry_password").is_some());
    snapshots.keep(&admin, &id, WizardStep::Registry, registry("ada"), "hunter2").await.unwrap();
    // Typed once is enough.
    snapshots.keep(&admin, &id, WizardStep::Registry, registry("ada"), "").await.unwrap();
    let changes = SnapshotForm { changes: "ENV A=1".into(), ..SnapshotForm::default() };
    snapshots.keep(&admin, &id, WizardStep::Changes, changes, "").await.unwrap();
    let page = snapshots.page(&admin, &id, WizardStep::Image).await.unwrap();
    assert!(page.has_password);
    assert_eq!(page.form.image, "r.example:5000/app:1");
    let commands = page.commands.join("\n");
    assert!(commands.contains("--change 'ENV A=1'"), "{commands}");
    assert!(commands.contains("docker push r.example:5000/app:1"), "{commands}");
    assert!(!commands.contains("hunter2"), "{commands}");

    // Somebody else's form is somebody else's.
    let other = world.person("eve", Role::Administrator).await;
    assert_eq!(snapshots.page(&other, &id, WizardStep::Image).await.unwrap().form.image, MADE);
    snapshots.discard(&admin, &id).await.unwrap();
    assert_eq!(snapshots.page(&admin, &id, WizardStep::Image).await.unwrap().form.image, MADE);
}

#[tokio::test]
async fn a_push_that_is_refused_leaves_the_image_and_can_be_tried_with_another_password() {
    let (world, admin, id) = running().await;
    let snapshots = &world.services.snapshots;
    let image = SnapshotForm { image: "r.example:5000/app:1".into(), ..SnapshotForm::default() };
    snapshots.keep(&admin, &id, WizardStep::Image, image, "").await.unwrap();
    let registry = SnapshotForm {
        registry: "https://r.example:5000".into(),
        registry_username: "ada".into(),
        ..SnapshotForm::default()
    };
    snapshots.keep(&admin, &id, WizardStep::Registry, registry, "wrong").await.unwrap();
    let no = Error::forbidden("The registry does not know this user name and password.");
    world.engine.fail_next(Op::Push, no.detail("unauthorized"));
    let begun = submit(&world, &admin, &id).await.unwrap();
    is(&world, &admin, &begun.job, JobState::Done).await;
    let push = async || {
        let all = world.services.jobs.recent(&admin).await.unwrap();
        all.into_iter().find(|job| job.kind == domain::job::JobKind::Push)
    };
    world.until("there is a push", async || push().await.is_some()).await;
    let push = push().await.unwrap().id;
    let failed = is(&world, &admin, &push, JobState::Failed).await;
    assert!(log(&failed).contains("unauthorized"), "{}", log(&failed));
    assert!(!log(&failed).contains("wrong"), "{}", log(&failed));
    world.running(&admin, begun.workspace.as_ref().unwrap()).await;

    world.services.jobs.retry(&admin, &push, "", "right").await.unwrap();
    let done = is(&world, &admin, &push, JobState::Done).await;
    // This registry is one only to the engine of the story.
    assert!(log(&done).contains("It was pushed as sha256:"), "{}", log(&done));
    assert!(log(&done).contains("could not be asked: No address is known"), "{}", log(&done));
    let lineage = snapshots.of_session(&admin, &id).await.unwrap();
    assert!(lineage[0].remote_digest.is_some());
    let again = world.services.jobs.retry(&admin, &push, "", "").await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::Conflict);
}

#[tokio::test]
async fn a_push_asks_for_what_it_needs_to_be_tried_again() {
    let (world, admin, id) = running().await;
    let snapshots = &world.services.snapshots;
    let image = SnapshotForm { image: "r.example:5000/app:1".into(), ..SnapshotForm::default() };
    snapshots.keep(&admin, &id, WizardStep::Image, image, "").await.unwrap();
    let registry = |username: &str| SnapshotForm {
        registry: "https://r.example:5000".into(),
        registry_username: username.into(),
        ..SnapshotForm::default()
    };
    snapshots.keep(&admin, &id, WizardStep::Registry, registry(""), "").await.unwrap();
    world.engine.fail_next(Op::Push, Error::forbidden("The registry does not know you."));
    submit(&world, &admin, &id).await.unwrap();
    let jobs = &world.services.jobs;
    let push = async || {
        let all = jobs.recent(&admin).await.unwrap();
        all.into_iter().find(|job| job.state == JobState::Failed).map(|job| job.id)
    };
    world.until("the push has failed", async || push().await.is_some()).await;
    let push = push().await.unwrap();
    let nobody = jobs.retry(&admin, &push, "", "secret").await.unwrap_err();
    assert!(nobody.problem_at("username").is_some(), "{nobody}");
    world.engine.fail_next(Op::Push, Error::forbidden("The registry does not know you."));
    jobs.retry(&admin, &push, "ada", "wrong").await.unwrap();
    is(&world, &admin, &push, JobState::Failed).await;
    // A day later the password is forgotten, and that is what it says.
    world.clock.advance_secs(25 * 3600);
    let mut tx = world.store.begin().await.unwrap();
    let day_ago = domain::Timestamp(1_800_000_000_000).plus_secs(3600);
    tx.prune_jobs(day_ago, domain::Timestamp(0)).await.unwrap();
    tx.commit().await.unwrap();
    jobs.retry(&admin, &push, "", "").await.unwrap();
    let forgotten = is(&world, &admin, &push, JobState::Failed).await;
    assert!(log(&forgotten).contains("no longer kept"), "{}", log(&forgotten));
    jobs.retry(&admin, &push, "", "right").await.unwrap();
    is(&world, &admin, &push, JobState::Done).await;
}

#[tokio::test]
async fn a_commit_that_was_cut_off_is_not_made_twice() {
    let (world, admin, id) = running().await;
    // Killed between the engine's work and the record of it.
    world.engine.delay(Op::Images, Duration::from_millis(50));
    world.engine.delay(Op::Image, Duration::from_secs(3600));
    let begun = submit(&world, &admin, &id).await.unwrap();
    let committed = async || world.engine.calls(Op::Image) > 0;
    world.until("the engine made it", committed).await;
    world.engine.delay(Op::Image, Duration::ZERO);
    let world = world.restarted().await;
    let done = is(&world, &admin, &begun.job, JobState::Done).await;
    assert!(log(&done).contains("made the image already"), "{}", log(&done));
    assert_eq!(world.engine.calls(Op::Commit), 1);
    world.until("it is a tile", async || tile(&world, &admin).await == TileState::Ready).await;
}

#[tokio::test]
async fn a_second_try_waits_for_what_the_engine_still_does_for_the_first() {
    let (world, admin, id) = running().await;
    let container = world.container_name().await;
    world.engine.delay(Op::Commit, Duration::from_secs(3600));
    let begun = submit(&world, &admin, &id).await.unwrap();
    let asked = async || world.engine.calls(Op::Commit) == 1;
    world.until("the engine was asked", asked).await;
    world.engine.delay(Op::Commit, Duration::ZERO);
    // Killed now; the engine goes on, and the container stands still for as long.
    let world = world.restarted().await;
    let waits = async || {
        let detail = world.services.jobs.detail(&admin, &begun.job).await.unwrap();
        log(&detail).contains("still at it")
    };
    world.until("the second try waits", waits).await;
    assert_eq!(world.engine.calls(Op::Commit), 1);
    assert_eq!(world.state(&admin, &id).await, State::Running);
    world.engine.outside_unpause(&container);
    is(&world, &admin, &begun.job, JobState::Done).await;
    assert_eq!(world.state(&admin, &id).await, State::Running);
}

#[tokio::test]
async fn an_engine_that_goes_away_is_waited_for_and_a_refusal_is_final() {
    let (world, admin, id) = running().await;
    world.engine.fail_next(Op::Commit, Error::unavailable("The engine does not answer."));
    let begun = submit(&world, &admin, &id).await.unwrap();
    let waits = async || {
        let job = world.services.jobs.detail(&admin, &begun.job).await.unwrap().job;
        job.state == JobState::Queued && job.error.is_some()
    };
    world.until("it waits for the next try", waits).await;
    world.clock.advance_secs(3);
    is(&world, &admin, &begun.job, JobState::Done).await;

    let other = WorkspaceForm { name: "Other".into(), ..world.form() };
    let other = world.services.workspaces.create(&admin, &other).await.unwrap();
    let id = world.running(&admin, &other).await;
    let image = SnapshotForm { image: "full:1".into(), ..SnapshotForm::default() };
    let snapshots = &world.services.snapshots;
    snapshots.keep(&admin, &id, WizardStep::Image, image, "").await.unwrap();
    let full = Error::exhausted("The engine has run out of room.").hint("Free disk space.");
    world.engine.fail_next(Op::Commit, full);
    let begun = submit(&world, &admin, &id).await.unwrap();
    let failed = is(&world, &admin, &begun.job, JobState::Failed).await;
    assert!(log(&failed).contains("Free disk space."), "{}", log(&failed));
    let why = world.services.launcher.page(&admin, "Snapshot of Other", "").await.unwrap();
    let TileState::Unavailable { why } = &why.tiles[0].state else { unreachable!("{why:?}") };
    assert!(why.contains("out of room"), "{why}");
    world.services.jobs.retry(&admin, &begun.job, "", "").await.unwrap();
    is(&world, &admin, &begun.job, JobState::Done).await;
}

#[tokio::test]
async fn a_new_tag_alone_makes_no_workspace() {
    let (world, admin, id) = running().await;
    let snapshots = &world.services.snapshots;
    let mut form = snapshots.page(&admin, &id, WizardStep::Workspace).await.unwrap().form;
    form.purpose = TAG_ONLY.into();
    form.name = String::new();
    snapshots.keep(&admin, &id, WizardStep::Workspace, form, "").await.unwrap();
    let begun = submit(&world, &admin, &id).await.unwrap();
    assert_eq!(begun.workspace, None);
    is(&world, &admin, &begun.job, JobState::Done).await;
    assert!(world.engine.image(MADE).await.unwrap().is_some());
    let page = world.services.launcher.page(&admin, "", "").await.unwrap();
    assert_eq!(page.tiles.len(), 1, "only the workspace it came from");
    let made = snapshots.of_session(&admin, &id).await.unwrap();
    assert_eq!(made[0].workspace, page.tiles[0].workspace);
}

#[tokio::test]
async fn a_cancelled_commit_leaves_no_image() {
    let (world, admin, id) = running().await;
    world.engine.delay(Op::Commit, Duration::from_millis(200));
    let begun = submit(&world, &admin, &id).await.unwrap();
    is(&world, &admin, &begun.job, JobState::Running).await;
    world.services.jobs.cancel(&admin, &begun.job).await.unwrap();
    is(&world, &admin, &begun.job, JobState::Cancelled).await;
    assert_eq!(world.engine.image(MADE).await.unwrap(), None);
    assert_eq!(world.state(&admin, &id).await, State::Running);
}

#[tokio::test]
async fn the_same_image_is_not_made_twice_at_once_and_only_of_what_has_a_container() {
    let (world, admin, id) = running().await;
    let snapshots = &world.services.snapshots;
    world.engine.delay(Op::Commit, Duration::from_millis(200));
    submit(&world, &admin, &id).await.unwrap();
    let second = submit(&world, &admin, &id).await.unwrap_err();
    assert_eq!(second.kind, ErrorKind::Conflict);
    let tiles = world.services.launcher.page(&admin, "Snapshot", "").await.unwrap().tiles;
    assert_eq!(tiles.len(), 1);
    world.act(&admin, &id, Action::Stop).await;
    world.reaches(&admin, &id, State::Stopped).await;
    assert_eq!(
        snapshots.page(&admin, &id, WizardStep::Image).await.unwrap_err().kind,
        ErrorKind::Conflict
    );
}

#[tokio::test]
async fn what_was_not_reviewed_is_not_made() {
    let (world, admin, id) = running().await;
    let snapshots = &world.services.snapshots;
    let image = SnapshotForm { image: "app:1".into(), ..SnapshotForm::default() };
    snapshots.keep(&admin, &id, WizardStep::Image, image, "").await.unwrap();
    let begun = snapshots.submit(&admin, &id, "app:1").await.unwrap();
    is(&world, &admin, &begun.job, JobState::Done).await;
    // A second click, or another window, would otherwise make whatever is proposed by then.
    let again = snapshots.submit(&admin, &id, "app:1").await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::Conflict);
    assert_eq!(snapshots.of_session(&admin, &id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn secrets_are_emptied_and_what_the_image_says_is_not_said_over_its_head() {
    let world = World::new().await;
    let admin = world.admin().await;
    let form = WorkspaceForm {
        environment: "LANG=en\nAPI_TOKEN=abc\nTZ=UTC".into(),
        command: "sleep 9".into(),
        hidden: "on".into(),
        ..world.form()
    };
    let workspace = world.services.workspaces.create(&admin, &form).await.unwrap();
    let id = world.running(&admin, &workspace).await;
    let snapshots = &world.services.snapshots;
    let changes =
        SnapshotForm { changes: "ENV LANG=de\nCMD [\"true\"]".into(), ..SnapshotForm::default() };
    snapshots.keep(&admin, &id, WizardStep::Changes, changes, "").await.unwrap();
    let page = snapshots.page(&admin, &id, WizardStep::Review).await.unwrap();
    assert_eq!(page.blanked, ["API_TOKEN"]);
    let by_hand = page.commands.join("\n");
    assert!(by_hand.contains("ENV API_TOKEN="), "{by_hand}");
    assert!(by_hand.contains("LABEL slipway.session="), "{by_hand}");
    let begun = submit(&world, &admin, &id).await.unwrap();
    is(&world, &admin, &begun.job, JobState::Done).await;
    let made = world
        .services
        .workspaces
        .get(&admin, begun.workspace.as_ref().unwrap())
        .await
        .unwrap()
        .definition;
    let names: Vec<&str> = made.environment.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["API_TOKEN", "TZ"]);
    assert!(made.contract.command.is_empty());
    assert!(made.hidden && made.enabled, "as the workspace it comes from");
}

#[tokio::test]
async fn cancelling_takes_no_name_away_from_another_image() {
    let (world, admin, id) = running().await;
    let taken = SnapshotForm { image: "taken:1".into(), ..SnapshotForm::default() };
    world.engine.add_image("taken:1", &format!("sha256:{}", "7".repeat(64)));
    let snapshots = &world.services.snapshots;
    snapshots.keep(&admin, &id, WizardStep::Image, taken, "").await.unwrap();
    let known = async || snapshots.page(&admin, &id, WizardStep::Image).await.unwrap().overwrites;
    world.until("the name is known to be taken", known).await;
    world.engine.delay(Op::Commit, Duration::from_millis(200));
    let begun = submit(&world, &admin, &id).await.unwrap();
    world.until("the engine is at it", async || world.engine.calls(Op::Commit) == 1).await;
    world.services.jobs.cancel(&admin, &begun.job).await.unwrap();
    let done = is(&world, &admin, &begun.job, JobState::Done).await;
    assert!(log(&done).contains("too late to cancel"), "{}", log(&done));
    assert!(world.engine.image("taken:1").await.unwrap().is_some());
}

#[tokio::test]
async fn a_job_of_a_disabled_account_is_not_carried_out() {
    let (world, admin, id) = running().await;
    let eve = world.person("eve", Role::Administrator).await;
    world.engine.fail_next(Op::Commit, Error::unavailable("The engine does not answer."));
    let begun = submit(&world, &eve, &id).await.unwrap();
    let waits = async || {
        let job = world.services.jobs.detail(&admin, &begun.job).await.unwrap().job;
        job.state == JobState::Queued && job.error.is_some()
    };
    world.until("it waits for the next try", waits).await;
    assert_eq!(world.detail(&admin, &id).await.image_job.as_ref(), Some(&begun.job));
    world.services.users.set_disabled("eve", true).await.unwrap();
    world.clock.advance_secs(3);
    let ended = is(&world, &admin, &begun.job, JobState::Cancelled).await;
    assert!(log(&ended).contains("disabled"), "{}", log(&ended));
    assert_eq!(world.engine.calls(Op::Commit), 1);
    assert_eq!(world.detail(&admin, &id).await.image_job, None);
}

#[tokio::test]
async fn a_workspace_takes_the_image_that_was_made_of_its_session() {
    let (world, admin, id) = running().await;
    let begun = submit(&world, &admin, &id).await.unwrap();
    is(&world, &admin, &begun.job, JobState::Done).await;
    let snapshots = &world.services.snapshots;
    let image = MADE.parse().unwrap();
    let origin = snapshots.of_image(&admin, &image).await.unwrap().unwrap();
    assert_eq!(origin.parent.as_deref(), Some("Desktop"));
    let parent = snapshots.replace(&admin, &image).await.unwrap();
    let now = world.services.workspaces.get(&admin, &parent).await.unwrap();
    assert_eq!((now.definition.image.to_string().as_str(), now.revision), (MADE, 2));
    assert_eq!(world.detail(&admin, &id).await.session.config.image, world::IMAGE);
    let origin = snapshots.of_image(&admin, &image).await.unwrap().unwrap();
    assert_eq!(origin.parent, None, "it has it already");
    let other = world::IMAGE.parse().unwrap();
    let unknown = snapshots.replace(&admin, &other).await.unwrap_err();
    assert_eq!(unknown.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn users_make_no_images_and_see_only_their_own_jobs() {
    let (world, admin, id) = running().await;
    let ada = world.user().await;
    let workspace = world.detail(&admin, &id).await.session.workspace;
    let own = world.running(&ada, &workspace).await;
    let snapshots = &world.services.snapshots;
    assert_eq!(
        snapshots.page(&ada, &own, WizardStep::Image).await.unwrap_err().kind,
        ErrorKind::Forbidden
    );
    assert_eq!(submit(&world, &ada, &own).await.unwrap_err().kind, ErrorKind::Forbidden);
    let begun = submit(&world, &admin, &id).await.unwrap();
    let jobs = &world.services.jobs;
    assert_eq!(jobs.detail(&ada, &begun.job).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(jobs.cancel(&ada, &begun.job).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(jobs.retry(&ada, &begun.job, "", "").await.unwrap_err().kind, ErrorKind::NotFound);
    assert!(jobs.recent(&ada).await.unwrap().is_empty());
    let list = domain::list::ListQuery::default();
    assert_eq!(jobs.list(&ada, &list).await.unwrap_err().kind, ErrorKind::Forbidden);
    assert_eq!(jobs.list(&admin, &list).await.unwrap().total, 1);
}

#[tokio::test]
async fn a_snapshot_is_deleted_with_its_image_unless_something_needs_that() {
    let (world, admin, id) = running().await;
    let begun = submit(&world, &admin, &id).await.unwrap();
    is(&world, &admin, &begun.job, JobState::Done).await;
    let workspaces = &world.services.workspaces;
    let deletion = workspaces.deletion(&admin, begun.workspace.as_ref().unwrap()).await.unwrap();
    assert_eq!((deletion.snapshot.as_deref(), deletion.others.len()), (Some(MADE), 0));
    let copy = workspaces.duplicate(&admin, begun.workspace.as_ref().unwrap()).await.unwrap();
    let used =
        workspaces.delete(&admin, begun.workspace.as_ref().unwrap(), true).await.unwrap_err();
    assert!(used.message.contains("Copy of Snapshot"), "{used}");
    workspaces.delete(&admin, &copy, false).await.unwrap();
    let session = world.running(&admin, begun.workspace.as_ref().unwrap()).await;
    let used =
        workspaces.delete(&admin, begun.workspace.as_ref().unwrap(), true).await.unwrap_err();
    assert!(used.message.contains("a session is made from it"), "{used}");
    assert!(
        workspaces.get(&admin, begun.workspace.as_ref().unwrap()).await.is_ok(),
        "nothing is deleted by halves"
    );
    world.act(&admin, &session, Action::Delete).await;
    world.reaches(&admin, &session, State::Deleted).await;
    workspaces.delete(&admin, begun.workspace.as_ref().unwrap(), true).await.unwrap();
    assert_eq!(world.engine.image(MADE).await.unwrap(), None);
    // An image that came from elsewhere is nobody's to remove here.
    let parent = world.detail(&admin, &id).await.session.workspace;
    workspaces.delete(&admin, &parent, true).await.unwrap();
    assert!(world.engine.image(world::IMAGE).await.unwrap().is_some());
}
