//! Stories of what workspaces ask, what was answered, and who opened what.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod shelf;

use domain::{
    SessionId, Timestamp,
    commands::Commands,
    launch_form::{Answer, Target, parse_all},
    session::{Desired, Session, Status},
};
use shelf::{NOW, Shelf, id, session, workspace, workspace_id};

fn answer(value: Option<&str>) -> Answer {
    let target = Target::Variable("PROJECT".into());
    Answer { label: "Project".into(), target, value: value.map(str::to_owned) }
}

async fn save(shelf: &Shelf, session: &Session) {
    let mut tx = shelf.store.begin().await.unwrap();
    tx.save_session(session).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_a_workspace_asks_and_runs_is_kept() {
    let shelf = Shelf::new().await;
    let mut asking = workspace(1);
    asking.definition.launch_form =
        parse_all("Key\n kind: secret\n required\n to: /run/key").unwrap();
    asking.definition.commands = Commands { at_start: "make".into(), ..Commands::default() };
    let mut tx = shelf.store.begin().await.unwrap();
    tx.insert_workspace(&asking, None).await.unwrap();
    tx.insert_workspace(&workspace(2), None).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shelf.store.workspace(&asking.id).await.unwrap().unwrap(), asking);
    let plain = shelf.store.workspace(&workspace_id(2)).await.unwrap().unwrap();
    assert!(plain.definition.launch_form.is_empty());
}

#[tokio::test]
async fn secret_answers_are_kept_until_their_session_is_deleted() {
    let shelf = Shelf::new().await;
    let ada = shelf.user("ada").await;
    let mut kept = session(1, &ada);
    kept.config.answers = vec![answer(None)];
    shelf.keep(&kept).await.unwrap();
    assert_eq!(shelf.store.secret_answers(&kept.id).await.unwrap(), None);
    let mut tx = shelf.store.begin().await.unwrap();
    tx.keep_secret_answers(&kept.id, b"sealed").await.unwrap();
    tx.commit().await.unwrap();
    kept.status = Status::Stopped;
    kept.desired = Desired::Deleted;
    save(&shelf, &kept).await;
    let sealed = shelf.store.secret_answers(&kept.id).await.unwrap();
    assert_eq!(sealed.as_deref(), Some(&b"sealed"[..]));
    kept.status = Status::Deleted;
    save(&shelf, &kept).await;
    assert_eq!(shelf.store.secret_answers(&kept.id).await.unwrap(), None);
    assert_eq!(shelf.store.session(&kept.id).await.unwrap().unwrap().config.answers.len(), 1);
}

#[tokio::test]
async fn the_last_answers_are_those_of_the_same_user_and_workspace() {
    let shelf = Shelf::new().await;
    let (ada, bob) = (shelf.user("ada").await, shelf.user("bob").await);
    for (number, owner, value) in [(1, &ada, "old"), (2, &ada, "new"), (3, &bob, "foreign")] {
        let mut one = session(number, owner);
        one.workspace = workspace_id(7);
        one.config.answers = vec![answer(Some(value))];
        one.desired = Desired::Deleted;
        one.status = Status::Deleted;
        shelf.keep(&one).await.unwrap();
    }
    let last = shelf.store.last_answers(&ada, &workspace_id(7)).await.unwrap();
    assert_eq!(last, [answer(Some("new"))]);
    assert!(shelf.store.last_answers(&ada, &workspace_id(8)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_later_opening_stays_noted_when_an_earlier_one_is_done() {
    let shelf = Shelf::new().await;
    let ada = shelf.user("ada").await;
    let (one, later) = (id::<SessionId>(1), Timestamp(NOW.0 + 5));
    shelf.keep(&session(1, &ada)).await.unwrap();
    let note = async |at: Timestamp| {
        let mut tx = shelf.store.begin().await.unwrap();
        tx.note_opened(&one, at).await.unwrap();
        tx.commit().await.unwrap();
    };
    let done = async |at: Timestamp| {
        let mut tx = shelf.store.begin().await.unwrap();
        tx.note_opening_done(&one, at).await.unwrap();
        tx.commit().await.unwrap();
    };
    assert_eq!(shelf.store.opened_at(&one).await.unwrap(), None);
    note(NOW).await;
    assert_eq!(shelf.store.opened_sessions().await.unwrap(), std::slice::from_ref(&one));
    note(later).await;
    done(NOW).await;
    assert_eq!(shelf.store.opened_at(&one).await.unwrap(), Some(later));
    done(later).await;
    assert_eq!(shelf.store.opened_sessions().await.unwrap(), []);
    // What does not run has nothing run in it.
    note(later).await;
    let mut stopped = session(1, &ada);
    stopped.status = Status::Stopped;
    stopped.desired = Desired::Stopped;
    save(&shelf, &stopped).await;
    assert_eq!(shelf.store.opened_sessions().await.unwrap(), []);
}
