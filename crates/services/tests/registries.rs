//! Stories of registries: kept with their credentials, tested, chosen in the wizard, and pushed to.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    Error, ErrorKind, RegistryId, SessionId,
    actor::{Actor, Role},
    job::{Job, JobKind, JobState},
    registry::{Fault, ImportFate, ImportReport, Outcome, RateLimit, RegistryForm, TestStep},
    snapshot::{NOWHERE, OTHER, SnapshotForm, WizardStep},
};
use engine::memory::Op;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};
use world::World;

/// `robot` and `violin`.
const ROBOT: &str = "authorization: basic cm9ib3q6dmlvbGlu";

/// A registry on this machine that knows `robot` and takes uploads to `team/` only.
struct Registry {
    host: String,
    _background: JoinSet<()>,
}

impl Registry {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port());
        let mut background = JoinSet::new();
        background.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = vec![0; 4096];
                let read = stream.read(&mut head).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let first = head.lines().next().unwrap_or_default();
                let answer = match head.to_lowercase().contains(&ROBOT.to_lowercase()) {
                    false => "401 No\r\nWWW-Authenticate: Basic realm=\"r\"",
                    true if first.starts_with("GET /v2/ ") => "200 OK",
                    true if first.starts_with("GET /v2/team/") => "404 Nothing",
                    true if first.starts_with("HEAD /v2/team/moved/manifests/") => {
                        "200 OK\r\nDocker-Content-Digest: sha256:another"
                    }
                    true if first.starts_with("HEAD /v2/team/") => "404 Nothing",
                    true if first.starts_with("POST /v2/team/") => "202 OK\r\nLocation: /v2/up/1",
                    true if first.starts_with("DELETE /v2/up/1") => "204 OK",
                    true => "403 No",
                };
                let answer =
                    format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { host, _background: background }
    }

    fn form(&self) -> RegistryForm {
        RegistryForm {
            name: "Ours".into(),
            url: format!("http://{}", self.host),
            username: "robot".into(),
            ca: String::new(),
            insecure: "on".into(),
        }
    }
}

async fn scene() -> (World, Actor, Registry) {
    let world = World::new().await;
    let admin = world.admin().await;
    let registry = Registry::start().await;
    (world, admin, registry)
}

/// A session whose image is to go to the registry's repository `path`.
async fn wizard(world: &World, admin: &Actor, host: &str, path: &str) -> SessionId {
    let workspace = world.workspace(admin).await;
    let id = world.running(admin, &workspace).await;
    let image = SnapshotForm { image: format!("{host}/{path}:1"), ..SnapshotForm::default() };
    world.services.snapshots.keep(admin, &id, WizardStep::Image, image, "").await.unwrap();
    id
}

fn chosen(id: &RegistryId) -> SnapshotForm {
    SnapshotForm { target: id.to_string(), ..SnapshotForm::default() }
}

async fn submit(world: &World, admin: &Actor, id: &SessionId) {
    let snapshots = &world.services.snapshots;
    let image = snapshots.page(admin, id, WizardStep::Review).await.unwrap().form.image;
    snapshots.submit(admin, id, &image).await.unwrap();
}

async fn push_is(world: &World, admin: &Actor, state: JobState) -> Job {
    let mut last = None;
    world
        .until(&format!("the push is {state:?}"), async || {
            let all = world.services.jobs.recent(admin).await.unwrap();
            last = all.into_iter().find(|job| job.kind == JobKind::Push);
            last.as_ref().is_some_and(|job| job.state == state)
        })
        .await;
    last.unwrap()
}

async fn log(world: &World, admin: &Actor, job: &Job) -> String {
    let detail = world.services.jobs.detail(admin, &job.id).await.unwrap();
    detail.log.iter().map(|line| format!("{}\n", line.text)).collect()
}

