//! Stories of launching a workspace that asks something first, through the real router and without a
//! script.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod support;

use domain::{
    SessionId, WorkspaceId, actor::Role, commands::CommandsForm, session::State,
    workspace::WorkspaceForm,
};
use support::{
    http::{Answer, get, post},
    until,
    world::{Person, World},
};

const FORM: &str = "Project\n to: PROJECT\n required\n\nSize\n options: small, large\n to: SIZE\n\nFast\n kind: yes/no\n default: yes\n to: FAST\n\nKey\n kind: secret\n required\n to: /run/keys/my.key";
const SECRET: &str = "open-sesame";

async fn asking(world: &World, admin: &Person) -> WorkspaceId {
    let form = WorkspaceForm { launch_form: FORM.into(), ..world.form() };
    world.workspace_from(admin, &form).await
}

/// Posts the form of the launch page as a browser without a script does.
async fn posted(world: &World, person: &Person, page: &str, fields: &[(&str, &str)]) -> Answer {
    let back = format!("{}{page}", world.origin);
    let ask = post("/fn/launch").form(fields).for_page().with("cookie", &person.cookie);
    world.ask(ask.with("referer", &back).with("origin", &world.origin)).await
}

/// The page that a refused post leads back to.
async fn led_back(world: &World, person: &Person, answer: &Answer) -> String {
    assert_eq!(answer.status, 302, "{}", answer.text());
    let location = answer.header("location");
    assert!(!location.contains(SECRET), "{location}");
    let path = location.strip_prefix(&world.origin).unwrap_or(location);
    assert!(path.starts_with("/launch/"), "{path}");
    let shown = world.ask(get(path).for_page().with("cookie", &person.cookie)).await;
    assert_eq!(shown.status, 200, "{path}");
    assert!(!shown.text().contains(SECRET), "a secret is never sent back");
    shown.text()
}

fn session_of(answer: &Answer) -> SessionId {
    assert_eq!(answer.status, 302, "{}", answer.text());
    let location = answer.header("location");
    let id = location.strip_prefix("/sessions/").and_then(|rest| rest.strip_suffix("/view"));
    id.unwrap_or_else(|| panic!("led to {location}")).parse().unwrap()
}

#[tokio::test]
async fn what_is_asked_is_answered_without_a_script_and_nothing_typed_is_lost() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = asking(&world, &admin).await;
    let page = format!("/launch/{workspace}");
    let launcher = world.page(&ada, "/").await.text();
    assert!(launcher.contains(&format!("href=\"{page}\"")), "the tile leads to the questions");

    let first = world.page(&ada, &page).await.text();
    for part in ["What this workspace asks", "name=\"answers[PROJECT]\"", "type=\"password\""] {
        assert!(first.contains(part), "{part} is missing: {first}");
    }
    assert!(first.contains(" checked"), "yes is the default: {first}");

    let id = workspace.to_string();
    let fields = |project: &'static str| {
        [
            ("workspace", id.clone()),
            ("answers[PROJECT]", project.to_owned()),
            ("answers[SIZE]", "large".to_owned()),
            ("secrets[/run/keys/my.key]", SECRET.to_owned()),
        ]
    };
    let post = async |project: &'static str| {
        let fields = fields(project);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        posted(&world, &ada, &page, &fields).await
    };
    let refused = led_back(&world, &ada, &post(" ").await).await;
    for part in ["“Project” is needed.", "value=\"large\" selected", "aria-invalid=\"true\""] {
        assert!(refused.contains(part), "{part} is missing: {refused}");
    }
    assert!(!refused.contains(" checked"), "the tick was taken away: {refused}");
    assert!(world.store.sessions_of(&ada.actor.user).await.unwrap().is_empty());

    let session = session_of(&post("demo").await);
    world.reaches(&ada, &session, State::Running).await;
    let installation = world.store.meta("installation").await.unwrap().unwrap();
    let name = format!("slipway-{installation}-{session}");
    let environment = world.engine.spec(&name).unwrap().environment;
    let all: Vec<(&str, &str)> =
        environment.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(all, [("PROJECT", "demo"), ("SIZE", "large"), ("FAST", "no")]);
    assert_eq!(world.engine.file(&name, "/run/keys/my.key").as_deref(), Some(SECRET));

    let detail = world.page(&ada, &format!("/sessions/{session}")).await.text();
    for part in ["Answers at launch", "demo", "given, and not shown"] {
        assert!(detail.contains(part), "{part} is missing: {detail}");
    }
    let auditor = world.person("eve", Role::Auditor).await;
    let seen = world.page(&auditor, &format!("/sessions/{session}")).await.text();
    assert!(seen.contains("Answers at launch") && !seen.contains(">demo<"), "{seen}");
    for page in [detail, seen, world.page(&admin, "/audit").await.text()] {
        assert!(!page.contains(SECRET));
    }
}

