//! What a workspace runs inside its sessions: at each start, before the session counts as running,
//! and whenever somebody opens it.
//!
//! Both are the lane's: one after the other, never beside another step of the same session, and never
//! in the way of other sessions. A wish that comes meanwhile is not kept waiting. What was begun when
//! Slipway was killed is begun again, so a command may run more than once.

use crate::{core::Core, reconcile::lane::intent, sessions::is_secret};
use domain::{
    ErrorKind, Result, Timestamp, ansi,
    plan::ContainerState,
    session::{Cause, Reason, Session, State, Status, TimelineEntry},
    time::length,
};
use engine::RunSpec;
use std::{sync::Arc, time::Duration};

/// Most bytes that are kept of what a command writes.
const LONGEST_OUTPUT: usize = 4_096;
/// A value shorter than this, whose name alone looks secret, could be any word of the output.
const SHORTEST_CALLED_SECRET: usize = 4;
/// How often it is looked whether something else is wanted meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a command came to.
enum Outcome {
    /// Something else is wanted now.
    Overtaken,
    /// The container ended.
    Ended,
    Came(Came),
}

/// How a command went.
struct Came {
    /// Why it did not succeed, as the end of a sentence.
    problem: Option<String>,
    output: Option<String>,
    took: String,
}

impl Came {
    /// A line of the timeline about the command that is called `what`.
    fn line(&self, at: Timestamp, what: &str) -> TimelineEntry {
        let message = match &self.problem {
            Some(problem) => format!("The {what} command {problem}"),
            None => format!("The {what} command ran in {}", self.took),
        };
        TimelineEntry { at, actor: None, message, detail: self.output.clone() }
    }
}

/// How a start went on.
pub(super) enum Started {
    /// Something else is wanted now.
    Overtaken,
    /// The container ended.
    Ended,
    /// With what the timeline and the session are to say of it.
    Ready(Option<(TimelineEntry, Option<Reason>)>),
}

/// Whether a session that comes up has a command for that. One that goes on after a pause has not
/// started.
pub(super) fn has_start(session: &Session) -> bool {
    let starts = session.status == Status::Starting;
    starts && !session.config.commands.at_start.is_empty()
}

/// Runs the start command of a session.
///
/// # Errors
/// `Conflict` when it did not succeed and the workspace says that it must.
pub(super) async fn at_start(core: &Arc<Core>, session: &Session) -> Result<Started> {
    let commands = &session.config.commands;
    let came = match run(core, session, &commands.at_start).await? {
        Outcome::Came(came) => came,
        Outcome::Overtaken => return Ok(Started::Overtaken),
        Outcome::Ended => return Ok(Started::Ended),
    };
    let line = came.line(core.now(), "start");
    let Some(problem) = came.problem else { return Ok(Started::Ready(Some((line, None)))) };
    let container = core.engine.container(&core.container_name(&session.id)).await?;
    if container.is_none_or(|container| container.state() != ContainerState::Running) {
        return Ok(Started::Ended);
    }
    let hint = "Its last lines are in the session's timeline.";
    if commands.start_must_succeed {
        let error = domain::Error::conflict(format!("The start command {problem}."));
        let error = error.hint("Start it again, or ask an administrator to look at the workspace.");
        return Err(match came.output {
            Some(output) => error.detail(output),
            None => error,
        });
    }
    let message = format!("Started with a problem: the start command {problem}.");
    let reason =
        Reason { hint: Some(hint.to_owned()), ..Reason::new(Cause::StartProblem, message) };
    Ok(Started::Ready(Some((line, Some(reason)))))
}