#[tokio::test]
async fn a_password_goes_in_and_never_comes_out() {
    let (world, admin, registry) = scene().await;
    let registries = &world.services.registries;
    let id = registries.create(&admin, &registry.form(), "violin").await.unwrap();
    let list = registries.list(&admin).await.unwrap();
    assert!(list[0].has_password && list[0].insecure && !list[0].own_ca);
    let (shown, form) = registries.get(&admin, &id).await.unwrap();
    assert_eq!(form, registry.form());
    assert!(!format!("{shown:?} {form:?}").contains("violin"));
    let stored = world.store.registry(&id).await.unwrap().unwrap().secret.unwrap();
    assert!(!stored.windows(6).any(|bytes| bytes == b"violin"), "encrypted at rest");
    let audit = format!("{:?}", world.store.audit(10).await.unwrap());
    assert!(audit.contains("registry.create") && !audit.contains("violin"), "{audit}");

    // An empty password keeps the one that is there, but only for whom it was typed.
    let renamed = RegistryForm { name: "Theirs".into(), ..form.clone() };
    registries.change(&admin, &id, &renamed, "").await.unwrap();
    assert!(registries.test_saved(&admin, &id).await.unwrap().is_good());
    let elsewhere = RegistryForm {
        url: "https://evil.example.org".into(),
        insecure: String::new(),
        ..form.clone()
    };
    let refused = registries.change(&admin, &id, &elsewhere, "").await.unwrap_err();
    assert!(refused.problem_at("password").is_some(), "{refused:?}");
    let refused = registries.test(&admin, Some(&id), &elsewhere, "", "").await.unwrap_err();
    assert!(refused.problem_at("password").is_some(), "{refused:?}");
    let anybody = RegistryForm { username: String::new(), ..form };
    registries.change(&admin, &id, &anybody, "").await.unwrap();
    assert!(!registries.list(&admin).await.unwrap()[0].has_password);
}

#[tokio::test]
async fn what_a_registry_said_of_its_limit_is_listed_and_a_pause_while_it_lasts() {
    let (world, admin, registry) = scene().await;
    let registries = &world.services.registries;
    let id = registries.create(&admin, &registry.form(), "violin").await.unwrap();
    let rate = RateLimit { limit: 100, remaining: 7, window_s: 21_600 };
    let until = world.now().plus_secs(60);
    let mut tx = world.store.begin().await.unwrap();
    tx.note_registry_said(&id, Some(&rate), Some(until)).await.unwrap();
    tx.commit().await.unwrap();
    let listed = async || registries.list(&admin).await.unwrap().remove(0);
    assert_eq!((listed().await.rate, listed().await.paused_until), (Some(rate), Some(until)));
    world.clock.advance_secs(60);
    assert_eq!((listed().await.rate, listed().await.paused_until), (Some(rate), None));
    assert_eq!(registries.get(&admin, &id).await.unwrap().0.paused_until, None);
}

#[tokio::test]
async fn what_is_typed_is_tested_before_it_is_saved() {
    let (world, admin, registry) = scene().await;
    let registries = &world.services.registries;
    let form = registry.form();
    let wrong = registries.test(&admin, None, &form, "guess", "").await.unwrap();
    assert_eq!(wrong.outcome(TestStep::SignIn), Some(Outcome::Failed(Fault::Credentials)));
    let right = registries.test(&admin, None, &form, "violin", "team/app").await.unwrap();
    assert!(right.is_good(), "{right:?}");
    let theirs = registries.test(&admin, None, &form, "violin", "other/app").await.unwrap();
    assert_eq!(theirs.outcome(TestStep::Push), Some(Outcome::Failed(Fault::Permission)));
    assert!(registries.list(&admin).await.unwrap().is_empty(), "nothing is saved by a test");
    let damaged = RegistryForm {
        ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----".into(),
        ..form.clone()
    };
    let refused = registries.test(&admin, None, &damaged, "violin", "").await.unwrap_err();
    assert!(refused.problem_at("ca").is_some(), "{refused:?}");
    assert!(
        registries.create(&admin, &damaged, "violin").await.unwrap_err().problem_at("ca").is_some()
    );
    registries.create(&admin, &form, "violin").await.unwrap();
    let twice = registries.create(&admin, &form, "violin").await.unwrap_err();
    assert!(twice.problem_at("name").unwrap().contains("already"), "{twice:?}");
    let nobody = RegistryForm { name: "Other".into(), username: String::new(), ..form };
    let refused = registries.create(&admin, &nobody, "violin").await.unwrap_err();
    assert!(refused.problem_at("username").is_some(), "{refused:?}");
}

