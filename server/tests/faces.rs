//! Stories of the console's own face: who may call what, what foreign pages can do (nothing), and
//! what every answer says about itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod support;

use domain::{
    SessionId, WorkspaceId,
    actor::{Permission, Role},
    icon::{self, Icon},
    session::State,
    workspace::WorkspaceForm,
};
use http_body_util::BodyExt as _;
use leptos::server_fn::axum::server_fn_paths;
use services::{Services, clock::Clock as _};
use std::{collections::BTreeSet, net::IpAddr, path::Path, sync::Arc, time::Duration};
use support::{
    http::{Answer, Ask, get, post},
    within,
    world::{PASSWORD, Person, World},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Who may call something.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    /// Everybody, and this is what nobody in particular gets.
    Anybody(u16),
    SignedIn,
    /// Those with a permission that plain users lack; which, says [`needed`].
    Administrators,
}

use Who::{Administrators, Anybody, SignedIn};

/// Arguments of a server function; `{workspace}` and `{session}` stand for those of the story.
enum Arguments {
    Form(&'static [(&'static str, &'static str)]),
    Json(&'static str),
}

use Arguments::{Form, Json};

const LIST: &str = r#"{"query":{"search":"","sort":"","descending":false,"state":"","filter":"","page":1,"per_page":25}}"#;

/// An identifier of no session; a query cannot be filled in.
const FILES: &str = r#"{"id":"0123456789","query":{"search":"","sort":"","descending":false,"state":"","filter":"","page":1,"per_page":25}}"#;

/// Every server function with what it takes to be called, and who may. A function that is missing
/// here fails `every_function_is_in_the_table`.
const FUNCTIONS: &[(&str, Who, Arguments)] = &[
    ("sign_in", Anybody(401), Form(&[("name", "nobody"), ("password", "wrong")])),
    ("confirm_sign_in", Anybody(401), Form(&[("code", "000000")])),
    ("who_is_it", Anybody(200), Form(&[])),
    ("set_theme", Anybody(200), Form(&[("theme", "dark")])),
    ("show_setup", Anybody(409), Form(&[("token", "guess")])),
    (
        "finish_setup",
        Anybody(409),
        Form(&[("token", "guess"), ("name", "eve"), ("password", PASSWORD), ("again", PASSWORD)]),
    ),
    ("sign_out", Anybody(200), Form(&[])),
    ("list_sign_ins", SignedIn, Form(&[])),
    ("change_password", SignedIn, Form(&[("current", "x"), ("new", "y"), ("again", "z")])),
    ("show_second_factor", SignedIn, Form(&[])),
    ("begin_second_factor", SignedIn, Form(&[("password", "x")])),
    ("confirm_second_factor", SignedIn, Form(&[("code", "000000")])),
    ("new_recovery_codes", SignedIn, Form(&[("password", "x")])),
    ("turn_off_second_factor", SignedIn, Form(&[("password", "x")])),
    ("revoke_sign_in", SignedIn, Form(&[("id", "0")])),
    ("revoke_other_sign_ins", SignedIn, Form(&[])),
    ("show_launcher", SignedIn, Form(&[("search", ""), ("category", "")])),
    ("launch", SignedIn, Form(&[("workspace", "{workspace}")])),
    ("show_launch_options", SignedIn, Form(&[("workspace", "{workspace}")])),
    ("set_favourite", SignedIn, Form(&[("workspace", "{workspace}"), ("favourite", "on")])),
    ("show_session", SignedIn, Form(&[("id", "{session}")])),
    ("show_session_log", SignedIn, Form(&[("id", "{session}")])),
    ("show_session_usage", SignedIn, Form(&[("id", "{session}"), ("since", "0")])),
    ("show_session_processes", SignedIn, Form(&[("id", "{session}")])),
    ("show_session_files", SignedIn, Json(FILES)),
    ("open_stream", SignedIn, Form(&[("id", "{session}")])),
    ("extend_session", SignedIn, Form(&[("id", "{session}")])),
    ("show_settings", Administrators, Form(&[])),
    (
        "save_settings",
        Administrators,
        Form(&[("form[sessions_per_user]", "5"), ("form[free_disk]", "1 GiB")]),
    ),
    ("act_on_session", SignedIn, Form(&[("id", "{session}"), ("action", "start")])),
    ("act_on_session", Administrators, Form(&[("id", "{session}"), ("action", "force_remove")])),
    ("act_on_sessions", Administrators, Form(&[("ids[0]", "{session}"), ("action", "start")])),
    ("recent_jobs", SignedIn, Form(&[])),
    ("show_job", SignedIn, Form(&[("id", "0")])),
    ("cancel_job", SignedIn, Form(&[("id", "0")])),
    ("retry_job", SignedIn, Form(&[("id", "0")])),
    ("list_jobs", Administrators, Json(LIST)),
    ("snapshots_of_session", SignedIn, Form(&[("id", "{session}")])),
    ("lineage_of_image", Administrators, Form(&[("image", "x:1")])),
    ("replace_image", Administrators, Form(&[("image", "x:1")])),
    ("show_snapshot", Administrators, Form(&[("id", "{session}")])),
    (
        "keep_snapshot",
        Administrators,
        Form(&[("id", "{session}"), ("step", "image"), ("form[image]", "x:1")]),
    ),
    (
        "test_push",
        Administrators,
        Form(&[("id", "{session}"), ("form[target]", "other"), ("form[registry]", "localhost:1")]),
    ),
    ("list_registries", Administrators, Form(&[])),
    ("show_registry", Administrators, Form(&[("id", "0")])),
    ("save_registry", Administrators, Form(&[("form[name]", "R"), ("form[url]", "localhost:1")])),
    ("test_registry", Administrators, Form(&[("form[url]", "localhost:1")])),
    ("list_groups", Administrators, Json(LIST)),
    ("group_names", Administrators, Form(&[])),
    ("show_group", Administrators, Form(&[])),
    ("save_group", Administrators, Form(&[("form[name]", "Team"), ("form[priority]", "10")])),
    ("weigh_group", Administrators, Form(&[("id", "everybody")])),
    ("delete_group", Administrators, Form(&[("id", "0")])),
    ("effective_settings", SignedIn, Form(&[])),
    ("look_at_import", Administrators, Form(&[("text", "{}")])),
    ("import_registries", Administrators, Form(&[("text", "{}")])),
    ("list_images", Administrators, Json(LIST)),
    ("show_image", Administrators, Form(&[("image", "x:1")])),
    ("pull_reference", Administrators, Form(&[("image", "x:1")])),
    ("tag_image", Administrators, Form(&[("image", "x:1"), ("name", "y:1")])),
    ("weigh_image", Administrators, Form(&[("image", "x:1")])),
    ("remove_image", Administrators, Form(&[("image", "x:1")])),
    ("act_on_images", Administrators, Form(&[("ids[0]", "x:1"), ("action", "pull")])),
    ("show_disk", Administrators, Form(&[])),
    ("prune_images", Administrators, Form(&[("mode", "dangling")])),
    ("weigh_registry", Administrators, Form(&[("id", "0")])),
    ("delete_registry", Administrators, Form(&[("id", "0")])),
    ("submit_snapshot", Administrators, Form(&[("id", "{session}"), ("image", "x:1")])),
    ("discard_snapshot", Administrators, Form(&[("id", "{session}")])),
    ("list_sessions", Administrators, Json(LIST)),
    ("list_workspaces", Administrators, Json(LIST)),
    ("check_engine", Administrators, Form(&[])),
    ("show_workspace", Administrators, Form(&[("id", "{workspace}")])),
    ("offered_registries", Administrators, Form(&[])),
    ("offered_confinement", Administrators, Form(&[])),
    ("save_workspace", Administrators, Form(&[("form[name]", "New"), ("form[image]", "x:1")])),
    ("duplicate_workspace", Administrators, Form(&[("id", "{workspace}")])),
    ("set_workspace_enabled", Administrators, Form(&[("id", "{workspace}"), ("enabled", "on")])),
    ("weigh_deletion", Administrators, Form(&[("id", "{workspace}")])),
    ("open_definitions", Administrators, Form(&[])),
    ("look_at_definitions", Administrators, Form(&[("text", "version: 1\nworkspaces: []")])),
    ("import_definitions", Administrators, Form(&[("text", "version: 1\nworkspaces: []")])),
    ("open_catalog", Administrators, Form(&[])),
    ("show_catalog", Administrators, Form(&[("url", "http://127.0.0.1:1")])),
    (
        "look_at_catalog",
        Administrators,
        Form(&[("url", "http://127.0.0.1:1"), ("pick[0]", "Desktop")]),
    ),
    (
        "import_catalog",
        Administrators,
        Form(&[("text", "version: 1\nworkspaces: []"), ("seen", "0")]),
    ),
    ("pull_image", Administrators, Form(&[("id", "{workspace}")])),
    ("show_workspace_image", Administrators, Form(&[("id", "{workspace}")])),
    ("roll_back_workspace", Administrators, Form(&[("id", "{workspace}"), ("number", "1")])),
    ("unpin_workspace", Administrators, Form(&[("id", "{workspace}")])),
    ("show_trial", Administrators, Form(&[("id", "{workspace}")])),
    ("begin_trial", Administrators, Form(&[("id", "{workspace}"), ("form[image]", "x:2")])),
    ("promote_trial", Administrators, Form(&[("id", "{workspace}")])),
    ("end_trial", Administrators, Form(&[("id", "{workspace}")])),
    ("asked_of_trial", SignedIn, Form(&[("id", "{workspace}")])),
    ("give_verdict", SignedIn, Form(&[("id", "{workspace}"), ("form[works]", "yes")])),
    ("show_hook", Administrators, Form(&[("of", "workspace"), ("id", "{workspace}")])),
    ("make_hook_secret", Administrators, Form(&[("of", "workspace"), ("id", "{workspace}")])),
    ("remove_hook", Administrators, Form(&[("of", "workspace"), ("id", "{workspace}")])),
    ("test_launch", Administrators, Form(&[("id", "{workspace}")])),
    ("delete_workspace", Administrators, Form(&[("id", "{workspace}")])),
    ("list_users", Administrators, Json(LIST)),
    ("show_user", Administrators, Form(&[("id", "0")])),
    (
        "create_user",
        Administrators,
        Form(&[("name", "new"), ("role", "user"), ("password", PASSWORD), ("again", PASSWORD)]),
    ),
    ("invite_user", Administrators, Form(&[("name", "newer"), ("role", "user")])),
    ("link_user", Administrators, Form(&[("id", "0")])),
    ("withdraw_user_link", Administrators, Form(&[("id", "0")])),
    ("set_user_role", Administrators, Form(&[("id", "0"), ("role", "user")])),
    ("set_user_enabled", Administrators, Form(&[("id", "0")])),
    ("end_user_sign_ins", Administrators, Form(&[("id", "0")])),
    ("reset_user_second_factor", Administrators, Form(&[("id", "0")])),
    ("weigh_user", Administrators, Form(&[("id", "0")])),
    ("delete_user", Administrators, Form(&[("id", "0")])),
    ("list_audit", Administrators, Json(LIST)),
    ("show_invitation", Anybody(404), Form(&[("token", "guess")])),
    (
        "accept_invitation",
        Anybody(404),
        Form(&[("token", "guess"), ("password", PASSWORD), ("again", PASSWORD)]),
    ),
];

/// What answers 401 to a wrong password or code, whoever asks.
const SIGNING_IN: &[&str] = &["sign_in", "confirm_sign_in"];

/// What somebody may call and ask for who must have a second factor and has none, of all that takes a
/// sign-in.
const TO_SET_UP: &[&str] =
    &["show_second_factor", "begin_second_factor", "confirm_second_factor", "/second-factor"];

/// Every other route of the console, and who may ask for it. One that is missing here fails
/// `every_route_is_in_the_table`.
const ROUTES: &[(&str, &str, Who)] = &[
    ("GET", "/login", Anybody(200)),
    ("GET", "/login/code", Anybody(200)),
    ("GET", "/setup", Anybody(409)),
    ("GET", "/healthz", Anybody(200)),
    ("GET", "/readyz", Anybody(200)),
    ("GET", "/pkg/{hash}/{file}", Anybody(404)),
    // It has a secret of its own.
    ("POST", "/hooks/{id}", Anybody(401)),
    ("GET", "/", SignedIn),
    ("GET", "/account", SignedIn),
    ("GET", "/second-factor", SignedIn),
    ("GET", "/launch/{id}", SignedIn),
    ("GET", "/trials/{id}", SignedIn),
    ("GET", "/events", SignedIn),
    ("GET", "/icons/{id}", SignedIn),
    ("GET", "/sessions/{id}", SignedIn),
    ("GET", "/sessions/{id}/view", SignedIn),
    ("GET", "/sessions/{id}/log", SignedIn),
    ("GET", "/sessions/{id}/log/follow", SignedIn),
    ("GET", "/sessions/{id}/log/download", SignedIn),
    ("GET", "/sessions/{id}/processes", SignedIn),
    ("GET", "/sessions/{id}/files", SignedIn),
    ("GET", "/jobs/{id}", SignedIn),
    ("GET", "/jobs", Administrators),
    ("GET", "/sessions/{id}/image", Administrators),
    ("GET", "/settings", Administrators),
    ("GET", "/sessions/{id}/terminal", Administrators),
    ("GET", "/sessions/{id}/terminal/socket", Administrators),
    ("GET", "/sessions", Administrators),
    ("GET", "/images", Administrators),
    ("GET", "/images/show", Administrators),
    ("GET", "/images/disk", Administrators),
    ("GET", "/registries", Administrators),
    ("GET", "/registries/new", Administrators),
    ("GET", "/registries/import", Administrators),
    ("GET", "/registries/{id}", Administrators),
    ("GET", "/groups", Administrators),
    ("GET", "/groups/new", Administrators),
    ("GET", "/groups/{id}", Administrators),
    ("GET", "/workspaces", Administrators),
    ("GET", "/workspaces/new", Administrators),
    ("GET", "/workspaces/import", Administrators),
    ("GET", "/workspaces/catalog", Administrators),
    ("POST", "/workspaces/import/file", Administrators),
    ("GET", "/workspaces/export", Administrators),
    ("GET", "/workspaces/{id}", Administrators),
    ("GET", "/workspaces/{id}/image", Administrators),
    ("GET", "/workspaces/{id}/trial", Administrators),
    ("POST", "/workspaces/{id}/icon", Administrators),
    ("GET", "/invite", Anybody(404)),
    ("GET", "/users", Administrators),
    ("GET", "/users/new", Administrators),
    ("GET", "/users/{id}", Administrators),
    ("GET", "/audit", Administrators),
    ("GET", "/audit/export", Administrators),
];

/// What a function or a route asks for beyond a sign-in; none where everybody may. Of a function with
/// two lines in the table it is the one that plain users have.
fn needed(what: &str) -> Option<Permission> {
    Some(match what {
        "launch" | "set_favourite" | "show_launch_options" | "/launch/{id}" | "asked_of_trial"
        | "give_verdict" | "/trials/{id}" => {
            Permission::LaunchWorkspaces
        }
        "show_settings" | "save_settings" | "/settings" => Permission::ManageSettings,
        "act_on_sessions" => Permission::SteerAllSessions,
        "list_sessions" | "/sessions" => Permission::SeeAllSessions,
        "list_jobs" | "/jobs" => Permission::SeeAllJobs,
        "show_snapshot"
        | "keep_snapshot"
        | "submit_snapshot"
        | "discard_snapshot"
        | "/sessions/{id}/image" => Permission::CreateImages,
        "list_registries" | "show_registry" | "save_registry" | "test_registry"
        | "weigh_registry" | "delete_registry" | "test_push" | "/registries"
        | "/registries/new" | "/registries/{id}" | "/registries/import" | "look_at_import"
        | "import_registries" => Permission::ManageRegistries,
        "list_images" | "show_image" | "pull_reference" | "tag_image" | "weigh_image"
        | "remove_image" | "act_on_images" | "show_disk" | "prune_images" | "/images"
        | "/images/show" | "/images/disk" => Permission::ManageImages,
        "list_groups" | "show_group" | "save_group" | "weigh_group" | "delete_group"
        | "/groups" | "/groups/new" | "/groups/{id}" => Permission::ManageGroups,
        "lineage_of_image"
        | "replace_image"
        | "list_workspaces"
        | "show_workspace"
        | "save_workspace"
        | "duplicate_workspace"
        | "set_workspace_enabled"
        | "weigh_deletion"
        | "pull_image"
        | "test_launch"
        | "delete_workspace"
        | "group_names"
        | "offered_registries"
        | "offered_confinement"
        | "show_workspace_image"
        | "roll_back_workspace"
        | "unpin_workspace"
        | "show_trial"
        | "begin_trial"
        | "promote_trial"
        | "end_trial"
        | "/workspaces/{id}/trial"
        // Of a workspace, as the table asks.
        | "show_hook"
        | "make_hook_secret"
        | "remove_hook"
        | "open_definitions"
        | "look_at_definitions"
        | "import_definitions"
        | "open_catalog"
        | "show_catalog"
        | "look_at_catalog"
        | "import_catalog"
        | "/workspaces/catalog"
        | "/workspaces/import"
        | "/workspaces/import/file"
        | "/workspaces/export"
        | "/workspaces/{id}/image"
        | "/workspaces"
        | "/workspaces/new"
        | "/workspaces/{id}"
        | "/workspaces/{id}/icon" => Permission::ManageWorkspaces,
        "check_engine" => Permission::InspectEngine,
        "/sessions/{id}/terminal" | "/sessions/{id}/terminal/socket" => Permission::OpenTerminals,
        "list_users" | "show_user" | "/users" | "/users/{id}" => Permission::SeeUsers,
        "create_user" | "invite_user" | "link_user" | "withdraw_user_link" | "set_user_role"
        | "set_user_enabled" | "end_user_sign_ins" | "reset_user_second_factor" | "weigh_user"
        | "delete_user"
        | "/users/new" => Permission::ManageUsers,
        "list_audit" | "/audit" | "/audit/export" => Permission::SeeAudit,
        _ => return None,
    })
}

/// What looks into the story's session, which is somebody else's, or steers it.
const INTO_THE_SESSION: &[&str] = &[
    "show_session_log",
    "show_session_processes",
    "open_stream",
    "extend_session",
    "act_on_session",
    "/sessions/{id}/view",
    "/sessions/{id}/log",
    "/sessions/{id}/log/follow",
    "/sessions/{id}/log/download",
    "/sessions/{id}/processes",
    "/sessions/{id}/files",
];

/// What somebody of a role gets who asks: a refusal, or what is 0 here, no refusal.
fn answered(role: Role, what: &str, who: Who) -> u16 {
    if who == SignedIn && INTO_THE_SESSION.contains(&what) {
        return match (
            role.permits(Permission::SteerAllSessions),
            role.permits(Permission::SeeAllSessions),
        ) {
            (true, _) => 0,
            (false, true) => 403,
            (false, false) => 404,
        };
    }
    let needed = match what {
        // The line for administrators is the one about force removal.
        "act_on_session" => Some(Permission::ForceRemoveSessions),
        what => needed(what),
    };
    assert!(who != Administrators || needed.is_some(), "{what}: say which permission it needs");
    if needed.is_some_and(|needed| !role.permits(needed)) { 403 } else { 0 }
}

/// Two people, a workspace, and a session of the one who is no administrator.
struct Cast {
    world: World,
    admin: Person,
    ada: Person,
    workspace: WorkspaceId,
    session: SessionId,
}

impl Cast {
    async fn new() -> Self {
        let world = World::new().await;
        let admin = world.admin().await;
        let ada = world.user().await;
        let workspace = world.workspace(&admin).await;
        let session = world.running(&ada, &workspace).await;
        Self { world, admin, ada, workspace, session }
    }

    fn call(&self, name: &str, arguments: &Arguments) -> Ask {
        let ask = post(&format!("/fn/{name}"));
        match arguments {
            Json(text) => ask.json(text),
            Form(pairs) => {
                let filled: Vec<(&str, String)> =
                    pairs.iter().map(|(name, value)| (*name, self.fill(value))).collect();
                let filled: Vec<(&str, &str)> =
                    filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
                ask.form(&filled)
            }
        }
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{workspace}", self.workspace.as_str())
            .replace("{session}", self.session.as_str())
    }

    /// A route with its parameters.
    fn at(&self, method: &str, path: &str) -> Ask {
        let id = if path.starts_with("/sessions") { "{session}" } else { "{workspace}" };
        let path = self.fill(&path.replace("{id}", id));
        let path = path.replace("{hash}", "0").replace("{file}", "app.js");
        if method == "POST" { picture(post(&path), b"\x89PNG\r\n\x1a\n") } else { get(&path) }
    }

    async fn state(&self) -> State {
        let detail = self.world.services.sessions.detail(&self.admin.actor, &self.session).await;
        detail.unwrap().session.state()
    }
}

/// A form with a picture in it.
fn picture(ask: Ask, bytes: &[u8]) -> Ask {
    let mut body =
        b"--edge\r\nContent-Disposition: form-data; name=\"icon\"; filename=\"i\"\r\n\r\n".to_vec();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    ask.with("content-type", "multipart/form-data; boundary=edge").body(body)
}

/// The head of an answer, also of one that never ends.
async fn status(ask: Ask, world: &World) -> (u16, String) {
    let host = world.origin.split("://").nth(1).unwrap();
    let answer = ask.with("host", host).open(world.console).await;
    let location = answer.headers().get("location").and_then(|v| v.to_str().ok()).unwrap_or("");
    (answer.status().as_u16(), location.to_owned())
}

#[tokio::test]
async fn every_function_is_in_the_table() {
    let _world = World::new().await;
    let registered: BTreeSet<&str> =
        server_fn_paths().map(|(path, _)| path.strip_prefix("/fn/").unwrap()).collect();
    let known: BTreeSet<&str> = FUNCTIONS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(registered, known);
    assert!(server_fn_paths().all(|(_, method)| method == "POST"), "reads must not be links");
}

#[tokio::test]
async fn every_route_is_in_the_table() {
    let world = World::with(&[("metrics", "off")]).await;
    let router =
        server::faces::web::router(&world.config, world.services.clone(), world.stopping())
            .unwrap();
    // Axum has no list of its routes, but shows one to those who debug.
    let text = format!("{router:?}");
    let mut registered: BTreeSet<&str> = text
        .split('"')
        .filter(|part| part.starts_with('/') && !part.contains("__private"))
        .collect();
    registered.retain(|path| !path.starts_with("/fn/"));
    let files: BTreeSet<String> =
        server::faces::assets::public_files().iter().map(|file| format!("/{file}")).collect();
    registered.retain(|path| !files.contains(*path));
    let known: BTreeSet<&str> = ROUTES.iter().map(|(_, path, _)| *path).collect();
    assert_eq!(registered, known);
}

#[tokio::test]
async fn nobody_is_let_in_but_where_the_table_says() {
    let cast = Cast::new().await;
    for (name, who, arguments) in FUNCTIONS {
        let answer = cast.world.ask(cast.call(name, arguments)).await;
        match who {
            Anybody(status) => {
                assert_eq!(answer.status, *status, "{name}: {}", answer.text());
                assert!(!answer.text().contains("You are not signed in"), "{name}");
            }
            SignedIn | Administrators => {
                assert_eq!(answer.status, 401, "{name}: {}", answer.text());
                assert_eq!(answer.json()["kind"], "unauthenticated", "{name}");
            }
        }
    }
    for (method, path, who) in ROUTES {
        let (plain, _) = status(cast.at(method, path), &cast.world).await;
        let (as_page, location) = status(cast.at(method, path).for_page(), &cast.world).await;
        match who {
            Anybody(status) => assert_eq!(plain, *status, "{path}"),
            SignedIn | Administrators => {
                assert_eq!(plain, 401, "{path}");
                assert_eq!(as_page, 303, "{path} as a page");
                assert!(location.starts_with("/login"), "{path} leads to {location}");
            }
        }
    }
    assert_eq!(cast.state().await, State::Running);
}

#[tokio::test]
async fn users_may_call_what_the_table_says_and_nothing_else() {
    let cast = Cast::new().await;
    for (name, who, arguments) in FUNCTIONS {
        // Some of them end the sign-in they are called with.
        let ada = cast.world.again("ada").await;
        let ask = cast.call(name, arguments).with("cookie", &ada.cookie);
        let answer = cast.world.ask(ask).await;
        if *who == Administrators {
            assert_eq!(answer.status, 403, "{name}: {}", answer.text());
            assert_eq!(answer.json()["kind"], "forbidden", "{name}");
        } else if !SIGNING_IN.contains(name) {
            assert!(!matches!(answer.status, 401 | 403 | 500..), "{name}: {}", answer.text());
        }
    }
    let ada = cast.world.again("ada").await;
    for (method, path, who) in ROUTES {
        for ask in [cast.at(method, path), cast.at(method, path).for_page()] {
            let (status, _) = status(ask.with("cookie", &ada.cookie), &cast.world).await;
            if *who == Administrators {
                assert_eq!(status, 403, "{path}");
            } else if *who != Anybody(401) {
                assert!(!matches!(status, 401 | 403 | 500..), "{path}: {status}");
            }
        }
    }
    assert_eq!(cast.state().await, State::Running);
}

#[tokio::test]
async fn administrators_may_call_everything() {
    let cast = Cast::new().await;
    for (method, path, who) in ROUTES {
        let ask = cast.at(method, path).with("cookie", &cast.admin.cookie);
        let (status, _) = status(ask, &cast.world).await;
        let may = *who == Anybody(401) || !matches!(status, 401 | 403 | 500..);
        assert!(may, "{path}: {status}");
    }
    for (name, _, arguments) in FUNCTIONS {
        let admin = cast.world.again("admin").await;
        let answer = cast.world.ask(cast.call(name, arguments).with("cookie", &admin.cookie)).await;
        if !SIGNING_IN.contains(name) {
            assert!(!matches!(answer.status, 401 | 403 | 500..), "{name}: {}", answer.text());
        }
    }
    assert_eq!(cast.state().await, State::Deleted, "force-removed on the way");
}

#[tokio::test]
async fn each_role_may_call_what_its_permissions_say_and_nothing_else() {
    for role in Role::ALL {
        let cast = Cast::new().await;
        let mut person = cast.world.person(role.as_str(), role).await;
        let fits = |expected: u16, status: u16| match expected {
            0 => !matches!(status, 401 | 403 | 500..),
            expected => status == expected,
        };
        for (method, path, who) in ROUTES.iter().filter(|(_, _, who)| !matches!(who, Anybody(_))) {
            let ask = cast.at(method, path).for_page().with("cookie", &person.cookie);
            let (status, _) = status(ask, &cast.world).await;
            let expected = answered(role, path, *who);
            assert!(fits(expected, status), "{role:?} at {path}: {status}, not {expected}");
        }
        for (name, who, arguments) in
            FUNCTIONS.iter().filter(|(name, ..)| !SIGNING_IN.contains(name))
        {
            let ask = cast.call(name, arguments).with("cookie", &person.cookie);
            let answer = cast.world.ask(ask).await;
            let expected = answered(role, name, *who);
            assert!(
                fits(expected, answer.status),
                "{role:?} calls {name}: {}, not {expected}: {}",
                answer.status,
                answer.text()
            );
            if *name == "sign_out" {
                person = cast.world.again(role.as_str()).await;
            }
        }
    }
}

#[tokio::test]
async fn who_owes_a_second_factor_reaches_nothing_but_what_sets_it_up() {
    let cast = Cast::new().await;
    let world = &cast.world;
    let window = world.window(&cast.ada, &cast.session).await;
    assert_eq!(window.get("/").await.status, 200);
    let terminal = format!("/sessions/{}/terminal/socket", cast.session);
    let host = world.origin.split("://").nth(1).unwrap();
    let events = get("/events").with("host", host).with("cookie", &cast.ada.cookie);
    let events = events.open(world.console).await;
    world.require_second_factor(&cast.admin).await;

    let ended = tokio::time::timeout(Duration::from_secs(20), events.into_body().collect()).await;
    assert!(ended.is_ok(), "the stream of changes goes on");
    for person in [&cast.ada, &cast.admin] {
        for (name, who, arguments) in FUNCTIONS {
            let ask = cast.call(name, arguments).with("cookie", &person.cookie);
            match who {
                Anybody(_) => {}
                _ if TO_SET_UP.contains(name) => {
                    let status = world.ask(ask).await.status;
                    assert!(!matches!(status, 401 | 403 | 500..), "{name}: {status}");
                }
                _ => {
                    let answer = world.ask(ask).await;
                    assert_eq!(answer.status, 403, "{name}: {}", answer.text());
                    assert!(answer.text().contains("second factor"), "{name}: {}", answer.text());
                }
            }
        }
        for (method, path, _) in ROUTES.iter().filter(|(_, _, who)| !matches!(who, Anybody(_))) {
            let ask = |ask: Ask| ask.with("cookie", &person.cookie);
            let (plain, _) = status(ask(cast.at(method, path)), world).await;
            let (page, location) = status(ask(cast.at(method, path).for_page()), world).await;
            match (TO_SET_UP.contains(path), *method) {
                (true, _) => assert_eq!((plain, page), (200, 200), "{path}"),
                (false, "GET") => {
                    // Some pages only ask who is there: nobody is.
                    assert!(matches!(plain, 401 | 403) && page == 303, "{path}: {plain}, {page}");
                    assert!(location.starts_with("/second-factor"), "{path} leads to {location}");
                }
                (false, _) => assert_eq!((plain, page), (403, 403), "{path}"),
            }
        }
        let socket = get(&terminal).for_upgrade().with("cookie", &person.cookie);
        let socket = socket.with("origin", &world.origin).with("host", host);
        let refused = socket.upgraded(world.console).await.err().map(|answer| answer.status);
        assert_eq!(refused, Some(403), "the socket of a terminal");
        let viewer = world.ask(post("/fn/who_is_it").with("cookie", &person.cookie)).await;
        assert!(viewer.json()["actor"].is_null(), "{}", viewer.text());
    }
    assert_ne!(window.get("/").await.status, 200, "a window that was open before");
    assert_eq!(cast.state().await, State::Running);

    // Set up, everything is open again.
    world.equip(&cast.ada).await;
    assert_eq!(world.page(&cast.ada, "/").await.status, 200);
    assert_eq!(world.call(&cast.ada, "list_sign_ins", &[]).await.status, 200);
}

#[tokio::test]
async fn another_users_session_is_not_there() {
    let cast = Cast::new().await;
    let eve = cast.world.person("eve", Role::User).await;
    let id = [("id", cast.session.as_str())];
    for name in [
        "show_session",
        "show_session_log",
        "show_session_usage",
        "show_session_processes",
        "open_stream",
    ] {
        let answer = cast.world.call(&eve, name, &id).await;
        assert_eq!(answer.status, 404, "{name}: {}", answer.text());
    }
    for action in ["stop", "pause", "start"] {
        let arguments = [("id", cast.session.as_str()), ("action", action)];
        assert_eq!(
            cast.world.call(&eve, "act_on_session", &arguments).await.status,
            404,
            "{action}"
        );
    }
    // What is not there cannot be deleted, and need not be.
    let arguments = [("id", cast.session.as_str()), ("action", "delete")];
    assert_eq!(cast.world.call(&eve, "act_on_session", &arguments).await.status, 200);
    for path in [
        "/sessions/{session}",
        "/sessions/{session}/view",
        "/sessions/{session}/log",
        "/sessions/{session}/log/follow",
        "/sessions/{session}/log/download",
        "/sessions/{session}/processes",
        "/sessions/{session}/files",
    ] {
        let answer = cast.world.page(&eve, &cast.fill(path)).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text().contains("Desktop"), "{path}");
    }
    assert_eq!(cast.state().await, State::Running);
}

#[tokio::test]
async fn a_foreign_page_changes_nothing() {
    let cast = Cast::new().await;
    let sibling = cast.world.window(&cast.ada, &cast.session).await.origin;
    let from = |name: &'static str, value: &str| (name, value.to_owned());
    let foreign = [
        from("origin", "http://evil.example"),
        from("origin", &sibling),
        from("origin", "null"),
        from("origin", &cast.world.origin.replace("http:", "https:")),
        from("sec-fetch-site", "same-site"),
        from("sec-fetch-site", "cross-site"),
        from("sec-fetch-site", "nonsense"),
    ];
    for (header, value) in &foreign {
        for (name, _, arguments) in FUNCTIONS {
            let ask = cast.call(name, arguments).with("cookie", &cast.admin.cookie);
            let answer = cast.world.ask(ask.with(header, value)).await;
            assert_eq!(answer.status, 403, "{name} with {header}: {value}: {}", answer.text());
            assert!(answer.cookies().is_empty(), "{name} with {header}: {value}");
        }
        let upload = cast.at("POST", "/workspaces/{id}/icon").with("cookie", &cast.admin.cookie);
        assert_eq!(status(upload.with(header, value), &cast.world).await.0, 403, "{value}");
        // Neither header excuses the other.
        let both = cast.call("sign_out", &Form(&[])).with("cookie", &cast.admin.cookie);
        let both = both.with(header, value);
        let both = match *header {
            "origin" => both.with("sec-fetch-site", "same-origin"),
            _ => both.with("origin", &cast.world.origin),
        };
        assert_eq!(cast.world.ask(both).await.status, 403, "{header}: {value}");
    }
    assert_eq!(cast.state().await, State::Running);
    assert!(cast.world.services.workspaces.get(&cast.admin.actor, &cast.workspace).await.is_ok());
    // The console itself may, and so may what is no browser.
    for (header, value) in [
        ("origin", cast.world.origin.as_str()),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
        ("x-nothing", "special"),
    ] {
        let ask = cast.call("show_session", &Form(&[("id", "{session}")]));
        let ask = ask.with("cookie", &cast.ada.cookie).with(header, value);
        assert_eq!(cast.world.ask(ask).await.status, 200, "{header}: {value}");
    }
}

#[tokio::test]
async fn a_link_changes_nothing() {
    let cast = Cast::new().await;
    for (name, _, arguments) in FUNCTIONS {
        let query = match arguments {
            Form(pairs) => pairs
                .iter()
                .map(|(name, value)| format!("{name}={}", domain::list::encode(&cast.fill(value))))
                .collect::<Vec<_>>()
                .join("&"),
            Json(_) => String::new(),
        };
        for page in [false, true] {
            let ask = get(&format!("/fn/{name}?{query}")).with("cookie", &cast.admin.cookie);
            let ask = if page { ask.for_page() } else { ask };
            let answer = cast.world.ask(ask).await;
            assert!(matches!(answer.status, 404 | 405), "{name}: {}", answer.status);
            assert!(answer.cookies().is_empty(), "{name}");
        }
    }
    let delete = format!("/fn/act_on_session?id={}&action=delete", cast.session);
    assert!(matches!(cast.world.page(&cast.ada, &delete).await.status, 404 | 405));
    assert_eq!(cast.state().await, State::Running);
    let signed_in = cast.world.call(&cast.admin, "list_sign_ins", &[]).await;
    assert_eq!(signed_in.status, 200);
}

#[tokio::test]
async fn a_sign_in_cookie_that_comes_twice_is_refused() {
    let cast = Cast::new().await;
    let eve = cast.world.person("eve", Role::User).await;
    for (why, cookies) in [
        ("planted behind", vec![format!("{}; slipway=planted", cast.ada.cookie)]),
        ("planted before", vec![format!("slipway=planted; {}", cast.ada.cookie)]),
        ("in two headers", vec![cast.ada.cookie.clone(), "slipway=planted".to_owned()]),
        ("of two people", vec![format!("{}; {}", cast.ada.cookie, eve.cookie)]),
        ("the same twice", vec![format!("{0}; {0}", cast.ada.cookie)]),
    ] {
        for ask in [get("/account").for_page(), post("/fn/who_is_it"), get("/events"), get("/")] {
            let ask = cookies.iter().fold(ask, |ask, cookie| ask.with("cookie", cookie));
            let answer = cast.world.ask(ask).await;
            assert_eq!(answer.status, 422, "{why}");
            assert!(answer.text().contains("more than once"), "{why}: {}", answer.text());
        }
    }
}

fn attributes(cookie: &str) -> Vec<String> {
    let mut all: Vec<String> = cookie.split("; ").skip(1).map(str::to_ascii_lowercase).collect();
    all.sort();
    all
}

#[tokio::test]
async fn the_sign_in_cookie_is_out_of_reach_for_scripts() {
    let world = World::new().await;
    world.user().await;
    let answer = world.sign_in("ada").await;
    let [cookie] = answer.cookies()[..] else { panic!("{answer:?}") };
    assert!(cookie.starts_with("slipway="), "{cookie}");
    let all = attributes(cookie);
    for attribute in ["httponly", "samesite=lax", "path=/"] {
        assert!(all.iter().any(|a| a == attribute), "{attribute} is missing: {cookie}");
    }
    assert!(!all.iter().any(|a| a.starts_with("domain")), "{cookie}");

    let url = "https://slipway.test";
    let world = World::with(&[("public_url", url)]).await;
    world.user().await;
    let answer = world.sign_in("ada").await;
    let [cookie] = answer.cookies()[..] else { panic!("{answer:?}") };
    assert!(cookie.starts_with("__Host-slipway="), "{cookie}");
    assert!(attributes(cookie).iter().any(|a| a == "secure"), "{cookie}");
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
}

async fn is_signed_in(world: &World, cookie: &str) -> bool {
    let answer = world.ask(post("/fn/who_is_it").with("cookie", cookie)).await;
    assert_eq!(answer.status, 200);
    !answer.json()["actor"].is_null()
}

#[tokio::test]
async fn signing_in_makes_a_new_cookie_and_signing_out_ends_it() {
    let world = World::new().await;
    let ada = world.user().await;
    world.person("bob", Role::User).await;
    // A cookie that somebody planted before is not the one that is signed in after.
    for planted in [ada.cookie.as_str(), "slipway=AAAAAAAAAAAAAAAAAAAAAA"] {
        let ask = post("/fn/sign_in").form(&[("name", "bob"), ("password", PASSWORD)]);
        let answer = world.ask(ask.with("cookie", planted)).await;
        let fresh = answer.cookie("slipway").unwrap();
        assert_ne!(fresh, planted);
        assert!(is_signed_in(&world, &fresh).await);
        assert!(!is_signed_in(&world, planted).await, "{planted} still counts");
        assert_eq!(
            world
                .call(&Person { cookie: fresh.clone(), ..ada.clone() }, "sign_out", &[])
                .await
                .status,
            200
        );
        assert!(!is_signed_in(&world, &fresh).await);
    }
    let ada = world.again("ada").await;
    let answer = world.call(&ada, "sign_out", &[]).await;
    let [cookie] = answer.cookies()[..] else { panic!("{answer:?}") };
    assert!(cookie.starts_with("slipway=;"), "{cookie}");
    assert!(attributes(cookie).iter().any(|a| a == "max-age=0"), "{cookie}");
    assert!(!is_signed_in(&world, &ada.cookie).await);
}

/// The nonce of a page's policy.
fn nonce(policy: &str) -> &str {
    policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default()
}

fn is_hardened(path: &str, answer: &Answer) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.header(name), value, "{name} of {path}");
    }
}

