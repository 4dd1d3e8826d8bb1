//! A tile: one workspace as people meet it, with what a click will do.

use super::{
    icon::{Glyph, Icon},
    session_actions::verb,
};
use crate::{
    api::{
        launcher::{Launch, SetFavourite},
        sessions::ActOnSession,
    },
    post::{Post, PostForm},
    routes,
};
use domain::{
    Error,
    launcher::{Tile, TileState},
    session::{Action, State},
};
use leptos::{html, prelude::*};

/// What the tiles of a page share.
#[derive(Clone, Copy)]
pub struct Launching {
    pub launch: Post,
    pub acting: Post,
    pub favour: Post,
    /// The workspace whose star was clicked last. Its tile moves, and is to keep the focus.
    pub starred: StoredValue<Option<String>>,
}

impl Launching {
    /// For the page that is being made.
    pub fn on_page() -> Self {
        Self {
            launch: Post::to::<Launch>(),
            acting: Post::to::<ActOnSession>(),
            favour: Post::to::<SetFavourite>(),
            starred: StoredValue::new(None),
        }
    }

    /// What the last click was refused with.
    pub fn refusal(self) -> Option<Error> {
        [self.launch, self.acting, self.favour].into_iter().find_map(Post::refusal)
    }

    fn busy(self) -> bool {
        self.launch.is_pending() || self.acting.is_pending()
    }
}

/// A workspace to click. `running` is the state of the reader's own session of it.
#[component]
pub fn TileCard(
    tile: Tile,
    running: Option<State>,
    launching: Launching,
    /// The address of this page, to come back to.
    #[prop(into)]
    here: Signal<String>,
) -> impl IntoView {
    let workspace = tile.workspace.to_string();
    let session = tile.session.clone();
    let off = session.is_none() && tile.state != TileState::Ready;
    let star = view! {
        <Star workspace=workspace.clone() name=tile.name.clone() on=tile.favourite launching here/>
    };
    // Where something is asked anyway, the tile itself leads there.
    let options = (tile.keeps_home && !tile.asks && session.is_none() && !off).then(|| {
        view! {
            <a
                class="tile-options"
                href=routes::launch(&tile.workspace)
                aria-label=format!("Launch {} with options", tile.name)
                title="Launch with options"
            >
                <Glyph name="more"/>
            </a>
        }
    });
    let trial = tile.trial.then(|| {
        view! {
            <a
                class="tile-options"
                href=routes::trial(&tile.workspace)
                aria-label=format!("About {}", tile.name)
                title="What to look at, and what you found"
            >
                <Glyph name="info"/>
            </a>
        }
    });
    let chip = match running {
        None if tile.link.is_some() => link_chip(),
        Some(state) => resume_chip(state),
        None => state_chip(&tile.state),
    };
    let why = match (&session, tile.state.clone()) {
        (None, TileState::Unavailable { why }) => Some(why),
        (None, TileState::Preparing { message, .. }) => Some(message),
        _ => None,
    };
    let face = view! {
        <Icon icon=tile.icon/>
        <span class="tile-text">
            <span class="tile-name">{tile.name}</span>
            <span class="tile-category">{tile.categories.join(", ")}</span>
            <span class="tile-description">{tile.description}</span>
        </span>
        <span class="tile-foot">
            {chip}
            {why.map(|why| view! { <span class="tile-why">{why}</span> })}
            {weakened_sign(&tile.weakened)}
        </span>
    }
    .into_any();

    let body = match (session, running) {
        // Nothing to start: a plain link, which also opens in a tab of its own.
        (Some(id), Some(State::Starting | State::Running | State::Resuming | State::Deleting)) => {
            view! { <a class="tile-face" href=routes::stream(&id)>{face}</a> }.into_any()
        }
        (Some(id), Some(_)) => {
            let next = routes::stream(&id);
            view! {
                <PostForm post=launching.acting>
                    <input type="hidden" name="id" value=id.to_string()/>
                    <input type="hidden" name="action" value=Action::Start.as_str()/>
                    <input type="hidden" name="next" value=next/>
                    <button type="submit" class="tile-face" disabled=move || launching.busy()>
                        {face}
                    </button>
                </PostForm>
            }
            .into_any()
        }
        (Some(id), None) => {
            view! { <a class="tile-face" href=routes::stream(&id)>{face}</a> }.into_any()
        }
        (None, _) if tile.link.is_some() => {
            let address = tile.link.map(|link| link.to_string());
            // The page at the other end must neither steer this one nor learn where one came from.
            view! {
                <a class="tile-face" href=address target="_blank" rel="noopener noreferrer">{face}</a>
            }
            .into_any()
        }
        (None, _) if off => view! { <div class="tile-face">{face}</div> }.into_any(),
        (None, _) if tile.asks => {
            view! { <a class="tile-face" href=routes::launch(&tile.workspace)>{face}</a> }
                .into_any()
        }
        (None, _) => {
            let asked = workspace.clone();
            // The clicked tile shows that it was; the others only wait.
            let mine = move || launching.launch.is_sending("workspace", &asked);
            view! {
                <PostForm post=launching.launch>
                    <input type="hidden" name="workspace" value=workspace/>
                    <button
                        type="submit"
                        class="tile-face"
                        class:is-busy=mine
                        disabled=move || launching.busy()
                    >
                        {face}
                    </button>
                </PostForm>
            }
            .into_any()
        }
    };
    view! {
        <li class="tile" class:is-off=off>
            {body}
            {options}
            {trial}
            {star}
        </li>
    }
    .into_any()
}

