//! Where an image came from, and what was made of a session.

use super::{FailureBox, clock::When};
use crate::{
    api::snapshots::{ReplaceImage, lineage_of_image, snapshots_of_session},
    live,
    post::{Post, PostForm},
    routes, wire,
};
use domain::{
    event::Change,
    image::short_digest,
    quantity,
    snapshot::{Lineage, Origin},
};
use leptos::prelude::*;

/// The images that were made of a session. Nothing while there are none.
#[component]
pub fn MadeOfSession(
    #[prop(into)] id: Signal<String>,
    /// Whether the reader may follow them to their workspaces and jobs.
    links: bool,
) -> impl IntoView {
    let version = live::version(|change| matches!(change, Change::Job { .. } | Change::Resync));
    let made = wire::read(move || (id.get(), version.get()), |(id, _)| snapshots_of_session(id));
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let made = made.await.unwrap_or_default();
                (!made.is_empty()).then(|| {
                    let lines: Vec<AnyView> = made.into_iter().map(|made| one(made, links)).collect();
                    view! {
                        <section class="card" aria-labelledby="made">
                            <h2 id="made">"Images made of it"</h2>
                            <ul class="lines">{lines}</ul>
                        </section>
                    }
                    .into_any()
                })
            })}
        </Transition>
    }
    .into_any()
}

fn one(made: Lineage, links: bool) -> AnyView {
    let size = made.size_bytes.map_or_else(
        || "not there yet".to_owned(),
        |size| format!("{}, {}", quantity::bytes(size), digest(made.image_id.as_deref())),
    );
    let pushed = made.remote_digest.map(|_| " · pushed");
    view! {
        <li class="line">
            <div class="line-text">
                <p class="line-title">{made.image}</p>
                <p class="line-note">
                    {size} {pushed} " · " <When at=made.created_at/> " by " {made.actor}
                </p>
            </div>
            {links.then(|| view! {
                <a class="button button-small" href=routes::workspace(&made.workspace)>"Workspace"</a>
                <a class="button button-small" href=routes::job(&made.job)>"Job"</a>
            })}
        </li>
    }
    .into_any()
}

fn digest(id: Option<&str>) -> String {
    id.map(short_digest).unwrap_or_default().to_owned()
}

/// The session that an image was made of, if it was.
#[component]
pub fn MadeFrom(#[prop(into)] image: String) -> impl IntoView {
    let replace = Post::to::<ReplaceImage>();
    let lineage = wire::read(|| (), move |()| lineage_of_image(image.clone()));
    view! {
        {move || replace.refusal().map(|error| view! { <FailureBox error/> })}
        <Suspense>
            {move || Suspend::new(async move {
                lineage.await.ok().flatten().map(|Origin { made, parent }| {
                    let image = made.image.clone();
                    let offer = parent.map(|parent| view! {
                        <PostForm post=replace>
                            <input type="hidden" name="image" value=image/>
                            <button
                                type="submit"
                                class="button button-small"
                                title="Sessions that exist keep their image; the next one has this."
                            >
                                {format!("Make it the image of “{parent}”")}
                            </button>
                        </PostForm>
                    });
                    origin("Its image was made of the session ", made, offer.into_any())
                })
            })}
        </Suspense>
    }
    .into_any()
}

/// Says of what session an image was made, and what can be done about that.
pub fn origin(begin: &'static str, made: Lineage, offer: AnyView) -> AnyView {
    let base = format!("{} ({})", made.base_image, digest(Some(&made.base_digest)));
    view! {
        <div class="notice">
            <p>
                {begin}
                <a href=routes::session(&made.session)>{made.session.short().to_owned()}</a>
                ", which ran " {base} ", by " {made.actor} ", " <When at=made.created_at/> ". "
                <a href=routes::job(&made.job)>"Show the job"</a>
            </p>
            {offer}
        </div>
    }
    .into_any()
}
