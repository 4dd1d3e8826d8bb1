//! What happens on the engine, reduced to what makes Slipway look again.

use super::connect::{Docker, QUICK, Slot};
use super::errors::Failure;
use crate::{EngineEvent, LABEL_INSTALLATION, LABEL_SESSION};
use bollard::models::{EventMessage, EventMessageTypeEnum};
use bollard::query_parameters::EventsOptionsBuilder;
use domain::Result;
use futures_util::stream::{self, BoxStream, StreamExt};
use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

const BUFFER: usize = 256;

/// Changes of a container that matter; `exec_*`, `health_status` and the like are noise.
const ACTIONS: [&str; 9] =
    ["create", "start", "die", "kill", "oom", "pause", "unpause", "destroy", "stop"];

impl Docker {
    pub(super) async fn watch(
        &self,
        installation: &str,
    ) -> Result<BoxStream<'static, Result<EngineEvent>>> {
        // Requests are sent when their stream is first read. What happens between now and then
        // must not be missed, so the engine is asked for events since now, and the reading starts
        // at once in a task of its own.
        let since = now();
        let refused =
            |failure: Failure| failure.into_error("watch", "engine", self.shown_address());
        self.call(QUICK, |client| async move { client.ping().await }).await.map_err(refused)?;
        let client = self.client().await.map_err(refused)?;

        // Containers are told apart here, not by the engine: its label filter would apply to
        // images as well, and hide all of them.
        let types = HashMap::from([("type", vec!["container", "image"])]);
        let options = EventsOptionsBuilder::new().since(&since).filters(&types).build();
        let address = self.address.clone();
        let installation = installation.to_owned();
        let events = client.events(Some(options)).filter_map(move |message| {
            std::future::ready(match message {
                Ok(message) => event(message, &installation).map(Ok),
                Err(error) => {
                    let failure = Failure::new(error, &address);
                    Some(Err(failure.into_error("watch", "engine", &address.to_string())))
                }
            })
        });
        Ok(read_ahead(events.boxed(), self.slot()))
    }
}

/// Reads `events` in a task that ends with them, or with the stream returned.
fn read_ahead(
    mut events: BoxStream<'static, Result<EngineEvent>>,
    client: Slot,
) -> BoxStream<'static, Result<EngineEvent>> {
    let (sender, receiver) = mpsc::channel(BUFFER);
    tokio::spawn(async move {
        loop {
            let event = tokio::select! {
                event = events.next() => event,
                () = sender.closed() => return,
            };
            let last = !matches!(event, Some(Ok(_)));
            if last {
                client.forget();
            }
            if let Some(event) = event
                && sender.send(event).await.is_err()
            {
                return;
            }
            if last {
                return;
            }
        }
    });
    stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|event| (event, receiver))
    })
    .boxed()
}

/// The present as engines want it. Engines are local, so their clock is ours.
fn now() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}.{:09}", now.as_secs(), now.subsec_nanos())
}

fn event(message: EventMessage, installation: &str) -> Option<EngineEvent> {
    let action = message.action?;
    match message.typ? {
        EventMessageTypeEnum::IMAGE => {
            (!matches!(action.as_str(), "push" | "save")).then_some(EngineEvent::Images)
        }
        // Some engines announce a commit without a tag as the container's only.
        EventMessageTypeEnum::CONTAINER if action == "commit" => Some(EngineEvent::Images),
        EventMessageTypeEnum::CONTAINER => {
            let mut attributes = message.actor?.attributes?;
            if attributes.get(LABEL_INSTALLATION).map(String::as_str) != Some(installation) {
                return None;
            }
            let session = attributes.remove(LABEL_SESSION).unwrap_or_default();
            ACTIONS.contains(&action.as_str()).then_some(EngineEvent::Container { session, action })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::EventActor;

    fn message(typ: EventMessageTypeEnum, action: &str, installation: &str) -> EventMessage {
        let attributes = HashMap::from([
            (LABEL_INSTALLATION.to_owned(), installation.to_owned()),
            (LABEL_SESSION.to_owned(), "a".to_owned()),
        ]);
        EventMessage {
            typ: Some(typ),
            action: Some(action.to_owned()),
            actor: Some(EventActor { id: None, attributes: Some(attributes) }),
            ..EventMessage::default()
        }
    }

    #[test]
    fn changes_of_our_containers_name_their_session() {
        let seen = event(message(EventMessageTypeEnum::CONTAINER, "die", "here"), "here");
        let expected = EngineEvent::Container { session: "a".into(), action: "die".into() };
        assert_eq!(seen, Some(expected));
    }

    #[test]
    fn noise_and_other_installations_are_left_out() {
        for action in ["exec_create: sh -c true", "health_status: healthy", "attach", "top"] {
            let message = message(EventMessageTypeEnum::CONTAINER, action, "here");
            assert_eq!(event(message, "here"), None, "{action}");
        }
        assert_eq!(event(message(EventMessageTypeEnum::CONTAINER, "die", "there"), "here"), None);
        assert_eq!(event(message(EventMessageTypeEnum::NETWORK, "create", "here"), "here"), None);
    }

    #[test]
    fn images_are_everybodys() {
        for action in ["pull", "tag", "untag", "delete", "import", "load"] {
            let message = message(EventMessageTypeEnum::IMAGE, action, "there");
            assert_eq!(event(message, "here"), Some(EngineEvent::Images), "{action}");
        }
        assert_eq!(event(message(EventMessageTypeEnum::IMAGE, "push", "here"), "here"), None);
        let commit = message(EventMessageTypeEnum::CONTAINER, "commit", "there");
        assert_eq!(event(commit, "here"), Some(EngineEvent::Images));
    }
}
