//! Stories of volumes that groups give their members, beside what workspaces have.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    Error, ErrorKind, GroupId, SessionId, WorkspaceId,
    actor::{Actor, Role},
    confinement::Allowed,
    group::{GroupForm, Source},
    launch_form::Typed,
    session::{Action, State},
    storage::ProfileChoice,
    trial::TrialForm,
    workspace::WorkspaceForm,
};
use engine::Engine as _;
use std::{fs, os::unix::fs::symlink};
use tempfile::TempDir;
use world::World;

fn form(name: &str, priority: &str, volumes: &str) -> GroupForm {
    GroupForm {
        name: name.into(),
        priority: priority.into(),
        members: "ada".into(),
        volumes: volumes.into(),
        ..GroupForm::default()
    }
}

async fn group(world: &World, admin: &Actor, form: GroupForm) -> Result<GroupId, Error> {
    world.services.groups.save(admin, None, 0, &form).await
}

async fn workspace(world: &World, admin: &Actor, form: WorkspaceForm) -> WorkspaceId {
    world.services.workspaces.create(admin, &form).await.unwrap()
}

/// What is mounted in the only container, without what tells the installation.
async fn mounted(world: &World) -> Vec<String> {
    let spec = world.engine.spec(&world.container_name().await).unwrap();
    let volumes = spec.volumes.into_iter().map(|one| {
        let name = one.volume.splitn(3, '-').last().unwrap_or_default().to_owned();
        format!("{name} at {}{}", one.target, if one.read_only { " ro" } else { "" })
    });
    let hosts = spec.directories.into_iter().map(|one| format!("{} at {}", one.path, one.target));
    volumes.chain(hosts).collect()
}

async fn left_out(world: &World, actor: &Actor, id: &SessionId) -> Vec<String> {
    let timeline = world.detail(actor, id).await.timeline;
    let lines = timeline.into_iter().map(|entry| entry.message);
    let mut lines: Vec<String> = lines.filter(|line| line.starts_with("Left out")).collect();
    lines.sort();
    lines
}

async fn gone(world: &World, actor: &Actor, id: &SessionId) {
    world.act(actor, id, Action::Delete).await;
    world.until("its container is gone", async || world.containers().await == 0).await;
}

/// A world whose settings allow directories below one of its own.
async fn allowing() -> (World, TempDir, String) {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().to_string_lossy().into_owned();
    let allowed = Allowed { host_roots: vec![root.clone()], ..Allowed::default() };
    (World::with(|settings| settings.allowed = allowed).await, place, root)
}

#[tokio::test]
async fn a_session_has_the_volumes_of_all_groups_and_the_nearest_keeps_its_place() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let eve = world.person("eve", Role::User).await;
    group(&world, &admin, form("Near", "10", "near:/srv/team\nall:/srv/all:ro")).await.unwrap();
    let far = "far:/srv/team\nmore-{workspace}:/srv/more\nhers:/srv/own\nown-{user_id}:/srv/mine";
    group(&world, &admin, form("Far", "20", far)).await.unwrap();
    let has = WorkspaceForm { volumes: "data:/srv/own".into(), ..world.form() };
    let workspace = workspace(&world, &admin, has).await;
    let id = world.running(&ada, &workspace).await;
    assert_eq!(
        mounted(&world).await,
        [
            "volume-data at /srv/own".to_owned(),
            "volume-near at /srv/team".into(),
            "volume-all at /srv/all ro".into(),
            format!("volume-more-{workspace} at /srv/more"),
            format!("own-own-{} at /srv/mine", ada.user),
        ]
    );
    assert_eq!(
        left_out(&world, &ada, &id).await,
        [
            "Left out: `far:/srv/team` of the group “Far”, because “Near” has `near` at `/srv/team`.",
            "Left out: `hers:/srv/own` of the group “Far”, because a volume of the workspace is at `/srv/own`.",
        ]
    );
    let said = world.services.groups.effective(&ada, &ada.user).await.unwrap();
    let volumes: Vec<_> = said.iter().filter(|one| one.setting.starts_with("Volume at")).collect();
    assert_eq!(volumes.len(), 6);
    let shadowed = volumes.iter().find(|one| one.value.starts_with("far:")).unwrap();
    assert!(shadowed.value.contains("not mounted: “Near” has `near`"), "{}", shadowed.value);
    assert_eq!(shadowed.from, Source::Group("Far".into()));
    // Personal ones go with their owner, as those of workspaces do.
    let installation = world.store.meta("installation").await.unwrap().unwrap();
    let kept = world.engine.volumes(&installation).await.unwrap();
    let owners: Vec<_> = kept.iter().filter(|one| one.user.is_some()).collect();
    assert_eq!((kept.len(), owners.len()), (5, 1));
    gone(&world, &ada, &id).await;
    world.running(&eve, &workspace).await;
    assert_eq!(mounted(&world).await, ["volume-data at /srv/own"]);
}

