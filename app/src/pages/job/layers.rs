//! The layers of an image on its way to or from a registry, a line each.

use super::bar;
use domain::{
    job::{JobKind, LayerProgress},
    quantity,
};
use leptos::prelude::*;

/// The layers and how many there are besides; nothing where there are none.
pub(super) fn list(layers: Vec<LayerProgress>, more: u32, kind: JobKind) -> Option<AnyView> {
    if layers.is_empty() {
        return None;
    }
    let lines = layers.into_iter().map(|layer| line(layer, kind)).collect::<Vec<_>>();
    let rest = (more > 0).then(|| {
        let words = format!("and {more} more");
        view! { <li class="muted">{words}</li> }
    });
    Some(
        view! {
            <ul class="layers" aria-label="Layers" tabindex="0">
                {lines}
                {rest}
            </ul>
        }
        .into_any(),
    )
}

fn line(layer: LayerProgress, kind: JobKind) -> AnyView {
    let LayerProgress { id, state, bytes } = layer;
    let drawn = bytes.map(|(done, total)| {
        let words = format!("{} of {}", quantity::bytes(done), quantity::bytes(total));
        view! {
            {bar(format!("Layer {id}"), done, total)}
            <span class="layer-bytes">{words}</span>
        }
    });
    view! {
        <li class="layer">
            <code>{id}</code>
            <span>{state.label(kind)}</span>
            {drawn}
        </li>
    }
    .into_any()
}
