//! Registries that images are pushed to and pulled from: how one is described, where its address
//! leads, and what a test of it found.
//!
//! The password is never part of what is here. It is typed, kept encrypted by the server, and seen
//! by the registry alone.

mod import;

pub use import::{ImportEntry, ImportFate, ImportReport};

use crate::{
    RegistryId, Timestamp,
    error::{Error, Problems, Result},
    image::ImageRef,
};
use serde::{Deserialize, Serialize};

const NAME_LONGEST: usize = 80;
const USERNAME_LONGEST: usize = 200;
/// A few certificates, in bytes.
const CA_LONGEST: usize = 64 << 10;

/// Where a registry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Over plain HTTP, which everybody on the way can read.
    pub plain: bool,
    /// With its port, if one is written. Docker Hub is `docker.io` whatever it was called.
    pub host: String,
}

impl Address {
    /// Reads `https://index.docker.io/v1/` (seed 002), `registry.example.com` or
    /// `http://localhost:5000`. Without a scheme, `insecure` decides.
    ///
    /// # Errors
    /// What an address looks like.
    pub fn parse(text: &str, insecure: bool) -> Result<Self, String> {
        let (plain, rest) = match scheme(text) {
            Some((plain, rest)) => (plain, rest),
            None => (insecure, text.trim()),
        };
        let host = rest.split('/').next().unwrap_or_default();
        // What no image's name could lead to is no registry's host.
        let known = format!("{host}/x").parse::<ImageRef>().ok().and_then(|image| image.host);
        if known.is_none() {
            return Err("This is no address of a registry, such as `https://registry.example.org` or `https://index.docker.io/v1/`.".into());
        }
        Ok(Self { plain, host: hub(Some(host)) })
    }

    /// Where the protocol is spoken: Docker Hub has a host of its own for that.
    pub fn api_host(&self) -> &str {
        if self.host == "docker.io" { "registry-1.docker.io" } else { &self.host }
    }

    /// Where an engine looks for the registry's own CA certificate, on its host.
    pub fn engine_ca_path(&self) -> String {
        format!("/etc/docker/certs.d/{}/ca.crt", self.host)
    }

    /// Whether the name of an image leads here, as engines read it.
    ///
    /// # Errors
    /// A sentence that says where it leads instead.
    pub fn check_leads_here(&self, image: &ImageRef) -> Result<(), String> {
        // Engines know `localhost` only with a port.
        let Ok(canonical) = image.canonical().parse::<ImageRef>() else { return Ok(()) };
        let leads = hub(canonical.host.as_deref());
        if leads == self.host {
            return Ok(());
        }
        let host = &self.host;
        Err(format!(
            "The image's name leads to {leads}, not to {host}. Begin the name with `{host}/`, or take the other registry."
        ))
    }
}

/// Whether plain HTTP is written before the address, and what follows; none if nothing is.
fn scheme(text: &str) -> Option<(bool, &str)> {
    let text = text.trim();
    let plain = text.strip_prefix("http://").map(|rest| (true, rest));
    plain.or_else(|| text.strip_prefix("https://").map(|rest| (false, rest)))
}

/// Docker Hub has several names, and none in an image's name.
fn hub(host: Option<&str>) -> String {
    match host {
        None | Some("index.docker.io" | "registry-1.docker.io" | "docker.io") => "docker.io".into(),
        Some(host) => host.to_owned(),
    }
}

/// What is typed, as text; the password travels beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RegistryForm {
    pub name: String,
    pub url: String,
    pub username: String,
    /// Certificates of the registry's own CA, as PEM.
    pub ca: String,
    /// `on` for plain HTTP.
    pub insecure: String,
}

/// A form that was found to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    pub name: String,
    /// As typed: engines want the login's address in this form.
    pub url: String,
    /// Empty without a login.
    pub username: String,
    /// Empty for a registry whose certificate any machine trusts.
    pub ca: String,
    pub insecure: bool,
}

impl Definition {
    /// # Errors
    /// `Invalid` for a row that somebody has written by hand.
    pub fn address(&self) -> Result<Address> {
        Address::parse(&self.url, self.insecure).map_err(|why| Error::at("url", why))
    }

    /// The repositories it is for: the path in its address; empty for all of the host's.
    pub fn path(&self) -> &str {
        path(&self.url)
    }

    /// Whether it is the one for an image, and how closely: the longer the path that both share,
    /// the better. Of several that fit, the closest one is used.
    pub fn covers(&self, image: &ImageRef) -> Option<usize> {
        self.address().ok()?.check_leads_here(image).ok()?;
        let canonical: ImageRef = image.canonical().parse().ok()?;
        let own = self.path();
        let rest = canonical.path.strip_prefix(own)?;
        (own.is_empty() || rest.is_empty() || rest.starts_with('/')).then_some(own.len())
    }
}

