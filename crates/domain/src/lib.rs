//! The words and rules of Slipway, free of I/O so that the server and the browser share them.
//!
//! Everything here is plain data, validation and decisions: what a session is and what must be
//! done next for it ([`plan`]), what a workspace definition may contain ([`workspace`]), who may
//! do what ([`actor`]), and how a refusal is worded ([`error`]). The crate compiles to WASM, so it
//! names no runtime, no database and no engine.

pub mod actor;
pub mod ansi;
pub mod audit;
pub mod changes;
pub mod commands;
pub mod confinement;
pub mod contract;
pub mod error;
pub mod event;
pub mod group;
pub mod hidden;
pub mod hook;
pub mod icon;
pub mod id;
pub mod image;
pub mod inside;
pub mod job;
pub mod launch_form;
pub mod launcher;
pub mod library;
pub mod lifetime;
pub mod limits;
pub mod list;
pub mod log;
pub mod path;
pub mod plan;
pub mod policy;
pub mod preset;
pub mod quantity;
pub mod registry;
pub mod revision;
pub mod second_factor;
pub mod session;
pub mod snapshot;
pub mod storage;
pub mod time;
pub mod trial;
pub mod user;
pub mod workspace;

pub use error::{Error, ErrorKind, FieldProblem, Result};
pub use id::{
    GroupId, HookId, IconId, JobId, RegistryId, SessionId, SignInId, UserId, WorkspaceId,
};
pub use time::Timestamp;
