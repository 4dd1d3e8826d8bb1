//! Changes to an image's configuration, written as Dockerfile instructions.
//!
//! The grammar is that of Dockerfiles: one instruction a line, a backslash at the end carries it on,
//! lines that begin with `#` are comments, and `CMD`, `ENTRYPOINT` and `VOLUME` have a form as a
//! JSON list. The engine accepts nine instructions at a commit (seed 002, *Additional Changes*); the
//! others do something while an image is built, which a commit does not. Every problem names its
//! line, its instruction and the reason.

use std::fmt;

/// The instructions that a commit takes (seed 002).
pub const INSTRUCTIONS: [&str; 9] =
    ["CMD", "ENTRYPOINT", "ENV", "EXPOSE", "LABEL", "ONBUILD", "USER", "VOLUME", "WORKDIR"];

/// Most characters of all instructions together.
pub const LONGEST: usize = 16_000;

/// One instruction, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// Upper case.
    pub name: String,
    pub arguments: String,
}

impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.arguments)
    }
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1; where the instruction begins.
    pub line: usize,
    pub instruction: String,
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line {}, {}: {}", self.line, self.instruction, self.reason)
    }
}

/// Reads all instructions, or tells everything that is wrong with them.
pub fn parse(text: &str) -> Result<Vec<Instruction>, Vec<Problem>> {
    let mut instructions = Vec::new();
    let mut problems = Vec::new();
    if text.chars().count() > LONGEST {
        problems.push(Problem {
            line: 1,
            instruction: "all of it".into(),
            reason: format!("It has more than {LONGEST} characters."),
        });
        return Err(problems);
    }
    for (line, whole) in joined(text) {
        let (name, arguments) = match whole.split_once(char::is_whitespace) {
            Some((name, arguments)) => (name.to_ascii_uppercase(), arguments.trim().to_owned()),
            None => (whole.to_ascii_uppercase(), String::new()),
        };
        match check(&name, &arguments) {
            Ok(()) => instructions.push(Instruction { name, arguments }),
            Err(reason) => problems.push(Problem { line, instruction: name, reason }),
        }
    }
    if problems.is_empty() { Ok(instructions) } else { Err(problems) }
}

/// Instructions with the line they begin at, each drawn together to one line.
fn joined(text: &str) -> Vec<(usize, String)> {
    let mut whole: Vec<(usize, String)> = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        // Comments and empty lines are no end of a continued instruction either.
        if line.trim_start().starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let line = line.trim_end();
        let (part, more) = match line.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (line, false),
        };
        // What is carried on is put together as it stands, space or none.
        let (begin, so_far) = open.take().unwrap_or((index + 1, String::new()));
        let text = so_far + part;
        if more {
            open = Some((begin, text));
        } else {
            whole.push((begin, text));
        }
    }
    whole.extend(open);
    for (_, text) in &mut whole {
        *text = text.trim().to_owned();
    }
    whole.retain(|(_, text)| !text.is_empty());
    whole
}

fn check(name: &str, arguments: &str) -> Result<(), String> {
    if !INSTRUCTIONS.contains(&name) {
        return Err(unknown(name));
    }
    if arguments.is_empty() {
        return Err("It needs an argument.".into());
    }
    if arguments.chars().any(|c| c.is_control() && c != '\t') {
        return Err("It has a character that cannot be printed.".into());
    }
    match name {
        "CMD" | "ENTRYPOINT" => exec_form(arguments).map(|_| ()),
        "ENV" => pairs(arguments, true),
        "LABEL" => pairs(arguments, false),
        "EXPOSE" => words(arguments)?.iter().try_for_each(|port| check_port(port)),
        "VOLUME" => volumes(arguments),
        "ONBUILD" => on_build(arguments),
        // USER and WORKDIR take the rest of the line.
        _ => Ok(()),
    }
}

