//! What administrators decide for the whole installation: how much sessions may take, when they end
//! by themselves, how images are kept, and for how long the audit log is. Kept in the database and
//! changed on the Settings page; holds at once, also for sessions that run.

use crate::{
    Result,
    error::Problems,
    library::{Upkeep, UpkeepForm},
    lifetime::{Lifetime, LifetimeForm},
    limits::Limits,
    quantity::{self, GIB, MIB},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub limits: Limits,
    #[serde(default)]
    pub lifetime: Lifetime,
    #[serde(default)]
    pub upkeep: Upkeep,
    /// Days for which lines of the audit log are kept.
    #[serde(default = "usual_audit_days")]
    pub audit_days: i64,
}

const fn usual_audit_days() -> i64 {
    365
}

impl Policy {
    /// Before anybody has decided: sessions per user as the server's settings say, a reserve of
    /// disk, and nothing ends by itself.
    pub fn new(sessions_per_user: i64) -> Self {
        Self {
            limits: Limits {
                sessions_per_user,
                cpu_millis: None,
                memory_bytes: None,
                free_disk_bytes: GIB,
            },
            lifetime: Lifetime::default(),
            upkeep: Upkeep::default(),
            audit_days: usual_audit_days(),
        }
    }
}

/// The Settings page as text, field by field, as it is posted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicyForm {
    pub sessions_per_user: String,
    /// Empty is no limit.
    pub cpus: String,
    /// Empty is no limit.
    pub memory: String,
    pub free_disk: String,
    #[serde(flatten)]
    pub lifetime: LifetimeForm,
    #[serde(flatten)]
    pub upkeep: UpkeepForm,
    /// Empty is as many as before anybody has decided.
    pub audit_days: String,
}

impl From<&Policy> for PolicyForm {
    fn from(policy: &Policy) -> Self {
        let limits = &policy.limits;
        Self {
            sessions_per_user: limits.sessions_per_user.to_string(),
            cpus: limits.cpu_millis.map(quantity::cores).unwrap_or_default(),
            memory: limits.memory_bytes.map(quantity::typed_bytes).unwrap_or_default(),
            free_disk: quantity::typed_bytes(limits.free_disk_bytes),
            lifetime: LifetimeForm::from(&policy.lifetime),
            upkeep: UpkeepForm::from(&policy.upkeep),
            audit_days: policy.audit_days.to_string(),
        }
    }
}

fn unless_empty<T>(
    text: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    match text.trim() {
        "" => Ok(None),
        text => read(text).map(Some),
    }
}

impl PolicyForm {
    /// # Errors
    /// `Invalid` with every problem at its field.
    pub fn check(&self) -> Result<Policy> {
        let mut problems = Problems::default();
        let sessions = match self.sessions_per_user.trim().parse() {
            Ok(count @ 1..=10_000) => Ok(count),
            _ => Err("Between 1 and 10000 sessions.".to_owned()),
        };
        let at_least = |low: i64, why: &'static str| {
            move |amount: i64| if amount >= low { Ok(amount) } else { Err(why.to_owned()) }
        };
        let cpus = |text: &str| {
            quantity::parse_cores(text)
                .and_then(at_least(100, "At least 0.1 cores, or nothing for no limit."))
        };
        let memory = |text: &str| {
            quantity::parse_bytes(text)
                .and_then(at_least(32 * MIB, "At least 32 MiB, or nothing for no limit."))
        };
        let limits = Limits {
            sessions_per_user: problems.take("sessions_per_user", sessions, 1),
            cpu_millis: problems.take("cpus", unless_empty(&self.cpus, cpus), None),
            memory_bytes: problems.take("memory", unless_empty(&self.memory, memory), None),
            free_disk_bytes: problems.take("free_disk", quantity::parse_bytes(&self.free_disk), 0),
        };
        let lifetime = self.lifetime.check(&mut problems);
        let upkeep = self.upkeep.check(&mut problems);
        let days = match self.audit_days.trim() {
            "" => Ok(usual_audit_days()),
            text => match text.parse() {
                Ok(days @ 1..=3650) => Ok(days),
                _ => Err("Between 1 and 3650 days.".to_owned()),
            },
        };
        let audit_days = problems.take("audit_days", days, usual_audit_days());
        problems.finish()?;
        Ok(Policy { limits, lifetime, upkeep, audit_days })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_survives_its_form() {
        let policy = Policy::new(5);
        assert_eq!(PolicyForm::from(&policy).check().unwrap(), policy);
        let limits =
            Limits { cpu_millis: Some(1500), memory_bytes: Some(8 * GIB), ..policy.limits };
        let policy = Policy { limits, audit_days: 30, ..policy };
        assert_eq!(PolicyForm::from(&policy).check().unwrap(), policy);
    }

    #[test]
    fn each_bad_field_is_named() {
        let form = PolicyForm {
            sessions_per_user: "0".into(),
            cpus: "none".into(),
            memory: "1".into(),
            free_disk: String::new(),
            lifetime: LifetimeForm { idle_action: "stop".into(), ..LifetimeForm::default() },
            upkeep: UpkeepForm { unused_days: "0".into(), ..UpkeepForm::default() },
            audit_days: "0".into(),
        };
        let error = form.check().unwrap_err();
        for field in [
            "sessions_per_user",
            "cpus",
            "memory",
            "free_disk",
            "idle_after",
            "unused_days",
            "audit_days",
        ] {
            assert!(error.problem_at(field).is_some(), "{field} was accepted");
        }
    }

    #[test]
    fn what_was_decided_before_there_was_an_audit_setting_keeps_a_year() {
        let mut stored = serde_json::to_value(Policy::new(5)).unwrap();
        stored.as_object_mut().unwrap().remove("audit_days");
        assert_eq!(serde_json::from_value::<Policy>(stored).unwrap().audit_days, 365);
        assert_eq!(
            PolicyForm {
                sessions_per_user: "5".into(),
                free_disk: "1 GiB".into(),
                ..PolicyForm::default()
            }
            .check()
            .unwrap()
            .audit_days,
            365
        );
    }
}
