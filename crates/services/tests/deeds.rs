//! Stories of uploads, downloads and the clipboard, which groups take away and images keep.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    GroupId, SessionId, WorkspaceId,
    actor::{Actor, Role},
    group::{Deed, GroupForm, Source},
    launch_form::Typed,
    session::{Action, State},
    snapshot::WizardStep,
    storage::ProfileChoice,
    workspace::WorkspaceForm,
};
use services::streams::Way;
use world::World;

const KEEPS: &str = "upload UPLOADS=0
upload /upload/
download /Downloads/
clipboard_in PASTE=off now";

async fn group(world: &World, admin: &Actor, form: GroupForm) -> GroupId {
    world.services.groups.save(admin, None, 0, &form).await.unwrap()
}

fn strict() -> GroupForm {
    GroupForm {
        name: "Strict".into(),
        priority: "10".into(),
        members: "ada".into(),
        upload: "deny".into(),
        clipboard_in: "deny".into(),
        ..GroupForm::default()
    }
}

async fn keeping(world: &World, admin: &Actor) -> WorkspaceId {
    let form = WorkspaceForm {
        withholds: KEEPS.into(),
        environment: "PASTE=on\nOTHER=1".into(),
        launch_form: "Uploads\n to: UPLOADS".into(),
        ..world.form()
    };
    world.services.workspaces.create(admin, &form).await.unwrap()
}

/// A running session, with `UPLOADS` answered at its launch.
async fn running(world: &World, actor: &Actor, workspace: &WorkspaceId) -> SessionId {
    let answers = [("UPLOADS".to_owned(), "1".to_owned())].into();
    let typed = Typed { answers, ..Typed::default() };
    let sessions = &world.services.sessions;
    let launched = sessions.launch_with(actor, workspace, ProfileChoice::Keep, &typed).await;
    let id = launched.unwrap();
    world.reaches(actor, &id, State::Running).await;
    id
}

async fn environment(world: &World) -> Vec<String> {
    let name = world.container_name().await;
    let all = world.engine.spec(&name).unwrap().environment;
    all.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

async fn blocks(world: &World, id: &SessionId, path: &str) -> bool {
    match world.services.streams.way(id).await.unwrap() {
        Way::Open(route) => route.contract.blocks(path),
        Way::Closed { .. } => false,
    }
}

#[tokio::test]
async fn what_groups_take_away_is_kept_by_the_image_and_on_the_way_to_it() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    // The nearer group decides, deed by deed.
    let lax = GroupForm {
        name: "Lax".into(),
        priority: "5".into(),
        members: "ada".into(),
        upload: "allow".into(),
        download: "deny".into(),
        ..GroupForm::default()
    };
    group(&world, &admin, lax).await;
    group(&world, &admin, strict()).await;
    let workspace = keeping(&world, &admin).await;
    let id = running(&world, &ada, &workspace).await;
    assert_eq!(environment(&world).await, ["OTHER=1", "UPLOADS=1", "PASTE=off now"]);
    assert!(blocks(&world, &id, "/Downloads/x").await && !blocks(&world, &id, "/upload/x").await);
    let taken = world.detail(&ada, &id).await.session.config.withheld;
    assert_eq!(taken, [Deed::Download, Deed::ClipboardIn]);
    let said = world.services.groups.effective(&ada, &ada.user).await.unwrap();
    let of = |deed: Deed| {
        let one = said.iter().find(|one| one.setting == deed.label()).unwrap();
        (one.value.as_str(), one.from.clone())
    };
    let group = |name: &str| Source::Group(name.to_owned());
    assert_eq!(of(Deed::Upload), ("Allowed", group("Lax")));
    assert_eq!(of(Deed::ClipboardIn), ("Not allowed", group("Strict")));
    assert_eq!(of(Deed::ClipboardOut), ("Allowed", Source::Role));
}

#[tokio::test]
async fn others_have_all_of_it_and_so_have_administrators() {
    let world = World::new().await;
    let admin = world.admin().await;
    let eve = world.person("eve", Role::User).await;
    world.user().await;
    let both = GroupForm { members: "ada admin".into(), ..strict() };
    group(&world, &admin, both).await;
    let workspace = keeping(&world, &admin).await;
    for actor in [&eve, &admin] {
        let id = running(&world, actor, &workspace).await;
        assert_eq!(environment(&world).await, ["PASTE=on", "OTHER=1", "UPLOADS=1"]);
        assert!(!blocks(&world, &id, "/upload/x").await);
        world.act(actor, &id, Action::Delete).await;
        world.until("it is gone", async || world.containers().await == 0).await;
    }
}

