//! What the engine tells of its own accord.

use crate::world::{World, actions_until};
use engine::ContainerSpec;

pub async fn what_happens_to_a_session_is_told_with_its_id(world: &World) {
    let engine = &world.engine;
    let mut events = engine.events(&world.installation).await.unwrap();
    let spec = world.running("a").await;
    assert_eq!(actions_until(&mut events, &spec.session, "start").await, ["create", "start"]);

    engine.pause(&spec.name).await.unwrap();
    engine.unpause(&spec.name).await.unwrap();
    assert_eq!(actions_until(&mut events, &spec.session, "unpause").await, ["pause", "unpause"]);

    engine.stop(&spec.name, 5).await.unwrap();
    assert_eq!(actions_until(&mut events, &spec.session, "stop").await, ["kill", "die", "stop"]);

    engine.start(&spec.name).await.unwrap();
    engine.remove_container(&spec.name).await.unwrap();
    let actions = actions_until(&mut events, &spec.session, "destroy").await;
    assert_eq!(actions, ["start", "kill", "die", "destroy"]);
}

pub async fn what_happens_elsewhere_is_not_told(world: &World) {
    let mut events = world.engine.events(&world.installation).await.unwrap();
    let mut spec = world.made("a").await;
    actions_until(&mut events, &spec.session, "create").await;

    let other = format!("{}x", world.installation);
    spec = ContainerSpec { name: format!("{}-b", world.installation), installation: other, ..spec };
    world.engine.create_container(&spec).await.unwrap();
    world.engine.remove_container(&spec.name).await.unwrap();
    let ours = world.spec("a").name;
    world.engine.remove_container(&ours).await.unwrap();
    assert_eq!(actions_until(&mut events, &spec.session, "destroy").await, ["destroy"]);
}

pub async fn nothing_is_missed_between_asking_and_reading(world: &World) {
    let before = world.made("before").await;
    let mut events = world.engine.events(&world.installation).await.unwrap();
    let spec = ContainerSpec { network: before.network, ..world.spec("a") };
    world.engine.create_container(&spec).await.unwrap();
    world.engine.remove_container(&spec.name).await.unwrap();
    // Long over before anybody listens.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let actions = actions_until(&mut events, &spec.session, "destroy").await;
    assert_eq!(actions, ["create", "destroy"]);
}
