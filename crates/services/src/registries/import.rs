//! Storing the registries that a Docker `config.json` names, with their credentials.
//!
//! What is typed is read and forgotten: of the passwords in it only those that are stored stay, each
//! encrypted, and none is in what is told, in the audit or in the log.

use super::{
    Registries,
    docker_config::{self, Entry, Login},
};
use domain::{
    Error, Result,
    actor::{Actor, Permission},
    registry::{Address, Definition, ImportEntry, ImportFate, ImportReport, RegistryForm},
};
use store::StoredRegistry;

/// Longest name that the file may give a registry; it is shown, and a number may follow it.
const NAME_LONGEST: usize = 70;

impl Registries {
    /// What importing would do; nothing is stored.
    ///
    /// # Errors
    /// `Invalid` at `text` for what is no such file.
    pub async fn look_at_import(&self, actor: &Actor, text: &str) -> Result<ImportReport> {
        actor.require(Permission::ManageRegistries)?;
        let entries = docker_config::read(text)?;
        let stored = self.0.store.registries().await?;
        let plans = plan(entries, &stored).into_iter();
        Ok(ImportReport { entries: plans.map(|plan| plan.told).collect() })
    }

    /// Stores what can be stored. The others are told, and do not stop it.
    ///
    /// # Errors
    /// `Invalid` at `text` for what is no such file.
    pub async fn import(&self, actor: &Actor, text: &str) -> Result<ImportReport> {
        actor.require(Permission::ManageRegistries)?;
        let entries = docker_config::read(text)?;
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        // Nobody else writes while this transaction is open.
        let stored = core.store.registries().await?;
        let mut report = ImportReport { entries: Vec::new() };
        for Plan { mut told, new } in plan(entries, &stored) {
            if let Some((definition, password)) = new {
                let new = core.new_registry(definition, &password)?;
                tx.insert_registry(&new).await?;
                let (name, id) = (&new.definition.name, Some(new.id.as_str()));
                tx.audit(new.created_at, Some(actor), "registry.import", name, id).await?;
                told.fate = ImportFate::Stored;
                told.message = format!("Stored as {}.", named(&new.definition));
            }
            report.entries.push(told);
        }
        tx.commit().await?;
        Ok(report)
    }
}

/// What is to become of one registry of the file.
struct Plan {
    told: ImportEntry,
    /// With its password, if it is to be stored.
    new: Option<(Definition, String)>,
}

/// A registry that is there already, or will be.
struct Taken {
    name: String,
    /// Host and path. Whether it is spoken to over plain HTTP is not in the file.
    place: Option<(String, String)>,
    username: String,
}

impl Taken {
    fn of(definition: &Definition) -> Self {
        let host = definition.address().ok().map(|address| address.host);
        Self {
            name: definition.name.clone(),
            place: host.map(|host| (host, definition.path().to_owned())),
            username: definition.username.clone(),
        }
    }
}

fn plan(entries: Vec<Entry>, stored: &[StoredRegistry]) -> Vec<Plan> {
    let mut taken: Vec<Taken> = stored.iter().map(|one| Taken::of(&one.definition)).collect();
    entries
        .into_iter()
        .map(|Entry { key, login }| {
            let told = |fate, message| ImportEntry { key: shown(&key), fate, message };
            let (definition, password) = match definition(&key, login, &taken) {
                Ok(found) => found,
                Err(why) => return Plan { told: told(ImportFate::Refused, why), new: None },
            };
            let same = Taken::of(&definition);
            let at_its_place = |one: &&Taken| one.place == same.place;
            if let Some(known) =
                taken.iter().filter(at_its_place).find(|one| one.username == same.username)
            {
                let Taken { name, username, .. } = known;
                let message = format!(
                    "“{name}” is the same, with user {username}. Its password stays as it is."
                );
                return Plan { told: told(ImportFate::Known, message), new: None };
            }
            let mut message = format!("It would be stored as {}.", named(&definition));
            if let Some(other) = taken.iter().find(at_its_place) {
                message.push_str(&format!(
                    " “{}” is at the same address with another user; a workspace can name the one that is right for its image.",
                    other.name
                ));
            }
            taken.push(same);
            Plan { told: told(ImportFate::Possible, message), new: Some((definition, password)) }
        })
        .collect()
}

fn named(definition: &Definition) -> String {
    format!("“{}”, with user {}", definition.name, definition.username)
}

