//! A file of one's own choosing. A form of its own, because a file cannot travel with other fields,
//! and it posts past the pages: what is wrong with it comes back as a word in the address.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// What is asked for, and where it goes.
pub struct Upload {
    pub action: String,
    /// The name it posts.
    pub field: &'static str,
    /// Element id of the control.
    pub id: &'static str,
    pub label: &'static str,
    /// What browsers offer, as `accept` has it.
    pub accept: &'static str,
    pub help: String,
    /// The parameter of the address that says what is wrong.
    pub problem: &'static str,
    pub verb: &'static str,
}

impl Upload {
    pub fn show(self) -> AnyView {
        let Self { action, field, id, label, accept, help, problem, verb } = self;
        let problem = use_query_map().with_untracked(|map| map.get(problem));
        let (help_id, problem_id) = (format!("{id}-help"), format!("{id}-problem"));
        let described = match &problem {
            Some(_) => format!("{problem_id} {help_id}"),
            None => help_id.clone(),
        };
        let invalid = problem.is_some().then_some("true");
        let problem =
            problem.map(|text| view! { <p id=problem_id class="field-problem">{text}</p> });
        view! {
            <form class="upload" method="post" action=action enctype="multipart/form-data">
                <div class="field">
                    <label for=id>{label}</label>
                    <input
                        id=id
                        class="input"
                        type="file"
                        name=field
                        accept=accept
                        required
                        aria-invalid=invalid
                        aria-describedby=described
                    />
                    {problem}
                    <p id=help_id class="field-help">
                        {help}
                    </p>
                </div>
                <button type="submit" class="button">
                    {verb}
                </button>
            </form>
        }
        .into_any()
    }
}