/// What follows the host; the versions of the protocol, which logins have at their end, do not
/// count (`https://index.docker.io/v1/`).
fn path(url: &str) -> &str {
    let rest = scheme(url).map_or_else(|| url.trim(), |(_, rest)| rest);
    let path = rest.split_once('/').map_or("", |(_, path)| path).trim_matches('/');
    if matches!(path, "v1" | "v2") { "" } else { path }
}

impl RegistryForm {
    /// What the whole form asks for.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field.
    pub fn check(&self) -> Result<Definition> {
        let mut problems = Problems::default();
        let name = self.name.trim();
        if name.is_empty() {
            problems.add("name", "Give the registry a name; it is what the wizard offers.");
        }
        problems.take("name", line(name, NAME_LONGEST), ());
        self.find_problems(&mut problems);
        problems.finish()?;
        Ok(self.definition())
    }

    /// What a test needs: everything but the name.
    ///
    /// # Errors
    /// `Invalid` with each problem at its field.
    pub fn check_for_test(&self) -> Result<Definition> {
        let mut problems = Problems::default();
        self.find_problems(&mut problems);
        problems.finish()?;
        Ok(self.definition())
    }

    fn find_problems(&self, problems: &mut Problems) {
        let insecure = !self.insecure.is_empty();
        problems.take("url", Address::parse(&self.url, insecure).map(|_| ()), ());
        problems.take("url", line(self.url.trim(), NAME_LONGEST * 4), ());
        let named = path(&self.url);
        if !named.is_empty() && format!("a.example/{named}").parse::<ImageRef>().is_err() {
            problems.add("url", format!("After the host comes nothing, or the beginning of names of repositories, such as `team`; `{named}` is none."));
        }
        match (scheme(&self.url), insecure) {
            (Some((true, _)), false) => problems.add(
                "insecure",
                "Over http:// everybody on the way can read the password and change the image. Tick this if that is acceptable, or use https://.",
            ),
            (Some((false, _)), true) => {
                problems.add("insecure", "An address with https:// is not insecure: take the tick away.");
            }
            _ => {}
        }
        let username = self.username.trim();
        problems.take("username", line(username, USERNAME_LONGEST), ());
        if username.contains(':') {
            problems.add("username", "A user name has no colon in it.");
        }
        let ca = self.ca.trim();
        if ca.len() > CA_LONGEST {
            problems.add("ca", format!("At most {} KiB of certificates.", CA_LONGEST >> 10));
        } else if ca.contains("PRIVATE KEY") {
            problems.add("ca", "This holds a private key. Only the CA's certificate belongs here.");
        } else if !ca.is_empty() && !ca.contains("-----BEGIN CERTIFICATE-----") {
            problems.add("ca", "A certificate begins with `-----BEGIN CERTIFICATE-----`.");
        }
    }

    fn definition(&self) -> Definition {
        Definition {
            name: self.name.trim().to_owned(),
            url: self.url.trim().to_owned(),
            username: self.username.trim().to_owned(),
            ca: self.ca.trim().to_owned(),
            insecure: !self.insecure.is_empty(),
        }
    }
}

fn line(text: &str, longest: usize) -> Result<(), String> {
    if text.chars().count() > longest || text.contains(char::is_control) {
        return Err(format!("One line of up to {longest} characters."));
    }
    Ok(())
}

/// A registry as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    pub id: RegistryId,
    pub name: String,
    pub url: String,
    pub username: String,
    pub has_password: bool,
    pub own_ca: bool,
    pub insecure: bool,
    /// What it said of how much may still be asked of it; `None` if it never did.
    pub rate: Option<RateLimit>,
    /// It has asked to be left alone until then.
    pub paused_until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// How much a registry lets one pull, as it says in its `RateLimit-*` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RateLimit {
    pub limit: u32,
    pub remaining: u32,
    /// Seconds in which so much may be pulled; 0 if it does not say.
    pub window_s: u32,
}

impl std::fmt::Display for RateLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { limit, remaining, window_s } = self;
        write!(f, "{remaining} of {limit} pulls left")?;
        match window_s {
            0 => Ok(()),
            secs => write!(f, " in {}", crate::time::length(i64::from(*secs) * 1000)),
        }
    }
}

impl Registry {
    /// `https://r.example as ada`.
    pub fn identity(&self) -> String {
        match self.username.as_str() {
            "" => format!("{}, without signing in", self.url),
            username => format!("{} as {username}", self.url),
        }
    }
}

/// One thing that a test tries, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestStep {
    Reach,
    SignIn,
    Pull,
    Push,
}

