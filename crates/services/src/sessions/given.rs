//! What was answered at launch, on its way into the container.
//!
//! What may be shown is in the session's configuration. Secrets are encrypted beside it for as long
//! as the session can get a new container, which is until it is deleted.

use crate::{core::Core, sessions::is_secret};
use domain::{
    Error, Result, SessionId,
    launch_form::{self, Answer, Given, Secrets, Target},
    path::is_below,
    session::Session,
};

/// Where the secret answers of a session are bound to, for their encryption.
fn place(id: &SessionId) -> String {
    format!("sessions.secret_answers/{id}")
}

impl Core {
    /// Encrypts secret answers; `None` if there are none.
    pub(crate) fn seal_answers(
        &self,
        id: &SessionId,
        secrets: &Secrets,
    ) -> Result<Option<Vec<u8>>> {
        if secrets.0.is_empty() {
            return Ok(None);
        }
        let text = serde_json::to_string(secrets).map_err(|error| self.fault(&error))?;
        self.keys.seal(&place(id), &text).map(Some)
    }

    pub(crate) async fn secret_answers(&self, session: &Session) -> Result<Secrets> {
        if !session.config.answers.iter().any(Answer::is_secret) {
            return Ok(Secrets::default());
        }
        let id = &session.id;
        let sealed = self.store.secret_answers(id).await?;
        let sealed = sealed.ok_or_else(|| self.fault(&format!("session {id} has no answers")))?;
        let text = self.keys.open_sealed(&place(id), &sealed)?;
        serde_json::from_str(&text).map_err(|_| self.fault(&"secret answers cannot be read"))
    }

    /// What a session's container is given.
    pub(crate) async fn given(&self, session: &Session) -> Result<Given> {
        let secrets = self.secret_answers(session).await?;
        Ok(launch_form::given(&session.config.answers, &secrets))
    }

    /// Refuses to make an image that would hold a secret file.
    ///
    /// # Errors
    /// `Conflict` that names each one that is still there.
    pub(crate) async fn check_no_secret_file(&self, session: &Session) -> Result<()> {
        let name = self.container_name(&session.id);
        let mut left = Vec::new();
        for path in files_of_layer(session, true) {
            if self.engine.path_stat(&name, &path).await?.is_some() {
                left.push(format!("`{path}`"));
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        Err(Error::conflict(format!(
            "The image would hold what was given as a secret at launch: {}.",
            left.join(", ")
        ))
        .hint("Delete that in the session, then make the image. A restart into another image brings it back."))
    }
}

/// Files from the launch that are part of the container itself, and with it of an image made of it;
/// those that are secret, or the others.
pub(crate) fn files_of_layer(session: &Session, secret: bool) -> Vec<String> {
    // Of a mount that may be left out nobody knows here whether it was.
    let kept = |path: &str| {
        let mut mounts = session.config.mounts.iter().filter(|mount| !mount.optional);
        mounts.any(|mount| is_below(path, &mount.target))
    };
    let files = session.config.answers.iter().filter(|one| one.is_secret() == secret);
    let paths = files.filter_map(|one| match &one.target {
        Target::File(path) if !kept(path) => Some(path.clone()),
        Target::File(_) | Target::Variable(_) => None,
    });
    paths.collect()
}

/// Variables that answers were given as.
pub(crate) fn variables(session: &Session) -> impl Iterator<Item = String> {
    session.config.answers.iter().filter_map(|one| match &one.target {
        Target::Variable(name) => Some(name.clone()),
        Target::File(_) => None,
    })
}

/// Takes away what is not for everybody who sees the session. What its owner answered is for those
/// who may look inside; what the workspace sets, for those who `know` the workspace or own the session.
pub(crate) fn redact(session: &mut Session, may_look_inside: bool, know: bool) {
    const COVER: &str = "•••";
    for (name, value) in &mut session.config.environment {
        if !(may_look_inside && know) || is_secret(name) {
            COVER.clone_into(value);
        }
    }
    for answer in &mut session.config.answers {
        if !may_look_inside || is_secret(answer.target.as_str()) {
            answer.value = answer.value.take().map(|_| COVER.to_owned());
        }
    }
    if !(may_look_inside && know) {
        // A command may hold what programs are told.
        session.config.commands = domain::commands::Commands::default();
        let arguments = &mut session.config.contract.command;
        arguments.iter_mut().for_each(|argument| COVER.clone_into(argument));
    }
}
