//! Stories of lists: what a filter finds, what words find, in which order, and page by page.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod shelf;

use domain::{
    SessionId, Timestamp,
    list::ListQuery,
    session::{Desired, Session, State, Status},
};
use proptest::prelude::*;
use shelf::{NOW, Shelf, id, session, workspace};

async fn found(shelf: &Shelf, query: &ListQuery) -> Vec<Session> {
    let page = shelf.store.sessions(query).await.unwrap();
    assert!(page.total >= i64::try_from(page.rows.len()).unwrap());
    page.rows
}

fn state(state: &str) -> ListQuery {
    ListQuery { state: state.to_owned(), per_page: 200, ..ListQuery::default() }
}

fn words(search: &str) -> ListQuery {
    ListQuery { search: search.to_owned(), per_page: 200, ..ListQuery::default() }
}

#[tokio::test]
async fn each_filter_finds_the_sessions_in_that_state_and_no_others() {
    let shelf = Shelf::new().await;
    let ada = shelf.user("ada").await;
    let mut all = Vec::new();
    for desired in Desired::ALL {
        for status in Status::ALL {
            let mut session = session(all.len(), &ada);
            (session.desired, session.status) = (*desired, *status);
            shelf.keep(&session).await.unwrap();
            all.push(session);
        }
    }
    let mut shown = 0;
    for wanted in State::ALL {
        let mut expected: Vec<&SessionId> =
            all.iter().filter(|s| s.state() == *wanted).map(|s| &s.id).collect();
        let rows = found(&shelf, &state(wanted.as_str())).await;
        let mut rows: Vec<&SessionId> = rows.iter().map(|s| &s.id).collect();
        expected.sort();
        rows.sort();
        assert_eq!(rows, expected, "{wanted:?}");
        assert!(!rows.is_empty(), "{wanted:?} cannot be reached");
        shown += rows.len();
    }
    assert_eq!(shown, all.len(), "each session is in one state");
    // Without a filter, and with one that does not exist, what has ended is not in the way.
    let alive = all.iter().filter(|s| s.status != Status::Deleted).count();
    for no_filter in ["", "nonsense", "running' OR '1'='1"] {
        assert_eq!(found(&shelf, &state(no_filter)).await.len(), alive, "{no_filter}");
    }
    assert_eq!(shelf.store.live_sessions().await.unwrap().len(), alive);
    assert_eq!(shelf.store.sessions_of(&ada).await.unwrap().len(), alive);
}

#[tokio::test]
async fn words_are_found_in_user_workspace_image_and_id() {
    let shelf = Shelf::new().await;
    let (ada, bob) = (shelf.user("ada").await, shelf.user("bob").await);
    let mut hers = session(1, &ada);
    hers.workspace_name = "Paint 100%".into();
    hers.config.image = "example/paint:1".into();
    let mut his = session(2, &bob);
    his.workspace_name = "Plain_text".into();
    shelf.keep(&hers).await.unwrap();
    shelf.keep(&his).await.unwrap();
    for (search, expected) in [
        ("ADA", &[1][..]),
        ("paint:1", &[1]),
        ("example/", &[2, 1]),
        ("plain", &[2]),
        ("0000002", &[2]),
        ("%", &[1]),
        ("_", &[2]),
        ("100%", &[1]),
        ("1000", &[]),
        ("\\", &[]),
        ("'", &[]),
        ("n_t", &[2]),
        ("ni_t", &[]),
        ("", &[2, 1]),
    ] {
        let rows = found(&shelf, &words(search)).await;
        let rows: Vec<SessionId> = rows.into_iter().map(|s| s.id).collect();
        let expected: Vec<SessionId> = expected.iter().map(|n| id(*n)).collect();
        assert_eq!(rows, expected, "{search:?}");
    }
    // Words and filter narrow together.
    let both = ListQuery { search: "example/".into(), ..state("stopped") };
    assert!(found(&shelf, &both).await.is_empty());
}

