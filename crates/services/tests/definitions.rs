//! Stories of definitions that are kept as a text elsewhere: written out, looked at, and taken in.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    Error, ErrorKind, WorkspaceId,
    actor::{Actor, Role},
    list::ListQuery,
    registry::RegistryForm,
    workspace::{DefinitionEntry, DefinitionFate, DefinitionsReport, Workspace, WorkspaceForm},
};
use services::Chosen;
use world::World;

async fn scene() -> (World, Actor, WorkspaceId) {
    let world = World::new().await;
    let admin = world.admin().await;
    let desktop = world.workspace(&admin).await;
    (world, admin, desktop)
}

async fn export(world: &World, admin: &Actor) -> String {
    world.services.workspaces.export(admin, &Chosen::All).await.unwrap()
}

async fn look(world: &World, admin: &Actor, text: &str) -> DefinitionsReport {
    world.services.workspaces.look_at_definitions(admin, text).await.unwrap()
}

async fn refusal(world: &World, admin: &Actor, text: &str) -> Error {
    world.services.workspaces.look_at_definitions(admin, text).await.unwrap_err()
}

async fn named(world: &World, name: &str) -> Option<Workspace> {
    let all = world.store.all_workspaces().await.unwrap();
    all.into_iter().find(|one| one.definition.name == name)
}

fn fates(report: &DefinitionsReport) -> Vec<(&str, DefinitionFate)> {
    report.entries.iter().map(|entry| (entry.name.as_str(), entry.fate)).collect()
}

fn changes(entry: &DefinitionEntry) -> Vec<(&str, &str, &str)> {
    let shown = entry.changes.iter();
    shown.map(|c| (c.field.as_str(), c.before.as_str(), c.after.as_str())).collect()
}

async fn imports_in_the_audit(world: &World, admin: &Actor) -> i64 {
    let query = ListQuery { search: "workspace.import".into(), ..ListQuery::default() };
    world.services.audit.page(admin, &query).await.unwrap().total
}

#[tokio::test]
async fn what_is_exported_changes_nothing_when_it_is_imported_and_is_the_same_text_again() {
    let (world, admin, desktop) = scene().await;
    let rich = WorkspaceForm {
        name: "Analysis".into(),
        description: "R, and #more".into(),
        notes: "First.\n\n- second: \"x\"".into(),
        environment: "TOKEN=a=b\nNO=no".into(),
        categories: "Data, Team A".into(),
        volumes: "team:/srv/team:ro".into(),
        enabled: String::new(),
        ..world.form()
    };
    world.services.workspaces.create(&admin, &rich).await.unwrap();
    let before = world.store.workspace(&desktop).await.unwrap().unwrap();

    let text = export(&world, &admin).await;
    let report = look(&world, &admin, &text).await;
    let unchanged = DefinitionFate::Unchanged;
    assert_eq!(fates(&report), [("Analysis", unchanged), ("Desktop", unchanged)], "{text}");
    let done = world.services.workspaces.import_definitions(&admin, &text, &report.seen).await;
    let done = done.unwrap();
    assert_eq!((done.new, done.changed, done.unchanged), (0, 0, 2));

    assert_eq!(world.store.workspace(&desktop).await.unwrap().unwrap(), before);
    assert_eq!(imports_in_the_audit(&world, &admin).await, 0);
    assert_eq!(export(&world, &admin).await, text);
}

#[tokio::test]
async fn a_text_of_one_installation_makes_the_same_workspaces_in_another() {
    let (world, admin, _) = scene().await;
    let text = export(&world, &admin).await;
    let other = World::new().await;
    let there = other.admin().await;
    let report = look(&other, &there, &text).await;
    assert_eq!(fates(&report), [("Desktop", DefinitionFate::New)]);
    other.services.workspaces.import_definitions(&there, &text, &report.seen).await.unwrap();
    assert_eq!(export(&other, &there).await, text);
    let made = named(&other, "Desktop").await.unwrap();
    let audit = imports_in_the_audit(&other, &there).await;
    assert_eq!((made.revision, audit), (1, 1));
    // It is one like any other: it launches.
    other.running(&there, &made.id).await;
}

