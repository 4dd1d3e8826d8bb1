//! A network for each session, a few of them kept ready.
//!
//! Making a bridge network takes about three times as long as starting a container, so a launch
//! takes one from the pool and the pool is filled up again behind it. A network that a deleted
//! session leaves is empty and serves the next one. Subnets are small (/28) and numbered from one
//! range, so thousands of launches do not use up the engine's own address pools.
//!
//! Networks without a way out are made when they are wanted and removed afterwards: they are told by
//! their names, and none ever waits among those that have one.

use crate::{core::Core, settings::Settings};
use domain::{Error, ErrorKind, Result, SessionId};
use engine::{Network, NetworkSpec};
use std::{
    collections::{HashSet, VecDeque},
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// /28 networks in the /16 that sessions use.
const SUBNETS: u32 = 4096;
/// Subnets tried before giving up, when other networks of the host are in the way.
const TRIES: u32 = 64;
/// How long after a launch the pool is filled up again, unless it is empty. A new bridge changes the
/// machine's addresses, and a browser on the same machine drops what it is loading then: it should
/// have the workspace by that time.
const CALM: Duration = Duration::from_secs(10);
/// Before the number of a network without a way out.
const INTERNAL: &str = "internal-";
/// Empty networks kept beyond the ready ones, before they are removed.
const SPARE: usize = 8;

#[derive(Debug)]
pub(crate) struct NetworkPool {
    prefix: String,
    base: u32,
    ready: usize,
    state: Mutex<State>,
    /// One maker at a time, so that two do not try the same subnet.
    making: tokio::sync::Mutex<()>,
    /// Held by the one that fills the pool.
    filling: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// Networks that no session has.
    free: VecDeque<String>,
    /// Networks on their way to a session or into the pool: nobody's yet, but not left over.
    in_hand: HashSet<String>,
    /// Numbers of networks known to exist.
    known: HashSet<u32>,
    /// Numbers whose subnet something else occupies.
    occupied: HashSet<u32>,
}

impl NetworkPool {
    pub(crate) fn new(installation: &str, settings: &Settings) -> Self {
        Self {
            prefix: format!("slipway-{installation}-"),
            base: u32::from(settings.session_networks),
            ready: settings.ready_networks,
            state: Mutex::default(),
            making: tokio::sync::Mutex::default(),
            filling: tokio::sync::Mutex::default(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn number_of(&self, name: &str) -> Option<u32> {
        let rest = name.strip_prefix(&self.prefix)?;
        rest.strip_prefix(INTERNAL).unwrap_or(rest).parse().ok()
    }

    fn is_internal(&self, name: &str) -> bool {
        name.strip_prefix(&self.prefix).is_some_and(|rest| rest.starts_with(INTERNAL))
    }

    fn subnet(&self, number: u32) -> String {
        format!("{}/28", Ipv4Addr::from(self.base + number * 16))
    }

    /// Makes one more network, which is in hand until it is put somewhere.
    async fn make(&self, core: &Core, internal: bool) -> Result<String> {
        let _alone = self.making.lock().await;
        // Two installations on one engine start at different places, so they rarely collide.
        let start = self.prefix.bytes().fold(7_u32, |n, b| n.wrapping_mul(31) + u32::from(b));
        let mut tries = 0;
        for step in 0..SUBNETS {
            let number = (start + step) % SUBNETS;
            {
                let state = self.lock();
                if state.known.contains(&number) || state.occupied.contains(&number) {
                    continue;
                }
            }
            let spec = NetworkSpec {
                name: format!("{}{}{number}", self.prefix, if internal { INTERNAL } else { "" }),
                internal,
                installation: core.installation.clone(),
                subnet: self.subnet(number),
            };
            self.lock().in_hand.insert(spec.name.clone());
            let made = core.engine.create_network(&spec).await;
            let mut state = self.lock();
            match made {
                Ok(()) => {
                    state.known.insert(number);
                    return Ok(spec.name);
                }
                Err(error) => {
                    state.in_hand.remove(&spec.name);
                    if error.kind != ErrorKind::Conflict || tries == TRIES {
                        return Err(error);
                    }
                    tries += 1;
                    state.occupied.insert(number);
                }
            }
        }
        Err(Error::exhausted(format!("All {SUBNETS} session networks are in use.")).hint(
            "Delete stopped sessions, or set `session_networks` to a range that nothing else on the host uses.",
        ))
    }

    /// Gives a session a network of its own and records it before anything is attached.
    pub(crate) async fn assign(
        &self,
        core: &Arc<Core>,
        id: &SessionId,
        internal: bool,
    ) -> Result<()> {
        loop {
            let pooled = {
                let mut state = self.lock();
                let name = if internal { None } else { state.free.pop_front() };
                state.in_hand.extend(name.clone());
                name
            };
            let name = match pooled {
                Some(name) => name,
                None => self.make(core, internal).await?,
            };
            let taken = core
                .change_session(id, |session| {
                    session.network = Some(name.clone());
                    session.progress.note(name.clone());
                    Some(Vec::new())
                })
                .await;
            self.lock().in_hand.remove(&name);
            match taken {
                Ok(Some(_)) => break,
                Ok(None) if internal => {
                    self.remove(core, &name).await;
                    return Ok(());
                }
                Ok(None) => {
                    self.lock().free.push_front(name);
                    return Ok(());
                }
                // Another session has this one (a pass mistook it for free): take the next.
                Err(error) if error.kind == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        let core = core.clone();
        tokio::spawn(async move {
            let pool = &core.reconciler.networks;
            if !pool.lock().free.is_empty() {
                tokio::time::sleep(CALM).await;
            }
            pool.fill(&core).await;
        });
        Ok(())
    }

    /// Keeps enough networks ready.
    async fn fill(&self, core: &Core) {
        // Whoever is at it already does it for all.
        let Ok(_alone) = self.filling.try_lock() else { return };
        while self.lock().free.len() < self.ready {
            match self.make(core, false).await {
                Ok(name) => {
                    let mut state = self.lock();
                    state.in_hand.remove(&name);
                    state.free.push_back(name);
                }
                Err(error) => {
                    tracing::warn!(%error, detail = error.detail, "no network could be kept ready");
                    return;
                }
            }
        }
    }

    /// A session is gone and its network is empty: it serves the next one, or is removed.
    pub(crate) async fn give_back(&self, core: &Core, name: String) {
        let keep = !self.is_internal(&name) && self.lock().free.len() < self.ready + SPARE;
        if keep {
            self.lock().free.push_back(name);
        } else {
            self.remove(core, &name).await;
        }
    }

    async fn remove(&self, core: &Core, name: &str) {
        match core.engine.remove_network(name).await {
            Ok(()) => {
                if let Some(number) = self.number_of(name) {
                    self.lock().known.remove(&number);
                }
            }
            Err(error) => tracing::debug!(%error, name, "network stays for now"),
        }
    }

    /// Learns which networks exist, removes those nobody has, and fills up.
    pub(crate) async fn tidy(&self, core: &Core, existing: &[Network], claimed: &HashSet<String>) {
        let names: HashSet<&str> = existing.iter().map(|n| n.name.as_str()).collect();
        let leftovers: Vec<String> = {
            let mut state = self.lock();
            state.free.retain(|name| names.contains(name.as_str()) && !claimed.contains(name));
            let known: HashSet<u32> = names.iter().filter_map(|n| self.number_of(n)).collect();
            state.known.extend(known);
            state.occupied.clear();
            let State { free, in_hand, .. } = &*state;
            names
                .iter()
                .filter(|name| !claimed.contains(**name) && !in_hand.contains(**name))
                .filter(|name| !free.iter().any(|f| f == *name))
                .map(|name| (*name).to_owned())
                .collect()
        };
        for name in leftovers {
            // One that a launch claimed since the listing is in use, or about to be: the engine
            // refuses to remove the first, and the row tells about the second.
            if core
                .store
                .live_sessions()
                .await
                .is_ok_and(|live| live.iter().all(|s| s.network.as_deref() != Some(name.as_str())))
            {
                self.remove(core, &name).await;
            }
        }
        self.fill(core).await;
    }
}
