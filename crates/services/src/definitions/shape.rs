//! A definition as a document has it: the form's fields under the form's names, with lists as lists,
//! ticks as `true` and `false`, and groups and registries by what people call them.
//!
//! It goes through the form as it is posted, so every check of the form counts here too, and a field
//! that the form gains is here without anything being done: as a text, if nothing else is said.

use super::yaml::{self, Node, Value};
use domain::{
    GroupId, RegistryId,
    error::FieldProblem,
    workspace::{FieldChange, WorkspaceForm},
};
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

/// How the text of a field stands in a document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    /// One a line.
    Lines,
    /// Separated by commas.
    Words,
    /// `NAME=value`, one a line.
    Pairs,
    Tick,
    Groups,
    Registry,
}

fn shape(field: &str) -> Shape {
    match field {
        "categories" | "capabilities" | "networks" | "dns" => Shape::Words,
        "blocked_paths" | "withholds" | "command" | "volumes" | "extra_hosts" | "ulimits"
        | "sysctls" | "tmpfs" | "devices" => Shape::Lines,
        "environment" => Shape::Pairs,
        "profile" | "enabled" | "hidden" | "folder" | "start_must_succeed" | "read_only"
        | "seccomp" | "apparmor" | "privileged" => Shape::Tick,
        "groups" => Shape::Groups,
        "registry" => Shape::Registry,
        _ => Shape::Text,
    }
}

/// What groups and registries are called here.
#[derive(Debug, Clone, Default)]
pub struct Names {
    pub groups: Vec<(GroupId, String)>,
    /// With their addresses.
    pub registries: Vec<(RegistryId, String, String)>,
}

impl Names {
    fn group(&self, id: &str) -> String {
        let known = self.groups.iter().find(|(known, _)| known.as_str() == id);
        known.map_or(id, |(_, name)| name).to_owned()
    }

    fn registry(&self, id: &str) -> String {
        let known = self.registries.iter().find(|(known, ..)| known.as_str() == id);
        known.map_or(id, |(_, name, _)| name).to_owned()
    }

    fn group_id(&self, name: &str) -> Result<String, String> {
        let known = self.groups.iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
        known.map(|(id, _)| id.to_string()).ok_or_else(|| {
            format!("There is no group named “{name}” here. Make it first, or leave it out.")
        })
    }

    fn registry_id(&self, name: &str) -> Result<String, String> {
        let known = self
            .registries
            .iter()
            .find(|(_, known, url)| known.eq_ignore_ascii_case(name) || url == name);
        known.map(|(id, ..)| id.to_string()).ok_or_else(|| {
            format!("No registry is stored here as “{name}”. Store it first, or leave it out.")
        })
    }
}

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