#[tokio::test]
async fn a_look_says_what_would_change_field_by_field_and_saving_does_just_that() {
    let (world, admin, desktop) = scene().await;
    let text = export(&world, &admin).await;
    let text = text
        .replace("      - All users", "      - Administrators")
        .replace("    port:", "    memory: 4096\n    environment:\n      LANG: C.UTF-8\n    port:");
    let report = look(&world, &admin, &text).await;
    assert_eq!(fates(&report), [("Desktop", DefinitionFate::Changed)]);
    assert_eq!(
        changes(&report.entries[0]),
        [
            ("groups", "All users", "Administrators"),
            ("environment", "", "LANG=C.UTF-8"),
            ("memory", "2 GiB", "4 GiB"),
        ]
    );
    let before = world.store.workspace(&desktop).await.unwrap().unwrap();
    assert_eq!(before.revision, 1, "a look saves nothing");

    world.services.workspaces.import_definitions(&admin, &text, &report.seen).await.unwrap();
    let now = world.store.workspace(&desktop).await.unwrap().unwrap();
    assert_eq!(now.definition.memory_bytes, 4 << 30);
    assert_eq!(now.revision, 2);

    let again = world.services.workspaces.import_definitions(&admin, &text, "").await.unwrap();
    assert_eq!((again.changed, again.unchanged), (0, 1));
    assert_eq!(world.store.workspace(&desktop).await.unwrap().unwrap(), now);
    assert_eq!(imports_in_the_audit(&world, &admin).await, 1);
}

#[tokio::test]
async fn what_was_not_seen_is_not_saved() {
    let (world, admin, desktop) = scene().await;
    let text = export(&world, &admin).await.replace("name: Desktop", "name: Desktop\n    pids: 64");
    let report = look(&world, &admin, &text).await;
    let other = WorkspaceForm { memory: "1 GiB".into(), ..world.form() };
    world.services.workspaces.change(&admin, &desktop, 1, &other).await.unwrap();
    let workspaces = &world.services.workspaces;
    let refused = workspaces.import_definitions(&admin, &text, &report.seen).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(refused.hint.unwrap().contains("Look at it again"));
    assert_eq!(world.store.workspace(&desktop).await.unwrap().unwrap().definition.pids, 1024);
}

#[tokio::test]
async fn one_bad_workspace_is_told_with_its_lines_and_none_is_saved() {
    let (world, admin, _) = scene().await;
    let text = "\
version: 1
workspaces:
  - name: Good
    image: example/desktop:1
  - name: Bad
    image: Not An Image
    port: 0
    colour: red
    groups: [Strangers]
    environment:
      1X: a
  - name: Good
    image: example/desktop:1
";
    let report = look(&world, &admin, text).await;
    assert_eq!(
        fates(&report),
        [
            ("Good", DefinitionFate::New),
            ("Bad", DefinitionFate::Refused),
            ("Good", DefinitionFate::Refused)
        ]
    );
    assert!(!report.can_be_saved());
    let told: Vec<&str> = report.entries[1].problems.iter().map(|p| p.message.as_str()).collect();
    for begin in [
        "Line 8: a workspace has no `colour`",
        "Line 9: There is no group named “Strangers”",
        "Line 6: ",
        "Line 7: A port is between",
        "Line 11: `1X` is not",
    ] {
        assert!(told.iter().any(|told| told.starts_with(begin)), "{begin}: {told:?}");
    }
    assert_eq!(report.entries[2].problems[0].message, "Line 12: “Good” is in the text twice.");
    let refused = world.services.workspaces.import_definitions(&admin, text, "").await;
    assert_eq!(refused.unwrap_err().hint.unwrap(), "Nothing was saved.");
    assert!(named(&world, "Good").await.is_none());
}

