//! The launch form: what a workspace asks for when somebody launches it.
//!
//! An administrator writes down the fields ([`parse_all`]); whoever launches answers them
//! ([`check`]). An answer reaches the container as an environment variable or as a file. What is
//! secret is kept apart from everything else from the first moment on, so that nothing that shows a
//! session can show it.

mod text;

pub use text::{parse_all, write_all};

use crate::{
    FieldProblem, Result, confinement::Tmpfs, contract::check_variable, error::Problems,
    path::is_in, storage::Mapping, workspace::Definition,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most fields of one form.
pub const MOST: usize = 20;
/// Most characters of a line that is typed.
const LINE_LONGEST: usize = 1_000;
/// Most bytes of any other answer; an engine takes the whole environment in one piece.
const ANSWER_LARGEST: usize = 16 * 1024;
/// Longer ones do not fit into the archives that engines take.
const PATH_LONGEST: usize = 100;
/// Where nothing that is put in before the start is found afterwards.
const OUT_OF_REACH: [&str; 3] = ["/proc", "/sys", "/dev"];

/// What an answer looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    /// Several lines of text.
    Lines,
    /// One of these.
    Choice(Vec<String>),
    /// `yes` or `no`.
    YesNo,
    /// A line that nobody gets to see again.
    Secret,
}

/// How an answer reaches the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Variable(String),
    /// A path inside; only the container's user can read the file.
    File(String),
}

impl Target {
    /// Reads the name of a variable, or the path of a file.
    ///
    /// # Errors
    /// Why it is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.starts_with('/') {
            check_file(text).map(Self::File)
        } else {
            check_variable(text).map(Self::Variable)
        }
    }

    pub fn as_str(&self) -> &str {
        let (Self::Variable(name) | Self::File(name)) = self;
        name
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

fn check_file(path: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._+@-".contains(c);
    let parts = || path.split('/').skip(1);
    let fits = path.len() <= PATH_LONGEST
        && path.chars().all(plain)
        && parts().all(|part| !matches!(part, "" | "." | ".."));
    if !fits {
        return Err(format!(
            "`{path}` is no path of a file in a container, such as `/home/user/.config/token`."
        ));
    }
    match OUT_OF_REACH.iter().find(|top| is_in(path, top)) {
        Some(top) => Err(format!("Nothing can be put below `{top}`.")),
        None => Ok(path.to_owned()),
    }
}

/// One field that is asked at launch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    pub label: String,
    #[serde(default)]
    pub help: String,
    pub kind: Kind,
    #[serde(default)]
    pub required: bool,
    /// What it holds at first; empty for nothing.
    #[serde(default)]
    pub default: String,
    pub target: Target,
}

impl Field {
    pub const fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret)
    }

    /// The name that its answer is posted with. Secrets have names of their own, so that whoever
    /// keeps what was typed knows what to leave out.
    pub fn posted(&self) -> String {
        let group = if self.is_secret() { "secrets" } else { "answers" };
        format!("{group}[{}]", self.target)
    }

    /// The answer without what browsers add to it; `None` for none.
    fn answered(&self, typed: &Typed) -> Result<Option<String>, String> {
        let from = if self.is_secret() { &typed.secrets } else { &typed.answers };
        let text = from.get(self.target.as_str()).map(String::as_str).unwrap_or_default();
        let answer = match self.kind {
            // Browsers post a tick or nothing.
            Kind::YesNo if matches!(text, "on" | "yes") => "yes".to_owned(),
            Kind::YesNo => "no".to_owned(),
            Kind::Lines => text.replace("\r\n", "\n"),
            // The blanks may belong to it.
            Kind::Secret => text.to_owned(),
            Kind::Text | Kind::Choice(_) => text.trim().to_owned(),
        };
        if answer.trim().is_empty() {
            let needed = || format!("“{}” is needed.", self.label);
            return if self.required { Err(needed()) } else { Ok(None) };
        }
        self.fits(&answer)?;
        Ok(Some(answer))
    }

    fn fits(&self, answer: &str) -> Result<(), String> {
        let label = &self.label;
        if answer.contains('\0') {
            return Err(format!("“{label}” holds a character that cannot be given."));
        }
        if self.kind != Kind::Lines && answer.contains(['\r', '\n']) {
            return Err(format!("“{label}” is one line."));
        }
        match &self.kind {
            Kind::Text if answer.chars().count() > LINE_LONGEST => {
                Err(format!("“{label}” has at most {LINE_LONGEST} characters."))
            }
            Kind::Choice(options) if !options.iter().any(|option| option == answer) => {
                Err(format!("Choose “{label}” from the list."))
            }
            Kind::YesNo if !matches!(answer, "yes" | "no") => {
                Err(format!("“{label}” is `yes` or `no`."))
            }
            _ if answer.len() > ANSWER_LARGEST => {
                Err(format!("“{label}” has at most {} KiB.", ANSWER_LARGEST / 1024))
            }
            _ => Ok(()),
        }
    }
}

