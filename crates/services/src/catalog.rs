//! Catalogs: ready-made workspaces that somebody else publishes, looked through and taken in.
//!
//! A catalog is a stranger's. What is chosen of it becomes a text of definitions, which is looked at and
//! saved as every such text is; it travels with the form, so what the catalog says between the look and
//! the saving does not matter.

mod list;
mod options;
mod reference;
mod take;
mod words;

use crate::{core::Core, definitions, workspaces::Workspaces};
use domain::{
    Error, Result,
    actor::{Actor, Permission},
    workspace::{
        Catalog, CatalogEntry, CatalogLook, DefinitionFate, ImportedDefinitions, Link, Workspace,
    },
};
use list::{Listed, Listing};
use registry::{Reader, Refusal};
use std::{collections::HashSet, time::Duration};
use take::{Here, Taken};

/// All that is read of a catalog takes no longer than this.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest list of versions, and longest list of workspaces, in bytes.
const VERSIONS_LONGEST: usize = 64 << 10;
const LIST_LONGEST: usize = 4 << 20;

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
        let listing = self.core().read_catalog(&address).await?;
        let beside = self.core().beside().await?;
        let entries = beside.take_all(&listing, &address).into_iter();
        Ok(Catalog {
            name: words::shown(&listing.name, 80),
            description: words::shown(&listing.description, 300),
            contact: words::shown(&listing.contact, 300),
            entries: entries.map(|(listed, taken)| shown(listed, taken)).collect(),
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
        let listing = self.core().read_catalog(&address).await?;
        let beside = self.core().beside().await?;
        let (mut forms, mut left_out) = (Vec::new(), Vec::new());
        for (listed, taken) in beside.take_all(&listing, &address) {
            if !picks.contains(&listed.name) || taken.twice {
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
        let mut report = self.look_at_definitions(actor, &text).await.map_err(too_many)?;
        // One is for the other, in the same order.
        for (entry, left_out) in report.entries.iter_mut().zip(left_out) {
            entry.line = 0;
            entry.notes.extend(left_out);
        }
        Ok(CatalogLook { url: address, picks: picks.to_vec(), text, report })
    }

    /// Saves what was looked at, all of it or nothing: the text of the look, if it still comes to what
    /// was `seen`.
    ///
    /// # Errors
    /// As of [`Workspaces::import_definitions`].
    pub async fn import_catalog(
        &self,
        actor: &Actor,
        text: &str,
        seen: &str,
    ) -> Result<ImportedDefinitions> {
        actor.require(Permission::ManageWorkspaces)?;
        if seen.is_empty() {
            return Err(Error::conflict("What would change was not looked at.")
                .hint("Choose entries, look at what they would change, then save."));
        }
        self.import_definitions(actor, text, seen).await
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

fn unread(refusal: Refusal) -> Error {
    Error::at("url", refusal.message).hint(refusal.hint)
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
    fn take_all<'a>(&self, listing: &'a Listing, address: &str) -> Vec<(&'a Listed, Taken)> {
        let mut names = HashSet::new();
        let one = |listed: &'a Listed| {
            let mut same = self.all.iter().filter(|one| one.definition.name == listed.name);
            let here = Here { known: same.next(), architecture: &self.architecture, address };
            let mut taken = take::take(listed, &here);
            let mut refuse = |why: &str| {
                taken.fate = DefinitionFate::Refused;
                taken.problems.push(why.to_owned());
            };
            if same.next().is_some() {
                refuse("Several workspaces here have its name. Give each a name of its own first.");
            }
            if !listed.name.is_empty() && !names.insert(&listed.name) {
                refuse("The catalog has its name twice; the first counts.");
                taken.twice = true;
            }
            (listed, taken)
        };
        listing.entries.iter().map(one).collect()
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

    /// Reads the list of a catalog, in the newest version that is understood.
    async fn read_catalog(&self, address: &str) -> Result<Listing> {
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
        // Some megabytes of JSON hold up whoever else is waiting for this thread.
        let read = tokio::task::spawn_blocking(move || list::read(&text));
        read.await.map_err(|error| self.fault(&error))?.map_err(|why| Error::at("url", why))
    }
}
