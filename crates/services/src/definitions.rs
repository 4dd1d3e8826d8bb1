//! Definitions of workspaces as a text that is kept elsewhere: written out, and taken in again.
//!
//! Taking in is two steps that come to the same: a look says what would change, and saving does
//! exactly that, in one transaction, or nothing. A workspace is known by its name. What a document
//! does not mention stays as it is here; of what it mentions, it says all.

mod shape;
mod yaml;

use crate::{
    confinement::check_beside,
    core::Core,
    workspaces::{Origin, Workspaces, admit},
};
use domain::{
    Error, IconId, Result, WorkspaceId,
    actor::{Actor, Permission},
    error::FieldProblem,
    event::Change,
    group::Group,
    icon::Icon,
    list::ListQuery,
    workspace::{
        Definition, DefinitionEntry, DefinitionFate, DefinitionsReport, ImportedDefinitions,
        Workspace, WorkspaceForm,
    },
};
use sha2::{Digest, Sha256};
use shape::{Names, Written};
use std::collections::HashMap;
use store::{StoredRegistry, Tx};
use yaml::{Node, Value};

pub use yaml::LONGEST as LONGEST_DEFINITIONS;

/// Most workspaces of one document.
const MOST: usize = 500;

const HEAD: &str = "\
# Workspaces of Slipway. What is not written has the value of a new form.
# Values of environment variables are here as they are, also those that are secret.
version: 1
";

/// Which workspaces are written out.
#[derive(Debug, Clone, PartialEq)]
pub enum Chosen {
    All,
    /// Those that a list shows, all pages of it.
    Listed(Box<ListQuery>),
    These(Vec<WorkspaceId>),
}

impl Workspaces {
    /// Definitions as YAML, by name; the same definitions give the same bytes.
    ///
    /// # Errors
    /// `NotFound` when one of those that are asked for is not there.
    pub async fn export(&self, actor: &Actor, chosen: &Chosen) -> Result<String> {
        actor.require(Permission::ManageWorkspaces)?;
        self.export_as_operator(chosen).await
    }

    /// The same for those who have the machine, and need no permission.
    ///
    /// # Errors
    /// As of [`Workspaces::export`].
    pub async fn export_as_operator(&self, chosen: &Chosen) -> Result<String> {
        let core = self.core();
        let mut all = core.store.all_workspaces().await?;
        match chosen {
            Chosen::All => {}
            Chosen::Listed(query) => {
                let query = ListQuery { page: 1, per_page: u32::MAX, ..(**query).clone() };
                let present = core.images.present();
                let listed = core.store.workspaces(&query, &present).await?.rows;
                all.retain(|one| listed.iter().any(|(listed, _)| listed.id == one.id));
            }
            Chosen::These(ids) => {
                let is_here = |id: &&WorkspaceId| !all.iter().any(|one| one.id == **id);
                if ids.iter().any(|id| is_here(&id)) {
                    return Err(crate::workspaces::unknown());
                }
                all.retain(|one| ids.contains(&one.id));
            }
        }
        let forms: Vec<WorkspaceForm> =
            all.iter().map(|workspace| WorkspaceForm::from(&workspace.definition)).collect();
        written(core, &forms).await
    }

    /// Ids and names of all workspaces, to choose from.
    pub async fn names(&self, actor: &Actor) -> Result<Vec<(String, String)>> {
        actor.require(Permission::ManageWorkspaces)?;
        let all = self.core().store.all_workspaces().await?;
        Ok(all.into_iter().map(|one| (one.id.to_string(), one.definition.name)).collect())
    }

    /// What importing would do; nothing is saved.
    ///
    /// # Errors
    /// `Invalid` at `text` for what is no such document. What is wrong with single workspaces is in
    /// the report.
    pub async fn look_at_definitions(
        &self,
        actor: &Actor,
        text: &str,
    ) -> Result<DefinitionsReport> {
        actor.require(Permission::ManageWorkspaces)?;
        self.look_with(Some(actor), text).await
    }

    /// The same for those who have the machine, and need no permission.
    ///
    /// # Errors
    /// As of [`Workspaces::look_at_definitions`].
    pub async fn look_as_operator(&self, text: &str) -> Result<DefinitionsReport> {
        self.look_with(None, text).await
    }

    async fn look_with(&self, actor: Option<&Actor>, text: &str) -> Result<DefinitionsReport> {
        let core = self.core();
        let refusals = core.confinement_refusals(actor, text).await?;
        // Given up without being committed, it has only kept others from writing meanwhile.
        let mut tx = core.store.begin().await?;
        Ok(report(&core.read_definitions(&mut tx, text, &refusals).await?))
    }

