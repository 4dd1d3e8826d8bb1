//! Stories of registries as they are kept.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod shelf;

use domain::{
    JobId, RegistryId,
    job::{JobKind, JobLinks, JobState},
    registry::Definition,
    snapshot::SnapshotForm,
};
use shelf::{NOW, Shelf, id, session, workspace};
use store::{Draft, NewJob, StoredRegistry};

fn registry(number: usize, name: &str) -> StoredRegistry {
    StoredRegistry {
        id: id(number),
        definition: Definition {
            name: name.into(),
            url: "https://r.example.org".into(),
            username: "robot".into(),
            ca: String::new(),
            insecure: false,
        },
        secret: Some(vec![1, 2, 3]),
        rate: None,
        paused_until: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

async fn keep(shelf: &Shelf, new: &StoredRegistry) -> domain::Result<()> {
    let mut tx = shelf.store.begin().await.unwrap();
    tx.insert_registry(new).await?;
    tx.commit().await
}

#[tokio::test]
async fn registries_are_kept_by_name_and_each_name_once() {
    let shelf = Shelf::new().await;
    let (second, first) = (registry(1, "theirs"), registry(2, "Ours"));
    keep(&shelf, &second).await.unwrap();
    keep(&shelf, &first).await.unwrap();
    let taken = keep(&shelf, &registry(3, "OURS")).await.unwrap_err();
    assert!(taken.problem_at("name").is_some(), "{taken:?}");
    assert_eq!(shelf.store.registries().await.unwrap(), [first.clone(), second.clone()]);

    let mut changed = StoredRegistry { secret: None, ..second.clone() };
    changed.definition.insecure = true;
    changed.definition.ca = "PEM".into();
    let mut tx = shelf.store.begin().await.unwrap();
    tx.save_registry(&changed).await.unwrap();
    let clash = StoredRegistry { definition: first.definition.clone(), ..changed.clone() };
    assert!(tx.save_registry(&clash).await.unwrap_err().problem_at("name").is_some());
    tx.commit().await.unwrap();
    let kept = shelf.again().await.registry(&second.id).await.unwrap().unwrap();
    assert_eq!(kept, changed);
    let shown = kept.shown();
    assert!(shown.own_ca && shown.insecure && !shown.has_password);

    let mut tx = shelf.store.begin().await.unwrap();
    assert!(tx.delete_registry(&second.id).await.unwrap());
    assert!(!tx.delete_registry(&second.id).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(shelf.store.registry(&second.id).await.unwrap(), None);
}

#[tokio::test]
async fn what_has_chosen_a_registry_is_counted_while_it_matters() {
    let shelf = Shelf::new().await;
    let ada = shelf.user("ada").await;
    shelf.keep(&session(1, &ada)).await.unwrap();
    let ours: RegistryId = id(7);
    assert_eq!(shelf.store.registry_uses(&ours).await.unwrap(), (0, 0));
    let form = SnapshotForm { target: ours.to_string(), ..SnapshotForm::default() };
    let mut tx = shelf.store.begin().await.unwrap();
    tx.save_snapshot_draft(&ada, &id(1), &Draft { form, secret: None }, NOW).await.unwrap();
    let jobs = [
        (JobKind::Commit, format!(r#"{{"do":"commit","push":{{"registry":"{ours}"}}}}"#)),
        (JobKind::Push, format!(r#"{{"do":"push","to":{{"registry":"{ours}"}}}}"#)),
        (JobKind::Push, r#"{"do":"push","to":{"registry":null}}"#.to_owned()),
        (JobKind::Pull, format!(r#"{{"do":"pull","registry":"{ours}"}}"#)),
    ];
    for (number, (kind, work)) in jobs.iter().enumerate() {
        let job: JobId = id(number);
        let new = NewJob {
            id: &job,
            kind: *kind,
            title: "",
            place: None,
            work,
            secret: None,
            sameness: &format!("{number}"),
            links: &JobLinks::default(),
            owner: Some(&ada),
            actor: Some("ada"),
            at: NOW,
        };
        tx.insert_job(&new).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(shelf.store.registry_uses(&ours).await.unwrap(), (1, 3));
    let mut tx = shelf.store.begin().await.unwrap();
    let claimed =
        tx.claim_job(&[JobKind::Push], &[], NOW, NOW.plus_secs(60)).await.unwrap().unwrap();
    tx.end_job(&claimed.job.id, claimed.job.attempt, JobState::Failed, None, NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shelf.store.registry_uses(&ours).await.unwrap(), (1, 2));
}

#[tokio::test]
async fn workspaces_name_a_registry_until_it_is_deleted() {
    let shelf = Shelf::new().await;
    let (ours, theirs) = (registry(7, "Ours"), registry(8, "Theirs"));
    keep(&shelf, &ours).await.unwrap();
    keep(&shelf, &theirs).await.unwrap();
    let mut all = [workspace(1), workspace(2), workspace(3), workspace(4)];
    all[1].definition.registry = Some(ours.id.clone());
    all[2].definition.registry = Some(ours.id.clone());
    all[2].definition.enabled = false;
    all[3].definition.registry = Some(theirs.id.clone());
    all[3].definition.name = "Another".into();
    for one in &all {
        assert!(shelf.put(one, None).await);
        let kept = shelf.store.workspace(&one.id).await.unwrap().unwrap();
        assert_eq!(kept.definition.registry, one.definition.registry);
    }
    assert_eq!(shelf.store.workspaces_of_registry(&ours.id).await.unwrap(), 2);
    let image = "example/desktop:1".to_owned();
    assert_eq!(
        shelf.store.chosen_registries().await.unwrap(),
        [(image.clone(), theirs.id.clone()), (image.clone(), ours.id.clone())],
        "of enabled ones, by name"
    );
    let mut tx = shelf.store.begin().await.unwrap();
    assert!(tx.delete_registry(&ours.id).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(shelf.store.workspaces_of_registry(&ours.id).await.unwrap(), 0);
    let left = shelf.store.workspace(&all[1].id).await.unwrap().unwrap();
    assert_eq!(left.definition.registry, None);
    assert_eq!(shelf.store.chosen_registries().await.unwrap(), [(image, theirs.id)]);
}