#[tokio::test]
async fn what_is_no_document_is_refused_where_it_is_wrong() {
    let (world, admin, _) = scene().await;
    for (text, why) in [
        ("", "There is no workspace in it."),
        ("- a", "Line 1: here a document begins"),
        ("workspaces: []", "no `version: 1`"),
        ("version: 2\nworkspaces: []", "only `version: 1`"),
        ("version: 1\nworkspaces: []\nname: x", "Line 3: beside `workspaces`"),
        ("version: 1\nworkspaces: x", "is a list"),
        ("version: 1\nworkspaces: [a]", "here a workspace begins"),
        ("version: 1\na: &x [1]\nb: *x", "Line 3: an alias"),
        ("version: 1\n\tname: x", "this is no YAML"),
    ] {
        let refused = refusal(&world, &admin, text).await;
        assert!(refused.message.contains(why), "{text:?}: {}", refused.message);
        assert!(refused.problem_at("text").is_some());
    }
    let many = format!("version: 1\nworkspaces:\n{}", "  - name: x\n".repeat(501));
    assert!(refusal(&world, &admin, &many).await.message.contains("at most 500"));
}

#[tokio::test]
async fn a_workspace_may_be_a_document_of_its_own() {
    let (world, admin, _) = scene().await;
    let text = "version: 1\nname: One\nimage: a:1\n---\nversion: 1\nname: Two\nimage: b:1\n";
    let report = look(&world, &admin, text).await;
    assert_eq!(fates(&report), [("One", DefinitionFate::New), ("Two", DefinitionFate::New)]);
    // Nobody but administrators, as a new form says.
    assert!(report.entries[0].changes.iter().all(|change| change.field != "groups"));
}

#[tokio::test]
async fn groups_and_registries_go_by_their_names_and_a_registry_must_be_where_the_image_leads() {
    let (world, admin, _) = scene().await;
    let form = RegistryForm {
        name: "Ours".into(),
        url: "https://r.example.org".into(),
        ..RegistryForm::default()
    };
    world.services.registries.create(&admin, &form, "").await.unwrap();
    let text = |image: &str, registry: &str| {
        format!("version: 1\nname: New\nimage: {image}\nregistry: {registry}\ngroups: all users\n")
    };
    for registry in ["Ours", "ours", "https://r.example.org"] {
        let report = look(&world, &admin, &text("r.example.org/team/x:1", registry)).await;
        assert!(report.can_be_saved(), "{report:?}");
        let told = &changes(&report.entries[0]);
        assert!(told.contains(&("registry", "", "Ours")), "{told:?}");
        assert!(told.contains(&("groups", "", "All users")), "{told:?}");
    }
    let report = look(&world, &admin, &text("elsewhere.org/x:1", "Ours")).await;
    assert!(report.entries[0].problems[0].message.starts_with("Line 4: The image's name leads"));
}

#[tokio::test]
async fn a_picture_that_is_not_here_is_left_as_it_is_and_told() {
    let (world, admin, desktop) = scene().await;
    let png = b"\x89PNG\r\n\x1a\n".to_vec();
    world.services.workspaces.upload_icon(&admin, &desktop, png).await.unwrap();
    let text = export(&world, &admin).await;
    assert_eq!(look(&world, &admin, &text).await.entries[0].fate, DefinitionFate::Unchanged);
    let other = World::new().await;
    let there = other.admin().await;
    let report = look(&other, &there, &text).await;
    assert!(report.can_be_saved());
    assert!(report.entries[0].notes[0].contains("Its picture is not here"));
    other.services.workspaces.import_definitions(&there, &text, "").await.unwrap();
    assert_eq!(look(&other, &there, &text).await.entries[0].fate, DefinitionFate::Unchanged);
}

