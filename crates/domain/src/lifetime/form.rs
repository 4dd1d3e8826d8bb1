//! The fields in which a place's life-time rules are typed: for each rule what happens and after
//! how long, and by how much people may extend.

use super::{Bound, Choice, EndAction, Lifetime, Rule};
use crate::{
    error::Problems,
    time::{length, parse_length, typed_length},
};
use serde::{Deserialize, Serialize};

/// Shorter than this, a session would end before anybody is warned.
const SHORTEST_S: i64 = 10;
const LONGEST_S: i64 = 365 * 86_400;

/// As text, as it is posted. An action is empty (as the next place says), `never`, or one of
/// [`EndAction`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LifetimeForm {
    pub unwatched_action: String,
    pub unwatched_after: String,
    pub idle_action: String,
    pub idle_after: String,
    pub longest_action: String,
    pub longest_after: String,
    pub extension: String,
}

/// The word for a rule that is switched off.
const NEVER: &str = "never";

impl From<&Lifetime> for LifetimeForm {
    fn from(lifetime: &Lifetime) -> Self {
        let shown = |rule: Rule| match lifetime.choice(rule) {
            Choice::Inherit => (String::new(), String::new()),
            Choice::Never => (NEVER.to_owned(), String::new()),
            Choice::After(bound) => (bound.action.as_str().to_owned(), typed_length(bound.after_s)),
        };
        let (unwatched_action, unwatched_after) = shown(Rule::Unwatched);
        let (idle_action, idle_after) = shown(Rule::Idle);
        let (longest_action, longest_after) = shown(Rule::Longest);
        let extension = lifetime.extension_s.map(typed_length).unwrap_or_default();
        Self {
            unwatched_action,
            unwatched_after,
            idle_action,
            idle_after,
            longest_action,
            longest_after,
            extension,
        }
    }
}

impl LifetimeForm {
    /// The action and the length typed for a rule.
    pub fn typed(&self, rule: Rule) -> (&str, &str) {
        match rule {
            Rule::Unwatched => (&self.unwatched_action, &self.unwatched_after),
            Rule::Idle => (&self.idle_action, &self.idle_after),
            Rule::Longest => (&self.longest_action, &self.longest_after),
        }
    }

    /// Reads the fields; what is wrong goes to `problems` at its field.
    pub fn check(&self, problems: &mut Problems) -> Lifetime {
        let mut choice =
            |rule: Rule, field: &str| problems.take(field, self.choice(rule), Choice::Inherit);
        Lifetime {
            unwatched: choice(Rule::Unwatched, "unwatched_after"),
            idle: choice(Rule::Idle, "idle_after"),
            longest: choice(Rule::Longest, "longest_after"),
            extension_s: problems.take("extension", self.extension(), None),
        }
    }

    fn choice(&self, rule: Rule) -> Result<Choice, String> {
        let (action, after) = self.typed(rule);
        match action.trim() {
            "" => Ok(Choice::Inherit),
            NEVER => Ok(Choice::Never),
            word => {
                let action = EndAction::parse(word)
                    .ok_or_else(|| "Choose one of the actions.".to_owned())?;
                let after_s = parse_length(after)?;
                if !(SHORTEST_S..=LONGEST_S).contains(&after_s) {
                    return Err(format!(
                        "Between {} and {}.",
                        length(SHORTEST_S * 1000),
                        length(LONGEST_S * 1000)
                    ));
                }
                Ok(Choice::After(Bound { after_s, action }))
            }
        }
    }

    fn extension(&self) -> Result<Option<i64>, String> {
        match self.extension.trim() {
            "" => Ok(None),
            text => parse_length(text).and_then(|secs| match secs {
                0..=LONGEST_S => Ok(Some(secs)),
                _ => Err(format!("At most {}.", length(LONGEST_S * 1000))),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(form: &LifetimeForm) -> crate::Result<Lifetime> {
        let mut problems = Problems::default();
        let lifetime = form.check(&mut problems);
        problems.finish().map(|()| lifetime)
    }

    #[test]
    fn what_is_wrong_is_told_at_its_field() {
        let form = LifetimeForm {
            unwatched_action: "stop".into(),
            unwatched_after: "soon".into(),
            idle_action: "explode".into(),
            longest_action: "delete".into(),
            longest_after: "2 s".into(),
            extension: "-1 h".into(),
            ..LifetimeForm::default()
        };
        let error = read(&form).unwrap_err();
        for field in ["unwatched_after", "idle_after", "longest_after", "extension"] {
            assert!(error.problem_at(field).is_some(), "{field} was accepted");
        }
    }

    #[test]
    fn a_length_is_only_asked_for_where_something_happens() {
        let form = LifetimeForm { idle_action: NEVER.into(), ..LifetimeForm::default() };
        assert_eq!(read(&form).unwrap().idle, Choice::Never);
        assert_eq!(read(&LifetimeForm::default()).unwrap(), Lifetime::default());
    }

    proptest! {
        #[test]
        fn rules_survive_their_form(
            idle in SHORTEST_S..LONGEST_S, longest in SHORTEST_S..LONGEST_S, extension in 0..LONGEST_S,
            action in 0_usize..3,
        ) {
            let lifetime = Lifetime {
                unwatched: Choice::Never,
                idle: Choice::After(Bound { after_s: idle, action: EndAction::ALL[action] }),
                longest: Choice::After(Bound { after_s: longest, action: EndAction::Stop }),
                extension_s: Some(extension),
            };
            prop_assert_eq!(read(&LifetimeForm::from(&lifetime)).unwrap(), lifetime);
        }

        #[test]
        fn no_text_makes_the_check_panic(a in "\\PC{0,20}", b in "\\PC{0,20}") {
            let _ = read(&LifetimeForm {
                idle_action: "stop".into(), idle_after: a.clone(), longest_action: a, extension: b,
                ..LifetimeForm::default()
            });
        }
    }
}
