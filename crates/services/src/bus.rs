//! Tells listeners what changed. A listener that falls behind is told to read everything again.

use domain::event::Change;
use tokio::sync::broadcast;

#[derive(Debug)]
pub(crate) struct Bus(broadcast::Sender<Change>);

impl Default for Bus {
    fn default() -> Self {
        Self(broadcast::channel(1024).0)
    }
}

impl Bus {
    pub(crate) fn announce(&self, change: Change) {
        // No listener is no error: nobody is looking.
        let _ = self.0.send(change);
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }
}
