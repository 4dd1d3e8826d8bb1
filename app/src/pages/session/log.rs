//! The last lines the container wrote.

use crate::{
    api::sessions::show_session_log,
    components::{FailureBox, Glyph, Loading},
    wire,
};
use leptos::{html, prelude::*};

pub fn log(id: Memo<String>) -> AnyView {
    let asked = RwSignal::new(0u32);
    let lines = wire::read(move || (id.get(), asked.get()), |(id, _)| show_session_log(id));
    let place = NodeRef::<html::Pre>::new();
    // The newest lines are at the end, and they are what one came for.
    let to_end = move || {
        if let Some(pre) = place.get() {
            pre.set_scroll_top(pre.scroll_height());
        }
    };
    view! {
        <div class="card-head">
            <h2 id="log">"Container log"</h2>
            // Without JavaScript the link loads the page, and with it the log, anew.
            <a
                class="button button-small"
                href=""
                on:click=move |ev| {
                    ev.prevent_default();
                    asked.update(|n| *n += 1);
                }
            >
                <Glyph name="refresh" />
                "Refresh"
            </a>
        </div>
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                match lines.await {
                    Ok(lines) if lines.is_empty() => {
                        view! { <p class="muted">"The container has written nothing."</p> }
                            .into_any()
                    }
                    Ok(lines) => {
                        Effect::new(to_end);
                        view! {
                            <pre class="log" tabindex="0" aria-labelledby="log" node_ref=place>
                                {lines.join("\n")}
                            </pre>
                        }
                            .into_any()
                    }
                    Err(refusal) => view! { <FailureBox error=refusal.0 /> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}
