//! What can be read of a container besides its state.

use crate::world::{World, eventually};

pub async fn a_running_container_can_be_measured(world: &World) {
    let spec = world.running("a").await;
    let name = &spec.name;
    // The first instants of a container may count no memory yet.
    eventually("a measure of a running container", || async {
        world.engine.sample(name).await.unwrap().is_some()
    })
    .await;
    let sample = world.engine.sample(name).await.unwrap().unwrap();
    assert_eq!(sample.memory_limit, spec.memory_bytes);
    assert!(sample.cpu_nanos > 0, "{sample:?}");
    assert!((0..=spec.memory_bytes).contains(&sample.memory_bytes), "{sample:?}");

    world.engine.pause(name).await.unwrap();
    assert!(world.engine.sample(name).await.unwrap().is_some(), "a paused one holds its memory");
}

pub async fn what_does_not_run_has_no_measure(world: &World) {
    let spec = world.made("a").await;
    assert_eq!(world.engine.sample(&spec.name).await.unwrap(), None);
    assert!(world.engine.log_tail(&spec.name, 5).await.unwrap().is_empty());
    world.engine.start(&spec.name).await.unwrap();
    world.engine.stop(&spec.name, 1).await.unwrap();
    assert_eq!(world.engine.sample(&spec.name).await.unwrap(), None);
}
