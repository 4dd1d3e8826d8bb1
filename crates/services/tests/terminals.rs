//! Stories of terminals: who may open one, who learns of it, how one is found again, and everything
//! that ends it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    ErrorKind, SessionId,
    actor::{Actor, Role},
    session::{Action, State},
};
use engine::{TerminalSize, memory::Op};
use services::terminals::{Attached, Keyboard, Screen};
use world::World;

const SIZE: TerminalSize = TerminalSize { columns: 80, rows: 24 };

/// A session of ada's that runs, and an administrator.
async fn cast(world: &World) -> (Actor, Actor, SessionId) {
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let ada = world.user().await;
    let id = world.running(&ada, &workspace).await;
    (admin, ada, id)
}

async fn open(world: &World, actor: &Actor, id: &SessionId) -> Attached {
    world.services.terminals.open(actor, id, SIZE).await.unwrap()
}

async fn enter(keyboard: &Keyboard, line: &str) {
    keyboard.enter(format!("{line}\r").into()).await;
}

/// Reads until the words were printed.
async fn prints(screen: &mut Screen, words: &str) {
    let mut text = String::new();
    while !text.contains(words) {
        let printed = screen.next().await.unwrap_or_else(|| panic!("ended after {text:?}"));
        text.push_str(&String::from_utf8_lossy(&printed));
    }
}

/// Reads to the end; the sentence about it.
async fn end(screen: &mut Screen) -> String {
    while screen.next().await.is_some() {}
    screen.end().map(str::to_owned).unwrap()
}

async fn no_shells(world: &World) {
    let name = world.container_name().await;
    world.until("no shell is left", async || world.engine.shells(&name) == 0).await;
    world.until("no terminal is open", async || world.services.terminals.count() == 0).await;
}

#[tokio::test]
async fn an_administrator_types_into_a_session_and_its_owner_sees_who_did() {
    let world = World::new().await;
    let (admin, ada, id) = cast(&world).await;
    let mut terminal = open(&world, &admin, &id).await;
    enter(&terminal.keyboard, "stty size").await;
    prints(&mut terminal.screen, "24 80").await;
    terminal.keyboard.resize(TerminalSize { columns: 5_000, rows: 50 });
    // The size goes its own way.
    world.until("the size is told", async || world.engine.calls(Op::ResizeTerminal) > 0).await;
    enter(&terminal.keyboard, "stty size").await;
    prints(&mut terminal.screen, "50 1000").await;

    let entry = world.detail(&ada, &id).await.timeline.remove(0);
    assert_eq!(
        (entry.actor.as_deref(), entry.message.as_str()),
        (Some("admin"), "Opened a terminal")
    );
    let line = world.store.audit(1).await.unwrap().remove(0);
    assert_eq!((line.actor.as_deref(), line.action.as_str()), (Some("admin"), "session.terminal"));
    assert_eq!(line.detail.as_deref(), Some(id.as_str()));

    enter(&terminal.keyboard, "exit").await;
    assert_eq!(end(&mut terminal.screen).await, "The shell has ended.");
    world
        .until("the end is recorded", async || {
            let entry = world.detail(&ada, &id).await.timeline.remove(0);
            entry.message == "Closed the terminal"
                && entry.detail.as_deref() == Some("The shell has ended.")
        })
        .await;
    assert_eq!(world.store.audit(1).await.unwrap()[0].action, "session.terminal.end");
    no_shells(&world).await;
}

#[tokio::test]
async fn users_open_none_not_even_in_their_own_sessions() {
    let world = World::new().await;
    let (admin, ada, id) = cast(&world).await;
    let terminals = &world.services.terminals;
    let refusal = terminals.open(&ada, &id, SIZE).await.err().unwrap();
    assert_eq!(refusal.kind, ErrorKind::Forbidden);
    assert_eq!(terminals.place(&ada, &id).await.unwrap_err().kind, ErrorKind::Forbidden);
    assert!(!world.detail(&ada, &id).await.may_open_terminal);
    assert!(world.detail(&admin, &id).await.may_open_terminal);
    assert_eq!(world.engine.calls(Op::OpenTerminal), 0);
    assert!(world.detail(&ada, &id).await.timeline[0].message != "Opened a terminal");
}

