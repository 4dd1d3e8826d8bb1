//! An engine that goes away while it is used, played by a server that says three things.

use domain::ErrorKind;
use engine::docker::Docker;
use engine::{Engine, EngineEvent};
use futures_util::StreamExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

const EVENT: &str = r#"{"Type":"image","Action":"tag","Actor":{"ID":"x","Attributes":{}}}"#;

/// A server on a socket; tells which paths it was asked for.
struct Script {
    path: PathBuf,
    asked: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl Script {
    fn serve(path: PathBuf, asked: Arc<Mutex<Vec<String>>>) -> Self {
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        let heard = asked.clone();
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                answer(stream, &heard).await;
            }
        });
        Self { path, asked, server }
    }

    fn stop(self) -> (PathBuf, Arc<Mutex<Vec<String>>>) {
        self.server.abort();
        std::fs::remove_file(&self.path).unwrap();
        (self.path, self.asked)
    }

    fn times(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| asked.contains(path)).count()
    }
}

/// Answers one request and hangs up, in the middle of the events.
async fn answer(mut stream: UnixStream, asked: &Mutex<Vec<String>>) {
    let mut request = [0; 4_096];
    let length = stream.read(&mut request).await.unwrap();
    let request = String::from_utf8_lossy(&request[..length]);
    let line = request.lines().next().unwrap_or_default().to_owned();
    let body = match &line {
        line if line.contains("/version") => r#"{"ApiVersion":"1.41"}"#.to_owned(),
        line if line.contains("/containers") => "[]".to_owned(),
        line if line.contains("/events") => EVENT.to_owned(),
        _ => String::new(),
    };
    // More is announced of the events than comes.
    let length = if line.contains("/events") { body.len() + 99 } else { body.len() };
    asked.lock().unwrap().push(line);
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(format!("{head}{body}\n").as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_lost_engine_is_said_to_be_lost_and_met_anew_when_it_is_back() {
    let path = std::env::temp_dir().join(format!("slipway-leaving-{}", std::process::id()));
    let script = Script::serve(path, Arc::default());
    let docker = Docker::connect(script.path.to_str()).unwrap();
    for _ in 0..3 {
        assert_eq!(docker.containers("x").await.unwrap(), []);
    }
    assert_eq!(script.times("/version"), 1, "the version is agreed on once");

    let (path, asked) = script.stop();
    assert_eq!(docker.containers("x").await.unwrap_err().kind, ErrorKind::Unavailable);

    let script = Script::serve(path, asked);
    assert_eq!(docker.containers("x").await.unwrap(), []);
    assert_eq!(script.times("/version"), 2, "and again, since another engine may be back");
    script.stop();
}

#[tokio::test]
async fn events_end_with_an_error_when_the_engine_goes() {
    let path = std::env::temp_dir().join(format!("slipway-ending-{}", std::process::id()));
    let script = Script::serve(path, Arc::default());
    let docker = Docker::connect(script.path.to_str()).unwrap();
    let events = docker.events("x").await.unwrap();
    let all = tokio::time::timeout(Duration::from_secs(10), events.collect::<Vec<_>>());
    let all = all.await.unwrap();
    assert_eq!(all[0], Ok(EngineEvent::Images));
    let kinds: Vec<_> = all[1..].iter().map(|event| event.as_ref().unwrap_err().kind).collect();
    assert_eq!(kinds, [ErrorKind::Unavailable]);
    script.stop();
}