#[tokio::test]
async fn a_missing_answer_is_refused_at_its_field_for_scripts_too() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = asking(&world, &admin).await;
    let arguments = [("workspace", workspace.as_str()), ("answers[SIZE]", "huge")];
    let refused = world.call(&ada, "launch", &arguments).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    let fields = refused.json()["fields"].to_string();
    for field in ["answers[PROJECT]", "answers[SIZE]", "secrets[/run/keys/my.key]"] {
        assert!(fields.contains(field), "{field} is missing: {fields}");
    }
}

#[tokio::test]
async fn a_test_launch_asks_too_and_is_for_those_who_look_after_workspaces() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let workspace = asking(&world, &admin).await;
    let ask = post("/fn/test_launch").form(&[("id", workspace.as_str())]).for_page();
    let ask = ask.with("cookie", &admin.cookie).with("origin", &world.origin);
    let answer = world.ask(ask).await;
    let page = format!("/launch/{workspace}?test=on");
    assert_eq!((answer.status, answer.header("location")), (302, page.as_str()));
    let shown = world.page(&admin, &page).await.text();
    assert!(shown.contains("Test Desktop") && shown.contains("name=\"test\""), "{shown}");
    assert_eq!(world.page(&ada, &page).await.status, 403);
    let fields = [
        ("workspace", workspace.as_str()),
        ("test", "on"),
        ("answers[PROJECT]", "demo"),
        ("secrets[/run/keys/my.key]", SECRET),
    ];
    assert_eq!(world.call(&ada, "launch", &fields).await.status, 403);
    let session = session_of(&posted(&world, &admin, &page, &fields).await);
    world.reaches(&admin, &session, State::Running).await;
}

#[tokio::test]
async fn the_definition_is_written_without_a_script_and_bad_lines_are_told() {
    let world = World::new().await;
    let admin = world.admin().await;
    let back = format!("{}/workspaces/new", world.origin);
    let save = async |fields: &str| {
        let form = [
            ("form[name]", "Asking"),
            ("form[image]", "example/desktop:1"),
            ("form[launch_form]", fields),
            ("form[at_start]", "echo hello"),
            ("form[command_patience]", "7"),
        ];
        let ask = post("/fn/save_workspace").form(&form).for_page().with("cookie", &admin.cookie);
        world.ask(ask.with("referer", &back).with("origin", &world.origin)).await
    };
    let refused = save("Project\r\n to: PROJECT\r\n kind: number").await;
    let location = refused.header("location");
    let path = location.strip_prefix(&world.origin).unwrap_or(location);
    let shown = world.page(&admin, path).await.text();
    for part in ["Line 3: `number` is no kind", " kind: number", "echo hello", "value=\"7\""] {
        assert!(shown.contains(part), "{part} is missing: {shown}");
    }
    let saved = save("Project\r\n to: PROJECT").await;
    let location = saved.header("location").to_owned();
    assert!(location.ends_with("?done=saved"), "{location}");
    let shown = world.page(&admin, &location).await.text();
    for part in ["to: PROJECT", "echo hello", "value=\"7\""] {
        assert!(shown.contains(part), "{part} is missing: {shown}");
    }
}

#[tokio::test]
async fn opening_the_page_of_a_session_runs_its_command_once() {
    let world = World::new().await;
    let admin = world.admin().await;
    let commands = CommandsForm { on_open: "echo opened".into(), ..CommandsForm::default() };
    let workspace = world.workspace_from(&admin, &WorkspaceForm { commands, ..world.form() }).await;
    let session = world.running(&admin, &workspace).await;
    let view = format!("/sessions/{session}/view");
    let ran = async || world.engine.calls(engine::memory::Op::Run);
    for times in 1..=2 {
        assert_eq!(world.page(&admin, &view).await.status, 200);
        until("it is run", async || ran().await == times).await;
        let done = async || world.store.opened_at(&session).await.unwrap().is_none();
        until("that is noted", done).await;
        world.clock.advance_secs(1);
    }
    // What the workspace itself loads is no opening.
    let window = world.window(&admin, &session).await;
    until("it is run for the window", async || ran().await == 3).await;
    let done = async || world.store.opened_at(&session).await.unwrap().is_none();
    until("that is noted too", done).await;
    for _ in 0..3 {
        assert_eq!(window.get("/").await.status, 200);
    }
    assert_eq!(ran().await, 3);
    assert_eq!(world.store.opened_at(&session).await.unwrap(), None);
}
