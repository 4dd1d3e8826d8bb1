//! How a line of the audit log is written into a file.

use domain::audit::AuditLine;
use serde::Serialize;

/// The kinds of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a heading, for spreadsheets.
    Csv,
    /// One JSON object on each line, for programs.
    JsonLines,
}

/// What a program reads of a line.
#[derive(Serialize)]
struct Written<'a> {
    time: String,
    actor: Option<&'a str>,
    action: &'a str,
    target: &'a str,
    detail: Option<&'a str>,
    address: &'a str,
    result: &'a str,
}

impl Format {
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Csv, Self::JsonLines].into_iter().find(|format| format.ending() == text)
    }

    /// How a file's name ends, without the dot.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::JsonLines => "application/jsonl; charset=utf-8",
        }
    }

    /// What a file begins with.
    pub(crate) const fn head(self) -> &'static str {
        match self {
            Self::Csv => "time,actor,action,target,detail,address,result\r\n",
            Self::JsonLines => "",
        }
    }

    pub(crate) fn line(self, line: &AuditLine) -> String {
        match self {
            Self::Csv => {
                let time = line.at.rfc3339();
                let fields: [&str; 7] = [
                    &time,
                    line.actor.as_deref().unwrap_or_default(),
                    &line.action,
                    &line.target,
                    line.detail.as_deref().unwrap_or_default(),
                    &line.address,
                    line.result.as_str(),
                ];
                format!("{}\r\n", fields.map(field).join(","))
            }
            Self::JsonLines => {
                let written = Written {
                    time: line.at.rfc3339(),
                    actor: line.actor.as_deref(),
                    action: &line.action,
                    target: &line.target,
                    detail: line.detail.as_deref(),
                    address: &line.address,
                    result: line.result.as_str(),
                };
                // Plain text in, so there is nothing to go wrong.
                format!("{}\n", serde_json::to_string(&written).unwrap_or_default())
            }
        }
    }
}

/// A value between quotes. One that a spreadsheet would take for a formula begins with an apostrophe,
/// by which spreadsheets know that it is text: names are what people type.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Timestamp, audit::AuditResult};

    fn line(target: &str) -> AuditLine {
        AuditLine {
            id: 7,
            at: Timestamp(1_795_209_729_000),
            actor: Some("ada".into()),
            action: "session.launch".into(),
            target: target.into(),
            detail: None,
            address: "192.0.2.1".into(),
            result: AuditResult::Done,
        }
    }

    #[test]
    fn a_value_stays_in_its_field_and_is_never_a_formula() {
        let written = Format::Csv.line(&line("A \"desk\", with\r\na line"));
        assert_eq!(
            written,
            "\"2026-11-20T21:22:09Z\",\"ada\",\"session.launch\",\"A \"\"desk\"\", with\r\na line\",\"\",\"192.0.2.1\",\"done\"\r\n"
        );
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert!(Format::Csv.line(&line(formula)).contains(",\"'"), "{formula:?}");
        }
        assert_eq!(Format::Csv.head().matches(',').count(), 6);
    }

    #[test]
    fn a_json_line_is_one_line() {
        let written = Format::JsonLines.line(&line("two\nlines"));
        assert_eq!(written.lines().count(), 1);
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(read["target"], "two\nlines");
        assert_eq!(read["time"], "2026-11-20T21:22:09Z");
        assert!(read["detail"].is_null());
    }

    #[test]
    fn formats_are_named_by_their_endings() {
        assert_eq!(Format::parse("csv"), Some(Format::Csv));
        assert_eq!(Format::parse("jsonl"), Some(Format::JsonLines));
        assert_eq!(Format::parse("xlsx"), None);
    }
}
