//! Stories of the command line, told with the real binary and no engine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod support;

use domain::{Timestamp, actor::Role};
use std::{
    io::Write as _,
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use store::{Store, StoredSecondFactor, StoredSignIn};
use support::{
    binary::{PASSWORD, free_ports, slipway},
    http::{get, post},
    within,
};

/// What a command came to.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

fn ended(command: &mut Command) -> Ended {
    let done = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: done.status.code(), out: text(done.stdout), err: text(done.stderr) }
}

/// A data directory with a free address for its server.
struct Place {
    folder: tempfile::TempDir,
    first: u16,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), first: free_ports(3) }
    }

    fn data_dir(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.first))
    }

    /// The binary with everything set that a server needs here; its engine never answers.
    fn slipway(&self) -> Command {
        let mut command = slipway(&self.data_dir());
        command
            .env("SLIPWAY_LISTEN", self.address().to_string())
            .env("SLIPWAY_SESSION_PORTS", format!("{}-{}", self.first + 1, self.first + 2))
            .env("SLIPWAY_ENGINE", format!("unix://{}", self.file("no-engine").display()))
            .env("NO_COLOR", "1");
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.slipway().args(arguments))
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.file(name), text).unwrap();
        self.file(name).display().to_string()
    }

    async fn store(&self) -> Store {
        Store::open(&self.data_dir().join("slipway.db")).await.unwrap()
    }

    /// A server that serves.
    async fn serve(&self, arguments: &[&str]) -> Server {
        let log = |name: &str| std::fs::File::create(self.file(name)).unwrap();
        let mut command = self.slipway();
        command.args(arguments).stdout(log("out")).stderr(log("err"));
        let server = Server(command.spawn().unwrap());
        within(Duration::from_secs(20), "it serves", async || {
            let answer = get("/healthz").try_open(self.address()).await.ok()?;
            (answer.status() == 200).then_some(())
        })
        .await;
        server
    }

    fn out(&self) -> String {
        std::fs::read_to_string(self.file("out")).unwrap()
    }

    fn err(&self) -> String {
        std::fs::read_to_string(self.file("err")).unwrap()
    }
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_says_which_version_it_is_and_how_it_is_used() {
    let place = Place::new();
    let version = place.run(&["--version"]);
    let expected = format!("slipway {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((version.code, version.out.as_str()), (Some(0), expected.as_str()));
    let help = place.run(&["--help"]);
    assert_eq!(help.code, Some(0));
    for setting in server::config::SETTINGS {
        assert!(help.out.contains(&format!("--{}", setting.flag())), "{}", setting.name);
    }
    for wrong in [&["--nonsense"][..], &["nonsense"], &["user"], &["user", "add"]] {
        let refused = place.run(wrong);
        assert_eq!(refused.code, Some(2), "{wrong:?}");
        assert!(refused.out.is_empty() && refused.err.contains("Usage:"), "{refused:?}");
    }
    assert!(!place.data_dir().exists(), "asking leaves nothing behind");
}

#[test]
fn every_setting_is_shown_with_where_it_came_from() {
    let place = Place::new();
    let file = place.write("slipway.toml", "sessions_per_user = 9\nready_networks = 4\n");
    let shown = ended(
        slipway(&place.data_dir())
            .args(["config", "--config", &file, "--log-level", "debug", "--ready-networks", "6"])
            .env("SLIPWAY_ENGINE", "tcp://ada:sesame@engine.example:2376"),
    );
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let line = |name: &str| {
        let mut lines = shown.out.lines();
        lines.find(|line| line.split_whitespace().next() == Some(name)).unwrap_or_default()
    };
    for setting in server::config::SETTINGS {
        assert!(!line(setting.name).is_empty(), "{} is not shown", setting.name);
    }
    for (name, value, origin) in [
        ("listen", "127.0.0.1:8080", "[default]"),
        ("public_url", "(not set)", "[default]"),
        ("sessions_per_user", "9", "[from the settings file]"),
        ("ready_networks", "6", "[from --ready-networks]"),
        ("log_level", "debug", "[from --log-level]"),
        ("engine", "tcp://•••@engine.example:2376", "[from SLIPWAY_ENGINE]"),
    ] {
        assert!(line(name).contains(value) && line(name).ends_with(origin), "{}", line(name));
    }
    assert!(!format!("{shown:?}").contains("sesame"), "a password is shown");

    let value = place.run(&["config", "--value", "sessions_per_user"]);
    assert_eq!((value.code, value.out.as_str()), (Some(0), "5\n"));
    let unknown = place.run(&["config", "--value", "nonsense"]);
    assert_eq!(unknown.code, Some(3));
    assert!(unknown.err.contains("`nonsense`"), "{unknown:?}");
}

#[test]
fn bad_settings_are_all_named_at_once() {
    let place = Place::new();
    let bad = ["--listen", "8080", "--metrics", "maybe", "--session-ports", "9-1"];
    for command in [&["config"][..], &["serve"], &[], &["setup-token"], &["healthcheck"]] {
        let refused = ended(
            slipway(&place.data_dir()).args(command).args(bad).env("SLIPWAY_LOG_FORMAT", "xml"),
        );
        assert_eq!(refused.code, Some(2), "{command:?}: {refused:?}");
        for part in [
            "listen = `8080` (from --listen)",
            "metrics = `maybe` (from --metrics)",
            "session_ports = `9-1` (from --session-ports)",
            "log_format = `xml` (from SLIPWAY_LOG_FORMAT)",
        ] {
            assert!(refused.err.contains(part), "{command:?} does not say {part}: {}", refused.err);
        }
    }
    let misspelt = place.write("slipway.toml", "lisen = \"127.0.0.1:1\"\n");
    let broken = place.write("broken.toml", "listen = \n");
    let missing = place.file("missing.toml").display().to_string();
    for (file, part) in [(misspelt, "lisen"), (broken, "broken.toml"), (missing, "missing.toml")] {
        let refused = ended(slipway(&place.data_dir()).args(["--config", &file]));
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains(part), "{refused:?}");
    }
    let level = place.run(&["--log-level", "services=loud"]);
    assert_eq!(level.code, Some(2), "{level:?}");
    assert!(level.err.contains("services=loud"), "{level:?}");
}