/// What was posted, by the targets of the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    pub answers: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, String>,
}

/// One answer, as a session holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub label: String,
    pub target: Target,
    /// `None` for a secret, which is kept elsewhere.
    pub value: Option<String>,
}

impl Answer {
    /// Whether nobody may see it again.
    pub const fn is_secret(&self) -> bool {
        self.value.is_none()
    }
}

/// Secret answers by their targets. Not shown by `Debug`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secrets(pub BTreeMap<String, String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

/// The answers to a form: what a session may show, and what it may not. What was left open is in
/// neither.
///
/// # Errors
/// `Invalid` with each problem at the [name it is posted with](Field::posted).
pub fn check(fields: &[Field], typed: &Typed) -> Result<(Vec<Answer>, Secrets)> {
    let (mut answers, mut secrets) = (Vec::new(), Secrets::default());
    let mut problems = Problems::default();
    for field in fields {
        let answer = problems.take(&field.posted(), field.answered(typed), None);
        let Some(answer) = answer else { continue };
        let value = if field.is_secret() {
            secrets.0.insert(field.target.to_string(), answer);
            None
        } else {
            Some(answer)
        };
        let (label, target) = (field.label.clone(), field.target.clone());
        answers.push(Answer { label, target, value });
    }
    problems.finish()?;
    Ok((answers, secrets))
}

/// What is given to a container: variables, and files with what is in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    pub variables: Vec<(String, String)>,
    pub files: Vec<(String, String)>,
}

/// Puts shown and secret answers together again.
pub fn given(answers: &[Answer], secrets: &Secrets) -> Given {
    let mut given = Given::default();
    for answer in answers {
        let value = answer.value.as_ref().or_else(|| secrets.0.get(answer.target.as_str()));
        let Some(value) = value.cloned() else { continue };
        match &answer.target {
            Target::Variable(name) => given.variables.push((name.clone(), value)),
            Target::File(path) => given.files.push((path.clone(), value)),
        }
    }
    given
}

impl Definition {
    /// Whether each answer can go where its field says, beside all else that the workspace has
    /// there.
    pub(crate) fn check_targets(&self, problems: &mut Problems) {
        for field in &self.launch_form {
            if let Some(why) = self.taken(field) {
                problems.add("launch_form", format!("“{}”: {why}", field.label));
            }
        }
    }

    fn taken(&self, field: &Field) -> Option<String> {
        match &field.target {
            Target::Variable(name) => {
                if self.environment.iter().any(|(known, _)| known == name) {
                    return Some(format!("`{name}` is among the workspace's variables already."));
                }
                let basic = self.contract.basic.as_ref()?;
                let own = [Some(&basic.password_variable), basic.user_variable.as_ref()];
                own.contains(&Some(name))
                    .then(|| format!("`{name}` is set by Slipway, for the credentials."))
            }
            Target::File(path) => {
                let (storage, options) = (&self.storage, &self.confinement.options);
                if options.read_only {
                    // Also where a volume is: test launches, and sessions without a home, have none.
                    return Some("the container's root is only read, so nothing is put in.".into());
                }
                let home = storage.profile.then_some((&storage.home, false));
                let own = storage.folder.as_ref().map(|at| (at, false));
                if field.is_secret()
                    && storage.profile
                    && storage.profile_path.is_some()
                    && is_in(path, &storage.home)
                {
                    return Some(format!(
                        "a secret would stay on the engine's host, in the home at `{}`.",
                        storage.home
                    ));
                }
                let shared = |one: &&Mapping| !one.is_personal() || one.is_host();
                let mut shared = storage.volumes.iter().filter(shared);
                if field.is_secret()
                    && let Some(one) = shared.find(|one| is_in(path, &one.target))
                {
                    return Some(format!(
                        "a secret would be everybody's on the volume at `{}`, which sessions share.",
                        one.target
                    ));
                }
                let volumes = storage.volumes.iter().map(|one| (&one.target, one.read_only));
                for (folder, read_only) in home.into_iter().chain(own).chain(volumes) {
                    if path == folder {
                        return Some(format!("`{path}` is a folder that is kept."));
                    }
                    if is_in(path, folder) {
                        return read_only
                            .then(|| format!("the volume at `{folder}` is only read."));
                    }
                }
                let in_memory = |one: &&Tmpfs| is_in(path, &one.target);
                let one = options.tmpfs.iter().find(in_memory)?;
                Some(format!("`{}` is in memory, and empty at each start.", one.target))
            }
        }
    }
}

