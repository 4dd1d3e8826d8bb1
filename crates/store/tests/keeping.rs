//! Stories of what is kept: by many at once, once only, together with what it hangs on, and across
//! a kill.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod shelf;

use domain::{
    ErrorKind, SessionId, Timestamp,
    actor::Role,
    session::{Desired, Status, TimelineEntry},
    user::User,
};
use shelf::{NOW, Shelf, id, session, sign_in, workspace, workspace_id};
use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};
use store::Store;
use tokio::task::JoinSet;

async fn count_up(store: &Store, id: &SessionId) {
    let mut tx = store.begin().await.unwrap();
    let mut session = tx.session(id).await.unwrap().unwrap();
    session.generation += 1;
    // Gives others the chance to come between reading and writing.
    tokio::task::yield_now().await;
    tx.save_session(&session).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_wait_for_each_other_and_readers_for_nobody() {
    const WRITERS: usize = 8;
    const TIMES: u32 = 25;
    let shelf = Shelf::new().await;
    let ada = shelf.user("ada").await;
    shelf.keep(&session(1, &ada)).await.unwrap();
    let other_process = shelf.again().await;
    let (store, id) = (shelf.store.clone(), id::<SessionId>(1));

    let (done, finished) = tokio::sync::watch::channel(false);
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let (store, id, finished) = (store.clone(), id.clone(), finished.clone());
        readers.spawn(async move {
            let (mut last, mut reads) = (0, 0_u32);
            while !*finished.borrow() {
                let now = store.session(&id).await.unwrap().unwrap().generation;
                assert!(now >= last, "{now} was read after {last}");
                (last, reads) = (now, reads + 1);
            }
            reads
        });
    }
    let mut writers = JoinSet::new();
    for n in 0..WRITERS {
        let store = if n % 2 == 0 { store.clone() } else { other_process.clone() };
        let id = id.clone();
        writers.spawn(async move {
            for _ in 0..TIMES {
                count_up(&store, &id).await;
            }
        });
    }
    for written in writers.join_all().await {
        let () = written;
    }
    done.send(true).unwrap();
    assert!(readers.join_all().await.into_iter().all(|reads| reads > 0));
    let last = store.session(&id).await.unwrap().unwrap().generation;
    assert_eq!(last, 1 + u32::try_from(WRITERS).unwrap() * TIMES);
}