/// What an entry of the file comes to, with its password, or why it cannot be stored.
fn definition(key: &str, login: Login, taken: &[Taken]) -> Result<(Definition, String), String> {
    let (address, url) = address(key)?;
    let (username, password) = match login {
        Login::Password { username, password } => (username, password),
        Login::Helper(helper) => {
            return Err(format!(
                "Its password is not in the file, but with the program docker-credential-{}. Store the registry by hand.",
                shown(&helper)
            ));
        }
        Login::Token => {
            return Err("It holds only a token that stands for somebody, which engines renew by themselves. Store the registry by hand, with an access token as the password.".to_owned());
        }
        Login::Damaged => {
            return Err("Its user name and password cannot be read: `auth` is damaged.".to_owned());
        }
        Login::Nothing => {
            return Err("Neither a user name nor a password is there for it.".to_owned());
        }
    };
    let form = RegistryForm { name: "x".to_owned(), url, username, ..RegistryForm::default() };
    let first = |error: Error| {
        error.fields.into_iter().next().map_or(error.message, |problem| problem.message)
    };
    let definition = form.check().map_err(first)?;
    let base = match definition.path() {
        "" => address.host,
        path => format!("{}/{path}", address.host),
    };
    Ok((Definition { name: free(&base, taken), ..definition }, password))
}

/// Where a registry of the file is, and how that is stored.
fn address(key: &str) -> Result<(Address, String), String> {
    let key = key.trim();
    if key.starts_with("http://") {
        return Err("It is written with http://. Store it by hand, where plain HTTP is ticked if that is acceptable.".to_owned());
    }
    let url = match key.starts_with("https://") {
        true => key.to_owned(),
        false => format!("https://{key}"),
    };
    let address = Address::parse(&url, false)?;
    // Beside the login at Docker Hub, Docker keeps tokens of its own under names like this one.
    let path = url.split("/v1/").nth(1).unwrap_or_default();
    if address.host == "docker.io" && !path.is_empty() {
        return Err("This is no address of a registry, but something that Docker keeps for itself beside its login at Docker Hub.".to_owned());
    }
    Ok((address, url))
}

/// A name that no other registry has: the given one, or with the first number that makes it one.
fn free(base: &str, taken: &[Taken]) -> String {
    let base: String = base.chars().take(NAME_LONGEST).collect();
    let mut name = base.clone();
    let mut number = 2;
    while taken.iter().any(|one| one.name.eq_ignore_ascii_case(&name)) {
        name = format!("{base} {number}");
        number += 1;
    }
    name
}

/// A name of the file as it may be shown: what stands before an `@` may be a password.
fn shown(key: &str) -> String {
    let rest = key.rsplit('@').next().unwrap_or_default();
    rest.chars().filter(|c| !c.is_control()).take(NAME_LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn would_be(key: &str) -> Result<(String, String), String> {
        let login = Login::Password { username: "ada".into(), password: "lute".into() };
        definition(key, login, &[]).map(|(made, _)| (made.name, made.url))
    }

    #[test]
    fn the_usual_names_of_registries_are_addresses() {
        for (key, name, url) in [
            ("https://index.docker.io/v1/", "docker.io", "https://index.docker.io/v1/"),
            ("docker.io", "docker.io", "https://docker.io"),
            ("ghcr.io", "ghcr.io", "https://ghcr.io"),
            ("localhost:5000", "localhost:5000", "https://localhost:5000"),
            ("r.example.org/team", "r.example.org/team", "https://r.example.org/team"),
            ("https://r.example.org/v2/", "r.example.org", "https://r.example.org/v2/"),
        ] {
            assert_eq!(would_be(key), Ok((name.to_owned(), url.to_owned())), "{key}");
        }
        for bad in [
            "",
            "two words",
            "ftp://r.example.org",
            "http://r.example.org",
            "https://ada:lute@r.example.org",
            "https://index.docker.io/v1/access-token",
            "r.example.org/Team",
        ] {
            assert!(would_be(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_made_one_of_its_own_and_shown_without_what_may_be_secret() {
        let taken = |name: &str| Taken { name: name.into(), place: None, username: String::new() };
        assert_eq!(free("ghcr.io", &[]), "ghcr.io");
        assert_eq!(free("ghcr.io", &[taken("GHCR.io"), taken("ghcr.io 2")]), "ghcr.io 3");
        assert_eq!(free(&"x".repeat(200), &[]).len(), NAME_LONGEST);
        assert_eq!(shown("https://ada:lute@r.example.org"), "r.example.org");
        assert_eq!(shown("r.example.org\u{7}"), "r.example.org");
    }
}