    /// Saves what a document says, all of it or nothing. `seen` is the outcome that was looked at;
    /// empty for whatever it comes to.
    ///
    /// # Errors
    /// `Invalid` when anything in it cannot be saved, `Conflict` when the outcome is no longer the
    /// one that was seen.
    pub async fn import_definitions(
        &self,
        actor: &Actor,
        text: &str,
        seen: &str,
    ) -> Result<ImportedDefinitions> {
        actor.require(Permission::ManageWorkspaces)?;
        self.import_with(Some(actor), text, seen, &Origin::Text).await
    }

    /// The same for those who have the machine, and need no permission.
    ///
    /// # Errors
    /// As of [`Workspaces::import_definitions`].
    pub async fn import_as_operator(&self, text: &str) -> Result<ImportedDefinitions> {
        self.import_with(None, text, "", &Origin::Text).await
    }

    pub(crate) async fn import_with(
        &self,
        actor: Option<&Actor>,
        text: &str,
        seen: &str,
        origin: &Origin,
    ) -> Result<ImportedDefinitions> {
        let refusals = self.core().confinement_refusals(actor, text).await?;
        let mut tx = self.core().store.begin().await?;
        let plans = self.core().read_definitions(&mut tx, text, &refusals).await?;
        self.carry_out(tx, actor, plans, seen, origin).await
    }

    /// Does what was planned in the same transaction, and commits it.
    async fn carry_out(
        &self,
        mut tx: Tx,
        actor: Option<&Actor>,
        plans: Vec<Plan>,
        seen: &str,
        origin: &Origin,
    ) -> Result<ImportedDefinitions> {
        let told = report(&plans);
        if let Some(refused) = told.entries.iter().find(|e| e.fate == DefinitionFate::Refused) {
            let why = refused.problems.first().map_or("", |problem| &problem.message);
            let refusal = Error::at("text", format!("“{}”: {why}", refused.name));
            return Err(refusal.hint("Nothing was saved."));
        }
        if !seen.is_empty() && seen != told.seen {
            return Err(Error::conflict(
                "What this would change is no longer what you have seen: the text or a workspace is another.",
            )
            .hint("Look at it again, then save."));
        }
        let mut imported = ImportedDefinitions::default();
        let mut touched = Vec::new();
        for plan in plans {
            match plan.step {
                Step::Nothing => imported.unchanged += 1,
                Step::Insert(definition) => {
                    touched.push(self.add(&mut tx, *definition, actor, origin).await?);
                    imported.new += 1;
                }
                Step::Change(mut workspace, definition) => {
                    let before = std::mem::replace(&mut workspace.definition, *definition);
                    self.record(&mut tx, &mut workspace, &before, actor, origin).await?;
                    touched.push(workspace.id);
                    imported.changed += 1;
                }
            }
        }
        tx.commit().await?;
        for id in touched {
            self.core().bus.announce(Change::Workspace { id });
        }
        Ok(imported)
    }
}

/// Definitions as a text, in the order in which they are given.
pub(crate) async fn written(core: &Core, forms: &[WorkspaceForm]) -> Result<String> {
    let names = names(core).await?;
    let mut text = HEAD.to_owned();
    text.push_str(if forms.is_empty() { "workspaces: []\n" } else { "workspaces:\n" });
    for form in forms {
        shape::write(&mut text, form, &names);
    }
    Ok(text)
}

/// What groups and registries are called.
async fn names(core: &Core) -> Result<Names> {
    let (groups, _) = core.store.groups().await?;
    let registries = core.store.registries().await?;
    let shown = registries.iter().map(StoredRegistry::shown);
    Ok(Names {
        groups: groups.into_iter().map(|group| (group.id, group.name)).collect(),
        registries: shown.map(|one| (one.id, one.name, one.url)).collect(),
    })
}

/// What is to become of one workspace of a document.
struct Plan {
    entry: DefinitionEntry,
    step: Step,
}

enum Step {
    Nothing,
    Insert(Box<Definition>),
    /// The workspace as it is, and what it is to be.
    Change(Box<Workspace>, Box<Definition>),
}

impl Step {
    /// What is to be stored.
    fn definition(&self) -> Option<&Definition> {
        match self {
            Self::Nothing => None,
            Self::Insert(definition) | Self::Change(_, definition) => Some(definition),
        }
    }
}

