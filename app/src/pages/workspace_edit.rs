//! The form of a workspace, new or saved.
//!
//! Every field is checked as it is left, by the same rules as on the server, and the server has
//! the last word. What was typed is never lost: with JavaScript the form simply stays; without, the
//! server keeps a refused form for the page that shows the problems.

mod asked;
mod asking;
mod basics;
mod confinement;
mod connection;
mod editor;
mod link;
mod picture;
mod preset;
mod resources;
mod sheet;
mod storage;

use crate::{
    api::{
        groups::group_names,
        hooks::HookState,
        workspaces::{SaveWorkspace, offered_confinement, offered_registries, show_workspace},
    },
    components::{
        Glyph, Loading, PageFailure, PageHead,
        hook::{Of, hook_section},
        lineage::MadeFrom,
    },
    pages::workspaces::deeds::Deeds,
    post::Post,
    refusal::Refusal,
    routes, wire,
};
use domain::{
    WorkspaceId,
    confinement::Offered,
    registry::Registry,
    workspace::{LINK_KIND, Workspace, WorkspaceForm},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};
use sheet::{Parts, Sheet};

/// What the page opens with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Opened {
    /// `None` for a new one.
    workspace: Option<Workspace>,
    /// Ids and names of all groups.
    groups: Vec<(String, String)>,
    /// What the fields hold: as saved, filled from a preset, or as refused a moment ago.
    form: WorkspaceForm,
    /// Whose credentials the image can be pulled with.
    registries: Vec<Registry>,
    /// What of the engine's host it can have.
    offered: Offered,
    /// Of a saved one.
    hook: Option<HookState>,
}

/// What the address asks to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    /// Empty for a new one.
    id: String,
    preset: String,
    /// A new one is to be a link.
    link: bool,
    /// The address carries a refusal.
    refused: bool,
    /// A secret of its webhook was made a moment ago.
    made: bool,
}

async fn open(asked: Asked) -> Result<Opened, Refusal> {
    // Whoever may not save a workspace is refused here, before filling in a new one.
    let groups = group_names().await?;
    let workspace = match asked.id.as_str() {
        "" => None,
        id => Some(show_workspace(id.to_owned()).await?),
    };
    let mut form = workspace
        .as_ref()
        .map_or_else(WorkspaceForm::default, |w| WorkspaceForm::from(&w.definition));
    if asked.link && workspace.is_none() {
        form.kind = LINK_KIND.to_owned();
    }
    if let Some(preset) = domain::preset::find(&asked.preset) {
        preset::fill(&mut form, &preset, workspace.is_none());
    }
    #[cfg(feature = "ssr")]
    if asked.refused
        && let Some(kept) = crate::draft::take(&format!("workspace/{}", asked.id)).await
    {
        form = kept;
    }
    let registries = offered_registries().await?;
    let offered = offered_confinement().await?;
    let hook = match asked.id.as_str() {
        "" => None,
        _ => Some(Of::Workspace.read(asked.id, asked.made).await?),
    };
    Ok(Opened { workspace, groups, form, registries, offered, hook })
}

#[component]
pub fn WorkspaceEditPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|map| map.get("id").unwrap_or_default()));
    // Another workspace, such as a copy just made, is another form: nothing typed into the one
    // before may stay in its fields.
    view! { <For each=move || [id.get()] key=String::clone children=opening /> }.into_any()
}

