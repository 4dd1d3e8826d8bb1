//! Asking things of sessions: the buttons, the question before something is lost, and how each
//! session fared. One place for the list of sessions and the page of a single one.
//!
//! With JavaScript every deed goes through one server action and the page stays where it is.
//! Without, a harmless deed is a plain post, and one that loses something first leads to the page
//! with `?confirm=…`, which asks.

use crate::{
    api::sessions::{ActOnSession, ActOnSessions},
    components::{
        FailureBox, Glyph,
        confirm::{Confirm, PARAMETER, names},
        session_actions::verb,
    },
    post::Post,
};
use domain::session::{Action as Deed, BulkOutcome, State};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::{
    hooks::{use_navigate, use_query_map},
    params::ParamsMap,
};

/// Id of the form that leads to the question without JavaScript; each page has one.
pub const ASK_FORM: &str = "ask";

/// A session something may be asked of.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub id: String,
    /// As the reader knows it: `Desktop of ada`.
    pub name: String,
    pub state: State,
}

/// What is about to be done, waiting for a yes.
#[derive(Debug, Clone, PartialEq)]
struct Question {
    deed: Deed,
    targets: Vec<Target>,
}

/// Whether a deed loses something and is therefore asked about first.
const fn asks(deed: Deed) -> bool {
    matches!(deed, Deed::Stop | Deed::Renew | Deed::Delete | Deed::ForceRemove)
}

impl Question {
    fn object(&self) -> String {
        match self.targets.as_slice() {
            [one] => format!("“{}”", one.name),
            many => format!("{} sessions", many.len()),
        }
    }

    fn names(&self) -> Vec<String> {
        self.targets.iter().map(|target| target.name.clone()).collect()
    }

    fn verb(&self) -> String {
        match self.targets.len() {
            1 => format!("{} session", self.deed.label()),
            n => format!("{} {n} sessions", self.deed.label()),
        }
    }

    /// The question an address asks: `confirm=stop:ID`, or `confirm=stop` with several `ids[]`.
    ///
    /// Sessions the deed is not open to any more drop out, so that going back to the same address
    /// after a yes asks nothing.
    fn of_address(map: &ParamsMap, known: &[Target]) -> Option<Self> {
        let asked = map.get_str(PARAMETER)?;
        let (deed, ids) = match asked.split_once(':') {
            Some((deed, id)) => (deed, vec![id.to_owned()]),
            None => (asked, map.get_all("ids[]").unwrap_or_default()),
        };
        let deed = Deed::parse(deed)?;
        let targets: Vec<Target> =
            known.iter().filter(|t| ids.contains(&t.id) && t.state.allows(deed)).cloned().collect();
        (!targets.is_empty()).then_some(Self { deed, targets })
    }
}

/// How the button of a deed looks and when it is there.
pub struct DeedButton {
    pub deed: Deed,
    pub look: &'static str,
    /// The session the address asks about; empty for the ticked ones.
    pub asked_of: String,
    /// The form that leads to the question.
    pub form: &'static str,
    /// The state the word on the button depends on, for a single session.
    pub state: Option<Signal<State>>,
    pub shown: Signal<bool>,
}

/// What a page needs to let its reader steer sessions.
///
/// Two server functions stand behind it: the one for many sessions tells how each fared and is for
/// administrators; the one for a single session is for its owner too, and also answers the plain
/// posts of both pages.
#[derive(Clone, Copy)]
pub struct Steering {
    many: Post,
    one: Post,
    /// Whether the page lists several sessions.
    list: bool,
    deed: RwSignal<Option<Deed>>,
    question: RwSignal<Option<Question>>,
    /// The page without a question.
    back: Signal<String>,
    /// The path of the page, for forms.
    path: StoredValue<String>,
}

impl Steering {
    /// For a page that lists several sessions. `known` are those, for a question that the address
    /// asks.
    pub fn of_list(path: String, back: Signal<String>, known: &[Target]) -> Self {
        Self::new(path, back, known, true)
    }

    /// For the page of a single session.
    pub fn of_one(path: String, known: Target) -> Self {
        Self::new(path.clone(), Signal::stored(path), &[known], false)
    }

