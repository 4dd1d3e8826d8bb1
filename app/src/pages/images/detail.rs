//! One image by one of its names: how it stands, what its registry says, and which other names it
//! has. The other cards are in `detail/`.

mod cards;
mod inside;

use super::{
    NONE, deed, is_unnamed,
    removal::{self, question_at},
    row::{digest, moment},
};
use crate::{
    api::images::{PullReference, RemoveImage, TagImage, show_image},
    components::{
        Glyph, PageHead, When, clock::Until, done, facts::fact, failures, field::TextField,
        fresh::fresh, image_badge::ImageBadge, lineage::origin, opening,
    },
    live,
    post::{Post, PostForm},
    routes, wire,
};
use domain::{
    event::Change,
    image::short_digest,
    library::{ImageConfig, ImageDetail, TagKind, Upstream},
    quantity,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

#[component]
pub fn ImagePage() -> impl IntoView {
    let map = use_query_map();
    let image = Memo::new(move |_| map.with(|map| map.get("image").unwrap_or_default()));
    let first = wire::read(move || image.get(), show_image);
    opening(first, move |detail| page(detail, image))
}

fn page(first: ImageDetail, image: Memo<String>) -> AnyView {
    let reference = first.row.reference.clone();
    let here = routes::image(&reference);
    let ask = question_at(&here, &reference);
    let title = if is_unnamed(&reference) {
        format!("Image without a name {}", short_digest(&reference))
    } else {
        reference.clone()
    };
    let (pull, tag, remove) =
        (Post::to::<PullReference>(), Post::to::<TagImage>(), Post::to::<RemoveImage>());
    let version = live::version(|change| {
        matches!(change, Change::Images | Change::Job { .. } | Change::Resync)
    });
    let made = first.made.clone();
    let made = made.map(|made| origin("It was made of the session ", made, ().into_any()));
    let now = fresh(first, image, version, show_image);
    let detail = now.value;
    let rest = Memo::new(move |_| detail.with(cards::rest));
    let pull_button = pull_button(&reference, pull);
    let missing = move || detail.with(|d| d.row.id.is_none());
    let refusals = move || {
        // What is wrong with a new name is said at its field.
        let tag = tag.refusal().filter(|error| error.fields.is_empty());
        let trouble = detail.with(|d| d.upstream.error.clone());
        failures([pull.refusal(), tag, remove.refusal(), now.failure.get(), trouble])
    };
    view! {
        <PageHead title=title>
            <span class="page-state" role="status">
                {move || view! { <ImageBadge state=detail.with(|d| d.row.state) /> }}
            </span>
            {pull_button}
            <a class="button button-danger" href=ask data-noscroll="" hidden=missing>
                <Glyph name="trash" />
                "Remove …"
            </a>
        </PageHead>
        {done(deed)}
        {removal::question(remove, Signal::stored(here))}
        {refusals}
        {made}
        <div class="cards">
            <section class="card" aria-labelledby="about">
                <h2 id="about">"About"</h2>
                {move || detail.with(about)}
            </section>
            <section class="card" aria-labelledby="names">
                <h2 id="names">"Names"</h2>
                {move || rest.with(|(config, ..)| names(config.as_ref()))}
                {tag_form(reference, tag, missing)}
            </section>
            {move || cards::cards(rest.get())}
        </div>
    }
    .into_any()
}

/// What has no name leads to no registry.
fn pull_button(reference: &str, pull: Post) -> Option<AnyView> {
    if is_unnamed(reference) {
        return None;
    }
    let reference = reference.to_owned();
    Some(
        view! {
            <PostForm post=pull>
                <input type="hidden" name="image" value=reference />
                <button
                    type="submit"
                    class="button button-primary"
                    disabled=move || pull.is_pending()
                >
                    <Glyph name="down" />
                    "Pull now"
                </button>
            </PostForm>
        }
        .into_any(),
    )
}

const fn explained(tag: TagKind) -> &'static str {
    match tag {
        TagKind::Digest => "It cannot mean anything else.",
        TagKind::Pinned => {
            "It looks like a date or a version, which stay where they are; the registry is asked all the same."
        }
        TagKind::Moving => {
            "This tag moves: what it means is asked of the registry again every so often."
        }
    }
}

fn about(detail: &ImageDetail) -> AnyView {
    let ImageDetail { row, tag, pulled_from, upstream, .. } = detail;
    let state = match row.note.as_str() {
        "" => row.state.label().to_owned(),
        note => format!("{}: {note}", row.state.label()),
    };
    let size = row.size_bytes.map_or_else(|| NONE.to_owned(), quantity::bytes);
    let named = (!is_unnamed(&row.reference)).then(|| {
        let kind = view! {
            {tag.label()}
            <span class="row-reason">{explained(*tag)}</span>
        };
        view! {
            {fact("Named by", kind.into_any())}
            {registry(upstream, pulled_from)}
        }
    });
    view! {
        <dl class="facts">
            {fact("State", state.into_any())}
            {fact("Content id", digest(row.id.clone()))}
            {fact("Digest", digest(row.digest.clone()))}
            {fact("Size", size.into_any())}
            {fact("Created", moment(row.created_at))}
            {named}
        </dl>
    }
    .into_any()
}

