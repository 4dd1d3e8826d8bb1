//! What an image and its workspace are called unless somebody says otherwise (seed 002).

use crate::Timestamp;

/// `2023-03-13.00.40`, in UTC (seed 002).
pub fn stamp(at: Timestamp) -> String {
    let (year, month, day, hour, minute, _) = at.civil();
    format!("{year:04}-{month:02}-{day:02}.{hour:02}.{minute:02}")
}

/// The tag with the moment behind it, in place of the moment of an earlier snapshot.
pub(super) fn tagged(tag: &str, moment: &str) -> String {
    let shape: String = tag.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let kept = shape.strip_suffix("0000-00-00.00.00").map_or(tag, |rest| &tag[..rest.len()]);
    match kept.trim_end_matches('-') {
        "" => moment.to_owned(),
        kept => format!("{kept}-{moment}"),
    }
}

/// `Snapshot of Firefox - (develop-2023-03-12.23.44)` (seed 002), within the length of a name.
pub(super) fn tile_name(workspace: &str, tag: &str) -> String {
    // A snapshot of a snapshot is one of the first workspace.
    let own = workspace.strip_prefix("Snapshot of ").and_then(|rest| rest.split_once(" - ("));
    let base = own.map_or(workspace, |(base, _)| base);
    let frame = "Snapshot of  - ()".len() + tag.chars().count();
    let room = crate::workspace::NAME_LONGEST.saturating_sub(frame).max(8);
    let base: String = base.chars().take(room).collect();
    let name = format!("Snapshot of {} - ({tag})", base.trim_end());
    name.chars().take(crate::workspace::NAME_LONGEST).collect()
}
