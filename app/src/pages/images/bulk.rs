//! What is done to several images at once: the buttons for the ticked rows, the question before
//! they are removed, and how each fared.
//!
//! With JavaScript the page stays where it is. Without, pulling is a plain post, and removing first
//! leads to the page with `?confirm=remove`, which asks.

use super::{is_unnamed, label, row::used_by};
use crate::{
    api::images::ActOnImages,
    components::{
        FailureBox, Glyph,
        confirm::{Confirm, PARAMETER, names},
        table::{ListState, Selection},
    },
    post::Post,
    routes,
};
use domain::{
    library::{ImageOutcome, ImageRow},
    list::{ListQuery, Page},
};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::{
    hooks::{use_navigate, use_query_map},
    params::ParamsMap,
};

/// Id of the form that the ticks of the rows belong to.
const FORM: &str = "bulk";
const PULL: &str = "pull";
const REMOVE: &str = "remove";

/// The ticks of a list.
pub fn selection(page: RwSignal<Page<ImageRow>>) -> Selection {
    let ids = Memo::new(move |_| {
        page.with(|p| p.rows.iter().map(|row| row.reference.clone()).collect::<Vec<_>>())
    });
    Selection::new(ids, FORM)
}

fn may_pull(row: &ImageRow) -> bool {
    !is_unnamed(&row.reference)
}

fn may_remove(row: &ImageRow) -> bool {
    row.id.is_some()
}

/// The references whose removal an address asks about: `confirm=remove` with several `ids[]`.
///
/// What is gone drops out, so that going back to the same address after a yes asks nothing.
fn asked_by(map: &ParamsMap, rows: &[ImageRow]) -> Vec<String> {
    if map.get_str(PARAMETER) != Some(REMOVE) {
        return Vec::new();
    }
    let ids = map.get_all("ids[]").unwrap_or_default();
    let asked = rows.iter().filter(|row| may_remove(row) && ids.contains(&row.reference));
    asked.map(|row| row.reference.clone()).collect()
}

#[derive(Clone, Copy)]
pub struct Bulk {
    post: Post,
    /// Whether the last deed was a removal.
    removes: RwSignal<bool>,
    /// The references whose removal is asked about.
    asked: RwSignal<Vec<String>>,
    /// The page without a question.
    back: Signal<String>,
}

impl Bulk {
    /// `rows` are those of the page, for a question that the address asks.
    pub fn new(rows: &[ImageRow], back: Signal<String>) -> Self {
        let asked = use_query_map().with_untracked(|map| asked_by(map, rows));
        Self {
            post: Post::to::<ActOnImages>(),
            removes: RwSignal::new(false),
            asked: RwSignal::new(asked),
            back,
        }
    }

    /// Grows with each deed that was answered.
    pub fn version(self) -> u64 {
        self.post.version()
    }

    /// Deeds for the ticked rows. Without JavaScript the ticks post with this form, so it is always
    /// there; with it the buttons wait for a tick.
    pub fn bar(
        self,
        query: Memo<ListQuery>,
        selection: Selection,
        page: RwSignal<Page<ImageRow>>,
    ) -> AnyView {
        let live = RwSignal::new(false);
        Effect::new(move || live.set(true));
        let idle = move || live.get() && selection.count() == 0;
        // The ticked rows that a deed is open to.
        let ticked = move |may: fn(&ImageRow) -> bool| {
            let ids = selection.ids();
            page.with(|p| {
                let fit = p.rows.iter().filter(|row| may(row) && ids.contains(&row.reference));
                fit.map(|row| row.reference.clone()).collect::<Vec<_>>()
            })
        };
        let off = move |may: fn(&ImageRow) -> bool| {
            live.get() && selection.count() > 0 && ticked(may).is_empty()
        };
        let count = move || match (live.get(), selection.count()) {
            (false, _) | (_, 0) => "Selected images:".to_owned(),
            (_, 1) => "1 image selected:".to_owned(),
            (_, n) => format!("{n} images selected:"),
        };
        let submit = move |ev: SubmitEvent| {
            ev.prevent_default();
            self.carry_out(PULL, &ticked(may_pull));
        };
        view! {
            <form
                id=FORM
                class="bulk-bar"
                method="post"
                action=self.post.url()
                class:is-idle=idle
                on:submit=submit
            >
                <ListState query />
                <fieldset class="actions" disabled=idle>
                    <legend class="bulk-count">{count}</legend>
                    <button
                        type="submit"
                        class="button button-small"
                        name="action"
                        value=PULL
                        hidden=move || off(may_pull)
                    >
                        <Glyph name="down" />
                        "Pull"
                    </button>
                    <button
                        type="submit"
                        class="button button-small button-danger"
                        name=PARAMETER
                        value=REMOVE
                        formmethod="get"
                        formaction=routes::IMAGES
                        hidden=move || off(may_remove)
                        on:click=move |ev| {
                            ev.prevent_default();
                            self.asked.set(ticked(may_remove));
                        }
                    >
                        <Glyph name="trash" />
                        "Remove …"
                    </button>
                </fieldset>
            </form>
        }
        .into_any()
    }

