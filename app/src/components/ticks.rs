//! Several of many: a tick for each, posted as a list. What is not ticked is not posted, so that
//! nothing ticked is an empty list.

use super::field::field_id;
use leptos::prelude::*;

/// Ticks for `all`, each a value and what it is called; those of `ticked` are set. They stand under
/// a label of their own, which is where links of an error summary lead.
pub fn ticks(
    name: &str,
    label: &'static str,
    help: &'static str,
    all: &[(String, String)],
    ticked: &[String],
    problem: Signal<Option<String>>,
) -> AnyView {
    let id = field_id(name);
    let (help_id, problem_id) = (format!("{id}-help"), format!("{id}-problem"));
    let described_by = {
        let (help_id, problem_id) = (help_id.clone(), problem_id.clone());
        move || match problem.with(Option::is_some) {
            true => format!("{problem_id} {help_id}"),
            false => help_id.clone(),
        }
    };
    let boxes: Vec<AnyView> = all
        .iter()
        .map(|(value, label)| {
            let checked = ticked.contains(value);
            view! {
                <label class="tick">
                    <input
                        type="checkbox"
                        name=format!("{name}[]")
                        value=value.clone()
                        checked=checked
                    />
                    <span>{label.clone()}</span>
                </label>
            }
            .into_any()
        })
        .collect();
    view! {
        <fieldset id=id class="field ticks" aria-describedby=described_by>
            <legend>{label}</legend>
            {move || {
                problem
                    .get()
                    .map(|text| view! { <p id=problem_id.clone() class="field-problem">{text}</p> })
            }}
            <p id=help_id class="field-help">{help}</p>
            <div class="ticks-all">{boxes}</div>
        </fieldset>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn html(ticked: &[String], problem: Option<&str>) -> String {
        let owner = Owner::new();
        owner.set();
        let all =
            [("a1".to_owned(), "Team <A>".to_owned()), ("b2".to_owned(), "Team B".to_owned())];
        let problem = Signal::stored(problem.map(str::to_owned));
        ticks("form[groups]", "Groups", "Who may.", &all, ticked, problem).to_html()
    }

    #[test]
    fn each_is_posted_into_a_list_and_those_that_are_set_are_ticked() {
        let html = html(&["b2".to_owned()], None);
        assert_eq!(html.matches("name=\"form[groups][]\"").count(), 2, "{html}");
        assert_eq!(html.matches(" checked").count(), 1, "{html}");
        let (first, second) = html.split_once("value=\"b2\"").unwrap();
        assert!(!first.contains(" checked") && second.contains(" checked"), "{html}");
        assert!(html.contains("Team &lt;A&gt;"), "{html}");
    }

    #[test]
    fn a_problem_is_read_aloud_with_them() {
        assert!(html(&[], None).contains("aria-describedby=\"form-groups-help\""));
        let html = html(&[], Some("There is no such group."));
        assert!(
            html.contains("aria-describedby=\"form-groups-problem form-groups-help\""),
            "{html}"
        );
        assert!(html.contains("id=\"form-groups-problem\""), "{html}");
    }
}
