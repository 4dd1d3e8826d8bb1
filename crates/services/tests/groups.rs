//! Stories of groups: who sees which tile, within which bounds, and what holds when several speak.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    ErrorKind, GroupId, SessionId,
    actor::{Actor, Permission, Role},
    commands::CommandsForm,
    group::{GroupForm, Source},
    lifetime::LifetimeForm,
    list::ListQuery,
    session::{Action, State},
    snapshot::{SnapshotForm, WizardStep},
    workspace::WorkspaceForm,
};
use world::World;

fn form(name: &str, priority: &str) -> GroupForm {
    GroupForm { name: name.into(), priority: priority.into(), ..GroupForm::default() }
}

async fn make(world: &World, admin: &Actor, form: GroupForm) -> GroupId {
    world.services.groups.save(admin, None, 0, &form).await.unwrap()
}

/// Who somebody is after his groups have changed.
async fn again(world: &World, actor: &Actor) -> Actor {
    world.services.access.actor(&actor.sign_in).await.unwrap().unwrap()
}

async fn tiles(world: &World, actor: &Actor) -> Vec<String> {
    let page = world.services.launcher.page(actor, "", "").await.unwrap();
    page.tiles.into_iter().map(|tile| tile.name).collect()
}

#[tokio::test]
async fn people_see_and_launch_what_their_groups_may() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let eve = world.person("eve", Role::User).await;
    let services = &world.services;
    world.workspace(&admin).await;
    let special = WorkspaceForm { name: "Special".into(), groups: vec![], ..world.form() };
    let special = services.workspaces.create(&admin, &special).await.unwrap();
    assert_eq!(tiles(&world, &ada).await, ["Desktop"]);
    let refused = services.sessions.launch(&ada, &special).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::NotFound);

    let team = GroupForm {
        members: "Ada".into(),
        workspaces: vec![special.to_string()],
        ..form("Team", "10")
    };
    let team = make(&world, &admin, team).await;
    assert_eq!(tiles(&world, &ada).await, ["Desktop", "Special"]);
    assert_eq!(tiles(&world, &eve).await, ["Desktop"]);
    assert!(services.sessions.launch(&eve, &special).await.is_err());
    let session = services.sessions.launch(&ada, &special).await.unwrap();
    world.reaches(&ada, &session, State::Running).await;

    // A group that goes takes the tile away, not the session.
    let doomed = services.groups.deletion(&admin, &team).await.unwrap();
    assert_eq!((doomed.members, doomed.orphans), (1, vec!["Special".to_owned()]));
    services.groups.delete(&admin, &team).await.unwrap();
    services.groups.delete(&admin, &team).await.unwrap();
    assert_eq!(tiles(&world, &ada).await, ["Desktop"]);
    assert_eq!(world.state(&ada, &session).await, State::Running);
}

#[tokio::test]
async fn a_new_workspace_is_the_administrators_until_somebody_decides() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let groups = WorkspaceForm::default().groups;
    let new = WorkspaceForm { groups, ..world.form() };
    world.services.workspaces.create(&admin, &new).await.unwrap();
    assert_eq!(tiles(&world, &ada).await, Vec::<String>::new());
    assert_eq!(tiles(&world, &admin).await, ["Desktop"]);
}

async fn launch(world: &World, actor: &Actor, name: &str) -> domain::Result<SessionId> {
    let maker = format!("maker-of-{}", name.to_lowercase());
    let admin = world.person(&maker, Role::Administrator).await;
    let form = WorkspaceForm {
        name: name.into(),
        cpus: "1".into(),
        memory: "1 GiB".into(),
        ..world.form()
    };
    let id = world.services.workspaces.create(&admin, &form).await.unwrap();
    world.services.sessions.launch(actor, &id).await
}

#[tokio::test]
async fn of_several_groups_the_lowest_number_wins_setting_by_setting() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let strict =
        GroupForm { members: "ada".into(), sessions_per_user: "1".into(), ..form("Strict", "10") };
    make(&world, &admin, strict).await;
    let wide = GroupForm {
        members: "ada".into(),
        sessions_per_user: "9".into(),
        memory: "1 GiB".into(),
        ..form("Wide", "20")
    };
    make(&world, &admin, wide).await;
    assert!(launch(&world, &ada, "First").await.is_ok());
    let refused = launch(&world, &ada, "Second").await.unwrap_err();
    assert!(refused.message.contains("1 of 1 sessions"), "{refused}");
    let said = world.services.groups.effective(&ada, &ada.user).await.unwrap();
    let of = |setting: &str| {
        let one = said.iter().find(|one| one.setting == setting).unwrap();
        (one.value.as_str(), one.from.clone())
    };
    let group = |name: &str| Source::Group(name.to_owned());
    assert_eq!(of("Sessions at a time"), ("1", group("Strict")));
    assert_eq!(of("Memory in all"), ("1 GiB", group("Wide")));
    assert_eq!(of("Cores in all"), ("No limit", Source::Installation));
    let eve = world.person("eve", Role::User).await;
    let refused = world.services.groups.effective(&eve, &ada.user).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_users_share_of_memory_names_its_numbers_and_what_to_stop() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let share =
        GroupForm { members: "ada".into(), memory: "1.5 GiB".into(), ..form("Small", "10") };
    make(&world, &admin, share).await;
    let first = launch(&world, &ada, "First").await.unwrap();
    let refused = launch(&world, &ada, "Second").await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Exhausted);
    assert!(refused.message.contains("512 MiB of the 1.5 GiB that your sessions"), "{refused}");
    let hint = refused.hint.unwrap();
    assert!(hint.contains("“First” (1 GiB)") && hint.contains("in your groups"), "{hint}");
    world.reaches(&ada, &first, State::Running).await;
    world.act(&ada, &first, Action::Stop).await;
    world.reaches(&ada, &first, State::Stopped).await;
    assert!(launch(&world, &ada, "Third").await.is_ok());
    assert!(world.services.sessions.act(&ada, &first, Action::Start).await.is_err());
}

