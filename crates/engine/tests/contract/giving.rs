//! What a container is given from outside: files before its start, commands while it runs.

use crate::world::{World, eventually};
use domain::ErrorKind;
use domain::inside::PathKind;
use engine::{NewFile, Ran, RunSpec};
use std::time::Duration;

const PATH: &str = "/opt/given/deep/token";

pub fn shell(script: &str, patience: Duration) -> RunSpec {
    let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
    RunSpec { command, patience, longest: 100 }
}

pub async fn said(world: &World, name: &str, script: &str) -> Ran {
    world.engine.run(name, &shell(script, Duration::from_secs(30))).await.unwrap()
}

pub async fn files_are_there_from_the_first_start(world: &World) {
    let spec = world.made("a").await;
    let file = |content: &str| NewFile { path: PATH.into(), content: content.into() };
    world.engine.put_files(&spec.name, &[]).await.unwrap();
    world.engine.put_files(&spec.name, &[file("first")]).await.unwrap();
    let other = NewFile { path: "/opt/given/other".into(), content: "other".into() };
    world.engine.put_files(&spec.name, &[file("second\n"), other]).await.unwrap();
    let stat = world.engine.path_stat(&spec.name, PATH).await.unwrap().unwrap();
    assert_eq!((stat.kind, stat.size), (PathKind::File, 7));
    world.engine.start(&spec.name).await.unwrap();
    let read = said(world, &spec.name, &format!("cat {PATH}")).await;
    assert_eq!(read, Ran { exit_code: Some(0), output: "second\n".into() });
    assert_eq!(said(world, &spec.name, "cat /opt/given/other").await.output, "other");
    let nowhere = format!("{}-nowhere", spec.name);
    let refused = world.engine.put_files(&nowhere, &[file("x")]).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::NotFound, "{refused:?}");
}

pub async fn a_command_says_how_it_ended_and_what_it_wrote(world: &World) {
    let spec = world.running("a").await;
    let greeting = said(world, &spec.name, "printenv GREETING").await;
    assert_eq!(greeting, Ran { exit_code: Some(0), output: "hello=world\n".into() });
    assert_eq!(said(world, &spec.name, "echo one; exit 3").await.exit_code, Some(3));
    let many = "echo 0123456789\n".repeat(50);
    let many = said(world, &spec.name, &many).await.output;
    assert_eq!(many.len(), 100);
    assert!(many.ends_with("0123456789\n"), "{many}");
    let plain = RunSpec {
        command: vec!["echo".into(), "a  b".into()],
        ..shell("", Duration::from_secs(30))
    };
    assert_eq!(world.engine.run(&spec.name, &plain).await.unwrap().output, "a  b\n");
}

pub async fn a_command_is_ended_when_its_time_is_up(world: &World) {
    let spec = world.running("a").await;
    let endless = shell("echo begun; sleep 4711", Duration::from_secs(1));
    let ran = world.engine.run(&spec.name, &endless).await.unwrap();
    assert_eq!(ran, Ran { exit_code: None, output: "begun\n".into() });
    eventually("nothing of it is left", || async {
        let all = world.engine.processes(&spec.name).await.unwrap().unwrap();
        !all.iter().any(|process| process.command.contains("4711"))
    })
    .await;
}

pub async fn nothing_is_run_where_nothing_runs(world: &World) {
    let spec = world.made("a").await;
    let echo = shell("echo x", Duration::from_secs(5));
    let refused = async |name: &str| world.engine.run(name, &echo).await.unwrap_err();
    let stopped = refused(&spec.name).await;
    assert_eq!(stopped.kind, ErrorKind::Conflict, "{stopped:?}");
    assert!(stopped.message.contains("does not run"), "{stopped:?}");
    assert_eq!(refused(&format!("{}-nowhere", spec.name)).await.kind, ErrorKind::NotFound);
    world.engine.start(&spec.name).await.unwrap();
    world.engine.pause(&spec.name).await.unwrap();
    let paused = refused(&spec.name).await;
    assert_eq!(paused.kind, ErrorKind::Conflict, "{paused:?}");
    assert!(paused.message.contains("is paused"), "{paused:?}");
}

#[tokio::test]
async fn a_shell_that_hangs_is_the_images_fault_and_not_the_engines() {
    let Some(world) = World::real() else { return };
    let spec = world.running("a").await;
    let hang = "test -x /usr/bin/perl && printf '#!/usr/bin/perl\nsleep 600;\n' > /tmp/sh && chmod 755 /tmp/sh && mv -f /tmp/sh /usr/bin/sh";
    if said(&world, &spec.name, hang).await.exit_code != Some(0) {
        println!("skipped: the image has no perl, or its user may not replace its shell");
        return;
    }
    let script = shell("echo never", Duration::from_secs(30));
    let refused = world.engine.run(&spec.name, &script).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict, "{refused:?}");
    assert!(refused.detail.unwrap().contains("said nothing"));
    assert!(world.engine.info().await.is_ok());
}
