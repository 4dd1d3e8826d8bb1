//! Form fields: label, control, help and problem as one piece, tied together for screen readers.
//!
//! Fields are uncontrolled: the value is written once into the page and belongs to the browser
//! from then on. So nothing typed is lost when a refusal comes back or when the page hydrates
//! under somebody's fingers; only the problem below the control changes.

use leptos::prelude::*;

/// The element id of the control that posts `name`; links of an error summary lead there.
pub fn field_id(name: &str) -> String {
    name.replace('[', "-").replace(']', "")
}

/// What all fields share, and how it reads aloud.
struct Frame {
    id: String,
    label: String,
    help: String,
    problem: Signal<Option<String>>,
    required: bool,
}

impl Frame {
    fn described_by(&self) -> impl Fn() -> Option<String> + Clone + Send + 'static + use<> {
        let help = (!self.help.is_empty()).then(|| format!("{}-help", self.id));
        let (id, problem) = (self.id.clone(), self.problem);
        move || {
            let problem = problem.with(Option::is_some).then(|| format!("{id}-problem"));
            match (&help, problem) {
                (Some(help), Some(problem)) => Some(format!("{problem} {help}")),
                (help, problem) => problem.or_else(|| help.clone()),
            }
        }
    }

    fn invalid(&self) -> impl Fn() -> Option<&'static str> + Clone + Send + 'static + use<> {
        let problem = self.problem;
        move || problem.with(Option::is_some).then_some("true")
    }

    /// Help and problem. The problem comes first: it is what the reader must act on.
    fn notes(&self) -> AnyView {
        let (id, problem) = (self.id.clone(), self.problem);
        let help = (!self.help.is_empty()).then(|| {
            view! { <p class="field-help" id=format!("{}-help", self.id)>{self.help.clone()}</p> }
        });
        view! {
            {move || {
                problem.get().map(|text| {
                    view! { <p class="field-problem" id=format!("{id}-problem")>{text}</p> }
                })
            }}
            {help}
        }
        .into_any()
    }

    fn around(self, control: AnyView) -> AnyView {
        let notes = self.notes();
        let mark =
            (!self.required).then(|| view! { <span class="field-optional">"optional"</span> });
        view! {
            <div class="field">
                <div class="field-head">
                    <label for=self.id>{self.label}</label>
                    {mark}
                </div>
                {control}
                {notes}
            </div>
        }
        .into_any()
    }
}

/// What is wrong with a field, of all that is wrong.
pub fn problem_at(
    problem: Signal<Option<domain::Error>>,
    field: &'static str,
) -> Signal<Option<String>> {
    Signal::derive(move || {
        problem.with(|error| error.as_ref()?.problem_at(field).map(str::to_owned))
    })
}

/// The name under which a field of a form with many is posted.
pub fn posted(field: &str) -> String {
    format!("form[{field}]")
}

/// Fields that belong together, under a heading.
pub fn section(title: &'static str, fields: AnyView) -> AnyView {
    view! {
        <fieldset class="form-section">
            <legend>{title}</legend>
            {fields}
        </fieldset>
    }
    .into_any()
}

/// A single line of text; `kind` is the input's type.
#[component]
pub fn TextField(
    /// The name it posts.
    #[prop(into)]
    name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] problem: Signal<Option<String>>,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] required: bool,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] inputmode: Option<&'static str>,
    #[prop(optional)] placeholder: Option<&'static str>,
    /// Takes the focus when the page opens.
    #[prop(optional)]
    autofocus: bool,
) -> AnyView {
    let frame = Frame { id: field_id(&name), label, help, problem, required };
    // Names, references and paths are no prose: a browser must not correct them.
    let control = view! {
        <input
            id=frame.id.clone()
            class="input"
            type=kind
            name=name
            value=value
            required=required
            autocomplete=autocomplete.unwrap_or("off")
            inputmode=inputmode
            placeholder=placeholder
            autofocus=autofocus
            spellcheck="false"
            autocapitalize="none"
            aria-invalid=frame.invalid()
            aria-describedby=frame.described_by()
        />
    }
    .into_any();
    frame.around(control)
}

/// A password. Pasting and password managers work; what was typed is never written back.
#[component]
pub fn PasswordField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] problem: Signal<Option<String>>,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    #[prop(optional)] autofocus: bool,
) -> AnyView {
    view! {
        <TextField
            name=name
            label=label
            help=help
            problem=problem
            kind="password"
            required=true
            autocomplete=autocomplete
            autofocus=autofocus
        />
    }
    .into_any()
}

/// Several lines of text.
#[component]
pub fn AreaField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] problem: Signal<Option<String>>,
    #[prop(default = 3)] rows: u32,
    /// Lines for machines: fixed width, no spell check.
    #[prop(optional)]
    code: bool,
    #[prop(optional)] placeholder: Option<&'static str>,
    #[prop(optional)] required: bool,
) -> AnyView {
    let frame = Frame { id: field_id(&name), label, help, problem, required };
    let control = view! {
        <textarea
            id=frame.id.clone()
            class=if code { "input code" } else { "input" }
            name=name
            rows=rows.to_string()
            placeholder=placeholder
            required=required
            spellcheck=if code { "false" } else { "true" }
            aria-invalid=frame.invalid()
            aria-describedby=frame.described_by()
            inner_html=area_text(&value)
        ></textarea>
    }
    .into_any();
    frame.around(control)
}

