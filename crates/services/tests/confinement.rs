//! Stories of how sessions are confined: directories of the host, networks, options, and graphics
//! processors.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    Error, ErrorKind, GroupId, SessionId, WorkspaceId,
    actor::{Actor, Role},
    confinement::{Allowed, ConfinementForm},
    group::GroupForm,
    job::JobState,
    session::{Action, State},
    snapshot::WizardStep,
    storage::Owner,
    workspace::WorkspaceForm,
};
use engine::{ContainerSpec, Engine as _, memory::Op};
use std::{fs, os::unix::fs::symlink, path::Path, time::Duration};
use world::World;

/// A world whose settings allow something, below a directory of its own.
async fn allowing() -> (World, String) {
    let place = tempfile::tempdir().unwrap().keep();
    let root = place.join("root");
    fs::create_dir(&root).unwrap();
    let root = root.to_string_lossy().into_owned();
    let allowed = Allowed {
        // The second is nowhere that this server could look.
        host_roots: vec![root.clone(), "/no/such/root".into()],
        networks: vec!["team".into(), "lab".into()],
        devices: vec!["/dev/fuse".into()],
        privileged: false,
    };
    (World::with(|settings| settings.allowed = allowed).await, root)
}

fn tidy(root: &str) {
    fs::remove_dir_all(Path::new(root).parent().unwrap()).unwrap();
}

async fn saved(world: &World, by: &Actor, form: WorkspaceForm) -> Result<WorkspaceId, Error> {
    world.services.workspaces.create(by, &form).await
}

fn mounting(world: &World, volumes: &str) -> WorkspaceForm {
    WorkspaceForm { volumes: volumes.into(), ..world.form() }
}

fn confined(world: &World, confinement: ConfinementForm) -> WorkspaceForm {
    WorkspaceForm { confinement, ..world.form() }
}

fn on(network: &str, networks: &str) -> ConfinementForm {
    ConfinementForm {
        network: network.into(),
        networks: networks.into(),
        ..ConfinementForm::default()
    }
}

async fn spec(world: &World) -> ContainerSpec {
    world.engine.spec(&world.container_name().await).unwrap()
}

async fn gone(world: &World, actor: &Actor, id: &SessionId) {
    world.act(actor, id, Action::Delete).await;
    world.until("its container is gone", async || world.containers().await == 0).await;
}

async fn is_told(world: &World, actor: &Actor, id: &SessionId, part: &str) -> bool {
    world.detail(actor, id).await.timeline.iter().any(|entry| entry.message.contains(part))
}

#[tokio::test]
async fn a_directory_of_the_host_is_in_an_allowed_one_when_it_is_saved_and_when_it_is_used() {
    let (world, root) = allowing().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    fs::create_dir(format!("{root}/data")).unwrap();
    symlink("/etc", format!("{root}/out")).unwrap();
    symlink(format!("{root}/data"), format!("{root}/in")).unwrap();
    let endless = "x".repeat(300);
    for bad in [
        "/etc:/x",
        &format!("{root}/out:/x"),
        &format!("{root}/out/{{username}}:/x"),
        &format!("{root}/in:/x"),
        // No directory can be called that, so nobody can say what is there.
        &format!("{root}/{endless}:/x"),
    ] {
        let refused = saved(&world, &admin, mounting(&world, bad)).await.unwrap_err();
        assert!(refused.problem_at("volumes").is_some(), "{bad}: {refused:?}");
    }
    let form = mounting(&world, &format!("{root}/data:/data:ro"));
    let workspace = saved(&world, &admin, form).await.unwrap();
    let id = world.running(&ada, &workspace).await;
    let directory = spec(&world).await.directories.remove(0);
    assert_eq!(directory.path, format!("{root}/data"));
    assert_eq!((directory.target.as_str(), directory.read_only), ("/data", true));
    assert!(world.detail(&ada, &id).await.session.config.weakened()[0].contains("/data"));

    // What became a link out of it meanwhile is refused at the next start.
    world.act(&ada, &id, Action::Stop).await;
    world.reaches(&ada, &id, State::Stopped).await;
    fs::remove_dir(format!("{root}/data")).unwrap();
    symlink("/etc", format!("{root}/data")).unwrap();
    world.act(&ada, &id, Action::Start).await;
    world.reaches(&ada, &id, State::Failed).await;
    let reason = world.detail(&ada, &id).await.session.reason.unwrap();
    assert!(reason.message.contains("by a link"), "{reason:?}");
    let refused = world.services.sessions.launch(&admin, &workspace).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden, "{refused:?}");
    tidy(&root);
}

