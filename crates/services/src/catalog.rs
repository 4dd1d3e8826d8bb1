//! Catalogs: ready-made workspaces that somebody else publishes, looked through and taken in.
//!
//! A catalog is a stranger's. What is chosen of it becomes a text of definitions, which is looked at and
//! saved as every such text is; it travels with the form, so what the catalog says between the look and
//! the saving does not matter.

mod here;
mod list;
mod options;
mod reference;
mod take;
mod variables;
mod words;

use crate::{
    LARGEST_FORM,
    core::Core,
    definitions,
    workspaces::{Origin, Workspaces},
};
use domain::{
    Error, Result,
    actor::{Actor, Permission},
    workspace::{
        Catalog, CatalogEntry, CatalogLook, DefinitionFate, ImportedDefinitions, Link, Workspace,
    },
};
use here::Here;
use list::{Listed, Listing};
use registry::{Reader, Refusal};
use std::{collections::HashSet, time::Duration};
use take::Taken;

/// All that is read of a catalog takes no longer than this.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest list of versions, and longest list of workspaces, in bytes.
const VERSIONS_LONGEST: usize = 64 << 10;
const LIST_LONGEST: usize = 4 << 20;
/// Most characters of what is shown as the way to a catalog's people. A longer one leads nowhere if it is
/// cut.
const CONTACT_LONGEST: usize = 300;

impl Workspaces {
    /// Whether somebody may look into catalogs at all.
    ///
    /// # Errors
    /// `Forbidden` for who may not.
    pub fn catalogs(&self, actor: &Actor) -> Result<()> {
        actor.require(Permission::ManageWorkspaces)
    }

    /// The address of a catalog as it is asked; nothing is read yet.
    ///
    /// # Errors
    /// `Invalid` at `url`.
    pub fn catalog_address(&self, actor: &Actor, url: &str) -> Result<String> {
        actor.require(Permission::ManageWorkspaces)?;
        address(url)
    }

    /// The same where some of its entries were chosen.
    ///
    /// # Errors
    /// `Invalid` at `url`, and at `pick` when none was.
    pub fn catalog_choice(&self, actor: &Actor, url: &str, picks: &[String]) -> Result<String> {
        let address = self.catalog_address(actor, url)?;
        if picks.is_empty() {
            return Err(Error::at("pick", "Tick what is to be taken."));
        }
        Ok(address)
    }

