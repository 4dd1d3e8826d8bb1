//! The layers that Cargo runs.
//!
//! All of them select the same packages, so that features are resolved once and nothing is compiled
//! twice; they differ in the test programs they run. A test program belongs to the engine layer if
//! its crate is an adapter to an engine or a registry, or the server (whose suites kill and restart
//! a real one), and to the plain layer otherwise, so that each runs exactly once.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::paths::Paths;
use crate::test::tools;
use crate::{command, progress, workspace};

const SELECTION: [&str; 3] = ["--workspace", "--exclude", "app"];
/// Tells a suite that it may use a real engine, and which.
const ENGINE: &str = "SLIPWAY_TEST_ENGINE";
/// Tells a suite which program is a registry to push to.
const REGISTRY: &str = "SLIPWAY_TEST_REGISTRY";
const ON_ENGINE: [&str; 3] = ["engine", "registry", "server"];

/// Compiles every test program, and the binary that the journeys drive.
pub fn build(paths: &Paths) -> Result<()> {
    progress::step("Building the tests", Some("the first time takes some minutes"), || {
        let mut cargo = command::cargo(paths);
        cargo.arg("build").args(SELECTION).args(["--lib", "--bins", "--tests"]);
        command::quiet(paths, "build-tests", &mut cargo)
    })
}

pub fn plain(paths: &Paths) -> Result<Command> {
    let programs = sort(&workspace::packages(paths)?);
    let mut cargo = test(paths);
    cargo.args(SELECTION).args(["--lib", "--bins"]);
    for name in programs.plain.difference(&programs.on_engine) {
        cargo.args(["--test", name]);
    }
    Ok(cargo)
}

/// Components and server functions, compiled for the server's side.
pub fn pages(paths: &Paths) -> Command {
    let mut cargo = test(paths);
    cargo.args(["--package", "app", "--features", "ssr"]);
    cargo
}

/// Code in documentation comments.
pub fn examples(paths: &Paths) -> Command {
    let mut cargo = test(paths);
    cargo.args(SELECTION).arg("--doc");
    cargo
}

/// None if there is no such suite.
pub fn on_engine(paths: &Paths, engine: &Engine) -> Result<Option<Command>> {
    let programs = sort(&workspace::packages(paths)?).on_engine;
    if programs.is_empty() {
        return Ok(None);
    }
    let mut cargo = test(paths);
    cargo.args(SELECTION).env(ENGINE, &engine.url);
    cargo.env(REGISTRY, tools::registry(paths)?);
    for name in &programs {
        cargo.args(["--test", name]);
    }
    Ok(Some(cargo))
}

fn test(paths: &Paths) -> Command {
    let mut cargo = command::cargo(paths);
    cargo.args(["test", "--no-fail-fast"]).env_remove(ENGINE).env_remove(REGISTRY);
    cargo
}

#[derive(Debug, Default, PartialEq)]
struct Programs {
    plain: BTreeSet<String>,
    on_engine: BTreeSet<String>,
}

fn sort(packages: &[Value]) -> Programs {
    let mut programs = Programs::default();
    for package in packages {
        let owner = package["name"].as_str().unwrap_or_default();
        let names = workspace::list(&package["targets"])
            .iter()
            .filter(|target| target["kind"] == json!(["test"]))
            .filter_map(|target| target["name"].as_str().map(str::to_owned));
        match owner {
            // Its tests need a feature of their own and have a layer of their own.
            "app" => {}
            _ if ON_ENGINE.contains(&owner) => programs.on_engine.extend(names),
            _ => programs.plain.extend(names),
        }
    }
    programs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_programs_are_sorted_by_their_crate() {
        let package = |name: &str, tests: &[&str]| {
            let mut targets = vec![json!({ "kind": ["lib"], "name": name })];
            targets.extend(tests.iter().map(|test| json!({ "kind": ["test"], "name": test })));
            json!({ "name": name, "targets": targets })
        };
        let packages = [
            package("engine", &["contract"]),
            package("store", &["migrations"]),
            package("server", &["crash", "proxy"]),
            package("app", &["components"]),
        ];
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(
            sort(&packages),
            Programs {
                plain: set(&["migrations"]),
                on_engine: set(&["contract", "crash", "proxy"])
            }
        );
    }
}