#[tokio::test]
async fn nothing_is_mounted_of_a_directory_that_sessions_of_another_workspace_write() {
    let (world, root) = allowing().await;
    let admin = world.admin().await;
    let workspaces = &world.services.workspaces;
    let named = |name: &str, volumes: &str| WorkspaceForm {
        name: name.into(),
        volumes: volumes.replace("ROOT", &root),
        ..world.form()
    };
    let told = |refused: Result<(), Error>, part: &str| {
        let refused = refused.unwrap_err();
        let why = refused.problem_at("volumes").unwrap_or_default();
        assert!(why.contains(part), "{refused:?}");
    };
    let outer = saved(&world, &admin, named("Outer", "ROOT/team:/x")).await.unwrap();
    let inner = named("Inner", "ROOT/team/{username}:/x:ro");
    told(saved(&world, &admin, inner.clone()).await.map(drop), "“Outer” may write");
    // It is not in its own way, and may be switched and saved again.
    workspaces.set_enabled(&admin, &outer, false).await.unwrap();
    let change = async |volumes: &str| {
        let revision = workspaces.get(&admin, &outer).await.unwrap().revision;
        workspaces.change(&admin, &outer, revision, &named("Outer", volumes)).await.map(drop)
    };
    told(change("ROOT/team:/x\nROOT/team/x:/y").await, "sessions of this workspace may write");
    change("ROOT/team:/x:ro\nROOT/team/x:/y").await.unwrap();
    change("ROOT/team:/x:ro").await.unwrap();
    saved(&world, &admin, inner).await.unwrap();
    told(change("ROOT/team:/x").await, "{username}` of “Inner” lies in");
    told(change("ROOT/{workspace}:/x").await, "of “Inner” lies in");

    // An import looks at what there will be.
    let document = |outer: &str, inner: &str| {
        let image = world::IMAGE;
        let one = |name: &str, volumes: &str| {
            format!("- name: {name}\n  image: {image}\n  volumes: [\"{root}/{volumes}\"]\n")
        };
        format!("version: 1\nworkspaces:\n{}{}", one("Outer", outer), one("Inner", inner))
    };
    let import = async |text: &str| workspaces.import_definitions(&admin, text, "").await;
    let refused = import(&document("team:/x", "team/x:/x")).await.unwrap_err();
    assert!(refused.problem_at("text").unwrap().contains("lies in"), "{refused:?}");
    import(&document("team:/x", "other:/x")).await.unwrap();
    let refused = import(&document("team:/x", "team/x:/x")).await.unwrap_err();
    assert!(refused.problem_at("text").unwrap().contains("lies in"), "{refused:?}");
    import(&document("team/x:/x", "team:/x:ro")).await.unwrap();
    tidy(&root);
}

#[tokio::test]
async fn what_the_settings_no_longer_allow_is_refused_however_a_session_comes_to_start() {
    let allow = |settings: &mut services::Settings| settings.allowed.privileged = true;
    let world = World::with(allow).await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let loose = ConfinementForm { privileged: "on".into(), ..ConfinementForm::default() };
    let workspace = saved(&world, &admin, confined(&world, loose)).await.unwrap();
    let runs = world.running(&ada, &workspace).await;
    // Slipway goes away while the engine takes its time with another's container.
    world.engine.delay(Op::CreateContainer, Duration::from_secs(3600));
    let waits = world.services.sessions.launch(&admin, &workspace).await.unwrap();
    let asked = async || world.engine.calls(Op::CreateContainer) == 2;
    world.until("its container was asked for", asked).await;
    let world = world.restarted_with(|settings| settings.allowed.privileged = false).await;
    world.reaches(&admin, &waits, State::Failed).await;
    // What runs goes on, until the engine starts anew and Slipway starts it again by itself.
    assert_eq!(world.state(&ada, &runs).await, State::Running);
    world.engine.restart();
    world.reaches(&ada, &runs, State::Failed).await;
    for (actor, id) in [(&admin, &waits), (&ada, &runs)] {
        let reason = world.detail(actor, id).await.session.reason.unwrap();
        assert!(reason.message.contains("Privileged sessions are off"), "{reason:?}");
    }
}

