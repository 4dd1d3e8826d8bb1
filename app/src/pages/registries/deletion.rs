//! The question before a registry is deleted, asked by the address.

use crate::{
    api::registries::{Removal, weigh_registry},
    components::question::Question,
    post::Post,
    routes,
};
use leptos::prelude::*;

/// The question while it is asked.
pub fn question(delete: Post) -> AnyView {
    let question = Question::new("delete", "Delete registry", delete, routes::REGISTRIES);
    question.weighed("id", weigh_registry, |_, doomed| {
        (format!("Delete the registry “{}”?", doomed.name), consequences(&doomed))
    })
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
