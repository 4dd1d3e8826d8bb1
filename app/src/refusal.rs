//! How a [`domain::Error`] travels from a server function to the page that shows it.
//!
//! The wrapper exists because the trait and the error live in other crates. Everything about
//! encoding and status is in this one file.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

/// A refused or failed server function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Refusal(pub domain::Error);

impl From<domain::Error> for Refusal {
    fn from(error: domain::Error) -> Self {
        Self(error)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromServerFnError for Refusal {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let misunderstood = matches!(
            error,
            ServerFnErrorErr::Args(_)
                | ServerFnErrorErr::MissingArg(_)
                | ServerFnErrorErr::Deserialization(_)
        );
        // The server refuses what it cannot read; in the browser the same says that its own answer
        // could not be read.
        #[cfg(feature = "ssr")]
        if misunderstood {
            let error = domain::Error::new(
                domain::ErrorKind::Invalid,
                "The server did not understand the request.",
            );
            set_status(&error);
            return Self(error.hint("Reload the page and try again."));
        }
        let message = match error {
            ServerFnErrorErr::Request(_) => "The server did not answer.",
            _ if misunderstood => "The answer of the server was not understood.",
            _ => "The answer of the server could not be read.",
        };
        let error = domain::Error::unavailable(message)
            .hint("Check the connection and try again; reload the page if it stays.");
        Self(error)
    }
}

/// Hands an outcome on, with the HTTP status that belongs to its error.
///
/// A plain form post without JavaScript is left alone: its answer is a redirect that carries the
/// error back to the form, and a status would turn it into a page of raw JSON.
#[cfg(feature = "ssr")]
pub fn answer<T>(outcome: domain::Result<T>) -> Result<T, Refusal> {
    if let Err(error) = &outcome {
        set_status(error);
    }
    outcome.map_err(Refusal)
}

#[cfg(feature = "ssr")]
fn set_status(error: &domain::Error) {
    use leptos::prelude::use_context;
    let Some(parts) = use_context::<http::request::Parts>() else { return };
    let Some(options) = use_context::<leptos_axum::ResponseOptions>() else { return };
    let form_post = parts
        .headers
        .get(http::header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.contains("text/html"));
    if !form_post && let Ok(status) = http::StatusCode::from_u16(error.kind.status()) {
        options.set_status(status);
    }
}
