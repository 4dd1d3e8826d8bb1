//! The published format as it is read: which version a place offers, and its list of workspaces, in the
//! shapes of 1.0 and of 1.1.
//!
//! Nothing in it is relied on. What is missing, or is something else than it should be, leaves its field
//! empty, and one entry that makes no sense is no reason to pass over the others. So each value is read by
//! itself, and of entries that are too many nothing is.

use domain::workspace::MOST_ENTRIES;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};
use std::{collections::BTreeMap, fmt};

/// The versions that are understood, the newest first.
pub(super) const UNDERSTOOD: [&str; 2] = ["1.1", "1.0"];

/// Most words of one list in an entry that are read, and characters of one: more than any form takes.
const WORDS: usize = 9;
const WORD_LONGEST: usize = 60;

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

/// A list, with at most [`MOST_ENTRIES`] entries.
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
    let whole: &RawValue = serde_json::from_slice(text)
        .map_err(|why| format!("The list there cannot be read as JSON: {why}."))?;
    if !whole.get().starts_with('{') {
        return Err("The list there is no JSON object.".to_owned());
    }
    let root: Root<'_> = serde_json::from_str(whole.get())
        .map_err(|why| format!("The list there cannot be read: {why}."))?;
    let Some(all) =
        root.workspaces.and_then(|all| serde_json::from_str::<Begin<'_>>(all.get()).ok())
    else {
        return Err("The list there has no `workspaces`.".to_owned());
    };
    let text = |raw: Option<&RawValue>| text_of(raw.map(value).as_ref());
    Ok(Listing {
        name: text(root.name),
        description: text(root.description),
        contact: text(root.contact_url),
        entries: all.entries.into_iter().map(entry).collect(),
        beyond: all.beyond,
    })
}

#[derive(Deserialize)]
struct Root<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    description: Option<&'a RawValue>,
    #[serde(borrow)]
    contact_url: Option<&'a RawValue>,
    #[serde(borrow)]
    workspaces: Option<&'a RawValue>,
}

/// The entries that are read, and how many more there are.
struct Begin<'a> {
    entries: Vec<&'a RawValue>,
    beyond: u32,
}

impl<'de> Deserialize<'de> for Begin<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Beginning;
        impl<'de> Visitor<'de> for Beginning {
            type Value = Begin<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of workspaces")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Begin<'de>, A::Error> {
                let mut begin = Begin { entries: Vec::new(), beyond: 0 };
                while begin.entries.len() < MOST_ENTRIES {
                    match all.next_element()? {
                        Some(entry) => begin.entries.push(entry),
                        None => return Ok(begin),
                    }
                }
                while all.next_element::<IgnoredAny>()?.is_some() {
                    begin.beyond = begin.beyond.saturating_add(1);
                }
                Ok(begin)
            }
        }
        deserializer.deserialize_seq(Beginning)
    }
}

/// What is written there. A value that is none, such as a number beyond all numbers, is there and has no
/// meaning for anything: so is `true`, where no key takes one.
fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or(Value::Bool(true))
}

fn entry(raw: &RawValue) -> Listed {
    let Ok(all) = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw.get()) else {
        return Listed::default();
    };
    let (known, unknown): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(key, _)| KNOWN.contains(&key.as_str()));
    let entry: Map<String, Value> = known.into_iter().map(|(key, raw)| (key, value(raw))).collect();
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
        unknown: unknown.into_iter().map(|(key, _)| key).collect(),
    }
}

/// What is said for the newest version of what it was written for; as 1.1 has it.
fn compatible(value: Option<&Value>) -> Option<&Map<String, Value>> {
    let all = value?.as_array()?.iter().filter_map(Value::as_object);
    // `1.16.x` after `1.9.x`: compared part by part, as numbers. What is no version is before them all.
    let parts = |of: &Map<String, Value>| -> Vec<u32> {
        let version = text_of(of.get("version"));
        let is_version = version.starts_with(|c: char| c.is_ascii_digit());
        version.split('.').take(if is_version { 8 } else { 0 }).map(part).collect()
    };
    all.filter(|of| of.contains_key("image")).max_by_key(|of| parts(of))
}

/// A part of a version: its number, and `x` as the newest of all.
fn part(part: &str) -> u32 {
    let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
    match part {
        "x" | "X" => u32::MAX,
        _ => part[..end].parse().unwrap_or_default(),
    }
}

fn text_of(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A list of words, also where it is a text with one a line; not more of it than [`WORDS`].
fn texts(value: Option<&Value>) -> Vec<String> {
    let all = match value {
        Some(Value::Array(all)) => all.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let words = all.iter().filter_map(Value::as_str).flat_map(str::lines).map(str::trim);
    let words = words.filter(|word| !word.is_empty()).take(WORDS);
    words.map(|word| word.chars().take(WORD_LONGEST).collect()).collect()
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
    fn one_odd_value_leaves_the_others_alone() {
        let text = r#"{"name": 1e999, "workspaces": [
            {"friendly_name": "A", "cores": 1e999, "description": "\ud800", "run_config": {"a": 1e999}},
            {"friendly_name": "B", "zip": 1e999}, 1e999, {"friendly_name": "C", "memory": "1e999"}]}"#;
        let read = read(text.as_bytes()).unwrap();
        let names: Vec<&str> = read.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!((read.name.as_str(), names), ("", vec!["A", "B", "", "C"]));
        let [a, b, _, c] = read.entries.as_slice() else { panic!("{read:?}") };
        assert_eq!((a.cores, a.description.as_str()), (None, ""));
        assert_eq!((&a.run_config, c.memory_mb), (&Settings::Unreadable, None));
        assert_eq!(b.unknown, ["zip"]);
    }

    #[test]
    fn only_x_is_the_newest_and_what_is_no_version_comes_last() {
        let newest_of = |versions: &[&str]| {
            let all: Vec<Value> =
                versions.iter().map(|v| json!({"version": v, "image": v})).collect();
            only(&json!({ "compatibility": all })).image
        };
        assert_eq!(newest_of(&["1.17.0", "develop", "1.9.x", ""]), "1.17.0");
        assert_eq!(newest_of(&["1.17.0-rolling", "1.17.x", "1.17.weekly"]), "1.17.x");
        assert_eq!(newest_of(&["1.9", "1.10-a", "v2"]), "1.10-a");
        let nameless = json!({"compatibility": [{"image": "b"}, {"version": "1.0", "image": "a"}, {"image": "c"}]});
        assert_eq!(only(&nameless).image, "a");
    }

    #[test]
    fn of_a_list_no_more_is_read_than_a_form_takes() {
        let many: Vec<String> = (0..10_000).map(|n| format!("{n}{}", "x".repeat(200))).collect();
        for listed in [json!({ "categories": many }), json!({ "categories": many.join("\n") })] {
            let read = only(&listed).categories;
            assert_eq!(read.len(), WORDS);
            assert!(read.iter().all(|one| one.chars().count() == WORD_LONGEST));
        }
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
        let many = format!(r#"{{"workspaces": [{}0]}}"#, "{},".repeat(MOST_ENTRIES + 6));
        let read = read(many.as_bytes()).unwrap();
        assert_eq!((read.entries.len(), read.beyond), (MOST_ENTRIES, 7));
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
