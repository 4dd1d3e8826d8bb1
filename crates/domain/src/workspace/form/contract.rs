//! The part of the form that says how a session is reached and shown.

use super::{WorkspaceForm, lines, number};
use crate::{
    Result,
    contract::{
        Basic, Contract, CookiePolicy, GRANTABLE_CAPABILITIES, Init, Means, Scheme, Withholding,
        check_path, check_variable,
    },
    error::Problems,
};

impl WorkspaceForm {
    /// How a session is reached, as far as it can be read.
    pub(crate) fn contract(&self, problems: &mut Problems) -> Contract {
        let choice = |what: &str| format!("Choose {what}.");
        Contract {
            port: problems.take(
                "port",
                number(&self.port, 1, u16::MAX, "A port is between 1 and 65535."),
                1,
            ),
            scheme: problems.take(
                "scheme",
                Scheme::parse(&self.scheme).ok_or_else(|| choice("http or https")),
                Scheme::Http,
            ),
            basic: problems.take("basic_user", self.basic(), None),
            cookies: problems.take(
                "cookies",
                CookiePolicy::parse(&self.cookies).ok_or_else(|| choice("drop or pass")),
                CookiePolicy::Drop,
            ),
            entry: problems.take("entry", check_path(&self.entry), "/".into()),
            ready_path: problems.take("ready_path", check_path(&self.ready_path), "/".into()),
            ready_timeout_s: problems.take(
                "ready_timeout",
                number(&self.ready_timeout, 1, 900, "Wait between 1 and 900 seconds."),
                60,
            ),
            blocked_paths: problems.take(
                "blocked_paths",
                lines(&self.blocked_paths).map(check_path).collect(),
                Vec::new(),
            ),
            withholds: problems.take("withholds", self.withholds(), Vec::new()),
            command: lines(&self.command).map(str::to_owned).collect(),
            init: problems.take(
                "init",
                Init::parse(&self.init)
                    .ok_or_else(|| choice("the engine's init or the image's own")),
                Init::Engine,
            ),
            capabilities: problems.take("capabilities", self.capabilities(), Vec::new()),
        }
    }

    fn basic(&self) -> Result<Option<Basic>, String> {
        let user = self.basic_user.trim();
        let variable = self.basic_password_variable.trim();
        if user.is_empty() && variable.is_empty() {
            return Ok(None);
        }
        if user.is_empty() || variable.is_empty() {
            return Err(
                "Give both a user name and the variable that takes the password, or neither."
                    .into(),
            );
        }
        if user.contains(':') || user.len() > 100 {
            return Err(
                "The user name for Basic credentials has no colon and at most 100 characters."
                    .into(),
            );
        }
        let user_variable = match self.basic_user_variable.trim() {
            "" => None,
            name => Some(check_variable(name)?),
        };
        Ok(Some(Basic {
            user: user.to_owned(),
            password_variable: check_variable(variable)?,
            user_variable,
        }))
    }

    fn withholds(&self) -> Result<Vec<Withholding>, String> {
        let all = Withholding::parse_all(&self.withholds)?;
        let own =
            [&self.basic_password_variable, &self.basic_user_variable].map(|name| name.trim());
        for one in &all {
            if let Means::Variable(name, _) = &one.by
                && own.contains(&name.as_str())
            {
                return Err(format!("`{name}` is set by Slipway, for the credentials."));
            }
        }
        Ok(all)
    }

    fn capabilities(&self) -> Result<Vec<String>, String> {
        let mut all = Vec::new();
        for word in self.capabilities.split(|c: char| c == ',' || c.is_whitespace()) {
            let name = word.trim().to_ascii_uppercase();
            let name = name.strip_prefix("CAP_").unwrap_or(&name).to_owned();
            if name.is_empty() || all.contains(&name) {
                continue;
            }
            if !GRANTABLE_CAPABILITIES.contains(&name.as_str()) {
                return Err(format!(
                    "`{name}` cannot be given to a workspace. Possible are {}.",
                    GRANTABLE_CAPABILITIES.join(", ")
                ));
            }
            all.push(name);
        }
        Ok(all)
    }
}
