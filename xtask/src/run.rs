//! `cargo xtask run`: from a fresh clone to the printed link, and every later start.
//!
//! The engine comes first, since without one all building would be in vain. Then the first starter
//! image is built while the client and the server compile: one mostly waits for downloads, the
//! others for the processor. The other images follow while the server is already up.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::engine::{self, Engine};
use crate::images::{self, Client, preparing::Preparing};
use crate::paths::Paths;
use crate::{bundle, command, config, progress};

pub fn run(paths: &Arc<Paths>, flags: &[String]) -> Result<ExitCode> {
    // `serve` is what slipway does anyway, and would stand in the way of asking for its settings.
    let flags = flags.strip_prefix(&["serve".to_owned()]).unwrap_or(flags);
    let binary = paths.target.join("release/slipway");
    // An older binary may not know every setting; then the fresh one is asked below.
    if binary.is_file() && said_already_running(&binary, flags).unwrap_or(false) {
        return Ok(ExitCode::SUCCESS);
    }

    let engine = engine::ready(paths, config::flag(flags, "--engine"))?;
    let client = client(&engine);
    let stop = Stop::on_signals(client.clone())?;
    let first = client.clone().map(|client| {
        let paths = Arc::clone(paths);
        thread::spawn(move || build_first(&paths, &client))
    });
    let built = bundle::bundle(paths).and_then(|()| build_server(paths));
    if let Err(error) = built {
        stop.builds();
        return Err(error);
    }
    let mut failed = None;
    if let Some(first) = first {
        if !first.is_finished() {
            progress::say(&format!("  Waiting for the image {}.", images::tag(images::FIRST)));
        }
        failed = first.join().unwrap_or_else(|_| Err(anyhow!("An image build broke off."))).err();
    }
    if let Some(error) = &failed {
        progress::say(&progress::sentences(error));
    }
    if said_already_running(&binary, flags)? {
        return Ok(ExitCode::SUCCESS);
    }

    let preparing = Arc::new(Preparing::start(&data_dir(&binary, flags)?)?);
    if let Some(error) = failed {
        let why = images::why_failed(paths, images::FIRST, &error);
        preparing.failed(&images::tag(images::FIRST), &why)?;
    }
    let status = serve(paths, &mut server(&binary, flags, &engine), client, &preparing, &stop);
    stop.builds();
    preparing.close()?;
    Ok(code(status?))
}

/// Runs the server to its end, and meanwhile builds the images that are still to come.
fn serve(
    paths: &Arc<Paths>,
    server: &mut Command,
    client: Option<Arc<Client>>,
    preparing: &Arc<Preparing>,
    stop: &Arc<Stop>,
) -> Result<ExitStatus> {
    let missing = match &client {
        Some(client) => announce(paths, client, preparing)?,
        None => Vec::new(),
    };
    let mut running = server
        .spawn()
        .with_context(|| format!("`{}` could not be started.", command::shown(server)))?;
    stop.server.store(running.id(), Ordering::SeqCst);
    if let Some(client) = client {
        let (paths, preparing, stop) = (Arc::clone(paths), Arc::clone(preparing), Arc::clone(stop));
        thread::spawn(move || build_others(&paths, &client, &preparing, &missing, &stop));
    }
    Ok(running.wait()?)
}

/// What a signal has to end.
struct Stop {
    /// The server's process; 0 until there is one.
    server: AtomicU32,
    client: Option<Arc<Client>>,
    stopping: AtomicBool,
}

impl Stop {
    fn on_signals(client: Option<Arc<Client>>) -> Result<Arc<Self>> {
        let stop =
            Arc::new(Self { server: AtomicU32::new(0), client, stopping: AtomicBool::new(false) });
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let shared = Arc::clone(&stop);
        thread::spawn(move || {
            for signal in signals.forever() {
                match shared.server.load(Ordering::SeqCst) {
                    0 => {
                        shared.builds();
                        std::process::exit(128 + signal);
                    }
                    // A closed terminal means the same to it as a request to stop.
                    server if signal == SIGINT => command::signal(server, "INT"),
                    server => command::signal(server, "TERM"),
                }
            }
        });
        Ok(stop)
    }

