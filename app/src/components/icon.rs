//! Pictures: workspace icons and the console's own glyphs, both from one sprite.
//!
//! Glyphs are decoration beside words and hidden from assistive technology; a button that shows
//! only a glyph carries its name itself.

use crate::routes;
use domain::icon::Icon as Picture;
use leptos::prelude::*;

const SPRITE: &str = "/icons.svg";

/// The picture of a workspace, built in or uploaded.
#[component]
pub fn Icon(icon: Picture) -> impl IntoView {
    match icon {
        Picture::BuiltIn(name) => view! {
            <svg class="icon" aria-hidden="true" focusable="false">
                <use_ href=format!("{SPRITE}#{name}")/>
            </svg>
        }
        .into_any(),
        Picture::Uploaded(id) => {
            view! { <img class="icon" src=routes::icon(&id) alt="" loading="lazy"/> }.into_any()
        }
    }
}

/// A small sign of the user interface, named without the sprite's `ui-` prefix.
#[component]
pub fn Glyph(name: &'static str) -> impl IntoView {
    view! {
        <svg class="glyph" aria-hidden="true" focusable="false">
            <use_ href=format!("{SPRITE}#ui-{name}")/>
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use domain::icon::BUILT_IN;

    const SPRITE: &str = include_str!("../../../public/icons.svg");

    #[test]
    fn the_sprite_has_every_built_in_icon() {
        for name in BUILT_IN {
            assert!(SPRITE.contains(&format!("<symbol id=\"{name}\"")), "{name} is missing");
        }
    }
}
