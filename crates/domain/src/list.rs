//! Lists: what is asked for in the URL, and one page of the answer.

use serde::{Deserialize, Serialize};

pub const PAGE_SIZES: [u32; 4] = [25, 50, 100, 200];

/// Which rows of a list, as the address bar carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQuery {
    /// Words to find; empty finds everything.
    pub search: String,
    /// Column to order by; unknown names fall back to the list's own order.
    pub sort: String,
    pub descending: bool,
    /// Filter by state; empty means all.
    pub state: String,
    /// Second filter (category, user …); empty means all.
    pub filter: String,
    /// Filter by how it ended; empty means all.
    #[serde(default)]
    pub result: String,
    /// First and last day in UTC, as `2026-11-20`; empty is open.
    #[serde(default)]
    pub from: String,
    #[serde(default)]
    pub to: String,
    /// Counted from 1.
    pub page: u32,
    pub per_page: u32,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            search: String::new(),
            sort: String::new(),
            descending: false,
            state: String::new(),
            filter: String::new(),
            result: String::new(),
            from: String::new(),
            to: String::new(),
            page: 1,
            per_page: 50,
        }
    }
}

impl ListQuery {
    /// Reads the query of a URL; anything strange falls back to the default.
    pub fn from_pairs<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |key: &str| get(key).unwrap_or_default().trim().chars().take(200).collect();
        let number = |key: &str| get(key).and_then(|v| v.parse::<u32>().ok());
        let sort: String = text("sort");
        Self {
            search: text("q"),
            descending: get("dir") == Some("desc"),
            sort,
            state: text("state"),
            filter: text("filter"),
            result: text("result"),
            from: text("from"),
            to: text("to"),
            page: number("page").unwrap_or(1).clamp(1, 1_000_000),
            per_page: number("per").filter(|n| PAGE_SIZES.contains(n)).unwrap_or(50),
        }
    }

    /// The query part of the URL that leads here again, with `?` unless it is empty.
    pub fn to_query(&self) -> String {
        let default = Self::default();
        let mut parts = Vec::new();
        let mut text = |key: &str, value: &str| {
            if !value.is_empty() {
                parts.push(format!("{key}={}", encode(value)));
            }
        };
        text("q", &self.search);
        text("state", &self.state);
        text("filter", &self.filter);
        text("result", &self.result);
        text("from", &self.from);
        text("to", &self.to);
        text("sort", &self.sort);
        if self.descending {
            text("dir", "desc");
        }
        if self.page != default.page {
            text("page", &self.page.to_string());
        }
        if self.per_page != default.per_page {
            text("per", &self.per_page.to_string());
        }
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    /// The same list ordered by `column`; asking for the present column turns the order round.
    pub fn sorted_by(&self, column: &str) -> Self {
        Self {
            sort: column.to_owned(),
            descending: self.sort == column && !self.descending,
            page: 1,
            ..self.clone()
        }
    }

    pub fn on_page(&self, page: u32) -> Self {
        Self { page, ..self.clone() }
    }

    pub const fn offset(&self) -> i64 {
        (self.page as i64 - 1) * self.per_page as i64
    }

    /// Whether rows are left out by a search or filter.
    pub fn is_narrowed(&self) -> bool {
        let asked = [&self.search, &self.state, &self.filter, &self.result, &self.from, &self.to];
        asked.into_iter().any(|text| !text.is_empty())
    }
}

/// Percent-encodes a value for a query string: all but unreserved characters (RFC 3986 §2.3).
pub fn encode(value: &str) -> String {
    const RESERVED: percent_encoding::AsciiSet =
        percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    percent_encoding::utf8_percent_encode(value, &RESERVED).to_string()
}

/// One page of rows and how many there are in all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub total: i64,
}

impl<T> Page<T> {
    /// Number of the last page; at least 1.
    pub fn last_page(&self, per_page: u32) -> u32 {
        let per_page = i64::from(per_page.max(1));
        u32::try_from((self.total + per_page - 1) / per_page).unwrap_or(u32::MAX).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_its_url() {
        let query = ListQuery {
            search: "a b&c".into(),
            sort: "name".into(),
            descending: true,
            state: "running".into(),
            from: "2026-11-20".into(),
            page: 3,
            per_page: 100,
            ..ListQuery::default()
        };
        assert_eq!(
            query.to_query(),
            "?q=a%20b%26c&state=running&from=2026-11-20&sort=name&dir=desc&page=3&per=100"
        );
        let back = ListQuery::from_pairs(|key| match key {
            "q" => Some("a b&c"),
            "sort" => Some("name"),
            "dir" => Some("desc"),
            "state" => Some("running"),
            "from" => Some("2026-11-20"),
            "page" => Some("3"),
            "per" => Some("100"),
            _ => None,
        });
        assert_eq!(back, query);
    }

    #[test]
    fn strange_numbers_fall_back() {
        let query = ListQuery::from_pairs(|key| match key {
            "page" => Some("-1"),
            "per" => Some("7"),
            _ => None,
        });
        assert_eq!(query, ListQuery::default());
        assert_eq!(Page::<()> { rows: vec![], total: 0 }.last_page(50), 1);
        assert_eq!(Page::<()> { rows: vec![], total: 101 }.last_page(50), 3);
    }
}
