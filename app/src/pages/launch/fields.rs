//! The fields of a launch form, each as what it asks for.

use crate::{
    components::field::{AreaField, SelectField, TextField, TickField, section},
    post::Post,
};
use domain::launch_form::{Field, Kind, problem_of};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// `last` is what was answered the last time, or, if `typed`, a moment ago.
pub fn fields(
    fields: Vec<Field>,
    last: &BTreeMap<String, String>,
    typed: bool,
    launch: Post,
) -> Option<AnyView> {
    if fields.is_empty() {
        return None;
    }
    let shown: Vec<AnyView> = fields
        .into_iter()
        .map(|field| {
            let value = begins_with(&field, last, typed);
            let problem = {
                let field = field.clone();
                Signal::derive(move || {
                    let refusal = launch.refusal()?;
                    problem_of(&refusal.fields, &field).map(str::to_owned)
                })
            };
            shown(field, value, problem)
        })
        .collect();
    Some(section("What this workspace asks", shown.into_any()))
}

/// What a field holds at first.
fn begins_with(field: &Field, last: &BTreeMap<String, String>, typed: bool) -> String {
    if field.is_secret() {
        return String::new();
    }
    match last.get(field.target.as_str()) {
        Some(answer) => answer.clone(),
        // It was emptied.
        None if typed => String::new(),
        None => field.default.clone(),
    }
}

fn shown(field: Field, value: String, problem: Signal<Option<String>>) -> AnyView {
    let name = field.posted();
    let Field { label, help, kind, required, .. } = field;
    match kind {
        Kind::Text => view! { <TextField name label value help problem required /> }.into_any(),
        Kind::Lines => {
            view! { <AreaField name label value help problem required rows=6 /> }.into_any()
        }
        Kind::Choice(options) => {
            let nothing = if required { "Choose …" } else { "None" };
            let nothing = (String::new(), nothing.to_owned());
            let options = options.into_iter().map(|option| (option.clone(), option));
            let options: Vec<_> = std::iter::once(nothing).chain(options).collect();
            view! { <SelectField name label value options help problem /> }.into_any()
        }
        Kind::YesNo => {
            let ticked = matches!(value.as_str(), "yes" | "on");
            view! { <TickField name label ticked help problem /> }.into_any()
        }
        Kind::Secret => {
            let help = format!("{help} Nobody gets to see it again.").trim().to_owned();
            view! {
                <TextField
                    name
                    label
                    help
                    problem
                    required
                    kind="password"
                    autocomplete="new-password"
                />
            }
            .into_any()
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::api::launcher::Launch;
    use domain::launch_form::parse_all;

    const FORM: &str = "Project\n to: PROJECT\n required\n default: demo\n help: A name.\n\nSize\n options: small, large\n to: SIZE\n\nFast\n kind: yes/no\n default: yes\n to: FAST\n\nToken\n kind: secret\n to: /run/token";

    fn html(last: &[(&str, &str)], typed: bool) -> String {
        let owner = Owner::new();
        owner.set();
        let last = last.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let all = parse_all(FORM).unwrap_or_default();
        let shown = fields(all, &last, typed, Post::to::<Launch>());
        shown.map(|view| view.to_html()).unwrap_or_default()
    }

    #[test]
    fn each_field_is_what_it_asks_for_and_holds_its_default() {
        let html = html(&[], false);
        assert!(html.contains("name=\"answers[PROJECT]\" value=\"demo\""), "{html}");
        assert!(html.contains("for=\"answers-PROJECT\"") && html.contains("A name."), "{html}");
        assert!(html.contains("<select") && html.contains(">None<"), "{html}");
        assert!(html.contains("type=\"checkbox\"") && html.contains("checked"), "{html}");
        assert!(html.contains("type=\"password\" name=\"secrets[/run/token]\""), "{html}");
    }

    #[test]
    fn what_was_answered_before_is_there_again_but_no_secret() {
        let again = html(&[("PROJECT", "mine"), ("SIZE", "large"), ("/run/token", "s3cret")], true);
        assert!(again.contains("value=\"mine\""), "{again}");
        assert!(again.contains("value=\"large\" selected"), "{again}");
        assert!(!again.contains("checked") && !again.contains("s3cret"), "{again}");
    }
}
