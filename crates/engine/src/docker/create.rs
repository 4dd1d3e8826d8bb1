//! The one place where a container is described to the engine, hardening included.
//!
//! What is hardened here is on every container. What weakens that is a value of a type of the
//! domain, checked there against what the installation allows; nothing is passed on as text.

use crate::{
    ContainerSpec, HostDirectory, LABEL_GENERATION, LABEL_INSTALLATION, LABEL_SESSION, VolumeMount,
};
use bollard::models::{
    ContainerCreateBody, DeviceMapping, DeviceRequest, HostConfig, HostConfigLogConfig, Mount,
    MountType, ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum,
};
use domain::confinement::{Device, Gpus, Options, Tmpfs, Ulimit};
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
        hostname: Some(spec.options.hostname.clone().unwrap_or_else(|| spec.hostname.clone())),
        user: spec.options.user.clone(),
        working_dir: spec.options.working_dir.clone(),
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
    let options = &spec.options;
    let mounts: Vec<Mount> =
        spec.volumes.iter().map(mount).chain(spec.directories.iter().map(directory)).collect();
    HostConfig {
        privileged: Some(options.privileged),
        security_opt: Some(security(options)),
        dns: some(&options.dns, String::clone),
        extra_hosts: some(&options.hosts, String::clone),
        sysctls: (!options.sysctls.is_empty()).then(|| options.sysctls.iter().cloned().collect()),
        tmpfs: (!options.tmpfs.is_empty()).then(|| options.tmpfs.iter().map(tmpfs).collect()),
        readonly_rootfs: Some(options.read_only),
        devices: some(&options.devices, device),
        device_requests: spec.gpus.map(|gpus| vec![graphics(gpus)]),
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
        ulimits: Some(ulimits(&options.ulimits)),
        mounts: (!mounts.is_empty()).then_some(mounts),
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

fn some<T, U>(all: &[T], make: impl Fn(&T) -> U) -> Option<Vec<U>> {
    (!all.is_empty()).then(|| all.iter().map(make).collect())
}

fn security(options: &Options) -> Vec<String> {
    let mut all = vec!["no-new-privileges".to_owned()];
    if options.seccomp_unconfined {
        all.push("seccomp=unconfined".to_owned());
    }
    if options.apparmor_unconfined {
        all.push("apparmor=unconfined".to_owned());
    }
    all
}

/// What is said, and what every container has unless that says otherwise.
fn ulimits(said: &[Ulimit]) -> Vec<ResourcesUlimits> {
    const FILES: &str = "nofile";
    let usual = Ulimit { name: FILES.to_owned(), soft: OPEN_FILES, hard: OPEN_FILES };
    let usual = (!said.iter().any(|one| one.name == FILES)).then_some(&usual);
    let of = |one: &Ulimit| ResourcesUlimits {
        name: Some(one.name.clone()),
        soft: Some(one.soft),
        hard: Some(one.hard),
    };
    usual.into_iter().chain(said).map(of).collect()
}

fn tmpfs(one: &Tmpfs) -> (String, String) {
    (one.target.clone(), one.size.map(|size| format!("size={size}")).unwrap_or_default())
}

fn device(one: &Device) -> DeviceMapping {
    DeviceMapping {
        path_on_host: Some(one.path.clone()),
        path_in_container: Some(one.path.clone()),
        cgroup_permissions: Some(one.access.clone()),
    }
}

fn graphics(gpus: Gpus) -> DeviceRequest {
    DeviceRequest {
        count: Some(match gpus {
            Gpus::All => -1,
            Gpus::Count(count) => i64::from(count),
        }),
        capabilities: Some(vec![vec!["gpu".to_owned()]]),
        ..DeviceRequest::default()
    }
}

/// A directory that is there: the engine refuses to make one that is not.
fn directory(one: &HostDirectory) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(one.path.clone()),
        target: Some(one.target.clone()),
        read_only: Some(one.read_only),
        ..Mount::default()
    }
}

/// Always a volume by name, whatever it is called.
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
            directories: Vec::new(),
            options: Options::default(),
            gpus: None,
        }
    }

    #[test]
    fn what_is_loosened_is_said_and_the_rest_stays_hardened() {
        let options = Options {
            hostname: Some("own".into()),
            user: Some("1000".into()),
            dns: vec!["10.0.0.1".into()],
            hosts: vec!["db:10.0.0.5".into()],
            ulimits: vec!["nproc=64".parse().unwrap(), "nofile=5:6".parse().unwrap()],
            sysctls: vec![("net.core.somaxconn".into(), "128".into())],
            tmpfs: vec!["/scratch:size=64m".parse().unwrap()],
            read_only: true,
            devices: vec!["/dev/fuse:rw".parse().unwrap()],
            seccomp_unconfined: true,
            apparmor_unconfined: true,
            ..Options::default()
        };
        let directory =
            HostDirectory { path: "/srv/x".into(), target: "/x".into(), read_only: true };
        let spec = ContainerSpec {
            options,
            directories: vec![directory],
            gpus: Some(Gpus::Count(2)),
            ..spec()
        };
        let made = body(&spec);
        assert_eq!((made.hostname.as_deref(), made.user.as_deref()), (Some("own"), Some("1000")));
        let host = made.host_config.unwrap();
        let security = host.security_opt.unwrap();
        assert_eq!(security, ["no-new-privileges", "seccomp=unconfined", "apparmor=unconfined"]);
        assert_eq!((host.privileged, host.readonly_rootfs), (Some(false), Some(true)));
        assert_eq!(host.cap_drop.unwrap(), ["ALL"]);
        let limits: Vec<_> = host.ulimits.unwrap().into_iter().filter_map(|l| l.soft).collect();
        assert_eq!(limits, [64, 5], "the usual one gives way");
        assert_eq!(host.tmpfs.unwrap()["/scratch"], "size=67108864");
        assert_eq!(host.sysctls.unwrap()["net.core.somaxconn"], "128");
        let device = &host.devices.unwrap()[0];
        assert_eq!(device.path_on_host, device.path_in_container);
        let asked = &host.device_requests.unwrap()[0];
        assert_eq!(
            (asked.count, asked.capabilities.as_ref().unwrap()[0][0].as_str()),
            (Some(2), "gpu")
        );
        let mounts = host.mounts.unwrap();
        assert_eq!((mounts[0].typ, mounts[0].read_only), (Some(MountType::BIND), Some(true)));
        assert!(host.binds.is_none());
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
