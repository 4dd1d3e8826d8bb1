//! Options pasted as JSON, as engines and compose files write them.
//!
//! Every key is known here or refused by name with the reason, so that nothing is taken for granted
//! that does not happen. What is known becomes lines of the form's own fields, which are then checked
//! like everything typed.

use super::ConfinementForm;
use serde_json::{Map, Value};

/// Keys that are never taken, as they read without case and underscores, and why.
const REFUSED: &[(&[&str], &str)] = &[
    (
        &["binds", "mounts", "volumes", "volumesfrom", "volumedriver"],
        "write them under Volumes, where the allowed directories of the host count",
    ),
    (
        &["network", "networks", "networkmode", "networkingconfig", "networkdisabled", "links"],
        "choose it under Network",
    ),
    (
        &[
            "pid",
            "pidmode",
            "ipc",
            "ipcmode",
            "uts",
            "utsmode",
            "userns",
            "usernsmode",
            "cgroup",
            "cgroupns",
            "cgroupnsmode",
            "cgroupparent",
        ],
        "sessions never share the namespaces of the host or of other containers",
    ),
    (
        &["ports", "portbindings", "publishallports", "exposedports", "expose"],
        "sessions are reached through the console only",
    ),
    (
        &[
            "capadd",
            "shmsize",
            "memory",
            "memlimit",
            "memswaplimit",
            "memoryswap",
            "memoryreservation",
            "nanocpus",
            "cpus",
            "cpuquota",
            "cpuperiod",
            "cpushares",
            "pidslimit",
            "environment",
            "env",
            "command",
            "cmd",
            "image",
            "init",
            "name",
        ],
        "it has a field of its own in this form",
    ),
    (&["capdrop"], "every capability is dropped already"),
    (&["entrypoint"], "write the whole command under Connection"),
    (
        &["devicerequests", "runtime", "gpus"],
        "write under Graphics processors how many there are to be",
    ),
    (
        &[
            "devicecgrouprules",
            "groupadd",
            "maskedpaths",
            "readonlypaths",
            "oomkilldisable",
            "oomscoreadj",
            "storageopt",
            "blkioweight",
            "isolation",
        ],
        "it would weaken what keeps sessions apart, and nothing needs it",
    ),
    (
        &[
            "restart",
            "restartpolicy",
            "autoremove",
            "remove",
            "detach",
            "labels",
            "logconfig",
            "logging",
            "stopsignal",
            "stoptimeout",
            "healthcheck",
            "containername",
            "tty",
            "stdinopen",
        ],
        "Slipway decides it for every session",
    ),
];

/// Key as it is looked up: `ExtraHosts`, `extra_hosts` and `extra-hosts` are one.
fn plain(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The form with what was pasted in its fields, and nothing pasted any more.
///
/// # Errors
/// Which key is refused, and why.
pub(super) fn fill(form: &ConfinementForm) -> Result<ConfinementForm, String> {
    let mut filled = ConfinementForm { options: String::new(), ..form.clone() };
    if form.options.trim().is_empty() {
        return Ok(filled);
    }
    let value: Value = serde_json::from_str(&form.options)
        .map_err(|why| format!("This cannot be read as JSON: {why}."))?;
    let Value::Object(all) = value else {
        return Err("Write a JSON object, such as {\"hostname\": \"desk\"}.".to_owned());
    };
    let mut wrong = Vec::new();
    take_all(&all, &mut filled, &mut wrong);
    if wrong.is_empty() { Ok(filled) } else { Err(wrong.join(" ")) }
}

fn take_all(all: &Map<String, Value>, form: &mut ConfinementForm, wrong: &mut Vec<String>) {
    for (key, value) in all {
        match (plain(key).as_str(), value) {
            // As an engine describes a container.
            ("hostconfig" | "config", Value::Object(inner)) => take_all(inner, form, wrong),
            (name, value) => {
                if let Err(why) = take(name, value, form) {
                    wrong.push(format!("`{key}`: {why}."));
                }
            }
        }
    }
}

fn take(name: &str, value: &Value, form: &mut ConfinementForm) -> Result<(), String> {
    let (field, text) = match name {
        "hostname" => (&mut form.hostname, text(value)?),
        "user" => (&mut form.run_as, text(value)?),
        "workingdir" => (&mut form.working_dir, text(value)?),
        "dns" => (&mut form.dns, list(value, ' ', text)?),
        "extrahosts" => (&mut form.extra_hosts, pairs(value, ':')?),
        "sysctls" => (&mut form.sysctls, pairs(value, '=')?),
        "tmpfs" => (&mut form.tmpfs, tmpfs(value)?),
        "ulimits" => (&mut form.ulimits, ulimits(value)?),
        "devices" => (&mut form.devices, list(value, '\n', device)?),
        "readonly" | "readonlyrootfs" => (&mut form.read_only, tick(value)?),
        "privileged" => (&mut form.privileged, tick(value)?),
        "securityopt" => return security(value, form),
        _ => {
            let known = REFUSED.iter().find(|(names, _)| names.contains(&name));
            return Err(known.map_or_else(
                || "it is none of the options that can be said here".to_owned(),
                |(_, why)| (*why).to_owned(),
            ));
        }
    };
    put(field, text)
}

fn put(field: &mut String, text: String) -> Result<(), String> {
    if text.is_empty() || *field == text {
        return Ok(());
    }
    if !field.trim().is_empty() {
        return Err("it is said in its own field too, and otherwise".to_owned());
    }
    *field = text;
    Ok(())
}

fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) if text.contains('\n') => Err("it is one line".to_owned()),
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Ok(String::new()),
        _ => Err("its value is to be a text".to_owned()),
    }
}