#[tokio::test]
async fn what_is_missing_on_the_host_is_left_out_or_refuses_the_launch() {
    let (world, root) = allowing().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let required = mounting(&world, &format!("{root}/missing:/x"));
    let required = saved(&world, &admin, required).await.unwrap();
    let refused = world.services.sessions.launch(&ada, &required).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(refused.message.contains("/missing`"), "{refused}");
    assert_eq!(world.services.launcher.page(&ada, "", "").await.unwrap().sessions, []);

    // One that this server sees, and one that only the engine does.
    let optional = format!("{root}/missing:/x:optional\n/no/such/root/data:/y:optional");
    let optional = saved(&world, &admin, mounting(&world, &optional)).await.unwrap();
    let id = world.running(&ada, &optional).await;
    assert_eq!(spec(&world).await.directories, []);
    for path in [&format!("{root}/missing"), "/no/such/root/data"] {
        assert!(
            is_told(
                &world,
                &ada,
                &id,
                &format!("Left out: the engine's host has no directory `{path}`")
            )
            .await
        );
    }
    gone(&world, &ada, &id).await;

    let unseen = mounting(&world, "/no/such/root/data:/y");
    let unseen = saved(&world, &admin, unseen).await.unwrap();
    let id = world.services.sessions.launch(&ada, &unseen).await.unwrap();
    world.reaches(&ada, &id, State::Failed).await;
    let reason = world.detail(&ada, &id).await.session.reason.unwrap();
    assert!(reason.message.contains("no directory `/no/such/root/data`"), "{reason:?}");
    tidy(&root);
}

#[tokio::test]
async fn a_directory_and_a_volume_are_given_to_somebody() {
    use std::os::unix::fs::MetadataExt as _;
    let (world, root) = allowing().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    // Whoever runs the story may give a directory to himself.
    let own = fs::metadata(&root).unwrap();
    let whose = format!("uid={},gid={}", own.uid(), own.gid());
    let volumes = format!("{root}/homes/{{username}}:/mine:{whose}\nteam:/team:uid=7,gid=8");
    let workspace = saved(&world, &admin, mounting(&world, &volumes)).await.unwrap();
    // The engine goes away at that moment: nothing is left out when it is back.
    world.engine.fail_next(Op::OwnDirectory, Error::unavailable("Gone."));
    world.running(&ada, &workspace).await;
    assert!(Path::new(&root).join("homes/ada").is_dir());
    let owners = world.engine.owners(&world.container_name().await);
    assert_eq!(owners, [("/team".to_owned(), Owner { uid: 7, gid: 8 })]);
    tidy(&root);
}

#[tokio::test]
async fn one_folder_of_ones_own_is_in_every_workspace_that_has_it_and_goes_with_the_account() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let with = |name: &str, at: &str| WorkspaceForm {
        name: name.into(),
        folder: "on".into(),
        folder_at: at.into(),
        ..world.form()
    };
    let one = saved(&world, &admin, with("One", "/srv/own")).await.unwrap();
    let other = saved(&world, &admin, with("Other", "/mine")).await.unwrap();
    let mut volumes = Vec::new();
    for workspace in [&one, &other] {
        let id = world.running(&ada, workspace).await;
        volumes.push(spec(&world).await.volumes.remove(0).volume);
        gone(&world, &ada, &id).await;
    }
    assert_eq!(volumes[0], volumes[1]);
    world.services.users.delete(&admin, &ada.user).await.unwrap();
    let without = async || world.store.user(&ada.user).await.unwrap().is_none();
    world.until("the account is gone", without).await;
    let installation = world.store.meta("installation").await.unwrap().unwrap();
    assert_eq!(world.engine.volumes(&installation).await.unwrap(), []);
}

