//! The form that begins a trial.

use crate::{
    api::{groups::group_names, trials::BeginTrial, workspaces::offered_registries},
    components::{
        field::{AreaField, ProblemSummary, SelectField, TextField, posted, section},
        submit::{submit, submit_or},
        ticks::ticks,
    },
    post::{Post, PostForm},
    refusal::Refusal,
    routes,
};
use domain::{
    group::ADMINISTRATORS,
    trial::{TrialForm, WorkspaceTrial},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What the form holds and offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beginning {
    form: TrialForm,
    /// Ids and names.
    groups: Vec<(String, String)>,
    registries: Vec<(String, String)>,
}

/// After a refusal without JavaScript, what was typed.
pub async fn read(of: &WorkspaceTrial, refused: bool) -> Result<Beginning, Refusal> {
    let groups = group_names().await?;
    let registries = offered_registries().await?;
    let registries = registries.into_iter().map(|one| (one.id.to_string(), one.name));
    let form = TrialForm {
        image: of.image.clone(),
        groups: vec![ADMINISTRATORS.to_owned()],
        ..TrialForm::default()
    };
    let form = match refused {
        true => left(of).await.unwrap_or(form),
        false => form,
    };
    Ok(Beginning { form, groups, registries: registries.collect() })
}

#[cfg(feature = "ssr")]
async fn left(of: &WorkspaceTrial) -> Option<TrialForm> {
    crate::draft::take(&format!("trial/{}", of.workspace)).await
}

#[cfg(not(feature = "ssr"))]
async fn left(_of: &WorkspaceTrial) -> Option<TrialForm> {
    None
}

/// `id` is the workspace's.
pub fn form(id: String, beginning: &Beginning) -> AnyView {
    let begin = Post::to::<BeginTrial>();
    let Beginning { form, groups, registries } = beginning;
    let back = id
        .parse()
        .map_or_else(|_| routes::WORKSPACES.to_owned(), |id| routes::workspace_image(&id));
    let by_name = (String::new(), "The one that its name leads to".to_owned());
    let registries: Vec<_> = std::iter::once(by_name).chain(registries.iter().cloned()).collect();
    let fields = view! {
                    <TextField
                        name=posted("image")
                        label="Image"
                        value=form.image.clone()
                        help="The new image, such as the same repository with another tag."
                        problem=begin.problem_at("image")
                        required=true
                    />
                    <SelectField
                        name=posted("registry")
                        label="Registry"
                        value=form.registry.clone()
                        options=registries
                        help="Whose credentials it is pulled with."
                        problem=begin.problem_at("registry")
                    />
                    {ticks(
                        &posted("groups"),
                        "Testers",
                        "Members of these groups see the tile of the trial. Nobody else does.",
                        groups,
                        &form.groups,
                        begin.problem_at("groups"),
                    )}
                    <AreaField
                        name=posted("notes")
                        label="Notes for testers"
                        value=form.notes.clone()
                        help="What is new, and what they are to look at."
                        problem=begin.problem_at("notes")
                    />
    };
    let fields = section("New trial", fields.into_any());
    view! {
        <p class="lead">
            "Let a test group launch a new image before everybody does. They get a tile of its own, marked as a trial, beside the present one. It keeps no home and does not touch kept ones; volumes are mounted as in the workspace."
        </p>
        <ProblemSummary
            problem=Signal::derive(move || begin.refusal())
            posted_name=posted
        />
        <PostForm post=begin>
            <input type="hidden" name="id" value=id />
            <div class="form">
                {fields}
            </div>
            {submit_or(back, "Cancel", submit(begin, "Begin trial", "Beginning …"))}
        </PostForm>
    }
    .into_any()
}
