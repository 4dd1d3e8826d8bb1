//! Stories of accounts as they look without a script: invited, changed, deleted, and read of in the
//! audit log.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod support;

use domain::{UserId, actor::Role};
use support::{
    http::{Answer, get, post},
    until,
    world::{PASSWORD, Person, World},
};

/// Posts a form as a page without a script does.
async fn plain(world: &World, person: &Person, function: &str, form: &[(&str, &str)]) -> Answer {
    let back = format!("{}/users", world.origin);
    let ask = post(&format!("/fn/{function}")).form(form).for_page();
    let ask = ask.with("cookie", &person.cookie).with("referer", &back);
    world.ask(ask.with("origin", &world.origin)).await
}

/// The one-time link on a page, as a path.
fn link(world: &World, page: &str) -> Option<String> {
    let start = format!("{}/invite?token=", world.origin);
    let at = page.find(&start)?;
    let token = page[at + start.len()..].chars();
    let token: String =
        token.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    Some(format!("/invite?token={token}"))
}

#[tokio::test]
async fn an_invitation_is_shown_once_and_lets_its_holder_in() {
    let world = World::new().await;
    let admin = world.admin().await;
    let refused =
        plain(&world, &admin, "invite_user", &[("name", "no name"), ("role", "auditor")]).await;
    let location = refused.header("location");
    assert!(location.contains("__err"), "{location}");
    let query = location.split_once('?').unwrap().1;
    let form = world.page(&admin, &format!("/users/new?{query}")).await.text();
    assert!(form.contains("value=\"no name\""), "what was typed is gone: {form}");
    assert!(form.contains("A user name has 1 to 64"), "{form}");

    let made =
        plain(&world, &admin, "invite_user", &[("name", "grace"), ("role", "auditor")]).await;
    let page = made.header("location").to_owned();
    assert!(page.starts_with("/users/") && page.ends_with("?link=on"), "{page}");
    let shown = world.page(&admin, &page).await.text();
    let invitation = link(&world, &shown).unwrap_or_else(|| panic!("no link: {shown}"));
    assert!(shown.contains("Invited") && shown.contains("is not shown again"), "{shown}");
    assert_eq!(link(&world, &world.page(&admin, &page).await.text()), None, "shown twice");

    // Nobody is signed in with it, and no page sends its holder to the sign-in page.
    assert_eq!(world.sign_in("grace").await.status, 401);
    let door = world.ask(get(&invitation).for_page()).await;
    assert_eq!(door.status, 200);
    assert!(door.text().contains("invited to Slipway as “grace”"), "{}", door.text());
    let token = invitation.split_once('=').unwrap().1;
    let accept = async |password: &str| {
        let form = [("token", token), ("password", password), ("again", password)];
        let ask = post("/fn/accept_invitation").form(&form).for_page();
        let back = format!("{}{invitation}", world.origin);
        world.ask(ask.with("origin", &world.origin).with("referer", &back)).await
    };
    let weak = accept("short").await;
    assert!(weak.header("location").contains("/invite?token="), "{weak:?}");
    let accepted = accept(PASSWORD).await;
    assert_eq!((accepted.status, accepted.header("location")), (302, "/"));
    let cookie = accepted.cookie("slipway").unwrap();
    let home = world.ask(get("/").for_page().with("cookie", &cookie)).await;
    assert!(home.text().contains("grace"), "{}", home.text());
    // An auditor has other things to do than to launch.
    assert!(home.text().contains("Nothing to launch"), "{}", home.text());

    let used = world.ask(get(&invitation).for_page()).await;
    assert_eq!(used.status, 404);
    assert!(used.text().contains("does not work"), "{}", used.text());
    let again = accept(PASSWORD).await;
    assert!(again.header("location").contains("__err"), "{again:?}");
}

