//! Stories of what a workspace asks at launch, and where the answers come to be.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    Error, ErrorKind, Result, SessionId, WorkspaceId,
    actor::{Actor, Role},
    inside::ChangeKind,
    launch_form::Typed,
    session::{Action, State},
    snapshot::WizardStep,
    storage::ProfileChoice,
    workspace::WorkspaceForm,
};
use engine::memory::Op;
use world::World;

const FORM: &str = "Project\n to: PROJECT\n required\n\nNotes\n kind: lines\n to: /srv/notes\n\nToken\n kind: secret\n to: TOKEN_VALUE\n\nKey\n kind: secret\n required\n to: /run/keys/key";
const SECRETS: [&str; 2] = ["hunter-two", "open-sesame"];

async fn asking(world: &World, admin: &Actor) -> WorkspaceId {
    let form = WorkspaceForm { launch_form: FORM.into(), ..world.form() };
    world.services.workspaces.create(admin, &form).await.unwrap()
}

fn typed(project: &str) -> Typed {
    let map = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    };
    Typed {
        answers: map(&[("PROJECT", project), ("/srv/notes", "one\r\ntwo")]),
        secrets: map(&[("TOKEN_VALUE", SECRETS[0]), ("/run/keys/key", SECRETS[1])]),
    }
}

async fn launch(
    world: &World,
    actor: &Actor,
    id: &WorkspaceId,
    typed: &Typed,
) -> Result<SessionId> {
    world.services.sessions.launch_with(actor, id, ProfileChoice::Keep, typed).await
}

async fn launched(world: &World, actor: &Actor, id: &WorkspaceId) -> SessionId {
    let session = launch(world, actor, id, &typed("demo")).await.unwrap();
    world.reaches(actor, &session, State::Running).await;
    session
}

/// Every answer is in the only container there is.
async fn has_all(world: &World) {
    let name = world.container_name().await;
    let environment = world.engine.spec(&name).unwrap().environment;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(environment, [pair("PROJECT", "demo"), pair("TOKEN_VALUE", SECRETS[0])]);
    assert_eq!(world.engine.file(&name, "/srv/notes").as_deref(), Some("one\ntwo"));
    assert_eq!(world.engine.file(&name, "/run/keys/key").as_deref(), Some(SECRETS[1]));
}

#[tokio::test]
async fn answers_are_in_the_container_as_variables_and_files() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = asking(&world, &admin).await;
    let tile = world.services.launcher.page(&ada, "", "").await.unwrap().tiles.remove(0);
    assert!(tile.asks);
    let id = launched(&world, &ada, &workspace).await;
    has_all(&world).await;
    // What somebody made of a file is not undone by a later start.
    assert_eq!(world.engine.calls(Op::PutFiles), 1);
    world.act(&ada, &id, Action::Stop).await;
    world.reaches(&ada, &id, State::Stopped).await;
    world.act(&ada, &id, Action::Start).await;
    world.reaches(&ada, &id, State::Running).await;
    assert_eq!(world.engine.calls(Op::PutFiles), 1);
    // There is nothing to ask of a session that is there.
    assert_eq!(world.services.sessions.launch(&ada, &workspace).await.unwrap(), id);
}

#[tokio::test]
async fn a_launch_without_what_is_needed_is_refused_at_its_fields_and_makes_nothing() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = asking(&world, &admin).await;
    let refused = world.services.sessions.launch(&ada, &workspace).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid);
    assert!(refused.problem_at("answers[PROJECT]").is_some(), "{refused:?}");
    assert!(refused.problem_at("secrets[/run/keys/key]").is_some(), "{refused:?}");
    assert!(world.store.sessions_of(&ada.user).await.unwrap().is_empty());
    let none = Typed::default();
    let tried = world.services.sessions.test_launch(&admin, &workspace, &none).await.unwrap_err();
    assert_eq!(tried.kind, ErrorKind::Invalid);
    let tried = world.services.sessions.test_launch(&admin, &workspace, &typed("demo")).await;
    world.reaches(&admin, &tried.unwrap(), State::Running).await;
    has_all(&world).await;
}

#[tokio::test]
async fn the_page_of_a_launch_knows_the_last_answers_but_no_secret() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = asking(&world, &admin).await;
    let launcher = &world.services.launcher;
    let first = launcher.options(&ada, &workspace, false).await.unwrap();
    assert_eq!((first.fields.len(), first.last.len(), first.home), (4, 0, None));
    let id = launched(&world, &ada, &workspace).await;
    world.act(&ada, &id, Action::Delete).await;
    world.reaches(&ada, &id, State::Deleted).await;
    let last = launcher.options(&ada, &workspace, false).await.unwrap().last;
    assert_eq!(last.get("PROJECT").map(String::as_str), Some("demo"));
    assert_eq!(last.len(), 2, "{last:?}");
    assert!(launcher.options(&admin, &workspace, false).await.unwrap().last.is_empty());
    let refused = launcher.options(&ada, &workspace, true).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);
}

