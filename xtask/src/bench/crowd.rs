//! An engine with far more images than anybody would make for a measurement.
//!
//! It stands before the real one and passes everything on, but for the list of images, which it
//! makes up. So the server under measurement is the product, and its engine real, as far as it is
//! asked anything else.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::{fs, thread};

use anyhow::{Context, Result, bail};

/// Longest head of a request, in bytes.
const LONGEST: usize = 64 << 10;

pub struct Crowd {
    pub url: String,
    socket: PathBuf,
}

impl Crowd {
    /// Before the engine at `url`, with these images.
    pub fn before(url: &str, folder: &Path, images: &[Held]) -> Result<Self> {
        let Some(real) = url.strip_prefix("unix://").map(PathBuf::from) else {
            bail!("An engine at `{url}` cannot be stood before: use one behind a socket.");
        };
        let socket = folder.join("crowd.sock");
        let listener = UnixListener::bind(&socket).context("The socket cannot be made.")?;
        let list = list(images);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (real, list) = (real.clone(), list.clone());
                // Whoever hangs up in the middle ends only his own connection.
                thread::spawn(move || drop(serve(stream, &real, &list)));
            }
        });
        Ok(Self { url: format!("unix://{}", socket.display()), socket })
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.socket);
    }
}

/// One image: its names, and what its registry knows it by if it came from one.
pub struct Held {
    pub names: Vec<String>,
    pub digests: Vec<String>,
}

fn quoted(all: &[String]) -> String {
    all.iter().map(|one| format!("\"{one}\"")).collect::<Vec<_>>().join(",")
}

fn list(images: &[Held]) -> String {
    let mut list = String::from("[");
    for (image, Held { names, digests }) in images.iter().enumerate() {
        let comma = if image == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(
            list,
            r#"{comma}{{"Id":"sha256:{image:064x}","ParentId":"","RepoTags":[{}],"RepoDigests":[{}],"Created":{},"Size":{},"SharedSize":-1,"Labels":null,"Containers":-1}}"#,
            quoted(names),
            quoted(digests),
            1_790_000_000 + image,
            80_000_000 + image * 1000
        );
    }
    list.push(']');
    list
}

/// One request a connection: the engine is told to hang up after it.
fn serve(mut client: UnixStream, real: &Path, list: &str) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && head.len() < LONGEST {
        if client.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let asked = text.lines().next().unwrap_or_default();
    if asked.starts_with("GET") && asked.contains("/images/json") {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            list.len()
        );
        client.write_all(head.as_bytes())?;
        return client.write_all(list.as_bytes());
    }
    let mut engine = UnixStream::connect(real)?;
    let others = text.trim_end().lines().filter(|l| !l.to_lowercase().starts_with("connection:"));
    let mut passed: String = others.map(|line| format!("{line}\r\n")).collect();
    passed.push_str("Connection: close\r\n\r\n");
    engine.write_all(passed.as_bytes())?;
    let (mut up, mut down) = (client.try_clone()?, engine.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut up, &mut down);
        let _ = down.shutdown(Shutdown::Write);
    });
    io::copy(&mut engine, &mut client)?;
    client.shutdown(Shutdown::Both)
}
