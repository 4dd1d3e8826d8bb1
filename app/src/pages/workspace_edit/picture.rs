//! An own picture for a saved workspace. A form of its own, because a file cannot travel with the
//! other fields and is stored at once.

use domain::icon::LARGEST_UPLOAD;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

pub fn upload(id: &str) -> AnyView {
    let help = format!(
        "PNG, JPEG, WebP or GIF, at most {} KiB. It is used at once; save other changes first.",
        LARGEST_UPLOAD / 1024
    );
    // A refused picture comes back as a word in the address: the form posts past the pages.
    let problem = use_query_map().with_untracked(|map| map.get("icon_problem"));
    let described =
        if problem.is_some() { "icon-file-problem icon-file-help" } else { "icon-file-help" };
    view! {
        <section class="card" aria-labelledby="picture">
            <h2 id="picture">"Own picture"</h2>
            <form
                class="upload"
                method="post"
                action=format!("/workspaces/{id}/icon")
                enctype="multipart/form-data"
            >
                <div class="field">
                    <label for="icon-file">"Picture"</label>
                    <input
                        id="icon-file"
                        class="input"
                        type="file"
                        name="icon"
                        accept="image/png,image/jpeg,image/webp,image/gif"
                        required
                        aria-invalid=problem.is_some().then_some("true")
                        aria-describedby=described
                    />
                    {problem
                        .map(|text| {
                            view! {
                                <p id="icon-file-problem" class="field-problem">
                                    {text}
                                </p>
                            }
                        })}
                    <p id="icon-file-help" class="field-help">
                        {help}
                    </p>
                </div>
                <button type="submit" class="button">
                    "Upload"
                </button>
            </form>
        </section>
    }
    .into_any()
}
