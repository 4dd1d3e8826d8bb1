//! One field of the form: what it posts, what it is called, and what is wrong with it, said once.

use super::editor::Editor;
use crate::components::field::{
    AreaField, AreaFieldProps, SelectField, SelectFieldProps, TextField, TextFieldProps, TickField,
    TickFieldProps, posted,
};
use leptos::prelude::*;

/// What is asked; [`Asked::line`] and those below it say how.
pub struct Asked<'a> {
    editor: Editor,
    field: &'static str,
    label: &'static str,
    value: &'a str,
    help: String,
    example: Option<&'static str>,
    keys: Option<&'static str>,
    required: bool,
}

impl Editor {
    /// Asks for `field`, which holds `value`.
    pub fn ask<'a>(self, field: &'static str, label: &'static str, value: &'a str) -> Asked<'a> {
        Asked {
            editor: self,
            field,
            label,
            value,
            help: String::new(),
            example: None,
            keys: None,
            required: false,
        }
    }
}

impl Asked<'_> {
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: help.into(), ..self }
    }

    /// What is shown while nothing is typed.
    pub fn example(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }

    /// Which keys a screen keyboard offers.
    pub fn keys(self, keys: &'static str) -> Self {
        Self { keys: Some(keys), ..self }
    }

    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// A single line of text.
    pub fn line(self) -> AnyView {
        TextField(TextFieldProps {
            name: posted(self.field),
            label: self.label.to_owned(),
            value: self.value.to_owned(),
            help: self.help,
            problem: self.editor.problem(self.field),
            kind: "text",
            required: self.required,
            autocomplete: None,
            inputmode: self.keys,
            placeholder: self.example,
            autofocus: false,
        })
    }

    /// Several lines for people.
    pub fn prose(self, rows: u32) -> AnyView {
        self.area(rows, false)
    }

    /// Several lines for machines.
    pub fn code(self, rows: u32) -> AnyView {
        self.area(rows, true)
    }

    fn area(self, rows: u32, code: bool) -> AnyView {
        AreaField(AreaFieldProps {
            name: posted(self.field),
            label: self.label.to_owned(),
            value: self.value.to_owned(),
            help: self.help,
            problem: self.editor.problem(self.field),
            rows,
            code,
            placeholder: self.example,
            required: self.required,
        })
    }

    /// Ticked unless its value is empty.
    pub fn tick(self) -> AnyView {
        TickField(TickFieldProps {
            name: posted(self.field),
            label: self.label.to_owned(),
            ticked: !self.value.is_empty(),
            help: self.help,
            problem: self.editor.problem(self.field),
        })
    }

    /// One of a few, each a value and what it is called.
    pub fn choice(self, options: Vec<(String, String)>) -> AnyView {
        SelectField(SelectFieldProps {
            name: posted(self.field),
            label: self.label.to_owned(),
            value: self.value.to_owned(),
            options,
            help: self.help,
            problem: self.editor.problem(self.field),
        })
    }
}
