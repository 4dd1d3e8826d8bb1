//! Stories of trials: testers launch a new image beside what everybody launches, say what they
//! found, and it becomes everybody's in one step, or is gone without a trace.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    ErrorKind, WorkspaceId,
    actor::{Actor, Role},
    group::{ADMINISTRATORS, GroupForm},
    launcher::Tile,
    revision::How,
    session::{Action, Waiting},
    trial::{Trial, TrialForm, VerdictForm},
    workspace::WorkspaceForm,
};
use world::World;

/// What everybody launches, and what is tried.
const NEW_IMAGE: &str = "example/app:2";
const PRESENT: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const TRIED: &str = "sha256:22";

/// A workspace for everybody, a tester, and somebody who is none.
struct Scene {
    world: World,
    admin: Actor,
    tester: Actor,
    other: Actor,
    workspace: WorkspaceId,
    /// Id of the group of testers.
    testers: String,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        world.engine.add_image(NEW_IMAGE, TRIED);
        let admin = world.admin().await;
        let (tester, other) = (world.user().await, world.person("bob", Role::User).await);
        let workspace = world.workspace(&admin).await;
        let form = GroupForm {
            name: "Testers".into(),
            priority: "10".into(),
            members: tester.name.clone(),
            ..GroupForm::default()
        };
        let testers = world.services.groups.save(&admin, None, 0, &form).await.unwrap();
        Self { testers: testers.to_string(), world, admin, tester, other, workspace }
    }

    fn form(&self) -> TrialForm {
        TrialForm {
            image: NEW_IMAGE.into(),
            groups: vec![self.testers.clone()],
            notes: "Does the editor start?".into(),
            ..TrialForm::default()
        }
    }

    async fn begin(&self) -> Trial {
        let workspaces = &self.world.services.workspaces;
        workspaces.begin_trial(&self.admin, &self.workspace, &self.form()).await.unwrap();
        let is_there = async || self.trial().await.is_some_and(|trial| trial.image_id == TRIED);
        self.world.until("the engine is known to have the image", is_there).await;
        self.trial().await.unwrap()
    }

    async fn trial(&self) -> Option<Trial> {
        let workspaces = &self.world.services.workspaces;
        workspaces.trial(&self.admin, &self.workspace).await.unwrap().trial
    }

    async fn tiles(&self, actor: &Actor) -> Vec<Tile> {
        self.world.services.launcher.page(actor, "", "").await.unwrap().tiles
    }

    async fn names(&self, actor: &Actor) -> Vec<(String, bool)> {
        let tiles = self.tiles(actor).await;
        tiles.into_iter().map(|tile| (tile.name, tile.trial)).collect()
    }

    async fn says(&self, actor: &Actor, trial: &WorkspaceId, works: &str, words: &str) {
        let form = VerdictForm { works: works.into(), words: words.into() };
        self.world.services.workspaces.give_verdict(actor, trial, &form).await.unwrap();
    }
}

async fn image_of(scene: &Scene, actor: &Actor, workspace: &WorkspaceId) -> String {
    let session = scene.world.running(actor, workspace).await;
    scene.world.detail(actor, &session).await.session.image_digest.unwrap()
}

#[tokio::test]
async fn testers_have_a_tile_more_and_launch_the_new_image_from_it() {
    let scene = Scene::new().await;
    let trial = scene.begin().await;
    assert_eq!((trial.image.as_str(), trial.image_id.as_str()), (NEW_IMAGE, TRIED));
    assert_eq!((trial.groups, trial.begun_by.as_str()), (vec!["Testers".to_owned()], "admin"));

    let name = scene.tiles(&scene.other).await[0].name.clone();
    assert_eq!(scene.names(&scene.other).await, [(name.clone(), false)]);
    let both = [(name.clone(), false), (format!("{name} (trial)"), true)];
    assert_eq!(scene.names(&scene.tester).await, both);
    // The list of workspaces has it once, and its own page says where it is decided on.
    let services = &scene.world.services;
    let list = services.workspaces.list(&scene.admin, &domain::list::ListQuery::default()).await;
    assert_eq!(list.unwrap().total, 1);

    // Nor has the form of a group, which leaves those who try it alone.
    let group = scene.testers.parse().unwrap();
    let opened = services.groups.get(&scene.admin, Some(&group)).await.unwrap();
    assert!(opened.workspaces.iter().all(|(id, ..)| *id != trial.id));
    let (form, revision) = (opened.form, opened.group.revision);
    services.groups.save(&scene.admin, Some(&group), revision, &form).await.unwrap();

    assert_eq!(image_of(&scene, &scene.tester, &scene.workspace).await, PRESENT);
    assert_eq!(image_of(&scene, &scene.tester, &trial.id).await, TRIED);
    let refused = services.sessions.launch(&scene.other, &trial.id).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::NotFound);
    let refused = services.workspaces.asked_of_trial(&scene.other, &trial.id).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_trial_follows_its_workspace_and_is_not_changed_by_itself() {
    let scene = Scene::new().await;
    let trial = scene.begin().await;
    let workspaces = &scene.world.services.workspaces;
    let present = workspaces.get(&scene.admin, &scene.workspace).await.unwrap();
    let form = WorkspaceForm {
        name: "Renamed".into(),
        memory: "3 GiB".into(),
        profile: "on".into(),
        ..WorkspaceForm::from(&present.definition)
    };
    workspaces.change(&scene.admin, &scene.workspace, present.revision, &form).await.unwrap();
    let follows = workspaces.get(&scene.admin, &trial.id).await.unwrap();
    let definition = &follows.definition;
    assert_eq!((definition.name.as_str(), definition.memory_bytes), ("Renamed (trial)", 3 << 30));
    assert_eq!(
        (definition.image.to_string().as_str(), definition.storage.profile),
        (NEW_IMAGE, false)
    );

    let form = WorkspaceForm::from(definition);
    let alone = [
        workspaces.change(&scene.admin, &trial.id, follows.revision, &form).await.err(),
        workspaces.set_enabled(&scene.admin, &trial.id, false).await.err(),
        workspaces.roll_back(&scene.admin, &trial.id, 1).await.err(),
        workspaces.begin_trial(&scene.admin, &trial.id, &scene.form()).await.err(),
    ];
    assert!(alone.into_iter().all(|error| error.unwrap().kind == ErrorKind::Conflict));

    workspaces.set_enabled(&scene.admin, &scene.workspace, false).await.unwrap();
    assert_eq!(scene.names(&scene.tester).await, []);
}

