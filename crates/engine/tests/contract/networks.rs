//! Networks of sessions.

use crate::world::{World, subnet};
use domain::ErrorKind;
use domain::plan::ContainerState;
use engine::{Network, NetworkSpec};

pub async fn a_network_is_made_once_and_removed_once(world: &World) {
    let engine = &world.engine;
    let spec = world.network("net").await;
    // Names that contain it are others.
    let longer = world.network("net-2").await;
    engine.create_network(&spec).await.unwrap();
    engine.create_network(&NetworkSpec { subnet: subnet(), ..spec.clone() }).await.unwrap();
    let listed = |spec: NetworkSpec| Network { name: spec.name, subnet: Some(spec.subnet) };
    let mut networks = engine.networks(&world.installation).await.unwrap();
    networks.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(networks, [listed(spec.clone()), listed(longer.clone())]);

    for _ in 0..2 {
        engine.remove_network(&spec.name).await.unwrap();
    }
    assert_eq!(engine.networks(&world.installation).await.unwrap(), [listed(longer)]);
}

pub async fn overlapping_subnets_are_a_conflict(world: &World) {
    let first = world.network("net").await;
    let second = NetworkSpec { name: format!("{}-other", world.installation), ..first.clone() };
    let refusal = world.engine.create_network(&second).await.unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::Conflict, "{refusal:?}");
    assert!(refusal.message.contains(&first.subnet), "{refusal:?}");
    assert_eq!(world.engine.networks(&world.installation).await.unwrap().len(), 1);
}

pub async fn a_network_in_use_is_not_removed(world: &World) {
    let spec = world.running("a").await;
    let refusal = world.engine.remove_network(&spec.network).await.unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::Conflict, "{refusal:?}");
    assert!(refusal.hint.is_some());

    world.engine.stop(&spec.name, 1).await.unwrap();
    world.engine.remove_network(&spec.network).await.unwrap();
}

pub async fn a_container_does_not_start_without_its_network(world: &World) {
    let spec = world.made("a").await;
    world.engine.remove_network(&spec.network).await.unwrap();
    let refusal = world.engine.start(&spec.name).await.unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::NotFound, "{refusal:?}");
    assert!(refusal.message.contains("network"), "{refusal:?}");
    assert_ne!(world.state(&spec).await, Some(ContainerState::Running));
}

pub async fn a_container_starts_again_on_a_network_made_anew(world: &World) {
    let spec = world.running("a").await;
    world.engine.stop(&spec.name, 1).await.unwrap();
    world.engine.remove_network(&spec.network).await.unwrap();
    world.network("net").await;
    world.engine.start(&spec.name).await.unwrap();
    assert!(world.container(&spec).await.unwrap().address.is_some());
}

pub async fn two_requests_at_once_make_one_network(world: &World) {
    let name = format!("{}-net", world.installation);
    let spec = |subnet| NetworkSpec {
        name: name.clone(),
        installation: world.installation.clone(),
        subnet,
        internal: false,
    };
    let (one, two) = (spec(subnet()), spec(subnet()));
    let (first, second) =
        tokio::join!(world.engine.create_network(&one), world.engine.create_network(&two));
    // A subnet may be taken by somebody else on this machine; then there is nothing to see.
    if first.is_ok() && second.is_ok() {
        let networks = world.engine.networks(&world.installation).await.unwrap();
        assert_eq!(networks.len(), 1, "{networks:?}");
        world.engine.remove_network(&name).await.unwrap();
        assert_eq!(world.engine.networks(&world.installation).await.unwrap(), []);
    }
}
