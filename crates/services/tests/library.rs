//! Stories of the image library: what is missing comes by itself, what is there stays current, and
//! nothing that anything needs is taken away.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    Error, ErrorKind,
    job::{JobKind, JobState},
    library::ImageState,
    list::ListQuery,
    policy::PolicyForm,
    registry::RegistryForm,
    workspace::WorkspaceForm,
};
use engine::memory::Op;
use world::registry::{HOUR_S, Scene, digest};

#[tokio::test]
async fn what_a_workspace_lacks_is_pulled_at_once_but_only_where_a_registry_is_stored() {
    let scene = Scene::new().await;
    let world = &scene.world;
    world.engine.add_remote_image(&scene.image, "sha256:77");
    scene.workspace().await;
    scene.look().await;
    assert_eq!(scene.detail().await.row.state, ImageState::Missing);
    assert_eq!(world.engine.calls(Op::Pull), 0);

    scene.store_registry().await;
    scene.comes_to(ImageState::Available).await;
    let detail = scene.detail().await;
    assert_eq!(detail.row.id.as_deref(), Some("sha256:77"));
    assert_eq!(detail.upstream.pulled_as, "without signing in");
    assert!(detail.pulled_from.contains(&scene.registry.host), "{}", detail.pulled_from);
    let jobs = world.services.jobs.list(&scene.admin, &ListQuery::default()).await.unwrap().rows;
    assert_eq!((jobs.len(), jobs[0].actor.as_deref()), (1, None));
    let log = world.services.jobs.detail(&scene.admin, &jobs[0].id).await.unwrap().log;
    assert_eq!(log[0].text, "Slipway itself asked for it.");
    assert_eq!(world.engine.calls(Op::Pull), 1);
    assert_eq!(scene.registry.heads(), 0, "a pull is an answer too");
}

#[tokio::test]
async fn a_pull_that_fails_is_repeated_by_itself_ever_later() {
    let scene = Scene::new().await;
    let world = &scene.world;
    scene.store_registry().await;
    scene.workspace().await;
    scene.comes_to(ImageState::Failed).await;
    let detail = scene.detail().await;
    assert!(detail.row.note.contains("no such image"), "{}", detail.row.note);
    let next = detail.upstream.next_check_at.unwrap();
    assert_eq!(next.since(world.now()), 60_000);

    world.engine.add_remote_image(&scene.image, "sha256:77");
    scene.look().await;
    assert_eq!(scene.detail().await.row.state, ImageState::Failed, "it is not its turn");
    world.clock.advance_secs(61);
    scene.look().await;
    scene.comes_to(ImageState::Available).await;
    assert_eq!(scene.detail().await.upstream.error, None);
}

#[tokio::test]
async fn a_moved_tag_is_noticed_with_one_question_an_hour_and_only_then_pulled() {
    let scene = Scene::new().await;
    let world = &scene.world;
    scene.present("sha256:11", &digest(1));
    scene.registry.has(&digest(1));
    scene.store_registry().await;
    scene.workspace().await;
    // Its first turn comes somewhere in the first hour, whatever the name is.
    scene.look().await;
    world
        .until("it has a turn", async || scene.detail().await.upstream.next_check_at.is_some())
        .await;
    world.clock.advance_secs(HOUR_S);
    scene.asked(1).await;
    world.clock.advance_secs(HOUR_S - 60);
    scene.look().await;
    assert_eq!(scene.registry.heads(), 1);
    world.clock.advance_secs(60);
    scene.asked(2).await;
    assert_eq!(world.engine.calls(Op::Pull), 0, "nothing has changed");

    let workspace = scene.detail().await.workspaces[0].0.clone();
    let session = world.services.sessions.launch(&scene.admin, &workspace).await.unwrap();
    scene.registry.has(&digest(2));
    world.engine.add_remote_image(&scene.image, "sha256:22");
    world.clock.advance_secs(HOUR_S);
    scene.asked(3).await;
    world
        .until("the new image is here", async || {
            scene.detail().await.row.id.as_deref() == Some("sha256:22")
        })
        .await;
    world.until("the change is on record", async || scene.detail().await.meanings.len() == 2).await;
    let detail = scene.detail().await;
    assert_eq!(
        (detail.meanings[0].id.as_str(), detail.meanings[1].id.as_str()),
        ("sha256:22", "sha256:11")
    );
    let using: Vec<_> = detail.sessions.iter().map(|one| (&one.id, one.older)).collect();
    assert_eq!(using, [(&session, true)], "the session keeps what it has");
}

