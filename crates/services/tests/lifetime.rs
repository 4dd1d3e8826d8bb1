//! Stories of sessions that end by themselves, and of those that were given more time.

#![allow(clippy::unwrap_used, reason = "a story that cannot be set up has failed")]

mod world;

use domain::{
    ErrorKind, SessionId,
    actor::{Actor, Role},
    job::JobState,
    lifetime::LifetimeForm,
    policy::{Policy, PolicyForm},
    session::{Action, Cause, State},
    snapshot::WizardStep,
};
use engine::memory::Op;
use std::time::Duration;
use world::World;

const HOUR: i64 = 3600;

fn rule(rule: &str, action: &str, after: &str) -> LifetimeForm {
    let (action, after) = (action.to_owned(), after.to_owned());
    let form = LifetimeForm::default();
    match rule {
        "unwatched" => LifetimeForm { unwatched_action: action, unwatched_after: after, ..form },
        "idle" => LifetimeForm { idle_action: action, idle_after: after, ..form },
        _ => LifetimeForm { longest_action: action, longest_after: after, ..form },
    }
}

async fn decide(world: &World, admin: &Actor, lifetime: LifetimeForm) {
    let form = PolicyForm { lifetime, ..PolicyForm::from(&Policy::new(3)) };
    world.services.policies.change(admin, &form).await.unwrap();
}

/// A session that runs under a rule of the installation.
async fn under(lifetime: LifetimeForm) -> (World, Actor, SessionId) {
    let world = World::new().await;
    let admin = world.admin().await;
    decide(&world, &admin, lifetime).await;
    let workspace = world.workspace(&admin).await;
    let id = world.running(&admin, &workspace).await;
    (world, admin, id)
}

async fn warned(world: &World, actor: &Actor, id: &SessionId) -> bool {
    world.detail(actor, id).await.session.life.warning.is_some()
}

async fn becomes_warned(world: &World, actor: &Actor, id: &SessionId) {
    world.until("people are warned", async || warned(world, actor, id).await).await;
}

