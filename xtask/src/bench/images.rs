//! The image library: a pull against the engine's own, and its pages at 5,000 images with 20,000
//! names.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;

use super::commit::{commit, done, row};
use super::crowd::{Crowd, Held};
use super::docker::Docker;
use super::lab::Lab;
use super::registry::Registry;
use super::server::{Server, Visitor, folder};
use super::session::{self, Subject};
use super::stats::Sample;
use super::table::{Row, ms};
use crate::progress::step;

const PULLS: usize = 5;
/// Bytes that are pulled: enough that the engine is at it for a while.
const WEIGHT: usize = 150_000_000;
const REPOSITORY: &str = "slipway-bench/pulled";

const IMAGES: usize = 5_000;
const NAMES: usize = 4;
const REQUESTS: usize = 200;
const WARM_UP: usize = 5;
/// Longest that 95 of 100 may take, in milliseconds.
const MOST: f64 = 50.0;

/// The last ones look hardest: most rows, every name searched, another order.
const PAGES: [&str; 4] = [
    "/images",
    "/images?per=200",
    "/images?q=app-49&sort=size&dir=desc",
    "/images?state=unused&sort=created&dir=desc&page=100",
];

pub fn run(lab: &Lab) -> Result<Vec<Row>> {
    let mut rows = pulls(lab)?;
    rows.extend(pages(lab)?);
    Ok(rows)
}

fn pulls(lab: &Lab) -> Result<Vec<Row>> {
    lab.terminal_image()?;
    let registry = Registry::start(&Registry::program(lab)?)?;
    let server = Server::start(lab, "pulls", &[])?;
    let Subject { mut visitor, id, mut docker, container } = Subject::launch(lab, &server)?;
    // Nothing that compression makes small.
    docker
        .run(&container, &format!("head -c {WEIGHT} /dev/urandom > /home/user/weight && sync"))?;
    let name = format!("{}/{REPOSITORY}", registry.host);
    commit(&mut docker, &container, &name, "1")?;
    docker.push(&name, "1")?;
    session::delete(&mut visitor, &id)?;
    docker.remove_images(REPOSITORY)?;

    let (mut ours, mut theirs) = (Sample::default(), Sample::default());
    step(&format!("Pulling {PULLS} times in turns with the engine alone"), None, || {
        for round in 0..=PULLS {
            let begun = Instant::now();
            docker.ask("POST", &format!("/images/create?fromImage={name}&tag=1"), None)?;
            let bare = begun.elapsed();
            docker.remove_images(REPOSITORY)?;
            let took = pull(&mut visitor, &format!("{name}:1"))?;
            remove(&mut docker)?;
            // The first of each fills caches.
            if round > 0 {
                theirs.add_time(bare);
                ours.add_time(took);
            }
        }
        Ok(())
    })?;
    Ok(vec![row("pull: 150 MB, p50", &ours, &theirs)])
}

fn pull(visitor: &mut Visitor, image: &str) -> Result<Duration> {
    let mut events = visitor.events()?;
    let begun = Instant::now();
    let job = visitor.call("pull_reference", &[("image", image)])?;
    let id = session::id_in(job.header("location"))?;
    done_once(visitor, &mut events, image, &id)?;
    Ok(begun.elapsed())
}

/// Waits for this job; those of the rounds before are about the same image.
fn done_once(
    visitor: &mut Visitor,
    events: &mut super::client::Connection,
    image: &str,
    id: &str,
) -> Result<()> {
    loop {
        let job: Value = done(visitor, events, image, "pull")?;
        if job["id"] == id {
            return Ok(());
        }
    }
}

fn remove(docker: &mut Docker) -> Result<()> {
    docker.remove_images(REPOSITORY)
}

fn pages(lab: &Lab) -> Result<Vec<Row>> {
    let folder = folder("crowd")?;
    let names =
        |image: usize| (0..NAMES).map(|name| format!("crowd/app-{image:04}:{name}")).collect();
    let held = |image: usize| Held { names: names(image), digests: Vec::new() };
    let held: Vec<Held> = (0..IMAGES).map(held).collect();
    let crowd = Crowd::before(&lab.engine()?.url, &folder, &held)?;
    // No networks are kept ready: this server launches nothing.
    let flags = ["--ready-networks", "0", "--engine", &crowd.url];
    let server = Server::start(lab, "images", &flags)?;
    let mut visitor = server.visitor()?;
    let list = r#"{"query":{"search":"crowd","sort":"","descending":false,"state":"","filter":"","page":1,"per_page":50}}"#;
    let total = visitor.post("list_images", "application/json", list)?.json()?;
    ensure!(total["total"] == IMAGES * NAMES, "The list has {} names.", total["total"]);
    let mut samples: Vec<Sample> = PAGES.iter().map(|_| Sample::default()).collect();
    step(&format!("Asking {} pages {REQUESTS} times each", PAGES.len()), None, || {
        for round in 0..REQUESTS + WARM_UP {
            for (path, sample) in PAGES.iter().zip(&mut samples) {
                let begun = Instant::now();
                visitor.page(path)?;
                if round >= WARM_UP {
                    sample.add_time(begun.elapsed());
                }
            }
        }
        Ok(())
    })?;
    drop(server);
    std::fs::remove_dir_all(&folder)?;
    let row = |(path, sample): (&&str, &Sample)| {
        Row::new(format!("images: {path}, p95"), ms(sample.p95()))
            .target(format!("p95 ≤ {MOST} ms"), sample.p95() <= MOST)
    };
    Ok(PAGES.iter().zip(&samples).map(row).collect())
}