/// Variables that the instructions set.
pub fn variables(instructions: &[Instruction]) -> Vec<String> {
    let mut names = Vec::new();
    for instruction in instructions.iter().filter(|instruction| instruction.name == "ENV") {
        let words = words(&instruction.arguments).unwrap_or_default();
        let pairs: Vec<&str> =
            words.iter().filter_map(|w| w.split_once('=')).map(|(name, _)| name).collect();
        match words.first() {
            // The old form has one name, and the rest of the line is its value.
            Some(first) if !first.contains('=') => names.push(first.clone()),
            _ => names.extend(pairs.into_iter().map(str::to_owned)),
        }
    }
    names
}

fn unknown(name: &str) -> String {
    let known = INSTRUCTIONS.join(", ");
    match name {
        "RUN" | "COPY" | "ADD" => format!(
            "It does something while an image is built, and a commit builds nothing: do it in the session before. Possible are {known}."
        ),
        "FROM" => {
            format!("The session's container is what the image is made from. Possible are {known}.")
        }
        _ => format!("There is no such instruction at a commit. Possible are {known}."),
    }
}

/// The words of a list in JSON, or none for the shell form.
fn exec_form(arguments: &str) -> Result<Option<Vec<String>>, String> {
    if !arguments.starts_with('[') {
        return Ok(None);
    }
    serde_json::from_str::<Vec<String>>(arguments).map(Some).map_err(|_| {
        "It begins like a list, but is none: write [\"program\", \"argument\"], with double quotes.".into()
    })
}

fn volumes(arguments: &str) -> Result<(), String> {
    let paths = match exec_form(arguments)? {
        Some(paths) => paths,
        None => words(arguments)?,
    };
    match paths.iter().find(|path| path.trim().is_empty()) {
        Some(_) => Err("A volume needs a path.".into()),
        None => Ok(()),
    }
}

fn on_build(arguments: &str) -> Result<(), String> {
    let name = arguments.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    match name.as_str() {
        "ONBUILD" | "FROM" | "MAINTAINER" => {
            Err(format!("{name} cannot be carried out by a later build."))
        }
        "RUN" | "COPY" | "ADD" | "ARG" | "HEALTHCHECK" | "SHELL" | "STOPSIGNAL" => Ok(()),
        known if INSTRUCTIONS.contains(&known) => {
            let rest = arguments[known.len()..].trim();
            check(known, rest).map_err(|reason| format!("{known}: {reason}"))
        }
        _ => Err(format!("{name} is no instruction of a Dockerfile.")),
    }
}

/// `port`, `from-to`, each with `/tcp`, `/udp` or `/sctp`.
fn check_port(text: &str) -> Result<(), String> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    if !["tcp", "udp", "sctp"].contains(&protocol.to_ascii_lowercase().as_str()) {
        return Err(format!("`{protocol}` is no protocol: tcp, udp or sctp."));
    }
    let number = |port: &str| match port.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(format!("`{port}` is no port: 1 to 65535.")),
    };
    let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
    if number(from)? > number(to)? {
        return Err(format!("`{ports}` ends before it begins."));
    }
    Ok(())
}

