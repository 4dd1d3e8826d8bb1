//! What becomes of the registries that a Docker `config.json` names, as it is shown.

use serde::{Deserialize, Serialize};

/// What becomes of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportFate {
    /// It would be stored.
    Possible,
    Stored,
    /// The same is stored already.
    Known,
    Refused,
}

/// One registry of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportEntry {
    /// As the file names it; shortened where that is long.
    pub key: String,
    pub fate: ImportFate,
    /// Under which name and with which user, or why not. Never the password.
    pub message: String,
}

/// What the whole file comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    pub entries: Vec<ImportEntry>,
}

impl ImportReport {
    /// How many of them have this fate.
    pub fn count(&self, fate: ImportFate) -> usize {
        self.entries.iter().filter(|entry| entry.fate == fate).count()
    }
}