/// Runs what is to be run for each opening of a session that runs.
pub(super) async fn on_open(core: &Arc<Core>, session: &Session) -> Result<()> {
    if session.config.commands.on_open.is_empty() || session.state() != State::Running {
        return Ok(());
    }
    while let Some(at) = core.store.opened_at(&session.id).await? {
        // Opened before it was started again: whoever still has it open, opens it again.
        let stale = session.running_since.is_none_or(|since| at < since);
        let came = match stale {
            true => None,
            false => match run(core, session, &session.config.commands.on_open).await? {
                Outcome::Came(came) => Some(came),
                // The lane looks again.
                Outcome::Overtaken | Outcome::Ended => return Ok(()),
            },
        };
        let mut tx = core.store.begin().await?;
        tx.note_opening_done(&session.id, at).await?;
        // One that has nothing to say would only fill the timeline.
        let said = came.filter(|came| came.problem.is_some() || came.output.is_some());
        if let Some(came) = &said {
            tx.add_to_timeline(&session.id, &came.line(core.now(), "opening")).await?;
        }
        tx.commit().await?;
        if said.is_some() {
            core.announce_session(session);
        }
    }
    Ok(())
}

/// Runs a command until it has ended or nobody can wait for that.
///
/// # Errors
/// Only when the engine is lost: what it refuses is an outcome.
async fn run(core: &Arc<Core>, session: &Session, script: &str) -> Result<Outcome> {
    let name = core.container_name(&session.id);
    let patience = session.config.commands.patience_s;
    let spec = RunSpec {
        command: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(),
        patience: Duration::from_secs(u64::from(patience)),
        longest: LONGEST_OUTPUT,
    };
    let began = tokio::time::Instant::now();
    let running = core.engine.run(&name, &spec);
    tokio::pin!(running);
    let ran = loop {
        tokio::select! {
            ran = &mut running => break ran,
            () = tokio::time::sleep(LOOK_EVERY) => {
                if let Some(instead) = overtaken(core, session, &name).await? {
                    core.reconciler.hear_again(&session.id);
                    return Ok(instead);
                }
            }
        }
    };
    let took = length(i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX));
    let (problem, output) = match ran {
        Ok(ran) => {
            let problem = match ran.exit_code {
                Some(0) => None,
                Some(code) => Some(format!("ended with exit code {code}")),
                None => Some(format!("was ended because it took longer than {patience} s")),
            };
            (problem, ran.output)
        }
        Err(error) if error.kind == ErrorKind::Unavailable => return Err(error),
        Err(error) => {
            let problem = format!("could not be run: {}", error.message.trim_end_matches('.'));
            (Some(problem), error.detail.unwrap_or_default())
        }
    };
    let output = shown(core, session, &output).await?;
    Ok(Outcome::Came(Came { problem, output, took }))
}

/// What a wake-up was about, if that cannot wait for the command.
async fn overtaken(core: &Core, session: &Session, name: &str) -> Result<Option<Outcome>> {
    if !core.reconciler.woken_again(&session.id) {
        return Ok(None);
    }
    // Heard first: what comes after this look is heard by the next one.
    core.reconciler.heard(&session.id);
    let now = core.store.session(&session.id).await?;
    if now.is_none_or(|now| intent(&now) != intent(session)) {
        return Ok(Some(Outcome::Overtaken));
    }
    let container = core.engine.container(name).await?;
    Ok(match container.map(|container| container.state()) {
        Some(ContainerState::Running) => None,
        // The engine makes an image of it and lets it go on by itself.
        Some(ContainerState::Paused) => {
            let still = core.store.commit_of(&session.id).await?.is_some();
            (!still).then_some(Outcome::Overtaken)
        }
        Some(ContainerState::Created | ContainerState::Exited) | None => Some(Outcome::Ended),
    })
}

/// What a command wrote, fit to be shown: without what only means something to a terminal, and without
/// the session's secrets.
async fn shown(core: &Core, session: &Session, output: &str) -> Result<Option<String>> {
    let mut secrets: Vec<String> = core.secret_answers(session).await?.0.into_values().collect();
    secrets.extend(called_secret(session));
    if session.config.contract.basic.is_some() {
        secrets.push(core.session_password(&session.id).await?);
    }
    let text = without(output, secrets).trim().to_owned();
    Ok((!text.is_empty()).then_some(text))
}

