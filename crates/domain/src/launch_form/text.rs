//! The fields of a launch form as an administrator writes them: a block of lines for each, with an
//! empty line between two.
//!
//! ```text
//! Access token
//!   to: /home/user/.config/token
//!   kind: secret
//!   required
//!   help: From your account page at the forge.
//! ```

use super::{Field, Kind, MOST, Target};
use crate::path::is_in;

const LABEL_LONGEST: usize = 80;
const HELP_LONGEST: usize = 300;
const OPTIONS_MOST: usize = 50;
const OPTION_LONGEST: usize = 100;
const KINDS: &str = "`text`, `lines`, `choice`, `yes/no` or `secret`";

/// A block under way. Each value has the number of the line it is on.
#[derive(Default)]
struct Block {
    line: usize,
    label: String,
    help: Option<String>,
    kind: Option<(usize, String)>,
    options: Option<(usize, Vec<String>)>,
    required: Option<usize>,
    default: Option<(usize, String)>,
    to: Option<(usize, String)>,
}

/// Reads all fields.
///
/// # Errors
/// What is wrong, with the number of each line that is.
pub fn parse_all(text: &str) -> Result<Vec<Field>, String> {
    let mut problems: Vec<(usize, String)> = Vec::new();
    let mut fields: Vec<(usize, Field)> = Vec::new();
    let mut block: Option<Block> = None;
    // One empty line more ends the last block.
    for (index, line) in text.lines().chain([""]).enumerate() {
        let (number, line) = (index + 1, line.trim());
        match &mut block {
            None if line.is_empty() => {}
            None => {
                block = Some(Block { line: number, label: line.to_owned(), ..Block::default() });
            }
            Some(_) if line.is_empty() => {
                if let Some(whole) = block.take() {
                    let at = whole.line;
                    fields.extend(whole.finish(&mut problems).map(|field| (at, field)));
                }
            }
            Some(open) => {
                if let Err(why) = open.read(number, line) {
                    problems.push((number, why));
                }
            }
        }
    }
    clashes(&fields, &mut problems);
    if let Some((number, _)) = fields.get(MOST) {
        problems.push((*number, format!("A form has at most {MOST} fields.")));
    }
    if problems.is_empty() {
        return Ok(fields.into_iter().map(|(_, field)| field).collect());
    }
    problems.sort_by_key(|(number, _)| *number);
    let said: Vec<String> =
        problems.into_iter().map(|(number, why)| format!("Line {number}: {why}")).collect();
    Err(said.join(" "))
}

/// Fields that would be given to the same place.
fn clashes(fields: &[(usize, Field)], problems: &mut Vec<(usize, String)>) {
    for (index, (number, field)) in fields.iter().enumerate() {
        for (_, earlier) in fields.iter().take(index) {
            let (one, other) = (field.target.as_str(), earlier.target.as_str());
            let nested = |(a, b)| is_in(a, b) && one.starts_with('/');
            if one == other {
                problems.push((*number, format!("`{one}` is where “{}” goes.", earlier.label)));
            } else if [(one, other), (other, one)].into_iter().any(nested) {
                let why = format!("`{one}` and `{other}` cannot both be files.");
                problems.push((*number, why));
            }
        }
    }
}

fn short(text: &str, longest: usize, what: &str) -> Result<(), String> {
    let length = text.chars().count();
    if length <= longest {
        return Ok(());
    }
    Err(format!("{what} has at most {longest} characters; this has {length}."))
}

impl Block {
    /// One line below the label.
    fn read(&mut self, number: usize, line: &str) -> Result<(), String> {
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
        let twice = || Err(format!("`{key}` is there twice."));
        match key.as_str() {
            "to" if self.to.is_some() => twice(),
            "to" => {
                self.to = Some((number, value.to_owned()));
                Ok(())
            }
            "kind" if self.kind.is_some() => twice(),
            "kind" => {
                self.kind = Some((number, value.to_ascii_lowercase()));
                Ok(())
            }
            "options" if self.options.is_some() => twice(),
            "options" => {
                let all = value.split(',').map(str::trim).filter(|option| !option.is_empty());
                self.options = Some((number, all.map(str::to_owned).collect()));
                Ok(())
            }
            "help" if self.help.is_some() => twice(),
            "help" => {
                self.help = Some(value.to_owned());
                short(value, HELP_LONGEST, "A help")
            }
            "required" => match value.to_ascii_lowercase().as_str() {
                "" | "yes" => {
                    self.required = Some(number);
                    Ok(())
                }
                "no" => Ok(()),
                _ => Err("Write `required` alone, or leave it out.".to_owned()),
            },
            // Several are lines of one.
            "default" => {
                match &mut self.default {
                    Some((_, text)) => *text = format!("{text}\n{value}"),
                    none => *none = Some((number, value.to_owned())),
                }
                Ok(())
            }
            _ => Err(format!(
                "`{line}` is not understood: a line is `to:`, `kind:`, `options:`, `default:`, `help:` or `required`; an empty line ends a field."
            )),
        }
    }