#[tokio::test]
async fn two_of_one_name_cannot_be_told_apart_by_an_import() {
    let (world, admin, _) = scene().await;
    world.workspace(&admin).await;
    let report = look(&world, &admin, "version: 1\nname: Desktop\nimage: x:1\n").await;
    assert!(report.entries[0].problems[0].message.contains("Several workspaces here"));
}

#[tokio::test]
async fn some_are_exported_by_choice_or_as_a_list_shows_them() {
    let (world, admin, desktop) = scene().await;
    let other = WorkspaceForm { name: "Browser".into(), ..world.form() };
    world.services.workspaces.create(&admin, &other).await.unwrap();
    let workspaces = &world.services.workspaces;
    let one = workspaces.export(&admin, &Chosen::These(vec![desktop])).await.unwrap();
    assert!(one.contains("name: Desktop") && !one.contains("name: Browser"));
    let query = ListQuery { search: "brow".into(), page: 7, ..ListQuery::default() };
    let listed = workspaces.export(&admin, &Chosen::Listed(Box::new(query))).await.unwrap();
    assert!(listed.contains("name: Browser") && !listed.contains("name: Desktop"));
    let missing = Chosen::These(vec!["nothere".parse().unwrap()]);
    assert_eq!(workspaces.export(&admin, &missing).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn only_who_manages_workspaces_takes_them_out_and_in() {
    let (world, admin, _) = scene().await;
    let text = export(&world, &admin).await;
    let workspaces = &world.services.workspaces;
    for role in Role::ALL {
        if role.permits(domain::actor::Permission::ManageWorkspaces) {
            continue;
        }
        let person = world.person(&format!("a{}", role.as_str()), role).await;
        let refused = [
            workspaces.export(&person, &Chosen::All).await.unwrap_err(),
            workspaces.names(&person).await.unwrap_err(),
            workspaces.look_at_definitions(&person, &text).await.unwrap_err(),
            workspaces.import_definitions(&person, &text, "").await.unwrap_err(),
        ];
        assert!(refused.iter().all(|error| error.kind == ErrorKind::Forbidden), "{role:?}");
    }
}

#[tokio::test]
async fn what_weakens_isolation_comes_in_only_by_those_who_may_weaken_it() {
    let (world, admin, desktop) = scene().await;
    let workspaces = &world.services.workspaces;
    let present = workspaces.get(&admin, &desktop).await.unwrap();
    let mut form = WorkspaceForm::from(&present.definition);
    form.confinement.seccomp = "on".into();
    workspaces.change(&admin, &desktop, present.revision, &form).await.unwrap();
    let weak = export(&world, &admin).await;
    let maintainer = world.person("mia", Role::ImageMaintainer).await;
    // What is as it says already is nobody's deed.
    let report = look(&world, &maintainer, &weak).await;
    assert_eq!(fates(&report), [("Desktop", DefinitionFate::Unchanged)]);
    // An image of one's own in it, or another one like it, is.
    for text in [weak.replace(world::IMAGE, "evil/app:1"), weak.replace("Desktop", "Another")] {
        let report = look(&world, &maintainer, &text).await;
        assert_eq!(report.entries[0].fate, DefinitionFate::Refused);
        let why = &report.entries[0].problems[0].message;
        assert!(why.contains("not permitted"), "{why}");
        let refused = workspaces.import_definitions(&maintainer, &text, "").await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Invalid);
    }
    assert!(named(&world, "Another").await.is_none());
    workspaces.import_definitions(&admin, &weak.replace("Desktop", "Another"), "").await.unwrap();
    assert!(named(&world, "Another").await.unwrap().definition.loosened().len() == 1);
    // What the settings of the installation do not allow is nobody's to bring in.
    let host = format!("{}    privileged: 'on'\n", export(&world, &admin).await);
    assert_eq!(
        look(&world, &admin, &host).await.entries.last().unwrap().fate,
        DefinitionFate::Refused
    );
}