#[tokio::test]
async fn what_testers_say_is_told_and_the_last_word_of_each_counts() {
    let scene = Scene::new().await;
    let trial = scene.begin().await;
    let workspaces = &scene.world.services.workspaces;
    let asked = workspaces.asked_of_trial(&scene.tester, &trial.id).await.unwrap();
    assert_eq!((asked.notes.as_str(), asked.said), ("Does the editor start?", None));
    scene.says(&scene.tester, &trial.id, "no", "It hangs.").await;
    scene.says(&scene.tester, &trial.id, "yes", "It was my network.").await;
    let told = scene.trial().await.unwrap().verdicts;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].works, told[0].words.as_str()), (true, "It was my network."));
    let asked = workspaces.asked_of_trial(&scene.tester, &trial.id).await.unwrap();
    assert_eq!(asked.said, Some(told[0].clone()));
    let form = VerdictForm { works: "yes".into(), words: String::new() };
    let refused = workspaces.give_verdict(&scene.other, &trial.id, &form).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn promoting_gives_everybody_the_image_and_the_way_back_is_there() {
    let scene = Scene::new().await;
    let services = &scene.world.services;
    let before = scene.world.running(&scene.other, &scene.workspace).await;
    let trial = scene.begin().await;
    let tried = scene.world.running(&scene.tester, &trial.id).await;
    scene.says(&scene.tester, &trial.id, "yes", "").await;
    services.workspaces.promote_trial(&scene.admin, &scene.workspace).await.unwrap();

    assert_eq!(scene.trial().await, None);
    assert_eq!(scene.names(&scene.tester).await.len(), 1);
    let image = services.workspaces.image(&scene.admin, &scene.workspace).await.unwrap();
    let newest = &image.revisions[0].revision;
    assert_eq!((newest.id.as_str(), newest.how), (TRIED, How::Promoted));
    assert_eq!(newest.actor.as_deref(), Some("admin"));

    // What was tried goes on as a session of the workspace, and it is the tester's one.
    let session = scene.world.detail(&scene.tester, &tried).await.session;
    assert_eq!(session.workspace, scene.workspace);
    assert!(!session.workspace_name.contains("trial"), "{}", session.workspace_name);
    assert_eq!(scene.world.running(&scene.tester, &scene.workspace).await, tried);
    // Sessions of before keep theirs, and say that a newer one is waiting.
    let detail = scene.world.detail(&scene.other, &before).await;
    assert_eq!(detail.session.image_digest.as_deref(), Some(PRESENT));
    assert_eq!(detail.waiting, Some(Waiting::Newer));
    assert_eq!(image_of(&scene, &scene.admin, &scene.workspace).await, TRIED);

    services.workspaces.roll_back(&scene.admin, &scene.workspace, 1).await.unwrap();
    let eve = scene.world.person("eve", Role::User).await;
    assert_eq!(image_of(&scene, &eve, &scene.workspace).await, PRESENT);
}

#[tokio::test]
async fn promoting_undoes_an_earlier_way_back() {
    let scene = Scene::new().await;
    let workspaces = &scene.world.services.workspaces;
    scene.begin().await;
    workspaces.promote_trial(&scene.admin, &scene.workspace).await.unwrap();
    workspaces.roll_back(&scene.admin, &scene.workspace, 1).await.unwrap();
    let form = TrialForm { image: world::IMAGE.into(), ..scene.form() };
    workspaces.begin_trial(&scene.admin, &scene.workspace, &form).await.unwrap();
    workspaces.promote_trial(&scene.admin, &scene.workspace).await.unwrap();
    assert_eq!(workspaces.get(&scene.admin, &scene.workspace).await.unwrap().pin, None);
}

