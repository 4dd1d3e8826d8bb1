//! Accounts, and the rules for their names and passwords.

use crate::{
    SignInId, Timestamp, UserId, actor::Role, audit::AuditLine, group::Effective,
    session::SessionRow,
};
use serde::{Deserialize, Serialize};

/// Shortest password accepted (OWASP ASVS 6.2.1 asks for at least 8; 15 is advised).
pub const PASSWORD_SHORTEST: usize = 10;
/// Longest password accepted, in characters (ASVS 6.2.9 asks for at least 64).
pub const PASSWORD_LONGEST: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    /// A disabled account cannot sign in and its streams are cut.
    pub disabled: bool,
    pub created_at: Timestamp,
}

/// Whether somebody can sign in with an account, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    Enabled,
    /// Has no password yet: whoever has the invitation chooses one.
    Invited,
    Disabled,
    /// Goes as soon as none of its sessions holds a container.
    Deleting,
}

impl AccountState {
    pub const ALL: [Self; 4] = [Self::Enabled, Self::Invited, Self::Disabled, Self::Deleting];

    /// From what is recorded of the account.
    pub const fn of(deleting: bool, disabled: bool, has_password: bool) -> Self {
        match (deleting, disabled, has_password) {
            (true, ..) => Self::Deleting,
            (_, true, _) => Self::Disabled,
            (_, _, false) => Self::Invited,
            _ => Self::Enabled,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Invited => "invited",
            Self::Disabled => "disabled",
            Self::Deleting => "deleting",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Invited => "Invited",
            Self::Disabled => "Disabled",
            Self::Deleting => "Deleting",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// An account as the list of users shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    pub state: AccountState,
    /// Whether there is a password to sign in with.
    pub has_password: bool,
    /// Whether a code is asked for beside the password.
    pub second_factor: bool,
    /// Sessions that hold a container.
    pub sessions: i64,
    /// When a browser signed in with it was last here.
    pub last_seen_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// Everything about one account that its page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserDetail {
    pub user: UserRow,
    /// Whether it is the reader's.
    pub own: bool,
    /// Whether nobody else could manage users if it were not an administrator's any more.
    pub last_administrator: bool,
    /// Whether the reader may change it.
    pub may_manage: bool,
    /// Until when the one-time link that was made last works, if one is open.
    pub link_until: Option<Timestamp>,
    pub sign_ins: Vec<SignIn>,
    /// Those that hold a container, newest first.
    pub sessions: Vec<SessionRow>,
    /// What was done with it lately, newest first; `None` for those who may not see the audit log.
    pub audit: Option<Vec<AuditLine>>,
    /// What holds for it, and which group says so; empty for those who do not manage groups.
    pub effective: Vec<Effective>,
}

/// Checks a user name and brings it into its stored form (lower case).
pub fn check_name(text: &str) -> Result<String, String> {
    let name = text.trim().to_lowercase();
    let fits = !name.is_empty()
        && name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@-".contains(&b));
    if fits {
        Ok(name)
    } else {
        Err("A user name has 1 to 64 letters, digits, dots, dashes, underscores or @, and starts with a letter or digit.".into())
    }
}

/// Checks the length of a new password; how guessable it is, only the server can judge.
pub fn check_password_length(password: &str) -> Result<(), String> {
    match password.chars().count() {
        n if n < PASSWORD_SHORTEST => {
            Err(format!("Use at least {PASSWORD_SHORTEST} characters; this has {n}."))
        }
        n if n > PASSWORD_LONGEST => {
            Err(format!("Use at most {PASSWORD_LONGEST} characters; this has {n}."))
        }
        _ => Ok(()),
    }
}

/// One of a user's sign-ins, as the account page lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    pub id: SignInId,
    /// Browser and system, read from the `User-Agent`.
    pub client: String,
    pub address: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// The sign-in this list was asked with.
    pub current: bool,
}

/// How the console looks for somebody; kept in a cookie so that the first byte is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
    Contrast,
}

impl Theme {
    pub const ALL: [Self; 4] = [Self::System, Self::Light, Self::Dark, Self::Contrast];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Contrast => "contrast",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::System => "Follow the system",
            Self::Light => "Light",
            Self::Dark => "Dark",
            Self::Contrast => "High contrast",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stored_in_one_form() {
        assert_eq!(check_name(" Ada "), Ok("ada".into()));
        assert_eq!(check_name("ada@example.org"), Ok("ada@example.org".into()));
        for bad in ["", "-ada", "a b", "é", &"a".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_account_that_goes_is_nothing_else_and_one_without_a_password_is_invited() {
        assert_eq!(AccountState::of(true, true, true), AccountState::Deleting);
        assert_eq!(AccountState::of(false, true, false), AccountState::Disabled);
        assert_eq!(AccountState::of(false, false, false), AccountState::Invited);
        assert_eq!(AccountState::of(false, false, true), AccountState::Enabled);
        for state in AccountState::ALL {
            assert_eq!(AccountState::parse(state.as_str()), Some(state));
        }
    }

    #[test]
    fn password_length_is_counted_in_characters() {
        assert!(check_password_length("éééééééééé").is_ok());
        assert!(check_password_length("short").is_err());
        assert!(check_password_length(&"x".repeat(257)).is_err());
    }
}
