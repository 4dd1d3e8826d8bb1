//! How much room is left where the engine keeps containers, when that is on this machine.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// Where the engine keeps its things; empty until it said so.
#[derive(Debug, Default)]
pub(crate) struct Disk(Mutex<Option<PathBuf>>);

impl Disk {
    pub(crate) fn is_at(&self, root: &str) {
        let root = (!root.is_empty()).then(|| PathBuf::from(root));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = root;
    }

    /// Free bytes; `None` when the engine is elsewhere.
    pub(crate) fn free(&self) -> Option<i64> {
        let root = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let about = rustix::fs::statvfs(root).ok()?;
        i64::try_from(about.f_bavail.saturating_mul(about.f_frsize)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Disk;

    #[test]
    fn what_is_on_this_machine_has_a_size_and_nothing_else_does() {
        let disk = Disk::default();
        assert_eq!(disk.free(), None);
        disk.is_at("/");
        assert!(disk.free().is_some_and(|free| free > 0));
        disk.is_at("/no/such/place");
        assert_eq!(disk.free(), None);
    }
}
