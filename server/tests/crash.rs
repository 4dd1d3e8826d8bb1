//! The real binary on a real engine, killed at every step of what it does.
//!
//! Needs `SLIPWAY_TEST_ENGINE`, the `docker` command and the image `slipway/terminal:latest`;
//! without the first, every story says that it is skipped. Each has an installation of its own and
//! removes what it made, also when it fails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod support;

use domain::{
    SessionId,
    job::{Job, JobKind, JobState},
    session::{Action, Cause, SessionDetail, State},
};
use std::time::Duration;
use support::{
    binary::{Installation, docker, real_engine, slipway},
    http::{Ask, get},
    own_engine::OwnEngine,
    registry::Registry,
    within,
};
use tokio::io::AsyncReadExt;

/// When the server is killed after it was asked for something.
const DELAYS_MS: [u64; 9] = [0, 5, 15, 40, 70, 100, 250, 600, 1000];
/// What is done behind our back shows within this time.
const SHOWS: Duration = Duration::from_secs(2);

/// Asks, kills the server a moment later, and starts it again. Tells whether it had said yes.
async fn killed_while(slipway: &mut Installation, ask: Ask, delay_ms: u64) -> bool {
    let console = slipway.console;
    let asking = tokio::spawn(async move { ask.try_open(console).await });
    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    slipway.kill();
    let answer = asking.await.unwrap();
    slipway.start().await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

/// Asks for an action and kills the server meanwhile: the session comes to where it was wanted, or
/// stays where it was if nobody was told anything else.
async fn killed_while_acting(
    slipway: &mut Installation,
    id: &SessionId,
    action: Action,
    delay_ms: u64,
    then: State,
) {
    let arguments = [("id", id.as_str()), ("action", action.as_str())];
    let ask = slipway.asking("act_on_session", |ask| ask.form(&arguments));
    let promised = killed_while(slipway, ask, delay_ms).await;
    let wanted = slipway.detail(id).await.session.desired == action.desired();
    assert!(wanted || !promised, "{action:?} after {delay_ms} ms was promised and forgotten");
    if !wanted {
        slipway.act(id, action).await;
    }
    slipway.reaches(id, then).await;
}

async fn every_step_survives_a_kill(network: u8, delays: &[u64]) {
    let Some(engine) = real_engine() else { return };
    let mut slipway = Installation::new(&engine, network).await;
    let terminal = slipway.terminal().await;
    for &delay in delays {
        let ask = slipway.asking("launch", |ask| ask.form(&[("workspace", &terminal)]));
        let promised = killed_while(&mut slipway, ask, delay).await;
        let sessions = slipway.sessions().await;
        assert!(
            sessions.len() == 1 || !promised && sessions.is_empty(),
            "{delay} ms: {sessions:?}"
        );
        // The same once more is the same session.
        let id = slipway.running().await;
        assert!(sessions.iter().all(|s| s.id == id), "{delay} ms: {sessions:?}");
        slipway.engine_holds(&["running"]).await;
        let container = slipway.containers();

        killed_while_acting(&mut slipway, &id, Action::Pause, delay, State::Paused).await;
        slipway.engine_holds(&["paused"]).await;
        killed_while_acting(&mut slipway, &id, Action::Start, delay, State::Running).await;
        slipway.engine_holds(&["running"]).await;
        killed_while_acting(&mut slipway, &id, Action::Stop, delay, State::Stopped).await;
        slipway.engine_holds(&["exited"]).await;
        killed_while_acting(&mut slipway, &id, Action::Start, delay, State::Running).await;
        slipway.engine_holds(&["running"]).await;
        assert_eq!(slipway.containers(), container, "{delay} ms: another container than before");

        killed_while_acting(&mut slipway, &id, Action::Delete, delay, State::Deleted).await;
        slipway.kill();
        slipway.start().await;
        slipway.engine_is_tidy().await;
        assert!(slipway.sessions().await.is_empty());
    }
}

// In two halves, for as many processors as there are at least.

#[tokio::test(flavor = "multi_thread")]
async fn every_step_survives_a_kill_that_comes_soon() {
    every_step_survives_a_kill(233, &DELAYS_MS[..5]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_survives_a_kill_that_comes_late() {
    every_step_survives_a_kill(234, &DELAYS_MS[5..]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_installations_on_one_engine_do_not_see_each_other() {
    let Some(engine) = real_engine() else { return };
    // Both use the same range, so that they also meet where they could.
    let mut one = Installation::new(&engine, 235).await;
    let mut other = Installation::new(&engine, 235).await;
    let (mine, theirs) = tokio::join!(one.running(), other.running());
    let untouched = (other.containers(), other.networks());
    assert_eq!(one.containers().len(), 1);
    assert_ne!(one.containers(), untouched.0);

    one.act(&mine, Action::Delete).await;
    one.reaches(&mine, State::Deleted).await;
    // A pass over everything, twice: with the server that knows, and with one that has to learn.
    one.kill();
    one.start().await;
    one.engine_is_tidy().await;
    assert_eq!((other.containers(), other.networks()), untouched);
    assert_eq!(other.detail(&theirs).await.session.state(), State::Running);
    assert_eq!(other.call("open_stream", &[("id", theirs.as_str())]).await.status, 200);
    other.kill();
    other.start().await;
    assert_eq!(other.containers(), untouched.0);
    assert_eq!(other.detail(&theirs).await.session.state(), State::Running);
    // What is one's is not the other's to ask about.
    assert!(one.sessions().await.is_empty());
}

/// Does something with the engine's own command and waits until the session shows it.
async fn by_hand(
    slipway: &Installation,
    id: &SessionId,
    arguments: &[&str],
    then: State,
) -> SessionDetail {
    let [(name, _)] = &slipway.containers()[..] else { panic!("{:?}", slipway.containers()) };
    docker(&slipway.engine, &[arguments, &[name]].concat());
    let what = format!("docker {} shows as {then:?}", arguments.join(" "));
    within(SHOWS, &what, async || {
        let detail = slipway.detail(id).await;
        (detail.session.state() == then).then_some(detail)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_with_the_docker_command_shows_within_two_seconds() {
    let Some(engine) = real_engine() else { return };
    let slipway = Installation::new(&engine, 236).await;
    let id = slipway.running().await;
    let outside = |detail: SessionDetail, words: &str| {
        let reason = detail.session.reason.unwrap();
        assert_eq!(reason.cause, Cause::Outside);
        assert!(reason.message.contains(words), "{}", reason.message);
        assert!(detail.timeline[0].message.contains(words), "{:?}", detail.timeline[0]);
    };
    outside(by_hand(&slipway, &id, &["pause"], State::Paused).await, "was paused outside");
    outside(by_hand(&slipway, &id, &["unpause"], State::Running).await, "resumed outside");
    outside(
        by_hand(&slipway, &id, &["stop", "-t", "2"], State::Stopped).await,
        "was stopped outside",
    );
    slipway.act(&id, Action::Start).await;
    slipway.reaches(&id, State::Running).await;
    outside(by_hand(&slipway, &id, &["rm", "-f"], State::Failed).await, "was removed outside");
    // Starting it makes another, and nothing of the first is left.
    slipway.act(&id, Action::Start).await;
    within(Duration::from_secs(20), "it runs again", async || {
        (slipway.detail(&id).await.session.state() == State::Running).then_some(())
    })
    .await;
    assert_eq!(slipway.containers().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_within_five_seconds_though_streams_are_open() {
    let Some(engine) = real_engine() else { return };
    let mut slipway = Installation::new(&engine, 237).await;
    let id = slipway.running().await;
    let answer = slipway.call("open_stream", &[("id", id.as_str())]).await;
    let url = answer.json()["url"].as_str().unwrap().to_owned();
    let (origin, path) = url.split_at(url.find("/_slipway").unwrap());
    let host = origin.split("://").nth(1).unwrap();
    let port: u16 = host.split(':').nth(1).unwrap().parse().unwrap();
    let address = ([127, 0, 0, 1], port).into();
    let opened = get(path).with("host", host).at(address).await;
    let cookie = opened.cookie(&format!("slipway_stream_{id}")).unwrap();
    let stream = get("/ws").for_upgrade().with("host", host).with("origin", origin);
    let (_, mut stream) = stream.with("cookie", cookie).upgraded(address).await.unwrap();
    let events = slipway.asking("who_is_it", |_| get("/events")).open(slipway.console).await;
    assert_eq!(events.status(), 200);

    let (took, well) = slipway.terminate();
    assert!(well && took < Duration::from_secs(5), "ended well: {well}, after {took:?}");
    let mut rest = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(1), stream.read_to_end(&mut rest)).await;
    assert!(end.is_ok(), "the stream goes on without a server");
    // Sessions do not notice.
    assert_eq!(slipway.containers().len(), 1);
    slipway.start().await;
    assert_eq!(slipway.detail(&id).await.session.state(), State::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_disables_a_user_of_a_running_server() {
    let Some(engine) = real_engine() else { return };
    let installation = Installation::new(&engine, 238).await;
    let events = installation.asking("who_is_it", |_| get("/events")).open(installation.console);
    assert_eq!(events.await.status(), 200);
    let mut command = slipway(installation.data_dir());
    let done = command.args(["user", "disable", "root", "--engine", &installation.engine]);
    assert!(done.output().unwrap().status.success());
    within(SHOWS, "signed out", async || {
        let ask = installation.asking("list_sign_ins", |ask| ask.form(&[]));
        (ask.at(installation.console).await.status == 401).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_engine_gets_its_sessions_back() {
    let Some(source) = real_engine() else { return };
    let Some(mut engine) = OwnEngine::new(0) else { return };
    let image = engine.file("image.tar");
    docker(&source, &["save", "-o", &image, "slipway/terminal:latest"]);
    docker(&engine.address(), &["load", "-i", &image]);
    let mut slipway = Installation::new(&engine.address(), 239).await;
    let id = slipway.running().await;
    let container = slipway.containers()[0].0.clone();

    let ready = async |slipway: &Installation, status: u16| {
        within(Duration::from_secs(20), &format!("readiness is {status}"), async || {
            let answer = get("/readyz").try_open(slipway.console).await.ok()?;
            (answer.status() == status).then_some(())
        })
        .await;
    };
    engine.kill();
    ready(&slipway, 503).await;
    // Without its engine, Slipway still shows what it knows.
    assert_eq!(slipway.sessions().await.len(), 1);
    engine.start();
    ready(&slipway, 200).await;
    // The engine first: the row still says so from before.
    slipway.engine_holds(&["running"]).await;
    slipway.reaches(&id, State::Running).await;
    assert_eq!(slipway.containers()[0].0, container);

    // Both at once.
    engine.kill();
    slipway.kill();
    engine.start();
    slipway.start().await;
    // The engine first: the row still says so from before.
    slipway.engine_holds(&["running"]).await;
    slipway.reaches(&id, State::Running).await;

    // What was frozen loses its memory, and says so instead of pretending.
    slipway.act(&id, Action::Pause).await;
    slipway.reaches(&id, State::Paused).await;
    engine.kill();
    ready(&slipway, 503).await;
    engine.start();
    slipway.reaches(&id, State::Stopped).await;
    let reason = slipway.detail(&id).await.session.reason.unwrap();
    assert_eq!(reason.cause, Cause::EngineRestart, "{reason:?}");
    slipway.act(&id, Action::Delete).await;
    slipway.reaches(&id, State::Deleted).await;
    assert!(slipway.containers().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_made_once_whenever_the_server_is_killed() {
    let Some(engine) = real_engine() else { return };
    let mut slipway = Installation::new(&engine, 245).await;
    let id = slipway.running().await;
    // Enough that the engine is at it for a while.
    let [(container, _)] = &slipway.containers()[..] else { panic!("{:?}", slipway.containers()) };
    let write = "head -c 150000000 /dev/urandom > /home/user/weight";
    docker(&engine, &["exec", container, "sh", "-c", write]);
    for delay in [0, 20, 60, 150, 400, 1000] {
        let image = format!("slipway-crash/{}:{delay}", slipway.id);
        let name = ("form[image]", image.as_str());
        let step = [("id", id.as_str()), ("step", "image"), ("form[pause]", "on"), name];
        slipway.call("keep_snapshot", &step).await;
        let ask = slipway
            .asking("submit_snapshot", |ask| ask.form(&[("id", id.as_str()), ("image", &image)]));
        let promised = killed_while(&mut slipway, ask, delay).await;
        let jobs = async |slipway: &Installation| -> Vec<Job> {
            let answer = slipway.call("recent_jobs", &[]).await;
            let jobs: Vec<Job> = serde_json::from_slice(&answer.body).unwrap();
            jobs.into_iter().filter(|job| job.links.image == image).collect()
        };
        if jobs(&slipway).await.is_empty() {
            assert!(!promised, "{delay} ms: promised and forgotten");
            let again =
                slipway.call("submit_snapshot", &[("id", id.as_str()), ("image", &image)]).await;
            assert_eq!(again.status, 200, "{}", again.text());
        }
        within(Duration::from_secs(60), "the job is done", async || {
            let jobs = jobs(&slipway).await;
            assert!(jobs.iter().all(|job| job.state != JobState::Failed), "{jobs:?}");
            jobs.iter().all(|job| job.state == JobState::Done).then_some(())
        })
        .await;
        // One job, one image, one workspace, and the session as it was.
        let jobs = jobs(&slipway).await;
        assert_eq!(jobs.len(), 1, "{delay} ms: {jobs:?}");
        let reference = format!("reference={image}");
        let images = docker(&engine, &["image", "ls", "--quiet", "--filter", &reference]);
        assert_eq!(images.lines().count(), 1, "{delay} ms: {images}");
        let label = format!("label=slipway.job={}", jobs[0].id);
        let made = docker(&engine, &["image", "ls", "--quiet", "--filter", &label]);
        assert_eq!(made.lines().count(), 1, "{delay} ms, named or not: {made}");
        let launcher = slipway.call("show_launcher", &[("search", "Snapshot"), ("category", "")]);
        let tiles = launcher.await.json()["tiles"].as_array().unwrap().len();
        assert_eq!(tiles, 1, "{delay} ms");
        slipway.reaches(&id, State::Running).await;
        let workspace = jobs[0].links.workspace.clone().unwrap();
        slipway.call("delete_workspace", &[("id", workspace.as_str())]).await;
        docker(&engine, &["image", "rm", &image]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_done_once_whenever_the_server_is_killed() {
    let Some(engine) = real_engine() else { return };
    let Some(registry) = Registry::start().await else { return };
    let mut slipway = Installation::new(&engine, 246).await;
    let id = slipway.running().await;
    // Enough that the push takes a while.
    let [(container, _)] = &slipway.containers()[..] else { panic!("{:?}", slipway.containers()) };
    let write = "head -c 60000000 /dev/urandom > /home/user/weight";
    docker(&engine, &["exec", container, "sh", "-c", write]);
    for delay in [0, 100, 400, 900, 1800] {
        let image = format!("{}/slipway-crash/{}:{delay}", registry.host, slipway.id);
        let address = format!("http://{}", registry.host);
        let pages: [&[(&str, &str)]; 2] = [
            &[("step", "image"), ("form[image]", &image), ("form[pause]", "on")],
            &[("step", "registry"), ("form[target]", "other"), ("form[registry]", &address)],
        ];
        for page in pages {
            slipway.call("keep_snapshot", &[&[("id", id.as_str())], page].concat()).await;
        }
        slipway.call("submit_snapshot", &[("id", id.as_str()), ("image", &image)]).await;
        let pushes = async |slipway: &Installation| -> Vec<Job> {
            let answer = slipway.call("recent_jobs", &[]).await;
            let jobs: Vec<Job> = serde_json::from_slice(&answer.body).unwrap();
            let ours = |job: &Job| job.links.image == image && job.kind == JobKind::Push;
            jobs.into_iter().filter(ours).collect()
        };
        within(Duration::from_secs(60), "the push begins", async || {
            (!pushes(&slipway).await.is_empty()).then_some(())
        })
        .await;
        tokio::time::sleep(Duration::from_millis(delay)).await;
        slipway.kill();
        slipway.start().await;
        let done = within(Duration::from_secs(90), "the push is done", async || {
            let jobs = pushes(&slipway).await;
            assert_eq!(jobs.len(), 1, "{delay} ms: {jobs:?}");
            jobs.into_iter().find(|job| job.state == JobState::Done)
        })
        .await;
        // What the job says it made is what the registry has.
        let digest = registry.digest(&format!("slipway-crash/{}", slipway.id), delay).await;
        assert_eq!(done.links.made.as_deref(), Some(digest.as_str()), "{delay} ms");
        let workspace = done.links.workspace.unwrap();
        slipway.call("delete_workspace", &[("id", workspace.as_str())]).await;
        docker(&engine, &["image", "rm", &image]);
    }
}
