//! Making an image of a session, and pushing it, against the engine doing the same alone.
//!
//! Both commit the same container, which holds some new files, in turns; both then push to a registry
//! that has nothing yet. Ours counts from the submitted form to the job that is done.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::json;

use super::client::Connection;
use super::docker::Docker;
use super::lab::Lab;
use super::registry::Registry;
use super::server::{Server, Visitor};
use super::session::{self, Subject};
use super::stats::Sample;
use super::table::{Row, ms, percent};
use crate::progress::step;
use crate::workspace::list;

const COMMITS: usize = 7;
const PUSHES: usize = 3;
/// Bytes of new files in the session: enough that the engine is at it for a while.
const WEIGHT: usize = 150_000_000;
/// Most that Slipway may add, as a ratio.
const MOST: f64 = 1.05;
const REPOSITORY: &str = "slipway-bench/commit";

pub fn run(lab: &Lab) -> Result<Vec<Row>> {
    lab.terminal_image()?;
    let program = Registry::program(lab)?;
    let server = Server::start(lab, "commit", &[])?;
    let Subject { mut visitor, id, mut docker, container } = Subject::launch(lab, &server)?;
    // Nothing that compression makes small.
    docker
        .run(&container, &format!("head -c {WEIGHT} /dev/urandom > /home/user/weight && sync"))?;

    let (mut ours, mut theirs) = (Sample::default(), Sample::default());
    step(&format!("Committing {COMMITS} times in turns with the engine alone"), None, || {
        for round in 0..=COMMITS {
            let begun = Instant::now();
            commit(&mut docker, &container, REPOSITORY, &format!("bare-{round}"))?;
            let bare = begun.elapsed();
            let image = format!("{REPOSITORY}:ours-{round}");
            let took = submit(&mut visitor, &id, &image, None)?;
            // The first of each fills caches.
            if round > 0 {
                theirs.add_time(bare);
                ours.add_time(took);
            }
        }
        Ok(())
    })?;
    let mut rows = vec![row("commit: 150 MB, p50", &ours, &theirs)];

    let (mut ours, mut theirs) = (Sample::default(), Sample::default());
    step(&format!("Pushing {PUSHES} times in turns with the engine alone"), None, || {
        for round in 0..PUSHES {
            let registry = Registry::start(&program)?;
            let name = format!("{}/{REPOSITORY}-bare", registry.host);
            commit(&mut docker, &container, &name, "1")?;
            let begun = Instant::now();
            docker.push(&name, "1")?;
            theirs.add_time(begun.elapsed());
            drop(registry);
            let registry = Registry::start(&program)?;
            let image = format!("{}/{REPOSITORY}:{round}", registry.host);
            ours.add_time(submit(&mut visitor, &id, &image, Some(&registry.host))?);
        }
        Ok(())
    })?;
    rows.push(row("push: 150 MB and its image, p50", &ours, &theirs));
    session::delete(&mut visitor, &id)?;
    drop(server);
    docker.remove_images(REPOSITORY)?;
    Ok(rows)
}

pub fn row(name: &str, ours: &Sample, theirs: &Sample) -> Row {
    let ratio = ours.p50() / theirs.p50();
    Row::new(name, ms(ours.p50()))
        .beside(ms(theirs.p50()), percent(ratio))
        .target(format!("≤ {}", percent(MOST)), ratio <= MOST)
}

pub fn commit(docker: &mut Docker, container: &str, repository: &str, tag: &str) -> Result<()> {
    let path = format!("/commit?container={container}&repo={repository}&tag={tag}&pause=true");
    docker.ask("POST", &path, Some(&json!({}))).map(drop)
}

/// Makes an image by the wizard's last page and waits for its job, and for the push. Tells how long
/// the job took that is measured: the push where there is one.
fn submit(
    visitor: &mut Visitor,
    id: &str,
    image: &str,
    registry: Option<&str>,
) -> Result<Duration> {
    let page = [("id", id), ("step", "image"), ("form[image]", image), ("form[pause]", "on")];
    visitor.call("keep_snapshot", &page)?;
    let address = registry.map(|host| format!("http://{host}"));
    let target = if registry.is_some() { "other" } else { "none" };
    let page = [
        ("id", id),
        ("step", "registry"),
        ("form[target]", target),
        ("form[registry]", address.as_deref().unwrap_or_default()),
    ];
    visitor.call("keep_snapshot", &page)?;
    let mut events = visitor.events()?;
    let begun = Instant::now();
    visitor.call("submit_snapshot", &[("id", id), ("image", image)])?;
    let commit = done(visitor, &mut events, image, "commit")?;
    let (job, took) = match registry {
        None => (commit, begun.elapsed()),
        Some(_) => {
            let begun = Instant::now();
            let push = done(visitor, &mut events, image, "push")?;
            (push, begun.elapsed())
        }
    };
    if let Some(workspace) = job["links"]["workspace"].as_str() {
        visitor.call("delete_workspace", &[("id", workspace)])?;
    }
    Ok(took)
}

/// Follows events as a page does, until the job of this kind for this image is done.
pub fn done(
    visitor: &mut Visitor,
    events: &mut Connection,
    image: &str,
    kind: &str,
) -> Result<serde_json::Value> {
    loop {
        let jobs = visitor.value("recent_jobs", &[])?;
        let ours = |job: &&serde_json::Value| job["links"]["image"] == image && job["kind"] == kind;
        if let Some(job) = list(&jobs).iter().find(ours) {
            match job["state"].as_str() {
                Some("done") => return Ok(job.clone()),
                Some("failed" | "cancelled") => bail!("The job failed: {}", job["error"]),
                _ => {}
            }
        }
        while !events.line()?.contains("\"job\"") {}
    }
}