#[tokio::test]
async fn deeds_are_allowed_and_taken_away_at_once() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = world.workspace(&admin).await;
    let session = world.running(&ada, &workspace).await;
    let own = world.running(&admin, &workspace).await;
    let everybody: GroupId = "everybody".parse().unwrap();
    let opened = world.services.groups.get(&admin, Some(&everybody)).await.unwrap();
    let rules = GroupForm { stop: "deny".into(), terminal: "allow".into(), ..opened.form };
    let revision = opened.group.revision;
    world.services.groups.save(&admin, Some(&everybody), revision, &rules).await.unwrap();
    let ada = again(&world, &ada).await;
    assert!(ada.may(Permission::OpenTerminals) && !ada.may(Permission::CreateImages));
    let refused = world.services.sessions.act(&ada, &session, Action::Stop).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);
    world.act(&ada, &session, Action::Pause).await;
    // Nothing is taken from administrators.
    let admin = again(&world, &admin).await;
    world.act(&admin, &own, Action::Stop).await;
    world.act(&admin, &session, Action::Stop).await;
    world.reaches(&ada, &session, State::Stopped).await;
}

#[tokio::test]
async fn a_user_who_may_create_images_takes_nobodys_name_and_gives_it_to_nobody() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = world.workspace(&admin).await;
    let session = world.running(&ada, &workspace).await;
    let makers =
        GroupForm { members: "ada".into(), create_image: "allow".into(), ..form("Makers", "10") };
    make(&world, &admin, makers).await;
    let ada = again(&world, &ada).await;
    let snapshots = &world.services.snapshots;
    let try_name = async |image: &str| {
        let typed = SnapshotForm { image: image.into(), ..SnapshotForm::default() };
        snapshots.keep(&ada, &session, WizardStep::Image, typed, "").await.unwrap();
        snapshots.submit(&ada, &session, image).await
    };
    let refused = try_name(world::IMAGE).await.unwrap_err();
    assert!(refused.problem_at("image").unwrap().contains("Begin the name with `ada-"));
    let own = format!("ada-{}/own:1", ada.user.short());
    world.engine.add_image(&own, "sha256:taken");
    let seen = async || try_name(&own).await.is_err();
    world.until("the name is known to be taken", seen).await;
    let refused = try_name(&own).await.unwrap_err();
    assert!(refused.problem_at("image").unwrap().contains("already"));
    let begun = try_name(&own.replace(":1", ":2")).await.unwrap();
    let made = world.services.workspaces.get(&admin, &begun.workspace.unwrap()).await.unwrap();
    assert_eq!(made.definition.groups, ["administrators".parse().unwrap()]);
    assert_eq!(tiles(&world, &ada).await, ["Desktop"]);
}

#[tokio::test]
async fn what_groups_allow_is_for_ones_own_sessions_whatever_the_role_steers() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let operator = world.person("olga", Role::Operator).await;
    let workspace = world.workspace(&admin).await;
    let (hers, own) =
        (world.running(&ada, &workspace).await, world.running(&operator, &workspace).await);
    let open = GroupForm {
        members: "olga".into(),
        terminal: "allow".into(),
        create_image: "allow".into(),
        ..form("Open", "10")
    };
    make(&world, &admin, open).await;
    let operator = again(&world, &operator).await;
    let (other, mine) = (world.detail(&operator, &hers).await, world.detail(&operator, &own).await);
    assert!(other.may_steer && !other.may_open_terminal && !other.may_create_image);
    assert!(mine.may_open_terminal && mine.may_create_image);
    let refused = world.services.terminals.place(&operator, &hers).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);
    assert!(world.services.terminals.place(&operator, &own).await.is_ok());
    let typed = SnapshotForm { image: "olga/x:1".into(), ..SnapshotForm::default() };
    let refused =
        world.services.snapshots.keep(&operator, &hers, WizardStep::Image, typed, "").await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Forbidden);
}

