//! How containers are confined: networks beside their own, directories of the host, owners, and
//! graphics processors.

use crate::world::{World, next};
use domain::ErrorKind;
use domain::confinement::Gpus;
use domain::plan::ContainerState;
use domain::storage::Owner;
use engine::{ContainerSpec, HostDirectory, VolumeMount, VolumeSpec};

pub async fn a_container_is_put_on_further_networks_and_reached_on_its_own(world: &World) {
    let engine = &world.engine;
    // By name it comes before the container's own.
    let further = world.network("a-shared").await.name;
    let spec = world.made("a").await;
    assert!(engine.has_network(&further).await.unwrap());
    assert!(!engine.has_network("slipway-contract-nothing").await.unwrap());
    let refusal = engine.join_network(&spec.name, "slipway-contract-nothing").await.unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::NotFound, "{refusal:?}");

    for _ in 0..2 {
        engine.join_network(&spec.name, &further).await.unwrap();
    }
    engine.start(&spec.name).await.unwrap();
    let address = world.container(&spec).await.unwrap().address.unwrap();
    engine.join_network(&spec.name, &further).await.unwrap();
    assert_eq!(world.container(&spec).await.unwrap().address, Some(address));
    let listed = engine.containers(&world.installation).await.unwrap();
    assert_eq!(listed[0].address, Some(address), "lists and looks agree");
    assert_eq!(engine.remove_network(&further).await.unwrap_err().kind, ErrorKind::Conflict);

    // Stopped and without the network, it is put on the one that has the name by then.
    engine.stop(&spec.name, 1).await.unwrap();
    engine.remove_network(&further).await.unwrap();
    assert!(engine.join_network(&spec.name, &further).await.is_err());
    world.network("a-shared").await;
    engine.join_network(&spec.name, &further).await.unwrap();
    engine.start(&spec.name).await.unwrap();
    assert_eq!(world.state(&spec).await, Some(ContainerState::Running));
}

pub async fn a_directory_of_the_host_must_be_there(world: &World) {
    let directory = |path: &str| {
        vec![HostDirectory { path: path.into(), target: "/from-host".into(), read_only: true }]
    };
    let network = world.network("net").await.name;
    let spec =
        ContainerSpec { network, directories: directory("/no/such/directory"), ..world.spec("a") };
    let refusal = world.engine.create_container(&spec).await.unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::NotFound, "{refusal:?}");
    assert!(refusal.message.contains("`/no/such/directory`"), "{refusal:?}");
    assert_eq!(world.container(&spec).await, None);

    let spec = ContainerSpec { directories: directory("/tmp"), ..spec };
    world.engine.create_container(&spec).await.unwrap();
    world.engine.start(&spec.name).await.unwrap();
}

pub async fn a_volume_is_given_an_owner(world: &World) {
    let (engine, base) = (&world.engine, world.spec("v"));
    let name = format!("slipway-contract-owned-{}-{}", std::process::id(), next());
    let installation = base.installation.clone();
    let volume = VolumeSpec { name: name.clone(), installation, user: None };
    engine.create_volume(&volume).await.unwrap();
    let mount =
        VolumeMount { volume: name.clone(), target: "/srv/deep/kept".into(), read_only: false };
    let spec = ContainerSpec {
        network: world.network("net").await.name,
        volumes: vec![mount],
        command: ["sh", "-c", "stat -c %u:%g /srv/deep/kept; exec sleep 600"]
            .map(str::to_owned)
            .to_vec(),
        ..base
    };
    engine.create_container(&spec).await.unwrap();
    for _ in 0..2 {
        let owner = Owner { uid: 1000, gid: 1001 };
        engine.own_directory(&spec.name, "/srv/deep/kept", owner).await.unwrap();
    }
    engine.start(&spec.name).await.unwrap();
    if world.is_real() {
        crate::world::eventually("it is said whose it is", || async {
            engine.log_tail(&spec.name, 1).await.unwrap() == ["1000:1001"]
        })
        .await;
    }
    engine.remove_container(&spec.name).await.unwrap();
    engine.remove_volume(&name).await.unwrap();
    let gone = engine.own_directory(&spec.name, "/x", Owner { uid: 1, gid: 1 }).await.unwrap_err();
    assert_eq!(gone.kind, ErrorKind::NotFound, "{gone:?}");
}

pub async fn graphics_processors_are_refused_without_a_driver(world: &World) {
    if world.engine.info().await.unwrap().gpu_driver.is_some() {
        return;
    }
    let network = world.network("net").await.name;
    let spec = ContainerSpec { network, gpus: Some(Gpus::All), ..world.spec("a") };
    // An engine may notice when it makes the container, or when it starts it.
    let made = world.engine.create_container(&spec).await;
    let refusal = match made {
        Ok(()) => world.engine.start(&spec.name).await.unwrap_err(),
        Err(refusal) => refusal,
    };
    assert_eq!(refusal.kind, ErrorKind::Conflict, "{refusal:?}");
    assert!(refusal.detail.unwrap().contains("device driver"));
    assert_ne!(world.state(&spec).await, Some(ContainerState::Running));
}
