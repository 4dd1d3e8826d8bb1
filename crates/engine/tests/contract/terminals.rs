//! Shells that people type into.

use crate::world::World;
use domain::ErrorKind;
use engine::{Terminal, TerminalSize};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PATIENCE: Duration = Duration::from_secs(30);
const SMALL: TerminalSize = TerminalSize { columns: 81, rows: 23 };
const LARGE: TerminalSize = TerminalSize { columns: 133, rows: 47 };

/// Types a line.
pub async fn enter(terminal: &mut Terminal, line: &str) {
    terminal.input.write_all(format!("{line}\r").as_bytes()).await.unwrap();
    terminal.input.flush().await.unwrap();
}

/// Reads until the words were printed; everything printed until then.
pub async fn prints(terminal: &mut Terminal, words: &str) -> String {
    let mut text = Vec::new();
    let reading = async {
        let mut piece = [0; 1024];
        while !String::from_utf8_lossy(&text).contains(words) {
            let count = terminal.output.read(&mut piece).await.unwrap();
            assert!(count > 0, "the shell ended");
            text.extend_from_slice(&piece[..count]);
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, reading).await.is_ok();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(in_time, "never printed {words:?}, only {text:?}");
    text
}

/// Waits for the end of what is printed.
pub async fn ends(terminal: &mut Terminal) {
    let rest = async { tokio::io::copy(&mut terminal.output, &mut tokio::io::sink()).await };
    assert!(tokio::time::timeout(PATIENCE, rest).await.is_ok(), "the shell goes on");
}

pub async fn a_shell_obeys_and_knows_its_size(world: &World) {
    let spec = world.running("a").await;
    let mut terminal = world.engine.open_terminal(&spec.name, SMALL).await.unwrap();
    enter(&mut terminal, "echo one''two").await;
    let seen = prints(&mut terminal, "onetwo").await;
    assert!(!seen.contains("slipway"), "{seen:?}");
    enter(&mut terminal, "stty size").await;
    prints(&mut terminal, "23 81").await;
    world.engine.resize_terminal(&terminal.shell, LARGE).await.unwrap();
    enter(&mut terminal, "stty size").await;
    prints(&mut terminal, "47 133").await;
    enter(&mut terminal, "exit").await;
    ends(&mut terminal).await;
    // Late is no error.
    world.engine.resize_terminal(&terminal.shell, SMALL).await.unwrap();
    world.engine.end_terminal(&terminal.shell).await.unwrap();
}

pub async fn shells_of_one_container_are_apart(world: &World) {
    let spec = world.running("a").await;
    let mut one = world.engine.open_terminal(&spec.name, SMALL).await.unwrap();
    let mut two = world.engine.open_terminal(&spec.name, LARGE).await.unwrap();
    assert_ne!(one.shell, two.shell);
    world.engine.end_terminal(&one.shell).await.unwrap();
    ends(&mut one).await;
    world.engine.end_terminal(&one.shell).await.unwrap();
    enter(&mut two, "stty size").await;
    prints(&mut two, "47 133").await;
}

pub async fn a_shell_ends_with_its_container(world: &World) {
    let spec = world.running("a").await;
    let mut terminal = world.engine.open_terminal(&spec.name, SMALL).await.unwrap();
    world.engine.stop(&spec.name, 1).await.unwrap();
    ends(&mut terminal).await;
    world.engine.end_terminal(&terminal.shell).await.unwrap();
    world.engine.remove_container(&spec.name).await.unwrap();
    world.engine.end_terminal(&terminal.shell).await.unwrap();
}

pub async fn what_does_not_run_has_no_shell(world: &World) {
    let spec = world.made("a").await;
    let refused = async |name: &str| world.engine.open_terminal(name, SMALL).await.unwrap_err();
    let stopped = refused(&spec.name).await;
    assert_eq!((stopped.kind, stopped.hint.is_some()), (ErrorKind::Conflict, true), "{stopped:?}");
    assert!(stopped.message.contains("does not run"), "{stopped:?}");
    assert_eq!(refused(&format!("{}-nowhere", spec.name)).await.kind, ErrorKind::NotFound);

    world.engine.start(&spec.name).await.unwrap();
    let mut terminal = world.engine.open_terminal(&spec.name, SMALL).await.unwrap();
    world.engine.pause(&spec.name).await.unwrap();
    let paused = refused(&spec.name).await;
    assert_eq!((paused.kind, paused.hint.is_some()), (ErrorKind::Conflict, true), "{paused:?}");
    assert!(paused.message.contains("is paused"), "{paused:?}");
    // Neither can anything end that stands still.
    let early = world.engine.end_terminal(&terminal.shell).await.unwrap_err();
    assert_eq!(early.kind, ErrorKind::Conflict, "{early:?}");
    world.engine.unpause(&spec.name).await.unwrap();
    world.engine.end_terminal(&terminal.shell).await.unwrap();
    ends(&mut terminal).await;
}
