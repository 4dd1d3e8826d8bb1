//! From a container to an image, and from there to a registry.

use crate::world::World;
use domain::{ErrorKind, plan::ContainerState};
use engine::CommitSpec;

pub async fn a_container_becomes_an_image_and_goes_on(world: &World) {
    let spec = world.running("a").await;
    assert!(world.engine.changed_bytes(&spec.name).await.unwrap() >= 0);
    let tag = format!("{}-image:made", spec.name);
    let commit = |tag: &str| CommitSpec {
        container: spec.name.clone(),
        repository: tag.rsplit_once(':').unwrap().0.to_owned(),
        tag: tag.rsplit_once(':').unwrap().1.to_owned(),
        message: "a message".into(),
        author: "ada".into(),
        pause: true,
        changes: vec!["ENV A=\"1 2\"".into(), "LABEL slipway.job=\"7\"".into()],
    };
    let id = world.engine.commit(&commit(&tag)).await.unwrap();
    let made = world.engine.image(&tag).await.unwrap().unwrap();
    assert_eq!((made.id.as_str(), made.tags.contains(&tag)), (id.as_str(), true), "{made:?}");
    let label = world.engine.image_label(&tag, "slipway.job").await.unwrap();
    assert_eq!(label.as_deref(), Some("7"));
    assert_eq!(world.engine.image_label(&tag, "absent").await.unwrap(), None);
    assert_eq!(world.engine.image_label("slipway-contract/nowhere:9", "a").await.unwrap(), None);
    let now = world.engine.container(&spec.name).await.unwrap().unwrap();
    assert_eq!(now.state(), ContainerState::Running);

    // Gone once and gone twice.
    world.engine.remove_image(&tag).await.unwrap();
    world.engine.remove_image(&tag).await.unwrap();
    assert_eq!(world.engine.image(&tag).await.unwrap(), None);

    let missing = CommitSpec { container: "slipway-nowhere".into(), ..commit(&tag) };
    assert_eq!(world.engine.commit(&missing).await.unwrap_err().kind, ErrorKind::NotFound);
    let missing = world.engine.changed_bytes("slipway-nowhere").await.unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NotFound);
}

pub async fn what_is_not_there_cannot_be_pushed(world: &World) {
    let told = |_| {};
    let nowhere = "localhost:1/slipway-contract/nowhere:9";
    assert!(world.engine.push(nowhere, None, &told).await.is_err());
}

#[tokio::test]
async fn the_engine_takes_the_instructions_that_the_form_takes_and_no_others() {
    let Some(world) = World::real() else { return };
    let spec = world.running("a").await;
    let commit = async |text: &str| {
        let asked = CommitSpec {
            container: spec.name.clone(),
            repository: format!("slipway-contract/{}", spec.installation),
            tag: "grammar".into(),
            message: String::new(),
            author: String::new(),
            pause: false,
            changes: vec![text.to_owned()],
        };
        let taken = world.engine.commit(&asked).await;
        // Before the next one takes the name and leaves this one without any.
        let made = format!("{}:{}", asked.repository, asked.tag);
        world.engine.remove_image(&made).await.unwrap();
        taken
    };
    for good in [
        r#"CMD ["a", "b"]"#,
        "CMD echo hi",
        r#"ENTRYPOINT ["/x"]"#,
        r#"ENV A=1 B="two words" C=x\ y"#,
        "ENV A b c",
        "EXPOSE 80 443/udp",
        r#"LABEL a=b "c d"=e"#,
        "ONBUILD RUN make",
        "USER 1000:1000",
        r#"VOLUME ["/a"]"#,
        "VOLUME /a /b",
        "WORKDIR /a",
    ] {
        assert!(domain::changes::parse(good).is_ok(), "the form refuses {good}");
        let taken = commit(good).await;
        assert!(taken.is_ok(), "the engine refuses {good}: {taken:?}");
    }
    for bad in ["RUN x", "COPY a b", "ENV A", "EXPOSE abc", "ONBUILD FROM x", "WORKDIR", "LABEL a"]
    {
        assert!(domain::changes::parse(bad).is_err(), "the form takes {bad}");
        assert!(commit(bad).await.is_err(), "the engine takes {bad}");
    }
}
