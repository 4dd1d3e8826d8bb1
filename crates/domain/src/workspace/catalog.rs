//! A catalog: ready-made workspaces that somebody else publishes as a list, as it is shown before
//! anything of it is taken.
//!
//! Whatever is in it was written by strangers. It is text and nothing else, and what is here of it
//! is fit to be shown.

use super::{DefinitionFate, DefinitionsReport};
use serde::{Deserialize, Serialize};

/// Most entries of a catalog that are read.
pub const MOST_ENTRIES: usize = 500;

/// What is at an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    pub name: String,
    pub description: String,
    /// Where its people are reached, as it says; an address or anything else.
    pub contact: String,
    /// Those that the engine could run.
    pub entries: Vec<CatalogEntry>,
    /// How many are for other architectures than the engine's.
    pub elsewhere: u32,
    /// How many more it has than are read.
    pub beyond: u32,
}

/// A workspace of a catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogEntry {
    pub name: String,
    pub description: String,
    /// Its whole reference, or what is in the place of one.
    pub image: String,
    /// Categories, size and what it is built for, each as it is shown.
    pub facts: Vec<String>,
    pub notes: String,
    /// What taking it would do to the workspaces that are here.
    pub fate: DefinitionFate,
    /// Why it cannot be taken.
    pub problems: Vec<String>,
}

/// What taking some of them would do, which is saved as it was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogLook {
    pub url: String,
    /// Names of those that were chosen.
    pub picks: Vec<String>,
    /// The definitions that would be imported.
    pub text: String,
    /// What they come to; the notes of each say what was left out of it, and why.
    pub report: DefinitionsReport,
}
