//! Stories of second factors on disk: what is taken once, what goes with what, and what races come to.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod shelf;

use domain::{Timestamp, UserId, actor::Role, list::ListQuery, user::User};
use shelf::{NOW, Shelf, id, sign_in};
use store::{StoredSecondFactor, Tx};

const LATER: Timestamp = Timestamp(NOW.0 + 60_000);
const SECRET: &[u8] = b"sealed";

/// An account that is signed in, with its second factor on and two recovery codes.
async fn equipped(shelf: &Shelf, number: usize, name: &str) -> UserId {
    let mut tx = shelf.store.begin().await.unwrap();
    let user = User {
        id: id(number),
        name: name.to_owned(),
        role: Role::User,
        disabled: false,
        created_at: NOW,
    };
    tx.insert_user(&user, "hash").await.unwrap();
    tx.insert_sign_in(&sign_in(number, &user.id)).await.unwrap();
    propose(&mut tx, &user.id, number).await;
    let factor = StoredSecondFactor { secret: SECRET.to_vec(), last_step: 10, on_since: NOW };
    assert!(tx.take_proposed_second_factor(&user.id, &factor).await.unwrap());
    assert!(!tx.take_proposed_second_factor(&user.id, &factor).await.unwrap(), "taken twice");
    tx.put_recovery_codes(&user.id, &["one".into(), "two".into()]).await.unwrap();
    tx.commit().await.unwrap();
    user.id
}

async fn propose(tx: &mut Tx, user: &UserId, number: usize) {
    tx.propose_second_factor(user, &id(number), SECRET, LATER).await.unwrap();
}

#[tokio::test]
async fn a_step_is_taken_once_and_never_an_older_one() {
    let shelf = Shelf::new().await;
    let ada = equipped(&shelf, 1, "ada").await;
    let take = async |step: i64| {
        let mut tx = shelf.store.begin().await.unwrap();
        let taken = tx.take_step(&ada, step).await.unwrap();
        tx.commit().await.unwrap();
        taken
    };
    assert!(!take(10).await, "the one that it was turned on with");
    let (one, other) = tokio::join!(take(12), take(12));
    assert!(one != other, "exactly one gets through");
    assert!(!take(11).await && take(13).await);
    assert_eq!(shelf.store.second_factor(&ada).await.unwrap().unwrap().last_step, 13);
    assert_eq!(shelf.again().await.second_factor(&ada).await.unwrap().unwrap().last_step, 13);
}

#[tokio::test]
async fn a_recovery_code_is_used_up_by_its_owner_alone() {
    let shelf = Shelf::new().await;
    let (ada, eve) = (equipped(&shelf, 1, "ada").await, equipped(&shelf, 2, "eve").await);
    let mut tx = shelf.store.begin().await.unwrap();
    tx.put_recovery_codes(&eve, &["hers".into()]).await.unwrap();
    assert_eq!(tx.take_recovery_code(&ada, "hers").await.unwrap(), None);
    assert_eq!(tx.take_recovery_code(&ada, "one").await.unwrap(), Some(1));
    assert_eq!(tx.take_recovery_code(&ada, "one").await.unwrap(), None);
    tx.commit().await.unwrap();
    assert_eq!(shelf.store.recovery_codes_left(&ada).await.unwrap(), 1);
    assert_eq!(shelf.store.recovery_codes_left(&eve).await.unwrap(), 1);
}

