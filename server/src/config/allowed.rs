//! What of the engine's host workspaces may have, as it is written in the settings.

use domain::{confinement::check_network_name, path::is_below};

/// Parts that are the host itself: nothing of them is a directory of somebody's.
const NEVER: [&str; 4] = ["/", "/proc", "/sys", "/dev"];

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// A whole path without its last slash, if it leads where it says.
fn path(text: &str) -> Option<String> {
    let path = if text.len() > 1 { text.trim_end_matches('/') } else { text };
    let whole = path.starts_with('/')
        && path.split('/').skip(1).all(|part| !matches!(part, "." | ".."))
        && !path.contains("//");
    whole.then(|| path.to_owned())
}

pub(super) fn roots(text: &str) -> Result<Vec<String>, String> {
    let root = |text: &str| {
        let path = path(text).ok_or_else(|| {
            format!("`{text}` is no path: write directories in full, like `/srv/data`.")
        })?;
        // Everything is in the root, which is only itself.
        let is_one = |never: &str| path == never || (never != "/" && is_below(&path, never));
        match NEVER.into_iter().find(|never| is_one(never)) {
            Some(never) => Err(format!("Nothing of `{never}` can be given to sessions.")),
            None => Ok(path),
        }
    };
    parts(text).map(root).collect()
}

pub(super) fn networks(text: &str) -> Result<Vec<String>, String> {
    parts(text).map(check_network_name).collect()
}

pub(super) fn devices(text: &str) -> Result<Vec<String>, String> {
    let device = |text: &str| {
        path(text)
            .filter(|path| path.starts_with("/dev/"))
            .ok_or_else(|| format!("`{text}` is no device: write them like `/dev/fuse`."))
    };
    parts(text).map(device).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_and_devices_are_written_in_full_and_never_the_whole_host() {
        assert_eq!(roots("/srv/data/, /home").unwrap(), ["/srv/data", "/home"]);
        assert_eq!(roots(" ").unwrap(), Vec::<String>::new());
        for bad in ["/", "srv", "/srv/../etc", "/proc", "/sys/fs", "/dev/", "//"] {
            assert!(roots(bad).is_err(), "{bad} was accepted");
        }
        assert_eq!(devices("/dev/fuse,/dev/dri").unwrap(), ["/dev/fuse", "/dev/dri"]);
        assert!(devices("/dev").is_err() && devices("/dev/../etc").is_err());
        assert!(networks("team, none").is_err());
    }
}
