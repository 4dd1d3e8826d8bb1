//! YAML as far as definitions need it: read into a small tree that knows its lines, and written so
//! that the same definitions always give the same bytes.
//!
//! Scalars stay text, because the form that they fill in reads text; so neither `1.10` nor `no`
//! becomes something else on the way. What YAML has beyond maps, lists and scalars is refused:
//! aliases can make a short text huge, and tags have no meaning here.

use domain::{Error, Result};
use saphyr_parser::{Event, Parser, ScalarStyle};

/// Longest document, in bytes.
pub const LONGEST: usize = 256 * 1024;
const DEEPEST: usize = 8;
const MOST_NODES: usize = 50_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Counted from 1.
    pub line: u32,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// What is left empty, `~` and `null` are the empty text.
    Text(String),
    List(Vec<Node>),
    /// In the order of the text, with what is there twice.
    Map(Vec<(String, Node)>),
}

fn wrong(line: usize, what: impl std::fmt::Display) -> Error {
    Error::at("text", format!("Line {line}: {what}"))
}

/// What is being read: a list, or a map with the key whose value comes next.
enum Open {
    List(Vec<Node>),
    Map(Vec<(String, Node)>, Option<String>),
}

/// Reads the documents of a text.
///
/// # Errors
/// `Invalid` at `text` with the line.
pub fn read(text: &str) -> Result<Vec<Node>> {
    if text.len() > LONGEST {
        return Err(Error::at(
            "text",
            format!(
                "The text has {} KiB; at most {} KiB are taken.",
                text.len() / 1024,
                LONGEST / 1024
            ),
        )
        .hint("Import it in parts."));
    }
    let mut documents = Vec::new();
    let mut open: Vec<(usize, Open)> = Vec::new();
    let mut nodes = 0;
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            wrong(error.marker().line(), format_args!("this is no YAML: {}.", error.info()))
        })?;
        let line = span.start.line();
        let node = match event {
            Event::Alias(_) => {
                return Err(wrong(line, "an alias (`*…`) is not taken. Write the value out."));
            }
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                return Err(wrong(line, "a tag (`!…`) is not taken. Write the value alone."));
            }
            Event::SequenceStart(..) => {
                open.push((line, Open::List(Vec::new())));
                None
            }
            Event::MappingStart(..) => {
                open.push((line, Open::Map(Vec::new(), None)));
                None
            }
            Event::Scalar(text, style, ..) => Some((line, Value::Text(scalar(&text, style)))),
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|(line, what)| match what {
                Open::List(all) => (line, Value::List(all)),
                Open::Map(all, _) => (line, Value::Map(all)),
            }),
            _ => None,
        };
        if open.len() > DEEPEST {
            return Err(wrong(line, "this is nested deeper than a definition is."));
        }
        let Some((line, value)) = node else { continue };
        nodes += 1;
        if nodes > MOST_NODES {
            return Err(wrong(line, "there are more values than can be taken at once."));
        }
        let node = Node { line: u32::try_from(line).unwrap_or(u32::MAX), value };
        match open.last_mut() {
            None => documents.push(node),
            Some((_, Open::List(all))) => all.push(node),
            Some((_, Open::Map(all, key))) => match key.take() {
                Some(key) => all.push((key, node)),
                None => match node.value {
                    Value::Text(text) => *key = Some(text),
                    _ => return Err(wrong(line, "a key is a word, not a list or a map.")),
                },
            },
        }
    }
    documents.retain(|node| node.value != Value::Text(String::new()));
    Ok(documents)
}

fn scalar(text: &str, style: ScalarStyle) -> String {
    let is_nothing = style == ScalarStyle::Plain && matches!(text, "~" | "null");
    if is_nothing { String::new() } else { text.to_owned() }
}

/// Writes `key: value` for a text, at a depth of so many blanks.
pub fn write_text(out: &mut String, indent: usize, key: &str, text: &str) {
    let pad = " ".repeat(indent);
    let key = quoted(key);
    if is_prose(text) {
        out.push_str(&format!("{pad}{key}: |-\n"));
        for line in text.split('\n') {
            match line {
                "" => out.push('\n'),
                line => out.push_str(&format!("{pad}  {line}\n")),
            }
        }
    } else {
        out.push_str(&format!("{pad}{key}: {}\n", quoted(text)));
    }
}

/// Whether a text of several lines can stand as it is, each line in one of its own.
fn is_prose(text: &str) -> bool {
    let starts = |c: char| !c.is_whitespace();
    text.contains('\n')
        && text.starts_with(starts)
        && text.ends_with(starts)
        && text.chars().all(|c| c == '\n' || is_plain_character(c))
}

