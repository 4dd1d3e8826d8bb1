//! A session, full window: its launch step by step, its stream with a slim bar above, or what
//! became of it.
//!
//! The frame that shows the stream must outlive every refresh of what is known about the session:
//! a new frame is a new connection. So the page reads once through a resource, which the server
//! renders, and from then on follows the session by itself (`live::follow`); the frame hangs on a
//! signal of its own that only changes when the session starts to run.

mod bar;
mod panel;
mod way;

use crate::{
    api::sessions::{ActOnSession, Stream, open_stream, show_session},
    components::{
        FailureBox, Loading, PageFailure,
        brand::Brand,
        confirm,
        ending::ending_notice,
        frame::Notice,
        session_actions::{DeleteQuestion, Doomed},
    },
    live,
    pages::session::closed,
    post::Post,
    refusal::Refusal,
    routes, wire,
};
use bar::Bar;
use domain::{
    ErrorKind,
    event::Change,
    session::{SessionDetail, State},
};
use leptos::{html, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use panel::Panel;
use way::Way;

#[component]
pub fn StreamPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    // Once read, the page follows by itself; one that got no answer is read again when the server
    // is back.
    let failed = RwSignal::new(false);
    let reached = live::version(|change| matches!(change, Change::Engine | Change::Resync));
    let opened = wire::read(
        move || (id.get(), failed.get().then(|| reached.get())),
        |(id, _)| async move {
            let detail = show_session(id.clone()).await?;
            if !detail.may_steer {
                return Err(Refusal(closed()));
            }
            // Running, the page is complete with its frame, also where no script runs.
            let stream = match detail.session.state() {
                State::Running => open_stream(id, String::new()).await.ok().flatten(),
                _ => None,
            };
            Ok((detail, stream))
        },
    );
    Effect::new(move |_| {
        let silent = |refusal: &Refusal| refusal.0.kind == ErrorKind::Unavailable;
        failed.set(opened.get().is_some_and(|read| read.as_ref().is_err_and(silent)));
    });
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match opened.await {
                    Ok((detail, stream)) => view! { <Stage detail stream/> }.into_any(),
                    Err::<_, Refusal>(refusal) => view! {
                        <div class="sheet-page">
                            <header><Brand/></header>
                            <main id="main" class="sheet"><PageFailure error=refusal.0/></main>
                        </div>
                    }
                    .into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

/// One session, whatever state it is in.
#[component]
fn Stage(detail: SessionDetail, stream: Option<Stream>) -> impl IntoView {
    let id = detail.session.id.clone();
    let name = detail.session.workspace_name.clone();
    let here = routes::stream(&id);
    let changed = {
        let id = id.clone();
        live::version(move |change| match change {
            Change::Session { id: other, .. } => *other == id,
            // What its workspace launches may be another image by now.
            Change::Engine | Change::Workspace { .. } | Change::Images => true,
            _ => false,
        })
    };
    let seen = {
        let id = id.to_string();
        live::follow(detail.clone(), changed, move || show_session(id.clone()))
    };
    // The last that is known; a refusal is shown beside it.
    let detail = Memo::new(move |last: Option<&SessionDetail>| match seen.get() {
        Ok(seen) => seen,
        Err(_) => last.cloned().unwrap_or_else(|| detail.clone()),
    });
    let state = Memo::new(move |_| detail.read().session.state());

    let acting = Post::to::<ActOnSession>();
    let asked = RwSignal::new(
        use_query_map()
            .read_untracked()
            .get(confirm::PARAMETER)
            .map(|_| Doomed { id: id.clone(), name: name.clone() }),
    );
    let refusal = move || acting.refusal().or_else(|| seen.get().err());
    let Way { stream, failed: open_failed, check } = way::follow(id.to_string(), detail, stream);
    let shares_cookies =
        move || stream.with(|stream| stream.as_ref().is_some_and(|stream| stream.shares_cookies));
    let panel_here = here.clone();
    let ending = ending_notice(id.clone(), detail.into(), here.clone());
    let title = {
        let name = name.clone();
        move || match state.get() {
            State::Running => name.clone(),
            other => format!("{name} – {}", other.label()),
        }
    };
    view! {
        <Title text=title/>
        <div class="stage">
            <Bar detail acting asked here=here.clone() shares_cookies=Signal::derive(shares_cookies)/>
            <Notice/>
            {move || refusal().map(|error| view! { <FailureBox error/> })}
            <main id="main" class="stage-main">
                {ending}
                {move || match stream.get() {
                    Some(stream) => view! { <Frame url=stream.url name=name.clone() check/> }.into_any(),
                    None => {
                        view! { <Panel detail acting asked here=panel_here.clone() open_failed/> }.into_any()
                    }
                }}
            </main>
            <DeleteQuestion acting asked next=Signal::stored(routes::LAUNCHER.to_owned()) here=Signal::stored(here)/>
        </div>
    }
    .into_any()
}

/// The stream itself, from an origin of its own.
#[component]
fn Frame(url: String, name: String, check: Callback<()>) -> impl IntoView {
    let place = NodeRef::<html::Iframe>::new();
    // Keys belong to the workspace from the start, unless the reader is at the bar already.
    let focus = move || {
        let elsewhere = document().active_element().is_some_and(|e| e.tag_name() != "BODY");
        if !elsewhere && let Some(frame) = place.get_untracked() {
            // A frame that cannot take the focus gets it by a click, as ever.
            _ = frame.focus();
        }
    };
    // Loaded before the page was live, it will not say so again.
    Effect::new(move |_| {
        place.track();
        focus();
        check.run(());
    });
    view! {
        <iframe
            class="stage-frame"
            src=url
            title=format!("{name}, running in its container")
            // Everything a workspace needs on its own origin, but not to lead the whole window away
            // to a page that looks like the console.
            sandbox="allow-scripts allow-same-origin allow-forms allow-downloads allow-modals allow-popups allow-pointer-lock"
            allow="clipboard-read; clipboard-write; fullscreen; autoplay"
            node_ref=place
            on:load=move |_| {
                focus();
                check.run(());
            }
        ></iframe>
    }
    .into_any()
}