#[tokio::test]
async fn of_many_names_none_is_asked_about_twice_within_the_hour_and_never_many_at_a_time() {
    const NAMES: usize = 500;
    const EVERY_S: i64 = 120;
    /// As many as one registry is asked about between two looks.
    const BUDGET: usize = 20;
    let scene = Scene::new().await;
    let world = &scene.world;
    let policies = &world.services.policies;
    let mut form = PolicyForm::from(&policies.get(&scene.admin).await.unwrap());
    form.upkeep.compare_every = "2 min".into();
    policies.change(&scene.admin, &form).await.unwrap();
    let repository = scene.image.strip_suffix(":latest").unwrap();
    scene.registry.has(&digest(1));
    for number in 0..NAMES {
        let image = format!("{repository}:{number}");
        world.engine.add_image(&image, &format!("sha256:{number:064x}"));
        world.engine.set_digest(&image, &format!("{repository}@{}", digest(1)));
        let form = WorkspaceForm { name: format!("W {number}"), image, ..world.form() };
        world.services.workspaces.create(&scene.admin, &form).await.unwrap();
    }
    scene.store_registry().await;
    let began = world.now();
    let mut most = 0;
    while scene.registry.heads_by_name().len() < NAMES {
        let before = scene.registry.heads();
        world.clock.advance_secs(EVERY_S);
        scene.look().await;
        // Until what was due is answered; nothing may be due at all.
        let mut calm = scene.registry.heads();
        world
            .until("the registry is left alone", async || {
                tokio::time::sleep(std::time::Duration::from_millis(150)).await;
                let now = scene.registry.heads();
                std::mem::replace(&mut calm, now) == now
            })
            .await;
        most = most.max(scene.registry.heads() - before);
        assert!(world.now().since(began) < 24 * HOUR_S * 1000, "some are never asked about");
    }
    assert!(most <= 2 * BUDGET, "{most} in one look");
    for (name, times) in scene.registry.heads_by_name() {
        // The clock may have moved on by a step while a question was under way.
        let least = (HOUR_S - EVERY_S) * 1000;
        let gaps = times.windows(2).map(|pair| pair[1].since(pair[0]));
        assert!(gaps.min().unwrap_or(i64::MAX) >= least, "{name} at {times:?}");
    }
    assert_eq!(world.engine.calls(Op::Pull), 0, "nothing has changed");
}

#[tokio::test]
async fn a_registry_that_takes_no_more_requests_is_left_alone_until_it_says() {
    let scene = Scene::new().await;
    let world = &scene.world;
    scene.present("sha256:11", &digest(1));
    scene.registry.says("429 Slow down\r\nRetry-After: 600");
    scene.store_registry().await;
    scene.workspace().await;
    scene.look().await;
    world
        .until("it has a turn", async || scene.detail().await.upstream.next_check_at.is_some())
        .await;
    world.clock.advance_secs(HOUR_S);
    scene.asked(1).await;
    let registries = &world.services.registries;
    world
        .until("the wait is shown", async || {
            registries.list(&scene.admin).await.unwrap()[0].paused_until.is_some()
        })
        .await;
    let until = registries.list(&scene.admin).await.unwrap()[0].paused_until.unwrap();
    assert_eq!(until.since(world.now()), 600_000);
    assert!(scene.detail().await.row.note.contains("600 s"));
    assert_eq!(scene.detail().await.row.state, ImageState::Available, "it can be launched");
    world.clock.advance_secs(599);
    scene.look().await;
    assert_eq!(scene.registry.heads(), 1);

    scene.registry.says(&format!(
        "200 OK\r\nDocker-Content-Digest: {}\r\nRateLimit-Limit: 100;w=21600\r\nRateLimit-Remaining: 7;w=21600",
        digest(1)
    ));
    world.clock.advance_secs(2);
    scene.asked(2).await;
    world
        .until("what is left is shown", async || {
            let registry = registries.list(&scene.admin).await.unwrap().remove(0);
            registry.rate.is_some_and(|rate| rate.remaining == 7) && registry.paused_until.is_none()
        })
        .await;
    assert_eq!(scene.detail().await.row.note, "");
}

