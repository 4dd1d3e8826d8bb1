//! One row of the library. The row stays while its image is listed, and its cells are written over
//! in their place, so that menus stay open under the pointer.

use super::{NONE, is_unnamed, label, removal::question_at, some};
use crate::{
    components::{
        Glyph, RowMenu, When,
        fresh::Fresh,
        image_badge::ImageBadge,
        table::{SelectRow, Selection},
    },
    post::{Post, PostForm},
    routes,
};
use domain::{Timestamp, image::short_digest, library::ImageRow, list::Page, quantity};
use leptos::prelude::*;

pub fn row(
    first: ImageRow,
    list: Fresh<Page<ImageRow>>,
    selection: Selection,
    pull: Post,
    back: Signal<String>,
) -> AnyView {
    let reference = first.reference.clone();
    let name = label(&reference);
    let current = Memo::new({
        let reference = reference.clone();
        move |before: Option<&ImageRow>| {
            let now =
                list.value.with(|p| p.rows.iter().find(|r| r.reference == reference).cloned());
            // A row on its way out keeps what it showed.
            now.unwrap_or_else(|| before.unwrap_or(&first).clone())
        }
    });
    view! {
        <tr>
            <SelectRow selection id=reference.clone() label=format!("Select {name}") />
            <th scope="row" data-label="Image">
                <a class="row-name" href=routes::image(&reference)>
                    <span class="image-name">{name.clone()}</span>
                </a>
                {move || current.with(|row| labels(&row.labels))}
            </th>
            {move || cells(current.get())}
            <td class="row-actions">{menu(reference, &name, current, pull, back)}</td>
        </tr>
    }
    .into_any()
}

fn cells(row: ImageRow) -> AnyView {
    let used = used_by(&row);
    let size = row.size_bytes.map_or_else(|| NONE.to_owned(), quantity::bytes);
    let note = (!row.note.is_empty()).then(|| view! { <span class="row-reason">{row.note}</span> });
    let architecture = if row.architecture.is_empty() { NONE.to_owned() } else { row.architecture };
    view! {
        <td data-label="State">
            <ImageBadge state=row.state />
            {note}
        </td>
        <td data-label="Digest">{digest(row.digest)}</td>
        <td data-label="Size" class="figures">{size}</td>
        <td data-label="Created" class="moment">{moment(row.created_at)}</td>
        <td data-label="Pulled" class="moment">{moment(row.pulled_at)}</td>
        <td data-label="Used by">{used}</td>
        <td data-label="Architecture">{architecture}</td>
    }
    .into_any()
}

/// The first label and how many there are beside it; the title has those that the list knows, and the
/// image's page all.
fn labels(all: &[String]) -> AnyView {
    let Some((first, others)) = all.split_first() else { return ().into_any() };
    let others = match others.last() {
        Some(cut) if cut == "…" => Some("many others".to_owned()),
        _ => some(others.len() as i64, "other label", "other labels"),
    };
    let said = others.map_or_else(|| first.clone(), |others| format!("{first} and {others}"));
    view! {
        <span class="row-reason" title=all.join("\n")>
            {said}
        </span>
    }
    .into_any()
}

/// A digest as far as a table needs it; its title has all of it.
pub(super) fn digest(whole: Option<String>) -> AnyView {
    match whole {
        Some(digest) => {
            let short = short_digest(&digest).to_owned();
            view! { <code class="digest" title=digest>{short}</code> }.into_any()
        }
        None => NONE.into_any(),
    }
}

pub(super) fn moment(at: Option<Timestamp>) -> AnyView {
    match at {
        Some(at) => view! { <When at /> }.into_any(),
        None => NONE.into_any(),
    }
}

/// `2 workspaces, 1 session`.
pub(super) fn used_by(row: &ImageRow) -> String {
    let workspaces = some(row.workspaces, "workspace", "workspaces");
    let sessions = some(row.sessions, "session", "sessions");
    let all: Vec<String> = [workspaces, sessions].into_iter().flatten().collect();
    if all.is_empty() { NONE.to_owned() } else { all.join(", ") }
}