/// What is wrong with the answer to a field, of all that was refused.
pub fn problem_of<'a>(problems: &'a [FieldProblem], field: &Field) -> Option<&'a str> {
    let name = field.posted();
    problems.iter().find(|problem| problem.field == name).map(|problem| problem.message.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{contract::Basic, workspace::WorkspaceForm};
    use proptest::prelude::*;

    const FORM: &str = "Project\n to: PROJECT\n required\n\nNotes\n kind: lines\n to: /srv/notes\n\nSize\n options: small, large\n default: small\n to: SIZE\n\nFast\n kind: yes/no\n to: FAST\n\nToken\n kind: secret\n required\n to: /run/secrets/token";

    fn typed(answers: &[(&str, &str)], secrets: &[(&str, &str)]) -> Typed {
        let all = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        Typed { answers: all(answers), secrets: all(secrets) }
    }

    #[test]
    fn answers_are_taken_as_they_are_meant_and_secrets_stay_apart() {
        let fields = parse_all(FORM).unwrap();
        let posted = typed(
            &[
                ("PROJECT", " demo "),
                ("/srv/notes", "one\r\ntwo\r\n"),
                ("SIZE", ""),
                ("FAST", "on"),
            ],
            &[("/run/secrets/token", " s3cret ")],
        );
        let (answers, secrets) = check(&fields, &posted).unwrap();
        let values: Vec<_> = answers.iter().map(|one| one.value.as_deref()).collect();
        assert_eq!(values, [Some("demo"), Some("one\ntwo\n"), Some("yes"), None]);
        assert!(answers.last().unwrap().is_secret());
        assert!(!format!("{answers:?}{secrets:?}").contains("s3cret"));
        let given = given(&answers, &secrets);
        assert_eq!(given.variables[1], ("FAST".to_owned(), "yes".to_owned()));
        assert_eq!(given.files[1], ("/run/secrets/token".to_owned(), " s3cret ".to_owned()));
    }

    #[test]
    fn a_file_goes_nowhere_where_it_cannot_be_or_would_be_lost() {
        let problem = |read_only: &str, tmpfs: &str, volumes: &str| {
            let mut form = WorkspaceForm {
                name: "W".into(),
                image: "x:1".into(),
                launch_form: "Token\n kind: secret\n to: /srv/keys/token".into(),
                volumes: volumes.into(),
                ..WorkspaceForm::default()
            };
            form.confinement.read_only = read_only.into();
            form.confinement.tmpfs = tmpfs.into();
            form.check().err().and_then(|e| e.problem_at("launch_form").map(str::to_owned))
        };
        assert_eq!(problem("", "", ""), None);
        assert!(problem("", "/srv/keys", "").unwrap().contains("in memory"));
        assert!(problem("on", "", "").unwrap().contains("only read"));
        assert!(problem("on", "", "keys-{user_id}:/srv/keys").unwrap().contains("only read"));
        assert_eq!(problem("", "", "keys-{user_id}:/srv/keys"), None);
        assert!(problem("", "", "keys-{user_id}:/srv/keys:ro").unwrap().contains("only read"));
        assert!(problem("", "", "keys:/srv/keys").unwrap().contains("everybody's"));
    }

    #[test]
    fn every_problem_is_at_its_field_and_no_tick_is_a_no() {
        let fields = parse_all(FORM).unwrap();
        let error = check(&fields, &typed(&[("SIZE", "huge")], &[])).unwrap_err();
        let at: Vec<&str> = error.fields.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(at, ["answers[PROJECT]", "answers[SIZE]", "secrets[/run/secrets/token]"]);
        assert_eq!(problem_of(&error.fields, &fields[0]), Some("“Project” is needed."));
        let posted = typed(&[("PROJECT", "x")], &[("/run/secrets/token", "x")]);
        let (answers, _) = check(&fields, &posted).unwrap();
        let fast = answers.iter().find(|one| one.label == "Fast").unwrap();
        assert_eq!(fast.value.as_deref(), Some("no"));
    }

    #[test]
    fn what_no_container_takes_is_refused() {
        let fields = parse_all(FORM).unwrap();
        let secret = [("/run/secrets/token", "x")];
        for (name, value) in [
            ("PROJECT", "a\0b".to_owned()),
            ("PROJECT", "a\nb".to_owned()),
            ("PROJECT", "x".repeat(LINE_LONGEST + 1)),
            ("/srv/notes", "x".repeat(ANSWER_LARGEST + 1)),
        ] {
            let posted = typed(&[("PROJECT", "x"), (name, &value)], &secret);
            assert!(check(&fields, &posted).is_err(), "{name}: {} bytes", value.len());
        }
    }

    #[test]
    fn a_target_is_a_variable_or_a_file_that_can_be_put_in() {
        assert_eq!(Target::parse(" A_1 "), Ok(Target::Variable("A_1".into())));
        assert_eq!(Target::parse("/a/.b"), Ok(Target::File("/a/.b".into())));
        let bad = ["", "1A", "a b", "a/b", "/", "/a/", "/a//b", "/a/../b", "/proc/x", "/dev/x"];
        for bad in bad.into_iter().chain(["/a b", "/a[0]", "/sys/y", "/a\"b", "/ä"]) {
            assert!(Target::parse(bad).is_err(), "{bad:?} was accepted");
        }
        assert!(Target::parse("/device/x").is_ok());
    }

    #[test]
    fn a_target_that_the_workspace_needs_itself_is_refused() {
        let form = |to: &str| WorkspaceForm {
            name: "A".into(),
            image: "a:1".into(),
            environment: "TAKEN=1".into(),
            basic_user: "u".into(),
            basic_password_variable: "PW".into(),
            basic_user_variable: "WHO".into(),
            profile: "on".into(),
            volumes: "team:/srv/team:ro".into(),
            launch_form: format!("A field\nto: {to}"),
            ..WorkspaceForm::default()
        };
        for taken in ["TAKEN", "PW", "WHO", "/home/user", "/srv/team", "/srv/team/x"] {
            let error = form(taken).check().unwrap_err();
            assert!(error.problem_at("launch_form").unwrap().contains("A field"), "{taken}");
        }
        for free in ["FREE", "/home/user/x", "/srv/teams"] {
            let definition = form(free).check().unwrap();
            assert_eq!(definition.launch_form.len(), 1);
            assert!(matches!(definition.contract.basic, Some(Basic { .. })));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_an_answer_fits_its_field_or_is_refused(
            text in "\\PC{0,30}", lines in "[a-z\r\n]{0,30}", size in "[a-z]{0,5}", secret in "\\PC{0,9}",
        ) {
            let fields = parse_all(FORM).unwrap();
            let posted = typed(
                &[("PROJECT", &text), ("/srv/notes", &lines), ("SIZE", &size)],
                &[("/run/secrets/token", &secret)],
            );
            if let Ok((answers, secrets)) = check(&fields, &posted) {
                prop_assert!(!text.trim().is_empty() && !secret.trim().is_empty());
                prop_assert!(size.is_empty() || size == "small" || size == "large");
                prop_assert_eq!(secrets.0.len(), 1);
                let given = given(&answers, &secrets);
                prop_assert!(given.variables.iter().all(|(_, value)| !value.contains('\n')));
            }
        }
    }
}
