//! An own picture for a saved workspace, stored at once.

use crate::components::upload::Upload;
use domain::icon::LARGEST_UPLOAD;
use leptos::prelude::*;

pub fn upload(id: &str) -> AnyView {
    let upload = Upload {
        action: format!("/workspaces/{id}/icon"),
        field: "icon",
        id: "icon-file",
        label: "Picture",
        accept: "image/png,image/jpeg,image/webp,image/gif",
        help: format!(
            "PNG, JPEG, WebP or GIF, at most {} KiB. It is used at once; save other changes first.",
            LARGEST_UPLOAD / 1024
        ),
        problem: "icon_problem",
        verb: "Upload",
    };
    view! {
        <section class="card" aria-labelledby="picture">
            <h2 id="picture">"Own picture"</h2>
            {upload.show()}
        </section>
    }
    .into_any()
}
