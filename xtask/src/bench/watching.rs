//! Looking into sessions: a page of a long log, and what many who follow logs and type in terminals
//! cost the server.
//!
//! The log is searched beside the engine sending the whole of it. Of the others only memory is
//! measured, before and while every one of them gets more than it takes.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::client::Connection;
use super::docker::Docker;
use super::lab::Lab;
use super::process;
use super::server::{Server, Visitor};
use super::session::{self, Subject};
use super::stats::Sample;
use super::table::{Row, mb, ms};
use crate::progress::step;

const LINES: usize = 100_000;
const ROUNDS: usize = 9;
const MANY: usize = 200;
/// Terminals that one person may have open.
const EACH: usize = 20;
/// Most that one more reader may cost, in bytes.
const MOST_EACH: u64 = 1_000_000;
/// From the last flood until nothing moves any more.
const REST: Duration = Duration::from_secs(10);

pub fn run(lab: &Lab) -> Result<Vec<Row>> {
    lab.terminal_image()?;
    let server = Server::start(lab, "watching", &[])?;
    let Subject { mut visitor, id, mut docker, container } = Subject::launch(lab, &server)?;
    let flood = |docker: &mut Docker| {
        docker
            .run(&container, &format!("seq -f 'line %06.0f of a long log' {LINES} > /proc/1/fd/1"))
    };
    step(&format!("Writing {LINES} lines of log"), None, || flood(&mut docker))?;

    let (mut newest, mut searched, mut theirs) =
        (Sample::default(), Sample::default(), Sample::default());
    step(&format!("Reading and searching the log {ROUNDS} times"), None, || {
        let all = format!("/containers/{container}/logs?stdout=true&stderr=true&timestamps=true");
        for _ in 0..ROUNDS {
            newest.add_time(log_page(&mut visitor, &id, "", 500)?);
            searched.add_time(log_page(&mut visitor, &id, "line 000042 of", 1)?);
            let begun = Instant::now();
            docker.read(&all)?;
            theirs.add_time(begun.elapsed());
        }
        Ok(())
    })?;

    let before = process::memory(server.pid())?;
    let followers = step(&format!("{MANY} follow a flooded log and read nothing"), None, || {
        let open = |_| visitor.stream(&format!("/sessions/{id}/log/follow?q=&level=&since=0"));
        let followers: Vec<Connection> = (0..MANY).map(open).collect::<Result<_>>()?;
        flood(&mut docker)?;
        thread::sleep(REST);
        let held = process::memory(server.pid())?;
        drop(followers);
        Ok(held)
    })?;
    let terminals = step(&format!("{MANY} flooded terminals that read nothing"), None, || {
        let mut terminals = Vec::new();
        for number in 0..MANY / EACH {
            let person = server.person(&format!("bench-{number}"))?;
            for _ in 0..EACH {
                let mut terminal = person.upgraded(&format!("/sessions/{id}/terminal/socket"))?;
                terminal.send(&typed("yes\n"))?;
                terminals.push(terminal);
            }
        }
        thread::sleep(REST);
        let held = process::memory(server.pid())?;
        drop(terminals);
        Ok(held)
    })?;
    session::delete(&mut visitor, &id)?;

    let each = |held: u64| held.saturating_sub(before) / MANY as u64;
    let row = |name: &str, held: u64| {
        Row::new(format!("{MANY} {name}: memory"), mb(held))
            .beside(format!("{} with none", mb(before)), format!("{} each", mb(each(held))))
            .target(format!("≤ {} each", mb(MOST_EACH)), each(held) <= MOST_EACH)
    };
    Ok(vec![
        Row::new(format!("log: newest of {LINES} lines, p50"), ms(newest.p50())),
        Row::new(format!("log: search in {LINES} lines, p50"), ms(searched.p50()))
            .beside(format!("{} to read it", ms(theirs.p50())), ""),
        row("log followers", followers),
        row("terminals", terminals),
    ])
}

/// A page of the log: how long it took. It has this many lines.
fn log_page(visitor: &mut Visitor, id: &str, search: &str, lines: usize) -> Result<Duration> {
    let begun = Instant::now();
    let page = visitor.value("show_session_log", &[("id", id), ("search", search)])?;
    let took = begun.elapsed();
    let found = page["lines"].as_array().map_or(0, Vec::len);
    ensure!(found == lines, "The log shows {found} lines instead of {lines}.");
    Ok(took)
}

/// A masked binary frame (RFC 6455 §5.2), with a mask of zeros.
fn typed(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap_or_default() & 0x7f;
    [&[0x82, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat()
}