fn tick(value: &Value) -> Result<String, String> {
    match value {
        Value::Bool(true) => Ok("on".to_owned()),
        Value::Bool(false) | Value::Null => Ok(String::new()),
        _ => Err("its value is to be true or false".to_owned()),
    }
}

fn list(
    value: &Value,
    between: char,
    read: impl Fn(&Value) -> Result<String, String>,
) -> Result<String, String> {
    match value {
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(read).collect::<Result<_, _>>()?;
            Ok(all.join(&between.to_string()))
        }
        one => read(one),
    }
}

/// A list of pairs, or an object of them.
fn pairs(value: &Value, between: char) -> Result<String, String> {
    let Value::Object(all) = value else { return list(value, '\n', text) };
    let all: Vec<String> = all
        .iter()
        .map(|(name, value)| Ok(format!("{name}{between}{}", text(value)?)))
        .collect::<Result<_, String>>()?;
    Ok(all.join("\n"))
}

fn tmpfs(value: &Value) -> Result<String, String> {
    let Value::Object(all) = value else { return list(value, '\n', text) };
    let line = |(path, value): (&String, &Value)| {
        let option = text(value)?;
        Ok(if option.is_empty() { path.clone() } else { format!("{path}:{option}") })
    };
    let all: Vec<String> = all.iter().map(line).collect::<Result<_, String>>()?;
    Ok(all.join("\n"))
}

/// What an object says under one of these names.
fn under<'a>(all: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    all.iter().find(|(key, _)| names.contains(&plain(key).as_str())).map(|(_, value)| value)
}

fn ulimit(name: &str, value: &Value) -> Result<String, String> {
    let Value::Object(parts) = value else { return Ok(format!("{name}={}", text(value)?)) };
    let part = |which: &str| under(parts, &[which]).map(text).transpose();
    match (part("soft")?, part("hard")?) {
        (Some(soft), Some(hard)) => Ok(format!("{name}={soft}:{hard}")),
        (Some(one), None) | (None, Some(one)) => Ok(format!("{name}={one}")),
        (None, None) => Err("each limit has a soft and a hard value".to_owned()),
    }
}

fn ulimits(value: &Value) -> Result<String, String> {
    let all: Vec<String> = match value {
        Value::Object(all) => {
            all.iter().map(|(name, value)| ulimit(name, value)).collect::<Result<_, _>>()?
        }
        Value::Array(all) => all
            .iter()
            .map(|one| match one {
                Value::Object(parts) => {
                    ulimit(&under(parts, &["name"]).map(text).transpose()?.unwrap_or_default(), one)
                }
                one => text(one),
            })
            .collect::<Result<_, _>>()?,
        _ => return Err("write a list, or an object of names and values".to_owned()),
    };
    Ok(all.join("\n"))
}

fn device(value: &Value) -> Result<String, String> {
    let (host, inside, access) = match value {
        Value::Object(parts) => {
            let part = |name: &str| under(parts, &[name]).map(text).transpose();
            (
                part("pathonhost")?.unwrap_or_default(),
                part("pathincontainer")?,
                part("cgrouppermissions")?,
            )
        }
        one => {
            let line = text(one)?;
            let mut parts = line.split(':').map(str::to_owned);
            let host = parts.next().unwrap_or_default();
            match (parts.next(), parts.next()) {
                (Some(access), None) if !access.starts_with('/') => (host, None, Some(access)),
                (inside, access) => (host, inside, access),
            }
        }
    };
    if inside.is_some_and(|inside| !inside.is_empty() && inside != host) {
        return Err("a device is at the same path in the container".to_owned());
    }
    Ok(match access {
        Some(access) if !access.is_empty() => format!("{host}:{access}"),
        _ => host,
    })
}

