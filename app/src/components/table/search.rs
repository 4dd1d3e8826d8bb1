//! Search and filter above a list: a GET form, so that what is asked is in the address and the
//! form works without JavaScript. With it the form goes through the router and leaves out what is
//! empty.

use crate::components::field::choices;
use domain::list::{ListQuery, PAGE_SIZES};
use leptos::{ev::SubmitEvent, form::FromFormData, prelude::*};
use leptos_router::hooks::use_navigate;
use serde::Deserialize;

/// What the form posts; the rest of the state comes along in hidden fields.
#[derive(Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    state: String,
    per: u32,
    filter: Perhaps,
    result: Perhaps,
    from: Perhaps,
    to: Perhaps,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            q: String::new(),
            state: String::new(),
            per: ListQuery::default().per_page,
            filter: Perhaps::default(),
            result: Perhaps::default(),
            from: Perhaps::default(),
            to: Perhaps::default(),
        }
    }
}

/// What a field posts that not every list has: without it, what was asked for before stays. One that
/// is there and empty asks for everything.
#[derive(Deserialize, Default)]
#[serde(from = "String")]
struct Perhaps(Option<String>);

impl From<String> for Perhaps {
    fn from(text: String) -> Self {
        Self(Some(text))
    }
}

/// The state of a list as hidden fields, so that a form that leads back to it keeps it. Without
/// `page`, which belongs to what was asked before.
#[component]
pub fn ListState(
    #[prop(into)] query: Signal<ListQuery>,
    /// Leave out what the form has visible fields for.
    #[prop(optional)]
    order_only: bool,
) -> AnyView {
    let fields = move || {
        let query = query.get();
        let order = [
            ("sort", query.sort),
            ("dir", if query.descending { "desc".to_owned() } else { String::new() }),
        ];
        let page = if query.page > 1 { query.page.to_string() } else { String::new() };
        let rest = [
            ("q", query.search),
            ("state", query.state),
            ("filter", query.filter),
            ("result", query.result),
            ("from", query.from),
            ("to", query.to),
            ("per", query.per_page.to_string()),
            ("page", page),
        ];
        order
            .into_iter()
            .chain(rest.into_iter().filter(move |_| !order_only))
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
            .collect::<Vec<_>>()
    };
    view! { {fields} }.into_any()
}

/// Gives nothing at first and the value at each change: for properties of controls that the
/// server has already filled and that somebody may have begun to use before hydration.
pub fn later(value: impl Fn() -> String + Send + 'static) -> impl Fn() -> Option<String> + Send {
    let first = std::sync::atomic::AtomicBool::new(true);
    move || {
        let value = value();
        (!first.swap(false, std::sync::atomic::Ordering::Relaxed)).then_some(value)
    }
}

#[component]
pub fn SearchBar(
    /// The page the list is on.
    #[prop(into)]
    path: String,
    #[prop(into)] query: Signal<ListQuery>,
    /// `Search sessions`.
    label: &'static str,
    /// Values and names of the state filter; the first one means all. Without any there is none.
    states: &'static [(&'static str, &'static str)],
    /// What that filter is about.
    #[prop(default = "State")]
    about: &'static str,
    #[prop(into)] total: Signal<i64>,
    /// One and many of what is listed.
    noun: (&'static str, &'static str),
    /// Fields of this list alone, named `filter`, `result`, `from` and `to`.
    #[prop(optional)]
    children: Option<Children>,
) -> AnyView {
    let navigate = use_navigate();
    let page = path.clone();
    let action = path.clone();
    let submit = move |ev: SubmitEvent| {
        let Ok(asked) = Asked::from_event(&ev) else { return };
        ev.prevent_default();
        let before = query.get_untracked();
        let next = ListQuery {
            search: asked.q.trim().to_owned(),
            state: asked.state,
            per_page: asked.per,
            filter: asked.filter.0.unwrap_or(before.filter),
            result: asked.result.0.unwrap_or(before.result),
            from: asked.from.0.unwrap_or(before.from),
            to: asked.to.0.unwrap_or(before.to),
            page: 1,
            sort: before.sort,
            descending: before.descending,
        };
        navigate(&format!("{page}{}", next.to_query()), Default::default());
    };
    let first = query.get_untracked();
    let options = |all: &[(&str, &str)]| {
        all.iter().map(|(v, l)| ((*v).to_owned(), (*l).to_owned())).collect::<Vec<_>>()
    };
    let sizes =
        PAGE_SIZES.iter().map(|n| (n.to_string(), format!("{n} a page"))).collect::<Vec<_>>();
    let count = move || match total.get() {
        1 => format!("1 {}", noun.0),
        n => format!("{n} {}", noun.1),
    };
    let filter = (!states.is_empty()).then(|| {
        view! {
            <select
                class="input"
                name="state"
                aria-label=about
                prop:value=later(move || query.get().state)
            >
                {choices(options(states), &first.state)}
            </select>
        }
    });
    let clear = move || {
        query.with(ListQuery::is_narrowed).then(|| {
            let all = query.with(|q| ListQuery {
                sort: q.sort.clone(),
                descending: q.descending,
                per_page: q.per_page,
                ..ListQuery::default()
            });
            view! { <a class="search-clear" href=format!("{path}{}", all.to_query())>"Clear"</a> }
        })
    };
    view! {
        <form class="search-bar" method="get" action=action role="search" on:submit=submit>
            <ListState query order_only=true />
            <input
                class="input search-words"
                type="search"
                name="q"
                aria-label=label
                placeholder=label
                value=first.search
                prop:value=later(move || query.get().search)
            />
            {filter}
            {children.map(|fields| fields())}
            <select
                class="input"
                name="per"
                aria-label="Rows on a page"
                prop:value=later(move || query.get().per_page.to_string())
            >
                {choices(sizes, &first.per_page.to_string())}
            </select>
            <button type="submit" class="button">
                "Search"
            </button>
            {clear}
            <p class="search-count" role="status">
                {count}
            </p>
        </form>
    }
    .into_any()
}
