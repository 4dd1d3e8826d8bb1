//! What to do next for a session: a pure function of what should be and what is.
//!
//! The reconciler reads a session's row ([`Intent`]) and its container ([`Observed`]) and applies
//! the steps returned here; a second call then returns nothing. The one rule behind the table:
//!
//! * **not yet converged** (the record differs from what is desired): act towards the desired state;
//! * **converged, and the container differs**: somebody or something changed it behind our back.
//!   That is taken over as the new desired state, with its cause, and never fought;
//! * **except after a gap** ([`Continuity::Broken`]): when the engine or Slipway was away, containers
//!   that went down went down with it, so what was desired is brought back.

use crate::session::{Cause, Desired, Status};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intent {
    pub desired: Desired,
    pub status: Status,
    pub generation: u32,
    /// Whether a container of this generation was made.
    pub created: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observed {
    pub state: ContainerState,
    pub generation: u32,
    /// Exit code, once it has exited.
    pub exit_code: Option<i64>,
    pub out_of_memory: bool,
    /// Whether somebody stopped or killed it through the engine, rather than it ending by itself.
    pub stopped_by_hand: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContainerState {
    Created,
    Running,
    Paused,
    Exited,
}

/// Whether the engine was watched without a gap since the status was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continuity {
    Watched,
    Broken,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Create,
    Start,
    Unpause,
    Pause,
    Stop,
    Remove,
    /// Wait until the port answers; settles as running or failed.
    Probe,
    Settle(Settlement),
}

/// What is recorded when a session has come to rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    pub desired: Desired,
    pub status: Status,
    /// Why, when it was not what somebody asked of Slipway.
    pub cause: Option<Cause>,
}

fn settle(desired: Desired, status: Status, cause: Option<Cause>) -> Vec<Step> {
    vec![Step::Settle(Settlement { desired, status, cause })]
}

/// The steps that bring the container towards what is desired; empty when there is nothing to do.
pub fn plan(intent: Intent, observed: Option<Observed>, continuity: Continuity) -> Vec<Step> {
    if intent.status == Status::Deleted {
        return observed.map_or_else(Vec::new, |_| vec![Step::Remove]);
    }
    // A container of an earlier generation is a leftover; its successor is planned afterwards.
    if observed.is_some_and(|o| o.generation != intent.generation) {
        return vec![Step::Remove];
    }
    match intent.desired {
        Desired::Deleted => {
            let mut steps = Vec::new();
            if observed.is_some() {
                steps.push(Step::Remove);
            }
            steps.extend(settle(Desired::Deleted, Status::Deleted, None));
            steps
        }
        Desired::Running => to_running(intent, observed, continuity),
        Desired::Paused => to_paused(intent, observed, continuity),
        Desired::Stopped => to_stopped(intent, observed),
    }
}

/// The container is gone although nobody asked Slipway to remove it; its files are lost.
fn lost() -> Vec<Step> {
    settle(Desired::Stopped, Status::Failed, Some(Cause::Outside))
}

fn ended(observed: Observed) -> Cause {
    if observed.out_of_memory {
        Cause::OutOfMemory
    } else if observed.stopped_by_hand {
        Cause::Outside
    } else {
        Cause::Exited
    }
}

fn to_running(intent: Intent, observed: Option<Observed>, continuity: Continuity) -> Vec<Step> {
    use ContainerState::*;
    let Some(observed) = observed else {
        return if intent.created { lost() } else { vec![Step::Create, Step::Start, Step::Probe] };
    };
    match (observed.state, intent.status) {
        (Running, Status::Running) => Vec::new(),
        (Running, _) => vec![Step::Probe],
        (Paused, Status::Running) => settle(Desired::Paused, Status::Paused, Some(Cause::Outside)),
        (Paused, _) => vec![Step::Unpause, Step::Probe],
        (Exited, Status::Running) if continuity == Continuity::Watched => {
            settle(Desired::Stopped, Status::Stopped, Some(ended(observed)))
        }
        // Recorded first, so that a crash after the start does not take an unprobed container for a
        // running session.
        (Created | Exited, Status::Running) => {
            let mut steps = settle(Desired::Running, Status::Starting, Some(Cause::EngineRestart));
            steps.extend([Step::Start, Step::Probe]);
            steps
        }
        (Created | Exited, _) => vec![Step::Start, Step::Probe],
    }
}

