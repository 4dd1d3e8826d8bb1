//! Stories of documents that nobody vouches for.

use crate::server::{Answer, Asked, Server, plain, with};
use domain::registry::Fault;
use registry::{Reader, Refusal};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const LONGEST: usize = 4 << 10;

fn answers(asked: &Asked) -> Answer {
    match asked.what.as_str() {
        "GET /good" => plain(200, "good"),
        "GET /moved" => with(302, &[("location", "http://elsewhere.example/good")], ""),
        "GET /shut" => plain(403, ""),
        "GET /long" => Answer::new("x".repeat(LONGEST + 1).into()),
        "GET /ill" => plain(500, ""),
        "GET /odd" => plain(418, r#"{"errors": [{"message": "a\u202eb\u3164"}]}"#),
        "GET /said" => plain(503, r#"{"errors": [{"message": "a\u202eb\u3164"}]}"#),
        _ => plain(404, ""),
    }
}

async fn read(private: bool, address: &str) -> Result<Option<String>, Refusal> {
    let reader = Reader::new(private, Duration::from_secs(5)).await?;
    let read = reader.read(address, LONGEST).await?;
    Ok(read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

#[tokio::test]
async fn what_is_there_is_read_and_every_refusal_is_a_sentence() {
    let server = Server::start(answers).await;
    let at = |path: &str| format!("http://{}/{path}", server.host);
    assert_eq!(read(true, &at("good")).await.unwrap().as_deref(), Some("good"));
    assert_eq!(read(true, &at("nothing")).await.unwrap(), None);
    for (path, part) in [
        ("moved", "leads on to elsewhere.example, which is not followed"),
        ("shut", "does not let everybody read there (status 403)"),
        ("long", "greater length than is taken: 4 KiB"),
        ("ill", "has trouble of its own (status 500)"),
        ("odd", "has no document there (status 418)"),
        ("said", "It says: “ab”."),
    ] {
        let refusal = read(true, &at(path)).await.unwrap_err();
        assert!(refusal.message.contains(part), "{path}: {refusal:?}");
        assert!(
            ![&refusal.message, refusal.hint].iter().any(|said| said.contains("egistr")),
            "{refusal:?}"
        );
    }
    for bad in ["ftp://a.example/x", "file:///etc/passwd", "http://ada:pw@a.example/", "x"] {
        let refusal = read(true, bad).await.unwrap_err();
        assert!(refusal.message.contains("no address"), "{bad}: {refusal:?}");
    }
}

#[tokio::test]
async fn what_is_not_public_is_not_even_connected_to_however_it_is_written() {
    let server = Server::start(answers).await;
    let port = server.host.rsplit_once(':').unwrap().1;
    for host in [
        "localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ] {
        let refusal = read(false, &format!("http://{host}:{port}/good")).await.unwrap_err();
        let said = [&refusal.message, refusal.hint].join(" ");
        assert!(said.contains("catalog_private") || said.contains("No address"), "{host}: {said}");
    }
    assert!(server.seen().is_empty(), "{:?}", server.seen());
    let decided = read(true, &format!("http://127.0.0.1:{port}/good")).await;
    assert_eq!(decided.unwrap().as_deref(), Some("good"));
}

#[tokio::test]
async fn who_says_nothing_or_never_ends_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/x", listener.local_addr().unwrap());
    let drips = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 1024];
        let _ = stream.read(&mut head).await;
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n";
        let mut sent = stream.write_all(head.as_bytes()).await;
        // A byte now and then, for ever: until the reader goes away.
        let mut often = tokio::time::interval(Duration::from_millis(50));
        while sent.is_ok() {
            often.tick().await;
            sent = stream.write_all(b"1\r\nx\r\n").await;
        }
    });
    let reader = Reader::new(true, Duration::from_millis(300)).await.unwrap();
    let refusal = reader.read(&address, LONGEST).await.unwrap_err();
    assert_eq!(refusal.fault, Fault::Unreachable);
    assert!(refusal.message.contains("did not answer within"), "{refusal:?}");
    drips.await.unwrap();
}
