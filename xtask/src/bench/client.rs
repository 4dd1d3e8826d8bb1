//! An HTTP/1.1 client on one kept connection, over TCP or a Unix socket.
//!
//! By hand, because what is measured is the other side: nothing happens here that is not written
//! here, bodies are counted without being copied, and one slow client serves all contestants alike.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::http::Address;

/// Longest silence of the other side; engines take their time with a busy disk.
const PATIENCE: Duration = Duration::from_secs(60);
/// Large, so that a fast body costs few calls.
const BUFFER: usize = 256 * 1024;

pub struct Connection {
    stream: BufReader<Stream>,
    host: String,
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// The beginning of an answer; its body is still to be read.
pub struct Head {
    pub status: u16,
    headers: Vec<(String, String)>,
}

pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What is sent besides the first line.
#[derive(Clone, Copy, Default)]
pub struct Sent<'a> {
    pub headers: &'a [(&'a str, &'a str)],
    /// Content type and bytes.
    pub body: Option<(&'a str, &'a [u8])>,
}

impl Connection {
    pub fn open(address: &Address) -> Result<Self> {
        let (stream, host) = match address {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path)
                    .with_context(|| format!("{} cannot be reached.", path.display()))?;
                stream.set_read_timeout(Some(PATIENCE))?;
                (Stream::Unix(stream), "localhost".to_owned())
            }
            Address::Tcp(host) => {
                let stream = TcpStream::connect(host)
                    .with_context(|| format!("{host} cannot be reached."))?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_nodelay(true)?;
                (Stream::Tcp(stream), host.clone())
            }
        };
        Ok(Self { stream: BufReader::with_capacity(BUFFER, stream), host })
    }

    /// Sends a request and reads the whole answer.
    pub fn ask(&mut self, method: &str, path: &str, sent: Sent) -> Result<Answer> {
        let head = self.begin(method, path, sent)?;
        let mut body = Vec::new();
        self.read(&head, |bytes| body.extend_from_slice(bytes))?;
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    /// Sends a `GET` and counts the bytes of a good answer's body.
    pub fn count(&mut self, path: &str, headers: &[(&str, &str)]) -> Result<u64> {
        let head = self.begin("GET", path, Sent { headers, body: None })?;
        let mut count = 0;
        self.read(&head, |bytes| count += bytes.len() as u64)?;
        ensure!(head.status == 200, "GET {path} is answered with status {}.", head.status);
        Ok(count)
    }

    /// Sends a request and reads the head of its answer.
    pub fn begin(&mut self, method: &str, path: &str, sent: Sent) -> Result<Head> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.host);
        for (name, value) in sent.headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some((kind, body)) = sent.body {
            request
                .push_str(&format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()));
        } else if method == "POST" {
            request.push_str("Content-Length: 0\r\n");
        }
        request.push_str("\r\n");
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(sent.body.map_or(&[], |(_, body)| body));
        let what = || format!("{method} {path} at {}", self.host);
        self.stream.get_mut().write_all(&bytes).with_context(what)?;
        read_head(&mut self.stream).with_context(what)
    }

    /// Sends bytes on what is no longer HTTP.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.get_mut().write_all(bytes)?)
    }

    /// One line of a body that has no end, such as a stream of events.
    pub fn line(&mut self) -> Result<String> {
        line(&mut self.stream)
    }

    fn read(&mut self, head: &Head, mut see: impl FnMut(&[u8])) -> Result<()> {
        if matches!(head.status, 100..200 | 204 | 304) {
            return Ok(());
        }
        if head.header("transfer-encoding").contains("chunked") {
            loop {
                let size = line(&mut self.stream)?;
                let size = size.split(';').next().unwrap_or_default().trim();
                let size = u64::from_str_radix(size, 16)
                    .with_context(|| format!("`{size}` is not the size of a chunk."))?;
                self.read_exactly(size, &mut see)?;
                line(&mut self.stream)?;
                if size == 0 {
                    return Ok(());
                }
            }
        }
        let length = head.header("content-length").parse().context("An answer has no length.")?;
        self.read_exactly(length, &mut see)
    }

    fn read_exactly(&mut self, length: u64, see: &mut impl FnMut(&[u8])) -> Result<()> {
        let mut left = length;
        while left > 0 {
            let bytes = self.stream.fill_buf()?;
            ensure!(!bytes.is_empty(), "The answer ended {left} bytes too early.");
            let taken = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
            see(&bytes[..taken]);
            self.stream.consume(taken);
            left -= taken as u64;
        }
        Ok(())
    }
}

impl Head {
    pub fn header(&self, name: &str) -> &str {
        find(&self.headers, name)
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        find(&self.headers, name)
    }

    /// The cookie of the first `Set-Cookie`, as it is sent back.
    pub fn cookie(&self) -> &str {
        self.header("set-cookie").split(';').next().unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What the body says; `null` for an empty one.
    pub fn json(&self) -> Result<Value> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body)
            .with_context(|| format!("This is not JSON: {}", self.text()))
    }
}

/// Percent-encodes a value for a query or a form.
pub fn encode(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
        text
    })
}

/// `a=1&b=2`
pub fn form(pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{}={}", encode(name), encode(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

fn read_head(stream: &mut impl BufRead) -> Result<Head> {
    let first = line(stream)?;
    let status = first.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
    let Some(status) = status.and_then(|text| text.parse().ok()) else {
        bail!("The answer is not HTTP: `{first}`");
    };
    let mut headers = Vec::new();
    loop {
        let line = line(stream)?;
        if line.is_empty() {
            return Ok(Head { status, headers });
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
}

fn line(stream: &mut impl BufRead) -> Result<String> {
    let mut line = Vec::new();
    if stream.read_until(b'\n', &mut line)? == 0 {
        bail!("The connection was closed.");
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.flush(),
            Self::Unix(stream) => stream.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A server that reads one request for each answer.
    fn answering(answers: &'static [&'static str]) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for answer in answers {
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Connection::open(&Address::Tcp(address)).unwrap()
    }

    #[test]
    fn a_connection_serves_answers_of_every_framing() {
        let mut connection = answering(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=1; Path=/\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 500 Oops\r\nContent-Length: 1\r\n\r\n!",
        ]);
        let first = connection.ask("GET", "/", Sent::default()).unwrap();
        assert_eq!((first.text().as_str(), first.cookie()), ("hello", "a=1"));
        assert_eq!(connection.count("/", &[]).unwrap(), 5);
        assert_eq!(connection.ask("POST", "/", Sent::default()).unwrap().status, 204);
        assert!(connection.count("/", &[]).is_err());
        assert!(connection.ask("GET", "/", Sent::default()).is_err());
    }

    #[test]
    fn values_are_encoded() {
        assert_eq!(form(&[("form[name]", "a b&c")]), "form%5Bname%5D=a%20b%26c");
    }
}
