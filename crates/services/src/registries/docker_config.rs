//! Reading the `config.json` in which Docker and Podman keep who signs in where.
//!
//! Pure, and careful with what it says: the text holds passwords, so no message quotes any of it.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use domain::{Error, Result};
use serde_json::{Map, Value};

/// The field that the text is typed in.
const FIELD: &str = "text";
/// Far more than such a file has, in bytes.
const LONGEST: usize = 64 << 10;
/// Most registries that are taken from one file.
const MOST: usize = 100;
/// In place of a user name where the password is a token that stands for somebody.
const TOKEN_USER: &str = "<token>";

/// As engines write it; some other programs leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One registry of the file.
pub(super) struct Entry {
    /// As the file names it: a host or an address.
    pub(super) key: String,
    pub(super) login: Login,
}

/// How the file says that one signs in there. Not shown by `Debug`, because of the password.
pub(super) enum Login {
    Password {
        username: String,
        password: String,
    },
    /// The password is in this program, and not in the file.
    Helper(String),
    /// Only a token that stands for somebody.
    Token,
    /// There is something that cannot be read.
    Damaged,
    Nothing,
}

/// The registries that a file names, in the order of their names.
///
/// # Errors
/// `Invalid` at `text` for what is no such file, with the place where it ends to be JSON.
pub(super) fn read(text: &str) -> Result<Vec<Entry>> {
    let refused = |why: String| Err(Error::at(FIELD, why));
    if text.len() > LONGEST {
        let most = LONGEST >> 10;
        return refused(format!("At most {most} KiB; a `config.json` of Docker is far shorter."));
    }
    // Some editors put a mark before the first character.
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return refused("Paste the content of a `config.json` of Docker.".to_owned());
    }
    let file: Value = serde_json::from_str(text).map_err(|error| no_json(&error))?;
    let Value::Object(file) = file else {
        return refused("This is JSON, but no `config.json`: that begins with a brace.".to_owned());
    };
    let auths = object(&file, "auths")?;
    let helpers = object(&file, "credHelpers")?;
    let store = file.get("credsStore").and_then(Value::as_str);
    let helper = |key: &str| {
        let own = helpers.and_then(|all| all.get(key)?.as_str());
        own.or(store).filter(|name| !name.is_empty())
    };
    let mut entries = Vec::new();
    for (key, entry) in auths.into_iter().flatten() {
        entries.push(Entry { key: key.clone(), login: login(entry, helper(key)) });
    }
    for (key, _) in helpers.into_iter().flatten() {
        if auths.is_none_or(|all| !all.contains_key(key)) {
            entries.push(Entry { key: key.clone(), login: login(&Value::Null, helper(key)) });
        }
    }
    if entries.is_empty() {
        let why = "No registry is in it: `auths` names none.".to_owned();
        return Err(Error::at(FIELD, why).hint(
            "Take the file of the user who ran `docker login`, usually ~/.docker/config.json.",
        ));
    }
    if entries.len() > MOST {
        return refused(format!("It names {} registries; take {MOST} at a time.", entries.len()));
    }
    Ok(entries)
}

/// A part of the file that holds one thing for each registry.
fn object<'a>(file: &'a Map<String, Value>, name: &str) -> Result<Option<&'a Map<String, Value>>> {
    match file.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(all)) => Ok(Some(all)),
        Some(_) => Err(Error::at(
            FIELD,
            format!(
                "`{name}` is not what it is in a `config.json`: something for each registry, in braces."
            ),
        )),
    }
}

/// Where the text is no JSON. The reader's own words are not used: they might quote it.
fn no_json(error: &serde_json::Error) -> Error {
    let place = format!("line {}, column {}", error.line(), error.column());
    let why = match error.is_eof() {
        true => format!(
            "The text ends too early, at {place}: a brace or a quotation mark is still open."
        ),
        false => format!("This is no JSON: it stops being that at {place}."),
    };
    Error::at(FIELD, why).hint("Paste the whole file, from its first brace to its last.")
}

fn text<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn login(entry: &Value, helper: Option<&str>) -> Login {
    let (username, password) = match text(entry, "auth").trim() {
        "" => (text(entry, "username").to_owned(), text(entry, "password").to_owned()),
        auth => match pair(auth) {
            Some(pair) => pair,
            None => return Login::Damaged,
        },
    };
    let has_token = |name: &&str| !text(entry, name).is_empty();
    match helper {
        _ if username == TOKEN_USER => Login::Token,
        _ if !username.is_empty() && !password.is_empty() => Login::Password { username, password },
        _ if ["identitytoken", "registrytoken"].iter().any(has_token) => Login::Token,
        Some(helper) => Login::Helper(helper.to_owned()),
        None => Login::Nothing,
    }
}

