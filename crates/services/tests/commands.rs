//! Stories of what is run inside sessions at each start and whenever somebody opens one.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    Error, SessionId, WorkspaceId,
    actor::{Actor, Role},
    commands::CommandsForm,
    launch_form::Typed,
    list::ListQuery,
    session::{Action, Cause, LaunchStep, State},
    storage::ProfileChoice,
    workspace::WorkspaceForm,
};
use engine::memory::Op;
use world::World;

async fn with(world: &World, admin: &Actor, commands: CommandsForm) -> WorkspaceId {
    let form = WorkspaceForm { commands, ..world.form() };
    world.services.workspaces.create(admin, &form).await.unwrap()
}

fn at_start(script: &str) -> CommandsForm {
    CommandsForm { at_start: script.into(), ..CommandsForm::default() }
}

fn on_open(script: &str) -> CommandsForm {
    CommandsForm { on_open: script.into(), ..CommandsForm::default() }
}

/// What was run in the only container there is.
async fn ran(world: &World) -> Vec<String> {
    let all = world.engine.commands(&world.container_name().await);
    all.into_iter().filter_map(|mut command| command.pop()).collect()
}

async fn open(world: &World, actor: &Actor, id: &SessionId) {
    world.services.streams.open(actor, id, None).await.unwrap();
}

/// Messages of the timeline, newest first, with what was written.
async fn lines(world: &World, actor: &Actor, id: &SessionId) -> Vec<(String, Option<String>)> {
    let timeline = world.detail(actor, id).await.timeline;
    timeline.into_iter().map(|entry| (entry.message, entry.detail)).collect()
}

#[tokio::test]
async fn the_start_command_runs_at_each_start_before_the_session_runs() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = with(&world, &admin, at_start("echo ready")).await;
    let id = world.running(&ada, &workspace).await;
    let session = world.detail(&ada, &id).await.session;
    let last = session.progress.0.last().unwrap();
    assert_eq!((last.step, last.failed), (LaunchStep::Command, false));
    assert_eq!(session.reason, None);
    let told = lines(&world, &ada, &id).await;
    assert!(told[0].0.starts_with("Running after"), "{told:?}");
    assert!(told[1].0.starts_with("The start command ran in"), "{told:?}");
    assert_eq!(told[1].1.as_deref(), Some("ready"));
    assert_eq!(ran(&world).await, ["echo ready"]);

    world.act(&ada, &id, Action::Stop).await;
    world.reaches(&ada, &id, State::Stopped).await;
    world.act(&ada, &id, Action::Start).await;
    world.reaches(&ada, &id, State::Running).await;
    assert_eq!(ran(&world).await.len(), 2);
    // Going on after a pause is no start.
    world.act(&ada, &id, Action::Pause).await;
    world.reaches(&ada, &id, State::Paused).await;
    world.act(&ada, &id, Action::Start).await;
    world.reaches(&ada, &id, State::Running).await;
    assert_eq!(ran(&world).await.len(), 2);
}

#[tokio::test]
async fn a_start_command_that_fails_leaves_a_session_that_says_so() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = with(&world, &admin, at_start("echo no such branch; exit 3")).await;
    let id = world.running(&ada, &workspace).await;
    let reason = world.detail(&ada, &id).await.session.reason.unwrap();
    assert_eq!(reason.cause, Cause::StartProblem);
    assert!(reason.message.starts_with("Started with a problem"), "{reason:?}");
    assert!(reason.message.contains("exit code 3"), "{reason:?}");
    let told = lines(&world, &ada, &id).await;
    let said = told.iter().find(|(line, _)| line.contains("ended with exit code 3")).unwrap();
    assert_eq!(said.1.as_deref(), Some("no such branch"));
    // The next start may go well, and then nothing is said of the last one.
    world.act(&ada, &id, Action::Stop).await;
    world.reaches(&ada, &id, State::Stopped).await;
    assert_eq!(world.detail(&ada, &id).await.session.reason, None);
}