    fn builds(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        if let Some(client) = &self.client {
            client.stop();
        }
    }
}

/// Without a client the product still runs, with whatever images the engine has.
fn client(engine: &Engine) -> Option<Arc<Client>> {
    match Client::find(engine) {
        Ok(client) => Some(Arc::new(client.shielded())),
        Err(error) => {
            progress::say(&progress::sentences(&error));
            None
        }
    }
}

fn build_first(paths: &Paths, client: &Client) -> Result<()> {
    let name = images::FIRST;
    if images::up_to_date(paths, client, name)? {
        return Ok(());
    }
    progress::step(&format!("Building the image {}", images::tag(name)), None, || {
        images::build(paths, client, name, &mut |_| {})
    })
}

fn build_server(paths: &Paths) -> Result<()> {
    let first = !paths.target.join("release/slipway").is_file();
    progress::step(
        "Building the server",
        first.then_some("the first time takes about 6 minutes"),
        || {
            let mut cargo = command::cargo(paths);
            cargo.args(["build", "--release", "--package", "server", "--bin", "slipway"]);
            command::quiet(paths, "server", &mut cargo)
        },
    )
}

fn said_already_running(binary: &Path, flags: &[String]) -> Result<bool> {
    let Some(address) = config::already_running(&config::value(binary, flags, "listen")?) else {
        return Ok(false);
    };
    progress::say(&format!(
        "Slipway is already running at {address}. To run what has changed since, stop that one \
         (Ctrl-C where it runs) and run this again."
    ));
    Ok(true)
}

fn data_dir(binary: &Path, flags: &[String]) -> Result<PathBuf> {
    let folder = PathBuf::from(config::value(binary, flags, "data_dir")?);
    // Secrets will be in it: nobody else's business from its first moment.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("The data folder {} cannot be made.", folder.display()))?;
    Ok(folder)
}

/// Tells the tiles which images are still to come. An image that is there but out of date is not
/// announced: it can be used until the new one replaces it.
fn announce(paths: &Paths, client: &Client, preparing: &Preparing) -> Result<Vec<String>> {
    let mut missing = others(paths)?;
    missing.retain(|name| !client.has(&images::tag(name)));
    for name in &missing {
        preparing.waiting(&images::tag(name))?;
    }
    Ok(missing)
}

fn others(paths: &Paths) -> Result<Vec<String>> {
    let mut names = images::names_of_all(paths)?;
    names.retain(|name| name != images::FIRST);
    Ok(names)
}

fn server(binary: &Path, flags: &[String], engine: &Engine) -> Command {
    let mut server = Command::new(binary);
    server.args(flags).stdin(Stdio::null());
    if engine.url != engine::DEFAULT {
        server.env("SLIPWAY_ENGINE", &engine.url);
    }
    // Ctrl-C reaches it through us, once: a second signal would mean impatience.
    server.process_group(0);
    server
}

fn build_others(
    paths: &Paths,
    client: &Client,
    preparing: &Preparing,
    missing: &[String],
    stop: &Stop,
) {
    for name in others(paths).unwrap_or_default() {
        let shown = missing.contains(&name);
        let outcome = build_other(paths, client, preparing, &name, shown);
        if stop.stopping.load(Ordering::SeqCst) {
            return;
        }
        if let Err(error) = outcome {
            if shown {
                let why = images::why_failed(paths, &name, &error);
                report(preparing.failed(&images::tag(&name), &why));
            }
            report(Err(error));
        }
    }
}

fn build_other(
    paths: &Paths,
    client: &Client,
    preparing: &Preparing,
    name: &str,
    shown: bool,
) -> Result<()> {
    let tag = images::tag(name);
    if images::up_to_date(paths, client, name)? {
        return Ok(());
    }
    let started = Instant::now();
    images::build(paths, client, name, &mut |step| {
        if shown {
            report(preparing.building(&tag, &step));
        }
    })?;
    progress::say(&format!("The image {tag} is ready ({}).", progress::seconds(started.elapsed())));
    preparing.done(&tag)
}

/// For what does not end the command: the product runs, and its reader should know.
fn report(outcome: Result<()>) {
    if let Err(error) = outcome {
        progress::say(&progress::sentences(&error));
    }
}

fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