/// Whether every reader of YAML takes this character as it is, and every editor shows it.
fn is_plain_character(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A scalar on one line: as it is where no reader could take it for something else.
pub fn quoted(text: &str) -> String {
    if is_bare(text) { text.to_owned() } else { escaped(text) }
}

fn is_bare(text: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let Some(first) = text.chars().next() else { return false };
    let begins_well = if first.is_ascii_digit() {
        // Dates, versions and the like are other things to some readers.
        let is_number = text.split('.').count() <= 2
            && text
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        is_number || text.contains(' ')
    } else {
        first.is_ascii_alphabetic() || first == '/' || first == '_'
    };
    begins_well
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        && !text.ends_with([':', ' '])
        && !text.contains(": ")
        && text.chars().all(|c| c.is_alphanumeric() || " _./:@+=-,()".contains(c))
}

fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_plain_character(c) => out.push(c),
            c => out.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn why(text: &str) -> String {
        read(text).unwrap_err().message
    }

    fn written(text: &str) -> String {
        let mut out = String::new();
        write_text(&mut out, 2, "key", text);
        format!("- \n{out}")
    }

    fn read_back(text: &str) -> Option<String> {
        let documents = read(text).unwrap();
        let [Node { value: Value::List(all), .. }] = documents.as_slice() else { return None };
        let [Node { value: Value::Map(pairs), .. }] = all.as_slice() else { return None };
        match pairs.as_slice() {
            [(key, Node { value: Value::Text(text), .. })] if key == "key" => Some(text.clone()),
            _ => None,
        }
    }

    #[test]
    fn values_know_their_lines_and_stay_text() {
        let documents = read("version: 1\nports:\n  - 6901\n  - 1.10\nnote: ~\n").unwrap();
        let [Node { value: Value::Map(pairs), .. }] = documents.as_slice() else {
            panic!("{documents:?}")
        };
        assert_eq!(pairs[0].0, "version");
        let Value::List(ports) = &pairs[1].1.value else { panic!("{pairs:?}") };
        assert_eq!((ports[1].line, &ports[1].value), (4, &Value::Text("1.10".into())));
        assert_eq!(pairs[2].1.value, Value::Text(String::new()));
    }

    #[test]
    fn what_could_grow_or_means_something_elsewhere_is_refused_with_its_line() {
        assert!(why("a: &x 1\nb: *x").starts_with("Line 2: an alias"));
        let laughs = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]";
        assert!(why(laughs).starts_with("Line 2: an alias"));
        assert!(why("a: !!int 1").contains("a tag"));
        assert!(why("a: [1").starts_with("Line "));
        assert!(why(&"[".repeat(12)).contains("nested deeper"));
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(why(&"- x\n".repeat(60_000)).contains("more values"));
        assert!(why(&"x".repeat(LONGEST + 1)).contains("at most 256 KiB"));
        assert!(why("[a]: 1").contains("a key is a word"));
        assert_eq!(read("").unwrap(), []);
        assert_eq!(read("# nothing\n---\n").unwrap(), []);
    }

    #[test]
    fn plain_things_are_written_plainly_and_the_rest_in_quotes() {
        for bare in ["6901", "0.5", "2 GiB", "slipway/desktop:latest", "/home/user", "Büro"] {
            assert_eq!(quoted(bare), bare);
        }
        for other in ["", "no", "ON", "1.2.3", "2026-01-01", "0x1f", "a: b", "a #b", "-", "{x}"] {
            assert_eq!(quoted(other), format!("\"{other}\""));
        }
        assert_eq!(quoted("a\"\\\u{7}"), "\"a\\\"\\\\\\U00000007\"");
        assert_eq!(written("one\n\ntwo"), "- \n  key: |-\n    one\n\n    two\n");
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back(text in "(?s).{0,60}") {
            prop_assert_eq!(read_back(&written(&text)), Some(text));
        }

        #[test]
        fn texts_of_several_lines_are_read_back(text in "[a-z #:'\"\\\\\t|>-]{0,12}(\n[ a-z#:-]{0,12}){1,4}") {
            prop_assert_eq!(read_back(&written(&text)), Some(text));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "(?s).{0,200}") {
            let _ = read(&text);
        }

        #[test]
        fn nor_does_what_looks_like_yaml(text in "[-a:\\[\\]{}&*!|>'\"#%@`, \n\t?]{0,80}") {
            let _ = read(&text);
        }
    }
}