/// `name=value …`, or for `ENV` also the old `name value`.
fn pairs(arguments: &str, old_form: bool) -> Result<(), String> {
    let words = words(arguments)?;
    let first = words.first().map_or("", String::as_str);
    if !first.contains('=') {
        if old_form && words.len() > 1 {
            return check_name(first);
        }
        return Err(format!("`{first}` has no value: write {first}=value."));
    }
    for word in &words {
        let Some((name, _)) = word.split_once('=') else {
            return Err(format!(
                "`{word}` has no value. A value with spaces stands in double quotes."
            ));
        };
        check_name(name)?;
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() { Err("A name is missing before `=`.".into()) } else { Ok(()) }
}

/// Words as a shell would see them: quotes hold them together, a backslash takes the next character
/// as it is.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some('"') | None, '\\') => {
                let Some(next) = characters.next() else {
                    return Err("It ends with a backslash that has nothing to act on.".into());
                };
                word.get_or_insert_default().push(next);
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if let Some(open) = quote {
        return Err(format!("The quote {open} is not closed."));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<String> {
        parse(text).unwrap().iter().map(ToString::to_string).collect()
    }

    fn problem(text: &str) -> String {
        let problems = parse(text).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].to_string()
    }

    #[test]
    fn instructions_are_read_as_in_a_dockerfile() {
        assert_eq!(read(""), Vec::<String>::new());
        assert_eq!(read("# nothing\n\n"), Vec::<String>::new());
        assert_eq!(
            read(
                "env A=1 \\\n  # in between\n\n  B=\"two words\"\nCMD [\"a\", \"b c\"]\ncmd echo \"$A\" | cat"
            ),
            ["ENV A=1   B=\"two words\"", "CMD [\"a\", \"b c\"]", "CMD echo \"$A\" | cat"]
        );
        assert_eq!(read("ENV PATH=/a:\\\n/b\nENV\tX=1"), ["ENV PATH=/a:/b", "ENV X=1"]);
        let all = parse("ENV A=1 B=\"x=y\"\nENV OLD a=b\nUSER x").unwrap();
        assert_eq!(variables(&all), ["A", "B", "OLD"]);
        assert_eq!(read("ENV OLD some value"), ["ENV OLD some value"]);
        assert_eq!(read("EXPOSE 80 443/tcp 6000-6010/udp"), ["EXPOSE 80 443/tcp 6000-6010/udp"]);
        assert_eq!(read("ONBUILD RUN make\nWORKDIR /a b\nUSER 1000:1000").len(), 3);
        assert_eq!(read("VOLUME /data /more\nVOLUME [\"/x\"]\nLABEL a.b=c \"d e\"=f").len(), 3);
    }

    #[test]
    fn what_is_wrong_names_line_instruction_and_reason() {
        for (text, line, part) in [
            ("\nRUN apt-get update", "Line 2, RUN", "do it in the session before"),
            ("ENV A=1\nFROM debian", "Line 2, FROM", "made from"),
            ("HEALTHCHECK NONE", "Line 1, HEALTHCHECK", "CMD, ENTRYPOINT"),
            ("CMD", "Line 1, CMD", "needs an argument"),
            ("CMD ['a']", "Line 1, CMD", "double quotes"),
            ("# x\nENV \\\n A", "Line 2, ENV", "no value"),
            ("ENV A=1 B", "Line 1, ENV", "`B` has no value"),
            ("ENV =1", "Line 1, ENV", "name is missing"),
            ("LABEL one two", "Line 1, LABEL", "no value"),
            ("LABEL a=\"b", "Line 1, LABEL", "not closed"),
            ("EXPOSE 70000", "Line 1, EXPOSE", "no port"),
            ("EXPOSE 80/ip", "Line 1, EXPOSE", "no protocol"),
            ("EXPOSE 90-80", "Line 1, EXPOSE", "ends before"),
            ("ONBUILD ONBUILD RUN x", "Line 1, ONBUILD", "cannot be carried out"),
            ("ONBUILD EXPOSE x", "Line 1, ONBUILD", "EXPOSE: `x` is no port"),
        ] {
            let problem = problem(text);
            assert!(problem.starts_with(line) && problem.contains(part), "{text:?}: {problem}");
        }
        assert_eq!(parse("RUN a\nENV A=1\nCOPY b c").unwrap_err().len(), 2, "all at once");
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_what_is_read_reads_the_same(text in "[A-Z \\\\\"'#=\\n\\[\\]a-z0-9/]{0,80}") {
            if let Ok(instructions) = parse(&text) {
                let again: Vec<String> = instructions.iter().map(ToString::to_string).collect();
                prop_assert_eq!(parse(&again.join("\n")).unwrap(), instructions);
            }
        }
    }
}
