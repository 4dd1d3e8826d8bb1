//! Limits that a launch is checked against, and the words of a refusal.

use crate::{Error, Result};

/// What is already in use when somebody launches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Sessions of this user that hold a container (running, paused or stopped).
    pub sessions_of_user: i64,
    /// Session ports in use; `None` when sessions are told apart by host name.
    pub ports_used: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub sessions_per_user: i64,
    pub session_ports: i64,
}

impl Limits {
    /// # Errors
    /// `Exhausted`, naming the limit, its numbers, and who can do what about it.
    pub fn check(&self, usage: Usage) -> Result<()> {
        if usage.sessions_of_user >= self.sessions_per_user {
            return Err(Error::exhausted(format!(
                "You have {} of {} sessions that one user may keep.",
                usage.sessions_of_user, self.sessions_per_user
            ))
            .hint("Delete a session you no longer need. An administrator can raise `sessions_per_user` in the server's settings."));
        }
        if let Some(used) = usage.ports_used
            && used >= self.session_ports
        {
            return Err(Error::exhausted(format!(
                "All {} session ports are in use.",
                self.session_ports
            ))
            .hint("Stop a session to free its port. An administrator can widen `session_ports` in the server's settings."));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_numbers() {
        let limits = Limits { sessions_per_user: 5, session_ports: 64 };
        let usage = |user, ports| Usage { sessions_of_user: user, ports_used: ports };
        assert!(limits.check(usage(4, Some(63))).is_ok());
        assert!(limits.check(usage(5, None)).unwrap_err().message.contains("5 of 5"));
        assert!(limits.check(usage(0, Some(64))).unwrap_err().message.contains("64"));
        assert!(limits.check(usage(0, None)).is_ok());
    }
}
