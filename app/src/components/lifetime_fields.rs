//! The fields of the life-time rules, the same in the installation's settings and in the forms of
//! groups and workspaces.

use super::field::{SelectField, TextField, posted};
use domain::lifetime::{EndAction, LifetimeForm, Rule};
use leptos::prelude::*;

/// Whose rules they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Installation,
    Group,
    Workspace,
}

impl Place {
    /// What a rule that this place leaves open is called.
    const fn open(self) -> &'static str {
        match self {
            Self::Installation => "Do nothing",
            Self::Group => "Not said here",
            Self::Workspace => "As groups and Settings say",
        }
    }

    const fn extension_help(self) -> &'static str {
        match self {
            Self::Installation => {
                "In all, by the people who use it, an hour at a time. Such as 4 h; empty for not at all."
            }
            Self::Group => {
                "In all, by the people who use it, an hour at a time. Such as 4 h; 0 for not at all; empty leaves it to other groups."
            }
            Self::Workspace => {
                "In all, by the people who use it, an hour at a time. Such as 4 h; 0 for not at all; empty as groups and Settings say."
            }
        }
    }
}

/// What the two fields of a rule are called, and what it looks at.
struct Words {
    action: (&'static str, &'static str),
    after: (&'static str, &'static str),
    help: &'static str,
}

const fn words(rule: Rule) -> Words {
    match rule {
        Rule::Unwatched => Words {
            action: ("unwatched_action", "When nobody looks"),
            after: ("unwatched_after", "Nobody has looked for"),
            help: "Counts from the moment the last window that shows the session is closed.",
        },
        Rule::Idle => Words {
            action: ("idle_action", "When nothing happens"),
            after: ("idle_after", "Nothing has happened for"),
            help: "No input from anybody and no output of a program. An open tab alone does not count.",
        },
        Rule::Longest => Words {
            action: ("longest_action", "When it has run for long"),
            after: ("longest_after", "It has run for"),
            help: "Counts from its start or from when it was last resumed.",
        },
    }
}

pub fn lifetime_fields(
    form: &LifetimeForm,
    problem: impl Fn(&'static str) -> Signal<Option<String>>,
    place: Place,
) -> AnyView {
    let actions =
        || {
            let mut all = vec![(String::new(), place.open().to_owned())];
            // Where nothing is decided further out, an open rule is one that is off.
            if place != Place::Installation {
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
            let Words { action, after, help } = words(rule);
            let (chosen, typed) = form.typed(rule);
            view! {
                <div class="field-row">
                    <SelectField
                        name=posted(action.0)
                        label=action.1
                        value=chosen.to_owned()
                        options=actions()
                        help=help
                    />
                    <TextField
                        name=posted(after.0)
                        label=after.1
                        value=typed.to_owned()
                        help="Such as 30 min, 8 h or 2 d. Only where something is to be done."
                        problem=problem(after.0)
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
            help=place.extension_help()
            problem=problem("extension")
        />
    }
    .into_any()
}
