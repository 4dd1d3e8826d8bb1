//! Which image a workspace launches, for administrators: what its reference means now, which images
//! it has launched before, and the way back to one of those.

mod rollback;

use crate::{
    api::workspaces::{RollBackWorkspace, UnpinWorkspace, show_workspace_image},
    components::{
        Glyph, PageHead, When, done,
        facts::fact,
        failures,
        fresh::fresh,
        opening,
        question::asking,
        table::{Column, Table},
    },
    live,
    pages::workspaces::image_state,
    post::{Post, PostForm},
    routes, wire,
};
use domain::{
    JobId,
    event::Change,
    image::short_digest,
    library::Meaning,
    list::ListQuery,
    revision::{RevisionRow, WorkspaceImage},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

const NONE: &str = "—";

const COLUMNS: &[Column] = &[
    Column::plain("Revision"),
    Column::plain("Reference"),
    Column::plain("Image"),
    Column::plain("Digest"),
    Column::plain("Since"),
    Column::plain("By"),
    Column::plain("How"),
    Column::plain("Actions"),
];

#[component]
pub fn WorkspaceImagePage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|map| map.get("id").unwrap_or_default()));
    let first = wire::read(move || id.get(), show_workspace_image);
    opening(first, move |image| page(image, id))
}

fn page(first: WorkspaceImage, asked: Memo<String>) -> AnyView {
    let (roll_back, unpin) = (Post::to::<RollBackWorkspace>(), Post::to::<UnpinWorkspace>());
    let id = first.workspace.clone();
    let own = id.clone();
    let changes = live::version(move |change| match change {
        Change::Workspace { id } => *id == own,
        Change::Images | Change::Resync => true,
        _ => false,
    });
    let version = Signal::derive(move || changes.get() + roll_back.version() + unpin.version());
    let title = format!("Image of {}", first.name);
    let now = fresh(first, asked, version, show_workspace_image);
    let image = now.value;
    let refusals = move || failures([roll_back.refusal(), unpin.refusal(), now.failure.get()]);
    let pinned = Memo::new(move |_| image.with(|image| image.pin.as_ref().map(|pin| pin.revision)));
    let held = id.to_string();
    let here = StoredValue::new(routes::workspace_image(&id));
    let rows = move || {
        view! {
            <For
                each=move || image.with(|image| image.revisions.clone())
                key=identity
                children=move |row| here.with_value(|here| one(row, here))
            />
        }
    };
    let empty = Memo::new(move |_| image.with(|image| image.revisions.is_empty()));
    view! {
        <PageHead title=title>
            <a class="button" href=routes::workspace_trial(&id)>
                <Glyph name="groups" />
                "Trial"
            </a>
            <a class="button" href=routes::workspace(&id)>
                <Glyph name="edit" />
                "Edit workspace"
            </a>
        </PageHead>
        {done(deed)}
        {rollback::question(image, roll_back)}
        {refusals}
        {move || pinned.get().map(|number| hold(number, held.clone(), unpin))}
        <section class="card revisions-now" aria-labelledby="now">
            <h2 id="now">"Image"</h2>
            {move || image.with(facts)}
        </section>
        <h2 class="revisions-head">"Revisions"</h2>
        <Show
            when=move || !empty.get()
            fallback=|| {
                view! {
                    <p class="muted">
                        "Nothing is on record yet. The first look at the engine changes that."
                    </p>
                }
            }
        >
            <Table
                caption="Revisions"
                columns=COLUMNS
                path=routes::WORKSPACES
                query=Signal::stored(ListQuery::default())
                busy=now.busy
            >
                {rows()}
            </Table>
        </Show>
    }
    .into_any()
}

/// That launches do not follow the reference, and how they do again.
fn hold(number: u32, id: String, unpin: Post) -> AnyView {
    view! {
        <div class="notice waiting-notice">
            <div>
                <p class="notice-title">{format!("Pinned to revision {number}")}</p>
                <p>
                    "Launches use that image, whatever the reference comes to mean. The reference is kept current all the same."
                </p>
            </div>
            <PostForm post=unpin>
                <input type="hidden" name="id" value=id />
                <button
                    type="submit"
                    class="button"
                    title="Launches use what the reference means again."
                    disabled=move || unpin.is_pending()
                >
                    "Unpin"
                </button>
            </PostForm>
        </div>
    }
    .into_any()
}