#[tokio::test]
async fn what_does_not_run_or_is_not_there_is_refused_with_a_way_out() {
    let world = World::new().await;
    let (admin, _, id) = cast(&world).await;
    let terminals = &world.services.terminals;
    let nowhere = "nowhere".parse().unwrap();
    assert_eq!(
        terminals.open(&admin, &nowhere, SIZE).await.err().unwrap().kind,
        ErrorKind::NotFound
    );
    for (action, state) in [(Action::Pause, State::Paused), (Action::Stop, State::Stopped)] {
        world.act(&admin, &id, action).await;
        world.reaches(&admin, &id, state).await;
        let refusal = terminals.open(&admin, &id, SIZE).await.err().unwrap();
        assert_eq!(
            (refusal.kind, refusal.hint.is_some()),
            (ErrorKind::Conflict, true),
            "{refusal:?}"
        );
        assert!(refusal.message.contains(state.as_str()), "{refusal:?}");
    }
    world.act(&admin, &id, Action::Start).await;
    world.reaches(&admin, &id, State::Running).await;
    world.engine.fail_next(Op::OpenTerminal, domain::Error::conflict("No shell."));
    assert_eq!(terminals.open(&admin, &id, SIZE).await.err().unwrap().message, "No shell.");
    assert_eq!(terminals.count(), 0);
}

