//! The published format as it is read: which version a place offers, and its list of workspaces, in the
//! shapes of 1.0 and of 1.1.
//!
//! Nothing in it is relied on. What is missing, or is something else than it should be, leaves its field
//! empty, and one entry that makes no sense is no reason to pass over the others.

use serde_json::{Map, Value};

/// The versions that are understood, the newest first.
pub(super) const UNDERSTOOD: [&str; 2] = ["1.1", "1.0"];

/// Most entries of a list that are read.
pub(super) const MOST: usize = 500;

/// Keys of an entry that have a meaning, or need none here.
const KNOWN: [&str; 19] = [
    "architecture",
    "categories",
    "compatibility",
    "cores",
    "cpu_allocation_method",
    "description",
    "docker_registry",
    "exec_config",
    "friendly_name",
    "gpu_count",
    "image_src",
    "launch_config",
    "memory",
    "name",
    "notes",
    "run_config",
    "sha",
    "uncompressed_size_mb",
    "volume_mappings",
];

/// A list, with at most [`MOST`] entries.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Listing {
    pub name: String,
    pub description: String,
    pub contact: String,
    pub entries: Vec<Listed>,
    pub beyond: u32,
}

/// Several settings under one key.
#[derive(Debug, Default, PartialEq)]
pub(super) enum Settings {
    #[default]
    Nothing,
    Object(Map<String, Value>),
    /// It is neither an object nor the text of one.
    Unreadable,
}

/// One workspace as it is written there.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Listed {
    pub name: String,
    pub description: String,
    pub notes: String,
    pub image: String,
    /// Where the image is, if its name does not say.
    pub docker_registry: String,
    pub icon: String,
    pub categories: Vec<String>,
    pub architectures: Vec<String>,
    pub size_mb: Option<f64>,
    pub memory_mb: Option<f64>,
    pub cores: Option<f64>,
    pub gpus: Option<f64>,
    pub cpu_allocation: String,
    pub run_config: Settings,
    pub exec_config: Settings,
    pub volume_mappings: Settings,
    pub launch_config: Settings,
    /// Keys that mean nothing here.
    pub unknown: Vec<String>,
}

/// The newest version that a list of versions has and that is understood.
pub(super) fn newest(versions: &[String]) -> Option<&'static str> {
    UNDERSTOOD.into_iter().find(|known| versions.iter().any(|version| version == known))
}

/// The versions in a `versions.txt`, one a line.
pub(super) fn versions_in_text(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let lines = text.lines().map(|line| line.trim_matches('\u{feff}').trim());
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The versions in a `versions.json`, however it is built.
pub(super) fn versions_in_json(text: &[u8]) -> Vec<String> {
    fn collect(value: &Value, all: &mut Vec<String>) {
        match value {
            Value::String(text) => all.push(text.clone()),
            Value::Array(inner) => inner.iter().for_each(|value| collect(value, all)),
            Value::Object(inner) => inner.iter().for_each(|(key, value)| {
                all.push(key.clone());
                collect(value, all);
            }),
            _ => {}
        }
    }
    let mut all = Vec::new();
    if let Ok(value) = serde_json::from_slice(text) {
        collect(&value, &mut all);
    }
    all
}

/// Reads a `list.json`.
///
/// # Errors
/// Why it is none.
pub(super) fn read(text: &[u8]) -> Result<Listing, String> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let value: Value = serde_json::from_slice(text)
        .map_err(|why| format!("The list there cannot be read as JSON: {why}."))?;
    let Value::Object(mut root) = value else {
        return Err("The list there is no JSON object.".to_owned());
    };
    let Some(Value::Array(all)) = root.remove("workspaces") else {
        return Err("The list there has no `workspaces`.".to_owned());
    };
    let beyond = u32::try_from(all.len().saturating_sub(MOST)).unwrap_or(u32::MAX);
    Ok(Listing {
        name: text_of(root.get("name")),
        description: text_of(root.get("description")),
        contact: text_of(root.get("contact_url")),
        entries: all.iter().take(MOST).map(entry).collect(),
        beyond,
    })
}