fn facts(image: &WorkspaceImage) -> AnyView {
    let used = match &image.pin {
        Some(pin) => format!("revision {}, to which it is pinned", pin.revision),
        None => "what the reference means".to_owned(),
    };
    let reference = image.image.clone();
    view! {
        <dl class="facts">
            {fact("Reference", view! { <span class="image-name">{reference}</span> }.into_any())}
            {fact("Kind", image.tag.label())}
            {fact("Means now", meaning(image.meaning.as_ref()))}
            {fact("Launches use", used)}
            {fact("State", image_state(&image.state))}
        </dl>
    }
    .into_any()
}

fn meaning(known: Option<&Meaning>) -> AnyView {
    let Some(Meaning { id, digest, since }) = known.cloned() else {
        return "Nothing: the engine does not have it".into_any();
    };
    let digest = (!digest.is_empty()).then(|| view! { ", " {code(&digest)} " at its registry" });
    view! { {code(&id)} {digest} ", since " <When at=since /> }.into_any()
}

/// The beginning of a content id or a digest; all of it under the pointer.
fn code(text: &str) -> AnyView {
    if text.is_empty() {
        return NONE.into_any();
    }
    let short = short_digest(text).to_owned();
    view! { <code class="digest" title=text.to_owned()>{short}</code> }.into_any()
}

/// Whatever of a row can change makes it another row.
fn identity(row: &RevisionRow) -> (u32, String, String, Option<JobId>, bool, Option<String>) {
    let RevisionRow { revision, job, in_use, obstacle, .. } = row;
    let (id, digest) = (revision.id.clone(), revision.digest.clone());
    (revision.number, id, digest, job.clone(), *in_use, obstacle.clone())
}

fn one(row: RevisionRow, here: &str) -> AnyView {
    let RevisionRow { revision, job, in_use, obstacle, .. } = row;
    let number = revision.number;
    let label = revision.how.label();
    let how = match job {
        Some(job) => {
            view! { <a href=routes::job(&job) title="The pull that fetched it">{label}</a> }
                .into_any()
        }
        None => label.into_any(),
    };
    let offer = match (in_use, obstacle) {
        (true, _) => view! { <span class="badge">"In use"</span> }.into_any(),
        (false, Some(why)) => view! { <span class="row-reason">{why}</span> }.into_any(),
        // A link to the same page that asks; it works without JavaScript too.
        (false, None) => view! {
            <a
                class="button button-small"
                href=asking(here, rollback::DEED, &number.to_string())
                data-noscroll=""
                aria-label=format!("Roll back to revision {number} …")
            >
                "Roll back to this …"
            </a>
        }
        .into_any(),
    };
    view! {
        <tr>
            <th scope="row" data-label="Revision">{number.to_string()}</th>
            <td data-label="Reference">
                <span class="image-name">{revision.image.to_string()}</span>
            </td>
            <td data-label="Image">{code(&revision.id)}</td>
            <td data-label="Digest">{code(&revision.digest)}</td>
            <td data-label="Since"><When at=revision.since /></td>
            <td data-label="By">{revision.actor.unwrap_or_else(|| "Slipway".to_owned())}</td>
            <td data-label="How">{how}</td>
            <td data-label="Actions">{offer}</td>
        </tr>
    }
    .into_any()
}

/// What was just done, as the address says it, in words.
fn deed(done: &str) -> Option<&'static str> {
    match done {
        "rolled_back" => {
            Some("Rolled back. Launches use that image now; sessions that exist keep theirs.")
        }
        "promoted" => {
            Some("Promoted. Launches use the new image; sessions that exist keep theirs.")
        }
        "unpinned" => Some("Unpinned. Launches use what the reference means."),
        _ => None,
    }
}