    fn carry_out(self, action: &'static str, references: &[String]) {
        if references.is_empty() {
            return;
        }
        self.removes.set(action == REMOVE);
        let ids = references.iter().map(|reference| ("ids[]", reference.as_str()));
        self.post.send(&ids.chain([("action", action)]).collect::<Vec<_>>());
    }

    /// The question while one is asked, with what uses each of `page` that it is about.
    pub fn question(self, page: RwSignal<Page<ImageRow>>) -> AnyView {
        let navigate = use_navigate();
        let leave = Callback::new(move |()| {
            self.asked.set(Vec::new());
            // Only a page that came without JavaScript still has the question in its address.
            if window().location().search().unwrap_or_default().contains(PARAMETER) {
                let options =
                    leptos_router::NavigateOptions { replace: true, ..Default::default() };
                navigate(&self.back.get_untracked(), options);
            }
        });
        let view = move || {
            let references = self.asked.get();
            (!references.is_empty()).then(|| {
                let called: Vec<String> = references.iter().map(|one| label(one)).collect();
                let (title, verb) = match called.as_slice() {
                    [one] => (format!("Remove “{one}”?"), "Remove image".to_owned()),
                    many => {
                        let number = many.len();
                        (format!("Remove {number} images?"), format!("Remove {number} images"))
                    }
                };
                let uses = page.with_untracked(|p| in_use(&references, &p.rows));
                let uses = (!uses.is_empty()).then(|| view! { <p>{format!("In use: {}.", uses.join("; "))}</p> });
                let ids = references.iter().map(|reference| ("ids[]", reference.clone()));
                let fields: Vec<_> = ids.chain([("action", REMOVE.to_owned())]).collect();
                let yes = move |ev: SubmitEvent| {
                    ev.prevent_default();
                    self.carry_out(REMOVE, &references);
                    leave.run(());
                };
                view! {
                    <Confirm
                        title=title
                        verb=verb
                        action=self.post.url()
                        fields=fields
                        cancel_href=self.back.get_untracked()
                        on_confirm=yes
                        on_cancel=move |()| leave.run(())
                    >
                        <p>
                            "Each name is taken off the engine, and an image goes with its last one. Workspaces that need one of them cannot be launched until it is back; what sessions are made from, the engine keeps."
                        </p>
                        {names(&called)}
                        {uses}
                    </Confirm>
                }
            })
        };
        view! { {view} }.into_any()
    }

    /// How the last deed went.
    pub fn outcome(self) -> AnyView {
        let view = move || match self.post.refusal() {
            Some(error) => Some(view! { <FailureBox error /> }.into_any()),
            None => self.post.answer().map(|outcomes: Vec<_>| self.fared(outcomes)),
        };
        view! { <div class="outcome" role="status">{view}</div> }.into_any()
    }

