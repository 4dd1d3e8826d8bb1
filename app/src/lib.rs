//! What the browser sees: one crate, compiled twice.
//!
//! With `ssr` it is part of the server and renders complete pages; with `hydrate` it is the WASM
//! client that makes them live. It knows `domain` always and `services` only under `ssr`.
//!
//! [`shell`] is the document around every page, [`App`] what is hydrated inside it, and
//! [`routes`] the table of pages.

// Views are deeply nested types; the default limit is met by ordinary pages.
#![recursion_limit = "256"]

pub mod api;
pub mod components;
#[cfg(feature = "ssr")]
pub mod draft;
#[cfg(feature = "hydrate")]
mod hydrate;
pub mod lazy;
pub mod live;
pub mod pages;
pub mod post;
mod redirect;
pub mod refusal;
#[cfg(feature = "ssr")]
pub mod request;
pub mod routes;
pub mod shell;
#[cfg(feature = "ssr")]
pub mod sign_in;
pub mod wire;

pub use routes::App;
pub use shell::shell;