#[tokio::test]
async fn an_image_goes_to_a_stored_registry_with_what_is_stored_when_it_is_pushed() {
    let (world, admin, registry) = scene().await;
    let registries = &world.services.registries;
    let stored = registries.create(&admin, &registry.form(), "violin").await.unwrap();
    let id = wizard(&world, &admin, &registry.host, "team/app").await;
    let snapshots = &world.services.snapshots;
    let tested = snapshots.test_registry(&admin, &id, chosen(&stored), "").await.unwrap();
    assert!(tested.is_good(), "{tested:?}");
    assert_eq!(tested.outcome(TestStep::Push), Some(Outcome::Good), "with the image's repository");
    let page = snapshots.page(&admin, &id, WizardStep::Review).await.unwrap();
    assert_eq!(page.form.target, stored.as_str(), "a test keeps what is chosen");
    let by_hand = page.commands.join("\n");
    assert!(by_hand.contains("docker login --username robot"), "{by_hand}");

    world.engine.fail_next(Op::Push, Error::forbidden("The registry does not know you."));
    submit(&world, &admin, &id).await;
    let failed = push_is(&world, &admin, JobState::Failed).await;
    let told = log(&world, &admin, &failed).await;
    assert!(told.contains("as robot"), "{told}");
    let mut tx = world.store.begin().await.unwrap();
    let work = tx.job_work(&failed.id).await.unwrap();
    drop(tx);
    assert!(work.contains(stored.as_str()) && !work.contains("violin"), "{work}");

    // A name that is corrected where it is stored counts from the next try on.
    let form = RegistryForm { username: "clerk".into(), ..registry.form() };
    registries.change(&admin, &stored, &form, "cello").await.unwrap();
    world.services.jobs.retry(&admin, &failed.id, "", "").await.unwrap();
    let done = push_is(&world, &admin, JobState::Done).await;
    let told = log(&world, &admin, &done).await;
    assert!(told.contains("as clerk"), "{told}");
}

#[tokio::test]
async fn credentials_typed_for_one_push_are_forgotten_and_the_stored_ones_count_again() {
    let (world, admin, registry) = scene().await;
    let stored =
        world.services.registries.create(&admin, &registry.form(), "violin").await.unwrap();
    let id = wizard(&world, &admin, &registry.host, "team/app").await;
    let snapshots = &world.services.snapshots;
    snapshots.keep(&admin, &id, WizardStep::Registry, chosen(&stored), "").await.unwrap();
    let refused = || Error::forbidden("The registry does not know you.");
    world.engine.fail_next(Op::Push, refused());
    submit(&world, &admin, &id).await;
    let failed = push_is(&world, &admin, JobState::Failed).await;
    world.engine.fail_next(Op::Push, refused());
    world.services.jobs.retry(&admin, &failed.id, "ada", "lute").await.unwrap();
    let twice = async || {
        let told = log(&world, &admin, &failed).await;
        told.contains("as ada") && told.matches("does not know you").count() == 2
    };
    world.until("it is refused again", twice).await;
    push_is(&world, &admin, JobState::Failed).await;
    // A day later.
    let mut tx = world.store.begin().await.unwrap();
    tx.prune_jobs(domain::Timestamp(i64::MAX), domain::Timestamp(0)).await.unwrap();
    tx.commit().await.unwrap();
    world.services.jobs.retry(&admin, &failed.id, "", "").await.unwrap();
    let done = push_is(&world, &admin, JobState::Done).await;
    assert_eq!(log(&world, &admin, &done).await.matches("as robot").count(), 2);
}

#[tokio::test]
async fn a_registry_that_is_gone_stops_nothing_but_its_push() {
    let (world, admin, registry) = scene().await;
    let registries = &world.services.registries;
    let stored = registries.create(&admin, &registry.form(), "violin").await.unwrap();
    let id = wizard(&world, &admin, &registry.host, "team/app").await;
    let snapshots = &world.services.snapshots;
    snapshots.keep(&admin, &id, WizardStep::Registry, chosen(&stored), "").await.unwrap();
    let removal = registries.removal(&admin, &stored).await.unwrap();
    assert_eq!((removal.name.as_str(), removal.forms, removal.jobs), ("Ours", 1, 0));
    world.engine.delay(Op::Commit, std::time::Duration::from_millis(200));
    submit(&world, &admin, &id).await;
    let removal = registries.removal(&admin, &stored).await.unwrap();
    assert_eq!((removal.forms, removal.jobs), (0, 1));
    registries.delete(&admin, &stored).await.unwrap();
    registries.delete(&admin, &stored).await.unwrap();
    let failed = push_is(&world, &admin, JobState::Failed).await;
    let told = log(&world, &admin, &failed).await;
    assert!(told.contains("no longer stored"), "{told}");
    assert_eq!(world.engine.calls(Op::Push), 0);
    // With a name and password of one's own it goes all the same.
    world.services.jobs.retry(&admin, &failed.id, "ada", "lute").await.unwrap();
    let done = push_is(&world, &admin, JobState::Done).await;
    assert!(log(&world, &admin, &done).await.contains("as ada"));

    // A form that had chosen it says so at the field.
    let workspace = world.detail(&admin, &id).await.session.workspace;
    world.services.workspaces.get(&admin, &workspace).await.unwrap();
    let gone = snapshots.keep(&admin, &id, WizardStep::Registry, chosen(&stored), "").await;
    assert!(gone.unwrap_err().problem_at("target").unwrap().contains("no longer stored"));
}