#[tokio::test]
async fn wrong_codes_are_counted_for_a_while_and_go_with_what_they_were_guesses_at() {
    let shelf = Shelf::new().await;
    let (ada, eve) = (equipped(&shelf, 1, "ada").await, equipped(&shelf, 2, "eve").await);
    let before = Timestamp(NOW.0 - 1);
    let mut tx = shelf.store.begin().await.unwrap();
    tx.add_wrong_code(&ada, NOW, before).await.unwrap();
    tx.add_wrong_code(&eve, NOW, before).await.unwrap();
    tx.add_wrong_code(&ada, LATER, before).await.unwrap();
    assert_eq!(tx.wrong_codes(&ada, before).await.unwrap(), [LATER, NOW]);
    assert_eq!(tx.wrong_codes(&ada, NOW).await.unwrap(), [LATER]);
    tx.add_wrong_code(&ada, LATER, NOW).await.unwrap();
    assert_eq!(tx.wrong_codes(&ada, before).await.unwrap(), [LATER, LATER]);
    tx.set_password(&ada, "another").await.unwrap();
    assert!(tx.wrong_codes(&ada, before).await.unwrap().is_empty());
    assert_eq!(tx.wrong_codes(&eve, before).await.unwrap(), [NOW]);
    tx.delete_second_factor(&eve).await.unwrap();
    assert!(tx.wrong_codes(&eve, before).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_proposal_is_for_one_browser_and_for_a_while() {
    let shelf = Shelf::new().await;
    let ada = equipped(&shelf, 1, "ada").await;
    let mut tx = shelf.store.begin().await.unwrap();
    tx.insert_sign_in(&sign_in(2, &ada)).await.unwrap();
    propose(&mut tx, &ada, 1).await;
    tx.commit().await.unwrap();
    let seen = async |number: usize, now: Timestamp| {
        shelf.store.second_factor_proposal(&ada, &id(number), now).await.unwrap()
    };
    assert_eq!(seen(1, NOW).await.as_deref(), Some(SECRET));
    assert_eq!((seen(2, NOW).await, seen(1, LATER).await), (None, None));
    let mut tx = shelf.store.begin().await.unwrap();
    tx.delete_sign_in(&id(1)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(seen(1, NOW).await, None, "it goes with the browser's sign-in");
}

#[tokio::test]
async fn who_waits_for_a_code_does_so_for_a_while_and_not_past_the_end_of_sign_ins() {
    let shelf = Shelf::new().await;
    let ada = equipped(&shelf, 1, "ada").await;
    let put = async |token: &str| {
        let mut tx = shelf.store.begin().await.unwrap();
        tx.put_pending_sign_in(token, &ada, LATER).await.unwrap();
        tx.commit().await.unwrap();
    };
    let waits = async |token: &str, now: Timestamp| {
        shelf.store.pending_sign_in(token, now).await.unwrap() == Some(ada.clone())
    };
    put("a").await;
    assert!(waits("a", NOW).await && !waits("a", LATER).await && !waits("b", NOW).await);
    let mut tx = shelf.store.begin().await.unwrap();
    assert!(tx.take_pending_sign_in("a").await.unwrap());
    assert!(!tx.take_pending_sign_in("a").await.unwrap());
    tx.commit().await.unwrap();
    put("c").await;
    let mut tx = shelf.store.begin().await.unwrap();
    tx.delete_sign_ins_of(&ada, Some(&id(1))).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!waits("c", NOW).await);
    put("d").await;
    let mut tx = shelf.store.begin().await.unwrap();
    tx.delete_expired(LATER).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!waits("d", NOW).await);
}

#[tokio::test]
async fn turning_it_off_and_deleting_the_account_leave_nothing() {
    let shelf = Shelf::new().await;
    let (ada, eve) = (equipped(&shelf, 1, "ada").await, equipped(&shelf, 2, "eve").await);
    let query =
        ListQuery { sort: "second_factor".into(), descending: true, ..ListQuery::default() };
    let mut tx = shelf.store.begin().await.unwrap();
    assert!(tx.delete_second_factor(&ada).await.unwrap());
    assert!(!tx.delete_second_factor(&ada).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(shelf.store.second_factor(&ada).await.unwrap(), None);
    assert_eq!(shelf.store.recovery_codes_left(&ada).await.unwrap(), 0);
    let rows = shelf.store.users(&query).await.unwrap().rows;
    let rows: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.second_factor)).collect();
    assert_eq!(rows, [("eve", true), ("ada", false)]);
    let mut tx = shelf.store.begin().await.unwrap();
    tx.put_pending_sign_in("a", &eve, LATER).await.unwrap();
    assert!(tx.delete_user(&eve).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(shelf.store.second_factor(&eve).await.unwrap(), None);
    assert_eq!(shelf.store.recovery_codes_left(&eve).await.unwrap(), 0);
    assert_eq!(shelf.store.pending_sign_in("a", NOW).await.unwrap(), None);
}
