//! Stories of image revisions: what a workspace has launched is on record, an earlier image can be
//! gone back to and stays, and sessions begin anew from the one that is waiting.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    ErrorKind, SessionId, WorkspaceId,
    actor::{Actor, Role},
    launcher::TileState,
    library::TagKind,
    revision::{How, KEPT, WorkspaceImage},
    session::{Action, State, Waiting},
    workspace::WorkspaceForm,
};
use services::Chosen;
use world::registry::{Scene, digest};

/// Content ids, older first.
const FIRST: &str = "sha256:11";
const SECOND: &str = "sha256:22";
const THIRD: &str = "sha256:33";

async fn image(scene: &Scene, id: &WorkspaceId) -> WorkspaceImage {
    scene.world.services.workspaces.image(&scene.admin, id).await.unwrap()
}

async fn comes_to(
    scene: &Scene,
    id: &WorkspaceId,
    what: &str,
    holds: impl Fn(&WorkspaceImage) -> bool,
) {
    scene.world.until(what, async || holds(&image(scene, id).await)).await;
}

/// A workspace whose first revision is what the registry had first.
async fn begun(scene: &Scene) -> WorkspaceId {
    scene.present(FIRST, &digest(1));
    let id = scene.workspace().await;
    let known = |image: &WorkspaceImage| {
        image.revisions.first().is_some_and(|row| row.revision.digest == digest(1))
    };
    comes_to(scene, &id, "its first image is on record", known).await;
    id
}

/// The tag has come to mean something else.
async fn moved(scene: &Scene, id: &WorkspaceId, to: &str, number: u32) {
    scene.present(to, &digest(number));
    let known = |image: &WorkspaceImage| {
        image.meaning.as_ref().is_some_and(|m| m.id == to && m.digest == digest(number))
    };
    comes_to(scene, id, "the tag has moved", known).await;
}

/// Numbers, content ids and what made them, newest first.
fn told(image: &WorkspaceImage) -> Vec<(u32, &str, How, Option<&str>)> {
    let rows = image.revisions.iter().map(|row| &row.revision);
    rows.map(|one| (one.number, one.id.as_str(), one.how, one.actor.as_deref())).collect()
}

async fn made_of(scene: &Scene, actor: &Actor, id: &SessionId) -> String {
    scene.world.detail(actor, id).await.session.image_digest.unwrap()
}

async fn waiting(scene: &Scene, actor: &Actor, id: &SessionId) -> Option<Waiting> {
    scene.world.detail(actor, id).await.waiting
}

#[tokio::test]
async fn what_a_workspace_launches_is_on_record_whoever_or_whatever_changed_it() {
    let scene = Scene::new().await;
    let workspaces = &scene.world.services.workspaces;
    let id = begun(&scene).await;
    let copy = workspaces.duplicate(&scene.admin, &id).await.unwrap();
    moved(&scene, &id, SECOND, 2).await;
    for id in [&id, &copy] {
        comes_to(&scene, id, "both are told", |image| image.revisions.len() == 2).await;
    }
    let now = image(&scene, &id).await;
    assert_eq!(now.tag, TagKind::Moving);
    assert_eq!(
        told(&now),
        [(2, SECOND, How::Refreshed, None), (1, FIRST, How::Created, Some("admin")),]
    );
    let in_use: Vec<bool> = now.revisions.iter().map(|row| row.in_use).collect();
    assert_eq!(in_use, [true, false]);

    let workspace = workspaces.get(&scene.admin, &id).await.unwrap();
    let form =
        WorkspaceForm { image: world::IMAGE.into(), ..WorkspaceForm::from(&workspace.definition) };
    let saved = workspaces.change(&scene.admin, &id, workspace.revision, &form).await.unwrap();
    assert!(!saved.unpinned);
    let now = image(&scene, &id).await;
    assert_eq!((told(&now)[0].2, told(&now)[0].3), (How::Changed, Some("admin")));
    assert_eq!(now.revisions[0].revision.image.to_string(), world::IMAGE);
    assert_eq!(image(&scene, &copy).await.revisions.len(), 2, "the other one goes on as before");
}

#[tokio::test]
async fn only_the_newest_revisions_are_kept() {
    let scene = Scene::new().await;
    let workspaces = &scene.world.services.workspaces;
    let id = scene.workspace().await;
    for number in 0..KEPT + 5 {
        let workspace = workspaces.get(&scene.admin, &id).await.unwrap();
        let form = WorkspaceForm {
            image: format!("many/app:{number}"),
            ..WorkspaceForm::from(&workspace.definition)
        };
        workspaces.change(&scene.admin, &id, workspace.revision, &form).await.unwrap();
    }
    let kept = image(&scene, &id).await.revisions;
    assert_eq!(u32::try_from(kept.len()).unwrap(), KEPT);
    assert_eq!((kept[0].revision.number, kept.last().unwrap().revision.number), (106, 7));
}

