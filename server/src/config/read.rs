//! Reads settings from their sources and remembers which one counted.

use super::table::{SETTINGS, Setting};
use domain::{Error, Result};
use std::{collections::BTreeMap, path::Path};

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Default,
    File,
    Environment,
    Flag,
}

impl Origin {
    /// Such as `from SLIPWAY_LISTEN`.
    pub fn describe(self, name: &str) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::File => "from the settings file".to_owned(),
            Self::Environment => format!("from SLIPWAY_{}", name.to_uppercase()),
            Self::Flag => format!("from --{}", name.replace('_', "-")),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    pub value: String,
    pub origin: Origin,
}

/// Every setting's value as text, with its origin.
#[derive(Debug, Clone)]
pub struct Resolved(BTreeMap<&'static str, Raw>);

impl Resolved {
    pub fn defaults() -> Self {
        let raw = |s: &Setting| Raw { value: s.default.to_owned(), origin: Origin::Default };
        Self(SETTINGS.iter().map(|s| (s.name, raw(s))).collect())
    }

    pub fn get(&self, name: &str) -> Option<&Raw> {
        self.0.get(name)
    }

    pub fn value(&self, name: &str) -> &str {
        self.get(name).map_or("", |raw| raw.value.as_str())
    }

    /// Sets a known setting; tells whether it is known.
    pub fn set(&mut self, name: &str, value: &str, origin: Origin) -> bool {
        match self.0.get_mut(name) {
            Some(raw) => {
                *raw = Raw { value: value.to_owned(), origin };
                true
            }
            None => false,
        }
    }

    /// Settings in the order of the documentation.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Setting, &Raw)> {
        SETTINGS.iter().filter_map(|s| Some((s, self.get(s.name)?)))
    }

    /// Puts file, environment and flags over the defaults, the later over the earlier.
    ///
    /// # Errors
    /// `Invalid` when the file cannot be read or names a setting that does not exist.
    pub fn read(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
        flag: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let mut all = Self::defaults();
        if let Some(path) = file {
            let at = |why: String| Error::at("config", format!("{}: {why}", path.display()));
            let text = std::fs::read_to_string(path).map_err(|e| at(e.to_string()))?;
            let table: toml::Table =
                text.parse().map_err(|e: toml::de::Error| at(e.to_string()))?;
            for (name, value) in table {
                let value = match value {
                    toml::Value::String(text) => text,
                    toml::Value::Boolean(on) => if on { "on" } else { "off" }.to_owned(),
                    toml::Value::Integer(number) => number.to_string(),
                    toml::Value::Array(list) => {
                        list.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(",")
                    }
                    _ => return Err(at(format!("`{name}` cannot have this kind of value"))),
                };
                if !all.set(&name, &value, Origin::File) {
                    return Err(at(format!("there is no setting `{name}`")));
                }
            }
        }
        for setting in SETTINGS {
            if let Some(value) = environment(&setting.variable()) {
                all.set(setting.name, &value, Origin::Environment);
            }
            if let Some(value) = flag(setting.name) {
                all.set(setting.name, &value, Origin::Flag);
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_environment_over_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("slipway.toml");
        std::fs::write(&file, "listen = \"1.1.1.1:1\"\nmetrics = true\nsessions_per_user = 7\n")
            .unwrap();
        let environment = |name: &str| (name == "SLIPWAY_LISTEN").then(|| "2.2.2.2:2".to_owned());
        let none = |_: &str| None;
        let read = Resolved::read(Some(&file), environment, none).unwrap();
        assert_eq!(read.get("listen").unwrap().origin, Origin::Environment);
        assert_eq!((read.value("metrics"), read.value("sessions_per_user")), ("on", "7"));
        let flag = |name: &str| (name == "listen").then(|| "3.3.3.3:3".to_owned());
        let read = Resolved::read(Some(&file), environment, flag).unwrap();
        assert_eq!(read.value("listen"), "3.3.3.3:3");
    }

    #[test]
    fn a_misspelt_setting_in_the_file_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("slipway.toml");
        std::fs::write(&file, "lisen = \"x\"").unwrap();
        let error = Resolved::read(Some(&file), |_| None, |_| None).unwrap_err();
        assert!(error.message.contains("lisen"), "{error}");
    }
}