#[tokio::test]
async fn every_page_forbids_what_it_does_not_need() {
    let cast = Cast::new().await;
    let pages = [
        "/login",
        "/setup",
        "/",
        "/account",
        "/sessions",
        "/sessions/{session}",
        "/sessions/{session}/view",
        "/sessions/0123456789",
        "/workspaces",
        "/workspaces/new",
        "/workspaces/{workspace}",
        "/workspaces/{workspace}/image",
        "/workspaces/0123456789",
        "/users",
        "/users/new",
        "/audit",
        "/invite",
        "/nowhere",
    ];
    let mut nonces = BTreeSet::new();
    for page in pages {
        let answer = cast.world.page(&cast.admin, &cast.fill(page)).await;
        assert!(answer.header("content-type").starts_with("text/html"), "{page}: {answer:?}");
        is_hardened(page, &answer);
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'self'",
            "frame-ancestors 'none'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-src http://localhost:*",
        ] {
            assert!(policy.split("; ").any(|p| p == part), "{page} lacks {part}: {policy}");
        }
        let scripts = policy.split("; ").find(|p| p.starts_with("script-src")).unwrap();
        assert!(
            !scripts.contains("unsafe-inline") && !scripts.contains("'unsafe-eval'"),
            "{policy}"
        );
        assert!(!policy.contains("style-src 'self' 'unsafe"), "{policy}");
        let nonce = nonce(policy);
        assert!(nonce.len() >= 16 && nonces.insert(nonce.to_owned()), "{page} has an old nonce");
        // Every script that the page brings is one that its policy lets run.
        let text = answer.text();
        let scripts: Vec<&str> = text.match_indices("<script").map(|(at, _)| &text[at..]).collect();
        assert!(!scripts.is_empty(), "{page} has no script");
        for script in scripts {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{page}: {tag}");
        }
        for inline in [" style=\"", " onclick=", "javascript:"] {
            assert!(!text.contains(inline), "{page} has {inline}");
        }
    }
    for (name, _, arguments) in FUNCTIONS {
        is_hardened(name, &cast.world.ask(cast.call(name, arguments)).await);
    }
    is_hardened("a redirect", &cast.world.ask(get("/account").for_page()).await);
    is_hardened("a refusal", &cast.world.ask(get("/events")).await);

    let world = World::by_host().await;
    let policy = world.ask(get("/login").for_page()).await;
    let policy = policy.header("content-security-policy");
    assert!(policy.contains("frame-src http://*.sessions.slipway.test;"), "{policy}");
}