#[tokio::test]
async fn a_network_without_a_way_out_never_serves_a_session_that_has_one() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let open = world.workspace(&admin).await;
    let closed = saved(&world, &admin, confined(&world, on("internal", ""))).await.unwrap();
    let id = world.running(&ada, &closed).await;
    let internal = spec(&world).await.network;
    assert!(world.engine.network(&internal).unwrap().internal);
    gone(&world, &ada, &id).await;
    world.until("its network is gone", async || world.engine.network(&internal).is_none()).await;
    for _ in 0..4 {
        let id = world.running(&ada, &open).await;
        let network = spec(&world).await.network;
        assert!(!world.engine.network(&network).unwrap().internal);
        gone(&world, &ada, &id).await;
    }
    // A restart learns from the names which are which.
    let id = world.running(&ada, &closed).await;
    let world = world.restarted().await;
    let network = spec(&world).await.network;
    assert!(world.engine.network(&network).unwrap().internal);
    world.reaches(&ada, &id, State::Running).await;
}

#[tokio::test]
async fn a_session_is_on_the_engines_networks_beside_its_own_or_instead() {
    let (world, root) = allowing().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let beside = saved(&world, &admin, confined(&world, on("own", "team, lab"))).await.unwrap();
    let refused = world.services.sessions.launch(&ada, &beside).await.unwrap_err();
    assert!(refused.message.contains("network `team`, which the engine has not got"), "{refused}");
    world.engine.add_network("team");
    world.engine.add_network("lab");
    // The engine goes away between the making of the container and its start.
    world.engine.fail_next(Op::JoinNetwork, Error::unavailable("Gone."));
    let id = world.running(&ada, &beside).await;
    let name = world.container_name().await;
    assert_eq!(world.engine.joined(&name), ["lab", "team"]);
    let own = spec(&world).await.network;
    assert!(own.starts_with("slipway-"));
    gone(&world, &ada, &id).await;

    let instead = saved(&world, &admin, confined(&world, on("named", "team lab"))).await.unwrap();
    let other = world.person("eve", Role::User).await;
    let id = world.running(&ada, &instead).await;
    assert_eq!(spec(&world).await.network, "team");
    assert_eq!(world.engine.joined(&world.container_name().await), ["lab"]);
    assert_eq!(world.detail(&ada, &id).await.session.network, None);
    let second = world.running(&other, &instead).await;
    gone_one(&world, &other, &second).await;
    assert!(world.engine.network("team").is_some(), "it is not Slipway's to remove");

    // Its container is lost: it begins anew, with another one.
    let name = world.container_name().await;
    world.engine.outside_remove(&name);
    world.reaches(&ada, &id, State::Failed).await;
    world.act(&ada, &id, Action::Start).await;
    world.reaches(&ada, &id, State::Running).await;
    assert_eq!((spec(&world).await.network.as_str(), spec(&world).await.generation), ("team", 2));
    tidy(&root);
}

async fn gone_one(world: &World, actor: &Actor, id: &SessionId) {
    let before = world.containers().await;
    world.act(actor, id, Action::Delete).await;
    world.until("its container is gone", async || world.containers().await == before - 1).await;
}

#[tokio::test]
async fn a_session_on_the_engines_network_that_failed_is_tried_again_with_its_own_container() {
    let (world, root) = allowing().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    world.engine.add_network("team");
    let workspace = saved(&world, &admin, confined(&world, on("named", "team"))).await.unwrap();
    let refusal = || Error::conflict("The engine refused to start it.");
    world.engine.fail_next(Op::Start, refusal());
    let id = world.services.sessions.launch(&ada, &workspace).await.unwrap();
    world.reaches(&ada, &id, State::Failed).await;
    world.act(&ada, &id, Action::Start).await;
    world.reaches(&ada, &id, State::Running).await;
    assert_eq!(spec(&world).await.generation, 1);
    tidy(&root);
}