/// The form's fields by name, as they are posted.
fn posted(form: &WorkspaceForm) -> serde_json::Map<String, Json> {
    match serde_json::to_value(form) {
        Ok(Json::Object(fields)) => fields,
        _ => serde_json::Map::new(),
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

/// A workspace of a document.
pub struct Written {
    pub form: WorkspaceForm,
    pub problems: Vec<FieldProblem>,
    lines: Vec<(String, u32)>,
    line: u32,
}

impl Written {
    /// A problem at the line of its field, or of the whole where the field is not written.
    pub fn placed(&self, problem: FieldProblem) -> FieldProblem {
        let line = self.lines.iter().find(|(field, _)| *field == problem.field);
        let line = line.map_or(self.line, |(_, line)| *line);
        at(line, &problem.field, problem.message)
    }
}

fn at(line: u32, field: &str, message: impl std::fmt::Display) -> FieldProblem {
    FieldProblem { field: field.to_owned(), message: format!("Line {line}: {message}") }
}

/// Reads a workspace of a document into the form. What is not written is as in a new form.
pub fn read(line: u32, pairs: &[(String, Node)], names: &Names) -> Written {
    let mut fields = posted(&WorkspaceForm::default());
    let mut problems = Vec::new();
    let mut lines: Vec<(String, u32)> = Vec::new();
    for (field, node) in pairs {
        if lines.iter().any(|(known, _)| known == field) {
            problems.push(at(node.line, field, format_args!("`{field}` is there twice.")));
            continue;
        }
        lines.push((field.clone(), node.line));
        let Some(place) = fields.get_mut(field) else {
            let what = format_args!("a workspace has no `{field}`.");
            problems.push(at(node.line, field, what));
            continue;
        };
        let read = match place {
            Json::Array(_) => list(field, node, names),
            _ => text(field, node, names).map(Json::String),
        };
        match read {
            Ok(value) => *place = value,
            Err((line, why)) => problems.push(at(line, field, why)),
        }
    }
    let form = serde_json::from_value(Json::Object(fields)).unwrap_or_default();
    Written { form, problems, lines, line }
}

/// Why a value cannot be one, and where.
type Misfit = (u32, String);

fn word(field: &str, node: &Node) -> Result<String, Misfit> {
    match &node.value {
        Value::Text(text) => Ok(text.clone()),
        _ => Err((node.line, format!("`{field}` takes words, not a list or a map."))),
    }
}

/// The items of a list; a single word is a list of one.
fn items(field: &str, node: &Node) -> Result<Vec<String>, Misfit> {
    match &node.value {
        Value::List(all) => all.iter().map(|one| word(field, one)).collect(),
        Value::Text(text) if text.is_empty() => Ok(Vec::new()),
        Value::Text(text) => Ok(vec![text.clone()]),
        Value::Map(_) => Err((node.line, format!("`{field}` is a list."))),
    }
}

fn list(field: &str, node: &Node, names: &Names) -> Result<Json, Misfit> {
    let all = items(field, node)?;
    let ids = all.into_iter().map(|one| match shape(field) {
        Shape::Groups => names.group_id(&one).map_err(|why| (node.line, why)),
        _ => Ok(one),
    });
    let mut ids = ids.collect::<Result<Vec<_>, _>>()?;
    if shape(field) == Shape::Groups {
        ids.dedup();
    }
    Ok(ids.into_iter().map(Json::String).collect())
}

fn text(field: &str, node: &Node, names: &Names) -> Result<String, Misfit> {
    let one_line = |all: Vec<String>| match all.iter().find(|one| one.contains('\n')) {
        Some(_) => Err((node.line, format!("an item of `{field}` has more than one line."))),
        None => Ok(all),
    };
    match shape(field) {
        Shape::Lines => match &node.value {
            Value::Text(text) => Ok(text.clone()),
            _ => Ok(one_line(items(field, node)?)?.join("\n")),
        },
        Shape::Words => Ok(items(field, node)?.join(", ")),
        Shape::Pairs => match &node.value {
            Value::Map(pairs) => {
                let one = |(name, node): &(String, Node)| {
                    word(field, node).map(|value| format!("{name}={value}"))
                };
                Ok(one_line(pairs.iter().map(one).collect::<Result<_, _>>()?)?.join("\n"))
            }
            Value::Text(text) => Ok(text.clone()),
            Value::List(_) => Ok(one_line(items(field, node)?)?.join("\n")),
        },
        Shape::Tick => match word(field, node)?.as_str() {
            "true" => Ok("on".to_owned()),
            "false" => Ok(String::new()),
            _ => Err((node.line, format!("`{field}` is `true` or `false`."))),
        },
        Shape::Registry => match word(field, node)?.as_str() {
            "" => Ok(String::new()),
            name => names.registry_id(name).map_err(|why| (node.line, why)),
        },
        Shape::Text | Shape::Groups => word(field, node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> Names {
        Names {
            groups: vec![
                ("administrators".parse().unwrap(), "Administrators".into()),
                ("g1".parse().unwrap(), "Team: A".into()),
            ],
            registries: vec![("r1".parse().unwrap(), "Ours".into(), "https://r.example".into())],
        }
    }

    /// Written, read as YAML, and read as a form.
    fn round(form: &WorkspaceForm) -> Written {
        let mut out = "workspaces:\n".to_owned();
        write(&mut out, form, &names());
        let documents = yaml::read(&out).unwrap();
        let Value::Map(top) = &documents[0].value else { panic!("{out}") };
        let Value::List(all) = &top[0].1.value else { panic!("{out}") };
        let Value::Map(pairs) = &all[0].value else { panic!("{out}") };
        read(all[0].line, pairs, &names())
    }

    #[test]
    fn no_field_of_the_form_is_lost_whoever_adds_it() {
        for (field, usual) in posted(&WorkspaceForm::default()) {
            let other = match (shape(&field), &usual) {
                (Shape::Groups, _) => Json::Array(vec!["g1".into()]),
                (Shape::Registry, _) => "r1".into(),
                (Shape::Tick, Json::String(on)) if on.is_empty() => "on".into(),
                (Shape::Tick, _) => "".into(),
                (Shape::Pairs, _) => "A=1=2\nB=".into(),
                (Shape::Words, _) => "one, two".into(),
                (Shape::Lines, _) => "one: 1\n- two".into(),
                (Shape::Text, Json::Array(_)) => Json::Array(vec!["a".into(), "b: c".into()]),
                (Shape::Text, _) => "first\n\n # second".into(),
            };
            let mut fields = posted(&WorkspaceForm::default());
            fields.insert(field.clone(), other.clone());
            let form: WorkspaceForm = serde_json::from_value(Json::Object(fields)).unwrap();
            let again = round(&form);
            assert_eq!(again.problems, [], "{field}");
            assert_eq!(posted(&again.form).get(&field), Some(&other), "{field}");
            assert_eq!(again.form, form, "{field}");
            let told = differences(Some(&WorkspaceForm::default()), &form, &names());
            assert_eq!(told.len(), 1, "{field}: {told:?}");
        }
    }

    #[test]
    fn what_is_ticked_or_not_is_said_by_true_and_false() {
        let ticks = ["profile", "folder", "start_must_succeed", "read_only", "seccomp", "apparmor"];
        for field in ticks.into_iter().chain(["privileged", "hidden"]) {
            for (word, expected) in [("true", "on"), ("false", "")] {
                let text = format!("name: W\n{field}: {word}\n");
                let documents = yaml::read(&text).unwrap();
                let Value::Map(pairs) = &documents[0].value else { panic!("{text}") };
                let form = posted(&read(1, pairs, &names()).form);
                assert_eq!(form.get(field), Some(&Json::from(expected)), "{field}: {word}");
            }
        }
    }

    #[test]
    fn what_a_new_form_has_is_left_out() {
        let mut out = String::new();
        let form = WorkspaceForm {
            name: "Desktop".into(),
            image: "slipway/desktop:latest".into(),
            environment: "LANG=C.UTF-8\nNO=no".into(),
            ..WorkspaceForm::default()
        };
        write(&mut out, &form, &names());
        assert_eq!(
            out,
            "  - name: Desktop\n    image: slipway/desktop:latest\n    groups:\n      - Administrators\n    \
             environment:\n      LANG: C.UTF-8\n      \"NO\": \"no\"\n"
        );
    }

    #[test]
    fn what_does_not_fit_is_told_with_field_and_line() {
        let text = "name: [a]\nenabled: maybe\nports: 1\nport: 80\nport: 81\ngroups: Nobody\nregistry: Theirs\nenvironment:\n  A: [b]\n";
        let documents = yaml::read(text).unwrap();
        let Value::Map(pairs) = &documents[0].value else { panic!() };
        let written = read(1, pairs, &names());
        let told: Vec<(&str, &str)> =
            written.problems.iter().map(|p| (p.field.as_str(), p.message.as_str())).collect();
        assert_eq!(told[0], ("name", "Line 1: `name` takes words, not a list or a map."));
        assert_eq!(told[1], ("enabled", "Line 2: `enabled` is `true` or `false`."));
        assert_eq!(told[2], ("ports", "Line 3: a workspace has no `ports`."));
        assert_eq!(told[3], ("port", "Line 5: `port` is there twice."));
        assert!(told[4].1.starts_with("Line 6: There is no group named “Nobody”"), "{told:?}");
        assert!(told[5].1.starts_with("Line 7: No registry is stored"), "{told:?}");
        assert!(told[6].1.starts_with("Line 9: `environment` takes words"), "{told:?}");
        let problem = FieldProblem { field: "port".into(), message: "No.".into() };
        assert_eq!(written.placed(problem).message, "Line 4: No.");
    }

    proptest! {
        #[test]
        fn any_definition_survives_its_document(
            name in "\\PC{1,40}", description in "\\PC{0,60}", notes in "(?s).{0,120}",
            categories in proptest::collection::vec("[A-Za-z0-9 #:'-]{1,12}", 0..4),
            image in "[a-z]{1,8}(/[a-z]{1,8})?(:[a-z0-9]{1,6})?",
            cpu in 1_i64..64, memory in 32_i64..4096, port in 1_u16..,
            environment in proptest::collection::vec(("[A-Z][A-Z0-9_]{0,8}", "\\PC{0,30}"), 0..4),
            command in proptest::collection::vec("\\PC{1,20}", 0..4),
            capabilities in proptest::sample::subsequence(vec!["CHOWN", "KILL", "SETUID"], 0..3),
            groups in proptest::sample::subsequence(vec!["administrators", "g1"], 0..3),
            registry: bool, enabled: bool, hidden: bool, profile: bool,
            limit in proptest::option::of(1_u32..50), idle in proptest::option::of(10_u32..90),
        ) {
            let tick = |on: bool| if on { "on".to_owned() } else { String::new() };
            let environment: Vec<String> =
                environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let form = WorkspaceForm {
                name, description, notes, image,
                categories: categories.join(", "),
                cpus: format!("{}", cpu as f64 / 2.0), memory: format!("{memory} MiB"),
                port: port.to_string(),
                environment: environment.join("\n"), command: command.join("\n"),
                capabilities: capabilities.join(" "),
                groups: groups.iter().map(ToString::to_string).collect(),
                registry: if registry { "r1".into() } else { String::new() },
                enabled: tick(enabled), hidden: tick(hidden), profile: tick(profile),
                sessions_limit: limit.map(|n| n.to_string()).unwrap_or_default(),
                lifetime: domain::lifetime::LifetimeForm {
                    idle_after: idle.map(|n| format!("{n} min")).unwrap_or_default(),
                    idle_action: idle.map(|_| "stop".to_owned()).unwrap_or_default(),
                    ..WorkspaceForm::default().lifetime
                },
                ..WorkspaceForm::default()
            };
            // What the form refuses cannot be here.
            let Ok(definition) = form.check() else { return Ok(()) };
            let again = round(&WorkspaceForm::from(&definition));
            prop_assert_eq!(&again.problems, &vec![]);
            let again = again.form.check().unwrap();
            prop_assert_eq!(&again, &definition);
            let (mut first, mut second) = (String::new(), String::new());
            write(&mut first, &WorkspaceForm::from(&definition), &names());
            write(&mut second, &WorkspaceForm::from(&again), &names());
            prop_assert_eq!(first, second);
        }
    }
}
