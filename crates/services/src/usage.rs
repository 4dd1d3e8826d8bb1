//! What running sessions use, sampled only while somebody looks.
//!
//! Whoever looks at the list of sessions keeps all of them sampled, whoever looks at one keeps that
//! one, with what it used in the last quarter of an hour. Asking is looking.

use crate::core::Core;
use domain::{
    SessionId, Timestamp,
    event::Change,
    inside::UsagePoint,
    session::{Status, UsageNow},
};
use engine::UsageSample;
use futures_util::{StreamExt, stream};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

const EVERY: Duration = Duration::from_secs(3);
/// Somebody who asked for figures is taken to look for this long.
const LOOKING_MS: i64 = 20_000;
/// The history of a session nobody looks at is kept for this long.
const KEPT_MS: i64 = 120_000;
/// A quarter of an hour of samples.
const POINTS: usize = 300;
/// Sessions with a history at most; beyond, the one that was not looked at for longest loses it.
const HISTORIES: usize = 64;
/// Samples closer than this say little about a rate.
const CLOSEST_MS: i64 = 100;
const PARALLEL: usize = 8;

#[derive(Debug, Default)]
pub(crate) struct Usages {
    state: Mutex<State>,
    wanted: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Somebody looks at all sessions until then.
    all_until: Timestamp,
    known: HashMap<SessionId, Known>,
    histories: HashMap<SessionId, History>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    at: Timestamp,
    sample: UsageSample,
    now: Option<UsagePoint>,
}

#[derive(Debug, Default)]
struct History {
    looked_at: Timestamp,
    points: VecDeque<UsagePoint>,
}

impl State {
    fn wants(&self, id: &SessionId, now: Timestamp) -> bool {
        let watched = self.histories.get(id).is_some_and(|h| now.since(h.looked_at) < LOOKING_MS);
        watched || self.all_until >= now
    }

    fn wants_any(&self, now: Timestamp) -> bool {
        self.all_until >= now
            || self.histories.values().any(|h| now.since(h.looked_at) < LOOKING_MS)
    }

    fn history(&mut self, id: &SessionId) -> &mut History {
        if self.histories.len() >= HISTORIES && !self.histories.contains_key(id) {
            let longest = self.histories.iter().min_by_key(|(_, history)| history.looked_at);
            if let Some(id) = longest.map(|(id, _)| id.clone()) {
                self.histories.remove(&id);
            }
        }
        self.histories.entry(id.clone()).or_default()
    }

    fn note(&mut self, id: &SessionId, at: Timestamp, sample: UsageSample) {
        let before = self.known.get(id).copied();
        let now = rates(before, at, sample);
        self.known.insert(id.clone(), Known { at, sample, now });
        if let (Some(point), Some(history)) = (now, self.histories.get_mut(id)) {
            if history.points.len() >= POINTS {
                history.points.pop_front();
            }
            history.points.push_back(point);
        }
    }

    fn forget(&mut self, now: Timestamp) {
        self.known.retain(|_, known| now.since(known.at) < LOOKING_MS);
        self.histories.retain(|_, history| now.since(history.looked_at) < KEPT_MS);
    }
}

impl Usages {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last figures of a session in a list; asking keeps all sessions sampled.
    pub(crate) fn of(&self, id: &SessionId, now: Timestamp) -> Option<UsageNow> {
        let mut state = self.lock();
        if !state.wants_any(now) {
            self.wanted.notify_one();
        }
        state.all_until = now.plus_millis(LOOKING_MS);
        let known = state.known.get(id).filter(|k| now.since(k.at) < LOOKING_MS)?;
        known.now.map(UsageNow::from)
    }

    /// What a session used after `since`, oldest first; asking keeps this session sampled.
    pub(crate) fn history(
        &self,
        id: &SessionId,
        since: Timestamp,
        now: Timestamp,
    ) -> Vec<UsagePoint> {
        let mut state = self.lock();
        if !state.wants_any(now) {
            self.wanted.notify_one();
        }
        let history = state.history(id);
        history.looked_at = now;
        history.points.iter().filter(|point| point.at > since).copied().collect()
    }
}

/// What was used between two samples. One sample alone says nothing, and neither do two of which the
/// later counts less, because the container began anew between them.
fn rates(before: Option<Known>, at: Timestamp, after: UsageSample) -> Option<UsagePoint> {
    let before = before?;
    let millis = at.since(before.at);
    if millis < CLOSEST_MS {
        return before.now;
    }
    let used = |of: fn(&UsageSample) -> u64| of(&after).checked_sub(of(&before.sample));
    let second =
        |count: u64| i64::try_from(u128::from(count) * 1000 / millis.unsigned_abs() as u128);
    let rate = |of: fn(&UsageSample) -> u64| second(used(of)?).ok();
    Some(UsagePoint {
        at,
        // Nanoseconds a second are a thousand-millionth of a core.
        cpu_millis: rate(|s| s.cpu_nanos)? / 1_000_000,
        memory_bytes: after.memory_bytes,
        memory_limit: after.memory_limit,
        received: rate(|s| s.received)?,
        sent: rate(|s| s.sent)?,
        read: rate(|s| s.read)?,
        written: rate(|s| s.written)?,
        processes: after.processes,
    })
}

