//! What the engine answers instead of success, in Slipway's words.
//!
//! Two cases matter to every caller: the engine *refused* (it is there and has a reason), or it is
//! *lost* (asking again later may work). Everything that is known about the wording of engines is
//! in this file, because they report the same thing with different codes.

use super::address::Address;
use bollard::errors::Error as Raw;
use domain::{Error, ErrorKind};
use std::error::Error as _;
use std::io;
use std::time::Duration;

#[derive(Debug)]
pub(super) enum Failure {
    Refused { status: u16, message: String },
    Lost(Error),
}

impl Failure {
    pub(super) fn new(error: Raw, address: &Address) -> Self {
        match error {
            Raw::DockerResponseServerError { status_code, message } => {
                Self::Refused { status: status_code, message }
            }
            // A refusal that arrives after the answer began.
            Raw::DockerStreamError { error } => Self::Refused { status: 500, message: error },
            other => Self::Lost(lost(&other, address)),
        }
    }

    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Whether the engine refused because of the object's state; engines disagree on the code.
    pub(super) fn is_about_state(&self) -> bool {
        matches!(self, Self::Refused { status: 304 | 409 | 500, .. })
    }

    /// Whether the engine's reason contains any of `words`, whatever their case.
    pub(super) fn says(&self, words: &[&str]) -> bool {
        let Self::Refused { message, .. } = self else { return false };
        let message = message.to_lowercase();
        words.iter().any(|word| message.contains(word))
    }

    /// The error of an attempt to do `verb` to the `kind` called `name`.
    pub(super) fn into_error(self, verb: &str, kind: &str, name: &str) -> Error {
        let exhausted = self.exhausted();
        let (status, message) = match self {
            Self::Refused { status, message } => (status, message),
            Self::Lost(error) => return error,
        };
        if let Some(hint) = exhausted {
            return Error::exhausted(format!(
                "The engine has run out of room to {verb} the {kind} `{name}`."
            ))
            .hint(hint)
            .detail(message);
        }
        let kind_of_error = match status {
            404 => ErrorKind::NotFound,
            502..=504 => ErrorKind::Unavailable,
            _ => ErrorKind::Conflict,
        };
        let sentence = match kind_of_error {
            ErrorKind::NotFound => format!("There is no {kind} `{name}` to {verb}."),
            ErrorKind::Unavailable => format!("The engine cannot {verb} the {kind} `{name}` now."),
            _ => format!("The engine refused to {verb} the {kind} `{name}`."),
        };
        let error = Error::new(kind_of_error, sentence);
        let error = if message.contains("setting rlimit") {
            error.hint(
                "The engine itself may not open as many files as its containers are to. Raise its \
                 limit (`LimitNOFILE` of its service) and restart it.",
            )
        } else if message.contains("could not select device driver") {
            error.hint(
                "The engine has no driver for graphics processors. Install one on its host, or take \
                 them out of the workspace.",
            )
        } else {
            error
        };
        error.detail(message)
    }

    /// What to do if the engine is out of something.
    fn exhausted(&self) -> Option<&'static str> {
        if self.says(&["no space left on device", "disk quota exceeded"]) {
            Some("Free disk space on the engine's host, for example by removing unused images.")
        } else if self.says(&["cannot allocate memory", "not enough memory"]) {
            Some("End sessions, or give the engine's host more memory.")
        } else if self.says(&["range of cpus is from"]) {
            Some("Ask for at most as many CPUs as the engine's host has.")
        } else if self.says(&["address pool", "no available network"]) {
            Some("Remove networks that are no longer used on the engine's host.")
        } else {
            None
        }
    }
}

/// The error for an engine that did not answer within `limit`.
pub(super) fn silent(address: &Address, limit: Duration) -> Error {
    does_not_answer(address)
        .detail(format!("no answer within {} s", limit.as_secs()))
        .hint("Check that the engine is healthy and not overloaded.")
}

/// The error for an engine that could not be reached, or went away while it answered.
pub(super) fn lost(error: &Raw, address: &Address) -> Error {
    let cause = causes(error);
    let unavailable = does_not_answer(address).detail(cause.clone());
    match (io_kind(error, address), address) {
        (Some(io::ErrorKind::PermissionDenied), Address::Socket(path)) => {
            unavailable.hint(permission_hint(path))
        }
        (Some(io::ErrorKind::NotFound), Address::Socket(path)) => unavailable.hint(format!(
            "Nothing is at `{}`. Install and start Docker or Podman, or configure the engine's \
             address.",
            path.display()
        )),
        (Some(io::ErrorKind::ConnectionRefused), _) => unavailable
            .hint("Nothing listens there. Start the engine, for example `systemctl start docker`."),
        _ => unavailable.hint("Check that the engine runs and look into its log."),
    }
}

