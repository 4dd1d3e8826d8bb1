//! Pages whose code is no part of the first download.
//!
//! Most readers only ever see the launcher and their sessions. So the client is cut into a main
//! part and chunks, and a page in a chunk is loaded when it is opened. The server renders it as any
//! other and names the files in the document's head ([`Chunks`]), so that they arrive together
//! with the main part; the browser waits for them before it hydrates.

#[cfg(feature = "ssr")]
pub use server::{Chunks, hint};

/// A page for the table of routes, with the chunk that holds its code: `lazy!(chunk, Page)`.
///
/// Pages that are opened one after the other share a chunk. Few chunks are better than many: what
/// two of them need is a file of its own for every combination of them.
macro_rules! lazy {
    ($chunk:ident, $page:ident) => {{
        use leptos::wasm_split::{SplitLoaderError, wasm_split};
        use leptos_router::{Lazy, LazyRoute};

        struct Route;

        impl LazyRoute for Route {
            fn data() -> Self {
                Self
            }

            async fn preload() {
                #[cfg(feature = "hydrate")]
                if fetch().await.is_err() {
                    $crate::hydrate::start_over().await;
                }
            }

            async fn view(_: Self) -> AnyView {
                #[cfg(feature = "ssr")]
                $crate::lazy::hint(stringify!($chunk));
                // It was loaded before; there is nothing to wait for, and nothing to go wrong.
                page().await.unwrap_or_else(|_| ().into_any())
            }
        }

        // Functions marked like this begin a chunk; the name of the chunk makes them share one.
        #[wasm_split($chunk, wasm_split_path = ::leptos::wasm_split, preload(fetch), fallible)]
        fn page() -> Result<AnyView, SplitLoaderError> {
            Ok(view! { <$page/> }.into_any())
        }

        Lazy::<Route>::new()
    }};
}

pub(crate) use lazy;

#[cfg(feature = "ssr")]
mod server {
    use leptos::prelude::*;
    use leptos_meta::{Link, LinkProps};
    use std::{collections::HashMap, sync::Arc};

    /// Where the files of each chunk are, for the server to provide as a context.
    #[derive(Debug, Clone, Default)]
    pub struct Chunks(Arc<HashMap<String, Vec<String>>>);

    impl Chunks {
        /// Addresses of WASM files by the name of the chunk.
        pub fn new(files: HashMap<String, Vec<String>>) -> Self {
            Self(Arc::new(files))
        }
    }

    /// Names a chunk's files in the head of the document that is being rendered.
    pub fn hint(chunk: &str) {
        let Some(Chunks(files)) = use_context() else { return };
        for file in files.get(chunk).into_iter().flatten() {
            // Rendering it puts it into the head. It stands for nothing that is hydrated.
            _ = Link(
                LinkProps::builder()
                    .rel("preload")
                    .href(file.clone())
                    .as_("fetch")
                    .type_("application/wasm")
                    .crossorigin("anonymous")
                    .build(),
            )
            .into_view()
            .to_html();
        }
    }
}
