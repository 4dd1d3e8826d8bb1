//! How images are kept present and current, as administrators decide it (seed 000, *Pull
//! Behavior*: every 30 seconds what is missing is pulled, every hour what is there is looked at
//! again).

use super::{PruneMode, PruneRule};
use crate::{
    error::Problems,
    time::{parse_length, typed_length},
};
use serde::{Deserialize, Serialize};

/// Registries that see a question every few seconds from each console soon answer none.
const SHORTEST_REFRESH_S: i64 = 60;
const LONGEST_S: i64 = 30 * 86_400;
const SHORTEST_COMPARE_S: i64 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Upkeep {
    /// Seconds between two comparisons of what workspaces need with what the engine has.
    pub compare_s: i64,
    /// Seconds after which a registry is asked again what a name means.
    pub refresh_s: i64,
    /// What goes once a day.
    pub prune: PruneRule,
}

impl Default for Upkeep {
    fn default() -> Self {
        Self { compare_s: 30, refresh_s: 3600, prune: PruneRule::default() }
    }
}

/// The same as text, field by field.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UpkeepForm {
    pub compare_every: String,
    pub refresh_every: String,
    pub prune: String,
    pub unused_days: String,
}

impl From<&Upkeep> for UpkeepForm {
    fn from(upkeep: &Upkeep) -> Self {
        Self {
            compare_every: typed_length(upkeep.compare_s),
            refresh_every: typed_length(upkeep.refresh_s),
            prune: upkeep.prune.mode.as_str().to_owned(),
            unused_days: upkeep.prune.unused_days.to_string(),
        }
    }
}

impl UpkeepForm {
    /// Reads the fields; what is wrong goes to `problems` at its field.
    pub fn check(&self, problems: &mut Problems) -> Upkeep {
        let usual = Upkeep::default();
        let mut every = |field: &str, text: &str, shortest: i64, usual: i64| {
            let read = match text.trim() {
                "" => Ok(usual),
                text => parse_length(text).and_then(|secs| match secs {
                    secs if secs >= shortest && secs <= LONGEST_S => Ok(secs),
                    _ => Err(format!("Between {} and 30 d.", typed_length(shortest))),
                }),
            };
            problems.take(field, read, usual)
        };
        let compare_s =
            every("compare_every", &self.compare_every, SHORTEST_COMPARE_S, usual.compare_s);
        let refresh_s =
            every("refresh_every", &self.refresh_every, SHORTEST_REFRESH_S, usual.refresh_s);
        let prune = read_rule(&self.prune, &self.unused_days, problems);
        Upkeep { compare_s, refresh_s, prune }
    }
}

/// What is to be pruned, as typed; what is wrong goes to `problems`.
pub fn read_rule(mode: &str, days: &str, problems: &mut Problems) -> PruneRule {
    let usual = PruneRule::default();
    let mode = match mode.trim() {
        "" => Ok(usual.mode),
        word => PruneMode::parse(word).ok_or_else(|| "Choose what goes.".to_owned()),
    };
    let days = match days.trim() {
        "" => Ok(usual.unused_days),
        text => match text.parse() {
            Ok(days @ 1..=3650) => Ok(days),
            _ => Err("Between 1 and 3650 days.".to_owned()),
        },
    };
    PruneRule {
        mode: problems.take("prune", mode, usual.mode),
        unused_days: problems.take("unused_days", days, usual.unused_days),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &UpkeepForm) -> Result<Upkeep, crate::Error> {
        let mut problems = Problems::default();
        let upkeep = form.check(&mut problems);
        problems.finish().map(|()| upkeep)
    }

    #[test]
    fn it_survives_its_form_and_begins_as_the_seed_says() {
        let usual = Upkeep::default();
        assert_eq!((usual.compare_s, usual.refresh_s), (30, 3600));
        assert_eq!(read(&UpkeepForm::default()).unwrap(), usual);
        let prune = PruneRule { mode: PruneMode::Unused, unused_days: 7 };
        let other = Upkeep { compare_s: 90, refresh_s: 86_400, prune };
        assert_eq!(read(&UpkeepForm::from(&other)).unwrap(), other);
    }

    #[test]
    fn each_bad_field_is_named() {
        let form = UpkeepForm {
            compare_every: "1 s".into(),
            refresh_every: "often".into(),
            prune: "everything".into(),
            unused_days: "0".into(),
        };
        let error = read(&form).unwrap_err();
        for field in ["compare_every", "refresh_every", "prune", "unused_days"] {
            assert!(error.problem_at(field).is_some(), "{field} was accepted");
        }
    }
}
