//! What an import of definitions would do, as it is shown before anything is saved: workspace by
//! workspace, and of each what would change, field by field.

use crate::error::FieldProblem;
use serde::{Deserialize, Serialize};

/// What becomes of one workspace of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefinitionFate {
    /// There is none of this name.
    New,
    Changed,
    /// It is here exactly as the document has it.
    Unchanged,
    /// It cannot be saved, and so nothing is.
    Refused,
}

/// A field whose value would be another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    pub field: String,
    /// As the document would have it; empty for what is not set.
    pub before: String,
    pub after: String,
}

/// One workspace of the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefinitionEntry {
    pub name: String,
    /// The line of the text at which it begins; 0 where it comes from elsewhere.
    pub line: u32,
    pub fate: DefinitionFate,
    /// Of a new one against the values that a new form has.
    pub changes: Vec<FieldChange>,
    pub problems: Vec<FieldProblem>,
    /// What is not as the document says, and why.
    pub notes: Vec<String>,
}

/// What the whole document comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefinitionsReport {
    pub entries: Vec<DefinitionEntry>,
    /// Stands for exactly this outcome: whoever saves says which one he has seen.
    pub seen: String,
}

impl DefinitionsReport {
    /// How many of them have this fate.
    pub fn count(&self, fate: DefinitionFate) -> usize {
        self.entries.iter().filter(|entry| entry.fate == fate).count()
    }

    /// Whether there is something to save, and nothing that forbids it.
    pub fn can_be_saved(&self) -> bool {
        self.count(DefinitionFate::Refused) == 0
            && self.count(DefinitionFate::New) + self.count(DefinitionFate::Changed) > 0
    }
}

/// What an import has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportedDefinitions {
    pub new: u32,
    pub changed: u32,
    pub unchanged: u32,
}
