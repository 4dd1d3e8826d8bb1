//! Keeping 500 names current against a registry where nothing changes: how often it is asked.
//!
//! The registry only counts. The time between two refreshes is a few minutes here, and an hour
//! unless somebody says otherwise; what is asked in it is the same.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::crowd::{Crowd, Held};
use super::lab::Lab;
use super::server::{Server, Visitor, folder};
use super::table::Row;
use crate::progress::step;

const NAMES: usize = 500;
const DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000aa";
/// Between two refreshes of a name: the registry's budget lets all names have their turn in it.
const PERIOD: Duration = Duration::from_secs(240);
/// Between two comparisons.
const LOOK: Duration = Duration::from_secs(5);
/// As many names as a registry is asked about between two looks.
const BUDGET: usize = 20;

/// A workspace for each name, made by the database itself from one that is there.
const FILL: &str = r"
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 499)
INSERT INTO workspaces (id, name, description, icon, categories, image, image_canonical, contract,
        environment, cpu_millis, memory_bytes, shm_bytes, pids, enabled, hidden, notes, created_at,
        updated_at)
    SELECT printf('bench%d', i), printf('Workspace %04d', i), description, icon, '[]',
        printf('HOST/team/app:%d', i), printf('HOST/team/app:%d', i), contract, environment,
        cpu_millis, memory_bytes, shm_bytes, pids, 1, 0, notes, i, i
    FROM n, workspaces WHERE preset = 'terminal';
";

pub fn run(lab: &Lab) -> Result<Vec<Row>> {
    let registry = Counting::start()?;
    let folder = folder("counted")?;
    let repository = format!("{}/team/app", registry.host);
    // As one image, the engine could not hold so many names; each has the same content elsewhere.
    let held = |tag: usize| Held {
        names: vec![format!("{repository}:{tag}")],
        digests: vec![format!("{repository}@{DIGEST}")],
    };
    let held: Vec<Held> = (0..NAMES).map(held).collect();
    let crowd = Crowd::before(&lab.engine()?.url, &folder, &held)?;
    let flags = ["--ready-networks", "0", "--engine", &crowd.url];
    let mut server = Server::start(lab, "refresh", &flags)?;
    server.halt()?;
    server.fill(lab, &FILL.replace("HOST", &registry.host))?;
    server.resume()?;
    let mut visitor = server.visitor()?;
    hurry(&mut visitor)?;
    let url = format!("http://{}", registry.host);
    let form = [("form[name]", "Counting"), ("form[url]", &url), ("form[insecure]", "on")];
    visitor.call("save_registry", &form)?;

    let text = format!("Keeping {NAMES} names current for {} s", 2 * PERIOD.as_secs());
    // In the first period every name has its first turn.
    let begun = Instant::now();
    step(&text, None, || {
        thread::sleep(2 * PERIOD);
        Ok(())
    })?;
    drop(server);
    std::fs::remove_dir_all(&folder)?;
    let asked = registry.asked();
    rows(&asked, begun)
}

fn rows(asked: &[(String, Instant)], begun: Instant) -> Result<Vec<Row>> {
    let second: Vec<_> = asked.iter().filter(|(_, at)| *at >= begun + PERIOD).collect();
    let heads = asked.iter().filter(|(line, _)| line.starts_with("HEAD"));
    let mut by_name: HashMap<&str, Vec<Instant>> = HashMap::new();
    let mut by_look: HashMap<u64, usize> = HashMap::new();
    for (line, at) in heads {
        by_name.entry(line).or_default().push(*at);
        *by_look.entry(at.duration_since(begun).as_secs() / LOOK.as_secs()).or_default() += 1;
    }
    ensure!(by_name.len() == NAMES, "Only {} names were asked about.", by_name.len());
    let gaps = by_name.values().flat_map(|times| times.windows(2).map(|pair| pair[1] - pair[0]));
    let least = gaps.min().context("No name was asked about twice.")?;
    let busiest = by_look.values().copied().max().unwrap_or_default();
    let questions = second.iter().filter(|(line, _)| line.starts_with("HEAD")).count();
    // At its end some have their turn just behind it.
    ensure!(questions >= NAMES * 9 / 10, "Only {questions} names were asked about again.");
    let fetched = asked.iter().filter(|(line, _)| line.contains(" /v2/team/")).count()
        - by_name.values().map(Vec::len).sum::<usize>();
    let period = PERIOD.as_secs();
    Ok(vec![
        Row::new(format!("refresh: {NAMES} names, HEADs in one period"), questions.to_string())
            .target(format!("≤ {NAMES}"), questions <= NAMES),
        Row::new("refresh: all requests in it", second.len().to_string()),
        Row::new("refresh: least between two of a name", format!("{} s", least.as_secs()))
            .target(format!("≥ {period} s"), least >= PERIOD),
        Row::new(format!("refresh: most in {} s", LOOK.as_secs()), busiest.to_string())
            // A boundary of the clock may lie between two looks.
            .target(format!("≤ {}", 2 * BUDGET), busiest <= 2 * BUDGET),
        Row::new("refresh: images fetched anew", fetched.to_string()).target("0", fetched == 0),
    ])
}

/// Refreshes as often as wanted here, through the settings as they are.
fn hurry(visitor: &mut Visitor) -> Result<()> {
    let settings = visitor.value("show_settings", &[])?;
    let settings = settings.as_object().context("The settings are no form.")?;
    let mut form: Vec<(String, String)> = settings
        .iter()
        .map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (
                format!("form[{name}]"),
                if matches!(value, Value::Null) { String::new() } else { text },
            )
        })
        .collect();
    for (name, value) in &mut form {
        match name.as_str() {
            "form[compare_every]" => *value = format!("{} s", LOOK.as_secs()),
            "form[refresh_every]" => *value = format!("{} s", PERIOD.as_secs()),
            _ => {}
        }
    }
    let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    visitor.call("save_settings", &form)?;
    Ok(())
}

/// A registry whose every tag means the same for ever, and that notes what it is asked.
struct Counting {
    host: String,
    asked: Arc<Mutex<Vec<(String, Instant)>>>,
}

impl Counting {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let host = format!("localhost:{}", listener.local_addr()?.port());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let noted = Arc::clone(&noted);
                // Whoever hangs up in the middle ends only his own connection.
                thread::spawn(move || drop(answer(stream, &noted)));
            }
        });
        Ok(Self { host, asked })
    }

    fn asked(&self) -> Vec<(String, Instant)> {
        self.asked.lock().map(|asked| asked.clone()).unwrap_or_default()
    }
}

fn answer(stream: TcpStream, noted: &Mutex<Vec<(String, Instant)>>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    if let Ok(mut noted) = noted.lock() {
        noted.push((first, Instant::now()));
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\nDocker-Content-Digest: {DIGEST}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    reader.into_inner().write_all(head.as_bytes())
}
