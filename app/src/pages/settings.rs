//! What administrators decide for the whole installation: limits, life-time rules, and for how long
//! the audit log is kept.

use crate::{
    api::settings::{SaveSettings, show_settings},
    components::{
        PageHead,
        field::{ProblemSummary, TextField, posted, section},
        lifetime_fields::{Place, lifetime_fields},
        opening,
    },
    post::{Post, PostForm},
    refusal::Refusal,
    wire,
};
use domain::policy::PolicyForm;
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
            "These rules hold at once, also for sessions that run; a workspace may say otherwise in its form. People are warned five minutes before, or half-way where a rule is shorter than ten minutes."
        </p>
        {lifetime_fields(&form.lifetime, problem, Place::Installation)}
    };
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
                {section("Audit log", audit.into_any())}
            </div>
            <div class="form-foot">
                <button type="submit" class="button button-primary" disabled=move || save.is_pending()>
                    {move || if save.is_pending() { "Saving …" } else { "Save" }}
                </button>
                <span class="form-saved" role="status">
                    {move || (save.is_done() || (saved && save.version() == 0 && save.refusal().is_none())).then_some("Saved.")}
                </span>
            </div>
        </PostForm>
    }
    .into_any()
}
