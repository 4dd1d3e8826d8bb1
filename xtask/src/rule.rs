//! The dependency rule of ARCHITECTURE.md, as a check: arrows point down only.
//!
//! Compilers do not mind an architecture eroding one convenient import at a time, and a server crate
//! in the client's tree shows only as a WASM build that breaks or grows. So the allowed arrows are a
//! table here, and each violation is a sentence.

use std::process::Command;

use anyhow::Result;
use serde_json::Value;

use crate::paths::Paths;
use crate::{command, workspace};

/// Which crates of this workspace each may name.
const ARROWS: [(&str, &[&str]); 9] = [
    ("domain", &[]),
    ("store", &["domain"]),
    ("engine", &["domain"]),
    ("registry", &["domain"]),
    ("upstream", &["domain"]),
    ("services", &["domain", "engine", "registry", "store", "upstream"]),
    ("app", &["domain", "services"]),
    ("server", &["app", "domain", "engine", "services", "store", "upstream"]),
    ("xtask", &[]),
];

/// Arrows that exist only on the server's side of a crate compiled for both.
const OPTIONAL: [(&str, &str); 1] = [("app", "services")];

/// Libraries that one crate alone may name, so that they can be replaced in one place.
const OWNED: [(&str, &str); 2] = [("sqlx", "store"), ("bollard", "engine")];

/// What has no place in a browser.
const NOT_IN_WASM: [&str; 5] = ["tokio", "sqlx", "bollard", "hyper", "mio"];

/// What `domain` would need to do I/O.
const NOT_IN_DOMAIN: [&str; 8] =
    ["tokio", "mio", "hyper", "axum", "reqwest", "sqlx", "bollard", "socket2"];

/// Every violation; none is success.
pub fn violations(paths: &Paths) -> Result<Vec<String>> {
    let mut found = arrows(&read(&workspace::packages(paths)?));
    let wasm = ["--package", "app", "--features", "hydrate", "--target", crate::tools::WASM];
    found.extend(in_tree(&tree(paths, &wasm)?, &NOT_IN_WASM, "The client (app for WASM)"));
    let domain = ["--package", "domain"];
    found.extend(in_tree(&tree(paths, &domain)?, &NOT_IN_DOMAIN, "`domain`, which knows no I/O,"));
    Ok(found)
}

struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    optional: bool,
    /// In this workspace.
    ours: bool,
}

fn read(packages: &[Value]) -> Vec<Package> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    packages
        .iter()
        .map(|package| Package {
            name: text(&package["name"]),
            dependencies: workspace::list(&package["dependencies"])
                .iter()
                .map(|dependency| Dependency {
                    name: text(&dependency["name"]),
                    optional: dependency["optional"].as_bool().unwrap_or(false),
                    ours: dependency["path"].is_string(),
                })
                .collect(),
        })
        .collect()
}

fn arrows(packages: &[Package]) -> Vec<String> {
    packages.iter().flat_map(of_package).collect()
}

fn of_package(package: &Package) -> Vec<String> {
    let Package { name, dependencies } = package;
    let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| known == name) else {
        return vec![format!(
            "`{name}` has no place in the table of arrows: say in xtask/src/rule.rs, and in \
             ARCHITECTURE.md, which crates it may name."
        )];
    };
    let mut found = Vec::new();
    for dependency in dependencies {
        let other = dependency.name.as_str();
        if dependency.ours && !allowed.contains(&other) && other != name {
            found.push(format!(
                "`{name}` names `{other}`, but may only name {}. Arrows point down: move what it \
                 needs below both.",
                list(allowed)
            ));
        }
        if !dependency.optional && OPTIONAL.contains(&(name, other)) {
            found.push(format!(
                "`{name}` names `{other}` always, but may only as an optional dependency: in the \
                 browser there is no `{other}`."
            ));
        }
        if let Some((_, owner)) = OWNED.iter().find(|(library, _)| *library == other)
            && owner != name
        {
            found.push(format!(
                "`{name}` names `{other}`, but only `{owner}` may: give `{owner}` a function that \
                 does what is needed."
            ));
        }
    }
    found
}

fn list(names: &[&str]) -> String {
    match names {
        [] => "no crate of this workspace".to_owned(),
        _ => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}

fn tree(paths: &Paths, selection: &[&str]) -> Result<String> {
    let mut cargo: Command = command::cargo(paths);
    cargo.args(["tree", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"]);
    command::output(cargo.args(selection))
}

fn in_tree(tree: &str, forbidden: &[&str], whose: &str) -> Vec<String> {
    forbidden
        .iter()
        .filter(|library| tree.lines().any(|line| line.split(' ').next() == Some(library)))
        .map(|library| {
            format!(
                "{whose} depends on `{library}` somewhere in its tree. Make what brings it \
                 optional; `cargo tree --invert {library}` with the same flags shows the way."
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(name: &str, dependencies: &Value) -> Vec<String> {
        arrows(&read(&[json!({ "name": name, "dependencies": dependencies })]))
    }

    #[test]
    fn the_picture_as_drawn_has_no_violation() {
        for (name, allowed) in ARROWS {
            let dependencies: Vec<Value> = allowed
                .iter()
                .map(|other| json!({ "name": other, "path": "/x", "optional": true }))
                .collect();
            assert!(found(name, &json!(dependencies)).is_empty(), "{name}");
        }
        assert!(found("store", &json!([{ "name": "sqlx", "kind": "build" }])).is_empty());
    }

    #[test]
    fn an_arrow_upwards_is_a_sentence() {
        let found = found("store", &json!([{ "name": "services", "path": "/x" }]));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("`store` names `services`, but may only name `domain`."));
    }

    #[test]
    fn foreign_libraries_keep_to_their_adapter_even_in_tests() {
        let found = found("server", &json!([{ "name": "sqlx", "kind": "dev" }]));
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("only `store` may"));
    }

    #[test]
    fn the_browser_side_names_services_only_as_an_option() {
        let services =
            |optional| json!([{ "name": "services", "path": "/x", "optional": optional }]);
        assert!(found("app", &services(true)).is_empty());
        assert_eq!(found("app", &services(false)).len(), 1);
    }

    #[test]
    fn a_new_crate_must_be_placed() {
        assert!(found("gateway", &json!([]))[0].contains("no place in the table"));
    }

    #[test]
    fn a_tree_is_searched_for_whole_names() {
        let tree = "app v0.1.0 (/x)\ntokio-util v0.7.1\nserde v1.0.0\n";
        assert!(in_tree(tree, &NOT_IN_WASM, "The client").is_empty());
        let tree = "app v0.1.0 (/x)\nmio v1.0.0\n";
        assert_eq!(in_tree(tree, &NOT_IN_WASM, "The client").len(), 1);
    }
}
