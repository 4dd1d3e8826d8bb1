//! Images, and what the engine says of itself.

use crate::world::{World, next};

pub async fn images_are_listed_and_found_by_tag_and_id(world: &World) {
    let found = world.engine.image(&world.image).await.unwrap().unwrap();
    assert!(found.tags.contains(&world.image), "{found:?}");
    assert!(found.id.starts_with("sha256:") && found.size_bytes > 0, "{found:?}");
    assert_eq!(world.engine.image(&found.id).await.unwrap(), Some(found.clone()));

    let listed = world.engine.images().await.unwrap();
    assert!(listed.contains(&found), "{found:?} is not among {listed:?}");

    for missing in ["slipway-contract/nowhere:9", "", "../containers", "debian?x=1"] {
        assert_eq!(world.engine.image(missing).await.unwrap(), None, "{missing}");
    }
}

pub async fn an_image_gets_more_names_and_loses_them(world: &World) {
    let engine = &world.engine;
    let before = engine.image(&world.image).await.unwrap().unwrap();
    let more = format!("slipway-contract/named{}:2", next());
    engine.tag_image(&world.image, &more).await.unwrap();
    let named = engine.image(&more).await.unwrap().unwrap();
    assert_eq!(named.id, before.id);
    assert!(named.tags.contains(&more) && named.tags.contains(&world.image), "{named:?}");
    engine.remove_image(&more).await.unwrap();
    assert_eq!(engine.image(&more).await.unwrap(), None);
    assert!(engine.image(&world.image).await.unwrap().is_some());
    let elsewhere = "sha256:x/../../containers/prune#";
    for missing in ["slipway-contract/nowhere:9", elsewhere] {
        let missing = engine.tag_image(missing, &more).await.unwrap_err();
        assert_eq!(missing.kind, domain::ErrorKind::NotFound);
    }
    engine.remove_image(elsewhere).await.unwrap();
    assert!(engine.image(&world.image).await.unwrap().is_some());
}

pub async fn an_image_says_what_it_is_and_how_much_room_it_takes(world: &World) {
    let engine = &world.engine;
    let config = engine.image_config(&world.image).await.unwrap().unwrap();
    let image = engine.image(&world.image).await.unwrap().unwrap();
    assert_eq!((&config.id, config.size_bytes), (&image.id, image.size_bytes));
    assert_eq!(config.created_at, image.created_at);
    assert!(!config.architecture.is_empty() && config.os == "linux", "{config:?}");
    assert_eq!(engine.image_config("slipway-contract/nowhere:9").await.unwrap(), None);
    let disk = engine.disk_use().await.unwrap();
    assert!(disk.in_all.images.count > 0 && disk.in_all.images.bytes > 0, "{disk:?}");
    assert!(disk.images.iter().any(|used| used.id == image.id), "{disk:?}");
}

pub async fn the_engine_describes_itself(world: &World) {
    let info = world.engine.info().await.unwrap();
    assert!(!info.name.is_empty() && !info.version.is_empty(), "{info:?}");
    assert!(info.api.starts_with("1."), "{info:?}");
    assert!(!info.architecture.is_empty(), "{info:?}");
    assert!(["1", "2"].contains(&info.cgroup_version.as_str()), "{info:?}");
    assert!(info.root_dir.starts_with('/'), "{info:?}");
    assert!(info.cpus > 0 && info.memory_bytes > 0, "{info:?}");
    assert!(!world.engine.address().is_empty());
}