#[tokio::test]
async fn an_import_that_would_unpin_says_so_and_does_nothing_else_than_was_seen() {
    let scene = Scene::new().await;
    let workspaces = &scene.world.services.workspaces;
    let id = begun(&scene).await;
    let text = workspaces.export(&scene.admin, &Chosen::All).await.unwrap();
    let own = scene.world.store.workspace(&id).await.unwrap().unwrap().definition.image;
    let other = own.canonical_repository();
    let text = text.replace(&format!("image: {own}"), &format!("image: {other}:other"));
    let look = async || workspaces.look_at_definitions(&scene.admin, &text).await.unwrap();
    let unpinned = look().await;
    assert_eq!(unpinned.entries[0].notes, Vec::<String>::new());

    workspaces.roll_back(&scene.admin, &id, 1).await.unwrap();
    let refused = workspaces.import_definitions(&scene.admin, &text, &unpinned.seen).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Conflict);
    let pinned = look().await;
    assert_eq!(pinned.entries[0].notes, ["It is pinned to revision 1; this unpins it."]);
    workspaces.import_definitions(&scene.admin, &text, &pinned.seen).await.unwrap();
    assert_eq!(scene.world.store.workspace(&id).await.unwrap().unwrap().pin, None);
}

#[tokio::test]
async fn a_workspace_that_was_rolled_back_stays_there_until_it_is_unpinned() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let workspaces = &world.services.workspaces;
    let id = begun(&scene).await;
    let (ada, bob) = (world.user().await, world.person("bob", Role::User).await);
    let eve = world.person("eve", Role::User).await;
    let before = world.running(&ada, &id).await;
    moved(&scene, &id, SECOND, 2).await;
    comes_to(&scene, &id, "the move is on record", |image| image.revisions.len() == 2).await;
    assert_eq!(waiting(&scene, &ada, &before).await, Some(Waiting::Newer));
    let after = world.running(&bob, &id).await;
    assert_eq!(made_of(&scene, &bob, &after).await, SECOND);
    assert_eq!(waiting(&scene, &bob, &after).await, None);

    workspaces.roll_back(&scene.admin, &id, 1).await.unwrap();
    workspaces.roll_back(&scene.admin, &id, 1).await.unwrap();
    let now = image(&scene, &id).await;
    assert_eq!(told(&now)[0], (3, FIRST, How::RolledBack, Some("admin")));
    assert_eq!((now.pin.unwrap().revision, now.state), (1, TileState::Ready));
    assert_eq!(waiting(&scene, &ada, &before).await, None);
    assert_eq!(waiting(&scene, &bob, &after).await, Some(Waiting::Pinned));
    let rolled_back = world.running(&eve, &id).await;
    assert_eq!(made_of(&scene, &eve, &rolled_back).await, FIRST);

    moved(&scene, &id, THIRD, 3).await;
    scene.look().await;
    let now = image(&scene, &id).await;
    assert_eq!(now.revisions.len(), 3, "what is not launched is no revision");
    let again = world.running(&scene.admin, &id).await;
    assert_eq!(made_of(&scene, &scene.admin, &again).await, FIRST);
    for (actor, session) in [(&ada, &before), (&eve, &rolled_back), (&scene.admin, &again)] {
        world.act(actor, session, Action::Delete).await;
        world.reaches(actor, session, State::Deleted).await;
    }
    let (_, plan, _) = world.services.library.disk(&scene.admin, "dangling", "").await.unwrap();
    let kept = plan.verdicts.iter().find(|one| one.id == FIRST).unwrap();
    assert!(!kept.goes && kept.why.contains("Desktop"), "{kept:?}");

    workspaces.unpin(&scene.admin, &id).await.unwrap();
    workspaces.unpin(&scene.admin, &id).await.unwrap();
    let now = image(&scene, &id).await;
    assert_eq!(now.pin, None);
    assert_eq!(told(&now)[0], (4, THIRD, How::Unpinned, Some("admin")));
    let free = world.running(&ada, &id).await;
    assert_eq!(made_of(&scene, &ada, &free).await, THIRD);
    let unknown = workspaces.roll_back(&scene.admin, &id, 77).await.unwrap_err();
    assert_eq!(unknown.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn another_image_in_the_form_unpins_a_workspace_and_anything_else_does_not() {
    let scene = Scene::new().await;
    let workspaces = &scene.world.services.workspaces;
    let id = begun(&scene).await;
    moved(&scene, &id, SECOND, 2).await;
    comes_to(&scene, &id, "the move is on record", |image| image.revisions.len() == 2).await;
    workspaces.roll_back(&scene.admin, &id, 1).await.unwrap();
    let change = async |image: &str| {
        let workspace = workspaces.get(&scene.admin, &id).await.unwrap();
        let form = WorkspaceForm {
            image: image.into(),
            description: format!("{image}, as is"),
            ..WorkspaceForm::from(&workspace.definition)
        };
        let saved = workspaces.change(&scene.admin, &id, workspace.revision, &form).await.unwrap();
        (saved.unpinned, workspaces.get(&scene.admin, &id).await.unwrap().pin.is_some())
    };
    assert_eq!(change(&scene.image).await, (false, true));
    assert_eq!(change(world::IMAGE).await, (true, false));
    assert_eq!(change(&scene.image).await, (false, false));
}

#[tokio::test]
async fn a_pinned_image_that_the_engine_has_lost_is_pulled_by_its_digest_if_a_registry_has_it() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let workspaces = &world.services.workspaces;
    let id = begun(&scene).await;
    moved(&scene, &id, SECOND, 2).await;
    comes_to(&scene, &id, "the move is on record", |image| image.revisions.len() == 2).await;
    world.engine.remove_image(FIRST);
    let lost = |image: &WorkspaceImage| image.revisions[1].missing;
    comes_to(&scene, &id, "the first one is lost", lost).await;
    let why = image(&scene, &id).await.revisions[1].obstacle.clone().unwrap();
    assert!(why.contains("no stored registry"), "{why}");
    let refused = workspaces.roll_back(&scene.admin, &id, 1).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(refused.message.contains(&why), "{refused}");

    scene.store_registry().await;
    assert_eq!(image(&scene, &id).await.revisions[1].obstacle, None);
    let repository = scene.image.strip_suffix(":latest").unwrap();
    world.engine.add_remote_image(&format!("{repository}@{}", digest(1)), FIRST);
    workspaces.roll_back(&scene.admin, &id, 1).await.unwrap();
    comes_to(&scene, &id, "it is back", |image| image.state == TileState::Ready).await;
    let session = world.running(&scene.admin, &id).await;
    assert_eq!(made_of(&scene, &scene.admin, &session).await, FIRST);
}

