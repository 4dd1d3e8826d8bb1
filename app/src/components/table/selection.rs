//! Which rows of a page are selected.
//!
//! Kept by id, so that it survives a refresh of the rows; what has left the page is left out, so
//! that nothing is ever done to a row nobody sees. Without JavaScript the same checkboxes post
//! with the form they name.

use leptos::{html, prelude::*};

#[derive(Clone, Copy)]
pub struct Selection {
    ids: RwSignal<Vec<String>>,
    /// The ids on the page, in order.
    page: Signal<Vec<String>>,
    /// Id of the form the checkboxes belong to.
    form: &'static str,
}

impl Selection {
    pub fn new(page: impl Into<Signal<Vec<String>>>, form: &'static str) -> Self {
        Self { ids: RwSignal::new(Vec::new()), page: page.into(), form }
    }

    /// The selected ids that are on the page.
    pub fn ids(self) -> Vec<String> {
        self.ids.with(|ids| self.page.get().into_iter().filter(|id| ids.contains(id)).collect())
    }

    pub fn count(self) -> usize {
        self.ids().len()
    }

    pub fn contains(self, id: &str) -> bool {
        self.ids.with(|ids| ids.iter().any(|selected| selected == id))
    }

    pub fn set(self, id: &str, on: bool) {
        self.ids.update(|ids| {
            ids.retain(|selected| selected != id);
            if on {
                ids.push(id.to_owned());
            }
        });
    }

    pub fn set_page(self, on: bool) {
        self.ids.set(if on { self.page.get_untracked() } else { Vec::new() });
    }

    pub fn clear(self) {
        self.ids.set(Vec::new());
    }
}

/// The checkbox in the head: selects the page. Hidden without JavaScript, where it does nothing.
#[component]
pub fn SelectAll(selection: Selection) -> AnyView {
    let place = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if let Some(input) = place.get() {
            let (some, all) = (selection.count(), selection.page.with(Vec::len));
            input.set_checked(all > 0 && some == all);
            input.set_indeterminate(some > 0 && some < all);
            input.set_hidden(false);
        }
    });
    view! {
        <input
            type="checkbox"
            aria-label="Select all rows of this page"
            hidden=true
            node_ref=place
            on:change=move |ev| selection.set_page(event_target_checked(&ev))
        />
    }
    .into_any()
}

/// The checkbox of one row.
#[component]
pub fn SelectRow(
    selection: Selection,
    id: String,
    /// What the row shows, for the checkbox's name.
    #[prop(into)]
    label: String,
) -> AnyView {
    let shown = id.clone();
    let changed = id.clone();
    view! {
        <td class="select">
            <input
                type="checkbox"
                form=selection.form
                name="ids[]"
                value=id
                aria-label=label
                prop:checked=move || selection.contains(&shown)
                on:change=move |ev| selection.set(&changed, event_target_checked(&ev))
            />
        </td>
    }
    .into_any()
}
