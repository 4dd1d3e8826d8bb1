//! Stories of launching: what a click leads to, and every way it can be refused.

mod world;

use domain::{
    ErrorKind,
    launch_form::Typed,
    session::{Action, Cause, LaunchStep, State},
    workspace::WorkspaceForm,
};
use engine::memory::Op;
use world::World;

#[tokio::test]
async fn a_click_leads_to_a_running_session_with_every_step_recorded() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let ada = world.user().await;
    let id = world.running(&ada, &workspace).await;
    let detail = world.detail(&ada, &id).await;
    let steps: Vec<LaunchStep> = detail.session.progress.0.iter().map(|s| s.step).collect();
    assert_eq!(steps, LaunchStep::ALL);
    assert!(detail.session.progress.0.iter().all(|s| s.ended_at.is_some() && !s.failed));
    assert!(detail.session.image_digest.is_some());
    let lines: Vec<&str> = detail.timeline.iter().map(|e| e.message.as_str()).collect();
    assert!(lines[0].starts_with("Running after") && lines.contains(&"Launch asked for"));
}

#[tokio::test]
async fn a_double_click_gives_one_session() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let launch = || world.services.sessions.launch(&admin, &workspace);
    let (first, second) = tokio::join!(launch(), launch());
    assert_eq!(first.unwrap(), second.unwrap());
    world.until("one container", async || world.containers().await == 1).await;
}

#[tokio::test]
async fn the_fourth_of_three_sessions_is_refused_with_the_numbers() {
    let world = World::new().await;
    let admin = world.admin().await;
    for n in 0..4 {
        let form = WorkspaceForm { name: format!("W{n}"), ..world.form() };
        let workspace = world.services.workspaces.create(&admin, &form).await.unwrap();
        let launched = world.services.sessions.launch(&admin, &workspace).await;
        match n {
            3 => {
                let error = launched.unwrap_err();
                assert_eq!(error.kind, ErrorKind::Exhausted);
                assert!(error.message.contains("3 of 3"), "{error}");
                assert!(error.hint.is_some());
            }
            _ => drop(launched.unwrap()),
        }
    }
}

#[tokio::test]
async fn a_missing_image_a_disabled_and_an_unknown_workspace_are_told_apart() {
    let world = World::new().await;
    let admin = world.admin().await;
    let form = WorkspaceForm { image: "example/absent:1".into(), ..world.form() };
    let absent = world.services.workspaces.create(&admin, &form).await.unwrap();
    let error = world.services.sessions.launch(&admin, &absent).await.unwrap_err();
    assert!(error.message.contains("example/absent:1 is not on the engine"), "{error}");

    let form = WorkspaceForm { enabled: String::new(), ..world.form() };
    let disabled = world.services.workspaces.create(&admin, &form).await.unwrap();
    let error = world.services.sessions.launch(&admin, &disabled).await.unwrap_err();
    assert!(error.message.contains("is disabled"), "{error}");
    // An administrator may try it all the same.
    let id =
        world.services.sessions.test_launch(&admin, &disabled, &Typed::default()).await.unwrap();
    world.reaches(&admin, &id, State::Running).await;

    world.services.workspaces.delete(&admin, &absent, false).await.unwrap();
    let error = world.services.sessions.launch(&admin, &absent).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_failed_step_is_shown_with_the_engines_words_and_can_be_retried() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let refusal = domain::Error::conflict("The engine refused to make the container.")
        .detail("no space left on device");
    world.engine.fail_next(Op::CreateContainer, refusal);
    let id = world.services.sessions.launch(&admin, &workspace).await.unwrap();
    world.reaches(&admin, &id, State::Failed).await;
    let session = world.detail(&admin, &id).await.session;
    let failed = session.progress.0.last().unwrap();
    assert_eq!((failed.step, failed.failed), (LaunchStep::Container, true));
    let reason = session.reason.unwrap();
    assert_eq!(reason.cause, Cause::LaunchFailed);
    assert_eq!(reason.detail.as_deref(), Some("no space left on device"));

    world.act(&admin, &id, Action::Start).await;
    world.reaches(&admin, &id, State::Running).await;
}

#[tokio::test]
async fn a_container_that_never_answers_fails_with_port_path_and_last_lines() {
    let world = World::new().await;
    let admin = world.admin().await;
    let form = WorkspaceForm { port: "9".into(), ready_timeout: "1".into(), ..world.form() };
    let workspace = world.services.workspaces.create(&admin, &form).await.unwrap();
    let id = world.services.sessions.launch(&admin, &workspace).await.unwrap();
    world.until("a container", async || world.containers().await == 1).await;
    let name = world.container_name().await;
    world.engine.set_log(&name, &["cannot open display"]);
    world.reaches(&admin, &id, State::Failed).await;
    let reason = world.detail(&admin, &id).await.session.reason.unwrap();
    assert!(reason.message.contains("port 9 path / within 1 s"), "{}", reason.message);
    assert_eq!(reason.detail.as_deref(), Some("cannot open display"));
}

#[tokio::test]
async fn a_launch_while_the_engine_is_away_waits_for_it() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    world.engine.fail_next(Op::CreateContainer, domain::Error::unavailable("The engine is gone."));
    let id = world.services.sessions.launch(&admin, &workspace).await.unwrap();
    world.engine.set_down(true);
    world.until("noticed", async || world.services.ready().await.is_err()).await;
    assert_eq!(world.state(&admin, &id).await, State::Starting);
    world.engine.set_down(false);
    world.reaches(&admin, &id, State::Running).await;
}

#[tokio::test]
async fn a_session_deleted_while_it_starts_leaves_nothing() {
    let world = World::new().await;
    let admin = world.admin().await;
    let form = WorkspaceForm { port: "9".into(), ready_timeout: "60".into(), ..world.form() };
    let workspace = world.services.workspaces.create(&admin, &form).await.unwrap();
    let id = world.services.sessions.launch(&admin, &workspace).await.unwrap();
    world.until("a container", async || world.containers().await == 1).await;
    world.act(&admin, &id, Action::Delete).await;
    world.reaches(&admin, &id, State::Deleted).await;
    assert_eq!(world.containers().await, 0);
}

#[tokio::test]
async fn a_launcher_with_very_many_tiles_shows_some_and_how_many_more_there_are() {
    let world = World::new().await;
    let admin = world.admin().await;
    for number in 0..245 {
        let form = WorkspaceForm { name: format!("Desktop {number:03}"), ..world.form() };
        let form = WorkspaceForm { enabled: "on".into(), ..form };
        world.services.workspaces.create(&admin, &form).await.unwrap();
    }
    let all = world.services.launcher.page(&admin, "", "").await.unwrap();
    assert_eq!((all.tiles.len(), all.more), (240, 5));
    let found = world.services.launcher.page(&admin, "Desktop 244", "").await.unwrap();
    assert_eq!((found.tiles.len(), found.more), (1, 0));
}