fn opening(id: String) -> AnyView {
    let query = use_query_map();
    let save = Post::to::<SaveWorkspace>();
    let asked = Memo::new(move |_| {
        query.with(|map| Asked {
            id: id.clone(),
            preset: map.get("preset").unwrap_or_default(),
            link: map.get_str("link").is_some(),
            refused: map.get_str("__err").is_some(),
            made: map.get_str("hook").is_some(),
        })
    });
    // Read again after a save, for the revision that the next one must name. A refusal leaves the
    // page, and with it the revision it was refused for, as it is.
    let saves = Memo::new(move |before: Option<&u32>| {
        let saved = save.is_done();
        before.copied().unwrap_or_default() + u32::from(saved)
    });
    let opened = wire::read(move || (asked.get(), saves.get()), |(asked, _)| open(asked));
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match opened.await {
                    Ok(opened) => page(opened, save),
                    Err(refusal) => view! { <PageFailure error=refusal.0 /> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

/// A trial follows the workspace that it is of, and is decided on there.
fn only_a_trial(name: String, of: &WorkspaceId) -> AnyView {
    let (edit, trial) = (routes::workspace(of), routes::workspace_trial(of));
    view! {
        <PageHead title=name>
            <a class="button" href=edit>
                <Glyph name="edit" />
                "Edit the workspace"
            </a>
        </PageHead>
        <p>"This is a trial. All but its image follows the workspace that it is a trial of."</p>
        <p>
            <a href=trial>"Show the trial"</a>
        </p>
    }
    .into_any()
}

fn page(opened: Opened, save: Post) -> AnyView {
    if opened.form.is_link() {
        return link::page(opened, save);
    }
    let Opened { workspace, groups, form, registries, offered, hook } = opened;
    if let Some((w, of)) = workspace.as_ref().and_then(|w| Some((w, w.trial_of.as_ref()?))) {
        return only_a_trial(w.definition.name.clone(), of);
    }
    let new = ("New workspace", routes::NEW_WORKSPACE);
    let sheet = Sheet::of(workspace.as_ref(), &form, save, new);
    let Sheet { editor, deeds, id, path, uploaded, .. } = &sheet;
    let (editor, deeds, saved, uploaded) = (*editor, *deeds, id.as_deref(), uploaded.clone());
    let actions = workspace.as_ref().map(|w| {
        let (id, red) = (w.id.as_str(), "button button-danger");
        view! {
            <a class="button" href=routes::workspace_image(&w.id)>
                <Glyph name="layers" />
                "Image"
            </a>
            {deeds.pull_button(id, "button")}
            {deeds.duplicate_button(id, "button")}
            {deeds.delete_button(id, path.clone(), ().into_any(), red)}
        }
        .into_any()
    });
    let preset = preset::picker(editor, path.clone(), workspace.is_none());
    let image = workspace.as_ref().map(|w| w.definition.image.to_string());
    let lineage = image.map(|image| view! { <MadeFrom image /> });
    let pinned = workspace.as_ref().and_then(|w| w.pin.as_ref()).map(|pin| pin.revision);
    let sections = vec![
        basics::basics(editor, &form, uploaded),
        basics::image(editor, &form, &registries, pinned),
        connection::connection(editor, &form),
        resources::environment(editor, &form),
        asking::launch_form(editor, &form),
        asking::commands(editor, &form),
        resources::resources(editor, &form),
        storage::storage(editor, &form, &offered.allowed),
        confinement::networks(editor, &form, &offered),
        confinement::engine(editor, &form, &offered),
        resources::lifetime(editor, &form),
        resources::groups(editor, &form, &groups),
        resources::visibility(editor, &form),
        confinement::weakened(editor, offered.may_weaken),
    ];
    let hook = saved.map(str::to_owned).zip(hook);
    let parts = Parts {
        actions,
        above: view! { {lineage} {preset} }.into_any(),
        sections,
        beside: test(deeds, saved),
        below: hook.map(|(id, hook)| hook_section(Of::Workspace, id, hook).into_any()),
    };
    sheet.show(parts)
}

/// Save and test stand side by side but belong to different forms.
fn test(deeds: Deeds, saved: Option<&str>) -> AnyView {
    match saved {
        Some(id) => view! {
            {deeds.test_button(id, "button")}
            <p class="field-help">
                "A test launch runs the definition as last saved, enabled or not, as a session of your own, and shows each step."
            </p>
        }
        .into_any(),
        None => view! {
            <p class="field-help">"Once saved, it can be tried with a test launch."</p>
        }
        .into_any(),
    }
}
