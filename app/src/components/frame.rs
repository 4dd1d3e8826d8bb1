//! The frame around every page of a signed-in reader: name, navigation, account, and the place
//! where the page goes.
//!
//! It reads once who is looking and shares that with its pages. Permission is not decided here: a
//! link that is left out only spares the reader a refusal.

use super::{
    brand::Brand,
    clock,
    icon::Glyph,
    tasks::{self, Tasks},
};
use crate::{
    api::auth::{SignOut, Viewer, who_is_it},
    live::{self, Link},
    refusal::Refusal,
    routes, wire,
};
use domain::{
    actor::{Actor, Permission},
    event::Change,
};
use leptos::{prelude::*, server_fn::ServerFn, wasm_bindgen::JsCast, web_sys};
use leptos_router::{
    components::{A, Outlet},
    hooks::use_location,
};

/// Who is looking, for the pages inside the frame.
#[derive(Clone, Copy)]
pub struct Reader(pub wire::Read<Result<Viewer, Refusal>>);

/// Element that takes the focus when a page is opened by client navigation.
pub const MAIN: &str = "main";
const ACCOUNT_MENU: &str = "account-menu";

#[component]
pub fn Frame() -> impl IntoView {
    let version = live::version(|change| matches!(change, Change::User { .. }));
    let reader = wire::read(move || version.get(), |_| who_is_it());
    provide_context(Reader(reader));

    let path = use_location().pathname;
    // A reader who follows a link without seeing the page change must land where it begins. Not at
    // the page the server sent: there the browser starts at the top by itself.
    let navigated = clock::is_live();
    Effect::watch(
        move || path.get(),
        move |_, last, _| {
            if last.is_none() && !navigated {
                return;
            }
            close_menus();
            focus(MAIN);
        },
        true,
    );

    view! {
        // The router would swallow the jump, and with it the focus.
        <a class="skip" href="#main" rel="external">"Skip to content"</a>
        <header class="top">
            <Brand/>
            <Transition>
                {move || Suspend::new(async move {
                    match reader.await {
                        Ok(Viewer { actor: Some(actor), .. }) => view! { <TopMenu actor/> }.into_any(),
                        Ok(Viewer { actor: None, .. }) => view! { <SignedOut/> }.into_any(),
                        // The page below says what is wrong.
                        Err(_) => ().into_any(),
                    }
                })}
            </Transition>
            <Tasks/>
        </header>
        <Notice/>
        <main id=MAIN tabindex="-1">
            <Outlet/>
        </main>
        <footer class="foot">
            <span>"Slipway"</span>
            <span>"Workspaces in containers, in your browser"</span>
        </footer>
    }
}

/// Says that the page may be behind, while it is.
#[component]
pub fn Notice() -> impl IntoView {
    let link = live::link();
    let text = move || match link.get() {
        Link::Live => None,
        Link::Lost => Some("The connection to Slipway is interrupted; reconnecting …"),
        Link::Restarting => {
            Some("Slipway is restarting. Your sessions keep running; this page goes on by itself.")
        }
    };
    view! {
        <div class="reconnecting" role="status">
            {move || text().map(|text| view! { <p>{text}</p> })}
        </div>
    }
}

#[component]
fn TopMenu(actor: Actor) -> impl IntoView {
    let launcher = actor.may(Permission::LaunchWorkspaces);
    let sessions = actor.may(Permission::SeeAllSessions);
    let workspaces = actor.may(Permission::ManageWorkspaces);
    let images = actor.may(Permission::ManageImages);
    let registries = actor.may(Permission::ManageRegistries);
    let groups = actor.may(Permission::ManageGroups);
    let jobs = actor.may(Permission::SeeAllJobs);
    let users = actor.may(Permission::SeeUsers);
    let audit = actor.may(Permission::SeeAudit);
    let settings = actor.may(Permission::ManageSettings);
    view! {
        <nav class="top-nav" aria-label="Main">
            {launcher.then(|| view! {
                <A href=routes::LAUNCHER exact=true><Glyph name="grid"/><span>"Launcher"</span></A>
            })}
            {sessions.then(|| view! {
                <A href=routes::SESSIONS><Glyph name="activity"/><span>"Sessions"</span></A>
            })}
            {workspaces.then(|| view! {
                <A href=routes::WORKSPACES><Glyph name="layers"/><span>"Workspaces"</span></A>
            })}
            {images.then(|| view! {
                <A href=routes::IMAGES><Glyph name="box"/><span>"Images"</span></A>
            })}
            {registries.then(|| view! {
                <A href=routes::REGISTRIES><Glyph name="registry"/><span>"Registries"</span></A>
            })}
            {jobs.then(|| view! {
                <A href=routes::JOBS><Glyph name="inbox"/><span>"Jobs"</span></A>
            })}
            {users.then(|| view! {
                <A href=routes::USERS><Glyph name="user"/><span>"Users"</span></A>
            })}
            {groups.then(|| view! {
                <A href=routes::GROUPS><Glyph name="groups"/><span>"Groups"</span></A>
            })}
            {audit.then(|| view! {
                <A href=routes::AUDIT><Glyph name="clock"/><span>"Audit"</span></A>
            })}
        </nav>
        <button type="button" class="top-account" popovertarget=ACCOUNT_MENU>
            <Glyph name="user"/>
            <span class="top-name">{actor.name}</span>
            <span class="visually-hidden">"Account menu"</span>
            <Glyph name="down"/>
        </button>
        <div id=ACCOUNT_MENU class="menu top-menu" popover="auto">
            {settings.then(|| view! {
                <A href=routes::SETTINGS><Glyph name="sliders"/><span>"Settings"</span></A>
            })}
            <A href=routes::ACCOUNT><Glyph name="user"/><span>"Account"</span></A>
            // A plain form: the whole document goes, and with it all that was read.
            <form method="post" action=SignOut::url()>
                <button type="submit"><Glyph name="leave"/><span>"Sign out"</span></button>
            </form>
        </div>
    }
}

/// Nobody is signed in any more: on to the sign-in page.
#[component]
fn SignedOut() -> impl IntoView {
    Effect::new(|_| super::failure::to_login());
    view! { <a class="button" href=routes::LOGIN>"Sign in"</a> }
}

fn element(id: &str) -> Option<web_sys::HtmlElement> {
    document().get_element_by_id(id).and_then(|element| element.dyn_into().ok())
}

/// Moves the focus to the element with this id, if the page has it.
pub fn focus(id: &str) {
    if let Some(element) = element(id) {
        // A page whose element cannot take the focus is still the one asked for.
        _ = element.focus();
    }
}

/// Links inside a menu leave it open, because the document stays.
fn close_menus() {
    for menu in [ACCOUNT_MENU, tasks::DRAWER].into_iter().filter_map(element) {
        // It refuses when it is not open, which is as well.
        _ = menu.hide_popover();
    }
}