/// That sessions of a workspace are less confined than usual, and in what; nothing where they are not.
pub fn weakened_sign(reasons: &[String]) -> AnyView {
    if reasons.is_empty() {
        return ().into_any();
    }
    let why = reasons.join(" ");
    view! {
        <span class="badge weakened" title=why.clone()>
            "weakened"
            <span class="visually-hidden">{format!(". {why}")}</span>
        </span>
    }
    .into_any()
}

/// What the tile says of a session that exists.
fn resume_chip(state: State) -> AnyView {
    let word = match state {
        State::Running => "Open",
        State::Paused | State::Pausing | State::Resuming => "Resume",
        State::Stopped | State::Stopping => "Start again",
        State::Failed => verb(Action::Start, state),
        State::Starting => "Starting",
        State::Deleting | State::Deleted => state.label(),
    };
    view! { <span class="chip chip-session"><Glyph name="play"/>{word}</span> }.into_any()
}

/// What the tile says of a link.
pub fn link_chip() -> AnyView {
    view! {
        <span class="chip">
            <Glyph name="external" />
            "Link"
            <span class="visually-hidden">", opens in a new tab"</span>
        </span>
    }
    .into_any()
}

/// What the tile says of a workspace without a session.
pub fn state_chip(state: &TileState) -> AnyView {
    match state {
        TileState::Ready => {
            view! { <span class="chip chip-ready"><Glyph name="check"/>"Ready"</span> }.into_any()
        }
        TileState::Preparing { steps: 0, .. } => {
            view! { <span class="chip chip-preparing"><Glyph name="clock"/>"Preparing"</span> }
                .into_any()
        }
        TileState::Preparing { step, steps, .. } => {
            let words = format!("Preparing {step} of {steps}");
            view! {
                <span class="chip chip-preparing"><Glyph name="clock"/>{words.clone()}</span>
                <progress class="tile-progress" value=step.to_string() max=steps.to_string() aria-label=words></progress>
            }
            .into_any()
        }
        TileState::Unavailable { .. } => {
            view! { <span class="chip chip-off"><Glyph name="off"/>"Not available"</span> }
                .into_any()
        }
    }
}

#[component]
fn Star(
    workspace: String,
    name: String,
    on: bool,
    launching: Launching,
    here: Signal<String>,
) -> impl IntoView {
    let place = NodeRef::<html::Button>::new();
    let clicked = workspace.clone();
    let moved = launching.starred.with_value(|starred| starred.as_ref() == Some(&workspace));
    Effect::new(move |_| {
        if moved && let Some(star) = place.get() {
            launching.starred.set_value(None);
            // A star that cannot take the focus leaves it where it is.
            _ = star.focus();
        }
    });
    let label = if on {
        format!("Remove {name} from favourites")
    } else {
        format!("Mark {name} as favourite")
    };
    view! {
        <PostForm post=launching.favour>
            <input type="hidden" name="workspace" value=workspace/>
            <input type="hidden" name="favourite" value=if on { "" } else { "on" }/>
            <input type="hidden" name="next" value=move || here.get()/>
            <button
                type="submit"
                class="star"
                class:is-on=on
                title=label.clone()
                aria-label=label
                node_ref=place
                on:click=move |_| launching.starred.set_value(Some(clicked.clone()))
            >
                <Glyph name=if on { "star-full" } else { "star" }/>
            </button>
        </PostForm>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn html(state: &TileState) -> String {
        let owner = Owner::new();
        owner.set();
        state_chip(state).to_html()
    }

    #[test]
    fn a_ready_tile_says_so_in_words() {
        assert!(html(&TileState::Ready).contains("Ready"));
    }

    #[test]
    fn a_tile_being_prepared_shows_how_far() {
        let state = TileState::Preparing { step: 3, steps: 12, message: "Installing".into() };
        let html = html(&state);
        assert!(html.contains("Preparing 3 of 12"), "{html}");
        assert!(html.contains("value=\"3\"") && html.contains("max=\"12\""), "{html}");
    }

    #[test]
    fn what_is_less_confined_says_in_what() {
        let owner = Owner::new();
        owner.set();
        let html = weakened_sign(&["Privileged.".to_owned()]).to_html();
        assert!(html.contains("weakened") && html.contains("title=\"Privileged.\""), "{html}");
        assert!(!weakened_sign(&[]).to_html().contains("weakened"));
    }

    #[test]
    fn an_unavailable_tile_never_rests_on_colour() {
        let html = html(&TileState::Unavailable { why: "No image.".into() });
        assert!(html.contains("Not available"), "{html}");
    }
}
