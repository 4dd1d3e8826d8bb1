//! Stories of homes that are kept in directories of the engine's host.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    Error, ErrorKind, SessionId, WorkspaceId,
    actor::{Actor, Role},
    confinement::Allowed,
    group::GroupForm,
    job::JobState,
    launch_form::Typed,
    session::{Action, State},
    snapshot::WizardStep,
    storage::ProfileChoice,
    workspace::WorkspaceForm,
};
use std::{fs, os::unix::fs::MetadataExt as _, path::PathBuf};
use tempfile::TempDir;
use world::World;

/// Nowhere that this server could look.
const FAR: &str = "/no/such/root";

/// A world whose settings allow directories below one of its own.
async fn allowing() -> (World, TempDir, String) {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().to_string_lossy().into_owned();
    let host_roots = vec![root.clone(), FAR.to_owned()];
    let allowed = Allowed { host_roots, ..Allowed::default() };
    (World::with(|settings| settings.allowed = allowed).await, place, root)
}

/// Whoever runs the story, who may give directories to himself.
fn owned(root: &str) -> String {
    let own = fs::metadata(root).unwrap();
    format!("uid={},gid={}", own.uid(), own.gid())
}

fn keeping(world: &World, path: &str) -> WorkspaceForm {
    WorkspaceForm { profile: "on".into(), profile_path: path.into(), ..world.form() }
}

async fn launched(
    world: &World,
    actor: &Actor,
    id: &WorkspaceId,
    choice: ProfileChoice,
) -> SessionId {
    let launched = world.services.sessions.launch_with(actor, id, choice, &Typed::default()).await;
    let session = launched.unwrap();
    world.reaches(actor, &session, State::Running).await;
    session
}

/// The only directory of the host in the only container.
async fn home(world: &World) -> PathBuf {
    let mut spec = world.engine.spec(&world.container_name().await).unwrap();
    assert_eq!((spec.directories.len(), spec.volumes.len()), (1, 0));
    let home = spec.directories.remove(0);
    assert_eq!((home.target.as_str(), home.read_only), ("/home/user", false));
    home.path.into()
}

async fn gone(world: &World, actor: &Actor, id: &SessionId) {
    world.act(actor, id, Action::Delete).await;
    world.until("its container is gone", async || world.containers().await == 0).await;
    world.reaches(actor, id, State::Deleted).await;
}

#[tokio::test]
async fn a_home_is_made_kept_and_begun_anew_by_its_owner_alone() {
    let (world, _place, root) = allowing().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let eve = world.person("eve", Role::User).await;
    let path = format!("{root}/{{username}}/{{workspace}}:{}", owned(&root));
    let workspace =
        world.services.workspaces.create(&admin, &keeping(&world, &path)).await.unwrap();
    let first = launched(&world, &ada, &workspace, ProfileChoice::Keep).await;
    let hers = home(&world).await;
    assert_eq!(hers.to_string_lossy(), format!("{root}/ada/{workspace}"));
    fs::create_dir(hers.join("work")).unwrap();
    fs::write(hers.join("work/thesis"), "precious").unwrap();
    gone(&world, &ada, &first).await;

    let others = launched(&world, &eve, &workspace, ProfileChoice::Keep).await;
    let other = home(&world).await;
    assert_ne!(other, hers);
    fs::write(other.join("note"), "").unwrap();
    gone(&world, &eve, &others).await;

    let second = launched(&world, &ada, &workspace, ProfileChoice::Keep).await;
    assert!(home(&world).await.join("work/thesis").exists());
    gone(&world, &ada, &second).await;

    let without = ProfileChoice::Without;
    let sessions = &world.services.sessions;
    let passing = sessions.launch_with(&ada, &workspace, without, &Typed::default()).await.unwrap();
    world.reaches(&ada, &passing, State::Running).await;
    let spec = world.engine.spec(&world.container_name().await).unwrap();
    assert!(spec.directories.is_empty() && hers.join("work/thesis").exists());
    gone(&world, &ada, &passing).await;

    let options = world.services.launcher.options(&ada, &workspace, false).await.unwrap();
    assert!(options.can_begin_anew);
    let fresh = launched(&world, &ada, &workspace, ProfileChoice::Fresh).await;
    assert_eq!(fs::read_dir(&hers).unwrap().count(), 0);
    assert!(other.join("note").exists());
    // Emptied once: what is written since stays.
    fs::write(hers.join("new"), "").unwrap();
    world.act(&ada, &fresh, Action::Stop).await;
    world.reaches(&ada, &fresh, State::Stopped).await;
    world.act(&ada, &fresh, Action::Start).await;
    world.reaches(&ada, &fresh, State::Running).await;
    assert!(hers.join("new").exists());
}