#[tokio::test]
async fn where_it_must_succeed_the_launch_has_failed() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let commands = CommandsForm { start_must_succeed: "on".into(), ..at_start("echo bad; exit 1") };
    let workspace = with(&world, &admin, commands).await;
    let id = world.services.sessions.launch(&ada, &workspace).await.unwrap();
    world.reaches(&ada, &id, State::Failed).await;
    let session = world.detail(&ada, &id).await.session;
    let reason = session.reason.unwrap();
    assert_eq!(reason.cause, Cause::LaunchFailed);
    assert_eq!(reason.detail.as_deref(), Some("bad"));
    assert!(session.progress.0.last().unwrap().failed);
    // What programs wrote is for who may look inside, in lists too.
    let auditor = world.person("otto", Role::Auditor).await;
    for (actor, told) in [(&admin, Some("bad")), (&auditor, None)] {
        let all = world.services.sessions.list(actor, &ListQuery::default()).await.unwrap().rows;
        let reason = all[0].reason.clone().unwrap();
        assert_eq!((reason.cause, reason.detail.as_deref()), (Cause::LaunchFailed, told));
    }
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_ended_and_one_that_cannot_run_is_told() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let commands =
        CommandsForm { command_patience: "1".into(), ..at_start("echo on it; sleep 600") };
    let workspace = with(&world, &admin, commands).await;
    let id = world.running(&ada, &workspace).await;
    let reason = world.detail(&ada, &id).await.session.reason.unwrap();
    assert!(reason.message.contains("longer than 1 s"), "{reason:?}");

    let form = WorkspaceForm { name: "Other".into(), commands: at_start("x"), ..world.form() };
    let other = world.services.workspaces.create(&admin, &form).await.unwrap();
    world.engine.fail_next(Op::Run, Error::conflict("There is no shell.").detail("no /bin/sh"));
    let id = world.running(&ada, &other).await;
    let reason = world.detail(&ada, &id).await.session.reason.unwrap();
    assert!(reason.message.contains("could not be run: There is no shell"), "{reason:?}");
}

#[tokio::test]
async fn a_wish_does_not_wait_for_a_command_and_neither_do_others() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let slow = with(&world, &admin, at_start("sleep 600")).await;
    let id = world.services.sessions.launch(&ada, &slow).await.unwrap();
    world.until("the command runs", async || world.engine.calls(Op::Run) == 1).await;
    assert_eq!(world.state(&ada, &id).await, State::Starting);
    let form = WorkspaceForm { name: "Quick".into(), ..world.form() };
    let quick = world.services.workspaces.create(&admin, &form).await.unwrap();
    let other = world.running(&ada, &quick).await;
    world.act(&ada, &other, Action::Delete).await;
    world.reaches(&ada, &other, State::Deleted).await;
    world.act(&ada, &id, Action::Stop).await;
    world.reaches(&ada, &id, State::Stopped).await;
    assert_eq!(world.engine.calls(Op::Run), 1);
    world.act(&ada, &id, Action::Delete).await;
    world.reaches(&ada, &id, State::Deleted).await;
}

#[tokio::test]
async fn a_container_that_ends_under_its_start_command_is_a_launch_that_failed() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = with(&world, &admin, at_start("sleep 600")).await;
    let id = world.services.sessions.launch(&ada, &workspace).await.unwrap();
    world.until("the command runs", async || world.engine.calls(Op::Run) == 1).await;
    world.engine.exit(&world.container_name().await, 9, false);
    world.reaches(&ada, &id, State::Failed).await;
    let reason = world.detail(&ada, &id).await.session.reason.unwrap();
    assert!(reason.message.contains("exit code 9"), "{reason:?}");
    assert_eq!(world.engine.calls(Op::Run), 1);
}

#[tokio::test]
async fn what_was_begun_before_a_kill_or_a_loss_of_the_engine_is_begun_again() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = with(&world, &admin, at_start("sleep 0.3")).await;
    world.engine.fail_next(Op::Run, Error::unavailable("The engine is gone."));
    let id = world.services.sessions.launch(&ada, &workspace).await.unwrap();
    world.until("the command was asked for", async || world.engine.calls(Op::Run) >= 2).await;
    let world = world.restarted().await;
    world.reaches(&ada, &id, State::Running).await;
    assert!(world.engine.calls(Op::Run) >= 3);
    assert_eq!(world.detail(&ada, &id).await.session.reason, None);
}

#[tokio::test]
async fn whoever_opens_the_session_has_the_command_run_once() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = with(&world, &admin, on_open("echo welcome back")).await;
    let id = world.running(&ada, &workspace).await;
    assert!(ran(&world).await.is_empty(), "nobody has opened it");
    let opened = world.services.streams.open(&ada, &id, None).await.unwrap().unwrap();
    let said = async || {
        let lines = lines(&world, &ada, &id).await;
        lines.iter().any(|(line, _)| line.starts_with("The opening command ran in"))
    };
    world.until("it was run", said).await;
    // The page asks again whether its frame is where it should be; that is no opening.
    world.services.streams.open(&ada, &id, Some(&opened.ticket)).await.unwrap();
    world.clock.advance_secs(1);
    open(&world, &ada, &id).await;
    world.until("it was run again", async || ran(&world).await.len() == 2).await;
    let done = async || world.store.opened_at(&id).await.unwrap().is_none();
    world.until("nothing is left to be run", done).await;
    assert_eq!(ran(&world).await.len(), 2);
}