fn security(value: &Value, form: &mut ConfinementForm) -> Result<(), String> {
    let all = list(value, '\n', text)?;
    for option in all.lines().map(str::trim).filter(|option| !option.is_empty()) {
        match option.replace(':', "=").as_str() {
            // Every session has it.
            "no-new-privileges" | "no-new-privileges=true" => {}
            "seccomp=unconfined" => form.seccomp = "on".to_owned(),
            "apparmor=unconfined" => form.apparmor = "on".to_owned(),
            _ => {
                return Err(format!(
                    "of `{option}` only seccomp=unconfined and apparmor=unconfined can be said"
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(json: &str) -> Result<ConfinementForm, String> {
        fill(&ConfinementForm { options: json.into(), ..ConfinementForm::default() })
    }

    #[test]
    fn options_are_read_as_engines_and_as_compose_files_write_them() {
        let engine = r#"{"Hostname": "desk", "User": "1000", "WorkingDir": "/srv", "HostConfig": {
            "Dns": ["10.0.0.1", "10.0.0.2"], "ExtraHosts": ["db:10.0.0.5"], "ReadonlyRootfs": true,
            "Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": 2}], "Tmpfs": {"/run": "size=64m"},
            "Sysctls": {"net.core.somaxconn": "128"}, "Privileged": false,
            "SecurityOpt": ["no-new-privileges", "seccomp=unconfined"],
            "Devices": [{"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/fuse", "CgroupPermissions": "rw"}]}}"#;
        let compose = r#"{"hostname": "desk", "user": 1000, "working_dir": "/srv",
            "dns": ["10.0.0.1", "10.0.0.2"], "extra_hosts": {"db": "10.0.0.5"}, "read_only": true,
            "ulimits": {"nofile": {"soft": 1, "hard": 2}}, "tmpfs": ["/run:size=64m"],
            "sysctls": ["net.core.somaxconn=128"], "security_opt": ["seccomp:unconfined"],
            "devices": ["/dev/fuse:/dev/fuse:rw"]}"#;
        let expected = ConfinementForm {
            hostname: "desk".into(),
            run_as: "1000".into(),
            working_dir: "/srv".into(),
            dns: "10.0.0.1 10.0.0.2".into(),
            extra_hosts: "db:10.0.0.5".into(),
            read_only: "on".into(),
            ulimits: "nofile=1:2".into(),
            tmpfs: "/run:size=64m".into(),
            sysctls: "net.core.somaxconn=128".into(),
            seccomp: "on".into(),
            devices: "/dev/fuse:rw".into(),
            ..ConfinementForm::default()
        };
        assert_eq!(filled(engine).unwrap(), expected);
        assert_eq!(filled(compose).unwrap(), expected);
        assert_eq!(filled(" ").unwrap(), ConfinementForm::default());
    }

    #[test]
    fn every_other_key_is_refused_by_name_and_with_the_reason() {
        for (json, part) in [
            (r#"{"Binds": ["/:/host"]}"#, "under Volumes"),
            (r#"{"HostConfig": {"PidMode": "host"}}"#, "`PidMode`: sessions never share"),
            (r#"{"network_mode": "host"}"#, "under Network"),
            (r#"{"cap_add": ["SYS_ADMIN"]}"#, "a field of its own"),
            (r#"{"DeviceRequests": []}"#, "Graphics processors"),
            (r#"{"nonsense": 1}"#, "`nonsense`: it is none"),
            (r#"{"security_opt": ["systempaths=unconfined"]}"#, "systempaths"),
            (r#"{"hostname": {"a": 1}}"#, "a text"),
            (r#"{"privileged": "yes"}"#, "true or false"),
            (r#"{"devices": ["/dev/a:/dev/b"]}"#, "same path"),
            (r#"{"hostname": "a\nb"}"#, "one line"),
            ("[1]", "a JSON object"),
            ("{", "read as JSON"),
        ] {
            let told = filled(json).unwrap_err();
            assert!(told.contains(part), "{json}: {told}");
        }
        let both = r#"{"Binds": [], "PidMode": "host"}"#;
        assert!(filled(both).unwrap_err().matches('`').count() == 4, "each is told");
    }

    #[test]
    fn what_is_typed_and_pasted_may_not_differ() {
        let form = |json: &str| ConfinementForm {
            hostname: "desk".into(),
            options: json.into(),
            ..ConfinementForm::default()
        };
        assert!(fill(&form(r#"{"hostname": "desk"}"#)).is_ok());
        let told = fill(&form(r#"{"hostname": "other"}"#)).unwrap_err();
        assert!(told.contains("`hostname`: it is said in its own field too"), "{told}");
    }

    proptest! {
        #[test]
        fn no_key_is_passed_over_in_silence(key in "[A-Za-z_]{1,14}") {
            let told = filled(&format!(r#"{{"{key}": "x"}}"#));
            if let Ok(form) = told {
                prop_assert_ne!(form, ConfinementForm::default());
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = filled(&text);
        }
    }
}
