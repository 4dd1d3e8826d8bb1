//! A definition as a document has it: the form's fields under the form's names, with lists as lists,
//! ticks as `true` and `false`, and groups and registries by what people call them.
//!
//! It goes through the form as it is posted, so every check of the form counts here too, and a field
//! that the form gains is here without anything being done: as a text, if nothing else is said.

mod read;
mod write;

pub use read::{Written, read};
pub use write::{differences, write};

use domain::{GroupId, RegistryId, workspace::WorkspaceForm};
use serde_json::Value as Json;

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

/// The form's fields by name, as they are posted.
fn posted(form: &WorkspaceForm) -> serde_json::Map<String, Json> {
    match serde_json::to_value(form) {
        Ok(Json::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::yaml::{self, Value};
    use domain::error::FieldProblem;
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