#[tokio::test]
async fn a_session_begins_anew_from_the_image_that_is_waiting_and_stays_the_same_session() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let (ada, bob) = (world.user().await, world.person("bob", Role::User).await);
    let id = begun(&scene).await;
    let session = world.running(&ada, &id).await;
    let sessions = &world.services.sessions;
    let before = world.detail(&ada, &session).await.session;
    // Nothing is waiting yet.
    sessions.act(&ada, &session, Action::Renew).await.unwrap();
    assert_eq!(world.detail(&ada, &session).await.session.generation, before.generation);

    moved(&scene, &id, SECOND, 2).await;
    let strangers = sessions.act(&bob, &session, Action::Renew).await.unwrap_err();
    assert_eq!(strangers.kind, ErrorKind::NotFound);
    sessions.act(&ada, &session, Action::Renew).await.unwrap();
    sessions.act(&ada, &session, Action::Renew).await.unwrap();
    world.reaches(&ada, &session, State::Running).await;
    let detail = world.detail(&ada, &session).await;
    let now = &detail.session;
    assert_eq!(now.generation, before.generation + 1);
    assert_eq!(now.image_digest.as_deref(), Some(SECOND));
    assert_eq!((&now.network, now.port), (&before.network, before.port));
    assert_eq!(detail.waiting, None);
    let asked = |entry: &&domain::session::TimelineEntry| entry.message.contains("restart it into");
    assert_eq!(detail.timeline.iter().filter(asked).count(), 1);
    let made = async || {
        assert_eq!(world.containers().await, 1);
        world.engine.spec(&world.container_name().await).unwrap().image
    };
    assert_eq!(made().await, SECOND);

    for (rest, state, number) in
        [(Action::Pause, State::Paused, 3), (Action::Stop, State::Stopped, 4)]
    {
        let to = format!("sha256:{number}{number}");
        moved(&scene, &id, &to, number).await;
        world.act(&ada, &session, rest).await;
        world.reaches(&ada, &session, state).await;
        assert_eq!(waiting(&scene, &ada, &session).await, Some(Waiting::Newer));
        world.act(&ada, &session, Action::Renew).await;
        world.reaches(&ada, &session, State::Running).await;
        assert_eq!(made().await, to, "after {rest:?}");
    }

    moved(&scene, &id, "sha256:55", 5).await;
    world.services.workspaces.delete(&scene.admin, &id, false).await.unwrap();
    assert_eq!(waiting(&scene, &ada, &session).await, None);
    let refused = sessions.act(&ada, &session, Action::Renew).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(refused.message.contains("no longer there"), "{refused}");
}

#[tokio::test]
async fn users_neither_see_nor_decide_which_image_a_workspace_launches() {
    let scene = Scene::new().await;
    let ada = scene.world.user().await;
    let id = scene.workspace().await;
    let workspaces = &scene.world.services.workspaces;
    let refusals = [
        workspaces.image(&ada, &id).await.err(),
        workspaces.roll_back(&ada, &id, 1).await.err(),
        workspaces.unpin(&ada, &id).await.err(),
    ];
    for (call, refusal) in refusals.into_iter().enumerate() {
        assert_eq!(refusal.map(|e| e.kind), Some(ErrorKind::Forbidden), "call {call} was allowed");
    }
}
