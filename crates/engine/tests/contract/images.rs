//! Images, and what the engine says of itself.

use crate::world::World;

pub async fn images_are_listed_and_found_by_tag_and_id(world: &World) {
    let found = world.engine.image(&world.image).await.unwrap().unwrap();
    assert!(found.tags.contains(&world.image), "{found:?}");
    assert!(found.id.starts_with("sha256:") && found.size_bytes > 0, "{found:?}");
    assert_eq!(world.engine.image(&found.id).await.unwrap(), Some(found.clone()));

    let listed = world.engine.images().await.unwrap();
    assert!(listed.contains(&found), "{found:?} is not among {listed:?}");
    assert!(listed.iter().all(|image| !image.tags.is_empty()));

    for missing in ["slipway-contract/nowhere:9", "", "../containers", "debian?x=1"] {
        assert_eq!(world.engine.image(missing).await.unwrap(), None, "{missing}");
    }
}

pub async fn the_engine_describes_itself(world: &World) {
    let info = world.engine.info().await.unwrap();
    assert!(!info.name.is_empty() && !info.version.is_empty(), "{info:?}");
    assert!(info.api.starts_with("1."), "{info:?}");
    assert!(["1", "2"].contains(&info.cgroup_version.as_str()), "{info:?}");
    assert!(info.root_dir.starts_with('/'), "{info:?}");
    assert!(info.cpus > 0 && info.memory_bytes > 0, "{info:?}");
    assert!(!world.engine.address().is_empty());
}
