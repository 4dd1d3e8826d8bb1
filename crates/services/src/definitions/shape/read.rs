//! From a document into the form, with every problem at its line.

use super::{Names, Shape, posted, shape};
use crate::definitions::yaml::{Node, Value};
use domain::{error::FieldProblem, workspace::WorkspaceForm};
use serde_json::Value as Json;

/// A workspace of a document.
pub struct Written {
    pub form: WorkspaceForm,
    pub problems: Vec<FieldProblem>,
    lines: Vec<(String, u32)>,
    line: u32,
}

impl Written {
    /// A problem at the line of its field, or of the whole where the field is not written.
    pub fn placed(&self, problem: FieldProblem) -> FieldProblem {
        let line = self.lines.iter().find(|(field, _)| *field == problem.field);
        let line = line.map_or(self.line, |(_, line)| *line);
        at(line, &problem.field, problem.message)
    }
}

fn at(line: u32, field: &str, message: impl std::fmt::Display) -> FieldProblem {
    FieldProblem { field: field.to_owned(), message: format!("Line {line}: {message}") }
}

/// Reads a workspace of a document into the form. What is not written is as in a new form.
pub fn read(line: u32, pairs: &[(String, Node)], names: &Names) -> Written {
    let mut fields = posted(&WorkspaceForm::default());
    let mut problems = Vec::new();
    let mut lines: Vec<(String, u32)> = Vec::new();
    for (field, node) in pairs {
        if lines.iter().any(|(known, _)| known == field) {
            problems.push(at(node.line, field, format_args!("`{field}` is there twice.")));
            continue;
        }
        lines.push((field.clone(), node.line));
        let Some(place) = fields.get_mut(field) else {
            let what = format_args!("a workspace has no `{field}`.");
            problems.push(at(node.line, field, what));
            continue;
        };
        let read = match place {
            Json::Array(_) => list(field, node, names),
            _ => text(field, node, names).map(Json::String),
        };
        match read {
            Ok(value) => *place = value,
            Err((line, why)) => problems.push(at(line, field, why)),
        }
    }
    let form = serde_json::from_value(Json::Object(fields)).unwrap_or_default();
    Written { form, problems, lines, line }
}

/// Why a value cannot be one, and where.
type Misfit = (u32, String);

fn word(field: &str, node: &Node) -> Result<String, Misfit> {
    match &node.value {
        Value::Text(text) => Ok(text.clone()),
        _ => Err((node.line, format!("`{field}` takes words, not a list or a map."))),
    }
}

/// The items of a list; a single word is a list of one.
fn items(field: &str, node: &Node) -> Result<Vec<String>, Misfit> {
    match &node.value {
        Value::List(all) => all.iter().map(|one| word(field, one)).collect(),
        Value::Text(text) if text.is_empty() => Ok(Vec::new()),
        Value::Text(text) => Ok(vec![text.clone()]),
        Value::Map(_) => Err((node.line, format!("`{field}` is a list."))),
    }
}

fn list(field: &str, node: &Node, names: &Names) -> Result<Json, Misfit> {
    let all = items(field, node)?;
    let ids = all.into_iter().map(|one| match shape(field) {
        Shape::Groups => names.group_id(&one).map_err(|why| (node.line, why)),
        _ => Ok(one),
    });
    let mut ids = ids.collect::<Result<Vec<_>, _>>()?;
    if shape(field) == Shape::Groups {
        ids.dedup();
    }
    Ok(ids.into_iter().map(Json::String).collect())
}

fn text(field: &str, node: &Node, names: &Names) -> Result<String, Misfit> {
    let one_line = |all: Vec<String>| match all.iter().find(|one| one.contains('\n')) {
        Some(_) => Err((node.line, format!("an item of `{field}` has more than one line."))),
        None => Ok(all),
    };
    match shape(field) {
        Shape::Lines => match &node.value {
            Value::Text(text) => Ok(text.clone()),
            _ => Ok(one_line(items(field, node)?)?.join("\n")),
        },
        Shape::Words => Ok(items(field, node)?.join(", ")),
        Shape::Pairs => match &node.value {
            Value::Map(pairs) => {
                let one = |(name, node): &(String, Node)| {
                    word(field, node).map(|value| format!("{name}={value}"))
                };
                Ok(one_line(pairs.iter().map(one).collect::<Result<_, _>>()?)?.join("\n"))
            }
            Value::Text(text) => Ok(text.clone()),
            Value::List(_) => Ok(one_line(items(field, node)?)?.join("\n")),
        },
        Shape::Tick => match word(field, node)?.as_str() {
            "true" => Ok("on".to_owned()),
            "false" => Ok(String::new()),
            _ => Err((node.line, format!("`{field}` is `true` or `false`."))),
        },
        Shape::Registry => match word(field, node)?.as_str() {
            "" => Ok(String::new()),
            name => names.registry_id(name).map_err(|why| (node.line, why)),
        },
        Shape::Text | Shape::Groups => word(field, node),
    }
}