#[tokio::test]
async fn a_push_that_left_something_else_at_the_registry_has_failed() {
    let (world, admin, registry) = scene().await;
    let stored =
        world.services.registries.create(&admin, &registry.form(), "violin").await.unwrap();
    let snapshots = &world.services.snapshots;
    let id = wizard(&world, &admin, &registry.host, "team/moved").await;
    snapshots.keep(&admin, &id, WizardStep::Registry, chosen(&stored), "").await.unwrap();
    submit(&world, &admin, &id).await;
    let failed = push_is(&world, &admin, JobState::Failed).await;
    let told = log(&world, &admin, &failed).await;
    assert!(told.contains("the registry has sha256:another there"), "{told}");
}

#[tokio::test]
async fn a_registry_that_moved_gets_its_new_password_and_the_old_host_does_not() {
    let (world, admin, registry) = scene().await;
    let registries = &world.services.registries;
    let stored = registries.create(&admin, &registry.form(), "violin").await.unwrap();
    let id = wizard(&world, &admin, &registry.host, "team/app").await;
    let snapshots = &world.services.snapshots;
    snapshots.keep(&admin, &id, WizardStep::Registry, chosen(&stored), "").await.unwrap();
    world.engine.fail_next(Op::Push, Error::forbidden("The registry does not know you."));
    submit(&world, &admin, &id).await;
    let failed = push_is(&world, &admin, JobState::Failed).await;
    let moved = RegistryForm {
        url: "https://elsewhere.example.org".into(),
        insecure: String::new(),
        ..registry.form()
    };
    registries.change(&admin, &stored, &moved, "cello").await.unwrap();
    let before = world.engine.calls(Op::Push);
    world.services.jobs.retry(&admin, &failed.id, "", "").await.unwrap();
    let told = async || log(&world, &admin, &failed).await.contains("at another address now");
    world.until("the push says why not", told).await;
    push_is(&world, &admin, JobState::Failed).await;
    assert_eq!(world.engine.calls(Op::Push), before, "nothing was sent to the old host");
}

#[tokio::test]
async fn a_password_typed_for_one_address_is_not_kept_for_another() {
    let (world, admin, registry) = scene().await;
    let id = wizard(&world, &admin, &registry.host, "team/app").await;
    let snapshots = &world.services.snapshots;
    let at = |host: &str, name: &str| SnapshotForm {
        target: OTHER.into(),
        registry: format!("http://{host}"),
        registry_username: name.into(),
        ..SnapshotForm::default()
    };
    let keep = async |form: SnapshotForm, password: &str| {
        let kept = snapshots.keep(&admin, &id, WizardStep::Registry, form, password).await;
        let has = snapshots.page(&admin, &id, WizardStep::Registry).await.unwrap().has_password;
        (kept.is_ok(), has)
    };
    assert_eq!(keep(at(&registry.host, "robot"), "violin").await, (true, true));
    assert_eq!(keep(at(&registry.host, "robot"), "").await, (true, true));
    assert_eq!(keep(at("elsewhere.example.org", "robot"), "").await, (false, false));
    assert_eq!(keep(at(&registry.host, "robot"), "violin").await, (true, true));
    assert_eq!(keep(at(&registry.host, "clerk"), "").await, (false, false));
}

#[tokio::test]
async fn another_registry_is_tested_with_what_is_typed_for_it() {
    let (world, admin, registry) = scene().await;
    let id = wizard(&world, &admin, &registry.host, "other/app").await;
    let snapshots = &world.services.snapshots;
    let typed = || SnapshotForm {
        target: OTHER.into(),
        registry: format!("http://{}", registry.host),
        registry_username: "robot".into(),
        ..SnapshotForm::default()
    };
    let bare = snapshots.test_registry(&admin, &id, typed(), "").await.unwrap_err();
    assert!(bare.problem_at("registry_password").is_some(), "{bare:?}");
    let report = snapshots.test_registry(&admin, &id, typed(), "violin").await.unwrap();
    assert_eq!(report.outcome(TestStep::Push), Some(Outcome::Failed(Fault::Permission)));
    // Typed once is enough.
    let again = snapshots.test_registry(&admin, &id, typed(), "").await.unwrap();
    assert_eq!(again.outcome(TestStep::SignIn), Some(Outcome::Good));
    let nowhere = SnapshotForm { target: NOWHERE.into(), ..typed() };
    let refused = snapshots.test_registry(&admin, &id, nowhere, "").await.unwrap_err();
    assert!(refused.problem_at("target").is_some(), "{refused:?}");
    let page = snapshots.page(&admin, &id, WizardStep::Registry).await.unwrap();
    assert!(!page.has_password, "a password is for what is chosen");
    assert!(!page.commands.join("\n").contains("docker push"), "nothing is pushed to nowhere");
}

