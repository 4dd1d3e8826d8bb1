//! One error for every layer, worded for the person who has to act on it.
//!
//! A message says what was attempted, on which thing, and why not; the hint says what to do. The
//! engine's own words travel as `detail`. `Internal` carries a reference number that finds the
//! cause in the log, and never the cause itself. How a kind becomes a page, an HTTP status or an
//! exit code is one table, here.

use serde::{Deserialize, Serialize};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of refusal this is. Decides status and exit code, nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    NotFound,
    Invalid,
    Conflict,
    Unauthenticated,
    Forbidden,
    /// A limit is reached: the message names it with its numbers.
    Exhausted,
    /// Something Slipway depends on does not answer; trying again later may work.
    Unavailable,
    Internal,
}

impl ErrorKind {
    /// HTTP status of this kind.
    pub const fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Invalid => 422,
            Self::Conflict => 409,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::Exhausted => 429,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }

    /// Process exit code of this kind, for the command line.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Invalid => 2,
            Self::NotFound => 3,
            Self::Conflict => 4,
            Self::Unauthenticated | Self::Forbidden => 5,
            Self::Exhausted => 6,
            Self::Unavailable => 7,
            Self::Internal => 1,
        }
    }

    /// Heading of an error page of this kind.
    pub const fn title(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Invalid => "That cannot be used",
            Self::Conflict => "That is no longer possible",
            Self::Unauthenticated => "Sign in first",
            Self::Forbidden => "Not permitted",
            Self::Exhausted => "A limit is reached",
            Self::Unavailable => "Not available right now",
            Self::Internal => "Something went wrong",
        }
    }
}

/// What is wrong with one field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// Name of the form field.
    pub field: String,
    pub message: String,
}

/// A refusal or failure, fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
    /// What the reader can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The words of the engine or another program, as they came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Finds the cause in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Problems that belong at single fields of a form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            detail: None,
            reference: None,
            fields: Vec::new(),
        }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, message)
    }

    pub fn exhausted(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Exhausted, message)
    }

    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// The caller has no valid sign-in.
    pub fn unauthenticated() -> Self {
        Self::new(ErrorKind::Unauthenticated, "You are not signed in.")
            .hint("Sign in, then try again.")
    }

    /// A form with problems at its fields; `problems` must not be empty to make sense.
    pub fn invalid(problems: Vec<FieldProblem>) -> Self {
        let message = match problems.as_slice() {
            [one] => one.message.clone(),
            many => format!("{} fields need attention.", many.len()),
        };
        Self { fields: problems, ..Self::new(ErrorKind::Invalid, message) }
    }

    /// One problem at one field.
    pub fn at(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldProblem { field: field.into(), message: message.into() }])
    }

    /// A fault of ours. The cause belongs in the log under `reference`, not here.
    pub fn internal(reference: impl Into<String>) -> Self {
        let reference = reference.into();
        Self {
            reference: Some(reference.clone()),
            ..Self::new(
                ErrorKind::Internal,
                format!("Slipway ran into a fault of its own. Its reference is {reference}."),
            )
        }
        .hint("Try again. If it stays, give an administrator the reference: it finds the cause in the server's log.")
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// What is wrong with `field`, if anything.
    pub fn problem_at(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|p| p.field == field).map(|p| p.message.as_str())
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Collects the problems of a form so that all of them are shown at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<FieldProblem>);

impl Problems {
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldProblem { field: field.to_owned(), message: message.into() });
    }

    /// Unwraps a parsed field, or notes why it could not be parsed and goes on with `fallback`.
    pub fn take<T>(&mut self, field: &str, parsed: Result<T, String>, fallback: T) -> T {
        parsed.unwrap_or_else(|message| {
            self.add(field, message);
            fallback
        })
    }

    /// `Ok` if nothing was noted.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::invalid(self.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_status_and_no_success_code() {
        use ErrorKind::*;
        let kinds = [
            NotFound,
            Invalid,
            Conflict,
            Unauthenticated,
            Forbidden,
            Exhausted,
            Unavailable,
            Internal,
        ];
        let mut seen: Vec<u16> = kinds.iter().map(|k| k.status()).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), kinds.len());
        assert!(kinds.iter().all(|k| k.exit_code() != 0));
    }

    #[test]
    fn all_problems_of_a_form_are_kept() {
        let mut problems = Problems::default();
        problems.add("name", "Give the workspace a name.");
        let port = problems.take("port", Err("A port is between 1 and 65535.".into()), 1u16);
        assert_eq!(port, 1);
        let error = problems.finish().unwrap_err();
        assert_eq!(error.fields.len(), 2);
        assert_eq!(error.problem_at("port"), Some("A port is between 1 and 65535."));
    }
}