/// Values that the session's page covers because of their names.
fn called_secret(session: &Session) -> impl Iterator<Item = String> {
    let config = &session.config;
    let own = config.environment.iter().map(|(name, value)| (name.as_str(), Some(value)));
    let answers = config.answers.iter().map(|one| (one.target.as_str(), one.value.as_ref()));
    let called = own.chain(answers).filter(|(name, _)| is_secret(name));
    let values = called.filter_map(|(_, value)| value.cloned());
    values.filter(|value| value.chars().count() >= SHORTEST_CALLED_SECRET)
}

/// A text without what only means something to a terminal.
fn readable(text: &str) -> String {
    let lines: Vec<String> = text.replace('\r', "").lines().map(ansi::plain).collect();
    lines.join("\n")
}

/// What was written, readable and with each secret covered, also where its beginning was cut off with
/// what came before. A colour may begin or end in the midst of a secret, so they are taken out first.
fn without(written: &str, secrets: Vec<String>) -> String {
    const COVER: &str = "•••";
    let mut secrets: Vec<String> = secrets.iter().map(|secret| readable(secret)).collect();
    // The longest first: one may hold another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.retain(|secret| !secret.trim().is_empty());
    let cut = written.len() + 1 >= LONGEST_OUTPUT;
    let written = if cut { written.trim_start_matches('\u{fffd}') } else { written };
    let mut text = readable(written);
    if cut {
        // It may have been cut within a sequence too, right before a secret or within one.
        let read = ["", "\u{1b}", "\u{1b}["].map(|lost| readable(&format!("{lost}{written}")));
        let tails = read.iter().filter_map(|read| {
            let rests = secrets
                .iter()
                .flat_map(|secret| secret.char_indices().filter_map(|(at, _)| secret.get(at..)));
            let longest = rests.filter(|rest| read.starts_with(rest)).map(str::len).max()?;
            read.get(longest..).map(|tail| (longest, tail))
        });
        if let Some((_, tail)) = tails.max_by_key(|(length, _)| *length) {
            text = format!("{COVER}{tail}");
        }
    }
    for secret in &secrets {
        text = text.replace(secret.as_str(), COVER);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_told_not_even_its_end() {
        let secrets = || vec!["s3cret".to_owned(), "s3cret-two".to_owned(), " ".to_owned()];
        assert_eq!(without("a s3cret-two b s3cret", secrets()), "a ••• b •••");
        assert_eq!(without("cret s3", secrets()), "cret s3");
        let long = format!("et-two{}", "x".repeat(LONGEST_OUTPUT - 6));
        let told = without(&long, secrets());
        assert!(told.starts_with("•••xx"), "{}", &told[..20]);
    }

    #[test]
    fn a_coloured_secret_is_a_secret_too() {
        let secrets = || vec!["s3cret-two".to_owned(), "-----BEGIN\nabc\r\n".to_owned()];
        assert_eq!(without("a \u{1b}[32ms3cret\u{1b}[1m-two\u{1b}[0m b", secrets()), "a ••• b");
        assert_eq!(without("s3\rcret-\u{7}two", secrets()), "•••");
        let lines = "\u{1b}[31m-----BEGIN\u{1b}[m\r\n\u{1b}[31mabc\u{1b}[m\r\nred";
        assert_eq!(without(lines, secrets()), "•••\nred");
        // The beginning was cut off within the secret, or within what colours it.
        for cut in ["et\u{1b}[1m-two", "32ms3cret-two", "[32ms3cret\u{1b}[1m-two", "mcret-two"] {
            let long = format!("{cut}\u{1b}[0m{}", "x".repeat(LONGEST_OUTPUT));
            let told = without(&long, secrets());
            let told: String = told.chars().filter(|c| *c != 'x').collect();
            assert!(told.ends_with("•••") && !told.contains("two"), "{cut:?}: {told}");
        }
    }
}