#[tokio::test]
async fn a_tester_with_a_session_of_each_keeps_both() {
    let scene = Scene::new().await;
    let trial = scene.begin().await;
    let usual = scene.world.running(&scene.tester, &scene.workspace).await;
    let tried = scene.world.running(&scene.tester, &trial.id).await;
    let workspaces = &scene.world.services.workspaces;
    workspaces.promote_trial(&scene.admin, &scene.workspace).await.unwrap();
    let of = async |id| scene.world.detail(&scene.tester, id).await.session.workspace;
    assert_eq!((of(&usual).await, of(&tried).await), (scene.workspace.clone(), trial.id));
    scene.world.act(&scene.tester, &tried, Action::Delete).await;
}

#[tokio::test]
async fn an_image_that_is_not_there_is_not_promoted() {
    let scene = Scene::new().await;
    let workspaces = &scene.world.services.workspaces;
    let form = TrialForm { image: "example/app:missing".into(), ..scene.form() };
    workspaces.begin_trial(&scene.admin, &scene.workspace, &form).await.unwrap();
    let refused = workspaces.promote_trial(&scene.admin, &scene.workspace).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unavailable);
    assert!(scene.trial().await.is_some());
}

#[tokio::test]
async fn a_trial_ends_without_a_trace_and_another_can_begin() {
    let scene = Scene::new().await;
    let workspaces = &scene.world.services.workspaces;
    let trial = scene.begin().await;
    let tried = scene.world.running(&scene.tester, &trial.id).await;
    let second = workspaces.begin_trial(&scene.admin, &scene.workspace, &scene.form()).await;
    assert_eq!(second.unwrap_err().kind, ErrorKind::Conflict);
    workspaces.end_trial(&scene.admin, &scene.workspace).await.unwrap();
    let again = workspaces.end_trial(&scene.admin, &scene.workspace).await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::NotFound);
    assert_eq!(scene.names(&scene.tester).await.len(), 1);
    let stays = scene.world.detail(&scene.tester, &tried).await.session;
    assert_eq!(stays.workspace, trial.id);
    assert_eq!(image_of(&scene, &scene.other, &scene.workspace).await, PRESENT);
    let form = TrialForm { groups: vec![ADMINISTRATORS.into()], ..scene.form() };
    workspaces.begin_trial(&scene.admin, &scene.workspace, &form).await.unwrap();
    workspaces.delete(&scene.admin, &scene.workspace, false).await.unwrap();
    assert_eq!(scene.names(&scene.admin).await, [], "a workspace takes its trial along");
}

#[tokio::test]
async fn only_administrators_decide_on_images_that_run_less_confined() {
    let scene = Scene::new().await;
    let workspaces = &scene.world.services.workspaces;
    let maintainer = scene.world.person("mia", Role::ImageMaintainer).await;
    workspaces.begin_trial(&maintainer, &scene.workspace, &scene.form()).await.unwrap();
    let weakened = async || {
        let present = workspaces.get(&scene.admin, &scene.workspace).await.unwrap();
        let mut form = WorkspaceForm::from(&present.definition);
        form.confinement.seccomp = "on".into();
        workspaces.change(&scene.admin, &scene.workspace, present.revision, &form).await
    };
    let refused = weakened().await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict, "the image on trial is not an administrator's");
    workspaces.end_trial(&maintainer, &scene.workspace).await.unwrap();
    weakened().await.unwrap();

    let refused = workspaces.begin_trial(&maintainer, &scene.workspace, &scene.form()).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Forbidden);
    let trial = scene.begin().await;
    let refused = workspaces.promote_trial(&maintainer, &scene.workspace).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);

    // Neither by a test of it, nor by its image's name.
    let services = &scene.world.services;
    let nothing = domain::launch_form::Typed::default();
    for id in [&scene.workspace, &trial.id] {
        let refused = services.sessions.test_launch(&maintainer, id, &nothing).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Forbidden);
    }
    scene.world.engine.add_image("own/image:1", "sha256:66");
    for name in [world::IMAGE, NEW_IMAGE] {
        let refused = services.library.tag(&maintainer, "own/image:1", name).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Forbidden, "{name}");
    }
    services.library.tag(&maintainer, "own/image:1", "own/image:2").await.unwrap();
    workspaces.set_enabled(&maintainer, &scene.workspace, false).await.unwrap();
    let refused = workspaces.set_enabled(&maintainer, &scene.workspace, true).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);
}

#[tokio::test]
async fn only_those_who_manage_workspaces_decide_on_trials() {
    let scene = Scene::new().await;
    scene.begin().await;
    let workspaces = &scene.world.services.workspaces;
    let (ada, id) = (&scene.tester, &scene.workspace);
    let refused = [
        workspaces.trial(ada, id).await.err(),
        workspaces.begin_trial(ada, id, &scene.form()).await.err(),
        workspaces.promote_trial(ada, id).await.err(),
        workspaces.end_trial(ada, id).await.err(),
    ];
    assert!(refused.into_iter().all(|error| error.unwrap().kind == ErrorKind::Forbidden));
}
