//! The form of a registry, new or saved. What is typed can be tested before it is saved.

use super::left;
use crate::{
    api::{
        auth::reader,
        hooks::HookState,
        registries::{Opened, SaveRegistry, TestRegistry, show_registry},
    },
    components::{
        Loading, PageFailure, PageHead,
        field::{AreaField, ProblemSummary, TextField, TickField, problem_at},
        hook::{Of, hook_section},
        report::found,
        submit::submit,
    },
    post::{Post, PostForm},
    refusal::Refusal,
    routes, wire,
};
use domain::actor::Permission;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

/// The name a field posts under.
fn posted(field: &str) -> String {
    match field {
        "password" | "repository" => field.to_owned(),
        field => format!("form[{field}]"),
    }
}

/// What the page opens with: the fields, and the webhook of a registry that is saved.
type First = (Opened, Option<HookState>);

async fn open(id: String, left_behind: bool, made: bool) -> Result<First, Refusal> {
    let opened = if id.is_empty() {
        // Nothing is read for a new one, so nothing would refuse; whoever may not save it is
        // better told before filling it in.
        reader().await?.require(Permission::ManageRegistries)?;
        Opened::default()
    } else {
        show_registry(id.clone()).await?
    };
    let typed = left(&format!("registry/{id}"), left_behind).await;
    let opened = match typed {
        Some(typed) => Opened { has_password: opened.has_password, ..typed },
        None => opened,
    };
    let hook = match id.as_str() {
        "" => None,
        _ => Some(Of::Registry.read(id, made).await?),
    };
    Ok((opened, hook))
}

#[component]
pub fn RegistryEditPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|map| map.get("id").unwrap_or_default()));
    // Another registry is another form: nothing typed into the one before may stay in its fields.
    view! { <For each=move || [id.get()] key=String::clone children=opening /> }.into_any()
}

fn opening(id: String) -> AnyView {
    let query = use_query_map();
    let (save, test) = (Post::to::<SaveRegistry>(), Post::to::<TestRegistry>());
    let own = id.clone();
    let opened = wire::read(
        || (),
        move |()| {
            let parameter = |name| query.with_untracked(|map| map.get_str(name).is_some());
            let left_behind = parameter("__err") || parameter("tested");
            open(own.clone(), left_behind, parameter("hook"))
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || {
                let id = id.clone();
                Suspend::new(async move {
                    match opened.await {
                        Ok((opened, hook)) => page(id, opened, hook, save, test),
                        Err(refusal) => view! { <PageFailure error=refusal.0 /> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
    .into_any()
}

fn page(id: String, opened: Opened, hook: Option<HookState>, save: Post, test: Post) -> AnyView {
    let Opened { form, has_password, repository, report: tested } = opened;
    let title = match id.as_str() {
        "" => "New registry".to_owned(),
        _ => format!("Edit {}", form.name),
    };
    let problem = Signal::derive(move || save.refusal().or_else(|| test.refusal()));
    let at = move |field| problem_at(problem, field);
    let password_help = if tested.is_some() {
        "A new one must be typed once more to save it: what was typed for the test is not kept."
    } else if has_password {
        "Leave it empty to keep the one that is stored. It is typed again when the address or the user name changes."
    } else {
        "It is kept encrypted, and is never shown again. Many registries want an access token here."
    };
    let hook = hook.map(|hook| hook_section(Of::Registry, id.clone(), hook));
    view! {
        <PageHead title=title />
        <ProblemSummary problem posted_name=posted />
        <div class="wizard">
            <PostForm post=save also=test>
                <input type="hidden" name="id" value=id />
                <TextField
                    name=posted("name")
                    label="Name"
                    value=form.name
                    required=true
                    help="What the wizard calls it."
                    problem=at("name")
                />
                <TextField
                    name=posted("url")
                    label="Address"
                    value=form.url
                    required=true
                    placeholder="https://index.docker.io/v1/"
                    help="As in “docker login”: with https:// in front, and the port if it has one of its own. With a path after the host, as in https://registry.example.org/team, it is the one for the repositories below; of several that an image's name leads to, the closest is used."
                    problem=at("url")
                />
                <TickField
                    name=posted("insecure")
                    label="Insecure: speak plain HTTP"
                    ticked=!form.insecure.is_empty()
                    help="Everybody on the way can then read the password and change the images. Right for a registry on this machine, and hardly anywhere else."
                    problem=at("insecure")
                />
                <TextField
                    name=posted("username")
                    label="User name"
                    value=form.username
                    help="Empty for a registry that takes images from anybody."
                    problem=at("username")
                />
                <TextField
                    name=posted("password")
                    label="Password or access token"
                    kind="password"
                    autocomplete="new-password"
                    help=password_help
                    problem=at("password")
                />
                <AreaField
                    name=posted("ca")
                    label="CA certificate"
                    value=form.ca
                    rows=5
                    code=true
                    placeholder="-----BEGIN CERTIFICATE-----"
                    help="For a registry whose certificate is signed by a CA of its own. The engine needs it too; a test that succeeds says where."
                    problem=at("ca")
                />
                <TextField
                    name=posted("repository")
                    label="Repository to test with"
                    value=repository
                    placeholder="team/app"
                    help="Whether the user may push is known for one repository at a time. It is not saved, and nothing is pushed."
                    problem=at("repository")
                />
                {found(test, tested)}
                <div class="form-foot">
                    {submit(save, "Save", "Saving …")}
                    <button
                        type="submit"
                        class="button"
                        formaction=test.url()
                        formnovalidate=true
                        disabled=move || test.is_pending()
                    >
                        {move || if test.is_pending() { "Testing …" } else { "Test" }}
                    </button>
                    <a class="button" href=routes::REGISTRIES>"Cancel"</a>
                </div>
            </PostForm>
            {hook}
        </div>
    }
    .into_any()
}
