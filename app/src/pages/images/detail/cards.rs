//! What hangs on an image: who uses it, what its name has meant, the jobs about it, and what is
//! inside.

use super::{super::row::digest, inside::inside};
use crate::{components::When, routes};
use domain::{
    JobId, WorkspaceId,
    library::{ImageConfig, ImageDetail, Meaning, UsingSession},
};
use leptos::prelude::*;

/// What does not change from moment to moment while the image is pulled.
pub type Rest = (
    Option<ImageConfig>,
    Vec<Meaning>,
    Vec<(WorkspaceId, String)>,
    Vec<UsingSession>,
    Vec<(JobId, String)>,
);

/// That part of what is known.
pub fn rest(detail: &ImageDetail) -> Rest {
    let ImageDetail { config, meanings, workspaces, sessions, jobs, .. } = detail.clone();
    (config, meanings, workspaces, sessions, jobs)
}

pub fn cards((config, meanings, workspaces, sessions, jobs): Rest) -> AnyView {
    let meant = meanings.into_iter().enumerate().map(|(number, meaning)| {
        let Meaning { id, digest: known, since } = meaning;
        let known = if known.is_empty() { id } else { known };
        let mark = (number == 0).then_some("now");
        line(digest(Some(known)), view! { "since " <When at=since /> }.into_any(), mark)
    });
    let meant = meant.collect();
    let workspaces = workspaces
        .into_iter()
        .map(|(id, name)| line(link(routes::workspace(&id), name), "workspace".into_any(), None));
    let sessions = sessions.into_iter().map(|session| {
        let name = format!("{} of {}", session.workspace, session.owner);
        let mark = session.older.then_some("older image");
        line(link(routes::session(&session.id), name), "session".into_any(), mark)
    });
    let uses = workspaces.chain(sessions).collect();
    let jobs = jobs.into_iter();
    let jobs = jobs.map(|(id, title)| line(link(routes::job(&id), title), ().into_any(), None));
    let jobs = jobs.collect();
    let inside = config.map(inside);
    view! {
        {lines("uses", "Used by", uses, "Nothing uses it.")}
        {lines(
            "meanings",
            "What the name has meant",
            meant,
            "Nothing is on record. Names are followed while a workspace needs them.",
        )}
        {lines("jobs", "Jobs", jobs, "No job was about it.")}
        {inside}
    }
    .into_any()
}

/// A card with a list, or with why there is none.
fn lines(id: &'static str, title: &'static str, all: Vec<AnyView>, none: &'static str) -> AnyView {
    let list = if all.is_empty() {
        view! { <p class="muted">{none}</p> }.into_any()
    } else {
        view! { <ul class="lines">{all}</ul> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby=id>
            <h2 id=id>{title}</h2>
            {list}
        </section>
    }
    .into_any()
}

fn line(title: AnyView, note: AnyView, mark: Option<&'static str>) -> AnyView {
    view! {
        <li class="line">
            <div class="line-text">
                <p class="line-title">{title}</p>
                <p class="line-note">{note}</p>
            </div>
            {mark.map(|mark| view! { <span class="badge">{mark}</span> })}
        </li>
    }
    .into_any()
}

fn link(href: String, words: String) -> AnyView {
    view! { <a href=href>{words}</a> }.into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use domain::{SessionId, Timestamp, library::HistoryStep, quantity};

    const NOW: Timestamp = Timestamp(1_795_209_729_000);

    #[test]
    fn what_is_used_is_linked_and_what_is_older_is_marked() {
        let meaning = |id: &str| Meaning { id: id.into(), digest: String::new(), since: NOW };
        let session: SessionId = "0123456789".parse().unwrap();
        let using = UsingSession {
            id: session.clone(),
            workspace: "Desktop".into(),
            owner: "ada".into(),
            older: true,
        };
        let step = HistoryStep {
            created_at: Timestamp(0),
            by: "RUN a && b".into(),
            size_bytes: quantity::MIB,
            comment: String::new(),
        };
        let config = ImageConfig {
            environment: vec!["A=1".into()],
            labels: vec![("maker".into(), "us".into())],
            history: vec![step],
            ..ImageConfig::default()
        };
        let meanings = vec![meaning("sha256:new"), meaning("sha256:old")];
        let owner = Owner::new();
        owner.set();
        let all = (Some(config), meanings, Vec::new(), vec![using], Vec::new());
        let said = cards(all).to_html();
        for part in [
            routes::session(&session).as_str(),
            "Desktop of ada",
            "older image",
            "A=1",
            "maker=us",
            "RUN a &amp;&amp; b",
            "1 MiB",
            "No job was about it.",
        ] {
            assert!(said.contains(part), "{part} is missing: {said}");
        }
        assert_eq!(said.matches(">now<").count(), 1, "{said}");
        assert!(!said.contains("1970"), "{said}");
    }
}
