//! Volumes: what stays when a container goes.

use crate::world::{World, next};
use domain::ErrorKind;
use engine::{ContainerSpec, Volume, VolumeMount, VolumeSpec};

pub async fn a_volume_stays_when_its_container_goes(world: &World) {
    let (engine, base) = (&world.engine, world.spec("v"));
    let name = format!("slipway-contract-volume-{}", next());
    let volume = VolumeSpec {
        name: name.clone(),
        installation: base.installation.clone(),
        user: Some("ada".into()),
    };
    engine.create_volume(&volume).await.unwrap();
    engine.create_volume(&volume).await.unwrap();
    let foreign = VolumeSpec { installation: "another".into(), ..volume.clone() };
    assert_eq!(engine.create_volume(&foreign).await.unwrap_err().kind, ErrorKind::Conflict);
    let shared = VolumeSpec { user: None, ..volume.clone() };
    assert_eq!(engine.create_volume(&shared).await.unwrap_err().kind, ErrorKind::Conflict);
    let listed = engine.volumes(&base.installation).await.unwrap();
    assert_eq!(listed, [Volume { name: name.clone(), user: Some("ada".into()) }]);

    let network = world.network("v").await.name;
    let mount = VolumeMount { volume: name.clone(), target: "/kept".into(), read_only: false };
    let spec = ContainerSpec { network, volumes: vec![mount], ..base };
    engine.create_container(&spec).await.unwrap();
    let held = engine.remove_volume(&name).await.unwrap_err();
    assert_eq!(held.kind, ErrorKind::Conflict);
    engine.remove_container(&spec.name).await.unwrap();
    assert_eq!(engine.volumes(&spec.installation).await.unwrap().len(), 1);
    engine.remove_volume(&name).await.unwrap();
    engine.remove_volume(&name).await.unwrap();
    assert_eq!(engine.volumes(&spec.installation).await.unwrap(), []);
}
