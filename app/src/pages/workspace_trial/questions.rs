//! The questions before a trial is promoted or ended, asked by the address.

use crate::{components::question::Question, post::Post, routes};
use domain::trial::{Trial, Verdict, WorkspaceTrial};
use leptos::prelude::*;

/// What the address asks with.
pub const PROMOTE: &str = "promote";
pub const END: &str = "end";

pub fn promote(of: RwSignal<WorkspaceTrial>, post: Post) -> AnyView {
    asked(of, PROMOTE, "Promote", post, |of, trial| {
        let against: Vec<Verdict> =
            trial.verdicts.iter().filter(|one| !one.works).cloned().collect();
        let title = format!("Make {} the image of “{}”?", trial.image, of.name);
        let warned = (!against.is_empty()).then(|| {
            let testers: Vec<String> = against.into_iter().map(|one| one.tester).collect();
            view! {
                <p class="notice notice-warning">
                    {format!("{} said that it does not work.", testers.join(", "))}
                </p>
            }
        });
        let unheard = trial
            .verdicts
            .is_empty()
            .then(|| view! { <p>"No tester has said anything of it yet."</p> });
        let words = view! {
            {warned}
            {unheard}
            <p>
                {format!(
                    "Everybody's next session has it, in place of {}. Sessions that exist keep their image, and say that a newer one is waiting.",
                    of.image,
                )}
            </p>
            <p>
                "The trial's tile goes. Its sessions go on as sessions of the workspace. You can roll back to the image before."
            </p>
        };
        (title, words.into_any())
    })
}

pub fn end(of: RwSignal<WorkspaceTrial>, post: Post) -> AnyView {
    asked(of, END, "End trial", post, |of, trial| {
        let title = format!("End the trial of “{}”?", of.name);
        let sessions = match trial.sessions {
            0 => "No session of it exists.".to_owned(),
            1 => "One session of it exists, and stays until it is deleted.".to_owned(),
            n => format!("{n} sessions of it exist, and stay until they are deleted."),
        };
        let said = match trial.verdicts.len() {
            0 => None,
            n => Some(view! { <p>{format!("What testers said goes with it ({n}).")}</p> }),
        };
        let words = view! {
            <p>"Its tile goes, and everybody launches the present image as before."</p>
            <p>{sessions}</p>
            {said}
        };
        (title, words.into_any())
    })
}

fn asked(
    of: RwSignal<WorkspaceTrial>,
    deed: &'static str,
    verb: &'static str,
    post: Post,
    words: fn(&WorkspaceTrial, &Trial) -> (String, AnyView),
) -> AnyView {
    let id = of.with_untracked(|of| of.workspace.clone());
    let question = Question::new(deed, verb, post, routes::workspace_trial(&id));
    let asked = question.asked();
    // Nothing about a trial that has ended meanwhile.
    let shown = move || {
        asked.with(Option::is_some).then_some(())?;
        of.with(|of| {
            let (title, consequences) = words(of, of.trial.as_ref()?);
            Some(question.shown(title, vec![("id", of.workspace.to_string())], consequences))
        })
    };
    view! { {shown} }.into_any()
}