async fn everybody_says(world: &World, admin: &Actor, networks: &str) {
    let groups = &world.services.groups;
    let id: GroupId = "everybody".parse().unwrap();
    let opened = groups.get(admin, Some(&id)).await.unwrap();
    let form = GroupForm { networks: networks.into(), ..opened.form };
    groups.save(admin, Some(&id), opened.group.revision, &form).await.unwrap();
}

#[tokio::test]
async fn a_group_says_on_which_networks_its_members_are_and_is_named_when_it_refuses() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let open = world.workspace(&admin).await;
    let closed = saved(&world, &admin, confined(&world, on("internal", ""))).await.unwrap();
    let id = world.running(&ada, &open).await;
    world.act(&ada, &id, Action::Stop).await;
    world.reaches(&ada, &id, State::Stopped).await;
    everybody_says(&world, &admin, "internal").await;

    let sessions = &world.services.sessions;
    let told = |error: Error| {
        assert_eq!(error.kind, ErrorKind::Forbidden, "{error:?}");
        assert!(error.message.contains("“All users”"), "{error}");
    };
    told(sessions.act(&ada, &id, Action::Start).await.unwrap_err());
    told(sessions.launch(&admin, &open).await.unwrap_err());
    told(
        sessions
            .test_launch(&admin, &open, &domain::launch_form::Typed::default())
            .await
            .unwrap_err(),
    );
    world.running(&ada, &closed).await;
    let holds = world.services.groups.effective(&ada, &ada.user).await.unwrap();
    let line = holds.iter().find(|one| one.setting == "Networks of sessions").unwrap();
    assert_eq!(line.value, "internal");
    assert_eq!(line.from, domain::group::Source::Group("All users".into()));

    everybody_says(&world, &admin, "").await;
    world.act(&ada, &id, Action::Start).await;
    world.reaches(&ada, &id, State::Running).await;
}

#[tokio::test]
async fn options_reach_the_container_and_stay_as_they_were_launched() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let confinement = ConfinementForm {
        hostname: "desk".into(),
        options: r#"{"read_only": true, "ulimits": {"nofile": 500}}"#.into(),
        ..ConfinementForm::default()
    };
    let workspace = saved(&world, &admin, confined(&world, confinement)).await.unwrap();
    let id = world.running(&ada, &workspace).await;
    let before = spec(&world).await.options;
    assert_eq!((before.hostname.as_deref(), before.read_only), (Some("desk"), true));
    assert_eq!(before.ulimits[0].to_string(), "nofile=500");

    let stored = world.services.workspaces.get(&admin, &workspace).await.unwrap();
    let form = WorkspaceForm::from(&stored.definition);
    assert_eq!(
        (form.confinement.ulimits.as_str(), form.confinement.options.as_str()),
        ("nofile=500", "")
    );
    let plain = WorkspaceForm { confinement: ConfinementForm::default(), ..form };
    let workspaces = &world.services.workspaces;
    workspaces.change(&admin, &workspace, stored.revision, &plain).await.unwrap();
    world.engine.add_image(world::IMAGE, "sha256:22");
    world
        .until("a newer image waits", async || world.detail(&ada, &id).await.waiting.is_some())
        .await;
    world.act(&ada, &id, Action::Renew).await;
    world
        .until("it has another container", async || {
            let session = world.detail(&ada, &id).await.session;
            session.generation == 2 && session.created
        })
        .await;
    world.reaches(&ada, &id, State::Running).await;
    assert_eq!(spec(&world).await.options, before);
}