#[tokio::test]
async fn an_auditor_sees_accounts_sessions_and_the_log_and_no_button() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let ada = world.user().await;
    let session = world.running(&ada, &workspace).await;
    let grace = world.person("grace", Role::Auditor).await;
    let page = async |path: &str| world.page(&grace, path).await.text();

    let list = page("/users").await;
    assert!(list.contains("ada") && !list.contains("New user"), "{list}");
    let account = page(&format!("/users/{}", ada.actor.user)).await;
    for part in ["Signed in", "127.0.0.1", "Desktop", "session.launch"] {
        assert!(account.contains(part), "{part} is missing: {account}");
    }
    for part in ["Change role", "Disable", "Delete user", "Sign out everywhere", "Make a link"] {
        assert!(!account.contains(part), "{part} is offered: {account}");
    }
    let sessions = page("/sessions").await;
    assert!(sessions.contains("Desktop") && !sessions.contains("bulk-bar"), "{sessions}");
    assert!(!sessions.contains("Actions for"), "{sessions}");
    let detail = page(&format!("/sessions/{session}")).await;
    assert!(detail.contains("Timeline") && detail.contains("Launch asked for"), "{detail}");
    for part in ["/log\"", "/processes\"", "/files\"", "/view\"", "/fn/act_on_session"] {
        assert!(!detail.contains(part), "{part} is offered: {detail}");
    }
    assert_eq!(world.page(&grace, &format!("/sessions/{session}/log")).await.status, 403);
}

#[tokio::test]
async fn a_deleted_account_asks_first_and_goes_with_its_sessions() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let ada = world.user().await;
    let session = world.running(&ada, &workspace).await;
    let id: UserId = ada.actor.user.clone();
    let question = world.page(&admin, &format!("/users/{id}?confirm=delete:{id}")).await.text();
    assert!(question.contains("Delete the user “ada”?"), "{question}");
    assert!(question.contains("Its session is deleted"), "{question}");
    assert_eq!(world.services.users.detail(&admin.actor, &id).await.unwrap().sessions.len(), 1);

    let done = plain(&world, &admin, "delete_user", &[("id", id.as_str())]).await;
    assert_eq!(done.header("location"), "/users?done=deleted");
    assert_eq!(world.sign_in("ada").await.status, 401);
    until("the account is gone", async || world.store.user(&id).await.unwrap().is_none()).await;
    assert!(world.services.sessions.detail(&admin.actor, &session).await.is_err());
    // The administrator's own is not deleted, and says so.
    let own = plain(&world, &admin, "delete_user", &[("id", admin.actor.user.as_str())]).await;
    assert!(own.header("location").contains("__err"), "{own:?}");
}

#[tokio::test]
async fn the_audit_log_is_narrowed_and_taken_away() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.user().await;
    let wrong = post("/fn/sign_in").form(&[("name", "ada"), ("password", "wrong")]);
    assert_eq!(world.ask(wrong).await.status, 401);
    let page = async |path: &str| world.page(&admin, path).await.text();

    let all = page("/audit").await;
    for part in ["user.add", "sign_in", "Refused", "Not signed in", "127.0.0.1"] {
        assert!(all.contains(part), "{part} is missing: {all}");
    }
    let own = page("/audit?filter=admin&state=sign_in").await;
    assert!(own.contains("sign_in") && !own.contains("Not signed in"), "{own}");
    assert!(!own.contains("user.add"), "{own}");
    // The story's clock stands in January 2027.
    assert!(page("/audit?to=2026-12-31").await.contains("No line matches"));
    assert!(page("/audit?from=2027-01-15&to=2027-01-15").await.contains("user.add"));

    let file = async |path: &str| world.ask(get(path).with("cookie", &admin.cookie)).await;
    let csv = file("/audit/export?format=csv&state=sign_in").await;
    assert_eq!(csv.status, 200);
    assert!(csv.header("content-disposition").contains("slipway-audit.csv"), "{csv:?}");
    let text = csv.text();
    assert!(text.starts_with("time,actor,action,target,detail,address,result\r\n"), "{text}");
    assert!(text.contains("\"\",\"sign_in\",\"ada\",\"\",\"127.0.0.1\",\"refused\""), "{text}");
    assert!(!text.contains("user.add"), "{text}");
    let lines = file("/audit/export?format=jsonl&q=ada").await.text();
    for line in lines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line.to_string().contains("ada"), "{line}");
    }
    assert!(lines.lines().count() >= 2, "{lines}");
    assert_eq!(file("/audit/export?format=xlsx").await.status, 422);
}
