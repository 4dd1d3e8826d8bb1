//! What the form knows while it is filled in: what is typed, which fields were left, and what is
//! wrong with them.
//!
//! The document holds the values; they are read from it as a whole, exactly as they would be
//! posted. A field shows a problem once it was left or the form was submitted, and loses it with
//! the keystroke that mends it. What the server refused stays at a field until that is changed.

use crate::{
    api::workspaces::SaveWorkspace,
    components::field::{ProblemSummary, field_id, posted},
    post::Post,
};
use domain::{Error, workspace::WorkspaceForm};
use leptos::{
    ev::{Event, SubmitEvent},
    form::FromFormData,
    html,
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys,
};

#[derive(Clone, Copy)]
pub struct Editor {
    save: Post,
    place: NodeRef<html::Form>,
    typed: RwSignal<WorkspaceForm>,
    /// Fields that were left since the last answer of the server.
    touched: RwSignal<Vec<String>>,
    /// The form was submitted with problems; the server was not asked.
    stopped: RwSignal<Option<Error>>,
    /// Something was typed since the last save.
    changed: RwSignal<bool>,
}

/// The field whose problem a posted name decides. The three of the Basic credentials share
/// one, and so do the two of a life-time rule; what is posted as a list is one field.
fn field_of(posted: &str) -> Option<String> {
    let one = posted.strip_suffix("[]").unwrap_or(posted);
    let field = one.strip_prefix("form[")?.strip_suffix(']')?;
    Some(match field.strip_suffix("_action") {
        Some(rule) => format!("{rule}_after"),
        None if field.starts_with("basic_") => "basic_user".to_owned(),
        None => field.to_owned(),
    })
}

impl Editor {
    pub fn new(form: WorkspaceForm, save: Post) -> Self {
        Self {
            save,
            place: NodeRef::new(),
            typed: RwSignal::new(form),
            touched: RwSignal::new(Vec::new()),
            stopped: RwSignal::new(None),
            changed: RwSignal::new(false),
        }
    }

    pub const fn place(self) -> NodeRef<html::Form> {
        self.place
    }

    pub fn saving(self) -> bool {
        self.save.is_pending()
    }

    /// Whether what is typed is what was saved on this page.
    pub fn saved(self) -> bool {
        self.save.is_done() && !self.saving() && !self.changed.get()
    }

    /// What is typed now.
    pub const fn typed(self) -> RwSignal<WorkspaceForm> {
        self.typed
    }

    fn refused(self) -> Option<Error> {
        self.save.refusal()
    }

    /// What is wrong with a field, if it is time to say so.
    pub fn problem(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            let at = |error: Error| error.problem_at(field).map(str::to_owned);
            let checked = || self.typed.with(WorkspaceForm::check).err().and_then(at);
            let touched = self.touched.with(|all| all.iter().any(|name| name == field));
            if touched || self.stopped.with(Option::is_some) {
                checked()
            } else {
                self.refused().and_then(at)
            }
        })
    }

    /// The problems on top of the form, after it was submitted.
    pub fn summary(self) -> AnyView {
        let problem = Signal::derive(move || self.stopped.get().or_else(|| self.refused()));
        view! { <ProblemSummary problem posted_name=posted /> }.into_any()
    }

    fn read(self) -> Option<SaveWorkspace> {
        let form = self.place.try_get_untracked()??;
        let data = web_sys::FormData::new_with_form(&form).ok()?;
        SaveWorkspace::from_form_data(&data).ok()
    }

    /// Takes over what is typed.
    pub fn examine(self) {
        if let Some(read) = self.read() {
            self.typed.set(read.form);
            self.changed.set(true);
        }
    }

    /// A field was left.
    pub fn left(self, ev: &Event) {
        self.examine();
        let name = ev
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .and_then(|element| element.get_attribute("name"));
        if let Some(field) = name.as_deref().and_then(field_of) {
            self.touched.update(|all| {
                if !all.contains(&field) {
                    all.push(field);
                }
            });
        }
    }

    pub fn submit(self, ev: &SubmitEvent) {
        // A form that cannot be read is left to the browser, which posts it as it is.
        let Some(read) = self.read() else { return };
        self.typed.set(read.form.clone());
        match read.form.check() {
            Ok(_) => {
                // The field with the focus tells now that it was left, and not when the page has
                // already gone and nobody can hear it any more.
                let focused = document().active_element();
                if let Some(field) = focused.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok())
                {
                    _ = field.blur();
                }
                self.stopped.set(None);
                self.touched.set(Vec::new());
                self.changed.set(false);
                self.save.submit(ev);
            }
            Err(error) => {
                ev.prevent_default();
                self.stopped.set(Some(error));
            }
        }
    }

    /// Writes values into the fields, as if they were typed.
    pub fn write(self, form: &WorkspaceForm) {
        for (field, value) in preset_fields(form) {
            let id = field_id(&posted(field));
            let Some(element) = document().get_element_by_id(&id) else { continue };
            if let Some(input) = element.dyn_ref::<web_sys::HtmlInputElement>() {
                input.set_value(value);
            } else if let Some(area) = element.dyn_ref::<web_sys::HtmlTextAreaElement>() {
                area.set_value(value);
            } else if let Some(select) = element.dyn_ref::<web_sys::HtmlSelectElement>() {
                select.set_value(value);
            }
        }
        let icon = document().get_element_by_id(&icon_id(&form.icon));
        if let Some(radio) = icon.and_then(|e| e.dyn_into::<web_sys::HtmlInputElement>().ok()) {
            radio.set_checked(true);
        }
        self.examine();
    }
}

/// Element id of the choice of an icon.
pub fn icon_id(icon: &str) -> String {
    format!("form-icon-{}", icon.replace(':', "-"))
}

/// The fields a preset can fill, apart from the icon.
fn preset_fields(form: &WorkspaceForm) -> [(&'static str, &str); 22] {
    [
        ("name", &form.name),
        ("description", &form.description),
        ("categories", &form.categories),
        ("image", &form.image),
        ("port", &form.port),
        ("scheme", &form.scheme),
        ("basic_user", &form.basic_user),
        ("basic_password_variable", &form.basic_password_variable),
        ("basic_user_variable", &form.basic_user_variable),
        ("cookies", &form.cookies),
        ("entry", &form.entry),
        ("ready_path", &form.ready_path),
        ("ready_timeout", &form.ready_timeout),
        ("blocked_paths", &form.blocked_paths),
        ("withholds", &form.withholds),
        ("command", &form.command),
        ("init", &form.init),
        ("capabilities", &form.capabilities),
        ("environment", &form.environment),
        ("memory", &form.memory),
        ("shm", &form.shm),
        ("pids", &form.pids),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posted_names_lead_to_the_field_that_shows_the_problem() {
        assert_eq!(field_of(&posted("port")).as_deref(), Some("port"));
        assert_eq!(field_of(&posted("basic_password_variable")).as_deref(), Some("basic_user"));
        assert_eq!(field_of(&posted("idle_action")).as_deref(), Some("idle_after"));
        assert_eq!(field_of("form[groups][]").as_deref(), Some("groups"));
        assert_eq!(field_of("revision"), None);
    }
}