#[tokio::test]
async fn an_opening_is_not_lost_by_a_kill_and_never_runs_in_what_does_not_run() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = with(&world, &admin, on_open("sleep 0.3")).await;
    let id = world.running(&ada, &workspace).await;
    open(&world, &ada, &id).await;
    world.until("it is run", async || world.engine.calls(Op::Run) == 1).await;
    let world = world.restarted().await;
    world.until("it is run again", async || world.engine.calls(Op::Run) >= 2).await;
    let done = async || world.store.opened_at(&id).await.unwrap().is_none();
    world.until("that is noted", done).await;
    let before = world.engine.calls(Op::Run);
    world.act(&ada, &id, Action::Pause).await;
    world.reaches(&ada, &id, State::Paused).await;
    assert!(world.services.streams.open(&ada, &id, None).await.unwrap().is_none());
    world.act(&ada, &id, Action::Stop).await;
    world.reaches(&ada, &id, State::Stopped).await;
    assert!(world.services.streams.open(&ada, &id, None).await.unwrap().is_none());
    assert_eq!(world.engine.calls(Op::Run), before);
}

#[tokio::test]
async fn a_session_is_steered_while_its_opening_command_runs() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = with(&world, &admin, on_open("sleep 600")).await;
    let id = world.running(&ada, &workspace).await;
    open(&world, &ada, &id).await;
    world.until("it is run", async || world.engine.calls(Op::Run) == 1).await;
    world.act(&ada, &id, Action::Pause).await;
    world.reaches(&ada, &id, State::Paused).await;
    world.act(&ada, &id, Action::Stop).await;
    world.reaches(&ada, &id, State::Stopped).await;
    world.clock.advance_secs(1);
    world.act(&ada, &id, Action::Start).await;
    world.reaches(&ada, &id, State::Running).await;
    let done = async || world.store.opened_at(&id).await.unwrap().is_none();
    world.until("the opening of before is forgotten", done).await;
    assert_eq!(world.engine.calls(Op::Run), 1);
}

#[tokio::test]
async fn what_a_command_writes_is_told_without_the_secrets_of_the_launch() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let form = WorkspaceForm {
        launch_form: "Token\n kind: secret\n to: TOKEN_VALUE".into(),
        commands: at_start("printenv TOKEN_VALUE; echo \u{1b}[31mred"),
        ..world.form()
    };
    let workspace = world.services.workspaces.create(&admin, &form).await.unwrap();
    let secrets = [("TOKEN_VALUE".to_owned(), "hunter-two".to_owned())].into();
    let typed = Typed { secrets, ..Typed::default() };
    let launch = world.services.sessions.launch_with(&ada, &workspace, ProfileChoice::Keep, &typed);
    let id = launch.await.unwrap();
    world.reaches(&ada, &id, State::Running).await;
    let told = lines(&world, &ada, &id).await;
    assert_eq!(told[1].1.as_deref(), Some("•••\nred"), "{told:?}");
}

#[tokio::test]
async fn what_the_workspace_itself_calls_secret_is_not_told_either() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let script = "printenv API_TOKEN; printenv LANG; echo \u{1b}[32mhunter\u{1b}[1m-two!";
    let form = WorkspaceForm {
        environment: "API_TOKEN=hunter-two\nLANG=C.UTF-8".into(),
        launch_form: "Pass word\n to: DB_PASS".into(),
        commands: at_start(&format!("{script}; printenv DB_PASS")),
        ..world.form()
    };
    let workspace = world.services.workspaces.create(&admin, &form).await.unwrap();
    let answers = [("DB_PASS".to_owned(), "swordfish".to_owned())].into();
    let typed = Typed { answers, ..Typed::default() };
    let launch = world.services.sessions.launch_with(&ada, &workspace, ProfileChoice::Keep, &typed);
    let id = launch.await.unwrap();
    world.reaches(&ada, &id, State::Running).await;
    let told = lines(&world, &ada, &id).await;
    assert_eq!(told[1].1.as_deref(), Some("•••\nC.UTF-8\n•••!\n•••"), "{told:?}");
}
