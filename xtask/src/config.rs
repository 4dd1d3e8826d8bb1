//! What the server will use, asked of the binary itself: flags, environment and file are combined in
//! one place, and that place is not here.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::http::{self, Address};

/// A setting as the binary resolves it with these flags.
pub fn value(binary: &Path, flags: &[String], setting: &str) -> Result<String> {
    let mut ask = Command::new(binary);
    ask.args(flags).args(["config", "--value", setting]);
    command::output(&mut ask).context("Slipway refuses its settings.")
}

/// The address of a Slipway that already serves where this one would, if there is one.
pub fn already_running(listen: &str) -> Option<String> {
    let reachable = reachable(listen);
    let reply = http::get(&Address::Tcp(reachable.clone()), "/healthz").ok()?;
    (reply.status == 200 && reply.body.trim() == "ok").then(|| format!("http://{reachable}"))
}

/// An address to connect to, where the server may have been told to listen on all of them.
fn reachable(listen: &str) -> String {
    match listen.rsplit_once(':') {
        Some(("0.0.0.0" | "[::]" | "", port)) => format!("127.0.0.1:{port}"),
        _ => listen.to_owned(),
    }
}

/// The value of a flag among those meant for the server.
pub fn flag<'a>(flags: &'a [String], name: &str) -> Option<&'a str> {
    flags.iter().enumerate().find_map(|(at, flag)| {
        let rest = flag.strip_prefix(name)?;
        match rest.strip_prefix('=') {
            Some(value) => Some(value),
            None if rest.is_empty() => flags.get(at + 1).map(String::as_str),
            None => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_found_in_both_spellings() {
        let flags = ["--engineer", "x", "--engine=tcp://a:1", "--listen", "1.2.3.4:5"];
        let flags = flags.map(str::to_owned);
        assert_eq!(flag(&flags, "--engine"), Some("tcp://a:1"));
        assert_eq!(flag(&flags, "--listen"), Some("1.2.3.4:5"));
        assert_eq!(flag(&flags, "--log"), None);
    }

    #[test]
    fn every_address_is_asked_at_this_machine() {
        assert_eq!(reachable("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(reachable("[::]:8080"), "127.0.0.1:8080");
        assert_eq!(reachable("127.0.0.1:9000"), "127.0.0.1:9000");
    }
}