#[tokio::test]
async fn a_volume_of_a_group_hides_nothing_and_nothing_is_mounted_in_what_is_only_read() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let near = "all:/srv:ro\nhomes:/home\ntools:/opt/tools:ro";
    group(&world, &admin, form("Near", "10", near)).await.unwrap();
    let far = "more:/opt/tools/more\nopt:/opt\nin-it:/data/in-it";
    group(&world, &admin, form("Far", "20", far)).await.unwrap();
    let has = WorkspaceForm { folder: "on".into(), volumes: "data:/data".into(), ..world.form() };
    let workspace = workspace(&world, &admin, has).await;
    let id = world.running(&ada, &workspace).await;
    let mounted: Vec<_> = mounted(&world).await.into_iter().skip(1).collect();
    assert_eq!(
        mounted,
        ["volume-data at /data", "volume-tools at /opt/tools ro", "volume-in-it at /data/in-it"]
    );
    let near = "“Near” has `tools` at `/opt/tools`.";
    assert_eq!(
        left_out(&world, &ada, &id).await,
        [
            "Left out: `all:/srv:ro` of the group “Near”, because each user's own folder is at `/srv/own`.".to_owned(),
            "Left out: `homes:/home` of the group “Near”, because the home directory is at `/home/user`.".into(),
            format!("Left out: `more:/opt/tools/more` of the group “Far”, because {near}"),
            format!("Left out: `opt:/opt` of the group “Far”, because {near}"),
        ]
    );
}

#[tokio::test]
async fn what_is_tried_has_none_and_a_home_is_kept_by_its_workspace_alone() {
    let world = World::new().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let everybody: GroupId = "everybody".parse().unwrap();
    let opened = world.services.groups.get(&admin, Some(&everybody)).await.unwrap();
    let gives =
        GroupForm { volumes: "home-of-{user_id}:/home/user\nteam:/srv/team".into(), ..opened.form };
    let revision = opened.group.revision;
    world.services.groups.save(&admin, Some(&everybody), revision, &gives).await.unwrap();
    let keeping = WorkspaceForm { profile: "on".into(), ..world.form() };
    let keeping = workspace(&world, &admin, keeping).await;
    let sessions = &world.services.sessions;
    let test = sessions.test_launch(&admin, &keeping, &Typed::default()).await.unwrap();
    world.reaches(&admin, &test, State::Running).await;
    assert_eq!(mounted(&world).await, Vec::<String>::new());
    gone(&world, &admin, &test).await;

    let without = ProfileChoice::Without;
    let id = sessions.launch_with(&ada, &keeping, without, &Typed::default()).await.unwrap();
    world.reaches(&ada, &id, State::Running).await;
    assert_eq!(mounted(&world).await, ["volume-team at /srv/team"]);
    gone(&world, &ada, &id).await;

    world.engine.add_image("example/desktop:2", "sha256:22");
    let trial = TrialForm {
        image: "example/desktop:2".into(),
        groups: vec!["everybody".into()],
        ..TrialForm::default()
    };
    world.services.workspaces.begin_trial(&admin, &keeping, &trial).await.unwrap();
    let shown = world.services.workspaces.trial(&admin, &keeping).await.unwrap();
    let tried = shown.trial.unwrap().id;
    let there = async || {
        let launched = world.services.sessions.launch(&ada, &tried).await;
        launched.is_ok()
    };
    world.until("its image is known", there).await;
    let id = world.services.sessions.launch(&ada, &tried).await.unwrap();
    world.reaches(&ada, &id, State::Running).await;
    assert_eq!(mounted(&world).await, ["volume-team at /srv/team"]);
    assert!(left_out(&world, &ada, &id).await[0].contains("the home directory is at"));
}