#[tokio::test]
async fn a_column_orders_both_ways_and_an_unknown_one_means_newest_first() {
    let shelf = Shelf::new().await;
    let users = [shelf.user("cleo").await, shelf.user("ada").await, shelf.user("bob").await];
    for number in 0..9 {
        let mut session = session(number, &users[number % 3]);
        session.workspace_name = format!("Desk {}", (number * 5) % 9);
        session.config.image = format!("example/image:{}", (number * 7) % 9);
        session.last_activity_at =
            (number % 2 == 0).then(|| Timestamp(NOW.0 - i64::try_from(number).unwrap()));
        session.desired = Desired::ALL[number % 3];
        session.status = Status::ALL[number % 5];
        shelf.keep(&session).await.unwrap();
    }
    let by = |column: &str, descending| ListQuery {
        sort: column.to_owned(),
        descending,
        ..ListQuery::default()
    };
    let key = |column: &str, s: &Session| match column {
        "user" => s.owner_name.clone(),
        "workspace" => s.workspace_name.clone(),
        "image" => s.config.image.clone(),
        "state" => s.state().as_str().to_owned(),
        "activity" => s.last_activity_at.map(|at| at.0.to_string()).unwrap_or_default(),
        _ => s.launched_at.0.to_string(),
    };
    for column in ["user", "workspace", "image", "state", "activity", "launched"] {
        for descending in [false, true] {
            let rows = found(&shelf, &by(column, descending)).await;
            let keys: Vec<String> = rows.iter().map(|s| key(column, s)).collect();
            let mut sorted = keys.clone();
            sorted.sort();
            if descending {
                sorted.reverse();
            }
            assert_eq!(keys, sorted, "{column}, descending {descending}");
            assert_eq!(keys.len(), 9);
        }
    }
    for strange in ["", "name; DROP TABLE sessions", "secret"] {
        let rows = found(&shelf, &by(strange, false)).await;
        assert!(rows.windows(2).all(|w| w[0].launched_at > w[1].launched_at), "{strange}");
    }
}

#[tokio::test]
async fn words_in_workspaces_are_taken_literally_too() {
    let shelf = Shelf::new().await;
    let user = shelf.user("ada").await;
    let administrators = ["administrators".parse().unwrap()];
    for (number, name) in ["Half 50%", "Snake_case", "Back\\slash", "Plain"].iter().enumerate() {
        let mut workspace = workspace(number);
        workspace.definition.name = (*name).to_owned();
        workspace.definition.image.path = "example/x".into();
        assert!(shelf.put(&workspace, None).await);
    }
    for (search, expected) in [
        ("50%", &["Half 50%"][..]),
        ("5%0", &[]),
        ("_", &["Snake_case"]),
        ("k\\s", &["Back\\slash"]),
        ("LAI", &["Plain"]),
    ] {
        let page = shelf.store.workspaces(&words(search), &[]).await.unwrap();
        let names: Vec<&str> = page.rows.iter().map(|(w, _)| w.definition.name.as_str()).collect();
        assert_eq!(names, expected, "{search}");
        assert_eq!(page.total, i64::try_from(expected.len()).unwrap());
        let tiles =
            shelf.store.launcher(&user, &administrators, search, "", 50).await.unwrap().rows;
        assert_eq!(tiles.len(), expected.len(), "{search} in the launcher");
        let others = ["everybody".parse().unwrap()];
        assert_eq!(shelf.store.launcher(&user, &others, search, "", 50).await.unwrap().rows, []);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Against a list in memory: whatever the names, the words, the order and the page size, pages
    /// put together are what a plain search through everything finds, each row once.
    #[test]
    fn pages_put_together_are_the_whole_list(
        names in prop::collection::vec("[aAb%_\\\\' é]{0,4}", 1..14),
        search in "[aAb%_\\\\' é]{0,2}",
        column in prop::sample::select(vec!["user", "workspace", "image", "state", "activity", "launched", "?"]),
        descending: bool,
        per_page in 1_u32..6,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let shelf = Shelf::new().await;
            let owner = shelf.user("x").await;
            for (number, name) in names.iter().enumerate() {
                let mut session = session(number, &owner);
                session.workspace_name.clone_from(name);
                session.config.image = "y".into();
                shelf.keep(&session).await.unwrap();
            }
            let mut expected: Vec<String> = names
                .iter()
                .enumerate()
                .filter(|(_, name)| {
                    name.to_ascii_lowercase().contains(&search.to_ascii_lowercase())
                })
                .map(|(number, _)| format!("{number:08}"))
                .collect();
            let query = ListQuery {
                search: search.clone(),
                sort: column.to_owned(),
                descending,
                per_page,
                ..ListQuery::default()
            };
            let first = shelf.store.sessions(&query).await.unwrap();
            let mut rows = Vec::new();
            for page in 1..=first.last_page(per_page) {
                let page = shelf.store.sessions(&query.on_page(page)).await.unwrap();
                assert_eq!(page.total, first.total);
                rows.extend(page.rows.into_iter().map(|s| s.id.to_string()));
            }
            let beyond = query.on_page(first.last_page(per_page) + 1);
            assert!(shelf.store.sessions(&beyond).await.unwrap().rows.is_empty());
            assert_eq!(first.total, i64::try_from(rows.len()).unwrap());
            expected.sort();
            rows.sort();
            assert_eq!(rows, expected);
        });
    }
}