#[tokio::test]
async fn a_change_of_the_group_counts_for_the_next_container() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let streams = world.services.streams.clone();
    tokio::spawn(async move { streams.follow().await });
    let workspace = keeping(&world, &admin).await;
    let id = running(&world, &ada, &workspace).await;
    let free = environment(&world).await;
    let strict = group(&world, &admin, strict()).await;
    // What runs, and the same container later, stays as it was made.
    world.act(&ada, &id, Action::Stop).await;
    world.reaches(&ada, &id, State::Stopped).await;
    world.act(&ada, &id, Action::Start).await;
    world.reaches(&ada, &id, State::Running).await;
    assert_eq!(environment(&world).await, free);
    assert!(!blocks(&world, &id, "/upload/x").await);
    assert_eq!(world.detail(&ada, &id).await.session.config.withheld, []);
    // An edit of the workspace does not disturb it, and the restart asks the groups again.
    world.engine.add_image(world::IMAGE, "sha256:2222222222222222222222222222222222");
    let newer = async || world.detail(&ada, &id).await.waiting.is_some();
    world.until("a newer image waits", newer).await;
    world.act(&ada, &id, Action::Renew).await;
    world.reaches(&ada, &id, State::Running).await;
    assert_eq!(environment(&world).await, ["OTHER=1", "UPLOADS=0", "PASTE=off now"]);
    let blocked = async || blocks(&world, &id, "/upload/x").await;
    world.until("the way to it is known anew", blocked).await;
    world.services.groups.delete(&admin, &strict).await.unwrap();
    assert!(blocks(&world, &id, "/upload/x").await);
}

#[tokio::test]
async fn what_an_image_cannot_keep_is_told_to_administrators_and_launches() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let all = GroupForm { download: "deny".into(), clipboard_out: "deny".into(), ..strict() };
    group(&world, &admin, all).await;
    let form = WorkspaceForm { withholds: "upload none\nclipboard_in A=0".into(), ..world.form() };
    let workspace = world.services.workspaces.create(&admin, &form).await.unwrap();
    let id = world.running(&ada, &workspace).await;
    let holes = [Deed::Download, Deed::ClipboardOut];
    assert_eq!(world.detail(&admin, &id).await.not_kept, holes);
    assert_eq!(world.detail(&ada, &id).await.not_kept, []);
    assert_eq!(world.detail(&ada, &id).await.session.config.withheld.len(), 4);
    assert_eq!(environment(&world).await, ["A=0"]);
    // A terminal passes all of it.
    let typing = GroupForm {
        name: "Typing".into(),
        priority: "20".into(),
        members: "ada".into(),
        terminal: "allow".into(),
        ..GroupForm::default()
    };
    group(&world, &admin, typing).await;
    assert_eq!(world.detail(&admin, &id).await.not_kept.len(), 4);
}

#[tokio::test]
async fn how_a_workspace_keeps_it_is_asked_anew_by_a_restart_too() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    group(&world, &admin, strict()).await;
    let workspace = world.workspace(&admin).await;
    let id = world.running(&ada, &workspace).await;
    let workspaces = &world.services.workspaces;
    let stored = workspaces.get(&admin, &workspace).await.unwrap();
    let form = WorkspaceForm { withholds: KEEPS.into(), ..WorkspaceForm::from(&stored.definition) };
    workspaces.change(&admin, &workspace, stored.revision, &form).await.unwrap();
    assert_eq!(environment(&world).await, [""; 0]);
    world.engine.add_image(world::IMAGE, "sha256:2222222222222222222222222222222222");
    let newer = async || world.detail(&ada, &id).await.waiting.is_some();
    world.until("a newer image waits", newer).await;
    world.act(&ada, &id, Action::Renew).await;
    world.reaches(&ada, &id, State::Running).await;
    assert_eq!(environment(&world).await, ["UPLOADS=0", "PASTE=off now"]);
}

#[tokio::test]
async fn an_image_made_of_the_session_keeps_nothing_from_others() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    group(&world, &admin, strict()).await;
    let workspace = keeping(&world, &admin).await;
    let id = running(&world, &ada, &workspace).await;
    let page = world.services.snapshots.page(&admin, &id, WizardStep::Image).await.unwrap();
    assert_eq!(page.blanked, ["UPLOADS", "PASTE"]);
}
