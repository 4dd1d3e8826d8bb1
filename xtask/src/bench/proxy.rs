//! Downloads and small requests through Slipway's proxy and through nginx, to the same container.
//!
//! nginx is configured as its users would for speed: a worker for each processor, connections to
//! the container kept, buffers many times its defaults (which cost it a third of its speed), and no
//! files on disk in between. The three ways (direct, nginx, Slipway) take turns.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::client::{Connection, Sent};
use super::lab::{Lab, cores};
use super::server::{Server, Visitor, folder, free_ports};
use super::stats::{Sample, millis};
use super::table::{Row, mb_per_second, ms, percent};
use super::{process, session};
use crate::command;
use crate::http::Address;
use crate::progress::{say, step};

const IMAGE: &str = "slipway-bench/files:latest";
const WORKSPACE: &str = "Files";
const PORT: u16 = 8080;
const ROUNDS: usize = 15;
const REQUESTS: usize = 200;
/// Least share of nginx's throughput.
const LEAST: f64 = 0.9;
/// Most latency added to the direct way, in milliseconds.
const MOST: f64 = 1.0;

/// What is downloaded in one turn.
struct Load {
    name: &'static str,
    path: &'static str,
    connections: usize,
    each: usize,
}

const LOADS: [Load; 3] = [
    Load { name: "100 MB, 1 connection", path: "/100mb", connections: 1, each: 4 },
    Load { name: "100 MB, 8 connections", path: "/100mb", connections: 8, each: 1 },
    Load { name: "1 MB, 8 connections", path: "/1mb", connections: 8, each: 40 },
];

/// A way to the container.
struct Way {
    name: &'static str,
    address: Address,
    cookie: String,
    /// Whose processor time it costs.
    process: Option<u32>,
}

/// What was measured of one way.
#[derive(Default)]
struct Measured {
    speeds: [Sample; LOADS.len()],
    /// Processor milliseconds for each gigabyte.
    costs: [Sample; LOADS.len()],
    latency: Sample,
}

pub fn run(lab: &Lab) -> Result<Vec<Row>> {
    build_image(lab)?;
    let server = Server::start(lab, "proxy", &[])?;
    let mut visitor = server.visitor()?;
    visitor.call(
        "save_workspace",
        &[
            ("form[name]", WORKSPACE),
            ("form[image]", IMAGE),
            ("form[port]", &PORT.to_string()),
            ("form[ready_path]", "/tiny"),
            ("form[groups][]", "administrators"),
            ("form[enabled]", "on"),
        ],
    )?;
    let workspace = session::workspace(&mut visitor, WORKSPACE)?;
    let id = session::launch(&mut visitor, &workspace)?;
    let shown = session::runs(&mut visitor, &id)?;
    let container = format!("{}:{PORT}", shown["address"].as_str().unwrap_or_default());
    let nginx = Nginx::start(lab, &container)?;
    let ways = [
        Way {
            name: "direct",
            address: Address::Tcp(container),
            cookie: String::new(),
            process: None,
        },
        Way {
            name: "nginx",
            address: Address::Tcp(nginx.address.clone()),
            cookie: String::new(),
            process: Some(nginx.process.id()),
        },
        opened(&mut visitor, &id, server.pid())?,
    ];
    let mut measured: [Measured; 3] = Default::default();
    step(&format!("Downloading {ROUNDS} times in turns with nginx"), None, || {
        for way in &ways {
            way.measure(&mut Measured::default())?;
        }
        for _ in 0..ROUNDS {
            for (way, measured) in ways.iter().zip(&mut measured) {
                way.measure(measured)?;
            }
        }
        Ok(())
    })?;
    for (way, measured) in ways.iter().zip(&measured) {
        say(&way.said(measured));
    }
    Ok(rows(&measured))
}

fn rows([direct, nginx, slipway]: &[Measured; 3]) -> Vec<Row> {
    let mut rows: Vec<Row> = LOADS
        .iter()
        .enumerate()
        .map(|(at, load)| {
            let (ours, theirs) = (slipway.speeds[at].p50(), nginx.speeds[at].p50());
            Row::new(format!("proxy: {}", load.name), mb_per_second(ours))
                .beside(mb_per_second(theirs), percent(ours / theirs))
                .target(format!("≥ {}", percent(LEAST)), ours / theirs >= LEAST)
        })
        .collect();
    let added = |through: f64, straight: f64| through - straight;
    let ours = added(slipway.latency.p50(), direct.latency.p50());
    let theirs = added(nginx.latency.p50(), direct.latency.p50());
    rows.push(
        Row::new("proxy: added latency, p50", ms(ours))
            .beside(ms(theirs), format!("× {:.1}", ours / theirs))
            .target(format!("≤ {}", ms(MOST)), ours <= MOST),
    );
    let ours = added(slipway.latency.p99(), direct.latency.p99());
    let theirs = added(nginx.latency.p99(), direct.latency.p99());
    rows.push(Row::new("proxy: added latency, p99", ms(ours)).beside(ms(theirs), ""));
    rows
}

impl Way {
    fn connect(&self) -> Result<Connection> {
        Connection::open(&self.address)
    }

