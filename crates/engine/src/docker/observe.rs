//! From what the engine reports of a container to what the planner observes.

use crate::{Container, LABEL_GENERATION, LABEL_SESSION};
use bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum as Status, ContainerSummary,
    ContainerSummaryStateEnum as ListedState, EndpointSettings,
};
use domain::plan::{ContainerState, Observed};
use std::collections::HashMap;
use std::net::IpAddr;

/// A container as listed. The list does not say whether it ran out of memory.
pub(super) fn listed(summary: ContainerSummary) -> Container {
    let labels = summary.labels.unwrap_or_default();
    let state = match summary.state {
        Some(ListedState::CREATED) => ContainerState::Created,
        Some(ListedState::RUNNING | ListedState::RESTARTING | ListedState::STOPPING) => {
            ContainerState::Running
        }
        Some(ListedState::PAUSED) => ContainerState::Paused,
        _ => ContainerState::Exited,
    };
    let networks = summary.network_settings.and_then(|settings| settings.networks);
    let first = summary.host_config.and_then(|host| host.network_mode);
    Container {
        name: summary.names.unwrap_or_default().first().map(|n| bare(n)).unwrap_or_default(),
        session: label(&labels, LABEL_SESSION),
        observed: observed(state, &labels, summary.status.as_deref().and_then(exit_code), false),
        address: address(state, networks.unwrap_or_default(), first.as_deref()),
        image_id: summary.image_id.unwrap_or_default(),
    }
}

/// A container as inspected.
pub(super) fn inspected(container: ContainerInspectResponse) -> Container {
    let labels = container.config.and_then(|config| config.labels).unwrap_or_default();
    let reported = container.state.unwrap_or_default();
    let state = match reported.status {
        Some(Status::CREATED) => ContainerState::Created,
        Some(Status::RUNNING | Status::RESTARTING | Status::STOPPING) => ContainerState::Running,
        Some(Status::PAUSED) => ContainerState::Paused,
        _ => ContainerState::Exited,
    };
    let networks = container.network_settings.and_then(|settings| settings.networks);
    let first = container.host_config.and_then(|host| host.network_mode);
    Container {
        name: container.name.as_deref().map(bare).unwrap_or_default(),
        session: label(&labels, LABEL_SESSION),
        observed: observed(
            state,
            &labels,
            reported.exit_code,
            reported.oom_killed.unwrap_or_default(),
        ),
        address: address(state, networks.unwrap_or_default(), first.as_deref()),
        image_id: container.image.unwrap_or_default(),
    }
}

fn observed(
    state: ContainerState,
    labels: &HashMap<String, String>,
    exit_code: Option<i64>,
    out_of_memory: bool,
) -> Observed {
    let exited = state == ContainerState::Exited;
    Observed {
        state,
        generation: labels.get(LABEL_GENERATION).and_then(|g| g.parse().ok()).unwrap_or_default(),
        // Engines report code 0 of containers that have not ended, too.
        exit_code: exit_code.filter(|_| exited),
        out_of_memory: out_of_memory && exited,
        stopped_by_hand: false,
    }
}

/// The code in a status such as `Exited (137) 2 minutes ago`.
fn exit_code(status: &str) -> Option<i64> {
    status.strip_prefix("Exited (")?.split_once(')')?.0.parse().ok()
}

/// Its address on the network it was made for, if it has one there.
fn address(
    state: ContainerState,
    networks: HashMap<String, EndpointSettings>,
    first: Option<&str>,
) -> Option<IpAddr> {
    if !matches!(state, ContainerState::Running | ContainerState::Paused) {
        return None;
    }
    // It may be on further networks; the answer must not vary.
    let mut networks: Vec<_> = networks.into_iter().collect();
    let place = |name: &str| (Some(name) != first, name.to_owned());
    networks.sort_by_key(|(name, _)| place(name));
    networks.into_iter().find_map(|(_, endpoint)| endpoint.ip_address?.parse().ok())
}

fn bare(name: &str) -> String {
    name.trim_start_matches('/').to_owned()
}

fn label(labels: &HashMap<String, String>, name: &str) -> String {
    labels.get(name).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(state: ListedState, status: &str) -> ContainerSummary {
        let endpoint =
            EndpointSettings { ip_address: Some("10.0.0.2".into()), ..EndpointSettings::default() };
        let networks = HashMap::from([("n".to_owned(), endpoint)]);
        ContainerSummary {
            names: Some(vec!["/slipway-a".into()]),
            state: Some(state),
            status: Some(status.into()),
            labels: Some(HashMap::from([
                (LABEL_SESSION.to_owned(), "a".to_owned()),
                (LABEL_GENERATION.to_owned(), "4".to_owned()),
            ])),
            network_settings: Some(bollard::models::ContainerSummaryNetworkSettings {
                networks: Some(networks),
            }),
            ..ContainerSummary::default()
        }
    }

    #[test]
    fn a_running_container_has_an_address_and_no_exit_code() {
        let container = listed(summary(ListedState::RUNNING, "Up 3 minutes"));
        assert_eq!((container.name.as_str(), container.session.as_str()), ("slipway-a", "a"));
        assert_eq!(container.observed.generation, 4);
        assert_eq!(container.observed.exit_code, None);
        assert_eq!(container.address, "10.0.0.2".parse().ok());
    }

    #[test]
    fn on_several_networks_it_is_reached_on_the_one_it_was_made_for() {
        let on = |address: &str| EndpointSettings {
            ip_address: Some(address.to_owned()),
            ..EndpointSettings::default()
        };
        let networks =
            HashMap::from([("a".to_owned(), on("10.0.0.2")), ("z".to_owned(), on("10.0.9.9"))]);
        let at = |first| address(ContainerState::Running, networks.clone(), first);
        assert_eq!(at(Some("z")), "10.0.9.9".parse().ok());
        assert_eq!(at(None), "10.0.0.2".parse().ok());
    }

    #[test]
    fn the_exit_code_is_read_from_the_status_of_the_list() {
        let container = listed(summary(ListedState::EXITED, "Exited (137) 2 minutes ago"));
        assert_eq!(container.observed.exit_code, Some(137));
        assert_eq!(container.address, None);
        assert_eq!(exit_code("Exited (-1) Less than a second ago"), Some(-1));
        assert_eq!(exit_code("Dead"), None);
    }

    #[test]
    fn states_nobody_starts_from_count_as_ended() {
        for state in [ListedState::REMOVING, ListedState::DEAD, ListedState::EMPTY] {
            assert_eq!(listed(summary(state, "")).state(), ContainerState::Exited);
        }
        assert_eq!(listed(summary(ListedState::RESTARTING, "")).state(), ContainerState::Running);
    }

    #[test]
    fn an_exit_code_of_a_container_that_runs_again_is_not_shown() {
        let state = bollard::models::ContainerState {
            status: Some(Status::RUNNING),
            exit_code: Some(0),
            oom_killed: Some(true),
            ..bollard::models::ContainerState::default()
        };
        let container =
            ContainerInspectResponse { state: Some(state), ..ContainerInspectResponse::default() };
        let observed = inspected(container).observed;
        assert_eq!((observed.exit_code, observed.out_of_memory), (None, false));
    }
}