#[tokio::test]
async fn the_bundle_may_be_kept_for_ever_under_its_hash() {
    if !Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/pkg/app.js").exists() {
        println!("skipped: there is no client bundle; `cargo xtask bundle` makes it");
        return;
    }
    let world = World::new().await;
    let page = world.ask(get("/login").for_page()).await.text();
    let hash = page.split("/pkg/").nth(1).unwrap().split('/').next().unwrap();
    assert!(hash.len() >= 16, "{hash}");
    let ask = async |path: &str, accepted: &str| {
        world.ask(get(path).with("accept-encoding", accepted)).await
    };
    let mut sizes = Vec::new();
    for (accepted, encoding) in [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("", ""),
        ("br;q=0, gzip;q=0.0", ""),
        ("identity", ""),
    ] {
        let answer = ask(&format!("/pkg/{hash}/app_bg.wasm"), accepted).await;
        assert_eq!(
            (answer.status, answer.header("content-encoding")),
            (200, encoding),
            "{accepted}"
        );
        assert_eq!(answer.header("content-type"), "application/wasm");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(answer.header("vary"), "accept-encoding");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        sizes.push(answer.body.len());
    }
    assert!(sizes[0] < sizes[1] && sizes[1] < sizes[3], "{sizes:?}");
    for (path, kind) in
        [("app.js", "text/javascript; charset=utf-8"), ("app.css", "text/css; charset=utf-8")]
    {
        let answer = ask(&format!("/pkg/{hash}/{path}"), "br").await;
        assert_eq!((answer.status, answer.header("content-type")), (200, kind));
    }
    for path in [
        "/pkg/0000000000000000/app.js".to_owned(),
        format!("/pkg/{hash}/index.html"),
        format!("/pkg/{hash}/app.js.br"),
        format!("/pkg/{hash}/..%2ffavicon.svg"),
        format!("/pkg/{hash}/"),
    ] {
        let answer = ask(&path, "br").await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
    let icon = ask("/favicon.svg", "br").await;
    assert_eq!((icon.status, icon.header("content-type")), (200, "image/svg+xml"));
    assert_eq!(icon.header("cache-control"), "public, max-age=3600");
}

