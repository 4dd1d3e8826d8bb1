//! Stories of accounts: how they are listed, who else could manage them, the links by which they are
//! entered, and how those of an older Slipway come along.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod shelf;

use domain::{
    Timestamp, UserId,
    actor::Role,
    audit::{AuditFilter, AuditResult},
    list::ListQuery,
    session::Status,
    user::{AccountState, User},
};
use shelf::{NOW, Shelf, id, session};
use sqlx::{Connection, SqliteConnection, migrate::Migrator, sqlite::SqliteConnectOptions};
use std::path::Path;
use store::{AccountLink, NewAuditLine, Store};

async fn add(shelf: &Shelf, number: usize, name: &str, role: Role, hash: &str) -> UserId {
    let user = User {
        id: id(number),
        name: name.to_owned(),
        role,
        disabled: false,
        created_at: Timestamp(NOW.0 + i64::try_from(number).unwrap()),
    };
    let mut tx = shelf.store.begin().await.unwrap();
    tx.insert_user(&user, hash).await.unwrap();
    tx.commit().await.unwrap();
    user.id
}

async fn names(shelf: &Shelf, query: &ListQuery) -> Vec<String> {
    let page = shelf.store.users(query).await.unwrap();
    page.rows.into_iter().map(|user| user.name).collect()
}