#[tokio::test]
async fn a_restart_is_no_storm_and_a_deleted_tag_takes_nothing_away() {
    let scene = Scene::new().await;
    scene.present("sha256:11", &digest(1));
    scene.registry.has(&digest(1));
    scene.store_registry().await;
    scene.workspace().await;
    scene.look().await;
    let turn = async |scene: &Scene| scene.detail().await.upstream.next_check_at;
    scene.world.until("it has a turn", async || turn(&scene).await.is_some()).await;
    let first = turn(&scene).await;
    scene.world.clock.advance_secs(HOUR_S);
    scene.asked(1).await;
    scene.world.until("the next turn is known", async || turn(&scene).await != first).await;
    let before = turn(&scene).await;
    let Scene { world, admin, registry, image } = scene;
    let scene = Scene { world: world.restarted().await, admin, registry, image };
    scene.look().await;
    assert_eq!((scene.registry.heads(), turn(&scene).await), (1, before));

    scene.registry.says("404 Nothing");
    scene.world.clock.advance_secs(HOUR_S);
    scene.asked(2).await;
    let noted = async || scene.detail().await.row.note.contains("no longer has this tag");
    scene.world.until("it is told", noted).await;
    assert_eq!(scene.detail().await.row.state, ImageState::Available);
}

#[tokio::test]
async fn what_nothing_needs_is_pruned_and_the_rest_says_why_it_stays() {
    let scene = Scene::new().await;
    let (world, admin) = (&scene.world, &scene.admin);
    let library = &world.services.library;
    let workspace = world.workspace(admin).await;
    world.running(admin, &workspace).await;
    world.engine.add_image("example/old:1", "sha256:old");
    world.engine.add_image("example/lost:1", "sha256:lost");
    world.engine.add_image("example/lost:1", "sha256:found");
    world.engine.set_created("sha256:found", world.now());
    let plan = |mode: &'static str| library.disk(admin, mode, "30");
    let (disk, off, _) = plan("off").await.unwrap();
    assert_eq!((disk.images.count, off.going().count()), (4, 0));
    let (_, dangling, _) = plan("dangling").await.unwrap();
    let going: Vec<&str> = dangling.going().map(|one| one.id.as_str()).collect();
    assert_eq!(going, ["sha256:lost"]);
    let (_, unused, _) = plan("unused").await.unwrap();
    assert_eq!(unused.going().count(), 2);
    let kept = unused.verdicts.iter().filter(|one| !one.goes).map(|one| one.why.as_str());
    assert!(kept.clone().any(|why| why.contains("workspace “Desktop”")), "{unused:?}");
    assert!(kept.clone().any(|why| why.contains("used or made")), "{unused:?}");
    assert!(plan("all").await.unwrap_err().problem_at("prune").is_some());
    assert!(library.prune(admin, "off", "").await.unwrap_err().problem_at("prune").is_some());

    // One of them has come to be needed before the job is at it.
    world.engine.fail_next(Op::DiskUse, Error::unavailable("The engine does not answer."));
    let job = library.prune(admin, "unused", "30").await.unwrap();
    assert_eq!(library.prune(admin, "unused", "30").await.unwrap(), job, "it is joined");
    let form = WorkspaceForm { image: "example/old:1".into(), ..world.form() };
    world.services.workspaces.create(admin, &form).await.unwrap();
    let waits = async || {
        let job = world.services.jobs.detail(admin, &job).await.unwrap().job;
        job.state == JobState::Queued && job.error.is_some()
    };
    world.until("it waits for the engine", waits).await;
    world.clock.advance_secs(60);
    let ended = async || {
        let job = world.services.jobs.detail(admin, &job).await.unwrap().job;
        assert_eq!(job.kind, JobKind::Prune);
        job.state == JobState::Done
    };
    world.until("the job is done", ended).await;
    let left = library.list(admin, &ListQuery::default()).await.unwrap();
    let left: Vec<&str> = left.rows.iter().map(|row| row.reference.as_str()).collect();
    assert_eq!(left, ["example/desktop:1", "example/lost:1", "example/old:1"]);
}