#[tokio::test]
async fn what_is_not_committed_never_was() {
    let shelf = Shelf::new().await;
    let ada = shelf.user("ada").await;
    let mut tx = shelf.store.begin().await.unwrap();
    tx.insert_session(&session(1, &ada), false, None).await.unwrap();
    assert!(tx.session(&id(1)).await.unwrap().is_some());
    assert!(shelf.store.session(&id(1)).await.unwrap().is_none(), "seen before its time");
    drop(tx);
    // Nor does it stand in the next one's way.
    shelf.keep(&session(1, &ada)).await.unwrap();
    assert!(shelf.store.session(&id(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_name_is_given_once() {
    let shelf = Shelf::new().await;
    shelf.user("ada").await;
    let twin = User {
        id: id(1),
        name: "ada".into(),
        role: Role::Administrator,
        disabled: false,
        created_at: NOW,
    };
    let mut tx = shelf.store.begin().await.unwrap();
    let error = tx.insert_user(&twin, "hash").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(error.problem_at("name").unwrap().contains("ada"), "{error}");
    drop(tx);
    assert!(!shelf.store.has_administrator().await.unwrap());
}

#[tokio::test]
async fn a_user_has_one_session_of_a_workspace_and_one_test_of_it() {
    let shelf = Shelf::new().await;
    let (ada, bob) = (shelf.user("ada").await, shelf.user("bob").await);
    let of_workspace_7 = |number, owner| {
        let mut session = session(number, owner);
        session.workspace = workspace_id(7);
        session
    };
    let mut first = of_workspace_7(1, &ada);
    shelf.keep(&first).await.unwrap();
    shelf.keep(&of_workspace_7(2, &bob)).await.unwrap();
    let twin = shelf.keep(&of_workspace_7(3, &ada)).await.unwrap_err();
    assert_eq!(twin.kind, ErrorKind::Conflict);
    assert!(twin.message.contains("already have a session"), "{twin}");
    let mut tx = shelf.store.begin().await.unwrap();
    tx.insert_session(&of_workspace_7(4, &ada), true, None).await.unwrap();
    assert_eq!(tx.session_for(&ada, &workspace_id(7), true).await.unwrap(), Some(id(4)));
    assert_eq!(tx.session_for(&ada, &workspace_id(7), false).await.unwrap(), Some(id(1)));
    // One that is being deleted makes room.
    first.desired = Desired::Deleted;
    tx.save_session(&first).await.unwrap();
    tx.insert_session(&of_workspace_7(5, &ada), false, None).await.unwrap();
    assert_eq!(tx.session_for(&ada, &workspace_id(7), false).await.unwrap(), Some(id(5)));
    assert_eq!(tx.count_sessions_of(&ada).await.unwrap(), 3);
}

#[tokio::test]
async fn a_port_and_a_network_belong_to_one_session() {
    let shelf = Shelf::new().await;
    let ada = shelf.user("ada").await;
    for number in 1..=3 {
        shelf.keep(&session(number, &ada)).await.unwrap();
    }
    let save = async |number: usize, port: Option<u16>, network: Option<&str>| {
        let mut tx = shelf.store.begin().await.unwrap();
        let mut session = tx.session(&id(number)).await.unwrap().unwrap();
        session.port = port;
        session.network = network.map(str::to_owned);
        tx.save_session(&session).await?;
        tx.commit().await
    };
    save(1, Some(9001), Some("net-1")).await.unwrap();
    for (port, network) in [(Some(9001), None), (None, Some("net-1"))] {
        let error = save(2, port, network).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict);
        assert!(error.message.contains("another session"), "{error}");
    }
    save(2, Some(9002), Some("net-2")).await.unwrap();
    // Many may have none, and what one gives up another may take.
    save(3, None, None).await.unwrap();
    save(1, None, None).await.unwrap();
    save(3, Some(9001), Some("net-1")).await.unwrap();
    let mut tx = shelf.store.begin().await.unwrap();
    assert_eq!(tx.ports_in_use().await.unwrap(), [9001, 9002]);
}

#[tokio::test]
async fn what_is_made_once_says_whether_it_was_made() {
    let shelf = Shelf::new().await;
    let ada = shelf.user("ada").await;
    assert!(shelf.put(&workspace(1), Some("desktop")).await);
    assert!(!shelf.put(&workspace(2), Some("desktop")).await);
    assert!(shelf.put(&workspace(3), None).await && shelf.put(&workspace(4), None).await);
    assert!(shelf.store.workspace(&workspace_id(2)).await.unwrap().is_none());

    shelf.sign_in(1, &ada).await;
    let mut tx = shelf.store.begin().await.unwrap();
    assert!(!tx.insert_sign_in(&sign_in(1, &ada)).await.unwrap());
    tx.set_meta("token", "a").await.unwrap();
    assert!(!tx.take_meta("token", "b").await.unwrap());
    assert!(tx.take_meta("token", "a").await.unwrap());
    assert!(!tx.take_meta("token", "a").await.unwrap());
}

#[tokio::test]
async fn a_grant_goes_with_what_it_hangs_on() {
    let shelf = Shelf::new().await;
    let (ada, bob) = (shelf.user("ada").await, shelf.user("bob").await);
    let (desk, phone) = (shelf.sign_in(1, &ada).await, shelf.sign_in(2, &ada).await);
    let bobs = shelf.sign_in(3, &bob).await;
    let mut ended = session(2, &ada);
    ended.status = Status::Deleted;
    ended.ended_at = Some(NOW);
    shelf.keep(&session(1, &ada)).await.unwrap();
    shelf.keep(&ended).await.unwrap();
    shelf.grant("desk", &id(1), &ada, &desk).await;
    shelf.grant("phone", &id(1), &ada, &phone).await;
    shelf.grant("ended", &id(2), &ada, &phone).await;
    shelf.grant("bob", &id(1), &bob, &bobs).await;
    let all = async || {
        let mut held = Vec::new();
        for token in ["desk", "phone", "ended", "bob"] {
            if shelf.granted(token).await {
                held.push(token);
            }
        }
        held
    };
    assert_eq!(all().await, ["desk", "phone", "ended", "bob"]);

    let entry = TimelineEntry { at: NOW, actor: None, message: "Ended".into(), detail: None };
    let mut tx = shelf.store.begin().await.unwrap();
    tx.add_to_timeline(&id(2), &entry).await.unwrap();
    assert_eq!(tx.prune_sessions(NOW).await.unwrap(), 0, "not yet");
    assert_eq!(tx.prune_sessions(Timestamp(NOW.0 + 1)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(all().await, ["desk", "phone", "bob"]);
    assert!(shelf.store.timeline(&id(2)).await.unwrap().is_empty());

    let mut tx = shelf.store.begin().await.unwrap();
    tx.delete_sign_ins_of(&ada, Some(&desk)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(all().await, ["desk", "bob"]);

    let mut tx = shelf.store.begin().await.unwrap();
    tx.delete_sign_in(&desk).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(all().await, ["bob"]);

    // Time ends it too, its own and that of its sign-in.
    assert!(shelf.store.grant("bob", NOW.plus_secs(599)).await.unwrap().is_some());
    assert!(shelf.store.grant("bob", NOW.plus_secs(600)).await.unwrap().is_none());
    let mut tx = shelf.store.begin().await.unwrap();
    tx.touch_sign_in(&bobs, NOW, NOW.plus_secs(5)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(shelf.store.grant("bob", NOW.plus_secs(5)).await.unwrap().is_none());
    let mut tx = shelf.store.begin().await.unwrap();
    tx.delete_expired(NOW.plus_secs(5)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(shelf.store.grant("bob", NOW).await.unwrap().is_none(), "still there");
}

#[tokio::test]
async fn a_grant_for_nobody_is_refused() {
    let shelf = Shelf::new().await;
    let ada = shelf.user("ada").await;
    shelf.keep(&session(1, &ada)).await.unwrap();
    let grant =
        store::Grant { session: id(1), user: ada, sign_in: id(404), expires_at: NOW.plus_secs(1) };
    let mut tx = shelf.store.begin().await.unwrap();
    assert_eq!(tx.insert_grant("token", &grant).await.unwrap_err().kind, ErrorKind::Internal);
}

#[tokio::test]
async fn a_session_comes_back_as_it_was_saved() {
    let shelf = Shelf::new().await;
    let ada = shelf.user("ada").await;
    let mut session = session(1, &ada);
    shelf.keep(&session).await.unwrap();
    session.owner_name = "ada".into();
    session.desired = Desired::Stopped;
    session.status = Status::Failed;
    session.reason = Some(domain::session::Reason {
        cause: domain::session::Cause::OutOfMemory,
        message: "It ran out of “memory”.".into(),
        detail: Some("line 1\nline 2".into()),
        hint: None,
    });
    session.progress.begin(domain::session::LaunchStep::Network, NOW);
    session.progress.fail(NOW, "no");
    session.generation = 7;
    session.created = false;
    session.image_digest = Some("sha256:1".into());
    session.network = Some("net".into());
    session.address = Some("10.0.0.2".into());
    session.port = Some(65535);
    session.running_since = Some(NOW);
    session.last_activity_at = Some(NOW);
    session.ended_at = Some(NOW);
    let mut tx = shelf.store.begin().await.unwrap();
    tx.save_session(&session).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shelf.store.session(&session.id).await.unwrap().unwrap(), session);
    assert_eq!(shelf.again().await.session(&session.id).await.unwrap().unwrap(), session);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_in_the_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slipway.db");
    std::fs::write(&path, "this is not a database, whatever its name says").unwrap();
    let error = Store::open(&path).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains(path.to_str().unwrap()), "{error}");
    let nowhere = folder.path().join("nowhere/slipway.db");
    assert_eq!(Store::open(&nowhere).await.unwrap_err().kind, ErrorKind::Unavailable);
}

/// Names the file for the half of the story below that is killed.
const KILLED: &str = "SLIPWAY_TEST_KILLED_WRITER";

async fn write_for_ever(path: &std::path::Path) -> ! {
    let store = Store::open(path).await.unwrap();
    for number in 0.. {
        let mut tx = store.begin().await.unwrap();
        tx.set_meta("count", &format!("{number}")).await.unwrap();
        tx.set_meta(&format!("row:{number}"), "kept").await.unwrap();
        tx.commit().await.unwrap();
        println!("kept {number}");
    }
    unreachable!()
}

#[tokio::test]
async fn what_was_promised_survives_a_kill() {
    const STORY: &str = "what_was_promised_survives_a_kill";
    if let Some(path) = std::env::var_os(KILLED) {
        write_for_ever(path.as_ref()).await;
    }
    let shelf = Shelf::new().await;
    let mut promised = None;
    for round in 0..3 {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", STORY, "--nocapture"])
            .env(KILLED, shelf.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let mut last = 0;
        // The killing comes in the middle of something, each time of something else.
        for line in lines.map(Result::unwrap) {
            if let Some(number) = line.strip_prefix("kept ") {
                last = number.parse::<u64>().unwrap();
                if last >= 40 + round * 7 {
                    break;
                }
            }
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        let store = shelf.again().await;
        let count: u64 = store.meta("count").await.unwrap().unwrap().parse().unwrap();
        assert!(count >= last, "{last} was promised, {count} is there");
        // Both rows of each transaction, or neither.
        assert!(store.meta(&format!("row:{count}")).await.unwrap().is_some());
        // It takes new things at once.
        let mut tx = store.begin().await.unwrap();
        tx.set_meta("after", &round.to_string()).await.unwrap();
        tx.commit().await.unwrap();
        store.close().await;
        promised = Some(last);
    }
    assert!(promised >= Some(40));
}

#[tokio::test]
async fn only_the_newest_entries_of_a_timeline_keep_what_programs_wrote() {
    let shelf = Shelf::new().await;
    let ada = shelf.user("ada").await;
    for number in [1, 2] {
        shelf.keep(&session(number, &ada)).await.unwrap();
    }
    let (busy, quiet) = (id::<SessionId>(1), id::<SessionId>(2));
    let entry = |message: String| {
        let detail = Some(format!("{message} was written"));
        TimelineEntry { at: NOW, actor: None, message, detail }
    };
    let mut tx = shelf.store.begin().await.unwrap();
    tx.add_to_timeline(&quiet, &entry("only".into())).await.unwrap();
    let plain = TimelineEntry { detail: None, ..entry("Launched".into()) };
    tx.add_to_timeline(&busy, &plain).await.unwrap();
    for number in 0..80 {
        tx.add_to_timeline(&busy, &entry(number.to_string())).await.unwrap();
    }
    tx.commit().await.unwrap();
    let kept = shelf.store.timeline(&busy).await.unwrap();
    assert_eq!((kept.len(), kept[80].message.as_str()), (81, "Launched"));
    let detailed: Vec<&TimelineEntry> = kept.iter().filter(|one| one.detail.is_some()).collect();
    assert_eq!((detailed.len(), detailed[0].message.as_str()), (50, "79"));
    assert_eq!(detailed[49].message, "30");
    assert!(shelf.store.timeline(&quiet).await.unwrap()[0].detail.is_some());
}