    fn new(path: String, back: Signal<String>, known: &[Target], list: bool) -> Self {
        let question = use_query_map().with_untracked(|map| Question::of_address(map, known));
        Self {
            many: Post::to::<ActOnSessions>(),
            one: Post::to::<ActOnSession>(),
            list,
            deed: RwSignal::new(None),
            question: RwSignal::new(question),
            back,
            path: StoredValue::new(path),
        }
    }

    /// Grows with each deed that was answered.
    pub fn version(self) -> u64 {
        self.many.version() + self.one.version()
    }

    /// The page without a question.
    pub fn back(self) -> Signal<String> {
        self.back
    }

    fn wish(self, deed: Deed, targets: Vec<Target>) {
        if targets.is_empty() {
            return;
        }
        if asks(deed) {
            self.question.set(Some(Question { deed, targets }));
        } else {
            self.carry_out(deed, targets);
        }
    }

    fn carry_out(self, deed: Deed, targets: Vec<Target>) {
        self.deed.set(Some(deed));
        let action = ("action", deed.as_str());
        if self.list {
            let ids = targets.iter().map(|t| ("ids[]", t.id.as_str()));
            self.many.send(&ids.chain([action]).collect::<Vec<_>>());
        } else if let Some(Target { id, .. }) = targets.first() {
            self.one.send(&[("id", id), action, ("next", &self.back.get_untracked())]);
        }
    }

    /// The button for a deed, inside a form that posts to `ActOnSession(s)` without JavaScript.
    pub fn button(
        self,
        button: DeedButton,
        targets: impl Fn() -> Vec<Target> + Send + Sync + 'static,
    ) -> AnyView {
        let DeedButton { deed, look, asked_of, form, state, shown } = button;
        let asks = asks(deed);
        let (name, value) = match (asks, asked_of.as_str()) {
            (false, _) => ("action", deed.as_str().to_owned()),
            (true, "") => (PARAMETER, deed.as_str().to_owned()),
            (true, id) => (PARAMETER, format!("{}:{id}", deed.as_str())),
        };
        let label = move || {
            let word = state.map_or(deed.label(), |state| verb(deed, state.get()));
            if asks { format!("{word} …") } else { word.to_owned() }
        };
        view! {
            <button
                type="submit"
                class=look
                name=name
                value=value
                form=asks.then_some(form)
                formmethod=asks.then_some("get")
                formaction=asks.then(|| self.path.get_value())
                hidden=move || !shown.get()
                on:click=move |ev| {
                    ev.prevent_default();
                    self.wish(deed, targets());
                }
            >
                <Glyph name=glyph(deed) />
                <span>{label}</span>
            </button>
        }
        .into_any()
    }

    /// The buttons for all deeds that a single session's state allows, of those that the reader
    /// `may` do.
    pub fn buttons(
        self,
        id: &str,
        state: Signal<State>,
        may: Signal<Vec<Deed>>,
        look: fn(Deed) -> &'static str,
        target: impl Fn() -> Target + Clone + Send + Sync + 'static,
    ) -> Vec<AnyView> {
        [Deed::Start, Deed::Pause, Deed::Stop, Deed::Delete]
            .into_iter()
            .map(|deed| {
                let button = DeedButton {
                    deed,
                    look: look(deed),
                    asked_of: id.to_owned(),
                    form: ASK_FORM,
                    state: Some(state),
                    shown: Signal::derive(move || {
                        state.get().allows(deed) && may.with(|may| may.contains(&deed))
                    }),
                };
                let target = target.clone();
                self.button(button, move || vec![target()])
            })
            .collect()
    }

