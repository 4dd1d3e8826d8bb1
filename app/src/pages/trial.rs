//! A trial for its testers: what is new, and what they found.

use crate::{
    api::trials::{GiveVerdict, asked_of_trial},
    components::{
        PageHead, When, done,
        facts::fact,
        field::{AreaField, ProblemSummary, field_id, posted},
        opening,
        submit::{submit, submit_or},
    },
    post::{Post, PostForm},
    refusal::Refusal,
    routes, wire,
};
use domain::trial::{TrialAsked, Verdict, VerdictForm};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

/// The trial; after a refusal without JavaScript, with what was typed.
async fn open(id: String, refused: bool) -> Result<(TrialAsked, VerdictForm), Refusal> {
    let asked = asked_of_trial(id.clone()).await?;
    let said = asked.said.as_ref().map_or_else(VerdictForm::default, |said| VerdictForm {
        works: if said.works { "yes".into() } else { "no".into() },
        words: said.words.clone(),
    });
    #[cfg(feature = "ssr")]
    if refused && let Some(left) = crate::draft::take(&format!("verdict/{id}")).await {
        return Ok((asked, left));
    }
    #[cfg(not(feature = "ssr"))]
    let _ = (id, refused);
    Ok((asked, said))
}

#[component]
pub fn TrialPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let give = Post::to::<GiveVerdict>();
    let id = Memo::new(move |_| params.with(|map| map.get("id").unwrap_or_default()));
    // Read again once a verdict was given. A refusal leaves the form as it is.
    let given = Memo::new(move |before: Option<&u32>| {
        let given = give.is_done();
        before.copied().unwrap_or_default() + u32::from(given)
    });
    let opened = wire::read(
        move || (id.get(), given.get()),
        move |(id, _)| {
            let refused = query.with_untracked(|map| map.get_str("__err").is_some());
            open(id, refused)
        },
    );
    opening(opened, move |(asked, form)| page(asked, &form, give))
}

fn page(asked: TrialAsked, form: &VerdictForm, give: Post) -> AnyView {
    let TrialAsked { id, name, image, notes, said } = asked;
    let said = said.map(|said| {
        fact("You said", view! { {Verdict::label(said.works)} ", " <When at=said.said_at /> })
    });
    let notes = (!notes.is_empty()).then(|| fact("What to look at", notes));
    let problem = give.problem_at("works");
    let fields = view! {
                <fieldset class="form-section" id=field_id(&posted("works"))>
                    <legend>"What did you find?"</legend>
                    {move || problem.get().map(|text| view! { <p class="field-problem">{text}</p> })}
                    {choice("yes", Verdict::label(true), form)}
                    {choice("no", Verdict::label(false), form)}
                    <AreaField
                        name=posted("words")
                        label="In your words"
                        value=form.words.clone()
                        help="Needed where something does not work. Administrators read it."
                        problem=give.problem_at("words")
                    />
                </fieldset>
    }
    .into_any();
    view! {
        <PageHead title=format!("Trial of {name}") />
        {done(|what| (what == "said").then_some("Thank you. Your verdict is noted."))}
        <section class="card" aria-label="What is tried">
            <p>
                {format!(
                    "You are trying a new image of “{name}” before everybody gets it. Its tile is marked as a trial; the usual one is beside it.",
                )}
            </p>
            <dl class="facts">
                {fact("Image", view! { <span class="image-name">{image}</span> })}
                {notes}
                {said}
            </dl>
        </section>
        <ProblemSummary
            problem=Signal::derive(move || give.refusal())
            posted_name=posted
        />
        <PostForm post=give>
            <input type="hidden" name="id" value=id.to_string() />
            <div class="form">
                {fields}
            </div>
            {submit_or(routes::LAUNCHER, "Back to the launcher", submit(give, "Send", "Sending …"))}
        </PostForm>
    }
    .into_any()
}

fn choice(value: &'static str, label: &'static str, form: &VerdictForm) -> AnyView {
    let checked = form.works == value;
    view! {
        <div class="field field-tick">
            <label class="tick">
                <input type="radio" name=posted("works") value=value checked=checked />
                <span>{label}</span>
            </label>
        </div>
    }
    .into_any()
}