#[tokio::test]
async fn where_homes_may_be_is_told_at_its_field() {
    let (world, _place, root) = allowing().await;
    let admin = world.admin().await;
    let maintainer = world.person("mia", Role::ImageMaintainer).await;
    let workspaces = &world.services.workspaces;
    std::os::unix::fs::symlink("/etc", format!("{root}/out")).unwrap();
    for bad in [
        "/etc/{user_id}".to_owned(),
        format!("{root}/out/{{user_id}}"),
        format!("{root}/homes"),
        "homes-{user_id}".into(),
    ] {
        let refused = workspaces.create(&admin, &keeping(&world, &bad)).await.unwrap_err();
        assert!(refused.problem_at("profile_path").is_some(), "{bad}: {refused:?}");
    }
    let plain = format!("{root}/homes/{{username}}");
    let refused = workspaces.create(&maintainer, &keeping(&world, &plain)).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);
    let first = workspaces.create(&admin, &keeping(&world, &plain)).await.unwrap();
    let kept = workspaces.get(&admin, &first).await.unwrap();
    assert!(kept.definition.weakened()[0].contains(&plain));
    assert_eq!(WorkspaceForm::from(&kept.definition).profile_path, plain);

    // Two workspaces share no homes, whether they are typed, imported or copied.
    let named = |name: &str, form| WorkspaceForm { name: name.into(), ..form };
    let second = named("Second", keeping(&world, &plain));
    let refused = workspaces.create(&admin, &second).await.unwrap_err();
    let why = refused.problem_at("profile_path").unwrap();
    assert!(why.contains("“Desktop” keeps homes in"), "{why}");
    let text = |path: &str| {
        format!(
            "version: 1\nname: Third\nimage: {}\nprofile: true\nprofile_path: '{path}'\n",
            world::IMAGE
        )
    };
    assert!(!workspaces.look_at_definitions(&admin, &text(&plain)).await.unwrap().can_be_saved());
    let apart = format!("{root}/apart/{{username}}/{{workspace}}");
    workspaces.import_definitions(&admin, &text(&apart), "").await.unwrap();
    workspaces.create(&admin, &named("Fourth", keeping(&world, &apart))).await.unwrap();
    let copy = workspaces.duplicate(&admin, &first).await.unwrap();
    let copy = workspaces.get(&admin, &copy).await.unwrap().definition.storage;
    assert!(copy.profile && copy.profile_path.is_none());
    let inside = format!("{root}/homes/{{username}}/mail:/mail:ro");
    let part = WorkspaceForm { volumes: inside, ..named("Fifth", world.form()) };
    let refused = workspaces.create(&admin, &part).await.unwrap_err();
    assert!(refused.problem_at("volumes").unwrap().contains("sessions of “Desktop” may write"));
}

#[tokio::test]
async fn nothing_becomes_a_home_by_an_edit_that_others_have() {
    let (world, _place, root) = allowing().await;
    let admin = world.admin().await;
    world.user().await;
    let workspaces = &world.services.workspaces;
    let homes = format!("{root}/homes/{{username}}");
    let named = |name: &str, form| WorkspaceForm { name: name.into(), ..form };
    // Two volumes may be the same directory: nobody begins one anew.
    let volume = WorkspaceForm { volumes: format!("{homes}:/home/user"), ..world.form() };
    let first = workspaces.create(&admin, &named("First", volume.clone())).await.unwrap();
    let second = workspaces.create(&admin, &named("Second", volume)).await.unwrap();
    let edited = async |id: &WorkspaceId, form: WorkspaceForm| {
        let revision = workspaces.get(&admin, id).await.unwrap().revision;
        workspaces.change(&admin, id, revision, &form).await
    };
    let problem = |refused: Error| refused.problem_at("profile_path").unwrap().to_owned();
    let keeps = |name: &str| named(name, keeping(&world, &homes));
    let why = problem(edited(&first, keeps("First")).await.unwrap_err());
    assert!(why.contains("of “Second” may be one of the homes"), "{why}");
    workspaces.delete(&admin, &second, false).await.unwrap();
    edited(&first, keeps("First")).await.unwrap();

    let apart = WorkspaceForm { volumes: format!("{root}/data:/data"), ..world.form() };
    let second = workspaces.create(&admin, &named("Second", apart.clone())).await.unwrap();
    let why = problem(edited(&second, keeps("Second")).await.unwrap_err());
    assert!(why.contains("“First” keeps homes in"), "{why}");
    let takes = WorkspaceForm { volumes: format!("{homes}:/home/user"), ..apart.clone() };
    let refused = edited(&second, named("Second", takes)).await.unwrap_err();
    let why = refused.problem_at("volumes").unwrap();
    assert!(why.contains("may be one of the homes of “First”"), "{why}");
    // What stays as it is may be saved with another change.
    let noted = WorkspaceForm { notes: "Keeps homes.".into(), ..keeps("First") };
    edited(&first, noted).await.unwrap();

    let gives = |volumes: String| GroupForm {
        name: "Team".into(),
        priority: "10".into(),
        members: "ada".into(),
        volumes,
        ..GroupForm::default()
    };
    let groups = &world.services.groups;
    let shared = gives(format!("{root}/homes/shared:/shared:ro"));
    let refused = groups.save(&admin, None, 0, &shared).await.unwrap_err();
    let why = refused.problem_at("volumes").unwrap();
    assert!(why.contains("may be one of the homes of “First”"), "{why}");
    groups.save(&admin, None, 0, &gives(format!("{root}/team/shared:/shared"))).await.unwrap();
    let team = named("Second", keeping(&world, &format!("{root}/team/{{username}}")));
    let why = problem(edited(&second, team).await.unwrap_err());
    assert!(why.contains("of the group “Team” may be one of the homes in"), "{why}");
}

