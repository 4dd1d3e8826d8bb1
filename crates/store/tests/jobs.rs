//! Stories of jobs as a runner takes them.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod shelf;

use domain::{
    JobId, Timestamp, UserId,
    job::{JobKind, JobLinks},
};
use shelf::{NOW, Shelf, id};
use store::NewJob;

const HUB: &str = "docker.io";
const OURS: &str = "registry.example.org:5000";

/// The later its number, the later it was asked for.
async fn ask(shelf: &Shelf, owner: &UserId, number: usize, kind: JobKind, place: Option<&str>) {
    let new = NewJob {
        id: &id(number),
        kind,
        title: "",
        place,
        work: "{}",
        secret: None,
        sameness: &number.to_string(),
        links: &JobLinks::default(),
        owner: Some(owner),
        actor: Some("ada"),
        at: Timestamp(NOW.0 + i64::try_from(number).unwrap()),
    };
    let mut tx = shelf.store.begin().await.unwrap();
    tx.insert_job(&new).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_job_to_a_place_that_is_full_waits_and_one_elsewhere_is_taken() {
    let shelf = Shelf::new().await;
    let ada = shelf.user("ada").await;
    ask(&shelf, &ada, 1, JobKind::Pull, Some(HUB)).await;
    ask(&shelf, &ada, 2, JobKind::Push, Some(OURS)).await;
    ask(&shelf, &ada, 3, JobKind::Commit, None).await;
    let at = NOW.plus_secs(1);
    let full: &[String] = &[HUB.to_owned()];
    let nothing: &[String] = &[];
    let take = async |full: &[String]| {
        let mut tx = shelf.store.begin().await.unwrap();
        let taken = tx.claim_job(&JobKind::ALL, full, at, at.plus_secs(60)).await.unwrap();
        tx.commit().await.unwrap();
        taken.map(|taken| (taken.job.id, taken.place))
    };
    let next = async |full: &[String]| shelf.store.next_job_at(&JobKind::ALL, full).await.unwrap();

    assert_eq!(next(full).await, Some(Timestamp(NOW.0 + 2)));
    assert_eq!(take(full).await, Some((id::<JobId>(2), Some(OURS.to_owned()))));
    assert_eq!(take(full).await, Some((id(3), None)), "it goes nowhere");
    assert_eq!(take(full).await, None);
    // Nothing comes up before the lease of what was taken runs out.
    assert_eq!(next(full).await, Some(at.plus_secs(60)));
    assert_eq!(next(nothing).await, Some(Timestamp(NOW.0 + 1)));
    assert_eq!(take(nothing).await, Some((id(1), Some(HUB.to_owned()))));
}
