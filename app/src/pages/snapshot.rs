//! Create image from session (seed 002): a wizard of five short pages, each with its own address.
//!
//! Every page is one form that posts to the same function; the server keeps what is typed and leads
//! on. So it works without JavaScript, going back loses nothing, and the wizard can be left and
//! taken up again.

mod fields;
mod review;

use crate::{
    api::snapshots::{DiscardSnapshot, KeepSnapshot, SubmitSnapshot, TestPush, show_snapshot},
    components::{Loading, PageFailure, PageHead, clock, field::ProblemSummary, report::found},
    post::{Post, PostForm},
    refusal::Refusal,
    routes, wire,
};
use domain::{
    registry::TestReport,
    snapshot::{SnapshotPage as Wizard, WizardStep},
};
use leptos::{html, prelude::*};
use leptos_router::hooks::{use_params_map, use_query_map};

/// Id of the form of a page; the list of pages posts it too.
const FORM: &str = "wizard";

/// The name a field posts under.
pub fn posted(field: &str) -> String {
    match field {
        "registry_password" => "password".to_owned(),
        field => format!("form[{field}]"),
    }
}

/// What the page opens with: the wizard, and what a test found that was asked for without
/// JavaScript.
type Opened = (Wizard, Option<TestReport>);

async fn open(id: String, step: WizardStep, tested: bool) -> Result<Opened, Refusal> {
    let wizard = show_snapshot(id.clone(), step.as_str().to_owned()).await?;
    #[cfg(feature = "ssr")]
    if tested {
        return Ok((wizard, crate::draft::take(&format!("snapshot/{id}")).await));
    }
    let _ = tested;
    Ok((wizard, None))
}

#[component]
pub fn SnapshotPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let step = Memo::new(move |_| {
        WizardStep::parse(query.with(|map| map.get("step").unwrap_or_default()).as_str())
    });
    let id = Memo::new(move |_| params.with(|map| map.get("id").unwrap_or_default()));
    let keep = Post::to::<KeepSnapshot>();
    let submit = Post::to::<SubmitSnapshot>();
    let discard = Post::to::<DiscardSnapshot>();
    let test = Post::to::<TestPush>();
    // What was wrong on one page is not wrong on the next.
    Effect::new(move |before: Option<()>| {
        step.track();
        if before.is_some() {
            [keep, submit, discard, test].into_iter().for_each(Post::forget);
        }
    });
    // Read anew for each page: the one before may have changed what this one shows.
    let opened = wire::read(
        move || (id.get(), step.get()),
        move |(id, step)| {
            open(id, step, query.with_untracked(|map| map.get_str("tested").is_some()))
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match opened.await {
                    Ok(wizard) => {
                        let now = step.get_untracked();
                        // Keyed, so that the fields of one page do not become those of the next
                        // with what was typed in them.
                        view! {
                            <For
                                each=move || [(now, wizard.clone())]
                                key=|(step, _)| step.as_str()
                                children=move |(step, wizard)| page(wizard, step, [keep, submit, discard, test])
                            />
                        }
                        .into_any()
                    }
                    Err(refusal) => view! { <PageFailure error=refusal.0 /> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

fn page((wizard, tested): Opened, step: WizardStep, posts: [Post; 4]) -> AnyView {
    let [keep, submit, discard, test] = posts;
    let problem = Signal::derive(move || posts.into_iter().find_map(Post::refusal));
    let title = format!("Create image: {}", wizard.title);
    // A page that takes the place of the one before says so, and is where the keyboard goes on.
    let heading = NodeRef::<html::H2>::new();
    let navigated = clock::is_live();
    Effect::new(move |_| {
        if navigated && let Some(heading) = heading.get() {
            // A heading that cannot take the focus leaves it where it is.
            _ = heading.focus();
        }
    });
    let id = wizard.session.clone();
    let asked = |fields| form(&id, step, [keep, test], fields);
    let body = match step {
        WizardStep::Image => asked(fields::image(&wizard, problem)),
        WizardStep::Registry => {
            let fields = fields::registry(&wizard, problem);
            asked(view! { {fields} {found(test, tested)} }.into_any())
        }
        WizardStep::Changes => asked(fields::changes(&wizard, problem)),
        WizardStep::Workspace => asked(fields::workspace(&wizard, problem)),
        WizardStep::Review => review::review(&wizard, submit),
    };
    view! {
        <PageHead title=title />
        {places(&id, step)}
        <h2 class="wizard-head" tabindex="-1" node_ref=heading>
            {step.label()}
        </h2>
        <ProblemSummary problem posted_name=posted />
        {body}
        {give_up(&id, discard)}
    }
    .into_any()
}

/// Where one is, and where one has been.
fn places(id: &domain::SessionId, at: WizardStep) -> AnyView {
    let reached = WizardStep::ALL.iter().position(|step| *step == at).unwrap_or(0);
    let items: Vec<AnyView> = WizardStep::ALL
        .into_iter()
        .enumerate()
        .map(|(index, step)| {
            let label = step.label();
            let face = if index >= reached {
                view! { <span>{label}</span> }.into_any()
            } else if at == WizardStep::Review {
                view! { <a href=routes::create_image(id, step)>{label}</a> }.into_any()
            } else {
                // Posts what is typed on the way, so that nothing is lost.
                view! {
                    <button
                        type="submit"
                        class="link"
                        form=FORM
                        name="go"
                        value=step.as_str()
                        formnovalidate=true
                    >
                        {label}
                    </button>
                }
                .into_any()
            };
            let current = (step == at).then_some("step");
            view! { <li aria-current=current>{face}</li> }.into_any()
        })
        .collect();
    view! { <ol class="steps" aria-label="Steps">{items}</ol> }.into_any()
}

fn form(
    id: &domain::SessionId,
    step: WizardStep,
    [keep, test]: [Post; 2],
    fields: AnyView,
) -> AnyView {
    let id = id.to_string();
    let back = (step != WizardStep::Image).then(|| {
        view! {
            <button
                type="submit"
                class="button"
                name="go"
                value=step.back().as_str()
                formnovalidate=true
            >
                "Back"
            </button>
        }
    });
    let try_it = (step == WizardStep::Registry).then(|| {
        view! {
            <button
                type="submit"
                class="button push-test"
                formaction=test.url()
                formnovalidate=true
                disabled=move || test.is_pending()
            >
                {move || if test.is_pending() { "Testing …" } else { "Test" }}
            </button>
        }
    });
    view! {
        <div class="wizard">
            <PostForm post=keep also=test id=FORM>
                <input type="hidden" name="id" value=id />
                <input type="hidden" name="step" value=step.as_str() />
                {fields}
                <div class="form-foot">
                    // First in the page, so that Enter goes on; shown after Back.
                    <button
                        type="submit"
                        class="button button-primary wizard-next"
                        disabled=move || keep.is_pending()
                    >
                        "Next"
                    </button>
                    {back}
                    {try_it}
                </div>
            </PostForm>
        </div>
    }
    .into_any()
}

fn give_up(id: &domain::SessionId, discard: Post) -> AnyView {
    let id = id.to_string();
    view! {
        <PostForm post=discard>
            <input type="hidden" name="id" value=id />
            <button type="submit" class="button button-plain">"Cancel and forget what was typed"</button>
        </PostForm>
    }
    .into_any()
}
