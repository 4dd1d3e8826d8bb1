//! The pages of the wizard, in their order.

use serde::{Deserialize, Serialize};

/// A page of the wizard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WizardStep {
    Image,
    Registry,
    Changes,
    Workspace,
    Review,
}

impl WizardStep {
    pub const ALL: [Self; 5] =
        [Self::Image, Self::Registry, Self::Changes, Self::Workspace, Self::Review];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Registry => "registry",
            Self::Changes => "changes",
            Self::Workspace => "workspace",
            Self::Review => "review",
        }
    }

    /// Whether it comes before another.
    pub fn is_before(self, other: Self) -> bool {
        let at = |step| Self::ALL.iter().position(|known| *known == step);
        at(self) < at(other)
    }

    /// Anything unknown is the first page.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|step| step.as_str() == text).unwrap_or(Self::Image)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Image => "Image",
            Self::Registry => "Registry",
            Self::Changes => "Changes",
            Self::Workspace => "Workspace",
            Self::Review => "Review",
        }
    }

    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|step| *step == self).unwrap_or(0);
        Self::ALL.get(at + 1).copied().unwrap_or(Self::Review)
    }

    pub fn back(self) -> Self {
        let at = Self::ALL.iter().position(|step| *step == self).unwrap_or(0);
        at.checked_sub(1).and_then(|at| Self::ALL.get(at)).copied().unwrap_or(Self::Image)
    }
}