#[tokio::test]
async fn a_copy_keeps_homes_on_the_host_where_its_id_tells_them_apart() {
    let (world, _place, root) = allowing().await;
    let admin = world.admin().await;
    let workspaces = &world.services.workspaces;
    for (path, is_kept) in [
        (format!("{root}/apart/{{username}}/{{workspace}}"), true),
        (format!("{root}/joined/{{username}}-{{workspace}}"), false),
    ] {
        let form = WorkspaceForm { name: path.clone(), ..keeping(&world, &path) };
        let original = workspaces.create(&admin, &form).await.unwrap();
        let copy = workspaces.duplicate(&admin, &original).await.unwrap();
        let storage = workspaces.get(&admin, &copy).await.unwrap().definition.storage;
        assert!(storage.profile);
        let kept = storage.profile_path.map(|path| path.to_string());
        assert_eq!(kept, is_kept.then_some(path));
    }
}

/// Stores a workspace as it is said, whatever would be said against it.
async fn stored(world: &World, admin: &Actor, id: &WorkspaceId, form: &WorkspaceForm) {
    let mut workspace = world.services.workspaces.get(admin, id).await.unwrap();
    workspace.definition = form.check().unwrap();
    let mut tx = world.store.begin().await.unwrap();
    tx.save_workspace(&workspace).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_image_of_a_session_takes_the_path_of_homes_along_where_they_are_told_apart() {
    let (world, _place, root) = allowing().await;
    let (admin, maintainer) =
        (world.admin().await, world.person("mia", Role::ImageMaintainer).await);
    let workspaces = &world.services.workspaces;
    let snapshots = &world.services.snapshots;
    let own = owned(&root);
    for (actor, path, is_kept) in [
        (&admin, format!("{root}/apart/{{username}}/{{workspace}}:{own}"), true),
        (&maintainer, format!("{root}/others/{{username}}/{{workspace}}:{own}"), false),
        (&admin, format!("{root}/joined/{{username}}-{{workspace}}:{own}"), false),
    ] {
        let form = WorkspaceForm { name: path.clone(), ..keeping(&world, &path) };
        let workspace = workspaces.create(&admin, &form).await.unwrap();
        let session = launched(&world, actor, &workspace, ProfileChoice::Keep).await;
        let page = snapshots.page(actor, &session, WizardStep::Review).await.unwrap();
        let begun = snapshots.submit(actor, &session, &page.form.image).await.unwrap();
        let made = workspaces.get(&admin, &begun.workspace.unwrap()).await.unwrap();
        let kept = made.definition.storage.profile_path.map(|path| path.to_string());
        assert_eq!(kept, is_kept.then_some(path));
        let done = async || {
            let job = world.services.jobs.detail(actor, &begun.job).await.unwrap().job;
            job.state == JobState::Done
        };
        world.until("the image is there", done).await;
        gone(&world, actor, &session).await;
        world.clock.advance_secs(3600);
    }

    // It is asked as a workspace that is typed: another one may have taken its place.
    let volumes = format!("{root}/data:/data:{own}");
    let form = WorkspaceForm { name: "Data".into(), volumes, ..world.form() };
    let workspace = workspaces.create(&admin, &form).await.unwrap();
    let other = WorkspaceForm { name: "Other".into(), ..world.form() };
    let other = workspaces.create(&admin, &other).await.unwrap();
    let session = world.running(&admin, &workspace).await;
    let around =
        WorkspaceForm { name: "Other".into(), volumes: format!("{root}:/all"), ..world.form() };
    stored(&world, &admin, &other, &around).await;
    let page = snapshots.page(&admin, &session, WizardStep::Review).await.unwrap();
    let refused = snapshots.submit(&admin, &session, &page.form.image).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(refused.message.contains("which sessions of “Other” may write"), "{refused}");
}

#[tokio::test]
async fn a_home_that_others_have_too_is_not_emptied() {
    let (world, _place, root) = allowing().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let eve = world.person("eve", Role::User).await;
    let workspaces = &world.services.workspaces;
    let path = format!("{root}/homes/{{username}}:{}", owned(&root));
    let desk = workspaces.create(&admin, &keeping(&world, &path)).await.unwrap();
    let first = launched(&world, &ada, &desk, ProfileChoice::Keep).await;
    let hers = home(&world).await;
    fs::create_dir_all(hers.join("work")).unwrap();
    fs::write(hers.join("work/thesis"), "precious").unwrap();
    gone(&world, &ada, &first).await;

    // As an installation may have it from before, or by hand.
    let other = WorkspaceForm { name: "Other".into(), ..world.form() };
    let other = workspaces.create(&admin, &other).await.unwrap();
    for (mounted, is_kept) in [
        (format!("{root}/homes/ada:/x"), true),
        (format!("{root}/homes/ada/work:/x:ro"), true),
        (format!("{root}/homes:/x"), true),
        (format!("{root}/homes:/x:ro"), false),
    ] {
        let has = WorkspaceForm { name: "Other".into(), volumes: mounted.clone(), ..world.form() };
        stored(&world, &admin, &other, &has).await;
        let held = world.running(&eve, &other).await;
        let sessions = &world.services.sessions;
        let fresh = ProfileChoice::Fresh;
        let begun = sessions.launch_with(&ada, &desk, fresh, &Typed::default()).await.unwrap();
        let comes_to = if is_kept { State::Failed } else { State::Running };
        world.reaches(&ada, &begun, comes_to).await;
        assert_eq!(hers.join("work/thesis").exists(), is_kept, "{mounted}");
        if is_kept {
            let reason = world.detail(&ada, &begun).await.session.reason.unwrap();
            assert!(reason.message.contains("cannot be emptied by Slipway"), "{reason:?}");
        }
        for (actor, id) in [(&ada, &begun), (&eve, &held)] {
            world.act(actor, id, Action::Delete).await;
            world.reaches(actor, id, State::Deleted).await;
        }
    }
}

/// That somebody may not begin his home anew, because this server cannot empty it.
async fn not_begun_anew(world: &World, actor: &Actor, workspace: &WorkspaceId) -> Error {
    let (sessions, fresh) = (&world.services.sessions, ProfileChoice::Fresh);
    let refused = sessions.launch_with(actor, workspace, fresh, &Typed::default()).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(refused.message.contains("cannot be emptied by Slipway"), "{refused}");
    refused
}

#[tokio::test]
async fn a_server_that_may_not_remove_everything_does_not_begin_to() {
    let (world, _place, root) = allowing().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let path = format!("{root}/{{username}}:{}", owned(&root));
    let workspace =
        world.services.workspaces.create(&admin, &keeping(&world, &path)).await.unwrap();
    let world = world.restarted_with(|settings| settings.empties_homes = false).await;
    let options = world.services.launcher.options(&ada, &workspace, false).await.unwrap();
    assert!(!options.can_begin_anew && options.home.is_some());
    let refused = not_begun_anew(&world, &ada, &workspace).await;
    assert!(refused.detail.unwrap().contains("CAP_DAC_OVERRIDE"));
    // As it was left it is there for him.
    launched(&world, &ada, &workspace, ProfileChoice::Keep).await;
}

#[tokio::test]
async fn a_home_that_this_server_does_not_see_is_never_begun_anew() {
    let (world, _place, _) = allowing().await;
    let (admin, ada) = (world.admin().await, world.user().await);
    let path = format!("{FAR}/{{user_id}}");
    let workspace =
        world.services.workspaces.create(&admin, &keeping(&world, &path)).await.unwrap();
    let options = world.services.launcher.options(&ada, &workspace, false).await.unwrap();
    assert!(!options.can_begin_anew && options.home.is_some());
    not_begun_anew(&world, &ada, &workspace).await;
    assert_eq!(world.containers().await, 0);
    // As it is left, the engine has the say, which has no such directory either.
    let session = world.services.sessions.launch(&ada, &workspace).await.unwrap();
    world.reaches(&ada, &session, State::Failed).await;
    let reason = world.detail(&ada, &session).await.session.reason.unwrap();
    assert!(reason.message.contains(&format!("no directory `{FAR}/{}`", ada.user)), "{reason:?}");
}