    /// What is in a catalog, and what of it is here already.
    ///
    /// # Errors
    /// `Invalid` at `url` with the reason why it cannot be read.
    pub async fn catalog(&self, actor: &Actor, url: &str) -> Result<Catalog> {
        let address = self.catalog_address(actor, url)?;
        let (listing, all) = self.core().read_catalog(&address).await?;
        let contact = words::shown(&listing.contact, usize::MAX);
        let (elsewhere, entries): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(_, taken)| taken.elsewhere);
        Ok(Catalog {
            name: words::shown(&listing.name, 80),
            description: words::shown(&listing.description, 300),
            contact: if contact.len() > CONTACT_LONGEST { String::new() } else { contact },
            entries: entries.into_iter().map(|(listed, taken)| shown(&listed, taken)).collect(),
            elsewhere: u32::try_from(elsewhere.len()).unwrap_or(u32::MAX),
            beyond: listing.beyond,
        })
    }

    /// What taking some entries of a catalog would do, by their names; nothing is saved.
    ///
    /// # Errors
    /// `Invalid` at `url` as of [`Workspaces::catalog`], and at `pick` when one of them is not there or
    /// cannot be taken.
    pub async fn look_at_catalog(
        &self,
        actor: &Actor,
        url: &str,
        picks: &[String],
    ) -> Result<CatalogLook> {
        let address = self.catalog_choice(actor, url, picks)?;
        let (_, all) = self.core().read_catalog(&address).await?;
        let (mut forms, mut left_out) = (Vec::new(), Vec::new());
        for (listed, taken) in all {
            if !picks.contains(&listed.name) || taken.twice || taken.elsewhere {
                continue;
            }
            if let Some(why) = taken.problems.first() {
                let name = words::shown(&listed.name, 80);
                return Err(Error::at("pick", format!("“{name}” cannot be taken. {why}")));
            }
            forms.push(taken.form);
            left_out.push(taken.left_out);
        }
        if let Some(missing) = picks.iter().find(|pick| !forms.iter().any(|one| one.name == **pick))
        {
            let missing = words::shown(missing, 80);
            return Err(Error::at("pick", format!("The catalog has no “{missing}” (any more)."))
                .hint("Show its entries again."));
        }
        let text = definitions::written(self.core(), &forms).await?;
        check_size(&text, &address, picks)?;
        let mut report = self.look_at_definitions(actor, &text).await.map_err(too_many)?;
        // One is for the other, in the same order.
        for (entry, left_out) in report.entries.iter_mut().zip(left_out) {
            entry.line = 0;
            entry.notes.extend(left_out);
        }
        Ok(CatalogLook { url: address, picks: picks.to_vec(), text, report })
    }

    /// Saves what was looked at, all of it or nothing: the text of the look, if it still comes to what
    /// was `seen`. The audit has the address from which it was taken.
    ///
    /// # Errors
    /// As of [`Workspaces::import_definitions`], and `Invalid` at `url`.
    pub async fn import_catalog(
        &self,
        actor: &Actor,
        url: &str,
        text: &str,
        seen: &str,
    ) -> Result<ImportedDefinitions> {
        let address = self.catalog_address(actor, url)?;
        if seen.is_empty() {
            return Err(Error::conflict("What would change was not looked at.")
                .hint("Choose entries, look at what they would change, then save."));
        }
        let origin = Origin::Catalog(address);
        self.import_with(Some(actor), text, seen, &origin).await
    }
}

/// An address without what comes after it, as long as a browser would open it.
fn address(url: &str) -> Result<String> {
    let link = Link::parse(url).map_err(|why| Error::at("url", why))?;
    let address = link.as_str().trim_end_matches('/');
    if address.contains(['?', '#']) {
        let why =
            "The address of a catalog ends where `/versions.txt` would follow: without ? and #.";
        return Err(Error::at("url", why));
    }
    Ok(address.to_owned())
}

/// A text of definitions is too long for the same reason as a list of ticks.
fn too_many(error: Error) -> Error {
    match error.problem_at("text") {
        Some(why) => Error::at("pick", why).hint("Take fewer at once."),
        None => error,
    }
}

/// What was looked at comes back with the form that saves it, in a spelling that is longer.
fn check_size(text: &str, address: &str, picks: &[String]) -> Result<()> {
    // Browsers end lines of a text with two characters, and some escape more than others: this is the most.
    let posted = |text: &str| -> usize {
        let each = text.bytes().map(|b| match b {
            b'\n' => 6,
            _ if b.is_ascii_alphanumeric() => 1,
            _ => 3,
        });
        each.sum()
    };
    let picked = picks.iter().map(|pick| posted(pick) + "pick[]=&".len() * 3).sum::<usize>();
    let whole = posted(text) + posted(address) + picked + 1024;
    if whole > LARGEST_FORM {
        let most = LARGEST_FORM / 1024;
        let why = format!("That is too much for one form, which has at most {most} KiB.");
        return Err(Error::at("pick", why).hint("Take fewer at once."));
    }
    Ok(())
}

fn unread(refusal: Refusal) -> Error {
    Error::at("url", words::shown(&refusal.message, words::SENTENCE)).hint(refusal.hint)
}

fn shown(listed: &Listed, taken: Taken) -> CatalogEntry {
    let name = words::shown(&listed.name, 80);
    CatalogEntry {
        name: if name.is_empty() { "(without a name)".to_owned() } else { name },
        description: words::shown(&listed.description, 300),
        image: match reference::reference(listed) {
            Ok(image) => image.to_string(),
            Err(_) => words::shown(&listed.image, 300),
        },
        facts: take::facts(listed),
        notes: words::shown(&listed.notes, 300),
        fate: taken.fate,
        problems: taken.problems,
    }
}

