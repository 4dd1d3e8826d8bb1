//! The document around the app: head, style sheet, the script that makes the page live, and the
//! bar that stands ready for the case that it breaks.
//!
//! Nothing here is hydrated, so it may differ from request to request (theme, nonce).

use crate::App;
use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;

/// A complete page.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let pkg = format!("/{}", options.site_pkg_dir);
    let name = options.output_name.to_string();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=format!("{pkg}/{name}.css")/>
                <LiveScripts pkg name/>
                <MetaTags/>
            </head>
            <body>
                <App/>
                <div class="fault" id="fault" role="alert" hidden>
                    <p>
                        "This page has stopped working because of a fault in Slipway. "
                        <a href="" rel="external">"Reload the page"</a>
                    </p>
                </div>
            </body>
        </html>
    }
}

/// The theme chosen for this request, known before the first byte.
fn theme() -> &'static str {
    #[cfg(feature = "ssr")]
    let theme = use_context::<crate::request::Request>().map(|r| r.theme).unwrap_or_default();
    #[cfg(not(feature = "ssr"))]
    let theme = domain::user::Theme::default();
    theme.as_str()
}

/// Loads the client and starts it.
///
/// Not Leptos' own `HydrationScripts`, because 0.8.23 writes the nonce into `crossorigin` of the
/// preload links, after which Firefox may fetch the client twice or not at all (leptos#4843).
#[component]
fn LiveScripts(pkg: String, name: String) -> impl IntoView {
    let script = format!("{pkg}/{name}.js");
    let wasm = format!("{pkg}/{name}_bg.wasm");
    // `{:?}` quotes as JavaScript does; both paths are our own plain ASCII. A browser drops requests
    // when the machine's network changes, and starting a container on the same machine changes it:
    // so a client that did not arrive, or the page's chunk of it, is asked for again, a few times,
    // by loading the page anew.
    let start = format!(
        "const again = e => {{\
         const n = Number(sessionStorage.getItem('reloads'));\
         if (n > 2) throw e;\
         sessionStorage.setItem('reloads', n + 1);\
         setTimeout(() => location.reload(), 1000 * (n + 1)); }};\
         addEventListener('chunkmissing', again);\
         import({script:?})\
         .then(m => m.default({{ module_or_path: {wasm:?} }}).then(() => m.hydrate()))\
         .then(() => sessionStorage.removeItem('reloads'), again);"
    );
    view! {
        <link rel="modulepreload" href=script crossorigin="anonymous"/>
        <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
        <script type="module" nonce=use_nonce()>{start}</script>
    }
}
