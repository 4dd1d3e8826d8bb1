//! Moving through the pages of a list, by links: each page has an address of its own.

use domain::list::ListQuery;
use leptos::prelude::*;

/// Page numbers worth a link: both ends and the surroundings of the present one; 0 is a gap.
fn numbers(page: u32, last: u32) -> Vec<u32> {
    let mut all = Vec::new();
    let mut before = 0;
    for n in (1..=last).filter(|n| *n == 1 || *n == last || n.abs_diff(page) <= 2) {
        if n > before + 1 {
            all.push(0);
        }
        all.push(n);
        before = n;
    }
    all
}

/// `51–100 of 812`, and `0 of 0` for an empty list.
fn range(query: &ListQuery, total: i64) -> String {
    let first = (query.offset() + 1).min(total);
    let last = (query.offset() + i64::from(query.per_page)).min(total);
    format!("{first}–{last} of {total}")
}

/// A step back or on; without a link where there is no such page.
fn step(to: Option<String>, rel: &'static str, label: &'static str) -> AnyView {
    match to {
        Some(href) => view! { <a class="pager-link" href=href rel=rel>{label}</a> }.into_any(),
        None => view! { <span class="pager-link" aria-disabled="true">{label}</span> }.into_any(),
    }
}

#[component]
pub fn Pager(
    /// The page the list is on.
    #[prop(into)]
    path: String,
    #[prop(into)] query: Signal<ListQuery>,
    #[prop(into)] total: Signal<i64>,
) -> AnyView {
    let links = move || {
        let (query, total) = (query.get(), total.get());
        let last = domain::list::Page::<()> { rows: Vec::new(), total }.last_page(query.per_page);
        let page = query.page.min(last);
        let href = |n: u32| format!("{path}{}", query.on_page(n).to_query());
        let pages: Vec<AnyView> = numbers(page, last)
            .into_iter()
            .map(|n| match n {
                0 => view! { <li aria-hidden="true">"…"</li> }.into_any(),
                n => {
                    let current = (n == page).then_some("page");
                    let label = format!("Page {n}");
                    view! {
                        <li>
                            <a class="pager-link" href=href(n) aria-current=current aria-label=label>
                                {n.to_string()}
                            </a>
                        </li>
                    }
                    .into_any()
                }
            })
            .collect();
        let several = (last > 1).then(|| {
            view! {
                {step((page > 1).then(|| href(page - 1)), "prev", "Previous")}
                <ol class="pager-pages">{pages}</ol>
                {step((page < last).then(|| href(page + 1)), "next", "Next")}
            }
        });
        view! {
            <span class="pager-range">{range(&query.on_page(page), total)}</span>
            {several}
        }
    };
    view! { <nav class="pager" aria-label="Pages">{links}</nav> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_show_both_ends_and_the_surroundings() {
        assert_eq!(numbers(1, 1), [1]);
        assert_eq!(numbers(1, 4), [1, 2, 3, 4]);
        assert_eq!(numbers(10, 20), [1, 0, 8, 9, 10, 11, 12, 0, 20]);
        assert_eq!(numbers(20, 20), [1, 0, 18, 19, 20]);
    }

    #[test]
    fn the_range_never_exceeds_the_list() {
        let query = ListQuery { page: 2, ..ListQuery::default() };
        assert_eq!(range(&query, 812), "51–100 of 812");
        assert_eq!(range(&query, 60), "51–60 of 60");
        assert_eq!(range(&ListQuery::default(), 0), "0–0 of 0");
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn links_keep_search_and_order() {
        let owner = Owner::new();
        owner.set();
        let query = ListQuery { search: "a".into(), page: 2, ..ListQuery::default() };
        let html = view! { <Pager path="/sessions" query=query total=120i64 /> }.to_html();
        assert!(html.contains("href=\"/sessions?q=a&amp;page=3\""), "{html}");
        assert!(html.contains("href=\"/sessions?q=a\""), "{html}");
        assert!(html.contains("aria-current=\"page\""), "{html}");
    }
}
