//! Containers from making to removal.

use crate::world::World;
use domain::ErrorKind;
use domain::plan::ContainerState::{Exited, Paused, Running};
use domain::plan::{ContainerState, Observed};
use engine::ContainerSpec;

pub async fn a_container_is_made_started_paused_resumed_stopped_and_removed(world: &World) {
    let engine = &world.engine;
    let spec = world.made("a").await;
    let made = world.container(&spec).await.unwrap();
    assert_eq!(made.name, spec.name);
    assert_eq!(made.session, "session-of-a");
    assert_eq!(
        made.observed,
        Observed {
            state: ContainerState::Created,
            generation: 7,
            exit_code: None,
            out_of_memory: false,
            stopped_by_hand: false,
        }
    );
    assert_eq!(made.address, None);
    let image = engine.image(&world.image).await.unwrap().unwrap();
    assert_eq!(made.image_id, image.id);

    engine.start(&spec.name).await.unwrap();
    let started = world.container(&spec).await.unwrap();
    assert_eq!((started.state(), started.observed.exit_code), (Running, None));
    assert!(started.address.is_some());
    assert_eq!(
        engine.containers(&world.installation).await.unwrap(),
        std::slice::from_ref(&started)
    );

    engine.pause(&spec.name).await.unwrap();
    assert_eq!(world.state(&spec).await, Some(Paused));

    engine.unpause(&spec.name).await.unwrap();
    assert_eq!(world.container(&spec).await.unwrap(), started);

    engine.stop(&spec.name, 5).await.unwrap();
    let stopped = world.container(&spec).await.unwrap();
    // 128 + SIGTERM: the init process hands the signal on, or this would have been a kill.
    assert_eq!((stopped.state(), stopped.observed.exit_code), (Exited, Some(143)));
    assert_eq!(stopped.address, None);
    assert_eq!(engine.containers(&world.installation).await.unwrap(), [stopped]);

    engine.start(&spec.name).await.unwrap();
    assert_eq!(world.container(&spec).await.unwrap().observed.exit_code, None);

    engine.remove_container(&spec.name).await.unwrap();
    assert_eq!(world.container(&spec).await, None);
}

pub async fn everything_may_be_asked_twice(world: &World) {
    let engine = &world.engine;
    let spec = world.made("a").await;
    engine.stop(&spec.name, 1).await.unwrap();
    for _ in 0..2 {
        engine.start(&spec.name).await.unwrap();
    }
    engine.unpause(&spec.name).await.unwrap();
    for _ in 0..2 {
        engine.pause(&spec.name).await.unwrap();
    }
    for _ in 0..2 {
        engine.unpause(&spec.name).await.unwrap();
    }
    for _ in 0..2 {
        engine.stop(&spec.name, 1).await.unwrap();
    }
    for _ in 0..2 {
        engine.remove_container(&spec.name).await.unwrap();
    }
    engine.stop(&spec.name, 1).await.unwrap();
}

pub async fn what_is_missing_is_not_found_except_where_that_is_the_aim(world: &World) {
    let engine = &world.engine;
    let name = &world.spec("missing").name;
    let refusals = [
        engine.start(name).await.unwrap_err(),
        engine.pause(name).await.unwrap_err(),
        engine.unpause(name).await.unwrap_err(),
        engine.log_tail(name, 5).await.unwrap_err(),
    ];
    for refusal in refusals {
        assert_eq!(refusal.kind, ErrorKind::NotFound, "{refusal:?}");
        assert!(refusal.message.contains(name.as_str()), "{refusal:?}");
    }
    assert_eq!(engine.container(name).await.unwrap(), None);
    assert_eq!(engine.sample(name).await.unwrap(), None);
    engine.stop(name, 1).await.unwrap();
    engine.remove_container(name).await.unwrap();
}

pub async fn making_it_again_keeps_the_container_there_is(world: &World) {
    let spec = world.running("a").await;
    let before = world.container(&spec).await;
    let again = ContainerSpec { generation: 8, ..spec.clone() };
    world.engine.create_container(&again).await.unwrap();
    assert_eq!(world.container(&spec).await, before);
}

pub async fn a_name_taken_by_another_installation_is_refused(world: &World) {
    let spec = world.made("a").await;
    let other = ContainerSpec { installation: "somebody-else".into(), ..spec };
    let refusal = world.engine.create_container(&other).await.unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::Conflict);
}

pub async fn a_paused_container_can_be_stopped(world: &World) {
    let spec = world.running("a").await;
    world.engine.pause(&spec.name).await.unwrap();
    world.engine.stop(&spec.name, 5).await.unwrap();
    let stopped = world.container(&spec).await.unwrap().observed;
    assert_eq!((stopped.state, stopped.exit_code), (Exited, Some(143)));
}

pub async fn a_paused_container_can_be_removed(world: &World) {
    let spec = world.running("a").await;
    world.engine.pause(&spec.name).await.unwrap();
    world.engine.remove_container(&spec.name).await.unwrap();
    assert_eq!(world.container(&spec).await, None);
}

pub async fn starting_a_paused_container_resumes_it(world: &World) {
    let spec = world.running("a").await;
    world.engine.pause(&spec.name).await.unwrap();
    world.engine.start(&spec.name).await.unwrap();
    assert_eq!(world.state(&spec).await, Some(Running));
}

pub async fn what_does_not_run_cannot_be_paused(world: &World) {
    let spec = world.made("a").await;
    for refusal in [
        world.engine.pause(&spec.name).await.unwrap_err(),
        world.engine.unpause(&spec.name).await.unwrap_err(),
    ] {
        assert_eq!(refusal.kind, ErrorKind::Conflict, "{refusal:?}");
    }
}

pub async fn an_image_that_is_missing_is_not_found(world: &World) {
    let image = "slipway-contract/nowhere:9";
    let spec = ContainerSpec { image: image.into(), ..world.spec("a") };
    let refusal = world.engine.create_container(&spec).await.unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::NotFound);
    assert!(refusal.message.contains(image) && refusal.hint.is_some(), "{refusal:?}");
    assert_eq!(world.container(&spec).await, None);
}

pub async fn two_installations_do_not_see_each_other(world: &World) {
    let spec = world.made("a").await;
    let near = format!("{}x", world.installation);
    assert_eq!(world.engine.containers(&near).await.unwrap(), []);
    assert_eq!(world.engine.networks(&near).await.unwrap(), []);
    let ours = world.engine.containers(&world.installation).await.unwrap();
    assert_eq!(ours.iter().map(|c| &c.name).collect::<Vec<_>>(), [&spec.name]);
}