fn entry(value: &Value) -> Listed {
    let Value::Object(entry) = value else { return Listed::default() };
    let of = |key: &str| entry.get(key);
    let newest = compatible(of("compatibility"));
    // Where both are there, what is said of one version is the nearer.
    let nearest =
        |inner: &str, outer: &str| newest.and_then(|of| of.get(inner)).or_else(|| of(outer));
    Listed {
        name: on_one_line(&text_of(of("friendly_name"))),
        description: text_of(of("description")),
        notes: text_of(of("notes")),
        image: text_of(nearest("image", "name")).trim().to_owned(),
        docker_registry: text_of(of("docker_registry")).trim().to_owned(),
        icon: text_of(of("image_src")),
        categories: texts(of("categories")),
        architectures: texts(of("architecture")),
        size_mb: number(nearest("uncompressed_size_mb", "uncompressed_size_mb")),
        memory_mb: number(of("memory")),
        cores: number(of("cores")),
        gpus: number(of("gpu_count")),
        cpu_allocation: text_of(of("cpu_allocation_method")),
        run_config: settings(of("run_config")),
        exec_config: settings(of("exec_config")),
        volume_mappings: settings(of("volume_mappings")),
        launch_config: settings(of("launch_config")),
        unknown: entry.keys().filter(|key| !KNOWN.contains(&key.as_str())).cloned().collect(),
    }
}

/// What is said for the newest version of what it was written for; as 1.1 has it.
fn compatible(value: Option<&Value>) -> Option<&Map<String, Value>> {
    let all = value?.as_array()?.iter().filter_map(Value::as_object);
    // `1.16.x` after `1.9.x`: compared part by part, as numbers.
    let parts = |of: &Map<String, Value>| -> Vec<u32> {
        let version = text_of(of.get("version"));
        version.split('.').map(|part| part.parse().unwrap_or(u32::MAX)).collect()
    };
    all.filter(|of| of.contains_key("image")).max_by_key(|of| parts(of))
}

