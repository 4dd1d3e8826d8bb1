//! Which path of a file system lies in which, as text: for rules, not for opening anything.

/// Slashes at the end are of no account.
fn plain(path: &str) -> &str {
    path.trim_end_matches('/')
}

/// Whether a path is this folder or anything in it.
pub fn is_in(path: &str, folder: &str) -> bool {
    plain(path) == plain(folder) || is_below(path, folder)
}

/// Whether a path is something in this folder, and not the folder itself.
pub fn is_below(path: &str, folder: &str) -> bool {
    plain(path).strip_prefix(plain(folder)).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_parts_count_and_the_folder_is_not_below_itself() {
        for (path, folder, within, below) in [
            ("/srv/a", "/srv", true, true),
            ("/srv/a", "/srv/", true, true),
            ("/srv", "/srv", true, false),
            ("/srv/", "/srv", true, false),
            ("/srv", "/srv/", true, false),
            ("/srvx", "/srv", false, false),
            ("/sr", "/srv", false, false),
            ("/a", "/", true, true),
            ("/", "/", true, false),
        ] {
            assert_eq!(
                (is_in(path, folder), is_below(path, folder)),
                (within, below),
                "{path} {folder}"
            );
        }
    }
}