async fn timeline(world: &World, actor: &Actor, id: &SessionId) -> String {
    let entries = world.detail(actor, id).await.timeline;
    entries.iter().map(|entry| entry.message.clone()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn an_idle_session_is_announced_to_end_and_then_is_stopped_with_the_reason() {
    let (world, admin, id) = under(rule("idle", "stop", "1 h")).await;
    let ending = world.detail(&admin, &id).await.ending.unwrap();
    assert_eq!(ending.at, world.now().plus_secs(HOUR));
    assert!(!warned(&world, &admin, &id).await);

    world.clock.advance_secs(HOUR - 300);
    becomes_warned(&world, &admin, &id).await;
    assert_eq!(world.state(&admin, &id).await, State::Running);
    assert!(timeline(&world, &admin, &id).await.contains("Will be stopped at"));

    world.clock.advance_secs(300);
    world.reaches(&admin, &id, State::Stopped).await;
    let reason = world.detail(&admin, &id).await.session.reason.unwrap();
    assert_eq!(reason.cause, Cause::Rule);
    assert!(reason.message.contains("nothing happened in it for 1 h"), "{}", reason.message);
    assert!(timeline(&world, &admin, &id).await.contains(&reason.message));

    // Its files are as they were, and its time begins anew.
    world.act(&admin, &id, Action::Start).await;
    world.reaches(&admin, &id, State::Running).await;
    let again = world.detail(&admin, &id).await;
    assert_eq!(again.session.reason, None);
    assert_eq!(again.ending.unwrap().at, world.now().plus_secs(HOUR));
}

#[tokio::test]
async fn people_are_warned_though_time_passes_while_it_is_decided() {
    let (world, admin, id) = under(rule("idle", "stop", "1 h")).await;
    world.clock.runs();
    world.clock.advance_secs(HOUR - 300);
    becomes_warned(&world, &admin, &id).await;
}

#[tokio::test]
async fn work_in_a_session_takes_the_warning_back() {
    let (world, admin, id) = under(rule("idle", "stop", "1 h")).await;
    world.clock.advance_secs(HOUR - 60);
    becomes_warned(&world, &admin, &id).await;
    world.services.streams.note_activity(&id);
    world.until("the warning is taken back", async || !warned(&world, &admin, &id).await).await;
    let ending = world.detail(&admin, &id).await.ending.unwrap();
    assert_eq!(ending.at, world.now().plus_secs(HOUR));
}

#[tokio::test]
async fn an_open_window_keeps_an_unwatched_rule_away_but_is_no_work() {
    let (world, admin, id) = under(LifetimeForm {
        idle_action: "pause".into(),
        idle_after: "2 h".into(),
        ..rule("unwatched", "stop", "1 h")
    })
    .await;
    world.clock.advance_secs(HOUR / 2);
    world.services.streams.note_view(&id);
    let ending = world.detail(&admin, &id).await.ending.unwrap();
    assert_eq!(ending.at, world.now().plus_secs(HOUR));
    world.clock.advance_secs(HOUR);
    world.services.streams.note_view(&id);
    // Now the idle rule comes first, and pauses.
    world.clock.advance_secs(HOUR / 2 - 10);
    becomes_warned(&world, &admin, &id).await;
    world.clock.advance_secs(300);
    world.reaches(&admin, &id, State::Paused).await;
}

#[tokio::test]
async fn more_time_is_given_within_the_rules() {
    let (world, admin, id) =
        under(LifetimeForm { extension: "1 h".into(), ..rule("longest", "delete", "2 h") }).await;
    world.clock.advance_secs(2 * HOUR - 100);
    becomes_warned(&world, &admin, &id).await;
    world.services.sessions.extend(&admin, &id).await.unwrap();
    let detail = world.detail(&admin, &id).await;
    assert_eq!(detail.ending.unwrap().at, world.now().plus_secs(HOUR + 100));
    assert!(timeline(&world, &admin, &id).await.contains("Asked for more time"));

    let refused = world.services.sessions.extend(&admin, &id).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Exhausted);
    world.clock.advance_secs(HOUR + 90);
    becomes_warned(&world, &admin, &id).await;
    world.clock.advance_secs(300);
    world.reaches(&admin, &id, State::Deleted).await;
    assert_eq!(world.containers().await, 0);
}

#[tokio::test]
async fn a_rule_that_is_decided_later_holds_for_what_runs_but_not_without_a_warning() {
    let (world, admin, id) = under(LifetimeForm::default()).await;
    assert_eq!(world.detail(&admin, &id).await.ending, None);
    world.clock.advance_secs(100 * HOUR);
    decide(&world, &admin, rule("idle", "stop", "1 h")).await;
    becomes_warned(&world, &admin, &id).await;
    assert_eq!(world.state(&admin, &id).await, State::Running);
    // And one that is taken away again lets it be.
    decide(&world, &admin, LifetimeForm::default()).await;
    assert_eq!(world.detail(&admin, &id).await.ending, None);
    world.until("the warning is taken back", async || !warned(&world, &admin, &id).await).await;
    // Decided once more much later, it begins with a warning again.
    world.clock.advance_secs(HOUR);
    decide(&world, &admin, rule("idle", "delete", "1 h")).await;
    becomes_warned(&world, &admin, &id).await;
    assert_eq!(world.state(&admin, &id).await, State::Running);
}

#[tokio::test]
async fn an_image_that_is_being_made_comes_first() {
    let (world, admin, id) = under(rule("idle", "delete", "1 h")).await;
    world.clock.advance_secs(HOUR);
    becomes_warned(&world, &admin, &id).await;
    world.engine.delay(Op::Commit, Duration::from_secs(5));
    let snapshots = &world.services.snapshots;
    let image = snapshots.page(&admin, &id, WizardStep::Review).await.unwrap().form.image;
    let begun = snapshots.submit(&admin, &id, &image).await.unwrap();
    world.clock.advance_secs(300);
    let ended = async || {
        let job = world.services.jobs.detail(&admin, &begun.job).await.unwrap().job;
        let running = world.state(&admin, &id).await == State::Running;
        assert!(job.state.is_over() || running, "{:?} while {:?}", job.state, running);
        job.state == JobState::Done
    };
    world.until("the image is made", ended).await;
    world.reaches(&admin, &id, State::Deleted).await;
}

#[tokio::test]
async fn a_workspace_may_say_otherwise() {
    let world = World::new().await;
    let admin = world.admin().await;
    decide(&world, &admin, rule("idle", "stop", "1 h")).await;
    let mut form = world.form();
    form.lifetime = rule("idle", "never", "");
    let workspace = world.services.workspaces.create(&admin, &form).await.unwrap();
    let id = world.running(&admin, &workspace).await;
    assert_eq!(world.detail(&admin, &id).await.ending, None);

    form.lifetime = rule("longest", "pause", "3 h");
    world.services.workspaces.change(&admin, &workspace, 1, &form).await.unwrap();
    let ending = world.detail(&admin, &id).await.ending.unwrap();
    assert_eq!(ending.at, world.now().plus_secs(HOUR), "the rule of the installation comes first");
}

#[tokio::test]
async fn a_warning_given_before_a_restart_counts_after_it() {
    let (world, admin, id) = under(rule("idle", "stop", "1 h")).await;
    world.clock.advance_secs(HOUR);
    becomes_warned(&world, &admin, &id).await;
    let world = world.restarted().await;
    world.clock.advance_secs(300);
    world.reaches(&admin, &id, State::Stopped).await;
}

#[tokio::test]
async fn only_who_may_see_a_session_gives_it_more_time_and_only_administrators_decide() {
    let (world, admin, id) = under(rule("idle", "stop", "1 h")).await;
    let eve = world.person("eve", Role::User).await;
    let unseen = world.services.sessions.extend(&eve, &id).await.unwrap_err();
    assert_eq!(unseen.kind, ErrorKind::NotFound);
    let form = PolicyForm::from(&Policy::new(3));
    let refused = world.services.policies.change(&eve, &form).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);
    world.act(&admin, &id, Action::Stop).await;
    world.reaches(&admin, &id, State::Stopped).await;
    let idle = world.services.sessions.extend(&admin, &id).await.unwrap_err();
    assert_eq!(idle.kind, ErrorKind::Conflict);
}
