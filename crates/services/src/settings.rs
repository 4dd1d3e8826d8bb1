//! What the services need to know of the installation; the server reads it from its configuration.

use domain::confinement::Allowed;
use std::{ops::RangeInclusive, path::PathBuf};

/// How sessions get an origin of their own (design: the session origin).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamMode {
    /// A port of the console's host for each running session.
    ByPort {
        ports: RangeInclusive<u16>,
        /// First port as the browser sees it, when a proxy in front maps the range elsewhere.
        public_first: u16,
    },
    /// A host name below this domain for each session.
    ByHost { domain: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Directory of keys and of notes by the set-up.
    pub data_dir: PathBuf,
    pub streams: StreamMode,
    /// First two octets' network, such as `10.231.0.0`, of which each session gets a /28.
    pub session_networks: std::net::Ipv4Addr,
    /// Networks kept ready, because making one takes longer than starting a container.
    pub ready_networks: usize,
    /// Holds until administrators decide otherwise on the Settings page.
    pub sessions_per_user: i64,
    /// What of the engine's host workspaces may have.
    pub allowed: Allowed,
    /// Whether catalogs are read at addresses that are not public too.
    pub catalog_private: bool,
    /// Whether this server may remove whatever sessions leave in homes on the host
    /// ([`can_empty_homes`](crate::can_empty_homes)).
    pub empties_homes: bool,
}
