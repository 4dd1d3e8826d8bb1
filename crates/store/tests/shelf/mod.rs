//! A database on disk and what is put into it.

#![allow(dead_code, clippy::unwrap_used, reason = "each story uses a part of this")]

use domain::{
    Result, SessionId, SignInId, Timestamp, UserId, WorkspaceId,
    actor::Role,
    contract::Contract,
    icon::Icon,
    lifetime::{Life, Lifetime},
    session::{Desired, LaunchProgress, RunConfig, Session, Status},
    user::User,
    workspace::{Workspace, WorkspaceForm},
};
use std::path::PathBuf;
use store::{Grant, Store, StoredSignIn};

pub const NOW: Timestamp = Timestamp(1_800_000_000_000);

pub struct Shelf {
    pub store: Store,
    folder: tempfile::TempDir,
}

/// An id that sorts by its number.
pub fn id<T: std::str::FromStr>(number: usize) -> T {
    format!("{number:08}").parse().ok().unwrap()
}

pub fn session(number: usize, owner: &UserId) -> Session {
    Session {
        id: id(number),
        owner: owner.clone(),
        owner_name: String::new(),
        owner_role: domain::actor::Role::User,
        workspace: id(number),
        workspace_name: format!("Desktop {number}"),
        icon: Icon::default(),
        desired: Desired::Running,
        status: Status::Running,
        reason: None,
        progress: LaunchProgress::default(),
        generation: 1,
        created: true,
        config: RunConfig {
            image: "example/desktop:1".into(),
            contract: Contract::default(),
            environment: Vec::new(),
            cpu_millis: 1000,
            memory_bytes: 1 << 30,
            shm_bytes: 1 << 20,
            pids: 100,
            answers: Vec::new(),
            commands: domain::commands::Commands::default(),
            mounts: Vec::new(),
            confinement: domain::confinement::Confinement::default(),
            withheld: Vec::new(),
        },
        image_digest: None,
        network: None,
        address: None,
        port: None,
        launched_at: Timestamp(NOW.0 + i64::try_from(number).unwrap()),
        running_since: None,
        last_activity_at: None,
        ended_at: None,
        life: Life::default(),
        lifetime: Lifetime::default(),
        source: None,
    }
}

pub fn workspace(number: usize) -> Workspace {
    let form = WorkspaceForm {
        name: format!("Desktop {number}"),
        image: "example/desktop:1".into(),
        ..WorkspaceForm::default()
    };
    Workspace {
        id: id(number),
        definition: form.check().unwrap(),
        pin: None,
        trial_of: None,
        revision: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub fn sign_in(number: usize, user: &UserId) -> StoredSignIn {
    StoredSignIn {
        id: id(number),
        user: Some(user.clone()),
        data: "{}".into(),
        client: String::new(),
        address: String::new(),
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW.plus_secs(3600),
    }
}

impl Shelf {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("slipway.db")).await.unwrap();
        Self { store, folder }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("slipway.db")
    }

    /// The same file as another process opens it.
    pub async fn again(&self) -> Store {
        Store::open(&self.path()).await.unwrap()
    }

    pub async fn user(&self, name: &str) -> UserId {
        let user = User {
            id: name.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().parse().unwrap(),
            name: name.to_owned(),
            role: Role::User,
            disabled: false,
            created_at: NOW,
        };
        let mut tx = self.store.begin().await.unwrap();
        tx.insert_user(&user, "hash").await.unwrap();
        tx.commit().await.unwrap();
        user.id
    }

    pub async fn keep(&self, session: &Session) -> Result<()> {
        let mut tx = self.store.begin().await.unwrap();
        tx.insert_session(session, false, None).await?;
        tx.commit().await
    }

    pub async fn sign_in(&self, number: usize, user: &UserId) -> SignInId {
        let mut tx = self.store.begin().await.unwrap();
        assert!(tx.insert_sign_in(&sign_in(number, user)).await.unwrap());
        tx.commit().await.unwrap();
        id(number)
    }

    /// Lets a sign-in see a session, by this token.
    pub async fn grant(&self, token: &str, session: &SessionId, user: &UserId, sign_in: &SignInId) {
        let grant = Grant {
            session: session.clone(),
            user: user.clone(),
            sign_in: sign_in.clone(),
            expires_at: NOW.plus_secs(600),
        };
        let mut tx = self.store.begin().await.unwrap();
        tx.insert_grant(token, &grant).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn granted(&self, token: &str) -> bool {
        self.store.grant(token, NOW).await.unwrap().is_some()
    }

    pub async fn put(&self, workspace: &Workspace, preset: Option<&str>) -> bool {
        let mut tx = self.store.begin().await.unwrap();
        let done = tx.insert_workspace(workspace, preset).await.unwrap();
        tx.commit().await.unwrap();
        done
    }
}

pub fn workspace_id(number: usize) -> WorkspaceId {
    id(number)
}