    /// Everything once.
    fn measure(&self, measured: &mut Measured) -> Result<()> {
        for (at, load) in LOADS.iter().enumerate() {
            let before = self.time()?;
            let (bytes, took) = self.download(load)?;
            let used = self.time()? - before;
            measured.speeds[at].add(bytes as f64 / took.as_secs_f64());
            measured.costs[at].add(millis(used) * 1e9 / bytes as f64);
        }
        let mut connection = self.connect()?;
        let headers = self.headers();
        connection.count("/tiny", &headers)?;
        for _ in 0..REQUESTS {
            let begun = Instant::now();
            connection.count("/tiny", &headers)?;
            measured.latency.add_time(begun.elapsed());
        }
        Ok(())
    }

    /// Downloads on several connections at once; tells the bytes and how long all took.
    fn download(&self, load: &Load) -> Result<(u64, Duration)> {
        let start = Barrier::new(load.connections + 1);
        thread::scope(|scope| {
            let connections: Vec<Connection> =
                (0..load.connections).map(|_| self.connect()).collect::<Result<_>>()?;
            let threads: Vec<_> = connections
                .into_iter()
                .map(|mut connection| {
                    let (start, headers) = (&start, self.headers());
                    scope.spawn(move || {
                        start.wait();
                        let mut bytes = 0;
                        for _ in 0..load.each {
                            bytes += connection.count(load.path, &headers)?;
                        }
                        Ok::<u64, anyhow::Error>(bytes)
                    })
                })
                .collect();
            start.wait();
            let begun = Instant::now();
            let mut bytes = 0;
            for thread in threads {
                bytes += thread.join().map_err(|_| anyhow!("A download broke off."))??;
            }
            Ok((bytes, begun.elapsed()))
        })
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        if self.cookie.is_empty() { Vec::new() } else { vec![("Cookie", &self.cookie)] }
    }

    fn time(&self) -> Result<Duration> {
        self.process.map_or(Ok(Duration::ZERO), process::time_of_family)
    }

    fn said(&self, measured: &Measured) -> String {
        let costs = match self.process {
            Some(_) => format!(
                "; processor time for 1 GB of 100 MB files {}, of 1 MB files {}",
                ms(measured.costs[1].p50()),
                ms(measured.costs[2].p50())
            ),
            None => String::new(),
        };
        let speeds: Vec<_> = measured.speeds.iter().map(|s| mb_per_second(s.p50())).collect();
        format!(
            "proxy: {:<8} {}; tiny file p50 {}, p99 {}{costs}",
            self.name,
            speeds.join(", "),
            ms(measured.latency.p50()),
            ms(measured.latency.p99()),
        )
    }
}

/// Lets us in to the session's origin, as the console's frame is.
fn opened(visitor: &mut Visitor, id: &str, server: u32) -> Result<Way> {
    let stream = visitor.value("open_stream", &[("id", id)])?;
    let url = stream["url"].as_str().context("The session has no stream.")?;
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let address = Address::Tcp(host.to_owned());
    let answer = Connection::open(&address)?.ask("GET", path, Sent::default())?;
    ensure!(answer.status == 200, "The session does not let us in: {}", answer.text());
    let cookie = answer.cookie().to_owned();
    Ok(Way { name: "Slipway", address, cookie, process: Some(server) })
}

fn build_image(lab: &Lab) -> Result<()> {
    lab.terminal_image()?;
    let context = lab.paths.root.join("xtask/src/bench/files");
    let client = lab.client()?;
    let mut build = client.command();
    build.args(["build", "--network", "host", "-t", IMAGE]).arg(context);
    step(&format!("Building the image {IMAGE}"), None, || {
        client.run(lab.paths, "bench-image", &mut build, |_| {})
    })
}

/// The other proxy.
struct Nginx {
    process: Child,
    folder: PathBuf,
    address: String,
}

impl Nginx {
    fn start(lab: &Lab, container: &str) -> Result<Self> {
        let program = lab.tool("nginx", "nginx-light", "comparing the proxy with it")?;
        let folder = folder("nginx")?;
        let address = format!("127.0.0.1:{}", free_ports(1)?);
        let at = folder.display();
        fs::write(folder.join("nginx.conf"), configuration(&at.to_string(), &address, container))?;
        let mut command = Command::new(program);
        command
            .args(["-e", &format!("{at}/error.log"), "-c", &format!("{at}/nginx.conf")])
            .stdin(Stdio::null());
        let process = command.spawn().with_context(|| command::shown(&command))?;
        let mut nginx = Self { process, folder, address };
        let tcp = Address::Tcp(nginx.address.clone());
        let until = Instant::now() + Duration::from_secs(10);
        while !crate::http::get(&tcp, "/tiny").is_ok_and(|reply| reply.status == 200) {
            if Instant::now() > until || !matches!(nginx.process.try_wait(), Ok(None)) {
                bail!("nginx does not answer:\n{}", command::tail(&nginx.folder.join("error.log")));
            }
            thread::sleep(Duration::from_millis(50));
        }
        say(&format!("proxy: nginx runs with {} workers, as many as Slipway.", cores()));
        Ok(nginx)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        command::signal(self.process.id(), "TERM");
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn configuration(folder: &str, listen: &str, container: &str) -> String {
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {folder}/{name}; "))
        .collect();
    format!(
        "daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000;
    {temporary}
    upstream container {{ server {container}; keepalive 16; keepalive_requests 1000000; }}
    server {{
        listen {listen};
        location / {{
            proxy_pass http://container;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_set_header Host $http_host;
            proxy_buffer_size 64k;
            proxy_buffers 16 64k;
            proxy_busy_buffers_size 128k;
            proxy_max_temp_file_size 0;
        }}
    }}
}}
"
    )
}
