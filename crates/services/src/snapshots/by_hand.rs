//! The commands that come to the same as a snapshot, for those who want to see or keep them.

use super::commit;
use domain::{registry::Registry, snapshot::Snapshot};

/// The same with the engine's own command.
pub(super) fn commands(
    container: &str,
    made: &Snapshot,
    chosen: Option<&Registry>,
    blanked: &[String],
) -> Vec<String> {
    let image = made.image.canonical();
    let mut commit = vec!["docker commit".to_owned()];
    if !made.pause {
        commit.push("--pause=false".into());
    }
    for (flag, text) in [("--message", &made.message), ("--author", &made.author)] {
        if !text.is_empty() {
            commit.push(format!("{flag} {}", quoted(text)));
        }
    }
    let asked = made.changes.iter().map(ToString::to_string);
    for change in asked.chain(commit::emptied(blanked)) {
        commit.push(format!("--change {}", quoted(&change)));
    }
    commit.push(format!("{container} {image}"));
    let mut all = Vec::new();
    if let Some(push) = &made.push {
        let username = chosen.map_or(&push.username, |registry| &registry.username);
        if !username.is_empty() {
            let (username, server) = (quoted(username), quoted(&push.server));
            all.push(format!("docker login --username {username} {server}"));
        }
        all.push(format!("docker push {image}"));
    }
    all.insert(0, commit.join(" "));
    all
}

/// For a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("app:1"), "app:1");
        assert_eq!(quoted("CMD [\"a\"]"), "'CMD [\"a\"]'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
