//! `slipway config`: every setting, its value and where it came from.

use super::Failure;
use crate::config::{Config, Resolved, describe};
use domain::Error;

pub(super) fn show(raw: &Resolved, only: Option<&String>) -> Result<(), Failure> {
    if let Some(name) = only {
        let value = raw
            .get(name)
            .ok_or_else(|| Error::not_found(format!("There is no setting `{name}`.")))?;
        println!("{}", value.value);
        return Ok(());
    }
    let width = raw.iter().map(|(setting, _)| setting.name.len()).max().unwrap_or(0);
    for (setting, value) in raw.iter() {
        let shown = if value.value.is_empty() { "(not set)" } else { &redact(&value.value) };
        println!("{:width$}  {shown}  [{}]", setting.name, value.origin.describe(setting.name));
    }
    Config::check(raw).map(|_| ()).map_err(|error| Failure {
        code: error.kind.exit_code(),
        text: format!("\nThese settings cannot be used:\n{}\n", describe(&error, raw)),
        help: false,
    })
}

/// Passwords are only ever given as files; what may still hold one is an address.
fn redact(value: &str) -> String {
    match (value.find("://"), value.find('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            format!("{}://•••{}", &value[..scheme], &value[at..])
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn credentials_in_addresses_are_not_shown() {
        assert_eq!(redact("tcp://ada:secret@host:1"), "tcp://•••@host:1");
        assert_eq!(redact("unix:///run/docker.sock"), "unix:///run/docker.sock");
    }
}