fn menu(
    reference: String,
    name: &str,
    current: Memo<ImageRow>,
    pull: Post,
    back: Signal<String>,
) -> AnyView {
    let key = reference.clone();
    let details = routes::image(&reference);
    // What has no name leads to no registry.
    let pulled = (!is_unnamed(&reference)).then(|| reference.clone());
    let pull = pulled.map(|pulled| {
        view! {
            <PostForm post=pull>
                <input type="hidden" name="image" value=pulled />
                <button type="submit" class="menu-item">
                    <Glyph name="down" />
                    "Pull now"
                </button>
            </PostForm>
        }
    });
    let removal = move || question_at(&back.get(), &reference);
    let missing = move || current.with(|row| row.id.is_none());
    view! {
        <RowMenu key name>
            {pull}
            <a class="menu-item" href=details>
                <Glyph name="info" />
                "Details"
            </a>
            <a class="danger" href=removal data-noscroll="" hidden=missing>
                <Glyph name="trash" />
                "Remove …"
            </a>
        </RowMenu>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::{api::images::PullReference, pages::images::bulk};
    use domain::library::ImageState;

    fn image(reference: &str) -> ImageRow {
        ImageRow {
            reference: reference.into(),
            state: ImageState::Available,
            note: String::new(),
            id: Some(format!("sha256:{}", "a".repeat(64))),
            digest: Some(format!("sha256:{}", "b".repeat(64))),
            size_bytes: Some(quantity::GIB),
            created_at: Some(Timestamp(1_795_209_729_000)),
            pulled_at: None,
            architecture: "amd64".into(),
            labels: Vec::new(),
            workspaces: 2,
            sessions: 1,
        }
    }

    fn html(one: ImageRow) -> String {
        let owner = Owner::new();
        owner.set();
        let page = RwSignal::new(Page { rows: vec![one.clone()], total: 1 });
        let list = Fresh { value: page, failure: RwSignal::new(None), busy: Signal::stored(false) };
        let pull = Post::to::<PullReference>();
        let back = Signal::stored("/images?q=a".to_owned());
        row(one, list, bulk::selection(page), pull, back).to_html()
    }

    #[test]
    fn a_row_says_what_an_image_is_and_who_uses_it() {
        let html = html(image("team/app:1"));
        for part in [
            "href=\"/images/show?image=team%2Fapp%3A1\"",
            "Available",
            "bbbbbbbbbbbb",
            "1 GiB",
            "2 workspaces, 1 session",
            "amd64",
            "Pull now",
            "href=\"/images?q=a&amp;confirm=remove:team%2Fapp%3A1\"",
        ] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
        assert!(!html.contains("row-reason"), "{html}");
    }

    #[test]
    fn labels_and_what_goes_on_are_beside_the_name_and_the_state() {
        let html = html(ImageRow {
            state: ImageState::Pulling,
            note: "Pulled 3 of 7 layers".into(),
            labels: vec!["maker=<us>".into(), "tier=gold".into(), "x=y".into()],
            ..image("app:1")
        });
        for part in ["Pulling", "Pulled 3 of 7 layers", "maker=&lt;us&gt; and 2 other labels"] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
        let html = self::html(ImageRow { state: ImageState::UpdateAvailable, ..image("app:1") });
        assert!(html.contains("Update available"), "{html}");
    }

    #[test]
    fn what_has_no_name_is_not_pulled_and_what_is_missing_says_why() {
        let unnamed = html(image(&format!("sha256:{}", "c".repeat(64))));
        assert!(unnamed.contains("No name cccccccccccc"), "{unnamed}");
        assert!(!unnamed.contains("Pull now"), "{unnamed}");
        let missing = html(ImageRow {
            state: ImageState::Missing,
            note: "It is <not> there.".into(),
            id: None,
            digest: None,
            size_bytes: None,
            created_at: None,
            workspaces: 0,
            sessions: 0,
            ..image("app:2")
        });
        assert!(missing.contains("It is &lt;not&gt; there."), "{missing}");
        assert_eq!(missing.matches(NONE).count(), 5, "{missing}");
    }
}