#[tokio::test]
async fn secrets_are_on_no_page_in_no_record_and_in_clear_nowhere() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let auditor = world.person("eve", Role::Auditor).await;
    let workspace = asking(&world, &admin).await;
    let id = launched(&world, &ada, &workspace).await;
    let told = |who: &str, text: String| {
        for secret in SECRETS {
            assert!(!text.contains(secret), "{who} sees {secret}");
        }
        text
    };
    let own = told("the owner", format!("{:?}", world.detail(&ada, &id).await));
    assert!(own.contains("demo"));
    let seen = told("an auditor", format!("{:?}", world.detail(&auditor, &id).await));
    assert!(!seen.contains("demo") && seen.contains("PROJECT"), "{seen}");
    // Not even in the files of the database.
    for entry in std::fs::read_dir(world.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            told(&path.display().to_string(), text);
        }
    }
    assert!(world.store.secret_answers(&id).await.unwrap().is_some());
    world.act(&ada, &id, Action::Delete).await;
    world.reaches(&ada, &id, State::Deleted).await;
    assert!(world.store.secret_answers(&id).await.unwrap().is_none(), "kept for no reason");
}

#[tokio::test]
async fn nothing_is_lost_by_a_kill_at_any_point_of_a_launch() {
    for op in [Op::CreateContainer, Op::PutFiles, Op::Start] {
        let world = World::new().await;
        let (admin, ada) = (world.admin().await, world.user().await);
        let workspace = asking(&world, &admin).await;
        // The engine is busy with it when Slipway is killed.
        world.engine.delay(op, std::time::Duration::from_secs(600));
        let id = launch(&world, &ada, &workspace, &typed("demo")).await.unwrap();
        world.until("it is asked for", async || world.engine.calls(op) > 0).await;
        world.engine.delay(op, std::time::Duration::ZERO);
        let world = world.restarted().await;
        world.reaches(&ada, &id, State::Running).await;
        has_all(&world).await;
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_put_in_fails_the_launch_with_the_reason() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = asking(&world, &admin).await;
    world.engine.fail_next(Op::PutFiles, Error::conflict("`/run/keys` is no folder."));
    let id = launch(&world, &ada, &workspace, &typed("demo")).await.unwrap();
    world.reaches(&ada, &id, State::Failed).await;
    let reason = world.detail(&ada, &id).await.session.reason.unwrap();
    assert!(reason.message.contains("/run/keys"), "{reason:?}");
    world.act(&ada, &id, Action::Start).await;
    world.reaches(&ada, &id, State::Running).await;
    has_all(&world).await;
}

#[tokio::test]
async fn a_session_that_begins_anew_from_another_image_has_the_same_answers() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = asking(&world, &admin).await;
    let id = launched(&world, &ada, &workspace).await;
    // The workspace asks nothing any more; what was answered stays the session's.
    let revision = world.services.workspaces.get(&admin, &workspace).await.unwrap().revision;
    world.services.workspaces.change(&admin, &workspace, revision, &world.form()).await.unwrap();
    world.engine.add_image(world::IMAGE, &format!("sha256:{}", "2".repeat(64)));
    let waits = async || world.detail(&ada, &id).await.waiting.is_some();
    world.until("a newer image waits", waits).await;
    world.act(&ada, &id, Action::Renew).await;
    let renewed = async || {
        let session = world.detail(&ada, &id).await.session;
        session.generation == 2 && session.state() == State::Running
    };
    world.until("it has begun anew", renewed).await;
    has_all(&world).await;
    assert_eq!(world.engine.calls(Op::PutFiles), 2);
}

#[tokio::test]
async fn an_image_of_a_session_holds_no_answer_that_is_secret() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = asking(&world, &admin).await;
    let id = launched(&world, &admin, &workspace).await;
    let snapshots = &world.services.snapshots;
    let page = snapshots.page(&admin, &id, WizardStep::Review).await.unwrap();
    assert_eq!(page.blanked, ["PROJECT", "TOKEN_VALUE"]);
    assert_eq!(page.files, ["/srv/notes"]);
    assert!(page.commands.iter().any(|line| line.contains("TOKEN_VALUE")), "{:?}", page.commands);
    let image = page.form.image;
    let refused = snapshots.submit(&admin, &id, &image).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(refused.message.contains("`/run/keys/key`"), "{refused}");
    assert!(!refused.message.contains("/srv/notes"), "{refused}");

    let name = world.container_name().await;
    world.engine.change_file(&name, ChangeKind::Deleted, "/run/keys/key", None);
    let begun = snapshots.submit(&admin, &id, &image).await.unwrap();
    let made = begun.workspace.unwrap();
    world.until("the image is there", async || world.engine.calls(Op::Commit) == 1).await;
    let made = world.services.workspaces.get(&admin, &made).await.unwrap();
    assert_eq!(made.definition.launch_form.len(), 4, "it asks the same");
}