fn to_paused(intent: Intent, observed: Option<Observed>, continuity: Continuity) -> Vec<Step> {
    use ContainerState::*;
    let Some(observed) = observed else { return lost() };
    match (observed.state, intent.status) {
        (Paused, Status::Paused) => Vec::new(),
        (Paused, _) => settle(Desired::Paused, Status::Paused, None),
        (Running, Status::Paused) => {
            settle(Desired::Running, Status::Running, Some(Cause::Outside))
        }
        (Running, _) => {
            let mut steps = vec![Step::Pause];
            steps.extend(settle(Desired::Paused, Status::Paused, None));
            steps
        }
        // Memory cannot be brought back, so what is left is a stopped session.
        (Created | Exited, _) => {
            let cause = match continuity {
                Continuity::Watched => ended(observed),
                Continuity::Broken => Cause::EngineRestart,
            };
            settle(Desired::Stopped, Status::Stopped, Some(cause))
        }
    }
}

fn to_stopped(intent: Intent, observed: Option<Observed>) -> Vec<Step> {
    use ContainerState::*;
    let Some(observed) = observed else {
        return match intent.status {
            Status::Failed => Vec::new(),
            Status::Stopped if !intent.created => Vec::new(),
            // Stopped before there was a container: there is nothing that could be started again.
            _ if !intent.created => settle(Desired::Stopped, Status::Stopped, None),
            _ => lost(),
        };
    };
    let rest = |steps: &[Step]| {
        let mut all = steps.to_vec();
        if intent.status != Status::Failed {
            all.extend(settle(Desired::Stopped, Status::Stopped, None));
        }
        all
    };
    match (observed.state, intent.status) {
        (Created | Exited, Status::Stopped | Status::Failed) => Vec::new(),
        (Created | Exited, _) => rest(&[]),
        (Running, Status::Stopped) => {
            settle(Desired::Running, Status::Starting, Some(Cause::Outside))
        }
        (Running, _) => rest(&[Step::Stop]),
        (Paused, Status::Stopped) => settle(Desired::Paused, Status::Paused, Some(Cause::Outside)),
        (Paused, _) => rest(&[Step::Unpause, Step::Stop]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A world of one session and one container, to which steps are applied.
    #[derive(Debug, Clone)]
    struct World {
        intent: Intent,
        container: Option<Observed>,
        port_answers: bool,
    }

    fn fresh(generation: u32) -> Observed {
        Observed {
            state: ContainerState::Created,
            generation,
            exit_code: None,
            out_of_memory: false,
            stopped_by_hand: false,
        }
    }

    impl World {
        fn set(&mut self, state: ContainerState) {
            if let Some(container) = &mut self.container {
                container.state = state;
            }
        }

        fn apply(&mut self, step: &Step) {
            match step {
                Step::Create => {
                    assert!(self.container.is_none(), "would create a second container");
                    self.container = Some(fresh(self.intent.generation));
                    self.intent.created = true;
                }
                Step::Start | Step::Unpause => {
                    assert!(self.container.is_some());
                    self.set(ContainerState::Running);
                }
                Step::Pause => self.set(ContainerState::Paused),
                Step::Stop => self.set(ContainerState::Exited),
                Step::Remove => self.container = None,
                Step::Probe if self.port_answers => self.intent.status = Status::Running,
                Step::Probe => {
                    self.intent.desired = Desired::Stopped;
                    self.intent.status = Status::Failed;
                }
                Step::Settle(settlement) => {
                    self.intent.desired = settlement.desired;
                    self.intent.status = settlement.status;
                }
            }
        }

        /// Plans and applies until there is nothing left, or gives up.
        fn converge(&mut self, mut continuity: Continuity) -> usize {
            for round in 0..8 {
                let steps = plan(self.intent, self.container, continuity);
                if steps.is_empty() {
                    return round;
                }
                for step in &steps {
                    self.apply(step);
                }
                continuity = Continuity::Watched;
            }
            panic!("never comes to rest: {self:?}");
        }
    }

    fn worlds() -> impl Strategy<Value = World> {
        let state = prop_oneof![
            Just(ContainerState::Created),
            Just(ContainerState::Running),
            Just(ContainerState::Paused),
            Just(ContainerState::Exited)
        ];
        let container = proptest::option::of((state, 1_u32..=2, any::<bool>(), any::<bool>()));
        (
            proptest::sample::select(Desired::ALL),
            proptest::sample::select(Status::ALL),
            any::<bool>(),
            container,
            any::<bool>(),
        )
            .prop_map(|(desired, status, created, container, port_answers)| World {
                intent: Intent {
                    desired,
                    status,
                    generation: 2,
                    // What was recorded as running or paused was recorded as created before.
                    created: created || matches!(status, Status::Running | Status::Paused),
                },
                container: container.map(|(state, generation, oom, by_hand)| Observed {
                    state,
                    generation,
                    exit_code: Some(1),
                    out_of_memory: oom,
                    stopped_by_hand: by_hand,
                }),
                port_answers,
            })
    }

    fn continuity() -> impl Strategy<Value = Continuity> {
        prop_oneof![Just(Continuity::Watched), Just(Continuity::Broken)]
    }

    proptest! {
        #[test]
        fn applying_a_plan_leaves_nothing_to_plan(mut world in worlds(), gap in continuity()) {
            world.converge(gap);
            for gap in [Continuity::Watched, Continuity::Broken] {
                let steps = plan(world.intent, world.container, gap);
                prop_assert!(steps.is_empty(), "{steps:?} in {world:?}");
            }
        }

        #[test]
        fn a_crash_between_any_two_steps_ends_in_the_same_place(
            world in worlds(), gap in continuity(), cut in 0_usize..4,
        ) {
            // What was only seen and not yet recorded is lost in a crash: a container that ended
            // before our eyes is then one that went down in a gap, and is brought back.
            let seen = |gap| plan(world.intent, world.container, gap);
            let lasting = seen(gap) == seen(Continuity::Broken);
            let gap = if lasting { gap } else { Continuity::Broken };
            let mut whole = world.clone();
            whole.converge(gap);
            let mut cut_short = world;
            for step in plan(cut_short.intent, cut_short.container, gap).iter().take(cut) {
                cut_short.apply(step);
            }
            cut_short.converge(Continuity::Broken);
            prop_assert_eq!(whole.intent.desired, cut_short.intent.desired);
            prop_assert_eq!(whole.intent.status, cut_short.intent.status);
            prop_assert_eq!(
                whole.container.map(|c| c.state), cut_short.container.map(|c| c.state)
            );
        }

        #[test]
        fn deleting_always_ends_with_no_container(mut world in worlds(), gap in continuity()) {
            world.intent.desired = Desired::Deleted;
            world.converge(gap);
            prop_assert_eq!(world.intent.status, Status::Deleted);
            prop_assert!(world.container.is_none());
        }

        #[test]
        fn only_a_session_that_should_run_is_ever_started(world in worlds(), gap in continuity()) {
            let steps = plan(world.intent, world.container, gap);
            let starts = steps.iter().any(|s| matches!(s, Step::Create | Step::Start));
            prop_assert!(!starts || world.intent.desired == Desired::Running);
        }
    }

    fn running() -> Intent {
        Intent { desired: Desired::Running, status: Status::Running, generation: 1, created: true }
    }

    fn exited(by_hand: bool) -> Observed {
        Observed {
            state: ContainerState::Exited,
            exit_code: Some(137),
            stopped_by_hand: by_hand,
            ..fresh(1)
        }
    }

    #[test]
    fn a_container_stopped_by_hand_is_not_started_again() {
        let steps = plan(running(), Some(exited(true)), Continuity::Watched);
        assert_eq!(steps, settle(Desired::Stopped, Status::Stopped, Some(Cause::Outside)));
    }

    #[test]
    fn a_container_that_ends_by_itself_makes_no_restart_loop() {
        let steps = plan(running(), Some(exited(false)), Continuity::Watched);
        assert_eq!(steps, settle(Desired::Stopped, Status::Stopped, Some(Cause::Exited)));
    }

    #[test]
    fn a_container_that_went_down_with_the_engine_is_brought_back() {
        let steps = plan(running(), Some(exited(false)), Continuity::Broken);
        assert_eq!(steps[1..], [Step::Start, Step::Probe]);
    }

    #[test]
    fn a_container_removed_by_hand_fails_the_session_instead_of_making_an_empty_one() {
        assert_eq!(plan(running(), None, Continuity::Watched), lost());
        assert_eq!(plan(running(), None, Continuity::Broken), lost());
    }

    #[test]
    fn a_session_that_begins_anew_loses_its_old_container_before_it_gets_a_new_one() {
        for state in [ContainerState::Running, ContainerState::Paused, ContainerState::Exited] {
            let intent = Intent {
                desired: Desired::Running,
                status: Status::Starting,
                generation: 2,
                created: false,
            };
            let old = Observed { state, ..fresh(1) };
            assert_eq!(plan(intent, Some(old), Continuity::Watched), [Step::Remove]);
            let new = plan(intent, None, Continuity::Watched);
            assert_eq!(new, [Step::Create, Step::Start, Step::Probe]);
        }
    }

    #[test]
    fn pausing_by_hand_and_resuming_by_hand_are_taken_over() {
        let paused = Observed { state: ContainerState::Paused, ..fresh(1) };
        assert_eq!(
            plan(running(), Some(paused), Continuity::Watched),
            settle(Desired::Paused, Status::Paused, Some(Cause::Outside))
        );
        let intent = Intent { desired: Desired::Paused, status: Status::Paused, ..running() };
        let going = Observed { state: ContainerState::Running, ..fresh(1) };
        assert_eq!(
            plan(intent, Some(going), Continuity::Watched),
            settle(Desired::Running, Status::Running, Some(Cause::Outside))
        );
    }
}
