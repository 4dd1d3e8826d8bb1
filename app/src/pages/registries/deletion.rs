//! The question before a registry is deleted, asked by the address.

use crate::{
    api::registries::{Removal, weigh_registry},
    components::confirm::{Confirm, asked_for, weighed},
    post::Post,
    routes,
};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::hooks::use_navigate;

#[derive(Clone, Copy)]
pub struct Deletion {
    delete: Post,
    /// The registry whose deletion is asked about.
    asked: Memo<Option<String>>,
}

impl Deletion {
    pub fn new(delete: Post) -> Self {
        Self { delete, asked: asked_for("delete") }
    }

    pub fn question(self) -> AnyView {
        let navigate = use_navigate();
        let leave = Callback::new(move |()| {
            let options = leptos_router::NavigateOptions { replace: true, ..Default::default() };
            navigate(routes::REGISTRIES, options);
        });
        let question = move |id: String, doomed: Removal| {
            let yes = move |ev: SubmitEvent| {
                self.delete.submit(&ev);
                leave.run(());
            };
            view! {
                <Confirm
                    title=format!("Delete the registry “{}”?", doomed.name)
                    verb="Delete registry"
                    action=self.delete.url()
                    fields=vec![("id", id)]
                    cancel_href=routes::REGISTRIES
                    on_confirm=yes
                    on_cancel=move |()| leave.run(())
                >
                    {consequences(&doomed)}
                </Confirm>
            }
            .into_any()
        };
        weighed(move || self.asked.get(), weigh_registry, question)
    }
}

fn consequences(doomed: &Removal) -> AnyView {
    let jobs = match doomed.jobs {
        0 => None,
        1 => Some("1 job under way is to push or pull there; it will fail and say so.".to_owned()),
        n => Some(format!(
            "{n} jobs under way are to push or pull there; they will fail and say so."
        )),
    };
    let workspaces = match doomed.workspaces {
        0 => None,
        1 => Some("1 workspace names it for its image, which will be pulled by the image's name from then on.".to_owned()),
        n => Some(format!("{n} workspaces name it for their images, which will be pulled by the images' names from then on.")),
    };
    let forms = match doomed.forms {
        0 => None,
        1 => Some("1 image that somebody is about to make is to go there; another registry must be chosen for it.".to_owned()),
        n => Some(format!("{n} images that people are about to make are to go there; another registry must be chosen for them.")),
    };
    let all = [workspaces, jobs, forms].into_iter().flatten();
    let all: Vec<AnyView> = all.map(|text| view! { <p>{text}</p> }.into_any()).collect();
    view! {
        <p>"Its address and its credentials are removed here. The registry itself, and the images in it, stay."</p>
        {all}
    }
    .into_any()
}
