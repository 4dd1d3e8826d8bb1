//! Stories of launches that an installation has no room for.

#![allow(clippy::unwrap_used, reason = "a story that cannot be set up has failed")]

mod world;

use domain::{
    ErrorKind,
    actor::Actor,
    policy::{Policy, PolicyForm},
    session::{Action, State},
    workspace::WorkspaceForm,
};
use world::World;

async fn decide(world: &World, admin: &Actor, change: impl FnOnce(&mut PolicyForm)) {
    let mut form = PolicyForm::from(&Policy::new(3));
    change(&mut form);
    world.services.policies.change(admin, &form).await.unwrap();
}

fn named(world: &World, name: &str) -> WorkspaceForm {
    WorkspaceForm { name: name.into(), memory: "1 GiB".into(), cpus: "1".into(), ..world.form() }
}

#[tokio::test]
async fn a_launch_that_does_not_fit_names_the_numbers_and_what_could_be_stopped() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ada = world.user().await;
    decide(&world, &admin, |form| form.memory = "2 GiB".into()).await;
    let workspaces = &world.services.workspaces;
    let one = workspaces.create(&admin, &named(&world, "One")).await.unwrap();
    let two = workspaces.create(&admin, &named(&world, "Two")).await.unwrap();
    let three = workspaces.create(&admin, &named(&world, "Three")).await.unwrap();
    let first = world.running(&ada, &one).await;
    let others = world.running(&admin, &two).await;

    let refused = world.services.sessions.launch(&ada, &three).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Exhausted);
    assert!(refused.message.contains("asks for 1 GiB of memory; 0 B of the 2 GiB"), "{refused}");
    let hint = refused.hint.unwrap();
    assert!(hint.contains("“One” (1 GiB)") && !hint.contains("Two"), "{hint}");

    // What is stopped takes no share, and needs room to start again.
    world.act(&ada, &first, Action::Stop).await;
    world.reaches(&ada, &first, State::Stopped).await;
    world.running(&ada, &three).await;
    let refused = world.services.sessions.act(&ada, &first, Action::Start).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Exhausted);
    world.act(&admin, &others, Action::Delete).await;
    world.reaches(&admin, &others, State::Deleted).await;
    world.act(&ada, &first, Action::Start).await;
    world.reaches(&ada, &first, State::Running).await;
}

#[tokio::test]
async fn processors_are_shared_out_too() {
    let world = World::new().await;
    let admin = world.admin().await;
    decide(&world, &admin, |form| form.cpus = "0.5".into()).await;
    let one = world.services.workspaces.create(&admin, &named(&world, "One")).await.unwrap();
    let refused = world.services.sessions.launch(&admin, &one).await.unwrap_err();
    assert!(refused.message.contains("1 core; 0.5 of the 0.5 cores"), "{refused}");
    assert!(refused.hint.unwrap().contains("never start like this"));
}

#[tokio::test]
async fn a_workspace_has_only_so_many_sessions_at_a_time() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ada = world.user().await;
    let form = WorkspaceForm { sessions_limit: "1".into(), ..named(&world, "One") };
    let one = world.services.workspaces.create(&admin, &form).await.unwrap();
    let id = world.running(&ada, &one).await;
    let refused = world.services.sessions.launch(&admin, &one).await.unwrap_err();
    assert!(refused.message.contains("1 of 1"), "{refused}");
    // Her own session is led to, not refused.
    assert_eq!(world.services.sessions.launch(&ada, &one).await.unwrap(), id);
}

#[tokio::test]
async fn what_was_decided_outlives_a_restart() {
    let world = World::new().await;
    let admin = world.admin().await;
    decide(&world, &admin, |form| form.sessions_per_user = "1".into()).await;
    let world = world.restarted().await;
    let policy = world.services.policies.get(&admin).await.unwrap();
    assert_eq!(policy.limits.sessions_per_user, 1);
}
