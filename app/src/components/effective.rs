//! What holds for somebody, setting by setting, and who says so.

use super::table::{Column, Table};
use domain::{
    group::{Effective, Source},
    list::ListQuery,
};
use leptos::prelude::*;

const COLUMNS: &[Column] =
    &[Column::plain("Setting"), Column::plain("What holds"), Column::plain("Where from")];

pub fn effective_table(all: Vec<Effective>) -> AnyView {
    let rows: Vec<AnyView> = all.into_iter().map(row).collect();
    view! {
        <Table
            caption="What holds"
            columns=COLUMNS
            path=""
            query=Signal::stored(ListQuery::default())
        >
            {rows}
        </Table>
    }
    .into_any()
}

fn row(Effective { setting, value, from }: Effective) -> AnyView {
    let from = match from {
        Source::Group(name) => format!("from the group “{name}”"),
        Source::Role => "by the role".to_owned(),
        Source::Installation => "for everybody".to_owned(),
    };
    view! {
        <tr>
            <th scope="row" data-label="Setting">{setting}</th>
            <td data-label="What holds">{value}</td>
            <td data-label="Where from">{from}</td>
        </tr>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn each_value_says_where_it_comes_from() {
        let owner = Owner::new();
        owner.set();
        let one =
            |setting: &str, from| Effective { setting: setting.into(), value: "1".into(), from };
        let all = vec![
            one("Sessions at a time", Source::Group("Team".into())),
            one("Cores in all", Source::Installation),
            one("Stop own sessions", Source::Role),
        ];
        let html = effective_table(all).to_html();
        for part in ["from the group “Team”", "for everybody", "by the role"] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
    }
}
