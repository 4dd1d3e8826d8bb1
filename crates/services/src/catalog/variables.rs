//! Variables of an entry: those that are taken over, and why the others are not.
//!
//! Images read more from their environment than settings: where programs are loaded from, what is sent
//! through whom, and who may come in. Nothing of that is for a catalog to say, and nothing that is set
//! here already, by the image's family or by an administrator.

use super::words::{LeftOut, names};
use crate::sessions::is_secret;
use domain::{contract::check_variable, hidden::is_hidden, workspace::WorkspaceForm};
use serde_json::Value;
use std::collections::BTreeMap;

/// Most variables of an entry, and bytes of one.
const MOST: usize = 100;
const LONGEST: usize = 4096;

/// Takes variables over, from an object or from a list of `NAME=value`.
pub(super) fn environment(value: &Value, form: &mut WorkspaceForm, left_out: &mut LeftOut) {
    let secrets = [form.basic_password_variable.clone(), form.basic_user_variable.clone()];
    // As it was before: what the entry itself says twice counts as it says it last.
    let here: BTreeMap<String, String> = form.environment.lines().map(pair).collect();
    let mut taken = BTreeMap::new();
    let mut left: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (at, (name, value)) in pairs(value).into_iter().enumerate() {
        let checked = check_variable(&name);
        let why = match (&checked, value) {
            _ if at >= MOST => "there are too many of them",
            (Err(_), _) => "no variable is called that",
            (_, None) => "it is no text",
            (Ok(name), _) if secrets.contains(name) => {
                "Slipway sets it itself, anew for each session"
            }
            (Ok(name), Some(value)) if here.get(name) == Some(&value) => continue,
            (Ok(name), _) if here.contains_key(name) => {
                "it is set here already; change it in the form"
            }
            // Each is a line of the form, and no value may add another one.
            (_, Some(value)) if value.chars().any(is_hidden) => {
                "it has line breaks, or characters that cannot be seen"
            }
            (_, Some(value)) if value.len() > LONGEST => "it is too long",
            (Ok(name), Some(value)) => match reason(name) {
                Some(why) => why,
                None => {
                    taken.insert(name.clone(), value);
                    continue;
                }
            },
        };
        left.entry(why).or_default().push(name);
    }
    let lines = taken.into_iter().map(|(name, value)| format!("{name}={value}"));
    let all: Vec<String> = form.environment.lines().map(str::to_owned).chain(lines).collect();
    form.environment = all.join("\n");
    for (why, all) in left {
        let (noun, are) = if all.len() == 1 { ("variable", "is") } else { ("variables", "are") };
        let named = names(&all);
        left_out.own(format!("The {noun} {named} {are} not taken over: {why}."));
    }
}

fn pair(line: &str) -> (String, String) {
    let (name, value) = line.split_once('=').unwrap_or((line, ""));
    (name.to_owned(), value.to_owned())
}

/// Names with their values, which are `None` where they are no text.
fn pairs(value: &Value) -> Vec<(String, Option<String>)> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null => Some(String::new()),
        _ => None,
    };
    match value {
        Value::Object(all) => all.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        Value::Array(all) => {
            let lines = all.iter().filter_map(Value::as_str).map(pair);
            lines.map(|(name, value)| (name, Some(value))).collect()
        }
        _ => Vec::new(),
    }
}

/// Why a variable is not for a catalog to set, whatever its value is.
fn reason(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_uppercase();
    match name.as_str() {
        "PUID" | "PGID" => Some("as whom programs run is for you to say, in the form"),
        "VNCOPTIONS" | "NOTEBOOK_ARGS" | "APP_ARGS" | "KASM_URL" => {
            Some("it steers the programs of the image; write it in the form if you want it")
        }
        _ if name.starts_with("KASM_API_") => Some("it is of another console"),
        _ if name.ends_with("_PROXY") => {
            Some("through whom its sessions speak to others is for you to say, in the form")
        }
        _ if name.starts_with("LD_") => Some("it says where programs are loaded from"),
        _ if is_secret(&name) => Some("a secret that a catalog gives to everybody is none"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn after(here: &str, value: Value) -> (Vec<String>, String) {
        let mut form = WorkspaceForm {
            environment: here.into(),
            basic_password_variable: "VNC_PW".into(),
            ..WorkspaceForm::default()
        };
        let mut left_out = LeftOut::default();
        environment(&value, &mut form, &mut left_out);
        let lines = form.environment.lines().map(str::to_owned).collect();
        (lines, left_out.into_sentences().join("\n"))
    }

    #[test]
    fn variables_are_taken_over_one_by_one_and_none_brings_another() {
        let (lines, told) = after(
            "",
            json!({
                "LANG": "C.UTF-8", "PORT": 80, "ON": true, "EMPTY": null, "A": "x\nLD_PRELOAD=/evil",
                "B C": "x", "VNC_PW": "known", "LIST": ["x"], "LONG": "x".repeat(5000),
            }),
        );
        assert_eq!(lines, ["EMPTY=", "LANG=C.UTF-8", "ON=true", "PORT=80"]);
        for name in ["A", "B C", "VNC_PW", "LIST", "LONG"] {
            assert!(told.contains(&format!("The variable `{name}` is not taken over")), "{told}");
        }
        let (lines, _) = after("", json!(["A=1=2", "B", "A=2"]));
        assert_eq!(lines, ["A=2", "B="]);
    }

    #[test]
    fn what_is_set_here_stays_and_is_named_unless_it_is_the_same() {
        let (lines, told) = after("LANG=C\nTZ=UTC", json!({ "LANG": "de", "TZ": "UTC", "X": "1" }));
        assert_eq!(lines, ["LANG=C", "TZ=UTC", "X=1"]);
        assert_eq!(
            told,
            "The variable `LANG` is not taken over: it is set here already; change it in the form."
        );
    }

    #[test]
    fn what_steers_loading_ways_out_and_ways_in_is_not_for_a_catalog_to_set() {
        let (lines, told) = after(
            "",
            json!({
                "PUID": 0, "PGID": 0, "KASM_API_HOST": "x", "KASM_API_JWT": "x", "https_proxy": "x",
                "ALL_PROXY": "x", "LD_PRELOAD": "x", "VNCOPTIONS": "-x", "PASSWORD": "x", "api_token": "x",
                "NOTEBOOK_ARGS": "x", "APP_ARGS": "x", "KASM_URL": "x", "LAUNCH_URL": "https://a.example",
            }),
        );
        assert_eq!(lines, ["LAUNCH_URL=https://a.example"]);
        for name in ["PUID", "https_proxy", "LD_PRELOAD", "VNCOPTIONS", "PASSWORD", "KASM_URL"] {
            assert!(told.contains(&format!("`{name}`")), "{told}");
        }
    }

    #[test]
    fn many_of_them_are_told_in_few_words() {
        let many: serde_json::Map<String, Value> =
            (0..5000).map(|n| (format!("V{n:04}"), json!("x"))).collect();
        let (lines, told) = after("", Value::Object(many));
        assert_eq!((lines.len(), told.lines().count()), (MOST, 1));
        assert!(
            told.contains("`V0100`") && told.contains("and 4890 more are not taken over"),
            "{told}"
        );
    }
}
