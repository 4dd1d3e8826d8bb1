//! Pages of lists at 1,000 sessions and 1,000 workspaces, beside the same pages of an installation
//! that has next to nothing: the difference is what the rows cost.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::lab::Lab;
use super::server::{Server, Visitor};
use super::stats::Sample;
use super::table::{Row, ms};
use crate::budget;
use crate::progress::{say, step};

const REQUESTS: usize = 200;
const WARM_UP: usize = 5;
/// Longest that 95 of 100 may take, in milliseconds.
const MOST: f64 = 50.0;

/// One thousand of each, made by the database itself from a workspace that is there: 200 people
/// with five sessions each, of which none runs, so that nothing is asked of the engine.
const FILL: &str = r"
PRAGMA foreign_keys = ON;
BEGIN;
CREATE TEMP TABLE n AS
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    SELECT i FROM n;
INSERT INTO users (id, name, password_hash, role, created_at)
    SELECT printf('bench%d', i), printf('person%03d', i), '', 'user', i FROM n WHERE i < 200;
INSERT INTO workspaces (id, name, description, icon, categories, image, image_canonical, contract,
        environment, cpu_millis, memory_bytes, shm_bytes, pids, enabled, hidden, notes, created_at,
        updated_at)
    SELECT printf('bench%d', i), printf('Workspace %04d', i), description, icon,
        json_array(printf('Category %d', i % 12)), image, image_canonical, contract, environment,
        cpu_millis, memory_bytes, shm_bytes, pids, 1, 0, notes, i, i
    FROM n, workspaces WHERE preset = 'terminal';
INSERT INTO sessions (id, owner, workspace_id, workspace_name, icon, desired, status, config,
        image_digest, launched_at)
    SELECT printf('bench%d', i),
        CASE i % 200 WHEN 0 THEN (SELECT id FROM users WHERE role = 'administrator' LIMIT 1)
            ELSE printf('bench%d', i % 200) END,
        printf('bench%d', i), printf('Workspace %04d', i), icon, 'stopped', 'stopped',
        json_object('image', image, 'contract', json(contract), 'environment', json(environment),
            'cpu_millis', cpu_millis, 'memory_bytes', memory_bytes, 'shm_bytes', shm_bytes,
            'pids', pids),
        printf('sha256:%064d', i), 1790000000000 + i * 1000
    FROM n, workspaces WHERE preset = 'terminal';
INSERT INTO session_timeline (session_id, at, actor, message)
    SELECT printf('bench%d', i), 1790000000000 + i * 1000, 'bench', 'Launch asked for' FROM n;
COMMIT;
";

enum Ask {
    Page(&'static str),
    Call(&'static str, &'static str),
}

/// The last are those that look hardest: most rows, every column searched.
const ASKED: [(&str, Ask); 8] = [
    ("/", Ask::Page("/")),
    ("/sessions", Ask::Page("/sessions")),
    ("/sessions, 200 rows", Ask::Page("/sessions?per=200")),
    ("/sessions, searched, sorted", Ask::Page("/sessions?q=person01&sort=user&dir=desc")),
    ("/workspaces", Ask::Page("/workspaces")),
    ("/workspaces, 200 rows", Ask::Page("/workspaces?per=200")),
    ("/workspaces, by sessions", Ask::Page("/workspaces?sort=sessions&dir=desc")),
    (
        "/fn/list_sessions",
        Ask::Call(
            "list_sessions",
            r#"{"query":{"search":"","sort":"","descending":false,"state":"","filter":"","page":1,"per_page":50}}"#,
        ),
    ),
];

pub fn run(lab: &Lab) -> Result<Vec<Row>> {
    // No networks are kept ready: these servers launch nothing.
    let flags = ["--ready-networks", "0"];
    let mut full = Server::start(lab, "full", &flags)?;
    full.halt()?;
    full.fill(lab, FILL)?;
    full.resume()?;
    let empty = Server::start(lab, "empty", &flags)?;

    let mut visitors = [full.visitor()?, empty.visitor()?];
    let total = visitors[0].post("list_sessions", "application/json", body_of_list())?.json()?;
    ensure!(total["total"] == 1000, "The list has {} sessions, not 1000.", total["total"]);
    for (name, ask) in &ASKED {
        let size = load(&mut visitors[0], ask)?;
        say(&format!("lists: {name} has {} on the wire", budget::kilobytes(size)));
    }
    let mut samples: Vec<[Sample; 2]> = ASKED.iter().map(|_| Default::default()).collect();
    step(&format!("Asking {} pages {REQUESTS} times each", ASKED.len()), None, || {
        for round in 0..REQUESTS + WARM_UP {
            for ((_, ask), sample) in ASKED.iter().zip(&mut samples) {
                for (visitor, sample) in visitors.iter_mut().zip(sample) {
                    let begun = Instant::now();
                    load(visitor, ask)?;
                    if round >= WARM_UP {
                        sample.add_time(begun.elapsed());
                    }
                }
            }
        }
        Ok(())
    })?;
    let row = |(name, _): &(&str, Ask), [full, empty]: &[Sample; 2]| {
        let both = |sample: &Sample| format!("{} / {}", ms(sample.p50()), ms(sample.p95()));
        Row::new(format!("list: {name}, p50 / p95"), both(full))
            .beside(both(empty), format!("× {:.1}", full.p95() / empty.p95()))
            .target(format!("p95 ≤ {MOST} ms"), full.p95() <= MOST)
    };
    Ok(ASKED.iter().zip(&samples).map(|(asked, samples)| row(asked, samples)).collect())
}

fn body_of_list() -> &'static str {
    ASKED
        .iter()
        .find_map(|(_, ask)| match ask {
            Ask::Call(_, body) => Some(*body),
            Ask::Page(_) => None,
        })
        .unwrap_or_default()
}

/// Asks once; tells the size of the answer.
fn load(visitor: &mut Visitor, ask: &Ask) -> Result<u64> {
    match ask {
        Ask::Page(path) => visitor.page(path),
        Ask::Call(function, body) => {
            Ok(visitor.post(function, "application/json", body)?.body.len() as u64)
        }
    }
}
