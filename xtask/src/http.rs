//! One GET over a Unix socket or TCP: enough to ask an engine or a server whether it is there.
//!
//! By hand because an HTTP client would multiply this crate's compile time for two questions. It
//! speaks HTTP/1.0, so that the body is simply everything up to the end of the connection.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(3);
/// Far above any answer to these questions; a stranger at the port must not fill our memory.
const MOST: u64 = 64 * 1024;

#[derive(Debug, Clone, PartialEq)]
pub enum Address {
    Unix(PathBuf),
    /// `host:port`
    Tcp(String),
}

pub struct Reply {
    pub status: u16,
    pub body: String,
}

pub fn get(address: &Address, path: &str) -> io::Result<Reply> {
    let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    match address {
        Address::Unix(socket) => {
            let stream = UnixStream::connect(socket)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            exchange(stream, &request)
        }
        Address::Tcp(host) => {
            let mut last = io::Error::new(io::ErrorKind::NotFound, "the host name has no address");
            for socket in host.to_socket_addrs()? {
                match TcpStream::connect_timeout(&socket, PATIENCE) {
                    Ok(stream) => {
                        stream.set_read_timeout(Some(PATIENCE))?;
                        stream.set_write_timeout(Some(PATIENCE))?;
                        return exchange(stream, &request);
                    }
                    Err(error) => last = error,
                }
            }
            Err(last)
        }
    }
}

fn exchange(mut stream: impl Read + Write, request: &str) -> io::Result<Reply> {
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer)?;
    parse(&String::from_utf8_lossy(&answer))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

fn parse(answer: &str) -> Option<Reply> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut words = head.lines().next()?.split(' ');
    words.next().filter(|version| version.starts_with("HTTP/"))?;
    Some(Reply { status: words.next()?.parse().ok()?, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_status_and_body() {
        let reply = parse("HTTP/1.0 200 OK\r\nServer: Docker\r\n\r\nOK").unwrap();
        assert_eq!((reply.status, reply.body.as_str()), (200, "OK"));
        assert!(parse("SSH-2.0-OpenSSH_9.2\r\n\r\n").is_none());
        assert!(parse("HTTP/1.1 oops").is_none());
    }
}
