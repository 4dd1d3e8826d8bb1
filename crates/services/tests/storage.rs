//! Stories of what stays when a session goes.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    ErrorKind, SessionId, WorkspaceId,
    actor::{Actor, Role},
    launch_form::Typed,
    session::{Action, State},
    storage::ProfileChoice,
    workspace::WorkspaceForm,
};
use engine::{Engine, Volume, VolumeMount, memory::Op};
use world::World;

async fn keeping(world: &World, admin: &Actor) -> WorkspaceId {
    let form = WorkspaceForm {
        profile: "on".into(),
        home: "/home/user".into(),
        volumes: "team:/srv/team:ro".into(),
        ..world.form()
    };
    world.services.workspaces.create(admin, &form).await.unwrap()
}

async fn volumes(world: &World) -> Vec<Volume> {
    let installation = world.store.meta("installation").await.unwrap().unwrap();
    world.engine.volumes(&installation).await.unwrap()
}

async fn mounts(world: &World) -> Vec<VolumeMount> {
    world.engine.spec(&world.container_name().await).unwrap().volumes
}

async fn gone(world: &World, actor: &Actor, id: &SessionId) {
    world.act(actor, id, Action::Delete).await;
    world.until("its container is gone", async || world.containers().await == 0).await;
}

#[tokio::test]
async fn a_home_is_found_again_by_its_owner_and_by_nobody_else() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let eve = world.person("eve", Role::User).await;
    let workspace = keeping(&world, &admin).await;
    let first = world.running(&ada, &workspace).await;
    let hers = mounts(&world).await;
    assert_eq!((hers[0].target.as_str(), hers[0].read_only), ("/home/user", false));
    assert_eq!((hers[1].target.as_str(), hers[1].read_only), ("/srv/team", true));
    let installation = world.store.meta("installation").await.unwrap().unwrap();
    let ours = format!("slipway-{installation}-");
    assert!(hers.iter().all(|mount| mount.volume.starts_with(&ours)), "{hers:?}");
    gone(&world, &ada, &first).await;
    assert_eq!(volumes(&world).await.len(), 2, "they stay");

    let second = world.running(&ada, &workspace).await;
    assert_eq!(mounts(&world).await, hers);
    assert_eq!(world.engine.calls(Op::RemoveVolume), 0);
    gone(&world, &ada, &second).await;
    world.running(&eve, &workspace).await;
    let other = mounts(&world).await;
    assert_ne!(other[0].volume, hers[0].volume);
    assert_eq!(other[1], hers[1]);
    let owners: Vec<_> = volumes(&world).await.into_iter().map(|volume| volume.user).collect();
    assert!(owners.contains(&Some(ada.user.to_string())) && owners.contains(&None), "{owners:?}");
}

#[tokio::test]
async fn one_may_start_over_or_leave_it_alone_and_is_emptied_once() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = keeping(&world, &admin).await;
    let sessions = &world.services.sessions;
    let without = sessions
        .launch_with(&ada, &workspace, ProfileChoice::Without, &Typed::default())
        .await
        .unwrap();
    world.reaches(&ada, &without, State::Running).await;
    assert_eq!(mounts(&world).await.len(), 1);
    gone(&world, &ada, &without).await;

    // Killed before the container is there: begun again, it is emptied again; never afterwards.
    world.engine.fail_next(Op::CreateContainer, domain::Error::unavailable("Gone."));
    let fresh = sessions
        .launch_with(&ada, &workspace, ProfileChoice::Fresh, &Typed::default())
        .await
        .unwrap();
    let tried = async || world.engine.calls(Op::RemoveVolume) > 0;
    world.until("its home is emptied", tried).await;
    let settled = async || {
        let state = world.state(&ada, &fresh).await;
        state == State::Running || state == State::Failed
    };
    world.until("it has come to rest", settled).await;
    if world.state(&ada, &fresh).await == State::Failed {
        world.act(&ada, &fresh, Action::Start).await;
    }
    world.reaches(&ada, &fresh, State::Running).await;
    let emptied = world.engine.calls(Op::RemoveVolume);
    world.act(&ada, &fresh, Action::Stop).await;
    world.reaches(&ada, &fresh, State::Stopped).await;
    world.act(&ada, &fresh, Action::Start).await;
    world.reaches(&ada, &fresh, State::Running).await;
    assert_eq!(world.engine.calls(Op::RemoveVolume), emptied);
}

#[tokio::test]
async fn a_test_launch_touches_nobodys_home_and_options_are_for_those_who_may_launch() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = keeping(&world, &admin).await;
    let tried =
        world.services.sessions.test_launch(&admin, &workspace, &Typed::default()).await.unwrap();
    world.reaches(&admin, &tried, State::Running).await;
    assert!(mounts(&world).await.iter().all(|mount| mount.target != "/home/user"));
    let launcher = &world.services.launcher;
    assert_eq!(
        launcher.options(&ada, &workspace, false).await.unwrap().home.as_deref(),
        Some("/home/user")
    );
    let plain = world.workspace(&admin).await;
    let refused = launcher.options(&ada, &plain, false).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    let hidden = WorkspaceForm { profile: "on".into(), groups: vec![], ..world.form() };
    let hidden = world.services.workspaces.create(&admin, &hidden).await.unwrap();
    let refused = launcher.options(&ada, &hidden, false).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn what_cannot_be_kept_is_told_at_its_field() {
    let form = |home: &str, volumes: &str| WorkspaceForm {
        profile: "on".into(),
        home: home.into(),
        volumes: volumes.into(),
        name: "A".into(),
        image: "a:1".into(),
        ..WorkspaceForm::default()
    };
    for (form, field) in [
        (form("/etc", ""), "home"),
        (form("home", ""), "home"),
        (form("/home/user", "../etc:/x"), "volumes"),
        (form("/home/user", "a:/home/user"), "volumes"),
    ] {
        assert!(form.check().unwrap_err().problem_at(field).is_some(), "{form:?}");
    }
    assert!(form("", "").check().is_ok());
}

#[tokio::test]
async fn what_was_somebodys_own_goes_with_the_account() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = keeping(&world, &admin).await;
    world.running(&ada, &workspace).await;
    assert_eq!(volumes(&world).await.len(), 2);
    world.services.users.delete(&admin, &ada.user).await.unwrap();
    let gone = async || world.store.user(&ada.user).await.unwrap().is_none();
    world.until("the account is gone", gone).await;
    let left: Vec<_> = volumes(&world).await.into_iter().map(|volume| volume.user).collect();
    assert_eq!(left, [None], "what is shared stays");
}