/// The content of a textarea as markup.
///
/// Not a child: a text node may be missing from a document the server sent (an empty one, or one
/// that is only a line break, is dropped by the parser) and hydration would not find it. For the
/// same reason the server gives the one line break that the parser eats after the tag.
fn area_text(value: &str) -> String {
    let eaten = if cfg!(feature = "ssr") { "\n" } else { "" };
    format!("{eaten}{}", value.replace('&', "&amp;").replace('<', "&lt;"))
}

/// A choice of a few; each is a value and what it is called.
#[component]
pub fn SelectField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    options: Vec<(String, String)>,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] problem: Signal<Option<String>>,
) -> AnyView {
    let frame = Frame { id: field_id(&name), label, help, problem, required: true };
    let control = view! {
        <select
            id=frame.id.clone()
            class="input"
            name=name
            aria-invalid=frame.invalid()
            aria-describedby=frame.described_by()
        >
            {choices(options, &value)}
        </select>
    }
    .into_any();
    frame.around(control)
}

/// The options of a select, the chosen one marked.
pub fn choices(options: Vec<(String, String)>, chosen: &str) -> Vec<AnyView> {
    options
        .into_iter()
        .map(|(value, label)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{label}</option> }.into_any()
        })
        .collect()
}

/// A tick; posts `on` when set and nothing otherwise, as browsers do.
#[component]
pub fn TickField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional)] ticked: bool,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] problem: Signal<Option<String>>,
) -> AnyView {
    let frame = Frame { id: field_id(&name), label: String::new(), help, problem, required: true };
    let notes = frame.notes();
    view! {
        <div class="field field-tick">
            <label class="tick">
                <input
                    id=frame.id.clone()
                    type="checkbox"
                    name=name
                    value="on"
                    checked=ticked
                    aria-invalid=frame.invalid()
                    aria-describedby=frame.described_by()
                />
                <span>{label}</span>
            </label>
            {notes}
        </div>
    }
    .into_any()
}

/// All problems of a form on top of it, each a link to its field; what belongs to no field is
/// said as it is. Takes the focus when it appears, so that nobody has to look for it.
#[component]
pub fn ProblemSummary(
    problem: Signal<Option<domain::Error>>,
    /// Name the form posts for a field of the error.
    posted_name: fn(&str) -> String,
) -> AnyView {
    let place = NodeRef::<leptos::html::Div>::new();
    Effect::new(move || {
        if problem.with(Option::is_some)
            && let Some(summary) = place.get()
        {
            let _ = summary.focus();
        }
    });
    let list = move || {
        problem.get().map(|error| {
            let links: Vec<AnyView> = error
                .fields
                .iter()
                .map(|p| {
                    let to = format!("#{}", field_id(&posted_name(&p.field)));
                    // The router would take a link to the same page for a navigation.
                    view! { <li><a href=to rel="external">{p.message.clone()}</a></li> }.into_any()
                })
                .collect();
            let heading = if links.is_empty() {
                error.message.clone()
            } else {
                "Something here is not right yet.".to_owned()
            };
            view! {
                <div class="notice notice-danger problem-summary" role="alert" tabindex="-1" node_ref=place>
                    <p class="notice-title">{heading}</p>
                    {(!links.is_empty()).then(|| view! { <ul>{links}</ul> })}
                    {error.hint.map(|hint| view! { <p>{hint}</p> })}
                </div>
            }
        })
    };
    view! { {list} }.into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn html(view: impl Fn() -> AnyView) -> String {
        let owner = Owner::new();
        owner.set();
        view().to_html()
    }

    #[test]
    fn a_field_keeps_its_value_and_names_its_problem_for_screen_readers() {
        let html = html(|| {
            view! {
                <TextField
                    name="form[port]"
                    label="Port"
                    value="0"
                    help="Inside the container."
                    problem=Some("A port is between 1 and 65535.".to_owned())
                />
            }
            .into_any()
        });
        assert!(html.contains("<label for=\"form-port\">Port"), "{html}");
        assert!(html.contains("value=\"0\""), "{html}");
        assert!(html.contains("aria-invalid=\"true\""), "{html}");
        assert!(html.contains("aria-describedby=\"form-port-problem form-port-help\""), "{html}");
        assert!(html.contains("id=\"form-port-problem\""), "{html}");
    }

    #[test]
    fn a_good_field_is_not_called_invalid() {
        let html = html(|| view! { <TextField name="a" label="A" /> }.into_any());
        assert!(!html.contains("aria-invalid") && !html.contains("aria-describedby"), "{html}");
    }

    #[test]
    fn text_with_markup_is_escaped() {
        let html =
            html(|| view! { <AreaField name="n" label="N" value="</textarea><b>" /> }.into_any());
        assert!(!html.contains("<b>"), "{html}");
    }
}