#[tokio::test]
async fn who_steers_sessions_of_others_learns_no_value_that_their_workspaces_set() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let operator = world.person("olga", Role::Operator).await;
    let form = WorkspaceForm {
        environment: "DATABASE_URL=postgres://ada:violin@db/x\nAPI_KEY=hunter2".into(),
        command: "serve\n--token=violin".into(),
        commands: CommandsForm { on_open: "use violin".into(), ..CommandsForm::default() },
        ..world.form()
    };
    let workspace = world.services.workspaces.create(&admin, &form).await.unwrap();
    let hers = world.running(&ada, &workspace).await;
    let shown = async |actor: &Actor, id| world.detail(actor, id).await.session.config;
    for (actor, id, known) in
        [(&admin, &hers, true), (&ada, &hers, true), (&operator, &hers, false)]
    {
        let config = shown(actor, id).await;
        let told = format!("{config:?}");
        assert_eq!(told.contains("violin"), known, "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    let own = world.running(&operator, &workspace).await;
    assert!(format!("{:?}", shown(&operator, &own).await).contains("violin"));
}

#[tokio::test]
async fn a_groups_rule_ends_its_members_sessions_and_nobody_elses() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let eve = world.person("eve", Role::User).await;
    let workspace = world.workspace(&admin).await;
    let (hers, other) =
        (world.running(&ada, &workspace).await, world.running(&eve, &workspace).await);
    assert_eq!(world.detail(&ada, &hers).await.ending, None);
    let lifetime = LifetimeForm {
        longest_action: "stop".into(),
        longest_after: "1 h".into(),
        ..LifetimeForm::default()
    };
    let rules = GroupForm { members: "ada".into(), lifetime, ..form("Short", "10") };
    make(&world, &admin, rules).await;
    let ending = world.detail(&ada, &hers).await.ending.unwrap();
    assert_eq!(ending.at.since(world.now()), 3_600_000);
    assert_eq!(world.detail(&eve, &other).await.ending, None);
    world.clock.advance_secs(3_400);
    let warned = async || world.detail(&ada, &hers).await.session.life.warning.is_some();
    world.until("she is warned", warned).await;
    world.clock.advance_secs(400);
    world.reaches(&ada, &hers, State::Stopped).await;
    assert_eq!(world.state(&eve, &other).await, State::Running);
}

#[tokio::test]
async fn what_is_wrong_is_told_at_its_field_and_nothing_is_kept() {
    let world = World::new().await;
    let admin = world.admin().await;
    let groups = &world.services.groups;
    let save = async |form: GroupForm| groups.save(&admin, None, 0, &form).await;
    let stranger = GroupForm { members: "nobody".into(), ..form("Team", "10") };
    let refused = save(stranger).await.unwrap_err();
    assert!(refused.problem_at("members").unwrap().contains("nobody"));
    assert_eq!(groups.list(&admin, &ListQuery::default()).await.unwrap().total, 2);
    let team = save(form("Team", "10")).await.unwrap();
    assert!(save(form("TEAM", "10")).await.unwrap_err().problem_at("name").is_some());
    groups.save(&admin, Some(&team), 1, &form("Team A", "10")).await.unwrap();
    let late = groups.save(&admin, Some(&team), 1, &form("Team B", "10")).await.unwrap_err();
    assert_eq!(late.kind, ErrorKind::Conflict);
    let everybody: GroupId = "everybody".parse().unwrap();
    assert_eq!(groups.delete(&admin, &everybody).await.unwrap_err().kind, ErrorKind::Conflict);
    assert!(groups.deletion(&admin, &everybody).await.is_err());
    // Its name and its members are not anybody's to change.
    let renamed = GroupForm { members: "admin".into(), ..form("Nobody", "10") };
    groups.save(&admin, Some(&everybody), 1, &renamed).await.unwrap();
    assert_eq!(groups.get(&admin, Some(&everybody)).await.unwrap().group.name, "All users");
}

#[tokio::test]
async fn a_restart_keeps_it_all_and_users_see_none_of_it() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let team = GroupForm { members: "ada".into(), terminal: "allow".into(), ..form("Team", "10") };
    let team = make(&world, &admin, team).await;
    let world = world.restarted().await;
    assert!(again(&world, &ada).await.may(Permission::OpenTerminals));
    let groups = &world.services.groups;
    let refusals = [
        groups.list(&ada, &ListQuery::default()).await.err(),
        groups.names(&ada).await.err(),
        groups.get(&ada, Some(&team)).await.err(),
        groups.save(&ada, None, 0, &form("Mine", "1")).await.err(),
        groups.deletion(&ada, &team).await.err(),
        groups.delete(&ada, &team).await.err(),
    ];
    for (call, refusal) in refusals.into_iter().enumerate() {
        assert_eq!(refusal.map(|e| e.kind), Some(ErrorKind::Forbidden), "call {call} was allowed");
    }
}
