//! What administrators decide for the whole installation: limits, life-time rules, how images are
//! kept, and for how long the audit log is.

use crate::{
    api::settings::{SaveSettings, show_settings},
    components::{
        PageHead,
        field::{ProblemSummary, SelectField, TextField, posted, section},
        lifetime_fields::{Place, lifetime_fields},
        opening,
        submit::submit,
    },
    post::{Post, PostForm},
    refusal::Refusal,
    wire,
};
use domain::{
    library::{PruneMode, UpkeepForm},
    policy::PolicyForm,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

#[component]
pub fn SettingsPage() -> impl IntoView {
    let refused = use_query_map().with_untracked(|map| map.get_str("__err").is_some());
    let first = wire::read(move || refused, open);
    opening(first, page)
}

/// The settings; after a refusal without JavaScript, as they were typed.
async fn open(refused: bool) -> Result<PolicyForm, Refusal> {
    let form = show_settings().await?;
    #[cfg(feature = "ssr")]
    if refused && let Some(typed) = crate::draft::take("settings").await {
        return Ok(typed);
    }
    #[cfg(not(feature = "ssr"))]
    let _ = refused;
    Ok(form)
}

fn page(form: PolicyForm) -> AnyView {
    let save = Post::to::<SaveSettings>();
    let saved = use_query_map().with_untracked(|map| map.get_str("done").is_some());
    let refusal = Signal::derive(move || save.refusal());
    let problem = move |field| save.problem_at(field);
    let limits = view! {
        <p class="field-help">
            "These limits hold for every launch and start from now on; nothing that runs is touched."
        </p>
        <div class="field-row">
            <TextField
                name=posted("sessions_per_user")
                label="Sessions per user"
                value=form.sessions_per_user.clone()
                help="Running or not."
                problem=problem("sessions_per_user")
                inputmode="numeric"
                required=true
            />
            <TextField
                name=posted("free_disk")
                label="Disk to keep free"
                value=form.free_disk.clone()
                help="Where the engine keeps containers, if that is on this machine."
                problem=problem("free_disk")
                required=true
            />
        </div>
        <div class="field-row">
            <TextField
                name=posted("cpus")
                label="Processor cores of all sessions"
                value=form.cpus.clone()
                help="The sum of what they may use. Empty for no limit."
                problem=problem("cpus")
                inputmode="decimal"
            />
            <TextField
                name=posted("memory")
                label="Memory of all sessions"
                value=form.memory.clone()
                help="The sum of what they may use. Empty for no limit."
                problem=problem("memory")
            />
        </div>
    };
    let lifetime = view! {
        <p class="field-help">
            "These rules hold at once, also for sessions that run; groups and workspaces may say otherwise in their forms. People are warned five minutes before, or half-way where a rule is shorter than ten minutes."
        </p>
        {lifetime_fields(&form.lifetime, problem, Place::Installation)}
    };
    let images = images(&form.upkeep, problem);
    let audit = view! {
        <TextField
            name=posted("audit_days")
            label="Days to keep the audit log"
            value=form.audit_days.clone()
            help="Older lines are removed. Export what has to be kept for longer."
            problem=problem("audit_days")
            inputmode="numeric"
        />
    };
    view! {
        <PageHead title="Settings" />
        <ProblemSummary problem=refusal posted_name=posted />
        <PostForm post=save>
            <div class="form">
                {section("Limits", limits.into_any())}
                {section("Life time of sessions", lifetime.into_any())}
                {section("Images", images)}
                {section("Audit log", audit.into_any())}
            </div>
            <div class="form-foot">
                {submit(save, "Save", "Saving …")}
                <span class="form-saved" role="status">
                    {move || (save.is_done() || (saved && save.version() == 0 && save.refusal().is_none())).then_some("Saved.")}
                </span>
            </div>
        </PostForm>
    }
    .into_any()
}

/// How images are kept present and current, and which ones go.
fn images(form: &UpkeepForm, problem: impl Fn(&'static str) -> Signal<Option<String>>) -> AnyView {
    let modes = PruneMode::ALL.map(|mode| (mode.as_str().to_owned(), mode.label().to_owned()));
    view! {
        <div class="field-row">
            <TextField
                name=posted("compare_every")
                label="Compare images every"
                value=form.compare_every.clone()
                help="Every so often the engine's images are compared with what enabled workspaces need; what is missing is pulled at once, if its name leads to a stored registry. Such as 30 s."
                problem=problem("compare_every")
                required=true
            />
            <TextField
                name=posted("refresh_every")
                label="Ask for newer images every"
                value=form.refresh_every.clone()
                help="A registry is asked this often whether a name means a newer image; it is pulled only if so. Spread over the time. Such as 1 h."
                problem=problem("refresh_every")
                required=true
            />
        </div>
        <div class="field-row">
            <SelectField
                name=posted("prune")
                label="Remove each day"
                value=form.prune.clone()
                options=modes.to_vec()
                help="Goes by itself once a day. What a workspace, a session or any container needs always stays."
                problem=problem("prune")
            />
            <TextField
                name=posted("unused_days")
                label="Unused for at least so many days"
                value=form.unused_days.clone()
                help="Counts for images that nothing uses: from their last pull or launch, or else from when they were made."
                problem=problem("unused_days")
                inputmode="numeric"
                required=true
            />
        </div>
    }
    .into_any()
}