pub(crate) async fn run(core: Arc<Core>) {
    loop {
        if !core.usages.lock().wants_any(core.now()) {
            core.usages.wanted.notified().await;
        }
        if let Ok(live) = core.store.live_sessions().await {
            let wanted: Vec<_> = {
                let (state, now) = (core.usages.lock(), core.now());
                let running = live.into_iter().filter(|s| s.status == Status::Running);
                running.filter(|session| state.wants(&session.id, now)).collect()
            };
            let core = &core;
            stream::iter(wanted)
                .for_each_concurrent(PARALLEL, |session| async move {
                    let name = core.container_name(&session.id);
                    if let Ok(Some(sample)) = core.engine.sample(&name).await {
                        core.usages.lock().note(&session.id, core.now(), sample);
                    }
                })
                .await;
            core.usages.lock().forget(core.now());
            core.bus.announce(Change::Usage);
        }
        tokio::time::sleep(EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(cpu_nanos: u64, received: u64) -> UsageSample {
        UsageSample { cpu_nanos, received, memory_bytes: 5, memory_limit: 9, ..Default::default() }
    }

    fn known(at: i64, sample: UsageSample) -> Option<Known> {
        Some(Known { at: Timestamp(at), sample, now: None })
    }

    fn id(number: usize) -> SessionId {
        format!("s{number}").parse().unwrap()
    }

    #[test]
    fn rates_are_what_was_used_between_two_looks() {
        assert_eq!(rates(None, Timestamp(0), sample(0, 0)), None);
        let before = known(0, sample(7, 100));
        let point = rates(before, Timestamp(2_000), sample(1_000_000_007, 4_100)).unwrap();
        assert_eq!((point.cpu_millis, point.received, point.sent), (500, 2_000, 0));
        assert_eq!((point.memory_bytes, point.memory_limit), (5, 9));
    }

    #[test]
    fn a_container_that_began_anew_counts_from_zero_and_has_no_rate_yet() {
        for (before, after) in [
            (sample(9, 0), sample(1, 0)),
            (sample(1, 9), sample(9, 1)),
            (sample(u64::MAX, u64::MAX), sample(0, 0)),
        ] {
            assert_eq!(rates(known(0, before), Timestamp(3_000), after), None);
        }
    }

    #[test]
    fn looks_close_together_or_a_clock_that_was_set_make_no_huge_rates() {
        let busy = sample(3_000_000_000, 1 << 40);
        for at in [0, 99, -5_000] {
            assert_eq!(rates(known(0, sample(0, 0)), Timestamp(at), busy), None, "{at}");
        }
        let most = rates(known(0, sample(0, 0)), Timestamp(100), sample(0, u64::MAX));
        assert_eq!(most, None, "more than can be told");
    }

    #[test]
    fn only_sessions_that_are_looked_at_have_a_history_and_it_ends() {
        let usages = Usages::default();
        let (looked, other) = (id(1), id(2));
        assert!(usages.history(&looked, Timestamp(0), Timestamp(0)).is_empty());
        let mut now = Timestamp(0);
        for n in 0..400 {
            now = now.plus_secs(3);
            for id in [&looked, &other] {
                usages.lock().note(id, now, sample(n, n));
            }
        }
        let all = usages.history(&looked, Timestamp(0), now);
        assert_eq!((all.len(), all.last().unwrap().at), (POINTS, now));
        let new = usages.history(&looked, now.plus_secs(-6), now);
        assert_eq!(new.len(), 2, "only what is newer");
        assert!(!usages.lock().histories.contains_key(&other));

        assert!(usages.lock().wants(&looked, now) && !usages.lock().wants(&other, now));
        let later = now.plus_millis(LOOKING_MS);
        assert!(!usages.lock().wants_any(later), "nobody looks any more");
        usages.lock().forget(later);
        assert!(usages.lock().histories.contains_key(&looked), "somebody may come back");
        usages.lock().forget(now.plus_millis(KEPT_MS));
        assert!(usages.lock().histories.is_empty() && usages.lock().known.is_empty());
    }

    #[test]
    fn histories_are_bounded_and_the_least_looked_at_goes_first() {
        let usages = Usages::default();
        for n in 0..=HISTORIES {
            usages.history(&id(n), Timestamp(0), Timestamp(n as i64));
        }
        let state = usages.lock();
        assert_eq!(state.histories.len(), HISTORIES);
        assert!(!state.histories.contains_key(&id(0)) && state.histories.contains_key(&id(1)));
    }

    #[test]
    fn a_list_keeps_all_sessions_sampled() {
        let usages = Usages::default();
        assert_eq!(usages.of(&id(1), Timestamp(5)), None);
        assert!(usages.lock().wants(&id(2), Timestamp(5)));
        assert!(usages.lock().histories.is_empty());
    }
}