#[tokio::test]
async fn directories_of_the_host_are_asked_as_those_of_workspaces_are() {
    let (world, _place, root) = allowing().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    symlink("/etc", format!("{root}/out")).unwrap();
    for bad in ["/etc:/x", &format!("{root}/out:/x"), "a b:/x"] {
        let refused = group(&world, &admin, form("Team", "10", bad)).await.unwrap_err();
        assert!(refused.problem_at("volumes").is_some(), "{bad}: {refused:?}");
    }
    fs::create_dir(format!("{root}/data")).unwrap();
    let team = form("Team", "10", &format!("{root}/data:/data"));
    group(&world, &admin, team).await.unwrap();
    let workspace = workspace(&world, &admin, world.form()).await;
    let id = world.running(&ada, &workspace).await;
    assert_eq!(mounted(&world).await, [format!("{root}/data at /data")]);
    let weakened = world.detail(&ada, &id).await.session.config.weakened();
    assert!(weakened[0].contains("/data"), "{weakened:?}");
    world.act(&ada, &id, Action::Stop).await;
    world.reaches(&ada, &id, State::Stopped).await;
    // What the settings no longer allow is refused at the next start, and at the next launch.
    let world = world.restarted_with(|settings| settings.allowed = Allowed::default()).await;
    let refused = world.services.sessions.act(&ada, &id, Action::Start).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);
    world.act(&ada, &id, Action::Delete).await;
    world.reaches(&ada, &id, State::Deleted).await;
    let refused = world.services.sessions.launch(&ada, &workspace).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);
}

#[tokio::test]
async fn no_part_of_what_is_written_is_mounted_whoever_gives_it() {
    let (world, _place, root) = allowing().await;
    let admin = world.admin().await;
    world.user().await;
    let mounts =
        |name: &str, volumes: String| WorkspaceForm { name: name.into(), volumes, ..world.form() };
    let saved = async |form: WorkspaceForm| world.services.workspaces.create(&admin, &form).await;
    saved(mounts("Writer", format!("{root}/data:/data"))).await.unwrap();
    let problem = |refused: Error| refused.problem_at("volumes").unwrap().to_owned();
    let inner = form("Team", "10", &format!("{root}/data/x:/x:ro"));
    let why = problem(group(&world, &admin, inner).await.unwrap_err());
    assert!(why.contains("sessions of “Writer” may write"), "{why}");
    let own = form("Team", "10", &format!("{root}/y:/y\n{root}/y/z:/z"));
    let why = problem(group(&world, &admin, own).await.unwrap_err());
    assert!(why.contains("sessions of this group's members may write"), "{why}");
    let team = form("Team", "10", &format!("{root}/team:/team"));
    let team = group(&world, &admin, team).await.unwrap();
    let other = form("Other", "20", &format!("{root}/team/{{username}}:/own"));
    let why = problem(group(&world, &admin, other).await.unwrap_err());
    assert!(why.contains("sessions of members of the group “Team”"), "{why}");
    let nested = mounts("Nested", format!("{root}/team/x:/x"));
    let why = problem(saved(nested.clone()).await.unwrap_err());
    assert!(why.contains("sessions of members of the group “Team” may write"), "{why}");
    let text = format!(
        "version: 1\nname: Nested\nimage: {}\nvolumes:\n  - {root}/team/x:/x\n",
        world::IMAGE
    );
    let told = world.services.workspaces.look_at_definitions(&admin, &text).await.unwrap();
    assert!(!told.can_be_saved());
    // What has gone is in nobody's way.
    world.services.groups.delete(&admin, &team).await.unwrap();
    saved(nested).await.unwrap();
}