/// What was heard of the registry that the name leads to, and what is done there next.
fn registry(upstream: &Upstream, pulled_from: &str) -> AnyView {
    let pulled = match upstream.pulled_at {
        Some(at) => view! { <When at /> " " {upstream.pulled_as.clone()} }.into_any(),
        None => "Never by Slipway".into_any(),
    };
    let source = match pulled_from {
        "" => "Nobody, and only when it is asked for: no stored registry is the one for this name.",
        stored => stored,
    };
    // A moment that was planned before the last question is past.
    let next = upstream.next_check_at;
    let next = next.filter(|next| upstream.checked_at.is_none_or(|asked| *next > asked));
    let next = next.map(|at| fact("Asked again", view! { <Until at /> }.into_any()));
    let failures = (upstream.failures > 0)
        .then(|| fact("Failed in a row", upstream.failures.to_string().into_any()));
    view! {
        {fact("Pulled", pulled)}
        {fact("Pulled next as", source.to_owned().into_any())}
        {fact("At the registry", digest(upstream.digest.clone()))}
        {fact("Asked there", moment(upstream.checked_at))}
        {next}
        {failures}
    }
    .into_any()
}

fn names(config: Option<&ImageConfig>) -> AnyView {
    let Some(config) = config else {
        return view! { <p class="muted">"They are known while the engine has it."</p> }.into_any();
    };
    let tags = config.tags.iter().map(|tag| {
        let name = tag.clone();
        view! { <li><a href=routes::image(tag)>{name}</a></li> }.into_any()
    });
    let digests = config.digests.iter().map(|name| {
        let name = name.clone();
        view! { <li><code>{name}</code></li> }.into_any()
    });
    let all: Vec<AnyView> = tags.chain(digests).collect();
    if all.is_empty() {
        view! { <p class="muted">"It has none."</p> }.into_any()
    } else {
        view! { <ul class="plain-list">{all}</ul> }.into_any()
    }
}

fn tag_form(
    reference: String,
    tag: Post,
    missing: impl Fn() -> bool + Copy + Send + Sync + 'static,
) -> AnyView {
    view! {
        <div class="card-form" hidden=missing>
            <PostForm post=tag>
                <input type="hidden" name="image" value=reference />
                <TextField
                    name="name"
                    label="Add a name"
                    required=true
                    placeholder="team/app:stable"
                    help="An image that has this name loses it."
                    problem=tag.problem_at("name")
                />
                <button type="submit" class="button" disabled=move || tag.is_pending()>
                    "Add name"
                </button>
            </PostForm>
        </div>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use domain::{
        Timestamp,
        library::{ImageRow, ImageState},
    };

    const NOW: Timestamp = Timestamp(1_795_209_729_000);

    fn detail(reference: &str, tag: TagKind) -> ImageDetail {
        ImageDetail {
            row: ImageRow {
                reference: reference.into(),
                state: ImageState::Missing,
                note: "Nobody has <it>.".into(),
                id: None,
                digest: None,
                size_bytes: None,
                created_at: None,
                pulled_at: None,
                architecture: String::new(),
                labels: Vec::new(),
                workspaces: 1,
                sessions: 0,
            },
            tag,
            pulled_from: "https://r.example.org as ada".into(),
            upstream: Upstream {
                pulled_at: Some(NOW),
                pulled_as: "as ada (Ours)".into(),
                failures: 2,
                ..Upstream::default()
            },
            config: None,
            meanings: Vec::new(),
            workspaces: Vec::new(),
            sessions: Vec::new(),
            jobs: Vec::new(),
            made: None,
        }
    }

    fn html(view: impl FnOnce() -> AnyView) -> String {
        let owner = Owner::new();
        owner.set();
        view().to_html()
    }

    #[test]
    fn the_facts_say_why_and_as_whom() {
        let said = html(|| about(&detail("app:latest", TagKind::Moving)));
        for part in [
            "Missing: Nobody has &lt;it&gt;.",
            "moving tag",
            "This tag moves",
            "as ada (Ours)",
            "https://r.example.org as ada",
            "Failed in a row",
        ] {
            assert!(said.contains(part), "{part} is missing: {said}");
        }
        let unnamed = html(|| about(&detail("sha256:0123", TagKind::Digest)));
        assert!(!unnamed.contains("Named by") && !unnamed.contains("Pulled next"), "{unnamed}");
    }
}
