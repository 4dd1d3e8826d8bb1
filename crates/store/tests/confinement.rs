//! A story of how sessions are confined, across the database.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod shelf;

use domain::{
    confinement::ConfinementForm,
    session::{Session, Status},
    workspace::{Workspace, WorkspaceForm},
};
use shelf::{Shelf, session, workspace};

async fn kept(shelf: &Shelf, workspace: &Workspace) -> Workspace {
    let mut tx = shelf.store.begin().await.unwrap();
    tx.insert_workspace(workspace, None).await.unwrap();
    tx.commit().await.unwrap();
    shelf.again().await.workspace(&workspace.id).await.unwrap().unwrap()
}

#[tokio::test]
async fn what_is_said_is_found_again_of_workspaces_and_of_sessions() {
    let shelf = Shelf::new().await;
    let plain = workspace(1);
    assert_eq!(kept(&shelf, &plain).await, plain);
    let form = WorkspaceForm {
        volumes: "/srv/data:/data:ro,optional\nteam:/team:uid=5,gid=6".into(),
        folder: "on".into(),
        confinement: ConfinementForm {
            network: "internal".into(),
            networks: "team".into(),
            gpus: "2".into(),
            ulimits: "nofile=5:6".into(),
            sysctls: "net.core.somaxconn=5".into(),
            devices: "/dev/fuse".into(),
            privileged: "on".into(),
            ..ConfinementForm::default()
        },
        ..WorkspaceForm::from(&plain.definition)
    };
    let said = Workspace { definition: form.check().unwrap(), ..workspace(2) };
    assert_eq!(kept(&shelf, &said).await, said);

    let ada = shelf.user("ada").await;
    let mut launched: Session = session(3, &ada);
    launched.config.confinement = said.definition.confinement.clone();
    let choice = domain::storage::ProfileChoice::Keep;
    let names = domain::storage::Names { user: &ada, username: "ada", workspace: "w" };
    launched.config.mounts = said.definition.storage.mounts(names, choice);
    shelf.keep(&launched).await.unwrap();
    let found = shelf.again().await.session(&launched.id).await.unwrap().unwrap();
    assert_eq!(found.config, launched.config);

    // Who has a directory of the host is found as long as the session is there.
    shelf.keep(&session(4, &ada)).await.unwrap();
    let mut gone = session(5, &ada);
    (gone.config, gone.status) = (launched.config.clone(), Status::Deleted);
    shelf.keep(&gone).await.unwrap();
    let has = shelf.store.sessions_on_host().await.unwrap();
    assert_eq!(has.iter().map(|one| &one.id).collect::<Vec<_>>(), [&launched.id]);
}
