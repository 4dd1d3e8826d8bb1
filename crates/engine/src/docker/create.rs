//! The one place where a container is described to the engine, hardening included.
//!
//! Everything that weakens isolation is absent from [`ContainerSpec`]; what is set here is set on
//! every container, so that a new field of the spec cannot bypass it.

use crate::{ContainerSpec, LABEL_GENERATION, LABEL_INSTALLATION, LABEL_SESSION, VolumeMount};
use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, ResourcesUlimits,
    RestartPolicy, RestartPolicyNameEnum,
};
use std::collections::HashMap;

const NANOS_PER_CPU_MILLI: i64 = 1_000_000;
/// Engines hand down anything from 1,024, at which browsers run dry, to a thousand million, over
/// which programs that close every possible descriptor spin for minutes. More than an engine has
/// itself it cannot give, and one inside a container or without root has 20,000 or so; asked for
/// more, it refuses the start.
const OPEN_FILES: i64 = 16_384;

pub(super) fn body(spec: &ContainerSpec) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        hostname: Some(spec.hostname.clone()),
        env: Some(spec.environment.iter().map(|(name, value)| format!("{name}={value}")).collect()),
        cmd: (!spec.command.is_empty()).then(|| spec.command.clone()),
        labels: Some(labels(spec)),
        host_config: Some(host_config(spec)),
        ..ContainerCreateBody::default()
    }
}

/// All three on every container: an image committed from a session carries that session's labels,
/// and a container made from it would inherit those that are not set here.
fn labels(spec: &ContainerSpec) -> HashMap<String, String> {
    HashMap::from([
        (LABEL_INSTALLATION.to_owned(), spec.installation.clone()),
        (LABEL_SESSION.to_owned(), spec.session.clone()),
        (LABEL_GENERATION.to_owned(), spec.generation.to_string()),
    ])
}

fn host_config(spec: &ContainerSpec) -> HostConfig {
    HostConfig {
        privileged: Some(false),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: (!spec.capabilities.is_empty()).then(|| spec.capabilities.clone()),
        // An engine may be configured to share this by default.
        ipc_mode: Some("private".to_owned()),
        network_mode: Some(spec.network.clone()),
        publish_all_ports: Some(false),
        init: Some(spec.init),
        // Whether a container runs is the reconciler's decision alone.
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        nano_cpus: Some(spec.cpu_millis * NANOS_PER_CPU_MILLI),
        memory: Some(spec.memory_bytes),
        // Memory and swap together, so equal means no swap.
        memory_swap: Some(spec.memory_bytes),
        shm_size: Some(spec.shm_bytes),
        pids_limit: Some(spec.pids),
        ulimits: Some(vec![ResourcesUlimits {
            name: Some("nofile".to_owned()),
            soft: Some(OPEN_FILES),
            hard: Some(OPEN_FILES),
        }]),
        mounts: (!spec.volumes.is_empty()).then(|| spec.volumes.iter().map(mount).collect()),
        // Without a cap, a chatty container fills the engine's disk.
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(HashMap::from([
                ("max-size".to_owned(), "10m".to_owned()),
                ("max-file".to_owned(), "2".to_owned()),
            ])),
        }),
        ..HostConfig::default()
    }
}

/// Always a volume by name: a path of the host cannot be said.
fn mount(mount: &VolumeMount) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(mount.volume.clone()),
        target: Some(mount.target.clone()),
        read_only: Some(mount.read_only),
        ..Mount::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> ContainerSpec {
        ContainerSpec {
            name: "slipway-a".into(),
            installation: "here".into(),
            session: "a".into(),
            generation: 3,
            image: "sha256:1".into(),
            hostname: "desk".into(),
            environment: vec![("LANG".into(), "C.UTF-8".into()), ("X".into(), "a=b".into())],
            command: Vec::new(),
            network: "slipway-net-a".into(),
            cpu_millis: 1_500,
            memory_bytes: 64 << 20,
            shm_bytes: 1 << 20,
            pids: 99,
            init: true,
            capabilities: Vec::new(),
            volumes: Vec::new(),
        }
    }

    #[test]
    fn every_container_is_hardened() {
        let host = body(&spec()).host_config.unwrap();
        assert_eq!(host.cap_drop.unwrap(), ["ALL"]);
        assert_eq!(host.cap_add, None);
        assert_eq!(host.security_opt.unwrap(), ["no-new-privileges"]);
        assert_eq!(host.privileged, Some(false));
        assert_eq!(host.restart_policy.unwrap().name, Some(RestartPolicyNameEnum::NO));
        assert_eq!(host.memory_swap, host.memory);
        assert_eq!(host.nano_cpus, Some(1_500_000_000));
        assert_eq!(host.pids_limit, Some(99));
        assert!(host.port_bindings.is_none() && host.binds.is_none() && host.mounts.is_none());
        assert!(host.devices.is_none() && host.pid_mode.is_none() && host.userns_mode.is_none());
    }

    #[test]
    fn the_images_own_command_is_kept_unless_one_is_given() {
        assert_eq!(body(&spec()).cmd, None);
        let command = vec!["sleep".to_owned(), "600".to_owned()];
        assert_eq!(body(&ContainerSpec { command: command.clone(), ..spec() }).cmd, Some(command));
    }

    #[test]
    fn values_of_the_environment_may_contain_an_equals_sign() {
        assert_eq!(body(&spec()).env.unwrap(), ["LANG=C.UTF-8", "X=a=b"]);
    }

    #[test]
    fn what_is_mounted_is_a_volume_whatever_it_is_called() {
        let volume = VolumeMount { volume: "/etc".into(), target: "/x".into(), read_only: true };
        let host = body(&ContainerSpec { volumes: vec![volume], ..spec() }).host_config.unwrap();
        let mounts = host.mounts.unwrap();
        assert_eq!((mounts[0].typ, mounts[0].read_only), (Some(MountType::VOLUME), Some(true)));
        assert!(host.binds.is_none());
    }

    #[test]
    fn all_labels_are_set() {
        let labels = body(&spec()).labels.unwrap();
        assert_eq!(labels[LABEL_INSTALLATION], "here");
        assert_eq!(labels[LABEL_SESSION], "a");
        assert_eq!(labels[LABEL_GENERATION], "3");
    }
}