impl TestStep {
    pub const ALL: [Self; 4] = [Self::Reach, Self::SignIn, Self::Pull, Self::Push];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Reach => "Reachable",
            Self::SignIn => "Signed in",
            Self::Pull => "May pull",
            Self::Push => "May push",
        }
    }
}

/// What sort of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    Unreachable,
    Certificate,
    Credentials,
    Permission,
    RateLimited,
    NotARegistry,
}

/// How one thing went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Good,
    Failed(Fault),
    /// Not tried, because of what came before or because nothing was named to try it with.
    Skipped,
}

/// One line of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestLine {
    pub step: TestStep,
    pub outcome: Outcome,
    pub message: String,
    /// What to do about it; empty if there is nothing to say.
    pub hint: String,
}

/// What a test of a registry found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReport {
    /// What was tested, by host.
    pub host: String,
    pub lines: Vec<TestLine>,
    /// What the engine needs that the test cannot see; empty if nothing.
    pub note: String,
    /// What it said of how much may still be pulled, if it did.
    pub rate: Option<RateLimit>,
}

impl TestReport {
    /// Whether nothing failed.
    pub fn is_good(&self) -> bool {
        !self.lines.iter().any(|line| matches!(line.outcome, Outcome::Failed(_)))
    }

    /// How one thing went, if it was looked at.
    pub fn outcome(&self, step: TestStep) -> Option<Outcome> {
        self.lines.iter().find(|line| line.step == step).map(|line| line.outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(url: &str, insecure: &str) -> RegistryForm {
        RegistryForm {
            name: "Ours".into(),
            url: url.into(),
            insecure: insecure.into(),
            ..RegistryForm::default()
        }
    }

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, insecure, plain, host) in [
            ("https://index.docker.io/v1/", false, false, "docker.io"),
            ("docker.io", false, false, "docker.io"),
            ("registry.example.com", false, false, "registry.example.com"),
            ("registry.example.com", true, true, "registry.example.com"),
            (" http://localhost:5000 ", true, true, "localhost:5000"),
            ("https://r.example.org:8443/v2/", false, false, "r.example.org:8443"),
        ] {
            let address = Address::parse(text, insecure).unwrap();
            assert_eq!((address.plain, address.host.as_str()), (plain, host), "{text}");
        }
        for bad in
            ["", "ftp://r.example.org", "https://", "two words.org", "https://a@r.example.org"]
        {
            assert!(Address::parse(bad, false).is_err(), "{bad:?}");
        }
        let hub = Address::parse("docker.io", false).unwrap();
        assert_eq!(hub.api_host(), "registry-1.docker.io");
    }

    #[test]
    fn plain_http_must_be_wanted_and_https_is_never_insecure() {
        assert!(
            form("http://r.example.org", "").check().unwrap_err().problem_at("insecure").is_some()
        );
        assert!(
            form("https://r.example.org", "on")
                .check()
                .unwrap_err()
                .problem_at("insecure")
                .is_some()
        );
        assert!(form("http://r.example.org", "on").check().unwrap().insecure);
        assert!(!form("r.example.org", "").check().unwrap().insecure);
    }

    #[test]
    fn problems_are_told_at_their_fields() {
        let wrong = RegistryForm {
            name: " ".into(),
            url: "no address".into(),
            username: "a:b".into(),
            ca: "something".into(),
            insecure: String::new(),
        };
        let error = wrong.check().unwrap_err();
        for field in ["name", "url", "username", "ca"] {
            assert!(error.problem_at(field).is_some(), "{field}: {error:?}");
        }
        let key =
            RegistryForm { ca: "-----BEGIN PRIVATE KEY-----".into(), ..form("r.example.org", "") };
        assert!(key.check().unwrap_err().problem_at("ca").unwrap().contains("private key"));
        // A test needs no name.
        let unnamed = RegistryForm { name: String::new(), ..form("r.example.org", "") };
        assert!(unnamed.check().is_err() && unnamed.check_for_test().is_ok());
    }

    #[test]
    fn an_image_must_lead_to_the_registry() {
        let leads = |image: &str, registry: &str| {
            let image: ImageRef = image.parse().unwrap();
            Address::parse(registry, false).unwrap().check_leads_here(&image)
        };
        assert!(leads("myrepo/firefox:1", "https://index.docker.io/v1/").is_ok());
        assert!(leads("localhost:5000/x:1", "http://localhost:5000").is_ok());
        // Engines take this name for one of Docker Hub.
        assert!(leads("localhost/x:1", "http://localhost").is_err());
        assert!(leads("x:1", "https://r.example.org").unwrap_err().contains("docker.io"));
    }
}