#[tokio::test]
async fn health_is_the_process_and_readiness_the_engine_too() {
    let world = World::new().await;
    let ask = async |path: &str| world.ask(get(path)).await.status;
    assert_eq!((ask("/healthz").await, ask("/readyz").await), (200, 200));
    // Before the engine was seen for the first time, nothing is known of it.
    let unseen = Services::new(
        world.store.clone(),
        Arc::new(world.engine.clone()),
        world.clock.clone(),
        server::assemble::settings(&world.config),
    );
    let problem = unseen.await.unwrap().ready().await.unwrap_err();
    assert!(problem.message.contains("has not reached the engine yet"), "{problem}");

    world.engine.set_down(true);
    let bound = Duration::from_secs(5);
    within(bound, "not ready", async || (ask("/readyz").await == 503).then_some(())).await;
    assert_eq!(ask("/healthz").await, 200);
    world.engine.set_down(false);
    within(bound, "ready again", async || (ask("/readyz").await == 200).then_some(())).await;
}

#[tokio::test]
async fn metrics_are_served_only_when_switched_on() {
    let world = World::new().await;
    assert_eq!(world.ask(get("/metrics")).await.status, 404);
    // The recorder is the process's own, so this is the only story that switches it on.
    let world = World::with(&[("metrics", "on")]).await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let id = world.running(&admin, &workspace).await;
    let window = world.window(&admin, &id).await;
    assert_eq!(window.get("/").await.status, 200);
    let _tunnel = window.stream("/").await.unwrap();
    let text = within(Duration::from_secs(2), "the stream is counted", async || {
        let answer = world.ask(get("/metrics")).await;
        assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
        let text = answer.text();
        text.lines().any(|l| l == "slipway_streams_open 1").then_some(text)
    })
    .await;
    assert!(text.contains("slipway_sessions{state=\"running\"} 1"), "{text}");
    assert!(text.contains("slipway_proxy_requests_total"), "{text}");
    assert!(!text.contains("ada") && !text.contains(id.as_str()), "names people: {text}");
}

