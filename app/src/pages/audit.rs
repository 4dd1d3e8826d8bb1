//! The audit log, for administrators and auditors: who did what to what, from where, and with which
//! result. It is read when the page is opened or asked anew; nobody announces its lines.

use crate::{
    api::audit::list_audit,
    components::{
        EmptyState, FailureBox, PageHead, When,
        badge::badge,
        field::choices,
        fresh::fresh,
        opening,
        pager::Pager,
        table::{Column, SearchBar, Table, later, no_rows, use_list_query},
    },
    live, routes, wire,
};
use domain::{
    audit::{AuditLine, AuditResult, GROUPS},
    event::Change,
    list::{ListQuery, Page},
};
use leptos::prelude::*;

const COLUMNS: &[Column] = &[
    Column::plain("Time"),
    Column::plain("Who"),
    Column::plain("Action"),
    Column::plain("What"),
    Column::plain("From"),
    Column::plain("Result"),
];

#[component]
pub fn AuditPage() -> impl IntoView {
    let query = use_list_query();
    let first = wire::read(|| (), move |()| list_audit(query.get_untracked()));
    opening(first, move |page| list(page, query))
}

fn list(first: Page<AuditLine>, query: Memo<ListQuery>) -> AnyView {
    let version = live::version(|change| matches!(change, Change::Resync));
    let lines = fresh(first, query, version, list_audit);
    let page = lines.value;
    let total = Memo::new(move |_| page.with(|p| p.total));
    let empty = Memo::new(move |_| page.with(|p| p.rows.is_empty()));
    view! {
        <PageHead title="Audit log">
            {export("csv", "Export CSV", query)}
            {export("jsonl", "Export JSON lines", query)}
        </PageHead>
        {move || lines.failure.get().map(|error| view! { <FailureBox error /> })}
        <SearchBar
            path=routes::AUDIT
            query
            label="Search all of a line"
            states=GROUPS
            about="Action"
            total
            noun=("line", "lines")
        >
            {more(query)}
        </SearchBar>
        <Show when=move || !empty.get() fallback=move || nothing(query)>
            <Table caption="Audit log" columns=COLUMNS path=routes::AUDIT query busy=lines.busy>
                <For each=move || page.with(|p| p.rows.clone()) key=|line| line.id children=row />
            </Table>
        </Show>
        <Pager path=routes::AUDIT query total />
    }
    .into_any()
}

/// Takes away what is asked for, all pages of it.
fn export(format: &'static str, label: &'static str, query: Memo<ListQuery>) -> AnyView {
    let href = move || query.with(|q| routes::export_audit(q, format));
    view! {
        // The server writes the file; the router knows nothing of it.
        <a
            class="button"
            href=href
            rel="external"
            download=""
            title="What is asked for below, up to 100,000 lines."
        >
            {label}
        </a>
    }
    .into_any()
}

/// Who, with which result, and which days.
fn more(query: Memo<ListQuery>) -> AnyView {
    let ListQuery { filter, result, from, to, .. } = query.get_untracked();
    let results = AuditResult::ALL.map(|r| (r.as_str(), r.label()));
    let results = [("", "All results")].into_iter().chain(results);
    let results = results.map(|(value, name)| (value.to_owned(), name.to_owned())).collect();
    view! {
        <input
            class="input"
            name="filter"
            aria-label="Who"
            placeholder="Who"
            autocomplete="off"
            spellcheck="false"
            autocapitalize="none"
            value=filter
            prop:value=later(move || query.get().filter)
        />
        <select
            class="input"
            name="result"
            aria-label="Result"
            prop:value=later(move || query.get().result)
        >
            {choices(results, &result)}
        </select>
        <label class="search-day">
            "From "
            <input
                class="input"
                type="date"
                name="from"
                value=from
                prop:value=later(move || query.get().from)
            />
        </label>
        <label class="search-day">
            "to "
            <input
                class="input"
                type="date"
                name="to"
                value=to
                prop:value=later(move || query.get().to)
            />
        </label>
    }
    .into_any()
}

fn result(result: AuditResult) -> AnyView {
    let (glyph, look) = match result {
        AuditResult::Done => ("check", "badge"),
        AuditResult::Refused => ("alert", "badge state-failed"),
    };
    badge(glyph, look, result.label())
}

fn row(line: AuditLine) -> AnyView {
    let who = match &line.actor {
        Some(name) => {
            let only = routes::audit_of(name);
            view! { <a class="row-name" href=only>{name.clone()}</a> }.into_any()
        }
        None => view! { <span class="muted">{line.who().to_owned()}</span> }.into_any(),
    };
    view! {
        <tr>
            <td data-label="Time">
                <When at=line.at />
            </td>
            <td data-label="Who">{who}</td>
            <td data-label="Action">
                <code class="image-name">{line.action}</code>
            </td>
            <td data-label="What">
                <span class="image-name">{line.target}</span>
                {line.detail.map(|detail| view! { <span class="row-reason">{detail}</span> })}
            </td>
            <td data-label="From">{line.address}</td>
            <td data-label="Result">{result(line.result)}</td>
        </tr>
    }
    .into_any()
}

/// A line without who did it, for pages that are about somebody.
pub fn short_line(line: AuditLine) -> AnyView {
    let refused = (line.result == AuditResult::Refused).then(|| result(line.result));
    view! {
        <li class="line">
            <div class="line-text">
                <p class="line-title">
                    <code>{line.action}</code>
                    " "
                    <span class="image-name">{line.target}</span>
                </p>
                <p class="line-note">
                    <When at=line.at />
                </p>
            </div>
            {refused}
        </li>
    }
    .into_any()
}

fn nothing(query: Memo<ListQuery>) -> AnyView {
    no_rows(query, routes::AUDIT, ("line", "lines"), || {
        view! {
            <EmptyState
                title="Nothing yet"
                text="What people do and what Slipway does by itself is noted here."
            />
        }
        .into_any()
    })
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use domain::Timestamp;

    #[test]
    fn what_people_typed_is_text_and_who_is_not_signed_in_is_nobodys_link() {
        let owner = Owner::new();
        owner.set();
        let html = row(AuditLine {
            id: 1,
            at: Timestamp(0),
            actor: None,
            action: "sign_in".into(),
            target: "<b>ada</b>".into(),
            detail: None,
            address: "192.0.2.1".into(),
            result: AuditResult::Refused,
        })
        .to_html();
        assert!(html.contains("&lt;b&gt;ada"), "{html}");
        assert!(html.contains("Not signed in") && !html.contains("<a "), "{html}");
        assert!(html.contains("Refused") && html.contains("192.0.2.1"), "{html}");
    }
}