#[tokio::test]
async fn registries_are_imported_from_docker_with_their_credentials() {
    use ImportFate::{Known, Possible, Refused, Stored};
    let (world, admin, registry) = scene().await;
    let registries = &world.services.registries;
    registries.create(&admin, &registry.form(), "violin").await.unwrap();
    let text = format!(
        r#"{{
            "auths": {{
                "https://index.docker.io/v1/": {{ "auth": "YWRhOmx1dGU=" }},
                "{}": {{ "auth": "cm9ib3Q6dmlvbGlu" }},
                "not an address": {{ "auth": "YWRhOmx1dGU=" }},
                "quay.io": {{}}
            }},
            "credsStore": "desktop"
        }}"#,
        registry.host
    );
    let fates = |report: &ImportReport| {
        assert!(!format!("{report:?}").contains("lute"), "{report:?}");
        report.entries.iter().map(|entry| entry.fate).collect::<Vec<_>>()
    };
    let seen = registries.look_at_import(&admin, &text).await.unwrap();
    assert_eq!(fates(&seen), [Possible, Known, Refused, Refused]);
    let told: Vec<&str> = seen.entries.iter().map(|entry| entry.message.as_str()).collect();
    assert!(told[0].contains("“docker.io”, with user ada"), "{told:?}");
    assert!(told[1].contains("“Ours”"), "{told:?}");
    assert!(told[2].contains("no address"), "{told:?}");
    assert!(told[3].contains("docker-credential-desktop"), "{told:?}");
    assert_eq!(registries.list(&admin).await.unwrap().len(), 1, "nothing is stored by a look");

    let done = registries.import(&admin, &text).await.unwrap();
    assert_eq!(fates(&done), [Stored, Known, Refused, Refused]);
    let list = registries.list(&admin).await.unwrap();
    let names: Vec<&str> = list.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["docker.io", "Ours"]);
    assert!(list[0].has_password && !list[0].insecure && list[0].username == "ada");
    let audit = format!("{:?}", world.store.audit(10).await.unwrap());
    assert!(audit.contains("registry.import") && !audit.contains("lute"), "{audit}");
    let again = registries.import(&admin, &text).await.unwrap();
    assert_eq!(fates(&again), [Known, Known, Refused, Refused]);

    // Somebody else at the same place is one more, under a name of its own.
    let bob = r#"{"auths": {"docker.io": {"auth": "Ym9iOmx1dGU="}}}"#;
    let seen = registries.look_at_import(&admin, bob).await.unwrap();
    assert_eq!(fates(&seen), [Possible]);
    let told = &seen.entries[0].message;
    assert!(told.contains("“docker.io 2”") && told.contains("another user"), "{told}");
    let refused = registries.import(&admin, "{").await.unwrap_err();
    assert!(refused.problem_at("text").unwrap().contains("line 1, column 1"), "{refused:?}");
}

#[tokio::test]
async fn registries_are_the_administrators() {
    let (world, admin, registry) = scene().await;
    let stored =
        world.services.registries.create(&admin, &registry.form(), "violin").await.unwrap();
    let ada = world.person("ada", Role::User).await;
    let registries = &world.services.registries;
    let form = registry.form();
    let refusals = [
        registries.list(&ada).await.err(),
        registries.get(&ada, &stored).await.err(),
        registries.create(&ada, &form, "x").await.err(),
        registries.change(&ada, &stored, &form, "x").await.err(),
        registries.removal(&ada, &stored).await.err(),
        registries.delete(&ada, &stored).await.err(),
        registries.test(&ada, None, &form, "x", "").await.err(),
        registries.test_saved(&ada, &stored).await.err(),
        registries.look_at_import(&ada, "{}").await.err(),
        registries.import(&ada, "{}").await.err(),
    ];
    for (n, refusal) in refusals.into_iter().enumerate() {
        assert_eq!(refusal.map(|e| e.kind), Some(ErrorKind::Forbidden), "call {n} was allowed");
    }
}
