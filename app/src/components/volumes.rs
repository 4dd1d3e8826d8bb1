//! How volumes are typed, for the forms that ask for them.

/// Where directories of the engine's host may be. `roots` are those that the settings allow.
pub fn allowed_roots(roots: &[String]) -> String {
    match roots {
        [] => "`host_roots` in the server's settings says of which; none at present.".to_owned(),
        roots => format!("It must be in {}.", roots.join(", ")),
    }
}

/// The help of the field.
pub fn volumes_help(roots: &[String]) -> String {
    format!(
        "One a line: name, colon, path in the container, and behind another colon ro where it is only read and uid=… and gid=… for whose it is. {{username}}, {{user_id}} and {{workspace}} in a name give each user, or each workspace, one of their own. In place of a name, a directory of the engine's host, optional where sessions may go without it. {}",
        allowed_roots(roots)
    )
}