#[tokio::test]
async fn what_is_not_there_is_a_404_and_what_makes_no_sense_is_the_callers_fault() {
    let cast = Cast::new().await;
    let call = async |name: &str, arguments: &[(&str, &str)]| {
        cast.world.call(&cast.admin, name, arguments).await
    };
    for (name, arguments) in [
        ("show_session", &[("id", "0123456789")][..]),
        ("act_on_session", &[("id", "0123456789"), ("action", "stop")]),
        ("show_workspace", &[("id", "0123456789")]),
        ("launch", &[("workspace", "0123456789")]),
        ("revoke_sign_in", &[("id", "0123456789")]),
    ] {
        let answer = call(name, arguments).await;
        assert_eq!((answer.status, &answer.json()["kind"]), (404, &"not_found".into()), "{name}");
    }
    for (name, arguments) in [
        ("show_session", &[("id", "not an id!")][..]),
        ("act_on_session", &[("id", cast.session.as_str()), ("action", "explode")]),
        ("set_theme", &[("theme", "pink")]),
        ("save_workspace", &[("form[name]", "")]),
        ("launch", &[]),
    ] {
        let answer = call(name, arguments).await;
        assert!(matches!(answer.status, 400..=499), "{name}: {} {}", answer.status, answer.text());
    }
    let conflict =
        call("act_on_session", &[("id", cast.session.as_str()), ("action", "pause")]).await;
    assert_eq!(conflict.status, 200);
    cast.world.reaches(&cast.admin, &cast.session, State::Paused).await;
    assert_eq!(call("nothing_of_this_name", &[]).await.status, 404);
    for (path, heading) in [
        ("/nowhere", "There is nothing here"),
        ("/fn", "There is nothing here"),
        ("/sessions/0123456789", "no such session"),
        ("/sessions/0123456789/view", "no such session"),
        ("/workspaces/0123456789", "no such workspace"),
        ("/workspaces/0123456789/image", "no such workspace"),
    ] {
        let answer = cast.world.page(&cast.admin, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
        assert!(answer.text().contains(heading), "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn forms_work_without_a_script() {
    let cast = Cast::new().await;
    let back = format!("{}/login?next=%2Faccount", cast.world.origin);
    let sign_in = async |password: &str, next: &str| {
        let form = [("name", "ada"), ("password", password), ("next", next)];
        let ask = post("/fn/sign_in").form(&form).for_page().with("referer", &back);
        cast.world.ask(ask.with("origin", &cast.world.origin)).await
    };
    let good = sign_in(PASSWORD, "/account").await;
    assert_eq!((good.status, good.header("location")), (302, "/account"));
    let away = sign_in(PASSWORD, "//evil.example").await;
    assert_eq!((away.status, away.header("location")), (302, "/"));
    // A refusal leads back to the form, which says why.
    let bad = sign_in("wrong", "/account").await;
    assert_eq!(bad.status, 302, "{}", bad.text());
    let location = bad.header("location");
    assert!(location.contains("/login?next=%2Faccount&"), "{location}");
    let path = location.strip_prefix(&cast.world.origin).unwrap_or(location);
    let form = cast.world.ask(get(path).for_page()).await;
    assert_eq!(form.status, 200);
    assert!(form.text().contains("Name or password is wrong."), "{}", form.text());

    let arguments = [("id", cast.session.as_str()), ("action", "pause"), ("next", "/")];
    let ask = post("/fn/act_on_session").form(&arguments).for_page();
    let done = cast.world.ask(ask.with("cookie", &cast.ada.cookie)).await;
    assert_eq!((done.status, done.header("location")), (302, "/"));
    cast.world.reaches(&cast.ada, &cast.session, State::Paused).await;
}

#[tokio::test]
async fn what_a_stranger_types_into_forms_is_kept_nowhere() {
    let cast = Cast::new().await;
    let origin = &cast.world.origin;
    for (name, _, arguments) in FUNCTIONS {
        let ask = cast.call(name, arguments).for_page().with("origin", origin);
        let answer = cast.world.ask(ask.with("referer", format!("{origin}/login"))).await;
        // Its browser would be told of a record.
        let record = answer.cookie(cast.world.cookie_name());
        assert_eq!(record, None, "{name}: {answer:?}");
    }
    // Whoever is signed in finds it again.
    let of_launch = [("workspace", "none"), ("answers[NAME]", "kept")];
    let ask = post("/fn/launch").form(&of_launch).for_page().with("cookie", &cast.ada.cookie);
    assert_eq!(cast.world.ask(ask).await.status, 302);
    let kept = cast.world.store.sign_in(&cast.ada.actor.sign_in, cast.world.clock.now()).await;
    assert!(kept.unwrap().unwrap().data.contains("kept"));
}

#[tokio::test]
async fn a_registry_is_tested_without_a_script_and_what_was_typed_stays() {
    let cast = Cast::new().await;
    let typed = |name| {
        [
            ("form[name]", name),
            ("form[url]", "http://localhost:1"),
            ("form[insecure]", "on"),
            ("form[username]", "robot"),
            ("password", "secret-violin"),
        ]
    };
    let back = format!("{}/registries/new", cast.world.origin);
    let ask = async |function: &str, name: &'static str| {
        let ask = post(&format!("/fn/{function}")).form(&typed(name)).for_page();
        let ask = ask.with("cookie", &cast.admin.cookie).with("referer", &back);
        cast.world.ask(ask.with("origin", &cast.world.origin)).await
    };
    let tested = ask("test_registry", "Ours").await;
    assert_eq!((tested.status, tested.header("location")), (302, "/registries/new?tested=on"));
    let shown = cast.world.page(&cast.admin, "/registries/new?tested=on").await;
    for part in ["Nothing listens at localhost:1", "value=\"Ours\"", "once more to save"] {
        assert!(shown.text().contains(part), "{part} is missing: {}", shown.text());
    }
    assert!(!shown.text().contains("secret-violin"), "a password is never sent back");
    let again = cast.world.page(&cast.admin, "/registries/new?tested=on").await;
    assert!(!again.text().contains("Nothing listens"), "it was for one page");

    let refused = ask("save_registry", " ").await;
    let location = refused.header("location");
    let path = location.strip_prefix(&cast.world.origin).unwrap_or(location);
    let shown = cast.world.page(&cast.admin, path).await;
    for part in ["Give the registry a name", "value=\"robot\""] {
        assert!(shown.text().contains(part), "{part} is missing: {}", shown.text());
    }
    let saved = ask("save_registry", "Ours").await;
    assert_eq!(saved.header("location"), "/registries?done=saved");
    let list = cast.world.page(&cast.admin, "/registries").await;
    for part in ["http://localhost:1", "robot", "insecure"] {
        assert!(list.text().contains(part), "{part} is missing: {}", list.text());
    }
    assert!(!list.text().contains("secret-violin"));
}

#[tokio::test]
async fn registries_are_imported_without_a_script_and_the_text_is_kept_nowhere() {
    let cast = Cast::new().await;
    let back = format!("{}/registries/import", cast.world.origin);
    let ask = async |function: &str, text: &str| {
        let ask = post(&format!("/fn/{function}")).form(&[("text", text)]).for_page();
        let ask = ask.with("cookie", &cast.admin.cookie).with("referer", &back);
        let answer = cast.world.ask(ask.with("origin", &cast.world.origin)).await;
        assert_eq!(answer.status, 302, "{}", answer.text());
        let location = answer.header("location").to_owned();
        assert!(!location.contains("violin"), "{location}");
        let path = location.strip_prefix(&cast.world.origin).unwrap_or(&location);
        let shown = cast.world.page(&cast.admin, path).await;
        assert_eq!(shown.status, 200, "{path}");
        assert!(!shown.text().contains("violin"), "a password is never sent back");
        shown.text()
    };
    let text = r#"{"auths": {"ghcr.io": {"username": "robot", "password": "secret-violin"}}}"#;
    let refused = ask("look_at_import", &text[..text.len() - 1]).await;
    assert!(refused.contains("ends too early, at line 1"), "{refused}");
    let looked = ask("look_at_import", text).await;
    for part in ["1 registry can be stored", "“ghcr.io”, with user robot", "paste it again"] {
        assert!(looked.contains(part), "{part} is missing: {looked}");
    }
    assert!(looked.contains("<textarea"), "{looked}");
    let imported = ask("import_registries", text).await;
    assert!(imported.contains("1 registry was stored"), "{imported}");
    assert!(!imported.contains("<textarea"), "{imported}");
    let list = cast.world.page(&cast.admin, "/registries").await;
    assert!(list.text().contains("https://ghcr.io"), "{}", list.text());
}

#[tokio::test]
async fn ticks_of_a_group_are_posted_as_a_list_and_survive_a_refusal_without_a_script() {
    let cast = Cast::new().await;
    let back = format!("{}/groups/new", cast.world.origin);
    let ask = async |priority: &str| {
        let form = [
            ("form[name]", "Team"),
            ("form[priority]", priority),
            ("form[members]", "ada"),
            ("form[workspaces][]", cast.workspace.as_str()),
            ("form[workspaces][]", "0123456789"),
            ("form[stop]", "deny"),
        ];
        let ask = post("/fn/save_group").form(&form).for_page();
        let ask = ask.with("cookie", &cast.admin.cookie).with("referer", &back);
        cast.world.ask(ask.with("origin", &cast.world.origin)).await
    };
    let refused = ask("0").await;
    let location = refused.header("location");
    let path = location.strip_prefix(&cast.world.origin).unwrap_or(location);
    let shown = cast.world.page(&cast.admin, path).await;
    for part in ["A priority is a number", "value=\"Team\"", " checked"] {
        assert!(shown.text().contains(part), "{part} is missing: {}", shown.text());
    }
    let saved = ask("10").await;
    assert_eq!(saved.header("location"), "/groups?done=saved", "{}", saved.text());
    let list = cast.world.page(&cast.admin, "/groups").await;
    for part in ["Team", "1 workspace<", "Stop own sessions: not allowed"] {
        assert!(list.text().contains(part), "{part} is missing: {}", list.text());
    }
    let stop = [("id", cast.session.as_str()), ("action", "stop")];
    assert_eq!(cast.world.call(&cast.ada, "act_on_session", &stop).await.status, 403);
}

/// What a pipeline sends after a push.
const PUSHED: &str = r#"{"image":"localhost:1/team/app:1"}"#;

/// A workspace of an image from a registry that is stored.
async fn from_a_registry(cast: &Cast) -> WorkspaceId {
    let registry =
        [("form[name]", "Ours"), ("form[url]", "http://localhost:1"), ("form[insecure]", "on")];
    let saved = cast.world.call(&cast.admin, "save_registry", &registry).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    let form = WorkspaceForm {
        name: "App".into(),
        image: "localhost:1/team/app:1".into(),
        ..cast.world.form()
    };
    cast.world.workspace_from(&cast.admin, &form).await
}

/// As a pipeline calls a webhook; what a browser would add changes nothing.
async fn called(cast: &Cast, ask: Ask) -> Answer {
    let ask = ask.with("origin", "https://ci.example.org").with("sec-fetch-site", "cross-site");
    cast.world.ask(ask).await
}

#[tokio::test]
async fn a_webhook_is_called_from_anywhere_with_its_secret_and_otherwise_in_vain() {
    let cast = Cast::new().await;
    let app = from_a_registry(&cast).await;
    let of = [("of", "workspace"), ("id", app.as_str())];
    let make = async || {
        let made = cast.world.call(&cast.admin, "make_hook_secret", &of).await;
        assert_eq!(made.status, 200, "{}", made.text());
        let made = made.json();
        let path = made["hook"]["url"].as_str().unwrap().strip_prefix(&cast.world.origin);
        (path.unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
    };
    let (path, secret) = make().await;
    let bearer = |secret: &str| post(&path).with("authorization", format!("Bearer {secret}"));

    let ways = [
        bearer(&secret),
        post(&path).with("x-slipway-secret", &secret),
        post(&format!("{path}?secret={secret}")),
    ];
    let mut calls = 0;
    for way in ways {
        let answer = called(&cast, way.body(PUSHED)).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        assert_eq!(answer.json(), serde_json::json!({"recognised": 1, "named": 1}));
        calls += 1;
    }
    let wrong = called(&cast, bearer("guess").body(PUSHED)).await;
    let none = called(&cast, post(&path).body(PUSHED)).await;
    let unknown = post("/hooks/0123456789").with("x-slipway-secret", &secret).body(PUSHED);
    let unknown = called(&cast, unknown).await;
    for answer in [&wrong, &none, &unknown] {
        assert_eq!((answer.status, answer.text()), (401, wrong.text()));
    }
    let all = |size: usize| bearer(&secret).body(vec![b' '; size]);
    assert_eq!(called(&cast, all(services::LARGEST_CALL + 1)).await.status, 413);
    assert_eq!(called(&cast, all(services::LARGEST_CALL)).await.status, 422);
    let unreadable = called(&cast, bearer(&secret).body("{}")).await;
    assert_eq!((unreadable.status, &unreadable.json()["kind"]), (422, &"invalid".into()));
    assert_eq!(called(&cast, get(&path)).await.status, 405);
    calls += 3;

    let again = async || called(&cast, bearer(&secret).body(PUSHED)).await.status;
    while again().await == 202 {
        calls += 1;
    }
    assert_eq!((calls, again().await), (60, 429));
    cast.world.clock.advance_secs(60);
    assert_eq!(again().await, 202);

    let (same, new) = make().await;
    assert_eq!(same, path);
    assert_eq!(again().await, 401);
    assert_eq!(called(&cast, bearer(&new).body(PUSHED)).await.status, 202);
    let removed = cast.world.call(&cast.admin, "remove_hook", &of).await;
    assert_eq!(removed.status, 200, "{}", removed.text());
    assert_eq!(called(&cast, bearer(&new).body(PUSHED)).await.status, 401);
}

#[tokio::test]
async fn a_webhooks_secret_is_shown_once_without_a_script_too() {
    let cast = Cast::new().await;
    let app = from_a_registry(&cast).await;
    let page = format!("/workspaces/{app}");
    let ask = async |function: &str| {
        let of = [("of", "workspace"), ("id", app.as_str())];
        let ask = post(&format!("/fn/{function}")).form(&of).for_page();
        let ask = ask.with("cookie", &cast.admin.cookie);
        let ask = ask.with("referer", format!("{}{page}", cast.world.origin));
        cast.world.ask(ask.with("origin", &cast.world.origin)).await
    };
    let made = ask("make_hook_secret").await;
    let location = format!("{page}?hook=made");
    assert_eq!((made.status, made.header("location")), (302, location.as_str()));
    let shown = cast.world.page(&cast.admin, &location).await.text();
    assert!(shown.contains("shown this once"), "{shown}");
    let secret = shown.split("hook-secret\">").nth(1).unwrap().split('<').next().unwrap();
    let address = shown.split("class=\"from-inside\">").nth(1).unwrap().split('<').next();
    let path = address.unwrap().strip_prefix(&cast.world.origin).unwrap();
    let call = post(path).with("x-slipway-secret", secret).body(PUSHED);
    assert_eq!(called(&cast, call).await.status, 202);
    let again = cast.world.page(&cast.admin, &location).await.text();
    assert!(!again.contains("shown this once") && !again.contains(secret), "{again}");
    assert!(again.contains("The registry was asked"), "{again}");
    let removed = ask("remove_hook").await;
    assert_eq!((removed.status, removed.header("location")), (302, page.as_str()));
}

/// The smallest thing that begins as a PNG does.
fn png(size: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.resize(size, 0);
    bytes
}

#[tokio::test]
async fn an_uploaded_icon_is_a_picture_and_nothing_else() {
    let cast = Cast::new().await;
    let path = cast.fill("/workspaces/{workspace}/icon");
    let upload = async |bytes: &[u8]| {
        cast.world.ask(picture(post(&path), bytes).with("cookie", &cast.admin.cookie)).await
    };
    let icon = async || {
        let workspace =
            cast.world.services.workspaces.get(&cast.admin.actor, &cast.workspace).await;
        workspace.unwrap().definition.icon
    };
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let limit = icon::LARGEST_UPLOAD;
    for (why, bytes) in [
        ("a script in a drawing", svg.to_vec()),
        ("a page", b"<!doctype html><script>alert(1)</script>".to_vec()),
        ("nothing", Vec::new()),
        ("a little too large", png(limit + 1)),
        ("far too large", png(3 << 20)),
    ] {
        let answer = upload(&bytes).await;
        let refused = answer.header("location").contains("icon_problem=") || answer.status == 413;
        assert!(refused, "{why}: {answer:?}");
        assert!(matches!(icon().await, Icon::BuiltIn(_)), "{why} was taken");
    }
    let answer = upload(&png(limit)).await;
    assert_eq!(answer.status, 303);
    assert!(answer.header("location").ends_with("?done=icon"), "{answer:?}");
    let Icon::Uploaded(id) = icon().await else { panic!("was not taken") };
    let shown = cast.world.ask(get(&format!("/icons/{id}")).with("cookie", &cast.ada.cookie)).await;
    assert_eq!((shown.status, shown.header("content-type")), (200, "image/png"));
    assert_eq!(shown.header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    assert_eq!(shown.header("cache-control"), "private, max-age=31536000, immutable");
    assert_eq!(shown.body, png(limit));
}

#[tokio::test]
async fn only_a_trusted_proxy_is_believed() {
    let addresses = async |world: &World| -> BTreeSet<String> {
        let ada = world.again("ada").await;
        let all = world.services.access.sign_ins(&ada.actor).await.unwrap();
        all.into_iter().map(|sign_in| sign_in.address).collect()
    };
    let through_proxy = |ask: Ask| {
        ask.with("x-forwarded-for", "198.51.100.66, 203.0.113.5")
            .with("x-forwarded-proto", "https")
            .with("x-forwarded-host", "console.example.org")
            .with("origin", "https://console.example.org")
    };
    let sign_in = || post("/fn/sign_in").form(&[("name", "ada"), ("password", PASSWORD)]);

    let believing = World::with(&[("trusted_proxies", "127.0.0.1, 10.0.0.1")]).await;
    believing.user().await;
    assert_eq!(believing.ask(through_proxy(sign_in())).await.status, 200);
    assert!(addresses(&believing).await.contains("203.0.113.5"));
    let policy = believing.ask(through_proxy(get("/login").for_page())).await;
    let policy = policy.header("content-security-policy");
    assert!(policy.contains("frame-src https://console.example.org:*"), "{policy}");

    let doubting = World::new().await;
    doubting.user().await;
    assert_eq!(doubting.ask(through_proxy(sign_in())).await.status, 403);
    let alone = sign_in().with("x-forwarded-for", "203.0.113.5");
    assert_eq!(doubting.ask(alone).await.status, 200);
    assert_eq!(addresses(&doubting).await, BTreeSet::from(["127.0.0.1".to_owned()]));
}

#[tokio::test]
async fn guessing_through_a_proxy_locks_out_the_guesser_only() {
    let world = World::with(&[("trusted_proxies", "127.0.0.1")]).await;
    world.user().await;
    let attempt = async |from: &str, password: &str| {
        let address: IpAddr = from.parse().unwrap();
        let form = [("name", "ada"), ("password", password)];
        let ask = post("/fn/sign_in").form(&form).with("x-forwarded-for", address.to_string());
        world.ask(ask).await.status
    };
    for _ in 0..5 {
        assert_eq!(attempt("203.0.113.5", "wrong").await, 401);
    }
    assert_eq!(attempt("203.0.113.5", PASSWORD).await, 429);
    assert_eq!(attempt("203.0.113.6", PASSWORD).await, 200);
}

#[tokio::test]
async fn before_there_is_an_administrator_every_page_leads_to_setup() {
    let world = World::new().await;
    for path in ["/", "/sessions", "/account"] {
        let answer = world.ask(get(path).for_page()).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/setup"));
    }
    let guess = world.ask(post("/fn/show_setup").form(&[("token", "guess")])).await;
    assert_eq!(guess.status, 403);
    let token = world.services.setup.new_token().await.unwrap();
    let form =
        [("token", token.as_str()), ("name", "root"), ("password", PASSWORD), ("again", PASSWORD)];
    let done = world.ask(post("/fn/finish_setup").form(&form)).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(is_signed_in(&world, &done.cookie("slipway").unwrap()).await);
    assert_eq!(world.ask(post("/fn/finish_setup").form(&form)).await.status, 409);
    let answer = world.ask(get("/").for_page()).await;
    assert_eq!(answer.header("location"), "/login");
}

#[tokio::test]
async fn definitions_are_taken_away_and_a_file_comes_back_as_what_it_would_change() {
    let cast = Cast::new().await;
    let cookie = &cast.admin.cookie;
    let ask = async |ask: Ask| cast.world.ask(ask.with("cookie", cookie)).await;
    let file = ask(get("/workspaces/export")).await;
    assert_eq!(file.status, 200);
    assert!(file.text().contains("name: Desktop"), "{}", file.text());
    let one = format!("/workspaces/export?id%5B%5D={}", cast.workspace);
    assert_eq!(ask(get(&one)).await.text(), file.text());
    let none = ask(get("/workspaces/export?q=nothing-is-called-this")).await;
    assert!(none.text().ends_with("workspaces: []\n"), "{}", none.text());
    assert_eq!(ask(get("/workspaces/export?id=nothere")).await.status, 404);

    let upload = |bytes: &[u8]| {
        let body = [
            b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"w\"\r\n\r\n",
            bytes,
            b"\r\n--edge--\r\n",
        ];
        post("/workspaces/import/file")
            .with("content-type", "multipart/form-data; boundary=edge")
            .body(body.concat())
    };
    let text = file.text().replace("name: Desktop", "name: Desktop\n    memory: <b>4");
    let sent = upload(text.as_bytes()).with("cookie", cookie);
    assert_eq!(status(sent, &cast.world).await, (303, "/workspaces/import?read=on".to_owned()));
    let page = ask(get("/workspaces/import?read=on").for_page()).await.text();
    assert!(page.contains("1 workspace has problems"), "{page}");
    assert!(page.contains("memory: &lt;b>4"), "the text is in the field: {page}");
    let page = ask(get("/workspaces/import?read=on").for_page()).await.text();
    assert!(!page.contains("has problems"), "what was left is shown once");

    for bad in [&b"\xff\xfe"[..], &vec![b' '; 300 * 1024]] {
        let (code, to) = status(upload(bad).with("cookie", cookie), &cast.world).await;
        assert_eq!(code, 303);
        assert!(to.starts_with("/workspaces/import?file_problem="), "{to}");
    }
}

#[tokio::test]
async fn definitions_are_imported_without_a_script_after_a_look_at_them() {
    let cast = Cast::new().await;
    let back = format!("{}/workspaces/import", cast.world.origin);
    let ask = async |function: &str, fields: &[(&str, &str)]| {
        let ask = post(&format!("/fn/{function}")).form(fields).for_page();
        let ask = ask.with("cookie", &cast.admin.cookie).with("referer", &back);
        let answer = cast.world.ask(ask.with("origin", &cast.world.origin)).await;
        assert_eq!(answer.status, 302, "{}", answer.text());
        let location = answer.header("location").to_owned();
        let path = location.strip_prefix(&cast.world.origin).unwrap_or(&location).to_owned();
        (cast.world.page(&cast.admin, &path).await.text(), path)
    };
    let (refused, _) = ask("look_at_definitions", &[("text", "version: 1\na: *x")]).await;
    assert!(refused.contains("Line 2: "), "{refused}");
    assert!(refused.contains("a: *x"), "the text is still in the field: {refused}");

    let text = "version: 1\nname: From git\nimage: example/desktop:1\n";
    let (looked, path) = ask("look_at_definitions", &[("text", text)]).await;
    assert_eq!(path, "/workspaces/import?read=on");
    assert!(looked.contains("1 new. So far nothing is saved."), "{looked}");
    let (_, seen) = looked.split_once("name=\"seen\" value=\"").unwrap();
    let seen = &seen[..64];
    let other = text.replace("git", "elsewhere");
    let (conflict, _) = ask("import_definitions", &[("text", &other), ("seen", seen)]).await;
    assert!(conflict.contains("no longer what you have seen"), "{conflict}");
    let (list, path) = ask("import_definitions", &[("text", text), ("seen", seen)]).await;
    assert_eq!(path, "/workspaces?done=imported");
    assert!(list.contains("The definitions were saved.") && list.contains("From git"), "{list}");
    assert!(!list.contains("From elsewhere"), "{list}");
}

/// Somebody else's web server with a catalog of one entry.
async fn publisher() -> (String, tokio::task::JoinSet<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut background = tokio::task::JoinSet::new();
    background.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).await.unwrap_or(0);
            let body = match String::from_utf8_lossy(&head[..read]).split(' ').nth(1) {
                Some("/versions.txt") => "1.1",
                _ => {
                    r#"{"name": "<i>Theirs", "workspaces": [
                        {"friendly_name": "From afar", "architecture": ["amd64"],
                         "compatibility": [{"image": "example/desktop:1"}],
                         "run_config": {"privileged": true}}]}"#
                }
            };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (url, background)
}

#[tokio::test]
async fn entries_of_a_catalog_are_taken_without_a_script_after_a_look_at_them() {
    let world = World::with(&[("catalog_private", "on")]).await;
    let admin = world.admin().await;
    let (url, _serving) = publisher().await;
    let back = format!("{}/workspaces/catalog", world.origin);
    let ask = async |function: &str, fields: &[(&str, &str)]| {
        let ask = post(&format!("/fn/{function}")).form(fields).for_page();
        let ask = ask.with("cookie", &admin.cookie).with("referer", &back);
        let answer = world.ask(ask.with("origin", &world.origin)).await;
        assert_eq!(answer.status, 302, "{}", answer.text());
        let location = answer.header("location").to_owned();
        let path = location.strip_prefix(&world.origin).unwrap_or(&location).to_owned();
        (world.page(&admin, &path).await.text(), path)
    };
    let (refused, _) = ask("show_catalog", &[("url", "javascript:alert(1)")]).await;
    assert!(refused.contains("begins with https://"), "{refused}");
    assert!(refused.contains("value=\"javascript:alert(1)\""), "what was typed is still there");

    let long = format!("https://a.example/{}", "x".repeat(3000));
    let (refused, _) = ask("show_catalog", &[("url", &long)]).await;
    assert!(refused.contains("at most 2000 characters"), "{refused}");
    assert!(!refused.contains("xxxx"), "what cannot be an address is not kept");

    let (shown, path) = ask("show_catalog", &[("url", &url)]).await;
    assert_eq!(path, "/workspaces/catalog?read=on");
    assert!(shown.contains("name=\"pick[]\"") && shown.contains("&lt;i&gt;Theirs"), "{shown}");
    let (untouched, _) = ask("look_at_catalog", &[("url", &url)]).await;
    assert!(untouched.contains("Tick what is to be taken."), "{untouched}");

    let picked = [("url", url.as_str()), ("pick[]", "From afar")];
    let (looked, path) = ask("look_at_catalog", &picked).await;
    assert_eq!(path, "/workspaces/catalog?read=on");
    assert!(looked.contains("1 new. So far nothing is saved."), "{looked}");
    assert!(looked.contains("`privileged: true` is not taken over"), "{looked}");
    let value = |name: &str| {
        let (_, rest) = looked.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        rest.split_once('"').unwrap().0.replace("&quot;", "\"").replace("&amp;", "&")
    };
    let (text, seen) = (value("text"), value("seen"));
    let save = |text: &str| {
        let pairs = [("text", text.to_owned()), ("seen", seen.clone())];
        picked.map(|(name, value)| (name, value.to_owned())).into_iter().chain(pairs)
    };
    let other: Vec<(&str, String)> = save(&text.replace("desktop:1", "desktop:2")).collect();
    let other: Vec<(&str, &str)> =
        other.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (conflict, _) = ask("import_catalog", &other).await;
    assert!(conflict.contains("no longer what you have seen"), "{conflict}");
    assert!(conflict.contains("1 new. So far nothing is saved."), "the way back: {conflict}");
    let seen: Vec<(&str, String)> = save(&text).collect();
    let seen: Vec<(&str, &str)> =
        seen.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (list, path) = ask("import_catalog", &seen).await;
    assert_eq!(path, "/workspaces?done=imported");
    assert!(list.contains("From afar") && list.contains("Disabled"), "{list}");
}

#[tokio::test]
async fn a_link_is_made_without_a_script_and_its_tile_opens_nothing_but_an_address() {
    let cast = Cast::new().await;
    let back = format!("{}/workspaces/new?link=on", cast.world.origin);
    let page = cast.world.page(&cast.admin, "/workspaces/new?link=on").await.text();
    assert!(
        page.contains("name=\"form[link]\"") && !page.contains("name=\"form[image]\""),
        "{page}"
    );
    let save = async |link: &str| {
        let fields = [
            ("form[kind]", "link"),
            ("form[name]", "Wiki"),
            ("form[link]", link),
            ("form[groups][]", "everybody"),
            ("form[enabled]", "on"),
        ];
        let ask = post("/fn/save_workspace").form(&fields).for_page();
        let ask = ask.with("cookie", &cast.admin.cookie).with("referer", &back);
        let answer = cast.world.ask(ask.with("origin", &cast.world.origin)).await;
        let location = answer.header("location").to_owned();
        let path = location.strip_prefix(&cast.world.origin).unwrap_or(&location).to_owned();
        (cast.world.page(&cast.admin, &path).await.text(), path)
    };
    for bad in ["", "javascript:alert(1)"] {
        let (refused, path) = save(bad).await;
        assert!(path.starts_with("/workspaces/new?"), "{path}");
        assert!(refused.contains("id=\"form-link-problem\""), "{refused}");
    }
    let (_, path) = save("https://wiki.example.org/").await;
    assert!(path.ends_with("?done=saved"), "{path}");
    let launcher = cast.world.page(&cast.ada, "/").await.text();
    let (_, tile) = launcher.split_once("href=\"https://wiki.example.org/\"").unwrap();
    let tile = tile.split_once('>').unwrap().0;
    assert!(tile.contains("target=\"_blank\"") && tile.contains("noopener"), "{tile}");
}