#[tokio::test]
async fn accounts_are_made_with_a_password_from_a_file() {
    let place = Place::new();
    let good = place.write("good", &format!("{PASSWORD}\nnot this\n"));
    let weak = place.write("weak", "password123\n");
    let empty = place.write("empty", "");
    let made = place.run(&["user", "add", "Ada", "--password-file", &good]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.out.contains("“ada”"), "{made:?}");
    let made = place.run(&["user", "add", "root", "--admin", "--password-file", &good]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.out.contains("administrator"), "{made:?}");

    let missing = place.file("missing").display().to_string();
    for (arguments, part) in [
        (["ada", &good], "already a user named “ada”"),
        (["ADA", &good], "already a user named “ada”"),
        (["bob", &weak], "guessed"),
        (["bob", &empty], "characters"),
        (["no body", &good], "name"),
        (["bob", &missing], "cannot be read"),
    ] {
        let [name, file] = arguments;
        let refused = place.run(&["user", "add", name, "--password-file", file]);
        assert_eq!(refused.code, Some(2), "{name} {file}: {refused:?}");
        assert!(refused.err.contains(part), "{name} {file}: {}", refused.err);
        assert!(!format!("{refused:?}").contains("password123"), "the password is shown");
    }

    let store = place.store().await;
    let role = async |name: &str| store.credentials(name).await.unwrap().map(|c| c.user.role);
    assert_eq!(role("ada").await, Some(Role::User));
    assert_eq!(role("root").await, Some(Role::Administrator));
    assert_eq!(role("bob").await, None);

    let reset = |name: &str| place.run(&["user", "reset-second-factor", name]);
    assert_eq!(reset("nobody").code, Some(3));
    let none = reset("ada");
    assert!(none.code == Some(0) && none.out.contains("has no second factor"), "{none:?}");
    second_factor_of(&store, "ada").await;
    let done = reset("Ada");
    assert!(done.code == Some(0) && done.out.contains("is reset"), "{done:?}");
    let ada = store.credentials("ada").await.unwrap().unwrap().user.id;
    assert_eq!(store.second_factor(&ada).await.unwrap(), None);

    let unknown = place.run(&["user", "disable", "nobody"]);
    assert_eq!(unknown.code, Some(3), "{unknown:?}");
    assert_eq!(place.run(&["user", "disable", "ada"]).code, Some(0));
    assert!(store.credentials("ada").await.unwrap().unwrap().user.disabled);
    assert_eq!(place.run(&["user", "enable", "ada"]).code, Some(0));
    assert!(!store.credentials("ada").await.unwrap().unwrap().user.disabled);
}

