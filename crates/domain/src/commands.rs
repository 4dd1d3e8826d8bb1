//! What is run inside a session's container without anybody typing it: at each start, and whenever
//! somebody opens the session.

use crate::error::Problems;
use serde::{Deserialize, Serialize};

/// Most characters of one command.
const LONGEST: usize = 8_000;
/// Seconds that a command may take.
const PATIENCE: std::ops::RangeInclusive<u32> = 1..=600;

/// The commands of a workspace, for the container's `/bin/sh`; empty for none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Commands {
    /// Run when the workspace answers, before the session is called running.
    pub at_start: String,
    /// Whether a session whose start command fails is a launch that failed; otherwise it runs and
    /// says so.
    pub start_must_succeed: bool,
    /// Run when somebody opens the session.
    pub on_open: String,
    /// Seconds after which each is ended.
    pub patience_s: u32,
}

impl Default for Commands {
    fn default() -> Self {
        Self {
            at_start: String::new(),
            start_must_succeed: false,
            on_open: String::new(),
            patience_s: 60,
        }
    }
}

/// The part of the workspace's form about commands, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandsForm {
    pub at_start: String,
    /// `on` when ticked, as browsers post it; absent when not.
    #[serde(default = "String::new")]
    pub start_must_succeed: String,
    pub on_open: String,
    pub command_patience: String,
}

impl Default for CommandsForm {
    fn default() -> Self {
        Self::from(&Commands::default())
    }
}

impl From<&Commands> for CommandsForm {
    fn from(commands: &Commands) -> Self {
        Self {
            at_start: commands.at_start.clone(),
            start_must_succeed: if commands.start_must_succeed {
                "on".into()
            } else {
                String::new()
            },
            on_open: commands.on_open.clone(),
            command_patience: commands.patience_s.to_string(),
        }
    }
}

impl CommandsForm {
    pub(crate) fn check(&self, problems: &mut Problems) -> Commands {
        let usual = Commands::default();
        let patience = match self.command_patience.trim() {
            "" => Ok(usual.patience_s),
            text => text.parse().ok().filter(|n| PATIENCE.contains(n)).ok_or_else(|| {
                format!(
                    "A command takes between {} and {} seconds.",
                    PATIENCE.start(),
                    PATIENCE.end()
                )
            }),
        };
        Commands {
            at_start: problems.take("at_start", script(&self.at_start), String::new()),
            start_must_succeed: !self.start_must_succeed.is_empty(),
            on_open: problems.take("on_open", script(&self.on_open), String::new()),
            patience_s: problems.take("command_patience", patience, usual.patience_s),
        }
    }
}

fn script(text: &str) -> Result<String, String> {
    let text = text.replace("\r\n", "\n").trim().to_owned();
    if text.contains('\0') {
        return Err("This holds a character that no command can.".into());
    }
    match text.chars().count() {
        n if n > LONGEST => Err(format!(
            "A command has at most {LONGEST} characters; this has {n}. Put a longer one into the image and call it."
        )),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::WorkspaceForm;

    fn form(commands: CommandsForm) -> WorkspaceForm {
        WorkspaceForm {
            name: "A".into(),
            image: "a:1".into(),
            commands,
            ..WorkspaceForm::default()
        }
    }

    #[test]
    fn commands_survive_the_form() {
        assert_eq!(form(CommandsForm::default()).check().unwrap().commands, Commands::default());
        let typed = CommandsForm {
            at_start: " cd /srv\r\nmake\r\n".into(),
            start_must_succeed: "on".into(),
            on_open: "date".into(),
            command_patience: "5".into(),
        };
        let definition = form(typed).check().unwrap();
        assert_eq!(definition.commands.at_start, "cd /srv\nmake");
        assert_eq!(
            (definition.commands.patience_s, definition.commands.start_must_succeed),
            (5, true)
        );
        let again = WorkspaceForm::from(&definition).check().unwrap();
        assert_eq!(again.commands, definition.commands);
    }

    #[test]
    fn what_no_shell_could_run_is_told_at_its_field() {
        let bad = CommandsForm {
            at_start: "a\0b".into(),
            on_open: "x".repeat(LONGEST + 1),
            command_patience: "0".into(),
            ..CommandsForm::default()
        };
        let error = form(bad).check().unwrap_err();
        for field in ["at_start", "on_open", "command_patience"] {
            assert!(error.problem_at(field).is_some(), "{field} was accepted");
        }
    }
}