#[tokio::test]
async fn a_page_that_was_cut_off_finds_its_shell_again() {
    let world = World::new().await;
    let (admin, _, id) = cast(&world).await;
    let mut terminal = open(&world, &admin, &id).await;
    enter(&terminal.keyboard, "echo be''fore").await;
    prints(&mut terminal.screen, "before").await;
    let name = terminal.id.clone();
    drop(terminal);

    let wide = TerminalSize { columns: 132, rows: 43 };
    let terminals = &world.services.terminals;
    let mut again = terminals.reopen(&admin, &id, wide, &name).await.unwrap();
    assert!(String::from_utf8(again.replay).unwrap().contains("before"));
    world.until("the size is told", async || world.engine.calls(Op::ResizeTerminal) > 0).await;
    enter(&again.keyboard, "stty size").await;
    prints(&mut again.screen, "43 132").await;
    assert_eq!(world.engine.calls(Op::OpenTerminal), 1);

    // A second page takes it over, and the first is told so.
    let second = terminals.reopen(&admin, &id, wide, &name).await.unwrap();
    while again.screen.next().await.is_some() {}
    assert_eq!(again.screen.end(), None);

    // To everybody else there is none: another administrator, another sign-in, another session.
    let eve = world.person("eve", Role::Administrator).await;
    let elsewhere = Actor { sign_in: eve.sign_in.clone(), ..admin.clone() };
    for (actor, session) in [(&eve, &id), (&elsewhere, &id)] {
        let refusal = terminals.reopen(actor, session, SIZE, &name).await.err().unwrap();
        assert_eq!(refusal.kind, ErrorKind::NotFound);
    }
    let refusal = terminals.reopen(&admin, &id, SIZE, "invented").await.err().unwrap();
    assert_eq!((refusal.kind, refusal.hint.is_some()), (ErrorKind::NotFound, true));

    second.keyboard.close().await;
    no_shells(&world).await;
    let refusal = terminals.reopen(&admin, &id, SIZE, &name).await.err().unwrap();
    assert_eq!(refusal.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn closing_it_ends_the_shell() {
    let world = World::new().await;
    let (admin, _, id) = cast(&world).await;
    let mut terminal = open(&world, &admin, &id).await;
    terminal.keyboard.close().await;
    assert_eq!(end(&mut terminal.screen).await, "You closed the terminal.");
    no_shells(&world).await;
    assert_eq!(world.engine.calls(Op::EndTerminal), 1);
}

#[tokio::test]
async fn a_session_that_stops_takes_its_terminals_with_it() {
    let world = World::new().await;
    let (admin, ada, id) = cast(&world).await;
    let mut terminal = open(&world, &admin, &id).await;
    world.act(&ada, &id, Action::Stop).await;
    let why = end(&mut terminal.screen).await;
    assert!(why.contains("stop"), "{why}");
    no_shells(&world).await;
}

#[tokio::test]
async fn a_session_that_is_paused_has_no_shell_left_when_it_goes_on() {
    let world = World::new().await;
    let (admin, ada, id) = cast(&world).await;
    let mut terminal = open(&world, &admin, &id).await;
    // The engine is faster than whoever ends the shell.
    let busy = domain::Error::conflict("The container is paused.");
    world.engine.fail_next(Op::EndTerminal, busy);
    world.act(&ada, &id, Action::Pause).await;
    let why = end(&mut terminal.screen).await;
    assert!(why.contains("paus"), "{why}");
    world.reaches(&ada, &id, State::Paused).await;
    world.act(&ada, &id, Action::Start).await;
    world.reaches(&ada, &id, State::Running).await;
    no_shells(&world).await;
}

#[tokio::test]
async fn rights_that_end_cut_the_terminals_that_hang_on_them() {
    let world = World::new().await;
    let (admin, _, id) = cast(&world).await;
    let eve = world.person("eve", Role::Administrator).await;
    let mut cut = open(&world, &eve, &id).await;
    let mut kept = open(&world, &admin, &id).await;
    world.services.users.set_disabled("eve", true).await.unwrap();
    let why = end(&mut cut.screen).await;
    assert!(why.contains("no longer permitted"), "{why}");
    enter(&kept.keyboard, "echo still ''here").await;
    prints(&mut kept.screen, "still here").await;
    world.services.access.delete_sign_in(&admin.sign_in).await.unwrap();
    assert_eq!(end(&mut kept.screen).await, why);
    no_shells(&world).await;
}

#[tokio::test]
async fn there_is_a_bound_and_closing_one_makes_room() {
    let world = World::new().await;
    let (admin, _, id) = cast(&world).await;
    let mut open_now = Vec::new();
    for _ in 0..20 {
        open_now.push(open(&world, &admin, &id).await);
    }
    let refusal = world.services.terminals.open(&admin, &id, SIZE).await.err().unwrap();
    assert_eq!((refusal.kind, refusal.hint.is_some()), (ErrorKind::Exhausted, true));
    assert!(refusal.message.contains("20"), "{refusal:?}");
    open_now.pop().unwrap().keyboard.close().await;
    world
        .until("there is room", async || {
            world.services.terminals.open(&admin, &id, SIZE).await.is_ok()
        })
        .await;
}

#[tokio::test]
async fn what_nobody_reads_is_not_piled_up() {
    let world = World::new().await;
    let (admin, _, id) = cast(&world).await;
    let terminal = open(&world, &admin, &id).await;
    let name = world.container_name().await;
    enter(&terminal.keyboard, "yes").await;
    let mut before = 0;
    // The shell stops printing because nobody reads: it has printed something, and then no more.
    world
        .until("the shell waits", async || {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            let now = world.engine.written_by_shells(&name);
            now > 1_000 && std::mem::replace(&mut before, now) == now
        })
        .await;
    assert!(before < 128 * 1024, "{before} bytes are held");
    // It can be closed all the same.
    terminal.keyboard.close().await;
    no_shells(&world).await;
}

#[tokio::test]
async fn a_server_that_stops_ends_them_all() {
    let world = World::new().await;
    let (admin, _, id) = cast(&world).await;
    let mut one = open(&world, &admin, &id).await;
    let two = open(&world, &admin, &id).await;
    drop(two);
    world.services.terminals.end_all().await;
    assert!(end(&mut one.screen).await.contains("stopped"));
    no_shells(&world).await;
    let refusal = world.services.terminals.open(&admin, &id, SIZE).await.err().unwrap();
    assert_eq!(refusal.kind, ErrorKind::Unavailable);
}