impl Plan {
    /// Nothing of what would be done. What does nothing stays as it is.
    fn refuse(&mut self, error: &Error) {
        if matches!(self.step, Step::Nothing) {
            return;
        }
        self.step = Step::Nothing;
        self.entry.fate = DefinitionFate::Refused;
        self.entry.problems.extend(error.fields.iter().cloned());
        if error.fields.is_empty() {
            let hint = error.hint.as_deref().unwrap_or_default();
            let message = format!("{} {hint}", error.message).trim_end().to_owned();
            self.entry.problems.push(FieldProblem { field: "name".to_owned(), message });
        }
    }
}

/// Refuses what would mount a part of a directory of the host that sessions of another workspace write,
/// as all of them will be: those that stay as they are, and those that the document changes and adds.
fn refuse_nested(plans: &mut [Plan], all: &[Workspace], groups: &[Group]) {
    let planned: Vec<Definition> =
        plans.iter().filter_map(|plan| plan.step.definition().cloned()).collect();
    let is_planned = |one: &&Definition| planned.iter().any(|planned| planned.name == one.name);
    let stay = all.iter().map(|one| &one.definition).filter(|one| !is_planned(one));
    let there: Vec<&Definition> = stay.chain(&planned).collect();
    for plan in plans {
        let Some(own) = plan.step.definition() else { continue };
        let others = there.iter().copied().filter(|one| one.name != own.name);
        if let Err(error) = check_beside(own, others, groups) {
            plan.refuse(&error);
        }
    }
}

fn report(plans: &[Plan]) -> DefinitionsReport {
    let entries: Vec<DefinitionEntry> = plans.iter().map(|plan| plan.entry.clone()).collect();
    // Before and after of every field that would change are in it, so it is another one as soon as
    // anything that matters is.
    let digest = Sha256::digest(serde_json::to_vec(&entries).unwrap_or_default());
    let seen = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    DefinitionsReport { entries, seen }
}

impl Core {
    /// Why workspaces of a document may not be confined as they say, by name. Asked before the
    /// transaction, because the engine and the host are asked too.
    async fn confinement_refusals(
        &self,
        actor: Option<&Actor>,
        text: &str,
    ) -> Result<HashMap<String, Error>> {
        let documents = yaml::read(text)?;
        let names = names(self).await?;
        let mut refusals = HashMap::new();
        for (line, pairs) in workspaces(&documents)? {
            let Ok(definition) = shape::read(line, &pairs, &names).form.check() else { continue };
            let checked = match actor {
                Some(actor) => self.check_confinement(actor, &definition).await,
                None => self.check_allowed(&definition).await,
            };
            if let Err(error) = checked {
                refusals.insert(definition.name, error);
            }
        }
        Ok(refusals)
    }

    /// What a document comes to, as things are in this transaction.
    async fn read_definitions(
        &self,
        tx: &mut Tx,
        text: &str,
        refusals: &HashMap<String, Error>,
    ) -> Result<Vec<Plan>> {
        let documents = yaml::read(text)?;
        // Nobody else writes while the transaction is open.
        let names = names(self).await?;
        let all = self.store.all_workspaces().await?;
        let mut plans: Vec<Plan> = Vec::new();
        for (line, pairs) in workspaces(&documents)? {
            let written = shape::read(line, &pairs, &names);
            let taken = plans.iter().any(|plan| plan.entry.name == written.form.name.trim());
            let mut plan = self.plan(tx, written, line, taken, &all, &names).await?;
            if let Some(error) = refusals.get(&plan.entry.name) {
                plan.refuse(error);
            }
            plans.push(plan);
        }
        let (groups, _) = self.store.groups().await?;
        refuse_nested(&mut plans, &all, &groups);
        Ok(plans)
    }

