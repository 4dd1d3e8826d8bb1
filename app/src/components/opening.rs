//! A page that shows one thing it reads: loading, the page, or why there is none.

use super::{Loading, PageFailure};
use crate::{refusal::Refusal, wire::Read};
use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

/// Shows `page` of what was read. It is made once; what changes later is the page's own to follow
/// (see [`fresh`](super::fresh)).
pub fn opening<T>(
    first: Read<Result<T, Refusal>>,
    page: impl Fn(T) -> AnyView + Copy + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                match first.await {
                    Ok(read) => page(read),
                    Err(refusal) => view! { <PageFailure error=refusal.0 /> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}