#[tokio::test]
async fn pruning_each_day_begins_when_the_settings_say_so() {
    let scene = Scene::new().await;
    let (world, admin) = (&scene.world, &scene.admin);
    world.engine.add_image("example/lost:1", "sha256:lost");
    world.engine.add_image("example/lost:1", "sha256:found");
    let policies = &world.services.policies;
    let mut form = PolicyForm::from(&policies.get(admin).await.unwrap());
    form.upkeep.prune = "dangling".into();
    policies.change(admin, &form).await.unwrap();
    let unnamed = ListQuery { state: "unnamed".into(), ..ListQuery::default() };
    let gone = async || world.services.library.list(admin, &unnamed).await.unwrap().total == 0;
    world.until("it is pruned", gone).await;
    let prunes = async || {
        let query = ListQuery { filter: "prune".into(), ..ListQuery::default() };
        world.services.jobs.list(admin, &query).await.unwrap().total
    };
    assert_eq!(prunes().await, 1);
    scene.look().await;
    world.clock.advance_secs(86_401);
    scene.look().await;
    world.until("it is done again the next day", async || prunes().await == 2).await;
}

#[tokio::test]
async fn names_are_given_and_taken_with_every_consequence_told() {
    let scene = Scene::new().await;
    let (world, admin) = (&scene.world, &scene.admin);
    let library = &world.services.library;
    let workspace = world.workspace(admin).await;
    world.running(admin, &workspace).await;
    let image = world::IMAGE;
    let problem = async |name: &str| {
        library.tag(admin, image, name).await.unwrap_err().problem_at("name").map(str::to_owned)
    };
    assert!(problem("Team/App").await.is_some() && problem("").await.is_some());
    let pinned = format!("a@{}", digest(1));
    assert!(problem(&pinned).await.unwrap().contains("digest"));
    assert_eq!(library.tag(admin, image, "team/app").await.unwrap(), "team/app:latest");
    let removal = library.removal(admin, image).await.unwrap();
    assert_eq!(removal.other_names, ["team/app:latest"]);
    assert_eq!(removal.workspaces, ["Desktop"]);
    assert_eq!(removal.sessions, ["Desktop of admin"]);
    assert!(!removal.can_be_pulled);
    library.remove(admin, "team/app").await.unwrap();
    let refused = library.remove(admin, image).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(refused.hint.unwrap().contains("sessions"));
    let outcomes =
        library.act_on_many(admin, &[image.into(), "a/b:1".into()], "remove").await.unwrap();
    assert!(outcomes[0].problem.is_some() && outcomes[1].problem.is_none());
    assert!(library.act_on_many(admin, &[], "remove").await.is_err());
    assert!(library.act_on_many(admin, &["a".into()], "burn").await.is_err());
    let missing = library.removal(admin, "no/such:1").await.unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn the_closest_of_several_registries_is_used_and_another_can_be_chosen() {
    let scene = Scene::new().await;
    let (world, admin) = (&scene.world, &scene.admin);
    let registries = &world.services.registries;
    let store = async |name: &str, path: &str, user: &str| {
        let form = RegistryForm {
            name: name.into(),
            url: format!("https://registry.example.org{path}"),
            username: user.into(),
            ..RegistryForm::default()
        };
        registries.create(admin, &form, "violin").await.unwrap()
    };
    let whole = store("Whole", "", "all").await;
    store("Team", "/team", "team").await;
    store("Hub", "/v2/", "hub").await;
    let image = "registry.example.org/team/app:1";
    let pulled = async |job: &domain::JobId| {
        let over =
            async || world.services.jobs.detail(admin, job).await.unwrap().job.state.is_over();
        world.until("the pull is over", over).await;
        let log = world.services.jobs.detail(admin, job).await.unwrap().log;
        log.iter().map(|line| format!("{}\n", line.text)).collect::<String>()
    };
    let library = &world.services.library;
    world.engine.add_remote_image(image, "sha256:77");
    let job = library.pull(admin, image, None).await.unwrap();
    assert!(pulled(&job).await.contains("as team (Team)"));
    world.engine.add_remote_image(image, "sha256:78");
    let job = library.pull(admin, image, Some(&whole)).await.unwrap();
    assert!(pulled(&job).await.contains("as all (Whole)"));
    assert!(library.detail(admin, image).await.unwrap().upstream.pulled_as.contains("Whole"));
    let elsewhere = library.pull(admin, "a/b:1", Some(&whole)).await.unwrap_err();
    assert!(elsewhere.problem_at("registry").unwrap().contains("docker.io"));
    let none = library.pull(admin, "A B", None).await.unwrap_err();
    assert!(none.problem_at("image").is_some());
}

#[tokio::test]
async fn the_list_is_narrowed_sorted_and_paged_and_shows_what_is_missing_too() {
    let scene = Scene::new().await;
    let (world, admin) = (&scene.world, &scene.admin);
    world.workspace(admin).await;
    scene.workspace().await;
    for number in 0..60 {
        world.engine.add_image(&format!("many/app:{number:02}"), &format!("sha256:{number:02}"));
    }
    let library = &world.services.library;
    let list = async |query: ListQuery| library.list(admin, &query).await.unwrap();
    world.until("they are listed", async || list(ListQuery::default()).await.total == 62).await;
    let of = |state: &str| ListQuery { state: state.into(), ..ListQuery::default() };
    let missing = list(of("missing")).await;
    assert_eq!((missing.total, &missing.rows[0].reference), (1, &scene.image));
    assert!(missing.rows[0].note.contains("not on the engine"));
    assert_eq!(list(of("unused")).await.total, 60);
    assert_eq!(list(of("unnamed")).await.total, 0);
    let second = ListQuery { search: "MANY".into(), page: 2, per_page: 25, ..ListQuery::default() };
    let second = list(second).await;
    assert_eq!((second.total, second.rows.len()), (60, 25));
    assert_eq!(second.rows[0].reference, "many/app:25");
    let used = ListQuery { sort: "used".into(), descending: true, ..ListQuery::default() };
    assert_eq!(list(used).await.rows[0].workspaces, 1);
    world.engine.set_labels("many/app:07", &["maker=Us", "tier=gold"]);
    let labelled = ListQuery { search: "maker=us".into(), ..ListQuery::default() };
    world.until("labels are found", async || list(labelled.clone()).await.total == 1).await;
    assert_eq!(list(labelled).await.rows[0].labels, ["maker=Us", "tier=gold"]);
    world
        .until("what it is built for is read", async || {
            list(of("unused")).await.rows[0].architecture == "amd64"
        })
        .await;
}

#[tokio::test]
async fn users_do_nothing_of_it() {
    let scene = Scene::new().await;
    let ada = scene.world.user().await;
    let library = &scene.world.services.library;
    let refusals = [
        library.list(&ada, &ListQuery::default()).await.err(),
        library.detail(&ada, world::IMAGE).await.err(),
        library.pull(&ada, world::IMAGE, None).await.err(),
        library.tag(&ada, world::IMAGE, "a:1").await.err(),
        library.removal(&ada, world::IMAGE).await.err(),
        library.remove(&ada, world::IMAGE).await.err(),
        library.act_on_many(&ada, &["a".into()], "pull").await.err(),
        library.disk(&ada, "", "").await.err(),
        library.prune(&ada, "unused", "1").await.err(),
    ];
    for (call, refusal) in refusals.into_iter().enumerate() {
        assert_eq!(refusal.map(|e| e.kind), Some(ErrorKind::Forbidden), "call {call} was allowed");
    }
}
