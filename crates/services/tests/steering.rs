//! Stories of stop, pause, start and delete, and of changes made behind Slipway's back.

mod world;

use domain::{
    ErrorKind, SessionId,
    actor::Actor,
    session::{Action, Cause, State},
};
use engine::memory::Op;
use world::World;

async fn running() -> (World, Actor, SessionId) {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let id = world.running(&admin, &workspace).await;
    (world, admin, id)
}

async fn cause(world: &World, actor: &Actor, id: &SessionId) -> Option<Cause> {
    world.detail(actor, id).await.session.reason.map(|r| r.cause)
}

#[tokio::test]
async fn stop_keeps_the_container_and_start_brings_it_back() {
    let (world, admin, id) = running().await;
    let name = world.container_name().await;
    world.act(&admin, &id, Action::Stop).await;
    world.reaches(&admin, &id, State::Stopped).await;
    assert_eq!(world.container_name().await, name);
    world.act(&admin, &id, Action::Start).await;
    world.reaches(&admin, &id, State::Running).await;
    assert_eq!(world.container_name().await, name);
    assert_eq!(world.engine.calls(Op::CreateContainer), 1);
}

#[tokio::test]
async fn pause_and_start_go_on_where_they_were() {
    let (world, admin, id) = running().await;
    world.act(&admin, &id, Action::Pause).await;
    world.reaches(&admin, &id, State::Paused).await;
    world.act(&admin, &id, Action::Start).await;
    world.reaches(&admin, &id, State::Running).await;
    assert_eq!(world.engine.calls(Op::Start), 1);
    world.act(&admin, &id, Action::Pause).await;
    world.reaches(&admin, &id, State::Paused).await;
    // Stopping a paused session resumes it first, so that it can end by itself.
    world.act(&admin, &id, Action::Stop).await;
    world.reaches(&admin, &id, State::Stopped).await;
}

#[tokio::test]
async fn every_action_may_be_repeated() {
    let (world, admin, id) = running().await;
    for (action, state) in [
        (Action::Pause, State::Paused),
        (Action::Start, State::Running),
        (Action::Stop, State::Stopped),
        (Action::Delete, State::Deleted),
    ] {
        world.act(&admin, &id, action).await;
        world.act(&admin, &id, action).await;
        world.reaches(&admin, &id, state).await;
        world.act(&admin, &id, action).await;
    }
    assert_eq!(world.containers().await, 0);
}

#[tokio::test]
async fn what_a_state_does_not_allow_is_refused_in_words() {
    let (world, admin, id) = running().await;
    world.act(&admin, &id, Action::Stop).await;
    world.reaches(&admin, &id, State::Stopped).await;
    let error = world.services.sessions.act(&admin, &id, Action::Pause).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("is stopped"), "{error}");
}

#[tokio::test]
async fn launching_a_workspace_again_resumes_its_session() {
    let (world, admin, id) = running().await;
    let workspace = world.detail(&admin, &id).await.session.workspace;
    world.act(&admin, &id, Action::Stop).await;
    world.reaches(&admin, &id, State::Stopped).await;
    assert_eq!(world.services.sessions.launch(&admin, &workspace).await.unwrap(), id);
    world.reaches(&admin, &id, State::Running).await;
}

#[tokio::test]
async fn docker_stop_is_taken_over_with_its_reason() {
    let (world, admin, id) = running().await;
    world.engine.outside_stop(&world.container_name().await);
    world.reaches(&admin, &id, State::Stopped).await;
    assert_eq!(cause(&world, &admin, &id).await, Some(Cause::Outside));
}

#[tokio::test]
async fn docker_pause_and_unpause_are_taken_over() {
    let (world, admin, id) = running().await;
    let name = world.container_name().await;
    world.engine.outside_pause(&name);
    world.reaches(&admin, &id, State::Paused).await;
    assert_eq!(cause(&world, &admin, &id).await, Some(Cause::Outside));
    world.engine.outside_unpause(&name);
    world.reaches(&admin, &id, State::Running).await;
}

#[tokio::test]
async fn docker_rm_fails_the_session_and_start_makes_a_fresh_one() {
    let (world, admin, id) = running().await;
    world.engine.outside_remove(&world.container_name().await);
    world.reaches(&admin, &id, State::Failed).await;
    let reason = world.detail(&admin, &id).await.session.reason.unwrap();
    assert!(reason.message.contains("removed outside"), "{}", reason.message);
    world.act(&admin, &id, Action::Start).await;
    world.reaches(&admin, &id, State::Running).await;
    assert_eq!(world.detail(&admin, &id).await.session.generation, 2);
}

#[tokio::test]
async fn a_program_that_ends_says_its_exit_code_and_is_not_restarted() {
    let (world, admin, id) = running().await;
    let name = world.container_name().await;
    world.engine.set_log(&name, &["loading", "cannot open display"]);
    world.engine.exit(&name, 3, false);
    world.reaches(&admin, &id, State::Stopped).await;
    let detail = world.detail(&admin, &id).await;
    let reason = detail.session.reason.unwrap();
    assert_eq!(reason.cause, Cause::Exited);
    assert!(reason.message.contains("exit code 3"), "{}", reason.message);
    assert_eq!(reason.detail.as_deref(), Some("loading\ncannot open display"));
    assert_eq!(detail.timeline[0].detail, reason.detail);
    assert_eq!(world.engine.calls(Op::Start), 1);
}