#[tokio::test]
async fn what_weakens_isolation_is_an_administrators_to_save_and_shown_to_those_who_look_after_it()
{
    let (world, root) = allowing().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let maintainer = world.person("mia", Role::ImageMaintainer).await;
    let loose = ConfinementForm { seccomp: "on".into(), ..ConfinementForm::default() };
    let refused = saved(&world, &maintainer, confined(&world, loose.clone())).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);
    assert!(refused.hint.unwrap().contains("seccomp"));
    let workspace = saved(&world, &admin, confined(&world, loose)).await.unwrap();
    let workspaces = &world.services.workspaces;
    let stored = workspaces.get(&maintainer, &workspace).await.unwrap();
    // With its image, what is let loose would change.
    let form = WorkspaceForm::from(&stored.definition);
    let refused = workspaces.change(&maintainer, &workspace, stored.revision, &form).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Forbidden);
    assert!(workspaces.duplicate(&maintainer, &workspace).await.is_err());
    let plain = WorkspaceForm { confinement: ConfinementForm::default(), ..form };
    assert!(saved(&world, &maintainer, plain).await.is_ok());

    let launcher = &world.services.launcher;
    let tile = async |actor: &Actor| {
        let tiles = launcher.page(actor, "", "").await.unwrap().tiles;
        tiles.into_iter().find(|tile| tile.workspace == workspace).unwrap()
    };
    assert!(tile(&admin).await.weakened[0].contains("seccomp"));
    assert_eq!(tile(&ada).await.weakened, Vec::<String>::new());

    for (confinement, field) in [
        (ConfinementForm { privileged: "on".into(), ..Default::default() }, "privileged"),
        (ConfinementForm { devices: "/dev/kvm".into(), ..Default::default() }, "devices"),
        (on("own", "other"), "networks"),
    ] {
        let refused = saved(&world, &admin, confined(&world, confinement)).await.unwrap_err();
        assert!(refused.problem_at(field).is_some(), "{field}: {refused:?}");
    }
    tidy(&root);
}

#[tokio::test]
async fn graphics_processors_are_refused_where_the_engine_has_no_driver() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let form = || confined(&world, ConfinementForm { gpus: "all".into(), ..Default::default() });
    let refused = saved(&world, &admin, form()).await.unwrap_err();
    assert!(refused.problem_at("gpus").unwrap().contains("no driver"), "{refused:?}");
    let workspaces = &world.services.workspaces;
    assert_eq!(workspaces.offered_confinement(&admin).await.unwrap().gpu_driver, None);

    world.engine.set_gpu_driver(Some("nvidia"));
    let workspace = saved(&world, &admin, form()).await.unwrap();
    let id = world.running(&ada, &workspace).await;
    assert!(spec(&world).await.gpus.is_some());
    gone(&world, &ada, &id).await;
    world.engine.set_gpu_driver(None);
    let refused = world.services.sessions.launch(&ada, &workspace).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(refused.message.contains("no driver"), "{refused}");
}

#[tokio::test]
async fn an_image_takes_along_what_weakens_isolation_only_for_those_who_may_do_that() {
    let world = World::new().await;
    let (admin, maintainer) =
        (world.admin().await, world.person("mia", Role::ImageMaintainer).await);
    let confinement = ConfinementForm {
        seccomp: "on".into(),
        hostname: "desk".into(),
        ..ConfinementForm::default()
    };
    let workspace = saved(&world, &admin, confined(&world, confinement)).await.unwrap();
    let snapshots = &world.services.snapshots;
    for (actor, weakened) in [(&maintainer, false), (&admin, true)] {
        let id = world.running(actor, &workspace).await;
        let page = snapshots.page(actor, &id, WizardStep::Review).await.unwrap();
        let begun = snapshots.submit(actor, &id, &page.form.image).await.unwrap();
        let made = begun.workspace.unwrap();
        let made = world.services.workspaces.get(&admin, &made).await.unwrap().definition;
        let options = made.confinement.options;
        assert_eq!(options.hostname.as_deref(), Some("desk"));
        assert_eq!(options.seccomp_unconfined, weakened);
        world
            .until("the image is there", async || {
                world.services.jobs.detail(actor, &begun.job).await.unwrap().job.state
                    == JobState::Done
            })
            .await;
        let replaced = snapshots.replace(actor, &page.form.image.parse().unwrap()).await;
        assert_eq!(replaced.is_ok(), weakened, "{replaced:?}");
        gone(&world, actor, &id).await;
        world.clock.advance_secs(3600);
    }
}