#[tokio::test]
async fn accounts_are_found_by_name_state_and_role_and_put_in_order() {
    let shelf = Shelf::new().await;
    let ada = add(&shelf, 1, "ada", Role::Administrator, "hash").await;
    let bob = add(&shelf, 2, "bob", Role::User, "hash").await;
    let eve = add(&shelf, 3, "eve", Role::Auditor, "").await;
    let mut ended = session(2, &bob);
    ended.status = Status::Deleted;
    shelf.keep(&session(1, &bob)).await.unwrap();
    shelf.keep(&ended).await.unwrap();
    let mut tx = shelf.store.begin().await.unwrap();
    tx.touch_user(&bob, Timestamp(5)).await.unwrap();
    tx.touch_user(&bob, Timestamp(3)).await.unwrap();
    tx.commit().await.unwrap();

    let all = |sort: &str, descending| ListQuery {
        sort: sort.into(),
        descending,
        ..ListQuery::default()
    };
    assert_eq!(names(&shelf, &all("", false)).await, ["ada", "bob", "eve"]);
    assert_eq!(names(&shelf, &all("name", true)).await, ["eve", "bob", "ada"]);
    assert_eq!(names(&shelf, &all("role", false)).await, ["ada", "eve", "bob"]);
    assert_eq!(names(&shelf, &all("sessions", true)).await[0], "bob");
    assert_eq!(names(&shelf, &all("seen", true)).await[0], "bob");
    assert_eq!(names(&shelf, &all("created", true)).await, ["eve", "bob", "ada"]);
    let words = |text: &str| ListQuery { search: text.into(), ..ListQuery::default() };
    assert_eq!(names(&shelf, &words("B")).await, ["bob"]);
    assert!(names(&shelf, &words("%")).await.is_empty());
    let role = |text: &str| ListQuery { filter: text.into(), ..ListQuery::default() };
    assert_eq!(names(&shelf, &role("auditor")).await, ["eve"]);
    assert_eq!(names(&shelf, &role("nonsense")).await.len(), 3);
    let state = |text: &str| ListQuery { state: text.into(), ..ListQuery::default() };
    assert_eq!(names(&shelf, &state("invited")).await, ["eve"]);
    assert_eq!(names(&shelf, &state("enabled")).await, ["ada", "bob"]);
    let row = shelf.store.user_row(&bob).await.unwrap().unwrap();
    assert_eq!((row.sessions, row.last_seen_at), (1, Some(Timestamp(5))));
    assert_eq!(row.state, AccountState::Enabled);

    let mut tx = shelf.store.begin().await.unwrap();
    assert_eq!(tx.other_administrators(&ada).await.unwrap(), 0);
    tx.set_role(&eve, Role::Administrator).await.unwrap();
    assert_eq!(tx.other_administrators(&ada).await.unwrap(), 0, "who is only invited is none");
    tx.set_password(&eve, "hash").await.unwrap();
    assert_eq!(tx.other_administrators(&ada).await.unwrap(), 1);
    tx.begin_user_deletion(&eve).await.unwrap();
    assert_eq!(tx.other_administrators(&ada).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(names(&shelf, &state("deleting")).await, ["eve"]);
    assert!(names(&shelf, &state("disabled")).await.is_empty());
    let going = shelf.store.users_being_deleted().await.unwrap();
    assert_eq!(going.into_iter().map(|user| user.id).collect::<Vec<_>>(), [eve]);
}

#[tokio::test]
async fn a_link_is_the_only_one_of_its_account_and_is_used_once() {
    let shelf = Shelf::new().await;
    let ada = shelf.user("ada").await;
    let link = AccountLink { user: ada.clone(), expires_at: NOW.plus_secs(60) };
    let mut tx = shelf.store.begin().await.unwrap();
    tx.put_account_link("one", &link, NOW).await.unwrap();
    tx.put_account_link("two", &link, NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shelf.store.account_link("one", NOW).await.unwrap(), None);
    assert_eq!(shelf.store.account_link("two", NOW).await.unwrap(), Some(link.clone()));
    assert_eq!(shelf.store.account_link("two", NOW.plus_secs(60)).await.unwrap(), None);
    let until = shelf.store.account_link_until(&ada, NOW).await.unwrap();
    assert_eq!(until, Some(link.expires_at));
    let mut tx = shelf.store.begin().await.unwrap();
    assert!(tx.take_account_link("two").await.unwrap());
    assert!(!tx.take_account_link("two").await.unwrap());
    tx.put_account_link("three", &link, NOW).await.unwrap();
    tx.delete_expired(NOW.plus_secs(60)).await.unwrap();
    assert!(!tx.delete_account_link_of(&ada).await.unwrap(), "forgotten with its time");
    tx.put_account_link("four", &link, NOW).await.unwrap();
    assert!(tx.delete_user(&ada).await.unwrap());
    assert!(!tx.take_account_link("four").await.unwrap(), "gone with its account");
    assert!(!tx.delete_user(&ada).await.unwrap());
}

#[tokio::test]
async fn lines_of_the_audit_are_narrowed_by_group_result_actor_and_time() {
    let shelf = Shelf::new().await;
    let ada = shelf.user("ada").await;
    let mut tx = shelf.store.begin().await.unwrap();
    for (number, action) in ["user.add", "user", "user_x.add", "session.launch"].iter().enumerate()
    {
        tx.audit_outside(&NewAuditLine {
            at: NOW.plus_secs(i64::try_from(number).unwrap()),
            user: Some((&ada, "ada")),
            action,
            target: "50%",
            detail: None,
            address: "192.0.2.1",
            result: if *action == "session.launch" {
                AuditResult::Refused
            } else {
                AuditResult::Done
            },
        })
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    let found = async |filter: AuditFilter| -> Vec<String> {
        let lines = shelf.store.audit_before(&filter, None, 10).await.unwrap();
        lines.into_iter().map(|line| line.action).collect()
    };
    let none = AuditFilter::default;
    let group = AuditFilter { group: "user".into(), ..none() };
    assert_eq!(found(group).await, ["user", "user.add"]);
    let refused = AuditFilter { result: Some(AuditResult::Refused), ..none() };
    assert_eq!(found(refused).await, ["session.launch"]);
    assert_eq!(found(AuditFilter { result: Some(AuditResult::Done), ..none() }).await.len(), 3);
    assert_eq!(found(AuditFilter { actor: "ada".into(), ..none() }).await.len(), 4);
    assert!(found(AuditFilter { actor: "ad".into(), ..none() }).await.is_empty());
    assert_eq!(found(AuditFilter { search: "0%".into(), ..none() }).await.len(), 4);
    assert!(found(AuditFilter { search: "5%%".into(), ..none() }).await.is_empty());
    let middle =
        AuditFilter { from: Some(NOW.plus_secs(1)), until: Some(NOW.plus_secs(3)), ..none() };
    assert_eq!(found(middle).await, ["user_x.add", "user"]);
    let newest = shelf.store.audit(1).await.unwrap().remove(0);
    assert_eq!((newest.action.as_str(), newest.result), ("session.launch", AuditResult::Refused));
    let older = shelf.store.audit_before(&none(), Some(newest.id), 10).await.unwrap();
    assert_eq!(older.len(), 3);
    let mut tx = shelf.store.begin().await.unwrap();
    assert_eq!(tx.prune_audit(NOW.plus_secs(2)).await.unwrap(), 2);
}

#[tokio::test]
async fn accounts_of_an_older_slipway_come_along_with_what_hangs_on_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slipway.db");
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let all = Migrator::new(migrations.as_path()).await.unwrap();
    let older = all.iter().filter(|one| one.version < 8).cloned().collect();
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut db = SqliteConnection::connect_with(&options).await.unwrap();
    Migrator::with_migrations(older).run(&mut db).await.unwrap();
    for sql in [
        "INSERT INTO users (id, name, password_hash, role, disabled, created_at)
         VALUES ('a', 'ada', 'hash', 'administrator', 0, 1), ('b', 'bob', 'hash', 'user', 1, 2)",
        "INSERT INTO sign_ins (id, user_id, data, address, created_at, last_seen_at, expires_at)
         VALUES ('5', 'a', '{}', '192.0.2.1', 1, 7, 99)",
        "INSERT INTO audit (at, action, target, detail)
         VALUES (3, 'sign_in', 'ada', '192.0.2.1'), (4, 'sign_in.refused', 'eve', '192.0.2.2')",
    ] {
        sqlx::query(sql).execute(&mut db).await.unwrap();
    }
    db.close().await.unwrap();

    let store = Store::open(&path).await.unwrap();
    let rows = store.users(&ListQuery::default()).await.unwrap().rows;
    let seen: Vec<_> = rows.iter().map(|u| (u.name.as_str(), u.role, u.state)).collect();
    assert_eq!(
        seen,
        [
            ("ada", Role::Administrator, AccountState::Enabled),
            ("bob", Role::User, AccountState::Disabled)
        ]
    );
    assert_eq!(rows[0].last_seen_at, Some(Timestamp(7)));
    assert_eq!(store.sign_ins_of(&rows[0].id, Timestamp(10)).await.unwrap().len(), 1);
    let lines = store.audit(10).await.unwrap();
    let [refused, done] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((refused.action.as_str(), refused.result), ("sign_in", AuditResult::Refused));
    assert_eq!((refused.who(), refused.address.as_str()), ("Not signed in", "192.0.2.2"));
    assert_eq!((done.who(), done.result, &done.detail), ("ada", AuditResult::Done, &None));
    // A role that there was no word for.
    let mut tx = store.begin().await.unwrap();
    tx.set_role(&rows[1].id, Role::ImageMaintainer).await.unwrap();
    tx.commit().await.unwrap();
    let bob = store.user(&rows[1].id).await.unwrap().unwrap();
    assert_eq!(bob.role, Role::ImageMaintainer);
}