    /// The question while one is asked. Stands once on a page, before what it is about.
    pub fn question(self) -> AnyView {
        let navigate = use_navigate();
        let leave = Callback::new(move |()| {
            self.question.set(None);
            // Only a page that came without JavaScript still has the question in its address.
            let asked = window().location().search().unwrap_or_default().contains(PARAMETER);
            if asked {
                let options =
                    leptos_router::NavigateOptions { replace: true, ..Default::default() };
                navigate(&self.back.get_untracked(), options);
            }
        });
        let view = move || {
            self.question.get().map(|question| {
                let (deed, targets) = (question.deed, question.targets.clone());
                let yes = move |ev: SubmitEvent| {
                    ev.prevent_default();
                    self.carry_out(deed, targets.clone());
                    leave.run(());
                };
                let (action, fields) = self.plain_post(&question);
                let title = format!("{} {}?", deed.label(), question.object());
                view! {
                    <Confirm
                        title=title
                        verb=question.verb()
                        action=action
                        fields=fields
                        cancel_href=self.back.get_untracked()
                        on_confirm=yes
                        on_cancel=move |()| leave.run(())
                    >
                        <p>{deed.consequence()}</p>
                        {names(&question.names())}
                    </Confirm>
                }
            })
        };
        view! { {view} }.into_any()
    }

    /// Where the question posts without JavaScript. A single session goes to the function that
    /// leads back to a page; for several, the browser returns to the question, which by then has
    /// nothing left to ask.
    fn plain_post(self, question: &Question) -> (&'static str, Vec<(&'static str, String)>) {
        let action = ("action", question.deed.as_str().to_owned());
        match question.targets.as_slice() {
            [one] => (
                self.one.url(),
                vec![("id", one.id.clone()), action, ("next", self.back.get_untracked())],
            ),
            many => {
                let ids = many.iter().map(|t| ("ids[]", t.id.clone()));
                (self.many.url(), ids.chain([action]).collect())
            }
        }
    }

    /// How the last deed went.
    pub fn outcome(self) -> AnyView {
        let view = move || {
            // How a single one went is told by the state beside the title.
            match self.many.refusal().or_else(|| self.one.refusal()) {
                Some(error) => Some(view! { <FailureBox error /> }.into_any()),
                None => self.many.answer().map(|outcomes: Vec<_>| self.fared(&outcomes)),
            }
        };
        view! { <div class="outcome" role="status">{view}</div> }.into_any()
    }

    fn fared(self, outcomes: &[BulkOutcome]) -> AnyView {
        let deed = self.deed.get_untracked().map_or("Done", Deed::label);
        let refused: Vec<AnyView> = outcomes
            .iter()
            .filter_map(|o| o.problem.as_ref().map(|problem| (o.name.clone(), problem.clone())))
            .map(|(name, problem)| {
                view! { <li><strong>{name}</strong>": "{problem}</li> }.into_any()
            })
            .collect();
        let accepted = outcomes.len() - refused.len();
        let text = match (outcomes, refused.len()) {
            ([one], 0) => format!("{deed}: under way for “{}”.", one.name),
            (all, 0) => format!("{deed}: under way for {} sessions.", all.len()),
            (all, _) => format!("{deed}: under way for {accepted} of {} sessions.", all.len()),
        };
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

const fn glyph(deed: Deed) -> &'static str {
    match deed {
        Deed::Stop => "stop",
        Deed::Pause => "pause",
        Deed::Start => "play",
        Deed::Renew => "refresh",
        Deed::Delete | Deed::ForceRemove => "trash",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(id: &str, state: State) -> Target {
        Target { id: id.into(), name: format!("Desktop of {id}"), state }
    }

    fn address(pairs: &[(&str, &str)]) -> ParamsMap {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn an_address_asks_about_one_session_or_the_ticked_ones() {
        let known = [
            target("a", State::Running),
            target("b", State::Running),
            target("c", State::Deleting),
        ];
        let ids = |map: &ParamsMap| {
            Question::of_address(map, &known)
                .map(|q| q.targets.into_iter().map(|t| t.id).collect::<Vec<_>>())
        };
        assert_eq!(ids(&address(&[("confirm", "stop:a")])), Some(vec!["a".to_owned()]));
        let several =
            address(&[("confirm", "delete"), ("ids[]", "a"), ("ids[]", "b"), ("ids[]", "c")]);
        assert_eq!(ids(&several), Some(vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn nothing_is_asked_about_what_is_done_unknown_or_not_a_deed() {
        let known = [target("c", State::Deleting)];
        for asked in ["delete:c", "delete:zzz", "nonsense:c", "delete"] {
            assert_eq!(Question::of_address(&address(&[("confirm", asked)]), &known), None);
        }
    }
}
