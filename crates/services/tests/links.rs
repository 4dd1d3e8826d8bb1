//! Stories of workspaces that are links: a tile like others, and nothing behind it to run.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    ErrorKind, WorkspaceId, actor::Actor, launcher::TileState, list::ListQuery,
    workspace::WorkspaceForm,
};
use services::Chosen;
use world::World;

fn wiki() -> WorkspaceForm {
    WorkspaceForm {
        name: "Wiki".into(),
        link: "https://wiki.example.org/".into(),
        groups: vec!["everybody".into()],
        ..WorkspaceForm::default()
    }
}

async fn scene() -> (World, Actor, WorkspaceId) {
    let world = World::new().await;
    let admin = world.admin().await;
    let link = world.services.workspaces.create(&admin, &wiki()).await.unwrap();
    (world, admin, link)
}

#[tokio::test]
async fn a_link_is_a_tile_that_can_be_a_favourite() {
    let (world, _, link) = scene().await;
    let ada = world.user().await;
    world.services.launcher.set_favourite(&ada, &link, true).await.unwrap();
    let page = world.services.launcher.page(&ada, "", "").await.unwrap();
    let tile = &page.tiles[0];
    assert_eq!(tile.link.as_ref().unwrap().as_str(), "https://wiki.example.org/");
    assert!(tile.favourite && tile.state == TileState::Ready && tile.session.is_none());
}

#[tokio::test]
async fn nothing_of_a_link_can_be_launched_pulled_or_rolled_back() {
    let (world, admin, link) = scene().await;
    let services = &world.services;
    let refused = [
        services.sessions.launch(&admin, &link).await.map(drop).unwrap_err(),
        services
            .sessions
            .test_launch(&admin, &link, &domain::launch_form::Typed::default())
            .await
            .map(drop)
            .unwrap_err(),
        services.workspaces.pull_image(&admin, &link).await.map(drop).unwrap_err(),
        services.workspaces.image(&admin, &link).await.map(drop).unwrap_err(),
        services.workspaces.roll_back(&admin, &link, 1).await.unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.kind, ErrorKind::Conflict, "{error}");
        assert!(error.message.contains("“Wiki” is a link"), "{error}");
    }
    services.workspaces.unpin(&admin, &link).await.unwrap();
    assert!(world.store.revisions(&link).await.unwrap().is_empty());
    // What looks at all images meets none of it.
    assert!(world.store.images_in_use().await.unwrap().is_empty());
    assert!(world.store.wanted_images().await.unwrap().is_empty());
    assert!(world.store.enabled_images().await.unwrap().is_empty());
    assert!(world.store.launched().await.unwrap().is_empty());
    assert!(world.store.workspaces_by_image().await.unwrap().is_empty());
    assert!(world.store.names_of_images().await.unwrap().is_empty());
    let unavailable = ListQuery { state: "unavailable".into(), ..ListQuery::default() };
    let listed = services.workspaces.list(&admin, &unavailable).await.unwrap();
    assert_eq!(listed.total, 0);
}

#[tokio::test]
async fn a_link_is_changed_copied_and_deleted_like_others_but_stays_a_link() {
    let (world, admin, link) = scene().await;
    let workspaces = &world.services.workspaces;
    let moved = WorkspaceForm { link: "https://new.example.org/".into(), ..wiki() };
    workspaces.change(&admin, &link, 1, &moved).await.unwrap();
    let copy = workspaces.duplicate(&admin, &link).await.unwrap();
    let copied = workspaces.get(&admin, &copy).await.unwrap().definition;
    assert_eq!(copied.link.unwrap().as_str(), "https://new.example.org/");

    let desktop = world.workspace(&admin).await;
    for (id, revision, form) in [(&link, 2, world.form()), (&desktop, 1, wiki())] {
        let refused = workspaces.change(&admin, id, revision, &form).await.unwrap_err();
        assert!(refused.problem_at("link").unwrap().contains("Make a new one"), "{refused}");
    }
    workspaces.delete(&admin, &link, true).await.unwrap();
    assert_eq!(workspaces.get(&admin, &link).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_link_goes_out_and_in_as_a_text() {
    let (world, admin, _) = scene().await;
    let text = world.services.workspaces.export(&admin, &Chosen::All).await.unwrap();
    assert!(text.contains("    link: https://wiki.example.org/\n"), "{text}");
    assert!(!text.contains("image"), "{text}");
    let other = World::new().await;
    let there = other.admin().await;
    let workspaces = &other.services.workspaces;
    workspaces.import_definitions(&there, &text, "").await.unwrap();
    assert_eq!(workspaces.export(&there, &Chosen::All).await.unwrap(), text);
    let script = text.replace("https://wiki.example.org/", "\"javascript:alert(1)\"");
    let report = workspaces.look_at_definitions(&there, &script).await.unwrap();
    let problem = &report.entries[0].problems[0];
    assert_eq!(problem.field, "link");
    assert!(problem.message.contains("begins with https://"), "{}", problem.message);
}

#[tokio::test]
async fn sessions_are_not_disturbed_when_there_are_links() {
    let (world, admin, _) = scene().await;
    let desktop = world.workspace(&admin).await;
    let session = world.running(&admin, &desktop).await;
    let restarted = world.restarted().await;
    restarted.reaches(&admin, &session, domain::session::State::Running).await;
}