    /// What becomes of one workspace. `twice` says that the document has had its name before.
    async fn plan(
        &self,
        tx: &mut Tx,
        mut written: Written,
        line: u32,
        twice: bool,
        all: &[Workspace],
        names: &Names,
    ) -> Result<Plan> {
        let name = written.form.name.trim().to_owned();
        let mut same = all.iter().filter(|one| one.definition.name == name);
        let (known, another) = (same.next(), same.next());
        let mut problems = std::mem::take(&mut written.problems);
        let mut notes = Vec::new();
        let mut about_name = |message: String| {
            let problem = FieldProblem { field: "name".to_owned(), message };
            problems.push(written.placed(problem));
        };
        if twice {
            about_name(format!("“{name}” is in the text twice."));
        }
        if another.is_some() {
            about_name(format!(
                "Several workspaces here are named “{name}”. Give each a name of its own first."
            ));
        }
        if let Ok(Icon::Uploaded(id)) = Icon::try_from(written.form.icon.clone())
            && !self.has_icon(&id).await?
        {
            let kept = known.map_or_else(Icon::default, |known| known.definition.icon.clone());
            written.form.icon = kept.into();
            notes.push(
                "Its picture is not here, because pictures do not travel with the text: it keeps the one it has, and another can be uploaded on its form."
                    .to_owned(),
            );
        }
        let checked = match written.form.check() {
            Ok(definition) => {
                let before = known.map(|known| &known.definition);
                admit(tx, &definition, before).await.map(|()| definition)
            }
            Err(error) => Err(error),
        };
        let mut entry = DefinitionEntry {
            name: if name.is_empty() { "(without a name)".to_owned() } else { name },
            line,
            fate: DefinitionFate::Refused,
            changes: Vec::new(),
            problems,
            notes,
        };
        let definition = match checked {
            Ok(definition) => definition,
            Err(error) => {
                // What could not even be read is told already.
                let is_new = |problem: &FieldProblem| {
                    !entry.problems.iter().any(|known| known.field == problem.field)
                };
                let fresh: Vec<FieldProblem> = error.fields.into_iter().filter(is_new).collect();
                if fresh.is_empty() && entry.problems.is_empty() {
                    let message = error.message;
                    entry.problems.push(FieldProblem { field: "name".to_owned(), message });
                }
                entry.problems.extend(fresh.into_iter().map(|problem| written.placed(problem)));
                return Ok(Plan { entry, step: Step::Nothing });
            }
        };
        if !entry.problems.is_empty() {
            return Ok(Plan { entry, step: Step::Nothing });
        }
        let before = known.map(|known| WorkspaceForm::from(&known.definition));
        let after = WorkspaceForm::from(&definition);
        entry.changes = shape::differences(before.as_ref(), &after, names);
        let (fate, step) = match known {
            None => (DefinitionFate::New, Step::Insert(Box::new(definition))),
            Some(_) if entry.changes.is_empty() => (DefinitionFate::Unchanged, Step::Nothing),
            Some(known) => {
                let pin = known.pin.as_ref().filter(|_| known.definition.image != definition.image);
                entry.notes.extend(pin.map(|pin| {
                    format!("It is pinned to revision {}; this unpins it.", pin.revision)
                }));
                let step = Step::Change(Box::new(known.clone()), Box::new(definition));
                (DefinitionFate::Changed, step)
            }
        };
        entry.fate = fate;
        Ok(Plan { entry, step })
    }

    async fn has_icon(&self, id: &IconId) -> Result<bool> {
        Ok(self.store.icon(id).await?.is_some())
    }
}

/// A map of a document, with the line at which it begins.
type Mapping = (u32, Vec<(String, Node)>);

/// The workspaces of a text: one a document, or a list of them under `workspaces`.
fn workspaces(documents: &[Node]) -> Result<Vec<Mapping>> {
    let wrong = |line: u32, what: &str| Err(Error::at("text", format!("Line {line}: {what}")));
    let mut all = Vec::new();
    for document in documents {
        let Value::Map(pairs) = &document.value else {
            return wrong(document.line, "here a document begins, with `version: 1`.");
        };
        let of = |key: &str| pairs.iter().find(|(known, _)| known == key).map(|(_, node)| node);
        match of("version").map(|node| (node.line, &node.value)) {
            Some((_, Value::Text(version))) if version == "1" => {}
            Some((line, _)) => return wrong(line, "only `version: 1` is known here."),
            None => return wrong(document.line, "this document has no `version: 1`."),
        }
        let Some(list) = of("workspaces") else {
            let rest = pairs.iter().filter(|(key, _)| key != "version").cloned().collect();
            all.push((document.line, rest));
            continue;
        };
        if let Some((key, node)) =
            pairs.iter().find(|(key, _)| key != "version" && key != "workspaces")
        {
            return wrong(node.line, &format!("beside `workspaces` there is no `{key}`."));
        }
        match &list.value {
            Value::Text(text) if text.is_empty() => {}
            Value::List(items) => {
                for item in items {
                    let Value::Map(pairs) = &item.value else {
                        return wrong(item.line, "here a workspace begins, with its `name`.");
                    };
                    all.push((item.line, pairs.clone()));
                }
            }
            _ => return wrong(list.line, "`workspaces` is a list."),
        }
    }
    if all.len() > MOST {
        return Err(Error::at(
            "text",
            format!("The text has {} workspaces; at most {MOST} are taken at once.", all.len()),
        ));
    }
    if documents.is_empty() {
        return Err(Error::at("text", "There is no workspace in it.")
            .hint("A document begins with `version: 1` and has a list of `workspaces`."));
    }
    Ok(all)
}