fn does_not_answer(address: &Address) -> Error {
    Error::unavailable(format!("The engine at {address} does not answer."))
}

/// The whole chain of causes in one line; its end is what says anything.
fn causes(error: &Raw) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let further = error.to_string();
        if !text.contains(&further) {
            text.push_str(": ");
            text.push_str(&further);
        }
        cause = error.source();
    }
    text
}

fn io_kind(error: &Raw, address: &Address) -> Option<io::ErrorKind> {
    // The library reports a socket it may not even look at as missing.
    if let (Raw::SocketNotFoundError(_), Address::Socket(path)) = (error, address) {
        return Some(std::fs::metadata(path).err().map_or(io::ErrorKind::NotFound, |e| e.kind()));
    }
    // This variant stands for the error it holds, and so does not list it as its cause.
    let mut cause: Option<&(dyn std::error::Error + 'static)> = match error {
        Raw::IOError { err } => Some(err),
        other => other.source(),
    };
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        cause = error.source();
    }
    None
}

fn permission_hint(socket: &std::path::Path) -> String {
    let group = group_of(socket).map_or_else(
        || "the group that owns it".to_owned(),
        |group| format!("the group `{group}`, which owns it"),
    );
    format!(
        "Slipway may not open `{}`: add the user it runs as to {group}, and start Slipway again. \
         Whoever may open the socket is as powerful as root on this machine.",
        socket.display()
    )
}

#[cfg(unix)]
fn group_of(path: &std::path::Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let id = std::fs::metadata(path).ok()?.gid().to_string();
    let groups = std::fs::read_to_string("/etc/group").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1) == Some(id.as_str())).then(|| name.to_owned())
    })
}

#[cfg(not(unix))]
fn group_of(_: &std::path::Path) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn refused(status: u16, message: &str) -> Failure {
        Failure::Refused { status, message: message.to_owned() }
    }

    fn address() -> Address {
        Address::Socket(PathBuf::from("/nowhere/engine.sock"))
    }

    #[test]
    fn a_refusal_is_sorted_by_code_and_keeps_the_engines_words() {
        for (status, kind) in [
            (400, ErrorKind::Conflict),
            (403, ErrorKind::Conflict),
            (404, ErrorKind::NotFound),
            (409, ErrorKind::Conflict),
            (500, ErrorKind::Conflict),
            (503, ErrorKind::Unavailable),
        ] {
            let error = refused(status, "its words").into_error("start", "container", "x");
            assert_eq!(error.kind, kind, "{status}");
            assert_eq!(error.detail.as_deref(), Some("its words"));
            assert!(error.message.contains("start") && error.message.contains("`x`"));
        }
    }

    #[test]
    fn running_out_of_something_is_recognised_whatever_the_code() {
        for message in [
            "mkdir /var/lib/docker/x: no space left on device",
            "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available",
            "could not find an available, non-overlapping IPv4 address pool among the defaults",
            "all predefined address pools have been fully subnetted",
        ] {
            let error = refused(500, message).into_error("create", "container", "x");
            assert_eq!(error.kind, ErrorKind::Exhausted, "{message}");
        }
        let taken = "Pool overlaps with other one on this address space";
        let error = refused(403, taken).into_error("create", "network", "x");
        assert_eq!(error.kind, ErrorKind::Conflict);
    }

    #[test]
    fn a_socket_that_is_not_there_says_what_to_do() {
        let raw = Raw::SocketNotFoundError("/nowhere/engine.sock".into());
        let error = lost(&raw, &address());
        assert_eq!(error.kind, ErrorKind::Unavailable);
        assert_eq!(error.message, "The engine at unix:///nowhere/engine.sock does not answer.");
        assert!(error.hint.unwrap().contains("start Docker"));
    }

    #[test]
    fn a_socket_that_may_not_be_opened_names_the_remedy() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let error = lost(&Raw::IOError { err: denied }, &address());
        assert!(error.hint.unwrap().contains("add the user"));
    }

    #[test]
    fn an_engine_that_is_not_running_says_to_start_it() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let error = lost(&Raw::IOError { err: refused }, &address());
        assert!(error.hint.unwrap().contains("Start the engine"));
    }

    #[test]
    fn an_answer_that_makes_no_sense_counts_as_none() {
        let raw = Raw::JsonDataError { message: "expected value".into(), column: 3 };
        assert!(matches!(Failure::new(raw, &address()), Failure::Lost(_)));
        let failure = Failure::new(Raw::RequestTimeoutError, &address());
        assert!(matches!(failure, Failure::Lost(_)));
    }
}
