//! From the form into a document, and in which fields two forms differ.

use super::{Names, Shape, posted, shape};
use crate::definitions::yaml;
use domain::workspace::{FieldChange, WorkspaceForm};
use serde_json::Value as Json;

/// The form's fields in the order in which a document has them; others follow by name.
const ORDER: &[&str] = &[
    "name",
    "description",
    "icon",
    "categories",
    "image",
    "link",
    "registry",
    "groups",
    "enabled",
    "hidden",
    "port",
    "scheme",
    "basic_user",
    "basic_password_variable",
    "basic_user_variable",
    "cookies",
    "entry",
    "ready_path",
    "ready_timeout",
    "blocked_paths",
    "withholds",
    "command",
    "init",
    "capabilities",
    "environment",
    "cpus",
    "memory",
    "shm",
    "pids",
    "sessions_limit",
    "unwatched_after",
    "unwatched_action",
    "idle_after",
    "idle_action",
    "longest_after",
    "longest_action",
    "extension",
    "profile",
    "home",
    "profile_path",
    "folder",
    "folder_at",
    "volumes",
    "launch_form",
    "at_start",
    "start_must_succeed",
    "on_open",
    "command_patience",
    "network",
    "networks",
    "gpus",
    "hostname",
    "dns",
    "extra_hosts",
    "ulimits",
    "sysctls",
    "tmpfs",
    "read_only",
    "run_as",
    "working_dir",
    "devices",
    "seccomp",
    "apparmor",
    "privileged",
    "notes",
];

/// Written even where they are what a new form has: what it is, and who may launch it.
const ALWAYS: &[&str] = &["name", "groups"];

/// What a field has in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Text(String),
    Tick(bool),
    List(Vec<String>),
    Pairs(Vec<(String, String)>),
}

impl Content {
    fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Tick(on) => on.to_string(),
            Self::List(all) => all.join("\n"),
            Self::Pairs(all) => {
                let one = |(name, value): &(String, String)| format!("{name}={value}");
                all.iter().map(one).collect::<Vec<_>>().join("\n")
            }
        }
    }

    fn write(&self, out: &mut String, indent: usize, key: &str) {
        let pad = " ".repeat(indent);
        match self {
            Self::Text(text) => yaml::write_text(out, indent, key, text),
            Self::Tick(on) => out.push_str(&format!("{pad}{key}: {on}\n")),
            Self::List(all) if all.is_empty() => out.push_str(&format!("{pad}{key}: []\n")),
            Self::List(all) => {
                out.push_str(&format!("{pad}{key}:\n"));
                for one in all {
                    out.push_str(&format!("{pad}  - {}\n", yaml::quoted(one)));
                }
            }
            Self::Pairs(all) if all.is_empty() => out.push_str(&format!("{pad}{key}: {{}}\n")),
            Self::Pairs(all) => {
                out.push_str(&format!("{pad}{key}:\n"));
                for (name, value) in all {
                    yaml::write_text(out, indent + 2, name, value);
                }
            }
        }
    }
}

/// Every field of a form, in order.
fn contents(form: &WorkspaceForm, names: &Names) -> Vec<(String, Content)> {
    let mut all: Vec<(String, Content)> = posted(form)
        .into_iter()
        .map(|(field, value)| {
            let content = content(&field, value, names);
            (field, content)
        })
        .collect();
    let place = |field: &str| ORDER.iter().position(|known| *known == field);
    all.sort_by_cached_key(|(field, _)| (place(field).unwrap_or(ORDER.len()), field.clone()));
    all
}

fn content(field: &str, value: Json, names: &Names) -> Content {
    let texts = |all: Vec<Json>| {
        all.into_iter().filter_map(|one| one.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let text = match value {
        Json::Array(all) if shape(field) == Shape::Groups => {
            let mut names: Vec<String> = texts(all).iter().map(|id| names.group(id)).collect();
            names.sort();
            return Content::List(names);
        }
        Json::Array(all) => return Content::List(texts(all)),
        Json::String(text) => text,
        other => other.to_string(),
    };
    let list = |separator: &str| {
        let parts = text.split(separator).filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect::<Vec<_>>()
    };
    match shape(field) {
        Shape::Tick => Content::Tick(!text.is_empty()),
        Shape::Words => Content::List(list(", ")),
        Shape::Lines => Content::List(list("\n")),
        Shape::Pairs => Content::Pairs(
            list("\n")
                .into_iter()
                .map(|line| {
                    let (name, value) = line.split_once('=').unwrap_or((&line, ""));
                    (name.to_owned(), value.to_owned())
                })
                .collect(),
        ),
        Shape::Registry if !text.is_empty() => Content::Text(names.registry(&text)),
        Shape::Text | Shape::Groups | Shape::Registry => Content::Text(text),
    }
}

/// Writes a definition as an item of a list. What a new form has anyway is left out.
pub fn write(out: &mut String, form: &WorkspaceForm, names: &Names) {
    let usual = contents(&WorkspaceForm::default(), names);
    let mut item = String::new();
    for (field, content) in contents(form, names) {
        let is_usual = usual.iter().any(|(known, usual)| *known == field && *usual == content);
        if !is_usual || ALWAYS.contains(&field.as_str()) {
            content.write(&mut item, 4, &field);
        }
    }
    out.push_str("  - ");
    out.push_str(item.trim_start());
}

/// In which fields two forms differ. One that is not there yet differs from a new form.
pub fn differences(
    before: Option<&WorkspaceForm>,
    after: &WorkspaceForm,
    names: &Names,
) -> Vec<FieldChange> {
    let usual = WorkspaceForm::default();
    let old = contents(before.unwrap_or(&usual), names);
    contents(after, names)
        .into_iter()
        .zip(old)
        .filter(|((_, new), (_, old))| new != old)
        .map(|((field, new), (_, old))| FieldChange {
            field,
            before: if before.is_some() { old.shown() } else { String::new() },
            after: new.shown(),
        })
        .collect()
}
