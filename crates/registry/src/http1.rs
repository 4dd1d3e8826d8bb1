//! One request at a time, each on a connection of its own, bounded in time and size.
//!
//! A test makes five or so; a pool would outlive them and remember what was given for one test in
//! the next.

use crate::{reach::is_public, tls, trouble::Trouble};
use bytes::Bytes;
use domain::{
    inside::shortened,
    registry::{Fault, RateLimit},
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsConnector;

/// Nothing that a registry is asked for has a longer answer.
const LONGEST: usize = 64 << 10;

/// Most characters that are shown of a host; names have no more, whatever a registry writes.
const HOST_LONGEST: usize = 260;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) plain: bool,
    /// Host with its port, if one is written.
    pub(crate) authority: String,
}

impl Place {
    /// Place and path of an address that a registry has named.
    pub(crate) fn of(address: &str) -> Option<(Self, String)> {
        let uri: Uri = address.parse().ok()?;
        let plain = match uri.scheme_str()? {
            "http" => true,
            "https" => false,
            _ => return None,
        };
        // Nobody is signed in by what a registry writes into an address.
        let authority = uri.authority().filter(|all| !all.as_str().contains('@'))?.to_string();
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        Some((Self { plain, authority }, target.to_owned()))
    }

    fn host_and_port(&self) -> (&str, u16) {
        let default = if self.plain { 80 } else { 443 };
        let (host, port) = match self.authority.rsplit_once(':') {
            // The colons of an address of IPv6 stand in brackets.
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(default)),
            _ => (self.authority.as_str(), default),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        (bare.unwrap_or(host), port)
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Seconds to wait, if the registry says.
    pub(crate) fn retry_after(&self) -> Option<u32> {
        self.header(header::RETRY_AFTER)?.trim().parse().ok()
    }

    /// How much may still be pulled, if the registry says: `RateLimit-Limit: 100;w=21600`.
    pub(crate) fn rate(&self) -> Option<RateLimit> {
        let said = |name| {
            let mut parts = self.headers.get(name)?.to_str().ok()?.split(';').map(str::trim);
            let number = parts.next()?.parse::<u32>().ok()?;
            let window = parts.find_map(|part| part.strip_prefix("w=")?.parse().ok());
            Some((number, window))
        };
        let (limit, window) = said("ratelimit-limit")?;
        let (remaining, _) = said("ratelimit-remaining")?;
        Some(RateLimit { limit, remaining, window_s: window.unwrap_or_default() })
    }

    /// The host a redirect leads to.
    pub(crate) fn leads_to(&self) -> Option<String> {
        let (place, _) = Place::of(self.header(header::LOCATION)?)?;
        Some(shortened(&place.authority, HOST_LONGEST))
    }

    /// What Go's servers say to plain HTTP at a port for HTTPS.
    pub(crate) fn wants_https(&self) -> bool {
        self.status == StatusCode::BAD_REQUEST
            && self.body.windows(12).any(|words| words.eq_ignore_ascii_case(b"HTTPS server"))
    }
}

/// The forms in which an image is described; without naming them some registries convert it, and
/// with that its digest.
const MANIFESTS: &str = "application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*";

/// Makes requests until its time is up.
#[derive(Clone)]
pub(crate) struct Caller {
    tls: Arc<ClientConfig>,
    patience: Duration,
    until: Instant,
    accept: &'static str,
    longest: usize,
    /// Nothing is reached but addresses that are everybody's.
    public: bool,
}

impl Caller {
    /// One who asks a registry that somebody vouches for.
    pub(crate) async fn new(ca: &str, patience: Duration) -> Result<Self, Trouble> {
        let until = Instant::now() + patience;
        let tls = Arc::new(tls::config(ca).await?);
        Ok(Self { tls, patience, until, accept: MANIFESTS, longest: LONGEST, public: false })
    }

    /// One who asks for documents that nobody vouches for, at `public` addresses only or anywhere.
    pub(crate) fn for_documents(self, public: bool) -> Self {
        Self { accept: "application/json, text/plain, */*", public, ..self }
    }

    /// The same, who takes so many bytes.
    pub(crate) fn up_to(&self, longest: usize) -> Self {
        Self { longest, ..self.clone() }
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        place: &Place,
        target: &str,
        authorization: Option<&HeaderValue>,
    ) -> Result<Answer, Trouble> {
        let asked = self.exchange(method, place, target, authorization);
        match timeout_at(self.until, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(Trouble::silent(&place.authority, self.patience.as_secs().max(1))),
        }
    }

