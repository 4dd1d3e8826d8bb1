//! Stories of webhooks: a call makes a question due and nothing else, and only who knows the secret
//! makes one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    ErrorKind, RegistryId,
    hook::{Called, Hook, HookOf},
};
use engine::memory::Op;
use services::Hooks;
use world::registry::{HOUR_S, Scene, digest};

/// A workspace of an image that the registry was asked about once.
async fn asked_once(scene: &Scene) -> HookOf {
    scene.present("sha256:11", &digest(1));
    scene.registry.has(&digest(1));
    scene.store_registry().await;
    let id = scene.workspace().await;
    scene.look().await;
    let has_turn = async || scene.detail().await.upstream.next_check_at.is_some();
    scene.world.until("it has a turn", has_turn).await;
    scene.world.clock.advance_secs(HOUR_S);
    scene.asked(1).await;
    let answered = async || scene.detail().await.upstream.checked_at == Some(scene.world.now());
    scene.world.until("the answer is written down", answered).await;
    scene.world.clock.advance_secs(1);
    HookOf::Workspace(id)
}

async fn of_registry(scene: &Scene) -> (RegistryId, HookOf) {
    let all = scene.world.services.registries.list(&scene.admin).await.unwrap();
    (all[0].id.clone(), HookOf::Registry(all[0].id.clone()))
}

async fn made(scene: &Scene, of: &HookOf) -> Hook {
    let hooks = &scene.world.services.hooks;
    let (hook, secret) = hooks.make_secret(&scene.admin, of).await.unwrap();
    assert_eq!(hooks.admit(hook.id.as_str(), &secret).await.unwrap().id, hook.id);
    hook
}

async fn call(scene: &Scene, hook: &Hook, body: &str) -> (u32, u32) {
    let called = scene.world.services.hooks.call(hook, body.as_bytes()).await.unwrap();
    let Called { recognised, named } = called;
    (recognised, named)
}

async fn outcome(scene: &Scene, of: &HookOf) -> String {
    scene.world.services.hooks.get(&scene.admin, of).await.unwrap().unwrap().outcome
}

#[tokio::test]
async fn after_a_call_the_registry_is_asked_at_once_and_what_is_newer_is_pulled() {
    let scene = Scene::new().await;
    let of = asked_once(&scene).await;
    let hook = made(&scene, &of).await;
    scene.registry.has(&digest(2));
    scene.world.engine.add_remote_image(&scene.image, "sha256:22");
    let body = format!(r#"{{"image":"{}"}}"#, scene.image);
    assert_eq!(call(&scene, &hook, &body).await, (1, 1));
    let here = async || scene.detail().await.row.id.as_deref() == Some("sha256:22");
    scene.world.until("the new image is here", here).await;
    assert_eq!(scene.registry.heads(), 2);
    let known = scene.world.services.hooks.get(&scene.admin, &of).await.unwrap().unwrap();
    assert_eq!(known.called_at, Some(scene.world.now()));
    assert_eq!(known.outcome, "The registry was asked what team/app:latest means now.");
}

#[tokio::test]
async fn a_registrys_own_notification_is_believed_in_names_and_not_in_digests() {
    let scene = Scene::new().await;
    asked_once(&scene).await;
    let (_, of) = of_registry(&scene).await;
    let hook = made(&scene, &of).await;
    let event = |repository: &str, tag: &str| {
        format!(
            r#"{{"action":"push","target":{{"repository":"{repository}","tag":"{tag}",
            "digest":"{}"}},"request":{{"host":"10.1.2.3:5000"}}}}"#,
            digest(9)
        )
    };
    let body = |events: &[String]| format!(r#"{{"events":[{}]}}"#, events.join(","));
    let elsewhere = body(&[event("team/other", "latest"), event("team/app", "2")]);
    assert_eq!(call(&scene, &hook, &elsewhere).await, (0, 2));
    assert!(outcome(&scene, &of).await.contains("no enabled workspace uses that"));
    scene.look().await;
    assert_eq!(scene.registry.heads(), 1);

    let ours = body(&[event("team/app", "latest"), event("team/other", "latest")]);
    assert_eq!(call(&scene, &hook, &ours).await, (1, 2));
    scene.world.until("it is asked", async || scene.registry.heads() == 2).await;
    assert_eq!(scene.world.engine.calls(Op::Pull), 0, "the registry says that nothing is new");
}

