//! What an entry says beyond its image: the little that is taken over, and the rest by name, with the
//! reason why it is left out.

use super::{
    list::{Listed, Settings},
    reference::registry,
    variables::environment,
    words::{LeftOut, QUOTED, names, quoted, shown},
};
use domain::{
    confinement::ConfinementForm,
    error::Problems,
    image::ImageRef,
    quantity::{self, GIB, MIB},
    workspace::WorkspaceForm,
};
use serde_json::Value;

fn plain(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a value only says that something is off, which it is anyway.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        _ => false,
    }
}

/// What is said to the engine beside the image.
pub(super) fn run_config(settings: &Settings, form: &mut WorkspaceForm, left_out: &mut LeftOut) {
    let Settings::Object(all) = settings else { return };
    for (key, value) in all.iter().filter(|(_, value)| !is_off(value)) {
        let name = plain(key);
        let weakens = reason(&name);
        let why = match (name.as_str(), value) {
            ("environment", value) => {
                environment(value, form, left_out);
                continue;
            }
            ("hostname", Value::String(hostname)) if is_hostname(hostname) => {
                form.confinement.hostname = hostname.trim().to_owned();
                continue;
            }
            ("shmsize", value) => match shared_memory(value) {
                Some(size) => {
                    form.shm = size;
                    continue;
                }
                None => "shared memory is between 1 MiB and 64 GiB",
            },
            _ => weakens.unwrap_or("it is not among what is taken over from a catalog"),
        };
        let key = shown(key, QUOTED);
        let sentence = format!("`{key}: {}` is not taken over: {why}.", quoted(value));
        match weakens {
            Some(_) => left_out.weakening(sentence),
            None => left_out.add(sentence),
        }
    }
}

/// Why a key that matters is not among what is taken over.
fn reason(name: &str) -> Option<&'static str> {
    Some(match name {
        "privileged" => "its programs could do to the engine's host what root can",
        "devices" | "devicerequests" | "runtime" | "gpus" | "devicecgrouprules" => {
            "a catalog gives nobody devices of the host"
        }
        "capadd" | "securityopt" | "pid" | "pidmode" | "ipc" | "ipcmode" | "uts" | "utsmode"
        | "userns" | "usernsmode" | "cgroup" | "cgroupns" | "cgroupparent" | "groupadd"
        | "oomkilldisable" | "maskedpaths" | "readonlypaths" => {
            "it would weaken what keeps sessions apart"
        }
        "network" | "networkmode" | "networks" | "networkingconfig" | "links" => {
            "each session has a network of its own"
        }
        "dns" | "dnssearch" | "dnsopt" | "extrahosts" => {
            "where names lead is for you to say, in the form"
        }
        "ports" | "portbindings" | "publishallports" | "exposedports" => {
            "sessions are reached through the console only"
        }
        "volumes" | "mounts" | "binds" | "volumesfrom" | "volumedriver" => {
            "a catalog mounts nothing, from the host or elsewhere"
        }
        "entrypoint" | "command" | "user" | "workingdir" => {
            "what is run and as whom is the image's to say, or yours, in the form"
        }
        _ => return None,
    })
}

fn is_hostname(text: &str) -> bool {
    let form = ConfinementForm { hostname: text.to_owned(), ..ConfinementForm::default() };
    let mut problems = Problems::default();
    form.check(&mut problems);
    problems.finish().is_ok()
}

/// Shared memory as the form has it: bytes where it is a number, or as engines write it, `512m`.
fn shared_memory(value: &Value) -> Option<String> {
    let bytes = match value {
        Value::String(text) => match text.trim().parse() {
            Ok(bytes) => bytes,
            Err(_) => quantity::parse_bytes(text).ok()?,
        },
        other => other.as_i64()?,
    };
    (MIB..=64 * GIB).contains(&bytes).then(|| quantity::typed_bytes(bytes))
}

/// What is never taken over, by name.
pub(super) fn leave_out_rest(listed: &Listed, image: Option<&ImageRef>, left_out: &mut LeftOut) {
    let objects = [
        ("run_config", &listed.run_config),
        ("exec_config", &listed.exec_config),
        ("volume_mappings", &listed.volume_mappings),
        ("launch_config", &listed.launch_config),
    ];
    for (key, _) in objects.iter().filter(|(_, value)| **value == Settings::Unreadable) {
        left_out.add(format!("`{key}` cannot be read and is not taken over."));
    }
    if let Settings::Object(all) = &listed.volume_mappings {
        for (path, how) in all {
            let at = how.get("bind").and_then(Value::as_str).unwrap_or("…");
            let mount = shown(&format!("{path}:{at}"), QUOTED);
            left_out.weakening(format!("The host mount `{mount}` is not taken over."));
        }
    }
    if let Settings::Object(all) = &listed.exec_config {
        for (moment, command) in all.iter().filter(|(_, command)| !is_off(command)) {
            let said = shown(&format!("{moment}: {}", quoted(command)), QUOTED);
            left_out.weakening(format!(
                "The command `{said}` is not taken over: nothing is run in a session that nobody here has written."
            ));
        }
    }
    if matches!(&listed.launch_config, Settings::Object(all) if !all.is_empty()) {
        left_out.add(
            "`launch_config` is not taken over: write what is asked for at launch in the form.",
        );
    }
    if let Some(gpus) = listed.gpus.filter(|gpus| *gpus > 0.0) {
        left_out.weakening(format!(
            "Graphics processors (`gpu_count: {gpus}`) are not given: they are the host's. An administrator can do that in the form."
        ));
    }
    if !matches!(listed.cpu_allocation.to_ascii_lowercase().as_str(), "" | "inherit" | "quotas") {
        let how = shown(&listed.cpu_allocation, QUOTED);
        left_out.add(format!(
            "`cpu_allocation_method: {how}` is not taken over: processors are a limit here."
        ));
    }
    if let (Some(image), false) = (image, listed.docker_registry.is_empty()) {
        let leads = image.registry();
        if registry(listed).is_ok_and(|address| address.host != leads) {
            let other = shown(&listed.docker_registry, QUOTED);
            left_out.add(format!(
                "`docker_registry: {other}` is not taken over: the name of the image leads to {leads}."
            ));
        }
    }
    if !listed.unknown.is_empty() {
        let unknown = names(&listed.unknown);
        left_out.add(format!("What else it has means nothing here: {unknown}."));
    }
}
