//! Stories of who may do what, of signing in, of first-run setup, and of getting at a stream.

mod world;

use domain::{
    ErrorKind, Timestamp,
    actor::Role,
    launch_form::Typed,
    list::ListQuery,
    log::LogQuery,
    session::{Action, State},
    workspace::WorkspaceForm,
};
use services::streams::Way;
use std::net::IpAddr;
use world::{PASSWORD, World};

const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

#[tokio::test]
async fn another_users_session_does_not_exist() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let ada = world.user().await;
    let eve = world.person("eve", Role::User).await;
    let id = world.running(&ada, &workspace).await;
    let sessions = &world.services.sessions;
    assert_eq!(sessions.detail(&eve, &id).await.unwrap_err().kind, ErrorKind::NotFound);
    let inside = [
        sessions.read_log(&eve, &id, &LogQuery::default()).await.err(),
        sessions.follow_log(&eve, &id, 0).await.err(),
        sessions.save_log(&eve, &id).await.err(),
        sessions.usage(&eve, &id, Timestamp(0)).await.err(),
        sessions.processes(&eve, &id).await.err(),
        sessions.changed_files(&eve, &id, &ListQuery::default()).await.err(),
    ];
    assert!(inside.iter().flatten().all(|error| error.kind == ErrorKind::NotFound));
    assert_eq!(inside.iter().flatten().count(), inside.len());
    assert_eq!(sessions.act(&eve, &id, Action::Stop).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(
        world.services.streams.open(&eve, &id, None).await.unwrap_err().kind,
        ErrorKind::NotFound
    );
    // Deleting what one may not see does nothing, and says nothing.
    sessions.act(&eve, &id, Action::Delete).await.unwrap();
    assert_eq!(world.state(&ada, &id).await, State::Running);
    assert!(sessions.detail(&admin, &id).await.is_ok());
}

#[tokio::test]
async fn users_manage_nothing() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let ada = world.user().await;
    let services = &world.services;
    let query = ListQuery::default();
    let refusals = [
        services.workspaces.list(&ada, &query).await.err(),
        services.workspaces.create(&ada, &world.form()).await.err(),
        services.workspaces.change(&ada, &workspace, 1, &world.form()).await.err(),
        services.workspaces.duplicate(&ada, &workspace).await.err(),
        services.workspaces.set_enabled(&ada, &workspace, false).await.err(),
        services.workspaces.delete(&ada, &workspace, false).await.err(),
        services.workspaces.upload_icon(&ada, &workspace, vec![]).await.err(),
        services.sessions.list(&ada, &query).await.err(),
        services.sessions.test_launch(&ada, &workspace, &Typed::default()).await.err(),
        services.sessions.act_on_many(&ada, &["1".into()], Action::Stop).await.err(),
        services.engine.report_for(&ada).await.err(),
    ];
    for (n, refusal) in refusals.into_iter().enumerate() {
        assert_eq!(refusal.map(|e| e.kind), Some(ErrorKind::Forbidden), "call {n} was allowed");
    }
}

#[tokio::test]
async fn unknown_names_wrong_passwords_and_disabled_accounts_get_the_same_answer() {
    let world = World::new().await;
    world.person("ada", Role::User).await;
    world.person("bob", Role::User).await;
    world.services.users.set_disabled("bob", true).await.unwrap();
    let check = async |name: &str, password: &str| {
        world.services.access.check(name, password.to_owned(), HOME).await
    };
    assert_eq!(check("Ada", PASSWORD).await.unwrap().0.name, "ada");
    let unknown = check("nobody", PASSWORD).await.unwrap_err();
    assert_eq!(check("ada", "wrong").await.unwrap_err(), unknown);
    assert_eq!(check("bob", PASSWORD).await.unwrap_err(), unknown);
    assert_eq!(check("no such name!", "x").await.unwrap_err(), unknown);
}

