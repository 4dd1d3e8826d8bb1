//! One file per page. A page reads by its server function, shows components, and posts forms; it
//! holds no rules of its own.

pub mod account;
pub mod audit;
pub mod catalog;
pub mod definitions;
pub mod groups;
pub mod images;
pub mod invite;
pub mod job;
pub mod jobs;
pub mod launch;
pub mod launcher;
pub mod login;
pub mod login_code;
pub mod not_found;
pub mod registries;
pub mod second_factor;
pub mod session;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod snapshot;
pub mod stream;
pub mod trial;
pub mod users;
pub mod workspace_edit;
pub mod workspace_image;
pub mod workspace_trial;
pub mod workspaces;