    /// The field, or `None` when what is wrong was noted.
    fn finish(self, problems: &mut Vec<(usize, String)>) -> Option<Field> {
        let before = problems.len();
        let mut wrong = |number: usize, why: String| problems.push((number, why));
        if let Err(why) = short(&self.label, LABEL_LONGEST, "A label") {
            wrong(self.line, why);
        }
        let target = match self.to {
            None => Err((
                self.line,
                format!("“{}” needs a line `to:` with a variable or a path.", self.label),
            )),
            Some((number, to)) => Target::parse(&to).map_err(|why| (number, why)),
        };
        let target = target.map_err(|(number, why)| wrong(number, why)).ok();
        let kind = match kind(self.kind, self.options, self.line) {
            Ok(kind) => Some(kind),
            Err((number, why)) => {
                wrong(number, why);
                None
            }
        };
        let (kind, target) = (kind?, target?);
        let (at, default) = self.default.unwrap_or((self.line, String::new()));
        let required = self.required.is_some();
        let field = Field {
            label: self.label,
            help: self.help.unwrap_or_default(),
            kind,
            required,
            default,
            target,
        };
        if !field.default.is_empty() {
            let fits = match field.kind {
                Kind::Secret => Err("A secret has no default: whoever edits would see it.".into()),
                _ => field.fits(&field.default),
            };
            if let Err(why) = fits {
                wrong(at, why);
            }
        }
        if let (Kind::YesNo, Some(number)) = (&field.kind, self.required) {
            wrong(number, "A `yes/no` is always answered; leave `required` out.".into());
        }
        (problems.len() == before).then_some(field)
    }
}

fn kind(
    kind: Option<(usize, String)>,
    options: Option<(usize, Vec<String>)>,
    line: usize,
) -> Result<Kind, (usize, String)> {
    let options_of = |options: Option<(usize, Vec<String>)>, number: usize| {
        let (number, all) = options.unwrap_or((number, Vec::new()));
        let mut seen: Vec<&String> = Vec::new();
        for option in &all {
            short(option, OPTION_LONGEST, "An option").map_err(|why| (number, why))?;
            if seen.contains(&option) {
                return Err((number, format!("The option `{option}` is there twice.")));
            }
            seen.push(option);
        }
        match all.len() {
            0 => Err((number, "A choice needs `options:`, with commas between.".to_owned())),
            n if n > OPTIONS_MOST => Err((number, format!("At most {OPTIONS_MOST} options."))),
            _ => Ok(Kind::Choice(all)),
        }
    };
    let (number, word) = match kind {
        None if options.is_some() => (line, "choice".to_owned()),
        None => (line, "text".to_owned()),
        Some(said) => said,
    };
    if word == "choice" {
        return options_of(options, number);
    }
    if let Some((number, _)) = options {
        return Err((number, "Only a choice has options.".to_owned()));
    }
    match word.as_str() {
        "text" => Ok(Kind::Text),
        "lines" => Ok(Kind::Lines),
        "yes/no" => Ok(Kind::YesNo),
        "secret" => Ok(Kind::Secret),
        _ => Err((number, format!("`{word}` is no kind: write {KINDS}."))),
    }
}

/// Fields as they are read back.
pub fn write_all(fields: &[Field]) -> String {
    fields.iter().map(write).collect::<Vec<_>>().join("\n\n")
}

