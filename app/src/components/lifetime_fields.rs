//! The fields of the life-time rules, the same in the installation's settings and in a workspace's
//! form.

use super::field::{SelectField, TextField, posted};
use domain::lifetime::{EndAction, LifetimeForm, Rule};
use leptos::prelude::*;

/// What a rule is about, and what its fields are called.
const fn words(rule: Rule) -> (&'static str, &'static str, &'static str) {
    match rule {
        Rule::Unwatched => (
            "When nobody looks",
            "unwatched_action",
            "Counts from the moment the last window that shows the session is closed.",
        ),
        Rule::Idle => (
            "When nothing happens",
            "idle_action",
            "No input from anybody and no output of a program. An open tab alone does not count.",
        ),
        Rule::Longest => (
            "When it has run for long",
            "longest_action",
            "Counts from its start or from when it was last resumed.",
        ),
    }
}

const fn after_name(rule: Rule) -> &'static str {
    match rule {
        Rule::Unwatched => "unwatched_after",
        Rule::Idle => "idle_after",
        Rule::Longest => "longest_after",
    }
}

/// `inherit` is what an undecided rule is called; where that means the rule is off, there is no
/// other word for off.
pub fn lifetime_fields(
    form: &LifetimeForm,
    problem: impl Fn(&'static str) -> Signal<Option<String>>,
    inherit: &'static str,
    never: bool,
) -> AnyView {
    let actions =
        || {
            let mut all = vec![(String::new(), inherit.to_owned())];
            if never {
                all.push(("never".to_owned(), "Never".to_owned()));
            }
            all.extend(EndAction::ALL.map(|action| {
                (action.as_str().to_owned(), format!("{} it", action.action().label()))
            }));
            all
        };
    let rules: Vec<AnyView> = Rule::ALL
        .into_iter()
        .map(|rule| {
            let (label, action, help) = words(rule);
            let (chosen, after) = form.typed(rule);
            view! {
                <div class="field-row">
                    <SelectField
                        name=posted(action)
                        label=label
                        value=chosen.to_owned()
                        options=actions()
                        help=help
                    />
                    <TextField
                        name=posted(after_name(rule))
                        label="After"
                        value=after.to_owned()
                        help="Such as 30 min, 8 h or 2 d."
                        problem=problem(after_name(rule))
                    />
                </div>
            }
            .into_any()
        })
        .collect();
    view! {
        {rules}
        <TextField
            name=posted("extension")
            label="Longest duration may be extended by"
            value=form.extension.clone()
            help="In all, by the people who use it, an hour at a time. Such as 4 h; 0 for not at all."
            problem=problem("extension")
        />
    }
    .into_any()
}