#[tokio::test]
async fn a_workspace_that_is_disabled_or_of_no_stored_registry_is_not_meant() {
    let scene = Scene::new().await;
    let of = asked_once(&scene).await;
    let HookOf::Workspace(id) = &of else { panic!("{of:?} is no workspace's") };
    let hook = made(&scene, &of).await;
    let (registry, _) = of_registry(&scene).await;
    let body = format!(r#"{{"image":"{}"}}"#, scene.image);
    let services = &scene.world.services;
    assert_eq!(call(&scene, &hook, r#"{"image":"elsewhere.example.org/team/app"}"#).await, (0, 1));
    services.workspaces.set_enabled(&scene.admin, id, false).await.unwrap();
    assert_eq!(call(&scene, &hook, &body).await, (0, 1));
    services.workspaces.set_enabled(&scene.admin, id, true).await.unwrap();
    assert_eq!(call(&scene, &hook, &body).await, (1, 1));
    services.registries.delete(&scene.admin, &registry).await.unwrap();
    assert_eq!(call(&scene, &hook, &body).await, (0, 1));

    let unreadable = services.hooks.call(&hook, b"{}").await.unwrap_err();
    assert_eq!(unreadable.kind, ErrorKind::Invalid);
    assert_eq!(outcome(&scene, &of).await, "The call could not be read.");
}

#[tokio::test]
async fn a_secret_counts_until_there_is_another_one_or_what_it_is_of_is_gone() {
    let scene = Scene::new().await;
    let hooks = &scene.world.services.hooks;
    let id = scene.workspace().await;
    let of = HookOf::Workspace(id.clone());
    assert_eq!(hooks.get(&scene.admin, &of).await.unwrap(), None);
    let (hook, first) = hooks.make_secret(&scene.admin, &of).await.unwrap();
    let refused = async |hooks: &Hooks, id: &str, secret: &str| {
        hooks.admit(id, secret).await.err().map(|error| (error.kind, error.message))
    };
    let id_of_hook = hook.id.to_string();
    assert_eq!(refused(hooks, &id_of_hook, &first).await, None);
    let wrong = refused(hooks, &id_of_hook, "guess").await;
    assert_eq!(wrong.as_ref().map(|(kind, _)| *kind), Some(ErrorKind::Unauthenticated));
    assert_eq!(refused(hooks, "0123456789", &first).await, wrong);
    assert_eq!(refused(hooks, "no id!", "").await, wrong);

    let (again, second) = hooks.make_secret(&scene.admin, &of).await.unwrap();
    assert_eq!(again.id, hook.id, "its address stays");
    assert_eq!(refused(hooks, &id_of_hook, &first).await, wrong);
    assert_eq!(refused(hooks, &id_of_hook, &second).await, None);
    hooks.remove(&scene.admin, &of).await.unwrap();
    hooks.remove(&scene.admin, &of).await.unwrap();
    assert_eq!(refused(hooks, &id_of_hook, &second).await, wrong);

    let (hook, third) = hooks.make_secret(&scene.admin, &of).await.unwrap();
    scene.world.services.workspaces.delete(&scene.admin, &id, false).await.unwrap();
    assert_eq!(refused(hooks, hook.id.as_str(), &third).await, wrong);
    let nothing = hooks.make_secret(&scene.admin, &of).await.unwrap_err();
    assert_eq!(nothing.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn only_calls_with_the_secret_are_counted_and_sixty_a_minute_are_enough() {
    let scene = Scene::new().await;
    let hooks = &scene.world.services.hooks;
    let of = HookOf::Workspace(scene.workspace().await);
    let (hook, secret) = hooks.make_secret(&scene.admin, &of).await.unwrap();
    for _ in 0..100 {
        assert!(hooks.admit(hook.id.as_str(), "guess").await.is_err());
    }
    for _ in 0..60 {
        hooks.admit(hook.id.as_str(), &secret).await.unwrap();
    }
    let refused = hooks.admit(hook.id.as_str(), &secret).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Exhausted);
    scene.world.clock.advance_secs(60);
    hooks.admit(hook.id.as_str(), &secret).await.unwrap();
}

#[tokio::test]
async fn a_secret_waits_for_the_page_of_whoever_made_it_and_is_shown_once() {
    let scene = Scene::new().await;
    let hooks = &scene.world.services.hooks;
    let ada = scene.world.user().await;
    let of = HookOf::Workspace(scene.workspace().await);
    let other = HookOf::parse("registry", "0123456789").unwrap();
    hooks.keep_for_page(&scene.admin, &of, "violin".to_owned());
    assert_eq!(hooks.take_for_page(&ada, &of), None);
    assert_eq!(hooks.take_for_page(&scene.admin, &of).as_deref(), Some("violin"));
    assert_eq!(hooks.take_for_page(&scene.admin, &of), None);
    hooks.keep_for_page(&scene.admin, &of, "violin".to_owned());
    assert_eq!(hooks.take_for_page(&scene.admin, &other), None);
    hooks.keep_for_page(&scene.admin, &of, "violin".to_owned());
    scene.world.clock.advance_secs(300);
    assert_eq!(hooks.take_for_page(&scene.admin, &of), None);
    for refusal in [
        hooks.get(&ada, &of).await.err(),
        hooks.make_secret(&ada, &of).await.err(),
        hooks.remove(&ada, &of).await.err(),
    ] {
        assert_eq!(refusal.map(|error| error.kind), Some(ErrorKind::Forbidden));
    }
}