fn write(field: &Field) -> String {
    let mut lines = vec![field.label.clone(), format!("  to: {}", field.target)];
    match &field.kind {
        Kind::Text => {}
        Kind::Lines => lines.push("  kind: lines".into()),
        Kind::YesNo => lines.push("  kind: yes/no".into()),
        Kind::Secret => lines.push("  kind: secret".into()),
        Kind::Choice(options) => {
            lines.push("  kind: choice".into());
            lines.push(format!("  options: {}", options.join(", ")));
        }
    }
    if field.required {
        lines.push("  required".into());
    }
    if !field.default.is_empty() {
        lines.extend(field.default.split('\n').map(|line| format!("  default: {line}")));
    }
    if !field.help.is_empty() {
        lines.push(format!("  help: {}", field.help));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_block_of_lines_is_a_field() {
        let all = parse_all(
            "\nProject: name\r\n  to: PROJECT\r\n  required\r\n\r\nBranch\noptions: main, next\nTO: BRANCH\nHelp: Which: one?\n",
        )
        .unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].label.as_str(), all[0].required), ("Project: name", true));
        assert_eq!(all[1].kind, Kind::Choice(vec!["main".into(), "next".into()]));
        assert_eq!(all[1].help, "Which: one?");
        assert_eq!(parse_all(" \n\n "), Ok(Vec::new()));
    }

    #[test]
    fn each_bad_line_is_named_and_none_hides_another() {
        let error = parse_all(
            "A\n to: 1A\n kind: number\n\nB\n colour: red\n to: B\n\nC\n\nD\n to: B\n\nE\n to: E\n kind: secret\n default: x",
        )
        .unwrap_err();
        for line in [2, 3, 6, 9, 11, 17] {
            assert!(error.contains(&format!("Line {line}:")), "line {line} of {error}");
        }
        for bad in [
            "A\nto: A\nto: B",
            "A\nto: A\nkind: choice",
            "A\nto: A\noptions: a, a",
            "A\nto: A\nkind: text\noptions: a",
            "A\nto: A\noptions: a\ndefault: b",
            "A\nto: A\nkind: yes/no\ndefault: maybe",
            "A\nto: A\nkind: yes/no\nrequired",
            "A\nto: A\nrequired: often",
            "A\nto: A\ndefault: a\ndefault: b",
            "A\nto: /a\n\nB\nto: /a/b",
        ] {
            assert!(parse_all(bad).is_err(), "{bad:?} was accepted");
        }
        let many: Vec<String> = (0..=MOST).map(|n| format!("F{n}\nto: F{n}")).collect();
        assert!(parse_all(&many.join("\n\n")).unwrap_err().contains("at most 20"));
    }

    fn word() -> impl Strategy<Value = String> {
        "[A-Za-z][A-Za-z :?]{0,12}[a-z]"
    }

    fn field() -> impl Strategy<Value = Field> {
        let kind = prop_oneof![
            (Just(Kind::Text), "[a-z]{0,5}"),
            (Just(Kind::Lines), "([a-z]{1,5}(\n[a-z]{0,5})?)?"),
            (Just(Kind::YesNo), "(yes|no|)"),
            (Just(Kind::Secret), ""),
            (
                proptest::collection::btree_set("[a-z]{1,6}", 1..4)
                    .prop_map(|all| Kind::Choice(all.into_iter().collect())),
                ""
            ),
        ];
        (word(), proptest::option::of(word()), kind, any::<bool>(), any::<bool>()).prop_map(
            |(label, help, (kind, default), required, file)| Field {
                label,
                help: help.unwrap_or_default(),
                required: required && kind != Kind::YesNo,
                kind,
                default,
                target: if file { Target::File("/x".into()) } else { Target::Variable("X".into()) },
            },
        )
    }

    proptest! {
        #[test]
        fn fields_survive_being_written_and_read(mut fields in proptest::collection::vec(field(), 0..6)) {
            for (number, field) in fields.iter_mut().enumerate() {
                field.target = match &field.target {
                    Target::File(_) => Target::File(format!("/x/{number}")),
                    Target::Variable(_) => Target::Variable(format!("X{number}")),
                };
            }
            prop_assert_eq!(parse_all(&write_all(&fields)), Ok(fields));
        }

        #[test]
        fn no_text_makes_reading_panic(text in "(to|kind|options|default|required|[a-z:/, \n]){0,40}") {
            let _ = parse_all(&text);
        }
    }
}