    async fn exchange(
        &self,
        method: Method,
        place: &Place,
        target: &str,
        authorization: Option<&HeaderValue>,
    ) -> Result<Answer, Trouble> {
        let whom = &place.authority;
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, whom)
            .header(header::USER_AGENT, "slipway")
            .header(header::ACCEPT, self.accept)
            .header(header::CONNECTION, "close")
            .body(Empty::<Bytes>::new())
            .map_err(|_| Trouble::no_registry(format!("{whom} names an address that is none.")))?;
        if let Some(value) = authorization {
            request.headers_mut().insert(header::AUTHORIZATION, value.clone());
        }
        let (host, port) = place.host_and_port();
        let found = tokio::net::lookup_host((host, port)).await;
        let addresses: Vec<SocketAddr> = found.map_err(|_| Trouble::unknown_name(host))?.collect();
        if addresses.is_empty() {
            return Err(Trouble::unknown_name(host));
        }
        // What was looked at is what is connected to: the name is not asked a second time.
        let private = addresses.iter().map(SocketAddr::ip).find(|ip| !is_public(*ip));
        if let Some(ip) = private.filter(|_| self.public) {
            return Err(Trouble::private(host, ip));
        }
        let tcp = TcpStream::connect(&*addresses)
            .await
            .map_err(|error| Trouble::not_connected(whom, &error))?;
        // What has a public address of its own listens to itself where others cannot.
        if self.public
            && let (Ok(peer), Ok(own)) = (tcp.peer_addr(), tcp.local_addr())
            && peer.ip() == own.ip()
        {
            return Err(Trouble::own(host, peer.ip()));
        }
        if place.plain {
            return self.answer(TokioIo::new(tcp), request, whom).await;
        }
        let name =
            ServerName::try_from(host.to_owned()).map_err(|_| Trouble::unknown_name(host))?;
        let secured = TlsConnector::from(self.tls.clone()).connect(name, tcp).await;
        let secured = secured.map_err(|error| tls::refused(whom, &error))?;
        self.answer(TokioIo::new(secured), request, whom).await
    }

    async fn answer(
        &self,
        stream: impl Read + Write + Send + Unpin + 'static,
        request: Request<Empty<Bytes>>,
        whom: &str,
    ) -> Result<Answer, Trouble> {
        let broken = |error: hyper::Error| {
            if error.is_parse() {
                Trouble::no_registry(format!("{whom} does not answer in HTTP."))
            } else {
                Trouble::new(
                    Fault::Unreachable,
                    format!("{whom} broke the connection off."),
                    "Check the address and the port; what speaks HTTPS needs https:// in it.",
                )
            }
        };
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(stream).await.map_err(broken)?;
        // Dropped with what it carries when time is up.
        let mut carrier = JoinSet::new();
        carrier.spawn(connection);
        let response = sender.send_request(request).await.map_err(broken)?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, self.longest).collect().await;
        let body = body.map_err(|error| Trouble::unread(whom, self.longest, &*error))?;
        Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_still_be_pulled_is_read_as_docker_hub_writes_it() {
        let mut headers = HeaderMap::new();
        headers.insert("ratelimit-limit", HeaderValue::from_static("100;w=21600"));
        let answer = |headers| Answer { status: StatusCode::OK, headers, body: Bytes::new() };
        assert_eq!(answer(headers.clone()).rate(), None);
        headers.insert("ratelimit-remaining", HeaderValue::from_static("76;w=21600"));
        let rate = answer(headers).rate().unwrap();
        assert_eq!(rate.to_string(), "76 of 100 pulls left in 6 h 0 min");
    }

    #[test]
    fn what_a_registry_names_is_an_address_of_the_web_or_nothing() {
        let (place, target) = Place::of("https://auth.example.org/token?a=b").unwrap();
        assert_eq!((place.plain, place.authority.as_str()), (false, "auth.example.org"));
        assert_eq!((target.as_str(), place.host_and_port().1), ("/token?a=b", 443));
        let (place, _) = Place::of("http://localhost:5001").unwrap();
        assert_eq!(place.host_and_port(), ("localhost", 5001));
        for bad in ["/v2/x", "ftp://a.example", "https://ada:pw@a.example", "file:///etc/passwd"] {
            assert!(Place::of(bad).is_none(), "{bad}");
        }
    }
}