    fn fared(self, outcomes: Vec<ImageOutcome>) -> AnyView {
        let text = told(self.removes.get_untracked(), &outcomes);
        let refused: Vec<AnyView> = outcomes
            .into_iter()
            .filter_map(|outcome| Some((label(&outcome.reference), outcome.problem?)))
            .map(|(name, problem)| {
                view! { <li><strong>{name}</strong>": "{problem}</li> }.into_any()
            })
            .collect();
        let look = if refused.is_empty() { "notice notice-good" } else { "notice notice-danger" };
        view! {
            <div class=look>
                <p class="notice-title">{text}</p>
                {(!refused.is_empty()).then(|| view! { <ul>{refused}</ul> })}
            </div>
        }
        .into_any()
    }
}

/// What uses which of them.
fn in_use(references: &[String], rows: &[ImageRow]) -> Vec<String> {
    let asked = rows.iter().filter(|row| references.contains(&row.reference));
    let used = asked.filter(|row| row.workspaces + row.sessions > 0);
    used.map(|row| format!("{} by {}", label(&row.reference), used_by(row))).collect()
}

/// How several fared, in a sentence.
fn told(removed: bool, outcomes: &[ImageOutcome]) -> String {
    let done = outcomes.iter().filter(|outcome| outcome.problem.is_none()).count();
    let (one, many) = if removed {
        ("was removed from the engine", "were removed from the engine")
    } else {
        ("is being pulled", "are being pulled")
    };
    match (outcomes, done) {
        ([only], 1) => format!("“{}” {one}.", label(&only.reference)),
        (all, done) if done == all.len() => format!("{done} images {many}."),
        (all, done) => format!("{done} of {} images {many}.", all.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::library::ImageState;

    fn image(reference: &str, id: Option<&str>) -> ImageRow {
        ImageRow {
            reference: reference.into(),
            state: ImageState::Available,
            note: String::new(),
            id: id.map(str::to_owned),
            digest: None,
            size_bytes: None,
            created_at: None,
            pulled_at: None,
            architecture: String::new(),
            labels: Vec::new(),
            workspaces: 0,
            sessions: 0,
        }
    }

    #[test]
    fn an_address_asks_about_what_is_there() {
        let rows = [image("a:1", Some("x")), image("b:1", None), image("c:1", Some("y"))];
        let asked = |pairs: &[(&str, &str)]| {
            let map: ParamsMap =
                pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            asked_by(&map, &rows)
        };
        let all = [("confirm", "remove"), ("ids[]", "a:1"), ("ids[]", "b:1"), ("ids[]", "gone:1")];
        assert_eq!(asked(&all), ["a:1"]);
        assert!(asked(&[("confirm", "remove:a:1"), ("ids[]", "a:1")]).is_empty());
        assert!(asked(&[("ids[]", "a:1")]).is_empty());
    }

    #[test]
    fn what_is_in_use_is_told_before_it_is_removed() {
        let used = ImageRow { workspaces: 2, sessions: 1, ..image("a:1", Some("x")) };
        let rows = [used, image("b:1", Some("y")), image("c:1", Some("z"))];
        let asked = ["a:1", "b:1"].map(str::to_owned);
        assert_eq!(in_use(&asked, &rows), ["a:1 by 2 workspaces, 1 session"]);
        assert!(in_use(&asked[1..], &rows).is_empty());
    }

    #[test]
    fn how_several_fared_is_one_sentence() {
        let good = ImageOutcome { reference: "a:1".into(), problem: None };
        let bad = ImageOutcome { reference: "b:1".into(), problem: Some("It is used.".into()) };
        assert_eq!(told(false, std::slice::from_ref(&good)), "“a:1” is being pulled.");
        assert_eq!(
            told(true, &[good.clone(), good.clone()]),
            "2 images were removed from the engine."
        );
        assert_eq!(told(true, &[good, bad.clone()]), "1 of 2 images were removed from the engine.");
        assert_eq!(told(true, &[bad]), "0 of 1 images were removed from the engine.");
    }
}