#[tokio::test]
async fn a_program_that_a_signal_ended_names_the_signal() {
    let (world, admin, id) = running().await;
    world.engine.exit(&world.container_name().await, 139, false);
    world.reaches(&admin, &id, State::Stopped).await;
    let reason = world.detail(&admin, &id).await.session.reason.unwrap();
    assert!(reason.message.contains("signal 11 (SIGSEGV)"), "{}", reason.message);
}

#[tokio::test]
async fn running_out_of_memory_is_told_from_other_ends() {
    let (world, admin, id) = running().await;
    world.engine.exit(&world.container_name().await, 137, true);
    world.reaches(&admin, &id, State::Stopped).await;
    assert_eq!(cause(&world, &admin, &id).await, Some(Cause::OutOfMemory));
}

#[tokio::test]
async fn an_engine_that_restarts_gets_its_sessions_back() {
    let (world, admin, id) = running().await;
    world.engine.restart();
    world.until("started again", async || world.engine.calls(Op::Start) == 2).await;
    world.reaches(&admin, &id, State::Running).await;
}

#[tokio::test]
async fn a_paused_session_that_loses_its_memory_says_so() {
    let (world, admin, id) = running().await;
    world.act(&admin, &id, Action::Pause).await;
    world.reaches(&admin, &id, State::Paused).await;
    world.engine.restart();
    world.reaches(&admin, &id, State::Stopped).await;
    assert_eq!(cause(&world, &admin, &id).await, Some(Cause::EngineRestart));
}

#[tokio::test]
async fn a_restart_of_slipway_finds_everything_as_it_was() {
    let (world, admin, id) = running().await;
    let world = world.restarted().await;
    assert_eq!(world.state(&admin, &id).await, State::Running);
    world.act(&admin, &id, Action::Delete).await;
    world.reaches(&admin, &id, State::Deleted).await;
    assert_eq!(world.containers().await, 0);
}

#[tokio::test]
async fn an_engine_that_refuses_to_delete_leaves_force_removal() {
    let (world, admin, id) = running().await;
    let refusal = || domain::Error::conflict("The engine refused.").detail("device busy");
    for _ in 0..20 {
        world.engine.fail_next(Op::RemoveContainer, refusal());
    }
    world.act(&admin, &id, Action::Delete).await;
    world.until("the refusal is shown", async || cause(&world, &admin, &id).await.is_some()).await;
    assert_eq!(world.state(&admin, &id).await, State::Deleting);
    let ada = world.user().await;
    let error = world.services.sessions.act(&ada, &id, Action::ForceRemove).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Forbidden);
    world.act(&admin, &id, Action::ForceRemove).await;
    assert_eq!(world.state(&admin, &id).await, State::Deleted);
}

#[tokio::test]
async fn a_container_without_a_session_is_removed_and_foreign_ones_are_not() {
    let (world, admin, id) = running().await;
    let name = world.container_name().await;
    let mut spec = world.engine.spec(&name).unwrap();
    spec.name = "leftover".into();
    spec.session = "0".into();
    engine::Engine::create_container(&world.engine, &spec).await.unwrap();
    spec.name = "neighbour".into();
    spec.installation = "another".into();
    engine::Engine::create_container(&world.engine, &spec).await.unwrap();
    let world = world.restarted().await;
    world.until("tidied", async || world.containers().await == 1).await;
    assert!(world.engine.spec("neighbour").is_some());
    assert_eq!(world.state(&admin, &id).await, State::Running);
}

#[tokio::test]
async fn ports_and_networks_serve_one_session_after_another() {
    let (world, admin, id) = running().await;
    let workspace = world.detail(&admin, &id).await.session.workspace;
    let mut last = id;
    let mut ports = std::collections::HashSet::new();
    for _ in 0..6 {
        ports.extend(world.detail(&admin, &last).await.session.port);
        world.act(&admin, &last, Action::Delete).await;
        world.reaches(&admin, &last, State::Deleted).await;
        last = world.running(&admin, &workspace).await;
    }
    // Each launch took the port unused for longest, and networks were used again.
    assert_eq!(ports.len(), 6);
    let made = world.engine.calls(Op::CreateNetwork);
    assert!(made <= 4, "{made} networks for seven sessions that never overlapped");
}

#[tokio::test]
async fn one_refusal_in_many_does_not_stop_the_others() {
    let (world, admin, id) = running().await;
    let ids = [id.to_string(), "0123".to_owned()];
    let outcomes = world.services.sessions.act_on_many(&admin, &ids, Action::Stop).await.unwrap();
    assert!(outcomes[0].problem.is_none() && outcomes[1].problem.is_some());
    world.reaches(&admin, &id, State::Stopped).await;
}
