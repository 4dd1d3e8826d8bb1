//! Who asks, from where, and the services that answer: what the server gives every page and
//! server function as context.

use domain::{Error, actor::Actor, user::Theme};
use leptos::prelude::use_context;
use services::Services;
use std::net::IpAddr;

/// The request being served.
#[derive(Clone)]
pub struct Request {
    pub services: Services,
    /// The signed-in person, if any.
    pub actor: Option<Actor>,
    /// In place of that, somebody who is signed in and must set up a second factor before anything
    /// else.
    pub owing: Option<Actor>,
    /// The browser's sign-in record, for signing in and out.
    pub sign_in: tower_sessions::Session,
    pub client: Client,
    /// The console's origin as the browser sees it.
    pub origin: PublicOrigin,
    pub theme: Theme,
}

/// Where a request came from.
#[derive(Debug, Clone)]
pub struct Client {
    pub address: IpAddr,
    pub user_agent: String,
}

/// Scheme and host under which the browser reached the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicOrigin {
    pub scheme: &'static str,
    /// Host name without port, as written in an address.
    pub host: String,
    pub port: Option<u16>,
}

impl PublicOrigin {
    /// `scheme://host[:port]` for another port of the same host.
    pub fn on_port(&self, port: u16) -> String {
        format!("{}://{}:{port}", self.scheme, self.host)
    }

    pub fn is_secure(&self) -> bool {
        self.scheme == "https"
    }
}

impl std::fmt::Display for PublicOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl Request {
    /// The request of the present page or server function.
    ///
    /// # Errors
    /// `Internal` if the server forgot to provide it.
    pub fn current() -> domain::Result<Self> {
        use_context().ok_or_else(|| Error::internal("no-request-context"))
    }

    /// # Errors
    /// `Unauthenticated` if nobody is signed in, `Forbidden` to who must set up a second factor first.
    pub fn actor(&self) -> domain::Result<&Actor> {
        match (&self.actor, &self.owing) {
            (Some(actor), _) => Ok(actor),
            (None, Some(_)) => {
                Err(Error::forbidden("Your account must have a second factor, and has none yet.")
                    .hint("Set it up first; then everything is open to you again."))
            }
            (None, None) => Err(Error::unauthenticated()),
        }
    }

    /// Whoever is signed in, also somebody who must set up a second factor: for what that takes.
    ///
    /// # Errors
    /// `Unauthenticated` if nobody is signed in.
    pub fn arrived(&self) -> domain::Result<&Actor> {
        self.actor.as_ref().or(self.owing.as_ref()).ok_or_else(Error::unauthenticated)
    }

    /// The request together with who asks.
    pub fn signed_in() -> domain::Result<(Self, Actor)> {
        let request = Self::current()?;
        let actor = request.actor()?.clone();
        Ok((request, actor))
    }
}