/// Turns a second factor on, whatever its secret.
async fn second_factor_of(store: &Store, name: &str) {
    let user = store.credentials(name).await.unwrap().unwrap().user.id;
    let (now, later) = (Timestamp(1), Timestamp(i64::MAX));
    let sign_in = StoredSignIn {
        id: "5".parse().unwrap(),
        user: Some(user.clone()),
        data: "{}".into(),
        client: String::new(),
        address: String::new(),
        created_at: now,
        last_seen_at: now,
        expires_at: later,
    };
    let factor = StoredSecondFactor { secret: b"sealed".into(), last_step: 0, on_since: now };
    let mut tx = store.begin().await.unwrap();
    tx.insert_sign_in(&sign_in).await.unwrap();
    tx.propose_second_factor(&user, &sign_in.id, &factor.secret, later).await.unwrap();
    assert!(tx.take_proposed_second_factor(&user, &factor).await.unwrap());
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_password_may_also_come_through_a_pipe() {
    let place = Place::new();
    let mut command = place.slipway();
    command.args(["user", "add", "ada"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut adding = command.spawn().unwrap();
    adding.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(adding.wait_with_output().unwrap().status.success());
    let _server = place.serve(&[]).await;
    let form = [("name", "ada"), ("password", PASSWORD)];
    let answer = post("/fn/sign_in").form(&form).at(place.address()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// The address in a text, and its path.
fn link(text: &str) -> (String, String) {
    let word = text.split_whitespace().find(|word| word.contains("/setup?token="));
    let word = word.unwrap_or_else(|| panic!("no link in {text}"));
    let (origin, path) = word.split_at(word.find("/setup").unwrap());
    (origin.to_owned(), path.to_owned())
}

#[tokio::test]
async fn the_setup_link_is_printed_and_only_the_newest_works() {
    let place = Place::new();
    let _server = place.serve(&[]).await;
    let works = async |path: &str| {
        let answer = get(path).for_page().at(place.address()).await;
        // The page is the same; what it shows is only for the holder of the token.
        let token = path.split_once("token=").unwrap().1;
        let shown = post("/fn/show_setup").form(&[("token", token)]).at(place.address()).await;
        assert_eq!(answer.status == 200, shown.status == 200, "{} {}", answer.status, shown.status);
        shown.status == 200
    };
    let (origin, first) = link(&place.out());
    assert_eq!(origin, format!("http://localhost:{}", place.first));
    assert!(works(&first).await);
    let made = place.run(&["setup-token"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let (_, second) = link(&made.out);
    assert!(!works(&first).await && works(&second).await);
    let elsewhere = place.run(&["setup-token", "--public-url", "https://slipway.example.org"]);
    assert_eq!(link(&elsewhere.out).0, "https://slipway.example.org");
    // It is a secret between the two of us: not in the log.
    let token = |path: &str| path.split_once("token=").unwrap().1.to_owned();
    assert!(!place.err().contains(&token(&first)));

    let good = place.write("good", PASSWORD);
    assert_eq!(
        place.run(&["user", "add", "root", "--admin", "--password-file", &good]).code,
        Some(0)
    );
    let over = place.run(&["setup-token"]);
    assert_eq!(over.code, Some(4), "{over:?}");
    assert!(over.err.contains("there is an administrator already"), "{over:?}");
}

#[tokio::test]
async fn an_administrator_can_be_made_unattended() {
    let place = Place::new();
    let good = place.write("good", PASSWORD);
    let start = ["--admin-username", "Root", "--admin-password-file", good.as_str()];
    for time in ["first", "second"] {
        let server = place.serve(&start).await;
        assert!(!place.out().contains("/setup"), "{time}: {}", place.out());
        let form = [("name", "root"), ("password", PASSWORD)];
        let answer = post("/fn/sign_in").form(&form).at(place.address()).await;
        assert_eq!(answer.status, 200, "{time}: {}", answer.text());
        let cookie = answer.cookie("slipway").unwrap();
        let launcher = post("/fn/show_launcher").form(&[("search", ""), ("category", "")]);
        let launcher = launcher.with("cookie", cookie).at(place.address()).await;
        assert!(launcher.text().contains("\"Terminal\""), "{time}: {}", launcher.text());
        drop(server);
        // The password is only for the first time; a later change of it stays.
        std::fs::write(&good, "another-password-entirely").unwrap();
    }
    let place = Place::new();
    let weak = place.write("weak", "password123");
    let missing = place.file("missing").display().to_string();
    for file in [weak, missing] {
        let refused = place.run(&["--admin-username", "root", "--admin-password-file", &file]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains("password"), "{refused:?}");
    }
    let half = place.run(&["--admin-username", "root"]);
    assert_eq!(half.code, Some(2));
    assert!(half.err.contains("admin_password_file"), "{half:?}");
}

#[tokio::test]
async fn a_second_server_is_refused_and_the_first_goes_on() {
    let place = Place::new();
    let _server = place.serve(&[]).await;
    assert_eq!(place.run(&["healthcheck"]).code, Some(0));
    let ports = free_ports(3);
    let own_address = format!("127.0.0.1:{ports}");
    let second = place.run(&["--listen", &own_address]);
    assert_eq!(second.code, Some(4), "{second:?}");
    let data_dir = place.data_dir().display().to_string();
    assert!(second.err.contains("Another Slipway") && second.err.contains(&data_dir), "{second:?}");
    assert_eq!(place.run(&["healthcheck"]).code, Some(0));
    // Commands are no servers.
    let good = place.write("good", PASSWORD);
    assert_eq!(place.run(&["user", "add", "ada", "--password-file", &good]).code, Some(0));
}

#[tokio::test]
async fn a_lock_ends_with_its_server() {
    let place = Place::new();
    drop(place.serve(&[]).await);
    // Killed, it could not tidy up; the next one starts all the same.
    drop(place.serve(&[]).await);
    let silent = place.run(&["healthcheck"]);
    assert_eq!(silent.code, Some(7), "{silent:?}");
    assert!(silent.err.contains(&place.address().to_string()), "{silent:?}");
}

#[test]
fn an_address_in_use_is_named() {
    let place = Place::new();
    let _taken = TcpListener::bind(place.address()).unwrap();
    let refused = place.run(&[]);
    assert_eq!(refused.code, Some(7), "{refused:?}");
    let address = place.address().to_string();
    assert!(refused.err.contains(&address) && refused.err.contains("--listen"), "{refused:?}");
    assert!(!refused.out.contains("ready"), "{refused:?}");
}

#[test]
fn a_data_directory_that_cannot_be_written_is_named() {
    let place = Place::new();
    let file = place.write("a-file", "");
    // Below a file there are no directories, for root neither.
    let below = format!("{file}/data");
    for command in [&["serve"][..], &["setup-token"]] {
        let refused = place.run(&[command, &["--data-dir", &below]].concat());
        assert_eq!(refused.code, Some(7), "{refused:?}");
        assert!(refused.err.contains(&below) && refused.err.contains("--data-dir"), "{refused:?}");
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn what_is_kept_is_kept_from_others_and_the_log_is_not_the_output() {
    let place = Place::new();
    let server = place.serve(&["--log-format", "json"]).await;
    assert_eq!(mode(&place.data_dir()), 0o700);
    assert_eq!(mode(&place.data_dir().join("keys/secrets.key")), 0o600);
    assert!(place.out().starts_with("Slipway is ready at http://localhost:"), "{}", place.out());
    // Without its engine it serves, says what is missing, and is not ready.
    let ready = within(Duration::from_secs(10), "the engine is missed", async || {
        let answer = get("/readyz").at(place.address()).await;
        answer.text().contains("no-engine").then_some(answer)
    })
    .await;
    assert_eq!(ready.status, 503);
    drop(server);
    let log = place.err();
    assert!(!log.is_empty());
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
}

#[tokio::test]
async fn definitions_go_out_and_in_and_the_second_time_changes_nothing() {
    let place = Place::new();
    let text = "version: 1\nworkspaces:\n  - name: Analysis\n    image: example/analysis:1\n    memory: 4 GiB\n    environment:\n      TOKEN: violin\n";
    let file = place.write("workspaces.yaml", text);
    let look = place.run(&["workspaces", "import", &file, "--dry-run"]);
    assert_eq!(look.code, Some(0), "{look:?}");
    assert!(look.out.contains("Analysis: new\n") && look.out.contains("  memory\n"), "{look:?}");
    assert!(!look.out.contains("violin"), "a value in a log: {look:?}");
    assert!(place.store().await.all_workspaces().await.unwrap().is_empty());

    let done = place.run(&["workspaces", "import", &file]);
    assert!(done.out.ends_with("Saved: 1 new, 0 changed.\n"), "{done:?}");
    let out = place.file("out.yaml").display().to_string();
    assert_eq!(place.run(&["workspaces", "export", &out]).code, Some(0));
    let exported = place.run(&["workspaces", "export"]).out;
    assert_eq!(std::fs::read_to_string(&out).unwrap(), exported);
    assert!(exported.contains("name: Analysis") && exported.contains("TOKEN: violin"));
    let again = place.run(&["workspaces", "import", &out]);
    assert!(again.out.contains("Analysis: unchanged\nSaved: 0 new, 0 changed."), "{again:?}");

    let bad = place.write("bad.yaml", "version: 1\nname: Bad\nimage: Not One\n");
    let refused = place.run(&["workspaces", "import", &bad]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.out.contains("Line 3: "), "{refused:?}");
}