#[tokio::test]
async fn guessing_is_slowed_down_and_time_heals() {
    let world = World::new().await;
    world.person("ada", Role::User).await;
    let check =
        async |password: &str| world.services.access.check("ada", password.to_owned(), HOME).await;
    for _ in 0..5 {
        assert_eq!(check("wrong").await.unwrap_err().kind, ErrorKind::Unauthenticated);
    }
    assert_eq!(check(PASSWORD).await.unwrap_err().kind, ErrorKind::Exhausted);
    world.clock.advance_secs(16 * 60);
    assert!(check(PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sign_ins() {
    let world = World::new().await;
    let ada = world.user().await;
    let other = services::access::sign_in_id("another browser").unwrap();
    let record = services::access::SignInRecord {
        user: Some(ada.user.to_string()),
        data: "{}".into(),
        ..Default::default()
    };
    world.services.access.create_sign_in(other.clone(), record).await.unwrap();
    let new = "meadow-copper-violin";
    let change = async |current: &str, new: &str, again: &str| {
        world.services.users.change_password(&ada, current.into(), new.into(), again.into()).await
    };
    assert!(change("wrong", new, new).await.unwrap_err().problem_at("current").is_some());
    assert!(change(PASSWORD, new, "else").await.unwrap_err().problem_at("again").is_some());
    change(PASSWORD, new, new).await.unwrap();
    assert!(world.services.access.actor(&other).await.unwrap().is_none());
    assert!(world.services.access.actor(&ada.sign_in).await.unwrap().is_some());
}

#[tokio::test]
async fn sign_ins_expire_by_idleness() {
    let world = World::new().await;
    let ada = world.user().await;
    world.clock.advance_secs(services::access::IDLE_S - 60);
    assert!(world.services.access.actor(&ada.sign_in).await.unwrap().is_some());
    world.clock.advance_secs(services::access::IDLE_S - 60);
    assert!(world.services.access.actor(&ada.sign_in).await.unwrap().is_some());
    world.clock.advance_secs(services::access::IDLE_S + 1);
    assert!(world.services.access.actor(&ada.sign_in).await.unwrap().is_none());
}

#[tokio::test]
async fn the_setup_link_works_once_and_only_the_newest_one() {
    let world = World::new().await;
    let setup = &world.services.setup;
    let old = setup.new_token().await.unwrap();
    let token = setup.new_token().await.unwrap();
    assert_eq!(setup.page(&old, HOME).await.err().map(|e| e.kind), Some(ErrorKind::Forbidden));
    assert!(setup.page(&token, HOME).await.is_ok());
    let finish = async |name: &str| {
        let starters = ["desktop".to_owned()];
        setup.finish(&token, HOME, name, PASSWORD.into(), PASSWORD.into(), &starters).await
    };
    // A mistake in the form does not use the link up.
    assert!(finish("not a name").await.unwrap_err().problem_at("name").is_some());
    let (first, second) = tokio::join!(finish("root"), finish("mallory"));
    assert!(first.is_ok() != second.is_ok(), "exactly one gets through");
    assert!(!setup.is_open().await.unwrap());
    assert_eq!(setup.new_token().await.unwrap_err().kind, ErrorKind::Conflict);
}

#[tokio::test]
async fn the_setup_link_ends_after_an_hour_and_guessing_it_is_slowed_down() {
    let world = World::new().await;
    let token = world.services.setup.new_token().await.unwrap();
    let page =
        async |token: &str| world.services.setup.page(token, HOME).await.err().map(|e| e.kind);
    for _ in 0..5 {
        assert_eq!(page("guess").await, Some(ErrorKind::Forbidden));
    }
    assert_eq!(page(&token).await, Some(ErrorKind::Exhausted));
    world.clock.advance_secs(3601);
    assert_eq!(page(&token).await, Some(ErrorKind::Forbidden));
}

#[tokio::test]
async fn a_ticket_opens_one_session_once_and_not_for_long() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let id = world.running(&admin, &workspace).await;
    let other = WorkspaceForm { name: "Other".into(), ..world.form() };
    let other = world.services.workspaces.create(&admin, &other).await.unwrap();
    let other = world.running(&admin, &other).await;
    let streams = &world.services.streams;
    let ticket = async || streams.open(&admin, &id, None).await.unwrap().unwrap().ticket;

    let once = ticket().await;
    let token = streams.redeem(&once, &id).await.unwrap();
    assert!(streams.redeem(&once, &id).await.is_err(), "replayed");
    assert!(streams.redeem(&ticket().await, &other).await.is_err(), "for another session");
    let stale = ticket().await;
    world.clock.advance_secs(61);
    assert!(streams.redeem(&stale, &id).await.is_err(), "stale");

    assert!(streams.authorise(&id, &token).await.is_ok());
    assert!(streams.authorise(&other, &token).await.is_err(), "token of another session");
    assert!(streams.authorise(&id, "invented").await.is_err());
}

#[tokio::test]
async fn a_stream_ends_with_the_sign_in_the_account_and_the_session() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let streams = &world.services.streams;
    let opened = async |who: &domain::actor::Actor| {
        let id = world.running(who, &workspace).await;
        let ticket = streams.open(who, &id, None).await.unwrap().unwrap().ticket;
        (streams.redeem(&ticket, &id).await.unwrap(), id)
    };
    let ada = world.person("ada", Role::User).await;
    let (token, id) = opened(&ada).await;
    assert!(streams.authorise(&id, &token).await.is_ok());
    let rights = streams.rights();
    world.services.access.revoke(&ada, &ada.sign_in).await.unwrap();
    assert!(rights.has_changed().unwrap(), "open streams are told");
    assert!(streams.authorise(&id, &token).await.is_err(), "revoked sign-in");

    let bob = world.person("bob", Role::User).await;
    let (token, id) = opened(&bob).await;
    world.services.users.set_disabled("bob", true).await.unwrap();
    assert!(streams.authorise(&id, &token).await.is_err(), "disabled user");

    let eve = world.person("eve", Role::User).await;
    let (token, id) = opened(&eve).await;
    world.act(&eve, &id, Action::Delete).await;
    assert!(streams.authorise(&id, &token).await.is_err(), "deleted session");
}

#[tokio::test]
async fn a_session_that_rests_says_so_instead_of_being_reached() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let id = world.running(&admin, &workspace).await;
    let follow = world.services.streams.clone();
    tokio::spawn(async move { follow.follow().await });
    assert!(matches!(world.services.streams.way(&id).await.unwrap(), Way::Open(_)));
    world.act(&admin, &id, Action::Pause).await;
    world.reaches(&admin, &id, State::Paused).await;
    world
        .until("the way is closed", async || {
            let way = world.services.streams.way(&id).await.unwrap();
            matches!(way, Way::Closed { state: State::Paused, .. })
        })
        .await;
    assert!(world.services.streams.open(&admin, &id, None).await.unwrap().is_none());
}

#[tokio::test]
async fn two_editors_cannot_overwrite_each_other_unseen() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let change = async |revision: u32, name: &str| {
        let form = WorkspaceForm { name: name.into(), ..world.form() };
        world.services.workspaces.change(&admin, &workspace, revision, &form).await
    };
    change(1, "First").await.unwrap();
    assert_eq!(change(1, "Second").await.unwrap_err().kind, ErrorKind::Conflict);
    change(2, "Second").await.unwrap();
}
