//! How the engine is, in words: for first-run setup and for administrators.

use crate::core::Core;
use domain::{
    Error, Result,
    actor::{Actor, Permission},
    quantity,
};
use engine::EngineInfo;
use std::sync::Arc;

#[derive(Clone)]
pub struct EngineReports(Arc<Core>);

/// Facts about the engine and what ought to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineReport {
    pub reachable: bool,
    pub facts: Vec<(String, String)>,
    pub warnings: Vec<Error>,
}

impl EngineReports {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// # Errors
    /// `Forbidden` unless the actor may inspect the engine.
    pub async fn report_for(&self, actor: &Actor) -> Result<EngineReport> {
        actor.require(Permission::InspectEngine)?;
        Ok(report(&self.0).await)
    }
}

pub(crate) async fn report(core: &Core) -> EngineReport {
    match core.engine.info().await {
        Err(error) => EngineReport {
            reachable: false,
            facts: vec![("Address".into(), core.engine.address().into())],
            warnings: vec![error],
        },
        Ok(info) => {
            core.disk.is_at(&info.root_dir);
            let free = core.disk.free();
            EngineReport {
                reachable: true,
                facts: facts(core.engine.address(), &info, free),
                warnings: warnings(&info, free),
            }
        }
    }
}

fn facts(address: &str, info: &EngineInfo, free: Option<i64>) -> Vec<(String, String)> {
    let mut facts = vec![
        ("Address", address.to_owned()),
        ("Engine", format!("{} {}", info.name, info.version)),
        ("API version", info.api.clone()),
        ("System", info.operating_system.clone()),
        ("Control groups", format!("version {}", info.cgroup_version)),
        ("Storage driver", info.storage_driver.clone()),
        ("Processors", info.cpus.to_string()),
        ("Memory", quantity::bytes(info.memory_bytes)),
    ];
    if let Some(free) = free {
        facts.push(("Free disk", quantity::bytes(free)));
    }
    if let Some(driver) = &info.gpu_driver {
        facts.push(("Graphics processors", format!("{driver} driver")));
    }
    if info.rootless {
        facts.push(("Mode", "rootless".to_owned()));
    }
    facts.into_iter().map(|(label, value)| (label.to_owned(), value)).collect()
}

fn warnings(info: &EngineInfo, free: Option<i64>) -> Vec<Error> {
    let mut warnings = Vec::new();
    if info.cgroup_version == "1" {
        warnings.push(
            Error::unavailable("The engine uses control groups version 1.").hint(
                "Limits work. Version 2 counts memory better: boot with `systemd.unified_cgroup_hierarchy=1`.",
            ),
        );
    }
    if matches!(info.storage_driver.as_str(), "vfs" | "devicemapper") {
        warnings.push(
            Error::unavailable(format!("The storage driver is `{}`: slow, and each session copies its whole image.", info.storage_driver))
                .hint("Use `overlay2`: set \"storage-driver\" in the engine's daemon.json and restart it."),
        );
    }
    if let Some(free) = free.filter(|free| *free < 5 * quantity::GIB) {
        warnings.push(
            Error::exhausted(format!("Only {} are free where the engine keeps images.", quantity::bytes(free)))
                .hint("A desktop image takes about 1 GiB. Remove images that are not needed, or give the engine a larger disk."),
        );
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> EngineInfo {
        EngineInfo {
            name: "Docker".into(),
            version: "20.10.24".into(),
            api: "1.41".into(),
            operating_system: "Debian".into(),
            architecture: "amd64".into(),
            storage_driver: "overlay2".into(),
            cgroup_version: "2".into(),
            rootless: false,
            root_dir: "/var/lib/docker".into(),
            cpus: 2,
            memory_bytes: 1,
            gpu_driver: None,
        }
    }

    #[test]
    fn each_shortcoming_comes_with_its_remedy() {
        assert!(warnings(&info(), Some(100 * quantity::GIB)).is_empty());
        let poor =
            EngineInfo { storage_driver: "vfs".into(), cgroup_version: "1".into(), ..info() };
        let found = warnings(&poor, Some(quantity::GIB));
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|w| w.hint.is_some()));
    }
}