/// What entries of a catalog are held against.
struct Beside {
    all: Vec<Workspace>,
    architecture: String,
}

impl Beside {
    fn take_all(&self, listed: Vec<Listed>, address: &str) -> Vec<(Listed, Taken)> {
        let mut names = HashSet::new();
        let one = |listed: Listed| {
            let mut same = self.all.iter().filter(|one| one.definition.name == listed.name);
            let here = Here { known: same.next(), architecture: &self.architecture, address };
            let mut taken = take::take(&listed, &here);
            let mut refuse = |why: &str| {
                taken.fate = DefinitionFate::Refused;
                taken.problems.push(why.to_owned());
            };
            if same.next().is_some() {
                refuse("Several workspaces here have its name. Give each a name of its own first.");
            }
            // What the engine could not run stands in nobody's way.
            let counts = !listed.name.is_empty() && !taken.elsewhere;
            if counts && !names.insert(listed.name.clone()) {
                refuse("The catalog has its name twice; the first counts.");
                taken.twice = true;
            }
            (listed, taken)
        };
        listed.into_iter().map(one).collect()
    }
}

impl Core {
    async fn beside(&self) -> Result<Beside> {
        let architecture = match self.engine_problem() {
            // Who cannot be asked refuses nothing: the image will say at its pull.
            Some(_) => String::new(),
            None => self.engine.info().await.map(|info| info.architecture).unwrap_or_default(),
        };
        Ok(Beside { all: self.store.all_workspaces().await?, architecture })
    }

    /// Reads the list of a catalog, in the newest version that is understood; and what would become of
    /// each of its entries, which are no longer in the list then.
    async fn read_catalog(&self, address: &str) -> Result<(Listing, Vec<(Listed, Taken)>)> {
        let _turn = self.reading_catalogs.acquire().await.map_err(|error| self.fault(&error))?;
        let reader = Reader::new(self.settings.catalog_private, PATIENCE).await.map_err(unread)?;
        let get = async |path: &str, longest: usize| {
            reader.read(&format!("{address}/{path}"), longest).await.map_err(unread)
        };
        let versions = match get("versions.txt", VERSIONS_LONGEST).await? {
            Some(text) => list::versions_in_text(&text),
            None => match get("versions.json", VERSIONS_LONGEST).await? {
                Some(text) => list::versions_in_json(&text),
                None => {
                    return Err(Error::at(
                        "url",
                        format!("There is no catalog at {address}: it has no `versions.txt`."),
                    )
                    .hint("Give the address that is followed by `/versions.txt`."));
                }
            },
        };
        let Some(version) = list::newest(&versions) else {
            let understood = list::UNDERSTOOD.join(" and ");
            let why =
                format!("No version of the list there is understood. Understood are {understood}.");
            return Err(Error::at("url", why));
        };
        let Some(text) = get(&format!("{version}/list.json"), LIST_LONGEST).await? else {
            let why = format!("There is no list at {address}/{version}/list.json.");
            return Err(Error::at("url", why));
        };
        let beside = self.beside().await?;
        let address = address.to_owned();
        // Some megabytes of a stranger's hold up whoever else is waiting for this thread.
        let read = tokio::task::spawn_blocking(move || {
            let mut listing = list::read(&text)?;
            let all = beside.take_all(std::mem::take(&mut listing.entries), &address);
            Ok((listing, all))
        });
        let read: Result<_, String> = read.await.map_err(|error| self.fault(&error))?;
        read.map_err(|why| Error::at("url", words::shown(&why, words::SENTENCE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_too_much_for_the_form_that_saves_it_is_refused_at_the_look() {
        let text = "…".repeat(definitions::LONGEST_DEFINITIONS / "…".len());
        let names = |count: usize| vec!["🦊".repeat(80); count];
        assert!(check_size(&text, "https://a.example", &names(100)).is_ok());
        let refused = check_size(&text, "https://a.example", &names(300)).unwrap_err();
        assert!(refused.problem_at("pick").unwrap().contains("too much for one form"));
        assert_eq!(refused.hint.as_deref(), Some("Take fewer at once."));
    }
}