fn text_of(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A list of words, also where it is a text with one a line.
fn texts(value: Option<&Value>) -> Vec<String> {
    let words = |text: &str| {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    match value {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).flat_map(words).collect(),
        Some(Value::String(text)) => words(text),
        _ => Vec::new(),
    }
}

/// A number, also where it is written as a text.
fn number(value: Option<&Value>) -> Option<f64> {
    let number = match value? {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    };
    number.filter(|number: &f64| number.is_finite())
}

/// Settings as an object, or as the text of one.
fn settings(value: Option<&Value>) -> Settings {
    match value {
        None | Some(Value::Null) => Settings::Nothing,
        Some(Value::String(text)) if text.trim().is_empty() => Settings::Nothing,
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(Value::Object(all)) => Settings::Object(all),
            _ => Settings::Unreadable,
        },
        Some(Value::Object(all)) => Settings::Object(all.clone()),
        Some(_) => Settings::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn only(entry: &Value) -> Listed {
        let text = json!({ "workspaces": [entry] }).to_string();
        read(text.as_bytes()).unwrap().entries.remove(0)
    }

    #[test]
    fn the_newest_version_that_is_understood_is_taken_from_either_list() {
        let of = |text: &str| newest(&versions_in_text(text.as_bytes()));
        assert_eq!(of("1.0\n1.1\r\n2.0\n"), Some("1.1"));
        assert_eq!(of("\u{feff}1.0"), Some("1.0"));
        assert_eq!(of("1.10\n1.1.1\nversion 1.1"), None);
        assert_eq!(of("<meta content=\"initial-scale=1.0\">"), None, "a page is no list");
        for json in [r#"["1.0","1.1"]"#, r#"{"versions":[{"version":"1.1"}]}"#, r#"{"1.1":{}}"#] {
            assert_eq!(newest(&versions_in_json(json.as_bytes())), Some("1.1"), "{json}");
        }
        assert_eq!(newest(&versions_in_json(b"[1.1")), None);
    }

    #[test]
    fn both_shapes_are_read() {
        let old = only(&json!({
            "friendly_name": " Firefox ", "name": "kasmweb/firefox:1.14.0", "description": "A browser.",
            "image_src": "firefox.png", "architecture": ["amd64"], "compatibility": ["1.14.x"],
            "uncompressed_size_mb": 2500, "categories": "Browser\nWeb", "cores": 2, "memory": "2768",
        }));
        assert_eq!((old.name.as_str(), old.image.as_str()), ("Firefox", "kasmweb/firefox:1.14.0"));
        assert_eq!(old.categories, ["Browser", "Web"]);
        assert_eq!(
            (old.size_mb, old.memory_mb, old.cores),
            (Some(2500.0), Some(2768.0), Some(2.0))
        );
        let new = only(&json!({
            "friendly_name": "Firefox", "architecture": ["amd64", "arm64"], "sha": "0",
            "compatibility": [
                {"version": "1.16.x", "image": "kasmweb/firefox:1.16.0", "uncompressed_size_mb": 3},
                {"version": "1.17.x", "image": "kasmweb/firefox:1.17.0", "uncompressed_size_mb": 4,
                 "available_tags": ["develop"]},
                {"version": "1.9.x", "image": "kasmweb/firefox:1.9.0"},
                "1.18.x", {"version": "2.0.x"},
            ],
            "run_config": "{\"hostname\": \"kasm\"}", "exec_config": {"go": {}}, "colour": "blue",
        }));
        assert_eq!((new.image.as_str(), new.size_mb), ("kasmweb/firefox:1.17.0", Some(4.0)));
        assert_eq!(new.unknown, ["colour"]);
        let Settings::Object(run) = &new.run_config else { panic!("{new:?}") };
        assert_eq!(run["hostname"], "kasm");
    }

    #[test]
    fn what_is_missing_or_something_else_leaves_its_field_empty() {
        assert_eq!(only(&json!({})), Listed::default());
        assert_eq!(only(&json!(7)), Listed::default());
        let odd = only(&json!({
            "friendly_name": 1, "categories": {"a": 1}, "memory": "much", "cores": true,
            "architecture": null, "compatibility": {"image": "x"}, "run_config": [1],
            "volume_mappings": "{", "launch_config": " ", "exec_config": null,
        }));
        assert_eq!(
            (odd.run_config, odd.volume_mappings),
            (Settings::Unreadable, Settings::Unreadable)
        );
        assert_eq!((odd.launch_config, odd.exec_config), (Settings::Nothing, Settings::Nothing));
        assert_eq!((odd.name.as_str(), odd.memory_mb, odd.cores), ("", None, None));
    }

    #[test]
    fn what_is_no_list_says_so_and_a_long_one_is_read_in_part() {
        for (text, part) in [
            ("<!DOCTYPE html>", "as JSON"),
            ("[]", "no JSON object"),
            ("{}", "no `workspaces`"),
            (r#"{"workspaces": {}}"#, "no `workspaces`"),
        ] {
            assert!(read(text.as_bytes()).unwrap_err().contains(part), "{text}");
        }
        assert!(read("[".repeat(100_000).as_bytes()).is_err());
        let many = format!(r#"{{"workspaces": [{}0]}}"#, "{},".repeat(MOST + 6));
        let read = read(many.as_bytes()).unwrap();
        assert_eq!((read.entries.len(), read.beyond), (MOST, 7));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[\\[\\]{}\":,a-z0-9 ]{0,120}") {
            let _ = read(text.as_bytes());
            let _ = versions_in_json(text.as_bytes());
            let _ = versions_in_text(text.as_bytes());
        }
    }
}