/// User name and password, as they are written together.
fn pair(auth: &str) -> Option<(String, String)> {
    let both = String::from_utf8(BASE64.decode(auth).ok()?).ok()?;
    let (username, password) = both.split_once(':')?;
    // Docker ends a password where it has a zero, and some programs put one there.
    Some((username.to_owned(), password.trim_end_matches('\0').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the file says, without the passwords.
    fn found(text: &str) -> Vec<(String, String)> {
        let said = |login: Login| match login {
            Login::Password { username, password } => format!("{username} with {}", password.len()),
            Login::Helper(helper) => format!("helper {helper}"),
            Login::Token => "token".to_owned(),
            Login::Damaged => "damaged".to_owned(),
            Login::Nothing => "nothing".to_owned(),
        };
        read(text).unwrap().into_iter().map(|entry| (entry.key, said(entry.login))).collect()
    }

    fn problem(text: &str) -> String {
        read(text).err().unwrap().problem_at(FIELD).unwrap().to_owned()
    }

    #[test]
    fn each_way_to_sign_in_is_told_apart() {
        let all = found(
            r#"{
                "auths": {
                    "a.example": { "auth": "cm9ib3Q6dmlv:bGlu" },
                    "b.example": { "auth": "cm9ib3Q6dmlvbGlu" },
                    "c.example": { "auth": "cm9ib3Q6dmlvbGluMQ" },
                    "d.example": { "username": "ada", "password": "lute:lute" },
                    "e.example": { "auth": "YWRhOg==", "identitytoken": "eyJ" },
                    "f.example": { "auth": "PHRva2VuPjpleUo=" },
                    "g.example": {},
                    "h.example": "nonsense",
                    "i.example": { "auth": "YWRhOmx1dGUAAA==" }
                },
                "HttpHeaders": { "User-Agent": "x" }
            }"#,
        );
        let said: Vec<&str> = all.iter().map(|(_, said)| said.as_str()).collect();
        let expected = [
            "damaged",
            "robot with 6",
            "robot with 7",
            "ada with 9",
            "token",
            "token",
            "nothing",
            "nothing",
            "ada with 4",
        ];
        assert_eq!(said, expected);
        assert_eq!(all[0].0, "a.example");
    }

    #[test]
    fn a_password_in_a_helper_is_not_in_the_file() {
        let all = found(
            r#"{
                "auths": { "a.example": {}, "b.example": {}, "d.example": {} },
                "credsStore": "desktop",
                "credHelpers": { "b.example": "ecr-login", "c.example": "gcloud", "d.example": "" }
            }"#,
        );
        let said: Vec<&str> = all.iter().map(|(_, said)| said.as_str()).collect();
        assert_eq!(said, ["helper desktop", "helper ecr-login", "nothing", "helper gcloud"]);
    }

    #[test]
    fn what_is_no_such_file_says_where_it_stops_being_one() {
        assert!(problem(" \n ").contains("Paste"));
        assert!(problem("{\n  \"auths\": {\n    oops").contains("line 3, column 5"));
        assert!(problem("{\"auths\": {").contains("too early"));
        assert!(problem("[1]").contains("brace"));
        assert!(problem(r#"{"auths": "secret-violin"}"#).contains("`auths`"));
        assert!(problem("{}").contains("No registry"));
        assert!(problem(&" ".repeat(LONGEST + 1)).contains("64 KiB"));
        let many: Vec<String> = (0..=MOST).map(|n| format!("\"{n}.example\": {{}}")).collect();
        assert!(problem(&format!("{{\"auths\": {{{}}}}}", many.join(","))).contains("101"));
        assert_eq!(found("\u{feff}{\"auths\": {\"a.example\": {}}}").len(), 1);
    }

    #[test]
    fn no_message_quotes_the_text() {
        for text in [
            "{\"auths\": {\"a.example\": {\"auth\": secret-violin}}}",
            "\"secret-violin\"",
            "{\"auths\": [\"secret-violin\"]}",
            "{\"auths\": {\"a.example\": {\"auth\": \"secret-violin",
        ] {
            let error = read(text).err().unwrap();
            assert!(!format!("{error:?}").contains("violin"), "{error:?}");
        }
    }
}
